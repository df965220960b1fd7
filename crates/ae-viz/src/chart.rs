//! What the charts share: sizes, and a plot with its axes.

use std::fmt::Display;

use crate::axis::{Axis, MAX_MAGNITUDE};
use crate::palette::{FRAME, MESH};
use crate::shape::{Point, Set, Shape};
use crate::{VizError, text};

/// Left free around a picture.
pub(crate) const EDGE: f64 = 16.0;
pub(crate) const TITLE_SIZE: f64 = 18.0;
pub(crate) const LABEL_SIZE: f64 = 14.0;
pub(crate) const TICK_SIZE: f64 = 13.0;
/// From one line of text to the next.
pub(crate) const LINE_HEIGHT: f64 = 20.0;
/// Below a plot: ticks, their labels and the name of the axis.
pub(crate) const X_AXIS_ROOM: f64 = LINE_HEIGHT + TICK_SIZE + 14.0;

/// Length of what stands before a name in a legend over a plot, and from it to the name.
pub(crate) const SWATCH: f64 = 26.0;
const SWATCH_GAP: f64 = 8.0;

/// Length of the mark at a tick, and from the plot to its label.
const TICK: f64 = 4.0;
const TO_TICK_LABEL: f64 = 8.0;

/// Where one plot lies in a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Two axes in a frame.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) frame: Frame,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

impl Plot {
    /// Where a point of the data lies in the picture.
    pub(crate) fn place(&self, (x, y): (f64, f64)) -> Point {
        let Frame { left, right, top, bottom } = self.frame;
        (self.x.place(x, left, right), self.y.place(y, bottom, top))
    }

    /// Draws the axes with their grid lines, ticks and names, to the left of the frame and below it.
    pub(crate) fn draw_axes(
        &self,
        shapes: &mut Vec<Shape>,
        x_label: &str,
        y_label: &str,
    ) -> Result<(), VizError> {
        let Frame { left, right, top, bottom } = self.frame;
        text::check(x_label, LABEL_SIZE, right - left)?;
        text::check(y_label, LABEL_SIZE, bottom - top)?;
        self.draw_ticks(shapes, [true, true]);
        let below = (left.midpoint(right), bottom + X_AXIS_ROOM - text::TO_BASELINE * LABEL_SIZE);
        shapes.push(Shape::text(x_label, LABEL_SIZE, below, Set::Middle));
        let beside = (left - y_axis_room(&self.y) + text::ASCENT * LABEL_SIZE, top.midpoint(bottom));
        shapes.push(Shape::text(y_label, LABEL_SIZE, beside, Set::Upwards));
        Ok(())
    }

    /// Draws the axes without their names; the ticks of x and of y have labels where `labelled` says so.
    pub(crate) fn draw_ticks(&self, shapes: &mut Vec<Shape>, labelled: [bool; 2]) {
        let Frame { left, right, top, bottom } = self.frame;
        let mut marks = Vec::new();
        for tick in &self.x.ticks {
            let x = self.x.place(tick.value, left, right);
            shapes.push(Shape::hairline((x, bottom), (x, top), MESH));
            marks.push(Shape::hairline((x, bottom), (x, bottom + TICK), FRAME));
            let baseline = bottom + TO_TICK_LABEL + text::ASCENT * TICK_SIZE;
            let label = Shape::text(&tick.label, TICK_SIZE, (x, baseline), Set::Middle);
            marks.extend(labelled[0].then_some(label));
        }
        for tick in &self.y.ticks {
            let y = self.y.place(tick.value, bottom, top);
            shapes.push(Shape::hairline((left, y), (right, y), MESH));
            marks.push(Shape::hairline((left - TICK, y), (left, y), FRAME));
            let at = (left - TO_TICK_LABEL, y + text::TO_BASELINE * TICK_SIZE);
            let label = Shape::text(&tick.label, TICK_SIZE, at, Set::End);
            marks.extend(labelled[1].then_some(label));
        }
        let points = vec![(left, top), (left, bottom), (right, bottom)];
        shapes.push(Shape::Line { points, colour: FRAME, width: 1.0, dashed: false });
        shapes.append(&mut marks);
    }
}

/// The room that a y axis needs for its ticks, their labels and its name.
pub(crate) fn y_axis_room(axis: &Axis) -> f64 {
    LINE_HEIGHT + y_tick_room(axis)
}

/// The room that a y axis needs for its ticks and their labels.
pub(crate) fn y_tick_room(axis: &Axis) -> f64 {
    axis.widest_label() + TO_TICK_LABEL + 2.0
}

/// Draws names beside each other between `left` and `right`, in as many lines as they need, the first about `middle`, and
/// says where what is below may begin. `swatch` draws what stands before a name, by its index, over [`SWATCH`] pixels.
pub(crate) fn legend<'a>(
    shapes: &mut Vec<Shape>,
    names: impl Iterator<Item = &'a str>,
    (left, right): (f64, f64),
    mut middle: f64,
    swatch: impl Fn(&mut Vec<Shape>, usize, Point),
) -> Result<f64, VizError> {
    let mut x = left;
    for (index, name) in names.enumerate() {
        text::check(name, LABEL_SIZE, right - left - SWATCH - SWATCH_GAP)?;
        let width = SWATCH + SWATCH_GAP + text::width(name, LABEL_SIZE);
        if x > left && x + width > right {
            (x, middle) = (left, middle + LINE_HEIGHT);
        }
        swatch(shapes, index, (x, middle));
        shapes.push(beside(name, (x + SWATCH + SWATCH_GAP, middle)));
        x += width + EDGE;
    }
    Ok(middle + LINE_HEIGHT)
}

/// A title of at most `room` pixels, placed by its top-left corner.
pub(crate) fn heading(title: &str, size: f64, room: f64, (left, top): Point) -> Result<Shape, VizError> {
    text::check(title, size, room)?;
    Ok(Shape::text(title, size, (left, top + text::ASCENT * size), Set::Start))
}

/// A label that stands to the right of what it names.
pub(crate) fn beside(label: &str, (left, middle): Point) -> Shape {
    let baseline = middle + text::TO_BASELINE * LABEL_SIZE;
    Shape::text(label, LABEL_SIZE, (left, baseline), Set::Start)
}

/// Checks that an axis can show a value.
pub(crate) fn check_value(what: impl Display, value: f64, logarithmic: bool) -> Result<(), VizError> {
    if value.abs() <= MAX_MAGNITUDE && (value > 0.0 || !logarithmic) {
        return Ok(());
    }
    let above = if logarithmic { ", above 0 as the axis is logarithmic" } else { "" };
    let expected = format!("a number of at most {MAX_MAGNITUDE:e} in magnitude{above}");
    Err(VizError::argument(what, expected, format!("{value:?}")))
}

/// Checks text that is drawn against the size of its picture.
#[cfg(test)]
pub(crate) mod fit {
    use super::*;
    use crate::shape::Drawing;

    /// Each line of text with the box around it, by its estimated width: left, top, right, bottom.
    pub(crate) fn texts(drawing: &Drawing) -> impl Iterator<Item = (&str, Set, [f64; 4])> {
        drawing.shapes.iter().filter_map(|shape| {
            let Shape::Text { line, size, at: (x, y), set } = shape else { return None };
            let width = text::width(line, *size);
            let start = match set {
                Set::Start => 0.0,
                Set::Middle | Set::Upwards | Set::Halo => -width / 2.0,
                Set::End => -width,
            };
            let (above, below) = (text::ASCENT * size, 0.24 * size);
            let edges = match set {
                Set::Upwards => [x - above, y - start - width, x + below, y - start],
                _ => [x + start, y - above, x + start + width, y + below],
            };
            Some((line.as_str(), *set, edges))
        })
    }

    /// The first line of text that reaches out of the picture or over another. Names with a halo may lie over others.
    pub(crate) fn misplaced(drawing: &Drawing) -> Option<&str> {
        let boxes: Vec<_> = texts(drawing).collect();
        let outside = |[left, top, right, bottom]: [f64; 4]| {
            left < 0.0 || top < 0.0 || right > drawing.width || bottom > drawing.height
        };
        let over = |a: [f64; 4], b: [f64; 4]| {
            a[2].min(b[2]) - a[0].max(b[0]) > 1e-6 && a[3].min(b[3]) - a[1].max(b[1]) > 1e-6
        };
        let fault = boxes.iter().enumerate().find(|&(i, &(_, set, edges))| {
            let hits =
                boxes[..i].iter().any(|(_, other, box_of)| *other != Set::Halo && over(edges, *box_of));
            outside(edges) || set != Set::Halo && hits
        });
        fault.map(|(_, (line, ..))| *line)
    }
}
