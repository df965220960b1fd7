//! A chart as a list of plain shapes, which `svg.rs` writes down and `raster.rs` paints.
//!
//! Lengths are pixels of the SVG, places count from the top-left corner of the picture. Shapes lie over each other
//! in the order of the list, on white.

use crate::palette::Colour;

pub(crate) type Point = (f64, f64);

/// Length of a stroke and of the space after it, in a dashed line.
pub(crate) const DASH: [f64; 2] = [6.0, 4.0];
/// How far the white edge reaches around the letters of a text that has one.
pub(crate) const HALO: f64 = 2.5;

#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

#[derive(Debug)]
pub(crate) enum Shape {
    /// Points joined by straight strokes.
    Line { points: Vec<Point>, colour: Colour, width: f64, dashed: bool },
    /// A disc.
    Circle { centre: Point, radius: f64, colour: Colour },
    /// Many see-through discs: a colour and the centres for each layer, the first at the bottom.
    Dots { layers: Vec<(Colour, Vec<Point>)>, radius: f64, opacity: f64 },
    /// A line of text.
    Text(Text),
}

#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) line: String,
    pub(crate) size: f64,
    /// The point of the baseline that `anchor` names.
    pub(crate) at: Point,
    pub(crate) anchor: Anchor,
    /// Whether it reads from the bottom to the top.
    pub(crate) upwards: bool,
    /// Whether a white edge parts it from what is below.
    pub(crate) halo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Shape {
    /// A thin line that is not dashed.
    pub(crate) fn hairline(from: Point, to: Point, colour: Colour) -> Self {
        Self::Line { points: vec![from, to], colour, width: 1.0, dashed: false }
    }

    /// Text from left to right, as most of it is.
    pub(crate) fn text(line: &str, size: f64, at: Point, anchor: Anchor) -> Self {
        Self::Text(Text { line: line.to_owned(), size, at, anchor, upwards: false, halo: false })
    }
}
