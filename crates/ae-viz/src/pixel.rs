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
/// assert_eq!(ae_viz::to_level(1.7), Some(255));
/// assert_eq!(ae_viz::to_level(f32::NAN), None);
/// ```
pub fn to_level(brightness: f32) -> Option<u8> {
    brightness.is_finite().then(|| (brightness.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// One grey image that is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayTile<'a> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) pixels: Cow<'a, [u8]>,
}

impl<'a> GrayTile<'a> {
    /// A tile over `rows * cols` bytes, drawn as they are.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no pixels and for not as many as `rows * cols`.
    ///
    /// ```
    /// let short = ae_viz::GrayTile::new(28, 28, &[0; 783]).unwrap_err();
    /// assert_eq!(short.to_string(), "pixels of a tile: expected 28 x 28, found 783");
    /// ```
    pub fn new(rows: usize, cols: usize, pixels: &'a [u8]) -> Result<Self, VizError> {
        check_size(rows, cols, pixels.len())?;
        Ok(Self { rows, cols, pixels: Cow::Borrowed(pixels) })
    }

    /// A tile over `rows * cols` brightnesses, where 0 is black and 1 is white; [`to_level`] rounds and clamps them.
    ///
    /// # Errors
    /// As [`GrayTile::new`], and [`VizError::Argument`] for NaN and infinity.
    ///
    /// ```
    /// # use ae_viz::GrayTile;
    /// assert_eq!(GrayTile::from_unit(1, 3, &[0.0, 0.5, 1.0])?, GrayTile::new(1, 3, &[0, 128, 255])?);
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn from_unit(rows: usize, cols: usize, brightness: &[f32]) -> Result<GrayTile<'static>, VizError> {
        check_size(rows, cols, brightness.len())?;
        check_finite(brightness)?;
        let pixels = brightness.iter().filter_map(|&value| to_level(value)).collect();
        Ok(GrayTile { rows, cols, pixels: Cow::Owned(pixels) })
    }
}

pub(crate) fn check_size(rows: usize, cols: usize, found: usize) -> Result<(), VizError> {
    if rows.checked_mul(cols) == Some(found) && found > 0 {
        return Ok(());
    }
    let expected = if rows == 0 || cols == 0 { "at least 1" } else { &format!("{rows} x {cols}") };
    Err(VizError::argument("pixels of a tile", expected, found))
}

/// Refuses NaN and infinity: as some brightness or colour they would hide that the model which made them has failed.
pub(crate) fn check_finite(values: &[f32]) -> Result<(), VizError> {
    let fault = values.iter().enumerate().find(|(_, value)| !value.is_finite());
    fault.map_or(Ok(()), |(index, value)| {
        Err(VizError::argument(format_args!("pixel {index} of a tile"), "a finite number", value))
    })
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
            let error = GrayTile::from_unit(1, 2, &[0.0, value]).unwrap_err().to_string();
            assert_eq!(error, format!("pixel 1 of a tile: expected a finite number, found {value}"));
        }
    }

    #[test]
    fn sizes_that_lie_are_refused() {
        let error = |rows, cols, found| check_size(rows, cols, found).unwrap_err().to_string();
        assert_eq!(error(2, 3, 7), "pixels of a tile: expected 2 x 3, found 7");
        let overflowing = format!("pixels of a tile: expected {} x 2, found 0", usize::MAX);
        assert_eq!(error(usize::MAX, 2, 0), overflowing);
        assert_eq!(error(0, 28, 0), "pixels of a tile: expected at least 1, found 0");
    }
}
