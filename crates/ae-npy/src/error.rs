//! What can be wrong with a file of codes.

use std::io;
use std::path::PathBuf;

use crate::read::MAX_HEADER_BYTES;

/// A file that has no codes to offer.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub struct NpyError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: NpyErrorKind,
}

/// What is wrong with a file of codes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyErrorKind {
    /// Not a regular file, or the system refused: no such file, no permission, a failing disk.
    #[error(transparent)]
    File(#[from] ae_file::ReadError),
    /// An `.npy` file begins with these six bytes.
    #[error("not an .npy file: it does not begin with \\x93NUMPY")]
    Magic,
    /// A version of the format that NumPy has not written yet.
    #[error(".npy version {major}.{minor} is not known (known: 1.0, 2.0, 3.0)")]
    Version {
        /// The seventh byte.
        major: u8,
        /// The eighth byte.
        minor: u8,
    },
    /// The file ends inside the header.
    #[error("the .npy header is cut short")]
    HeaderCut,
    /// A header longer than any of an array of numbers.
    #[error("the .npy header is {found} bytes long, {MAX_HEADER_BYTES} are the most")]
    HeaderLength {
        /// Bytes that it says it has.
        found: u64,
    },
    /// The header is not the dict that it should be.
    #[error("the .npy header is not understood: {reason}")]
    Header {
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// Elements that are not little-endian 32-bit floats.
    #[error("its elements are {found}, little-endian 32-bit floats ('<f4') are needed")]
    ElementType {
        /// NumPy's name of the type, in quotes, or `structures`.
        found: String,
    },
    /// Columns stand together, not rows.
    #[error("it is in Fortran order, C order is needed (numpy.ascontiguousarray)")]
    FortranOrder,
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
        /// Bytes there after the header.
        actual: u64,
    },
    /// A NaN or an infinity.
    #[error("row {row} has {value} in column {column}, finite numbers are needed")]
    NonFinite {
        /// Which code, the first being 0.
        row: usize,
        /// Which of its numbers, the first being 0.
        column: usize,
        /// What stands there.
        value: f32,
    },
}

impl From<io::Error> for NpyErrorKind {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}
