//! Rows that have a label each, and the pixels of images as rows.

use ae_data::ImageSet;
use ae_net::{NetError, Rows};

use crate::EvalError;
use crate::error::at_least;

/// The pixels of images, a row an image.
///
/// # Errors
/// As [`Rows::bytes`], which has nothing to refuse here: the pixels of a set are whole images.
pub fn image_rows(images: &ImageSet) -> Result<Rows<'_>, NetError> {
    Rows::bytes(images.pixels(), images.pixels_per_image())
}

/// At least one row of finite numbers, and a label for each.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    rows: Rows<'a>,
    labels: &'a [u8],
}

impl<'a> Labelled<'a> {
    /// Rows and their labels.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without rows, or if there are not as many labels; [`EvalError::Net`] at the first number
    /// that is not finite.
    pub fn new(rows: Rows<'a>, labels: &'a [u8]) -> Result<Self, EvalError> {
        if rows.len() != labels.len() {
            return Err(EvalError::argument("labels", rows.len(), labels.len()));
        }
        at_least("labelled rows", 1, rows.len())?;
        rows.require_finite("labelled rows")?;
        Ok(Self { rows, labels })
    }

    /// The pixels of images, and their labels.
    ///
    /// # Errors
    /// [`EvalError::Argument`] if there are no images, or they have no labels.
    pub fn images(images: &'a ImageSet) -> Result<Self, EvalError> {
        let labels = images.labels().ok_or_else(|| EvalError::argument("labels", "one an image", "none"))?;
        Self::new(image_rows(images)?, labels)
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

    /// How many rows each class has.
    pub(crate) fn members(&self) -> [usize; 256] {
        let mut members = [0; 256];
        for &label in self.labels {
            members[usize::from(label)] += 1;
        }
        members
    }
}

/// Share of `found` that equals `expected`; both are of one length, at least 1.
pub(crate) fn share_of_equal(found: &[u8], expected: &[u8]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    equal as f64 / expected.len() as f64
}

/// The class of the largest value, the lowest of equal ones; there are at most 256.
pub(crate) fn place_of_largest<T: PartialOrd>(values: &[T]) -> u8 {
    let mut best = 0;
    for (class, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = class;
        }
    }
    best as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_with_their_numbers() {
        let said =
            |values, labels| Labelled::new(Rows::values(values, 3).unwrap(), labels).unwrap_err().to_string();
        assert_eq!(said(&[0.0; 6], &[0]), "labels: expected 2, found 1");
        assert_eq!(said(&[], &[]), "labelled rows: expected at least 1, found 0");
        let infinite = [0.0, 1.0, 2.0, f32::INFINITY, 0.0, 0.0];
        let expected = "labelled rows: expected finite numbers, found inf in row 1, column 0";
        assert_eq!(said(&infinite, &[0, 0]), expected);
        let images = ImageSet::new(1, 1, vec![0], None).unwrap();
        let error = Labelled::images(&images).unwrap_err().to_string();
        assert_eq!(error, "labels: expected one an image, found none");
    }

    #[test]
    fn the_rows_of_images_are_their_pixels() {
        let images = ImageSet::new(1, 2, vec![0, 255, 255, 0], Some(vec![7, 2])).unwrap();
        let labelled = Labelled::images(&images).unwrap();
        assert_eq!((labelled.rows().to_values(), labelled.labels()), (vec![0.0, 1.0, 1.0, 0.0], &[7, 2][..]));
        assert_eq!((labelled.classes(), labelled.members()[7]), (8, 1));
    }
}
