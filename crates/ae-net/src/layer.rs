//! One dense layer as plain numbers: what a model shows of itself, and what the kernels read.

use crate::NetError;
use crate::error::require_length;

/// What is applied to a layer's weighted sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The sums themselves.
    Linear,
    /// `max(0, x)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// A dense layer, `y = activation(weight x + bias)`, with its sizes known at run time.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    inputs: usize,
    outputs: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
}

impl Dense {
    /// A layer of `bias.len()` outputs.
    ///
    /// # Shapes
    /// - `weight`: `(outputs, inputs)`, row-major, as PyTorch's `Linear.weight`
    /// - `bias`: `(outputs)`
    ///
    /// # Errors
    /// [`NetError::Argument`] if either size is zero, or `weight` holds another number of values than
    /// `inputs * bias.len()`.
    pub fn new(
        inputs: usize,
        weight: Vec<f32>,
        bias: Vec<f32>,
        activation: Activation,
    ) -> Result<Self, NetError> {
        let outputs = bias.len();
        if inputs == 0 || outputs == 0 {
            return Err(NetError::argument(
                "a layer",
                "inputs and outputs",
                format_args!("{inputs} and {outputs}"),
            ));
        }
        require_length("weight", inputs.saturating_mul(outputs), weight.len())?;
        Ok(Self { inputs, outputs, weight, bias, activation })
    }

    /// Values in a row of the layer's input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Values in a row of the layer's output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `(outputs, inputs)`, row-major.
    pub fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// `(outputs)`.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// What is applied to `weight x + bias`.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The same layer with another activation: how a model that names its activation apart from the
    /// linear map (`Linear`, then `ReLU`) is folded into one.
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }
}
