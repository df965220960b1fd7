//! A safetensors file, read without believing its header.

use std::io::{Cursor, Read, Seek, SeekFrom};

use ae_file::Kind;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};

use crate::{NamedTensor, WeightsError};

/// The longest header that is read: 1 MiB, some ten thousand tensors.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// A safetensors file whose header is true of its length: tensors lie end to end up to the file's end, and each is
/// as long as its shape and its number type ask. Tensors are read when they are asked for, each on its own.
///
/// Names, shapes and values are the caller's to judge.
///
/// # Example
/// ```
/// use ae_net::{Description, Network, TensorFile};
///
/// let bytes = Network::draw(&Description::dense(784, &[], 32), 0)?.to_bytes()?;
/// let mut file = TensorFile::parse(&bytes)?;
/// assert_eq!(file.floats("decoder.0.weight")?.shape, [784, 32]);
/// assert!(TensorFile::parse(&bytes[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        Self::open(Cursor::new(bytes), bytes.len() as u64)
    }
}

impl<R: Read + Seek> TensorFile<R> {
    /// Reads the header of a file of `length` bytes, which `source` is at the start of, and nothing else of it.
    ///
    /// # Errors
    /// [`WeightsError::Foreign`] if the file is known to be of another kind, [`WeightsError::Limit`] if the header is longer
    /// than 1 MiB, [`WeightsError::DataLength`] if the last tensor does not end where the file does,
    /// [`WeightsError::Read`] if the system refuses, [`WeightsError::Format`] for everything else.
    pub fn open(mut source: R, length: u64) -> Result<Self, WeightsError> {
        match read_header(&mut source, length) {
            Ok((header, data_start)) => Ok(Self { source, header, data_start }),
            Err(error) => Err(kind_of(&mut source).map_or(error, WeightsError::Foreign)),
        }
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
    /// [`WeightsError::Tensor`] if it is missing.
    pub fn info(&self, name: &str) -> Result<&TensorInfo, WeightsError> {
        self.header.info(name).ok_or_else(|| WeightsError::tensor(name, "a tensor of this name", "none"))
    }

    /// The bytes of a tensor of any number type.
    ///
    /// # Errors
    /// [`WeightsError::Tensor`] if it is missing, [`WeightsError::Read`] if the system refuses.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>, WeightsError> {
        let (start, end) = self.info(name)?.data_offsets;
        // No more than the file is long: the header has been found to be true of it.
        let mut bytes = vec![0; end - start];
        self.source
            .seek(SeekFrom::Start(self.data_start + start as u64))
            .and_then(|_| self.source.read_exact(&mut bytes))
            .map_err(|source| WeightsError::Read(source.into()))?;
        Ok(bytes)
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`WeightsError::Tensor`] if it is missing or of another number type, [`WeightsError::Read`] if the system refuses.
    pub fn floats(&mut self, name: &str) -> Result<NamedTensor, WeightsError> {
        let shape = self.shape_of_floats(name)?.to_vec();
        let bytes = self.bytes(name)?;
        let values = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        Ok(NamedTensor { name: name.to_owned(), shape, values })
    }

    /// A tensor of floats of 16, 32 or 64 bits, as the nearest ones of 32.
    pub(crate) fn converted(&mut self, name: &str) -> Result<NamedTensor, WeightsError> {
        let TensorInfo { dtype, shape, .. } = self.info(name)?;
        let (dtype, shape) = (*dtype, shape.clone());
        let bytes = self.bytes(name)?;
        let values = match dtype {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect(),
            Dtype::F16 => bytes.as_chunks().0.iter().map(|&two| f16::from_le_bytes(two).to_f32()).collect(),
            Dtype::BF16 => bytes.as_chunks().0.iter().map(|&two| bf16::from_le_bytes(two).to_f32()).collect(),
            Dtype::F64 => bytes.as_chunks().0.iter().map(|&eight| f64::from_le_bytes(eight) as f32).collect(),
            found => return Err(WeightsError::tensor(name, "dtype F32, F64, F16 or BF16", found)),
        };
        Ok(NamedTensor { name: name.to_owned(), shape, values })
    }

    /// The shape of a tensor of 32-bit floats, without reading it.
    pub(crate) fn shape_of_floats(&self, name: &str) -> Result<&[usize], WeightsError> {
        let TensorInfo { dtype, shape, .. } = self.info(name)?;
        match dtype {
            Dtype::F32 => Ok(shape),
            found => Err(WeightsError::tensor(name, "dtype F32", found)),
        }
    }
}

/// The header, and where it ends.
fn read_header(source: &mut impl Read, length: u64) -> Result<(Metadata, u64), WeightsError> {
    let mut start = Vec::new();
    let mut more = |start: &mut Vec<u8>, bytes| {
        source.by_ref().take(bytes).read_to_end(start).map_err(|source| WeightsError::Read(source.into()))
    };
    more(&mut start, 8)?;
    if let Some(&header_bytes) = start.first_chunk() {
        let found = u64::from_le_bytes(header_bytes);
        // Before the library parses it: a header unpacks to many times its length.
        if found > MAX_HEADER_BYTES {
            return Err(WeightsError::Limit { what: "header", found, limit: MAX_HEADER_BYTES });
        }
        more(&mut start, found)?;
    }
    let data_start = start.len() as u64;
    Ok((parse_header(&start, length.saturating_sub(data_start))?, data_start))
}

/// What a file is that is not one of tensors, whose header would begin with a brace.
fn kind_of(source: &mut (impl Read + Seek)) -> Option<Kind> {
    let mut start = Vec::new();
    source.rewind().ok()?;
    source.take(Kind::START_BYTES as u64).read_to_end(&mut start).ok()?;
    if start.get(8) == Some(&b'{') { None } else { Kind::of(&start) }
}

/// The header of a file that goes on for `actual` bytes after it.
fn parse_header(start: &[u8], actual: u64) -> Result<Metadata, WeightsError> {
    let header = start.get(8..).and_then(|json| serde_json::from_slice::<Metadata>(json).ok());
    // safetensors 0.8 asks for that too, but adds up the lengths without a check, so that tensors which claim
    // nearly 2^64 bytes make it panic, or pass, where overflow is not checked.
    if let Some(promised) = header.as_ref().map(|header| header.data_len() as u64)
        && promised != actual
    {
        return Err(WeightsError::DataLength { promised, actual });
    }
    // Proves that the tensors lie end to end, each as long as its shape asks; last of all it misses the tensors
    // themselves, which have just been counted and are still in the file.
    match (SafeTensors::read_metadata(start), header) {
        (Ok((_, header)), _) | (Err(SafeTensorError::MetadataIncompleteBuffer), Some(header)) => Ok(header),
        (Err(reason), _) => Err(WeightsError::Format { reason }),
    }
}
