//! Curves against two linear axes, or a logarithmic y axis, as an SVG of 800 x 500 pixels.
//!
//! The plotting library sets everything on whole pixels. The chart is therefore drawn on a canvas [`FINE`] times
//! as fine and shown at its own size through the SVG's `viewBox`: curves are smooth in print and at any zoom.
//! Sizes below are in the pixels of the shown picture.

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{Axis, MAX_MAGNITUDE, Scale};
use crate::palette::SERIES_COLOURS;
use crate::{VizError, text};

/// Parts of a pixel that the drawing can address.
const FINE: u32 = 10;
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 500.0;
const EDGE: f64 = 16.0;

const TITLE_SIZE: f64 = 18.0;
const LABEL_SIZE: f64 = 14.0;
const TICK_SIZE: f64 = 13.0;
/// From one line of text to the next.
const LINE_HEIGHT: f64 = 20.0;
/// Length of the stroke that stands before a name in the legend.
const SWATCH: f64 = 26.0;
/// Length of the line from a reference level to its name beside the plot.
const LEADER: f64 = 14.0;
/// The most room that names of reference lines may take from the plot.
const MAX_REFERENCE_ROOM: f64 = 240.0;

const MAX_REFERENCES: usize = 8;
/// Series of up to this many points have each of them marked.
const MAX_MARKED_POINTS: usize = 20;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FRAME: RGBColor = RGBColor(0x66, 0x66, 0x66);
const MESH: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
const REFERENCE: RGBColor = RGBColor(0x55, 0x55, 0x55);

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Reference {
    label: String,
    value: f64,
}

/// Named series of points joined by lines, and reference levels that they are compared with.
///
/// Colours are told apart by colour-blind readers. A series of at most 20 points has its points marked, so one point
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
///     .series("test images", [(1.0, 0.133), (2.0, 0.109), (3.0, 0.099)])
///     .reference("mean image", 0.2625)
///     .reference("entropy floor", 0.0581)
///     .to_svg()?;
/// assert!(svg.contains("entropy floor"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    log_y: bool,
    series: Vec<Series>,
    references: Vec<Reference>,
}

impl LineChart {
    /// A chart without series yet.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            log_y: false,
            series: Vec::new(),
            references: Vec::new(),
        }
    }

    /// Adds a series of `(x, y)` points, joined in the order given; at most 7 series in a chart.
    pub fn series(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.series.push(Series { name: name.into(), points: points.into_iter().collect() });
        self
    }

    /// Adds a dashed horizontal line at `value`, named beside the plot; at most 8 in a chart.
    pub fn reference(mut self, label: impl Into<String>, value: f64) -> Self {
        self.references.push(Reference { label: label.into(), value });
        self
    }

    /// Makes the y axis logarithmic, for losses that fall over several decades.
    ///
    /// ```
    /// let mse = [(1.0, 0.2), (2.0, 0.02), (3.0, 0.002)];
    /// let svg = ae_viz::LineChart::new("Error", "epoch", "MSE").series("test", mse).log_y().to_svg()?;
    /// assert!(svg.contains("0.01\n</text>"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn log_y(self) -> Self {
        Self { log_y: true, ..self }
    }

    /// Draws the chart: an SVG document of 800 x 500 pixels, the same bytes for the same chart.
    ///
    /// # Errors
    /// - [`VizError::NoSeries`], [`VizError::EmptySeries`], [`VizError::TooMany`]: nothing to draw, or too much
    /// - [`VizError::Value`], [`VizError::NotPositive`]: a coordinate that the axis cannot show
    /// - [`VizError::Character`], [`VizError::LabelTooWide`]: a label that is not one line, or has no room
    /// - [`VizError::Plot`] if the plotting library fails
    ///
    /// ```
    /// use ae_viz::{LineChart, VizError};
    ///
    /// let diverged = LineChart::new("Loss", "epoch", "nats").series("train", [(1.0, 0.2), (2.0, f64::NAN)]);
    /// assert!(matches!(diverged.to_svg(), Err(VizError::Value { index: 1, .. })));
    /// ```
    pub fn to_svg(&self) -> Result<String, VizError> {
        self.check_values()?;
        let layout = Layout::new(self)?;
        let (width, height) = (WIDTH as u32 * FINE, HEIGHT as u32 * FINE);
        let mut svg = String::new();
        {
            let canvas = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
            self.draw(&canvas, layout)
                .and_then(|()| canvas.present())
                .map_err(|error| VizError::Plot(error.into()))?;
        }
        Ok(svg.replacen(
            &format!("width=\"{width}\" height=\"{height}\""),
            &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\" stroke-linejoin=\"round\""),
            1,
        ))
    }

    fn check_values(&self) -> Result<(), VizError> {
        if self.series.is_empty() {
            return Err(VizError::NoSeries);
        }
        let counts = [
            ("series", self.series.len(), SERIES_COLOURS.len()),
            ("reference lines", self.references.len(), MAX_REFERENCES),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                return Err(VizError::TooMany { what, count, limit });
            }
        }
        for Series { name, points } in &self.series {
            if points.is_empty() {
                return Err(VizError::EmptySeries { name: name.clone() });
            }
            for (index, &(x, y)) in points.iter().enumerate() {
                check_value(name, index, x)?;
                self.check_y(name, index, y)?;
            }
        }
        self.references.iter().try_for_each(|line| self.check_y(&line.label, 0, line.value))
    }

    fn check_y(&self, name: &str, index: usize, value: f64) -> Result<(), VizError> {
        check_value(name, index, value)?;
        if self.log_y && value <= 0.0 {
            return Err(VizError::NotPositive { name: name.to_owned(), index, value });
        }
        Ok(())
    }

    fn draw(&self, canvas: &Canvas<'_>, layout: Layout) -> Drawn {
        let Layout { x, y, left, right, top, bottom, legend } = layout;
        canvas.fill(&WHITE)?;
        let mut plot = ChartBuilder::on(canvas)
            .margin_left(fine(EDGE))
            .margin_right(fine(WIDTH - right))
            .margin_top(fine(top))
            .margin_bottom(fine(EDGE))
            .x_label_area_size(fine(HEIGHT - EDGE - bottom))
            .y_label_area_size(fine(left - EDGE))
            .build_cartesian_2d(x, y)?;
        plot.configure_mesh()
            .bold_line_style(MESH.stroke_width(FINE))
            .light_line_style(TRANSPARENT)
            .axis_style(FRAME.stroke_width(FINE))
            .set_all_tick_mark_size(fine(4.0))
            .label_style(style(TICK_SIZE))
            .axis_desc_style(style(LABEL_SIZE))
            .x_desc(&self.x_label)
            .y_desc(&self.y_label)
            .draw()?;
        self.draw_lines(&mut plot)?;

        let title = style(TITLE_SIZE).pos(Pos::new(HPos::Left, VPos::Top));
        canvas.draw_text(&self.title, &title, (fine(left), fine(EDGE)))?;
        let named = self.series.iter().zip(colours()).zip(legend);
        for ((series, colour), (start, middle)) in named {
            let swatch = vec![(fine(start), fine(middle)), (fine(start + SWATCH), fine(middle))];
            canvas.draw(&PathElement::new(swatch, colour.stroke_width(2 * FINE)))?;
            canvas.draw_text(&series.name, &beside(), (fine(start + SWATCH + 8.0), fine(middle)))?;
        }
        self.draw_reference_names(canvas, &plot, right, bottom)
    }

    fn draw_lines(&self, plot: &mut Plot<'_>) -> Drawn {
        let across = plot.x_range();
        for Reference { value, .. } in &self.references {
            let ends = [(across.start, *value), (across.end, *value)];
            let stroke = REFERENCE.stroke_width(FINE);
            plot.draw_series(DashedLineSeries::new(ends, fine(6.0), fine(4.0), stroke))?;
        }
        for (Series { points, .. }, colour) in self.series.iter().zip(colours()) {
            plot.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2 * FINE)))?;
            if points.len() <= MAX_MARKED_POINTS {
                let mark = |&point| Circle::new(point, fine(3.5), colour.filled());
                plot.draw_series(points.iter().map(mark))?;
            }
        }
        Ok(())
    }

    /// Names the reference lines to the right of the plot, each as near its line as the others leave room.
    fn draw_reference_names(&self, canvas: &Canvas<'_>, plot: &Plot<'_>, right: f64, bottom: f64) -> Drawn {
        let end = plot.x_range().end;
        let height = |line: &Reference| plot.backend_coord(&(end, line.value)).1;
        let mut lines: Vec<_> = self.references.iter().map(|line| (height(line), line)).collect();
        lines.sort_by_key(|(height, _)| *height);
        let heights: Vec<i32> = lines.iter().map(|(height, _)| *height).collect();
        let places = spread(&heights, fine(LINE_HEIGHT), fine(bottom));
        for ((height, line), place) in lines.into_iter().zip(places) {
            let leader = vec![(fine(right), height), (fine(right + LEADER), place)];
            canvas.draw(&PathElement::new(leader, REFERENCE.stroke_width(FINE)))?;
            canvas.draw_text(&line.label, &beside(), (fine(right + LEADER + 4.0), place))?;
        }
        Ok(())
    }
}

/// The axes, and where the plot and the legend's entries lie, in pixels from the top-left corner.
struct Layout {
    x: Axis,
    y: Axis,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    legend: Vec<(f64, f64)>,
}

impl Layout {
    /// Gives every label its room, the plot what is left.
    fn new(chart: &LineChart) -> Result<Self, VizError> {
        let points = || chart.series.iter().flat_map(|series| &series.points);
        let whole = points().all(|point| point.0.fract() == 0.0);
        let x = Axis::new(Scale::Linear { whole }, points().map(|point| point.0), 0.02, 10);
        let y_scale = if chart.log_y { Scale::Log } else { Scale::Linear { whole: false } };
        let levels = chart.references.iter().map(|line| line.value);
        let y = Axis::new(y_scale, points().map(|point| point.1).chain(levels), 0.05, 7);

        let tick_room = y.labels().map(|label| text::width(label, TICK_SIZE)).fold(0.0, f64::max);
        let left = EDGE + LINE_HEIGHT + tick_room + 10.0;
        // A label is centred on its tick, which may be the right end of the axis.
        let overhang = x.labels().map(|label| text::width(label, TICK_SIZE) / 2.0).fold(EDGE, f64::max);
        let mut right = WIDTH - overhang;
        for Reference { label, .. } in &chart.references {
            text::check(label, LABEL_SIZE, MAX_REFERENCE_ROOM)?;
            right = right.min(WIDTH - EDGE - text::width(label, LABEL_SIZE) - LEADER - 4.0);
        }

        let across = WIDTH - EDGE - left;
        text::check(&chart.title, TITLE_SIZE, across)?;
        let mut legend = Vec::with_capacity(chart.series.len());
        let (mut entry_x, mut entry_y) = (left, EDGE + TITLE_SIZE + LINE_HEIGHT);
        for Series { name, .. } in &chart.series {
            text::check(name, LABEL_SIZE, across - SWATCH - 8.0)?;
            let width = SWATCH + 8.0 + text::width(name, LABEL_SIZE);
            if entry_x > left && entry_x + width > WIDTH - EDGE {
                (entry_x, entry_y) = (left, entry_y + LINE_HEIGHT);
            }
            legend.push((entry_x, entry_y));
            entry_x += width + EDGE;
        }

        let top = entry_y + LINE_HEIGHT;
        let bottom = HEIGHT - EDGE - LINE_HEIGHT - TICK_SIZE - 14.0;
        text::check(&chart.x_label, LABEL_SIZE, right - left)?;
        text::check(&chart.y_label, LABEL_SIZE, bottom - top)?;
        Ok(Self { x, y, left, right, top, bottom, legend })
    }
}

fn check_value(name: &str, index: usize, value: f64) -> Result<(), VizError> {
    if value.abs() <= MAX_MAGNITUDE {
        return Ok(());
    }
    Err(VizError::Value { name: name.to_owned(), index, value, limit: MAX_MAGNITUDE })
}

/// Pixels to parts of a pixel, the unit of the canvas.
fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

/// Text in ink of `size` pixels. The SVG backend divides the size it is given by 1.24.
fn style(size: f64) -> TextStyle<'static> {
    ("sans-serif", size * 1.24 * f64::from(FINE)).into_font().color(&INK)
}

/// Labels that stand beside what they name.
fn beside() -> TextStyle<'static> {
    style(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Center))
}

fn colours() -> impl Iterator<Item = RGBColor> {
    SERIES_COLOURS.iter().map(|&[red, green, blue]| RGBColor(red, green, blue))
}

/// Moves ascending `levels` apart by at least `distance`, each as near its own as those above it leave room, the
/// last not below `bottom`.
fn spread(levels: &[i32], distance: i32, bottom: i32) -> Vec<i32> {
    let mut places = levels.to_vec();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + distance);
    }
    let mut lowest = bottom;
    for place in places.iter_mut().rev() {
        *place = lowest.min(*place);
        lowest = *place - distance;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chart() -> LineChart {
        LineChart::new("Loss", "epoch", "loss (nats a pixel)")
    }

    /// Every number of the named attributes of every element, in the canvas's units.
    fn numbers<'a>(svg: &'a str, attributes: &'a [&str]) -> impl Iterator<Item = f64> + 'a {
        let values = attributes.iter().flat_map(move |attribute| {
            let opening = format!(" {attribute}=\"");
            let parts: Vec<&str> = svg.split(opening.as_str()).skip(1).collect();
            parts.into_iter().map(|part| part.split('"').next().unwrap())
        });
        values.flat_map(|value| value.split([',', ' ']).filter(|n| !n.is_empty())).map(|n| n.parse().unwrap())
    }

    /// The points of the polylines drawn in a colour.
    fn polylines(svg: &str, colour: &str) -> Vec<Vec<f64>> {
        let stroke = format!("stroke=\"{colour}\"");
        let lines = svg.lines().filter(|line| line.starts_with("<polyline") && line.contains(&stroke));
        lines.map(|line| numbers(line, &["points"]).collect()).collect()
    }

    /// Where each level line of text begins and ends, by its estimated width, in pixels.
    fn text_extents(svg: &str) -> Vec<(f64, f64)> {
        let texts = svg.split("<text ").skip(1).filter(|text| !text.contains("rotate("));
        let extent = |text: &str| {
            let (attributes, rest) = text.split_once(">\n").unwrap();
            let label = rest.split('\n').next().unwrap();
            let [size, x] = ["font-size", "x"]
                .map(|name| numbers(&format!(" {attributes}"), &[name]).next().unwrap() / f64::from(FINE));
            let width = text::width(label, size);
            if attributes.contains("\"middle\"") {
                (x - width / 2.0, x + width / 2.0)
            } else if attributes.contains("\"end\"") {
                (x - width, x)
            } else {
                (x, x + width)
            }
        };
        texts.map(extent).collect()
    }

    #[test]
    fn the_same_chart_is_the_same_bytes() {
        let draw =
            || chart().series("a", [(1.0, 0.3), (2.0, 0.1)]).reference("floor", 0.058).to_svg().unwrap();
        assert_eq!(draw(), draw());
        assert!(draw().starts_with("<svg width=\"800\" height=\"500\""));
        assert!(draw().contains("viewBox=\"0 0 8000 5000\""));
    }

    #[test]
    fn x_grows_to_the_right_and_y_upwards() {
        let svg = chart().series("a", [(1.0, 0.3), (2.0, 0.1), (4.0, 0.2)]).to_svg().unwrap();
        let lines = polylines(&svg, "#0072B2");
        let [x1, y1, x2, y2, x3, y3] = lines[0][..] else { panic!("three points make a line: {lines:?}") };
        assert!(x1 < x2 && x2 < x3, "{lines:?}");
        assert!(y1 < y3 && y3 < y2, "SVG counts y downwards: {lines:?}");
        assert!(((x3 - x2) / (x2 - x1) - 2.0).abs() < 0.01 && ((y2 - y1) / (y2 - y3) - 2.0).abs() < 0.01);
    }

    #[test]
    fn a_logarithmic_axis_gives_equal_ratios_equal_heights() {
        let svg = chart().log_y().series("a", [(0.0, 1.0), (1.0, 0.1), (2.0, 0.01)]).to_svg().unwrap();
        let lines = polylines(&svg, "#0072B2");
        let [_, y1, _, y2, _, y3] = lines[0][..] else { panic!("three points make a line: {lines:?}") };
        assert!((y2 - y1 - (y3 - y2)).abs() <= 2.0 && y2 > y1, "{lines:?}");
    }

    #[test]
    fn a_single_point_is_marked_and_a_constant_series_has_a_range() {
        let one = chart().series("a", [(1.0, 0.186)]).to_svg().unwrap();
        assert_eq!(one.matches("<circle").count(), 1);
        let constant = chart().series("a", (0..50).map(|x| (f64::from(x), 0.0))).to_svg().unwrap();
        assert_eq!(constant.matches("<circle").count(), 0);
        let ys: Vec<f64> = polylines(&constant, "#0072B2")[0].chunks(2).map(|point| point[1]).collect();
        assert!(ys.len() == 50 && ys.iter().all(|y| *y == ys[0] && (1000.0..4400.0).contains(y)), "{ys:?}");
    }

    #[test]
    fn a_reference_line_is_level_across_the_plot_and_widens_the_range() {
        let svg = chart().series("a", [(1.0, 0.2), (2.0, 0.19)]).reference("floor", 0.05).to_svg().unwrap();
        let dashes = polylines(&svg, "#555555");
        assert!(dashes.len() > 10, "dashed: {dashes:?}");
        let level = dashes[0][1];
        assert!(dashes.iter().all(|dash| dash.chunks(2).all(|point| (point[1] - level).abs() <= 1.0)));
        assert!(polylines(&svg, "#0072B2")[0][3] < level, "0.19 lies above 0.05");
    }

    #[test]
    fn series_that_cannot_be_drawn_are_named() {
        assert!(matches!(chart().to_svg(), Err(VizError::NoSeries)));
        let empty = chart().series("a", [(1.0, 1.0)]).series("test", []).to_svg().unwrap_err();
        assert!(matches!(empty, VizError::EmptySeries { name } if name == "test"));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e300] {
            for point in [(bad, 0.1), (2.0, bad)] {
                let error = chart().series("train", [(1.0, 0.2), point]).to_svg().unwrap_err();
                assert!(
                    matches!(&error, VizError::Value { name, index: 1, .. } if name == "train"),
                    "{error}"
                );
            }
            let error = chart().series("train", [(1.0, 0.2)]).reference("floor", bad).to_svg().unwrap_err();
            assert!(matches!(&error, VizError::Value { name, .. } if name == "floor"), "{error}");
        }
        let zero = chart().log_y().series("train", [(1.0, 0.2), (2.0, 0.0)]).to_svg().unwrap_err();
        assert!(matches!(zero, VizError::NotPositive { index: 1, .. }));
        chart().log_y().series("x may be 0", [(0.0, 0.2)]).to_svg().unwrap();
    }

    #[test]
    fn more_than_can_be_told_apart_is_refused() {
        let series = |n| (0..n).fold(chart(), |chart, i| chart.series(i.to_string(), [(0.0, f64::from(i))]));
        series(7).to_svg().unwrap();
        let error = series(8).to_svg().unwrap_err();
        assert!(matches!(error, VizError::TooMany { what: "series", count: 8, limit: 7 }));
        let lines = (0..9).fold(series(1), |chart, i| chart.reference(i.to_string(), f64::from(i)));
        assert!(matches!(
            lines.to_svg(),
            Err(VizError::TooMany { what: "reference lines", count: 9, limit: 8 })
        ));
    }

    #[test]
    fn every_label_has_to_fit_and_be_one_line() {
        let long = "w".repeat(80);
        let with = |title: &str, x: &str, y: &str, series: &str, reference: &str| {
            let chart = LineChart::new(title, x, y).series(series, [(1.0, 0.2)]).reference(reference, 0.1);
            chart.to_svg()
        };
        with("t", "x", "y", "s", "r").unwrap();
        for bad in [long.as_str(), "two\nlines"] {
            let charts = [
                with(bad, "x", "y", "s", "r"),
                with("t", bad, "y", "s", "r"),
                with("t", "x", bad, "s", "r"),
                with("t", "x", "y", bad, "r"),
                with("t", "x", "y", "s", bad),
            ];
            for (place, drawn) in charts.into_iter().enumerate() {
                let error = drawn.unwrap_err();
                let expected = if bad == long { "wide" } else { "character" };
                assert!(error.to_string().contains(expected), "place {place}: {error}");
            }
        }
    }

    #[test]
    fn markup_in_labels_is_escaped() {
        let svg = LineChart::new("a < b & \"c\"", "", "").series("<svg>", [(1.0, 1.0)]).to_svg().unwrap();
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;") && svg.contains("&lt;svg&gt;"));
        assert_eq!(svg.matches("<svg").count(), 1);
    }

    #[test]
    fn names_keep_their_distance_and_their_order() {
        assert_eq!(spread(&[], 20, 100), []);
        assert_eq!(spread(&[10, 50], 20, 100), [10, 50]);
        assert_eq!(spread(&[10, 15, 18], 20, 100), [10, 30, 50]);
        assert_eq!(spread(&[90, 95, 98], 20, 100), [60, 80, 100]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_drawn_outside_the_picture(
            series in prop::collection::vec(
                prop::collection::vec((-1e300f64..1e300, prop_oneof![0.0f64..1.0, -1e300f64..1e300]), 1..30), 1..8),
            references in prop::collection::vec(prop_oneof![0.0f64..1.0, -1e300f64..1e300], 0..9),
            log in any::<bool>(),
        ) {
            let mut chart = if log { chart().log_y() } else { chart() };
            let positive = |y: f64| if log { y.abs().max(1e-300) } else { y };
            for (i, points) in series.into_iter().enumerate() {
                let points = points.into_iter().map(|(x, y)| (x, positive(y)));
                chart = chart.series(format!("series {i} of a run"), points);
            }
            for value in references {
                chart = chart.reference(format!("level {value:.3e}"), positive(value));
            }
            let svg = chart.to_svg().unwrap();
            for x in numbers(&svg, &["x", "x1", "x2", "cx"]) {
                prop_assert!((0.0..=8000.0).contains(&x));
            }
            for y in numbers(&svg, &["y", "y1", "y2", "cy"]) {
                prop_assert!((0.0..=5000.0).contains(&y));
            }
            for (from, to) in text_extents(&svg) {
                prop_assert!(0.0 <= from && to <= WIDTH, "{from} to {to}");
            }
            let points: Vec<f64> = numbers(&svg, &["points"]).collect();
            for point in points.chunks(2) {
                prop_assert!((0.0..=8000.0).contains(&point[0]) && (0.0..=5000.0).contains(&point[1]));
            }
        }
    }
}
