//! The elements of an array, row after row, as bytes.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::archive::{Archive, is_zip};
use super::error::NpyError;
use super::header::Header;
use crate::content::Content;
use crate::error::{DataError, LoadError, OpenError, OpenErrorKind};
use crate::idx::fill;
use crate::limits::Limits;
use crate::source::ReadOptions;

/// Reads an array from its first row to its last.
///
/// A plain file has been found as long as its header says; gzip and streams are known to be sound only when the last row has
/// come. What is held in memory is sound.
#[derive(Debug)]
pub(crate) struct ArrayReader {
    path: PathBuf,
    header: Header,
    data: Data,
    /// Rows that have come.
    read: usize,
}

/// Where elements are.
#[derive(Debug)]
enum Data {
    /// Still in the file, row after row.
    Ahead(Content),
    /// All in memory, in the order of the file.
    Held(Vec<u8>),
}

impl ArrayReader {
    /// The reader of an `.npy` file, or of the wanted array of an `.npz` archive.
    pub(crate) fn open(mut content: Content, options: &ReadOptions) -> Result<Self, LoadError> {
        if is_zip(content.start()) {
            return Archive::read(content, options.limits)?.array(options.array.as_deref());
        }
        let begun = Self::begin(&mut content, options.limits);
        let (header, held) = begun.map_err(|error| content.failed(error))?;
        let path = content.path().to_owned();
        let data = held.map_or_else(|| Data::Ahead(content), Data::Held);
        Ok(Self { path, header, data, read: 0 })
    }

    /// The header, and the elements where they can't be read row after row.
    fn begin(content: &mut Content, limits: Limits) -> Result<(Header, Option<Vec<u8>>), OpenErrorKind> {
        let header = Header::read(content)?;
        let promised = header.data_bytes;
        let actual = content.plain_bytes().map(|bytes| bytes.saturating_sub(header.header_bytes));
        if let Some(actual) = actual.filter(|&actual| actual != promised) {
            return Err(NpyError::Length { promised, actual }.into());
        }
        let held = header.by_columns.then(|| header.read_elements(content, limits)).transpose()?;
        Ok((header, held))
    }

    /// The reader of an array that has been read.
    pub(crate) fn held(path: &Path, header: Header, elements: Vec<u8>) -> Self {
        Self { path: path.to_owned(), header, data: Data::Held(elements), read: 0 }
    }

    /// What the array is.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Makes a single row of an array of one size.
    pub(crate) fn make_one_row(&mut self) {
        let [numbers] = self.header.sizes[..] else { return };
        self.header.sizes = vec![1, numbers];
        self.header.row_bytes *= numbers;
    }

    /// Rows that have come.
    pub(crate) fn rows_read(&self) -> usize {
        self.read
    }

    /// What is wrong with the numbers, said of the file.
    pub(crate) fn refused(&self, source: DataError) -> LoadError {
        LoadError::Content { path: self.path.clone(), source }
    }

    /// The elements of the next rows, as many as there still are (0 counts as 1), last dimension fastest.
    pub(crate) fn next_rows(&mut self, rows: usize, limits: Limits) -> Result<Vec<u8>, LoadError> {
        let read = self.read_rows(rows, limits);
        read.map_err(|error| match &self.data {
            Data::Ahead(content) => content.failed(error),
            Data::Held(_) => OpenError { path: self.path.clone(), source: error }.into(),
        })
    }

    fn read_rows(&mut self, rows: usize, limits: Limits) -> Result<Vec<u8>, OpenErrorKind> {
        let Header { row_bytes, by_columns, data_bytes: promised, .. } = self.header;
        let left = self.header.sizes[0] - self.read;
        let rows = rows.max(1).min(left);
        // No more than the header's product, which is known to be countable.
        let (before, wanted) = (self.read * row_bytes, rows * row_bytes);
        if wanted as u64 > limits.max_bytes {
            return Err(NpyError::Limit { found: wanted as u64, limit: limits.max_bytes }.into());
        }
        let bytes = match &mut self.data {
            Data::Ahead(content) => {
                let mut bytes = Vec::new();
                let read = content.take(wanted as u64).read_to_end(&mut bytes)?;
                if read < wanted {
                    return Err(NpyError::Length { promised, actual: (before + read) as u64 }.into());
                }
                // Asking once more also makes a decompressor check its checksum, which stands after the data.
                if rows == left && fill(content, &mut [0])? != 0 {
                    return Err(NpyError::Length { promised, actual: promised + 1 }.into());
                }
                bytes
            }
            Data::Held(elements) if by_columns => {
                let size = self.header.dtype.bytes();
                Columns { elements, sizes: &self.header.sizes, size }.rows(self.read..self.read + rows)
            }
            Data::Held(elements) => elements[before..][..wanted].to_vec(),
        };
        self.read += rows;
        Ok(bytes)
    }
}

/// Elements in Fortran order: the first dimension is the fastest.
struct Columns<'a> {
    elements: &'a [u8],
    sizes: &'a [usize],
    /// Bytes of an element.
    size: usize,
}

impl Columns<'_> {
    /// The elements of these rows, last dimension fastest.
    fn rows(&self, rows: Range<usize>) -> Vec<u8> {
        let mut bytes = Vec::new();
        rows.for_each(|row| self.gather(1, row, self.sizes[0], &mut bytes));
        bytes
    }

    /// Appends what follows from dimension `axis` on of the element at `place`, last dimension fastest; neighbours in that
    /// dimension are `stride` elements apart.
    fn gather(&self, axis: usize, place: usize, stride: usize, bytes: &mut Vec<u8>) {
        let Some(&count) = self.sizes.get(axis) else {
            bytes.extend_from_slice(&self.elements[place * self.size..][..self.size]);
            return;
        };
        for at in 0..count {
            self.gather(axis + 1, place + at * stride, stride * count, bytes);
        }
    }
}
