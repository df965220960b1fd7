//! How far a run has come, and how long it took.

use std::time::Instant;

use ae_net::Evaluation;

use crate::EpochRecord;
use crate::metrics::Mean;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Progress {
    /// The finished epochs.
    pub(crate) epochs: Vec<EpochRecord>,
    /// Steps done in the epoch after them.
    pub(crate) steps: usize,
    /// The mean loss of those steps.
    pub(crate) mean: Mean,
    /// Seconds those steps took.
    pub(crate) epoch_s: f64,
    /// Seconds of the run so far.
    pub(crate) wall_s: f64,
}

impl Progress {
    /// The epoch under way, from 1.
    pub(crate) fn epoch(&self) -> u64 {
        self.epochs.len() as u64 + 1
    }

    /// A step is done that had this mean loss over `images` images.
    pub(crate) fn step(&mut self, loss: f64, images: usize) {
        self.mean.add(loss, images);
        self.steps += 1;
    }

    /// The epoch under way, whose steps are done, with what the test set scored after them.
    pub(crate) fn record(&self, test: &Evaluation) -> EpochRecord {
        EpochRecord {
            epoch: self.epoch(),
            train_loss: self.mean.value(),
            test_loss: test.bce.unwrap_or(test.mse),
            test_mse: test.mse,
            test_psnr_db: test.psnr_db,
            dead_units: test.dead_units,
            wall_s: self.epoch_s,
        }
    }

    /// The epoch is done.
    pub(crate) fn finish(&mut self, record: EpochRecord) {
        self.epochs.push(record);
        (self.steps, self.mean, self.epoch_s) = (0, Mean::default(), 0.0);
    }
}

/// Counts seconds on from those before a checkpoint.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    before: f64,
    started: Instant,
}

impl Clock {
    pub(crate) fn from(before: f64) -> Self {
        Self { before, started: Instant::now() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_go_on_from_those_before() {
        assert!((100.0..200.0).contains(&Clock::from(100.0).seconds()));
    }
}
