//! What can go wrong between numbers, layers and files.

use std::path::PathBuf;

use dfdx::tensor::CpuError;

/// Everything that this crate can refuse.
///
/// A fault of a weights file comes twice: as itself from the functions that take bytes, and as the
/// source of [`ModelError::Load`], which adds the path, from the functions that take one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Values that cannot be cut into whole rows.
    #[error("{values} values are not a whole number of rows of {row}")]
    BatchLength {
        /// How many values there are.
        values: usize,
        /// How many make one row.
        row: usize,
    },
    /// A batch of no rows, which dfdx cannot compute with.
    #[error("a batch needs at least one row")]
    EmptyBatch,
    /// dfdx could not compute a result.
    #[error("the tensor library failed")]
    Device {
        /// What it said.
        source: CpuError,
    },
    /// Another number of dense layers than the model has.
    #[error("expected {expected} dense layers, found {found}")]
    LayerCount {
        /// Dense layers of the model.
        expected: usize,
        /// Dense layers handed over.
        found: usize,
    },
    /// A dense layer of other sizes or with another activation than the model's.
    #[error("dense layer {index}: expected {expected}, found {found}")]
    Layer {
        /// Its place, from 0.
        index: usize,
        /// The model's, in words.
        expected: String,
        /// The one handed over, in words.
        found: String,
    },
    /// A tensor that the model has and the list lacks.
    #[error("tensor {name} is missing")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A tensor that the list has and the model lacks.
    #[error("tensor {name} is not one of this model's")]
    ExtraTensor {
        /// Its name.
        name: String,
    },
    /// One name given to two tensors.
    #[error("tensor {name} is there twice")]
    DuplicateTensor {
        /// The name.
        name: String,
    },
    /// A tensor of another shape than the model's.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    TensorShape {
        /// Its name.
        name: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A tensor with more or fewer values than its shape says.
    #[error("tensor {name}: its shape asks for {expected} values, found {found}")]
    TensorLength {
        /// Its name.
        name: String,
        /// The product of its shape.
        expected: usize,
        /// How many values came with it.
        found: usize,
    },
    /// A tensor of another number type than f32.
    #[error("tensor {name}: expected dtype F32, found {found}")]
    TensorDtype {
        /// Its name.
        name: String,
        /// The number type found, as safetensors writes it.
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
    /// A header that claims to be longer than any we read.
    #[error("header of {found} bytes, at most {limit} are read")]
    HeaderTooLarge {
        /// What the first eight bytes say.
        found: u64,
        /// [`MAX_HEADER_BYTES`](crate::MAX_HEADER_BYTES).
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
    /// Not a safetensors file, or one with a header that is cut short or lies.
    #[error("not a valid safetensors file: {reason}")]
    Format {
        /// What is wrong with it; not the source, because it prints its own source itself.
        reason: safetensors::SafeTensorError,
    },
    /// Metadata under our key that is not what we write.
    #[error("metadata `autoencoder` cannot be read")]
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
    /// Layers in the metadata whose sizes do not meet.
    #[error(
        "metadata `autoencoder`: the {half}'s layers do not meet: expected {expected} values, found {found}"
    )]
    Inconsistent {
        /// `"encoder"` or `"decoder"`.
        half: &'static str,
        /// The width that the layers before it, or the sizes beside it, ask for.
        expected: usize,
        /// The width that the layer has.
        found: usize,
    },
    /// Weights of another kind of model.
    #[error("another architecture: the {what} is {found} in the file, {expected} in this model")]
    Architecture {
        /// `"pixel count"`, `"code size"`, `"encoder"` or `"decoder"`.
        what: &'static str,
        /// The model's, as in `linear 784 -> 32, relu`.
        expected: String,
        /// The file's, or `absent`.
        found: String,
    },
    /// A folder, pipe, device or socket where a file is needed.
    #[error("not a regular file")]
    NotAFile,
    /// A file longer than any that is read.
    #[error("file of more than {limit} bytes")]
    FileTooLarge {
        /// [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES).
        limit: u64,
    },
    /// The system could not open or read the file.
    #[error("reading failed")]
    Read {
        /// What it said.
        source: std::io::Error,
    },
    /// Weights that could not be loaded; the source says why.
    #[error("cannot load weights from {}", .path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<ModelError>,
    },
    /// Weights that could not be saved.
    #[error("cannot save weights")]
    Save {
        /// Why; it names the file.
        source: ae_file::ReplaceError,
    },
}

impl From<CpuError> for ModelError {
    fn from(source: CpuError) -> Self {
        Self::Device { source }
    }
}
