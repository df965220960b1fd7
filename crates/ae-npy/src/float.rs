//! The floats that an array may be of, and how they become 32-bit ones.

use half::f16;
use npyz::{DType, Endianness, TypeChar};

use crate::error::NpyErrorKind;

/// What an array's elements are: floats of 16, 32 or 64 bits, of either byte order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Float {
    width: Width,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy)]
enum Width {
    F16,
    F32,
    F64,
}

impl Float {
    pub(crate) fn of(dtype: &DType) -> Result<Self, NpyErrorKind> {
        let refused = |found| Err(NpyErrorKind::ElementType { found });
        let DType::Plain(name) = dtype else { return refused("structures".to_owned()) };
        let width = match (name.type_char(), name.size_field()) {
            (TypeChar::Float, 2) => Width::F16,
            (TypeChar::Float, 4) => Width::F32,
            (TypeChar::Float, 8) => Width::F64,
            _ => return refused(format!("'{name}'")),
        };
        Ok(Self { width, big_endian: name.endianness() == Endianness::Big })
    }

    /// Bytes of an element.
    pub(crate) fn bytes(self) -> usize {
        match self.width {
            Width::F16 => 2,
            Width::F32 => 4,
            Width::F64 => 8,
        }
    }

    /// Puts the nearest 32-bit floats of the elements in `bytes` into `values`, in place of what it held.
    ///
    /// # Errors
    /// The place and the value of the first that is not finite then.
    pub(crate) fn convert(self, bytes: &[u8], values: &mut Vec<f32>) -> Result<(), (usize, f64)> {
        match self.width {
            Width::F16 => convert(bytes, self.big_endian, |two| f16::from_le_bytes(two).to_f64(), values),
            Width::F32 => convert(bytes, self.big_endian, |four| f32::from_le_bytes(four).into(), values),
            Width::F64 => convert(bytes, self.big_endian, f64::from_le_bytes, values),
        }
    }
}

/// By way of `f64`, which holds every value of all three: what is refused can be told as it stood.
fn convert<const BYTES: usize>(
    bytes: &[u8],
    big_endian: bool,
    of_little_endian: impl Fn([u8; BYTES]) -> f64,
    values: &mut Vec<f32>,
) -> Result<(), (usize, f64)> {
    values.clear();
    for (at, &(mut element)) in bytes.as_chunks().0.iter().enumerate() {
        if big_endian {
            element.reverse();
        }
        let stood = of_little_endian(element);
        let value = stood as f32;
        if !value.is_finite() {
            return Err((at, stood));
        }
        values.push(value);
    }
    Ok(())
}
