//! The first layer's products for rows given as lists of their nonzero bytes: [`Forward`](super::products::Forward)
//! and [`Gradient`](super::products::Gradient), where most of the work would be multiplying zeros.

use pulp::{Simd, WithSimd};

use super::products::{LaneRows, registers, registers_mut};
use super::strips::{Matrix, STRIP, Strip};
use crate::rows::BYTE_SCALE;
use crate::{Activation, Rows, SparseRows};

/// What each byte stands for: a look-up feeds a multiplication sooner than a conversion does.
static BYTE_VALUES: [f32; 256] = {
    let mut values = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = byte as f32 * BYTE_SCALE;
        byte += 1;
    }
    values
};

/// [`Forward`] for rows given as lists.
pub(crate) struct ForwardSparse<'a> {
    pub(crate) inputs: usize,
    pub(crate) lists: Lists<'a>,
    /// Rows of the lane.
    pub(crate) rows: usize,
    pub(crate) weights: &'a [Strip],
    pub(crate) panel_rows: usize,
    pub(crate) activation: Activation,
    pub(crate) out: &'a mut Matrix,
}

impl WithSimd for ForwardSparse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Eight sums at least, or each addition waits for the one before.
        match S::F32_LANES {
            16 => self.panels::<S, 4, 2>(simd),
            8 => self.panels::<S, 2, 4>(simd),
            4 => self.panels::<S, 2, 8>(simd),
            _ => self.panels::<S, 1, 8>(simd),
        }
    }
}

impl ForwardSparse<'_> {
    #[inline(always)]
    fn panels<S: Simd, const CHAINS: usize, const WIDE: usize>(self, simd: S) {
        for (panel, weights) in self.weights.chunks_exact(self.panel_rows).enumerate() {
            let (bias, weights) = (&weights[self.inputs], &weights[..self.inputs]);
            for row in 0..self.rows {
                let (positions, values) = self.lists.row(row);
                let out = &mut self.out.row_mut(row)[panel];
                for column in (0..STRIP / S::F32_LANES).step_by(WIDE) {
                    let sums = sparse_sums::<S, CHAINS, WIDE>(simd, positions, values, weights, bias, column);
                    for (out, sum) in registers_mut::<S, WIDE>(out, column).iter_mut().zip(sums) {
                        *out = self.activation.apply(simd, sum);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn sparse_sums<S: Simd, const CHAINS: usize, const WIDE: usize>(
    simd: S,
    positions: &[u16],
    values: &[u8],
    weights: &[Strip],
    bias: &Strip,
    column: usize,
) -> [S::f32s; WIDE] {
    let mut chains = [[simd.splat_f32s(0.0); WIDE]; CHAINS];
    chains[0] = *registers::<S, WIDE>(bias, column);
    let (position_groups, last_positions) = positions.as_chunks::<CHAINS>();
    let (value_groups, last_values) = values.as_chunks::<CHAINS>();
    for (positions, values) in position_groups.iter().zip(value_groups) {
        for ((sums, &position), &value) in chains.iter_mut().zip(positions).zip(values) {
            let weight = registers::<S, WIDE>(&weights[usize::from(position)], column);
            add_scaled(simd, sums, value, weight);
        }
    }
    for (&position, &value) in last_positions.iter().zip(last_values) {
        let weight = registers::<S, WIDE>(&weights[usize::from(position)], column);
        add_scaled(simd, &mut chains[0], value, weight);
    }
    let mut sums = chains[0];
    for chain in &chains[1..] {
        for (sum, &other) in sums.iter_mut().zip(chain) {
            *sum = simd.add_f32s(*sum, other);
        }
    }
    sums
}

/// Adds `terms`, times what a byte stands for.
#[inline(always)]
fn add_scaled<S: Simd, const WIDE: usize>(
    simd: S,
    sums: &mut [S::f32s; WIDE],
    byte: u8,
    terms: &[S::f32s; WIDE],
) {
    let value = simd.splat_f32s(BYTE_VALUES[usize::from(byte)]);
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum = simd.mul_add_e_f32s(value, term, *sum);
    }
}

/// A lane's rows as lists.
#[derive(Clone, Copy)]
pub(crate) struct Lists<'a> {
    pub(crate) set: &'a SparseRows,
    pub(crate) rows: Rows<'a>,
    /// Which of them is the lane's first.
    pub(crate) first: usize,
}

impl<'a> Lists<'a> {
    /// Positions and bytes of one of the lane's rows.
    #[inline(always)]
    pub(crate) fn row(self, row: usize) -> (&'a [u16], &'a [u8]) {
        self.set.row(self.rows.place(self.first + row))
    }
}

/// The same lists, cut where the parts of a panel begin.
#[derive(Clone, Copy)]
pub(crate) struct CutLists<'a> {
    pub(crate) lists: Lists<'a>,
    /// For each row, where in its list each part begins, and its length at the end.
    pub(crate) cuts: &'a [u32],
    /// Cuts for a row.
    pub(crate) stride: usize,
}

/// [`Gradient`] for rows given as lists, for the part of a panel whose number is `part`, added to `out`.
pub(crate) struct GradientSparse<'a, L> {
    pub(crate) lanes: L,
    pub(crate) part: usize,
    pub(crate) first: usize,
    pub(crate) out: &'a mut [Strip],
}

impl<'a, L: Iterator<Item = LaneRows<'a, CutLists<'a>>>> WithSimd for GradientSparse<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.rows::<S, 2>(simd),
            8 => self.rows::<S, 4>(simd),
            _ => self.rows::<S, 8>(simd),
        }
    }
}

impl<'a, L: Iterator<Item = LaneRows<'a, CutLists<'a>>>> GradientSparse<'_, L> {
    #[inline(always)]
    fn rows<S: Simd, const WIDE: usize>(self, simd: S) {
        let (first, sums) = (self.first, self.out);
        for LaneRows { x, delta } in self.lanes {
            let cuts = x.cuts.chunks_exact(x.stride);
            for ((row, cuts), delta) in (0..).zip(cuts).zip(delta.iter()) {
                let (positions, values) = x.lists.row(row);
                let listed = cuts[self.part] as usize..cuts[self.part + 1] as usize;
                let (positions, values) = (&positions[listed.clone()], &values[listed]);
                for column in (0..STRIP / S::F32_LANES).step_by(WIDE) {
                    let delta = *registers::<S, WIDE>(delta, column);
                    for (&position, &value) in positions.iter().zip(values) {
                        let sums = &mut sums[usize::from(position) - first];
                        add_scaled(simd, registers_mut::<S, WIDE>(sums, column), value, &delta);
                    }
                }
            }
        }
    }
}
