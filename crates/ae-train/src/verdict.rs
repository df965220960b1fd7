//! Whether a training has failed, and what would help: judged by what a run folder holds, and by its images.
//!
//! | finding | where |
//! | --- | --- |
//! | dead units | an eighth of the code units are 0 for every test image |
//! | worse than the mean image | BCE or MSE on the test set, by more than 0.5 % |
//! | worse than PCA | by more than 0.5 dB on the test set, codes of one size |
//! | still falling | over the last third of the epochs, against the third before, the loss lost 3 % of what it is above the entropy floor |
//! | dark images | no pixel of the training images is above 16 |
//! | same images | all training images are one |
//!
//! The limits were set where finished runs of the recipe and the presets stay well clear of them; docs/verdicts.md has
//! the figures.

use std::fmt;

use ae_data::{Samples, Values};
use ae_net::{Outputs, null_is_infinite, psnr_db};
use serde::{Deserialize, Serialize};

use crate::{EpochRecord, MAX_EPOCHS, RunRecord, TrainParams};

/// One unit in so many may be dead.
const DEAD_SHARE: usize = 8;
/// What a figure of a baseline is multiplied with, before another is called worse.
const TOLERANCE: f64 = 1.005;
/// PSNR by which PCA has to be ahead, dB.
const MARGIN_DB: f64 = 0.5;
/// The share of a loss's distance from the floor that it has to lose between thirds of a run.
const FALL: f64 = 0.03;
/// A brightest pixel up to here is another scale: 0 to 1, or sklearn's 0 to 16.
const DARK: u8 = 16;
/// Steps that are few: a tenth of the recipe's. Twice as many are asked for.
const FEW_STEPS: u64 = 5_000;
/// PSNR by which training images may come back better than test images, before there are too few of them, dB.
const OVERFIT_DB: f64 = 3.0;
/// Units of the hidden layer that a network without any is to have, at least.
const HIDDEN: usize = 128;

/// How near PCA comes to the test images with a code of the same size, cut off at 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PcaScore {
    /// Squared error on the test set, mean over images and pixels, on the `[0, 1]` scale.
    pub mse: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite where `mse` is 0, which JSON has as `null`.
    #[serde(deserialize_with = "null_is_infinite")]
    pub psnr_db: f64,
}

/// What is wrong with a run, and what is most likely to help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What is wrong.
    pub finding: Finding,
    /// What would help.
    pub remedy: Remedy,
}

/// What can be wrong with a run. [`Display`](fmt::Display) says it in a sentence without a full stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Many code units say nothing.
    DeadUnits {
        /// Units that are exactly 0 for every test image.
        dead: usize,
        /// Units of the code.
        code: usize,
    },
    /// The network is worse than one constant answer.
    WorseThanMean,
    /// The network is worse than the best linear code of its size.
    WorseThanPca {
        /// PSNR by which PCA is ahead on the test set, dB; at most what rounding to bytes leaves is taken for PCA's.
        margin_db: f64,
    },
    /// The run ended too early.
    StillFalling {
        /// Steps that it had.
        steps: u64,
    },
    /// The images are on another scale than from 0 to 255.
    DarkImages {
        /// The brightest pixel of the training images.
        brightest: u8,
    },
    /// The training images are all the same.
    SameImages,
}

/// What a caller may change to mend a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Smaller steps: this learning rate.
    LearningRate(f32),
    /// Hidden layers of so many units, first layer first. A code behind hidden layers is linear, and can't die.
    Hidden(Vec<usize>),
    /// Longer training: so many epochs in all.
    Epochs(u64),
    /// Pixels scaled so that this, the brightest, is white.
    Brighten(u8),
    /// More training images, or images that differ more.
    MoreImages,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeadUnits { dead, code } => {
                write!(out, "{dead} of {code} code units are 0 for every test image")
            }
            Self::WorseThanMean => {
                out.write_str("the mean image is nearer to the test images than what the network makes")
            }
            Self::WorseThanPca { margin_db } => {
                write!(out, "PCA with a code of this size rebuilds the test images {margin_db:.1} dB better")
            }
            Self::StillFalling { steps } => {
                write!(out, "the loss was still falling when training ended, after {steps} steps")
            }
            Self::DarkImages { brightest } => {
                write!(out, "the brightest pixel of all training images is {brightest}, where white is 255")
            }
            Self::SameImages => {
                out.write_str("all training images are the same: there is nothing to learn from them")
            }
        }
    }
}

/// Judges images before anything is trained on them.
pub fn judge_images(train: &Samples) -> Option<Verdict> {
    let same = match train.values() {
        Values::Bytes(values) => are_same(values, train.width()),
        Values::Floats(values) => are_same(values, train.width()),
    };
    if same {
        return Some(Verdict { finding: Finding::SameImages, remedy: Remedy::MoreImages });
    }
    let pixels = train.bytes()?;
    // Ends at the first bright pixel, as good as at once.
    if pixels.iter().any(|&pixel| pixel > DARK) {
        return None;
    }
    let &brightest = pixels.iter().max()?;
    Some(Verdict { finding: Finding::DarkImages { brightest }, remedy: Remedy::Brighten(brightest) })
}

/// Whether there are several rows, and all are one.
fn are_same<T: PartialEq>(values: &[T], width: usize) -> bool {
    values.len() > width && values.chunks_exact(width).all(|row| row == &values[..width])
}

/// Judges a run by its record, whatever verdicts that has already, and by all its epochs; without epochs there is
/// nothing to judge. What is found may have one cause, which is why verdicts can share a remedy.
///
/// Training inputs that were damaged, a price on bits and a step size that fell to 0 each leave out the findings that they
/// would make wrong.
pub fn judge(record: &RunRecord, epochs: &[EpochRecord]) -> Vec<Verdict> {
    if epochs.is_empty() {
        return Vec::new();
    }
    let case = Case { record, epochs };
    // What is worse than one constant answer is no measure of anything finer.
    let finer = || [case.worse_than_pca(), case.still_falling()];
    let of_loss = case.worse_than_mean().map_or_else(finer, |finding| [Some(finding), None]);
    let findings = [case.dead_units()].into_iter().chain(of_loss);
    let verdict = |finding| Verdict { finding, remedy: case.remedy(finding) };
    findings.flatten().map(verdict).collect()
}

/// A run to be judged; it has epochs.
struct Case<'a> {
    record: &'a RunRecord,
    epochs: &'a [EpochRecord],
}

impl Case<'_> {
    /// Units that a price on bits has done away with are the point of it.
    fn dead_units(&self) -> Option<Finding> {
        let (dead, code) = (self.record.test.dead_units, self.record.model.code);
        let many = self.record.config.rate == 0.0 && dead > 0 && dead * DEAD_SHARE >= code;
        many.then_some(Finding::DeadUnits { dead, code })
    }

    /// A network that restores is judged by what it restores, and has no figure of its BCE.
    fn worse_than_mean(&self) -> Option<Finding> {
        let (test, baselines) = (self.record.test, self.record.baselines);
        let (mse, bce) = match self.record.restored {
            Some(restored) => (restored.mse, None),
            None => (test.mse, test.bce),
        };
        let worse = mse > TOLERANCE * baselines.mean_image_mse
            || bce.zip(baselines.mean_image_bce).is_some_and(|(bce, mean)| bce > TOLERANCE * mean);
        worse.then_some(Finding::WorseThanMean)
    }

    fn worse_than_pca(&self) -> Option<Finding> {
        // Where few numbers say all, PCA is as exact as its arithmetic; bytes that come back right are all one can have.
        let bytes_db = match self.record.model.outputs {
            Outputs::Logits => psnr_db(1.0 / (12.0 * 255.0 * 255.0)),
            _ => f64::INFINITY,
        };
        let margin_db = self.record.pca?.psnr_db.min(bytes_db) - self.record.test.psnr_db;
        (margin_db > MARGIN_DB).then_some(Finding::WorseThanPca { margin_db })
    }

    /// Means over thirds of the epochs, as the loss of one epoch is off by as much as some epochs gain. Networks that
    /// restore are left alone: on whole images their loss goes up and down.
    fn still_falling(&self) -> Option<Finding> {
        let config = &self.record.config;
        let damaged = config.noise > 0.0 || config.mask > 0.0;
        if damaged || config.decay > 0.0 || config.epochs >= MAX_EPOCHS {
            return None;
        }
        let mean = |epochs: &[EpochRecord]| {
            epochs.iter().map(|epoch| epoch.test_loss).sum::<f64>() / epochs.len() as f64
        };
        let (before, after) = match self.epochs {
            // An epoch's steps on the way, against where they led.
            [only] => (only.train_loss, self.record.train.bce.unwrap_or(self.record.train.mse)),
            epochs => {
                let third = epochs.len().div_ceil(3);
                let (earlier, last) = epochs.split_at(epochs.len() - third);
                (mean(&earlier[earlier.len().saturating_sub(third)..]), mean(last))
            }
        };
        let fell = before - after > FALL * (after - self.record.baselines.entropy_floor_bce.unwrap_or(0.0));
        fell.then_some(Finding::StillFalling { steps: self.steps() })
    }

    fn steps_an_epoch(&self) -> u64 {
        self.record.data.train.images.div_ceil(self.record.config.batch_size.max(1)).max(1) as u64
    }

    fn steps(&self) -> u64 {
        self.steps_an_epoch() * self.epochs.len() as u64
    }

    /// The first cause that the run shows.
    fn remedy(&self, finding: Finding) -> Remedy {
        let usual = TrainParams::default().learning_rate;
        let longer = || {
            let enough = (2 * FEW_STEPS).div_ceil(self.steps_an_epoch());
            Remedy::Epochs((2 * self.epochs.len() as u64).max(enough).min(MAX_EPOCHS))
        };
        if let Finding::StillFalling { .. } = finding {
            return longer();
        }
        if self.record.config.learning_rate > usual {
            return Remedy::LearningRate(usual);
        }
        let few = self.steps() < FEW_STEPS;
        if few && self.worse_than_mean().is_some() {
            return longer();
        }
        if self.dead_units().is_some() {
            return self.hidden();
        }
        if self.record.train.psnr_db - self.record.test.psnr_db > OVERFIT_DB {
            return Remedy::MoreImages;
        }
        if few || self.still_falling().is_some() { longer() } else { self.hidden() }
    }

    /// Hidden layers where there are none, wider ones where there are.
    fn hidden(&self) -> Remedy {
        match self.record.model.hidden.as_deref() {
            None | Some([]) => Remedy::Hidden(vec![HIDDEN.max(4 * self.record.model.code)]),
            Some(hidden) => Remedy::Hidden(hidden.iter().map(|units| 2 * units).collect()),
        }
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
