//! A stack of dense layers in the layout that the kernels read.
//!
//! A layer's weight is kept as panels of [`STRIP`] outputs: panel `q` holds, for each input `i`, the
//! strip `weight[32 q .. 32 q + 32][i]`, and after the last input the strip of biases. So a nonzero
//! input adds one contiguous strip per panel, a product streams through a panel from end to end, and
//! no row has a tail. A layer is cut into *shards* of at most [`SHARD_ROWS`] strips, parts of a panel or some
//! whole panels: the unit in which weight gradients are computed and applied, small enough that a shard's
//! gradient stays in the innermost cache. Padding (outputs up to a whole strip, strips up to a whole part) is
//! 0 for good.

use std::ops::Range;

use crate::error::require_length;
use crate::kernels::strips::{STRIP, Strip, Strips, strips_for};
use crate::{Activation, Dense, NetError};

/// Strips in a shard, at most: 25 KiB of gradient.
pub(crate) const SHARD_ROWS: usize = 200;

/// Values of the shape of a layer's parameters: its gradient, or one of Adam's moments.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerValues {
    /// `(outputs, inputs)`, row-major.
    pub weight: Vec<f32>,
    /// `(outputs)`.
    pub bias: Vec<f32>,
}

/// Where a layer lies in the flat buffer, and what it does.
#[derive(Debug, Clone)]
pub(crate) struct LayerShape {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) activation: Activation,
    /// First strip in the flat buffer.
    start: usize,
    /// Panels of [`STRIP`] outputs.
    panels: usize,
    /// Parts that a panel is cut into, for shards.
    panel_parts: usize,
    /// Strips in a part.
    part_rows: usize,
}

/// A range of inputs, perhaps with the bias after them, of one panel or of all inputs and the bias of
/// several panels of one layer.
#[derive(Debug, Clone)]
pub(crate) struct Shard {
    pub(crate) layer: usize,
    pub(crate) panels: Range<usize>,
    /// Number of the part within its panel.
    pub(crate) number: usize,
    /// First input.
    pub(crate) first: usize,
    /// One past the last input.
    pub(crate) end: usize,
    /// The bias's strip, counted from the part's first, if it lies here.
    pub(crate) bias: Option<usize>,
}

impl LayerShape {
    fn strips(&self) -> usize {
        self.panels * self.panel_rows()
    }

    /// Strips in a panel: inputs, bias, padding.
    pub(crate) fn panel_rows(&self) -> usize {
        self.panel_parts * self.part_rows
    }

    /// Strips in a part of a panel.
    pub(crate) fn part_rows(&self) -> usize {
        self.part_rows
    }

    /// Inputs at which the parts of a panel begin, and the number of inputs at the end.
    pub(crate) fn part_starts(&self) -> impl Iterator<Item = usize> + '_ {
        (0..=self.panel_parts).map(|part| (part * self.part_rows).min(self.inputs))
    }

    /// Strip and column of a weight, or of the bias where `input` is the number of inputs.
    fn place(&self, output: usize, input: usize) -> (usize, usize) {
        (self.start + output / STRIP * self.panel_rows() + input, output % STRIP)
    }
}

/// Dense layers, the outputs of each the inputs of the next, with sizes known at run time.
///
/// # Example
/// ```
/// use ae_net::{Activation, Dense, Rows, Stack, Team};
/// let double = Dense::new(2, vec![2.0, 0.0, 0.0, 2.0], vec![0.0, 0.5], Activation::Relu)?;
/// let sum = Dense::new(2, vec![1.0, 1.0], vec![0.0], Activation::Linear)?;
/// let stack = Stack::new(&[double, sum])?;
/// let mut out = [0.0; 2];
/// stack.forward(&Team::new(1)?, Rows::values(&[1.0, 2.0, -1.0, 0.0], 2)?, &mut out)?;
/// assert_eq!(out, [6.5, 0.5]);
/// # Ok::<(), ae_net::NetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stack {
    shapes: Vec<LayerShape>,
    shards: Vec<Shard>,
    bounds: Vec<usize>,
    parameters: Strips,
}

impl Stack {
    /// The stack of `layers`, first layer first.
    ///
    /// # Errors
    /// [`NetError::Argument`] if there are none, or a layer takes another number of values than the one before it
    /// gives.
    pub fn new(layers: &[Dense]) -> Result<Self, NetError> {
        if layers.is_empty() {
            return Err(NetError::argument("a stack", "layers", "none"));
        }
        for (index, pair) in layers.windows(2).enumerate() {
            let (outputs, inputs) = (pair[0].outputs(), pair[1].inputs());
            if inputs != outputs {
                let found = format_args!("layer {} with {inputs}", index + 1);
                return Err(NetError::argument("a layer's inputs", outputs, found));
            }
        }
        let mut shapes = Vec::new();
        let mut shards = Vec::new();
        let mut bounds = vec![0];
        let mut start = 0;
        for (layer, dense) in layers.iter().enumerate() {
            let panel_parts = (dense.inputs() + 1).div_ceil(SHARD_ROWS);
            let shape = LayerShape {
                inputs: dense.inputs(),
                outputs: dense.outputs(),
                activation: dense.activation(),
                start,
                panels: strips_for(dense.outputs()),
                panel_parts,
                part_rows: (dense.inputs() + 1).div_ceil(panel_parts),
            };
            let shard_panels = (SHARD_ROWS / shape.panel_rows()).max(1);
            for panel in (0..shape.panels).step_by(shard_panels) {
                let panels = panel..shape.panels.min(panel + shard_panels);
                for number in 0..panel_parts {
                    let begin = number * shape.part_rows;
                    let first = begin.min(shape.inputs);
                    let end = (begin + shape.part_rows).min(shape.inputs);
                    let bias = shape.inputs.checked_sub(begin).filter(|&strip| strip < shape.part_rows);
                    shards.push(Shard { layer, panels: panels.clone(), number, first, end, bias });
                    start += panels.len() * shape.part_rows;
                    bounds.push(start);
                }
            }
            shapes.push(shape);
        }
        let mut stack = Self { shapes, shards, bounds, parameters: Strips::new(0) };
        stack.set_layers(layers)?;
        Ok(stack)
    }

    /// Takes the parameters of layers of the same shapes.
    pub(crate) fn set_layers(&mut self, layers: &[Dense]) -> Result<(), NetError> {
        self.parameters = self.pack(layers.iter().map(|layer| (layer.weight(), layer.bias())))?;
        Ok(())
    }

    /// The layers as they are now.
    pub fn layers(&self) -> Vec<Dense> {
        let values = self.unpack(&self.parameters);
        self.shapes
            .iter()
            .zip(values)
            .map(|(shape, LayerValues { weight, bias })| {
                Dense::new(shape.inputs, weight, bias, shape.activation)
                    .expect("the shape comes from a layer that had it")
            })
            .collect()
    }

    /// Values in a row of the first layer's input.
    pub fn inputs(&self) -> usize {
        self.shapes[0].inputs
    }

    /// Values in a row of the last layer's output.
    pub fn outputs(&self) -> usize {
        self.shapes[self.shapes.len() - 1].outputs
    }

    /// Number of layers.
    pub fn depth(&self) -> usize {
        self.shapes.len()
    }

    pub(crate) fn shapes(&self) -> &[LayerShape] {
        &self.shapes
    }

    /// A layer's weights and biases, panel after panel.
    pub(crate) fn layer(&self, layer: usize) -> &[Strip] {
        let shape = &self.shapes[layer];
        &self.parameters.get()[shape.start..][..shape.strips()]
    }

    /// The shards in the order of the flat buffer, where each begins, and the buffer itself.
    pub(crate) fn shards_mut(&mut self) -> (&[LayerShape], &[Shard], &[usize], &mut [Strip]) {
        (&self.shapes, &self.shards, &self.bounds, self.parameters.get_mut())
    }

    /// Strips of the flat buffer.
    pub(crate) fn strips(&self) -> usize {
        self.bounds[self.shards.len()]
    }

    pub(crate) fn zeros(&self) -> Strips {
        Strips::new(self.strips())
    }

    /// Values in PyTorch's order into a flat buffer of this stack's layout.
    pub(crate) fn pack<'a>(
        &self,
        values: impl ExactSizeIterator<Item = (&'a [f32], &'a [f32])>,
    ) -> Result<Strips, NetError> {
        if values.len() != self.depth() {
            return Err(NetError::argument("layers", self.depth(), values.len()));
        }
        let mut packed = self.zeros();
        let strips = packed.get_mut();
        for (shape, (weight, bias)) in self.shapes.iter().zip(values) {
            require_length("weight", shape.inputs * shape.outputs, weight.len())?;
            require_length("bias", shape.outputs, bias.len())?;
            for (output, row) in weight.chunks_exact(shape.inputs).enumerate() {
                for (input, &value) in row.iter().chain([&bias[output]]).enumerate() {
                    let (strip, column) = shape.place(output, input);
                    strips[strip][column] = value;
                }
            }
        }
        Ok(packed)
    }

    /// The reverse of [`pack`](Self::pack).
    pub(crate) fn unpack(&self, packed: &Strips) -> Vec<LayerValues> {
        /// Strips that are gone through once for each of their columns: few enough for the innermost cache.
        const BLOCK: usize = 64;
        let unpack = |shape: &LayerShape| {
            let mut values = LayerValues {
                weight: vec![0.0; shape.outputs * shape.inputs],
                bias: vec![0.0; shape.outputs],
            };
            let panels = packed.get()[shape.start..][..shape.strips()].chunks_exact(shape.panel_rows());
            let weights = values.weight.chunks_mut(STRIP * shape.inputs);
            for ((panel, weights), biases) in panels.zip(weights).zip(values.bias.chunks_mut(STRIP)) {
                biases.copy_from_slice(&panel[shape.inputs][..biases.len()]);
                for (block, strips) in panel[..shape.inputs].chunks(BLOCK).enumerate() {
                    for (column, row) in weights.chunks_exact_mut(shape.inputs).enumerate() {
                        for (weight, strip) in row[block * BLOCK..].iter_mut().zip(strips) {
                            *weight = strip[column];
                        }
                    }
                }
            }
            values
        };
        self.shapes.iter().map(unpack).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_come_back_as_they_went_in() {
        // 300 + 1 strips need two parts with one strip of padding, 33 outputs a second panel. One shard could
        // hold five panels of the second layer, which has three.
        let ramp = |n: usize, start: f32| (0..n).map(|i| start + i as f32).collect::<Vec<_>>();
        let first = Dense::new(300, ramp(300 * 33, 0.0), ramp(33, 0.5), Activation::Relu).unwrap();
        let second = Dense::new(33, ramp(33 * 70, -7.0), ramp(70, 0.25), Activation::Sigmoid).unwrap();
        let stack = Stack::new(&[first.clone(), second.clone()]).unwrap();
        assert_eq!(stack.layers(), [first, second]);
        assert_eq!((stack.inputs(), stack.outputs(), stack.depth()), (300, 70, 2));
        assert_eq!(stack.shards.len(), 2 * 2 + 1);
        assert_eq!(stack.shards[4].panels, 0..3);
        assert_eq!(stack.bounds.last(), Some(&stack.parameters.get().len()));
        let starts: Vec<_> = stack.shapes[0].part_starts().collect();
        assert_eq!(starts, [0, 151, 300]);
    }
}
