//! Pixels of any picture as the numbers of a row.
//!
//! In this order: transparency is laid onto the background, colours become grey if one channel is asked for, the picture is
//! brought to its size, and its channels are taken apart. A picture that has the size is not resampled.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GenericImageView, ImageBuffer, Pixel, Rgb, RgbImage, RgbaImage};

use crate::form::Fit;
use crate::shape::Shape;

/// A cubic through the pixels (Catmull-Rom, Pillow's BICUBIC); where a picture gets smaller it is as much wider, so that each
/// new pixel is a mean of all that it stands for.
const FILTER: FilterType = FilterType::CatmullRom;

/// What pictures are brought to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Of one channel, grey, or three; at most [`MAX_PIXELS`](super::picture::MAX_PIXELS) pixels.
    pub(crate) shape: Shape,
    pub(crate) fit: Fit,
    pub(crate) background: [u8; 3],
}

impl Target {
    /// Writes a picture's numbers, channel after channel, into a row of the shape.
    pub(crate) fn write(&self, picture: DynamicImage, row: &mut [u8]) {
        let opaque = match picture.color().has_alpha() {
            true => onto(self.background, &picture.into_rgba8()).into(),
            false => picture,
        };
        let background = Rgb(self.background);
        if self.shape.channels == 1 {
            let background = DynamicImage::from(RgbImage::from_pixel(1, 1, background)).into_luma8();
            planes(&self.sized(opaque.into_luma8(), background[(0, 0)]), row);
        } else {
            planes(&self.sized(opaque.into_rgb8(), background), row);
        }
    }

    fn sized<P>(&self, picture: ImageBuffer<P, Vec<u8>>, background: P) -> ImageBuffer<P, Vec<u8>>
    where
        P: Pixel<Subpixel = u8> + 'static,
    {
        let (cols, rows) = (self.shape.cols as u32, self.shape.rows as u32);
        let (width, height) = picture.dimensions();
        if (width, height) == (cols, rows) {
            return picture;
        }
        match self.fit {
            Fit::Stretch => imageops::resize(&picture, cols, rows, FILTER),
            Fit::Fill => {
                let (w, h) = within((cols, rows), (width, height));
                let centre = picture.view((width - w) / 2, (height - h) / 2, w, h);
                imageops::resize(&*centre, cols, rows, FILTER)
            }
            Fit::Pad => {
                let (w, h) = within((width, height), (cols, rows));
                let mut whole = ImageBuffer::from_pixel(cols, rows, background);
                let (x, y) = ((cols - w) / 2, (rows - h) / 2);
                imageops::replace(&mut whole, &imageops::resize(&picture, w, h, FILTER), x.into(), y.into());
                whole
            }
        }
    }
}

/// The largest width and height in the ratio of `shape` that lie within `bounds`, rounded, at least 1.
fn within(shape: (u32, u32), bounds: (u32, u32)) -> (u32, u32) {
    let [w, h, width, height] = [shape.0, shape.1, bounds.0, bounds.1].map(u64::from);
    // No side gets longer than that of the bounds, so it fits again.
    let rounded = |a: u64, b: u64, by: u64| ((a * b + by / 2) / by).max(1) as u32;
    if w * height > h * width { (bounds.0, rounded(h, width, w)) } else { (rounded(w, height, h), bounds.1) }
}

/// Lays pixels of any opacity onto a colour: `(a * pixel + (255 - a) * background) / 255`, rounded to the nearest.
fn onto(background: [u8; 3], picture: &RgbaImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [colours @ .., alpha] = picture[(x, y)].0.map(u32::from);
        Rgb(std::array::from_fn(|at| {
            ((alpha * colours[at] + (255 - alpha) * u32::from(background[at]) + 127) / 255) as u8
        }))
    })
}

/// Takes the channels of pixels apart.
fn planes<P: Pixel<Subpixel = u8>>(picture: &ImageBuffer<P, Vec<u8>>, row: &mut [u8]) {
    let channels = usize::from(P::CHANNEL_COUNT);
    for (channel, plane) in row.chunks_exact_mut(row.len() / channels).enumerate() {
        let values = picture.as_raw()[channel..].iter().step_by(channels);
        plane.iter_mut().zip(values).for_each(|(number, value)| *number = *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_a_shape_lies_within_the_bounds() {
        assert_eq!(within((2, 1), (10, 10)), (10, 5));
        assert_eq!(within((1, 2), (10, 10)), (5, 10));
        assert_eq!(within((4, 6), (2, 3)), (2, 3));
        assert_eq!(within((3, 2), (5, 4)), (5, 3));
        assert_eq!(within((1000, 1), (10, 10)), (10, 1));
        assert_eq!(within((u32::MAX, u32::MAX - 1), (u32::MAX, u32::MAX)), (u32::MAX, u32::MAX - 1));
    }

    #[test]
    fn opacity_mixes_and_rounds() {
        let picture =
            RgbaImage::from_vec(4, 1, vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128, 255, 1, 100, 1]);
        let laid = onto([255, 0, 77], &picture.unwrap());
        // 127 * 255 / 255; 127 * 77 / 255 = 38.35; 254 * 77 / 255 + 100 / 255 = 77.09
        assert_eq!(laid.as_raw()[..], [10, 20, 30, 255, 0, 77, 127, 0, 38, 255, 0, 77]);
    }

    #[test]
    fn grey_with_opacity_is_grey_again() {
        for grey in 0..=255 {
            let picture = image::GrayAlphaImage::from_pixel(1, 1, image::LumaA([grey, 255]));
            let target = Target { shape: Shape::picture(1, 1), fit: Fit::Fill, background: [9, 99, 199] };
            let mut row = [0];
            target.write(picture.into(), &mut row);
            assert_eq!(row, [grey]);
        }
    }
}
