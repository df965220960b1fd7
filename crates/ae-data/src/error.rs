//! What can be wrong, one enum a layer: bytes ([`IdxError`]), a stream of them ([`ReadError`], [`WriteError`]),
//! a file ([`OpenError`]), images and batches ([`DataError`]), and the files a user names ([`LoadError`]).

use std::io;
use std::path::PathBuf;

use crate::idx::ElementType;

/// Why bytes are not an IDX array, or why an array has no IDX form.
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
    #[error("not an IDX file: its magic number is {found:#010x}, which should begin with two zero bytes")]
    Magic {
        /// The first four bytes, big-endian.
        found: u32,
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
    /// More dimensions than the one byte that counts them can say.
    #[error("{rank} dimensions, an IDX file has at most 255")]
    Rank {
        /// Dimensions of the array.
        rank: usize,
    },
    /// A dimension that does not fit the header's 32 bits.
    #[error("dimension {axis} is {size}, an IDX file counts to 4294967295")]
    Dimension {
        /// Which dimension, the first being 0.
        axis: usize,
        /// Its size.
        size: usize,
    },
    /// The dimensions do not multiply to the number of elements.
    #[error("dimensions {dims:?} do not hold {elements} elements")]
    Shape {
        /// The dimensions given.
        dims: Vec<usize>,
        /// The elements given.
        elements: usize,
    },
}

/// Why an IDX array could not be read from a stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream itself failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// The bytes are not an IDX array, or a larger one than allowed.
    #[error(transparent)]
    Format(#[from] IdxError),
}

/// Why images could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The writer failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// The images have no IDX form, or are not as many as were promised.
    #[error(transparent)]
    Format(#[from] IdxError),
}

/// A file that could not be opened as an IDX array.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}", .path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: OpenErrorKind,
}

/// What is wrong with a file, or with the bytes of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// A folder where a file is needed.
    #[error("it is a folder, not a file")]
    Folder,
    /// A device, pipe or socket: it has no length, and reading it may never end.
    #[error("it is not a regular file")]
    NotRegular,
    /// The system refused: no such file, no permission, a failing disk.
    #[error(transparent)]
    Io(io::Error),
    /// The gzip stream is cut short, damaged, or followed by something else.
    #[error("its gzip stream cannot be decompressed")]
    Gzip(#[source] io::Error),
    /// The content is not an IDX array, or a larger one than allowed.
    #[error(transparent)]
    Format(#[from] IdxError),
}

/// Why images, labels or a plan of batches are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// An image without pixels.
    #[error("images of {rows} x {cols} pixels hold nothing")]
    ZeroSize {
        /// Rows an image.
        rows: usize,
        /// Columns an image.
        cols: usize,
    },
    /// The pixels are no whole number of images.
    #[error("{pixels} pixels are no whole number of images of {rows} x {cols}")]
    PixelCount {
        /// Pixels given.
        pixels: usize,
        /// Rows an image.
        rows: usize,
        /// Columns an image.
        cols: usize,
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
    #[error("expected {expected_rank} dimensions of {}, found {rank} of {element_type}", ElementType::U8)]
    Kind {
        /// Dimensions needed: 3 for images, 1 for labels.
        expected_rank: usize,
        /// Dimensions found.
        rank: usize,
        /// Element type found; unsigned bytes are needed.
        element_type: ElementType,
    },
    /// Images of another size than the model takes.
    #[error("images are {rows} x {cols} pixels, {expected_rows} x {expected_cols} are needed")]
    ImageSize {
        /// Rows found.
        rows: usize,
        /// Columns found.
        cols: usize,
        /// Rows needed.
        expected_rows: usize,
        /// Columns needed.
        expected_cols: usize,
    },
    /// A set without images where at least one is needed.
    #[error("there are no images")]
    Empty,
    /// Too few images to hold one out and keep one.
    #[error("{images} image(s) cannot be split in two, at least 2 are needed")]
    TooFewToSplit {
        /// Images there.
        images: usize,
    },
    /// A label outside the classes.
    #[error("label {index} is {value}, with {classes} classes it must be below {classes}")]
    Label {
        /// Which label, the first being 0.
        index: usize,
        /// Its value.
        value: u8,
        /// Number of classes.
        classes: u8,
    },
    /// Labels given as one-hot vectors.
    #[error("{labels} labels for {images} images: one-hot vectors, digits are needed (label_format_digit)")]
    OneHotLabels {
        /// Images given.
        images: usize,
        /// Bytes of labels given, ten times as many.
        labels: usize,
    },
    /// An index beyond the last image.
    #[error("image {index} asked for, there are {images}")]
    Index {
        /// The index, the first image being 0.
        index: u32,
        /// Images there.
        images: usize,
    },
    /// A buffer of another length than the pixels to be written.
    #[error("a buffer of {actual} pixels, {needed} are needed")]
    BufferLength {
        /// Images asked for, times pixels an image.
        needed: usize,
        /// Length of the buffer.
        actual: usize,
    },
    /// A batch of no items.
    #[error("the batch size is 0")]
    ZeroBatchSize,
    /// More items than an index can number.
    #[error("{items} items, a plan numbers at most 4294967295")]
    TooManyItems {
        /// Items given.
        items: usize,
    },
    /// Dropping the tail would drop everything.
    #[error("{items} items make no whole batch of {batch_size}, and a short one is to be dropped")]
    NoWholeBatch {
        /// Items given.
        items: usize,
        /// Items a batch.
        batch_size: usize,
    },
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
    #[error("no file of {what} in {}, looked for {}", .folder.display(), .names.join(", "))]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// The names looked for.
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
