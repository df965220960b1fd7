//! What can be wrong, one enum a layer: bytes ([`IdxError`], [`NpyError`]), a file or a stream of them ([`OpenError`]), images
//! and whatever a caller asks for ([`DataError`]), the files a user names ([`LoadError`]), and writing ([`WriteError`]).

use std::io;
use std::path::PathBuf;

use ae_file::Kind;

use crate::form::ElementKind;
use crate::idx::ElementType;
use crate::npy::NpyError;
use crate::pictures::PicturesError;
use crate::shape::Shape;
use crate::table::TableError;

/// Why bytes are not an IDX array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The bytes end inside the header.
    #[error("the IDX header needs {needed} bytes, only {actual} are there")]
    HeaderLength {
        /// Bytes the header needs, as far as it could be read.
        needed: u64,
        /// Bytes there.
        actual: u64,
    },
    /// An IDX file begins with two zero bytes.
    #[error("not an IDX file but {}", but(*found, *kind))]
    Magic {
        /// The first four bytes, big-endian.
        found: u32,
        /// What begins like this.
        kind: Option<Kind>,
    },
    /// The header's numbers stand with their least significant byte first.
    #[error(
        "its header is little-endian, and IDX is big-endian: meant are {} dimensions, {dims:?}, of {element_type}; write \
         the first four bytes as 00 00 {:02x} {:02x} and every number most significant byte first (NumPy: dtype '>i4')",
        dims.len(), element_type.code(), dims.len()
    )]
    ByteOrder {
        /// What one element is.
        element_type: ElementType,
        /// The sizes that are meant, slowest dimension first.
        dims: Vec<u32>,
    },
    /// The third byte names none of the six element types.
    #[error("unknown IDX element type {code:#04x} (known: 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e)")]
    ElementType {
        /// The third byte.
        code: u8,
    },
    /// The dimensions multiply to more bytes than can be counted or addressed.
    #[error("IDX dimensions {dims:?} overflow the address space")]
    Overflow {
        /// The sizes in the header.
        dims: Vec<u32>,
    },
    /// The header asks for more than the caller allows.
    #[error("IDX header asks for {asked} bytes of data, the limit is {limit} (Limits::max_bytes)")]
    Limit {
        /// Bytes of element data promised.
        asked: u64,
        /// The caller's limit.
        limit: u64,
    },
    /// The data is shorter or longer than the header promises.
    #[error("IDX header promises {promised} bytes of data, {actual} are there")]
    Length {
        /// Bytes of element data promised.
        promised: u64,
        /// Bytes there after the header.
        actual: u64,
    },
    /// The header promises more than a gzip file of its length can unpack to.
    #[error("IDX header promises {promised} bytes of data, {packed} bytes of gzip cannot hold as many")]
    Packed {
        /// Bytes of element data promised.
        promised: u64,
        /// Bytes of the gzip file.
        packed: u64,
    },
    /// A stream of unknown length goes on after the promised data.
    #[error("IDX header promises {promised} bytes of data, more follow")]
    Trailing {
        /// Bytes of element data promised.
        promised: u64,
    },
    /// The promise was within the limit, but the system has no memory for it.
    #[error("no memory for {bytes} bytes of IDX data")]
    Memory {
        /// Bytes that were to be held.
        bytes: u64,
    },
}

fn but_else(kind: Option<Kind>) -> String {
    kind.map_or_else(|| "nothing that is known here".to_owned(), |kind| kind.to_string())
}

fn but(found: u32, kind: Option<Kind>) -> String {
    match kind {
        Some(kind) => kind.to_string(),
        None => format!("something that begins with {found:#010x}, where two zero bytes should be"),
    }
}

/// Why images could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The writer failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// The images have no IDX form, or are not as many as were promised: a [`DataError::Argument`].
    #[error(transparent)]
    Images(#[from] DataError),
}

/// A file that could not be opened as what it should be.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}", .path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: OpenErrorKind,
}

/// What is wrong with a file or a stream, or with the bytes of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// Not a regular file, or the system refused: no such file, no permission, a failing disk.
    #[error(transparent)]
    File(#[from] ae_file::ReadError),
    /// The gzip stream is cut short, damaged, or followed by something else.
    #[error("its gzip stream cannot be decompressed")]
    Gzip(#[source] io::Error),
    /// Nothing that rows are read from.
    #[error("it is no IDX file, NumPy array or table, but {}", but_else(*.0))]
    Foreign(
        /// What it is, if that can be told.
        Option<Kind>,
    ),
    /// The content is not an IDX array, or a larger one than allowed.
    #[error(transparent)]
    Format(#[from] IdxError),
    /// The content is an `.npy` file or an `.npz` archive that is broken, lacks what is wanted, or is larger than allowed.
    #[error(transparent)]
    Npy(#[from] NpyError),
}

impl From<io::Error> for OpenErrorKind {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}

/// Why images or labels are refused, or a call for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Rows without numbers.
    #[error("rows of {shape} hold nothing")]
    ZeroSize {
        /// What a row would be.
        shape: Shape,
    },
    /// Images and labels differ in number.
    #[error("{images} images but {labels} labels")]
    LabelCount {
        /// Images given.
        images: usize,
        /// Labels given.
        labels: usize,
    },
    /// An IDX array of another element type or rank.
    #[error("expected {expected}, found {rank} dimensions of {element_type}")]
    Kind {
        /// What the array was to be, with the ranks and types it may have.
        expected: &'static str,
        /// Dimensions found.
        rank: usize,
        /// Element type found.
        element_type: ElementType,
    },
    /// Rows of another shape than the model takes, or than was asked for.
    #[error("rows are {shape}, {expected} is needed")]
    Shape {
        /// The shape found.
        shape: Shape,
        /// The shape needed.
        expected: Shape,
    },
    /// Bytes where other numbers are needed, or the other way round.
    #[error("its numbers are {}, {} are needed", in_words(*found), in_words(match found {
        ElementKind::Bytes => ElementKind::Floats,
        ElementKind::Floats => ElementKind::Bytes,
    }))]
    Elements {
        /// What there is.
        found: ElementKind,
    },
    /// A NaN, an infinity, or a number that 32 bits can't hold.
    #[error("row {row} has {found} in column {column}, finite 32-bit numbers are needed")]
    NotFinite {
        /// Which row, the first being 0.
        row: usize,
        /// Which of its numbers as they stand in the file, the first being 0.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// Too few images to hold one out and keep one.
    #[error("{images} image(s) cannot be split in two, at least 2 are needed")]
    TooFewToSplit {
        /// Images there.
        images: usize,
    },
    /// A fault of the call, not of any file.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// What was given.
        what: &'static str,
        /// What is needed.
        expected: String,
        /// What it was.
        found: String,
    },
}

fn in_words(elements: ElementKind) -> &'static str {
    match elements {
        ElementKind::Bytes => "bytes",
        ElementKind::Floats => "no bytes",
    }
}

impl DataError {
    pub(crate) fn argument(what: &'static str, expected: impl ToString, found: impl ToString) -> Self {
        Self::Argument { what, expected: expected.to_string(), found: found.to_string() }
    }
}

/// Why the images a user named cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The data folder cannot be listed: it is missing, or is a file.
    #[error("cannot read the data folder {}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// None of the names that a file may have is in the folder.
    #[error("no file of {what} in {}, looked for {}, plain or with .gz", .folder.display(), .names.join(", "))]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// The names looked for, without `.gz`; where there is no file of any known set, one of each kind of set.
        names: Vec<String>,
    },
    /// A file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file is a sound IDX array, but not the images or labels it should be.
    #[error("cannot use {}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: DataError,
    },
    /// A table can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A folder of pictures can't be used.
    #[error(transparent)]
    Pictures(#[from] PicturesError),
    /// A set larger than may be in memory.
    #[error("{}: its {rows} rows take {bytes} bytes in memory, the limit is {limit}", .path.display())]
    Limit {
        /// The file or folder.
        path: PathBuf,
        /// Rows of the set.
        rows: usize,
        /// Bytes that all of them take.
        bytes: u64,
        /// The caller's limit.
        limit: u64,
    },
    /// An images file and its labels file differ in number.
    #[error("{} holds {images} images, but {} holds {labels} labels", .images_path.display(), .labels_path.display())]
    Counts {
        /// The file of images.
        images_path: PathBuf,
        /// Images in it.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// Labels in it.
        labels: usize,
    },
}
