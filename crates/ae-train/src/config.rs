//! What a training run is told to do, checked before any of it is done.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::Corruption;

/// The most epochs of a run. Its `history.csv` is never longer than what is read of one, 8 MiB.
pub const MAX_EPOCHS: u64 = 50_000;

/// The order in which an epoch visits the training images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochOrder {
    /// A new permutation every epoch, drawn from the run's seed.
    Shuffled,
    /// As the images stand in the file, every epoch.
    Sequential,
}

/// Settings of a training run as a caller gives them, unchecked.
///
/// [`Default`] is the reference recipe: 50 epochs, batches of 64, Adam at 1e-3, seed 0, reshuffled
/// every epoch. [`check`](Self::check) is the only way from here to a [`TrainConfig`], and only that
/// can train.
///
/// ```
/// use ae_train::TrainParams;
///
/// let config = TrainParams { epochs: 3, ..TrainParams::default() }.check()?;
/// assert_eq!((config.epochs(), config.batch_size()), (3, 64));
/// assert!(TrainParams { learning_rate: f32::NAN, ..TrainParams::default() }.check().is_err());
/// # Ok::<(), ae_train::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainParams {
    /// Passes over the training images, at most [`MAX_EPOCHS`]; with 0 the run is the model as it starts.
    pub epochs: u64,
    /// Images a step, at least 1; an epoch's last batch may be shorter.
    pub batch_size: usize,
    /// Adam's step size, finite and above 0.
    pub learning_rate: f32,
    /// What every random draw of the run descends from.
    pub seed: u64,
    /// The order of an epoch.
    pub order: EpochOrder,
    /// Standard deviation of the Gaussian noise on each training input, in units of the full brightness,
    /// finite and at least 0; 0 for none. Targets have none.
    pub noise: f32,
    /// Probability with which each pixel of a training input is set to 0, in `[0, 1)`, in steps of
    /// 1/65,536; 0 for none. Targets stay whole.
    pub mask: f32,
    /// What a bit of code costs, in nats of an image's cross-entropy, finite and at least 0.
    ///
    /// Above 0, training prepares the code for being stored in whole numbers: each number `y` of it gets noise
    /// in place of rounding, uniform over one step of 1, and `1/2 log2(1 + 12 y^2)` bits a number are minimised
    /// along with the BCE; see [`ae_net::Rounded`]. Reported losses have no price in them, and tests no noise.
    /// At 0 codes are left alone.
    #[serde(default)]
    pub rate: f32,
    /// Share of the epochs, from the last one back, over which the step size falls in a straight line towards 0,
    /// in `[0, 1]`; at 0 it stays.
    #[serde(default)]
    pub decay: f32,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch_size: 64,
            learning_rate: 1e-3,
            seed: 0,
            order: EpochOrder::Shuffled,
            noise: 0.0,
            mask: 0.0,
            rate: 0.0,
            decay: 0.0,
        }
    }
}

impl TrainParams {
    /// Checks every range.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is out of its range.
    pub fn check(self) -> Result<TrainConfig, ConfigError> {
        let Self { epochs, batch_size, learning_rate, noise, mask, rate, decay, .. } = self;
        let from_0 = |number: f32| number.is_finite() && number >= 0.0;
        let check = |what, holds: bool, expected: &str, found: &dyn Display| match holds {
            true => Ok(()),
            false => Err(ConfigError { what, expected: expected.to_owned(), found: found.to_string() }),
        };
        check("epochs", epochs <= MAX_EPOCHS, &format!("0 to {MAX_EPOCHS}"), &epochs)?;
        check("batch size", batch_size > 0, "at least 1", &batch_size)?;
        let positive = learning_rate.is_finite() && learning_rate > 0.0;
        check("learning rate", positive, "a finite number above 0", &learning_rate)?;
        check("noise", from_0(noise), "a finite number from 0", &noise)?;
        check("mask", (0.0..1.0).contains(&mask), "a number from 0 and below 1", &mask)?;
        check("rate", from_0(rate), "a finite number from 0", &rate)?;
        check("decay", (0.0..=1.0).contains(&decay), "a number from 0 to 1", &decay)?;
        Ok(TrainConfig(self))
    }
}

/// Settings that have passed [`TrainParams::check`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainConfig(TrainParams);

impl TrainConfig {
    /// Passes over the training images, 0 to [`MAX_EPOCHS`].
    pub fn epochs(&self) -> u64 {
        self.0.epochs
    }

    /// Images a step, at least 1.
    pub fn batch_size(&self) -> usize {
        self.0.batch_size
    }

    /// Adam's step size, finite and above 0: that of the first epoch.
    pub fn learning_rate(&self) -> f32 {
        self.0.learning_rate
    }

    /// Adam's step size in an epoch, counted from 1: with a decay over the last `n` epochs, the last of them has
    /// `1/n` of the first's.
    pub fn learning_rate_in(&self, epoch: u64) -> f32 {
        let falling = f64::from(self.0.decay) * self.0.epochs as f64;
        let left = (self.0.epochs + 1).saturating_sub(epoch) as f64;
        let share = if left < falling { left / falling } else { 1.0 };
        (f64::from(self.0.learning_rate) * share) as f32
    }

    /// What every random draw of the run descends from.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The order of an epoch.
    pub fn order(&self) -> EpochOrder {
        self.0.order
    }

    /// What is done to the inputs, if anything is.
    pub fn corruption(&self) -> Option<Corruption> {
        Corruption::new(self.0.noise, self.0.mask, self.0.seed)
    }

    /// What a bit of code costs, in nats of an image's cross-entropy; 0 where codes are left alone.
    pub fn rate(&self) -> f32 {
        self.0.rate
    }

    /// The settings as they were given.
    pub fn params(&self) -> TrainParams {
        self.0
    }
}

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}, found {found}")]
pub struct ConfigError {
    /// Which setting.
    pub what: &'static str,
    /// Its range.
    pub expected: String,
    /// What was given.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_reference_recipe() {
        let config = TrainParams::default().check().unwrap();
        assert_eq!(config.epochs(), 50);
        assert_eq!(config.batch_size(), 64);
        assert_eq!(config.learning_rate(), 1e-3);
        assert_eq!(config.order(), EpochOrder::Shuffled);
        assert_eq!(config.corruption(), None);
        assert_eq!(config.rate(), 0.0);
        assert_eq!((config.learning_rate_in(1), config.learning_rate_in(50)), (1e-3, 1e-3));
    }

    #[test]
    fn the_step_size_falls_over_the_last_epochs() {
        let rates = |epochs, decay| -> Vec<f32> {
            let config =
                TrainParams { epochs, learning_rate: 0.5, decay, ..TrainParams::default() }.check().unwrap();
            (1..=epochs).map(|epoch| config.learning_rate_in(epoch)).collect()
        };
        assert_eq!(rates(8, 0.5), [0.5, 0.5, 0.5, 0.5, 0.5, 0.375, 0.25, 0.125]);
        assert_eq!(rates(4, 1.0), [0.5, 0.375, 0.25, 0.125]);
        assert_eq!(rates(4, 0.1), [0.5; 4]);
        assert_eq!(rates(1, 1.0), [0.5]);
    }

    #[test]
    fn a_record_from_before_a_setting_has_its_default() {
        let json = r#"{"epochs":50,"batch_size":64,"learning_rate":0.001,"seed":0,"order":"shuffled","noise":0.0,"mask":0.0}"#;
        assert_eq!(serde_json::from_str::<TrainParams>(json).unwrap(), TrainParams::default());
    }

    #[test]
    fn each_range_is_checked() {
        let good = TrainParams::default();
        let refused = |params: TrainParams, what, found: &dyn Display| {
            let error = params.check().unwrap_err();
            assert_eq!((error.what, error.found), (what, found.to_string()));
        };
        for found in [MAX_EPOCHS + 1, u64::MAX] {
            refused(TrainParams { epochs: found, ..good }, "epochs", &found);
        }
        for epochs in [0, MAX_EPOCHS] {
            assert!(TrainParams { epochs, ..good }.check().is_ok());
        }
        refused(TrainParams { batch_size: 0, ..good }, "batch size", &0);
        let infinite = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        for found in [0.0, -1e-3].into_iter().chain(infinite) {
            refused(TrainParams { learning_rate: found, ..good }, "learning rate", &found);
        }
        for found in [-0.1].into_iter().chain(infinite) {
            refused(TrainParams { noise: found, ..good }, "noise", &found);
            refused(TrainParams { rate: found, ..good }, "rate", &found);
        }
        for found in [-0.1, 1.0, 50.0].into_iter().chain(infinite) {
            refused(TrainParams { mask: found, ..good }, "mask", &found);
        }
        for found in [-0.1, 1.01].into_iter().chain(infinite) {
            refused(TrainParams { decay: found, ..good }, "decay", &found);
        }
        let text = TrainParams { epochs: 50_001, ..good }.check().unwrap_err().to_string();
        assert_eq!(text, "epochs: expected 0 to 50000, found 50001");
    }

    #[test]
    fn noise_and_mask_are_a_corruption() {
        let corruption = |noise, mask| {
            let config = TrainParams { noise, mask, ..TrainParams::default() }.check().unwrap();
            config.corruption().map(|found| (found.noise(), found.mask()))
        };
        assert_eq!(corruption(0.0, 0.0), None);
        assert_eq!(corruption(0.5, 0.0), Some((0.5, 0.0)));
        assert_eq!(corruption(0.0, 0.25), Some((0.0, 0.25)));
        assert_eq!(corruption(3.0, 0.999_999_9), Some((3.0, 0.999_999_9)));
    }
}
