//! One training step: forward, loss and backward lane by lane, then gradient and Adam shard by shard.
//!
//! The first half shares out lanes, which own their rows' activations and deltas. The second shares out
//! shards of the parameters: each sums its own weight gradient over all lanes in their order, keeps it in
//! cache, and applies it at once. No gradient of a whole layer is ever stored, and no result depends on
//! which thread made it.

use pulp::Arch;

use crate::{
    Adam, Bottleneck, Dense, DenseError, Inputs, LayerValues, Loss, Moments, Stack, Targets, Team,
    adam::Update,
    lanes::{Batch, Lane, lane_rows},
    products::{BiasGradient, Gradient, GradientSparse},
    stack::{LayerShape, SHARD_ROWS, Shard},
    strips::{Scratch, Strip, Strips},
};

/// A stack in training: its parameters, Adam's moments, and buffers for a batch, all allocated once.
///
/// Weights after any number of steps are the same bits whatever the size of the team; between kinds
/// of processor they may differ by rounding.
///
/// # Example
/// ```
/// use ae_dense::{Activation, Adam, Dense, Inputs, Learner, Loss, Stack, Targets, Team};
/// let layer = Dense::new(1, vec![0.0], vec![0.0], Activation::Linear)?;
/// let team = Team::new(2)?;
/// let adam = Adam { learning_rate: 0.1, ..Adam::default() };
/// let mut learner = Learner::new(Stack::new(&[layer])?, Loss::Mse, adam, 64, team.clone())?;
/// let (x, y) = ([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]);
/// let loss = team.enter(|| {
///     for _ in 0..500 {
///         learner.step(Inputs::Dense(&x), Targets::Dense(&y))?;
///     }
///     learner.step(Inputs::Dense(&x), Targets::Dense(&y))
/// })?;
/// assert!(loss < 1e-3); // y = 2 x + 1
/// # Ok::<(), ae_dense::DenseError>(())
/// ```
pub struct Learner {
    stack: Stack,
    loss: Loss,
    adam: Adam,
    steps: u64,
    first: Strips,
    second: Strips,
    max_batch: usize,
    lane_rows: usize,
    lanes: Vec<Lane>,
    lane_bounds: Vec<usize>,
    team: Team,
    arch: Arch,
}

impl Learner {
    /// A learner for batches of at most `max_batch` rows, at step 0.
    ///
    /// # Errors
    /// [`DenseError::Hyperparameter`] if a setting of `adam` is out of its range,
    /// [`DenseError::EmptyBatch`] if `max_batch` is 0.
    pub fn new(
        stack: Stack,
        loss: Loss,
        adam: Adam,
        max_batch: usize,
        team: Team,
    ) -> Result<Self, DenseError> {
        adam.check()?;
        if max_batch == 0 {
            return Err(DenseError::EmptyBatch);
        }
        let lane_rows = lane_rows(max_batch);
        let lane = |_| Lane::both_ways(stack.shapes(), lane_rows);
        let lanes: Vec<_> = (0..max_batch.div_ceil(lane_rows)).map(lane).collect();
        Ok(Self {
            loss,
            adam,
            steps: 0,
            first: stack.zeros(),
            second: stack.zeros(),
            max_batch,
            lane_rows,
            lane_bounds: (0..=lanes.len()).collect(),
            lanes,
            team,
            arch: Arch::new(),
            stack,
        })
    }

    /// The stack as it is now.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// One step of Adam on a batch; the batch's mean loss before it, reduced as [`Loss`] says.
    ///
    /// If that loss is not finite, it is returned and nothing else changes: the parameters stay as
    /// they were before the batch.
    ///
    /// # Errors
    /// - [`DenseError::EmptyBatch`], [`DenseError::BatchTooLarge`], [`DenseError::RowCounts`] if the
    ///   numbers of rows do not fit
    /// - [`DenseError::PartialRow`], [`DenseError::Width`], [`DenseError::RowOutOfRange`],
    ///   [`DenseError::ClassOutOfRange`] if a row is not there or not as the stack needs it
    /// - [`DenseError::TargetKind`] if the loss takes another kind of target
    ///
    /// Nothing changes then either.
    pub fn step(&mut self, inputs: Inputs<'_>, targets: Targets<'_>) -> Result<f64, DenseError> {
        let batch = check(&self.stack, self.loss, inputs, targets)?;
        self.step_on(&batch)
    }

    /// As [`step`](Self::step), with noise on the code and a price on its bits. The loss that comes back has no
    /// price in it.
    ///
    /// # Errors
    /// As [`step`](Self::step), and [`DenseError::BottleneckLayer`], [`DenseError::Length`] or
    /// [`DenseError::Price`] if `bottleneck` is not as [`Bottleneck`] says.
    pub fn step_through(
        &mut self,
        inputs: Inputs<'_>,
        targets: Targets<'_>,
        bottleneck: Bottleneck<'_>,
    ) -> Result<f64, DenseError> {
        let batch = check_through(&self.stack, self.loss, inputs, targets, bottleneck)?;
        self.step_on(&batch)
    }

    fn step_on(&mut self, batch: &Batch<'_>) -> Result<f64, DenseError> {
        self.check_size(batch)?;
        let team = self.team.clone();
        Ok(team.install(|| {
            let loss = self.sweep(batch);
            if loss.is_finite() {
                self.steps += 1;
                self.update(batch);
            }
            loss
        }))
    }

    /// The mean loss of a batch and its gradient by every parameter, first layer first, by the same
    /// kernels as [`step`](Self::step), which it leaves without effect.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(
        &mut self,
        inputs: Inputs<'_>,
        targets: Targets<'_>,
    ) -> Result<(f64, Vec<LayerValues>), DenseError> {
        let batch = check(&self.stack, self.loss, inputs, targets)?;
        self.gradients_on(&batch)
    }

    /// The same for [`step_through`](Self::step_through): the gradient has the price in it, the loss has not.
    ///
    /// # Errors
    /// As [`step_through`](Self::step_through).
    pub fn gradients_through(
        &mut self,
        inputs: Inputs<'_>,
        targets: Targets<'_>,
        bottleneck: Bottleneck<'_>,
    ) -> Result<(f64, Vec<LayerValues>), DenseError> {
        let batch = check_through(&self.stack, self.loss, inputs, targets, bottleneck)?;
        self.gradients_on(&batch)
    }

    fn gradients_on(&mut self, batch: &Batch<'_>) -> Result<(f64, Vec<LayerValues>), DenseError> {
        self.check_size(batch)?;
        let loss = self.sweep(batch);
        let mut gradient = self.stack.zeros();
        let lanes = &self.lanes[..batch.rows.div_ceil(self.lane_rows)];
        let arch = self.arch;
        let (shapes, shards, bounds, _) = self.stack.shards_mut();
        self.team.share(bounds, [gradient.get_mut()], &|shard, [out]| {
            shard_gradient(arch, shapes, &shards[shard], lanes, batch, out);
        });
        Ok((loss, self.stack.unpack(&gradient)))
    }

    /// Sets the length of the steps from here on.
    ///
    /// # Errors
    /// [`DenseError::Hyperparameter`] if it is not a positive number; the old one stays then.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<(), DenseError> {
        let adam = Adam { learning_rate, ..self.adam };
        adam.check()?;
        self.adam = adam;
        Ok(())
    }

    /// Adam's moments and step count.
    pub fn moments(&self) -> Moments {
        Moments {
            steps: self.steps,
            first: self.stack.unpack(&self.first),
            second: self.stack.unpack(&self.second),
        }
    }

    /// Goes on from parameters that another learner of the same layers had.
    ///
    /// # Errors
    /// [`DenseError::Length`] if they are of other shapes; nothing changes then.
    pub fn set_layers(&mut self, layers: &[Dense]) -> Result<(), DenseError> {
        self.stack.set_layers(layers)
    }

    /// Goes on from moments that another learner of the same layers had.
    ///
    /// # Errors
    /// [`DenseError::Length`] if they are of other shapes; nothing changes then.
    pub fn set_moments(&mut self, moments: &Moments) -> Result<(), DenseError> {
        let pack = |values: &[LayerValues]| {
            self.stack.pack(values.iter().map(|layer| (&layer.weight[..], &layer.bias[..])))
        };
        let (first, second) = (pack(&moments.first)?, pack(&moments.second)?);
        (self.first, self.second, self.steps) = (first, second, moments.steps);
        Ok(())
    }

    fn check_size(&self, batch: &Batch<'_>) -> Result<(), DenseError> {
        if batch.rows > self.max_batch {
            return Err(DenseError::BatchTooLarge { rows: batch.rows, max_batch: self.max_batch });
        }
        Ok(())
    }

    /// Forward, loss and backward; the mean loss.
    fn sweep(&mut self, batch: &Batch<'_>) -> f64 {
        let lanes = batch.rows.div_ceil(self.lane_rows);
        let (arch, stack, lane_rows) = (self.arch, &self.stack, self.lane_rows);
        self.team.share(&self.lane_bounds[..=lanes], [&mut self.lanes[..lanes]], &|index, [lane]| {
            let lane = &mut lane[0];
            let first = index * lane_rows;
            let rows = lane_rows.min(batch.rows - first);
            batch.targets.touch(first..first + rows, stack.outputs());
            lane.forward_through(arch, stack, batch, first, rows);
            lane.head(arch, stack, batch);
            lane.backward(arch, stack, batch);
            lane.cut_lists(&stack.shapes()[0], batch.inputs);
        });
        let sum: f64 = self.lanes[..lanes].iter().map(|lane| lane.loss).sum();
        sum / batch.loss.count(batch.rows, self.stack.outputs())
    }

    /// Gradient and Adam, from what the sweep left in the lanes.
    fn update(&mut self, batch: &Batch<'_>) {
        let step = self.adam.at(self.steps);
        let lanes = &self.lanes[..batch.rows.div_ceil(self.lane_rows)];
        let arch = self.arch;
        let (shapes, shards, bounds, parameters) = self.stack.shards_mut();
        let buffers = [parameters, self.first.get_mut(), self.second.get_mut()];
        self.team.share(bounds, buffers, &|shard, [parameters, first, second]| {
            let mut gradient = Scratch::<SHARD_ROWS>::new();
            let gradient = &mut gradient.0[..parameters.len()];
            shard_gradient(arch, shapes, &shards[shard], lanes, batch, gradient);
            arch.dispatch(Update { step, gradient, parameters, first, second });
        });
    }
}

/// The gradient by one shard's parameters, into `out`, which is zero; where the shard has padding it stays so.
fn shard_gradient(
    arch: Arch,
    shapes: &[LayerShape],
    shard: &Shard,
    lanes: &[Lane],
    batch: &Batch<'_>,
    out: &mut [Strip],
) {
    let &Shard { layer, ref panels, number, first, end, bias } = shard;
    let inputs = batch.inputs;
    let shape = &shapes[layer];
    for (panel, out) in panels.clone().zip(out.chunks_exact_mut(shape.part_rows())) {
        let dense = lanes.iter().map(move |lane| lane.layer_rows(layer, panel, inputs, shape.inputs));
        match inputs {
            Inputs::Sparse { set, rows } if layer == 0 => {
                let lanes = lanes.iter().map(|lane| lane.sparse_rows(panel, set, rows));
                arch.dispatch(GradientSparse { lanes, part: number, first, out });
            }
            _ => arch.dispatch(Gradient { lanes: dense.clone(), first, end, out }),
        }
        if let Some(bias) = bias {
            arch.dispatch(BiasGradient { lanes: dense, out: &mut out[bias] });
        }
    }
}

/// A batch of which every row is known to be there and to fit.
pub(crate) fn check<'a>(
    stack: &Stack,
    loss: Loss,
    inputs: Inputs<'a>,
    targets: Targets<'a>,
) -> Result<Batch<'a>, DenseError> {
    let rows = inputs.check(stack.inputs())?;
    let target_rows = targets.check(loss, stack.outputs())?;
    if rows != target_rows {
        return Err(DenseError::RowCounts { inputs: rows, targets: target_rows });
    }
    if rows == 0 {
        return Err(DenseError::EmptyBatch);
    }
    Ok(Batch { inputs, targets, loss, rows, bottleneck: None })
}

/// The same, with a bottleneck that is known to fit.
fn check_through<'a>(
    stack: &Stack,
    loss: Loss,
    inputs: Inputs<'a>,
    targets: Targets<'a>,
    bottleneck: Bottleneck<'a>,
) -> Result<Batch<'a>, DenseError> {
    let batch = check(stack, loss, inputs, targets)?;
    let Bottleneck { layer, noise, price } = bottleneck;
    let layers = stack.depth();
    if layer >= layers - 1 {
        return Err(DenseError::BottleneckLayer { layer, layers });
    }
    let expected = batch.rows.saturating_mul(stack.shapes()[layer].outputs);
    if noise.len() != expected {
        return Err(DenseError::Length { what: "noise", expected, found: noise.len() });
    }
    if !(price.is_finite() && price >= 0.0) {
        return Err(DenseError::Price { found: price });
    }
    Ok(Batch { bottleneck: Some(bottleneck), ..batch })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, SparseRows, testing::architectures};

    /// Numbers without pattern, from a fixed start.
    fn noise(count: usize, state: &mut u32) -> Vec<f32> {
        let next = || {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// The integration tests hold this machine's best instruction set against `f64`; here all others
    /// that it has are held against that one.
    #[test]
    fn instruction_sets_agree() {
        let mut state = 7;
        let mut dense = |inputs: usize, outputs: usize, activation| {
            let weight = noise(inputs * outputs, &mut state).into_iter().map(|w| w * 0.2).collect();
            Dense::new(inputs, weight, noise(outputs, &mut state), activation).unwrap()
        };
        let layers = [
            dense(150, 35, Activation::Relu),
            dense(35, 3, Activation::Sigmoid),
            dense(3, 50, Activation::Linear),
        ];
        let pixels: Vec<u8> =
            noise(150 * 40, &mut state).iter().map(|x| (x.max(0.0) * 255.0) as u8).collect();
        let set = SparseRows::from_bytes(&pixels, 150).unwrap();
        let rows: Vec<u32> = (0..37).collect();
        let targets: Vec<f32> = noise(37 * 50, &mut state).into_iter().map(f32::abs).collect();
        let labels = [3; 40];
        for loss in [Loss::BceWithLogits, Loss::Mse, Loss::SoftmaxCrossEntropy] {
            let targets = match loss {
                Loss::SoftmaxCrossEntropy => Targets::Classes { labels: &labels, rows: &rows },
                _ => Targets::Dense(&targets),
            };
            for inputs in
                [Inputs::Bytes { pixels: &pixels, rows: &rows }, Inputs::Sparse { set: &set, rows: &rows }]
            {
                let results: Vec<_> = architectures()
                    .into_iter()
                    .map(|arch| {
                        let stack = Stack::new(&layers).unwrap();
                        let team = Team::new(1).unwrap();
                        let mut learner = Learner::new(stack, loss, Adam::default(), 37, team).unwrap();
                        learner.arch = arch;
                        let (mean, gradient) = learner.gradients(inputs, targets).unwrap();
                        for _ in 0..3 {
                            learner.step(inputs, targets).unwrap();
                        }
                        let flat = |layers: &[LayerValues]| -> Vec<f32> {
                            layers
                                .iter()
                                .flat_map(|layer| [&layer.weight[..], &layer.bias].concat())
                                .collect()
                        };
                        (mean, flat(&gradient), flat(&learner.moments().second))
                    })
                    .collect();
                let close = |a: &[f32], b: &[f32]| {
                    assert_eq!(a.len(), b.len());
                    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 + 1e-5 * b.abs())
                };
                for (mean, gradient, second) in &results[1..] {
                    assert!((mean - results[0].0).abs() <= 1e-6 * mean, "{loss:?}: {mean}, {}", results[0].0);
                    assert!(close(gradient, &results[0].1), "{loss:?}: gradients differ");
                    assert!(close(second, &results[0].2), "{loss:?}: moments differ");
                }
            }
        }
    }
}
