//! The reference engine: dfdx's tape, and the model's own forward.

use ae_data::Samples;
use ae_model::dfdx::shapes::Rank0;
use ae_model::dfdx::tensor::{Cpu, PutTape, SplitTape, Tensor, TensorFromVec, Trace};
use ae_model::dfdx::tensor_ops::{Backward, MeanTo, SumTo, TryAdd, TryMul, TrySub};
use ae_model::{Batch, ModelError, NamedTensor, Traced};
use ae_net::{Adam, Loss, NetError, Outputs, Rows, Team};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::taped::Taped;
use super::{Engine, Forward, loss_of, rows as rows_of};
use crate::{AdamState, Moments, TrainConfig, TrainError, code_noise};

pub(crate) struct Autodiff<'a> {
    model: Box<dyn Taped + 'a>,
    adam: AdamState,
    config: TrainConfig,
    /// Damages inputs, and draws noise for codes.
    team: Team,
    /// dfdx multiplies with as many threads as the pool around it has.
    pool: ThreadPool,
}

impl<'a> Autodiff<'a> {
    pub(crate) fn new(
        model: Box<dyn Taped + 'a>,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let threads = team.threads();
        let refused =
            |error: rayon::ThreadPoolBuildError| NetError::Threads { threads, reason: error.to_string() };
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(refused)?;
        Ok(Self { model, adam: AdamState::default(), config, team, pool })
    }

    /// What the first layer is shown of the images `rows` in `epoch`, `(B, PIXELS)`.
    fn inputs(&self, epoch: u64, images: &Samples, rows: &[u32]) -> Result<Vec<f32>, NetError> {
        let Some(corruption) = self.config.corruption() else {
            return Ok(rows_of(images)?.pick(rows)?.to_values());
        };
        let mut values = vec![0.0; rows.len() * images.width()];
        corruption.fill(&self.team, epoch, images, rows, &mut values)?;
        Ok(values)
    }
}

impl Engine for Autodiff<'_> {
    fn name(&self) -> &'static str {
        "autodiff"
    }

    fn inputs(&self) -> &'static str {
        "dense"
    }

    fn sizes(&self) -> (usize, usize) {
        self.model.sizes()
    }

    fn outputs(&self) -> Outputs {
        self.model.outputs()
    }

    fn step(&mut self, epoch: u64, images: &Samples, rows: &[u32]) -> Result<f64, TrainError> {
        let (pixels, code) = self.model.sizes();
        let x = batch(self.inputs(epoch, images, rows)?, pixels)?;
        let targets = batch(rows_of(images)?.pick(rows)?.to_values(), pixels)?;
        let kind = loss_of(self.model.outputs())?;
        let Self { model, adam, config, team, pool } = self;
        pool.install(|| {
            let mut z = model.encode(x.traced(model.gradients()?))?;
            let mut price = None;
            if config.rate() > 0.0 {
                let mut noise = vec![0.0; rows.len() * code];
                code_noise::fill(team, config.seed(), epoch, rows, code, &mut noise);
                let (plain, tape) = z.split_tape();
                let scale = f64::from(config.rate()) / (rows.len() * pixels) as f64;
                let (cost, tape) = bits(plain.clone().put_tape(tape), scale)?.split_tape();
                price = Some(cost);
                z = plain.put_tape(tape).try_add(batch(noise, code)?).map_err(ModelError::from)?;
            }
            let outputs = model.decode(z)?;
            let losses = match kind {
                Loss::Mse => outputs.try_sub(targets).and_then(|errors| errors.try_square()),
                _ => outputs.try_bce_with_logits(targets),
            };
            let losses = losses.map_err(ModelError::from)?;
            // dfdx adds up in f32, one by one: over a batch's 50,000 pixels that is off by 1e-5.
            let values = losses.as_vec();
            let mean = values.iter().map(|&loss| f64::from(loss)).sum::<f64>() / values.len() as f64;
            let mut loss = losses.try_mean().map_err(ModelError::from)?;
            if let Some(price) = price {
                loss = loss.try_add(price).map_err(ModelError::from)?;
            }
            let mut gradients = loss.try_backward().map_err(ModelError::from)?;
            let mut update = adam_step(adam, config.learning_rate_in(epoch));
            model.update(&mut gradients, &mut update)?;
            Ok(mean)
        })
    }

    fn forward(&self) -> Result<Forward<'_>, TrainError> {
        let (model, pool) = (&*self.model, &self.pool);
        let pixels = model.sizes().0;
        Ok(Box::new(move |images: Rows<'_>, codes, outputs| {
            let x = batch(images.to_values(), pixels)?;
            (*codes, *outputs) = pool.install(|| model.forward(x))?;
            Ok(())
        }))
    }

    fn adam_state(&self) -> AdamState {
        self.adam.clone()
    }

    fn write_back(&mut self) -> Result<(), TrainError> {
        Ok(self.model.write_back()?)
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        self.model.parameters()
    }

    fn restore(&mut self, parameters: &[NamedTensor], adam: AdamState) -> Result<(), TrainError> {
        self.model.set_parameters(parameters)?;
        self.adam = adam;
        Ok(())
    }
}

/// One step of Adam (Kingma and Ba 2015, Algorithm 1), of size `rate`, by which each parameter is moved down its gradient.
///
/// dfdx has an Adam of its own, but keeps its step count and moments to itself, and a run that can't save them can't be
/// continued.
fn adam_step(state: &mut AdamState, rate: f32) -> impl FnMut(&str, &mut [f32], &[f32]) {
    let Adam { beta1, beta2, epsilon, .. } = Adam::default();
    state.t += 1;
    let correct = |beta: f32| (1.0 / (1.0 - f64::from(beta).powf(state.t as f64))) as f32;
    let (correct_m, correct_v) = (correct(beta1), correct(beta2));
    let moments = &mut state.moments;
    move |name, values, gradient| {
        if !moments.contains_key(name) {
            let zeros = vec![0.0; values.len()];
            moments.insert(name.to_owned(), Moments { m: zeros.clone(), v: zeros });
        }
        let Moments { m, v } = moments.get_mut(name).expect("it was just put there");
        for (((p, &g), m), v) in values.iter_mut().zip(gradient).zip(m).zip(v) {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            *p -= rate * (*m * correct_m) / ((*v * correct_v).sqrt() + epsilon);
        }
    }
}

/// `scale` times the bits of a batch's codes: `1/2 log2(1 + 12 y^2)` for each number `y`.
fn bits(z: Batch<usize, Traced>, scale: f64) -> Result<Tensor<Rank0, f32, Cpu, Traced>, ModelError> {
    let powers = z.try_square()?.try_mul(12.0f32)?.try_add(1.0f32)?;
    let factor = (0.5 * scale / std::f64::consts::LN_2) as f32;
    Ok(powers.try_ln()?.try_sum()?.try_mul(factor)?)
}

/// Rows of `width` values as a tensor, `(B, width)`.
fn batch(values: Vec<f32>, width: usize) -> Result<Batch<usize>, ModelError> {
    let rows = values.len() / width;
    Ok(Cpu::default().try_tensor_from_vec(values, (rows, width))?)
}
