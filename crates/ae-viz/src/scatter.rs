//! Points in two dimensions, coloured by class: panels side by side, one legend, each class named where it lies.
//!
//! Ten thousand points of ten classes hide each other. They are therefore small and see-through, and drawn in turns:
//! [`TURN`] points of the first class, as many of the next, and so on over and over, so that no class lies on top of
//! all others. The order is fixed by the input, which makes a picture the same each time.

use std::cmp::Reverse;

use crate::apart::{self, Room};
use crate::axis::{Axis, Scale};
use crate::chart::{
    EDGE, Frame, LABEL_SIZE, LINE_HEIGHT, Plot, TITLE_SIZE, X_AXIS_ROOM, beside, check_value, heading,
    y_axis_room,
};
use crate::error::check_count;
use crate::palette::{CLASS_COLOURS, Colour, SERIES_COLOURS};
use crate::shape::{Drawing, Point, Set, Shape};
use crate::{VizError, raster, svg, text};

/// Side of the square that each panel's points lie in.
const PANEL: f64 = 440.0;
const PANEL_TITLE_SIZE: f64 = 15.0;
/// Between one panel and the room for the next one's y axis.
const PANEL_GAP: f64 = 22.0;
const MAX_PANELS: usize = 3;

/// Size of a class's name where it lies.
const NAME_SIZE: f64 = 18.0;
const MAX_NAME_WIDTH: f64 = 140.0;
/// Names that are moved apart where they touch.
const MOST_MOVED: usize = 40;
const LEGEND_RADIUS: f64 = 5.0;

/// About how many points of one class are drawn before the next class has its turn.
const TURN: usize = 16;

#[derive(Debug, Clone, Default, PartialEq)]
struct Panel {
    title: String,
    x_label: String,
    y_label: String,
    points: Vec<(f64, f64)>,
    classes: Vec<u32>,
}

/// Two-dimensional codes as points, coloured by class, in up to three panels of the same size.
///
/// Colours are told apart by colour-blind readers, and each class is also named at its points' median, moved a little
/// where two names would touch. Every panel has ranges of its own, which hold all its points: codes of two methods
/// have no common unit.
///
/// Beyond ten classes the ten colours come round again, class 10 having that of class 0: the legend has a line a colour, with as
/// many names of its classes as fit, and of the names at the medians those are drawn that lie free, those of the largest
/// classes first. With a single class, or without classes, there is nothing to tell apart: all points have one colour, and no
/// name or legend is drawn.
///
/// Labels are single lines; what has no room is an error, never cut off.
///
/// ```
/// use ae_viz::ScatterChart;
///
/// let (codes, digits) = ([(0.1, 2.0), (0.3, 2.1), (-1.0, 0.5)], [7, 7, 1]);
/// let chart = ScatterChart::new("Test images as two numbers", "digit", (0..10).map(|digit| digit.to_string()))
///     .panel("PCA, k-NN accuracy 0.451", "component 1", "component 2", codes, &digits);
/// assert!(chart.to_svg()?.contains("PCA, k-NN accuracy 0.451"));
/// assert!(chart.to_png_bytes()?.starts_with(b"\x89PNG"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterChart {
    title: String,
    legend_title: String,
    class_names: Vec<String>,
    panels: Vec<Panel>,
}

impl ScatterChart {
    /// A chart without panels yet. Class `i` has the name `class_names[i]`.
    ///
    /// An empty `title` takes no room; `legend_title` says what the classes are.
    pub fn new(
        title: impl Into<String>,
        legend_title: impl Into<String>,
        class_names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            legend_title: legend_title.into(),
            class_names: class_names.into_iter().map(Into::into).collect(),
            panels: Vec::new(),
        }
    }

    /// A chart without panels yet whose points are of no classes. An empty `title` takes no room.
    ///
    /// ```
    /// let codes = [(0.1, 2.0), (0.3, 2.1), (-1.0, 0.5)];
    /// let chart = ae_viz::ScatterChart::without_classes("").panel("PCA", "component 1", "component 2", codes, &[]);
    /// assert!(chart.to_svg()?.contains("PCA"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn without_classes(title: impl Into<String>) -> Self {
        Self { title: title.into(), legend_title: String::new(), class_names: Vec::new(), panels: Vec::new() }
    }

    /// Adds a panel to the right: `(x, y)` points, and the class of each, of none in a chart without classes.
    pub fn panel(
        mut self,
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
        classes: &[u32],
    ) -> Self {
        self.panels.push(Panel {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            points: points.into_iter().collect(),
            classes: classes.to_vec(),
        });
        self
    }

    /// Draws the chart as an SVG document, the same bytes for the same chart, about 13 bytes a point.
    ///
    /// # Errors
    /// [`VizError::Argument`] for a chart without panels or with too many panels, a panel without points, points and
    /// classes that are not as many, a class without a name, a coordinate that no axis shows, and a label
    /// that is not one line or has no room.
    pub fn to_svg(&self) -> Result<String, VizError> {
        Ok(svg::document(&self.drawing()?))
    }

    /// Draws the chart as a PNG file of 8-bit RGB, two pixels to one of the SVG, of the same look.
    ///
    /// # Errors
    /// As [`ScatterChart::to_svg`], and for a character that the crate's font lacks; [`VizError::Png`] if the encoder
    /// fails.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        raster::png(&self.drawing()?)
    }

    /// Sets the panels side by side, each as far from the one before it as labels of their axes need.
    fn drawing(&self) -> Result<Drawing, VizError> {
        self.check()?;
        let axes: Vec<(Axis, Axis)> = self.panels.iter().map(Panel::axes).collect();
        let y_axis_room = axes.iter().map(|(_, y)| y_axis_room(y)).fold(0.0, f64::max);
        let overhang = axes.iter().map(|(x, _)| x.widest_label() / 2.0).fold(PANEL_GAP, f64::max);
        let title_room = if self.title.is_empty() { 0.0 } else { TITLE_SIZE + 14.0 };
        let top = EDGE + title_room + PANEL_TITLE_SIZE + 10.0;

        let mut shapes = Vec::new();
        let mut edge = EDGE;
        for (panel, (x, y)) in self.panels.iter().zip(axes) {
            let left = edge + y_axis_room;
            let frame = Frame { left, right: left + PANEL, top, bottom: top + PANEL };
            let plot = Plot { frame, x, y };
            let corner = (left, top - 10.0 - PANEL_TITLE_SIZE);
            shapes.push(heading(&panel.title, PANEL_TITLE_SIZE, PANEL, corner)?);
            plot.draw_axes(&mut shapes, &panel.x_label, &panel.y_label)?;
            let by_class = panel.by_class(self.class_names.len());
            shapes.push(Panel::dots(&plot, &by_class, self.colours()));
            if self.is_classed() {
                shapes.extend(Panel::names(&plot, &by_class, &self.class_names));
            }
            edge = frame.right + overhang;
        }
        if self.is_classed() {
            edge += self.draw_legend(&mut shapes, (edge, top)) + EDGE;
        }
        if !self.title.is_empty() {
            let left = EDGE + y_axis_room;
            shapes.push(heading(&self.title, TITLE_SIZE, edge - EDGE - left, (left, EDGE))?);
        }
        Ok(Drawing { width: edge.ceil(), height: top + PANEL + X_AXIS_ROOM + EDGE, shapes })
    }

    fn check(&self) -> Result<(), VizError> {
        let n_classes = self.class_names.len();
        check_count("panels of a chart", 1..=MAX_PANELS, self.panels.len())?;
        if self.is_classed() {
            let mut labels = self.class_names.iter().chain([&self.legend_title]);
            labels.try_for_each(|label| text::check(label, LABEL_SIZE, MAX_NAME_WIDTH))?;
        }
        for Panel { title, points, classes, .. } in &self.panels {
            let n_points = points.len();
            check_count(format_args!("points of panel \"{title}\""), 1..=usize::MAX, n_points)?;
            for (index, &(x, y)) in points.iter().enumerate() {
                let what = format_args!("point {index} of panel \"{title}\"");
                check_value(what, x, false).and_then(|()| check_value(what, y, false))?;
            }
            let with_class = if n_classes == 0 { 0 } else { n_points };
            let what = format_args!("classes of the points of panel \"{title}\"");
            check_count(what, with_class..=with_class, classes.len())?;
            for (index, &class) in classes.iter().enumerate() {
                let what = format_args!("class of point {index} of panel \"{title}\"");
                check_count(what, 0..=n_classes - 1, class as usize)?;
            }
        }
        Ok(())
    }

    /// Whether there are classes to be told apart.
    fn is_classed(&self) -> bool {
        self.class_names.len() > 1
    }

    /// Those of the classes, which come round again.
    fn colours(&self) -> &'static [Colour] {
        if self.is_classed() { &CLASS_COLOURS } else { &SERIES_COLOURS[..1] }
    }

    /// Draws the legend from its top-left corner on, and says how wide it is.
    fn draw_legend(&self, shapes: &mut Vec<Shape>, (left, top): Point) -> f64 {
        let mut width = text::width(&self.legend_title, LABEL_SIZE);
        let mut middle = top + LINE_HEIGHT / 2.0;
        shapes.push(beside(&self.legend_title, (left, middle)));
        for (first, &colour) in (0..self.class_names.len()).zip(&CLASS_COLOURS) {
            let name = self.names_of_colour(first);
            width = width.max(4.0 * LEGEND_RADIUS + text::width(&name, LABEL_SIZE));
            middle += LINE_HEIGHT + 2.0;
            let centre = (left + LEGEND_RADIUS, middle);
            shapes.push(Shape::Circle { centre, radius: LEGEND_RADIUS, colour });
            shapes.push(beside(&name, (left + 4.0 * LEGEND_RADIUS, middle)));
        }
        width
    }

    /// The names of all classes of one colour, of which `first` is the first, as far as a line of the legend takes them.
    fn names_of_colour(&self, first: usize) -> String {
        let mut names = self.class_names.iter().skip(first).step_by(CLASS_COLOURS.len());
        let mut line = names.next().cloned().unwrap_or_default();
        while let Some(name) = names.next() {
            let longer = format!("{line}, {name}");
            let end = if names.len() == 0 { "" } else { ", ..." };
            if text::width(&longer, LABEL_SIZE) + text::width(end, LABEL_SIZE) > MAX_NAME_WIDTH {
                return line + ", ...";
            }
            line = longer;
        }
        line
    }
}

impl Panel {
    fn axes(&self) -> (Axis, Axis) {
        let scale = Scale::Linear { whole: false };
        let mut x = Axis::new(scale, self.points.iter().map(|point| point.0), 0.04, 8);
        x.thin_out(PANEL);
        (x, Axis::new(scale, self.points.iter().map(|point| point.1), 0.04, 8))
    }

    /// The points of each of so many classes, or all of them where there are no classes.
    fn by_class(&self, n_classes: usize) -> Vec<Vec<(f64, f64)>> {
        if n_classes == 0 {
            return vec![self.points.clone()];
        }
        let mut by_class = vec![Vec::new(); n_classes];
        for (&point, &class) in self.points.iter().zip(&self.classes) {
            by_class[class as usize].push(point);
        }
        by_class
    }

    /// The points, in layers that let every class have its turn again and again.
    fn dots(plot: &Plot, by_class: &[Vec<(f64, f64)>], colours: &[Colour]) -> Shape {
        let turns = by_class.iter().map(|of_class| of_class.len().div_ceil(TURN)).max().unwrap_or(0);
        let mut layers = Vec::new();
        for turn in 0..turns {
            for (of_class, &colour) in by_class.iter().zip(colours.iter().cycle()) {
                // Strided, so that a class of few points is spread over all turns too.
                let drawn = of_class.iter().skip(turn).step_by(turns);
                let drawn: Vec<Point> = drawn.map(|&point| plot.place(point)).collect();
                if !drawn.is_empty() {
                    layers.push((colour, drawn));
                }
            }
        }
        let crowd = (by_class.iter().map(Vec::len).sum::<usize>() as f64).sqrt();
        let (radius, opacity) = ((160.0 / crowd).clamp(1.5, 3.5), (25.0 / crowd).clamp(0.5, 0.8));
        Shape::Dots { layers, radius, opacity }
    }

    /// Each class's name at the median of its points, as near as the other names and the frame leave room; where classes
    /// share colours, those names that then lie free, the largest classes first.
    fn names(plot: &Plot, by_class: &[Vec<(f64, f64)>], class_names: &[String]) -> Vec<Shape> {
        let mut named = Vec::new();
        for (name, points) in class_names.iter().zip(by_class) {
            let median = |number: fn(&(f64, f64)) -> f64| median(points.iter().map(number));
            if let (Some(x), Some(y)) = (median(|point| point.0), median(|point| point.1)) {
                let half = [text::width(name, NAME_SIZE) / 2.0 + 3.0, NAME_SIZE / 2.0 + 1.0];
                named.push((name, points.len(), Room { middle: plot.place((x, y)).into(), half }));
            }
        }
        let shared = class_names.len() > CLASS_COLOURS.len();
        if shared {
            named.sort_by_key(|&(_, points, _)| Reverse(points));
        }
        let mut rooms: Vec<Room> = named.iter().map(|(.., room)| *room).collect();
        // Of hundreds of names, moved ones would be nowhere near their classes.
        if rooms.len() <= MOST_MOVED {
            apart::part(&mut rooms, plot.frame);
        }
        let free = apart::free(&rooms, plot.frame);
        let drawn = named.iter().zip(rooms).zip(free).filter(|(_, free)| *free || !shared);
        let name = |((&(name, ..), Room { middle: [x, y], .. }), _): ((&(&String, _, _), Room), _)| {
            let at = (x, y + text::TO_BASELINE * NAME_SIZE);
            Shape::text(name, NAME_SIZE, at, Set::Halo)
        };
        drawn.map(name).collect()
    }
}

/// The middle one of the values, the lower of two; `None` of none.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::fit::{misplaced, texts};

    #[test]
    fn a_class_is_named_at_the_median_of_its_points_and_names_do_not_touch() {
        let points = vec![(0.0, 1.0), (1.0, 0.0), (100.0, 100.0), (4.0, 2.0), (90.0, 50.0)];
        let panel = Panel { points, classes: vec![0; 5], ..Panel::default() };
        let (x, y) = panel.axes();
        let plot = Plot { frame: Frame { left: 0.0, right: 400.0, top: 0.0, bottom: 300.0 }, x, y };
        let names = Panel::names(&plot, &panel.by_class(2), &["class zero".to_owned(), "one".to_owned()]);
        let [Shape::Text { line, at, .. }] = &names[..] else { panic!("only class 0 has points: {names:?}") };
        let middle = plot.place((4.0, 2.0));
        let half = text::width("class zero", NAME_SIZE) / 2.0 + 3.0;
        // The median lies so near the left edge that the name is moved into the frame.
        assert!(middle.0 < half && at.0 == half && line == "class zero");
        assert!((at.1 - middle.1 - text::TO_BASELINE * NAME_SIZE).abs() < 1e-9);

        let names = (0..10).map(|digit| digit.to_string());
        let all: Vec<u32> = (0..10).collect();
        let chart = ScatterChart::new("", "digit", names).panel("a", "x", "y", [(1.0, 1.0); 10], &all);
        let drawing = chart.drawing().unwrap();
        let named = texts(&drawing).filter(|(_, set, _)| *set == Set::Halo);
        let names: Vec<[f64; 4]> = named.map(|(_, _, edges)| edges).collect();
        assert_eq!(names.len(), 10);
        for (i, a) in names.iter().enumerate() {
            for b in &names[..i] {
                let over = (a[2].min(b[2]) - a[0].max(b[0]), a[3].min(b[3]) - a[1].max(b[1]));
                assert!(over.0 <= 0.0 || over.1 <= 0.0, "{a:?} and {b:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_point_lies_in_its_panel_and_no_text_outside_the_picture_or_over_another(
            panels in prop::collection::vec(
                prop::collection::vec(
                    (prop_oneof![-1.0f64..1.0, -1e300f64..1e300], prop_oneof![0.0f64..1e-9, -1e300f64..1e300], any::<u32>()),
                    1..40),
                1..4),
            title in prop_oneof![Just(""), Just("Codes of the test set")],
            n_classes in prop::sample::select(&[10u32, 13, 60][..]),
            long_names in any::<bool>(),
        ) {
            let name = |class: u32| if long_names { format!("class number {class}") } else { class.to_string() };
            let mut chart = ScatterChart::new(title, "class", (0..n_classes).map(name));
            for (i, points) in panels.iter().enumerate() {
                let classes: Vec<u32> = points.iter().map(|point| point.2 % n_classes).collect();
                let places = points.iter().map(|point| (point.0, point.1));
                chart = chart.panel(format!("panel {i}, accuracy 0.{i}"), "component 1", "component 2", places, &classes);
            }
            let drawing = chart.drawing().unwrap();
            prop_assert_eq!(misplaced(&drawing), None);
            // The axes of each panel are the one line of three points in it.
            let frames: Vec<&Vec<Point>> = drawing.shapes.iter().filter_map(|shape| match shape {
                Shape::Line { points, .. } if points.len() == 3 => Some(points),
                _ => None,
            }).collect();
            let dots: Vec<Vec<Point>> = drawing.shapes.iter().filter_map(|shape| match shape {
                Shape::Dots { layers, .. } => Some(layers.iter().flat_map(|layer| layer.1.clone()).collect()),
                _ => None,
            }).collect();
            prop_assert_eq!(frames.len(), panels.len());
            prop_assert!(frames.windows(2).all(|pair| pair[0][2].0 + 40.0 < pair[1][0].0));
            for ((frame, dots), points) in frames.into_iter().zip(dots).zip(&panels) {
                let [(left, top), _, (right, bottom)] = frame[..] else { panic!("a frame of three points") };
                prop_assert!((right - left - PANEL).abs() < 1e-9 && (bottom - top - PANEL).abs() < 1e-9);
                prop_assert_eq!(dots.len(), points.len());
                for (x, y) in dots {
                    prop_assert!((left..=right).contains(&x) && (top..=bottom).contains(&y));
                }
            }
        }
    }
}
