//! Images to codes, codes to images: the one way in which every command does it.
//!
//! An encoder and a decoder are one stack of dense layers, cut in two. A trained autoencoder is such a stack;
//! so is PCA, one linear layer each way. An image's code and a code's image are the same bits whatever stands
//! beside them and however many threads compute them, so a set too large for memory is worked off in slices
//! of any size.

use ae_codec::{Decoder, Outputs};
use ae_dense::{Activation, Inputs, Stack, Team};

use crate::rows::Cells;
use crate::{EvalError, Rows};

/// Rows handed to the kernels at once: many shares for the threads, and numbers that fit 32 bits.
const AT_ONCE: usize = 1 << 14;

/// An encoder and a decoder.
///
/// # Example
/// ```
/// use ae_dense::{Activation, Dense, Stack, Team};
/// use ae_eval::{Coder, Outputs, Rows};
/// // Two pixels to their sum, and the sum back to two logits.
/// let encoder = Dense::new(2, vec![1.0, 1.0], vec![0.0], Activation::Relu)?;
/// let decoder = Dense::new(1, vec![5.0, -5.0], vec![0.0, 0.0], Activation::Linear)?;
/// let coder = Coder::new(Stack::new(&[encoder, decoder])?, 1, Outputs::Logits)?;
/// let team = Team::new(1)?;
/// let codes = coder.encode(&team, Rows::bytes(&[255, 255, 0, 0], 2)?)?;
/// assert_eq!(codes, [2.0, 0.0]);
/// let images = coder.decode(&team, Rows::values(&codes, 1)?)?;
/// assert!(images[0] > 0.99 && images[1] < 0.01 && images[2..] == [0.5, 0.5]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Coder {
    encoder: Stack,
    code_activation: Activation,
    decoder: Decoder,
}

impl Coder {
    /// The first `encoder_layers` layers of `stack` as the encoder, the rest as the decoder.
    ///
    /// # Errors
    /// [`EvalError::EncoderLayers`] if that leaves the encoder or the decoder without a layer,
    /// [`EvalError::NotAnAutoencoder`] if the stack gives rows of another width than it takes.
    pub fn new(stack: Stack, encoder_layers: usize, outputs: Outputs) -> Result<Self, EvalError> {
        let layers = stack.depth();
        if encoder_layers == 0 || encoder_layers >= layers {
            return Err(EvalError::EncoderLayers { encoder_layers, layers });
        }
        if stack.inputs() != stack.outputs() {
            return Err(EvalError::NotAnAutoencoder { inputs: stack.inputs(), outputs: stack.outputs() });
        }
        let layers = stack.layers();
        let (encoder, decoder) = layers.split_at(encoder_layers);
        let code_activation = encoder[encoder_layers - 1].activation();
        Ok(Self { encoder: Stack::new(encoder)?, code_activation, decoder: Decoder::new(decoder, outputs)? })
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.encoder.inputs()
    }

    /// Numbers in a code.
    pub fn code_size(&self) -> usize {
        self.encoder.outputs()
    }

    /// The encoder's last activation: what values a code can have.
    pub fn code_activation(&self) -> Activation {
        self.code_activation
    }

    /// How the decoder's outputs are to be read.
    pub fn outputs(&self) -> Outputs {
        self.decoder.outputs()
    }

    /// The second half, alone.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The codes of images, `(B, PIXELS)` to `(B, CODE)`.
    ///
    /// # Errors
    /// [`EvalError::Dims`] if the images are of another size.
    pub fn encode(&self, team: &Team, images: Rows<'_>) -> Result<Vec<f32>, EvalError> {
        let mut codes = vec![0.0; images.len().saturating_mul(self.code_size())];
        self.encode_into(team, images, &mut codes)?;
        Ok(codes)
    }

    /// As [`encode`](Self::encode), into a buffer that is there: slice after slice of a set of any size.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and [`EvalError::Length`] if `codes` is not of `(B, CODE)`.
    pub fn encode_into(&self, team: &Team, images: Rows<'_>, codes: &mut [f32]) -> Result<(), EvalError> {
        images.require_dims("images", self.pixels())?;
        let width = self.code_size();
        require_length("codes", images.len().saturating_mul(width), codes.len())?;
        let numbers: Vec<u32> = (0..AT_ONCE.min(images.len()) as u32).collect();
        for (images, codes) in images.chunks(AT_ONCE).zip(codes.chunks_mut(AT_ONCE * width)) {
            let inputs = match images.cells() {
                Cells::Bytes(pixels) => Inputs::Bytes { pixels, rows: &numbers[..images.len()] },
                Cells::Values(values) => Inputs::Dense(values),
            };
            self.encoder.forward(team, 0..self.encoder.depth(), inputs, codes)?;
        }
        Ok(())
    }

    /// The decoder's outputs for codes, `(B, CODE)` to `(B, PIXELS)`: what [`Outputs`] says they are.
    ///
    /// # Errors
    /// [`EvalError::Dims`] if the codes are of another size.
    pub fn decode_outputs(&self, team: &Team, codes: Rows<'_>) -> Result<Vec<f32>, EvalError> {
        let mut outputs = vec![0.0; codes.len().saturating_mul(self.pixels())];
        self.decode_outputs_into(team, codes, &mut outputs)?;
        Ok(outputs)
    }

    /// As [`decode_outputs`](Self::decode_outputs), into a buffer that is there.
    ///
    /// # Errors
    /// As [`decode_outputs`](Self::decode_outputs), and [`EvalError::Length`] if `outputs` is not of
    /// `(B, PIXELS)`.
    pub fn decode_outputs_into(
        &self,
        team: &Team,
        codes: Rows<'_>,
        outputs: &mut [f32],
    ) -> Result<(), EvalError> {
        codes.require_dims("codes", self.code_size())?;
        require_length("decoder outputs", codes.len().saturating_mul(self.pixels()), outputs.len())?;
        match codes.cells() {
            Cells::Values(values) => self.decoder.outputs_into(team, values, outputs)?,
            Cells::Bytes(_) => self.decoder.outputs_into(team, &codes.to_values(), outputs)?,
        }
        Ok(())
    }

    /// The brightness of the images that codes stand for, `(B, CODE)` to `(B, PIXELS)`.
    ///
    /// # Errors
    /// As [`decode_outputs`](Self::decode_outputs).
    pub fn decode(&self, team: &Team, codes: Rows<'_>) -> Result<Vec<f32>, EvalError> {
        let mut images = self.decode_outputs(team, codes)?;
        for pixel in &mut images {
            *pixel = self.outputs().brightness(*pixel);
        }
        Ok(images)
    }

    /// The brightness of images after their way through the code, `(B, PIXELS)` to `(B, PIXELS)`: the same
    /// bits as [`encode`](Self::encode), then [`decode`](Self::decode).
    ///
    /// # Errors [`EvalError::Dims`] if the images are of another size, [`EvalError::NonFinite`] if a code is
    /// not finite, which takes weights of astronomical size.
    pub fn reconstruct(&self, team: &Team, images: Rows<'_>) -> Result<Vec<f32>, EvalError> {
        let codes = self.encode(team, images)?;
        self.decode(team, Rows::values(&codes, self.code_size())?)
    }
}

fn require_length(what: &'static str, expected: usize, found: usize) -> Result<(), EvalError> {
    if found == expected { Ok(()) } else { Err(EvalError::Length { what, expected, found }) }
}
