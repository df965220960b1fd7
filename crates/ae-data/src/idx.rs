//! The IDX format: bytes to a typed array and back. No files, no arithmetic on elements.
//!
//! ```text
//! 00 00 type rank | rank sizes, u32 each | elements, last dimension fastest | nothing more
//! ```
//!
//! All numbers are big-endian. `docs/idx-format.md` has the table of bytes and the order of the checks. A rank
//! of 0 is one lone element (the product of no sizes is 1), and a size of 0 anywhere means no elements.
//!
//! ```
//! use ae_data::{ElementType, Limits, idx};
//!
//! let bytes = [0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22];
//! let array = idx::parse(&bytes, &Limits::default())?;
//! assert_eq!(array.dims(), [2, 3]);
//! assert_eq!(array.element_type(), ElementType::U8);
//! # Ok::<(), ae_data::IdxError>(())
//! ```

mod array;
mod header;

use std::io::{self, Read, Write};

pub use array::{ElementType, Elements, IdxArray};
pub(crate) use header::IdxHeader;

use crate::error::{IdxError, OpenErrorKind};
use crate::limits::Limits;

/// Data moves through a buffer of this many bytes, a multiple of every element's size.
const CHUNK_BYTES: usize = 64 << 10;

/// Parses a whole file that is already in memory.
///
/// # Errors
/// Any [`IdxError`] but `Trailing`. Nothing is allocated for the elements before the bytes are known to be there.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<IdxArray, IdxError> {
    read_sized(bytes, Some(bytes.len() as u64), limits).map_err(|error| match error {
        OpenErrorKind::Format(error) => error,
        error => unreachable!("reading a slice does not fail, but it did: {error}"),
    })
}

/// Reads an array from a stream of unknown length, to the stream's end.
///
/// Memory follows the bytes that have actually come, never the header's promise.
///
/// # Errors
/// [`OpenErrorKind::File`] if the stream fails, else an [`IdxError`] as [`OpenErrorKind::Format`]: `Length` if the
/// stream ends too soon, `Trailing` if it goes on.
pub fn read(reader: impl Read, limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    read_sized(reader, None, limits)
}

/// The one reader beneath all others; `total_bytes` is the length of the whole input where it is known.
pub(crate) fn read_sized(
    mut reader: impl Read,
    total_bytes: Option<u64>,
    limits: &Limits,
) -> Result<IdxArray, OpenErrorKind> {
    let header = IdxHeader::read(&mut reader, total_bytes)?;
    header.require_within(limits)?;
    if let Some(total) = total_bytes {
        header.require_length(total)?;
    }
    read_data(reader, header)
}

/// Reads what stands after a header, to the stream's end.
pub(crate) fn read_data(mut reader: impl Read, header: IdxHeader) -> Result<IdxArray, OpenErrorKind> {
    let elements = match header.element_type {
        ElementType::U8 => Elements::U8(read_elements(&mut reader, &header, |[byte]| byte)?),
        ElementType::I8 => Elements::I8(read_elements(&mut reader, &header, i8::from_be_bytes)?),
        ElementType::I16 => Elements::I16(read_elements(&mut reader, &header, i16::from_be_bytes)?),
        ElementType::I32 => Elements::I32(read_elements(&mut reader, &header, i32::from_be_bytes)?),
        ElementType::F32 => Elements::F32(read_elements(&mut reader, &header, f32::from_be_bytes)?),
        ElementType::F64 => Elements::F64(read_elements(&mut reader, &header, f64::from_be_bytes)?),
    };
    // Asking once more also makes a decompressor check its checksum, which stands after the data.
    if fill(&mut reader, &mut [0])? != 0 {
        return Err(IdxError::Trailing { promised: header.data_bytes }.into());
    }
    let dims = header.dims.iter().map(|&size| size as usize).collect();
    Ok(IdxArray { dims, elements })
}

/// Reads the promised elements of `SIZE` bytes each.
fn read_elements<T, const SIZE: usize>(
    reader: &mut impl Read,
    header: &IdxHeader,
    decode: impl Fn([u8; SIZE]) -> T,
) -> Result<Vec<T>, OpenErrorKind> {
    let mut elements = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    while elements.len() < header.elements {
        let left = header.elements - elements.len();
        let wanted = left.min(CHUNK_BYTES / SIZE) * SIZE;
        let read = fill(reader, &mut chunk[..wanted])?;
        if read < wanted {
            let actual = (elements.len() * SIZE + read) as u64;
            return Err(IdxError::Length { promised: header.data_bytes, actual }.into());
        }
        if elements.capacity() - elements.len() < wanted / SIZE {
            // Twice what has come so far, so that copying stays linear, but never more than is promised.
            let room = elements.len().max(wanted / SIZE).min(left);
            elements.try_reserve_exact(room).map_err(|_| IdxError::Memory { bytes: header.data_bytes })?;
        }
        elements.extend(chunk[..wanted].as_chunks().0.iter().map(|&bytes| decode(bytes)));
    }
    Ok(elements)
}

/// Writes an array; reading it back gives the same array, bit for bit.
///
/// # Errors
/// Whatever the writer answers.
pub fn write(array: &IdxArray, mut writer: impl Write) -> io::Result<()> {
    let header = IdxHeader::of(array.element_type(), &array.dims)
        .expect("IdxArray::new proves that the sizes fit a header and count elements that are there");
    header.write(&mut writer)?;
    match &array.elements {
        Elements::U8(values) => writer.write_all(values),
        Elements::I8(values) => write_elements(values, &mut writer, i8::to_be_bytes),
        Elements::I16(values) => write_elements(values, &mut writer, i16::to_be_bytes),
        Elements::I32(values) => write_elements(values, &mut writer, i32::to_be_bytes),
        Elements::F32(values) => write_elements(values, &mut writer, f32::to_be_bytes),
        Elements::F64(values) => write_elements(values, &mut writer, f64::to_be_bytes),
    }
}

fn write_elements<T: Copy, const SIZE: usize>(
    values: &[T],
    writer: &mut impl Write,
    encode: impl Fn(T) -> [u8; SIZE],
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    for values in values.chunks(CHUNK_BYTES / SIZE) {
        chunk.clear();
        chunk.extend(values.iter().flat_map(|&value| encode(value)));
        writer.write_all(&chunk)?;
    }
    Ok(())
}

/// Whether content that starts so is, or means to be, an IDX file: one in the wrong byte order too.
pub(crate) fn begins_idx(start: &[u8]) -> bool {
    match start {
        [0, 0, ..] => true,
        [1..=8, code, 0, 0, ..] => ElementType::from_code(*code).is_some(),
        _ => false,
    }
}

/// Fills the buffer as far as the reader goes, and says how far that was.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
