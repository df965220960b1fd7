//! Forward, backward and Adam for flat stacks of dense layers.

mod error;
mod layer;

pub use error::DenseError;
pub use layer::{Activation, Dense};
