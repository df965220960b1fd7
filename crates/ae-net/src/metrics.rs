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

use crate::rows::Target;
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
/// use ae_net::{Evaluator, Outputs, Rows, Team};
/// let mut evaluator = Evaluator::new(Outputs::Clipped, 1);
/// // One image of two pixels, both off by 0.1, and its code of one number.
/// evaluator.add(&Team::new(1)?, &[3.0], &[0.1, 0.9], Rows::bytes(&[0, 255], 2)?)?;
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

    /// Adds images `(B)` by what the network made of them, `codes: (B, CODE)` and `outputs: (B, PIXELS)`, and by what
    /// it should have made, `targets: (B, PIXELS)`. NaN in, NaN out.
    ///
    /// # Errors
    /// [`NetError::Argument`] if there are not as many targets as outputs.
    pub fn add(
        &mut self,
        team: &Team,
        codes: &[f32],
        outputs: &[f32],
        targets: Rows<'_>,
    ) -> Result<(), NetError> {
        let errors = PixelErrors::of(team, self.outputs, outputs, targets)?;
        self.errors.bce += errors.bce;
        self.errors.squared += errors.squared;
        self.pixels += outputs.len();
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

/// Scores what `forward` makes of images against `targets`, `(B, PIXELS)`, tile by tile, with codes of `code_size`
/// numbers, at least 1.
///
/// `forward` is handed which images to compute, and puts their codes, `(tile, code_size)`, and outputs, `(tile, PIXELS)`,
/// in place of what the buffers held.
///
/// # Errors
/// Those of `forward`, or [`NetError::Argument`] if it makes another number of outputs.
pub fn evaluate<E: From<NetError>>(
    team: &Team,
    (outputs, code_size): (Outputs, usize),
    targets: Rows<'_>,
    mut forward: impl FnMut(Range<usize>, &mut Vec<f32>, &mut Vec<f32>) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let mut evaluator = Evaluator::new(outputs, code_size);
    let (mut codes, mut made) = (Vec::new(), Vec::new());
    let mut first = 0;
    for targets in targets.chunks(AT_ONCE) {
        let end = first + targets.len();
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
    /// - `targets`: `(B, PIXELS)`, the images
    ///
    /// # Errors
    /// [`NetError::Argument`] if the shapes do not fit.
    pub fn evaluate(&self, team: &Team, inputs: Rows<'_>, targets: Rows<'_>) -> Result<Evaluation, NetError> {
        targets.require_width("targets", self.pixels())?;
        if targets.len() != inputs.len() {
            return Err(NetError::argument("rows of targets", inputs.len(), targets.len()));
        }
        let mut tiles = inputs.chunks(AT_ONCE);
        let sizes = (self.outputs(), self.code_size());
        evaluate(team, sizes, targets, |_, codes, outputs| {
            let tile = tiles.next().expect("there are as many inputs as targets");
            self.encode_into(team, tile, codes)?;
            self.decoder().outputs_into(team, Rows::values(codes, self.code_size())?, outputs)
        })
    }
}

/// What a model that has learned nothing, and one that has learned everything, would score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// BCE on the test set of answering every image with the training set's mean image, nats; none where the outputs are
    /// values of any size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean_image_bce: Option<f64>,
    /// MSE on the test set of the same answer.
    pub mean_image_mse: f64,
    /// `BCE(x, x)`, mean over the test set: grey pixels cost this much even when rebuilt exactly; none where the outputs
    /// are values of any size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entropy_floor_bce: Option<f64>,
}

impl Baselines {
    /// Measures both ends, on `(B, PIXELS)` of both kinds, of one width. There are rows of both, or the figures are NaN.
    ///
    pub fn of(outputs: Outputs, train: Rows<'_>, test: Rows<'_>) -> Self {
        let mean = mean(train);
        let mut sums = Sums::default();
        match test.side_by_side() {
            Some(Target::Bytes(bytes)) => sums.add_bytes(bytes, &mean),
            _ => {
                let mut row = vec![0.0; test.width()];
                for index in 0..test.len() {
                    test.copy_row(index, &mut row);
                    row.iter().zip(&mean).for_each(|(&x, &mean)| sums.add(mean, x.into(), 1.0));
                }
            }
        }
        let Sums { bce, squared_error, floor } = sums;
        let pixels = (test.len() * test.width()) as f64;
        let bounded = outputs != Outputs::Values;
        Self {
            mean_image_bce: bounded.then_some(bce / pixels),
            mean_image_mse: squared_error / pixels,
            entropy_floor_bce: bounded.then_some(floor / pixels),
        }
    }
}

/// The mean of rows, `(width)`.
fn mean(rows: Rows<'_>) -> Vec<f64> {
    let width = rows.width();
    if let Some(Target::Bytes(bytes)) = rows.side_by_side() {
        let mut sums = vec![0_u64; width];
        for image in bytes.chunks_exact(width) {
            sums.iter_mut().zip(image).for_each(|(sum, &p)| *sum += u64::from(p));
        }
        return sums.iter().map(|&sum| sum as f64 / (255.0 * rows.len() as f64)).collect();
    }
    let (mut sums, mut row) = (vec![0.0; width], vec![0.0; width]);
    for index in 0..rows.len() {
        rows.copy_row(index, &mut row);
        sums.iter_mut().zip(&row).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    sums.iter().map(|sum| sum / rows.len() as f64).collect()
}

/// Sums over pixels of what the mean image scores, and the pixels themselves.
#[derive(Default)]
struct Sums {
    bce: f64,
    squared_error: f64,
    floor: f64,
}

impl Sums {
    /// Adds `count` pixels of brightness `x` where the mean is `mean`.
    fn add(&mut self, mean: f64, x: f64, count: f64) {
        self.bce += count * cross_entropy(mean, x);
        self.squared_error += count * (mean - x) * (mean - x);
        self.floor += count * cross_entropy(x, x);
    }

    /// How often each grey level stands at each position says all there is to know, and there are only 256 levels: 200,000
    /// logarithms instead of eight million.
    fn add_bytes(&mut self, bytes: &[u8], mean: &[f64]) {
        let mut counts = vec![[0_u32; 256]; mean.len()];
        for image in bytes.chunks_exact(mean.len()) {
            for (levels, &p) in counts.iter_mut().zip(image) {
                levels[usize::from(p)] += 1;
            }
        }
        for (levels, &mean) in counts.iter().zip(mean) {
            for (p, &count) in levels.iter().enumerate().filter(|&(_, &count)| count > 0) {
                self.add(mean, p as f64 / 255.0, count.into());
            }
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
            let targets = Rows::bytes(targets, targets.len()).unwrap();
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
        let of = |train: &[u8], test: &[u8]| {
            let (train, test) = (Rows::bytes(train, 2).unwrap(), Rows::bytes(test, 2).unwrap());
            let bytes = Baselines::of(Outputs::Logits, train, test);
            let values = [train.to_values(), test.to_values()];
            let [train, test] = values.each_ref().map(|values| Rows::values(values, 2).unwrap());
            let values = Baselines::of(Outputs::Logits, train, test);
            assert!((bytes.mean_image_mse - values.mean_image_mse).abs() < 1e-7);
            assert!((bytes.mean_image_bce.unwrap() - values.mean_image_bce.unwrap()).abs() < 1e-6);
            assert!((bytes.entropy_floor_bce.unwrap() - values.entropy_floor_bce.unwrap()).abs() < 1e-6);
            let squared = Baselines::of(Outputs::Values, train, test);
            assert_eq!((squared.mean_image_bce, squared.entropy_floor_bce), (None, None));
            assert_eq!(squared.mean_image_mse, values.mean_image_mse);
            bytes
        };
        let found = of(&[0, 0, 255, 0], &[255, 0]);
        assert!((found.mean_image_bce.unwrap() - 0.5 * std::f64::consts::LN_2).abs() < 1e-12);
        assert!((found.mean_image_mse - 0.125).abs() < 1e-12);
        assert_eq!(found.entropy_floor_bce, Some(0.0));
        // A grey pixel of 51/255 = 0.2 has an entropy of its own.
        let grey = of(&[51, 0], &[51, 0]).entropy_floor_bce.unwrap();
        let h = -(0.2 * 0.2_f64.ln() + 0.8 * 0.8_f64.ln());
        assert!((grey - h / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_network_is_evaluated_tile_by_tile_as_it_is_at_once() {
        let network = Network::draw(&crate::Description::dense(3, &[], 2), 5).unwrap();
        let team = Team::new(2).unwrap();
        let images: Vec<u8> = (0..3 * (AT_ONCE + 7)).map(|i| (i * 37 % 256) as u8).collect();
        let rows = Rows::bytes(&images, 3).unwrap();
        let found = network.evaluate(&team, rows, rows).unwrap();
        assert_eq!(found.images, AT_ONCE + 7);
        let rebuilt = network.reconstruct(&team, rows).unwrap();
        let squares = rebuilt.iter().zip(rows.to_values()).map(|(y, x)| f64::from(y - x).powi(2));
        let mse = squares.sum::<f64>() / images.len() as f64;
        // Both come from single precision, whose last place is 1.2e-7 of a number.
        assert!((found.mse - mse).abs() < 1e-6 * mse, "{} {mse}", found.mse);
        assert!(network.evaluate(&team, rows, Rows::bytes(&images[3..], 3).unwrap()).is_err());
        assert!(network.evaluate(&team, rows, Rows::bytes(&images, 1).unwrap()).is_err());
    }
}
