//! Forward, backward and Adam for flat stacks of dense layers, derived by hand, on plain slices.
//!
//! A [`Stack`] holds layers `y = activation(weight x + bias)`; a [`Learner`] trains it with Adam on one of
//! three [`Loss`]es; a [`Team`] of threads does the work. [`Stack::forward`] and [`Stack::loss`] use the same
//! kernels without learning.
//!
//! # What is promised
//! - Trained weights, losses and outputs are the same bits for any number of threads. Work is cut into
//!   *lanes* (rows of the batch) and *shards* (blocks of the parameters) by sizes alone, each sum is taken in
//!   one order, and threads only choose who does what.
//! - A row's outputs are the same bits whatever rows stand beside it.
//! - The instruction set is chosen at run time (AVX-512, AVX2 with FMA, NEON, or plain code), so a build runs
//!   on any processor of its architecture. Between instruction sets results agree to rounding.
//! - After [`Learner::new`] a step allocates nothing, but for the first through a [`Bottleneck`]; inputs and targets are read where they lie.
//! - No panics on data: rows, classes and lengths are checked before anything is computed. NaN in, NaN out.
//!
//! # Where the time goes
//! Products are register-blocked kernels over weights kept in the layout they are read in, so nothing is
//! packed or transposed (see `stack` and `products`). A weight gradient is computed block by block and applied by
//! Adam while the block is in cache: no gradient of a whole layer is stored, cleared or reduced.

mod activation;
mod adam;
mod batch;
mod bottleneck;
mod error;
mod evaluate;
mod lanes;
mod layer;
mod learner;
mod loss;
mod products;
mod score;
mod sparse;
mod stack;
mod strips;
mod team;
#[cfg(test)]
mod testing;

pub use adam::{Adam, Moments};
pub use batch::{Inputs, Targets};
pub use bottleneck::Bottleneck;
pub use error::DenseError;
pub use layer::{Activation, Dense};
pub use learner::Learner;
pub use loss::Loss;
pub use score::PixelErrors;
pub use sparse::SparseRows;
pub use stack::{LayerValues, Stack};
pub use team::{Team, default_threads};
