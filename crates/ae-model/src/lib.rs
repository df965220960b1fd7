//! Autoencoders whose shapes are types: what does not fit does not compile.
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
//! An [`Autoencoder`] is any pair of dfdx modules, each a [`TypedNetwork`], that meet in a code; [`Shallow`], [`Deep`]
//! and [`Deeper`] are the pairs with a name. Sizes are part of the type, and only the number of rows in a [`Batch`] is
//! found at run time. Every operation of dfdx and its tape are at hand, so this is the crate for a model that is known
//! when the program is written, for layers of one's own, and for a loss that nobody has derived by hand
//! ([`Autoencoder::forward_logits`], [`update_parameters`]).
//!
//! [`ae_net::Network`] is the other form of the same model: sizes found at run time, dense layers alone, kernels
//! several times as fast, and training on them. Both have one file, one [`WeightsId`] and, from one seed, the same
//! first weights. A model of dense layers becomes such a network, and one becomes a model if it is of its type:
//!
//! ```
//! use ae_model::{AsNetwork, Deep, Shallow};
//!
//! let model = Deep::<784, 128, 32, 2>::build(0)?;
//! let network = model.network()?;
//! assert_eq!(network.identity(), model.identity());
//! let again = Deep::<784, 128, 32, 2>::from_network(&network)?;
//! assert!(Shallow::<784, 2>::from_network(&network).is_err());
//! # Ok::<(), ae_model::ModelError>(())
//! ```

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
