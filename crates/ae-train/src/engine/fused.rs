//! The fast engine: `ae-dense`'s hand-derived kernels, on the model's layers.

use std::iter::zip;

use ae_data::ImageSet;
use ae_dense::{Adam, Bottleneck, DenseError, LayerValues, Learner, Loss, SparseRows, Stack, Targets, Team};
use ae_model::{AutoencoderStack, ModelError, NamedTensor, Parameters};

use super::{Engine, Inputs};
use crate::corrupt::MaskedRows;
use crate::{AdamState, Corruption, Moments, TrainConfig, TrainError, code_noise};

/// Share of nonzero training pixels below which the first layer runs over lists of them: where both take as long, by
/// the table in docs/results.md.
const SPARSE_BELOW: f64 = 0.25;

pub(crate) struct Fused<'a, M> {
    model: &'a mut M,
    learner: Learner,
    team: Team,
    feed: Feed,
    config: TrainConfig,
    /// Layers of the encoder; asking the model copies its weights.
    encoder_layers: usize,
    /// Values in a code.
    code: usize,
    /// Of the parameters: a stack's are its layers' weights and biases in turn.
    names: Vec<String>,
    /// `(B, CODE)`: what is added to a batch's codes, where bits are paid for.
    noise: Vec<f32>,
}

/// How training images reach the first layer.
enum Feed {
    /// As they are, byte by byte.
    Bytes,
    /// As they are, by lists of their nonzero pixels.
    Lists(SparseRows),
    /// Masked, by lists.
    Masked { nonzero: SparseRows, masked: MaskedRows, corruption: Corruption },
    /// Damaged, value by value.
    Values { values: Vec<f32>, corruption: Corruption },
}

impl Feed {
    fn new(train: &ImageSet, corruption: Option<Corruption>, max_batch: usize) -> Result<Self, DenseError> {
        let sparse = train.density() < SPARSE_BELOW;
        let width = train.pixels_per_image();
        let nonzero = || SparseRows::from_bytes(train.pixels(), width);
        Ok(match corruption {
            None if sparse => Self::Lists(nonzero()?),
            None => Self::Bytes,
            // Noise lights the black pixels, a mask lights none.
            Some(corruption) if sparse && corruption.noise() == 0.0 => {
                Self::Masked { nonzero: nonzero()?, masked: MaskedRows::new(width, max_batch)?, corruption }
            }
            Some(corruption) => Self::Values { values: vec![0.0; max_batch * width], corruption },
        })
    }

    /// The images `rows` of `images` as they are in `epoch`.
    fn inputs<'a>(
        &'a mut self,
        team: &Team,
        epoch: u64,
        images: &'a ImageSet,
        rows: &'a [u32],
    ) -> Result<ae_dense::Inputs<'a>, TrainError> {
        Ok(match self {
            Self::Bytes => ae_dense::Inputs::Bytes { pixels: images.pixels(), rows },
            Self::Lists(set) => ae_dense::Inputs::Sparse { set, rows },
            Self::Masked { nonzero, masked, corruption } => {
                masked.fill(team, corruption, epoch, nonzero, rows)?
            }
            Self::Values { values, corruption } => {
                let values = &mut values[..rows.len() * images.pixels_per_image()];
                corruption.fill(team, epoch, images, rows, values)?;
                ae_dense::Inputs::Dense(values)
            }
        })
    }
}

impl<'a, M: AutoencoderStack + Parameters> Fused<'a, M> {
    pub(crate) fn new(
        model: &'a mut M,
        train: &ImageSet,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let adam = Adam { learning_rate: config.learning_rate(), ..Adam::default() };
        let (layers, encoder_layers) = (model.layers(), model.encoder_layers());
        let (stack, code) = (Stack::new(&layers)?, layers[encoder_layers - 1].outputs());
        let max_batch = config.batch_size().min(train.len());
        let learner = Learner::new(stack, Loss::BceWithLogits, adam, max_batch, team.clone())?;
        let feed = Feed::new(train, config.corruption(), max_batch)?;
        let names = model.parameters().into_iter().map(|tensor| tensor.name).collect();
        Ok(Self { model, learner, team, feed, config, encoder_layers, code, names, noise: Vec::new() })
    }
}

impl<M: AutoencoderStack + Parameters + Send + Sync> Engine for Fused<'_, M> {
    fn name(&self) -> &'static str {
        "fused"
    }

    fn inputs(&self) -> &'static str {
        match self.feed {
            Feed::Lists(_) | Feed::Masked { .. } => "sparse",
            Feed::Bytes | Feed::Values { .. } => "dense",
        }
    }

    fn sizes(&self) -> (usize, usize) {
        (self.learner.stack().inputs(), self.code)
    }

    fn step(&mut self, epoch: u64, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError> {
        let Self { learner, team, feed, config, encoder_layers, code, noise, .. } = self;
        let (seed, price, layer, width) = (config.params().seed, config.rate(), *encoder_layers - 1, *code);
        learner.set_learning_rate(config.learning_rate_in(epoch))?;
        let inputs = feed.inputs(team, epoch, images, rows)?;
        let targets = Targets::Bytes { pixels: images.pixels(), rows };
        if price == 0.0 {
            return Ok(learner.step(inputs, targets)?);
        }
        noise.resize(rows.len() * width, 0.0);
        code_noise::fill(team, seed, epoch, rows, width, noise);
        Ok(learner.step_through(inputs, targets, Bottleneck { layer, noise, price })?)
    }

    fn forward(
        &self,
        inputs: Inputs<'_>,
        codes: &mut Vec<f32>,
        logits: &mut Vec<f32>,
    ) -> Result<(), TrainError> {
        let (stack, encoder_layers) = (self.learner.stack(), self.encoder_layers);
        let (inputs, count) = match inputs {
            Inputs::Images(images, rows) => {
                (ae_dense::Inputs::Bytes { pixels: images.pixels(), rows }, rows.len())
            }
            Inputs::Values(values) => (ae_dense::Inputs::Dense(values), values.len() / stack.inputs()),
        };
        codes.resize(count * self.sizes().1, 0.0);
        logits.resize(count * stack.outputs(), 0.0);
        stack.forward(&self.team, 0..encoder_layers, inputs, codes)?;
        let codes = ae_dense::Inputs::Dense(codes);
        stack.forward(&self.team, encoder_layers..stack.depth(), codes, logits)?;
        Ok(())
    }

    fn adam_state(&self) -> AdamState {
        let moments = self.learner.moments();
        let flat = |layers: Vec<LayerValues>| layers.into_iter().flat_map(|layer| [layer.weight, layer.bias]);
        let values = zip(flat(moments.first), flat(moments.second)).map(|(m, v)| Moments { m, v });
        AdamState { t: moments.steps, moments: zip(self.names.iter().cloned(), values).collect() }
    }

    fn write_back(&mut self) -> Result<(), TrainError> {
        Ok(self.model.set_layers(&self.learner.stack().layers())?)
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        let layers = self.learner.stack().layers();
        let values = layers.iter().flat_map(|layer| [layer.weight(), layer.bias()]);
        let mut tensors = self.model.parameters();
        for (tensor, values) in zip(&mut tensors, values) {
            tensor.values.copy_from_slice(values);
        }
        tensors
    }

    fn restore(&mut self, parameters: &[NamedTensor], mut adam: AdamState) -> Result<(), TrainError> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for pair in self.names.chunks_exact(2) {
            let [weight, bias] = [&pair[0], &pair[1]].map(|name| {
                let missing = || ModelError::MissingTensor { name: name.clone() };
                adam.moments.remove(name).ok_or_else(missing)
            });
            let (weight, bias) = (weight?, bias?);
            first.push(LayerValues { weight: weight.m, bias: bias.m });
            second.push(LayerValues { weight: weight.v, bias: bias.v });
        }
        self.model.set_parameters(parameters)?;
        self.learner.set_layers(&self.model.layers())?;
        Ok(self.learner.set_moments(&ae_dense::Moments { steps: adam.t, first, second })?)
    }
}
