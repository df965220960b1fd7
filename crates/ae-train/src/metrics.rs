//! How good a reconstruction is, in the usual units.
//!
//! With logits `l`, reconstruction `sigmoid(l)` and target `x`, both in `[0, 1]`:
//!
//! - BCE: `max(l, 0) - l x + ln(1 + exp(-|l|))`, mean over images and pixels, nats
//! - MSE: `(sigmoid(l) - x)^2`, mean over images and pixels
//! - PSNR: `10 log10(1 / MSE)`, dB, peak 1.0, of the mean MSE
//! - dead units: units of the code that are exactly 0 for every image
//!
//! `docs/loss.md` says why these.

use ae_data::ImageSet;
use ae_dense::{DenseError, PixelErrors, Team};
use serde::{Deserialize, Deserializer, Serialize};

/// A mean weighted by items, so that a short last batch counts for what it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Mean {
    pub(crate) sum: f64,
    pub(crate) items: usize,
}

impl Mean {
    /// Adds the mean of `items` items.
    pub(crate) fn add(&mut self, mean: f64, items: usize) {
        self.sum += mean * items as f64;
        self.items += items;
    }

    /// The mean so far; NaN before the first item.
    pub(crate) fn value(&self) -> f64 {
        self.sum / self.items as f64
    }
}

/// Peak signal-to-noise ratio in dB for pixels in `[0, 1]`: `10 log10(1 / mse)`. Infinite at 0.
///
/// ```
/// // A constant error of 0.1 is 20 dB.
/// assert!((ae_train::psnr_db(0.1 * 0.1) - 20.0).abs() < 1e-12);
/// ```
pub fn psnr_db(mse: f64) -> f64 {
    -10.0 * mse.log10()
}

/// JSON has no infinity: serde writes `null` for it, and would not read that as a number.
fn null_is_infinite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

/// How well a model rebuilds a set of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images evaluated.
    pub images: usize,
    /// Sigmoid cross-entropy, mean over images and pixels, nats.
    pub bce: f64,
    /// Squared error, mean over images and pixels, on the `[0, 1]` scale.
    pub mse: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite where `mse` is 0, which JSON has as `null`.
    #[serde(deserialize_with = "null_is_infinite")]
    pub psnr_db: f64,
    /// Code units that are exactly 0 for every image.
    pub dead_units: usize,
}

/// How well a model restores images that were damaged as its training inputs were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Restoration {
    /// Squared error of the damaged images themselves, mean over images and pixels, `[0, 1]` scale.
    pub damaged_mse: f64,
    /// Squared error of what the model makes of them, against the whole images, on the same scale.
    pub mse: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite where `mse` is 0, which JSON has as `null`.
    #[serde(deserialize_with = "null_is_infinite")]
    pub psnr_db: f64,
}

/// Gathers an [`Evaluation`] tile by tile.
#[derive(Debug)]
pub(crate) struct Evaluator {
    errors: PixelErrors,
    pixels: usize,
    images: usize,
    unit_is_dead: Vec<bool>,
}

impl Evaluator {
    pub(crate) fn new(code_size: usize) -> Self {
        Self { errors: PixelErrors::default(), pixels: 0, images: 0, unit_is_dead: vec![true; code_size] }
    }

    /// Adds images `(B)` by their bytes `targets: (B, PIXELS)`, with `codes: (B, CODE)` and
    /// `logits: (B, PIXELS)`.
    pub(crate) fn add(
        &mut self,
        team: &Team,
        targets: &[u8],
        codes: &[f32],
        logits: &[f32],
    ) -> Result<(), DenseError> {
        let errors = PixelErrors::of(team, logits, targets)?;
        self.errors.bce += errors.bce;
        self.errors.squared += errors.squared;
        self.pixels += targets.len();
        for code in codes.chunks_exact(self.unit_is_dead.len()) {
            self.images += 1;
            for (dead, &z) in self.unit_is_dead.iter_mut().zip(code) {
                *dead &= z == 0.0;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Evaluation {
        let pixels = self.pixels as f64;
        let mse = self.errors.squared / pixels;
        Evaluation {
            images: self.images,
            bce: self.errors.bce / pixels,
            mse,
            psnr_db: psnr_db(mse),
            dead_units: self.unit_is_dead.iter().filter(|&&dead| dead).count(),
        }
    }
}

/// What a model that has learned nothing, and one that has learned everything, would score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// BCE on the test set of answering every image with the training set's mean image, nats.
    pub mean_image_bce: f64,
    /// MSE on the test set of the same answer.
    pub mean_image_mse: f64,
    /// `BCE(x, x)`, mean over the test set: grey pixels cost this much even when rebuilt exactly.
    pub entropy_floor_bce: f64,
}

impl Baselines {
    /// Measures both ends. The sets must not be empty and their images must have one size.
    pub(crate) fn of(train: &ImageSet, test: &ImageSet) -> Self {
        let width = train.pixels_per_image();
        let mut sums = vec![0_u64; width];
        for image in train.pixels().chunks_exact(width) {
            for (sum, &p) in sums.iter_mut().zip(image) {
                *sum += u64::from(p);
            }
        }
        let mean: Vec<f64> = sums.iter().map(|&s| s as f64 / (255.0 * train.len() as f64)).collect();

        // How often each grey level stands at each position says all there is to know, and there are
        // only 256 levels: 200,000 logarithms instead of eight million.
        let mut counts = vec![[0_u32; 256]; width];
        for image in test.pixels().chunks_exact(width) {
            for (levels, &p) in counts.iter_mut().zip(image) {
                levels[usize::from(p)] += 1;
            }
        }
        let (mut bce, mut squared_error, mut floor) = (0.0, 0.0, 0.0);
        for (levels, &mean) in counts.iter().zip(&mean) {
            for (p, &count) in levels.iter().enumerate().filter(|&(_, &count)| count > 0) {
                let (x, count) = (p as f64 / 255.0, f64::from(count));
                bce += count * cross_entropy(mean, x);
                squared_error += count * (mean - x) * (mean - x);
                floor += count * cross_entropy(x, x);
            }
        }
        let pixels = test.pixels().len() as f64;
        Self {
            mean_image_bce: bce / pixels,
            mean_image_mse: squared_error / pixels,
            entropy_floor_bce: floor / pixels,
        }
    }
}

/// `-x ln p - (1 - x) ln(1 - p)` in nats, with `0 ln 0 = 0`. A probability of 0 or 1 that the target
/// denies is cut off at 1e-7 from the edge, as Keras does, where the true value is infinite.
fn cross_entropy(p: f64, x: f64) -> f64 {
    const EDGE: f64 = 1e-7;
    let term = |weight: f64, p: f64| if weight == 0.0 { 0.0 } else { -weight * p.max(EDGE).ln() };
    term(x, p) + term(1.0 - x, 1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of two pixels an image.
    fn set(pixels: &[u8]) -> ImageSet {
        ImageSet::new(1, 2, pixels.to_vec(), None).unwrap()
    }

    #[test]
    fn a_mean_weighs_items_not_batches() {
        let mut mean = Mean::default();
        mean.add(1.0, 3);
        mean.add(5.0, 1);
        assert_eq!(mean.value(), 2.0);
        assert!(Mean::default().value().is_nan());
    }

    #[test]
    fn psnr_follows_its_definition() {
        assert!((psnr_db(0.01) - 20.0).abs() < 1e-12);
        assert!((psnr_db(0.0001) - 40.0).abs() < 1e-12);
        assert_eq!(psnr_db(0.0), f64::INFINITY);
    }

    /// The metrics of tiles of (targets, codes, logits), the codes `size` numbers each.
    fn evaluate(size: usize, tiles: &[(&[u8], &[f32], &[f32])]) -> Evaluation {
        let mut evaluator = Evaluator::new(size);
        for (targets, codes, logits) in tiles {
            evaluator.add(&Team::new(1).unwrap(), targets, codes, logits).unwrap();
        }
        evaluator.finish()
    }

    #[test]
    fn logits_of_zero_cost_ln_2_and_a_quarter() {
        let found = evaluate(1, &[(&[0, 255], &[1.0], &[0.0, 0.0])]);
        assert!((found.bce - std::f64::consts::LN_2).abs() < 1e-7);
        assert!((found.mse - 0.25).abs() < 1e-7);
        assert!((found.psnr_db - psnr_db(0.25)).abs() < 1e-5);
        assert_eq!((found.images, found.dead_units), (1, 0));
    }

    #[test]
    fn tiles_are_averaged_over_all_their_images() {
        // Errors of 0.5 twice and of 0 four times.
        let found = evaluate(
            1,
            &[
                (&[0, 255], &[1.0], &[0.0, 0.0]),
                (&[255, 255, 0, 0], &[1.0, 1.0], &[100.0, 100.0, -100.0, -100.0]),
            ],
        );
        assert_eq!(found.images, 3);
        assert!((found.mse - 0.5 / 6.0).abs() < 1e-7, "{}", found.mse);
    }

    #[test]
    fn a_confident_logit_is_finite_right_and_wrong() {
        let found = evaluate(1, &[(&[255, 255], &[0.0], &[200.0, -200.0])]);
        assert!((found.bce - 100.0).abs() < 1e-5, "{}", found.bce);
        assert!((found.mse - 0.5).abs() < 1e-7);
    }

    #[test]
    fn a_unit_is_dead_only_if_no_image_wakes_it() {
        let found = evaluate(
            3,
            &[(&[0, 0], &[0.0, 0.5, 0.0], &[0.0, 0.0]), (&[0, 0], &[0.0, 0.0, -1.0], &[0.0, 0.0])],
        );
        assert_eq!(found.dead_units, 1);
    }

    #[test]
    fn nan_reaches_the_metrics() {
        let found = evaluate(1, &[(&[0, 0], &[0.0], &[f32::NAN, 0.0])]);
        assert!(found.bce.is_nan() && found.mse.is_nan());
    }

    #[test]
    fn baselines_of_four_pixels_by_hand() {
        // Mean image of the training set: (0.5, 0). The test image: (1, 0).
        let found = Baselines::of(&set(&[0, 0, 255, 0]), &set(&[255, 0]));
        assert!((found.mean_image_bce - 0.5 * std::f64::consts::LN_2).abs() < 1e-12);
        assert!((found.mean_image_mse - 0.125).abs() < 1e-12);
        assert_eq!(found.entropy_floor_bce, 0.0);
        // A grey pixel of 51/255 = 0.2 has an entropy of its own.
        let grey = Baselines::of(&set(&[51, 0]), &set(&[51, 0])).entropy_floor_bce;
        let h = -(0.2 * 0.2_f64.ln() + 0.8 * 0.8_f64.ln());
        assert!((grey - h / 2.0).abs() < 1e-12);
    }
}
