//! The fast engine: `ae-dense`'s hand-derived kernels, on the model's layers.

use std::iter::zip;
use std::ops::Range;

use ae_data::ImageSet;
use ae_dense::{Adam, Inputs, Learner, Loss, SparseRows, Stack, Targets, Team};
use ae_model::{AutoencoderStack, Parameters};

use super::Engine;
use crate::{AdamState, Moments, TrainError};

/// Share of nonzero training pixels below which the first layer runs over lists of them.
const SPARSE_BELOW: f64 = 0.25;

pub(crate) struct Fused<'a, M> {
    model: &'a mut M,
    learner: Learner,
    team: Team,
    /// The training images' nonzero pixels, where there are few.
    nonzero: Option<SparseRows>,
}

impl<'a, M: AutoencoderStack + Parameters> Fused<'a, M> {
    pub(crate) fn new(
        model: &'a mut M,
        train: &ImageSet,
        learning_rate: f32,
        batch_size: usize,
        team: Team,
    ) -> Result<Self, TrainError> {
        let adam = Adam { learning_rate, ..Adam::default() };
        let stack = Stack::new(&model.layers())?;
        let learner =
            Learner::new(stack, Loss::BceWithLogits, adam, batch_size.min(train.len()), team.clone())?;
        let nonzero = (train.density() < SPARSE_BELOW)
            .then(|| SparseRows::from_bytes(train.pixels(), train.pixels_per_image()))
            .transpose()?;
        Ok(Self { model, learner, team, nonzero })
    }
}

impl<M: AutoencoderStack + Parameters + Send + Sync> Engine for Fused<'_, M> {
    fn name(&self) -> &'static str {
        "fused"
    }

    fn inputs(&self) -> &'static str {
        if self.nonzero.is_some() { "sparse" } else { "dense" }
    }

    fn sizes(&self) -> (usize, usize) {
        (self.learner.stack().inputs(), self.model.layers()[self.model.encoder_layers() - 1].outputs())
    }

    fn step(&mut self, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError> {
        let pixels = images.pixels();
        let inputs = match &self.nonzero {
            Some(set) => Inputs::Sparse { set, rows },
            None => Inputs::Bytes { pixels, rows },
        };
        Ok(self.learner.step(inputs, Targets::Bytes { pixels, rows })?)
    }

    fn forward(
        &self,
        images: &ImageSet,
        rows: Range<u32>,
        codes: &mut Vec<f32>,
        logits: &mut Vec<f32>,
    ) -> Result<(), TrainError> {
        let (stack, encoder_layers) = (self.learner.stack(), self.model.encoder_layers());
        let (pixels, rows) = (images.pixels(), rows.collect::<Vec<_>>());
        codes.resize(rows.len() * self.sizes().1, 0.0);
        logits.resize(rows.len() * stack.outputs(), 0.0);
        let inputs = Inputs::Bytes { pixels, rows: &rows };
        stack.forward(&self.team, 0..encoder_layers, inputs, codes)?;
        stack.forward(&self.team, encoder_layers..stack.depth(), Inputs::Dense(codes), logits)?;
        Ok(())
    }

    fn adam_state(&self) -> AdamState {
        let moments = self.learner.moments();
        let flat = |layers: Vec<ae_dense::LayerValues>| {
            layers.into_iter().flat_map(|layer| [layer.weight, layer.bias])
        };
        // A stack's tensors are its layers' weights and biases in turn.
        let names = self.model.parameters().into_iter().map(|tensor| tensor.name);
        let values = zip(flat(moments.first), flat(moments.second)).map(|(m, v)| Moments { m, v });
        AdamState { t: moments.steps, moments: zip(names, values).collect() }
    }

    fn write_back(&mut self) -> Result<(), TrainError> {
        Ok(self.model.set_layers(&self.learner.stack().layers())?)
    }
}
