//! Rows of numbers, whoever owns them: images as bytes, or codes, components and features as floats.

use ae_data::{ImageSet, PIXEL_SCALE};

use crate::EvalError;

/// Rows of `dims` finite numbers each, `(B, dims)` row-major, borrowed.
///
/// A byte stands for a brightness in `[0, 1]`, itself times 1/255.
///
/// # Example
/// ```
/// use ae_eval::Rows;
/// let codes = Rows::values(&[0.5, -1.0, 2.0, 0.0], 2)?;
/// assert_eq!((codes.len(), codes.dims()), (2, 2));
/// assert!(Rows::values(&[0.5, f32::NAN], 2).is_err());
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    cells: Cells<'a>,
    dims: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Cells<'a> {
    Bytes(&'a [u8]),
    Values(&'a [f32]),
}

impl<'a> Rows<'a> {
    /// Rows of pixels as bytes.
    ///
    /// # Errors
    /// [`EvalError::Zero`] if `dims` is 0, [`EvalError::PartialRow`] if the pixels are not whole rows.
    pub fn bytes(pixels: &'a [u8], dims: usize) -> Result<Self, EvalError> {
        whole_rows(pixels.len(), dims)?;
        Ok(Self { cells: Cells::Bytes(pixels), dims })
    }

    /// Rows of numbers.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and [`EvalError::NonFinite`] at the first value that is not finite.
    pub fn values(values: &'a [f32], dims: usize) -> Result<Self, EvalError> {
        whole_rows(values.len(), dims)?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (row, column) = (index / dims, index % dims);
            return Err(EvalError::NonFinite { row, column, value: values[index] });
        }
        Ok(Self { cells: Cells::Values(values), dims })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        let cells = match self.cells {
            Cells::Bytes(pixels) => pixels.len(),
            Cells::Values(values) => values.len(),
        };
        cells / self.dims
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in a row, at least 1.
    pub fn dims(&self) -> usize {
        self.dims
    }

    pub(crate) fn cells(&self) -> Cells<'a> {
        self.cells
    }

    /// The same rows, at most `rows` at a time.
    pub(crate) fn chunks(self, rows: usize) -> impl Iterator<Item = Rows<'a>> {
        let Self { cells, dims } = self;
        (0..self.len()).step_by(rows).map(move |first| {
            let range = first * dims..(first + rows).min(self.len()) * dims;
            let cells = match cells {
                Cells::Bytes(pixels) => Cells::Bytes(&pixels[range]),
                Cells::Values(values) => Cells::Values(&values[range]),
            };
            Rows { cells, dims }
        })
    }

    /// Writes the numbers of a row that exists.
    #[inline]
    pub(crate) fn copy_row(&self, row: usize, out: &mut [f32]) {
        let range = row * self.dims..(row + 1) * self.dims;
        match self.cells {
            Cells::Bytes(pixels) => {
                for (out, &byte) in out.iter_mut().zip(&pixels[range]) {
                    *out = f32::from(byte) * PIXEL_SCALE;
                }
            }
            Cells::Values(values) => out.copy_from_slice(&values[range]),
        }
    }

    /// All rows as numbers.
    pub(crate) fn to_values(self) -> Vec<f32> {
        let mut values = vec![0.0; self.len() * self.dims];
        for (row, out) in values.chunks_exact_mut(self.dims).enumerate() {
            self.copy_row(row, out);
        }
        values
    }

    pub(crate) fn require_dims(&self, what: &'static str, expected: usize) -> Result<(), EvalError> {
        if self.dims == expected {
            return Ok(());
        }
        Err(EvalError::Dims { what, expected, found: self.dims })
    }
}

impl<'a> From<&'a ImageSet> for Rows<'a> {
    /// One row an image.
    fn from(images: &'a ImageSet) -> Self {
        Self { cells: Cells::Bytes(images.pixels()), dims: images.pixels_per_image() }
    }
}

fn whole_rows(values: usize, dims: usize) -> Result<(), EvalError> {
    if dims == 0 {
        return Err(EvalError::Zero { what: "values in a row" });
    }
    if !values.is_multiple_of(dims) {
        return Err(EvalError::PartialRow { values, dims });
    }
    Ok(())
}

/// At least one row, and a label for each.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    rows: Rows<'a>,
    labels: &'a [u8],
}

impl<'a> Labelled<'a> {
    /// Rows and their labels.
    ///
    /// # Errors
    /// [`EvalError::Empty`] without rows, [`EvalError::LabelCount`] if there are not as many labels.
    pub fn new(rows: impl Into<Rows<'a>>, labels: &'a [u8]) -> Result<Self, EvalError> {
        let rows = rows.into();
        if rows.len() != labels.len() {
            return Err(EvalError::LabelCount { rows: rows.len(), labels: labels.len() });
        }
        if rows.is_empty() {
            return Err(EvalError::Empty { what: "labelled rows" });
        }
        Ok(Self { rows, labels })
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'a> {
        self.rows
    }

    /// The labels, one a row.
    pub fn labels(&self) -> &'a [u8] {
        self.labels
    }

    /// One more than the largest label.
    pub(crate) fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |&largest| usize::from(largest) + 1)
    }
}

impl<'a> TryFrom<&'a ImageSet> for Labelled<'a> {
    type Error = EvalError;

    /// The pixels and labels of a set.
    ///
    /// # Errors
    /// [`EvalError::Unlabelled`], [`EvalError::Empty`].
    fn try_from(images: &'a ImageSet) -> Result<Self, EvalError> {
        Labelled::new(images, images.labels().ok_or(EvalError::Unlabelled)?)
    }
}

/// Share of `found` that equals `expected`; both are of one length, at least 1.
pub(crate) fn share_of_equal(found: &[u8], expected: &[u8]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    equal as f64 / expected.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_with_their_numbers() {
        assert_eq!(Rows::bytes(&[], 0).unwrap_err(), EvalError::Zero { what: "values in a row" });
        assert_eq!(Rows::bytes(&[0; 5], 3).unwrap_err(), EvalError::PartialRow { values: 5, dims: 3 });
        let infinite = Rows::values(&[0.0, 1.0, 2.0, f32::INFINITY], 3);
        assert_eq!(infinite.unwrap_err(), EvalError::PartialRow { values: 4, dims: 3 });
        let infinite = Rows::values(&[0.0, 1.0, 2.0, f32::INFINITY, 0.0, 0.0], 3);
        assert_eq!(infinite.unwrap_err(), EvalError::NonFinite { row: 1, column: 0, value: f32::INFINITY });
        let rows = Rows::bytes(&[0; 6], 3).unwrap();
        assert_eq!(Labelled::new(rows, &[0]).unwrap_err(), EvalError::LabelCount { rows: 2, labels: 1 });
        let none = Rows::bytes(&[], 3).unwrap();
        assert_eq!(Labelled::new(none, &[]).unwrap_err(), EvalError::Empty { what: "labelled rows" });
        let images = ImageSet::new(1, 1, vec![0], None).unwrap();
        assert_eq!(Labelled::try_from(&images).unwrap_err(), EvalError::Unlabelled);
    }

    #[test]
    fn bytes_are_shares_of_255() {
        let rows = Rows::bytes(&[0, 51, 102, 153, 204, 255], 2).unwrap();
        let expected = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
        let found = rows.to_values();
        assert!(found.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() <= f32::EPSILON));
        assert_eq!((rows.len(), rows.dims(), rows.is_empty()), (3, 2, false));
    }

    #[test]
    fn chunks_hold_all_rows_once() {
        let values: Vec<f32> = (0..14).map(|i| i as f32).collect();
        let rows = Rows::values(&values, 2).unwrap();
        let chunks: Vec<Vec<f32>> = rows.chunks(3).map(Rows::to_values).collect();
        assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6, 2]);
        assert_eq!(chunks.concat(), values);
    }
}
