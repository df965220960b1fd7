//! Why a folder of pictures can't be read, or not be written.

use std::io;
use std::path::PathBuf;

use crate::error::DataError;
use crate::pictures::list::UnusablePicture;
use crate::pictures::notes::{entries, first_of};
use crate::shape::Shape;

/// Why a folder of pictures can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PicturesError {
    /// Nothing in it is a picture.
    #[error(
        "no pictures in {}: PNG, JPEG, GIF, BMP, TIFF and WebP files were looked for in it and its sub-folders, {others} other \
         file(s) found",
        .folder.display()
    )]
    None {
        /// The folder.
        folder: PathBuf,
        /// Files that are no pictures.
        others: usize,
    },
    /// More files and folders than are listed.
    #[error("more than {limit} files and folders are in {}, split it", .folder.display())]
    TooMany {
        /// The folder.
        folder: PathBuf,
        /// As many as may be there.
        limit: usize,
    },
    /// Some pictures can't be used, and nobody said that they may be left out; or none can be used.
    #[error(
        "{} of {} can't be used: {}{}",
        entries(.unusable.len(), "picture", "pictures"), .folder.display(), first_of(.unusable),
        if *.usable == 0 { "" } else { "; mend or remove them, or go on without them (--skip-broken)" }
    )]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// The pictures, and what is wrong with them.
        unusable: Vec<UnusablePicture>,
        /// How many others there are.
        usable: usize,
    },
    /// Pictures of different sizes, and no size that they are brought to.
    #[error(
        "pictures differ in size: {} is {}, {} is {}; --size ROWSxCOLUMNS brings them to one",
        .first.0, .first.1, .other.0, .other.1
    )]
    Sizes {
        /// The first picture and its rows and columns.
        first: (String, Shape),
        /// The first that has others.
        other: (String, Shape),
    },
    /// A sub-folder whose name is none of the classes that were there before.
    #[error("{class:?} is none of the {known} known classes: rename or remove the sub-folder")]
    Class {
        /// The sub-folder.
        class: String,
        /// How many classes are known.
        known: usize,
    },
    /// A picture can't be used that seemed right, by its header or when it was looked at.
    #[error(
        "cannot use {}: {reason}; mend or remove it, or go on without what is broken (--skip-broken)",
        .path.display()
    )]
    Picture {
        /// The picture.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why a folder of pictures can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WritePicturesError {
    /// Rows that are no pictures, or not as many as were promised: a [`DataError::Argument`].
    #[error(transparent)]
    Rows(#[from] DataError),
    /// Something is where the folder should be.
    #[error("{} is there and is no empty folder: name another, or remove it", .folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// A name that no file in the folder may have.
    #[error("{name:?} can't be a picture's name: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The system refused.
    #[error("cannot write {}", .path.display())]
    Io {
        /// The file or folder, under the name that it should have in the end.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}
