//! A chart as a list of plain shapes, which `svg.rs` writes down and `raster.rs` paints.
//!
//! Lengths are pixels of the SVG, places count from the top-left corner of the picture. Shapes lie over each other
//! in the order of the list, on white.

use crate::palette::Colour;

pub(crate) type Point = (f64, f64);

/// Length of a stroke and of the space after it, in a dashed line.
pub(crate) const DASH: [f64; 2] = [6.0, 4.0];
/// How far the white edge of a text reaches around its letters.
pub(crate) const HALO: f64 = 2.5;

#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

/// `Line` joins its points by strokes. `Dots` are many see-through discs: for each layer, the first at the bottom, a
/// colour and the centres. `Text` is one line with the point of its baseline that `set` names.
#[derive(Debug)]
pub(crate) enum Shape {
    Line { points: Vec<Point>, colour: Colour, width: f64, dashed: bool },
    Circle { centre: Point, radius: f64, colour: Colour },
    Dots { layers: Vec<(Colour, Vec<Point>)>, radius: f64, opacity: f64 },
    Text { line: String, size: f64, at: Point, set: Set },
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Start,
    Middle,
    End,
    /// By its middle, from the bottom to the top.
    Upwards,
    /// By its middle, with a white edge that parts it from what is below.
    Halo,
}

impl Shape {
    /// A thin line that is not dashed.
    pub(crate) fn hairline(from: Point, to: Point, colour: Colour) -> Self {
        Self::Line { points: vec![from, to], colour, width: 1.0, dashed: false }
    }

    pub(crate) fn text(line: &str, size: f64, at: Point, set: Set) -> Self {
        Self::Text { line: line.to_owned(), size, at, set }
    }
}
