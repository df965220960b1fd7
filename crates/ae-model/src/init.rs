//! First weights, from a seed.
//!
//! Every matrix of shape `(fan_out, fan_in)` is drawn from `U(-a, a)`, `a = sqrt(6 / (fan_in + fan_out))`
//! (Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
//! networks", equation 16), every bias is zero. What is neither keeps what its dfdx module starts with.
//!
//! The draws come from ChaCha8, and only from its 32-bit words, sums, products and a square root that
//! IEEE 754 rounds in one way, so that a seed gives the same weights on every machine:
//!
//! - key: the seed, little-endian (8 bytes), then the ASCII bytes `ae-model glorot weights.`
//! - stream: 0 for an encoder, 1 for a decoder, so that a half built alone is the half of the whole
//! - order: matrix after matrix, first layer first, each row-major; one word a value
//! - value: `(2 u - 1) a`, `u` the upper 24 bits of the word over 2^24

use dfdx::nn::{BuildModule, TensorCollection};
use dfdx::tensor::Cpu;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::parameters::Parameters;
use crate::{ModelError, Network};

const KEY_LABEL: &[u8; 24] = b"ae-model glorot weights.";

/// An encoder with first weights from `seed`: those of the encoder in
/// [`Autoencoder::build`](crate::Autoencoder::build).
///
/// # Errors
/// [`ModelError::Device`] if memory runs out.
pub fn build_encoder<E: Network>(seed: u64) -> Result<E, ModelError> {
    build(seed, 0)
}

/// A decoder with first weights from `seed`: those of the decoder in
/// [`Autoencoder::build`](crate::Autoencoder::build).
///
/// # Errors
/// [`ModelError::Device`] if memory runs out.
pub fn build_decoder<D: Network>(seed: u64) -> Result<D, ModelError> {
    build(seed, 1)
}

fn build<M: TensorCollection<f32, Cpu, To<f32, Cpu> = M>>(seed: u64, stream: u64) -> Result<M, ModelError> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(KEY_LABEL);
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);

    let mut model = M::try_build(&Cpu::seed_from_u64(seed))?;
    let mut tensors = model.parameters();
    for tensor in &mut tensors {
        if let [fan_out, fan_in] = tensor.shape[..] {
            let bound = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
            tensor.values.fill_with(|| {
                let u = (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
                (2.0 * u - 1.0) * bound
            });
        } else if tensor.name.ends_with("bias") {
            tensor.values.fill(0.0);
        }
    }
    model.set_parameters(&tensors)?;
    Ok(model)
}
