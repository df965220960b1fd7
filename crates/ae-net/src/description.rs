//! What a network is, apart from its numbers: as a weights file states it and as a loader compares it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Outputs, WeightsError};

/// The version of the metadata below; `docs/weights-format.md` describes it.
const FORMAT: u64 = 1;

/// The sizes and layers of an autoencoder, or of one half of it, and what its outputs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Values in a row of the encoder's input and the decoder's output.
    pub pixels: usize,
    /// Values in a row of the code.
    pub code: usize,
    /// The encoder's layers; `None` in a file that holds a decoder alone.
    pub encoder: Option<Vec<LayerSpec>>,
    /// The decoder's layers; `None` in a file that holds an encoder alone.
    pub decoder: Option<Vec<LayerSpec>>,
    /// How the decoder's outputs are to be read; logits in a file that does not say it.
    pub outputs: Outputs,
}

/// The metadata as JSON. The fields stand, and are written, in alphabetical order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    code: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decoder: Option<Vec<LayerSpec>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoder: Option<Vec<LayerSpec>>,
    format: u64,
    #[serde(default, skip_serializing_if = "Outputs::is_logits")]
    outputs: Outputs,
    pixels: usize,
}

/// Read before all else, so that a later format is told from a broken one.
#[derive(Deserialize)]
struct Version {
    format: u64,
}

/// One layer of a network, without its weights: the closed set of what a network is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum LayerSpec {
    /// `y = weight x + bias`.
    Linear {
        /// Values in a row of its input.
        inputs: usize,
        /// Values in a row of its output.
        outputs: usize,
    },
    /// `max(0, x)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent; a typed model may have it, the kernels do not.
    Tanh,
    /// Any other module of a typed model, known by the name its author gives it.
    Other(String),
}

impl fmt::Display for LayerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { inputs, outputs } => write!(f, "linear {inputs} -> {outputs}"),
            Self::Relu => f.write_str("relu"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Tanh => f.write_str("tanh"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// Layers in words, for messages: `linear 784 -> 32, relu`.
fn in_words(layers: Option<&[LayerSpec]>) -> String {
    match layers {
        None => "absent".to_owned(),
        Some(layers) => layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

impl Description {
    /// Dense layers of `hidden` units between `inputs` values and a code of `code` numbers, and back in reverse order to
    /// logits.
    ///
    /// There is a ReLU behind every hidden layer. A code with hidden layers before it is linear; without any it is
    /// behind a ReLU, as in the reference recipe. Sizes are not checked here: [`Network::draw`](crate::Network::draw)
    /// refuses those that are 0.
    ///
    /// # Example
    /// ```
    /// use ae_net::{Description, LayerSpec::{Linear, Relu}};
    /// let recipe = Description::dense(784, &[], 32);
    /// assert_eq!(recipe.encoder, Some(vec![Linear { inputs: 784, outputs: 32 }, Relu]));
    /// assert_eq!(recipe.decoder, Some(vec![Linear { inputs: 32, outputs: 784 }]));
    /// assert_eq!(Description::dense(784, &[512, 128], 10).encoder.map_or(0, |layers| layers.len()), 5);
    /// ```
    pub fn dense(inputs: usize, hidden: &[usize], code: usize) -> Self {
        let sizes: Vec<usize> = [&[inputs], hidden, &[code]].concat();
        let backwards: Vec<usize> = sizes.iter().rev().copied().collect();
        let layers = |sizes: &[usize]| {
            let linear = |pair: &[usize]| LayerSpec::Linear { inputs: pair[0], outputs: pair[1] };
            let mut layers: Vec<_> =
                sizes.windows(2).flat_map(|pair| [linear(pair), LayerSpec::Relu]).collect();
            layers.pop();
            layers
        };
        let mut encoder = layers(&sizes);
        if hidden.is_empty() {
            encoder.push(LayerSpec::Relu);
        }
        let (encoder, decoder) = (Some(encoder), Some(layers(&backwards)));
        Self { pixels: inputs, code, encoder, decoder, outputs: Outputs::Logits }
    }

    /// The same with other outputs.
    #[must_use]
    pub fn with_outputs(self, outputs: Outputs) -> Self {
        Self { outputs, ..self }
    }

    /// Weights and biases of all its layers; the largest number there is if it can't be counted.
    ///
    /// # Example
    /// ```
    /// // 784 x 32 + 32 and 32 x 784 + 784.
    /// assert_eq!(ae_net::Description::dense(784, &[], 32).parameters(), 50_992);
    /// ```
    pub fn parameters(&self) -> usize {
        let layers = [&self.encoder, &self.decoder].into_iter().flatten().flatten();
        layers.fold(0, |sum: usize, layer| match layer {
            LayerSpec::Linear { inputs, outputs } => {
                sum.saturating_add(inputs.saturating_mul(*outputs)).saturating_add(*outputs)
            }
            _ => sum,
        })
    }

    /// The metadata of a weights file: JSON with sorted keys.
    pub(crate) fn to_json(&self) -> Result<String, WeightsError> {
        self.check()?;
        let Self { pixels, code, encoder, decoder, outputs } = self.clone();
        serde_json::to_string(&Record { code, decoder, encoder, format: FORMAT, outputs, pixels })
            .map_err(|source| WeightsError::Metadata { source })
    }

    pub(crate) fn from_json(json: &str) -> Result<Self, WeightsError> {
        let malformed = |source| WeightsError::Metadata { source };
        let Version { format } = serde_json::from_str(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(WeightsError::FormatVersion { found: format, supported: FORMAT });
        }
        let Record { code, decoder, encoder, format: _, outputs, pixels } =
            serde_json::from_str(json).map_err(malformed)?;
        let description = Self { pixels, code, encoder, decoder, outputs };
        description.check()?;
        Ok(description)
    }

    /// Refuses layers whose sizes do not lead from pixels to code and back.
    fn check(&self) -> Result<(), WeightsError> {
        check_half("the encoder's layers", self.encoder.as_deref(), self.pixels, self.code)?;
        check_half("the decoder's layers", self.decoder.as_deref(), self.code, self.pixels)?;
        match self.outputs {
            Outputs::Logits | Outputs::Values => Ok(()),
            Outputs::Clipped => Err(WeightsError::network("outputs", "logits or values", "clipped values")),
        }
    }

    /// Refuses `found` unless it has all that `self` has, and that the same.
    pub(crate) fn expect(&self, found: &Self) -> Result<(), WeightsError> {
        for (what, ours, theirs) in
            [("pixel count", self.pixels, found.pixels), ("code size", self.code, found.code)]
        {
            if ours != theirs {
                return Err(WeightsError::network(what, ours, theirs));
            }
        }
        if self.decoder.is_some() && self.outputs != found.outputs {
            let words = |outputs| format!("{outputs:?}").to_lowercase();
            return Err(WeightsError::network("outputs", words(self.outputs), words(found.outputs)));
        }
        for (what, ours, theirs) in
            [("encoder", &self.encoder, &found.encoder), ("decoder", &self.decoder, &found.decoder)]
        {
            if ours.is_some() && ours != theirs {
                let (ours, theirs) = (in_words(ours.as_deref()), in_words(theirs.as_deref()));
                return Err(WeightsError::network(what, ours, theirs));
            }
        }
        Ok(())
    }
}

fn check_half(
    half: &'static str,
    layers: Option<&[LayerSpec]>,
    from: usize,
    to: usize,
) -> Result<(), WeightsError> {
    let Some(layers) = layers else { return Ok(()) };
    let values = |count: usize| format!("{count} values between them");
    // Unknown behind a module that is known by name alone.
    let mut width = Some(from);
    for layer in layers {
        match layer {
            LayerSpec::Linear { inputs, outputs } => {
                if let Some(expected) = width
                    && expected != *inputs
                {
                    return Err(WeightsError::network(half, values(expected), values(*inputs)));
                }
                width = Some(*outputs);
            }
            LayerSpec::Relu | LayerSpec::Sigmoid | LayerSpec::Tanh => {}
            LayerSpec::Other(_) => width = None,
        }
    }
    match width {
        Some(width) if width != to => Err(WeightsError::network(half, values(to), values(width))),
        _ => Ok(()),
    }
}
