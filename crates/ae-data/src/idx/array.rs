//! An array, and what its elements are.

use std::fmt;

use super::header::{checked_product, header_sizes};
use crate::error::DataError;

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
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        ElementType::ALL.into_iter().find(|element_type| element_type.code() == code)
    }

    /// Elements that stand as bytes, as a file has them; what is left of a last one that is cut off is left out.
    pub(crate) fn elements(self, bytes: &[u8]) -> Elements {
        fn decoded<T, const SIZE: usize>(bytes: &[u8], decode: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
            bytes.as_chunks().0.iter().map(|&element| decode(element)).collect()
        }
        match self {
            ElementType::U8 => Elements::U8(bytes.to_vec()),
            ElementType::I8 => Elements::I8(decoded(bytes, i8::from_be_bytes)),
            ElementType::I16 => Elements::I16(decoded(bytes, i16::from_be_bytes)),
            ElementType::I32 => Elements::I32(decoded(bytes, i32::from_be_bytes)),
            ElementType::F32 => Elements::F32(decoded(bytes, f32::from_be_bytes)),
            ElementType::F64 => Elements::F64(decoded(bytes, f64::from_be_bytes)),
        }
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
    fn len(&self) -> usize {
        match self {
            Elements::U8(values) => values.len(),
            Elements::I8(values) => values.len(),
            Elements::I16(values) => values.len(),
            Elements::I32(values) => values.len(),
            Elements::F32(values) => values.len(),
            Elements::F64(values) => values.len(),
        }
    }

    /// What one element is.
    fn element_type(&self) -> ElementType {
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
    pub(super) dims: Vec<usize>,
    pub(super) elements: Elements,
}

impl IdxArray {
    /// An array of the given sizes.
    ///
    /// # Errors
    /// [`DataError::Argument`] with more than 255 dimensions, if a size is beyond 32 bits, or if the sizes do not
    /// multiply to the number of elements.
    pub fn new(dims: Vec<usize>, elements: Elements) -> Result<Self, DataError> {
        header_sizes(&dims)?;
        if checked_product(dims.iter().copied()) != Some(elements.len()) {
            let expected = format!("as many as dimensions {dims:?} hold");
            return Err(DataError::argument("elements of an IDX array", expected, elements.len()));
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
