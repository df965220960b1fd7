//! How long work shows itself: a bar on a terminal, one plain line an epoch elsewhere.

use std::io::IsTerminal;

use ae_train::{EpochRecord, Event, TrainConfig};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::say;

/// A bar on a terminal while images are worked off, and nothing elsewhere.
pub(crate) struct ImageBar(Option<ProgressBar>);

impl ImageBar {
    pub(crate) fn new(images: usize) -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix} [{bar:30}] image {pos}/{len}  {eta} left")
                .expect("the template is a constant that parses");
            ProgressBar::new(images as u64).with_style(style.progress_chars("=> "))
        }))
    }

    /// Begins at the first image again.
    pub(crate) fn begin(&self, what: &'static str) {
        if let Some(bar) = &self.0 {
            bar.set_prefix(what);
            bar.reset();
        }
    }

    pub(crate) fn advance(&self, images: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(images as u64);
        }
    }
}

impl Drop for ImageBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A step can take less time than telling the bar of it.
const STEPS_A_REPORT: usize = 64;

pub(crate) struct Progress {
    epochs: u64,
    steps_per_epoch: u64,
    images: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of a run over `images` images that begins after so many epochs and steps of the next.
    pub(crate) fn new(config: &TrainConfig, images: usize, (done, steps): (u64, usize)) -> Self {
        let epochs = config.epochs();
        let steps_per_epoch = images.div_ceil(config.batch_size()) as u64;
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = "{prefix} [{bar:30}] step {pos}/{len}  {msg}  {eta} left";
            let style =
                ProgressStyle::with_template(template).expect("the template is a constant that parses");
            let bar = ProgressBar::new(epochs.saturating_mul(steps_per_epoch));
            let at = done.saturating_mul(steps_per_epoch).saturating_add(steps as u64);
            let bar = bar.with_style(style.progress_chars("=> ")).with_position(at);
            // What was done before says nothing of how long the rest takes.
            bar.reset_eta();
            bar
        });
        Self { epochs, steps_per_epoch, images, bar }
    }

    pub(crate) fn observe(&mut self, event: Event<'_>) {
        match (event, &self.bar) {
            (Event::Step { epoch, step, train_bce, .. }, Some(bar))
                if step.is_multiple_of(STEPS_A_REPORT) =>
            {
                bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
                bar.set_message(format!("BCE {train_bce:.4}"));
                bar.set_position((epoch - 1) * self.steps_per_epoch + step as u64);
            }
            (Event::Epoch(record), Some(bar)) => bar.suspend(|| say!("{}", self.line(record))),
            (Event::Epoch(record), None) => say!("{}", self.line(record)),
            _ => {}
        }
    }

    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, record: &EpochRecord) -> String {
        let EpochRecord { epoch, train_bce, test_bce, test_mse, test_psnr_db, dead_units, wall_s } = record;
        let width = self.epochs.to_string().len();
        let rate = self.images as f64 / wall_s;
        format!(
            "epoch {epoch:>width$}/{}  train BCE {train_bce:.4}  test BCE {test_bce:.4}  MSE {test_mse:.5}  \
             PSNR {test_psnr_db:.2} dB  dead units {dead_units}  {wall_s:.2} s  {rate:.0} images/s",
            self.epochs
        )
    }
}
