//! First weights, from a seed.
//!
//! Every matrix of shape `(fan_out, fan_in)` is drawn from `U(-a, a)`, `a = sqrt(6 / (fan_in + fan_out))`
//! (Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
//! networks", equation 16); every bias is zero.
//!
//! The draws come from ChaCha8, and only from its 32-bit words, sums, products and a square root that
//! IEEE 754 rounds in one way, so that a seed gives the same weights on every machine:
//!
//! - purpose: `ae-model glorot weights.`
//! - stream: 0 for an encoder, 1 for a decoder, so that a half drawn alone is the half of the whole
//! - order: matrix after matrix, first layer first, each row-major; one word a value
//! - value: `(2 u - 1) a`, `u` the upper 24 bits of the word over 2^24

use ae_seed::{ChaCha8Rng, Rng, generator};

use crate::NamedTensor;

const PURPOSE: &[u8; 24] = b"ae-model glorot weights.";

/// Which part of an autoencoder is drawn; the two have nothing in common under one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Inputs to code.
    Encoder,
    /// Code to outputs.
    Decoder,
}

impl Half {
    /// What the names of its tensors begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Encoder => "encoder.",
            Self::Decoder => "decoder.",
        }
    }
}

/// Fills the tensors of one half, first layer first: matrices are drawn, what is called a bias becomes 0, and anything
/// else stays as it is.
pub fn draw_weights(half: Half, seed: u64, tensors: &mut [NamedTensor]) {
    let mut words = generator(seed, PURPOSE, half as u64);
    for NamedTensor { name, shape, values } in tensors {
        if let [fan_out, fan_in] = shape[..] {
            glorot(&mut words, fan_in, fan_out, values);
        } else if name.ends_with("bias") {
            values.fill(0.0);
        }
    }
}

fn glorot(words: &mut ChaCha8Rng, fan_in: usize, fan_out: usize, weight: &mut [f32]) {
    let bound = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
    weight.fill_with(|| {
        let u = (words.next_u32() >> 8) as f32 / (1 << 24) as f32;
        (2.0 * u - 1.0) * bound
    });
}
