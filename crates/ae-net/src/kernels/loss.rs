//! Losses: the sum over a row, and the derivative by the stack's outputs in their place, in one pass.
//!
//! - binary cross-entropy on logits `z` against targets `t`:
//!   `max(z, 0) - z t + ln(1 + exp(-|z|))`, which no logit overflows; its derivative is
//!   `sigmoid(z) - t`. One exponential and one division an element. The logarithms are taken of products:
//!   each factor `1 + exp(-|z|)` lies in [1, 2], so 30 of them stay below 2^30 in single precision, the
//!   32 columns of a strip below 2^960 in double, and one logarithm serves 960 elements;
//! - squared error `(y - t)^2`, derivative `2 (y - t)`;
//! - softmax cross-entropy of class `c`: `ln(sum exp(z)) - z_c`, derivative `softmax(z) - [c]`.

use pulp::{Simd, WithSimd};

use super::activation::{exp_negative, sigmoid};
use super::products::{registers, registers_mut};
use super::strips::{Matrix, STRIP, Strip};
use crate::Activation;
use crate::rows::{BYTE_SCALE, Target, Targets};

/// What training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Binary cross-entropy in nats between targets in [0, 1] and the sigmoid of the stack's outputs;
    /// mean over rows and outputs.
    BceWithLogits,
    /// Squared error; mean over rows and outputs.
    Mse,
    /// Cross-entropy in nats between a class and the softmax of the stack's outputs; mean over rows.
    SoftmaxCrossEntropy,
}

impl Loss {
    /// What the sum over a batch is divided by.
    pub(crate) fn count(self, rows: usize, outputs: usize) -> f64 {
        match self {
            Loss::BceWithLogits | Loss::Mse => rows as f64 * outputs as f64,
            Loss::SoftmaxCrossEntropy => rows as f64,
        }
    }
}

/// Elements of each column whose factors are multiplied before a logarithm is taken.
pub(crate) const FACTORS: usize = 30;

/// A logit whose sigmoid, loss and derivative are all 0 against a target of 0.
pub(crate) const NO_LOGIT: f32 = -1e30;

/// The loss over a lane's rows; their outputs become deltas.
pub(crate) struct Head<'a> {
    pub(crate) loss: Loss,
    /// The last layer's.
    pub(crate) activation: Activation,
    /// 1 over [`Loss::count`].
    pub(crate) scale: f32,
    pub(crate) targets: Targets<'a>,
    /// Where in the batch the lane begins.
    pub(crate) first: usize,
    pub(crate) rows: usize,
    pub(crate) outputs: usize,
    pub(crate) matrix: &'a mut Matrix,
}

impl WithSimd for Head<'_> {
    /// The sum over the rows, not yet divided.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        match S::F32_LANES {
            16 => self.rows::<S, 2>(simd),
            8 => self.rows::<S, 4>(simd),
            4 => self.rows::<S, 8>(simd),
            _ => self.rows::<S, 32>(simd),
        }
    }
}

impl Head<'_> {
    #[inline(always)]
    fn rows<S: Simd, const WIDE: usize>(self, simd: S) -> f64 {
        let mut sum = 0.0;
        for row in 0..self.rows {
            let target = self.targets.row(self.first + row);
            let strips = self.matrix.row_mut(row);
            sum += match (self.loss, target) {
                (_, Target::Class(class)) => {
                    softmax::<S, WIDE>(simd, strips, class, self.outputs, self.activation, self.scale)
                }
                (Loss::BceWithLogits, target) => {
                    bce::<S, WIDE>(simd, strips, target, self.outputs, self.activation, self.scale)
                }
                (_, target) => {
                    squared::<S, WIDE>(simd, strips, target, self.outputs, self.activation, self.scale)
                }
            };
        }
        sum
    }
}

/// A strip of target values, 0 past the row's end; of a class, 1 in its column and 0 elsewhere.
#[inline(always)]
pub(crate) fn target_strip(target: Target<'_>, strip: usize) -> Strip {
    let start = strip * STRIP;
    let mut values = [0.0; STRIP];
    match target {
        Target::Values(row) => match row[start..].first_chunk::<STRIP>() {
            Some(full) => values = *full,
            None => values[..row.len() - start].copy_from_slice(&row[start..]),
        },
        Target::Bytes(row) => match row[start..].first_chunk::<STRIP>() {
            Some(full) => {
                for (value, &byte) in values.iter_mut().zip(full) {
                    *value = f32::from(byte) * BYTE_SCALE;
                }
            }
            None => {
                for (value, &byte) in values.iter_mut().zip(&row[start..]) {
                    *value = f32::from(byte) * BYTE_SCALE;
                }
            }
        },
        Target::Class(class) => {
            if let Some(value) = class.checked_sub(start).and_then(|column| values.get_mut(column)) {
                *value = 1.0;
            }
        }
    }
    values
}

#[inline(always)]
pub(crate) fn sum_of<S: Simd, const WIDE: usize>(simd: S, sums: [S::f32s; WIDE]) -> f64 {
    let mut total = 0.0;
    for sum in sums {
        total += f64::from(simd.reduce_sum_f32s(sum));
    }
    total
}

/// Binary cross-entropy of up to [`FACTORS`] strips, on its way.
pub(crate) struct BceSum<S: Simd, const WIDE: usize> {
    linear: [S::f32s; WIDE],
    factors: [S::f32s; WIDE],
}

impl<S: Simd, const WIDE: usize> BceSum<S, WIDE> {
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        Self { linear: [simd.splat_f32s(0.0); WIDE], factors: [simd.splat_f32s(1.0); WIDE] }
    }

    /// Adds register `wide` of a strip of logits against targets; their sigmoid.
    #[inline(always)]
    pub(crate) fn add(&mut self, simd: S, wide: usize, z: S::f32s, t: S::f32s) -> S::f32s {
        let zero = simd.splat_f32s(0.0);
        let (probability, factor) = sigmoid(simd, z);
        let positive = simd.select_f32s(simd.greater_than_f32s(z, zero), z, zero);
        let term = simd.sub_f32s(positive, simd.mul_f32s(z, t));
        self.linear[wide] = simd.add_f32s(self.linear[wide], term);
        self.factors[wide] = simd.mul_f32s(self.factors[wide], factor);
        probability
    }

    #[inline(always)]
    pub(crate) fn finish(self, simd: S) -> f64 {
        sum_of(simd, self.linear) + ln_of_product::<S, WIDE>(self.factors)
    }
}

#[inline(always)]
fn bce<S: Simd, const WIDE: usize>(
    simd: S,
    row: &mut [Strip],
    target: Target<'_>,
    outputs: usize,
    activation: Activation,
    scale: f32,
) -> f64 {
    let scale = simd.splat_f32s(scale);
    // Outside of the loop: a call in it, even one that is not made, costs it a tenth of its time.
    row.as_flattened_mut()[outputs..].fill(NO_LOGIT);
    let mut total = 0.0;
    for (group, strips) in row.chunks_mut(FACTORS).enumerate() {
        let mut sum = BceSum::<S, WIDE>::new(simd);
        for (index, strip) in strips.iter_mut().enumerate() {
            let t = target_strip(target, group * FACTORS + index);
            let t = registers::<S, WIDE>(&t, 0);
            for (wide, z) in registers_mut::<S, WIDE>(strip, 0).iter_mut().enumerate() {
                let probability = sum.add(simd, wide, *z, t[wide]);
                let delta = simd.mul_f32s(simd.sub_f32s(probability, t[wide]), scale);
                *z = activation.chain(simd, *z, delta);
            }
        }
        total += sum.finish(simd);
    }
    row.as_flattened_mut()[outputs..].fill(0.0);
    total
}

/// The logarithm of the product of all lanes, each in `[1, 2^FACTORS]`.
#[inline(always)]
fn ln_of_product<S: Simd, const WIDE: usize>(factors: [S::f32s; WIDE]) -> f64 {
    let mut strip = [0.0; STRIP];
    *registers_mut::<S, WIDE>(&mut strip, 0) = factors;
    let mut product = [0.0; STRIP];
    for (product, factor) in product.iter_mut().zip(strip) {
        *product = f64::from(factor);
    }
    let mut half = STRIP / 2;
    while half > 0 {
        let (left, right) = product.split_at_mut(half);
        for (left, right) in left.iter_mut().zip(right) {
            *left *= *right;
        }
        half /= 2;
    }
    product[0].ln()
}

#[inline(always)]
fn squared<S: Simd, const WIDE: usize>(
    simd: S,
    row: &mut [Strip],
    target: Target<'_>,
    outputs: usize,
    activation: Activation,
    scale: f32,
) -> f64 {
    let mut sums = [simd.splat_f32s(0.0); WIDE];
    let scale = simd.splat_f32s(2.0 * scale);
    row.as_flattened_mut()[outputs..].fill(0.0);
    for (index, strip) in row.iter_mut().enumerate() {
        let t = target_strip(target, index);
        let t = registers::<S, WIDE>(&t, 0);
        for (wide, y) in registers_mut::<S, WIDE>(strip, 0).iter_mut().enumerate() {
            let error = simd.sub_f32s(*y, t[wide]);
            sums[wide] = simd.mul_add_e_f32s(error, error, sums[wide]);
            *y = activation.chain(simd, *y, simd.mul_f32s(error, scale));
        }
    }
    sum_of(simd, sums)
}

#[inline(always)]
fn softmax<S: Simd, const WIDE: usize>(
    simd: S,
    row: &mut [Strip],
    class: usize,
    outputs: usize,
    activation: Activation,
    scale: f32,
) -> f64 {
    let values = row.as_flattened_mut();
    values[outputs..].fill(NO_LOGIT);
    // `max` passes over NaN, which then comes back with its own exponential.
    let largest = values[..outputs].iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let below_largest = f64::from(largest) - f64::from(values[class]);
    let origin = simd.splat_f32s(largest);

    let mut sums = [simd.splat_f32s(0.0); WIDE];
    for strip in row.iter() {
        for (sum, &z) in sums.iter_mut().zip(S::as_simd_f32s(strip).0) {
            *sum = simd.add_f32s(*sum, exp_negative(simd, simd.sub_f32s(z, origin)));
        }
    }
    let sum = sum_of(simd, sums);

    let (share, scale) = (simd.splat_f32s((1.0 / sum) as f32), simd.splat_f32s(scale));
    for (index, strip) in row.iter_mut().enumerate() {
        let t = target_strip(Target::Class(class), index);
        let t = registers::<S, WIDE>(&t, 0);
        for (wide, z) in registers_mut::<S, WIDE>(strip, 0).iter_mut().enumerate() {
            let error =
                simd.sub_f32s(simd.mul_f32s(exp_negative(simd, simd.sub_f32s(*z, origin)), share), t[wide]);
            *z = activation.chain(simd, *z, simd.mul_f32s(error, scale));
        }
    }
    row.as_flattened_mut()[outputs..].fill(0.0);
    sum.ln() + below_largest
}
