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

use ae_net::{Evaluation, NetError, Network, PixelErrors, Rows, Team, evaluate, psnr_db};
use serde::Serialize;

use crate::EvalError;
use crate::error::at_least;

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
    /// Code units that are exactly 0 for every image.
    pub dead_units: usize,
}

impl Reconstruction {
    /// Sends images through a network and compares what comes back with what should. NaN in, NaN out.
    ///
    /// # Shapes
    /// - `inputs`: `(B, PIXELS)`, what the encoder sees: the images, or noisy ones
    /// - `targets`: `(B, PIXELS)`, the images, all of a set
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images or if there are not as many targets, [`EvalError::Net`] if the images are
    /// of another size than the network's.
    pub fn measure(
        team: &Team,
        network: &Network,
        inputs: Rows<'_>,
        targets: Rows<'_>,
    ) -> Result<Self, EvalError> {
        at_least("images to measure", 1, inputs.len())?;
        let (pixels, kind) = (network.pixels(), network.outputs());
        if targets.len() != inputs.len() {
            return Err(EvalError::argument("targets", inputs.len(), targets.len()));
        }
        targets.require_width("targets", pixels)?;
        let alone = Team::new(1)?;
        let mut tiles = None;
        let mut each_db = 0.0;
        let sizes = (kind, network.code_size());
        let mut each = targets.chunks(1);
        let found = evaluate(team, sizes, targets, |tile, codes, outputs| {
            let inputs = tiles.get_or_insert_with(|| inputs.chunks(tile.len())).next();
            network.encode_into(team, inputs.expect("there are as many inputs as targets"), codes)?;
            network.decoder().outputs_into(team, Rows::values(codes, network.code_size())?, outputs)?;
            for (output, target) in outputs.chunks_exact(pixels).zip(&mut each) {
                let squared = PixelErrors::of(&alone, kind, output, target)?.squared;
                each_db += psnr_db(squared / pixels as f64);
            }
            Ok::<(), NetError>(())
        })?;
        let Evaluation { images, bce, mse, psnr_db, dead_units } = found;
        Ok(Self {
            images,
            pixels,
            bce,
            bce_per_image: bce.map(|bce| bce * pixels as f64),
            mse,
            squared_error_per_image: mse * pixels as f64,
            psnr_db,
            mean_psnr_db: each_db / images as f64,
            dead_units,
        })
    }
}
