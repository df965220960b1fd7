//! The same mathematics in `f64`, as plain loops over rows, and small random problems to hold it against.
#![allow(dead_code, reason = "each test file uses its own part")]

use ae_dense::{Activation, Dense, LayerValues, Loss, Stack};

/// SplitMix64: a few lines of seeded numbers, so that a failing case can be rebuilt from its seed.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    pub(crate) fn signed(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    pub(crate) fn values(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.signed() * scale).collect()
    }

    /// Bytes of which most are zero, some 255.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| match self.below(10) {
                0..=6 => 0,
                7 => 255,
                _ => self.below(256) as u8,
            })
            .collect()
    }

    pub(crate) fn layers(&mut self, sizes: &[usize], activations: &[Activation]) -> Vec<Dense> {
        sizes
            .windows(2)
            .zip(activations)
            .map(|(size, &activation)| {
                let scale = (3.0 / size[0] as f32).sqrt();
                let weight = self.values(size[0] * size[1], scale);
                Dense::new(size[0], weight, self.values(size[1], 0.3), activation).unwrap()
            })
            .collect()
    }

    pub(crate) fn stack(&mut self, sizes: &[usize], activations: &[Activation]) -> Stack {
        Stack::new(&self.layers(sizes, activations)).unwrap()
    }
}

/// A layer in `f64`.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Vec<f64>,
    pub(crate) activation: Activation,
}

impl Layer {
    pub(crate) fn of(dense: &Dense) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect();
        Self {
            inputs: dense.inputs(),
            weight: wide(dense.weight()),
            bias: wide(dense.bias()),
            activation: dense.activation(),
        }
    }

    fn sums(&self, x: &[f64]) -> Vec<f64> {
        self.weight
            .chunks(self.inputs)
            .zip(&self.bias)
            .map(|(row, b)| b + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
            .collect()
    }
}

/// What one row should give.
pub(crate) enum Want<'a> {
    Values(&'a [f64]),
    Class(usize),
}

/// A bottleneck in `f64`.
#[derive(Clone, Copy)]
pub(crate) struct Through<'a> {
    pub(crate) layer: usize,
    pub(crate) noise: &'a [f64],
    pub(crate) price: f64,
}

pub(crate) struct Reference {
    pub(crate) loss: f64,
    /// The loss and the price: what `gradients` is the gradient of.
    pub(crate) minimised: f64,
    /// Weight and bias gradients, first layer first.
    pub(crate) gradients: Vec<(Vec<f64>, Vec<f64>)>,
    /// The smallest nonzero |sum| that entered a ReLU: below rounding, either side of the kink is right.
    pub(crate) margin: f64,
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Activations of every layer for one row, and the sums before them.
pub(crate) fn forward(layers: &[Layer], x: &[f64]) -> Vec<(Vec<f64>, Vec<f64>)> {
    forward_with(layers, x, |_, a| a)
}

/// The same, where a layer reads what `change` makes of the number and the activations of the one before.
fn forward_with(
    layers: &[Layer],
    x: &[f64],
    change: impl Fn(usize, Vec<f64>) -> Vec<f64>,
) -> Vec<(Vec<f64>, Vec<f64>)> {
    let mut all: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let z = layer.sums(&all.last().map_or(x.to_vec(), |(_, a)| change(index - 1, a.clone())));
        let a = z.iter().map(|&z| match layer.activation {
            Activation::Linear => z,
            Activation::Relu => z.max(0.0),
            Activation::Sigmoid => sigmoid(z),
        });
        let a = a.collect();
        all.push((z, a));
    }
    all
}

/// Loss of one row's outputs, not yet divided, and its derivative by them.
fn head(loss: Loss, y: &[f64], want: &Want<'_>) -> (f64, Vec<f64>) {
    match (loss, want) {
        (Loss::BceWithLogits, Want::Values(t)) => {
            let terms = y.iter().zip(*t).map(|(z, t)| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p());
            (terms.sum(), y.iter().zip(*t).map(|(z, t)| sigmoid(*z) - t).collect())
        }
        (Loss::Mse, Want::Values(t)) => (
            y.iter().zip(*t).map(|(y, t)| (y - t) * (y - t)).sum(),
            y.iter().zip(*t).map(|(y, t)| 2.0 * (y - t)).collect(),
        ),
        (Loss::SoftmaxCrossEntropy, Want::Class(class)) => {
            let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = y.iter().map(|z| (z - largest).exp()).sum();
            let mut d: Vec<_> = y.iter().map(|z| (z - largest).exp() / sum).collect();
            d[*class] -= 1.0;
            (sum.ln() + largest - y[*class], d)
        }
        _ => unreachable!("targets of the other kind"),
    }
}

/// Mean loss and gradients by backpropagation, perhaps with noise and a price on the code of a bottleneck.
pub(crate) fn reference_through(
    layers: &[Layer],
    loss: Loss,
    rows: &[(Vec<f64>, Want<'_>)],
    through: Option<Through<'_>>,
) -> Reference {
    let outputs = layers[layers.len() - 1].bias.len();
    let count = match loss {
        Loss::SoftmaxCrossEntropy => rows.len(),
        _ => rows.len() * outputs,
    } as f64;
    let mut gradients: Vec<_> =
        layers.iter().map(|l| (vec![0.0; l.weight.len()], vec![0.0; l.bias.len()])).collect();
    let (mut sum, mut priced, mut margin) = (0.0, 0.0, f64::INFINITY);
    for (row, (x, want)) in rows.iter().enumerate() {
        let read = |index, a: Vec<f64>| match through {
            Some(Through { layer, noise, .. }) if layer == index => {
                a.iter().zip(&noise[row * a.len()..]).map(|(y, u)| y + u).collect()
            }
            _ => a,
        };
        let all = forward_with(layers, x, read);
        let (row_loss, mut d) = head(loss, &all[all.len() - 1].1, want);
        sum += row_loss;
        for (index, layer) in layers.iter().enumerate().rev() {
            let (z, a) = &all[index];
            if let Some(Through { layer, price, .. }) = through
                && layer == index
            {
                for (d, &y) in d.iter_mut().zip(a) {
                    priced += price * 0.5 * (1.0 + 12.0 * y * y).log2();
                    *d += price * 12.0 * y / (1.0 + 12.0 * y * y) / std::f64::consts::LN_2;
                }
            }
            for ((d, &z), &a) in d.iter_mut().zip(z).zip(a) {
                *d *= match layer.activation {
                    Activation::Linear => 1.0,
                    Activation::Relu => {
                        if z != 0.0 {
                            margin = margin.min(z.abs());
                        }
                        if z > 0.0 { 1.0 } else { 0.0 }
                    }
                    Activation::Sigmoid => a * (1.0 - a),
                };
            }
            let x = if index == 0 { x.clone() } else { read(index - 1, all[index - 1].1.clone()) };
            let (weight, bias) = &mut gradients[index];
            let mut below = vec![0.0; layer.inputs];
            for (o, &d) in d.iter().enumerate() {
                bias[o] += d / count;
                for (i, x) in x.iter().enumerate() {
                    weight[o * layer.inputs + i] += d * x / count;
                    below[i] += d * layer.weight[o * layer.inputs + i];
                }
            }
            d = below;
        }
    }
    Reference { loss: sum / count, minimised: (sum + priced) / count, gradients, margin }
}

/// What is wrong with `found`, if anything: 1e-5 absolute plus 1e-4 relative, parameter by parameter. A NaN
/// is wrong.
pub(crate) fn gradient_fault(found: &[LayerValues], expected: &[(Vec<f64>, Vec<f64>)]) -> Option<String> {
    assert_eq!(found.len(), expected.len());
    for (layer, (found, (weight, bias))) in found.iter().zip(expected).enumerate() {
        for (what, found, expected) in [("weight", &found.weight, weight), ("bias", &found.bias, bias)] {
            assert_eq!(found.len(), expected.len());
            for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                let within = (f64::from(found) - expected).abs() <= 1e-5 + 1e-4 * expected.abs();
                if !within {
                    return Some(format!("layer {layer} {what} {index}: {found}, expected {expected}"));
                }
            }
        }
    }
    None
}

/// Bits of every parameter, to compare runs that must be the same.
pub(crate) fn bits(stack: &Stack) -> Vec<u32> {
    stack
        .layers()
        .iter()
        .flat_map(|layer| layer.weight().iter().chain(layer.bias()).map(|v| v.to_bits()).collect::<Vec<_>>())
        .collect()
}
