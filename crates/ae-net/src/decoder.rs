//! Codes to images: the half of a network that a compressed file needs, and a generator is.

use serde::{Deserialize, Serialize};

use crate::{Dense, NetError, Rows, Stack, Team};

/// How the outputs of a network are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outputs {
    /// Logits: brightness, or any other value in `[0, 1]`, is their sigmoid. Trained by cross-entropy.
    #[default]
    Logits,
    /// The values themselves, of any size. Trained by squared error.
    Values,
    /// Brightness, cut off at 0 and 1.
    Clipped,
}

impl Outputs {
    /// Whether they are what a record or a file need not say.
    pub fn is_logits(&self) -> bool {
        *self == Self::Logits
    }

    /// The brightness, or other value, that an output stands for.
    #[inline]
    pub fn brightness(self, output: f32) -> f32 {
        match self {
            // exp overflows to infinity below -88, where the quotient is 0 as it should be.
            Outputs::Logits => 1.0 / (1.0 + (-output).exp()),
            Outputs::Values => output,
            Outputs::Clipped => output.clamp(0.0, 1.0),
        }
    }
}

/// What turns codes into images: dense layers, and how the last one's outputs are read.
///
/// A code's image is the same bits whatever stands beside it and however many threads compute it.
///
/// # Example
/// ```
/// use ae_net::{Activation, Decoder, Dense, Outputs, Rows, Team};
/// let layer = Dense::new(1, vec![5.0, -5.0], vec![0.0, 0.0], Activation::Linear)?;
/// let decoder = Decoder::new(&[layer], Outputs::Logits)?;
/// let image = decoder.decode(&Team::new(1)?, Rows::values(&[2.0], 1)?)?;
/// assert!(image[0] > 0.99 && image[1] < 0.01);
/// # Ok::<(), ae_net::NetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    stack: Stack,
    outputs: Outputs,
}

impl Decoder {
    /// The decoder of these layers, first layer first.
    ///
    /// # Errors
    /// As [`Stack::new`].
    pub fn new(layers: &[Dense], outputs: Outputs) -> Result<Self, NetError> {
        Ok(Self { stack: Stack::new(layers)?, outputs })
    }

    /// Numbers in a code.
    pub fn code_size(&self) -> usize {
        self.stack.inputs()
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.stack.outputs()
    }

    /// How the outputs are read.
    pub fn outputs(&self) -> Outputs {
        self.outputs
    }

    /// Its layers, first layer first.
    pub fn layers(&self) -> Vec<Dense> {
        self.stack.layers()
    }

    /// The last layer's outputs for codes, `(B, CODE)` to `(B, PIXELS)`, in place of what `outputs` held.
    ///
    /// # Errors
    /// [`NetError::Argument`] if the codes are of another size.
    pub fn outputs_into(&self, team: &Team, codes: Rows<'_>, outputs: &mut Vec<f32>) -> Result<(), NetError> {
        codes.require_width("codes", self.code_size())?;
        outputs.resize(codes.len() * self.pixels(), 0.0);
        self.stack.forward(team, codes, outputs)
    }

    /// The brightness of the images that codes stand for, `(B, CODE)` to `(B, PIXELS)`.
    ///
    /// # Errors
    /// As [`outputs_into`](Self::outputs_into).
    pub fn decode(&self, team: &Team, codes: Rows<'_>) -> Result<Vec<f32>, NetError> {
        let mut images = Vec::new();
        self.outputs_into(team, codes, &mut images)?;
        for pixel in &mut images {
            *pixel = self.outputs.brightness(*pixel);
        }
        Ok(images)
    }
}
