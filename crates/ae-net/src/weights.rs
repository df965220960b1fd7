//! Weights on disk: safetensors with PyTorch's names and shapes.
//!
//! `docs/weights-format.md` describes the bytes. A file's header is read first, and its tensors only if they are
//! the network's; names, shapes, number types, values and description are checked before any of it is used, and a
//! file is replaced in one step, so that neither a network nor a file is ever half of one thing and half of another.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};

use crate::{Description, NamedTensor, NetError, TensorFile, float_bytes};

/// The longest file that is read: 1 GiB, some 268 million numbers.
const MAX_FILE_BYTES: u64 = 1 << 30;

const METADATA_KEY: &str = "autoencoder";

/// Why weights cannot be loaded or saved.
///
/// A fault of a file comes twice: as itself from the functions that take bytes, and as the source of
/// [`WeightsError::Load`], which adds the path, from the functions that take one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// Weights that could not be loaded; the source says why.
    #[error("cannot load weights from {}", .path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<WeightsError>,
    },
    /// Weights that could not be saved.
    #[error("cannot save weights")]
    Save {
        /// Why; it names the file.
        source: ae_file::ReplaceError,
    },
    /// No regular file, or one that the system does not give.
    #[error(transparent)]
    Read(#[from] ae_file::ReadError),
    /// A file, or a header, that claims to be longer than any that is read.
    #[error("{what} of {found} bytes, at most {limit} are read")]
    Limit {
        /// Which of the two.
        what: &'static str,
        /// How long it says it is.
        found: u64,
        /// The longest that is read.
        limit: u64,
    },
    /// A file cut short, or with bytes behind its end.
    #[error("header promises {promised} bytes of data, file holds {actual}")]
    DataLength {
        /// Where the header says that the last tensor ends.
        promised: u64,
        /// Bytes after the header.
        actual: u64,
    },
    /// A file of another kind.
    #[error(
        "not a safetensors file, but {}: PyTorch writes one by safetensors.torch.save_file(model.state_dict(), \
         'model.safetensors')",
        .0.name()
    )]
    Foreign(
        /// What it is.
        ae_file::Kind,
    ),
    /// Not a safetensors file, or one with a header that is cut short or lies.
    #[error("not a valid safetensors file: {reason}")]
    Format {
        /// What is wrong with it; not the source, because it prints its own source itself.
        reason: SafeTensorError,
    },
    /// Metadata under our key that is not what we write.
    #[error("metadata `{METADATA_KEY}` cannot be read")]
    Metadata {
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Metadata of a format that this version does not know.
    #[error("weights format {found}, this program reads format {supported}")]
    FormatVersion {
        /// The file's.
        found: u64,
        /// Ours.
        supported: u64,
    },
    /// Weights of another network than the one that is to have them, or of none.
    #[error("another network: {what}: expected {expected}, found {found}")]
    Network {
        /// What differs, such as `code size` or `encoder`.
        what: &'static str,
        /// The network's, as in `linear 784 -> 32, relu`.
        expected: String,
        /// The file's, or `absent`.
        found: String,
    },
    /// A tensor that is missing, is not one of the network's, or is of another shape or number type.
    #[error("tensor {name}: expected {expected}, found {found}")]
    Tensor {
        /// Its name.
        name: String,
        /// What the network has under that name.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// Tensors of which it is not evident which is which of the network's.
    #[error(
        "its tensors are not evidently the network's: expected {expected}; found {found}; names can be changed, shapes have to be those"
    )]
    Names {
        /// The network's, with their shapes: the first dozen.
        expected: String,
        /// The file's, likewise.
        found: String,
    },
    /// A NaN or an infinity where a finite number is needed.
    #[error("tensor {name}: value {index} is {value}, expected a finite number")]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// Place in the flat, row-major values, from 0.
        index: usize,
        /// What stands there.
        value: f32,
    },
    /// Layers that make no network.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl WeightsError {
    /// A tensor that is not as it should be.
    pub fn tensor(name: &str, expected: impl Display, found: impl Display) -> Self {
        Self::Tensor { name: name.to_owned(), expected: expected.to_string(), found: found.to_string() }
    }

    pub(crate) fn network(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::Network { what, expected: expected.to_string(), found: found.to_string() }
    }
}

/// A weights file, opened: what it says of itself, and its tensors when they are asked for.
#[derive(Debug)]
pub struct WeightsFile<R> {
    file: TensorFile<R>,
    description: Option<Description>,
}

impl WeightsFile<BufReader<File>> {
    /// What `parse` makes of a file.
    ///
    /// # Errors
    /// [`WeightsError::Load`] with the path, and what is wrong with the file or what `parse` says of it.
    pub fn load<T>(
        path: impl AsRef<Path>,
        parse: impl FnOnce(Self) -> Result<T, WeightsError>,
    ) -> Result<T, WeightsError> {
        let path = path.as_ref();
        Self::open(path)
            .and_then(parse)
            .map_err(|source| WeightsError::Load { path: path.to_owned(), source: Box::new(source) })
    }

    fn open(path: &Path) -> Result<Self, WeightsError> {
        let (file, found) = ae_file::open(path)?;
        if found > MAX_FILE_BYTES {
            return Err(WeightsError::Limit { what: "a file", found, limit: MAX_FILE_BYTES });
        }
        Self::new(TensorFile::open(BufReader::new(file), found)?)
    }
}

impl<R: Read + Seek> WeightsFile<R> {
    /// The file whose header has been read.
    ///
    /// # Errors
    /// [`WeightsError::Metadata`], [`WeightsError::FormatVersion`] or [`WeightsError::Network`] if what it says of
    /// itself can't be.
    pub fn new(file: TensorFile<R>) -> Result<Self, WeightsError> {
        let description = file.metadata(METADATA_KEY).map(Description::from_json).transpose()?;
        Ok(Self { file, description })
    }

    /// The tensors, whatever they are.
    pub(crate) fn tensors(&mut self) -> &mut TensorFile<R> {
        &mut self.file
    }

    /// What the network in the file is; `None` if the file does not say, as one that PyTorch wrote.
    pub fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// Puts the file's values into `wanted`, the tensors of what `expected` describes, if they are exactly those;
    /// tensors of a half that `expected` has not are passed over.
    ///
    /// Of a file without our metadata names, shapes, number types and values are checked; its activations are taken to
    /// be the expected ones.
    ///
    /// # Errors
    /// [`WeightsError::Network`], [`WeightsError::Tensor`], [`WeightsError::NotFinite`] or [`WeightsError::Read`];
    /// `wanted` is of no use then.
    pub fn read_into(
        &mut self,
        expected: &Description,
        wanted: &mut [NamedTensor],
    ) -> Result<(), WeightsError> {
        if let Some(found) = &self.description {
            expected.expect(found)?;
        }
        let mut extra: BTreeSet<String> = self.file.names().into_iter().collect();
        for (half, layers) in [("encoder.", &expected.encoder), ("decoder.", &expected.decoder)] {
            extra.retain(|name| layers.is_some() || !name.starts_with(half));
        }
        for NamedTensor { name, shape, .. } in &*wanted {
            let found = self.file.shape_of_floats(name)?;
            if found != shape {
                let (expected, found) = (format!("shape {shape:?}"), format!("{found:?}"));
                return Err(WeightsError::tensor(name, expected, found));
            }
            extra.remove(name);
        }
        if let Some(name) = extra.pop_first() {
            return Err(WeightsError::tensor(&name, "no tensor of this name", "one"));
        }
        for tensor in wanted {
            tensor.values = self.file.floats(&tensor.name)?.values;
            tensor.require_finite()?;
        }
        Ok(())
    }
}

/// The bytes of a weights file; the same weights give the same bytes, since its one metadata key keeps them free of
/// a hash map's order.
///
/// # Errors
/// [`WeightsError::NotFinite`] if a weight is a NaN or an infinity: such a file would not load.
pub fn weights_to_bytes(description: &Description, tensors: &[NamedTensor]) -> Result<Vec<u8>, WeightsError> {
    tensors.iter().try_for_each(NamedTensor::require_finite)?;
    let invalid = |reason| WeightsError::Format { reason };
    let data: Vec<_> = tensors.iter().map(|tensor| float_bytes(&tensor.values)).collect();
    let views = tensors.iter().zip(&data).map(|(tensor, data)| {
        Ok((tensor.name.as_str(), TensorView::new(Dtype::F32, tensor.shape.clone(), data)?))
    });
    let views = views.collect::<Result<Vec<_>, SafeTensorError>>().map_err(invalid)?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), description.to_json()?)]);
    safetensors::serialize(views, Some(metadata)).map_err(invalid)
}

/// Writes weights to a file, over the one that is there.
///
/// # Errors
/// As [`weights_to_bytes`], and [`WeightsError::Save`] if the file cannot be written; what was there is then still
/// there.
pub fn save_weights(
    path: impl AsRef<Path>,
    description: &Description,
    tensors: &[NamedTensor],
) -> Result<(), WeightsError> {
    let bytes = weights_to_bytes(description, tensors)?;
    ae_file::replace(path.as_ref(), |out| out.write_all(&bytes))
        .map_err(|source| WeightsError::Save { source })
}
