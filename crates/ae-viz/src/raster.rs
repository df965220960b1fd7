//! Outlines to pixels, with soft edges: paths, discs and text on an image, and a plotting backend made of them.

use std::convert::Infallible;

use image::{ImageBuffer, Pixel, Rgb, RgbImage};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};
use zeno::{Command, Fill, Join, Mask, PathBuilder, Point, Stroke, Style, Transform};

use crate::text;

/// An image of 8 bits a channel.
pub(crate) type Picture<P> = ImageBuffer<P, Vec<u8>>;

/// Paints the inside of a path, or the path itself with a stroke, over what is there.
pub(crate) fn paint<'a, P: Pixel<Subpixel = u8>>(
    picture: &mut Picture<P>,
    path: &[Command],
    style: impl Into<Style<'a>>,
    ink: P,
    opacity: f32,
) {
    let (coverage, place) = Mask::new(path).style(style).render();
    for (index, &covered) in coverage.iter().enumerate().filter(|(_, covered)| **covered > 0) {
        let (x, y) = (index as u32 % place.width, index as u32 / place.width);
        blend(
            picture,
            place.left + x as i32,
            place.top + y as i32,
            ink,
            opacity * f32::from(covered) / 255.0,
        );
    }
}

/// Paints a disc; coordinates and radius in pixels, `(0.5, 0.5)` is the middle of the first.
pub(crate) fn disc<P: Pixel<Subpixel = u8>>(
    picture: &mut Picture<P>,
    (x, y): (f32, f32),
    radius: f32,
    ink: P,
    opacity: f32,
) {
    let reach = radius + 1.0;
    for row in (y - reach).floor() as i32..=(y + reach).ceil() as i32 {
        for column in (x - reach).floor() as i32..=(x + reach).ceil() as i32 {
            let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
            let covered = (radius + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            blend(picture, column, row, ink, opacity * covered);
        }
    }
}

/// Writes a line of text of `size` pixels, its baseline starting at `(x, y)`.
pub(crate) fn write<P: Pixel<Subpixel = u8>>(
    picture: &mut Picture<P>,
    line: &str,
    size: f64,
    (x, y): (f64, f64),
    ink: P,
) {
    let path = placed(&text::outlines(line, size), &Transform::translation(x as f32, y as f32));
    paint(picture, &path, Fill::NonZero, ink, 1.0);
}

/// Writes a line of text centred on a point, with an edge of another colour around its letters.
pub(crate) fn write_with_halo<P: Pixel<Subpixel = u8>>(
    picture: &mut Picture<P>,
    line: &str,
    size: f64,
    (x, y): (f64, f64),
    (ink, halo): (P, P),
    halo_width: f64,
) {
    let start = (x - text::advance(line, size) / 2.0, y + size * text::X_HEIGHT / 2.0);
    let path = placed(&text::outlines(line, size), &Transform::translation(start.0 as f32, start.1 as f32));
    let mut edge = Stroke::new(2.0 * halo_width as f32);
    edge.join(Join::Round);
    paint(picture, &path, edge, halo, 1.0);
    paint(picture, &path, Fill::NonZero, ink, 1.0);
}

fn placed(path: &[Command], transform: &Transform) -> Vec<Command> {
    path.iter().map(|command| command.transform(transform)).collect()
}

fn blend<P: Pixel<Subpixel = u8>>(picture: &mut Picture<P>, x: i32, y: i32, ink: P, amount: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    let Some(pixel) = picture.get_pixel_mut_checked(x, y) else { return };
    for (below, above) in pixel.channels_mut().iter_mut().zip(ink.channels()) {
        let (from, to) = (f32::from(*below), f32::from(*above));
        *below = (from + (to - from) * amount).round() as u8;
    }
}

/// The plotting library's shapes as pixels, where they would be in its SVG.
pub(crate) struct Raster<'a> {
    picture: &'a mut RgbImage,
    /// Pixels of the picture to a unit of the library's canvas.
    scale: f32,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Raster<'a> {
    pub(crate) fn new(picture: &'a mut RgbImage, scale: f32) -> Self {
        Self { picture, scale }
    }

    fn point(&self, (x, y): BackendCoord) -> Point {
        Point::new(x as f32 * self.scale, y as f32 * self.scale)
    }

    fn path(&self, points: impl IntoIterator<Item = BackendCoord>) -> Vec<Command> {
        let points = points.into_iter().map(|point| self.point(point)).enumerate();
        points
            .map(|(i, point)| if i == 0 { Command::MoveTo(point) } else { Command::LineTo(point) })
            .collect()
    }

    fn fill(&mut self, path: &[Command], colour: BackendColor) {
        paint(self.picture, path, Fill::NonZero, ink(colour), colour.alpha as f32);
    }

    fn stroke<S: BackendStyle>(&mut self, path: &[Command], style: &S) {
        let mut stroke = Stroke::new(style.stroke_width() as f32 * self.scale);
        stroke.join(Join::Round);
        paint(self.picture, path, stroke, ink(style.color()), style.color().alpha as f32);
    }
}

fn ink(colour: BackendColor) -> Rgb<u8> {
    let (red, green, blue) = colour.rgb;
    Rgb([red, green, blue])
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let (width, height) = self.picture.dimensions();
        ((width as f32 / self.scale).round() as u32, (height as f32 / self.scale).round() as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let mut path = self.path([(left, top), (right, top), (right, bottom), (left, bottom)]);
        path.push(Command::Close);
        if fill {
            self.fill(&path, style.color());
        } else {
            self.stroke(&path, style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let path = self.path(path);
        self.stroke(&path, style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let mut path = Vec::new();
        path.add_circle(self.point(centre), radius as f32 * self.scale);
        if fill {
            self.fill(&path, style.color());
        } else {
            self.stroke(&path, style);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let mut path = self.path(corners);
        path.push(Command::Close);
        self.fill(&path, style.color());
        Ok(())
    }

    /// Places the line as the SVG backend does: see its `dy` and its division of the size by 1.24.
    fn draw_text<S: BackendTextStyle>(&mut self, line: &str, style: &S, at: BackendCoord) -> Drawn {
        let size = style.size() / 1.24 * f64::from(self.scale);
        let width = text::advance(line, size);
        let across = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76 * size,
            VPos::Center => 0.5 * text::X_HEIGHT * size,
            VPos::Bottom => -0.5 * text::X_HEIGHT * size,
        };
        let (cos, sin) = match style.transform() {
            FontTransform::None => (1.0, 0.0),
            FontTransform::Rotate90 => (0.0, 1.0),
            FontTransform::Rotate180 => (-1.0, 0.0),
            FontTransform::Rotate270 => (0.0, -1.0),
        };
        // The rasteriser's own way to chain transforms turns a translation the wrong way round.
        let turn = Transform::new(cos, sin, -sin, cos, 0.0, 0.0);
        let start = turn.transform_point(Point::new(across as f32, down as f32)) + self.point(at);
        let transform = turn.then_translate(start.x, start.y);
        let path = placed(&text::outlines(line, size), &transform);
        self.fill(&path, style.color());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    const BLACK: Luma<u8> = Luma([0]);

    fn white(width: u32, height: u32) -> GrayImage {
        GrayImage::from_pixel(width, height, Luma([255]))
    }

    /// Ink on a white picture, in pixels.
    fn ink_on(picture: &GrayImage) -> f64 {
        picture.pixels().map(|pixel| f64::from(255 - pixel.0[0]) / 255.0).sum()
    }

    #[test]
    fn a_path_covers_its_area_where_it_lies() {
        let square = [(1.0, 2.0), (4.5, 2.0), (4.5, 6.0), (1.0, 6.0)].map(|(x, y)| Point::new(x, y));
        let mut path = vec![Command::MoveTo(square[0])];
        path.extend(square[1..].iter().map(|point| Command::LineTo(*point)));
        path.push(Command::Close);
        let mut picture = white(8, 8);
        paint(&mut picture, &path, Fill::NonZero, BLACK, 1.0);
        assert_eq!(
            [(1, 2), (3, 5), (0, 2), (1, 1), (1, 6), (5, 3)].map(|(x, y)| picture.get_pixel(x, y).0[0]),
            [0, 0, 255, 255, 255, 255]
        );
        assert!((120..=135).contains(&picture.get_pixel(4, 3).0[0]), "the half covered column is grey");
        let mut faint = white(8, 8);
        paint(&mut faint, &path, Fill::NonZero, BLACK, 0.5);
        assert!((ink_on(&picture) / ink_on(&faint) - 2.0).abs() < 0.02);
    }

    #[test]
    fn a_disc_has_the_area_of_a_disc_and_may_hang_over_the_edge() {
        let mut whole = white(40, 40);
        disc(&mut whole, (20.3, 19.6), 12.0, BLACK, 1.0);
        assert!((ink_on(&whole) / (std::f64::consts::PI * 144.0) - 1.0).abs() < 0.01);
        let mut corner = white(40, 40);
        disc(&mut corner, (0.0, 0.0), 12.0, BLACK, 1.0);
        assert!((ink_on(&corner) * 4.0 / (std::f64::consts::PI * 144.0) - 1.0).abs() < 0.01);
    }

    #[test]
    fn text_is_drawn_from_its_baseline_and_a_halo_parts_it_from_the_ground() {
        let mut picture = white(60, 30);
        write(&mut picture, "HH", 20.0, (10.0, 25.0), BLACK);
        let rows = |picture: &GrayImage| -> Vec<u32> {
            (0..30).filter(|y| (0..60).any(|x| picture.get_pixel(x, *y).0[0] < 128)).collect()
        };
        // A capital of DejaVu Sans is 0.729 em high.
        assert_eq!(rows(&picture), (10..25).collect::<Vec<u32>>());

        let mut dark = GrayImage::from_pixel(60, 30, Luma([100]));
        write_with_halo(&mut dark, "1", 20.0, (30.0, 15.0), (BLACK, Luma([255])), 3.0);
        let count = |level| dark.pixels().filter(|pixel| pixel.0 == [level]).count();
        assert!(count(0) > 10 && count(255) > 60 && count(100) > 1000);
    }
}
