//! IDX files as rows, a chunk at a time or at once.

use std::io::Read;

use crate::arrange::Arrangement;
use crate::content::Content;
use crate::error::{DataError, IdxError, LoadError, OpenErrorKind};
use crate::float::finite;
use crate::form::{ElementKind, Form, SourceKind};
use crate::idx::{ElementType, Elements, IdxArray, IdxHeader, fill};
use crate::limits::Limits;
use crate::samples::Samples;
use crate::source::Source;

/// An IDX file, plain or gzipped, whose first size is the number of rows.
///
/// A plain file has been found as long as its header says; a gzipped one, or a stream, is known to be sound only when its last
/// chunk has come. [`Limits`] bound a chunk, not the file, and memory follows the bytes that have come, never the header's
/// promise.
#[derive(Debug)]
pub(crate) struct IdxSource {
    content: Content,
    form: Form,
    arrangement: Arrangement,
    element_type: ElementType,
    limits: Limits,
    rows: usize,
    left: usize,
    ended: bool,
}

impl IdxSource {
    pub(crate) fn new(mut content: Content, form: &Form, limits: Limits) -> Result<Self, LoadError> {
        let header = Self::header(&mut content).map_err(|error| content.failed(error))?;
        let sizes: Vec<usize> = header.dims.iter().map(|&size| size as usize).collect();
        let refused = |source| LoadError::Content { path: content.path().to_owned(), source };
        let (form, arrangement) = settled(&sizes, header.element_type, form).map_err(refused)?;
        let rows = sizes[0];
        let element_type = header.element_type;
        Ok(Self { content, form, arrangement, element_type, limits, rows, left: rows, ended: false })
    }

    /// Reads the header, and holds it to the length of all where that is known.
    fn header(content: &mut Content) -> Result<IdxHeader, OpenErrorKind> {
        let bytes = content.plain_bytes();
        let header = IdxHeader::read(&mut *content, bytes)?;
        bytes.map_or(Ok(()), |bytes| header.require_length(bytes))?;
        content.packed_bytes().map_or(Ok(()), |packed| header.require_packable(packed))?;
        Ok(header)
    }

    /// The largest number there is if they can't be counted, which they can where there are rows.
    fn row_bytes(&self) -> usize {
        self.arrangement.shape.numbers().saturating_mul(self.element_type.size())
    }

    fn read_chunk(&mut self, rows: usize) -> Result<Vec<u8>, OpenErrorKind> {
        let rows = rows.max(1).min(self.left);
        // No more than the header's product, which is known to be countable.
        let wanted = (rows * self.row_bytes()) as u64;
        if wanted > self.limits.max_bytes {
            return Err(IdxError::Limit { asked: wanted, limit: self.limits.max_bytes }.into());
        }
        let mut bytes = Vec::new();
        let read = (&mut self.content).take(wanted).read_to_end(&mut bytes)? as u64;
        let promised = (self.rows * self.row_bytes()) as u64;
        if read < wanted {
            let before = ((self.rows - self.left) * self.row_bytes()) as u64;
            return Err(IdxError::Length { promised, actual: before + read }.into());
        }
        self.left -= rows;
        if self.left == 0 && !self.ended {
            // Asking once more also makes a decompressor check its checksum, which stands after the data.
            if fill(&mut self.content, &mut [0])? != 0 {
                return Err(IdxError::Trailing { promised }.into());
            }
            self.ended = true;
        }
        Ok(bytes)
    }
}

impl Source for IdxSource {
    fn form(&self) -> &Form {
        &self.form
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn next_chunk(&mut self, rows: usize) -> Result<Samples, LoadError> {
        let first = self.rows - self.left;
        let bytes = self.read_chunk(rows).map_err(|error| self.content.failed(error))?;
        samples(self.element_type.elements(&bytes), self.arrangement, first)
            .map_err(|source| LoadError::Content { path: self.content.path().to_owned(), source })
    }
}

impl Samples {
    /// The rows of a whole array, whose first size is their number.
    ///
    /// # Errors
    /// [`DataError::Kind`] if it is one lone number, [`DataError::Shape`] if `form` asks for other rows,
    /// [`DataError::NotFinite`] at the first number that is a NaN or an infinity, also among 32 bits.
    pub fn from_idx(array: IdxArray, form: &Form) -> Result<Self, DataError> {
        let (_, arrangement) = settled(array.dims(), array.element_type(), form)?;
        samples(array.into_parts().1, arrangement, 0)
    }
}

/// The form with what the array says, and what its rows are.
pub(crate) fn settled(
    sizes: &[usize],
    element_type: ElementType,
    form: &Form,
) -> Result<(Form, Arrangement), DataError> {
    let Some((_, row)) = sizes.split_first() else {
        let expected = "rows of numbers, in at least 1 dimension";
        return Err(DataError::Kind { expected, rank: 0, element_type });
    };
    let elements = match element_type {
        ElementType::U8 => ElementKind::Bytes,
        _ => ElementKind::Floats,
    };
    form.require_elements(elements)?;
    let arrangement = Arrangement::of(row, form)?;
    let form = Form {
        kind: Some(SourceKind::Idx),
        elements: Some(elements),
        layout: arrangement.layout,
        ..form.clone().with_shape(arrangement.shape)
    };
    Ok((form, arrangement))
}

/// The rows of elements; errors count them from `first`.
fn samples(elements: Elements, arrangement: Arrangement, first: usize) -> Result<Samples, DataError> {
    let width = arrangement.shape.numbers();
    let floats = match elements {
        Elements::U8(bytes) => return Samples::new(arrangement.shape, arrangement.by_planes(bytes)),
        Elements::I8(values) => finite(values.into_iter().map(f64::from), width, first),
        Elements::I16(values) => finite(values.into_iter().map(f64::from), width, first),
        Elements::I32(values) => finite(values.into_iter().map(f64::from), width, first),
        Elements::F32(values) => finite(values.into_iter().map(f64::from), width, first),
        Elements::F64(values) => finite(values.into_iter(), width, first),
    };
    Samples::new(arrangement.shape, arrangement.by_planes(floats?))
}
