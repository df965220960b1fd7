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

use std::fmt;
use std::io::{self, Read, Write};

use crate::error::{IdxError, ReadError};
use crate::limits::Limits;

/// Data moves through a buffer of this many bytes, a multiple of every element's size.
const CHUNK_BYTES: usize = 64 << 10;

/// What one element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// Unsigned byte, code `0x08`.
    U8,
    /// Signed byte, code `0x09`.
    I8,
    /// 16-bit integer, code `0x0B`.
    I16,
    /// 32-bit integer, code `0x0C`.
    I32,
    /// 32-bit IEEE 754 number, code `0x0D`.
    F32,
    /// 64-bit IEEE 754 number, code `0x0E`.
    F64,
}

impl ElementType {
    /// All six, in the order of their codes.
    pub const ALL: [ElementType; 6] = [
        ElementType::U8,
        ElementType::I8,
        ElementType::I16,
        ElementType::I32,
        ElementType::F32,
        ElementType::F64,
    ];

    /// The byte that stands for this type in a header.
    pub const fn code(self) -> u8 {
        match self {
            ElementType::U8 => 0x08,
            ElementType::I8 => 0x09,
            ElementType::I16 => 0x0B,
            ElementType::I32 => 0x0C,
            ElementType::F32 => 0x0D,
            ElementType::F64 => 0x0E,
        }
    }

    /// The type that a header's byte stands for, if any.
    pub fn from_code(code: u8) -> Option<Self> {
        ElementType::ALL.into_iter().find(|element_type| element_type.code() == code)
    }

    /// Bytes an element.
    pub const fn size(self) -> usize {
        match self {
            ElementType::U8 | ElementType::I8 => 1,
            ElementType::I16 => 2,
            ElementType::I32 | ElementType::F32 => 4,
            ElementType::F64 => 8,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ElementType::U8 => "unsigned bytes",
            ElementType::I8 => "signed bytes",
            ElementType::I16 => "16-bit integers",
            ElementType::I32 => "32-bit integers",
            ElementType::F32 => "32-bit floats",
            ElementType::F64 => "64-bit floats",
        })
    }
}

/// The elements of an array, last dimension fastest, in the machine's own byte order.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// 16-bit integers.
    I16(Vec<i16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 32-bit floats, any bit pattern, NaN included.
    F32(Vec<f32>),
    /// 64-bit floats, any bit pattern, NaN included.
    F64(Vec<f64>),
}

impl Elements {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Elements::U8(values) => values.len(),
            Elements::I8(values) => values.len(),
            Elements::I16(values) => values.len(),
            Elements::I32(values) => values.len(),
            Elements::F32(values) => values.len(),
            Elements::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What one element is.
    pub fn element_type(&self) -> ElementType {
        match self {
            Elements::U8(_) => ElementType::U8,
            Elements::I8(_) => ElementType::I8,
            Elements::I16(_) => ElementType::I16,
            Elements::I32(_) => ElementType::I32,
            Elements::F32(_) => ElementType::F32,
            Elements::F64(_) => ElementType::F64,
        }
    }
}

/// An array as an IDX file holds it: sizes that fit the header, and exactly as many elements as they say.
#[derive(Debug, Clone, PartialEq)]
pub struct IdxArray {
    dims: Vec<usize>,
    elements: Elements,
}

impl IdxArray {
    /// An array of the given sizes.
    ///
    /// # Errors
    /// [`IdxError::Rank`] with more than 255 dimensions, [`IdxError::Dimension`] if a size is beyond 32 bits,
    /// [`IdxError::Shape`] if the sizes do not multiply to the number of elements.
    pub fn new(dims: Vec<usize>, elements: Elements) -> Result<Self, IdxError> {
        header_sizes(&dims)?;
        if checked_product(dims.iter().copied()) != Some(elements.len()) {
            return Err(IdxError::Shape { dims, elements: elements.len() });
        }
        Ok(IdxArray { dims, elements })
    }

    /// The sizes, slowest dimension first.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements, last dimension fastest.
    pub fn elements(&self) -> &Elements {
        &self.elements
    }

    /// What one element is.
    pub fn element_type(&self) -> ElementType {
        self.elements.element_type()
    }

    /// The sizes and the elements, without copying.
    pub fn into_parts(self) -> (Vec<usize>, Elements) {
        (self.dims, self.elements)
    }
}

/// What stands before the elements: their type and the sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxHeader {
    element_type: ElementType,
    dims: Vec<u32>,
    elements: usize,
    data_bytes: u64,
}

impl IdxHeader {
    /// Reads a header and leaves the reader at the first element.
    ///
    /// Says nothing about the elements: whether they are there, and whether they are within some limit, is for
    /// whoever reads them to find out.
    ///
    /// # Errors
    /// [`ReadError::Io`] if the reader fails; as [`ReadError::Format`], [`IdxError::HeaderLength`],
    /// [`IdxError::Magic`], [`IdxError::ElementType`] or [`IdxError::Overflow`].
    pub fn read(mut reader: impl Read) -> Result<Self, ReadError> {
        let mut magic = [0; 4];
        let read = fill(&mut reader, &mut magic).map_err(ReadError::Io)?;
        if read < magic.len() {
            return Err(IdxError::HeaderLength { needed: 4, actual: read as u64 }.into());
        }
        let [0, 0, code, rank] = magic else {
            return Err(IdxError::Magic { found: u32::from_be_bytes(magic) }.into());
        };
        let element_type = ElementType::from_code(code).ok_or(IdxError::ElementType { code })?;

        let mut sizes = vec![0; 4 * usize::from(rank)];
        let read = fill(&mut reader, &mut sizes).map_err(ReadError::Io)?;
        if read < sizes.len() {
            return Err(
                IdxError::HeaderLength { needed: 4 + sizes.len() as u64, actual: 4 + read as u64 }.into()
            );
        }
        let dims = sizes.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size)).collect();
        Ok(IdxHeader::new(element_type, dims)?)
    }

    /// The header of an array of these sizes.
    ///
    /// # Errors
    /// [`IdxError::Rank`] with more than 255 dimensions, [`IdxError::Dimension`] if a size is beyond 32 bits,
    /// [`IdxError::Overflow`] if the bytes cannot be counted.
    pub fn of(element_type: ElementType, dims: &[usize]) -> Result<Self, IdxError> {
        IdxHeader::new(element_type, header_sizes(dims)?)
    }

    /// Writes the header; the elements follow it.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn write(&self, mut writer: impl Write) -> io::Result<()> {
        let rank = u8::try_from(self.dims.len()).expect("a header has at most 255 sizes");
        writer.write_all(&[0, 0, self.element_type.code(), rank])?;
        self.dims.iter().try_for_each(|size| writer.write_all(&size.to_be_bytes()))
    }

    fn new(element_type: ElementType, dims: Vec<u32>) -> Result<Self, IdxError> {
        let elements = checked_product(dims.iter().map(|&size| size as usize));
        let bytes = elements.and_then(|elements| elements.checked_mul(element_type.size()));
        match (elements, bytes) {
            (Some(elements), Some(bytes)) => {
                Ok(IdxHeader { element_type, dims, elements, data_bytes: bytes as u64 })
            }
            _ => Err(IdxError::Overflow { dims }),
        }
    }

    /// What one element is.
    pub fn element_type(&self) -> ElementType {
        self.element_type
    }

    /// The sizes, slowest dimension first.
    pub fn dims(&self) -> &[u32] {
        &self.dims
    }

    /// Bytes of element data that should follow.
    pub fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Bytes of the header itself.
    pub fn header_bytes(&self) -> u64 {
        4 + 4 * self.dims.len() as u64
    }

    pub(crate) fn require_within(&self, limits: &Limits) -> Result<(), IdxError> {
        match self.data_bytes {
            asked if asked > limits.max_bytes => Err(IdxError::Limit { asked, limit: limits.max_bytes }),
            _ => Ok(()),
        }
    }

    /// Refuses a promise that so many bytes of gzip cannot keep.
    pub(crate) fn require_packable(&self, packed: u64) -> Result<(), IdxError> {
        // Deflate's shortest codes, for a length and for a distance, are one bit each, and the longest length is
        // 258 bytes (RFC 1951, 3.2.5).
        const MOST_UNPACKED: u64 = 258 * 8 / 2;
        match self.data_bytes {
            promised if promised > packed.saturating_mul(MOST_UNPACKED) => {
                Err(IdxError::Packed { promised, packed })
            }
            _ => Ok(()),
        }
    }
}

/// Parses a whole file that is already in memory.
///
/// # Errors
/// Any [`IdxError`] but `Trailing` and those of [`IdxArray::new`]. Nothing is allocated for the elements
/// before the bytes are known to be there.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<IdxArray, IdxError> {
    read_sized(bytes, Some(bytes.len() as u64), limits).map_err(|error| match error {
        ReadError::Format(error) => error,
        ReadError::Io(error) => unreachable!("reading a slice does not fail, but it did: {error}"),
    })
}

/// Reads an array from a stream of unknown length, to the stream's end.
///
/// Memory follows the bytes that have actually come, never the header's promise.
///
/// # Errors
/// [`ReadError::Io`] if the stream fails, else an [`IdxError`] as [`ReadError::Format`]: `Length` if the stream
/// ends too soon, `Trailing` if it goes on.
pub fn read(reader: impl Read, limits: &Limits) -> Result<IdxArray, ReadError> {
    read_sized(reader, None, limits)
}

/// The one reader beneath all others; `total_bytes` is the length of the whole input where it is known.
pub(crate) fn read_sized(
    mut reader: impl Read,
    total_bytes: Option<u64>,
    limits: &Limits,
) -> Result<IdxArray, ReadError> {
    let header = IdxHeader::read(&mut reader)?;
    header.require_within(limits)?;
    if let Some(total) = total_bytes {
        let (promised, actual) = (header.data_bytes(), total.saturating_sub(header.header_bytes()));
        if actual != promised {
            return Err(IdxError::Length { promised, actual }.into());
        }
    }
    read_data(reader, header)
}

/// Reads what stands after a header, to the stream's end.
pub(crate) fn read_data(mut reader: impl Read, header: IdxHeader) -> Result<IdxArray, ReadError> {
    let elements = match header.element_type {
        ElementType::U8 => Elements::U8(read_elements(&mut reader, &header, |[byte]| byte)?),
        ElementType::I8 => Elements::I8(read_elements(&mut reader, &header, i8::from_be_bytes)?),
        ElementType::I16 => Elements::I16(read_elements(&mut reader, &header, i16::from_be_bytes)?),
        ElementType::I32 => Elements::I32(read_elements(&mut reader, &header, i32::from_be_bytes)?),
        ElementType::F32 => Elements::F32(read_elements(&mut reader, &header, f32::from_be_bytes)?),
        ElementType::F64 => Elements::F64(read_elements(&mut reader, &header, f64::from_be_bytes)?),
    };
    // Asking once more also makes a decompressor check its checksum, which stands after the data.
    if fill(&mut reader, &mut [0]).map_err(ReadError::Io)? != 0 {
        return Err(IdxError::Trailing { promised: header.data_bytes() }.into());
    }
    let dims = header.dims.iter().map(|&size| size as usize).collect();
    Ok(IdxArray { dims, elements })
}

/// Reads the promised elements of `SIZE` bytes each.
fn read_elements<T, const SIZE: usize>(
    reader: &mut impl Read,
    header: &IdxHeader,
    decode: impl Fn([u8; SIZE]) -> T,
) -> Result<Vec<T>, ReadError> {
    let mut elements = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    while elements.len() < header.elements {
        let left = header.elements - elements.len();
        let wanted = left.min(CHUNK_BYTES / SIZE) * SIZE;
        let read = fill(reader, &mut chunk[..wanted]).map_err(ReadError::Io)?;
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

/// The sizes as a header holds them.
fn header_sizes(dims: &[usize]) -> Result<Vec<u32>, IdxError> {
    if dims.len() > usize::from(u8::MAX) {
        return Err(IdxError::Rank { rank: dims.len() });
    }
    dims.iter()
        .enumerate()
        .map(|(axis, &size)| u32::try_from(size).map_err(|_| IdxError::Dimension { axis, size }))
        .collect()
}

/// The product of the sizes, 0 if any is 0 however large the others are; `None` if it cannot be counted.
fn checked_product(mut dims: impl Iterator<Item = usize> + Clone) -> Option<usize> {
    if dims.clone().any(|size| size == 0) {
        return Some(0);
    }
    dims.try_fold(1_usize, usize::checked_mul)
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
