//! What this crate can refuse.

use ae_net::{NetError, WeightsError};
use dfdx::tensor::CpuError;

/// Everything that this crate can refuse.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Rows or layers that do not fit. Nothing was computed, and nothing has changed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Weights that do not fit, or cannot be loaded or saved.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// dfdx could not compute a result.
    #[error("the tensor library failed")]
    Device {
        /// What it said.
        source: CpuError,
    },
}

impl From<CpuError> for ModelError {
    fn from(source: CpuError) -> Self {
        Self::Device { source }
    }
}

/// Something handed over that does not fit.
pub(crate) fn argument(what: &'static str, expected: impl ToString, found: impl ToString) -> NetError {
    NetError::Argument { what, expected: expected.to_string(), found: found.to_string() }
}
