//! Curves against two axes, linear or logarithmic, as a picture of 800 x 500 pixels.

use crate::axis::{Axis, Scale};
use crate::chart::{
    EDGE, Frame, LABEL_SIZE, LINE_HEIGHT, Plot, SWATCH, TITLE_SIZE, X_AXIS_ROOM, beside, check_value,
    heading, legend, y_axis_room,
};
use crate::error::check_count;
use crate::palette::{Colour, REFERENCE, SERIES_COLOURS};
use crate::shape::{Drawing, Point, Shape};
use crate::{VizError, apart, raster, svg, text};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 500.0;

/// Length of the line from a reference level to its name beside the plot.
const LEADER: f64 = 14.0;
const LEADER_GAP: f64 = 4.0;
/// The most room that names of reference lines may take from the plot.
const MAX_REFERENCE_ROOM: f64 = 240.0;

const MAX_REFERENCES: usize = 8;
/// Joined points are marked too if there are up to this many of them.
const MAX_MARKED_POINTS: usize = 20;
const MARK_RADIUS: f64 = 3.5;

#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    joined: bool,
}

impl Series {
    /// Draws the line through the places, if there is one, and the marks at `marked`.
    fn draw(&self, shapes: &mut Vec<Shape>, line: Vec<Point>, marked: &[Point], colour: Colour) {
        if self.joined {
            shapes.push(Shape::Line { points: line, colour, width: 2.0, dashed: false });
        }
        if !self.joined || self.points.len() <= MAX_MARKED_POINTS {
            let mark = |&centre| Shape::Circle { centre, radius: MARK_RADIUS, colour };
            shapes.extend(marked.iter().map(mark));
        }
    }
}

/// Named series of points, joined by lines or not, and reference levels that they are compared with.
///
/// Colours are told apart by colour-blind readers. A line of at most 20 points has its points marked, so one point
/// alone is seen too. Both ranges follow the data and hold every point and every reference level; where all
/// values are equal they reach a little to both sides. If all x are whole numbers (epochs, say), so are the ticks.
///
/// Labels are single lines; say the unit in them. What has no room is an error, never cut off.
///
/// ```
/// use ae_viz::LineChart;
///
/// let svg = LineChart::new("Training on MNIST", "epoch", "binary cross-entropy (nats a pixel)")
///     .series("training images", [(1.0, 0.184), (2.0, 0.121), (3.0, 0.104)])
///     .points("of another run", [(3.0, 0.099)])
///     .log_y()
///     .reference("entropy floor", 0.0581)
///     .to_svg()?;
/// assert!(svg.contains("entropy floor"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    log_x: bool,
    log_y: bool,
    series: Vec<Series>,
    /// Label and level of each.
    references: Vec<(String, f64)>,
}

impl LineChart {
    /// A chart without series yet.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self { title: title.into(), x_label: x_label.into(), y_label: y_label.into(), ..Self::default() }
    }

    /// Adds a series of `(x, y)` points, joined in the order given; at most 7 series in a chart.
    pub fn series(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.series.push(Series { name: name.into(), points: points.into_iter().collect(), joined: true });
        self
    }

    /// Adds a series of `(x, y)` points that are marked but not joined; it counts among the 7 as well.
    pub fn points(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.series.push(Series { name: name.into(), points: points.into_iter().collect(), joined: false });
        self
    }

    /// Adds a dashed horizontal line at `value`, named beside the plot; at most 8 in a chart.
    pub fn reference(mut self, label: impl Into<String>, value: f64) -> Self {
        self.references.push((label.into(), value));
        self
    }

    /// Makes the y axis logarithmic, for losses that fall over several decades.
    pub fn log_y(self) -> Self {
        Self { log_y: true, ..self }
    }

    /// Makes the x axis logarithmic, for sizes and rates that span several factors of two.
    pub fn log_x(self) -> Self {
        Self { log_x: true, ..self }
    }

    /// Draws the chart: an SVG document of 800 x 500 pixels, the same bytes for the same chart.
    ///
    /// # Errors
    /// [`VizError::Argument`] for a chart without series or with too many, a series without points, a coordinate
    /// that the axis cannot show, and a label that is not one line or has no room.
    pub fn to_svg(&self) -> Result<String, VizError> {
        Ok(svg::document(&self.drawing()?))
    }

    /// Draws the chart as a PNG file: 1600 x 1000 pixels of 8-bit RGB, of the same look as the SVG.
    ///
    /// # Errors
    /// As [`LineChart::to_svg`], and for a character that the crate's font lacks; [`VizError::Png`] if the encoder
    /// fails.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        raster::png(&self.drawing()?)
    }

    /// Gives every label its room, the plot what is left.
    fn drawing(&self) -> Result<Drawing, VizError> {
        self.check()?;
        let (mut x, y) = self.axes();
        let left = (EDGE + y_axis_room(&y)).ceil();
        let mut right = WIDTH - EDGE.max(x.widest_label() / 2.0);
        for (label, _) in &self.references {
            text::check(label, LABEL_SIZE, MAX_REFERENCE_ROOM)?;
            right = right.min(WIDTH - EDGE - text::width(label, LABEL_SIZE) - LEADER - LEADER_GAP);
        }
        let right = right.floor();
        x.thin_out(right - left);

        let mut shapes = vec![heading(&self.title, TITLE_SIZE, WIDTH - EDGE - left, (left, EDGE))?];
        let top = self.draw_legend(&mut shapes, left)?;
        let frame = Frame { left, right, top, bottom: HEIGHT - EDGE - X_AXIS_ROOM };
        let plot = Plot { frame, x, y };
        plot.draw_axes(&mut shapes, &self.x_label, &self.y_label)?;
        self.draw_references(&mut shapes, &plot);
        for (series, &colour) in self.series.iter().zip(&SERIES_COLOURS) {
            let places: Vec<Point> = series.points.iter().map(|&point| plot.place(point)).collect();
            series.draw(&mut shapes, places.clone(), &places, colour);
        }
        Ok(Drawing { width: WIDTH, height: HEIGHT, shapes })
    }

    fn check(&self) -> Result<(), VizError> {
        check_count("series of a chart", 1..=SERIES_COLOURS.len(), self.series.len())?;
        check_count("reference lines of a chart", 0..=MAX_REFERENCES, self.references.len())?;
        for Series { name, points, .. } in &self.series {
            check_count(format_args!("points of \"{name}\""), 1..=usize::MAX, points.len())?;
            for (index, &(x, y)) in points.iter().enumerate() {
                let what = format_args!("point {index} of \"{name}\"");
                check_value(what, x, self.log_x).and_then(|()| check_value(what, y, self.log_y))?;
            }
        }
        self.references.iter().try_for_each(|(label, level)| {
            check_value(format_args!("reference line \"{label}\""), *level, self.log_y)
        })
    }

    fn axes(&self) -> (Axis, Axis) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let whole = points().all(|point| point.0.fract() == 0.0);
        let x_scale = if self.log_x { Scale::Log } else { Scale::Linear { whole } };
        let y_scale = if self.log_y { Scale::Log } else { Scale::Linear { whole: false } };
        let levels = self.references.iter().map(|(_, level)| *level);
        let x = Axis::new(x_scale, points().map(|point| point.0), 0.02, 10);
        (x, Axis::new(y_scale, points().map(|point| point.1).chain(levels), 0.05, 7))
    }

    /// Draws the names of the series from `left` on, in as many lines as they need, and says where the plot may begin.
    fn draw_legend(&self, shapes: &mut Vec<Shape>, left: f64) -> Result<f64, VizError> {
        let names = self.series.iter().map(|series| series.name.as_str());
        let first = EDGE + TITLE_SIZE + LINE_HEIGHT;
        legend(shapes, names, (left, WIDTH - EDGE), first, |shapes, index, (x, middle)| {
            let line = vec![(x, middle), (x + SWATCH, middle)];
            let mark = (x + SWATCH / 2.0, middle);
            self.series[index].draw(shapes, line, &[mark], SERIES_COLOURS[index]);
        })
    }

    /// Draws the reference lines, and their names to the right of the plot, each as near its line as the others
    /// leave room.
    fn draw_references(&self, shapes: &mut Vec<Shape>, plot: &Plot) {
        let Frame { left, right, top, bottom } = plot.frame;
        let height = |level: &f64| plot.y.place(*level, bottom, top);
        let mut lines: Vec<(f64, &str)> =
            self.references.iter().map(|(label, level)| (height(level), label.as_str())).collect();
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let heights: Vec<f64> = lines.iter().map(|line| line.0).collect();
        let places = apart::spread(&heights, LINE_HEIGHT, bottom);
        for ((height, label), place) in lines.into_iter().zip(places) {
            let points = vec![(left, height), (right, height)];
            shapes.push(Shape::Line { points, colour: REFERENCE, width: 1.0, dashed: true });
            shapes.push(Shape::hairline((right, height), (right + LEADER, place), REFERENCE));
            shapes.push(beside(label, (right + LEADER + LEADER_GAP, place)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::fit::misplaced;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_drawn_outside_the_picture_and_no_text_over_another(
            series in prop::collection::vec(
                prop::collection::vec((-1e300f64..1e300, prop_oneof![0.0f64..1.0, -1e300f64..1e300]), 1..30), 1..8),
            references in prop::collection::vec(prop_oneof![0.0f64..1.0, -1e300f64..1e300], 0..9),
            (log_x, log_y) in any::<(bool, bool)>(),
        ) {
            let mut chart = LineChart { log_x, log_y, ..LineChart::new("Loss", "epoch", "loss (nats a pixel)") };
            let positive = |value: f64, log| if log { value.abs().max(1e-300) } else { value };
            for (i, points) in series.into_iter().enumerate() {
                let points = points.into_iter().map(|(x, y)| (positive(x, log_x), positive(y, log_y)));
                let name = format!("series {i} of a run");
                chart = if i % 3 == 2 { chart.points(name, points) } else { chart.series(name, points) };
            }
            for value in references {
                chart = chart.reference(format!("level {value:.3e}"), positive(value, log_y));
            }
            let drawing = chart.drawing().unwrap();
            prop_assert_eq!(misplaced(&drawing), None);
            for shape in &drawing.shapes {
                let points = match shape {
                    Shape::Line { points, .. } => points.clone(),
                    Shape::Circle { centre, .. } => vec![*centre],
                    Shape::Dots { .. } => panic!("a curve has no dots"),
                    Shape::Text { .. } => continue,
                };
                for (x, y) in points {
                    prop_assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{shape:?}");
                }
            }
        }
    }
}
