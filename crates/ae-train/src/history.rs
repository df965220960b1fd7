//! What a run measured, epoch by epoch.

use std::io::{self, Write};

use ae_net::{Baselines, Evaluation};
use serde::{Deserialize, Serialize};

use crate::Restoration;

/// One epoch, as it was measured, and one row of `history.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: u64,
    /// Mean BCE of the epoch's batches as they were trained on, weighted by images, nats. The weights
    /// move while it is taken, so it stands a little above what the epoch's last weights would score.
    pub train_bce: f64,
    /// BCE on the test set under the weights after the epoch, mean over images and pixels, nats.
    pub test_bce: f64,
    /// MSE on the test set, mean over images and pixels, `[0, 1]` scale.
    pub test_mse: f64,
    /// PSNR of `test_mse`, dB, peak 1.0.
    pub test_psnr_db: f64,
    /// Code units that are exactly 0 for every test image.
    pub dead_units: usize,
    /// Seconds the epoch's steps took, evaluation not included.
    pub wall_s: f64,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// One record an epoch, in order; empty for a run of 0 epochs.
    pub epochs: Vec<EpochRecord>,
    /// The training set under the last weights.
    pub train: Evaluation,
    /// The test set under the last weights.
    pub test: Evaluation,
    /// The test set, damaged as the training inputs were, if they were.
    pub restored: Option<Restoration>,
    /// What the figures are to be read against.
    pub baselines: Baselines,
    /// Seconds from the first step to the last evaluation.
    pub wall_s: f64,
}

impl History {
    /// The last epoch's record, if there was an epoch.
    pub fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }
}

/// The header of `history.csv`: the fields of an [`EpochRecord`].
const COLUMNS: [&str; 7] =
    ["epoch", "train_bce", "test_bce", "test_mse", "test_psnr_db", "dead_units", "wall_s"];

/// Writes `history.csv`: a header, then one row an epoch.
pub(crate) fn write_csv(epochs: &[EpochRecord], out: impl Write) -> io::Result<()> {
    // It would write none where there are no rows.
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    csv.write_record(COLUMNS)?;
    for record in epochs {
        csv.serialize(record)?;
    }
    csv.flush()
}

/// The longest line of a history; ours are under 200 bytes. A line of many fields takes many times its length in
/// memory.
const MAX_LINE_BYTES: usize = 1 << 10;

/// Reads what [`write_csv`] wrote, if no line is longer than [`MAX_LINE_BYTES`].
pub(crate) fn read_csv(text: &[u8]) -> Result<Vec<EpochRecord>, csv::Error> {
    if let Some(at) = text.split(|&byte| byte == b'\n').position(|line| line.len() > MAX_LINE_BYTES) {
        let reason = format!("line {} is longer than {MAX_LINE_BYTES} bytes", at + 1);
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason).into());
    }
    // Numbers need no quotes, and without them a record is no longer than its line.
    csv::ReaderBuilder::new().quoting(false).from_reader(text).deserialize().collect()
}

/// Whether a text begins as [`write_csv`] has it.
pub(crate) fn has_header(text: &[u8]) -> bool {
    csv::Reader::from_reader(text).headers().is_ok_and(|header| header == COLUMNS[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_the_file() {
        let row = EpochRecord {
            epoch: 1,
            train_bce: 0.1 + 0.2,
            test_bce: 1e-17,
            test_mse: 0.25,
            test_psnr_db: 6.0206,
            dead_units: 3,
            wall_s: 0.5,
        };
        let mut file = Vec::new();
        write_csv(&[row, EpochRecord { epoch: 2, ..row }], &mut file).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        assert!(text.starts_with(
            "epoch,train_bce,test_bce,test_mse,test_psnr_db,dead_units,wall_s\n1,0.30000000000000004,"
        ));
        let back = read_csv(&file).unwrap();
        assert_eq!(back, [row, EpochRecord { epoch: 2, ..row }]);
        let mut named = csv::Writer::from_writer(Vec::new());
        named.serialize(row).unwrap();
        assert!(named.into_inner().unwrap().starts_with(format!("{}\n", COLUMNS.join(",")).as_bytes()));
    }
}
