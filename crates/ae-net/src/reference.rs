//! The whole computation in plain loops over `f64`: what a network does, how its gradient comes about, what Adam
//! makes of it. Read this first; the kernels compute the same, and are tested against it.
//!
//! Letters for sizes: `B` rows of a batch, `I` inputs of a layer, `O` its outputs. Every array is flat and
//! row-major, so that `weight[o * I + i]` is the weight from input `i` to output `o`.
//!
//! ```
//! use ae_net::reference::{Layer, Target, forward, gradients};
//! use ae_net::{Activation, Loss};
//!
//! // y = 3 x, and the squared error against 5 at x = 1: the slope by the weight is 2 (3 - 5) 1.
//! let layer = Layer { inputs: 1, weight: vec![3.0], bias: vec![0.0], activation: Activation::Linear };
//! assert_eq!(forward(&[layer.clone()], &[1.0])[0].outputs, [3.0]);
//! let found = gradients(&[layer], Loss::Mse, &[(&[1.0], Target::Values(&[5.0]))], None);
//! assert_eq!((found.loss, found.layers[0].weight[0]), (4.0, -4.0));
//! ```

use crate::{Activation, Adam, Dense, Loss};

/// A dense layer, `y = activation(weight x + bias)`.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `I`.
    pub inputs: usize,
    /// `(O, I)`.
    pub weight: Vec<f64>,
    /// `(O)`.
    pub bias: Vec<f64>,
    /// What is applied to the sums.
    pub activation: Activation,
}

impl From<&Dense> for Layer {
    fn from(dense: &Dense) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        let (weight, bias) = (wide(dense.weight()), wide(dense.bias()));
        Self { inputs: dense.inputs(), weight, bias, activation: dense.activation() }
    }
}

/// What one layer makes of one row.
#[derive(Debug, Clone)]
pub struct Step {
    /// `(I)`: what entered the layer.
    pub inputs: Vec<f64>,
    /// `(O)`: `weight x + bias`.
    pub sums: Vec<f64>,
    /// `(O)`: their activation.
    pub outputs: Vec<f64>,
}

/// `1 / (1 + exp(-z))`.
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// One row `x`, `(I)`, through all layers, first layer first.
pub fn forward(layers: &[Layer], x: &[f64]) -> Vec<Step> {
    forward_with_noise(layers, x, usize::MAX, &[])
}

/// The same, with `noise` added to what comes out of the layer `code` before the next one reads it.
fn forward_with_noise(layers: &[Layer], x: &[f64], code: usize, noise: &[f64]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inputs = x.to_vec();
    for (index, layer) in layers.iter().enumerate() {
        let mut sums = layer.bias.clone();
        for (o, sum) in sums.iter_mut().enumerate() {
            for (i, x) in inputs.iter().enumerate() {
                *sum += layer.weight[o * layer.inputs + i] * x;
            }
        }
        let activate = |&z: &f64| match layer.activation {
            Activation::Linear => z,
            Activation::Relu => z.max(0.0),
            Activation::Sigmoid => sigmoid(z),
        };
        let outputs: Vec<f64> = sums.iter().map(activate).collect();
        let mut next = outputs.clone();
        if index == code {
            next.iter_mut().zip(noise).for_each(|(y, u)| *y += u);
        }
        steps.push(Step { inputs, sums, outputs });
        inputs = next;
    }
    steps
}

/// What one row should give.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// `(O)` of the last layer.
    Values(&'a [f64]),
    /// The place of the output that should be the largest.
    Class(usize),
}

/// The loss of one row's outputs `y`, `(O)`, summed and not yet divided, and its derivative by them, `(O)`.
///
/// # Panics
/// If the target is of the other kind than the loss takes.
pub fn loss(loss: Loss, y: &[f64], target: Target<'_>) -> (f64, Vec<f64>) {
    match (loss, target) {
        (Loss::BceWithLogits, Target::Values(t)) => (
            // -t ln(sigmoid z) - (1 - t) ln(1 - sigmoid z), in the form that no logit overflows.
            y.iter().zip(t).map(|(z, t)| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p()).sum(),
            y.iter().zip(t).map(|(z, t)| sigmoid(*z) - t).collect(),
        ),
        (Loss::Mse, Target::Values(t)) => (
            y.iter().zip(t).map(|(y, t)| (y - t) * (y - t)).sum(),
            y.iter().zip(t).map(|(y, t)| 2.0 * (y - t)).collect(),
        ),
        (Loss::SoftmaxCrossEntropy, Target::Class(class)) => {
            let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exponentials: Vec<f64> = y.iter().map(|z| (z - largest).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            let mut derivative: Vec<f64> = exponentials.iter().map(|e| e / sum).collect();
            derivative[class] -= 1.0;
            (sum.ln() + largest - y[class], derivative)
        }
        (loss, target) => panic!("{loss:?} takes no {target:?}"),
    }
}

/// A code that is to be rounded, as [`Rounded`](crate::Rounded) has it.
#[derive(Debug, Clone, Copy)]
pub struct RoundedCode<'a> {
    /// The layer whose outputs are the code.
    pub layer: usize,
    /// `(B, O)` of that layer.
    pub noise: &'a [f64],
    /// Of a bit.
    pub price: f64,
}

/// What a parameter's gradient has the shape of: the layer itself.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerGradient {
    /// `(O, I)`.
    pub weight: Vec<f64>,
    /// `(O)`.
    pub bias: Vec<f64>,
}

/// A batch's loss and gradient.
#[derive(Debug, Clone)]
pub struct Gradients {
    /// The mean loss, reduced as [`Loss`] says.
    pub loss: f64,
    /// The loss and the price of the codes' bits: what the gradient is the gradient of.
    pub minimised: f64,
    /// First layer first.
    pub layers: Vec<LayerGradient>,
    /// The smallest sum other than 0, by magnitude, that entered a ReLU. Where it is below what rounding does, single
    /// precision may find itself on the other side of the kink, and be right.
    pub nearest_kink: f64,
}

/// Loss and gradient of a batch, `(B)` rows of `(I)` and their targets, by backpropagation.
pub fn gradients(
    layers: &[Layer],
    loss_kind: Loss,
    batch: &[(&[f64], Target<'_>)],
    code: Option<RoundedCode<'_>>,
) -> Gradients {
    let outputs = layers.last().map_or(0, |layer| layer.bias.len());
    // What the sum over the batch is divided by.
    let count = match loss_kind {
        Loss::BceWithLogits | Loss::Mse => (batch.len() * outputs) as f64,
        Loss::SoftmaxCrossEntropy => batch.len() as f64,
    };
    let zeros = |layer: &Layer| LayerGradient {
        weight: vec![0.0; layer.weight.len()],
        bias: vec![0.0; layer.bias.len()],
    };
    let mut found = Gradients {
        loss: 0.0,
        minimised: 0.0,
        layers: layers.iter().map(zeros).collect(),
        nearest_kink: f64::INFINITY,
    };
    for (row, &(x, target)) in batch.iter().enumerate() {
        let (code_layer, noise) = code.map_or((usize::MAX, &[][..]), |code| {
            let width = layers[code.layer].bias.len();
            (code.layer, &code.noise[row * width..][..width])
        });
        let steps = forward_with_noise(layers, x, code_layer, noise);
        // (O): how the loss changes with each output of the layer that is looked at, from the last one back.
        let (row_loss, mut delta) = loss(loss_kind, &steps[steps.len() - 1].outputs, target);
        found.loss += row_loss / count;
        found.minimised += row_loss / count;
        for (index, layer) in layers.iter().enumerate().rev() {
            let Step { inputs, sums, outputs } = &steps[index];
            if let Some(RoundedCode { layer, price, .. }) = code
                && layer == index
            {
                for (delta, y) in delta.iter_mut().zip(outputs) {
                    let power = 1.0 + 12.0 * y * y;
                    found.minimised += price * 0.5 * power.log2() / count;
                    *delta += price * 12.0 * y / power / std::f64::consts::LN_2;
                }
            }
            for ((delta, &z), &a) in delta.iter_mut().zip(sums).zip(outputs) {
                *delta *= slope(layer.activation, z, a);
                if layer.activation == Activation::Relu && z != 0.0 {
                    found.nearest_kink = found.nearest_kink.min(z.abs());
                }
            }
            delta = backward(layer, inputs, &delta, count, &mut found.layers[index]);
        }
    }
    found
}

/// The derivative of an activation at the sum `z`, whose activation is `a`.
fn slope(activation: Activation, z: f64, a: f64) -> f64 {
    match activation {
        Activation::Linear => 1.0,
        Activation::Relu => f64::from(u8::from(z > 0.0)),
        Activation::Sigmoid => a * (1.0 - a),
    }
}

/// Adds one row's part of a layer's gradient, and answers the derivative by what entered the layer, `(I)`.
fn backward(
    layer: &Layer,
    inputs: &[f64],
    delta: &[f64],
    count: f64,
    gradient: &mut LayerGradient,
) -> Vec<f64> {
    let mut below = vec![0.0; layer.inputs];
    for (o, d) in delta.iter().enumerate() {
        gradient.bias[o] += d / count;
        for (i, x) in inputs.iter().enumerate() {
            gradient.weight[o * layer.inputs + i] += d * x / count;
            below[i] += d * layer.weight[o * layer.inputs + i];
        }
    }
    below
}

/// Step `t`, from 1, of Adam on parameters `w` with the gradient `g`; `m` and `v` are its memory, 0 before the first step.
/// All are of one length.
pub fn adam_step(adam: &Adam, t: i32, g: &[f64], w: &mut [f64], m: &mut [f64], v: &mut [f64]) {
    let (beta1, beta2) = (f64::from(adam.beta1), f64::from(adam.beta2));
    for (i, g) in g.iter().enumerate() {
        m[i] = beta1 * m[i] + (1.0 - beta1) * g;
        v[i] = beta2 * v[i] + (1.0 - beta2) * g * g;
        let (m_hat, v_hat) = (m[i] / (1.0 - beta1.powi(t)), v[i] / (1.0 - beta2.powi(t)));
        w[i] -= f64::from(adam.learning_rate) * m_hat / (v_hat.sqrt() + f64::from(adam.epsilon));
    }
}
