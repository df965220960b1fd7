//! The folder a run leaves behind: `run.json`, `history.csv`, `model.safetensors`, `figures/`, and the checkpoints
//! that it goes on from.
//!
//! Every file is written aside, synced and renamed. `run.json` comes last: a folder that has one
//! has a whole run. While a run is trained into a folder, its file `.lock` is locked; the system takes the lock from
//! a process that dies, so that none is ever stale.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ae_net::{Description, Network};
use serde::Deserialize;

use crate::checkpoint::find;
use crate::history::{has_header, read_csv, write_csv};
use crate::run_record::sha256;
use crate::{CheckpointError, EpochRecord, Found, History, RUN_FORMAT, RunFolderError, RunRecord, TrainedOn};

/// Ours are some two thousand bytes, and for tables some sixty more a column.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// A history of [`MAX_EPOCHS`](crate::MAX_EPOCHS) is shorter, whatever its numbers.
const MAX_HISTORY_BYTES: u64 = 8 << 20;

/// Eight bytes a training image, of which no more fit a set than bytes of pixels do.
const MAX_TRAINED_ON_BYTES: u64 = 2 << 30;

const MODEL: &str = "model.safetensors";
const RECORD: &str = "run.json";
const HISTORY: &str = "history.csv";
const TRAINED_ON: &str = "trained-on.bin";
const LOCK: &str = ".lock";
const CHECKPOINT: &str = "checkpoint.safetensors";
const PREVIOUS_CHECKPOINT: &str = "checkpoint.previous.safetensors";

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
            && let Some(file) = folder.holds()
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
        let file = path.join(LOCK);
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

    /// A file of a run that is there.
    fn holds(&self) -> Option<PathBuf> {
        let mut files = self.files().filter(|file| !file.ends_with(LOCK));
        files.find(|file| fs::symlink_metadata(file).is_ok())
    }

    /// The run in `path`, to read.
    ///
    /// # Errors
    /// [`RunFolderError::NoRun`] if `path` has no `run.json`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let folder = Self { path: path.into(), _lock: None };
        // Whatever else stands there is for `record` to name.
        if fs::symlink_metadata(folder.record_path()).is_err() {
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
        self.path.join(MODEL)
    }

    /// The table of epochs.
    pub fn history_path(&self) -> PathBuf {
        self.path.join(HISTORY)
    }

    /// The record of the run.
    pub fn record_path(&self) -> PathBuf {
        self.path.join(RECORD)
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

    /// Writes `history.csv` and `trained-on.bin`, then `run.json` with their hashes, and returns that record; the caller
    /// has written the model by then.
    ///
    /// # Errors
    /// [`RunFolderError::Write`] with the file that could not be written.
    pub fn save(
        &self,
        history: &History,
        trained_on: &TrainedOn,
        mut record: RunRecord,
    ) -> Result<RunRecord, RunFolderError> {
        let mut table = Vec::new();
        write_csv(history.outputs, &history.epochs, &mut table)
            .map_err(|source| io_error("make the content of", &self.history_path(), source))?;
        record.files.clear();
        for (name, bytes) in [(HISTORY, table), (TRAINED_ON, trained_on.to_bytes())] {
            ae_file::replace(&self.path.join(name), |out| out.write_all(&bytes))?;
            record.files.insert(name.to_owned(), sha256(&bytes));
        }
        ae_file::replace(&self.record_path(), |out| {
            serde_json::to_writer_pretty(&mut *out, &record)?;
            out.write_all(b"\n")
        })?;
        Ok(record)
    }

    /// Reads the trained network, which is what `description` says and has the identity that `record` notes.
    ///
    /// # Errors
    /// [`RunFolderError::Weights`] if the file can't be read or holds another network, [`RunFolderError::Changed`] if its
    /// weights are not those of the run.
    pub fn network(&self, record: &RunRecord, description: &Description) -> Result<Network, RunFolderError> {
        let path = self.model_path();
        let network = Network::load_as(&path, description)?;
        unchanged(path, "weights of identity", &record.model.identity, network.identity().to_string())?;
        Ok(network)
    }

    /// Reads which images the run was trained on; nothing if `record` is from before that was kept.
    ///
    /// # Errors
    /// [`RunFolderError::Read`], or [`RunFolderError::Changed`] if the file is not the one that `record` notes.
    pub fn trained_on(&self, record: &RunRecord) -> Result<Option<TrainedOn>, RunFolderError> {
        let Some(recorded) = record.files.get(TRAINED_ON) else { return Ok(None) };
        let path = self.path.join(TRAINED_ON);
        let bytes = read(&path, MAX_TRAINED_ON_BYTES)?;
        unchanged(path.clone(), "SHA-256", recorded, sha256(&bytes))?;
        match TrainedOn::from_bytes(&bytes) {
            Some(trained_on) => Ok(Some(trained_on)),
            None => {
                let source = io::Error::new(io::ErrorKind::InvalidData, "its hashes are not in order");
                Err(RunFolderError::Read { path, source: source.into() })
            }
        }
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// [`RunFolderError::Read`], [`RunFolderError::Record`] or [`RunFolderError::Format`].
    pub fn record(&self) -> Result<RunRecord, RunFolderError> {
        /// Read ahead of the rest, so that a newer format is called newer and not malformed.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = self.record_path();
        let text = read(&path, MAX_RECORD_BYTES)?;
        // Some editors put a byte order mark before the text.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let malformed = |source| RunFolderError::Record { path: path.clone(), source };
        let Format { format } = serde_json::from_slice(text).map_err(malformed)?;
        if format != RUN_FORMAT {
            return Err(RunFolderError::Format { path, found: format });
        }
        serde_json::from_slice(text).map_err(malformed)
    }

    /// Reads `history.csv`, which has no rows if the run has no epochs.
    ///
    /// # Errors
    /// [`RunFolderError::Read`], [`RunFolderError::History`], or [`RunFolderError::Changed`] if it is not the file that
    /// `record` notes.
    pub fn history(&self, record: &RunRecord) -> Result<Vec<EpochRecord>, RunFolderError> {
        let path = self.history_path();
        let text = read(&path, MAX_HISTORY_BYTES)?;
        if let Some(recorded) = record.files.get(HISTORY) {
            unchanged(path.clone(), "SHA-256", recorded, sha256(&text))?;
        }
        let source = match read_csv(&text) {
            Ok(rows) if !rows.is_empty() || has_header(&text) => return Ok(rows),
            Ok(_) => {
                io::Error::new(io::ErrorKind::InvalidData, "it has neither epochs nor their header").into()
            }
            Err(source) => source,
        };
        Err(RunFolderError::History { path, source })
    }

    /// The files of this run, whether or not they are there: those that can't be made again from others, as pictures can.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        FILES.iter().map(|name| self.path.join(name))
    }

    /// Whether `path`, links followed, is a file of a run, of this folder or another; see [`files`](Self::files).
    ///
    /// # Example
    /// ```
    /// # use ae_train::{Existing, RunFolder};
    /// # let temporary = tempfile::tempdir()?;
    /// let folder = RunFolder::create(temporary.path().join("run"), Existing::Refuse)?;
    /// assert!(RunFolder::owns(&folder.model_path()) && !RunFolder::owns(&folder.path().join("codes.npy")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn owns(path: &Path) -> bool {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
        let is_run =
            [LOCK, RECORD, CHECKPOINT, PREVIOUS_CHECKPOINT].iter().any(|file| folder.join(file).exists());
        is_run && FILES.iter().any(|file| name == *file)
    }
}

/// What a run is made of.
const FILES: [&str; 7] = [RECORD, MODEL, HISTORY, TRAINED_ON, CHECKPOINT, PREVIOUS_CHECKPOINT, LOCK];

/// Refuses a file that is not what the record says of it.
fn unchanged(path: PathBuf, what: &'static str, recorded: &str, found: String) -> Result<(), RunFolderError> {
    match recorded == found {
        true => Ok(()),
        false => Err(RunFolderError::Changed { path, what, recorded: recorded.to_owned(), found }),
    }
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, RunFolderError> {
    ae_file::read(path, limit).map_err(|source| RunFolderError::Read { path: path.into(), source })
}

fn holds_checkpoint(folder: &Path) -> bool {
    let has = |file: &str| fs::symlink_metadata(folder.join(file)).is_ok();
    has(CHECKPOINT) || has(PREVIOUS_CHECKPOINT)
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> RunFolderError {
    RunFolderError::Io { action, path: path.into(), source }
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
