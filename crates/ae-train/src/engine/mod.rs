//! What computes a step: the seam between the loop and the arithmetic.

#[cfg(feature = "autodiff")]
mod autodiff;
mod fused;
#[cfg(feature = "autodiff")]
mod taped;

use std::iter::zip;
use std::ops::Range;

use ae_data::ImageSet;
use ae_net::{
    Evaluation, LayerValues, NamedTensor, NetError, Network, Outputs, Rows, Team, WeightsError, psnr_db,
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

    /// Trains on the images `rows` of `images` once, damaged as they are in `epoch` if the engine was
    /// told to damage them. Returns their mean BCE before the step, nats.
    fn step(&mut self, epoch: u64, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError>;

    /// What computes codes and logits under the weights as they are.
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

/// Puts codes `(B, CODE)` and logits `(B, PIXELS)` of images in place of what two buffers held.
pub(crate) type Forward<'a> =
    Box<dyn FnMut(Rows<'_>, &mut Vec<f32>, &mut Vec<f32>) -> Result<(), TrainError> + 'a>;

/// Scores `images` under an engine's weights.
pub(crate) fn evaluate(
    engine: &dyn Engine,
    team: &Team,
    images: &ImageSet,
) -> Result<Evaluation, TrainError> {
    let (pixels, code) = engine.sizes();
    let mut forward = engine.forward()?;
    ae_net::evaluate(team, (Outputs::Logits, code), (images.pixels(), pixels), |tile, codes, logits| {
        forward(images_in(images, &tile)?, codes, logits)
    })
}

/// Scores what an engine's weights make of `images` when they are damaged.
pub(crate) fn restore(
    engine: &dyn Engine,
    team: &Team,
    images: &ImageSet,
    corruption: &Corruption,
) -> Result<Restoration, TrainError> {
    let (pixels, code) = engine.sizes();
    let mut forward = engine.forward()?;
    let (mut damaged, mut squared) = (Vec::new(), 0.0);
    let (model, targets) = ((Outputs::Logits, code), (images.pixels(), pixels));
    let found = ae_net::evaluate::<TrainError>(team, model, targets, |tile, codes, logits| {
        let places: Vec<u32> = (tile.start as u32..tile.end as u32).collect();
        damaged.resize(places.len() * pixels, 0.0);
        corruption.fill(team, Corruption::TEST, images, &places, &mut damaged)?;
        for (damaged, clean) in zip(&damaged, images_in(images, &tile)?.to_values()) {
            squared += f64::from(damaged - clean).powi(2);
        }
        forward(Rows::values(&damaged, pixels)?, codes, logits)
    })?;
    let mse = found.mse;
    Ok(Restoration { damaged_mse: squared / images.pixels().len() as f64, mse, psnr_db: psnr_db(mse) })
}

/// Neighbouring images of a set.
fn images_in<'a>(images: &'a ImageSet, places: &Range<usize>) -> Result<Rows<'a>, NetError> {
    let pixels = images.pixels_per_image();
    Rows::bytes(&images.pixels()[places.start * pixels..places.end * pixels], pixels)
}

/// The images `rows` of a set.
fn pick<'a>(images: &'a ImageSet, rows: &'a [u32]) -> Result<Rows<'a>, NetError> {
    Rows::bytes(images.pixels(), images.pixels_per_image())?.pick(rows)
}

/// Refuses a network whose outputs the loss can't be taken of.
fn require_logits(network: &Network) -> Result<(), TrainError> {
    match network.outputs() {
        Outputs::Logits => Ok(()),
        other => Err(TrainError::argument("the network's outputs", "logits", format!("{other:?}"))),
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
