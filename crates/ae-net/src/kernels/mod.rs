//! The arithmetic: forward, loss, backward and gradients over strips of 32 values, in vector registers.
//!
//! `reference.rs` beside this folder has the same computation in plain loops; read that first. The words in here:
//!
//! | word | what |
//! | --- | --- |
//! | strip | 32 neighbouring values: the unit of all kernels, see [`strips`] |
//! | panel | the weights of 32 outputs of a layer, a strip an input, the bias last: see [`stack`](crate::stack) |
//! | shard | a part of a panel, or some panels: what one thread takes when gradients are applied |
//! | lane | some neighbouring rows of a batch: what one thread takes from inputs to deltas, see [`lanes`] |
//! | tile | what one kernel keeps in registers at a time: a few rows times a few columns |

pub(crate) mod activation;
pub(crate) mod arch;
pub(crate) mod lanes;
pub(crate) mod loss;
pub(crate) mod products;
pub(crate) mod score;
pub(crate) mod sparse_products;
pub(crate) mod strips;
#[cfg(test)]
pub(crate) mod testing;
