//! Labels as arrays: any whole numbers, one an image.

use crate::error::{DataError, LoadError};
use crate::idx::{Elements, IdxArray};
use crate::limits::Limits;
use crate::npy::ArrayReader;

/// The labels of an array of integers: of `(images)`, or the first column of `(images, columns)`.
///
/// QMNIST's files are of the second form: the class stands before what else is known of a digit.
///
/// # Errors
/// [`DataError::Kind`] if the elements are no integers, or stand in other than 1 or 2 dimensions;
/// [`DataError::Argument`] if there are no columns.
pub(crate) fn labels_from_idx(array: IdxArray) -> Result<Vec<i32>, DataError> {
    let element_type = array.element_type();
    let (dims, elements) = array.into_parts();
    let refused = DataError::Kind {
        expected: "labels in 1 or 2 dimensions of whole numbers",
        rank: dims.len(),
        element_type,
    };
    let columns = match dims[..] {
        [_] => 1,
        [images, 0] if images > 0 => {
            return Err(DataError::argument("columns of labels", "at least 1", 0));
        }
        [_, columns] => columns.max(1),
        _ => return Err(refused),
    };
    match elements {
        Elements::U8(values) => Ok(first_column(&values, columns)),
        Elements::I8(values) => Ok(first_column(&values, columns)),
        Elements::I16(values) => Ok(first_column(&values, columns)),
        Elements::I32(values) => Ok(first_column(&values, columns)),
        Elements::F32(_) | Elements::F64(_) => Err(refused),
    }
}

/// The labels of an array as NumPy has it: integers of any width, or booleans, in the shapes of [`labels_from_idx`].
///
/// # Errors
/// Those of the file, and [`LoadError::Content`] if they are floats, stand in other than 1 or 2 dimensions, or do not fit
/// 32 bits.
pub(crate) fn labels_from_npy(mut array: ArrayReader, limits: Limits) -> Result<Vec<i32>, LoadError> {
    let columns = match array.header().sizes[..] {
        [_] => 1,
        [images, 0] if images > 0 => {
            return Err(array.refused(DataError::argument("columns of labels", "at least 1", 0)));
        }
        [_, columns] => columns.max(1),
        ref sizes => {
            let found = format!("the shape {sizes:?}");
            return Err(array.refused(DataError::argument("labels", "1 or 2 dimensions", found)));
        }
    };
    let bytes = array.next_rows(usize::MAX, limits)?;
    array.header().dtype.labels(&bytes, columns).map_err(|source| array.refused(source))
}

fn first_column<T: Copy + Into<i32>>(values: &[T], columns: usize) -> Vec<i32> {
    values.iter().step_by(columns).map(|&value| value.into()).collect()
}

/// Labels as an array of `(images)`: unsigned bytes, as MNIST's are, if all are from 0 to 255, else 32-bit integers.
///
/// # Errors
/// [`DataError::Argument`] if there are more than the format's 32 bits count.
///
/// # Example
/// ```
/// use ae_data::{ElementType, labels_to_idx};
/// assert_eq!(labels_to_idx(&[7, 255])?.element_type(), ElementType::U8);
/// assert_eq!(labels_to_idx(&[7, 256])?.element_type(), ElementType::I32);
/// # Ok::<(), ae_data::DataError>(())
/// ```
pub fn labels_to_idx(labels: &[i32]) -> Result<IdxArray, DataError> {
    let bytes: Result<Vec<u8>, _> = labels.iter().map(|&label| u8::try_from(label)).collect();
    IdxArray::new(vec![labels.len()], bytes.map_or_else(|_| Elements::I32(labels.to_vec()), Elements::U8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_width_are_labels() {
        let labels =
            |dims: &[usize], elements| labels_from_idx(IdxArray::new(dims.to_vec(), elements).unwrap());
        assert_eq!(labels(&[2], Elements::U8(vec![0, 255])), Ok(vec![0, 255]));
        assert_eq!(labels(&[2], Elements::I8(vec![-128, 127])), Ok(vec![-128, 127]));
        assert_eq!(labels(&[2], Elements::I16(vec![-300, 300])), Ok(vec![-300, 300]));
        assert_eq!(labels(&[2, 1], Elements::I32(vec![i32::MIN, i32::MAX])), Ok(vec![i32::MIN, i32::MAX]));
        assert_eq!(labels(&[2, 3], Elements::I32(vec![5, 0, 9, 7, 1, 9])), Ok(vec![5, 7]));
        for none in [&[0][..], &[0, 8], &[0, 0]] {
            assert_eq!(labels(none, Elements::I32(vec![])), Ok(vec![]));
        }
        let said = |dims: &[usize], elements| labels(dims, elements).unwrap_err().to_string();
        let expected = "expected labels in 1 or 2 dimensions of whole numbers, found";
        assert_eq!(said(&[1], Elements::F32(vec![1.0])), format!("{expected} 1 dimensions of 32-bit floats"));
        assert_eq!(said(&[], Elements::I32(vec![1])), format!("{expected} 0 dimensions of 32-bit integers"));
        let images = said(&[1, 1, 1], Elements::U8(vec![1]));
        assert_eq!(images, format!("{expected} 3 dimensions of unsigned bytes"));
        assert_eq!(said(&[2, 0], Elements::U8(vec![])), "columns of labels: expected at least 1, found 0");
    }

    #[test]
    fn labels_are_written_as_narrow_as_they_are() {
        let written = |labels: &[i32]| labels_to_idx(labels).unwrap().into_parts();
        assert_eq!(written(&[0, 255]), (vec![2], Elements::U8(vec![0, 255])));
        for wide in [-1, 256, i32::MIN, i32::MAX] {
            assert_eq!(written(&[3, wide]), (vec![2], Elements::I32(vec![3, wide])));
            assert_eq!(labels_from_idx(labels_to_idx(&[3, wide]).unwrap()), Ok(vec![3, wide]));
        }
    }
}
