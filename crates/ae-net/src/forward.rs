//! Forward alone: codes, reconstructions, and the loss of a whole data set.
//!
//! Rows go through the same kernels as in training, which give a row the same bits whatever rows stand
//! beside it: a code does not depend on the batch it was computed in.

use crate::crew::Work;
use crate::error::require_length;
use crate::kernels::arch::Arch;
use crate::kernels::lanes::{Lane, MAX_LANE_ROWS};
use crate::learner::check;
use crate::{Code, Loss, NetError, Rows, Stack, Targets, Team};

/// Rows that a thread takes at a time, through one lane's buffers.
const SHARE_ROWS: usize = 2 * MAX_LANE_ROWS;

impl Stack {
    /// What the stack makes of rows of inputs.
    ///
    /// # Shapes
    /// - `inputs`: `(B, inputs of the first layer)`, any `B`
    /// - `out`: `(B, outputs of the last layer)`, row-major
    ///
    /// # Errors
    /// [`NetError::Argument`] if the inputs are of another width, or `out` is of another length.
    pub fn forward(&self, team: &Team, inputs: Rows<'_>, out: &mut [f32]) -> Result<(), NetError> {
        inputs.require_width("inputs", self.inputs())?;
        let (rows, width) = (inputs.len(), self.outputs());
        require_length("outputs", rows.saturating_mul(width), out.len())?;
        let arch = Arch::new();
        let bounds: Vec<_> = shares(rows).map(|row| row * width).collect();
        team.pace(Work::Forward { parameters: self.strips() }, rows, || {
            team.share(&bounds, [out], &|share, [out]| {
                let mut lane = Lane::new(self.shapes(), MAX_LANE_ROWS);
                for (index, out) in out.chunks_mut(MAX_LANE_ROWS * width).enumerate() {
                    let first = share * SHARE_ROWS + index * MAX_LANE_ROWS;
                    lane.forward(arch, self, inputs, first, out.len() / width);
                    for (row, out) in out.chunks_exact_mut(width).enumerate() {
                        out.copy_from_slice(lane.output(row, width));
                    }
                }
            });
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
        inputs: Rows<'_>,
        targets: Targets<'_>,
    ) -> Result<f64, NetError> {
        let batch = check(self, loss, inputs, targets, Code::Plain)?;
        let arch = Arch::new();
        let mut sums = vec![0.0; batch.rows.div_ceil(SHARE_ROWS)];
        let bounds: Vec<_> = (0..=sums.len()).collect();
        team.pace(Work::Loss { parameters: self.strips() }, batch.rows, || {
            team.share(&bounds, [&mut sums], &|share, [sum]| {
                let mut lane = Lane::new(self.shapes(), MAX_LANE_ROWS);
                let rows = share * SHARE_ROWS..batch.rows.min((share + 1) * SHARE_ROWS);
                for first in rows.clone().step_by(MAX_LANE_ROWS) {
                    let rows = MAX_LANE_ROWS.min(rows.end - first);
                    batch.targets.touch(first..first + rows);
                    lane.forward(arch, self, inputs, first, rows);
                    lane.head(arch, self, &batch);
                    sum[0] += lane.loss;
                }
            });
        });
        Ok(sums.iter().sum::<f64>() / loss.count(batch.rows, self.outputs()))
    }
}

/// The rows at which shares begin, and their number at the end.
fn shares(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows).step_by(SHARE_ROWS).chain([rows])
}
