//! What computes a step: the seam between the loop and the arithmetic.

mod autodiff;
mod fused;

use std::iter::zip;

use ae_data::{ImageSet, PIXEL_SCALE};
use ae_dense::Team;
use ae_model::NamedTensor;

pub(crate) use autodiff::Autodiff;
pub(crate) use fused::Fused;

use crate::metrics::Evaluator;
use crate::{AdamState, Corruption, Evaluation, Restoration, TrainError, psnr_db};

/// An engine holds a model and its optimiser, and knows nothing of epochs.
pub(crate) trait Engine: Send {
    /// Its name in `run.json`.
    fn name(&self) -> &'static str;

    /// How the first layer reads the training images: `sparse` or `dense`.
    fn inputs(&self) -> &'static str;

    /// Values in an image, and in a code.
    fn sizes(&self) -> (usize, usize);

    /// Trains on the images `rows` of `images` once, damaged as they are in `epoch` if the engine was
    /// told to damage them. Returns their mean BCE before the step, nats.
    fn step(&mut self, epoch: u64, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError>;

    /// Codes `(B, CODE)` and logits `(B, PIXELS)` of images, under the weights as they are.
    fn forward(
        &self,
        inputs: Inputs<'_>,
        codes: &mut Vec<f32>,
        logits: &mut Vec<f32>,
    ) -> Result<(), TrainError>;

    /// What the optimiser remembers, by tensor name.
    fn adam_state(&self) -> AdamState;

    /// Gives the model the weights as they are, where the engine has them elsewhere.
    fn write_back(&mut self) -> Result<(), TrainError>;

    /// The parameters as they are, finite or not.
    fn parameters(&self) -> Vec<NamedTensor>;

    /// Goes on from parameters and moments that an engine of its kind had; on an error the parameters are as
    /// they were.
    fn restore(&mut self, parameters: &[NamedTensor], adam: AdamState) -> Result<(), TrainError>;
}

/// Images to compute.
#[derive(Clone, Copy)]
pub(crate) enum Inputs<'a> {
    /// Of a set, by their places in it.
    Images(&'a ImageSet, &'a [u32]),
    /// By their values, `(B, PIXELS)`.
    Values(&'a [f32]),
}

/// Images evaluated at once: enough to share out, few enough for their logits to stay in cache.
const EVALUATED_AT_ONCE: usize = 1_024;

/// Scores `images` under an engine's weights.
pub(crate) fn evaluate(
    engine: &dyn Engine,
    team: &Team,
    images: &ImageSet,
) -> Result<Evaluation, TrainError> {
    score(images, engine.sizes(), team, |rows, codes, logits| {
        engine.forward(Inputs::Images(images, rows), codes, logits)
    })
}

/// Scores what an engine's weights make of `images` when they are damaged.
pub(crate) fn restore(
    engine: &dyn Engine,
    team: &Team,
    images: &ImageSet,
    corruption: &Corruption,
) -> Result<Restoration, TrainError> {
    let width = images.pixels_per_image();
    let (mut values, mut squared) = (Vec::new(), 0.0);
    let found = score(images, engine.sizes(), team, |rows, codes, logits| {
        values.resize(rows.len() * width, 0.0);
        corruption.fill(team, Corruption::TEST, images, rows, &mut values)?;
        for (values, &row) in zip(values.chunks_exact(width), rows) {
            for (&value, &byte) in zip(values, &images.pixels()[row as usize * width..]) {
                squared += f64::from(value - f32::from(byte) * PIXEL_SCALE).powi(2);
            }
        }
        engine.forward(Inputs::Values(&values), codes, logits)
    })?;
    let damaged_mse = squared / images.pixels().len() as f64;
    Ok(Restoration { damaged_mse, mse: found.mse, psnr_db: psnr_db(found.mse) })
}

/// Scores what `forward` makes of `images`, tile by tile, against the images themselves.
fn score(
    images: &ImageSet,
    (width, code_size): (usize, usize),
    team: &Team,
    mut forward: impl FnMut(&[u32], &mut Vec<f32>, &mut Vec<f32>) -> Result<(), TrainError>,
) -> Result<Evaluation, TrainError> {
    let mut evaluator = Evaluator::new(code_size);
    let (mut codes, mut logits) = (Vec::new(), Vec::new());
    let rows: Vec<u32> = (0..images.len() as u32).collect();
    let targets = images.pixels().chunks(EVALUATED_AT_ONCE * width);
    for (rows, targets) in zip(rows.chunks(EVALUATED_AT_ONCE), targets) {
        forward(rows, &mut codes, &mut logits)?;
        evaluator.add(team, targets, &codes, &logits)?;
    }
    Ok(evaluator.finish())
}
