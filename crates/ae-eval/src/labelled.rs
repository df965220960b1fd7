//! Rows that have a label each, and the numbers of samples as rows.

use ae_data::{Samples, Values};
use ae_net::{NetError, Rows};

use crate::EvalError;
use crate::error::at_least;

/// The numbers of a set, as networks read them.
///
/// # Errors
/// As [`Rows::bytes`], which has nothing to refuse here: the numbers of a set are whole rows.
pub fn image_rows(images: &Samples) -> Result<Rows<'_>, NetError> {
    match images.values() {
        Values::Bytes(bytes) => Rows::bytes(bytes, images.width()),
        Values::Floats(values) => Rows::values(values, images.width()),
    }
}

/// At least one row of finite numbers, and a label for each.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    rows: Rows<'a>,
    labels: &'a [i32],
}

impl<'a> Labelled<'a> {
    /// Rows and their labels.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without rows, or if there are not as many labels; [`EvalError::Net`] at the first number
    /// that is not finite.
    pub fn new(rows: Rows<'a>, labels: &'a [i32]) -> Result<Self, EvalError> {
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
    pub fn images(images: &'a Samples) -> Result<Self, EvalError> {
        let labels = images.labels().ok_or_else(|| EvalError::argument("labels", "one an image", "none"))?;
        Self::new(image_rows(images)?, labels)
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'a> {
        self.rows
    }

    /// The labels, one a row.
    pub fn labels(&self) -> &'a [i32] {
        self.labels
    }

    /// Which classes there are.
    pub(crate) fn classes(&self) -> Classes {
        let mut labels = self.labels.to_vec();
        labels.sort_unstable();
        labels.dedup();
        let place = |label| labels.binary_search(label).expect("every label is among them") as u32;
        let of_rows = self.labels.iter().map(place).collect();
        Classes { labels, of_rows }
    }
}

/// The labels that occur are the classes, numbered from 0 in ascending order.
pub(crate) struct Classes {
    /// `(K)`: each class's label, ascending.
    pub(crate) labels: Vec<i32>,
    /// `(B)`: each row's class by its number.
    pub(crate) of_rows: Vec<u32>,
}

impl Classes {
    /// How many rows each class has, at least 1.
    pub(crate) fn members(&self) -> Vec<usize> {
        let mut members = vec![0; self.labels.len()];
        self.of_rows.iter().for_each(|&class| members[class as usize] += 1);
        members
    }
}

/// Some labels, ascending, as a sentence has them: neighbours as a range, and of very many the first.
pub(crate) fn listed(labels: &[i32]) -> String {
    const MOST: usize = 12;
    let runs: Vec<&[i32]> = labels.chunk_by(|a, b| a.checked_add(1) == Some(*b)).collect();
    let name = |run: &&[i32]| match run {
        [first, .., last] => format!("{first} to {last}"),
        run => run.iter().map(i32::to_string).collect(),
    };
    let named = runs.iter().take(MOST).map(name).collect::<Vec<_>>().join(", ");
    match runs.iter().skip(MOST).map(|run| run.len()).sum::<usize>() {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Share of `found` that equals `expected`; both are of one length, at least 1.
pub(crate) fn share_of_equal(found: &[i32], expected: &[i32]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    equal as f64 / expected.len() as f64
}

/// Where the largest value stands, the first of equal ones.
pub(crate) fn place_of_largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = class;
        }
    }
    best
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
        let images = Samples::new((1, 1), vec![0]).unwrap();
        let error = Labelled::images(&images).unwrap_err().to_string();
        assert_eq!(error, "labels: expected one an image, found none");
    }

    #[test]
    fn the_rows_of_images_are_their_pixels() {
        let images =
            Samples::new((1, 2), vec![0, 255, 255, 0]).and_then(|set| set.with_labels(vec![7, 2])).unwrap();
        let labelled = Labelled::images(&images).unwrap();
        assert_eq!((labelled.rows().to_values(), labelled.labels()), (vec![0.0, 1.0, 1.0, 0.0], &[7, 2][..]));
    }

    #[test]
    fn classes_are_the_labels_that_occur() {
        let labels = [300, -1, 300, i32::MAX, -1, i32::MIN];
        let values = [0.0; 6];
        let classes = Labelled::new(Rows::values(&values, 1).unwrap(), &labels).unwrap().classes();
        assert_eq!(classes.labels, [i32::MIN, -1, 300, i32::MAX]);
        assert_eq!(classes.of_rows, [2, 1, 2, 3, 1, 0]);
        assert_eq!(classes.members(), [1, 2, 2, 1]);
    }

    #[test]
    fn classes_are_listed_as_briefly_as_they_can_be() {
        let all = |range: std::ops::RangeInclusive<i32>| range.collect::<Vec<_>>();
        assert_eq!(listed(&all(0..=9)), "0 to 9");
        assert_eq!(listed(&[[-7, 0, 1].to_vec(), all(5..=7)].concat()), "-7, 0 to 1, 5 to 7");
        assert_eq!(listed(&[i32::MIN, i32::MAX - 1, i32::MAX]), "-2147483648, 2147483646 to 2147483647");
        let apart: Vec<i32> = (0..300).map(|class| class * 10).collect();
        assert_eq!(listed(&apart), "0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110 and 288 more");
    }
}
