//! First weights of dfdx modules, drawn as [`ae_net::draw_weights`] says. What is neither a matrix nor a bias keeps
//! what its module starts with.

use ae_net::{Half, draw_weights};
use dfdx::nn::BuildModule;
use dfdx::tensor::Cpu;

use crate::{ModelError, Parameters, TypedNetwork};

/// An encoder with first weights from `seed`: those of the encoder in
/// [`Autoencoder::build`](crate::Autoencoder::build).
///
/// # Errors
/// [`ModelError::Device`] if memory runs out.
pub fn build_encoder<E: TypedNetwork>(seed: u64) -> Result<E, ModelError> {
    build(Half::Encoder, seed)
}

/// A decoder with first weights from `seed`: those of the decoder in
/// [`Autoencoder::build`](crate::Autoencoder::build).
///
/// # Errors
/// [`ModelError::Device`] if memory runs out.
pub fn build_decoder<D: TypedNetwork>(seed: u64) -> Result<D, ModelError> {
    build(Half::Decoder, seed)
}

pub(crate) fn build<N: TypedNetwork>(half: Half, seed: u64) -> Result<N, ModelError> {
    let mut network = N::try_build(&Cpu::seed_from_u64(seed))?;
    let mut tensors = network.parameters();
    draw_weights(half, seed, &mut tensors);
    network.set_parameters(&tensors)?;
    Ok(network)
}
