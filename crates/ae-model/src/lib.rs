//! Autoencoders with compile-time shapes, and their weights on disk.
//!
//! ```
//! use ae_model::{Shallow, batch};
//!
//! let model = Shallow::<784, 32>::build(0)?; // or Shallow::<784, 32>::load(path)?
//! let images = vec![0.5; 2 * 784]; // two images, brightness in [0, 1]
//! let codes = model.encode(batch(&images)?)?; // (2, 32)
//! let rebuilt = model.decode(codes)?; // (2, 784)
//! assert_eq!(rebuilt.as_vec().len(), images.len());
//! # Ok::<(), ae_model::ModelError>(())
//! ```
//!
//! [`Autoencoder`] is generic over its two halves, each a [`TypedNetwork`]: [`Shallow`], [`Deep`] and
//! [`Deeper`] are the ones with a name. Sizes are types, so a decoder for another code does not compile; the number of
//! rows in a [`Batch`] is free. [`Parameters`] and [`DenseStack`] show the numbers inside.

mod autoencoder;
mod dense;
mod error;
mod four;
mod init;
mod layers;
mod parameters;
mod presets;
mod weights;

pub use ae_net::{
    self, AsNetwork, Description, LayerSpec, NamedTensor, WeightsError, WeightsFile, WeightsId,
};
pub use autoencoder::Autoencoder;
pub use dense::{DenseActivation, DenseStack};
pub use dfdx;
pub use error::ModelError;
pub use four::Four;
pub use init::{build_decoder, build_encoder};
pub use layers::{Batch, Linear, Pointwise, Traced, TypedNetwork, batch};
pub use parameters::{Parameters, update_parameters};
pub use presets::{
    Deep, DeepDecoder, DeepEncoder, Deeper, DeeperDecoder, DeeperEncoder, Shallow, ShallowDecoder,
    ShallowEncoder,
};
pub use weights::{load_decoder, load_encoder, save_decoder, save_encoder};
