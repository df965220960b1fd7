//! What can be wrong with the numbers, labels and settings handed to this crate.

use ae_data::DataError;
use ae_dense::DenseError;

/// Numbers that do not fit together, or settings out of their range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A size or a number that must be at least 1.
    #[error("{what} must be at least 1")]
    Zero {
        /// Which one.
        what: &'static str,
    },
    /// Nothing to fit, to measure or to look up.
    #[error("there are no {what}")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// A buffer that does not divide into whole rows.
    #[error("{values} values are not whole rows of {dims}")]
    PartialRow {
        /// Values given.
        values: usize,
        /// Values in a row.
        dims: usize,
    },
    /// A value that is infinite or not a number.
    #[error("row {row} has {value} in column {column}, finite numbers are needed")]
    NonFinite {
        /// Which row, from 0.
        row: usize,
        /// Which column, from 0.
        column: usize,
        /// The value.
        value: f32,
    },
    /// Rows of another width than what they are to be used with.
    #[error("{what} are of {found} values, {expected} are needed")]
    Dims {
        /// Which rows.
        what: &'static str,
        /// Values in a row, as needed.
        expected: usize,
        /// Values in a row, as given.
        found: usize,
    },
    /// A buffer of another length than its shapes ask for.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// The length that the shapes ask for.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// More or fewer labels than rows.
    #[error("{rows} rows but {labels} labels")]
    LabelCount {
        /// Rows given.
        rows: usize,
        /// Labels given.
        labels: usize,
    },
    /// Images without labels where labels are the point.
    #[error("the images have no labels")]
    Unlabelled,
    /// A cut between encoder and decoder that leaves one of them without a layer.
    #[error("{encoder_layers} of {layers} layers cannot be the encoder: both halves need one")]
    EncoderLayers {
        /// Layers asked for.
        encoder_layers: usize,
        /// Layers in the stack.
        layers: usize,
    },
    /// A stack that answers with rows of another width than it takes.
    #[error("a stack from {inputs} to {outputs} values is no autoencoder")]
    NotAnAutoencoder {
        /// Values in a row of its input.
        inputs: usize,
        /// Values in a row of its output.
        outputs: usize,
    },
    /// More components than there are dimensions.
    #[error("{asked} principal components asked for, there are {available}")]
    Components {
        /// Components asked for, or 0.
        asked: usize,
        /// Dimensions of the data.
        available: usize,
    },
    /// Rows too wide for a covariance matrix.
    #[error("the covariance of {dims} dimensions is too large, {limit} are the most")]
    TooWide {
        /// Values in a row.
        dims: usize,
        /// The widest row taken.
        limit: usize,
    },
    /// An eigenvalue decomposition that did not converge.
    #[error("the eigenvalues of a {dims} x {dims} covariance matrix could not be found")]
    Eigenvalues {
        /// Rows of the matrix.
        dims: usize,
    },
    /// More neighbours asked for than there are points.
    #[error("{neighbours} nearest neighbours asked for, there are {points} points")]
    Neighbours {
        /// Neighbours asked for.
        neighbours: usize,
        /// Points known.
        points: usize,
    },
    /// A number of labels that cannot be shared out evenly.
    #[error("{labels} labels cannot be shared evenly by {classes} classes")]
    Budget {
        /// Labels asked for.
        labels: usize,
        /// Classes in the training set.
        classes: usize,
    },
    /// A class with too few members for a balanced draw.
    #[error("class {class} has {found} members, {needed} are needed")]
    TooFewOfClass {
        /// The class.
        class: u8,
        /// Members needed.
        needed: usize,
        /// Members in the training set.
        found: usize,
    },
    /// A class that no training code belongs to.
    #[error("no code of class {class} was seen (known: {known:?})")]
    UnknownClass {
        /// The class asked for.
        class: u8,
        /// The classes that were seen, ascending.
        known: Vec<u8>,
    },
    /// A range of quantiles that is empty or outside [0, 1].
    #[error("quantiles {low} to {high} are no range within [0, 1]")]
    Quantiles {
        /// The lower one.
        low: f64,
        /// The upper one.
        high: f64,
    },
    /// A row of pictures too short to go from one end to the other.
    #[error("{steps} steps cannot hold both ends, at least 2 are needed")]
    Steps {
        /// Steps asked for.
        steps: usize,
    },
    /// A probe whose loss left the finite numbers.
    #[error("the probe's loss was {loss} in epoch {epoch}; a lower learning rate may help")]
    Diverged {
        /// The epoch, from 1.
        epoch: u64,
        /// The loss.
        loss: f64,
    },
    /// A fault found by the kernels.
    #[error(transparent)]
    Dense(#[from] DenseError),
    /// A fault found in images or in a plan of batches.
    #[error(transparent)]
    Data(#[from] DataError),
}
