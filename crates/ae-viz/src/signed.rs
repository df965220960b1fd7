//! Signed numbers as tiles: a unit's weights, drawn with the shape of the image that they weigh.
//!
//! Blue is negative, nearly white is 0, red is positive, and the darkest of both is as far from 0: the colours say
//! nothing about where the largest weight lies unless it is known what they stand for. A bar under the tiles says so.

use image::{Rgb, RgbImage};

use crate::grid::{self, MAX_GRID_PIXELS};
use crate::pixel::check_size;
use crate::{Grid, VizError, palette, raster, text};

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
/// use ae_viz::{SignedTile, VizError};
///
/// assert_eq!(SignedTile::new(1, 3, &[-0.5, 0.0, 0.25])?.largest(), 0.5);
/// assert!(matches!(SignedTile::new(1, 2, &[0.0, f32::NAN]), Err(VizError::NonFiniteWeight { index: 1, .. })));
/// # Ok::<(), VizError>(())
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
    /// [`VizError::PixelCount`] if there are not as many numbers as `rows * cols`, [`VizError::EmptyTile`] if that is
    /// none, [`VizError::NonFiniteWeight`] at the first NaN or infinity.
    pub fn new(rows: usize, cols: usize, values: &'a [f32]) -> Result<Self, VizError> {
        check_size(rows, cols, values.len())?;
        match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            Some((index, &value)) => Err(VizError::NonFiniteWeight { index, value }),
            None => Ok(Self { rows, cols, values }),
        }
    }

    /// The largest magnitude, at least 0.
    pub fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
    }
}

impl Grid {
    /// Draws tiles of signed numbers row by row in colours from blue over white to red, and under them a bar that
    /// says what the darkest colours stand for.
    ///
    /// [`Grid::layout`] says where the tiles lie in this picture too; the picture is higher than the layout by the
    /// bar, and wider where the bar needs it. A tile of zeros is white.
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
        let (rows, cols) = grid::same_size(tiles.iter().map(|tile| (tile.rows, tile.cols)))?;
        let layout = self.layout(tiles.len(), rows, cols)?;
        let largest = tiles.iter().map(SignedTile::largest).fold(0.0, f32::max);
        let bar = Bar::new(scale, largest, layout.label_size.max(MIN_BAR_TEXT));
        let (width, height) = (layout.width(), layout.height());
        let right = (layout.margins().0 + bar.width()).saturating_sub(width);
        let (page_width, page_height) = (u64::from(width + right), u64::from(height + bar.height()));
        if page_width * page_height > MAX_GRID_PIXELS {
            return Err(VizError::GridTooLarge {
                width: page_width,
                height: page_height,
                limit: MAX_GRID_PIXELS,
            });
        }

        let mut picture = self.page::<Rgb<u8>>(&layout, right, bar.height());
        for (index, tile) in tiles.iter().enumerate() {
            let full = match scale {
                SignedScale::Common => largest,
                SignedScale::EachTile => tile.largest(),
            };
            // Divided in f64, where the ratio of two finite f32 is finite; 0 / 0 is white as well.
            let ratio = |value: &f32| if full > 0.0 { f64::from(*value) / f64::from(full) } else { 0.0 };
            self.place(&mut picture, &layout, index, rows, |row| {
                tile.values[row * cols..(row + 1) * cols]
                    .iter()
                    .map(|value| Rgb(palette::diverging(ratio(value))))
            });
        }
        bar.draw(&mut picture, (layout.margins().0, height));
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
        const INK: Rgb<u8> = Rgb([0x22; 3]);
        let baseline = f64::from(top) + 1.5 * self.size;
        let mut x = f64::from(left);
        raster::write(picture, &self.ends[0], self.size, (x, baseline), INK);
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
        raster::write(picture, &self.ends[1], self.size, (x, baseline), INK);
        x += text::advance(&self.ends[1], self.size) + 2.0 * self.pad();
        raster::write(picture, self.remark, self.size, (x, baseline), INK);
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
    use proptest::prelude::*;

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
    fn tiles_that_lie_are_refused() {
        let short = SignedTile::new(2, 2, &[0.0; 3]).unwrap_err();
        assert!(matches!(short, VizError::PixelCount { rows: 2, cols: 2, found: 3 }), "{short}");
        assert!(matches!(SignedTile::new(0, 2, &[]), Err(VizError::EmptyTile { .. })));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = SignedTile::new(1, 2, &[0.0, bad]).unwrap_err();
            assert!(matches!(error, VizError::NonFiniteWeight { index: 1, .. }), "{error}");
        }
        assert!(matches!(Grid::new(1).draw_signed(&[], SignedScale::Common), Err(VizError::EmptyGrid)));
        let tiles = [SignedTile::new(1, 2, &[0.0; 2]).unwrap(), SignedTile::new(2, 1, &[0.0; 2]).unwrap()];
        let error = Grid::new(1).draw_signed(&tiles, SignedScale::Common).unwrap_err();
        assert!(matches!(error, VizError::TileSize { index: 1, .. }), "{error}");
    }

    #[test]
    fn magnitudes_have_three_digits() {
        let written = [0.0, 0.8349, 12.34, 0.001234, 99999.0, 1e-7, 3e20].map(three_digits);
        assert_eq!(written, ["0", "0.835", "12.3", "0.00123", "99999", "1.00e-7", "3.00e20"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn tiles_lie_where_the_layout_says_and_the_bar_below_them(
            (rows, cols, count) in (1usize..5, 1usize..5, 1usize..8),
            (columns, upscale, labelled) in (1usize..5, 1u32..20, any::<bool>()),
            values in prop::collection::vec(-3.0f32..3.0, 4 * 4 * 7),
        ) {
            let tiles: Vec<_> = values
                .chunks_exact(rows * cols)
                .take(count)
                .map(|values| SignedTile::new(rows, cols, values).unwrap())
                .collect();
            let mut grid = Grid::new(columns).upscale(upscale);
            if labelled {
                grid = grid.row_labels((0..count.div_ceil(columns)).map(|row| row.to_string()));
            }
            let layout = grid.layout(count, rows, cols).unwrap();
            let picture = grid.draw_signed(&tiles, SignedScale::Common).unwrap();
            prop_assert!(picture.width() >= layout.width() && picture.height() > layout.height());
            let largest = tiles.iter().map(SignedTile::largest).fold(0.0, f32::max);
            for (index, tile) in tiles.iter().enumerate() {
                let (left, top) = layout.origin(index).unwrap();
                for (i, value) in tile.values.iter().enumerate() {
                    let (x, y) = (left + (i % cols) as u32 * upscale, top + (i / cols) as u32 * upscale);
                    let colour = palette::diverging(f64::from(*value) / f64::from(largest));
                    prop_assert_eq!(picture.get_pixel(x, y).0, colour);
                    prop_assert_eq!(picture.get_pixel(x + upscale - 1, y + upscale - 1).0, colour);
                }
            }
        }
    }
}
