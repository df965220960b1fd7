//! A safetensors file, read without believing its header.

use std::io::{Cursor, Read, Seek, SeekFrom};

use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};

use crate::{MAX_HEADER_BYTES, ModelError, NamedTensor};

/// A safetensors file whose header is true of its length: tensors lie end to end up to the file's end, and each is
/// as long as its shape and its number type ask. Tensors are read when they are asked for, each on its own.
///
/// Names, shapes and values are the caller's to judge.
///
/// # Example
/// ```
/// use ae_model::{Shallow, TensorFile};
///
/// let bytes = Shallow::<784, 32>::build(0)?.to_bytes()?;
/// let mut file = TensorFile::parse(&bytes)?;
/// assert_eq!(file.floats("decoder.0.weight")?.shape, [784, 32]);
/// assert!(TensorFile::parse(&bytes[1..]).is_err());
/// # Ok::<(), ae_model::ModelError>(())
/// ```
#[derive(Debug)]
pub struct TensorFile<R> {
    source: R,
    header: Metadata,
    /// Where the header ends and the tensors begin.
    data_start: u64,
}

impl<'a> TensorFile<Cursor<&'a [u8]>> {
    /// The file whose content is `bytes`.
    ///
    /// # Errors
    /// As [`TensorFile::open`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        Self::open(Cursor::new(bytes), bytes.len() as u64)
    }
}

impl<R: Read + Seek> TensorFile<R> {
    /// Reads the header of a file of `length` bytes, which `source` is at the start of, and nothing else of it.
    ///
    /// # Errors
    /// [`ModelError::HeaderTooLarge`] if it is longer than [`MAX_HEADER_BYTES`], [`ModelError::DataLength`] if the
    /// last tensor does not end where the file does, [`ModelError::Read`] if the system refuses,
    /// [`ModelError::Format`] for everything else.
    pub fn open(mut source: R, length: u64) -> Result<Self, ModelError> {
        let mut start = Vec::new();
        let mut more = |start: &mut Vec<u8>, bytes| {
            source.by_ref().take(bytes).read_to_end(start).map_err(|source| ModelError::Read { source })
        };
        more(&mut start, 8)?;
        if let Some(&header_bytes) = start.first_chunk() {
            let found = u64::from_le_bytes(header_bytes);
            // Before the library parses it: a header unpacks to many times its length.
            if found > MAX_HEADER_BYTES {
                return Err(ModelError::HeaderTooLarge { found, limit: MAX_HEADER_BYTES });
            }
            more(&mut start, found)?;
        }
        let data_start = start.len() as u64;
        let header = parse_header(&start, length.saturating_sub(data_start))?;
        Ok(Self { source, header, data_start })
    }

    /// What the metadata say under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// The names of all tensors, in the order of their data.
    pub fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// What the header says of a tensor.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`].
    pub fn info(&self, name: &str) -> Result<&TensorInfo, ModelError> {
        self.header.info(name).ok_or_else(|| ModelError::MissingTensor { name: name.to_owned() })
    }

    /// The bytes of a tensor of any number type.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`], or [`ModelError::Read`] if the system refuses.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>, ModelError> {
        let (start, end) = self.info(name)?.data_offsets;
        // No more than the file is long: the header has been found to be true of it.
        let mut bytes = vec![0; end - start];
        self.source
            .seek(SeekFrom::Start(self.data_start + start as u64))
            .and_then(|_| self.source.read_exact(&mut bytes))
            .map_err(|source| ModelError::Read { source })?;
        Ok(bytes)
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`], [`ModelError::TensorDtype`], or [`ModelError::Read`] if the system refuses.
    pub fn floats(&mut self, name: &str) -> Result<NamedTensor, ModelError> {
        let shape = self.shape_of_floats(name)?.to_vec();
        let bytes = self.bytes(name)?;
        let values = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        Ok(NamedTensor { name: name.to_owned(), shape, values })
    }

    /// The shape of a tensor of 32-bit floats, without reading it.
    pub(crate) fn shape_of_floats(&self, name: &str) -> Result<&[usize], ModelError> {
        let TensorInfo { dtype, shape, .. } = self.info(name)?;
        match dtype {
            Dtype::F32 => Ok(shape),
            found => Err(ModelError::TensorDtype { name: name.to_owned(), found: found.to_string() }),
        }
    }
}

/// The header of a file that goes on for `actual` bytes after it.
fn parse_header(start: &[u8], actual: u64) -> Result<Metadata, ModelError> {
    let header = start.get(8..).and_then(|json| serde_json::from_slice::<Metadata>(json).ok());
    // safetensors 0.8 asks for that too, but adds up the lengths without a check, so that tensors which claim
    // nearly 2^64 bytes make it panic, or pass, where overflow is not checked.
    if let Some(promised) = header.as_ref().map(|header| header.data_len() as u64)
        && promised != actual
    {
        return Err(ModelError::DataLength { promised, actual });
    }
    // Proves that the tensors lie end to end, each as long as its shape asks; last of all it misses the tensors
    // themselves, which have just been counted and are still in the file.
    match (SafeTensors::read_metadata(start), header) {
        (Ok((_, header)), _) | (Err(SafeTensorError::MetadataIncompleteBuffer), Some(header)) => Ok(header),
        (Err(reason), _) => Err(ModelError::Format { reason }),
    }
}

/// Values as they stand in a tensor of 32-bit floats: four bytes each, little-endian.
///
/// # Example
/// ```
/// assert_eq!(ae_model::float_bytes(&[1.0, -2.0]), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
/// ```
pub fn float_bytes(values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(values)];
    for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *bytes = value.to_le_bytes();
    }
    bytes
}
