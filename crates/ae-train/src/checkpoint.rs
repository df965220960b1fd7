//! A run that can go on: what is in `checkpoint.safetensors`.
//!
//! The file is a safetensors file like that of the weights, with more in it:
//!
//! | tensor | type and shape | what |
//! | --- | --- | --- |
//! | `NAME` | F32, the parameter's | each parameter, under the name it has in `model.safetensors` |
//! | `adam.m.NAME`, `adam.v.NAME` | F32, the parameter's | Adam's moments of it |
//! | `history` | U8 | the finished epochs, as the text of `history.csv` |
//! | `sha256` | U8, 32 | SHA-256 of all bytes of the file before these, its last 32 |
//!
//! The metadata key `checkpoint` is JSON with sorted keys: the format, the run's settings with the hashes of its
//! images, Adam's step count, the epoch under way and how many of its steps are done, the sum of their losses and
//! the seconds spent. Order, noise and masks are pure functions of seed, epoch and image, so a place in an epoch
//! is all that has to be kept of them. An f64 is written as the shortest text that reads back to its bits.
//!
//! Reading checks the sum first and then believes nothing because of it: every length, name, shape and count is
//! compared with every other, and only a checkpoint in which all agree is returned.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use ae_file::ReplaceError;
use ae_model::{ModelError, NamedTensor, TensorFile, WeightsId, float_bytes};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::history::{MAX_LINE_BYTES, read_csv, write_csv};
use crate::metrics::Mean;
use crate::{
    AdamState, ConfigError, DataRecord, EpochRecord, Moments, SetRecord, TrainConfig, TrainError, TrainParams,
};

/// The longest checkpoint that is written or read: 1 GiB, which some 89 million parameters fill.
pub const MAX_CHECKPOINT_BYTES: u64 = 1 << 30;

const FORMAT: u32 = 1;
const METADATA_KEY: &str = "checkpoint";
const FIRST: &str = "adam.m.";
const SECOND: &str = "adam.v.";
const HISTORY: &str = "history";
/// The last name of all bytes, which safetensors puts after all floats: so it lies at the end of the file.
const CHECKSUM: &str = "sha256";
const CHECKSUM_BYTES: usize = 32;

/// What a run is: where two of these differ in more than the epochs, a checkpoint of one can't go on as the other;
/// nor where the epochs differ and the step size falls towards the last of them.
///
/// Made by [`Trainer::settings`](crate::Trainer::settings).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// Name of the preset.
    pub preset: String,
    /// Values in an image.
    pub pixels: usize,
    /// Values in a code.
    pub code: usize,
    /// File of weights that the run started from, if it did not draw them from its seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init: Option<PathBuf>,
    /// Settings of the training.
    pub config: TrainParams,
    /// `fused` or `autodiff`.
    pub engine: String,
    /// Threads it computes with. The fused engine gives the same bits with any number.
    pub threads: usize,
    /// The images. They may have moved, but not changed.
    pub data: DataRecord,
}

impl RunSettings {
    /// Refuses to go on as `asked` where that would be another run.
    pub(crate) fn require(&self, asked: &Self) -> Result<(), TrainError> {
        let same = |what: &str, kept: String, asked: String| match kept == asked {
            true => Ok(()),
            false => Err(TrainError::Differs { what: what.to_owned(), kept, asked }),
        };
        same("preset", self.preset.clone(), asked.preset.clone())?;
        same("pixels", self.pixels.to_string(), asked.pixels.to_string())?;
        same("code size", self.code.to_string(), asked.code.to_string())?;
        same("engine", self.engine.clone(), asked.engine.clone())?;
        let (ours, theirs) = (fields(&self.config), fields(&asked.config));
        for name in ours.keys().chain(theirs.keys()) {
            let (ours, theirs) = (ours.get(name), theirs.get(name));
            // Where the step size falls towards the last epoch, another last epoch is another run.
            let more =
                |(kept, asked): (&Value, &Value)| self.config.decay == 0.0 && asked.as_u64() > kept.as_u64();
            if !(name == "epochs" && ours.zip(theirs).is_some_and(more)) {
                same(&name.replace('_', " "), in_words(ours), in_words(theirs))?;
            }
        }
        let init = |init: &Option<PathBuf>| {
            init.as_ref().map_or("drawn from the seed".to_owned(), |path| path.display().to_string())
        };
        same("initial weights", init(&self.init), init(&asked.init))?;
        // dfdx adds up in an order that the number of threads may have a say in.
        if self.engine != "fused" {
            same("threads", self.threads.to_string(), asked.threads.to_string())?;
        }
        same("training images", set_in_words(&self.data.train), set_in_words(&asked.data.train))?;
        same("test images", set_in_words(&self.data.test), set_in_words(&asked.data.test))
    }
}

/// The settings by name. By way of the text, in which a float of 32 bits has no more digits than it needs.
fn fields(params: &TrainParams) -> Map<String, Value> {
    let text = serde_json::to_string(params).expect("numbers and words can be written");
    serde_json::from_str(&text).expect("what was just written can be read")
}

fn in_words(setting: Option<&Value>) -> String {
    match setting {
        None => "none".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    }
}

fn set_in_words(SetRecord { images, rows, cols, sha256 }: &SetRecord) -> String {
    format!("{images} of {rows} x {cols} (SHA-256 {sha256})")
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Progress {
    /// The finished epochs.
    pub(crate) epochs: Vec<EpochRecord>,
    /// Steps done in the epoch after them.
    pub(crate) steps: usize,
    /// The mean loss of those steps.
    pub(crate) mean: Mean,
    /// Seconds those steps took.
    pub(crate) epoch_s: f64,
    /// Seconds of the run so far.
    pub(crate) wall_s: f64,
}

impl Progress {
    /// The epoch under way, from 1.
    pub(crate) fn epoch(&self) -> u64 {
        self.epochs.len() as u64 + 1
    }

    /// A step is done that had a mean loss of `bce` over `images` images.
    pub(crate) fn step(&mut self, bce: f64, images: usize) {
        self.mean.add(bce, images);
        self.steps += 1;
    }

    /// The epoch is done.
    pub(crate) fn finish(&mut self, record: EpochRecord) {
        self.epochs.push(record);
        (self.steps, self.mean, self.epoch_s) = (0, Mean::default(), 0.0);
    }
}

/// Everything that a run needs to go on to the same bits as if it had never stopped.
///
/// [`RunFolder::checkpoint`](crate::RunFolder::checkpoint) finds a run's newest,
/// [`Trainer::resume`](crate::Trainer::resume) goes on from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    settings: RunSettings,
    /// In the order of their names.
    parameters: Vec<NamedTensor>,
    adam: AdamState,
    progress: Progress,
}

/// The JSON of the metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    run: RunSettings,
    adam_steps: u64,
    epoch: u64,
    steps: usize,
    bce_sum: f64,
    epoch_s: f64,
    wall_s: f64,
}

impl Checkpoint {
    /// Parameters without moments are those that no step has moved yet: theirs are 0.
    pub(crate) fn new(
        settings: RunSettings,
        mut parameters: Vec<NamedTensor>,
        mut adam: AdamState,
        progress: Progress,
    ) -> Self {
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        for NamedTensor { name, values, .. } in &parameters {
            let zeros = || vec![0.0; values.len()];
            adam.moments.entry(name.clone()).or_insert_with(|| Moments { m: zeros(), v: zeros() });
        }
        Self { settings, parameters, adam, progress }
    }

    /// What the run is.
    pub fn settings(&self) -> &RunSettings {
        &self.settings
    }

    /// The epochs that are finished.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.progress.epochs
    }

    /// Steps done in the epoch after those.
    pub fn steps(&self) -> usize {
        self.progress.steps
    }

    /// A name for the weights; the trained model's own if the run is finished.
    pub fn weights(&self) -> WeightsId {
        WeightsId::of(&self.parameters)
    }

    pub(crate) fn into_parts(self) -> (Vec<NamedTensor>, AdamState, Progress) {
        (self.parameters, self.adam, self.progress)
    }

    /// The checkpoint as the bytes of a file.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] or [`CheckpointError::Moment`] if the run has left the finite numbers: such a
    /// checkpoint is worth nothing; [`CheckpointError::TooLarge`] if it would be longer than is ever read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        self.check()?;
        let invalid = |reason| CheckpointError::Tensors(ModelError::Format { reason });
        let history = csv(&self.progress.epochs)?;
        let mut names = Vec::new();
        let mut data = Vec::new();
        for NamedTensor { name, shape, values } in &self.parameters {
            let Moments { m, v } = &self.adam.moments[name];
            for (prefix, values) in [("", values), (FIRST, m), (SECOND, v)] {
                names.push(format!("{prefix}{name}"));
                data.push((Dtype::F32, shape.clone(), float_bytes(values)));
            }
        }
        names.push(HISTORY.to_owned());
        data.push((Dtype::U8, vec![history.len()], history));
        names.push(CHECKSUM.to_owned());
        data.push((Dtype::U8, vec![CHECKSUM_BYTES], vec![0; CHECKSUM_BYTES]));

        let views = names.iter().zip(&data).map(|(name, (dtype, shape, data))| {
            Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?))
        });
        let views = views.collect::<Result<Vec<_>, _>>().map_err(invalid)?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), self.header()?)]);
        let mut bytes = safetensors::serialize(views, Some(metadata)).map_err(invalid)?;
        if bytes.len() as u64 > MAX_CHECKPOINT_BYTES {
            return Err(CheckpointError::TooLarge { limit: MAX_CHECKPOINT_BYTES });
        }
        seal(&mut bytes);
        Ok(bytes)
    }

    /// The metadata of a file.
    fn header(&self) -> Result<String, CheckpointError> {
        let Progress { steps, mean, epoch_s, wall_s, .. } = self.progress;
        let header = Header {
            format: FORMAT,
            run: self.settings.clone(),
            adam_steps: self.adam.t,
            epoch: self.progress.epoch(),
            steps,
            bce_sum: mean.sum,
            epoch_s,
            wall_s,
        };
        let malformed = |source| CheckpointError::Metadata { source };
        // A `Value` has its keys sorted; by way of the text, as in `fields`.
        let text = serde_json::to_string(&header).map_err(malformed)?;
        Ok(serde_json::from_str::<Value>(&text).map_err(malformed)?.to_string())
    }

    /// The checkpoint in `bytes`, the content of a file.
    ///
    /// # Errors
    /// [`CheckpointError::Checksum`] if a byte is not as it was written, and one of the others if bytes that somebody
    /// has put a checksum under do not make a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        /// Read ahead of the rest, so that a newer format is called newer and not malformed.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        if !is_sealed(bytes) {
            return Err(CheckpointError::Checksum);
        }
        let mut file = TensorFile::parse(bytes)?;
        let json = file.metadata(METADATA_KEY).ok_or(CheckpointError::NotACheckpoint)?;
        let malformed = |source| CheckpointError::Metadata { source };
        let Format { format } = serde_json::from_str(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(CheckpointError::FormatVersion { found: format, supported: FORMAT });
        }
        let Header { format: _, run: settings, adam_steps, epoch, steps, bce_sum, epoch_s, wall_s } =
            serde_json::from_str(json).map_err(malformed)?;

        let mut names: BTreeSet<String> = file.names().into_iter().collect();
        let mut bytes_of = |name: &str| {
            names.remove(name);
            match file.info(name)?.dtype {
                Dtype::U8 => Ok(file.bytes(name)?),
                found => Err(CheckpointError::Dtype { name: name.to_owned(), found: found.to_string() }),
            }
        };
        bytes_of(CHECKSUM)?;
        let history = bytes_of(HISTORY)?;
        let epochs = match history.split(|&byte| byte == b'\n').any(|line| line.len() > MAX_LINE_BYTES) {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any row").into()),
            false => read_csv(&history[..]),
        }
        .map_err(|source| CheckpointError::History { source })?;

        let mut parameters = Vec::new();
        let mut adam = AdamState { t: adam_steps, moments: BTreeMap::new() };
        let is_moment = |name: &String| name.starts_with(FIRST) || name.starts_with(SECOND);
        let own: Vec<String> = names.iter().filter(|name| !is_moment(name)).cloned().collect();
        for name in own {
            let parameter = file.floats(&name)?;
            let mut moment = |prefix: &str| {
                let moment = file.floats(&format!("{prefix}{name}"))?;
                names.remove(&moment.name);
                if moment.shape != parameter.shape {
                    let (expected, found) = (parameter.shape.clone(), moment.shape);
                    return Err(ModelError::TensorShape { name: moment.name, expected, found });
                }
                Ok(moment.values)
            };
            let moments = Moments { m: moment(FIRST)?, v: moment(SECOND)? };
            names.remove(&name);
            adam.moments.insert(name, moments);
            parameters.push(parameter);
        }
        if let Some(name) = names.pop_first() {
            return Err(ModelError::ExtraTensor { name }.into());
        }

        // All batches but an epoch's last are full.
        let items = steps.saturating_mul(settings.config.batch_size).min(settings.data.train.images);
        let mean = Mean { sum: bce_sum, items };
        let progress = Progress { epochs, steps, mean, epoch_s, wall_s };
        let checkpoint = Self { settings, parameters, adam, progress };
        agree("the epoch under way", checkpoint.progress.epoch(), epoch)?;
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// Refuses what no run can have come to.
    fn check(&self) -> Result<(), CheckpointError> {
        let Self { settings, parameters, adam, progress } = self;
        let config: TrainConfig = settings.config.check()?;
        let most = |what, limit: u64, found: u64| match found {
            found if found > limit => Err(CheckpointError::Count { what, expected: limit, found }),
            _ => Ok(()),
        };
        for (epoch, expected) in progress.epochs.iter().zip(1..) {
            agree("the number of an epoch", expected, epoch.epoch)?;
        }
        let done = progress.epochs.len() as u64;
        most("finished epochs", config.epochs(), done)?;
        let steps_an_epoch = settings.data.train.images.div_ceil(config.batch_size()) as u64;
        let steps = progress.steps as u64;
        most("steps of the epoch", if done < config.epochs() { steps_an_epoch } else { 0 }, steps)?;
        let all = done.checked_mul(steps_an_epoch).and_then(|all| all.checked_add(steps));
        agree("Adam's steps", all.unwrap_or(u64::MAX), adam.t)?;
        let numbers = [
            ("the epoch's losses", progress.mean.sum),
            ("seconds of the epoch", progress.epoch_s),
            ("seconds of the run", progress.wall_s),
        ];
        for (what, found) in numbers {
            if !(found.is_finite() && found >= 0.0) {
                return Err(CheckpointError::Number { what, found });
            }
        }
        for NamedTensor { name, values, .. } in parameters {
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let (name, value) = (name.clone(), values[index]);
                return Err(ModelError::NotFinite { name, index, value }.into());
            }
        }
        for (name, Moments { m, v }) in &adam.moments {
            // A mean of squares may grow beyond all numbers, which stops its weight and nothing else.
            let wrong_first = m.iter().position(|m| !m.is_finite()).map(|index| (FIRST, index, m[index]));
            let wrong_second = || v.iter().position(|&v| v.is_nan() || v < 0.0).map(|i| (SECOND, i, v[i]));
            if let Some((prefix, index, value)) = wrong_first.or_else(wrong_second) {
                return Err(CheckpointError::Moment { name: format!("{prefix}{name}"), index, value });
            }
        }
        Ok(())
    }

    /// The checkpoint in a file.
    ///
    /// # Errors
    /// [`CheckpointError::Load`], with the path and the reason: see [`Checkpoint::from_bytes`]; or
    /// [`CheckpointError::Read`] if it is no regular file, longer than [`MAX_CHECKPOINT_BYTES`], or can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        ae_file::read(path, MAX_CHECKPOINT_BYTES)
            .map_err(CheckpointError::Read)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(|source| CheckpointError::Load { path: path.to_owned(), source: Box::new(source) })
    }
}

fn agree(what: &'static str, expected: u64, found: u64) -> Result<(), CheckpointError> {
    if expected == found { Ok(()) } else { Err(CheckpointError::Count { what, expected, found }) }
}

fn csv(epochs: &[EpochRecord]) -> Result<Vec<u8>, CheckpointError> {
    let mut text = Vec::new();
    write_csv(epochs, &mut text).map_err(|source| CheckpointError::History { source: source.into() })?;
    Ok(text)
}

/// Puts the checksum of all bytes before it in its place.
fn seal(bytes: &mut [u8]) {
    if let Some((content, checksum)) = bytes.split_last_chunk_mut::<CHECKSUM_BYTES>() {
        checksum.copy_from_slice(&Sha256::digest(content));
    }
}

fn is_sealed(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<CHECKSUM_BYTES>()
        .is_some_and(|(content, checksum)| Sha256::digest(content)[..] == checksum[..])
}

/// A run's newest checkpoint that can be believed.
#[derive(Debug)]
pub struct Found {
    /// What it holds.
    pub checkpoint: Checkpoint,
    /// What is wrong with the newest one, if this is the one before.
    pub passed_over: Option<CheckpointError>,
}

/// The checkpoint in `newest`, or, if that can't be believed, the one in `previous`.
pub(crate) fn find(newest: &Path, previous: &Path) -> Result<Found, CheckpointError> {
    let refused = match Checkpoint::load(newest) {
        Ok(checkpoint) => return Ok(Found { checkpoint, passed_over: None }),
        Err(refused) => refused,
    };
    match Checkpoint::load(previous) {
        Ok(checkpoint) => Ok(Found { checkpoint, passed_over: Some(refused) }),
        Err(source) => Err(CheckpointError::Neither { newest: Box::new(refused), source: Box::new(source) }),
    }
}

/// A checkpoint that can't be written, or not be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A file that is no checkpoint to go on from; the source says why.
    #[error("cannot go on from {}", .path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<CheckpointError>,
    },
    /// Both checkpoints of a run are of no use.
    #[error("{}; nor from the one before it", chain(.newest))]
    Neither {
        /// What is wrong with the newest.
        newest: Box<CheckpointError>,
        /// What is wrong with the one before it.
        source: Box<CheckpointError>,
    },
    /// No file, no regular file, too long a file, or one that the system does not give.
    #[error(transparent)]
    Read(ae_file::ReadError),
    /// A file that is not as it was written.
    #[error("the checksum is wrong: the file is damaged, cut short or no checkpoint")]
    Checksum,
    /// A file of tensors without our metadata.
    #[error("not a checkpoint: the metadata `{METADATA_KEY}` are missing")]
    NotACheckpoint,
    /// Tensors that are missing, too many, of the wrong kind, or not finite.
    #[error(transparent)]
    Tensors(#[from] ModelError),
    /// A tensor of another number type than bytes.
    #[error("tensor {name}: expected dtype U8, found {found}")]
    Dtype {
        /// Its name.
        name: String,
        /// The number type found, as safetensors writes it.
        found: String,
    },
    /// Metadata that are not what we write.
    #[error("metadata `{METADATA_KEY}` cannot be read")]
    Metadata {
        /// Where they go wrong.
        source: serde_json::Error,
    },
    /// A format that this version does not know.
    #[error("checkpoint format {found}, this program reads format {supported}")]
    FormatVersion {
        /// The file's.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// Settings that no run can have.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Finished epochs that are no table of epochs.
    #[error("the finished epochs cannot be read")]
    History {
        /// Where it goes wrong.
        source: csv::Error,
    },
    /// Two places that do not agree on how far the run has come.
    #[error("{what}: {found}, expected {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// What follows from the rest.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// A sum or a time that is none.
    #[error("{what}: {found}, expected a finite number from 0")]
    Number {
        /// What was measured.
        what: &'static str,
        /// What stands there.
        found: f64,
    },
    /// A moment that Adam can't go on from.
    #[error("tensor {name}: value {index} is {value}, which is no moment of Adam's")]
    Moment {
        /// The tensor's name.
        name: String,
        /// Place in the flat, row-major values, from 0.
        index: usize,
        /// What stands there.
        value: f32,
    },
    /// A checkpoint that would be longer than any that is read.
    #[error("a checkpoint of more than {limit} bytes would not be read again")]
    TooLarge {
        /// [`MAX_CHECKPOINT_BYTES`].
        limit: u64,
    },
    /// The system did not take it.
    #[error(transparent)]
    Write(#[from] ReplaceError),
    /// The checkpoint of an earlier run could not be removed.
    #[error("cannot remove {}", .path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start a thread to write checkpoints with")]
    Thread(#[source] std::io::Error),
}

/// An error and all that caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::DataSource;

    /// The checkpoint of a tiny run after five of its eight steps.
    pub(crate) fn small() -> Checkpoint {
        let set = SetRecord { images: 11, rows: 1, cols: 2, sha256: "ab".repeat(32) };
        let settings = RunSettings {
            preset: "shallow".to_owned(),
            pixels: 2,
            code: 1,
            init: Some("weights.safetensors".into()),
            config: TrainParams { epochs: 2, batch_size: 3, learning_rate: 0.1, ..TrainParams::default() },
            engine: "fused".to_owned(),
            threads: 2,
            data: DataRecord { source: DataSource::Folder("data".into()), train: set.clone(), test: set },
        };
        let tensor = |name: &str, shape: &[usize], values: &[f32]| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        let parameters = vec![
            tensor("encoder.0.weight", &[1, 2], &[0.1, -0.0]),
            tensor("decoder.0.bias", &[2], &[1e-40, 3.0]),
        ];
        let moments = |m: [f32; 2], v: [f32; 2]| Moments { m: m.to_vec(), v: v.to_vec() };
        let adam = AdamState {
            t: 5,
            moments: BTreeMap::from([
                ("encoder.0.weight".to_owned(), moments([-0.5, 0.25], [0.0, f32::INFINITY])),
                ("decoder.0.bias".to_owned(), moments([1.0 / 3.0, -0.0], [f32::MIN_POSITIVE, 7e-39])),
            ]),
        };
        let row = EpochRecord {
            epoch: 1,
            train_bce: 0.1 + 0.2,
            test_bce: 1.0 / 3.0,
            test_mse: 0.0,
            test_psnr_db: f64::INFINITY,
            dead_units: 1,
            wall_s: 5e-324,
        };
        let mean = Mean { sum: 0.123_456_789_012_345_67 * 3.0, items: 3 };
        let progress = Progress { epochs: vec![row], steps: 1, mean, epoch_s: 0.7, wall_s: 1e300 };
        Checkpoint::new(settings, parameters, adam, progress)
    }

    fn bits(checkpoint: &Checkpoint) -> Vec<u32> {
        let moments = checkpoint.adam.moments.values().flat_map(|moments| [&moments.m, &moments.v]);
        let all = checkpoint.parameters.iter().map(|tensor| &tensor.values).chain(moments);
        all.flatten().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn every_bit_survives_the_file_and_one_state_gives_one_file() {
        let checkpoint = small();
        let bytes = checkpoint.to_bytes().unwrap();
        let back = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(back, checkpoint);
        assert_eq!(bits(&back), bits(&checkpoint), "also the sign of a zero");
        assert_eq!(back.progress.mean.sum.to_bits(), checkpoint.progress.mean.sum.to_bits());
        for _ in 0..20 {
            assert_eq!(back.to_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn a_state_before_the_first_step_survives_too() {
        let mut checkpoint = small();
        checkpoint.adam = AdamState::default();
        checkpoint.progress = Progress::default();
        let Checkpoint { settings, parameters, adam, progress } = checkpoint;
        let checkpoint = Checkpoint::new(settings, parameters, adam, progress);
        assert_eq!(checkpoint.adam.moments["decoder.0.bias"].m, [0.0, 0.0]);
        assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap(), checkpoint);
    }

    #[test]
    fn every_flipped_bit_and_every_prefix_is_refused() {
        let good = small().to_bytes().unwrap();
        assert!(good.len() > 1_000);
        let mut bytes = good.clone();
        for at in 0..bytes.len() {
            for flip in [1, 0x10, 0x80, 0xff] {
                bytes[at] ^= flip;
                let found = Checkpoint::from_bytes(&bytes);
                assert!(matches!(found, Err(CheckpointError::Checksum)), "byte {at}: {found:?}");
                bytes[at] ^= flip;
            }
        }
        for length in 0..good.len() {
            let found = Checkpoint::from_bytes(&good[..length]);
            assert!(matches!(found, Err(CheckpointError::Checksum)), "{length} bytes: {found:?}");
        }
        for extra in [&[0][..], &[0; 32], &good] {
            let found = Checkpoint::from_bytes(&[&good, extra].concat());
            assert!(found.is_err(), "{} bytes behind the end", extra.len());
        }
        Checkpoint::from_bytes(&bytes).unwrap();
    }

    /// The checksum is no secret: whoever changes a file can put the right one under it. What is read then is
    /// refused, or is a checkpoint that says what the changed bytes say.
    #[test]
    fn a_right_checksum_under_wrong_bytes_is_not_enough() {
        let good = small().to_bytes().unwrap();
        let mut refused = 0;
        let mut try_one = |mut bytes: Vec<u8>| {
            seal(&mut bytes);
            match Checkpoint::from_bytes(&bytes) {
                // Written again it is the same file, so every byte of it was read, and none of them was made up.
                Ok(found) => assert!(same_content(&found.to_bytes().unwrap(), &bytes)),
                Err(_) => refused += 1,
            }
        };
        for at in 0..good.len() - CHECKSUM_BYTES {
            for flip in [1, 0x10, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                try_one(bytes);
            }
        }
        for length in 0..good.len() {
            try_one(good[..length].to_vec());
        }
        assert!(refused > good.len(), "{refused}");
    }

    /// The same header but for spelling, and the same tensors.
    fn same_content(a: &[u8], b: &[u8]) -> bool {
        let [mut a, mut b] = [a, b].map(|bytes| TensorFile::parse(bytes).unwrap());
        let json = |file: &TensorFile<io::Cursor<&[u8]>>| -> Value {
            serde_json::from_str(file.metadata(METADATA_KEY).unwrap()).unwrap()
        };
        let names = a.names();
        // The checksum covers the header, and so its spelling; the history is a text, which may be spelt otherwise.
        let read_alike = |name: &&String| ![CHECKSUM, HISTORY].contains(&name.as_str());
        json(&a) == json(&b)
            && names == b.names()
            && names.iter().filter(read_alike).all(|n| a.bytes(n).unwrap() == b.bytes(n).unwrap())
    }

    #[test]
    fn each_way_to_be_wrong_has_its_error() {
        type Change = fn(&mut Checkpoint);
        let refused = |change: Change| {
            let mut checkpoint = small();
            change(&mut checkpoint);
            // Nothing of the kind is written, either.
            checkpoint.to_bytes().unwrap_err()
        };
        let count = |change, name: &str, should: u64, is: u64| match refused(change) {
            CheckpointError::Count { what, expected, found } => {
                assert_eq!((what, expected, found), (name, should, is));
            }
            other => panic!("{name}: {other}"),
        };
        count(|c| c.adam.t = 6, "Adam's steps", 5, 6);
        count(|c| c.progress.steps = 5, "steps of the epoch", 4, 5);
        count(|c| c.progress.steps = 2, "Adam's steps", 6, 5);
        count(|c| c.progress.epochs[0].epoch = 2, "the number of an epoch", 1, 2);
        count(|c| c.settings.config.epochs = 1, "steps of the epoch", 0, 1);
        count(
            |c| {
                let row = c.progress.epochs[0];
                c.progress.epochs.extend([2, 3].map(|epoch| EpochRecord { epoch, ..row }));
            },
            "finished epochs",
            2,
            3,
        );
        let number = |change| matches!(refused(change), CheckpointError::Number { .. });
        assert!(number(|c| c.progress.mean.sum = f64::NAN));
        assert!(number(|c| c.progress.epoch_s = -1.0));
        assert!(number(|c| c.progress.wall_s = f64::INFINITY));
        let moment = |change, tensor: &str| match refused(change) {
            CheckpointError::Moment { name, index: 1, .. } => assert_eq!(name, tensor),
            other => panic!("{tensor}: {other}"),
        };
        moment(
            |c| c.adam.moments.get_mut("decoder.0.bias").unwrap().m[1] = f32::INFINITY,
            "adam.m.decoder.0.bias",
        );
        moment(|c| c.adam.moments.get_mut("decoder.0.bias").unwrap().v[1] = -1.0, "adam.v.decoder.0.bias");
        moment(
            |c| c.adam.moments.get_mut("decoder.0.bias").unwrap().v[1] = f32::NAN,
            "adam.v.decoder.0.bias",
        );
        assert!(matches!(
            refused(|c| c.parameters[1].values[0] = f32::NAN),
            CheckpointError::Tensors(ModelError::NotFinite { index: 0, .. })
        ));
        assert!(matches!(
            refused(|c| c.settings.config.learning_rate = 0.0),
            CheckpointError::Config(ConfigError::LearningRate { .. })
        ));
    }

    #[test]
    fn files_of_tensors_that_are_no_checkpoints_are_refused() {
        let sealed = |tensors: &[(&str, Dtype, &[usize], &[u8])], json: Option<&str>| {
            let sum = ("sha256", Dtype::U8, &[32][..], &[0; 32][..]);
            let all = tensors.iter().chain([&sum]);
            let views = all.map(|(name, dtype, shape, data)| {
                (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap())
            });
            let metadata = json.map(|json| HashMap::from([("checkpoint".to_owned(), json.to_owned())]));
            let mut bytes = safetensors::serialize(views, metadata).unwrap();
            seal(&mut bytes);
            Checkpoint::from_bytes(&bytes).unwrap_err()
        };
        assert!(matches!(sealed(&[], None), CheckpointError::NotACheckpoint));
        assert!(matches!(sealed(&[], Some("{")), CheckpointError::Metadata { .. }));
        assert!(matches!(sealed(&[], Some("{}")), CheckpointError::Metadata { .. }));
        assert!(matches!(
            sealed(&[], Some(r#"{"format": 2, "new": []}"#)),
            CheckpointError::FormatVersion { found: 2, supported: 1 }
        ));
        let json = small().header().unwrap();
        let extra = json.replacen('{', r#"{"more": 1, "#, 1);
        assert!(matches!(sealed(&[], Some(&extra)), CheckpointError::Metadata { .. }));
        let missing = |error| match error {
            CheckpointError::Tensors(ModelError::MissingTensor { name }) => name,
            other => panic!("{other}"),
        };
        assert_eq!(missing(sealed(&[], Some(&json))), "history");
        let history = ("history", Dtype::U8, &[0][..], &[][..]);
        let weight = ("w", Dtype::F32, &[1][..], &[0; 4][..]);
        let (m, v) = (
            ("adam.m.w", Dtype::F32, &[1][..], &[0; 4][..]),
            ("adam.v.w", Dtype::F32, &[1][..], &[0; 4][..]),
        );
        assert_eq!(missing(sealed(&[history, weight], Some(&json))), "adam.m.w");
        assert_eq!(missing(sealed(&[history, weight, m], Some(&json))), "adam.v.w");
        assert!(matches!(
            sealed(&[history, m, v], Some(&json)),
            CheckpointError::Tensors(ModelError::ExtraTensor { name }) if name == "adam.m.w"
        ));
        let wide = ("adam.v.w", Dtype::F32, &[2][..], &[0; 8][..]);
        assert!(matches!(
            sealed(&[history, weight, m, wide], Some(&json)),
            CheckpointError::Tensors(ModelError::TensorShape { name, .. }) if name == "adam.v.w"
        ));
        let halves = ("w", Dtype::F16, &[1][..], &[0; 2][..]);
        assert!(matches!(
            sealed(&[history, halves, m, v], Some(&json)),
            CheckpointError::Tensors(ModelError::TensorDtype { name, .. }) if name == "w"
        ));
        let floats = ("history", Dtype::F32, &[1][..], &[0; 4][..]);
        assert!(
            matches!(sealed(&[floats], Some(&json)), CheckpointError::Dtype { name, .. } if name == "history")
        );
        let words = ("history", Dtype::U8, &[14][..], &b"epoch\nno epoch"[..]);
        assert!(matches!(sealed(&[words], Some(&json)), CheckpointError::History { .. }));
        assert!(matches!(
            sealed(&[history, weight, m, v], Some(&json)),
            CheckpointError::Count { what: "the epoch under way", expected: 1, found: 2 }
        ));
    }
}
