//! Points in two dimensions, coloured by class: panels side by side, one legend, each class named where it lies.
//!
//! Ten thousand points of ten classes hide each other. They are therefore small and see-through, and drawn in turns:
//! [`TURN`] points of the first class, as many of the next, and so on over and over, so that no class lies on top of
//! all others. The order is fixed by the input, which makes a picture the same each time.

use plotters::prelude::*;

use crate::axis::{Axis, Scale};
use crate::chart::{
    self, Canvas, Drawing, Drawn, EDGE, Frame, LABEL_SIZE, LINE_HEIGHT, Mark, Plot, TITLE_SIZE, X_AXIS_ROOM,
    beside, check_value, colour, fine,
};
use crate::palette::CLASS_COLOURS;
use crate::{VizError, text};

/// Side of the square that each panel's points lie in.
const PANEL: f64 = 440.0;
const PANEL_TITLE_SIZE: f64 = 15.0;
/// Between one panel and the room for the next one's y axis.
const PANEL_GAP: f64 = 22.0;
const MAX_PANELS: usize = 3;

/// Size of a class's name where it lies.
const NAME_SIZE: f64 = 18.0;
const MAX_NAME_WIDTH: f64 = 140.0;
const LEGEND_RADIUS: f64 = 5.0;

/// About how many points of one class are drawn before the next class has its turn.
const TURN: usize = 16;

#[derive(Debug, Clone, PartialEq)]
struct Panel {
    title: String,
    x_label: String,
    y_label: String,
    points: Vec<(f64, f64)>,
    classes: Vec<u8>,
}

/// Two-dimensional codes as points, coloured by class, in up to three panels of the same size.
///
/// Colours are told apart by colour-blind readers, and each class is also named at its points' median, moved a little
/// where two names would touch. Every panel has ranges of its own, which hold all its points: codes of two methods
/// have no common unit. With a single class there is nothing to tell apart, and no name or legend is drawn.
///
/// Labels are single lines; what has no room is an error, never cut off.
///
/// ```
/// use ae_viz::ScatterChart;
///
/// let (codes, digits) = ([(0.1, 2.0), (0.3, 2.1), (-1.0, 0.5)], [7, 7, 1]);
/// let chart = ScatterChart::new("Test images as two numbers", "digit", (0..10).map(|digit| digit.to_string()))
///     .panel("PCA, k-NN accuracy 0.451", "component 1", "component 2", codes, &digits)
///     .panel("autoencoder, k-NN accuracy 0.802", "code 1", "code 2", codes, &digits);
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
    /// A chart without panels yet. Class `i` has the name `class_names[i]`; at most ten classes.
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

    /// Adds a panel to the right: `(x, y)` points, and the class of each.
    pub fn panel(
        mut self,
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
        classes: &[u8],
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
    /// - [`VizError::NoPanels`], [`VizError::EmptyPanel`], [`VizError::TooMany`]: nothing to draw, or too much
    /// - [`VizError::PointsAndClasses`], [`VizError::Class`], [`VizError::Value`]: points and classes that are not as
    ///   many, a class without a name, a coordinate that no axis shows
    /// - [`VizError::Character`], [`VizError::LabelTooWide`]: a label that is not one line, or has no room
    /// - [`VizError::Plot`] if the plotting library fails
    ///
    /// ```
    /// use ae_viz::{ScatterChart, VizError};
    ///
    /// let chart = ScatterChart::new("", "digit", ["0", "1"]).panel("codes", "x", "y", [(0.0, 1.0)], &[2]);
    /// assert!(matches!(chart.to_svg(), Err(VizError::Class { index: 0, class: 2, classes: 2, .. })));
    /// ```
    pub fn to_svg(&self) -> Result<String, VizError> {
        chart::svg(Laid::out(self)?)
    }

    /// Draws the chart as a PNG file of 8-bit RGB, two pixels to one of the SVG, of the same look.
    ///
    /// No font is needed on the machine, the crate carries one.
    ///
    /// # Errors
    /// As [`ScatterChart::to_svg`]; [`VizError::NoGlyph`] for a label with a character that the crate's font lacks,
    /// [`VizError::Png`] if the encoder fails.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        chart::png(Laid::out(self)?)
    }

    fn check_values(&self) -> Result<(), VizError> {
        if self.panels.is_empty() {
            return Err(VizError::NoPanels);
        }
        let counts = [
            ("classes", self.class_names.len(), CLASS_COLOURS.len()),
            ("panels", self.panels.len(), MAX_PANELS),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                return Err(VizError::TooMany { what, count, limit });
            }
        }
        for Panel { title, points, classes, .. } in &self.panels {
            let panel = || title.clone();
            if points.is_empty() {
                return Err(VizError::EmptyPanel { panel: panel() });
            }
            if points.len() != classes.len() {
                let (points, classes) = (points.len(), classes.len());
                return Err(VizError::PointsAndClasses { panel: panel(), points, classes });
            }
            for (index, (&(x, y), &class)) in points.iter().zip(classes).enumerate() {
                check_value(title, index, x)?;
                check_value(title, index, y)?;
                if usize::from(class) >= self.class_names.len() {
                    let classes = self.class_names.len();
                    return Err(VizError::Class { panel: panel(), index, class, classes });
                }
            }
        }
        Ok(())
    }

    /// Whether there are classes to be told apart.
    fn is_classed(&self) -> bool {
        self.class_names.len() > 1
    }
}

/// A chart whose values are checked, and where each of its parts lies, in pixels from the top-left corner.
struct Laid<'a> {
    chart: &'a ScatterChart,
    /// Of each panel.
    plots: Vec<(Frame, (Axis, Axis))>,
    legend_left: f64,
    size: (f64, f64),
}

impl<'a> Laid<'a> {
    fn out(chart: &'a ScatterChart) -> Result<Self, VizError> {
        chart.check_values()?;
        let axes = chart.panels.iter().map(|panel| {
            let scale = Scale::Linear { whole: false };
            let mut x = Axis::new(scale, panel.points.iter().map(|point| point.0), 0.04, 8);
            x.thin_out(PANEL);
            (x, Axis::new(scale, panel.points.iter().map(|point| point.1), 0.04, 8))
        });
        let axes: Vec<(Axis, Axis)> = axes.collect();
        let y_axis_room = axes.iter().map(|(_, y)| chart::y_axis_room(y)).fold(0.0, f64::max);
        let overhang = axes.iter().map(|(x, _)| chart::x_axis_overhang(x)).fold(PANEL_GAP, f64::max);

        let title_room = if chart.title.is_empty() { 0.0 } else { TITLE_SIZE + 14.0 };
        let top = EDGE + title_room + PANEL_TITLE_SIZE + 10.0;
        let mut edge = EDGE;
        let mut plots = Vec::with_capacity(axes.len());
        for (panel, axes) in chart.panels.iter().zip(axes) {
            text::check(&panel.title, PANEL_TITLE_SIZE, PANEL)?;
            text::check(&panel.x_label, LABEL_SIZE, PANEL)?;
            text::check(&panel.y_label, LABEL_SIZE, PANEL)?;
            let left = edge + y_axis_room;
            let frame = Frame { outer_left: edge, left, right: left + PANEL, top, bottom: top + PANEL };
            edge = frame.right + overhang;
            plots.push((frame, axes));
        }

        let legend_left = edge;
        if chart.is_classed() {
            text::check(&chart.legend_title, LABEL_SIZE, MAX_NAME_WIDTH)?;
            let mut legend_width = text::width(&chart.legend_title, LABEL_SIZE);
            for name in &chart.class_names {
                text::check(name, LABEL_SIZE, MAX_NAME_WIDTH)?;
                legend_width = legend_width.max(4.0 * LEGEND_RADIUS + text::width(name, LABEL_SIZE));
            }
            edge += legend_width + EDGE;
        }
        text::check(&chart.title, TITLE_SIZE, edge - EDGE - plots[0].0.left)?;
        Ok(Self { chart, plots, legend_left, size: (edge.ceil(), top + PANEL + X_AXIS_ROOM + EDGE) })
    }

    fn draw_legend<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Drawn<B> {
        let ScatterChart { legend_title, class_names, .. } = self.chart;
        let (left, mut middle) = (self.legend_left, self.plots[0].0.top + LINE_HEIGHT / 2.0);
        canvas.draw_text(legend_title, &beside(), (fine(left), fine(middle)))?;
        for (name, &ink) in class_names.iter().zip(&CLASS_COLOURS) {
            middle += LINE_HEIGHT + 2.0;
            let centre = (fine(left + LEGEND_RADIUS), fine(middle));
            canvas.draw(&Circle::new(centre, fine(LEGEND_RADIUS), colour(ink).filled()))?;
            canvas.draw_text(name, &beside(), (fine(left + 4.0 * LEGEND_RADIUS), fine(middle)))?;
        }
        Ok(())
    }
}

impl Drawing for Laid<'_> {
    fn size(&self) -> (u32, u32) {
        (self.size.0 as u32, self.size.1 as u32)
    }

    fn labels(&self) -> impl Iterator<Item = &str> {
        let ScatterChart { title, legend_title, class_names, panels } = self.chart;
        let panel_labels = panels.iter().flat_map(|panel| [&panel.title, &panel.x_label, &panel.y_label]);
        [title, legend_title].into_iter().chain(class_names).chain(panel_labels).map(String::as_str)
    }

    fn draw<B: DrawingBackend>(mut self, canvas: &Canvas<B>) -> Drawn<B, Vec<Mark>> {
        canvas.fill(&WHITE)?;
        let chart = self.chart;
        if !chart.title.is_empty() {
            let place = (fine(self.plots[0].0.left), fine(EDGE));
            canvas.draw_text(&chart.title, &chart::heading(TITLE_SIZE), place)?;
        }
        if chart.is_classed() {
            self.draw_legend(canvas)?;
        }
        let mut marks = Vec::new();
        for (panel, (frame, axes)) in chart.panels.iter().zip(self.plots.drain(..)) {
            let title_place = (fine(frame.left), fine(frame.top - 10.0 - PANEL_TITLE_SIZE));
            canvas.draw_text(&panel.title, &chart::heading(PANEL_TITLE_SIZE), title_place)?;
            let plot = chart::axes(canvas, frame, axes, (&panel.x_label, &panel.y_label))?;
            marks.push(dots(panel, &plot));
            if chart.is_classed() {
                marks.extend(names(panel, &plot, &chart.class_names, frame));
            }
        }
        Ok(marks)
    }
}

/// The panel's points, in layers that let every class have its turn again and again.
fn dots<B: DrawingBackend>(panel: &Panel, plot: &Plot<'_, B>) -> Mark {
    let mut places = vec![Vec::new(); CLASS_COLOURS.len()];
    for (point, class) in panel.points.iter().zip(&panel.classes) {
        places[usize::from(*class)].push(plot.backend_coord(point));
    }
    let turns = places.iter().map(|of_class| of_class.len().div_ceil(TURN)).max().unwrap_or(0);
    let mut layers = Vec::new();
    for turn in 0..turns {
        for (of_class, colour) in places.iter().zip(&CLASS_COLOURS) {
            // Strided, so that a class of few points is spread over all turns too.
            let drawn: Vec<(i32, i32)> = of_class.iter().skip(turn).step_by(turns).copied().collect();
            if !drawn.is_empty() {
                layers.push((*colour, drawn));
            }
        }
    }
    let crowd = (panel.points.len() as f64).sqrt();
    Mark::Dots { layers, radius: (160.0 / crowd).clamp(1.5, 3.5), opacity: (25.0 / crowd).clamp(0.5, 0.8) }
}

/// Each class's name at the median of its points, as near as the other names and the frame leave room.
fn names<B: DrawingBackend>(
    panel: &Panel,
    plot: &Plot<'_, B>,
    class_names: &[String],
    frame: Frame,
) -> impl Iterator<Item = Mark> {
    let mut named = Vec::new();
    let mut boxes = Vec::new();
    for (class, name) in class_names.iter().enumerate() {
        let of_class = || {
            panel
                .points
                .iter()
                .zip(&panel.classes)
                .filter(|(_, c)| usize::from(**c) == class)
                .map(|(p, _)| *p)
        };
        if of_class().next().is_none() {
            continue;
        }
        let centre = (median(of_class().map(|point| point.0)), median(of_class().map(|point| point.1)));
        let (x, y) = plot.backend_coord(&centre);
        named.push(name.clone());
        let half = (fine(text::width(name, NAME_SIZE) / 2.0 + 3.0), fine(NAME_SIZE / 2.0 + 1.0));
        boxes.push(NameBox { middle: (f64::from(x), f64::from(y)), half: (half.0.into(), half.1.into()) });
    }
    let [left, right, top, bottom] =
        [frame.left, frame.right, frame.top, frame.bottom].map(|edge| fine(edge).into());
    part(&mut boxes, (left, right), (top, bottom));
    named.into_iter().zip(boxes).map(|(text, NameBox { middle: (x, y), .. })| Mark::Name {
        text,
        size: NAME_SIZE,
        at: (x.round() as i32, y.round() as i32),
    })
}

/// The middle one of the values, the lower of two; there is at least one.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The room of a name: its middle, and half its width and height.
#[derive(Debug, Clone, Copy)]
struct NameBox {
    middle: (f64, f64),
    half: (f64, f64),
}

/// Moves boxes that lie over each other apart, the shorter way, and all of them into the frame.
fn part(boxes: &mut [NameBox], (left, right): (f64, f64), (top, bottom): (f64, f64)) {
    const ROUNDS: usize = 200;
    for _ in 0..ROUNDS {
        let mut moved = false;
        for second in 1..boxes.len() {
            for first in 0..second {
                let (a, b) = (boxes[first], boxes[second]);
                let apart = (b.middle.0 - a.middle.0, b.middle.1 - a.middle.1);
                let over = (a.half.0 + b.half.0 - apart.0.abs(), a.half.1 + b.half.1 - apart.1.abs());
                if over.0 <= 0.5 || over.1 <= 0.5 {
                    continue;
                }
                moved = true;
                let step = if over.0 < over.1 {
                    (f64::copysign(over.0 / 2.0, apart.0), 0.0)
                } else {
                    (0.0, f64::copysign(over.1 / 2.0, apart.1))
                };
                boxes[first].middle = (a.middle.0 - step.0, a.middle.1 - step.1);
                boxes[second].middle = (b.middle.0 + step.0, b.middle.1 + step.1);
            }
        }
        for NameBox { middle, half } in boxes.iter_mut() {
            middle.0 = middle.0.clamp(left + half.0, right - half.0);
            middle.1 = middle.1.clamp(top + half.1, bottom - half.1);
        }
        if !moved {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::FINE;
    use crate::chart::read::{numbers, text_boxes, text_outside};

    fn chart(classes: u8) -> ScatterChart {
        ScatterChart::new("Codes", "digit", (0..classes).map(|class| class.to_string()))
    }

    fn hex([red, green, blue]: [u8; 3]) -> String {
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    /// Every dot in the order of drawing: its panel, colour and place in the canvas's units.
    fn dots_of(svg: &str) -> Vec<(usize, String, f64, f64)> {
        let mut dots = Vec::new();
        for (panel, group) in svg.split("<g fill=\"none\" stroke-linecap").skip(1).enumerate() {
            for path in group.split("</g>").next().unwrap().split("<path stroke=\"").skip(1) {
                let (colour, places) = path.split_once("\" d=\"M").unwrap();
                for place in places.split("\"/>").next().unwrap().split('M') {
                    let (x, y) = place.strip_suffix("h0").unwrap().split_once(' ').unwrap();
                    dots.push((panel, colour.to_owned(), x.parse().unwrap(), y.parse().unwrap()));
                }
            }
        }
        dots
    }

    /// Width and height of the shown picture.
    fn size_of(svg: &str) -> (f64, f64) {
        let mut sizes = numbers(svg, &["width", "height"]);
        let width = sizes.next().unwrap();
        let heights = numbers(svg, &["height"]);
        (width, heights.into_iter().next().unwrap())
    }

    #[test]
    fn points_stand_in_their_class_s_colour_x_to_the_right_and_y_upwards() {
        let points = [(0.0, 0.0), (10.0, 0.0), (0.0, 5.0)];
        let svg = chart(10).panel("a", "x", "y", points, &[3, 9, 0]).to_svg().unwrap();
        let dots = dots_of(&svg);
        let find = |class: usize| dots.iter().find(|dot| dot.1 == hex(CLASS_COLOURS[class])).unwrap();
        let (origin, right, up) = (find(3), find(9), find(0));
        assert!(right.2 > origin.2 + 3000.0 && right.3 == origin.3);
        assert!(up.3 < origin.3 - 3000.0 && up.2 == origin.2);
        assert_eq!(svg, chart(10).panel("a", "x", "y", points, &[3, 9, 0]).to_svg().unwrap());
    }

    #[test]
    fn classes_take_turns_even_if_they_come_sorted() {
        let classes: Vec<u8> = (0..1000u32).map(|i| if i < 900 { (i / 450) as u8 } else { 2 }).collect();
        let points = (0..1000).map(|i| (f64::from(i), 0.0));
        let svg = chart(3).panel("a", "x", "y", points, &classes).to_svg().unwrap();
        let dots = dots_of(&svg);
        assert_eq!(dots.len(), 1000);
        // In every tenth of the drawing each class has the share that it has in all.
        for tenth in dots.chunks(100) {
            for (class, share) in [(0, 45), (1, 45), (2, 10)] {
                let drawn = tenth.iter().filter(|dot| dot.1 == hex(CLASS_COLOURS[class])).count();
                assert!((share - 20..=share + 20).contains(&(drawn as i32)), "class {class}: {drawn}");
                assert!(drawn > 0);
            }
        }
    }

    #[test]
    fn a_class_is_named_at_its_median_and_names_do_not_touch() {
        let points = [(0.0, 0.0), (4.0, 2.0), (100.0, 100.0), (4.0, 2.0), (4.0, 2.0)];
        let svg = chart(2).panel("a", "x", "y", points, &[0, 0, 0, 0, 0]).to_svg().unwrap();
        let dots = dots_of(&svg);
        let name = text_boxes(&svg).into_iter().rfind(|(label, _)| label == "0").unwrap().1;
        let middle = (f64::midpoint(name[0], name[2]), f64::midpoint(name[1], name[3]));
        let median = dots.iter().find(|dot| (dot.2, dot.3) == (dots[1].2, dots[1].3)).unwrap();
        assert!((middle.0 - median.2 / 10.0).abs() < 1.0 && (middle.1 - median.3 / 10.0).abs() < 2.0);

        // All classes at one place: ten names beside each other.
        let svg = chart(10).panel("a", "x", "y", [(1.0, 1.0); 10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let svg = svg.to_svg().unwrap();
        let names: Vec<[f64; 4]> =
            svg.split("<g font-family").skip(1).map(|group| text_boxes(group)[0].1).collect();
        assert_eq!(names.len(), 10);
        for (i, a) in names.iter().enumerate() {
            for b in &names[..i] {
                let over = (a[2].min(b[2]) - a[0].max(b[0]), a[3].min(b[3]) - a[1].max(b[1]));
                assert!(over.0 <= 0.0 || over.1 <= 4.0, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn one_class_needs_no_name_and_no_legend() {
        let chart = ScatterChart::new("", "kind", ["image"]).panel("a", "x", "y", [(0.0, 1.0)], &[0]);
        let svg = chart.to_svg().unwrap();
        assert!(!svg.contains("image") && !svg.contains("kind") && dots_of(&svg).len() == 1);
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let with = |points: &[(f64, f64)], classes: &[u8]| {
            chart(10).panel("first", "x", "y", [(0.0, 0.0)], &[0]).panel(
                "second",
                "x",
                "y",
                points.to_vec(),
                classes,
            )
        };
        assert!(matches!(chart(10).to_svg(), Err(VizError::NoPanels)));
        let error = with(&[], &[]).to_svg().unwrap_err();
        assert!(matches!(&error, VizError::EmptyPanel { panel } if panel == "second"), "{error}");
        let error = with(&[(0.0, 0.0)], &[1, 2]).to_svg().unwrap_err();
        assert!(
            matches!(&error, VizError::PointsAndClasses { panel, points: 1, classes: 2 } if panel == "second"),
            "{error}"
        );
        let error = with(&[(0.0, 0.0), (0.0, 0.0)], &[1, 10]).to_svg().unwrap_err();
        assert!(
            matches!(&error, VizError::Class { panel, index: 1, class: 10, classes: 10 } if panel == "second"),
            "{error}"
        );
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e300] {
            for point in [(bad, 0.0), (0.0, bad)] {
                let error = with(&[(0.0, 0.0), point], &[1, 2]).to_svg().unwrap_err();
                assert!(
                    matches!(&error, VizError::Value { name, index: 1, .. } if name == "second"),
                    "{error}"
                );
                assert!(with(&[(0.0, 0.0), point], &[1, 2]).to_png_bytes().is_err());
            }
        }
        let error = chart(11).panel("a", "x", "y", [(0.0, 0.0)], &[0]).to_svg().unwrap_err();
        assert!(matches!(error, VizError::TooMany { what: "classes", count: 11, limit: 10 }), "{error}");
        let four = (0..4).fold(chart(2), |chart, _| chart.panel("a", "x", "y", [(0.0, 0.0)], &[0]));
        assert!(matches!(four.to_svg(), Err(VizError::TooMany { what: "panels", count: 4, limit: 3 })));
    }

    #[test]
    fn every_label_has_to_fit_and_be_one_line() {
        let long = "w".repeat(80);
        let with = |labels: [&str; 6]| {
            let [title, legend, class, panel, x, y] = labels;
            ScatterChart::new(title, legend, [class, "b"]).panel(panel, x, y, [(0.0, 0.0)], &[0]).to_svg()
        };
        with(["t"; 6]).unwrap();
        for place in 0..6 {
            for (bad, expected) in [(long.as_str(), "wide"), ("two\nlines", "character")] {
                let mut labels = ["t"; 6];
                labels[place] = bad;
                let error = with(labels).unwrap_err();
                assert!(error.to_string().contains(expected), "place {place}: {error}");
            }
            let mut labels = ["t"; 6];
            labels[place] = "a < b & c";
            let svg = with(labels).unwrap();
            assert!(svg.contains("a &lt; b &amp; c") && !svg.contains("a < b"), "place {place}");
        }
        let foreign = ScatterChart::new("", "", ["\u{4e09}", "b"]).panel("", "", "", [(0.0, 0.0)], &[0]);
        foreign.to_svg().unwrap();
        assert!(matches!(foreign.to_png_bytes(), Err(VizError::NoGlyph { found: '\u{4e09}', .. })));
    }

    #[test]
    fn the_png_has_the_dots_of_the_svg() {
        let points: Vec<(f64, f64)> = (0..30).map(|i| (f64::from(i % 6), f64::from(i / 6))).collect();
        let classes: Vec<u8> = (0..30).map(|i| i % 10).collect();
        let chart =
            chart(10).panel("a", "x", "y", points.clone(), &classes).panel("b", "x", "y", points, &classes);
        let (svg, png) = (chart.to_svg().unwrap(), chart.to_png_bytes().unwrap());
        let picture = image::load_from_memory(&png).unwrap().into_rgb8();
        let (width, height) = size_of(&svg);
        assert_eq!(picture.dimensions(), (2 * width as u32, 2 * height as u32));
        let names: Vec<[f64; 4]> = text_boxes(&svg).into_iter().map(|(_, edges)| edges).collect();
        let mut seen = 0;
        for (_, colour, x, y) in dots_of(&svg) {
            let (x, y) = (x / f64::from(FINE), y / f64::from(FINE));
            // Names lie over some of the dots, and their halo reaches a little further.
            let near = |[left, top, right, bottom]: &[f64; 4]| {
                (left - 3.0..right + 3.0).contains(&x) && (top - 3.0..bottom + 3.0).contains(&y)
            };
            if names.iter().any(near) {
                continue;
            }
            seen += 1;
            let class = CLASS_COLOURS.iter().position(|c| hex(*c) == colour).unwrap();
            let found = picture.get_pixel((2.0 * x) as u32, (2.0 * y) as u32).0;
            for (found, ink) in found.into_iter().zip(CLASS_COLOURS[class]) {
                // See-through ink over white, or over a grid line of 0xDD.
                let range = [255.0, 221.0].map(|ground| ground + (f64::from(ink) - ground) * 0.8);
                assert!((range[1].min(range[0]) - 1.5..=range[0] + 1.5).contains(&f64::from(found)));
            }
        }
        assert!(seen > 30, "{seen} of 60 dots were compared");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_point_lies_in_its_panel_and_no_text_outside_the_picture(
            panels in prop::collection::vec(
                prop::collection::vec(
                    (prop_oneof![-1.0f64..1.0, -1e300f64..1e300], prop_oneof![0.0f64..1e-9, -1e300f64..1e300], 0u8..10),
                    1..40),
                1..4),
            title in prop_oneof![Just(""), Just("Codes of the test set")],
            long_names in any::<bool>(),
        ) {
            let name = |class: u8| if long_names { format!("class number {class}") } else { class.to_string() };
            let mut chart = ScatterChart::new(title, "class", (0..10).map(name));
            for (i, points) in panels.iter().enumerate() {
                let classes: Vec<u8> = points.iter().map(|point| point.2).collect();
                let places = points.iter().map(|point| (point.0, point.1));
                chart = chart.panel(format!("panel {i}, accuracy 0.{i}"), "component 1", "component 2", places, &classes);
            }
            let laid = Laid::out(&chart).unwrap();
            let frames: Vec<Frame> = laid.plots.iter().map(|plot| plot.0).collect();
            prop_assert!(frames.windows(2).all(|pair| pair[0].right < pair[1].outer_left));
            prop_assert!(frames.iter().all(|frame| (frame.right - frame.left - PANEL).abs() < 1e-9));

            let svg = chart.to_svg().unwrap();
            let size = size_of(&svg);
            prop_assert_eq!(text_outside(&svg, size), None);
            let dots = dots_of(&svg);
            prop_assert_eq!(dots.len(), panels.iter().map(Vec::len).sum::<usize>());
            for (panel, _, x, y) in dots {
                let (frame, x, y) = (frames[panel], x / 10.0, y / 10.0);
                // Places are whole parts of a pixel, the frame is rounded to them.
                let inside = |value: f64, from: f64, to: f64| (from - 0.06..=to + 0.06).contains(&value);
                prop_assert!(inside(x, frame.left, frame.right) && inside(y, frame.top, frame.bottom));
            }
        }
    }
}
