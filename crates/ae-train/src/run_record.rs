//! What `run.json` says of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use ae_data::{Form, Samples, Scaling, Shape, Values};
use ae_net::{Baselines, Evaluation, Outputs};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{PcaScore, Restoration, TrainParams, Verdict};

/// The format of `run.json` that this version writes and reads.
pub const RUN_FORMAT: u32 = 1;

/// Everything needed to redo a run, and what it came to: the content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RUN_FORMAT`].
    pub format: u32,
    /// Version of this workspace.
    pub version: String,
    /// The model's preset, and what identifies its weights.
    pub model: ModelRecord,
    /// Settings of the run.
    pub config: TrainParams,
    /// The engine that computed it, and with how many threads.
    pub engine: EngineRecord,
    /// The images.
    pub data: DataRecord,
    /// What the figures are to be read against.
    pub baselines: Baselines,
    /// Mean loss over the last epoch's batches, if there was an epoch: BCE in nats, or squared error.
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "last_epoch_train_bce")]
    pub last_epoch_train_loss: Option<f64>,
    /// The training set under the last weights.
    pub train: Evaluation,
    /// The test set under the last weights.
    pub test: Evaluation,
    /// The test set, damaged as the training inputs were, if they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restored: Option<Restoration>,
    /// PCA on the test set, where the run was compared with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pca: Option<PcaScore>,
    /// What is wrong with the run; none in a record from before runs were judged.
    #[serde(default)]
    pub verdicts: Vec<Verdict>,
    /// Seconds from the first step to the last evaluation.
    pub wall_s: f64,
    /// Training images a second over all epochs' steps; 0 without any.
    pub images_per_s: f64,
    /// SHA-256 of the other files of the run folder that later commands read, hexadecimal, by their names;
    /// [`RunFolder::save`](crate::RunFolder::save) fills it in. Empty in a record from before they were kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub files: BTreeMap<String, String>,
}

/// Which model a run trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Name of the preset.
    pub preset: String,
    /// Units of the encoder's hidden layers, first layer first; none in a record from before they were kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hidden: Option<Vec<usize>>,
    /// Values in an image.
    pub pixels: usize,
    /// Values in a code.
    pub code: usize,
    /// How the network's outputs are read, and so which loss it was trained by.
    #[serde(skip_serializing_if = "Outputs::is_logits", default)]
    pub outputs: Outputs,
    /// File of weights that the run started from, if it did not draw them from its seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init: Option<PathBuf>,
    /// SHA-256 that identifies the trained weights, hexadecimal.
    pub identity: String,
}

/// What computed a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineRecord {
    /// `fused` or `autodiff`.
    pub name: String,
    /// The most threads that it could compute with.
    pub threads: usize,
    /// The share of the time of steps and evaluations with each number of threads, in [0, 1]; empty in a record from before
    /// they were counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub used: BTreeMap<usize, f64>,
    /// How the first layer read the training images: `sparse` or `dense`.
    pub inputs: String,
    /// The share of nonzero training pixels that this was decided by.
    pub density: f64,
}

/// The images of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Where they were read from.
    pub source: DataSource,
    /// The folder that relative paths of `source` start from, itself relative to the run's folder, such as `../..`;
    /// without it they start from wherever the reader stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<PathBuf>,
    /// How they stand there, with all that was found out, so that other files are read in the same way.
    #[serde(skip_serializing_if = "is_default", default)]
    pub form: Form,
    /// What was done to their numbers before the network saw them; nothing where bytes stand for brightness, and floats
    /// for themselves.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scaling: Option<Scaling>,
    /// The training images.
    pub train: SetRecord,
    /// The test images.
    pub test: SetRecord,
}

impl DataRecord {
    /// Where to read the images of the run in `run_folder` from: relative paths start from [`from`](Self::from) there, if
    /// the record has it; all others stay as they stand.
    ///
    /// # Example
    /// ```
    /// use std::path::Path;
    /// use ae_train::{DataRecord, DataSource, SetRecord};
    ///
    /// let set = SetRecord { images: 9, channels: 1, rows: 2, cols: 2, sha256: String::new(), labels_sha256: None };
    /// let source = DataSource::Folder("data/mnist".into());
    /// let (form, scaling) = Default::default();
    /// let data = DataRecord { source, from: Some("../..".into()), form, scaling, train: set.clone(), test: set };
    /// let found = data.source_of(Path::new("elsewhere/runs/one"));
    /// assert_eq!(found, DataSource::Folder("elsewhere/runs/one/../../data/mnist".into()));
    /// ```
    pub fn source_of(&self, run_folder: &Path) -> DataSource {
        let found = |path: &PathBuf| match &self.from {
            // Joining keeps an absolute path as it is.
            Some(from) => run_folder.join(from).join(path),
            None => path.clone(),
        };
        match &self.source {
            DataSource::Folder(folder) => DataSource::Folder(found(folder)),
            DataSource::Files { images, labels, test, test_labels } => DataSource::Files {
                images: found(images),
                labels: labels.as_ref().map(found),
                test: test.as_ref().map(found),
                test_labels: test_labels.as_ref().map(found),
            },
        }
    }
}

/// Where a run's images come from, as the user named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    /// A folder with the four files of MNIST.
    Folder(PathBuf),
    /// Single IDX files; without `test` the last tenth of `images`, by seed, is held out.
    Files {
        /// Training images.
        images: PathBuf,
        /// A label for each of them.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        labels: Option<PathBuf>,
        /// Test images.
        test: Option<PathBuf>,
        /// A label for each of those.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        test_labels: Option<PathBuf>,
    },
}

/// One set of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRecord {
    /// How many.
    pub images: usize,
    /// Planes of each.
    #[serde(skip_serializing_if = "is_one", default = "one")]
    pub channels: usize,
    /// Pixels from top to bottom; 1 of a plain list.
    pub rows: usize,
    /// Pixels from left to right; the numbers of a plain list.
    pub cols: usize,
    /// SHA-256 of the pixels as the network reads them, hexadecimal: bytes, or scaled 32-bit floats, little-endian, in
    /// file order.
    pub sha256: String,
    /// SHA-256 of the labels, hexadecimal: 32-bit little-endian integers in file order; none where the images have
    /// none, and in a record from before they were kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub labels_sha256: Option<String>,
}

impl SetRecord {
    /// The record of `images`.
    pub fn of(images: &Samples) -> Self {
        let Shape { channels, rows, cols } = images.shape();
        Self {
            images: images.len(),
            channels,
            rows,
            cols,
            sha256: match images.values() {
                Values::Bytes(bytes) => sha256(bytes),
                Values::Floats(values) => sha256_of(values.iter().map(|value| value.to_le_bytes())),
            },
            labels_sha256: images.labels().map(labels_sha256),
        }
    }

    /// What each of them is.
    pub fn shape(&self) -> Shape {
        Shape { channels: self.channels, rows: self.rows, cols: self.cols }
    }

    /// Whether these are the same images; labels may differ.
    pub fn same_images(&self, other: &Self) -> bool {
        (self.images, self.shape(), &self.sha256) == (other.images, other.shape(), &other.sha256)
    }
}

impl fmt::Display for SetRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { images, sha256, .. } = self;
        write!(out, "{images} of {} (SHA-256 {sha256})", self.shape())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> usize {
    1
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

/// As [`SetRecord::labels_sha256`] has it.
pub fn labels_sha256(labels: &[i32]) -> String {
    sha256_of(labels.iter().map(|label| label.to_le_bytes()))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    in_hexadecimal(Sha256::digest(bytes))
}

/// Of numbers as four bytes each.
fn sha256_of(numbers: impl Iterator<Item = [u8; 4]>) -> String {
    let mut hash = Sha256::new();
    numbers.for_each(|number| hash.update(number));
    in_hexadecimal(hash.finalize())
}

fn in_hexadecimal(hash: impl IntoIterator<Item = u8>) -> String {
    hash.into_iter().map(|byte| format!("{byte:02x}")).collect()
}
