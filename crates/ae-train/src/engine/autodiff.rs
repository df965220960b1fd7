//! The reference engine: dfdx's tape, and the module's own forward.

use std::mem;

use ae_data::{ImageSet, fill_pixels};
use ae_dense::Team;
use ae_model::dfdx::nn::ZeroGrads;
use ae_model::dfdx::shapes::{ConstDim, Rank0};
use ae_model::dfdx::tensor::{Cpu, Gradients, PutTape, SplitTape, Tensor, Trace};
use ae_model::dfdx::tensor_ops::{Backward, MeanTo, SumTo, TryAdd, TryMul};
use ae_model::{Autoencoder, Batch, ModelError, NamedTensor, Network, Parameters, Traced, batch};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Engine, Inputs};
use crate::adam::Adam;
use crate::{AdamState, TrainConfig, TrainError, code_noise};

pub(crate) struct Autodiff<'a, E, D> {
    model: &'a mut Autoencoder<E, D>,
    adam: Adam,
    /// Allocated once and zeroed after every step; away from here only while a tape holds them.
    gradients: Gradients<f32, Cpu>,
    config: TrainConfig,
    /// Damages inputs, and draws noise for codes.
    team: Team,
    /// dfdx multiplies with as many threads as the pool around it has.
    pool: ThreadPool,
}

impl<'a, E, D> Autodiff<'a, E, D>
where
    E: Network,
    D: Network<In = E::Out, Out = E::In>,
{
    pub(crate) fn new(
        model: &'a mut Autoencoder<E, D>,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let gradients = model.try_alloc_grads().map_err(ModelError::from)?;
        let threads = team.threads();
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(TrainError::Threads)?;
        Ok(Self { model, adam: Adam::default(), gradients, config, team, pool })
    }
}

impl<E, D> Engine for Autodiff<'_, E, D>
where
    E: Network + Send + Sync,
    D: Network<In = E::Out, Out = E::In> + Send + Sync,
{
    fn name(&self) -> &'static str {
        "autodiff"
    }

    fn inputs(&self) -> &'static str {
        "dense"
    }

    fn sizes(&self) -> (usize, usize) {
        (E::In::SIZE, E::Out::SIZE)
    }

    fn step(&mut self, epoch: u64, images: &ImageSet, rows: &[u32]) -> Result<f64, TrainError> {
        let Self { model, adam, gradients, config, team, pool } = self;
        let target = pixels::<E::In>(images, rows)?;
        let x = match config.corruption() {
            None => target.clone(),
            Some(corruption) => {
                let mut values = vec![0.0; rows.len() * E::In::SIZE];
                corruption.fill(team, epoch, images, rows, &mut values)?;
                batch(&values)?
            }
        };
        pool.install(|| {
            let tape = mem::replace(gradients, Gradients::leaky());
            let mut z = model.encoder.apply_traced(x.traced(tape))?;
            let mut price = None;
            if config.rate() > 0.0 {
                let mut noise = vec![0.0; rows.len() * E::Out::SIZE];
                code_noise::fill(team, config.params().seed, epoch, rows, E::Out::SIZE, &mut noise);
                let (code, tape) = z.split_tape();
                let scale = f64::from(config.rate()) / (rows.len() * E::In::SIZE) as f64;
                let (cost, tape) = bits(code.clone().put_tape(tape), scale)?.split_tape();
                price = Some(cost);
                z = code.put_tape(tape).try_add(batch::<E::Out>(&noise)?).map_err(ModelError::from)?;
            }
            let logits = model.decoder.apply_traced(z)?;
            let losses = logits.try_bce_with_logits(target).map_err(ModelError::from)?;
            // dfdx adds up in f32, one by one: over a batch's 50,000 pixels that is off by 1e-5.
            let values = losses.as_vec();
            let bce = values.iter().map(|&loss| f64::from(loss)).sum::<f64>() / values.len() as f64;
            let mut loss = losses.try_mean().map_err(ModelError::from)?;
            if let Some(price) = price {
                loss = loss.try_add(price).map_err(ModelError::from)?;
            }
            *gradients = loss.try_backward().map_err(ModelError::from)?;
            adam.update(config.learning_rate_in(epoch), *model, gradients)?;
            model.try_zero_grads(gradients).map_err(ModelError::from)?;
            Ok(bce)
        })
    }

    fn forward(
        &self,
        inputs: Inputs<'_>,
        codes: &mut Vec<f32>,
        logits: &mut Vec<f32>,
    ) -> Result<(), TrainError> {
        let model = &*self.model;
        let x = match inputs {
            Inputs::Images(images, rows) => pixels::<E::In>(images, rows)?,
            Inputs::Values(values) => batch(values)?,
        };
        self.pool.install(|| {
            let z = model.encode(x)?;
            *codes = z.as_vec();
            *logits = model.decode_logits(z)?.as_vec();
            Ok(())
        })
    }

    fn adam_state(&self) -> AdamState {
        self.adam.state().clone()
    }

    fn write_back(&mut self) -> Result<(), TrainError> {
        Ok(())
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        self.model.parameters()
    }

    fn restore(&mut self, parameters: &[NamedTensor], adam: AdamState) -> Result<(), TrainError> {
        self.model.set_parameters(parameters)?;
        self.adam.set_state(adam);
        Ok(())
    }
}

/// `scale` times the bits of a batch's codes: `1/2 log2(1 + 12 y^2)` for each number `y`.
fn bits<N: ConstDim>(z: Batch<N, Traced>, scale: f64) -> Result<Tensor<Rank0, f32, Cpu, Traced>, ModelError> {
    let powers = z.try_square()?.try_mul(12.0f32)?.try_add(1.0f32)?;
    let factor = (0.5 * scale / std::f64::consts::LN_2) as f32;
    Ok(powers.try_ln()?.try_sum()?.try_mul(factor)?)
}

/// The images `rows` as a tensor, `(B, PIXELS)`.
fn pixels<N: ConstDim>(images: &ImageSet, rows: &[u32]) -> Result<Batch<N>, TrainError> {
    let mut pixels = vec![0.0; rows.len() * images.pixels_per_image()];
    fill_pixels(images, rows, &mut pixels)?;
    Ok(batch(&pixels)?)
}
