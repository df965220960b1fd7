//! What a run measured, epoch by epoch.

use std::io::{self, Write};

use ae_net::{Baselines, Evaluation, Outputs, psnr_db};
use serde::{Deserialize, Serialize};

use crate::Restoration;

/// One epoch, as it was measured, and one row of `history.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: u64,
    /// Mean loss of the epoch's batches as they were trained on, weighted by images: BCE in nats, or squared error, mean
    /// over pixels. The weights move while it is taken, so it stands a little above what the epoch's last weights would
    /// score.
    #[serde(rename = "train_bce")]
    pub train_loss: f64,
    /// The same loss on the test set under the weights after the epoch, mean over images and pixels.
    #[serde(rename = "test_bce")]
    pub test_loss: f64,
    /// MSE on the test set, mean over images and pixels, on the scale that the network sees.
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
    /// How the network's outputs are read: logits were trained by BCE, values by squared error.
    pub outputs: Outputs,
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

/// The header of `history.csv`, of a run with BCE: the fields of an [`EpochRecord`].
const COLUMNS: [&str; 7] =
    ["epoch", "train_bce", "test_bce", "test_mse", "test_psnr_db", "dead_units", "wall_s"];

/// That of a run with squared error: the loss is the error, and without a largest value there is no PSNR.
const COLUMNS_OF_VALUES: [&str; 5] = ["epoch", "train_mse", "test_mse", "dead_units", "wall_s"];

/// The columns of an epoch of values.
#[derive(Serialize, Deserialize)]
struct EpochOfValues {
    epoch: u64,
    train_mse: f64,
    test_mse: f64,
    dead_units: usize,
    wall_s: f64,
}

impl From<EpochOfValues> for EpochRecord {
    fn from(EpochOfValues { epoch, train_mse, test_mse, dead_units, wall_s }: EpochOfValues) -> Self {
        let (train_loss, test_loss, test_psnr_db) = (train_mse, test_mse, psnr_db(test_mse));
        Self { epoch, train_loss, test_loss, test_mse, test_psnr_db, dead_units, wall_s }
    }
}

/// Writes `history.csv`: a header, then one row an epoch.
pub(crate) fn write_csv(outputs: Outputs, epochs: &[EpochRecord], out: impl Write) -> io::Result<()> {
    // It would write none where there are no rows.
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    if outputs.is_logits() {
        csv.write_record(COLUMNS)?;
        epochs.iter().try_for_each(|record| csv.serialize(record))?;
    } else {
        csv.write_record(COLUMNS_OF_VALUES)?;
        for &EpochRecord { epoch, train_loss, test_mse, dead_units, wall_s, .. } in epochs {
            csv.serialize(EpochOfValues { epoch, train_mse: train_loss, test_mse, dead_units, wall_s })?;
        }
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
    let mut csv = csv::ReaderBuilder::new().quoting(false).from_reader(text);
    match csv.headers()? == COLUMNS_OF_VALUES[..] {
        true => csv.deserialize().map(|row| row.map(EpochOfValues::into)).collect(),
        false => csv.deserialize().collect(),
    }
}

/// Whether a text begins as [`write_csv`] has it.
pub(crate) fn has_header(text: &[u8]) -> bool {
    let is_header = |header: &csv::StringRecord| *header == COLUMNS[..] || *header == COLUMNS_OF_VALUES[..];
    csv::Reader::from_reader(text).headers().is_ok_and(is_header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_the_file() {
        let row = EpochRecord {
            epoch: 1,
            train_loss: 0.1 + 0.2,
            test_loss: 1e-17,
            test_mse: 0.25,
            test_psnr_db: 6.0206,
            dead_units: 3,
            wall_s: 0.5,
        };
        let mut file = Vec::new();
        write_csv(Outputs::Logits, &[row, EpochRecord { epoch: 2, ..row }], &mut file).unwrap();
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

    #[test]
    fn a_row_of_values_has_a_squared_error_and_no_psnr() {
        let row: EpochRecord =
            EpochOfValues { epoch: 1, train_mse: 0.75, test_mse: 0.5, dead_units: 0, wall_s: 0.25 }.into();
        assert_eq!((row.train_loss, row.test_loss, row.test_mse), (0.75, 0.5, 0.5));
        let mut file = Vec::new();
        write_csv(Outputs::Values, &[row], &mut file).unwrap();
        assert_eq!(file, b"epoch,train_mse,test_mse,dead_units,wall_s\n1,0.75,0.5,0,0.25\n");
        assert_eq!(read_csv(&file).unwrap(), [row]);
        assert!(has_header(&file) && !has_header(b"epoch,loss\n"));
    }
}
