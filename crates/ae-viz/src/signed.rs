//! Signed numbers as tiles: a unit's weights, drawn with the shape of the image that they weigh.
//!
//! Blue is negative, nearly white is 0, red is positive, and the darkest of both is as far from 0: the colours say
//! nothing about where the largest weight lies unless it is known what they stand for. A bar under the tiles says so.

use image::{DynamicImage, RgbImage};

use crate::tile::check_size;
use crate::{Grid, VizError, palette, raster, text};

/// What the darkest blue and the darkest red of each tile stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedScale {
    /// The largest magnitude of all tiles: they can be compared, and weak ones are pale.
    Common,
    /// The largest magnitude of the tile itself: each shows its pattern, and none says how strong it is.
    EachTile,
}

/// One image of signed numbers that is to be drawn.
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
        check_size(1, rows, cols, values.len())?;
        // As some colour, NaN and infinity would hide that the model which made them has failed.
        if let Some((index, value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            let what = format_args!("pixel {index} of a tile");
            return Err(VizError::argument(what, "a finite number", value));
        }
        Ok(Self { rows, cols, values })
    }

    /// The largest magnitude, at least 0.
    fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
    }
}

impl Grid {
    /// Draws tiles of signed numbers row by row in colours from blue over white to red, as 8-bit RGB, and under them a bar
    /// that says what the darkest colours stand for. Weights of several channels are as many tiles.
    ///
    /// The picture is higher than the tiles by the bar, and wider where the bar needs it. A tile of zeros is white.
    ///
    /// # Errors
    /// As [`Grid::draw`].
    ///
    /// ```
    /// use ae_viz::{Grid, SignedScale, SignedTile};
    ///
    /// let tiles = [SignedTile::new(1, 2, &[-2.0, 0.0])?, SignedTile::new(1, 2, &[1.0, 2.0])?];
    /// let picture = Grid::new(2).upscale(20).draw_signed(&tiles, SignedScale::Common)?;
    /// let pixels = picture.into_rgb8();
    /// assert_eq!(pixels.get_pixel(0, 0).0, [0x05, 0x30, 0x61]);         // -2, the darkest blue
    /// assert_eq!(pixels.get_pixel(20, 0).0, [0xF7, 0xF7, 0xF7]);        // 0
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn draw_signed(
        &self,
        tiles: &[SignedTile<'_>],
        scale: SignedScale,
    ) -> Result<DynamicImage, VizError> {
        let layout = self.layout(tiles.iter().map(|tile| (tile.rows, tile.cols)))?;
        let largest = tiles.iter().map(SignedTile::largest).fold(0.0, f32::max);
        let bar = Bar::new(scale, largest, layout.label_size.max(MIN_BAR_TEXT));
        let width = layout.width.max(layout.left + bar.width().ceil() as u64);
        let height = layout.height.saturating_add((2.0 * bar.size).ceil() as u64);
        let full_of = |tile: &SignedTile<'_>| match scale {
            SignedScale::Common => f64::from(largest),
            SignedScale::EachTile => f64::from(tile.largest()),
        };
        let full: Vec<f64> = tiles.iter().map(full_of).collect();
        let mut picture = self.paint(&layout, (width, height), |tile, cell| {
            // Divided in f64, where the ratio of two finite f32 is finite; 0 / 0 is white as well.
            let value = cell.mean(tiles[tile].values);
            palette::diverging(if full[tile] > 0.0 { value / full[tile] } else { 0.0 })
        })?;
        bar.draw(&mut picture, (layout.left as f64, layout.height as f64));
        Ok(picture.into())
    }
}

/// Smallest text of the bar, in pixels.
const MIN_BAR_TEXT: f64 = 13.0;
/// Length of the colours in it, in sizes of its text.
const BAR_LENGTH: f64 = 8.0;

/// The bar of colours under the tiles: what stands before it, after it, and a remark.
struct Bar {
    size: f64,
    texts: [String; 3],
}

impl Bar {
    fn new(scale: SignedScale, largest: f32, size: f64) -> Self {
        let (end, remark) = match scale {
            SignedScale::Common => (three_digits(largest), "one scale for all"),
            SignedScale::EachTile => ("max".to_owned(), "each on a scale of its own"),
        };
        Self { size, texts: [format!("\u{2212}{end}"), format!("+{end}"), remark.to_owned()] }
    }

    fn width(&self) -> f64 {
        let text: f64 = self.texts.iter().map(|text| text::advance(text, self.size)).sum();
        text + (BAR_LENGTH + 2.5) * self.size
    }

    /// Draws it from its top-left corner on.
    fn draw(&self, picture: &mut RgbImage, (left, top): (f64, f64)) {
        let (size, [low, high, remark]) = (self.size, &self.texts);
        let baseline = top + 1.5 * size;
        let mut write = |text: &str, x: f64| {
            raster::write(picture, text, size, (x, baseline));
            x + text::advance(text, size)
        };
        let start = write(low, left) + 0.5 * size;
        let end = write(high, start + (BAR_LENGTH + 0.5) * size);
        write(remark, end + size);

        let (start, length) = (start.round() as u64, (BAR_LENGTH * size).round() as u64);
        for step in 0..length {
            let colour = palette::diverging((step as f64 + 0.5) / length as f64 * 2.0 - 1.0);
            let rows = (baseline - 0.7 * size).round() as u64..baseline.round() as u64;
            raster::fill(picture, start + step..start + step + 1, rows, colour);
        }
    }
}

/// A magnitude to three digits, in scientific notation where it would be long.
fn three_digits(magnitude: f32) -> String {
    match f64::from(magnitude).log10().floor() as i32 {
        _ if magnitude == 0.0 => "0".to_owned(),
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
            let picture = Grid::new(1).gap(0).draw_signed(&tiles, scale).unwrap().into_rgb8();
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
            let picture = Grid::new(1).draw_signed(&zeros, scale).unwrap().into_rgb8();
            assert_eq!([picture.get_pixel(0, 0).0, picture.get_pixel(1, 0).0], [[0xF7; 3]; 2]);
        }
        let wide = [f32::MAX, -f32::MAX, f32::MIN_POSITIVE];
        let tiles = [SignedTile::new(1, 3, &wide).unwrap()];
        let picture = Grid::new(1).draw_signed(&tiles, SignedScale::Common).unwrap().into_rgb8();
        let expected = [1.0, -1.0, 0.0].map(palette::diverging);
        assert_eq!([0, 1, 2].map(|x| picture.get_pixel(x, 0).0), expected);
    }

    #[test]
    fn magnitudes_have_three_digits() {
        let written = [0.0, 0.8349, 12.34, 0.001234, 99999.0, 1e-7, 3e20].map(three_digits);
        assert_eq!(written, ["0", "0.835", "12.3", "0.00123", "99999", "1.00e-7", "3.00e20"]);
    }
}
