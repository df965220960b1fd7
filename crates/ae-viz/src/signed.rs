//! Signed numbers as tiles: a unit's weights, drawn with the shape of the image that they weigh.
//!
//! Blue is negative, nearly white is 0, red is positive, and the darkest of both is as far from 0: the colours say
//! nothing about where the largest weight lies unless it is known what they stand for. A bar under the tiles says so.

use image::{Rgb, RgbImage};

use crate::palette::{self, INK};
use crate::{Grid, VizError, grid, pixel, raster, text};

/// What the darkest blue and the darkest red of each tile stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedScale {
    /// The largest magnitude of all tiles: they can be compared, and weak ones are pale.
    Common,
    /// The largest magnitude of the tile itself: each shows its pattern, and none says how strong it is.
    EachTile,
}

/// One image of signed numbers that is to be drawn: at least one row and one column, all of them finite.
///
/// ```
/// use ae_viz::SignedTile;
///
/// SignedTile::new(1, 3, &[-0.5, 0.0, 0.25])?;
/// assert!(SignedTile::new(1, 2, &[0.0, f32::NAN]).is_err());
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedTile<'a> {
    rows: usize,
    cols: usize,
    values: &'a [f32],
}

impl<'a> SignedTile<'a> {
    /// A tile over `rows * cols` numbers, row by row from the top.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no numbers, not as many as `rows * cols`, NaN and infinity.
    pub fn new(rows: usize, cols: usize, values: &'a [f32]) -> Result<Self, VizError> {
        pixel::check_size(rows, cols, values.len())?;
        pixel::check_finite(values)?;
        Ok(Self { rows, cols, values })
    }

    /// The largest magnitude, at least 0.
    fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
    }
}

impl Grid {
    /// Draws tiles of signed numbers row by row in colours from blue over white to red, and under them a bar that
    /// says what the darkest colours stand for.
    ///
    /// The picture is higher than the tiles by the bar, and wider where the bar needs it. A tile of zeros is white.
    ///
    /// # Errors
    /// As [`Grid::draw`].
    ///
    /// ```
    /// use ae_viz::{Grid, SignedScale, SignedTile, png_bytes};
    ///
    /// let tiles = [SignedTile::new(1, 2, &[-2.0, 0.0])?, SignedTile::new(1, 2, &[1.0, 2.0])?];
    /// let picture = Grid::new(2).upscale(20).draw_signed(&tiles, SignedScale::Common)?;
    /// assert_eq!(picture.get_pixel(0, 0).0, [0x05, 0x30, 0x61]);        // -2, the darkest blue
    /// assert_eq!(picture.get_pixel(20, 0).0, [0xF7, 0xF7, 0xF7]);       // 0
    /// assert!(png_bytes(&picture)?.starts_with(b"\x89PNG"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn draw_signed(&self, tiles: &[SignedTile<'_>], scale: SignedScale) -> Result<RgbImage, VizError> {
        let size = grid::same_size(tiles.iter().map(|tile| (tile.rows, tile.cols)))?;
        let layout = self.layout(tiles.len(), size)?;
        let largest = tiles.iter().map(SignedTile::largest).fold(0.0, f32::max);
        let bar = Bar::new(scale, largest, layout.label_size.max(MIN_BAR_TEXT));
        let (width, height) = (layout.width.max(layout.left + bar.width()), layout.height + bar.height());
        grid::check_size(width.into(), height.into())?;

        let mut picture = self.page::<Rgb<u8>>(&layout, (width, height));
        for (index, tile) in tiles.iter().enumerate() {
            let full = match scale {
                SignedScale::Common => largest,
                SignedScale::EachTile => tile.largest(),
            };
            // Divided in f64, where the ratio of two finite f32 is finite; 0 / 0 is white as well.
            let ratio = |value: f32| if full > 0.0 { f64::from(value) / f64::from(full) } else { 0.0 };
            let pixel_of = |i: usize| Rgb(palette::diverging(ratio(tile.values[i])));
            self.place(&mut picture, &layout, index, size, pixel_of);
        }
        bar.draw(&mut picture, (layout.left, layout.height));
        Ok(picture)
    }
}

/// Smallest text of the bar, in pixels.
const MIN_BAR_TEXT: f64 = 13.0;

/// The bar of colours under the tiles, with what its ends stand for.
struct Bar {
    size: f64,
    ends: [String; 2],
    remark: &'static str,
}

impl Bar {
    fn new(scale: SignedScale, largest: f32, size: f64) -> Self {
        let (end, remark) = match scale {
            SignedScale::Common => (three_digits(largest), "one scale for all"),
            SignedScale::EachTile => ("max".to_owned(), "each on a scale of its own"),
        };
        Self { size, ends: [format!("\u{2212}{end}"), format!("+{end}")], remark }
    }

    fn pad(&self) -> f64 {
        self.size / 2.0
    }

    /// Length of the bar itself.
    fn length(&self) -> f64 {
        8.0 * self.size
    }

    fn width(&self) -> u32 {
        let texts = self.ends.iter().map(String::as_str).chain([self.remark]);
        let text: f64 = texts.map(|text| text::advance(text, self.size)).sum();
        (text + self.length() + 5.0 * self.pad()).ceil() as u32
    }

    fn height(&self) -> u32 {
        (2.0 * self.size).ceil() as u32
    }

    /// Draws it from its top-left corner on.
    fn draw(&self, picture: &mut RgbImage, (left, top): (u32, u32)) {
        let baseline = f64::from(top) + 1.5 * self.size;
        let mut x = f64::from(left);
        raster::write(picture, &self.ends[0], self.size, (x, baseline), Rgb(INK));
        x += text::advance(&self.ends[0], self.size) + self.pad();

        let (start, length) = (x.round() as u32, self.length().round() as u32);
        let (upper, lower) = ((baseline - 0.7 * self.size).round() as u32, baseline.round() as u32);
        for step in 0..length {
            let value = (f64::from(step) + 0.5) / f64::from(length) * 2.0 - 1.0;
            for y in upper..lower {
                picture.put_pixel(start + step, y, Rgb(palette::diverging(value)));
            }
        }
        x += self.length() + self.pad();
        raster::write(picture, &self.ends[1], self.size, (x, baseline), Rgb(INK));
        x += text::advance(&self.ends[1], self.size) + 2.0 * self.pad();
        raster::write(picture, self.remark, self.size, (x, baseline), Rgb(INK));
    }
}

/// A magnitude to three digits, in scientific notation where it would be long.
fn three_digits(magnitude: f32) -> String {
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    match f64::from(magnitude).log10().floor() as i32 {
        exponent @ -3..=4 => format!("{magnitude:.*}", (2 - exponent).max(0) as usize),
        _ => format!("{magnitude:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_common_or_of_each_tile_and_zero_is_white_in_both() {
        let (weak, strong) = ([-0.5, 0.0, 0.25], [4.0, 0.0, -1.0]);
        let tiles = [SignedTile::new(1, 3, &weak).unwrap(), SignedTile::new(1, 3, &strong).unwrap()];
        let colours = |scale| {
            let picture = Grid::new(1).gap(0).draw_signed(&tiles, scale).unwrap();
            [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)].map(|(x, y)| picture.get_pixel(x, y).0)
        };
        let ratios = |ratios: [f64; 6]| ratios.map(palette::diverging);
        assert_eq!(colours(SignedScale::Common), ratios([-0.125, 0.0, 0.0625, 1.0, 0.0, -0.25]));
        assert_eq!(colours(SignedScale::EachTile), ratios([-1.0, 0.0, 0.5, 1.0, 0.0, -0.25]));
    }

    #[test]
    fn zeros_and_the_largest_floats_have_colours() {
        let zeros = [SignedTile::new(1, 2, &[0.0, -0.0]).unwrap()];
        for scale in [SignedScale::Common, SignedScale::EachTile] {
            let picture = Grid::new(1).draw_signed(&zeros, scale).unwrap();
            assert_eq!([picture.get_pixel(0, 0).0, picture.get_pixel(1, 0).0], [[0xF7; 3]; 2]);
        }
        let wide = [f32::MAX, -f32::MAX, f32::MIN_POSITIVE];
        let tiles = [SignedTile::new(1, 3, &wide).unwrap()];
        let picture = Grid::new(1).draw_signed(&tiles, SignedScale::Common).unwrap();
        let expected = [1.0, -1.0, 0.0].map(palette::diverging);
        assert_eq!([0, 1, 2].map(|x| picture.get_pixel(x, 0).0), expected);
    }

    #[test]
    fn magnitudes_have_three_digits() {
        let written = [0.0, 0.8349, 12.34, 0.001234, 99999.0, 1e-7, 3e20].map(three_digits);
        assert_eq!(written, ["0", "0.835", "12.3", "0.00123", "99999", "1.00e-7", "3.00e20"]);
    }
}
