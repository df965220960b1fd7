//! What is done to a code while it is trained: nothing, or it is prepared for being rounded, and paid for by the bit.
//!
//! To be stored, a code is rounded to a grid and its integers are entropy-coded. Rounding has no gradient, so
//! in training each number `y` of the code gets noise in its place, uniform over one step of the grid: the
//! same error on average, and the decoder learns to live with it (Balle, Laparra and Simoncelli 2017,
//! "End-to-end Optimized Image Compression"). The step is 1, so how fine a number is kept is how far the encoder
//! spreads it.
//!
//! What a spread costs is `1/2 log2(1 + 12 y^2)` bits: the capacity of a Gaussian channel with noise of variance
//! 1/12, that of one step, and a signal of power `y^2`. Like the entropy of a rounded number, it grows by one bit
//! where the spread doubles, and it is 0 for a unit that keeps still, whose derivative is 0 as well. It has no
//! parameters to fit, and it is a function of the row alone, so that lanes have nothing to tell each other.

use std::f32::consts::LN_2;

use pulp::{Simd, WithSimd};

use crate::Activation;
use crate::kernels::strips::Matrix;

/// One over the variance of what rounding to integers does.
const POWER: f32 = 12.0;

/// What is done in a step of training to the code, the outputs of one layer.
#[derive(Debug, Clone, Copy)]
pub enum Code<'a> {
    /// Nothing: the next layer reads it as it is.
    Plain,
    /// It is prepared for being stored in whole numbers.
    Rounded(Rounded<'a>),
}

/// A code that is to be rounded to whole numbers, and paid for.
///
/// The next layer reads `y + noise`. Minimised is the mean loss plus `price` times the bits of a row's code,
/// `sum 1/2 log2(1 + 12 y^2)` over its numbers, as if they were one more term of the sum that [`Loss`](crate::Loss)
/// takes the mean of; the loss that is reported has no price in it.
#[derive(Debug, Clone, Copy)]
pub struct Rounded<'a> {
    /// The layer whose outputs are the code, counted from 0; another follows it.
    pub layer: usize,
    /// `(B, outputs of the layer)`, row-major: uniform in [-1/2, 1/2) in place of rounding.
    pub noise: &'a [f32],
    /// Of a bit of code, in units of a row's summed loss, finite and at least 0: with
    /// [`Loss::BceWithLogits`](crate::Loss::BceWithLogits), the nats of an image's cross-entropy that a bit has to
    /// save.
    pub price: f32,
}

/// Adds the price's derivative to the deltas of the code's layer.
pub(crate) struct Price<'a> {
    pub(crate) rows: usize,
    /// Of a bit, in units of the mean loss.
    pub(crate) price: f32,
    pub(crate) activation: Activation,
    /// Without noise.
    pub(crate) code: &'a Matrix,
    pub(crate) delta: &'a mut Matrix,
}

impl WithSimd for Price<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (one, power) = (simd.splat_f32s(1.0), simd.splat_f32s(POWER));
        let factor = simd.splat_f32s(self.price * POWER / LN_2);
        for row in 0..self.rows {
            let code = S::as_simd_f32s(self.code.row(row).as_flattened()).0;
            let delta = S::as_mut_simd_f32s(self.delta.row_mut(row).as_flattened_mut()).0;
            for (delta, &y) in delta.iter_mut().zip(code) {
                let denominator = simd.mul_add_e_f32s(simd.mul_f32s(power, y), y, one);
                let slope = simd.div_f32s(simd.mul_f32s(factor, y), denominator);
                *delta = simd.add_f32s(*delta, self.activation.chain(simd, y, slope));
            }
        }
    }
}
