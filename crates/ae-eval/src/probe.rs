//! What a small network makes of codes, of components or of pixels: one recipe for all of them.
//!
//! The probe is a network of one layer of ReLU units, or a linear one (logistic regression), trained by Adam
//! on the softmax cross-entropy of the labels. Inputs are standardised, column by column, with mean and
//! standard deviation of all rows of the training set; with few labels too, since the rest of the rows is
//! there without them. What is compared is then the inputs, not the recipe.

use std::time::Instant;

use ae_data::{BatchPlan, Order, Tail};
use ae_dense::{Activation, Adam, Dense, Inputs, Learner, Loss, Stack, Targets, Team};
use serde::Serialize;

use crate::random::{Purpose, generator, seed_for, uniform};
use crate::rows::share_of_equal;
use crate::{EvalError, Labelled, Rows};

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

/// How many labels the probe may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Those of all training rows.
    All,
    /// So many in all, the same number of each class, drawn from the seed ten times.
    Labels(usize),
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
/// - [`EvalError::Dims`] if training and test rows differ in width
/// - [`EvalError::Zero`] if a size in `params` or the budget is 0
/// - [`EvalError::Budget`], [`EvalError::TooFewOfClass`] if the budget cannot be drawn
/// - [`EvalError::Dense`] if the learning rate is not a positive number, [`EvalError::Diverged`] if it is far
///   too high
///
/// # Example
/// ```
/// use ae_dense::Team;
/// use ae_eval::{Budget, Labelled, ProbeParams, Rows, probe};
/// let values: Vec<f32> = (0..200).map(|i| i as f32).collect();
/// let labels: Vec<u8> = (0..200).map(|i| u8::from(i >= 100)).collect();
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
    test.rows().require_dims("test rows", train.rows().dims())?;
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
        for (what, is_zero) in
            [("the probe's epochs", params.epochs == 0), ("the probe's batch size", params.batch_size == 0)]
        {
            if is_zero {
                return Err(EvalError::Zero { what });
            }
        }
        let order = Order::Shuffled { seed: seed_for(params.seed, Purpose::ProbeOrder, draw) };
        let plan = BatchPlan::new(chosen.len(), params.batch_size, order, Tail::Keep)?;
        let epochs = params.epochs.max(params.least_steps.div_ceil(plan.batches_per_epoch() as u64));
        let dims = train.rows().dims();
        let stack = first_weights(dims, params.hidden, train.classes(), params.seed, draw)?;
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
                    let targets = Targets::Classes { labels: train.labels(), rows: &rows };
                    let loss = learner.step(Inputs::Dense(values), targets)?;
                    if !loss.is_finite() {
                        return Err(EvalError::Diverged { epoch, loss });
                    }
                }
            }
            Ok(())
        })?;
        Ok(Self { scale: scale.clone(), stack: learner.stack().clone() })
    }

    /// The class that the probe takes each row for, `(B)`. Of equal ones the lowest; a class without training
    /// rows is never answered unless it lies between others.
    ///
    /// # Errors
    /// [`EvalError::Dims`] if the rows are of another width than the training rows.
    pub fn classify(&self, team: &Team, rows: Rows<'_>) -> Result<Vec<u8>, EvalError> {
        let (dims, classes) = (self.stack.inputs(), self.stack.outputs());
        rows.require_dims("rows to classify", dims)?;
        let mut found = Vec::with_capacity(rows.len());
        let (mut values, mut scores) = (vec![0.0; AT_ONCE * dims], vec![0.0; AT_ONCE * classes]);
        for chunk in rows.chunks(AT_ONCE) {
            let (values, scores) = (&mut values[..chunk.len() * dims], &mut scores[..chunk.len() * classes]);
            for (row, out) in values.chunks_exact_mut(dims).enumerate() {
                self.scale.copy_row(chunk, row, out);
            }
            self.stack.forward(team, 0..self.stack.depth(), Inputs::Dense(values), scores)?;
            found.extend(scores.chunks_exact(classes).map(largest));
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

/// The place of the largest score, the first of equal ones.
fn largest(scores: &[f32]) -> u8 {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best as u8 // there are at most 256 classes
}

/// Mean and standard deviation of each column, taken out of it.
#[derive(Debug, Clone)]
struct Standardiser {
    mean: Vec<f32>,
    /// 1 over the standard deviation; 1 for a column that never changes, which becomes 0.
    factor: Vec<f32>,
}

impl Standardiser {
    /// Over at least one row.
    fn fit(rows: Rows<'_>) -> Self {
        let dims = rows.dims();
        let n = rows.len() as f64;
        let mut row = vec![0.0; dims];
        let mut mean = vec![0.0; dims];
        for index in 0..rows.len() {
            rows.copy_row(index, &mut row);
            mean.iter_mut().zip(&row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        mean.iter_mut().for_each(|sum| *sum /= n);
        let mut squares = vec![0.0; dims];
        for index in 0..rows.len() {
            rows.copy_row(index, &mut row);
            for ((sum, &x), mean) in squares.iter_mut().zip(&row).zip(&mean) {
                *sum += (f64::from(x) - mean).powi(2);
            }
        }
        let factor = |(sum, mean): (&f64, &f64)| {
            let sd = (sum / n).sqrt();
            // Below it is what the mean's own rounding makes of equal values, or what has no inverse.
            let least = (1e-12 * mean.abs()).max(f64::from(f32::MIN_POSITIVE));
            if sd > least { (1.0 / sd) as f32 } else { 1.0 }
        };
        Self {
            factor: squares.iter().zip(&mean).map(factor).collect(),
            mean: mean.into_iter().map(|mean| mean as f32).collect(),
        }
    }

    #[inline]
    fn copy_row(&self, rows: Rows<'_>, row: usize, out: &mut [f32]) {
        rows.copy_row(row, out);
        for ((x, mean), factor) in out.iter_mut().zip(&self.mean).zip(&self.factor) {
            *x = (*x - mean) * factor;
        }
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
    let mut generator = generator(seed, Purpose::ProbeWeights, draw);
    let mut layer = |inputs: usize, outputs: usize, activation| {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        let mut weight = || ((2.0 * uniform(&mut generator) - 1.0) * bound) as f32;
        Dense::new(inputs, (0..inputs * outputs).map(|_| weight()).collect(), vec![0.0; outputs], activation)
    };
    let layers = match hidden {
        None => vec![layer(dims, classes, Activation::Linear)?],
        Some(0) => return Err(EvalError::Zero { what: "the probe's hidden units" }),
        Some(units) => {
            vec![layer(dims, units, Activation::Relu)?, layer(units, classes, Activation::Linear)?]
        }
    };
    Ok(Stack::new(&layers)?)
}

/// The rows whose labels the probe may see.
fn choose(train: Labelled<'_>, budget: Budget, seed: u64, draw: u64) -> Result<Vec<u32>, EvalError> {
    let rows = train.rows().len();
    let order = match budget {
        Budget::All => Order::Sequential,
        Budget::Labels(_) => Order::Shuffled { seed: seed_for(seed, Purpose::LabelDraw, draw) },
    };
    // One batch of everything: a permutation of all rows.
    let epoch = BatchPlan::new(rows, rows, order, Tail::Keep)?.epoch(0);
    let all = epoch.batches().next().unwrap_or_default();
    let labels = match budget {
        Budget::All => return Ok(all.to_vec()),
        Budget::Labels(0) => return Err(EvalError::Zero { what: "the number of labels" }),
        Budget::Labels(labels) => labels,
    };
    let mut members = [0; 256];
    for &label in train.labels() {
        members[usize::from(label)] += 1;
    }
    let classes = members.iter().filter(|&&count| count > 0).count();
    if !labels.is_multiple_of(classes) {
        return Err(EvalError::Budget { labels, classes });
    }
    let needed = labels / classes;
    if let Some((class, &found)) = members.iter().enumerate().find(|&(_, &found)| found > 0 && found < needed)
    {
        return Err(EvalError::TooFewOfClass { class: class as u8, needed, found });
    }
    let mut missing = [needed; 256];
    let chosen = all.iter().copied().filter(|&row| {
        let missing = &mut missing[usize::from(train.labels()[row as usize])];
        let take = *missing > 0;
        *missing -= usize::from(take);
        take
    });
    Ok(chosen.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_balanced_and_follow_from_the_seed() {
        let labels: Vec<u8> = (0..90).map(|i| [1, 6, 1, 9][i % 4]).collect();
        let values = vec![0.0; 90];
        let train = Labelled::new(Rows::values(&values, 1).unwrap(), &labels).unwrap();
        let draw = |seed, draw| choose(train, Budget::Labels(30), seed, draw).unwrap();
        let first = draw(0, 0);
        for class in [1, 6, 9] {
            assert_eq!(first.iter().filter(|&&row| labels[row as usize] == class).count(), 10);
        }
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 30, "no row twice");
        assert_eq!(draw(0, 0), first);
        for (seed, number) in [(1, 0), (0, 1)] {
            let mut other = draw(seed, number);
            other.sort_unstable();
            assert_ne!(other, sorted, "seed {seed}, draw {number}");
        }
        assert_eq!(choose(train, Budget::All, 0, 0).unwrap(), (0..90).collect::<Vec<u32>>());
    }

    #[test]
    fn columns_are_standardised_each_for_itself() {
        let values = [1.0, 1e6, 7.3, 3.0, 3e6, 7.3, 5.0, 5e6, 7.3];
        let rows = Rows::values(&values, 3).unwrap();
        let scale = Standardiser::fit(rows);
        let mut row = [f32::NAN; 3];
        // Mean 3, standard deviation sqrt(8 / 3); the third column never changes.
        let end = 2.0 / (8.0_f32 / 3.0).sqrt();
        for (index, expected) in [-end, 0.0, end].into_iter().enumerate() {
            scale.copy_row(rows, index, &mut row);
            assert!((row[0] - expected).abs() < 1e-6 && (row[1] - expected).abs() < 1e-6, "{row:?}");
            assert_eq!(row[2], 0.0);
        }
        // So little that 1 over it is no number.
        let tiny = [0.0, 1e-44];
        let rows = Rows::values(&tiny, 1).unwrap();
        Standardiser::fit(rows).copy_row(rows, 1, &mut row[..1]);
        assert!(row[0].abs() < 1e-40, "{}", row[0]);
    }
}
