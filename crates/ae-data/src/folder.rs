//! The files a user names: a folder with the four MNIST names, or one file of images.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::LoadError;
use crate::images::{ImageSet, Split};
use crate::labels::labels_from_idx;
use crate::limits::Limits;
use crate::open::open;

/// One of the two parts of a folder in MNIST's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The images to train on.
    Train,
    /// The images kept apart.
    Test,
}

impl Part {
    /// What it is called, and how the names of its files begin.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Part::Train => ("training images", "train"),
            Part::Test => ("test images", "t10k"),
        }
    }

    fn images_path(self, folder: &Path) -> Result<PathBuf, LoadError> {
        let (what, stem) = self.names();
        let names = candidates(&format!("{stem}-images"), "idx3-ubyte");
        find(folder, &names)?.ok_or_else(|| LoadError::Missing {
            folder: folder.to_owned(),
            what,
            names: names.to_vec(),
        })
    }

    fn labels_path(self, folder: &Path) -> Result<Option<PathBuf>, LoadError> {
        find(folder, &candidates(&format!("{}-labels", self.names().1), "idx1-ubyte"))
    }
}

/// Opens a folder that holds MNIST, or another set in its form: both parts, with their labels.
///
/// Each of the four files, `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, may be gzipped with `.gz` after its name, and may have a dot before `idx` as many
/// downloads do; where several are there, the first of plain, gzipped, dotted, dotted and gzipped is taken.
/// The files of labels may be missing. The size and the number of images are for the caller to check.
///
/// [`open_folder_part`] and [`open_folder_labels`] open less of it.
///
/// # Errors
/// [`LoadError`], naming the folder or the file at fault.
pub fn open_folder(folder: &Path, limits: &Limits) -> Result<Split, LoadError> {
    let open = |part: Part| {
        let images_path = part.images_path(folder)?;
        let images = open_images(&images_path, limits)?;
        let Some(labels_path) = part.labels_path(folder)? else { return Ok(images) };
        let labels = open_labels(&labels_path, limits)?;
        let counts =
            LoadError::Counts { images_path, images: images.len(), labels_path, labels: labels.len() };
        images.with_labels(labels).map_err(|_| counts)
    };
    Ok(Split { train: open(Part::Train)?, test: open(Part::Test)? })
}

/// Opens the images of one part of a folder, without labels; the other files are not looked at, and may be missing or
/// broken.
///
/// # Errors
/// As [`open_folder`].
pub fn open_folder_part(folder: &Path, part: Part, limits: &Limits) -> Result<ImageSet, LoadError> {
    open_images(&part.images_path(folder)?, limits)
}

/// Opens the labels of one part of a folder, or says that there are none. Whether they are as many as the images is for
/// [`ImageSet::with_labels`] to see.
///
/// # Errors
/// As [`open_folder`].
pub fn open_folder_labels(folder: &Path, part: Part, limits: &Limits) -> Result<Option<Vec<i32>>, LoadError> {
    part.labels_path(folder)?.map(|path| open_labels(&path, limits)).transpose()
}

/// Opens one file of images, plain or gzipped, without labels.
///
/// # Errors
/// [`LoadError::Open`] or [`LoadError::Content`].
pub fn open_images(path: &Path, limits: &Limits) -> Result<ImageSet, LoadError> {
    let array = open(path, limits)?;
    ImageSet::from_idx(array, None).map_err(|source| LoadError::Content { path: path.to_owned(), source })
}

/// Opens one file of labels, plain or gzipped: integers of any type, of `(images)`, or of `(images, columns)` where the
/// first column is the label, as QMNIST has it.
///
/// A label may take four times as many bytes here as in the file: the file may hold a quarter of the limit.
///
/// # Errors
/// [`LoadError::Open`] or [`LoadError::Content`].
pub fn open_labels(path: &Path, limits: &Limits) -> Result<Vec<i32>, LoadError> {
    let array = open(path, &Limits { max_bytes: limits.max_bytes / 4 })?;
    labels_from_idx(array).map_err(|source| LoadError::Content { path: path.to_owned(), source })
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
fn find(folder: &Path, names: &[String]) -> Result<Option<PathBuf>, LoadError> {
    fs::read_dir(folder).map_err(|source| LoadError::Folder { folder: folder.to_owned(), source })?;
    let paths = || names.iter().map(|name| folder.join(name));
    Ok(paths()
        .find(|path| path.is_file())
        .or_else(|| paths().find(|path| fs::symlink_metadata(path).is_ok())))
}
