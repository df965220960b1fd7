//! A safetensors file, read without believing its header.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, TensorView};

use crate::{MAX_HEADER_BYTES, ModelError, NamedTensor};

/// The content of a safetensors file, its header found to be true of its bytes: tensors lie end to end, and
/// each is as long as its shape and its number type ask.
///
/// Names, shapes and values are the caller's to judge.
///
/// # Example
/// ```
/// use ae_model::{Shallow, TensorFile};
///
/// let bytes = Shallow::<784, 32>::build(0)?.to_bytes()?;
/// let file = TensorFile::parse(&bytes)?;
/// assert_eq!(file.floats("decoder.0.weight")?.shape, [784, 32]);
/// assert!(TensorFile::parse(&bytes[1..]).is_err());
/// # Ok::<(), ae_model::ModelError>(())
/// ```
#[derive(Debug)]
pub struct TensorFile<'a> {
    header: Metadata,
    data: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ModelError::HeaderTooLarge`] if it is longer than [`MAX_HEADER_BYTES`], [`ModelError::DataLength`] if the
    /// last tensor does not end where the bytes do, [`ModelError::Format`] for everything else.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        // Before the library parses it: a header unpacks to many times its length.
        if let Some(length) = bytes.first_chunk() {
            let found = u64::from_le_bytes(*length);
            if found > MAX_HEADER_BYTES {
                return Err(ModelError::HeaderTooLarge { found, limit: MAX_HEADER_BYTES });
            }
            check_data_length(&bytes[8..], found as usize)?;
        }
        // This proves that the tensors lie end to end, each as long as its shape asks.
        let (header_bytes, header) =
            SafeTensors::read_metadata(bytes).map_err(|reason| ModelError::Format { reason })?;
        Ok(Self { header, data: &bytes[8 + header_bytes..] })
    }

    /// What the metadata say under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// The names of all tensors, in the order of their data.
    pub fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// A tensor of any number type.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`].
    pub fn tensor(&self, name: &str) -> Result<TensorView<'a>, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned() };
        let info = self.header.info(name).ok_or_else(missing)?;
        let (start, end) = info.data_offsets;
        TensorView::new(info.dtype, info.shape.clone(), &self.data[start..end])
            .map_err(|reason| ModelError::Format { reason })
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`], [`ModelError::TensorDtype`].
    pub fn floats(&self, name: &str) -> Result<NamedTensor, ModelError> {
        let view = self.tensor(name)?;
        if view.dtype() != Dtype::F32 {
            return Err(ModelError::TensorDtype { name: name.to_owned(), found: view.dtype().to_string() });
        }
        let values = view.data().chunks_exact(4);
        Ok(NamedTensor {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            values: values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        })
    }
}

/// Refuses tensors that end anywhere but at the end of the file.
///
/// safetensors 0.8 asks for that too, but adds up the lengths without a check, so that tensors which
/// claim nearly 2^64 bytes make it panic, or pass, where overflow is not checked. What is no header at
/// all is left to it.
fn check_data_length(after_length: &[u8], header_bytes: usize) -> Result<(), ModelError> {
    let Some((header, data)) = after_length.split_at_checked(header_bytes) else { return Ok(()) };
    let Ok(header) = serde_json::from_slice::<Metadata>(header) else { return Ok(()) };
    match header.data_len() {
        promised if promised != data.len() => Err(ModelError::DataLength { promised, actual: data.len() }),
        _ => Ok(()),
    }
}
