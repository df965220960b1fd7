//! What a small network makes of codes, of components or of pixels: one recipe for all of them.
//!
//! The probe is a network of one layer of ReLU units, or a linear one (logistic regression), trained by Adam
//! on the softmax cross-entropy of the labels. Inputs are standardised, column by column, with mean and
//! standard deviation of all rows of the training set; with few labels too, since the rest of the rows is
//! there without them. What is compared is then the inputs, not the recipe.

use std::time::Instant;

use ae_data::{BatchPlan, Order};
use ae_net::{Activation, Adam, Code, Dense, Learner, Loss, Rows, Stack, Targets, Team};
use ae_seed::{generator, uniform};
use serde::Serialize;

use crate::budget::choose;
use crate::error::at_least;
use crate::labelled::{Classes, place_of_largest, share_of_equal};
use crate::random::{PROBE_ORDER, PROBE_WEIGHTS, seed_for};
use crate::standardise::Standardiser;
use crate::{Budget, EvalError, Labelled};

/// Draws of a limited number of labels that a score is the mean of.
const DRAWS: u64 = 10;

/// Rows classified at once.
const AT_ONCE: usize = 1 << 10;

/// The recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeParams {
    /// ReLU units between inputs and classes, or none for logistic regression; 64 unless said otherwise.
    pub hidden: Option<usize>,
    /// Times that each labelled row is seen; 20 unless said otherwise.
    pub epochs: u64,
    /// With few labels, epochs are added until so many steps are taken; 2,000 unless said otherwise.
    pub least_steps: u64,
    /// Rows a step; 64 unless said otherwise.
    pub batch_size: usize,
    /// Adam's step length; 1e-3 unless said otherwise.
    pub learning_rate: f32,
    /// What first weights, order and the choice of labels follow from; 0 unless said otherwise.
    pub seed: u64,
}

impl Default for ProbeParams {
    fn default() -> Self {
        Self { hidden: Some(64), epochs: 20, least_steps: 2000, batch_size: 64, learning_rate: 1e-3, seed: 0 }
    }
}

impl ProbeParams {
    /// The same recipe without hidden units.
    pub fn linear() -> Self {
        Self { hidden: None, ..Self::default() }
    }
}

/// How well probes did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ProbeScore {
    /// Labels each probe was trained with.
    pub labels: usize,
    /// Share of the test rows classified rightly, in [0, 1]; the mean over the draws.
    pub accuracy: f64,
    /// Standard deviation of the accuracy over the draws, divided by one less than their number; none where
    /// there is only one.
    pub accuracy_sd: Option<f64>,
    /// Probes trained: 1 with all labels, 10 with a limited number.
    pub draws: u64,
    /// Seconds to train one probe, mean over the draws, the standardisation not counted.
    pub train_s: f64,
}

/// Trains probes on `train` and scores them on `test`.
///
/// Which labels are drawn is a function of the labels, the budget and the seed alone: the same rows for every
/// kind of input.
///
/// # Errors
/// - [`EvalError::Argument`] if a size in `params` is 0, or the budget cannot be drawn evenly
/// - [`EvalError::Net`] if training and test rows differ in width, or the learning rate is not a positive number
/// - [`EvalError::Diverged`] if the learning rate is far too high
///
/// # Example
/// ```
/// use ae_eval::{Budget, Labelled, ProbeParams, probe};
/// use ae_net::{Rows, Team};
/// let values: Vec<f32> = (0..200).map(|i| i as f32).collect();
/// let labels: Vec<i32> = (0..200).map(|i| i32::from(i >= 100)).collect();
/// let halves = Labelled::new(Rows::values(&values, 1)?, &labels)?;
/// let score = probe(&Team::new(1)?, &ProbeParams::default(), halves, halves, Budget::Labels(20))?;
/// assert!(score.accuracy > 0.9 && score.draws == 10);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
pub fn probe(
    team: &Team,
    params: &ProbeParams,
    train: Labelled<'_>,
    test: Labelled<'_>,
    budget: Budget,
) -> Result<ProbeScore, EvalError> {
    test.rows().require_width("test rows", train.rows().width())?;
    let scale = Standardiser::fit(train.rows());
    let (mut accuracies, mut seconds) = (Vec::new(), 0.0);
    let draws = if budget == Budget::All { 1 } else { DRAWS };
    let mut labels = 0;
    for draw in 0..draws {
        let chosen = choose(train, budget, params.seed, draw)?;
        let clock = Instant::now();
        let probe = Probe::train_on(team, params, &scale, train, &chosen, draw)?;
        seconds += clock.elapsed().as_secs_f64();
        accuracies.push(probe.accuracy(team, test)?);
        labels = chosen.len();
    }
    let n = draws as f64;
    let accuracy = accuracies.iter().sum::<f64>() / n;
    let squares: f64 = accuracies.iter().map(|a| (a - accuracy).powi(2)).sum();
    let accuracy_sd = (draws > 1).then(|| (squares / (n - 1.0)).sqrt());
    Ok(ProbeScore { labels, accuracy, accuracy_sd, draws, train_s: seconds / n })
}

/// A trained probe: rows in, classes out.
#[derive(Debug, Clone)]
pub struct Probe {
    scale: Standardiser,
    stack: Stack,
    /// The label of each output.
    classes: Vec<i32>,
}

impl Probe {
    /// Trains a probe with all labels.
    ///
    /// The same bits for any team.
    ///
    /// # Errors
    /// As [`probe`], as far as they concern training.
    pub fn train(team: &Team, params: &ProbeParams, train: Labelled<'_>) -> Result<Self, EvalError> {
        let scale = Standardiser::fit(train.rows());
        let chosen = choose(train, Budget::All, params.seed, 0)?;
        Self::train_on(team, params, &scale, train, &chosen, 0)
    }

    fn train_on(
        team: &Team,
        params: &ProbeParams,
        scale: &Standardiser,
        train: Labelled<'_>,
        chosen: &[u32],
        draw: u64,
    ) -> Result<Self, EvalError> {
        at_least("the probe's epochs", 1, params.epochs.min(1) as usize)?;
        at_least("the probe's batch size", 1, params.batch_size)?;
        let order = Order::Shuffled { seed: seed_for(params.seed, PROBE_ORDER, draw) };
        let plan = BatchPlan::new(chosen.len(), params.batch_size, order)?;
        let epochs = params.epochs.max(params.least_steps.div_ceil(plan.batches_per_epoch() as u64));
        let dims = train.rows().width();
        let Classes { labels: classes, of_rows } = train.classes();
        let stack = first_weights(dims, params.hidden, classes.len(), params.seed, draw)?;
        let adam = Adam { learning_rate: params.learning_rate, ..Adam::default() };
        let batch_size = params.batch_size.min(chosen.len());
        let mut learner = Learner::new(stack, Loss::SoftmaxCrossEntropy, adam, batch_size, team.clone())?;
        let mut values = vec![0.0; batch_size * dims];
        let mut rows = Vec::with_capacity(batch_size);
        team.enter(|| {
            for epoch in 1..=epochs {
                for batch in plan.epoch(epoch).batches() {
                    rows.clear();
                    rows.extend(batch.iter().map(|&index| chosen[index as usize]));
                    let values = &mut values[..rows.len() * dims];
                    for (&row, out) in rows.iter().zip(values.chunks_exact_mut(dims)) {
                        scale.copy_row(train.rows(), row as usize, out);
                    }
                    let targets = Targets::Classes { labels: &of_rows, rows: &rows };
                    let loss = learner.step(Rows::values(values, dims)?, targets, Code::Plain)?;
                    if !loss.is_finite() {
                        return Err(EvalError::Diverged { epoch, loss });
                    }
                }
            }
            Ok(())
        })?;
        Ok(Self { scale: scale.clone(), stack: learner.stack().clone(), classes })
    }

    /// The label that the probe takes each row to have, `(B)`: one of those that it was trained with, the lowest of equal
    /// ones.
    ///
    /// # Errors
    /// [`EvalError::Net`] if the rows are of another width than the training rows, or not finite.
    pub fn classify(&self, team: &Team, rows: Rows<'_>) -> Result<Vec<i32>, EvalError> {
        let (dims, classes) = (self.stack.inputs(), self.stack.outputs());
        rows.require_width("rows to classify", dims)?;
        rows.require_finite("rows to classify")?;
        let mut found = Vec::with_capacity(rows.len());
        // Fewer where there are so many classes that the scores would take more room than the rows.
        let at_once = ((AT_ONCE << 8) / classes.max(256)).max(1);
        let (mut values, mut scores) = (vec![0.0; at_once * dims], vec![0.0; at_once * classes]);
        for chunk in rows.chunks(at_once) {
            let (values, scores) = (&mut values[..chunk.len() * dims], &mut scores[..chunk.len() * classes]);
            for (row, out) in values.chunks_exact_mut(dims).enumerate() {
                self.scale.copy_row(chunk, row, out);
            }
            self.stack.forward(team, Rows::values(values, dims)?, scores)?;
            found.extend(scores.chunks_exact(classes).map(|scores| self.classes[place_of_largest(scores)]));
        }
        Ok(found)
    }

    /// Share of the rows that are classified as labelled, in [0, 1].
    ///
    /// # Errors
    /// As [`classify`](Self::classify).
    pub fn accuracy(&self, team: &Team, test: Labelled<'_>) -> Result<f64, EvalError> {
        Ok(share_of_equal(&self.classify(team, test.rows())?, test.labels()))
    }
}

/// Weights from `U(-a, a)`, `a = sqrt(6 / (inputs + outputs))` (Glorot and Bengio 2010), biases 0.
fn first_weights(
    dims: usize,
    hidden: Option<usize>,
    classes: usize,
    seed: u64,
    draw: u64,
) -> Result<Stack, EvalError> {
    let mut generator = generator(seed, PROBE_WEIGHTS, draw);
    let mut layer = |inputs: usize, outputs: usize, activation| {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        let mut weight = || ((2.0 * uniform(&mut generator) - 1.0) * bound) as f32;
        Dense::new(inputs, (0..inputs * outputs).map(|_| weight()).collect(), vec![0.0; outputs], activation)
    };
    at_least("the probe's hidden units", 1, hidden.unwrap_or(1))?;
    let layers = match hidden {
        None => vec![layer(dims, classes, Activation::Linear)?],
        Some(units) => {
            vec![layer(dims, units, Activation::Relu)?, layer(units, classes, Activation::Linear)?]
        }
    };
    Ok(Stack::new(&layers)?)
}
