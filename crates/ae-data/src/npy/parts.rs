//! Archives that hold a whole set: arrays of images and of labels, to train on and to test with.

use std::path::Path;

use super::archive::Archive;
use super::source::NpySource;
use crate::content::Content;
use crate::error::LoadError;
use crate::folder::Part;
use crate::labels::labels_from_npy;
use crate::relatives::array_names;
use crate::source::{Loaded, ReadOptions, Source};

/// Opens one part of an `.npz` archive that holds a set, with its labels where it has any: Keras' `mnist.npz` and its like
/// (`x_train`, `y_train`, `x_test`, `y_test`), and MedMNIST (`train_images`, `train_labels`, `test_images`, `test_labels`;
/// its `val_images` and `val_labels` are not used).
///
/// Labels are whole numbers of any type, `(N)` or `(N, columns)`, of which the first column is the label. The array that
/// [`ReadOptions::array`] names is of no interest here.
///
/// # Errors
/// [`LoadError`], naming the file; where it has no images by a known name, the arrays that it has.
///
/// # Example
/// ```no_run
/// use ae_data::{Part, ReadOptions, open_archive_part};
/// let train = open_archive_part("mnist.npz".as_ref(), Part::Train, &ReadOptions::default())?;
/// assert_eq!((train.samples.len(), train.samples.labels().map(<[i32]>::len)), (60_000, Some(60_000)));
/// # Ok::<(), ae_data::LoadError>(())
/// ```
pub fn open_archive_part(path: &Path, part: Part, options: &ReadOptions) -> Result<Loaded, LoadError> {
    let archive = Archive::read(Content::open(path)?, options.limits)?;
    let [images, labels] = array_names(part);
    let Some(images) = archive.first_of(images)? else { return Err(archive.lacks(part.what(), images)) };
    let mut source = NpySource::of(archive.array(Some(images))?, options)?;
    let (rows, form, notes) = (source.next_chunk(usize::MAX)?, source.form().clone(), source.notes());
    let Some(labels) = archive.first_of(labels)? else { return Ok(Loaded { samples: rows, form, notes }) };
    let labels = labels_from_npy(archive.array(Some(labels))?, options.limits)?;
    let counts = LoadError::Counts {
        images_path: path.join(images),
        images: rows.len(),
        labels_path: path.to_owned(),
        labels: labels.len(),
    };
    Ok(Loaded { samples: rows.with_labels(labels).map_err(|_| counts)?, form, notes })
}
