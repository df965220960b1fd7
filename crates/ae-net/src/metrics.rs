//! How good reconstructions are, in the usual units, and what they are to be read against.
//!
//! With logits `l`, reconstruction `sigmoid(l)` and target `x`, both in `[0, 1]`:
//!
//! - BCE: `max(l, 0) - l x + ln(1 + exp(-|l|))`, mean over images and pixels, nats
//! - MSE: `(sigmoid(l) - x)^2`, mean over images and pixels
//! - PSNR: `10 log10(1 / MSE)`, dB, peak 1.0, of the mean MSE
//! - dead units: units of the code that are exactly 0 for every image
//!
//! `docs/loss.md` says why these.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{NetError, Network, Outputs, PixelErrors, Rows, Team};

/// Images evaluated at once: enough to share out, few enough for their logits to stay in cache.
const AT_ONCE: usize = 1 << 10;

/// Peak signal-to-noise ratio in dB for pixels in `[0, 1]`: `10 log10(1 / mse)`. Infinite at 0.
///
/// ```
/// // A constant error of 0.1 is 20 dB.
/// assert!((ae_net::psnr_db(0.1 * 0.1) - 20.0).abs() < 1e-12);
/// ```
pub fn psnr_db(mse: f64) -> f64 {
    -10.0 * mse.log10()
}

/// JSON has no infinity: serde writes `null` for it, and would not read that as a number.
///
/// # Errors
/// What the deserializer says.
pub fn null_is_infinite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

/// How well a network rebuilds a set of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images evaluated.
    pub images: usize,
    /// Sigmoid cross-entropy, mean over images and pixels, nats; none where the outputs are not logits, and a
    /// brightness of 0 or 1 could make it infinite.
    pub bce: Option<f64>,
    /// Squared error, mean over images and pixels, on the `[0, 1]` scale.
    pub mse: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite where `mse` is 0, which JSON has as `null`.
    #[serde(deserialize_with = "null_is_infinite")]
    pub psnr_db: f64,
    /// Code units that are exactly 0 for every image.
    pub dead_units: usize,
}

/// Gathers an [`Evaluation`] tile by tile.
///
/// # Example
/// ```
/// use ae_net::{Evaluator, Outputs, Team};
/// let mut evaluator = Evaluator::new(Outputs::Clipped, 1);
/// // One image of two pixels, both off by 0.1, and its code of one number.
/// evaluator.add(&Team::new(1)?, &[3.0], &[0.1, 0.9], &[0, 255])?;
/// let found = evaluator.finish();
/// assert!((found.psnr_db - 20.0).abs() < 1e-5 && found.bce.is_none());
/// # Ok::<(), ae_net::NetError>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    outputs: Outputs,
    errors: PixelErrors,
    pixels: usize,
    images: usize,
    unit_is_dead: Vec<bool>,
}

impl Evaluator {
    /// Nothing yet, for outputs that are to be read so and codes of `code_size` numbers, at least 1.
    pub fn new(outputs: Outputs, code_size: usize) -> Self {
        let unit_is_dead = vec![true; code_size];
        Self { outputs, errors: PixelErrors::default(), pixels: 0, images: 0, unit_is_dead }
    }

    /// Adds images `(B)` by what the network made of them, `codes: (B, CODE)` and `outputs: (B, PIXELS)`, and by the
    /// bytes that it should have made, `targets: (B, PIXELS)`. NaN in, NaN out.
    ///
    /// # Errors
    /// [`NetError::Argument`] if there are not as many targets as outputs.
    pub fn add(
        &mut self,
        team: &Team,
        codes: &[f32],
        outputs: &[f32],
        targets: &[u8],
    ) -> Result<(), NetError> {
        let errors = PixelErrors::of(team, self.outputs, outputs, targets)?;
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

    /// The figures; NaN where no image was added.
    pub fn finish(self) -> Evaluation {
        let pixels = self.pixels as f64;
        let mse = self.errors.squared / pixels;
        Evaluation {
            images: self.images,
            bce: (self.outputs == Outputs::Logits).then_some(self.errors.bce / pixels),
            mse,
            psnr_db: psnr_db(mse),
            dead_units: self.unit_is_dead.iter().filter(|&&dead| dead).count(),
        }
    }
}

/// Scores what `forward` makes of images against `targets`, `(B, width)` bytes, tile by tile, with codes of
/// `code_size` numbers; both sizes are at least 1.
///
/// `forward` is handed which images to compute, and puts their codes, `(tile, code_size)`, and outputs, `(tile, width)`,
/// in place of what the buffers held.
///
/// # Errors
/// Those of `forward`, or [`NetError::Argument`] if it makes another number of outputs.
pub fn evaluate<E: From<NetError>>(
    team: &Team,
    (outputs, code_size): (Outputs, usize),
    (targets, width): (&[u8], usize),
    mut forward: impl FnMut(Range<usize>, &mut Vec<f32>, &mut Vec<f32>) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let mut evaluator = Evaluator::new(outputs, code_size);
    let (mut codes, mut made) = (Vec::new(), Vec::new());
    let mut first = 0;
    for targets in targets.chunks(AT_ONCE * width) {
        let end = first + targets.len() / width;
        forward(first..end, &mut codes, &mut made)?;
        evaluator.add(team, &codes, &made, targets)?;
        first = end;
    }
    Ok(evaluator.finish())
}

impl Network {
    /// Sends images through the network and compares what comes back with what should.
    ///
    /// # Shapes
    /// - `inputs`: `(B, PIXELS)`, what the encoder sees: the images, or noisy ones
    /// - `targets`: `(B, PIXELS)`, the images as bytes
    ///
    /// # Errors
    /// [`NetError::Argument`] if the shapes do not fit.
    pub fn evaluate(&self, team: &Team, inputs: Rows<'_>, targets: &[u8]) -> Result<Evaluation, NetError> {
        crate::error::require_length("targets", inputs.len() * self.pixels(), targets.len())?;
        let mut tiles = inputs.chunks(AT_ONCE);
        let sizes = (self.outputs(), self.code_size());
        evaluate(team, sizes, (targets, self.pixels()), |_, codes, outputs| {
            let tile = tiles.next().expect("there are as many inputs as targets");
            self.encode_into(team, tile, codes)?;
            self.decoder().outputs_into(team, Rows::values(codes, self.code_size())?, outputs)
        })
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
    /// Measures both ends, on images of `width` bytes. There are images of both kinds, or the figures are NaN.
    pub fn of(train: &[u8], test: &[u8], width: usize) -> Self {
        let mut sums = vec![0_u64; width];
        for image in train.chunks_exact(width) {
            for (sum, &p) in sums.iter_mut().zip(image) {
                *sum += u64::from(p);
            }
        }
        let images = train.len() / width;
        let mean: Vec<f64> = sums.iter().map(|&s| s as f64 / (255.0 * images as f64)).collect();

        // How often each grey level stands at each position says all there is to know, and there are
        // only 256 levels: 200,000 logarithms instead of eight million.
        let mut counts = vec![[0_u32; 256]; width];
        for image in test.chunks_exact(width) {
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
        let pixels = test.len() as f64;
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

    #[test]
    fn psnr_follows_its_definition() {
        assert!((psnr_db(0.01) - 20.0).abs() < 1e-12);
        assert!((psnr_db(0.0001) - 40.0).abs() < 1e-12);
        assert_eq!(psnr_db(0.0), f64::INFINITY);
    }

    /// The metrics of tiles of (targets, codes, logits), the codes `size` numbers each.
    fn evaluate(size: usize, tiles: &[(&[u8], &[f32], &[f32])]) -> Evaluation {
        let mut evaluator = Evaluator::new(Outputs::Logits, size);
        for (targets, codes, logits) in tiles {
            evaluator.add(&Team::new(1).unwrap(), codes, logits, targets).unwrap();
        }
        evaluator.finish()
    }

    #[test]
    fn logits_of_zero_cost_ln_2_and_a_quarter() {
        let found = evaluate(1, &[(&[0, 255], &[1.0], &[0.0, 0.0])]);
        assert!((found.bce.unwrap() - std::f64::consts::LN_2).abs() < 1e-7);
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
        assert!((found.bce.unwrap() - 100.0).abs() < 1e-5, "{:?}", found.bce);
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
        assert!(found.bce.unwrap().is_nan() && found.mse.is_nan());
    }

    #[test]
    fn baselines_of_four_pixels_by_hand() {
        // Mean image of the training set: (0.5, 0). The test image: (1, 0).
        let found = Baselines::of(&[0, 0, 255, 0], &[255, 0], 2);
        assert!((found.mean_image_bce - 0.5 * std::f64::consts::LN_2).abs() < 1e-12);
        assert!((found.mean_image_mse - 0.125).abs() < 1e-12);
        assert_eq!(found.entropy_floor_bce, 0.0);
        // A grey pixel of 51/255 = 0.2 has an entropy of its own.
        let grey = Baselines::of(&[51, 0], &[51, 0], 2).entropy_floor_bce;
        let h = -(0.2 * 0.2_f64.ln() + 0.8 * 0.8_f64.ln());
        assert!((grey - h / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_network_is_evaluated_tile_by_tile_as_it_is_at_once() {
        let network = Network::draw(&crate::Description::dense(3, &[], 2), 5).unwrap();
        let team = Team::new(2).unwrap();
        let images: Vec<u8> = (0..3 * (AT_ONCE + 7)).map(|i| (i * 37 % 256) as u8).collect();
        let rows = Rows::bytes(&images, 3).unwrap();
        let found = network.evaluate(&team, rows, &images).unwrap();
        assert_eq!(found.images, AT_ONCE + 7);
        let rebuilt = network.reconstruct(&team, rows).unwrap();
        let squares = rebuilt.iter().zip(rows.to_values()).map(|(y, x)| f64::from(y - x).powi(2));
        let mse = squares.sum::<f64>() / images.len() as f64;
        // Both come from single precision, whose last place is 1.2e-7 of a number.
        assert!((found.mse - mse).abs() < 1e-6 * mse, "{} {mse}", found.mse);
        assert!(network.evaluate(&team, rows, &images[1..]).is_err());
    }
}
