//! What the charts share: sizes, styles, axes, and the two files that a chart can become.
//!
//! The plotting library sets everything on whole pixels. A chart is therefore drawn on a canvas [`FINE`] times as
//! fine and shown at its own size through the SVG's `viewBox`: curves are smooth in print and at any zoom. The same
//! drawing with [`Raster`] as its backend is the PNG, [`ZOOM`] pixels to one of the SVG. Sizes in pixels are those
//! of the shown SVG.

use std::fmt::Write;

use image::RgbImage;
use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{Axis, MAX_MAGNITUDE};
use crate::raster::{self, Raster};
use crate::{VizError, png_bytes, text};

/// Parts of a pixel that the drawing can address.
pub(crate) const FINE: u32 = 10;
/// Pixels of a PNG along one pixel of the SVG: sharp on a dense screen, and over 300 dots an inch at a width of 13 cm.
const ZOOM: u32 = 2;

/// Left free around a picture.
pub(crate) const EDGE: f64 = 16.0;
pub(crate) const TITLE_SIZE: f64 = 18.0;
pub(crate) const LABEL_SIZE: f64 = 14.0;
pub(crate) const TICK_SIZE: f64 = 13.0;
/// From one line of text to the next.
pub(crate) const LINE_HEIGHT: f64 = 20.0;
/// Below a plot: ticks, their labels and the name of the axis.
pub(crate) const X_AXIS_ROOM: f64 = LINE_HEIGHT + TICK_SIZE + 14.0;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FRAME: RGBColor = RGBColor(0x66, 0x66, 0x66);
const MESH: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);

pub(crate) type Canvas<B> = DrawingArea<B, Shift>;
pub(crate) type Plot<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
pub(crate) type Drawn<B, T = ()> = Result<T, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// A chart with its layout done, ready to be drawn on any backend.
pub(crate) trait Drawing: Sized {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Every label that is not a number.
    fn labels(&self) -> impl Iterator<Item = &str>;

    /// Draws all but the marks, which it returns; they are to lie over the rest in their order.
    fn draw<B: DrawingBackend>(self, canvas: &Canvas<B>) -> Drawn<B, Vec<Mark>>;
}

/// What the plotting library's backends cannot draw, or not in few bytes. Places are in parts of a pixel.
#[derive(Debug)]
pub(crate) enum Mark {
    /// See-through dots, layer over layer.
    Dots { layers: Vec<Layer>, radius: f64, opacity: f64 },
    /// A line of text with a white edge, centred on a place.
    Name { text: String, size: f64, at: (i32, i32) },
}

/// A colour and the centres of its dots.
pub(crate) type Layer = ([u8; 3], Vec<(i32, i32)>);

/// Width of the white edge around a [`Mark::Name`].
const HALO: f64 = 2.5;

/// The drawing as an SVG document.
pub(crate) fn svg(drawing: impl Drawing) -> Result<String, VizError> {
    let (shown_width, shown_height) = drawing.size();
    let (width, height) = (shown_width * FINE, shown_height * FINE);
    let mut svg = String::new();
    let marks = {
        let canvas = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        let drawn = drawing.draw(&canvas).and_then(|marks| canvas.present().map(|()| marks));
        drawn.map_err(|error| VizError::Plot(error.into()))?
    };
    let mut svg = svg.replacen(
        &format!("width=\"{width}\" height=\"{height}\""),
        &format!("width=\"{shown_width}\" height=\"{shown_height}\" stroke-linejoin=\"round\""),
        1,
    );
    let end = svg.rfind("</svg>").expect("the backend has closed the document");
    svg.insert_str(end, &marks.iter().map(svg_mark).collect::<String>());
    Ok(svg)
}

/// The drawing as a PNG file of 8-bit RGB.
pub(crate) fn png(drawing: impl Drawing) -> Result<Vec<u8>, VizError> {
    drawing.labels().try_for_each(text::check_glyphs)?;
    let (width, height) = drawing.size();
    let mut picture = RgbImage::from_pixel(width * ZOOM, height * ZOOM, image::Rgb([255; 3]));
    let scale = ZOOM as f32 / FINE as f32;
    let marks = {
        let canvas = Raster::new(&mut picture, scale).into_drawing_area();
        drawing.draw(&canvas).map_err(|error| VizError::Plot(error.into()))?
    };
    let pixels = |(x, y): (i32, i32)| (x as f32 * scale, y as f32 * scale);
    for mark in &marks {
        match mark {
            Mark::Dots { layers, radius, opacity } => {
                let radius = *radius as f32 * ZOOM as f32;
                for (colour, centres) in layers {
                    for centre in centres {
                        raster::disc(
                            &mut picture,
                            pixels(*centre),
                            radius,
                            image::Rgb(*colour),
                            *opacity as f32,
                        );
                    }
                }
            }
            Mark::Name { text, size, at } => {
                let (x, y) = pixels(*at);
                let inks = (image::Rgb([INK.0, INK.1, INK.2]), image::Rgb([255; 3]));
                let zoom = f64::from(ZOOM);
                raster::write_with_halo(
                    &mut picture,
                    text,
                    size * zoom,
                    (x.into(), y.into()),
                    inks,
                    HALO * zoom,
                );
            }
        }
    }
    png_bytes(&picture)
}

/// Dots are the round ends of lines without length: a dozen bytes each, where a circle element takes a hundred.
fn svg_mark(mark: &Mark) -> String {
    let mut svg = String::new();
    let written = match mark {
        Mark::Dots { layers, radius, opacity } => {
            let width = fine(2.0 * radius);
            svg += &format!(
                "<g fill=\"none\" stroke-linecap=\"round\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\">\n"
            );
            for ([red, green, blue], centres) in layers {
                svg += &format!("<path stroke=\"#{red:02X}{green:02X}{blue:02X}\" d=\"");
                svg.extend(centres.iter().map(|(x, y)| format!("M{x} {y}h0")));
                svg += "\"/>\n";
            }
            svg.write_str("</g>\n")
        }
        Mark::Name { text, size, at: (x, y) } => {
            let RGBColor(red, green, blue) = INK;
            let (size, halo, text) = (size * f64::from(FINE), fine(2.0 * HALO), escaped(text));
            let place =
                format!("x=\"{x}\" y=\"{y}\" dy=\"0.5ex\" text-anchor=\"middle\" font-size=\"{size}\"");
            // Twice, because not every viewer can paint the stroke of a letter before its inside.
            let stroke = format!("fill=\"none\" stroke=\"#FFFFFF\" stroke-width=\"{halo}\"");
            let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
            writeln!(
                svg,
                "<g font-family=\"sans-serif\">\n<text {place} {stroke}>\n{text}\n</text>\n<text {place} {fill}>\n{text}\n</text>\n</g>"
            )
        }
    };
    written.expect("a String takes all that is written to it");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Where one plot lies in a picture, in pixels from the top-left corner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Where the room for the y axis begins.
    pub(crate) outer_left: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Draws the axes with their grid lines, ticks and names; the room below is [`X_AXIS_ROOM`].
pub(crate) fn axes<'a, B: DrawingBackend>(
    canvas: &'a Canvas<B>,
    frame: Frame,
    (x, y): (Axis, Axis),
    (x_label, y_label): (&str, &str),
) -> Drawn<B, Plot<'a, B>> {
    let (width, height) = canvas.dim_in_pixel();
    let mut plot = ChartBuilder::on(canvas)
        .margin_left(fine(frame.outer_left))
        .margin_right(width as i32 - fine(frame.right))
        .margin_top(fine(frame.top))
        .margin_bottom(height as i32 - fine(frame.bottom + X_AXIS_ROOM))
        .x_label_area_size(fine(X_AXIS_ROOM))
        .y_label_area_size(fine(frame.left - frame.outer_left))
        .build_cartesian_2d(x, y)?;
    plot.configure_mesh()
        .bold_line_style(MESH.stroke_width(FINE))
        .light_line_style(TRANSPARENT)
        .axis_style(FRAME.stroke_width(FINE))
        .set_all_tick_mark_size(fine(4.0))
        .label_style(style(TICK_SIZE))
        .axis_desc_style(style(LABEL_SIZE))
        .x_desc(x_label)
        .y_desc(y_label)
        .draw()?;
    Ok(plot)
}

/// The room that a y axis needs for its ticks, their labels and its name.
pub(crate) fn y_axis_room(axis: &Axis) -> f64 {
    LINE_HEIGHT + axis.labels().map(|label| text::width(label, TICK_SIZE)).fold(0.0, f64::max) + 10.0
}

/// How far a label that is centred on the right end of an x axis may reach beyond it.
pub(crate) fn x_axis_overhang(axis: &Axis) -> f64 {
    axis.labels().map(|label| text::width(label, TICK_SIZE) / 2.0).fold(0.0, f64::max)
}

pub(crate) fn check_value(name: &str, index: usize, value: f64) -> Result<(), VizError> {
    if value.abs() <= MAX_MAGNITUDE {
        return Ok(());
    }
    Err(VizError::Value { name: name.to_owned(), index, value, limit: MAX_MAGNITUDE })
}

/// Pixels to parts of a pixel, the unit of the canvas.
pub(crate) fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

/// Text in ink of `size` pixels. The SVG backend divides the size it is given by 1.24.
pub(crate) fn style(size: f64) -> TextStyle<'static> {
    ("sans-serif", size * 1.24 * f64::from(FINE)).into_font().color(&INK)
}

/// A title, placed by its top-left corner.
pub(crate) fn heading(size: f64) -> TextStyle<'static> {
    style(size).pos(Pos::new(HPos::Left, VPos::Top))
}

/// Labels that stand beside what they name.
pub(crate) fn beside() -> TextStyle<'static> {
    style(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Center))
}

pub(crate) fn colour([red, green, blue]: [u8; 3]) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Reads charts back from their SVG.
#[cfg(test)]
pub(crate) mod read {
    use super::*;

    /// Every number of the named attributes of every element, in the canvas's units.
    pub(crate) fn numbers<'a>(svg: &'a str, attributes: &'a [&str]) -> impl Iterator<Item = f64> + 'a {
        let values = attributes.iter().flat_map(move |attribute| {
            let opening = format!(" {attribute}=\"");
            let parts: Vec<&str> = svg.split(opening.as_str()).skip(1).collect();
            parts.into_iter().map(|part| part.split('"').next().unwrap())
        });
        values.flat_map(|value| value.split([',', ' ']).filter(|n| !n.is_empty())).map(|n| n.parse().unwrap())
    }

    /// The points of the polylines drawn in a colour.
    pub(crate) fn polylines(svg: &str, colour: &str) -> Vec<Vec<f64>> {
        let stroke = format!("stroke=\"{colour}\"");
        let lines = svg.lines().filter(|line| line.starts_with("<polyline") && line.contains(&stroke));
        lines.map(|line| numbers(line, &["points"]).collect()).collect()
    }

    /// The box around each line of text, by its estimated width: left, top, right, bottom in pixels.
    pub(crate) fn text_boxes(svg: &str) -> Vec<(String, [f64; 4])> {
        let read = |text: &str| {
            let (attributes, rest) = text.split_once(">\n").unwrap();
            let label = rest.split('\n').next().unwrap().to_owned();
            let attributes = format!(" {attributes}");
            let [size, x, y] = ["font-size", "x", "y"]
                .map(|name| numbers(&attributes, &[name]).next().unwrap() / f64::from(FINE));
            let width = text::width(&label, size);
            let start = match attributes.split("text-anchor=\"").nth(1).unwrap() {
                anchor if anchor.starts_with("middle") => -width / 2.0,
                anchor if anchor.starts_with("end") => -width,
                _ => 0.0,
            };
            let baseline = match attributes.split("dy=\"").nth(1).unwrap() {
                dy if dy.starts_with("0.76em") => 0.76 * size,
                dy if dy.starts_with("-0.5ex") => -0.5 * text::X_HEIGHT * size,
                _ => 0.5 * text::X_HEIGHT * size,
            };
            let (top, bottom) = (baseline - 0.76 * size, baseline + 0.24 * size);
            let edges = if attributes.contains("rotate(270") {
                [x + top, y - start - width, x + bottom, y - start]
            } else {
                [x + start, y + top, x + start + width, y + bottom]
            };
            (label, edges)
        };
        svg.split("<text ").skip(1).map(read).collect()
    }

    /// The first line of text that reaches out of the picture.
    pub(crate) fn text_outside(svg: &str, (width, height): (f64, f64)) -> Option<(String, [f64; 4])> {
        let inside = |[left, top, right, bottom]: [f64; 4]| {
            0.0 <= left && 0.0 <= top && right <= width && bottom <= height
        };
        text_boxes(svg).into_iter().find(|(_, edges)| !inside(*edges))
    }
}
