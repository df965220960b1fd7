//! What can be wrong with the shapes, rows and settings handed to this crate.

/// Shapes that do not fit together, or values out of their range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    /// A stack of no layers.
    #[error("a stack needs at least one dense layer")]
    EmptyStack,
    /// A layer that does not take what the one before it gives.
    #[error("layer {layer} takes {inputs} values, the layer before it gives {outputs}")]
    LayersDoNotMeet {
        /// The later of the two, counted from 0.
        layer: usize,
        /// Values in a row of its input.
        inputs: usize,
        /// Values in a row of the output before it.
        outputs: usize,
    },
    /// A range of layers that is empty or reaches outside the stack.
    #[error("layers {start}..{end} asked for, the stack has {layers}")]
    LayerRange {
        /// First layer asked for.
        start: usize,
        /// One past the last layer asked for.
        end: usize,
        /// Layers in the stack.
        layers: usize,
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
    /// A buffer that does not divide into whole rows.
    #[error("{what}: {found} values are not whole rows of {width}")]
    PartialRow {
        /// Which buffer.
        what: &'static str,
        /// Values in a row.
        width: usize,
        /// The length it has.
        found: usize,
    },
    /// Rows of another width than the stack takes.
    #[error("{what}: rows of {found} values, expected {expected}")]
    Width {
        /// Which rows.
        what: &'static str,
        /// Values in a row, as the stack has them.
        expected: usize,
        /// Values in a row, as given.
        found: usize,
    },
    /// A row number outside its data set.
    #[error("{what}: row {row} asked for, there are {rows}")]
    RowOutOfRange {
        /// Which data set.
        what: &'static str,
        /// The row asked for.
        row: usize,
        /// Rows in the set.
        rows: usize,
    },
    /// A batch of no rows, whose mean loss would be 0 / 0.
    #[error("a batch needs at least one row")]
    EmptyBatch,
    /// A batch longer than the buffers allocated for it.
    #[error("a batch of {rows} rows, the learner was built for {max_batch}")]
    BatchTooLarge {
        /// Rows in the batch.
        rows: usize,
        /// The longest batch the learner takes.
        max_batch: usize,
    },
    /// Another number of targets than of inputs.
    #[error("{inputs} rows of inputs, {targets} rows of targets")]
    RowCounts {
        /// Rows of inputs.
        inputs: usize,
        /// Rows of targets.
        targets: usize,
    },
    /// Class targets for a loss of values, or values for a loss of classes.
    #[error("the loss takes {expected} as targets, found {found}")]
    TargetKind {
        /// What the loss takes.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// A class label that no output stands for.
    #[error("row {row} is of class {class}, the stack has {classes} outputs")]
    ClassOutOfRange {
        /// Position in the batch.
        row: usize,
        /// Its label.
        class: u8,
        /// Outputs of the stack.
        classes: usize,
    },
    /// Rows wider than a sparse set can number.
    #[error("sparse rows hold at most {limit} values, asked for {width}")]
    SparseWidth {
        /// Values in a row.
        width: usize,
        /// The widest row that 16-bit positions can number.
        limit: usize,
    },
    /// A sparse row whose positions are not ascending, or reach past its width.
    #[error("a sparse row of width {width} has position {position} in place {place}, after {previous:?}")]
    SparsePosition {
        /// Place in the row's list.
        place: usize,
        /// The position found there.
        position: u16,
        /// The position before it.
        previous: Option<u16>,
        /// Values in a row.
        width: usize,
    },
    /// A setting of Adam outside its range.
    #[error("adam's {name} is {value}, expected {expected}")]
    Hyperparameter {
        /// Which setting.
        name: &'static str,
        /// Its value.
        value: f32,
        /// The values it may take.
        expected: &'static str,
    },
    /// A bottleneck behind the last layer, or behind none.
    #[error("a bottleneck behind layer {layer}: the stack has {layers}, and one must follow")]
    BottleneckLayer {
        /// The layer asked for, counted from 0.
        layer: usize,
        /// Layers in the stack.
        layers: usize,
    },
    /// A price of a bit that no training can aim at.
    #[error("the price of a bit is {found}, expected a finite number of at least 0")]
    Price {
        /// What was given.
        found: f32,
    },
    /// Threads that the system did not give.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// The system's words.
        reason: String,
    },
}
