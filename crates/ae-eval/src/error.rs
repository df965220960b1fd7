//! What can be wrong with the numbers, labels and settings handed to this crate.

use std::fmt::Display;
use std::io;

use ae_codec::CodecError;
use ae_data::DataError;
use ae_net::NetError;
use image::ImageError;

/// Numbers that do not fit together, settings out of their range, or a computation that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Something that the caller handed over does not fit.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// Which of the things handed over.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// An eigenvalue decomposition that did not converge.
    #[error("the eigenvalues of a {dims} x {dims} covariance matrix could not be found")]
    Eigenvalues {
        /// Rows of the matrix.
        dims: usize,
    },
    /// A probe whose loss left the finite numbers.
    #[error("the probe's loss was {loss} in epoch {epoch}; a lower learning rate may help")]
    Diverged {
        /// The epoch, from 1.
        epoch: u64,
        /// The loss.
        loss: f64,
    },
    /// An image that JPEG or PNG cannot hold.
    #[error("an image of {rows} x {cols} pixels cannot be encoded")]
    Image {
        /// Its rows.
        rows: usize,
        /// Its columns.
        cols: usize,
        /// Why.
        source: ImageError,
    },
    /// A compressor that failed.
    #[error("a compressor failed")]
    Compressor(#[source] io::Error),
    /// A fault found by a network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A fault found in images or in a plan of batches.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A fault found by the codec.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl EvalError {
    pub(crate) fn argument(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::Argument { what, expected: expected.to_string(), found: found.to_string() }
    }
}

/// Refuses a number below `least`.
pub(crate) fn at_least(what: &'static str, least: usize, found: usize) -> Result<(), EvalError> {
    if found >= least {
        return Ok(());
    }
    Err(EvalError::argument(what, format_args!("at least {least}"), found))
}
