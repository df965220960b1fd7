//! The three products of a dense layer, over strips, each in one pass with registers for sums.
//!
//! With `x` the rows that enter a layer, `W` its weight, `d` the loss's derivative by its sums:
//! - forward, `activation(x W^T + b)`: a tile of rows times one panel's columns, the weights streaming by;
//! - backward, `d W`: a tile of rows times a few inputs, summed along the outputs;
//! - gradient, `d^T x` and the column sums of `d`: a tile of inputs times one panel's columns, summed
//!   along the rows of the batch.
//!
//! Weights lie as [`stack`](crate::stack) has them, so each product reads every operand along whole
//! strips and needs no packing. Each sum is taken in one order that depends on the shapes alone, so a row's
//! result is the same bits in whatever tile it comes.

use pulp::{Simd, WithSimd};

use super::strips::{Column, Matrix, STRIP, Strided, Strip};
use crate::Activation;

/// `WIDE` registers of a strip, from register `column` on.
#[inline(always)]
pub(crate) fn registers<S: Simd, const WIDE: usize>(strip: &Strip, column: usize) -> &[S::f32s; WIDE] {
    S::as_simd_f32s(strip).0[column..].first_chunk().expect("a strip is whole groups of registers")
}

#[inline(always)]
pub(crate) fn registers_mut<S: Simd, const WIDE: usize>(
    strip: &mut Strip,
    column: usize,
) -> &mut [S::f32s; WIDE] {
    S::as_mut_simd_f32s(strip).0[column..].first_chunk_mut().expect("a strip is whole groups of registers")
}

/// `activation(x W^T + b)` for the first `rows` rows of `x`.
pub(crate) struct Forward<'a> {
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    pub(crate) x: Strided<'a>,
    pub(crate) weights: &'a [Strip],
    pub(crate) panel_rows: usize,
    pub(crate) activation: Activation,
    pub(crate) out: &'a mut Matrix,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Sums that fill the register file without spilling, two weights in flight for each.
        match S::F32_LANES {
            16 => self.tiles::<S, 8, 2>(simd),
            8 => self.tiles::<S, 4, 2>(simd),
            4 => self.tiles::<S, 4, 4>(simd),
            _ => self.tiles::<S, 1, 8>(simd),
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize, const WIDE: usize>(self, simd: S) {
        for (panel, weights) in self.weights.chunks_exact(self.panel_rows).enumerate() {
            let (bias, weights) = (&weights[self.inputs], &weights[..self.inputs]);
            for first in (0..self.rows).step_by(ROWS) {
                // A short tile computes its last row again, and stores it once.
                let mut x = [&[][..]; ROWS];
                for (row, x) in x.iter_mut().enumerate() {
                    *x = self.x.row((first + row).min(self.rows - 1), self.inputs);
                }
                for column in (0..STRIP / S::F32_LANES).step_by(WIDE) {
                    let sums = forward_tile::<S, ROWS, WIDE>(simd, x, weights, bias, column);
                    for (row, sums) in sums.iter().enumerate().take(self.rows - first) {
                        let strip = &mut self.out.row_mut(first + row)[panel];
                        for (out, &sum) in registers_mut::<S, WIDE>(strip, column).iter_mut().zip(sums) {
                            *out = self.activation.apply(simd, sum);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn forward_tile<S: Simd, const ROWS: usize, const WIDE: usize>(
    simd: S,
    mut x: [&[f32]; ROWS],
    weights: &[Strip],
    bias: &Strip,
    column: usize,
) -> [[S::f32s; WIDE]; ROWS] {
    for x in &mut x {
        *x = &x[..weights.len()]; // one check here instead of one a multiplication
    }
    let mut sums = [*registers::<S, WIDE>(bias, column); ROWS];
    for (input, strip) in weights.iter().enumerate() {
        let weight = registers::<S, WIDE>(strip, column);
        for (sums, x) in sums.iter_mut().zip(x) {
            let x = simd.splat_f32s(x[input]);
            for (sum, &weight) in sums.iter_mut().zip(weight) {
                *sum = simd.mul_add_e_f32s(x, weight, *sum);
            }
        }
    }
    sums
}

/// Rows of deltas that all weights are gone through for: few enough to stay in the innermost cache meanwhile.
const BACKWARD_ROWS: usize = 8;

/// `d W`, times the derivative of the activation that made the layer's inputs, for the first `rows`
/// rows of `d`.
pub(crate) struct Backward<'a> {
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    pub(crate) delta: &'a Matrix,
    pub(crate) weights: &'a [Strip],
    pub(crate) panel_rows: usize,
    /// The activation that made the layer's inputs.
    pub(crate) activation: Activation,
    /// The layer's inputs.
    pub(crate) activations: &'a Matrix,
    pub(crate) out: &'a mut Matrix,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::REGISTER_COUNT {
            32.. => self.tiles::<S, 4, 4>(simd),
            _ => self.tiles::<S, 4, 2>(simd),
        }
    }
}

impl Backward<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize, const INPUTS: usize>(self, simd: S) {
        let blocks = (0..self.rows)
            .step_by(BACKWARD_ROWS)
            .flat_map(|block| (0..self.inputs).step_by(INPUTS).map(move |first_input| (block, first_input)));
        for (block, first_input) in blocks {
            for first_row in (block..self.rows.min(block + BACKWARD_ROWS)).step_by(ROWS) {
                // A short tile computes its last row or input again, and stores it once.
                let mut delta = [&[][..]; ROWS];
                for (row, delta) in delta.iter_mut().enumerate() {
                    *delta = self.delta.row((first_row + row).min(self.rows - 1));
                }
                let mut inputs = [0; INPUTS];
                for (input, place) in inputs.iter_mut().enumerate() {
                    *place = (first_input + input).min(self.inputs - 1);
                }
                let panels = self.weights.chunks_exact(self.panel_rows);
                let sums = backward_tile::<S, ROWS, INPUTS>(simd, delta, panels, inputs);
                for (row, sums) in sums.iter().enumerate().take(self.rows - first_row) {
                    let out = self.out.row_mut(first_row + row).as_flattened_mut();
                    for (out, &sum) in out[first_input..self.inputs].iter_mut().zip(sums) {
                        *out = simd.reduce_sum_f32s(sum);
                    }
                }
            }
        }
        for row in 0..self.rows {
            let activations = S::as_simd_f32s(self.activations.row(row).as_flattened()).0;
            let out = S::as_mut_simd_f32s(self.out.row_mut(row).as_flattened_mut()).0;
            for (out, &a) in out.iter_mut().zip(activations) {
                *out = self.activation.chain(simd, a, *out);
            }
        }
    }
}

#[inline(always)]
fn backward_tile<'a, S: Simd, const ROWS: usize, const INPUTS: usize>(
    simd: S,
    mut delta: [&[Strip]; ROWS],
    panels: impl ExactSizeIterator<Item = &'a [Strip]>,
    inputs: [usize; INPUTS],
) -> [[S::f32s; INPUTS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); INPUTS]; ROWS];
    for delta in &mut delta {
        *delta = &delta[..panels.len()];
    }
    for (panel, weights) in panels.enumerate() {
        let mut weight = [S::as_simd_f32s(&weights[0]).0; INPUTS];
        for (weight, input) in weight.iter_mut().zip(inputs) {
            *weight = S::as_simd_f32s(&weights[input]).0;
        }
        for register in 0..STRIP / S::F32_LANES {
            for (sums, delta) in sums.iter_mut().zip(delta) {
                let d = S::as_simd_f32s(&delta[panel]).0[register];
                for (sum, weight) in sums.iter_mut().zip(weight) {
                    *sum = simd.mul_add_e_f32s(d, weight[register], *sum);
                }
            }
        }
    }
    sums
}

/// The rows of one lane: what enters the layer, and one panel of the deltas that leave it.
#[derive(Clone, Copy)]
pub(crate) struct LaneRows<'a, X> {
    pub(crate) x: X,
    pub(crate) delta: Column<'a>,
}

/// `d^T x` for the inputs `first..end` of one panel, summed over lanes in their order, row after row.
/// `out[0]` belongs to input `first`.
pub(crate) struct Gradient<'a, L> {
    pub(crate) lanes: L,
    pub(crate) first: usize,
    pub(crate) end: usize,
    pub(crate) out: &'a mut [Strip],
}

impl<'a, L: Iterator<Item = LaneRows<'a, Strided<'a>>> + Clone> WithSimd for Gradient<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.tiles::<S, 8, 2>(simd),
            8 => self.tiles::<S, 4, 2>(simd),
            4 => self.tiles::<S, 4, 4>(simd),
            _ => self.tiles::<S, 1, 8>(simd),
        }
    }
}

impl<'a, L: Iterator<Item = LaneRows<'a, Strided<'a>>> + Clone> Gradient<'_, L> {
    #[inline(always)]
    fn tiles<S: Simd, const INPUTS: usize, const WIDE: usize>(self, simd: S) {
        let (tiles, rest) = self.out[..self.end - self.first].as_chunks_mut::<INPUTS>();
        let first_of_rest = self.first + tiles.len() * INPUTS;
        for (tile, out) in tiles.iter_mut().enumerate() {
            let first = self.first + tile * INPUTS;
            gradient_tile::<S, INPUTS, WIDE>(simd, self.lanes.clone(), first, out);
        }
        for (input, out) in rest.iter_mut().enumerate() {
            let out = std::array::from_mut(out);
            gradient_tile::<S, 1, WIDE>(simd, self.lanes.clone(), first_of_rest + input, out);
        }
    }
}

#[inline(always)]
fn gradient_tile<'a, S: Simd, const INPUTS: usize, const WIDE: usize>(
    simd: S,
    lanes: impl Iterator<Item = LaneRows<'a, Strided<'a>>> + Clone,
    first: usize,
    out: &mut [Strip; INPUTS],
) {
    for column in (0..STRIP / S::F32_LANES).step_by(WIDE) {
        let mut sums = [[simd.splat_f32s(0.0); WIDE]; INPUTS];
        for LaneRows { x, delta } in lanes.clone() {
            for (x, delta) in x.columns::<INPUTS>(first).zip(delta.iter()) {
                let delta = registers::<S, WIDE>(delta, column);
                for (sums, &x) in sums.iter_mut().zip(x) {
                    let x = simd.splat_f32s(x);
                    for (sum, &delta) in sums.iter_mut().zip(delta) {
                        *sum = simd.mul_add_e_f32s(x, delta, *sum);
                    }
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(&sums) {
            *registers_mut::<S, WIDE>(out, column) = *sums;
        }
    }
}

/// Column sums of one panel's deltas, row after row, added to `out`: the gradient by its biases.
pub(crate) struct BiasGradient<'a, L> {
    pub(crate) lanes: L,
    pub(crate) out: &'a mut Strip,
}

impl<'a, X, L: Iterator<Item = LaneRows<'a, X>>> WithSimd for BiasGradient<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let out = S::as_mut_simd_f32s(self.out).0;
        for LaneRows { delta, .. } in self.lanes {
            for delta in delta.iter() {
                for (sum, &delta) in out.iter_mut().zip(S::as_simd_f32s(delta).0) {
                    *sum = simd.add_f32s(*sum, delta);
                }
            }
        }
    }
}
