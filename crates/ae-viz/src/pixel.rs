//! Brightness to bytes: one grey image, ready to be drawn.
//!
//! Pixels are row-major, top-left first, 0 black and 255 white; a brightness of 1.0 is 255.

use std::borrow::Cow;

use crate::VizError;

/// The byte for a brightness: `round(255 v)`, halves away from zero, after clamping `v` to `[0, 1]`.
///
/// A byte divided by 255 comes back as the same byte. `None` for NaN and for both infinities: they come from a
/// failed computation, and as black or white they would pass for a picture.
///
/// ```
/// assert_eq!(ae_viz::to_level(0.5), Some(128));
/// assert_eq!(ae_viz::to_level(-0.2), Some(0));
/// assert_eq!(ae_viz::to_level(1.7), Some(255));
/// assert_eq!(ae_viz::to_level(f32::NAN), None);
/// ```
pub fn to_level(brightness: f32) -> Option<u8> {
    brightness.is_finite().then(|| (brightness.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// One grey image that is to be drawn: at least one row and one column, as many pixels as they say.
///
/// Bytes are borrowed and drawn as they are.
///
/// ```
/// use ae_viz::GrayTile;
///
/// let tile = GrayTile::new(2, 3, &[0, 10, 20, 30, 40, 50])?;
/// assert_eq!((tile.rows(), tile.cols()), (2, 3));
/// assert_eq!(tile.row(1), Some(&[30, 40, 50][..]));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayTile<'a> {
    rows: usize,
    cols: usize,
    pixels: Cow<'a, [u8]>,
}

impl<'a> GrayTile<'a> {
    /// A tile over `rows * cols` bytes.
    ///
    /// # Errors
    /// [`VizError::PixelCount`] if there are not as many pixels as `rows * cols`, [`VizError::EmptyTile`] if that
    /// is none.
    ///
    /// ```
    /// use ae_viz::{GrayTile, VizError};
    ///
    /// let short = GrayTile::new(28, 28, &[0; 783]);
    /// assert!(matches!(short, Err(VizError::PixelCount { rows: 28, cols: 28, found: 783 })));
    /// ```
    pub fn new(rows: usize, cols: usize, pixels: &'a [u8]) -> Result<Self, VizError> {
        check_size(rows, cols, pixels.len())?;
        Ok(Self { rows, cols, pixels: Cow::Borrowed(pixels) })
    }

    /// A tile over `rows * cols` brightnesses, where 0 is black and 1 is white; [`to_level`] rounds and clamps them.
    ///
    /// # Errors
    /// As [`GrayTile::new`]; [`VizError::NonFinitePixel`] at the first NaN or infinity.
    ///
    /// ```
    /// use ae_viz::{GrayTile, VizError};
    ///
    /// assert_eq!(GrayTile::from_unit(1, 3, &[0.0, 0.5, 1.0])?, GrayTile::new(1, 3, &[0, 128, 255])?);
    /// let failed = GrayTile::from_unit(1, 2, &[0.0, f32::NAN]);
    /// assert!(matches!(failed, Err(VizError::NonFinitePixel { index: 1, .. })));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn from_unit(rows: usize, cols: usize, brightness: &[f32]) -> Result<GrayTile<'static>, VizError> {
        check_size(rows, cols, brightness.len())?;
        let level = |(index, &value)| to_level(value).ok_or(VizError::NonFinitePixel { index, value });
        let pixels = brightness.iter().enumerate().map(level).collect::<Result<Vec<u8>, _>>()?;
        Ok(GrayTile { rows, cols, pixels: Cow::Owned(pixels) })
    }

    /// Rows, at least 1.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns, at least 1.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The pixels of one row, left to right; `None` if there is no such row.
    pub fn row(&self, row: usize) -> Option<&[u8]> {
        self.pixels.chunks_exact(self.cols).nth(row)
    }
}

pub(crate) fn check_size(rows: usize, cols: usize, found: usize) -> Result<(), VizError> {
    if rows.checked_mul(cols) != Some(found) {
        return Err(VizError::PixelCount { rows, cols, found });
    }
    if found == 0 {
        return Err(VizError::EmptyTile { rows, cols });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_way_to_brightness_and_back() {
        for byte in 0..=255u8 {
            assert_eq!(to_level(f32::from(byte) / 255.0), Some(byte));
        }
    }

    #[test]
    fn brightness_is_rounded_not_cut_off() {
        assert_eq!(to_level(0.499 / 255.0), Some(0));
        assert_eq!(to_level(0.501 / 255.0), Some(1));
        assert_eq!(to_level(254.6 / 255.0), Some(255));
    }

    #[test]
    fn brightness_out_of_range_is_clamped_and_non_finite_is_refused() {
        assert_eq!(to_level(-1e30), Some(0));
        assert_eq!(to_level(1e30), Some(255));
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(to_level(value), None);
            let error = GrayTile::from_unit(1, 2, &[0.0, value]).unwrap_err();
            assert!(matches!(error, VizError::NonFinitePixel { index: 1, .. }), "{error}");
        }
    }

    #[test]
    fn rows_and_columns_are_not_swapped() {
        let tile = GrayTile::new(2, 3, &[1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(tile.row(0), Some(&[1, 2, 3][..]));
        assert_eq!(tile.row(1), Some(&[4, 5, 6][..]));
        assert_eq!(tile.row(2), None);
    }

    #[test]
    fn sizes_that_lie_are_refused() {
        let too_many = GrayTile::new(2, 3, &[0; 7]).unwrap_err();
        assert!(matches!(too_many, VizError::PixelCount { rows: 2, cols: 3, found: 7 }));
        let overflowing = GrayTile::new(usize::MAX, 2, &[]).unwrap_err();
        assert!(matches!(overflowing, VizError::PixelCount { rows: usize::MAX, cols: 2, found: 0 }));
        let empty = GrayTile::from_unit(0, 28, &[]).unwrap_err();
        assert!(matches!(empty, VizError::EmptyTile { rows: 0, cols: 28 }));
    }
}
