//! The files a user names: a folder with the four files of MNIST or a relative, or one file of images or labels.

use std::path::{Path, PathBuf};

use crate::content::Content;
use crate::error::{LoadError, OpenError};
use crate::labels::{labels_from_idx, labels_from_npy};
use crate::limits::Limits;
use crate::npy::open_archive_part;
use crate::npy::{ArrayReader, is_npy, is_zip};
use crate::open::open;
use crate::relatives::SetFiles;
use crate::samples::{Samples, Split};
use crate::source::{Loaded, ReadOptions, load};

/// One of the two parts of a set such as MNIST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The images to train on.
    Train,
    /// The images kept apart.
    Test,
}

impl Part {
    /// What its images are called.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Part::Train => "training images",
            Part::Test => "test images",
        }
    }
}

/// Opens a folder that holds MNIST, or a relative of it: both parts, with their labels.
///
/// The four files are known by name: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte` of MNIST, Fashion-MNIST and Kuzushiji-MNIST, `test` being as good as `t10k`; the same with
/// EMNIST's prefixes, `emnist-letters-` and so on; QMNIST's `qmnist-train-images-idx3-ubyte` and
/// `qmnist-train-labels-idx2-int`; and `kmnist-train-imgs.npz` with `kmnist-train-labels.npz`, or `k49-`. Each may be gzipped
/// with `.gz` after its name, and may have a dot before `idx` as many downloads do; where several are there, the first of
/// plain, gzipped, dotted, dotted and gzipped is taken. The files of labels may be missing. The size and the number of
/// images are for the caller to check.
///
/// Pictures are as they stand in the files: EMNIST's have rows and columns exchanged.
///
/// [`open_folder_part`] and [`open_folder_labels`] open less of it.
///
/// # Errors
/// [`LoadError`], naming the folder or the file at fault; [`LoadError::Content`] if there are files of two sets.
pub fn open_folder(folder: &Path, limits: &Limits) -> Result<Split, LoadError> {
    let files = SetFiles::of(folder)?;
    let open = |part: Part| {
        let images_path = files.images(part)?;
        let images = open_images(&images_path, limits)?;
        let Some(labels_path) = files.labels(part) else { return Ok(images) };
        let labels = open_labels(&labels_path, limits)?;
        let counts =
            LoadError::Counts { images_path, images: images.len(), labels_path, labels: labels.len() };
        images.with_labels(labels).map_err(|_| counts)
    };
    Ok(Split { train: open(Part::Train)?, test: open(Part::Test)? })
}

/// Opens the images of one part of a folder, without labels; the other files are not opened, and may be missing or
/// broken.
///
/// # Errors
/// As [`open_folder`].
pub fn open_folder_part(folder: &Path, part: Part, limits: &Limits) -> Result<Samples, LoadError> {
    open_images(&SetFiles::of(folder)?.images(part)?, limits)
}

/// Opens the labels of one part of a folder, or says that there are none. Whether they are as many as the images is for
/// [`Samples::with_labels`] to see.
///
/// # Errors
/// As [`open_folder`].
pub fn open_folder_labels(folder: &Path, part: Part, limits: &Limits) -> Result<Option<Vec<i32>>, LoadError> {
    SetFiles::of(folder)?.labels(part).map(|path| open_labels(&path, limits)).transpose()
}

/// One part of a set that has both: of an `.npz` archive as [`open_archive_part`] has it; of a folder with `train` and `test`
/// (or `val`), each a folder of pictures; or of a folder as [`open_folder`] has it, whose files of labels are not opened.
///
/// # Errors
/// As those, and as [`load`].
pub fn load_part(path: &Path, part: Part, options: &ReadOptions) -> Result<Loaded, LoadError> {
    if path.is_file() {
        return open_archive_part(path, part, options);
    }
    match picture_folders(path) {
        Some(folders) => load(&folders[part as usize], options),
        None => load_file(&SetFiles::of(path)?.images(part)?, options),
    }
}

/// All rows of what has to be a file.
fn load_file(path: &Path, options: &ReadOptions) -> Result<Loaded, LoadError> {
    if path.is_dir() {
        let source = ae_file::ReadError::Folder.into();
        return Err(OpenError { path: path.to_owned(), source }.into());
    }
    load(path, options)
}

/// The folders of pictures to train on and to test with, in a folder that has both.
fn picture_folders(path: &Path) -> Option<[PathBuf; 2]> {
    let train = path.join("train");
    let test = ["test", "val"].map(|name| path.join(name)).into_iter().find(|folder| folder.is_dir());
    test.filter(|_| train.is_dir()).map(|test| [train, test])
}

/// Opens all rows of one file, whatever [`load`] reads.
///
/// # Errors
/// As [`load`].
pub fn open_images(path: &Path, limits: &Limits) -> Result<Samples, LoadError> {
    let options = ReadOptions { limits: *limits, ..ReadOptions::default() };
    Ok(load_file(path, &options)?.samples)
}

/// Opens one file of labels, an IDX file, an `.npy` file or the only array of an `.npz` archive, gzipped or not: integers of
/// any type, of `(images)`, or of `(images, columns)` where the first column is the label, as QMNIST has it.
///
/// A label may take four times as many bytes here as in the file: the file may hold a quarter of the limit.
///
/// # Errors
/// [`LoadError::Open`], or [`LoadError::Content`] if they are no whole numbers of 32 bits in 1 or 2 dimensions.
pub fn open_labels(path: &Path, limits: &Limits) -> Result<Vec<i32>, LoadError> {
    let limits = Limits { max_bytes: limits.max_bytes / 4 };
    let content = Content::open(path)?;
    if is_npy(content.start()) || is_zip(content.start()) {
        let options = ReadOptions { limits, ..ReadOptions::default() };
        return labels_from_npy(ArrayReader::open(content, &options)?, limits);
    }
    let array = open(path, &limits)?;
    labels_from_idx(array).map_err(|source| LoadError::Content { path: path.to_owned(), source })
}
