//! What Adam remembers: read, saved and put back by name, whichever engine computes with it.

use std::collections::BTreeMap;

/// Everything Adam remembers from one step to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub t: u64,
    /// The moments of each parameter, by the tensor's name.
    pub moments: BTreeMap<String, Moments>,
}

/// Moments of one tensor, in the tensor's own order and length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    /// Decaying mean of the gradient.
    pub m: Vec<f32>,
    /// Decaying mean of the gradient's square.
    pub v: Vec<f32>,
}
