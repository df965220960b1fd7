//! Tensors by name, as flat numbers: what is saved, restored and compared.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::WeightsError;

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// As PyTorch names it: `encoder.0.weight`.
    pub name: String,
    /// Sizes, outermost first; a layer's weight is `(outputs, inputs)`.
    pub shape: Vec<usize>,
    /// Row-major; as many as the product of `shape`.
    pub values: Vec<f32>,
}

impl NamedTensor {
    /// Refuses a NaN or an infinity.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`] with the first.
    pub fn require_finite(&self) -> Result<(), WeightsError> {
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(index) => {
                let (name, value) = (self.name.clone(), self.values[index]);
                Err(WeightsError::NotFinite { name, index, value })
            }
        }
    }
}

/// A name for the exact weights of a network: SHA-256 over its tensors, in the order of their names.
///
/// For each tensor: the length of its name in bytes, the name, the number of dimensions, each
/// dimension, then the values; lengths and dimensions as u64, values as f32, all little-endian.
/// Shown, and read, as 64 hexadecimal digits.
///
/// # Example
/// ```
/// use ae_net::WeightsId;
/// let id = WeightsId([0xab; 32]);
/// assert_eq!(id.to_string(), "ab".repeat(32));
/// assert_eq!("ab".repeat(32).parse(), Ok(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeightsId(pub [u8; 32]);

impl WeightsId {
    /// The identity of a network with these tensors, in whatever order they are listed.
    pub fn of(tensors: &[NamedTensor]) -> Self {
        let mut sorted: Vec<_> = tensors.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let mut hash = Sha256::new();
        for tensor in sorted {
            hash.update((tensor.name.len() as u64).to_le_bytes());
            hash.update(&tensor.name);
            hash.update((tensor.shape.len() as u64).to_le_bytes());
            for &size in &tensor.shape {
                hash.update((size as u64).to_le_bytes());
            }
            hash.update(float_bytes(&tensor.values));
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for WeightsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for WeightsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeightsId({self})")
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not 64 hexadecimal digits")]
pub struct WeightsIdError {
    found: String,
}

impl FromStr for WeightsId {
    type Err = WeightsIdError;

    fn from_str(text: &str) -> Result<Self, WeightsIdError> {
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
        let bytes: Option<Vec<u8>> =
            digits.map(|digits| digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect());
        match bytes.map(Vec::try_into) {
            Some(Ok(id)) if text.len() == 64 => Ok(Self(id)),
            _ => Err(WeightsIdError { found: text.to_owned() }),
        }
    }
}

/// Values as they stand in a tensor of 32-bit floats: four bytes each, little-endian.
///
/// # Example
/// ```
/// assert_eq!(ae_net::float_bytes(&[1.0, -2.0]), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
/// ```
pub fn float_bytes(values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(values)];
    for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *bytes = value.to_le_bytes();
    }
    bytes
}
