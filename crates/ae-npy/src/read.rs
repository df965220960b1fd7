//! The reading half: a header under suspicion, then values a chunk at a time.

use std::fmt;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use ae_file::ReadError;

use crate::archive::{is_zip, read_only_array};
use crate::error::{MAX_BYTES, NpyError, NpyErrorKind};
use crate::header::Array;

/// Reads a file of codes from first to last, a chunk at a time. The crate's documentation has an example.
///
/// Codes are a two-dimensional array, a row a code, in C or in Fortran order, of floats of 16, 32 or 64 bits and either
/// byte order, which become the nearest of 32 bits; or a one-dimensional array, which is a single code, or, where codes
/// are one number, as many codes as it has numbers. They come as `.npy`, or as the only array of an `.npz`.
///
/// An `.npy` file in C order may be larger than memory. All else is held in memory, up to 1 GiB of it, and for an
/// `.npz` the file, of up to 1 GiB, until it is unpacked.
pub struct CodeReader {
    path: PathBuf,
    array: Array,
    data: Data,
    read: usize,
    bytes: Vec<u8>,
}

/// Where elements come from.
enum Data {
    /// Row after row.
    Rows(Box<dyn Read + Send>),
    /// All of them, column after column.
    Columns(Vec<u8>),
}

impl fmt::Debug for CodeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, array, read, .. } = self;
        f.debug_struct("CodeReader").field("path", path).field("array", array).field("read", read).finish()
    }
}

impl CodeReader {
    /// Opens a file that must hold codes of `code` numbers, at least 1; its length has then been found right.
    ///
    /// # Errors
    /// [`NpyError`] with any [`NpyErrorKind`] but `NonFinite`.
    pub fn open(path: &Path, code: usize) -> Result<Self, NpyError> {
        Self::of_file(path, code).map_err(|source| NpyError { path: path.to_owned(), source })
    }

    fn of_file(path: &Path, code: usize) -> Result<Self, NpyErrorKind> {
        let (file, length) = ae_file::open(path)?;
        let mut file = BufReader::new(file);
        if is_zip(file.fill_buf()?) {
            if length > MAX_BYTES {
                return Err(ReadError::TooLarge { limit: MAX_BYTES }.into());
            }
            return Self::of_archive(path, file, code);
        }
        let array = Array::read(&mut file, code)?;
        let actual = length.saturating_sub(array.header_bytes);
        if actual != array.data_bytes {
            return Err(NpyErrorKind::Length { promised: array.data_bytes, actual });
        }
        match array.by_columns {
            true => Self::in_memory(path, array, file),
            false => Ok(Self::new(path, array, Data::Rows(Box::new(file)))),
        }
    }

    /// As [`open`](Self::open), of what a stream such as standard input holds, to its end; errors call it `name`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Example
    /// ```
    /// use ae_npy::{CodeReader, Element, write_header, write_values};
    ///
    /// let mut stream = Vec::new();
    /// write_header(&mut stream, Element::F32, &[3, 2])?;
    /// write_values(&mut stream, &[0.0; 6])?;
    /// let reader = CodeReader::from_stream(&stream[..], "standard input", 2)?;
    /// assert_eq!(reader.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_stream(stream: impl Read, name: impl AsRef<Path>, code: usize) -> Result<Self, NpyError> {
        let path = name.as_ref();
        Self::of_stream(path, stream, code).map_err(|source| NpyError { path: path.to_owned(), source })
    }

    fn of_stream(path: &Path, mut stream: impl Read, code: usize) -> Result<Self, NpyErrorKind> {
        let mut start = Vec::new();
        stream.by_ref().take(8).read_to_end(&mut start)?;
        let is_zip = is_zip(&start);
        let mut stream = Cursor::new(start).chain(stream);
        if is_zip {
            return Self::of_archive(path, stream, code);
        }
        let array = Array::read(&mut stream, code)?;
        Self::in_memory(path, array, stream)
    }

    fn of_archive(path: &Path, archive: impl Read, code: usize) -> Result<Self, NpyErrorKind> {
        let mut bytes = Vec::new();
        archive.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ReadError::TooLarge { limit: MAX_BYTES }.into());
        }
        read_only_array(&bytes, |mut entry| {
            let array = Array::read(&mut entry, code)?;
            Self::in_memory(path, array, entry)
        })
    }

    /// The reader of an array whose elements are what is left of `source`.
    fn in_memory(path: &Path, array: Array, source: impl Read) -> Result<Self, NpyErrorKind> {
        let promised = array.data_bytes;
        if promised > MAX_BYTES {
            return Err(NpyErrorKind::Limit { found: promised });
        }
        let mut bytes = Vec::new();
        source.take(promised + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != promised {
            return Err(NpyErrorKind::Length { promised, actual: bytes.len() as u64 });
        }
        let data = match array.by_columns {
            true => Data::Columns(bytes),
            false => Data::Rows(Box::new(Cursor::new(bytes))),
        };
        Ok(Self::new(path, array, data))
    }

    fn new(path: &Path, array: Array, data: Data) -> Self {
        Self { path: path.to_owned(), array, data, read: 0, bytes: Vec::new() }
    }

    /// Number of codes in the file.
    pub fn len(&self) -> usize {
        self.array.images
    }

    /// Whether there are no codes in the file.
    pub fn is_empty(&self) -> bool {
        self.array.images == 0
    }

    /// Puts the next codes into `codes`, in place of what it held, and says how many: `images` of them (0 counts as
    /// 1), fewer at the file's end, 0 after it.
    ///
    /// # Errors
    /// [`NpyError`] with [`NpyErrorKind::NonFinite`] or [`NpyErrorKind::File`], the latter also where the file has
    /// become shorter since.
    pub fn next_chunk(&mut self, images: usize, codes: &mut Vec<f32>) -> Result<usize, NpyError> {
        self.read_chunk(images, codes).map_err(|source| NpyError { path: self.path.clone(), source })
    }

    fn read_chunk(&mut self, images: usize, codes: &mut Vec<f32>) -> Result<usize, NpyErrorKind> {
        let Array { float, code, images: all, .. } = self.array;
        let images = images.max(1).min(all - self.read);
        let size = float.bytes();
        match &mut self.data {
            Data::Rows(rows) => {
                // No more than the file's length, which was counted.
                self.bytes.resize(images * code * size, 0);
                rows.read_exact(&mut self.bytes)?;
            }
            Data::Columns(columns) => {
                self.bytes.clear();
                for row in self.read..self.read + images {
                    for column in columns.chunks_exact(all * size) {
                        self.bytes.extend_from_slice(&column[row * size..][..size]);
                    }
                }
            }
        }
        float.convert(&self.bytes, codes).map_err(|(at, value)| {
            let (row, column) = (self.read + at / code, at % code);
            NpyErrorKind::NonFinite { row, column, value }
        })?;
        self.read += images;
        Ok(images)
    }
}
