//! How far reconstructions are from their images, in every usual unit.
//!
//! With `x` a pixel and `y` its reconstruction, both brightness in [0, 1], and sums over the pixels of an
//! image:
//!
//! - BCE: `-x ln y - (1 - x) ln(1 - y)`, nats, computed from logits; mean over images and pixels, or the sum
//!   over an image, mean over images (Keras's and the papers' habit)
//! - MSE: `(y - x)^2`, mean over images and pixels; or the sum over an image, mean over images
//! - PSNR: `10 log10(1 / MSE)`, dB, peak 1.0; of the mean MSE, or the mean of each image's own, which is
//!   never smaller (Jensen's inequality)

use ae_dense::{PixelErrors, Team};
use serde::Serialize;

use crate::{Coder, EvalError, Outputs, Rows};

/// Images measured at once: their outputs stay in cache.
const AT_ONCE: usize = 1 << 10;

/// How far reconstructions are from their images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reconstruction {
    /// Images measured.
    pub images: usize,
    /// Pixels of an image.
    pub pixels: usize,
    /// Sigmoid cross-entropy, mean over images and pixels, nats; none where the outputs are not logits, and a
    /// brightness of 0 or 1 could make it infinite.
    pub bce: Option<f64>,
    /// The same summed over an image, mean over images, nats.
    pub bce_per_image: Option<f64>,
    /// Squared error, mean over images and pixels, on the [0, 1] scale.
    pub mse: f64,
    /// The same summed over an image, mean over images.
    pub squared_error_per_image: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite at 0.
    pub psnr_db: f64,
    /// Mean over images of each image's own PSNR, dB; infinite if one image is rebuilt exactly.
    pub mean_psnr_db: f64,
}

impl Reconstruction {
    /// Sends images through a coder and compares what comes back with what should.
    ///
    /// # Shapes
    /// - `inputs`: `(B, PIXELS)`, what the encoder sees: the images, or noisy ones
    /// - `targets`: `(B, PIXELS)`, the images as bytes
    ///
    /// # Errors
    /// [`EvalError::Dims`] or [`EvalError::Length`] if the shapes do not fit, [`EvalError::Empty`] without
    /// images, [`EvalError::NonFinite`] if a code is not finite.
    pub fn measure(team: &Team, coder: &Coder, inputs: Rows<'_>, targets: &[u8]) -> Result<Self, EvalError> {
        let pixels = coder.pixels();
        let expected = inputs.len() * pixels;
        if targets.len() != expected {
            return Err(EvalError::Length { what: "targets", expected, found: targets.len() });
        }
        let mut sums = ReconstructionSums::new(coder.outputs(), pixels)?;
        for (inputs, targets) in inputs.chunks(AT_ONCE).zip(targets.chunks(AT_ONCE * pixels)) {
            let codes = coder.encode(team, inputs)?;
            let outputs = coder.decode_outputs(team, Rows::values(&codes, coder.code_size())?)?;
            sums.add(&outputs, targets)?;
        }
        sums.finish()
    }
}

/// Gathers a [`Reconstruction`] slice by slice.
///
/// # Example
/// ```
/// use ae_eval::{Outputs, ReconstructionSums};
/// let mut sums = ReconstructionSums::new(Outputs::Brightness, 2)?;
/// sums.add(&[0.1, 0.9], &[0, 255])?; // one image of two pixels, both off by 0.1
/// let found = sums.finish()?;
/// assert!((found.psnr_db - 20.0).abs() < 1e-5 && found.bce.is_none());
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReconstructionSums {
    outputs: Outputs,
    pixels: usize,
    images: usize,
    bce: f64,
    squared: f64,
    psnr_db: f64,
    /// A team of the calling thread: what is added at once is one image.
    alone: Team,
}

impl ReconstructionSums {
    /// Nothing yet, for images of `pixels` pixels.
    ///
    /// # Errors
    /// [`EvalError::Zero`] if `pixels` is 0.
    pub fn new(outputs: Outputs, pixels: usize) -> Result<Self, EvalError> {
        if pixels == 0 {
            return Err(EvalError::Zero { what: "pixels of an image" });
        }
        let alone = Team::new(1)?;
        Ok(Self { outputs, pixels, images: 0, bce: 0.0, squared: 0.0, psnr_db: 0.0, alone })
    }

    /// Adds images by what a decoder gave, `outputs: (B, PIXELS)`, and the bytes it should have given,
    /// `targets: (B, PIXELS)`. NaN in, NaN out.
    ///
    /// # Errors [`EvalError::PartialRow`] if the targets are not whole images, [`EvalError::Length`] if there
    /// are not as many outputs.
    pub fn add(&mut self, outputs: &[f32], targets: &[u8]) -> Result<(), EvalError> {
        let pixels = self.pixels;
        if !targets.len().is_multiple_of(pixels) {
            return Err(EvalError::PartialRow { values: targets.len(), dims: pixels });
        }
        if outputs.len() != targets.len() {
            return Err(EvalError::Length { what: "outputs", expected: targets.len(), found: outputs.len() });
        }
        for (outputs, targets) in outputs.chunks_exact(pixels).zip(targets.chunks_exact(pixels)) {
            let errors = match self.outputs {
                Outputs::Logits => PixelErrors::of(&self.alone, outputs, targets)?,
                kind => PixelErrors { bce: 0.0, squared: squared_error(kind, outputs, targets) },
            };
            self.images += 1;
            self.bce += errors.bce;
            self.squared += errors.squared;
            self.psnr_db += psnr_db(errors.squared / pixels as f64);
        }
        Ok(())
    }

    /// The figures.
    ///
    /// # Errors
    /// [`EvalError::Empty`] if no image was added.
    pub fn finish(&self) -> Result<Reconstruction, EvalError> {
        if self.images == 0 {
            return Err(EvalError::Empty { what: "images to measure" });
        }
        let (images, pixels) = (self.images as f64, self.pixels as f64);
        let squared_error_per_image = self.squared / images;
        let mse = squared_error_per_image / pixels;
        let bce_per_image = (self.outputs == Outputs::Logits).then_some(self.bce / images);
        Ok(Reconstruction {
            images: self.images,
            pixels: self.pixels,
            bce: bce_per_image.map(|sum| sum / pixels),
            bce_per_image,
            mse,
            squared_error_per_image,
            psnr_db: psnr_db(mse),
            mean_psnr_db: self.psnr_db / images,
        })
    }
}

fn squared_error(kind: Outputs, outputs: &[f32], targets: &[u8]) -> f64 {
    let error = |(&output, &byte): (&f32, &u8)| {
        let error = f64::from(kind.brightness(output)) - f64::from(byte) / 255.0;
        error * error
    };
    outputs.iter().zip(targets).map(error).sum()
}

fn psnr_db(mse: f64) -> f64 {
    -10.0 * mse.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(kind: Outputs, pixels: usize, outputs: &[f32], targets: &[u8]) -> Reconstruction {
        let mut sums = ReconstructionSums::new(kind, pixels).unwrap();
        sums.add(outputs, targets).unwrap();
        sums.finish().unwrap()
    }

    /// Logits and bytes without pattern.
    fn noise(count: usize) -> (Vec<f32>, Vec<u8>) {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        (0..count).map(|_| (next() as f32 / 6_000.0 - 5.0, next() as u8)).unzip()
    }

    #[test]
    fn figures_worked_out_by_hand() {
        // Two images of two pixels: errors of 0.1 and 0.1, and of 0.3 and 0.1.
        let found = measured(Outputs::Brightness, 2, &[0.1, 0.9, 0.3, 1.1], &[0, 255, 0, 255]);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
        assert!(close(found.mse, 0.03), "{found:?}");
        assert!(close(found.squared_error_per_image, 0.06));
        assert!(close(found.psnr_db, -10.0 * 0.03_f64.log10()));
        assert!(close(found.mean_psnr_db, 0.5 * (20.0 - 10.0 * 0.05_f64.log10())));
        assert_eq!((found.images, found.pixels, found.bce, found.bce_per_image), (2, 2, None, None));
        // Clipping takes away the error above 1.
        let clipped = measured(Outputs::Clipped, 2, &[0.1, 0.9, 0.3, 1.1], &[0, 255, 0, 255]);
        assert!(close(clipped.squared_error_per_image, 0.055), "{clipped:?}");
        // Undecided logits: ln 2 a pixel, and half a brightness away.
        let undecided = measured(Outputs::Logits, 2, &[0.0; 4], &[0, 255, 255, 0]);
        assert!(close(undecided.bce_per_image.unwrap(), 2.0 * std::f64::consts::LN_2));
        assert!(close(undecided.mse, 0.25));
    }

    #[test]
    fn identities_hold() {
        let (logits, bytes) = noise(40 * 12);
        let found = measured(Outputs::Logits, 12, &logits, &bytes);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * b.abs();
        assert!(close(found.bce_per_image.unwrap(), 12.0 * found.bce.unwrap()));
        assert!(close(found.squared_error_per_image, 12.0 * found.mse));
        assert!(close(found.psnr_db, 10.0 * (1.0 / found.mse).log10()));
        assert!(found.mean_psnr_db > found.psnr_db);
        // One image alone: no difference between the two.
        let one = measured(Outputs::Logits, 480, &logits, &bytes);
        assert!(close(one.psnr_db, one.mean_psnr_db));
        assert!((one.mse - found.mse).abs() < 1e-6 * found.mse);
        // From logits, or from the brightness they stand for.
        let brightness: Vec<f32> = logits.iter().map(|&z| Outputs::Logits.brightness(z)).collect();
        let again = measured(Outputs::Brightness, 12, &brightness, &bytes);
        assert!((again.mse - found.mse).abs() < 1e-6 * found.mse, "{again:?}, {found:?}");
    }

    #[test]
    fn slices_add_up() {
        let (logits, bytes) = noise(10 * 12);
        let mut sums = ReconstructionSums::new(Outputs::Logits, 12).unwrap();
        for images in [0..3, 3..3, 3..10] {
            let range = images.start * 12..images.end * 12;
            sums.add(&logits[range.clone()], &bytes[range]).unwrap();
        }
        assert_eq!(sums.finish().unwrap(), measured(Outputs::Logits, 12, &logits, &bytes));
    }

    #[test]
    fn nan_and_exactness_are_seen() {
        let wrong = measured(Outputs::Clipped, 1, &[f32::NAN, 0.0], &[0, 0]);
        assert!(wrong.mse.is_nan() && wrong.mean_psnr_db.is_nan());
        let exact = measured(Outputs::Brightness, 1, &[1.0, 0.0], &[255, 0]);
        assert_eq!((exact.mse, exact.psnr_db, exact.mean_psnr_db), (0.0, f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let new = |pixels| ReconstructionSums::new(Outputs::Logits, pixels);
        assert_eq!(new(0).unwrap_err(), EvalError::Zero { what: "pixels of an image" });
        let mut sums = new(2).unwrap();
        assert_eq!(sums.finish().unwrap_err(), EvalError::Empty { what: "images to measure" });
        assert_eq!(sums.add(&[0.0; 3], &[0; 3]).unwrap_err(), EvalError::PartialRow { values: 3, dims: 2 });
        assert_eq!(
            sums.add(&[0.0; 2], &[0; 4]).unwrap_err(),
            EvalError::Length { what: "outputs", expected: 4, found: 2 }
        );
    }

    #[test]
    fn brightness_is_finite_at_both_ends() {
        for (kind, ends) in [
            (Outputs::Logits, [0.0, 0.5, 1.0]),
            (Outputs::Clipped, [0.0, 0.0, 1.0]),
            (Outputs::Brightness, [-1e30, 0.0, 1e30]),
        ] {
            assert_eq!([-1e30, 0.0, 1e30].map(|output| kind.brightness(output)), ends, "{kind:?}");
        }
    }
}
