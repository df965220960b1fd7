//! Forward alone: codes, reconstructions, and the loss of a whole data set.
//!
//! Rows go through the same kernels as in training, which give a row the same bits whatever rows stand
//! beside it: a code does not depend on the batch it was computed in.

use std::ops::Range;

use pulp::Arch;

use crate::{
    DenseError, Inputs, Loss, Stack, Targets, Team,
    lanes::{Lane, MAX_LANE_ROWS},
    learner::check,
};

/// Rows that a thread takes at a time, through one lane's buffers.
const SHARE_ROWS: usize = 2 * MAX_LANE_ROWS;

impl Stack {
    /// What `layers` of the stack, say its encoder's, make of rows of inputs.
    ///
    /// # Shapes
    /// - `inputs`: `(B, inputs of the first of the layers)`, any `B`
    /// - `out`: `(B, outputs of the last of the layers)`, row-major
    ///
    /// # Errors
    /// [`DenseError::LayerRange`] if `layers` is empty or reaches outside the stack,
    /// [`DenseError::Length`] if `out` is of another length, [`DenseError::PartialRow`],
    /// [`DenseError::Width`] or [`DenseError::RowOutOfRange`] if an input row is not there or of
    /// another width.
    pub fn forward(
        &self,
        team: &Team,
        layers: Range<usize>,
        inputs: Inputs<'_>,
        out: &mut [f32],
    ) -> Result<(), DenseError> {
        let Range { start, end } = layers;
        let shapes = match self.shapes().get(layers.clone()) {
            Some(shapes) if !shapes.is_empty() => shapes,
            _ => return Err(DenseError::LayerRange { start, end, layers: self.depth() }),
        };
        let rows = inputs.check(shapes[0].inputs)?;
        let width = shapes[shapes.len() - 1].outputs;
        let expected = rows.saturating_mul(width);
        if out.len() != expected {
            return Err(DenseError::Length { what: "outputs", expected, found: out.len() });
        }
        let arch = Arch::new();
        let bounds: Vec<_> = shares(rows).map(|row| row * width).collect();
        team.share(&bounds, [out], &|share, [out]| {
            let mut lane = Lane::new(shapes, MAX_LANE_ROWS);
            for (index, out) in out.chunks_mut(MAX_LANE_ROWS * width).enumerate() {
                let first = share * SHARE_ROWS + index * MAX_LANE_ROWS;
                lane.forward(arch, self, layers.clone(), inputs, first, out.len() / width);
                for (row, out) in out.chunks_exact_mut(width).enumerate() {
                    out.copy_from_slice(lane.output(row, width));
                }
            }
        });
        Ok(())
    }

    /// The mean loss over any number of rows, reduced as [`Loss`] says.
    ///
    /// # Errors
    /// As [`Learner::step`](crate::Learner::step), but no batch is too large.
    pub fn loss(
        &self,
        team: &Team,
        loss: Loss,
        inputs: Inputs<'_>,
        targets: Targets<'_>,
    ) -> Result<f64, DenseError> {
        let batch = check(self, loss, inputs, targets)?;
        let arch = Arch::new();
        let mut sums = vec![0.0; batch.rows.div_ceil(SHARE_ROWS)];
        let bounds: Vec<_> = (0..=sums.len()).collect();
        team.share(&bounds, [&mut sums], &|share, [sum]| {
            let mut lane = Lane::new(self.shapes(), MAX_LANE_ROWS);
            let rows = share * SHARE_ROWS..batch.rows.min((share + 1) * SHARE_ROWS);
            for first in rows.clone().step_by(MAX_LANE_ROWS) {
                let rows = MAX_LANE_ROWS.min(rows.end - first);
                batch.targets.touch(first..first + rows, self.outputs());
                lane.forward(arch, self, 0..self.depth(), inputs, first, rows);
                lane.head(arch, self, &batch);
                sum[0] += lane.loss;
            }
        });
        Ok(sums.iter().sum::<f64>() / loss.count(batch.rows, self.outputs()))
    }
}

/// The rows at which shares begin, and their number at the end.
fn shares(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows).step_by(SHARE_ROWS).chain([rows])
}
