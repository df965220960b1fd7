//! The folder a run leaves behind: `run.json`, `history.csv`, `model.safetensors`, `figures/`, and the checkpoints
//! that it goes on from.
//!
//! Every file is written aside, synced and renamed. `run.json` comes last: a folder that has one
//! has a whole run. While a run is trained into a folder, its file `.lock` is locked; the system takes the lock from
//! a process that dies, so that none is ever stale.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ae_data::ImageSet;
use ae_file::ReplaceError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::find;
use crate::history::{MAX_LINE_BYTES, read_csv, write_csv};
use crate::{Baselines, CheckpointError, EpochRecord, Evaluation, Found, History, Restoration, TrainParams};

/// No record is anywhere near this size; ours are some two thousand bytes.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// A history of [`MAX_EPOCHS`](crate::MAX_EPOCHS) is shorter, whatever its numbers.
const MAX_HISTORY_BYTES: u64 = 8 << 20;

const CHECKPOINT: &str = "checkpoint.safetensors";
const PREVIOUS_CHECKPOINT: &str = "checkpoint.previous.safetensors";

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
    /// Mean BCE over the last epoch's batches, nats.
    pub last_epoch_train_bce: f64,
    /// The training set under the last weights.
    pub train: Evaluation,
    /// The test set under the last weights.
    pub test: Evaluation,
    /// The test set, damaged as the training inputs were, if they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restored: Option<Restoration>,
    /// Seconds from the first step to the last evaluation.
    pub wall_s: f64,
    /// Training images a second over all epochs' steps.
    pub images_per_s: f64,
}

/// Which model a run trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Name of the preset.
    pub preset: String,
    /// Values in an image.
    pub pixels: usize,
    /// Values in a code.
    pub code: usize,
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
    /// Threads it computed with.
    pub threads: usize,
    /// How the first layer read the training images: `sparse` or `dense`.
    pub inputs: String,
    /// The share of nonzero training pixels that this was decided by.
    pub density: f64,
}

/// The images of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Where they were read from.
    pub source: DataSource,
    /// The training images.
    pub train: SetRecord,
    /// The test images.
    pub test: SetRecord,
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
        /// Test images.
        test: Option<PathBuf>,
    },
}

/// One set of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRecord {
    /// How many.
    pub images: usize,
    /// Pixels from top to bottom.
    pub rows: usize,
    /// Pixels from left to right.
    pub cols: usize,
    /// SHA-256 of the pixels, hexadecimal: bytes in file order, labels not included.
    pub sha256: String,
}

impl SetRecord {
    /// The record of `images`.
    pub fn of(images: &ImageSet) -> Self {
        Self {
            images: images.len(),
            rows: images.rows(),
            cols: images.cols(),
            sha256: Sha256::digest(images.pixels()).iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// What [`RunFolder::create`] does where a run stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Answer [`RunFolderError::HoldsRun`].
    Refuse,
    /// Let the new run's files take the old ones' places.
    Replace,
}

/// A folder that holds, or is to hold, one run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Held by those who train into it, until it is dropped.
    _lock: Option<Lock>,
}

/// A locked file, unlocked when it is dropped.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file is not enough: a process that another thread is starting at this moment has a copy of it, which
        // holds the lock until the process has become its own program. What can't be unlocked is so once that is over.
        let _ = self.0.unlock();
    }
}

impl RunFolder {
    /// Makes the folder, with its parents, locks it, and proves that it can be written to, before anybody
    /// trains for an hour to find out.
    ///
    /// The lock lasts until the folder is dropped.
    ///
    /// # Errors
    /// [`RunFolderError::Locked`] if somebody else is training into it, [`RunFolderError::HoldsRun`] if there is a
    /// run, or the checkpoint of one, and `existing` refuses it, [`RunFolderError::Io`] if the folder can't be made
    /// or written to.
    pub fn create(path: impl Into<PathBuf>, existing: Existing) -> Result<Self, RunFolderError> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(|e| io_error("create the folder", &path, e))?;
        let folder = Self::lock(path)?;
        // Only now: until it is locked, another may be about to finish a run in it.
        if existing == Existing::Refuse
            && let Some(file) = folder.files().into_iter().find(|file| fs::symlink_metadata(file).is_ok())
        {
            return Err(RunFolderError::HoldsRun { path: folder.path, file });
        }
        let probe = folder.path.join(".writable");
        ae_file::replace(&probe, |_| Ok(()))?;
        fs::remove_file(&probe).map_err(|e| io_error("remove a file of", &folder.path, e))?;
        Ok(folder)
    }

    /// The folder of a run that is to go on, locked until it is dropped.
    ///
    /// # Errors
    /// [`RunFolderError::NoCheckpoint`] if it has none, [`RunFolderError::Locked`] if somebody is training into it,
    /// [`RunFolderError::Io`] if it can't be locked.
    pub fn resume(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let path = path.into();
        if !holds_checkpoint(&path) {
            return Err(RunFolderError::NoCheckpoint { path });
        }
        Self::lock(path)
    }

    /// Whether there is a checkpoint, sound or not: what [`resume`](Self::resume) asks for.
    pub fn holds_checkpoint(&self) -> bool {
        holds_checkpoint(&self.path)
    }

    /// Locks a folder that is there, and clears away what a killed trainer was writing.
    fn lock(path: PathBuf) -> Result<Self, RunFolderError> {
        let file = path.join(".lock");
        // Opened to read too: a pipe in its place would else be waited for.
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|e| io_error("open", &file, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunFolderError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &file, source)),
        }
        let folder = Self { path, _lock: Some(Lock(lock)) };
        for written_to in [folder.path.clone(), folder.figures_path()] {
            match ae_file::remove_temporaries(&written_to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("clear away unfinished files of", &written_to, error));
                }
                _ => {}
            }
        }
        Ok(folder)
    }

    /// The run in `path`, to read.
    ///
    /// # Errors
    /// [`RunFolderError::NoRun`] if `path` has no `run.json`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let folder = Self { path: path.into(), _lock: None };
        if !folder.record_path().is_file() {
            return Err(RunFolderError::NoRun { path: folder.path });
        }
        Ok(folder)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The trained weights.
    pub fn model_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// The table of epochs.
    pub fn history_path(&self) -> PathBuf {
        self.path.join("history.csv")
    }

    /// The record of the run.
    pub fn record_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// The newest state that the run can go on from.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join(CHECKPOINT)
    }

    /// The one before it.
    pub fn previous_checkpoint_path(&self) -> PathBuf {
        self.path.join(PREVIOUS_CHECKPOINT)
    }

    /// The newest checkpoint that can be believed; the one before, if the newest can't.
    ///
    /// # Errors
    /// [`CheckpointError::Neither`] if both are missing or damaged, with what is wrong with each.
    pub fn checkpoint(&self) -> Result<Found, CheckpointError> {
        find(&self.checkpoint_path(), &self.previous_checkpoint_path())
    }

    /// Where pictures of the run go.
    pub fn figures_path(&self) -> PathBuf {
        self.path.join("figures")
    }

    /// Writes `history.csv`, then `run.json`; the caller has written the model by then.
    ///
    /// # Errors
    /// [`RunFolderError::Write`] with the file that could not be written.
    pub fn save(&self, history: &History, record: &RunRecord) -> Result<(), RunFolderError> {
        ae_file::replace(&self.history_path(), |out| write_csv(&history.epochs, out))?;
        ae_file::replace(&self.record_path(), |out| {
            serde_json::to_writer_pretty(&mut *out, record)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// [`RunFolderError::Io`], [`RunFolderError::NotAFile`], [`RunFolderError::TooLarge`],
    /// [`RunFolderError::Record`] or [`RunFolderError::Format`].
    pub fn record(&self) -> Result<RunRecord, RunFolderError> {
        /// Read ahead of the rest, so that a newer format is called newer and not malformed.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = self.record_path();
        let text = self.read(&path, MAX_RECORD_BYTES)?;
        let malformed = |source| RunFolderError::Record { path: path.clone(), source };
        let Format { format } = serde_json::from_slice(&text).map_err(malformed)?;
        if format != RUN_FORMAT {
            return Err(RunFolderError::Format { path, found: format });
        }
        serde_json::from_slice(&text).map_err(malformed)
    }

    /// Reads `history.csv`.
    ///
    /// # Errors
    /// [`RunFolderError::Io`], [`RunFolderError::NotAFile`], [`RunFolderError::TooLarge`],
    /// [`RunFolderError::LongLine`], [`RunFolderError::History`] or, for a table without rows,
    /// [`RunFolderError::EmptyHistory`].
    pub fn history(&self) -> Result<Vec<EpochRecord>, RunFolderError> {
        let path = self.history_path();
        let text = self.read(&path, MAX_HISTORY_BYTES)?;
        if let Some(at) = text.split(|&byte| byte == b'\n').position(|line| line.len() > MAX_LINE_BYTES) {
            return Err(RunFolderError::LongLine { path, line: at + 1, limit: MAX_LINE_BYTES });
        }
        match read_csv(&text[..]) {
            Ok(rows) if rows.is_empty() => Err(RunFolderError::EmptyHistory { path }),
            Ok(rows) => Ok(rows),
            Err(source) => Err(RunFolderError::History { path, source }),
        }
    }

    fn files(&self) -> [PathBuf; 5] {
        [
            self.record_path(),
            self.model_path(),
            self.history_path(),
            self.checkpoint_path(),
            self.previous_checkpoint_path(),
        ]
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, RunFolderError> {
        ae_file::read(path, limit).map_err(|error| match error {
            ae_file::ReadError::Io(source) => io_error("read", path, source),
            ae_file::ReadError::TooLarge { limit } => RunFolderError::TooLarge { path: path.into(), limit },
            _ => RunFolderError::NotAFile { path: path.into() },
        })
    }
}

fn holds_checkpoint(folder: &Path) -> bool {
    let has = |file: &str| fs::symlink_metadata(folder.join(file)).is_ok();
    has(CHECKPOINT) || has(PREVIOUS_CHECKPOINT)
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> RunFolderError {
    RunFolderError::Io { action, path: path.into(), source }
}

/// A run folder that can't be made, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunFolderError {
    /// Training would take the place of a run that is there.
    #[error("{} holds a run already: {} exists", .path.display(), .file.display())]
    HoldsRun {
        /// The folder.
        path: PathBuf,
        /// What was found in it.
        file: PathBuf,
    },
    /// Another process, or another part of this one, holds the folder's lock.
    #[error("{} is being trained into by another process", .path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing to go on from.
    #[error("{} holds no checkpoint to go on from", .path.display())]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
    },
    /// No `run.json`.
    #[error("{} holds no finished run: it has no run.json", .path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be replaced.
    #[error(transparent)]
    Write(#[from] ReplaceError),
    /// A folder, a device or a pipe where a file is needed.
    #[error("{} is not a regular file", .path.display())]
    NotAFile {
        /// What was found there.
        path: PathBuf,
    },
    /// Larger than any file of its kind.
    #[error("{} is larger than the limit of {limit} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// `run.json` of another version.
    #[error("{}: format {found}, this version reads format {RUN_FORMAT}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// `run.json` is not what this program writes.
    #[error("{} is not a record of a run", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// `history.csv` has a line that is longer than any row.
    #[error("{}: line {line} is longer than {limit} bytes", .path.display())]
    LongLine {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// `history.csv` is not what this program writes.
    #[error("{} is not a history of a run", .path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: csv::Error,
    },
    /// `history.csv` without an epoch.
    #[error("{} has no epochs", .path.display())]
    EmptyHistory {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_locked_file_in_a_starting_process_holds_no_lock() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(temporary.path(), Existing::Refuse).unwrap();
        let copy = folder._lock.as_ref().unwrap().0.try_clone().unwrap();
        assert!(matches!(
            RunFolder::create(temporary.path(), Existing::Refuse),
            Err(RunFolderError::Locked { .. })
        ));
        drop(folder);
        RunFolder::create(temporary.path(), Existing::Refuse).unwrap();
        drop(copy);
    }
}
