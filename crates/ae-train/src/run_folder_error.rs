//! Why a run folder can't be made, read or written.

use std::io;
use std::path::PathBuf;

use ae_file::{ReadError, ReplaceError};
use ae_net::WeightsError;

use crate::RUN_FORMAT;

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
    /// A file that is missing, no regular file, larger than any of its kind, or that the system does not give.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// A file of the run that something else has taken the place of.
    #[error("{} is not the file that run.json names: {what} {found}, of the run {recorded}", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// By what it is known, such as `SHA-256`.
        what: &'static str,
        /// What the record says.
        recorded: String,
        /// What is there.
        found: String,
    },
    /// Weights that can't be read, or are those of another network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
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
    /// `history.csv` is not what this program writes.
    #[error("{} is not a history of a run", .path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: csv::Error,
    },
}
