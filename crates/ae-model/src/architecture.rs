//! What a model is, apart from its numbers: as a weights file states it and as a loader compares it.

use std::fmt;

use dfdx::shapes::ConstDim;
use serde::{Deserialize, Serialize};

use crate::layers::in_words;
use crate::{Autoencoder, LayerSpec, ModelError, Network};

/// The version of the metadata below; `docs/weights-format.md` describes it.
const FORMAT: u64 = 1;

/// The sizes and layers of an autoencoder, or of one half of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architecture {
    /// Values in a row of the encoder's input and the decoder's output.
    pub pixels: usize,
    /// Values in a row of the code.
    pub code: usize,
    /// The encoder's layers; `None` in a file that holds a decoder alone.
    pub encoder: Option<Vec<LayerSpec>>,
    /// The decoder's layers; `None` in a file that holds an encoder alone.
    pub decoder: Option<Vec<LayerSpec>>,
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
    pixels: usize,
}

/// Read before all else, so that a later format is told from a broken one.
#[derive(Deserialize)]
struct Version {
    format: u64,
}

impl<E: Network, D: Network<In = E::Out, Out = E::In>> Autoencoder<E, D> {
    /// What every model of this type is.
    pub fn architecture() -> Architecture {
        Architecture { decoder: Some(D::specs()), ..Architecture::of_encoder::<E>() }
    }
}

impl Architecture {
    /// What an encoder alone is.
    pub fn of_encoder<E: Network>() -> Self {
        Self { pixels: E::In::SIZE, code: E::Out::SIZE, encoder: Some(E::specs()), decoder: None }
    }

    /// What a decoder alone is.
    pub fn of_decoder<D: Network>() -> Self {
        Self { pixels: D::Out::SIZE, code: D::In::SIZE, encoder: None, decoder: Some(D::specs()) }
    }

    /// The preset that these layers are, if it is one.
    ///
    /// # Example
    /// ```
    /// use ae_model::{Deep, Preset};
    ///
    /// assert_eq!(Deep::<784, 512, 128, 2>::architecture().preset(), Some(Preset::Deep));
    /// ```
    pub fn preset(&self) -> Option<Preset> {
        use LayerSpec::{Linear, Relu};
        match (self.encoder.as_deref()?, self.decoder.as_deref()?) {
            ([Linear { .. }, Relu], [Linear { .. }]) => Some(Preset::Shallow),
            (
                [Linear { .. }, Relu, Linear { inputs: h1, outputs: h2 }, Relu, Linear { .. }],
                [Linear { .. }, Relu, Linear { inputs: h2_back, outputs: h1_back }, Relu, Linear { .. }],
            ) if h1 == h1_back && h2 == h2_back => Some(Preset::Deep),
            (
                [
                    Linear { .. },
                    Relu,
                    Linear { inputs: h1, outputs: h2 },
                    Relu,
                    Linear { outputs: h3, .. },
                    Relu,
                    Linear { .. },
                ],
                [
                    Linear { .. },
                    Relu,
                    Linear { inputs: h3_back, outputs: h2_back },
                    Relu,
                    Linear { outputs: h1_back, .. },
                    Relu,
                    Linear { .. },
                ],
            ) if (h1, h2, h3) == (h1_back, h2_back, h3_back) => Some(Preset::Deeper),
            _ => None,
        }
    }

    /// The metadata of a weights file: JSON with sorted keys.
    pub(crate) fn to_json(&self) -> Result<String, ModelError> {
        self.check()?;
        let Self { pixels, code, encoder, decoder } = self.clone();
        serde_json::to_string(&Record { code, decoder, encoder, format: FORMAT, pixels })
            .map_err(|source| ModelError::Metadata { source })
    }

    pub(crate) fn from_json(json: &str) -> Result<Self, ModelError> {
        let malformed = |source| ModelError::Metadata { source };
        let Version { format } = serde_json::from_str(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(ModelError::FormatVersion { found: format, supported: FORMAT });
        }
        let Record { code, decoder, encoder, format: _, pixels } =
            serde_json::from_str(json).map_err(malformed)?;
        let architecture = Self { pixels, code, encoder, decoder };
        architecture.check()?;
        Ok(architecture)
    }

    /// Refuses layers whose sizes do not lead from pixels to code and back.
    fn check(&self) -> Result<(), ModelError> {
        check_half("encoder", self.encoder.as_deref(), self.pixels, self.code)?;
        check_half("decoder", self.decoder.as_deref(), self.code, self.pixels)
    }

    /// Refuses `found` unless it has all that `self` has, and that the same.
    pub(crate) fn expect(&self, found: &Self) -> Result<(), ModelError> {
        for (what, ours, theirs) in
            [("pixel count", self.pixels, found.pixels), ("code size", self.code, found.code)]
        {
            if ours != theirs {
                return Err(ModelError::Architecture {
                    what,
                    expected: ours.to_string(),
                    found: theirs.to_string(),
                });
            }
        }
        for (what, ours, theirs) in
            [("encoder", &self.encoder, &found.encoder), ("decoder", &self.decoder, &found.decoder)]
        {
            if ours.is_some() && ours != theirs {
                return Err(ModelError::Architecture {
                    what,
                    expected: in_words(ours.as_deref()),
                    found: in_words(theirs.as_deref()),
                });
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
) -> Result<(), ModelError> {
    let Some(layers) = layers else { return Ok(()) };
    // Unknown behind a module that is known by name alone.
    let mut width = Some(from);
    for layer in layers {
        match layer {
            LayerSpec::Linear { inputs, outputs } => {
                if let Some(expected) = width
                    && expected != *inputs
                {
                    return Err(ModelError::Inconsistent { half, expected, found: *inputs });
                }
                width = Some(*outputs);
            }
            LayerSpec::Relu | LayerSpec::Sigmoid | LayerSpec::Tanh => {}
            LayerSpec::Other(_) => width = None,
        }
    }
    match width {
        Some(width) if width != to => Err(ModelError::Inconsistent { half, expected: to, found: width }),
        _ => Ok(()),
    }
}

/// The models that have a name, by that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// [`Shallow`](crate::Shallow).
    Shallow,
    /// [`Deep`](crate::Deep).
    Deep,
    /// [`Deeper`](crate::Deeper).
    Deeper,
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
            Self::Deeper => "deeper",
        })
    }
}
