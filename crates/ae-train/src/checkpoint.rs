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
use std::io::Cursor;
use std::path::Path;

use ae_net::{NamedTensor, TensorFile, WeightsError, WeightsId, float_bytes};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::checkpoint_error::CheckpointError;
use crate::history::{read_csv, write_csv};
use crate::metrics::Mean;
use crate::progress::Progress;
use crate::{AdamState, EpochRecord, Moments, RunSettings, TrainConfig};

/// The longest checkpoint that is written or read: 1 GiB.
const MAX_CHECKPOINT_BYTES: u64 = 1 << 30;

const FORMAT: u32 = 1;
pub(crate) const METADATA_KEY: &str = "checkpoint";
const FIRST: &str = "adam.m.";
const SECOND: &str = "adam.v.";
const HISTORY: &str = "history";
/// The last name of all bytes, which safetensors puts after all floats: so it lies at the end of the file.
const CHECKSUM: &str = "sha256";
const CHECKSUM_BYTES: usize = 32;

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
    /// Named by the loss of the first runs.
    #[serde(rename = "bce_sum")]
    loss_sum: f64,
    epoch_s: f64,
    wall_s: f64,
}

impl Checkpoint {
    /// The most parameters that one holds, each with two moments of Adam's beside it, and a history of any length.
    pub const MAX_PARAMETERS: usize = ((MAX_CHECKPOINT_BYTES - (32 << 20)) / 12) as usize;

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
    /// [`CheckpointError::Tensors`] if the run has left the finite numbers: such a checkpoint is worth nothing;
    /// [`CheckpointError::State`] if it would be longer than is ever read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        self.check()?;
        let mut history = Vec::new();
        write_csv(self.settings.outputs, &self.progress.epochs, &mut history)
            .map_err(|source| CheckpointError::History { source: source.into() })?;
        let mut tensors = Vec::new();
        for NamedTensor { name, shape, values } in &self.parameters {
            let Moments { m, v } = &self.adam.moments[name];
            for (prefix, values) in [("", values), (FIRST, m), (SECOND, v)] {
                tensors.push((format!("{prefix}{name}"), Dtype::F32, shape.clone(), float_bytes(values)));
            }
        }
        tensors.push((HISTORY.to_owned(), Dtype::U8, vec![history.len()], history));
        tensors.push((CHECKSUM.to_owned(), Dtype::U8, vec![CHECKSUM_BYTES], vec![0; CHECKSUM_BYTES]));

        let invalid = |reason| CheckpointError::Tensors(WeightsError::Format { reason });
        let views = tensors.iter().map(|(name, dtype, shape, data)| {
            Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?))
        });
        let views = views.collect::<Result<Vec<_>, _>>().map_err(invalid)?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), self.header()?)]);
        let mut bytes = safetensors::serialize(views, Some(metadata)).map_err(invalid)?;
        at_most("bytes of a checkpoint", MAX_CHECKPOINT_BYTES, bytes.len() as u64)?;
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
            loss_sum: mean.sum,
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
        if !is_sealed(bytes) {
            return Err(CheckpointError::Checksum);
        }
        let mut file = TensorFile::parse(bytes)?;
        let Header { format: _, run: settings, adam_steps, epoch, steps, loss_sum, epoch_s, wall_s } =
            Header::of(&file)?;
        let mut unread: BTreeSet<String> = file.names().into_iter().collect();
        read_bytes(&mut file, CHECKSUM, &mut unread)?;
        let history = read_bytes(&mut file, HISTORY, &mut unread)?;
        let epochs = read_csv(&history).map_err(|source| CheckpointError::History { source })?;
        let (parameters, moments) = read_parameters(&mut file, &mut unread)?;
        if let Some(name) = unread.pop_first() {
            return Err(WeightsError::tensor(&name, "no tensor of this name", "one").into());
        }
        // All batches but an epoch's last are full.
        let items = steps.saturating_mul(settings.config.batch_size).min(settings.data.train.images);
        let mean = Mean { sum: loss_sum, items };
        let progress = Progress { epochs, steps, mean, epoch_s, wall_s };
        let adam = AdamState { t: adam_steps, moments };
        let checkpoint = Self { settings, parameters, adam, progress };
        agree("the epoch under way", checkpoint.progress.epoch(), epoch)?;
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// Refuses what no run can have come to.
    fn check(&self) -> Result<(), CheckpointError> {
        let Self { settings, parameters, adam, progress } = self;
        let config = settings.config.check()?;
        check_counts(&config, settings.data.train.images, progress, adam.t)?;
        for (what, found) in [
            ("the epoch's losses", progress.mean.sum),
            ("seconds of the epoch", progress.epoch_s),
            ("seconds of the run", progress.wall_s),
        ] {
            if !(found.is_finite() && found >= 0.0) {
                return Err(CheckpointError::state(what, "a finite number from 0", found));
            }
        }
        parameters.iter().try_for_each(NamedTensor::require_finite)?;
        Ok(adam.moments.iter().try_for_each(|(name, moments)| check_moments(name, moments))?)
    }

    /// The checkpoint in a file.
    ///
    /// # Errors
    /// [`CheckpointError::Load`], with the path and the reason: see [`Checkpoint::from_bytes`]; or
    /// [`CheckpointError::Read`] if it is no regular file, longer than 1 GiB, or can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        ae_file::read(path, MAX_CHECKPOINT_BYTES)
            .map_err(CheckpointError::Read)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(|source| CheckpointError::Load { path: path.to_owned(), source: Box::new(source) })
    }
}

type Bytes<'a> = TensorFile<Cursor<&'a [u8]>>;

impl Header {
    /// The metadata of a file.
    fn of(file: &Bytes<'_>) -> Result<Self, CheckpointError> {
        /// Read ahead of the rest, so that a newer format is called newer and not malformed.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let json = file.metadata(METADATA_KEY);
        let json =
            json.ok_or_else(|| CheckpointError::state("the metadata", "those of a checkpoint", "none"))?;
        let malformed = |source| CheckpointError::Metadata { source };
        let Format { format } = serde_json::from_str(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(CheckpointError::FormatVersion { found: format, supported: FORMAT });
        }
        serde_json::from_str(json).map_err(malformed)
    }
}

/// A tensor of bytes, which is then read.
fn read_bytes(
    file: &mut Bytes<'_>,
    name: &str,
    unread: &mut BTreeSet<String>,
) -> Result<Vec<u8>, CheckpointError> {
    unread.remove(name);
    match file.info(name)?.dtype {
        Dtype::U8 => Ok(file.bytes(name)?),
        found => Err(WeightsError::tensor(name, "dtype U8", found).into()),
    }
}

/// The parameters among the tensors that are still to be read, in the order of their names, and Adam's moments of each.
fn read_parameters(
    file: &mut Bytes<'_>,
    unread: &mut BTreeSet<String>,
) -> Result<(Vec<NamedTensor>, BTreeMap<String, Moments>), CheckpointError> {
    let is_moment = |name: &str| name.starts_with(FIRST) || name.starts_with(SECOND);
    let names: Vec<String> = unread.iter().filter(|name| !is_moment(name)).cloned().collect();
    let (mut parameters, mut moments) = (Vec::new(), BTreeMap::new());
    for name in names {
        let parameter = file.floats(&name)?;
        let mut moment = |prefix: &str| {
            let moment = file.floats(&format!("{prefix}{name}"))?;
            unread.remove(&moment.name);
            if moment.shape != parameter.shape {
                let expected = format_args!("shape {:?}", parameter.shape);
                return Err(WeightsError::tensor(&moment.name, expected, format_args!("{:?}", moment.shape)));
            }
            Ok(moment.values)
        };
        let both = Moments { m: moment(FIRST)?, v: moment(SECOND)? };
        unread.remove(&name);
        moments.insert(name, both);
        parameters.push(parameter);
    }
    Ok((parameters, moments))
}

/// Refuses a place in a run of `images` images that no number of Adam's steps leads to.
fn check_counts(
    config: &TrainConfig,
    images: usize,
    progress: &Progress,
    adam_steps: u64,
) -> Result<(), CheckpointError> {
    for (epoch, expected) in progress.epochs.iter().zip(1..) {
        agree("the number of an epoch", expected, epoch.epoch)?;
    }
    let (done, steps) = (progress.epochs.len() as u64, progress.steps as u64);
    at_most("finished epochs", config.epochs(), done)?;
    let steps_an_epoch = images.div_ceil(config.batch_size()) as u64;
    at_most("steps of the epoch", if done < config.epochs() { steps_an_epoch } else { 0 }, steps)?;
    let all = done.checked_mul(steps_an_epoch).and_then(|all| all.checked_add(steps));
    agree("Adam's steps", all.unwrap_or(u64::MAX), adam_steps)
}

/// Refuses moments that Adam can't go on from. A mean of squares may grow beyond all numbers, which stops its weight and
/// nothing else.
fn check_moments(name: &str, Moments { m, v }: &Moments) -> Result<(), WeightsError> {
    let no_number = |prefix, values: &[f32], is_number: fn(f32) -> bool| {
        let index = values.iter().position(|&value| !is_number(value))?;
        Some(WeightsError::NotFinite { name: format!("{prefix}{name}"), index, value: values[index] })
    };
    let first = no_number(FIRST, m, f32::is_finite);
    if let Some(error) = first.or_else(|| no_number(SECOND, v, |v| !v.is_nan())) {
        return Err(error);
    }
    match v.iter().find(|&&v| v < 0.0) {
        None => Ok(()),
        Some(v) => Err(WeightsError::tensor(&format!("{SECOND}{name}"), "means of squares", v)),
    }
}

fn agree(what: &'static str, expected: u64, found: u64) -> Result<(), CheckpointError> {
    if expected == found { Ok(()) } else { Err(CheckpointError::state(what, expected, found)) }
}

fn at_most(what: &'static str, limit: u64, found: u64) -> Result<(), CheckpointError> {
    if found <= limit {
        return Ok(());
    }
    Err(CheckpointError::state(what, format_args!("at most {limit}"), found))
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

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
pub(crate) mod tests;
