//! What can be wrong with a checkpoint.

use std::fmt::Display;
use std::path::PathBuf;

use ae_file::{ReadError, ReplaceError};
use ae_net::WeightsError;

use crate::ConfigError;
use crate::checkpoint::METADATA_KEY;

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
    Read(ReadError),
    /// A file that is not as it was written.
    #[error("the checksum is wrong: the file is damaged, cut short or no checkpoint")]
    Checksum,
    /// Tensors that are missing, too many, of the wrong kind, or not the numbers they should be.
    #[error(transparent)]
    Tensors(#[from] WeightsError),
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
    /// A state that no run comes to: places that do not agree on how far it has come, a sum or a time that is none.
    #[error("{what}: expected {expected}, found {found}")]
    State {
        /// What was counted or measured.
        what: &'static str,
        /// What follows from the rest.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The system did not take it.
    #[error(transparent)]
    Write(#[from] ReplaceError),
    /// The system refused something else that checkpoints need.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl CheckpointError {
    pub(crate) fn state(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::State { what, expected: expected.to_string(), found: found.to_string() }
    }
}

/// An error and all that caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
