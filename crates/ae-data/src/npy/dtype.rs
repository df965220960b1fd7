//! The numbers that an array may be of, and what becomes of them.

use half::f16;
use npyz::{DType, Endianness, TypeChar};

use super::error::NpyError;
use crate::arrange::Arrangement;
use crate::error::DataError;
use crate::float::finite;
use crate::form::ElementKind;
use crate::samples::Samples;

/// What an array's elements are, in either byte order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dtype {
    number: Number,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
}

impl Dtype {
    pub(crate) fn of(dtype: &DType) -> Result<Self, NpyError> {
        let refused = |found| Err(NpyError::ElementType { found });
        let DType::Plain(name) = dtype else { return refused("structures".to_owned()) };
        let number = match (name.type_char(), name.size_field()) {
            (TypeChar::Bool, 1) => Number::Bool,
            (TypeChar::Uint, 1) => Number::U8,
            (TypeChar::Uint, 2) => Number::U16,
            (TypeChar::Uint, 4) => Number::U32,
            (TypeChar::Uint, 8) => Number::U64,
            (TypeChar::Int, 1) => Number::I8,
            (TypeChar::Int, 2) => Number::I16,
            (TypeChar::Int, 4) => Number::I32,
            (TypeChar::Int, 8) => Number::I64,
            (TypeChar::Float, 2) => Number::F16,
            (TypeChar::Float, 4) => Number::F32,
            (TypeChar::Float, 8) => Number::F64,
            _ => return refused(format!("'{name}'")),
        };
        Ok(Self { number, big_endian: name.endianness() == Endianness::Big })
    }

    /// Bytes of an element.
    pub(crate) fn bytes(self) -> usize {
        match self.number {
            Number::Bool | Number::U8 | Number::I8 => 1,
            Number::U16 | Number::I16 | Number::F16 => 2,
            Number::U32 | Number::I32 | Number::F32 => 4,
            Number::U64 | Number::I64 | Number::F64 => 8,
        }
    }

    /// What they are as numbers of a row.
    pub(crate) fn elements(self) -> ElementKind {
        match self.number {
            Number::U8 => ElementKind::Bytes,
            _ => ElementKind::Floats,
        }
    }

    /// The rows of elements that stand row after row in `bytes`; errors count them from `first`.
    ///
    /// # Errors
    /// [`DataError::NotFinite`] at the first float that is not finite in 32 bits.
    pub(crate) fn samples(
        self,
        bytes: Vec<u8>,
        arrangement: Arrangement,
        first: usize,
    ) -> Result<Samples, DataError> {
        let width = arrangement.shape.numbers();
        let big = self.big_endian;
        let floats = match self.number {
            Number::U8 => return Samples::new(arrangement.shape, arrangement.by_planes(bytes)),
            Number::Bool => decoded(&bytes, big, |[byte]| f32::from(byte != 0)).collect(),
            // Straight to 32 bits: on the way through 64, large ones would be rounded twice.
            Number::U16 => decoded(&bytes, big, |two| u16::from_le_bytes(two).into()).collect(),
            Number::U32 => decoded(&bytes, big, |four| u32::from_le_bytes(four) as f32).collect(),
            Number::U64 => decoded(&bytes, big, |eight| u64::from_le_bytes(eight) as f32).collect(),
            Number::I8 => decoded(&bytes, big, |one| i8::from_le_bytes(one).into()).collect(),
            Number::I16 => decoded(&bytes, big, |two| i16::from_le_bytes(two).into()).collect(),
            Number::I32 => decoded(&bytes, big, |four| i32::from_le_bytes(four) as f32).collect(),
            Number::I64 => decoded(&bytes, big, |eight| i64::from_le_bytes(eight) as f32).collect(),
            Number::F16 => {
                finite(decoded(&bytes, big, |two| f16::from_le_bytes(two).to_f64()), width, first)?
            }
            Number::F32 => {
                finite(decoded(&bytes, big, |four| f32::from_le_bytes(four).into()), width, first)?
            }
            Number::F64 => finite(decoded(&bytes, big, f64::from_le_bytes), width, first)?,
        };
        Samples::new(arrangement.shape, arrangement.by_planes(floats))
    }

    /// The first of every `columns` elements, at least 1, as labels.
    ///
    /// # Errors
    /// [`DataError::Argument`] if they are floats, or at the first that 32 bits can't hold.
    pub(crate) fn labels(self, bytes: &[u8], columns: usize) -> Result<Vec<i32>, DataError> {
        let big = self.big_endian;
        match self.number {
            Number::Bool => labels(decoded(bytes, big, |[byte]| byte != 0), columns),
            Number::U8 => labels(decoded(bytes, big, u8::from_le_bytes), columns),
            Number::U16 => labels(decoded(bytes, big, u16::from_le_bytes), columns),
            Number::U32 => labels(decoded(bytes, big, u32::from_le_bytes), columns),
            Number::U64 => labels(decoded(bytes, big, u64::from_le_bytes), columns),
            Number::I8 => labels(decoded(bytes, big, i8::from_le_bytes), columns),
            Number::I16 => labels(decoded(bytes, big, i16::from_le_bytes), columns),
            Number::I32 => labels(decoded(bytes, big, i32::from_le_bytes), columns),
            Number::I64 => labels(decoded(bytes, big, i64::from_le_bytes), columns),
            Number::F16 | Number::F32 | Number::F64 => {
                Err(DataError::argument("labels", "whole numbers: labels.astype('int32')", "floats"))
            }
        }
    }
}

fn labels(elements: impl Iterator<Item = impl Into<i128>>, columns: usize) -> Result<Vec<i32>, DataError> {
    let labels = elements.step_by(columns).enumerate().map(|(row, element)| {
        let label: i128 = element.into();
        i32::try_from(label).map_err(|_| {
            DataError::argument("labels", "whole numbers of 32 bits", format!("{label} in row {row}"))
        })
    });
    labels.collect()
}

fn decoded<const BYTES: usize, T>(
    bytes: &[u8],
    big_endian: bool,
    of_little_endian: impl Fn([u8; BYTES]) -> T + Clone,
) -> impl Iterator<Item = T> + Clone {
    bytes.as_chunks().0.iter().map(move |&(mut element)| {
        if big_endian {
            element.reverse();
        }
        of_little_endian(element)
    })
}
