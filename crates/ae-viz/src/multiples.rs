//! Small multiples: panels in rows and columns, each with the same few curves over each other, 960 pixels wide.
//!
//! A curve is a list of numbers: x is the index of a number, from 0, and y the number. All lists are of one length, so
//! all panels share the x axis, and its ticks have labels under the lowest panel of each column only.

use crate::axis::{Axis, Scale, Tick};
use crate::chart::{
    EDGE, Frame, LABEL_SIZE, LINE_HEIGHT, Plot, SWATCH, TICK_SIZE, TITLE_SIZE, heading, legend, y_tick_room,
};
use crate::error::check_count;
use crate::palette::{Colour, SERIES_COLOURS};
use crate::shape::{Drawing, Point, Set, Shape};
use crate::{VizError, raster, svg, text};

const WIDTH: f64 = 960.0;
const PANEL_HEIGHT: f64 = 100.0;
/// From a panel to the title of the one below, and from title to title.
const ROW_GAP: f64 = 14.0;
const ROW_HEIGHT: f64 = LINE_HEIGHT + PANEL_HEIGHT + ROW_GAP;
/// Between panels beside each other.
const GAP: f64 = 20.0;
/// Below the lowest panels, for the labels of their ticks.
const TICK_ROOM: f64 = TICK_SIZE + 10.0;

const MAX_PANELS: usize = 64;
const MAX_COLUMNS: usize = 6;
/// Numbers are marked too if a curve has up to this many of them, and have their names at the ticks.
const MAX_MARKED: usize = 32;
const MARK_RADIUS: f64 = 2.5;
/// The width of the first curve, and of those over it: where they are the same, it is seen on both sides.
const LINE_WIDTHS: [f64; 2] = [2.2, 1.2];

/// Names of numbers are cut to this width; between those of panels beside each other there is at least this gap.
const TICK_NAME: f64 = 110.0;
const TICK_NAME_GAP: f64 = 8.0;

#[derive(Debug, Clone, PartialEq)]
struct Panel {
    title: String,
    curves: Vec<Vec<f32>>,
}

/// Small panels in rows and columns, each with the same few curves over each other: rows of a table, or stretches of a
/// series, as they are and as they were rebuilt.
///
/// Up to 64 panels, with up to 7 curves of the same length; the first is drawn wider, so that it is seen under another that
/// goes the same way. Up to 32 numbers are marked. Of curves with more numbers than pixels the lowest and the highest number
/// of each column of pixels are joined, so that no peak is lost, however many there are.
///
/// Each panel has a range of y of its own unless [`SmallMultiples::common_y`] is called. The titles of panels and the names
/// of numbers are cut where they have no room; other labels are errors then.
///
/// ```
/// use ae_viz::SmallMultiples;
///
/// let (row, rebuilt) = ([5.1, 3.5, 1.4, 0.2], [4.9, 3.4, 1.5, 0.3]);
/// let chart = SmallMultiples::new("Rows of the test file", 3, ["original", "rebuilt"])
///     .number_names(["sepal length", "sepal width", "petal length", "petal width"])
///     .panel("row 0", &[&row, &rebuilt]);
/// assert!(chart.to_svg()?.contains("row 0"));
/// assert!(chart.to_png_bytes()?.starts_with(b"\x89PNG"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SmallMultiples {
    title: String,
    columns: usize,
    curve_names: Vec<String>,
    x_label: String,
    y_label: String,
    number_names: Vec<String>,
    common_y: bool,
    panels: Vec<Panel>,
}

impl SmallMultiples {
    /// A chart of 1 to 6 columns, without panels yet, whose curves have these names, 1 to 7; a legend tells them apart where
    /// there are several. An empty `title` takes no room.
    pub fn new(
        title: impl Into<String>,
        columns: usize,
        curve_names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            columns,
            curve_names: curve_names.into_iter().map(Into::into).collect(),
            x_label: String::new(),
            y_label: String::new(),
            number_names: Vec::new(),
            common_y: false,
            panels: Vec::new(),
        }
    }

    /// Names the axes, once for all panels; an empty name takes no room.
    pub fn labels(self, x: impl Into<String>, y: impl Into<String>) -> Self {
        Self { x_label: x.into(), y_label: y.into(), ..self }
    }

    /// Names the numbers of each curve, as a table names its columns. Up to 32 names stand at the ticks, as many as have room.
    pub fn number_names(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { number_names: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// Gives all panels one range of y, so that they can be compared.
    pub fn common_y(self) -> Self {
        Self { common_y: true, ..self }
    }

    /// Adds a panel, to the right of the one before it or in the next row: the numbers of each curve.
    pub fn panel(mut self, title: impl Into<String>, curves: &[&[f32]]) -> Self {
        let curves = curves.iter().map(|curve| curve.to_vec()).collect();
        self.panels.push(Panel { title: title.into(), curves });
        self
    }

    /// Draws the chart as an SVG document, the same bytes for the same chart.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no panels, columns or curves or too many, a panel whose curves are not as many as their
    /// names, curves that are not of one length or without numbers, NaN and infinity, names that are not as many as the
    /// numbers, and a label of the caller's that is not one line or has no room.
    pub fn to_svg(&self) -> Result<String, VizError> {
        Ok(svg::document(&self.drawing()?))
    }

    /// Draws the chart as a PNG file of 8-bit RGB, two pixels to one of the SVG, of the same look.
    ///
    /// # Errors
    /// As [`SmallMultiples::to_svg`], and for a character that the crate's font lacks; [`VizError::Png`] if the encoder
    /// fails.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        raster::png(&self.drawing()?)
    }

    fn drawing(&self) -> Result<Drawing, VizError> {
        self.check()?;
        let mut shapes = Vec::new();
        let mut top = EDGE;
        if !self.title.is_empty() {
            shapes.push(heading(&self.title, TITLE_SIZE, WIDTH - 2.0 * EDGE, (EDGE, top))?);
            top += TITLE_SIZE + 8.0;
        }
        if self.curve_names.len() > 1 {
            top = self.draw_legend(&mut shapes, top + LINE_HEIGHT / 2.0)? - LINE_HEIGHT / 2.0 + 6.0;
        }
        let y_axes = self.y_axes();
        let layout = self.layout(&y_axes, top);
        for (index, (panel, y)) in self.panels.iter().zip(y_axes).enumerate() {
            self.draw_panel(&mut shapes, &layout, index, panel, y);
        }
        let rows = self.panels.len().div_ceil(self.columns) as f64;
        let bottom = top + rows * ROW_HEIGHT - ROW_GAP;
        let below = self.draw_labels(&mut shapes, &layout, bottom)?;
        Ok(Drawing { width: WIDTH, height: (below + EDGE).ceil(), shapes })
    }

    fn check(&self) -> Result<(), VizError> {
        let names = self.curve_names.len();
        check_count("panels of a chart", 1..=MAX_PANELS, self.panels.len())?;
        check_count("columns of a chart", 1..=MAX_COLUMNS, self.columns)?;
        check_count("curves of a chart", 1..=SERIES_COLOURS.len(), names)?;
        let numbers = self.numbers();
        for (index, Panel { curves, .. }) in self.panels.iter().enumerate() {
            check_count(format_args!("curves of panel {index}"), names..=names, curves.len())?;
            for (curve, name) in curves.iter().zip(&self.curve_names) {
                let what = format_args!("numbers of \"{name}\" in panel {index}");
                check_count(what, numbers..=numbers, curve.len())?;
                if let Some((place, value)) = curve.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                    let what = format_args!("number {place} of \"{name}\" in panel {index}");
                    return Err(VizError::argument(what, "a finite number", value));
                }
            }
        }
        check_count("numbers of a curve", 1..=usize::MAX, numbers)?;
        if self.number_names.is_empty() {
            return Ok(());
        }
        check_count("names of the numbers of a curve", numbers..=numbers, self.number_names.len())
    }

    /// How many numbers a curve has.
    fn numbers(&self) -> usize {
        self.panels.first().and_then(|panel| panel.curves.first()).map_or(0, Vec::len)
    }

    fn draw_legend(&self, shapes: &mut Vec<Shape>, middle: f64) -> Result<f64, VizError> {
        let names = self.curve_names.iter().map(String::as_str);
        legend(shapes, names, (EDGE, WIDTH - EDGE), middle, |shapes, index, (x, middle)| {
            draw_curve(shapes, index, vec![(x, middle), (x + SWATCH, middle)], false);
        })
    }

    /// The y axis of each panel.
    fn y_axes(&self) -> Vec<Axis> {
        let axis = |panels: &[Panel]| {
            let values = panels.iter().flat_map(|panel| panel.curves.iter().flatten());
            Axis::new(Scale::Linear { whole: false }, values.map(|&value| f64::from(value)), 0.06, 4)
        };
        let of = |panel| if self.common_y { &self.panels[..] } else { std::slice::from_ref(panel) };
        self.panels.iter().map(|panel| axis(of(panel))).collect()
    }

    /// Shares the width out to the columns, each with room for labels of y ticks or, on a common axis, the first alone.
    fn layout(&self, y_axes: &[Axis], top: f64) -> Layout {
        let ticks = y_axes.iter().map(y_tick_room).fold(0.0, f64::max).ceil();
        let edge = if self.y_label.is_empty() { EDGE } else { EDGE + LINE_HEIGHT };
        let (left, own) = if self.common_y { (edge + ticks, 0.0) } else { (edge, ticks) };
        let step = ((WIDTH - EDGE + GAP - left) / self.columns as f64).floor();
        Layout { left: left + own, width: step - GAP - own, step, top, own }
    }

    fn draw_panel(&self, shapes: &mut Vec<Shape>, layout: &Layout, index: usize, panel: &Panel, y: Axis) {
        let frame = layout.frame(index / self.columns, index % self.columns);
        let title = text::fitted(&panel.title, LABEL_SIZE, layout.width);
        shapes.push(Shape::text(&title, LABEL_SIZE, (frame.left, frame.top - 6.0), Set::Start));
        let plot = Plot { frame, x: self.x_axis(layout), y };
        let is_lowest = index + self.columns >= self.panels.len();
        let is_labelled = !self.common_y || index.is_multiple_of(self.columns);
        plot.draw_ticks(shapes, [is_lowest, is_labelled]);
        for (index, curve) in panel.curves.iter().enumerate() {
            let points = thinned(curve, layout.width as usize);
            let places = points.map(|(x, y)| plot.place((x as f64, f64::from(y)))).collect();
            draw_curve(shapes, index, places, curve.len() <= MAX_MARKED);
        }
    }

    /// The x axis of a panel: with names at its ticks, or ticks at whole numbers.
    fn x_axis(&self, layout: &Layout) -> Axis {
        let (last, few) = ((self.numbers() - 1) as f64, self.numbers() <= MAX_MARKED);
        let margin = if few { 0.5 / last.max(1.0) } else { 0.0 };
        let n_ticks = (layout.width / 60.0).clamp(2.0, 12.0) as usize;
        let mut axis = Axis::new(Scale::Linear { whole: true }, [0.0, last].into_iter(), margin, n_ticks);
        if few && !self.number_names.is_empty() {
            let tick = |(index, name): (usize, &String)| {
                let value = index as f64;
                let half = layout.half_room(axis.place(value, 0.0, layout.width));
                Tick { value, label: text::fitted(name, TICK_SIZE, TICK_NAME.min(2.0 * half)) }
            };
            axis.ticks = self.number_names.iter().enumerate().map(tick).collect();
        } else {
            axis.ticks.retain(|tick| (0.0..=last).contains(&tick.value));
        }
        axis.thin_out(layout.width);
        axis
    }

    /// Draws the names of the axes, and says where the lowest thing below the panels ends.
    fn draw_labels(&self, shapes: &mut Vec<Shape>, layout: &Layout, bottom: f64) -> Result<f64, VizError> {
        let top = layout.frame(0, 0).top;
        text::check(&self.y_label, LABEL_SIZE, bottom - top)?;
        text::check(&self.x_label, LABEL_SIZE, WIDTH - EDGE - layout.left)?;
        let mut below = bottom + TICK_ROOM;
        if !self.y_label.is_empty() {
            let at = (EDGE + text::ASCENT * LABEL_SIZE, top.midpoint(bottom));
            shapes.push(Shape::text(&self.y_label, LABEL_SIZE, at, Set::Upwards));
        }
        if !self.x_label.is_empty() {
            let at = (layout.left.midpoint(WIDTH - EDGE), below + LABEL_SIZE);
            shapes.push(Shape::text(&self.x_label, LABEL_SIZE, at, Set::Middle));
            below += LINE_HEIGHT;
        }
        Ok(below)
    }
}

/// Where the panels lie: the first from `left` on, the next in its row `step` pixels on, below `top`.
#[derive(Debug)]
struct Layout {
    left: f64,
    width: f64,
    step: f64,
    top: f64,
    /// Between the gap to the left of a panel and the panel, for the labels of its own y ticks.
    own: f64,
}

impl Layout {
    fn frame(&self, row: usize, column: usize) -> Frame {
        let left = self.left + column as f64 * self.step;
        let top = self.top + row as f64 * ROW_HEIGHT + LINE_HEIGHT;
        Frame { left, right: left + self.width, top, bottom: top + PANEL_HEIGHT }
    }

    /// How far a label below a panel, with its middle so far from the left of it, may reach to both sides: into its half of
    /// the gap.
    fn half_room(&self, middle: f64) -> f64 {
        (self.own + middle).min(self.width - middle) + (GAP - TICK_NAME_GAP) / 2.0
    }
}

/// Draws curve `index` through these places.
fn draw_curve(shapes: &mut Vec<Shape>, index: usize, points: Vec<Point>, marked: bool) {
    let (colour, width): (Colour, f64) = (SERIES_COLOURS[index], LINE_WIDTHS[index.min(1)]);
    let marks = if marked { points.clone() } else { Vec::new() };
    shapes.push(Shape::Line { points, colour, width, dashed: false });
    let radius = if index == 0 { MARK_RADIUS + 0.5 } else { MARK_RADIUS };
    shapes.extend(marks.into_iter().map(|centre| Shape::Circle { centre, radius, colour }));
}

/// The numbers with their indices, or of each of so many `columns` of more numbers the lowest and the highest, in the order
/// they have.
fn thinned(values: &[f32], columns: usize) -> impl Iterator<Item = (usize, f32)> {
    let columns = if values.len() > 2 * columns { columns } else { values.len() };
    let column = move |column: usize| {
        let within = column * values.len() / columns..(column + 1) * values.len() / columns;
        let by_value = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        let low = within.clone().min_by(by_value).expect("a column has a number at least");
        let high = within.max_by(by_value).expect("a column has a number at least");
        [Some(low.min(high)), (low != high).then_some(low.max(high))]
    };
    (0..columns).flat_map(column).flatten().map(|index| (index, values[index]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::fit::misplaced;
    use crate::palette::FRAME;

    #[test]
    fn thinning_keeps_the_lowest_and_the_highest_of_each_column_in_their_order() {
        let values = [3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 7.0, 7.0, 9.0, -1.0, 8.0];
        let thin = |columns| thinned(&values, columns).collect::<Vec<_>>();
        assert_eq!(thin(2), [(1, 1.0), (3, 5.0), (8, 9.0), (9, -1.0)]);
        assert_eq!(thin(6).len(), 11, "as many as two a column are all kept");
        let level = vec![0.5; 100_000];
        assert_eq!(thinned(&level, 10).count(), 20);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn curves_lie_in_their_panels_and_no_text_outside_the_picture_or_over_another(
            values in prop::collection::vec(prop_oneof![-1.0f32..1.0, -3e38f32..3e38, Just(1e7), Just(1.0)], 1..50),
            (columns, panels) in (1usize..=6, 1usize..20),
            names in prop::collection::vec("[ -~\u{e9}\u{4e09}]{0,30}", 50),
            (named, titled, common) in any::<(bool, bool, bool)>(),
        ) {
            let title = if titled { "Rows" } else { "" };
            let mut chart = SmallMultiples::new(title, columns, ["original", "rebuilt"]).labels("x", title);
            if named {
                chart = chart.number_names(&names[..values.len()]);
            }
            for (index, name) in names.iter().enumerate().take(panels) {
                let less: Vec<f32> = values.iter().map(|value| value / (index + 1) as f32).collect();
                chart = chart.panel(name, &[&values, &less]);
            }
            let drawing = if common { chart.common_y() } else { chart }.drawing().unwrap();
            prop_assert_eq!(misplaced(&drawing), None);
            // The axes of each panel are the one line of three points in grey; its curves come after them.
            let mut frame: Option<Vec<Point>> = None;
            let (mut frames, mut curves) = (0, 0);
            for shape in &drawing.shapes {
                match (shape, &frame) {
                    (Shape::Line { points, colour, .. }, _) if points.len() == 3 && *colour == FRAME => {
                        frame = Some(points.clone());
                        frames += 1;
                    }
                    (Shape::Line { points, colour, .. }, Some(frame)) if SERIES_COLOURS.contains(colour) => {
                        curves += 1;
                        let [(left, top), _, (right, bottom)] = frame[..] else { panic!("{frame:?}") };
                        prop_assert!(right - left > 10.0);
                        for (x, y) in points {
                            prop_assert!((left - 1e-6..=right + 1e-6).contains(x), "{} {} {}", left, x, right);
                            prop_assert!((top..=bottom).contains(y));
                        }
                    }
                    _ => {}
                }
            }
            prop_assert_eq!((frames, curves), (panels, 2 * panels));
        }
    }
}
