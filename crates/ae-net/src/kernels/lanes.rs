//! Lanes: groups of neighbouring rows of a batch, worked on from input to deltas by one thread.
//!
//! How many rows a lane has depends on the longest batch alone, and each lane's buffers are its own, so
//! threads that share out lanes compute the same bits however many they are.

use std::ops::Range;

use super::arch::Arch;
use super::loss::Head;
use super::products::{Backward, Forward, LaneRows};
use super::sparse_products::{CutLists, ForwardSparse, Lists};
use super::strips::{Matrix, Strided};
use crate::clocks::{Part, timed};
use crate::code::Price;
use crate::rows::Cells;
use crate::stack::{LayerShape, Stack};
use crate::{Code, Loss, Rounded, Rows, SparseRows, Targets};

/// Most rows in a lane. Each lane reads all weights once; where these are more than a core's own cache holds,
/// more rows make more of each reading.
pub(crate) const MAX_LANE_ROWS: usize = 64;

/// Rows in a lane, but for a batch's last one, of batches of up to `max_batch` rows: a quarter of them, in
/// whole tiles of the products, as far as the limits allow.
pub(crate) fn lane_rows(max_batch: usize) -> usize {
    const TILES: usize = 16;
    max_batch.div_ceil(4).next_multiple_of(TILES).min(MAX_LANE_ROWS)
}

/// A checked batch.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) inputs: Rows<'a>,
    pub(crate) targets: Targets<'a>,
    pub(crate) loss: Loss,
    pub(crate) rows: usize,
    pub(crate) code: Code<'a>,
}

/// One lane's buffers for a range of a stack's layers. Layers are counted from the range's first.
pub(crate) struct Lane {
    /// Where in the batch the lane begins.
    first: usize,
    /// Rows it has now.
    rows: usize,
    /// Rows it has room for.
    capacity: usize,
    /// `(rows, inputs)`: the values of inputs that do not lie side by side as numbers.
    values: Vec<f32>,
    /// Where the parts of the first layer's panels cut each sparse row's list.
    cuts: Vec<u32>,
    /// Each layer's activations; those of the last layer become its deltas.
    activations: Vec<Matrix>,
    /// Each layer's deltas but for the last's; none in a lane that only goes forward.
    deltas: Vec<Matrix>,
    /// A code before noise was added to its activations.
    code: Option<Matrix>,
    /// The loss summed over the rows.
    pub(crate) loss: f64,
}

impl Lane {
    /// Buffers for `capacity` rows to go forward.
    pub(crate) fn new(shapes: &[LayerShape], capacity: usize) -> Self {
        Self {
            first: 0,
            rows: 0,
            capacity,
            values: vec![0.0; capacity * shapes[0].inputs],
            cuts: Vec::new(),
            activations: matrices(shapes, capacity),
            deltas: Vec::new(),
            code: None,
            loss: 0.0,
        }
    }

    /// Buffers for `capacity` rows to go forward and back.
    pub(crate) fn both_ways(shapes: &[LayerShape], capacity: usize) -> Self {
        let cuts = vec![0; capacity * shapes[0].part_starts().count()];
        let deltas = matrices(&shapes[..shapes.len() - 1], capacity);
        Self { cuts, deltas, ..Self::new(shapes, capacity) }
    }

    /// Takes `rows` rows of the inputs from row `first` on, no more than there is room for, through the whole stack.
    pub(crate) fn forward(&mut self, arch: Arch, stack: &Stack, inputs: Rows<'_>, first: usize, rows: usize) {
        self.read(arch, inputs, first, rows);
        self.apply(arch, stack, 0..stack.depth(), inputs);
    }

    /// The same for a batch, whose code may be changed on the way.
    pub(crate) fn forward_batch(
        &mut self,
        arch: Arch,
        stack: &Stack,
        batch: &Batch<'_>,
        first: usize,
        rows: usize,
    ) {
        let (inputs, depth) = (batch.inputs, stack.depth());
        self.read(arch, inputs, first, rows);
        match batch.code {
            Code::Plain => self.apply(arch, stack, 0..depth, inputs),
            Code::Rounded(rounded) => {
                let after = rounded.layer + 1;
                self.apply(arch, stack, 0..after, inputs);
                self.blur(rounded, stack.shapes()[rounded.layer].outputs);
                self.apply(arch, stack, after..depth, inputs);
            }
        }
    }

    /// Gets rows of inputs ready for the first layer.
    fn read(&mut self, arch: Arch, inputs: Rows<'_>, first: usize, rows: usize) {
        (self.first, self.rows) = (first, rows);
        timed(Part::Reading, || {
            inputs.touch(first..first + rows);
            if needs_values(inputs) {
                let values = self.values.chunks_exact_mut(inputs.width()).take(rows);
                for (row, values) in (first..).zip(values) {
                    inputs.copy(arch, row, values);
                }
            }
        });
    }

    /// Computes some layers, each from the activations before it.
    fn apply(&mut self, arch: Arch, stack: &Stack, layers: Range<usize>, inputs: Rows<'_>) {
        let (rows, first) = (self.rows, self.first);
        for layer in layers {
            let shape = &stack.shapes()[layer];
            let weights = stack.layer(layer);
            let (before, after) = self.activations.split_at_mut(layer);
            let (panel_rows, activation, out) = (shape.panel_rows(), shape.activation, &mut after[0]);
            if let (0, Cells::Lists(set)) = (layer, inputs.cells()) {
                let (inputs, lists) = (shape.inputs, Lists { set, rows: inputs, first });
                let product = ForwardSparse { inputs, lists, rows, weights, panel_rows, activation, out };
                timed(Part::ListProduct, || arch.dispatch(product));
            } else {
                let x = match before.last() {
                    Some(activations) => activations.rows(),
                    None => dense_rows(&self.values, inputs, first),
                };
                let inputs = shape.inputs;
                let product = Forward { rows, inputs, x, weights, panel_rows, activation, out };
                timed(Part::Product, || arch.dispatch(product));
            }
        }
    }

    /// Adds noise to the code, `width` numbers a row, and keeps the code as it was.
    fn blur(&mut self, Rounded { layer, noise, .. }: Rounded<'_>, width: usize) {
        let blurred = &mut self.activations[layer];
        if self.code.as_ref().is_none_or(|code| !code.is_as_wide_as(blurred)) {
            self.code = Some(Matrix::new(self.capacity, width));
        }
        let code = self.code.as_mut().expect("it was just put there");
        for (row, noise) in noise[self.first * width..].chunks_exact(width).take(self.rows).enumerate() {
            let blurred = blurred.row_mut(row);
            code.row_mut(row).copy_from_slice(blurred);
            for (value, noise) in blurred.as_flattened_mut().iter_mut().zip(noise) {
                *value += noise;
            }
        }
    }

    /// The last layer's activations for a row of the lane.
    pub(crate) fn output(&self, row: usize, width: usize) -> &[f32] {
        &self.last().row(row).as_flattened()[..width]
    }

    /// Sums the loss of the rows that went forward; the last layer's activations become its deltas.
    pub(crate) fn head(&mut self, arch: Arch, stack: &Stack, batch: &Batch<'_>) {
        let shape = &stack.shapes()[stack.depth() - 1];
        let head = Head {
            loss: batch.loss,
            activation: shape.activation,
            scale: (1.0 / batch.loss.count(batch.rows, shape.outputs)) as f32,
            targets: batch.targets,
            first: self.first,
            rows: self.rows,
            outputs: shape.outputs,
            matrix: self.activations.last_mut().expect("a stack has layers"),
        };
        self.loss = timed(Part::Loss, || arch.dispatch(head));
    }

    /// From the last layer's deltas to those of all others. The first layer's inputs get none.
    pub(crate) fn backward(&mut self, arch: Arch, stack: &Stack, batch: &Batch<'_>) {
        for layer in (1..stack.depth()).rev() {
            let shape = &stack.shapes()[layer];
            let activation = stack.shapes()[layer - 1].activation;
            let code = match batch.code {
                Code::Rounded(rounded) if rounded.layer == layer - 1 => {
                    let code = self.code.as_ref().expect("the rows went forward, and left it here");
                    Some((code, rounded.price))
                }
                _ => None,
            };
            let (out, later) = self.deltas[layer - 1..].split_first_mut().expect("a layer lies before");
            let product = Backward {
                rows: self.rows,
                inputs: shape.inputs,
                delta: later.first().unwrap_or(&self.activations[self.activations.len() - 1]),
                weights: stack.layer(layer),
                panel_rows: shape.panel_rows(),
                activation,
                activations: code.map_or(&self.activations[layer - 1], |(code, _)| code),
                out: &mut *out,
            };
            timed(Part::Backward, || arch.dispatch(product));
            if let Some((code, price)) = code {
                let price = (f64::from(price) / batch.loss.count(batch.rows, stack.outputs())) as f32;
                arch.dispatch(Price { rows: self.rows, price, activation, code, delta: out });
            }
        }
    }

    /// Finds where the parts of the first layer's panels cut the lists of sparse rows.
    pub(crate) fn cut_lists(&mut self, shape: &LayerShape, inputs: Rows<'_>) {
        let Cells::Lists(set) = inputs.cells() else { return };
        let lists = Lists { set, rows: inputs, first: self.first };
        let mut cuts = self.cuts.iter_mut();
        timed(Part::Cutting, || {
            for row in 0..self.rows {
                let positions = lists.row(row).0;
                for (start, cut) in shape.part_starts().zip(&mut cuts) {
                    *cut = positions.partition_point(|&position| usize::from(position) < start) as u32;
                }
            }
        });
    }

    /// What entered a layer and one panel of the deltas that came back, for its weight gradient.
    #[inline]
    pub(crate) fn layer_rows<'a>(
        &'a self,
        layer: usize,
        panel: usize,
        inputs: Rows<'a>,
    ) -> LaneRows<'a, Strided<'a>> {
        let x = match layer.checked_sub(1) {
            Some(before) => self.activations[before].rows(),
            None => dense_rows(&self.values, inputs, self.first),
        };
        LaneRows { x, delta: self.delta(layer).column(panel, self.rows) }
    }

    /// The same for the first layer of sparse inputs.
    #[inline]
    pub(crate) fn sparse_rows<'a>(
        &'a self,
        panel: usize,
        set: &'a SparseRows,
        inputs: Rows<'a>,
    ) -> LaneRows<'a, CutLists<'a>> {
        let lists = Lists { set, rows: inputs, first: self.first };
        let x = CutLists { lists, cuts: &self.cuts, stride: self.cuts.len() / self.capacity };
        LaneRows { x, delta: self.delta(0).column(panel, self.rows) }
    }

    #[inline]
    fn delta(&self, layer: usize) -> &Matrix {
        self.deltas.get(layer).unwrap_or_else(|| self.last())
    }

    #[inline]
    fn last(&self) -> &Matrix {
        &self.activations[self.activations.len() - 1]
    }
}

fn matrices(shapes: &[LayerShape], rows: usize) -> Vec<Matrix> {
    shapes.iter().map(|shape| Matrix::new(rows, shape.outputs)).collect()
}

/// Whether inputs have to be copied, as numbers, into the lane: all but lists and numbers that lie side by side.
fn needs_values(inputs: Rows<'_>) -> bool {
    !matches!(inputs.cells(), Cells::Lists(_)) && inputs.neighbours(0).is_none()
}

/// A lane's input rows: the caller's own where they are numbers side by side, else their values in the lane.
#[inline]
fn dense_rows<'a>(values: &'a [f32], inputs: Rows<'a>, first: usize) -> Strided<'a> {
    Strided { values: inputs.neighbours(first).unwrap_or(values), stride: inputs.width() }
}
