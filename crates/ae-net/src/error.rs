//! What can be wrong with what is handed to this crate; [`WeightsError`](crate::WeightsError) has the faults of files.

use std::fmt::Display;

/// Shapes that do not fit together, values out of their range, or threads that the system refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Something that the caller handed over does not fit. Nothing was computed, and nothing has changed.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// Which of the things handed over.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Threads that the system did not give.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// The system's words.
        reason: String,
    },
}

impl NetError {
    pub(crate) fn argument(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::Argument { what, expected: expected.to_string(), found: found.to_string() }
    }
}

/// Refuses a length that is not the expected one.
pub(crate) fn require_length(what: &'static str, expected: usize, found: usize) -> Result<(), NetError> {
    if expected == found {
        return Ok(());
    }
    Err(NetError::argument(what, format_args!("{expected} values"), found))
}
