//! The reference engine: dfdx's tape, and the module's own forward.

use ae_data::{ImageSet, fill_pixels};
use ae_model::dfdx::losses::binary_cross_entropy_with_logits_loss;
use ae_model::dfdx::nn::ZeroGrads;
use ae_model::dfdx::shapes::ConstDim;
use ae_model::dfdx::tensor::{AsArray, Cpu, Gradients, Trace};
use ae_model::dfdx::tensor_ops::Backward;
use ae_model::{Autoencoder, Batch, ModelError, Network, batch};

use super::Engine;
use crate::adam::Adam;
use crate::metrics::Evaluator;
use crate::{AdamState, Evaluation, TrainError};

/// Images evaluated at once.
const EVALUATION_ROWS: usize = 1_000;

pub(crate) struct Autodiff<'m, E, D> {
    model: &'m mut Autoencoder<E, D>,
    adam: Adam,
    /// Allocated once and zeroed after every step; away from here only while a tape holds them.
    gradients: Gradients<f32, Cpu>,
    /// Pixels of one batch.
    pixels: Vec<f32>,
}

impl<'m, E, D> Autodiff<'m, E, D>
where
    E: Network,
    D: Network<In = E::Out, Out = E::In>,
{
    pub(crate) fn new(model: &'m mut Autoencoder<E, D>, learning_rate: f32) -> Result<Self, ModelError> {
        let gradients = model.try_alloc_grads()?;
        Ok(Self { model, adam: Adam::new(learning_rate), gradients, pixels: Vec::new() })
    }

    /// The images `rows` as a tensor, `(B, PIXELS)`.
    fn batch(&mut self, images: &ImageSet, rows: &[u32]) -> Result<Batch<E::In>, TrainError> {
        self.pixels.resize(rows.len() * images.pixels_per_image(), 0.0);
        fill_pixels(images, rows, &mut self.pixels)?;
        Ok(batch(&self.pixels)?)
    }
}

impl<E, D> Engine for Autodiff<'_, E, D>
where
    E: Network + Send,
    D: Network<In = E::Out, Out = E::In> + Send,
{
    fn name(&self) -> &'static str {
        "autodiff"
    }

    fn pixels(&self) -> usize {
        E::In::SIZE
    }

    fn step(&mut self, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError> {
        let x = self.batch(images, rows)?;
        let gradients = std::mem::replace(&mut self.gradients, Gradients::leaky());
        let logits = self.model.forward_logits(x.clone().traced(gradients))?;
        let loss = binary_cross_entropy_with_logits_loss(logits, x);
        let bce = f64::from(loss.array());
        self.gradients = loss.try_backward().map_err(ModelError::from)?;
        self.adam.update(self.model, &mut self.gradients)?;
        self.model.try_zero_grads(&mut self.gradients).map_err(ModelError::from)?;
        Ok(bce)
    }

    fn evaluate(&mut self, images: &ImageSet) -> Result<Evaluation, TrainError> {
        let rows: Vec<u32> = (0..images.len() as u32).collect();
        let mut evaluator = Evaluator::new(E::Out::SIZE);
        let targets = images.pixels().chunks(EVALUATION_ROWS * images.pixels_per_image());
        for (rows, targets) in rows.chunks(EVALUATION_ROWS).zip(targets) {
            let codes = self.batch(images, rows).and_then(|x| Ok(self.model.encode(x)?))?;
            let logits = self.model.decode_logits(codes.clone())?;
            evaluator.add(targets, &codes.as_vec(), &logits.as_vec());
        }
        Ok(evaluator.finish())
    }

    fn adam_state(&self) -> AdamState {
        self.adam.state().clone()
    }
}
