//! Networks at run-time sizes: what they are, their weights and files, using them, and training them, fast on any CPU.
//!
//! A [`Network`] is an encoder and a decoder that meet in a code; a [`Description`] says what it is, apart from its
//! numbers. It encodes and decodes [`Rows`], borrowed from wherever they lie, with a [`Team`] of threads. A [`Learner`]
//! trains a [`Stack`] of layers with Adam on one of three [`Loss`]es.
//!
//! To read how any of this is computed, begin with [`reference`](mod@reference): the same in plain loops.
//!
//! ```
//! use ae_net::{Adam, Code, Description, Learner, Loss, Network, Rows, Stack, Targets, Team};
//!
//! // Two images of four pixels, to one number each and back.
//! let images = [255, 255, 0, 0, 0, 0, 255, 255];
//! let rows = Rows::bytes(&images, 4)?;
//! let network = Network::draw(&Description::dense(4, &[3], 1), 0)?;
//!
//! let (team, adam) = (Team::new(2)?, Adam { learning_rate: 0.05, ..Adam::default() });
//! let stack = Stack::new(&network.layers())?;
//! let mut learner = Learner::new(stack, Loss::BceWithLogits, adam, 2, team.clone())?;
//! for _ in 0..300 {
//!     learner.step(rows, Targets::Rows(rows), Code::Plain)?;
//! }
//! let network = network.with_layers(&learner.stack().layers())?;
//! assert!(network.evaluate(&team, rows, rows)?.psnr_db > 20.0);
//! # Ok::<(), ae_net::WeightsError>(())
//! ```
//!
//! # What is promised
//! - Trained weights, losses and outputs are the same bits for any number of threads. Work is cut into
//!   *lanes* (rows of the batch) and *shards* (blocks of the parameters) by sizes alone, each sum is taken in
//!   one order, and threads only choose who does what.
//! - A row's outputs are the same bits whatever rows stand beside it.
//! - The instruction set is chosen at run time (AVX-512, AVX2 with FMA, NEON, or plain code), so a build runs
//!   on any processor of its architecture. Between instruction sets results agree to rounding.
//! - After [`Learner::new`] a step allocates nothing, but for the first with a [`Rounded`] code; inputs and targets
//!   are read where they lie.
//! - No panics on data: rows, classes and lengths are checked before anything is computed. NaN in, NaN out.
//!
//! # Where the time goes
//! Products are register-blocked kernels over weights kept in the layout they are read in, so nothing is
//! packed or transposed (see `stack` and `kernels`). A weight gradient is computed block by block and applied by
//! Adam while the block is in cache: no gradient of a whole layer is stored, cleared or reduced.

mod adam;
#[cfg(feature = "clocks")]
pub mod clocks;
#[cfg(not(feature = "clocks"))]
mod clocks;
mod code;
mod crew;
mod decoder;
mod description;
mod draw;
mod error;
mod forward;
mod import;
mod kernels;
mod layer;
mod learner;
mod metrics;
mod network;
mod pace;
mod places;
pub mod reference;
mod rows;
mod sparse;
mod stack;
mod team;
mod tensor_file;
mod tensors;
mod weights;

pub use adam::{Adam, Moments};
pub use code::{Code, Rounded};
pub use decoder::{Decoder, Outputs};
pub use description::{Description, LayerSpec};
pub use draw::{Half, draw_weights};
pub use error::NetError;
pub use import::Imported;
pub use kernels::loss::Loss;
pub use kernels::score::PixelErrors;
pub use layer::{Activation, Dense};
pub use learner::Learner;
pub use metrics::{Baselines, Evaluation, Evaluator, evaluate, null_is_infinite, psnr_db};
pub use network::{AsNetwork, Network};
pub use rows::{Rows, Targets, to_byte, to_bytes};
pub use sparse::SparseRows;
pub use stack::{LayerValues, Stack};
pub use team::{Team, default_threads};
pub use tensor_file::TensorFile;
pub use tensors::{NamedTensor, WeightsId, WeightsIdError, float_bytes};
pub use weights::{WeightsError, WeightsFile, save_weights, weights_to_bytes};
