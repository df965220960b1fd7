//! What computes a step: the seam between the loop and the arithmetic.

mod autodiff;
mod fused;

use std::ops::Range;

use ae_data::ImageSet;
use ae_dense::Team;

pub(crate) use autodiff::Autodiff;
pub(crate) use fused::Fused;

use crate::metrics::Evaluator;
use crate::{AdamState, Evaluation, TrainError};

/// An engine holds a model and its optimiser, and knows nothing of epochs.
pub(crate) trait Engine: Send {
    /// Its name in `run.json`.
    fn name(&self) -> &'static str;

    /// How the first layer reads the training images: `sparse` or `dense`.
    fn inputs(&self) -> &'static str;

    /// Values in an image, and in a code.
    fn sizes(&self) -> (usize, usize);

    /// Trains on the images `rows` of `images` once. Returns their mean BCE before the step, nats.
    fn step(&mut self, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError>;

    /// Codes `(B, CODE)` and logits `(B, PIXELS)` of neighbouring images, under the weights as they are.
    fn forward(
        &self,
        images: &ImageSet,
        rows: Range<u32>,
        codes: &mut Vec<f32>,
        logits: &mut Vec<f32>,
    ) -> Result<(), TrainError>;

    /// What the optimiser remembers, by tensor name.
    fn adam_state(&self) -> AdamState;

    /// Gives the model the weights as they are, where the engine has them elsewhere.
    fn write_back(&mut self) -> Result<(), TrainError>;
}

/// Images evaluated at once: enough to share out, few enough for their logits to stay in cache.
const EVALUATED_AT_ONCE: u32 = 1_024;

/// Scores `images` under an engine's weights.
pub(crate) fn evaluate(
    engine: &dyn Engine,
    team: &Team,
    images: &ImageSet,
) -> Result<Evaluation, TrainError> {
    let (width, code_size) = engine.sizes();
    let mut evaluator = Evaluator::new(code_size);
    let (mut codes, mut logits) = (Vec::new(), Vec::new());
    let targets = images.pixels().chunks(EVALUATED_AT_ONCE as usize * width);
    for (first, targets) in (0..).step_by(EVALUATED_AT_ONCE as usize).zip(targets) {
        let rows = first..first + (targets.len() / width) as u32;
        engine.forward(images, rows, &mut codes, &mut logits)?;
        evaluator.add(team, targets, &codes, &logits)?;
    }
    Ok(evaluator.finish())
}
