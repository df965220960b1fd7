//! What can be wrong with the shapes handed to this crate.

/// Shapes that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenseError {
    /// A layer without inputs or without outputs.
    #[error("a dense layer needs inputs and outputs, got {inputs} and {outputs}")]
    EmptyLayer {
        /// Values in a row of its input.
        inputs: usize,
        /// Values in a row of its output.
        outputs: usize,
    },
    /// A buffer of the wrong length.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// The length that the shapes ask for.
        expected: usize,
        /// The length it has.
        found: usize,
    },
}
