//! One training step: forward, loss and backward lane by lane, then gradient and Adam shard by shard.
//!
//! The first half shares out lanes, which own their rows' activations and deltas. The second shares out
//! shards of the parameters: each sums its own weight gradient over all lanes in their order, keeps it in
//! cache, and applies it at once. No gradient of a whole layer is ever stored, and no result depends on
//! which thread made it.

use crate::adam::Update;
use crate::clocks::{Part, timed};
use crate::crew::Work;
use crate::error::require_length;
use crate::kernels::arch::Arch;
use crate::kernels::lanes::{Batch, Lane, lane_rows};
use crate::kernels::products::{BiasGradient, Gradient};
use crate::kernels::sparse_products::GradientSparse;
use crate::kernels::strips::{Scratch, Strip, Strips};
use crate::rows::Cells;
use crate::stack::{LayerShape, SHARD_ROWS, Shard};
use crate::{Adam, Code, Dense, LayerValues, Loss, Moments, NetError, Rounded, Rows, Stack, Targets, Team};

/// A stack in training: its parameters, Adam's moments, and buffers for a batch, all allocated once.
///
/// Weights after any number of steps are the same bits whatever the size of the team; between kinds
/// of processor they may differ by rounding.
///
/// # Example
/// ```
/// use ae_net::{Activation, Adam, Code, Dense, Learner, Loss, Rows, Stack, Targets, Team};
/// let layer = Dense::new(1, vec![0.0], vec![0.0], Activation::Linear)?;
/// let team = Team::new(2)?;
/// let adam = Adam { learning_rate: 0.1, ..Adam::default() };
/// let mut learner = Learner::new(Stack::new(&[layer])?, Loss::Mse, adam, 64, team.clone())?;
/// let (x, y) = ([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]);
/// let (x, y) = (Rows::values(&x, 1)?, Targets::Rows(Rows::values(&y, 1)?));
/// let loss = team.enter(|| {
///     for _ in 0..500 {
///         learner.step(x, y, Code::Plain)?;
///     }
///     learner.step(x, y, Code::Plain)
/// })?;
/// assert!(loss < 1e-3); // y = 2 x + 1
/// # Ok::<(), ae_net::NetError>(())
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
    /// [`NetError::Argument`] if a setting of `adam` is out of its range, or `max_batch` is 0.
    pub fn new(stack: Stack, loss: Loss, adam: Adam, max_batch: usize, team: Team) -> Result<Self, NetError> {
        adam.check()?;
        if max_batch == 0 {
            return Err(NetError::argument("rows of a batch", "at least 1", 0));
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
    /// [`NetError::Argument`] if there are no rows, more than the learner was built for, or not as many targets; if
    /// they are of other widths than the stack's, or no targets of this loss; or if `code` is not as [`Rounded`]
    /// says. Nothing changes then either.
    pub fn step(&mut self, inputs: Rows<'_>, targets: Targets<'_>, code: Code<'_>) -> Result<f64, NetError> {
        let batch = self.check(inputs, targets, code)?;
        let (team, rows) = (self.team.clone(), batch.rows);
        let kind = Work::Step { parameters: self.stack.strips(), rows: self.max_batch };
        Ok(team.pace(kind, rows, || {
            let loss = self.sweep(&batch);
            if loss.is_finite() {
                self.steps += 1;
                self.update(&batch);
            }
            loss
        }))
    }

    /// The mean loss of a batch and its gradient by every parameter, first layer first, by the same
    /// kernels as [`step`](Self::step), which it leaves without effect. The gradient has a code's price in it, the
    /// loss has not.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(
        &mut self,
        inputs: Rows<'_>,
        targets: Targets<'_>,
        code: Code<'_>,
    ) -> Result<(f64, Vec<LayerValues>), NetError> {
        let batch = self.check(inputs, targets, code)?;
        let loss = self.sweep(&batch);
        let mut gradient = self.stack.zeros();
        let lanes = &self.lanes[..batch.rows.div_ceil(self.lane_rows)];
        let arch = self.arch;
        let (shapes, shards, bounds, _) = self.stack.shards_mut();
        self.team.share(bounds, [gradient.get_mut()], &|shard, [out]| {
            shard_gradient(arch, shapes, &shards[shard], lanes, &batch, out);
        });
        Ok((loss, self.stack.unpack(&gradient)))
    }

    /// Sets the length of the steps from here on.
    ///
    /// # Errors
    /// [`NetError::Argument`] if it is not a positive number; the old one stays then.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<(), NetError> {
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
    /// [`NetError::Argument`] if they are of other shapes; nothing changes then.
    pub fn set_layers(&mut self, layers: &[Dense]) -> Result<(), NetError> {
        self.stack.set_layers(layers)
    }

    /// Goes on from moments that another learner of the same layers had.
    ///
    /// # Errors
    /// [`NetError::Argument`] if they are of other shapes; nothing changes then.
    pub fn set_moments(&mut self, moments: &Moments) -> Result<(), NetError> {
        let pack = |values: &[LayerValues]| {
            self.stack.pack(values.iter().map(|layer| (&layer.weight[..], &layer.bias[..])))
        };
        let (first, second) = (pack(&moments.first)?, pack(&moments.second)?);
        (self.first, self.second, self.steps) = (first, second, moments.steps);
        Ok(())
    }

    fn check<'a>(
        &self,
        inputs: Rows<'a>,
        targets: Targets<'a>,
        code: Code<'a>,
    ) -> Result<Batch<'a>, NetError> {
        let batch = check(&self.stack, self.loss, inputs, targets, code)?;
        if batch.rows > self.max_batch {
            let expected = format_args!("at most {}", self.max_batch);
            return Err(NetError::argument("rows of a batch", expected, batch.rows));
        }
        Ok(batch)
    }

    /// Forward, loss and backward; the mean loss.
    fn sweep(&mut self, batch: &Batch<'_>) -> f64 {
        let lanes = batch.rows.div_ceil(self.lane_rows);
        let (arch, stack, lane_rows) = (self.arch, &self.stack, self.lane_rows);
        self.team.share(&self.lane_bounds[..=lanes], [&mut self.lanes[..lanes]], &|index, [lane]| {
            let lane = &mut lane[0];
            let first = index * lane_rows;
            let rows = lane_rows.min(batch.rows - first);
            timed(Part::Reading, || batch.targets.touch(first..first + rows));
            lane.forward_batch(arch, stack, batch, first, rows);
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
            timed(Part::Adam, || arch.dispatch(Update { step, gradient, parameters, first, second }));
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
        let dense = lanes.iter().map(move |lane| lane.layer_rows(layer, panel, inputs));
        match inputs.cells() {
            Cells::Lists(set) if layer == 0 => {
                let lanes = lanes.iter().map(|lane| lane.sparse_rows(panel, set, inputs));
                timed(Part::ListGradient, || {
                    arch.dispatch(GradientSparse { lanes, part: number, first, out });
                });
            }
            _ => timed(Part::Gradient, || arch.dispatch(Gradient { lanes: dense.clone(), first, end, out })),
        }
        if let Some(bias) = bias {
            timed(Part::Bias, || arch.dispatch(BiasGradient { lanes: dense, out: &mut out[bias] }));
        }
    }
}

/// A batch of which every row is known to be there and to fit.
pub(crate) fn check<'a>(
    stack: &Stack,
    loss: Loss,
    inputs: Rows<'a>,
    targets: Targets<'a>,
    code: Code<'a>,
) -> Result<Batch<'a>, NetError> {
    inputs.require_width("inputs", stack.inputs())?;
    let (rows, target_rows) = (inputs.len(), targets.check(loss, stack.outputs())?);
    if rows != target_rows {
        return Err(NetError::argument("rows of targets", rows, target_rows));
    }
    if rows == 0 {
        return Err(NetError::argument("rows of a batch", "at least 1", 0));
    }
    if let Code::Rounded(Rounded { layer, noise, price }) = code {
        let last = stack.depth() - 1;
        if layer >= last {
            return Err(NetError::argument(
                "the code's layer",
                format_args!("one before layer {last}"),
                layer,
            ));
        }
        require_length("noise", rows.saturating_mul(stack.shapes()[layer].outputs), noise.len())?;
        if !(price.is_finite() && price >= 0.0) {
            return Err(NetError::argument("the price of a bit", "a finite number of at least 0", price));
        }
    }
    Ok(Batch { inputs, targets, loss, rows, code })
}

#[cfg(test)]
#[path = "learner_tests.rs"]
mod tests;
