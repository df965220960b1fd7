//! What computes a step: the seam between the loop and the arithmetic.

mod autodiff;

use ae_data::ImageSet;

pub(crate) use autodiff::Autodiff;

use crate::{AdamState, Evaluation, TrainError};

/// An engine holds a model and its optimiser, and knows nothing of epochs.
pub(crate) trait Engine: Send {
    /// Its name in `run.json`.
    fn name(&self) -> &'static str;

    /// Values in an image.
    fn pixels(&self) -> usize;

    /// Trains on the images `rows` of `images` once. Returns their mean BCE before the step, nats.
    fn step(&mut self, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError>;

    /// Scores `images` under the weights as they are.
    fn evaluate(&mut self, images: &ImageSet) -> Result<Evaluation, TrainError>;

    /// What the optimiser remembers, by tensor name.
    fn adam_state(&self) -> AdamState;
}
