//! How long work shows itself: a bar on a terminal, one plain line an epoch elsewhere. No line is longer than 80 columns.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ae_data::Reading;
use ae_net::Outputs;
use ae_train::{EpochRecord, Event, TrainConfig};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::output::say;

/// A bar on a terminal, and nothing elsewhere.
fn on_terminal(template: &str, bar: impl FnOnce() -> ProgressBar) -> Option<ProgressBar> {
    std::io::stderr().is_terminal().then(|| bar().with_style(style(template)))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("templates are constants that parse").progress_chars("=> ")
}

/// Makes a spinner the bar of something that is counted, if it is none yet, and moves it on.
fn count(bar: Option<&ProgressBar>, what: &'static str, done: usize, all: usize) {
    let Some(bar) = bar else { return };
    if bar.length() != Some(all as u64) {
        bar.set_style(style("{msg} [{wide_bar}] {pos}/{len}"));
        bar.set_length(all as u64);
    }
    bar.set_message(what);
    bar.set_position(done as u64);
}

/// A bar on a terminal while images are worked off, and nothing elsewhere.
pub(crate) struct ImageBar(Option<ProgressBar>);

impl ImageBar {
    pub(crate) fn new(images: usize) -> Self {
        let template = "{prefix} [{wide_bar}] image {pos}/{len}  {eta} left";
        Self(on_terminal(template, || ProgressBar::new(images as u64)))
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

/// What is being worked at and for how long, on a terminal, where nobody knows how far it is; nothing elsewhere, and
/// nothing within other stages, as there is one line to draw on.
pub(crate) struct Stages {
    bar: Option<ProgressBar>,
    outermost: bool,
}

static STAGES_ARE_SHOWN: AtomicBool = AtomicBool::new(false);

impl Stages {
    const SPINNER: &str = "{spinner} {msg}  {elapsed}";

    pub(crate) fn new() -> Self {
        let outermost = !STAGES_ARE_SHOWN.swap(true, Ordering::Relaxed);
        let spinner = || on_terminal(Self::SPINNER, ProgressBar::new_spinner);
        let bar = outermost.then(spinner).flatten();
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, outermost }
    }

    /// With one that has begun.
    pub(crate) fn begun(what: &str) -> Self {
        let stages = Self::new();
        stages.begin(what);
        stages
    }

    /// Shows how far files have been read, from any thread, and says before it is taken where that takes much memory.
    pub(crate) fn reading(&self) -> Arc<dyn Fn(Reading) + Send + Sync> {
        const MUCH: u64 = 256 << 20;
        let bar = self.bar.clone();
        Arc::new(move |reading| match reading {
            Reading::LookedAt(done, all) => count(bar.as_ref(), "looking at pictures", done, all),
            Reading::Read(done, all) => count(bar.as_ref(), "reading", done, all),
            Reading::Rows { rows, bytes, limit } if (MUCH..=limit).contains(&bytes) => {
                let (bytes, limit) = (HumanBytes(bytes), HumanBytes(limit));
                let say = || {
                    let line =
                        format!("{rows} rows take {bytes} of memory, at most {limit} are used for them");
                    // Nothing depends on it.
                    let _ = writeln!(std::io::stderr(), "{line}");
                };
                bar.as_ref().map_or_else(say, |bar| bar.suspend(say));
            }
            Reading::Rows { .. } => {}
        })
    }

    /// The next one begins.
    pub(crate) fn begin(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(Self::SPINNER));
            bar.unset_length();
            bar.reset_elapsed();
            bar.set_message(what.to_owned());
        }
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.outermost {
            STAGES_ARE_SHOWN.store(false, Ordering::Relaxed);
        }
    }
}

/// How far a training is.
pub(crate) struct Progress {
    epochs: u64,
    steps_per_epoch: u64,
    /// Steps that an earlier part of the run has done.
    before: u64,
    images: usize,
    outputs: Outputs,
    began: Instant,
    shown: Instant,
    /// Whether it has been said, if it is worth it, how long the run takes; and what the columns are.
    estimated: bool,
    headed: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A step can take less time than telling the bar of it.
    const SHOWN_EVERY: Duration = Duration::from_millis(50);
    /// So much of a first epoch says how long the run takes, where the epoch is longer.
    const ENOUGH: Duration = Duration::from_secs(2);

    /// Of a run over `images` images that begins after so many epochs and steps of the next.
    pub(crate) fn new(
        config: &TrainConfig,
        outputs: Outputs,
        images: usize,
        (done, steps): (u64, usize),
    ) -> Self {
        let epochs = config.epochs();
        let steps_per_epoch = images.div_ceil(config.batch_size()) as u64;
        let before = done.saturating_mul(steps_per_epoch).saturating_add(steps as u64);
        let template = match outputs {
            Outputs::Values => "epoch {prefix} [{wide_bar}] MSE {msg}  {eta} left",
            _ => "epoch {prefix} [{wide_bar}] BCE {msg}  {eta} left",
        };
        let bar = on_terminal(template, || {
            let bar = ProgressBar::new(epochs.saturating_mul(steps_per_epoch)).with_position(before);
            bar.set_prefix(format!("{}/{epochs}", done.saturating_add(1)));
            // What was done before says nothing of how long the rest takes.
            bar.reset_eta();
            bar
        });
        let (began, shown) = (Instant::now(), Instant::now());
        Self {
            epochs,
            steps_per_epoch,
            before,
            images,
            outputs,
            began,
            shown,
            estimated: false,
            headed: false,
            bar,
        }
    }

    pub(crate) fn observe(&mut self, event: Event<'_>) {
        match event {
            Event::Step { epoch, step, train_loss, .. } if self.shown.elapsed() >= Self::SHOWN_EVERY => {
                self.shown = Instant::now();
                if self.began.elapsed() >= Self::ENOUGH {
                    self.estimate(epoch, step as u64);
                }
                if let Some(bar) = &self.bar {
                    bar.set_prefix(format!("{epoch}/{}", self.epochs));
                    bar.set_message(number(train_loss, 4, 8));
                    bar.set_position((epoch - 1) * self.steps_per_epoch + step as u64);
                }
            }
            Event::Epoch(record) => {
                self.estimate(record.epoch, self.steps_per_epoch);
                if !self.headed {
                    self.headed = true;
                    self.tell(&header(self.outputs, self.epochs));
                }
                self.tell(&line(self.outputs, record, self.epochs, self.images));
            }
            _ => {}
        }
    }

    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// Says once how long it all takes, after so many steps of an epoch.
    fn estimate(&mut self, epoch: u64, step: u64) {
        if self.estimated {
            return;
        }
        self.estimated = true;
        let (done, all) = ((epoch - 1) * self.steps_per_epoch + step, self.epochs * self.steps_per_epoch);
        let share = (all - self.before) as f64 / (done - self.before) as f64;
        if let Some(takes) = worth_telling(self.began.elapsed().as_secs_f64() * share) {
            let which = if self.before == 0 { "all" } else { "the rest of" };
            self.tell(&format!("about {takes} for {which} {} epochs", self.epochs));
        }
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say!("{line}")),
            None => say!("{line}"),
        }
    }
}

/// Seconds in the unit that suits them; nothing where they are soon over.
fn worth_telling(seconds: f64) -> Option<String> {
    match seconds {
        ..5.0 => None,
        ..100.0 => Some(format!("{seconds:.0} s")),
        ..6_000.0 => Some(format!("{:.0} min", seconds / 60.0)),
        _ => Some(format!("{} h", number(seconds / 3_600.0, 1, 8))),
    }
}

/// What stands over the lines of a run of so many epochs.
fn header(outputs: Outputs, epochs: u64) -> String {
    let titles: &[&str] = match outputs {
        Outputs::Values => &["train MSE", "test MSE", "dead", "seconds", "rows/s"],
        _ => &["train BCE", "test BCE", "MSE", "PSNR dB", "dead", "seconds", "images/s"],
    };
    row(outputs, epochs, "epoch", titles.iter().map(|&title| title.to_owned()))
}

/// An epoch of a run over so many images.
fn line(outputs: Outputs, record: &EpochRecord, epochs: u64, images: usize) -> String {
    let EpochRecord { epoch, train_loss, test_loss, test_mse, test_psnr_db, dead_units, wall_s } = *record;
    let losses = [number(train_loss, 4, 9), number(test_loss, 4, 8)];
    // Values of any size have no peak, and their loss is the squared error.
    let errors = match outputs {
        Outputs::Values => Vec::new(),
        _ => vec![number(test_mse, 5, 7), number(test_psnr_db, 2, 7)],
    };
    let rest = [number(dead_units as f64, 0, 7), number(wall_s, 2, 8), number(images as f64 / wall_s, 0, 8)];
    row(outputs, epochs, &format!("{epoch}/{epochs}"), losses.into_iter().chain(errors).chain(rest))
}

fn row(outputs: Outputs, epochs: u64, epoch: &str, cells: impl Iterator<Item = String>) -> String {
    let widths: &[usize] = match outputs {
        Outputs::Values => &[9, 8, 7, 8, 8],
        _ => &[9, 8, 7, 7, 7, 8, 8],
    };
    let first = "epoch".len().max(2 * epochs.to_string().len() + 1);
    let cells = cells.zip(widths).map(|(cell, width)| format!("  {cell:>width$}"));
    format!("{epoch:>first$}") + &cells.collect::<String>()
}

/// A number with so many decimals, or as many as there is room for; at least 7 characters of it.
fn number(value: f64, decimals: usize, room: usize) -> String {
    let decimals = (0..=decimals).rev().map(|decimals| format!("{value:.decimals$}"));
    decimals.into_iter().find(|text| text.len() <= room).unwrap_or_else(|| format!("{value:.0e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u64, value: f64, dead_units: usize) -> EpochRecord {
        EpochRecord {
            epoch,
            train_loss: value,
            test_loss: value,
            test_mse: value,
            test_psnr_db: value,
            dead_units,
            wall_s: value,
        }
    }

    #[test]
    fn an_epoch_is_a_row_under_its_header() {
        let epoch = EpochRecord {
            epoch: 1,
            train_loss: 0.188_06,
            test_loss: 0.131_84,
            test_mse: 0.022_011,
            test_psnr_db: 16.573,
            dead_units: 3,
            wall_s: 0.065_2,
        };
        assert_eq!(
            header(Outputs::Logits, 50),
            "epoch  train BCE  test BCE      MSE  PSNR dB     dead   seconds  images/s"
        );
        assert_eq!(
            line(Outputs::Logits, &epoch, 50, 60_000),
            " 1/50     0.1881    0.1318  0.02201    16.57        3      0.07    920245"
        );
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_whatever_its_numbers() {
        const OUTPUTS: [Outputs; 2] = [Outputs::Logits, Outputs::Values];
        let extremes =
            [0.0, 1e-9, 0.5, 99_999.995, 86_400.25, 1e9, 1e38, 1e300, f64::MIN, f64::INFINITY, f64::NAN];
        for epochs in [1, 50, 50_000] {
            for (value, outputs) in extremes.iter().flat_map(|&value| OUTPUTS.map(|outputs| (value, outputs)))
            {
                let width = header(outputs, epochs).len();
                assert!(width <= 79);
                for (images, dead_units) in [(1, 0), (60_000, 16_777_216), (usize::MAX, usize::MAX)] {
                    let found = line(outputs, &record(epochs, value, dead_units), epochs, images);
                    assert_eq!(found.len(), width, "{found}");
                }
                let takes = worth_telling(value).unwrap_or_default();
                assert!(format!("about {takes} for the rest of 50000 epochs").len() <= 79, "{takes}");
            }
        }
    }

    #[test]
    fn how_long_a_run_takes_is_told_in_the_unit_that_suits_it() {
        let told = [3.6, 40.4, 99.4, 150.0, 5_940.0, 9_000.0, 360_000.0].map(worth_telling);
        let expected = ["", "40 s", "99 s", "2 min", "99 min", "2.5 h", "100.0 h"];
        assert_eq!(told.map(Option::unwrap_or_default), expected);
    }
}
