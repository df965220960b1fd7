//! The files a user names: a folder with the four MNIST names, or one file of images.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{DataError, LoadError};
use crate::idx::IdxArray;
use crate::images::{ImageSet, Split, unsigned_bytes};
use crate::limits::Limits;
use crate::open::open;

/// A folder in MNIST's form holds digits.
const CLASSES: u8 = 10;

/// Opens a folder that holds MNIST, or another set in its form.
///
/// Each of the four files, `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, may be gzipped with `.gz` after its name, and may have a dot before `idx` as many
/// downloads do; where several are there, the first of plain, gzipped, dotted, dotted and gzipped is taken.
/// The files of labels may be missing. Where they are there, labels are digits, 0 to 9. The size and the number
/// of images are for the caller to check.
///
/// # Errors
/// [`LoadError`], naming the folder or the file at fault.
pub fn open_folder(folder: &Path, limits: &Limits) -> Result<Split, LoadError> {
    fs::read_dir(folder).map_err(|source| LoadError::Folder { folder: folder.to_owned(), source })?;
    Ok(Split {
        train: open_part(folder, "training images", "train-images", "train-labels", limits)?,
        test: open_part(folder, "test images", "t10k-images", "t10k-labels", limits)?,
    })
}

/// Opens one file of images, plain or gzipped, without labels.
///
/// # Errors
/// [`LoadError::Open`] or [`LoadError::Content`].
pub fn open_images(path: &Path, limits: &Limits) -> Result<ImageSet, LoadError> {
    let array = open(path, limits)?;
    ImageSet::from_idx(array, None).map_err(|source| LoadError::Content { path: path.to_owned(), source })
}

/// Opens one file of labels, plain or gzipped: any bytes, one an image.
///
/// # Errors
/// [`LoadError::Open`] or [`LoadError::Content`].
pub fn open_labels(path: &Path, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    let array = open(path, limits)?;
    let (_, labels) =
        unsigned_bytes::<1>(array).map_err(|source| LoadError::Content { path: path.to_owned(), source })?;
    Ok(labels)
}

fn open_part(
    folder: &Path,
    what: &'static str,
    images_stem: &str,
    labels_stem: &str,
    limits: &Limits,
) -> Result<ImageSet, LoadError> {
    let names = candidates(images_stem, "idx3-ubyte");
    let Some(images_path) = find(folder, &names) else {
        return Err(LoadError::Missing { folder: folder.to_owned(), what, names: names.to_vec() });
    };
    let images = open_images(&images_path, limits)?;
    let Some(labels_path) = find(folder, &candidates(labels_stem, "idx1-ubyte")) else {
        return Ok(images);
    };
    let labels = open(&labels_path, limits)?;
    with_labels(images, labels).map_err(|error| match error {
        DataError::LabelCount { images, labels } => {
            LoadError::Counts { images_path, images, labels_path, labels }
        }
        source => LoadError::Content { path: labels_path, source },
    })
}

fn with_labels(images: ImageSet, labels: IdxArray) -> Result<ImageSet, DataError> {
    let set = images.with_labels(labels)?;
    set.check_labels(CLASSES)?;
    Ok(set)
}

/// The names a file may have, the one to prefer first.
fn candidates(stem: &str, kind: &str) -> [String; 4] {
    [
        format!("{stem}-{kind}"),
        format!("{stem}-{kind}.gz"),
        format!("{stem}.{kind}"),
        format!("{stem}.{kind}.gz"),
    ]
}

/// The first name that is a file, else the first that is there at all, so that what is wrong with it is said.
///
/// Some archives unpack each file into a folder of the same name beside a sound copy: files come first.
fn find(folder: &Path, names: &[String]) -> Option<PathBuf> {
    let paths = || names.iter().map(|name| folder.join(name));
    paths().find(|path| path.is_file()).or_else(|| paths().find(|path| fs::symlink_metadata(path).is_ok()))
}
