//! What can be wrong with a file of codes.

use std::io;
use std::path::PathBuf;

use ae_file::{Kind, ReadError};

/// The longest array, and the longest file or stream, of which all must be in memory at once: 1 GiB.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// A file of no [`Kind`].
const UNKNOWN: &str = "nothing that is known here: numpy.save('codes.npy', codes) writes one";

/// A file that has no codes to offer.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub struct NpyError {
    /// The file, or the name that a stream was given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: NpyErrorKind,
}

/// What is wrong with a file of codes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyErrorKind {
    /// Not a regular file, or one whose archive or stream is longer than 1 GiB, or the system refused: no such file, no
    /// permission, a failing disk.
    #[error(transparent)]
    File(#[from] ReadError),
    /// No `.npy` file, which begins with `\x93NUMPY`, and no `.npz`.
    #[error("it is not an .npy file, but {}", .0.map_or(UNKNOWN.to_owned(), |kind| kind.to_string()))]
    Foreign(
        /// What it is, if that can be told.
        Option<Kind>,
    ),
    /// An `.npz` file that is damaged, or does not hold exactly one array.
    #[error("the .npz archive: {reason}")]
    Archive {
        /// What is wrong with it, and what to do if it is sound.
        reason: String,
    },
    /// A header that is cut short, or not the dict that it should be.
    #[error("the .npy header is not understood: {reason}")]
    Header {
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// Elements that are no floats of 16, 32 or 64 bits.
    #[error("its elements are {found}, floats are needed: codes.astype('float32')")]
    ElementType {
        /// NumPy's name of the type, in quotes, or `structures`.
        found: String,
    },
    /// Not codes, or codes of another size.
    #[error("its shape is {found:?}, (images, {code}) is needed: the run's codes are {code} numbers")]
    Shape {
        /// The shape in the header.
        found: Vec<u64>,
        /// Numbers a code.
        code: usize,
    },
    /// The data is shorter or longer than the header promises.
    #[error("the .npy header promises {promised} bytes of data, {actual} are there")]
    Length {
        /// Bytes of data promised.
        promised: u64,
        /// Bytes there after the header; where they come from an archive or a stream, no more than one too many is
        /// counted.
        actual: u64,
    },
    /// An array that can't be read a piece at a time and is too long to be read at once.
    #[error(
        "{found} bytes in Fortran order, from an archive or from a stream are more than the {MAX_BYTES} that are held \
         in memory: save it in C order as .npy (numpy.save and numpy.ascontiguousarray), which is read in pieces"
    )]
    Limit {
        /// Bytes of its data.
        found: u64,
    },
    /// A NaN, an infinity, or a number that 32 bits can't hold.
    #[error("row {row} has {value:?} in column {column}, finite 32-bit floats are needed")]
    NonFinite {
        /// Which code, the first being 0.
        row: usize,
        /// Which of its numbers, the first being 0.
        column: usize,
        /// What stands there.
        value: f64,
    },
}

impl From<io::Error> for NpyErrorKind {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}
