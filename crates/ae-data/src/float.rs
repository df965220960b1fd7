//! Numbers of any type as 32-bit floats.

use crate::error::DataError;

/// The nearest 32-bit floats of rows of `width` numbers, the first of which is row `first`.
///
/// By way of `f64`, which holds every value of all types: what is refused is told as it stood.
///
/// # Errors
/// [`DataError::NotFinite`] at the first that is not finite then.
pub(crate) fn finite(
    mut values: impl Iterator<Item = f64> + Clone,
    width: usize,
    first: usize,
) -> Result<Vec<f32>, DataError> {
    let floats: Vec<f32> = values.clone().map(|value| value as f32).collect();
    // Without a way out of the loop, many are looked at together.
    if floats.iter().fold(true, |all, float| all & float.is_finite()) {
        return Ok(floats);
    }
    let at = floats.iter().position(|float| !float.is_finite()).expect("one of them is not finite");
    let value = values.nth(at).expect("as many values as floats");
    Err(DataError::NotFinite { row: first + at / width, column: at % width, found: format!("{value:?}") })
}
