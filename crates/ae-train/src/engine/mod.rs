//! What computes a step: the seam between the loop and the arithmetic.

#[cfg(feature = "autodiff")]
mod autodiff;
mod fused;
#[cfg(feature = "autodiff")]
mod taped;

use std::iter::zip;

use ae_data::{Samples, Values};
use ae_net::{
    Evaluation, LayerValues, Loss, NamedTensor, NetError, Network, Outputs, Rows, Team, WeightsError, psnr_db,
};

#[cfg(feature = "autodiff")]
pub(crate) use autodiff::Autodiff;
pub(crate) use fused::Fused;
#[cfg(feature = "autodiff")]
pub use taped::Differentiable;

use crate::{AdamState, Corruption, Restoration, TrainError};

/// An engine holds a model and its optimiser, and knows nothing of epochs.
pub(crate) trait Engine: Send {
    /// Its name in `run.json`.
    fn name(&self) -> &'static str;

    /// How the first layer reads the training images: `sparse` or `dense`.
    fn inputs(&self) -> &'static str;

    /// Values in an image, and in a code.
    fn sizes(&self) -> (usize, usize);

    /// How the model's outputs are read, and so which loss is trained.
    fn outputs(&self) -> Outputs;

    /// Trains on the images `rows` of `images` once, damaged as they are in `epoch` if the engine was
    /// told to damage them. Returns their mean loss before the step.
    fn step(&mut self, epoch: u64, images: &Samples, rows: &[u32]) -> Result<f64, TrainError>;

    /// What computes codes and outputs under the weights as they are.
    fn forward(&self) -> Result<Forward<'_>, TrainError>;

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

/// Puts codes `(B, CODE)` and outputs `(B, PIXELS)` of images in place of what two buffers held.
pub(crate) type Forward<'a> =
    Box<dyn FnMut(Rows<'_>, &mut Vec<f32>, &mut Vec<f32>) -> Result<(), TrainError> + 'a>;

/// Scores `images` under an engine's weights.
pub(crate) fn evaluate(engine: &dyn Engine, team: &Team, images: &Samples) -> Result<Evaluation, TrainError> {
    let (mut forward, rows) = (engine.forward()?, rows(images)?);
    let mut inputs = None;
    ae_net::evaluate(team, (engine.outputs(), engine.sizes().1), rows, |tile, codes, outputs| {
        let inputs = inputs.get_or_insert_with(|| rows.chunks(tile.len()));
        forward(inputs.next().expect("tiles are as long as the first, but for the last"), codes, outputs)
    })
}

/// Scores what an engine's weights make of `images` when they are damaged.
pub(crate) fn restore(
    engine: &dyn Engine,
    team: &Team,
    images: &Samples,
    corruption: &Corruption,
) -> Result<Restoration, TrainError> {
    let (pixels, code) = engine.sizes();
    let mut forward = engine.forward()?;
    let (mut damaged, mut squared) = (Vec::new(), 0.0);
    let (model, clean) = ((engine.outputs(), code), rows(images)?);
    let found = ae_net::evaluate::<TrainError>(team, model, clean, |tile, codes, outputs| {
        let places: Vec<u32> = (tile.start as u32..tile.end as u32).collect();
        damaged.resize(places.len() * pixels, 0.0);
        corruption.fill(team, Corruption::TEST, images, &places, &mut damaged)?;
        for (damaged, clean) in zip(&damaged, clean.pick(&places)?.to_values()) {
            squared += f64::from(damaged - clean).powi(2);
        }
        forward(Rows::values(&damaged, pixels)?, codes, outputs)
    })?;
    let mse = found.mse;
    let damaged_mse = squared / images.values().len() as f64;
    Ok(Restoration { damaged_mse, mse, psnr_db: psnr_db(mse) })
}

/// The numbers of a set, as networks read them.
pub(crate) fn rows(set: &Samples) -> Result<Rows<'_>, NetError> {
    match set.values() {
        Values::Bytes(bytes) => Rows::bytes(bytes, set.width()),
        Values::Floats(values) => Rows::values(values, set.width()),
    }
}

/// The loss that outputs are trained by.
///
/// # Errors
/// [`TrainError::Argument`] if there is none.
fn loss_of(outputs: Outputs) -> Result<Loss, TrainError> {
    match outputs {
        Outputs::Logits => Ok(Loss::BceWithLogits),
        Outputs::Values => Ok(Loss::Mse),
        Outputs::Clipped => {
            Err(TrainError::argument("the network's outputs", "logits or values", "clipped values"))
        }
    }
}

/// Tensors of the names and shapes of a network's, in any order, as its layers have them.
fn by_layer(network: &Network, tensors: &[NamedTensor]) -> Result<Vec<LayerValues>, WeightsError> {
    let own = network.tensors();
    if let Some(extra) = tensors.iter().find(|tensor| own.iter().all(|own| own.name != tensor.name)) {
        return Err(WeightsError::tensor(&extra.name, "no tensor of this name", "one"));
    }
    let values = |own: &NamedTensor| {
        let found = tensors.iter().find(|tensor| tensor.name == own.name);
        let found = found.ok_or_else(|| WeightsError::tensor(&own.name, "a tensor of this name", "none"))?;
        if found.shape != own.shape {
            let (expected, found) = (format!("shape {:?}", own.shape), format!("{:?}", found.shape));
            return Err(WeightsError::tensor(&own.name, expected, found));
        }
        Ok(found.values.clone())
    };
    own.chunks_exact(2)
        .map(|layer| Ok(LayerValues { weight: values(&layer[0])?, bias: values(&layer[1])? }))
        .collect()
}
