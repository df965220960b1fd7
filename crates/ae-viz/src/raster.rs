//! Pixels with soft edges: shapes, paths, discs and text painted on an image, and images as PNG files.

use std::ops::Range;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, Rgb, RgbImage};
use zeno::{Command, Fill, Join, Mask, Stroke, Style, Transform};

use crate::palette::{Colour, INK};
use crate::shape::{DASH, Drawing, HALO, Point, Set, Shape};
use crate::{VizError, text};

/// Pixels of a chart along one pixel of its SVG: sharp on a dense screen, and over 300 dots an inch at a width of 13 cm.
pub(crate) const ZOOM: f64 = 2.0;

/// The picture as a PNG file of the same kind of pixels, best compression.
///
/// One program encodes the same picture to the same bytes each time; another version of the encoder may not, so
/// compare decoded pixels across versions.
///
/// # Errors
/// [`VizError::Png`] if the encoder refuses the picture, as it does one of no pixels.
///
/// ```
/// let bytes = ae_viz::png_bytes(&ae_viz::DynamicImage::new_luma8(3, 2))?;
/// assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
pub fn png_bytes(picture: &DynamicImage) -> Result<Vec<u8>, VizError> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    picture.write_with_encoder(encoder).map_err(VizError::Png)?;
    Ok(bytes)
}

/// The drawing as a PNG file of 8-bit RGB, [`ZOOM`] times as wide as its SVG.
pub(crate) fn png(drawing: &Drawing) -> Result<Vec<u8>, VizError> {
    png_bytes(&picture(drawing)?.into())
}

/// The drawing as pixels, [`ZOOM`] times as wide as its SVG.
pub(crate) fn picture(drawing: &Drawing) -> Result<RgbImage, VizError> {
    let (width, height) = (drawing.width * ZOOM, drawing.height * ZOOM);
    let mut picture = RgbImage::from_pixel(width as u32, height as u32, Rgb([255; 3]));
    drawing.shapes.iter().try_for_each(|shape| draw(&mut picture, shape))?;
    Ok(picture)
}

fn draw(picture: &mut RgbImage, shape: &Shape) -> Result<(), VizError> {
    let zoomed = |&(x, y): &Point| ((x * ZOOM) as f32, (y * ZOOM) as f32);
    match shape {
        Shape::Line { points, colour, width, dashed } => {
            let mut path: Vec<Command> = points.iter().map(|p| Command::LineTo(zoomed(p).into())).collect();
            path[0] = Command::MoveTo(zoomed(&points[0]).into());
            let dash = DASH.map(|length| (length * ZOOM) as f32);
            let mut stroke = Stroke::new((width * ZOOM) as f32);
            stroke.join(Join::Round).dash(if *dashed { &dash } else { &[] }, 0.0);
            paint(picture, &path, stroke, *colour);
        }
        Shape::Circle { centre, radius, colour } => {
            disc(picture, zoomed(centre), (radius * ZOOM) as f32, *colour, 1.0);
        }
        Shape::Dots { layers, radius, opacity } => {
            let dots = layers.iter().flat_map(|(colour, centres)| centres.iter().map(|c| (*colour, c)));
            for (colour, centre) in dots {
                disc(picture, zoomed(centre), (radius * ZOOM) as f32, colour, *opacity as f32);
            }
        }
        Shape::Text { line, size, at, set } => {
            text::check_glyphs(line)?;
            let (size, (x, y)) = (size * ZOOM, zoomed(at));
            let before = text::advance(line, size) as f32
                * match set {
                    Set::Start => 0.0,
                    Set::Middle | Set::Upwards | Set::Halo => 0.5,
                    Set::End => 1.0,
                };
            let place = match set {
                Set::Upwards => Transform::new(0.0, -1.0, 1.0, 0.0, x, y + before),
                _ => Transform::translation(x - before, y),
            };
            let path = text::outlines(line, size, place);
            if *set == Set::Halo {
                let mut edge = Stroke::new((2.0 * HALO * ZOOM) as f32);
                edge.join(Join::Round);
                paint(picture, &path, edge, [255; 3]);
            }
            paint(picture, &path, Fill::NonZero, INK);
        }
    }
    Ok(())
}

/// Writes a line of text in ink, its baseline starting at `(x, y)`; all in pixels.
pub(crate) fn write(picture: &mut RgbImage, line: &str, size: f64, (x, y): Point) {
    let path = text::outlines(line, size, Transform::translation(x as f32, y as f32));
    paint(picture, &path, Fill::NonZero, INK);
}

/// Paints whole pixels, all of which lie in the picture.
pub(crate) fn fill(picture: &mut RgbImage, columns: Range<u64>, rows: Range<u64>, colour: Colour) {
    for y in rows {
        for x in columns.clone() {
            picture.put_pixel(x as u32, y as u32, Rgb(colour));
        }
    }
}

/// Paints the inside of a path, or the path itself with a stroke, over what is there.
fn paint<'a>(picture: &mut RgbImage, path: &[Command], style: impl Into<Style<'a>>, colour: Colour) {
    let (coverage, place) = Mask::new(path).style(style).render();
    for (index, &covered) in coverage.iter().enumerate().filter(|(_, covered)| **covered > 0) {
        let (x, y) = (index as u32 % place.width, index as u32 / place.width);
        blend(picture, (place.left + x as i32, place.top + y as i32), colour, f32::from(covered) / 255.0);
    }
}

/// Paints a disc; coordinates and radius in pixels, `(0.5, 0.5)` is the middle of the first.
fn disc(picture: &mut RgbImage, (x, y): (f32, f32), radius: f32, colour: Colour, opacity: f32) {
    let reach = radius + 1.0;
    for row in (y - reach).floor() as i32..=(y + reach).ceil() as i32 {
        for column in (x - reach).floor() as i32..=(x + reach).ceil() as i32 {
            let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
            let covered = (radius + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            blend(picture, (column, row), colour, opacity * covered);
        }
    }
}

fn blend(picture: &mut RgbImage, (x, y): (i32, i32), colour: Colour, amount: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    let Some(pixel) = picture.get_pixel_mut_checked(x, y) else { return };
    for (below, above) in pixel.0.iter_mut().zip(colour) {
        let (from, to) = (f32::from(*below), f32::from(above));
        *below = (from + (to - from) * amount).round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn white(width: u32, height: u32) -> RgbImage {
        RgbImage::from_pixel(width, height, Rgb([255; 3]))
    }

    /// Ink of the green channel on a white picture, in pixels.
    fn ink_on(picture: &RgbImage) -> f64 {
        picture.pixels().map(|pixel| f64::from(255 - pixel.0[1]) / 255.0).sum()
    }

    /// Columns and rows that hold dark pixels.
    fn inked(picture: &RgbImage) -> (Vec<u32>, Vec<u32>) {
        let dark = |x, y| picture.get_pixel(x, y).0[1] < 128;
        let (width, height) = picture.dimensions();
        let columns = (0..width).filter(|x| (0..height).any(|y| dark(*x, y))).collect();
        (columns, (0..height).filter(|y| (0..width).any(|x| dark(x, *y))).collect())
    }

    fn text(set: Set) -> Shape {
        Shape::text("HH", 10.0, (30.0, 30.0), set)
    }

    #[test]
    fn a_line_covers_its_area_where_it_lies() {
        let mut picture = white(40, 40);
        let line = |points, dashed| Shape::Line { points, colour: [10, 0, 20], width: 1.25, dashed };
        draw(&mut picture, &line(vec![(1.0, 5.0), (15.0, 5.0)], false)).unwrap();
        assert_eq!([(2, 9), (29, 10)].map(|(x, y)| picture.get_pixel(x, y).0), [[10, 0, 20]; 2]);
        assert_eq!([(1, 9), (30, 9), (9, 7), (9, 12)].map(|(x, y)| picture.get_pixel(x, y).0), [[255; 3]; 4]);
        assert!((190..=194).contains(&picture.get_pixel(9, 8).0[1]), "a quarter of it is covered");
        assert!((ink_on(&picture) - 28.0 * 2.5).abs() < 1.0);
        // Strokes of 12 pixels, spaces of 8.
        let mut dashed = white(100, 10);
        draw(&mut dashed, &line(vec![(0.0, 2.5), (50.0, 2.5)], true)).unwrap();
        let strokes = (0..100).filter(|x| x % 20 < 12).collect::<Vec<u32>>();
        assert_eq!(inked(&dashed).0, strokes);
    }

    #[test]
    fn discs_have_the_area_of_discs_and_may_hang_over_the_edge() {
        let area = std::f64::consts::PI * 144.0;
        let colour = [0; 3];
        let mut whole = white(40, 40);
        draw(&mut whole, &Shape::Circle { centre: (10.15, 9.8), radius: 6.0, colour }).unwrap();
        assert!((ink_on(&whole) / area - 1.0).abs() < 0.01);
        let mut faint = white(40, 40);
        let layers = vec![(colour, vec![(0.0, 0.0), (20.0, 20.0)])];
        draw(&mut faint, &Shape::Dots { layers, radius: 6.0, opacity: 0.5 }).unwrap();
        assert!((ink_on(&faint) * 4.0 / area - 1.0).abs() < 0.01);
    }

    #[test]
    fn text_lies_where_it_is_set_and_reads_upwards_where_it_is_turned() {
        let drawn = |set| {
            let mut picture = white(120, 120);
            draw(&mut picture, &text(set)).unwrap();
            inked(&picture)
        };
        let width = text::advance("HH", 20.0);
        let reach = |from: f64, to: f64, start: f64| {
            assert!(from > start && to < start + width && to - from > width - 5.0, "{from} {to} {start}");
        };
        for (set, start) in [(Set::Start, 60.0), (Set::Middle, 60.0 - width / 2.0), (Set::End, 60.0 - width)]
        {
            let (columns, rows) = drawn(set);
            // A capital of DejaVu Sans is 0.729 em high.
            assert_eq!(rows, (45..60).collect::<Vec<u32>>());
            reach(columns[0].into(), f64::from(columns[columns.len() - 1]) + 1.0, start);
        }
        let (columns, rows) = drawn(Set::Upwards);
        assert_eq!(columns, (45..60).collect::<Vec<u32>>());
        reach(rows[0].into(), f64::from(rows[rows.len() - 1]) + 1.0, 60.0 - width / 2.0);
    }

    #[test]
    fn a_halo_parts_text_from_the_ground() {
        let mut picture = RgbImage::from_pixel(120, 120, Rgb([100; 3]));
        draw(&mut picture, &text(Set::Halo)).unwrap();
        let count = |level| picture.pixels().filter(|pixel| pixel.0 == [level; 3]).count();
        assert!(count(INK[0]) > 50 && count(255) > 200 && count(100) > 1000);
    }

    #[test]
    fn a_picture_of_no_pixels_is_no_png() {
        assert!(matches!(png_bytes(&DynamicImage::new_rgb8(0, 2)), Err(VizError::Png(_))));
    }
}
