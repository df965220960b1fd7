//! What can stop a training run.

use ae_data::DataError;
use ae_dense::DenseError;
use ae_model::ModelError;

use crate::CheckpointError;

/// A run that could not start, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A set without images.
    #[error("the {set} set has no images")]
    NoImages {
        /// Which of the two sets.
        set: &'static str,
    },
    /// Images of another size than the model's.
    #[error("the {set} images have {rows} x {cols} pixels, the model takes {expected}")]
    ImageSize {
        /// Which of the two sets.
        set: &'static str,
        /// Pixels from top to bottom.
        rows: usize,
        /// Pixels from left to right.
        cols: usize,
        /// Pixels that the model takes.
        expected: usize,
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
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model's layers, or the threads to compute them with.
    #[error(transparent)]
    Dense(#[from] DenseError),
    /// The system gives no threads.
    #[error("cannot start the threads to train with")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}
