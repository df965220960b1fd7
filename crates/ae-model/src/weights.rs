//! Weights on disk: safetensors with PyTorch's names and shapes.
//!
//! `docs/weights-format.md` describes the bytes. A file's header is read first, and its tensors only if they are
//! the model's; names, shapes, number types, values and architecture are checked before a model is touched, and a
//! file is replaced in one step, so that neither a model nor a file is ever half of one thing and half of another.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use crate::architecture::Architecture;
use crate::init::{build_decoder, build_encoder};
use crate::layers::check_finite;
use crate::{Autoencoder, ModelError, NamedTensor, Network, Parameters, TensorFile, float_bytes};

/// The longest file that is read: 1 GiB, some 268 million numbers.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The longest header that is read: 1 MiB, some ten thousand tensors.
pub const MAX_HEADER_BYTES: u64 = 1 << 20;

const METADATA_KEY: &str = "autoencoder";
const ENCODER: &str = "encoder.";
const DECODER: &str = "decoder.";

/// A name for the exact numbers of a model: SHA-256 over its tensors, in the order of their names.
///
/// For each tensor: the length of its name in bytes, the name, the number of dimensions, each
/// dimension, then the values; lengths and dimensions as u64, values as f32, all little-endian.
/// Shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeightsId([u8; 32]);

impl WeightsId {
    /// The identity of a model with these tensors, in whatever order they are listed.
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

    /// The hash itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
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

impl<E: Network, D: Network<In = E::Out, Out = E::In>> Autoencoder<E, D> {
    /// The weights as the bytes of a file; the same weights give the same bytes.
    ///
    /// # Errors
    /// [`ModelError::NotFinite`] if a weight is a NaN or an infinity: such a file would not load.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        to_bytes(&self.parameters(), &Self::architecture())
    }

    /// Writes the weights to a file, over the one that is there.
    ///
    /// # Errors
    /// As [`Autoencoder::to_bytes`], and [`ModelError::Save`] if the file cannot be written; what was
    /// there is then still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        write(path.as_ref(), &self.to_bytes()?)
    }

    /// A model with the weights of a file.
    ///
    /// # Errors
    /// [`ModelError::Load`], with the path and the reason: see [`Autoencoder::load_from`].
    ///
    /// # Example
    /// ```
    /// use ae_model::Shallow;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("model.safetensors");
    /// let model = Shallow::<784, 32>::build(0)?;
    /// model.save(&path)?;
    /// assert_eq!(Shallow::<784, 32>::load(&path)?.identity(), model.identity());
    ///
    /// let error = Shallow::<784, 16>::load(&path).unwrap_err();
    /// assert!(error.to_string().contains("model.safetensors"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        read(path.as_ref(), Self::of)
    }

    /// A model with the weights in `bytes`, the content of a file.
    ///
    /// # Errors
    /// The reasons listed at [`Autoencoder::load_from`], without the path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Self::of(Contents::of(TensorFile::parse(bytes)?)?)
    }

    fn of(contents: Contents<impl Read + Seek>) -> Result<Self, ModelError> {
        let mut model = Self::build(0)?;
        contents.fill(&mut model, "", &Self::architecture())?;
        Ok(model)
    }

    /// Takes over the weights of a file.
    ///
    /// All is checked first: on an error the model is as it was. Of a file without our metadata, such
    /// as PyTorch writes, names, shapes, number types and values are checked; its activations are
    /// taken to be this model's.
    ///
    /// # Errors
    /// [`ModelError::Load`] with the path, and one of these as its source: [`ModelError::Read`],
    /// [`ModelError::NotAFile`], [`ModelError::FileTooLarge`]; [`ModelError::HeaderTooLarge`],
    /// [`ModelError::DataLength`], [`ModelError::Format`]; [`ModelError::Metadata`], [`ModelError::FormatVersion`],
    /// [`ModelError::Inconsistent`], [`ModelError::Architecture`]; [`ModelError::MissingTensor`],
    /// [`ModelError::TensorDtype`], [`ModelError::TensorShape`], [`ModelError::ExtraTensor`],
    /// [`ModelError::NotFinite`].
    pub fn load_from(&mut self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        read(path.as_ref(), |contents| contents.fill(self, "", &Self::architecture()))
    }

    /// A name for these exact weights; see [`WeightsId`].
    pub fn identity(&self) -> WeightsId {
        WeightsId::of(&self.parameters())
    }
}

/// The encoder of a file that holds a whole model, or an encoder alone.
///
/// # Errors
/// [`ModelError::Load`], with the path and the reason: see [`Autoencoder::load_from`]. Of the
/// decoder's tensors nothing is asked.
///
/// # Example
/// ```
/// use ae_model::{Network, Shallow, ShallowEncoder, batch, load_encoder};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// Shallow::<784, 32>::build(0)?.save(&path)?;
/// let encoder: ShallowEncoder<784, 32> = load_encoder(&path)?;
/// let code = encoder.apply(batch(&[0.5; 784])?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_encoder<E: Network>(path: impl AsRef<Path>) -> Result<E, ModelError> {
    read(path.as_ref(), |contents| {
        let mut encoder = build_encoder(0)?;
        contents.fill(&mut encoder, ENCODER, &Architecture::of_encoder::<E>())?;
        Ok(encoder)
    })
}

/// The decoder of a file that holds a whole model, or a decoder alone.
///
/// # Errors
/// [`ModelError::Load`], with the path and the reason: see [`Autoencoder::load_from`]. Of the
/// encoder's tensors nothing is asked.
pub fn load_decoder<D: Network>(path: impl AsRef<Path>) -> Result<D, ModelError> {
    read(path.as_ref(), |contents| {
        let mut decoder = build_decoder(0)?;
        contents.fill(&mut decoder, DECODER, &Architecture::of_decoder::<D>())?;
        Ok(decoder)
    })
}

/// Writes an encoder alone, for [`load_encoder`].
///
/// # Errors
/// As [`Autoencoder::save`].
pub fn save_encoder<E: Network>(encoder: &E, path: impl AsRef<Path>) -> Result<(), ModelError> {
    save_half(encoder, ENCODER, &Architecture::of_encoder::<E>(), path.as_ref())
}

/// Writes a decoder alone, for [`load_decoder`].
///
/// # Errors
/// As [`Autoencoder::save`].
pub fn save_decoder<D: Network>(decoder: &D, path: impl AsRef<Path>) -> Result<(), ModelError> {
    save_half(decoder, DECODER, &Architecture::of_decoder::<D>(), path.as_ref())
}

/// What the model in a file is, so that a program can choose the type to load it with; `None` if the
/// file is sound but does not say, as one that PyTorch wrote.
///
/// # Errors
/// [`ModelError::Load`], with the path and the reason: see [`Autoencoder::load_from`]. Values are not
/// looked at, and tensors are not compared with the layers: loading does that.
///
/// # Example
/// ```
/// use ae_model::{Preset, Shallow, peek};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// Shallow::<784, 32>::build(0)?.save(&path)?;
/// let architecture = peek(&path)?.expect("we wrote it ourselves");
/// assert_eq!((architecture.pixels, architecture.code), (784, 32));
/// assert_eq!(architecture.preset(), Some(Preset::Shallow));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn peek(path: impl AsRef<Path>) -> Result<Option<Architecture>, ModelError> {
    read(path.as_ref(), |contents| Ok(contents.architecture))
}

/// The content of a weights file.
struct Contents<R> {
    file: TensorFile<R>,
    architecture: Option<Architecture>,
}

impl<R: Read + Seek> Contents<R> {
    /// Reads what the file says of itself.
    fn of(file: TensorFile<R>) -> Result<Self, ModelError> {
        let architecture = file.metadata(METADATA_KEY).map(Architecture::from_json).transpose()?;
        Ok(Self { file, architecture })
    }

    /// Puts the tensors whose names start with `prefix` into `model`, if they are exactly its own;
    /// those of the other half are passed over.
    fn fill(
        mut self,
        model: &mut impl Parameters,
        prefix: &str,
        expected: &Architecture,
    ) -> Result<(), ModelError> {
        if let Some(found) = &self.architecture {
            expected.expect(found)?;
        }
        let mut wanted = model.parameters();
        let mut extra: BTreeSet<String> = self.file.names().into_iter().collect();
        extra.retain(|name| {
            name.starts_with(prefix) || ![ENCODER, DECODER].iter().any(|h| name.starts_with(h))
        });
        for tensor in &mut wanted {
            tensor.name.insert_str(0, prefix);
            let NamedTensor { name, shape, .. } = &*tensor;
            let found = self.file.shape_of_floats(name)?;
            if found != shape {
                let (name, expected, found) = (name.clone(), shape.clone(), found.to_vec());
                return Err(ModelError::TensorShape { name, expected, found });
            }
            extra.remove(name);
        }
        if let Some(name) = extra.pop_first() {
            return Err(ModelError::ExtraTensor { name });
        }
        for tensor in &mut wanted {
            tensor.values = self.file.floats(&tensor.name)?.values;
            check_finite(&tensor.name, &tensor.values)?;
            tensor.name.drain(..prefix.len());
        }
        model.set_parameters(&wanted)
    }
}

/// The bytes of a file; its one metadata key keeps them free of a hash map's order.
fn to_bytes(tensors: &[NamedTensor], architecture: &Architecture) -> Result<Vec<u8>, ModelError> {
    for tensor in tensors {
        check_finite(&tensor.name, &tensor.values)?;
    }
    let invalid = |reason| ModelError::Format { reason };
    let data: Vec<_> = tensors.iter().map(|tensor| float_bytes(&tensor.values)).collect();
    let views = tensors.iter().zip(&data).map(|(tensor, data)| {
        Ok((tensor.name.as_str(), TensorView::new(Dtype::F32, tensor.shape.clone(), data)?))
    });
    let views = views.collect::<Result<Vec<_>, SafeTensorError>>().map_err(invalid)?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), architecture.to_json()?)]);
    safetensors::serialize(views, Some(metadata)).map_err(invalid)
}

fn save_half(
    half: &impl Parameters,
    prefix: &str,
    architecture: &Architecture,
    path: &Path,
) -> Result<(), ModelError> {
    let mut tensors = half.parameters();
    for tensor in &mut tensors {
        tensor.name.insert_str(0, prefix);
    }
    write(path, &to_bytes(&tensors, architecture)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    ae_file::replace(path, |writer| writer.write_all(bytes)).map_err(|source| ModelError::Save { source })
}

/// What `parse` makes of a file's content; an error of either gets the path.
fn read<T>(
    path: &Path,
    parse: impl FnOnce(Contents<BufReader<File>>) -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    open(path)
        .and_then(parse)
        .map_err(|source| ModelError::Load { path: path.to_owned(), source: Box::new(source) })
}

fn open(path: &Path) -> Result<Contents<BufReader<File>>, ModelError> {
    let (file, length) = ae_file::open(path).map_err(|error| match error {
        ae_file::ReadError::Io(source) => ModelError::Read { source },
        _ => ModelError::NotAFile,
    })?;
    if length > MAX_FILE_BYTES {
        return Err(ModelError::FileTooLarge { limit: MAX_FILE_BYTES });
    }
    Contents::of(TensorFile::open(BufReader::new(file), length)?)
}
