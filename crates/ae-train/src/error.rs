//! What can stop a training run.

use ae_data::DataError;
use ae_net::{NetError, WeightsError};

use crate::CheckpointError;

/// A run that could not start, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Images or a model that can't be trained: a set without images, images of another size than the model's, a model
    /// whose outputs are no logits.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// What was handed over.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The loss left the finite numbers; the weights are of no use from here on.
    #[error(
        "the loss became {value} in epoch {epoch}, step {step}: try a smaller learning rate than {learning_rate}"
    )]
    NonFinite {
        /// The epoch, from 1.
        epoch: u64,
        /// The step within it, from 1.
        step: usize,
        /// What the loss was.
        value: f64,
        /// Adam's step size in this run.
        learning_rate: f32,
    },
    /// The run was asked to stop, and did after this step. No fault: what it had come to is in its checkpoint, if it
    /// keeps any, and its model.
    #[error("stopped in epoch {epoch} after step {step}")]
    Stopped {
        /// The epoch, from 1.
        epoch: u64,
        /// Steps done in it.
        step: usize,
    },
    /// A checkpoint of a run that differs in more than its number of epochs.
    #[error("{what}: {kept} in the checkpoint, {asked} asked for")]
    Differs {
        /// What differs.
        what: String,
        /// What the run was started with.
        kept: String,
        /// What it was to go on with.
        asked: String,
    },
    /// A checkpoint that could not be written. The one before it is whole.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The images.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model's layers, or the threads to compute them with.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A checkpoint's tensors that are not the model's.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A typed model, or the tape.
    #[cfg(feature = "autodiff")]
    #[error(transparent)]
    Model(#[from] ae_model::ModelError),
}

impl TrainError {
    pub(crate) fn argument(what: &'static str, expected: impl ToString, found: impl ToString) -> Self {
        Self::Argument { what, expected: expected.to_string(), found: found.to_string() }
    }
}
