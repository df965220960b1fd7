//! How long work shows itself: a bar on a terminal, one plain line an epoch elsewhere. No line is longer than 80 columns.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ae_train::{EpochRecord, Event, TrainConfig};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::say;

/// A bar on a terminal, and nothing elsewhere.
fn on_terminal(template: &str, bar: impl FnOnce() -> ProgressBar) -> Option<ProgressBar> {
    std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template(template).expect("templates are constants that parse");
        bar().with_style(style.progress_chars("=> "))
    })
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
    pub(crate) fn new() -> Self {
        let outermost = !STAGES_ARE_SHOWN.swap(true, Ordering::Relaxed);
        let spinner = || on_terminal("{spinner} {msg}  {elapsed}", ProgressBar::new_spinner);
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

    /// The next one begins.
    pub(crate) fn begin(&self, what: &str) {
        if let Some(bar) = &self.bar {
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
    pub(crate) fn new(config: &TrainConfig, images: usize, (done, steps): (u64, usize)) -> Self {
        let epochs = config.epochs();
        let steps_per_epoch = images.div_ceil(config.batch_size()) as u64;
        let before = done.saturating_mul(steps_per_epoch).saturating_add(steps as u64);
        let bar = on_terminal("epoch {prefix} [{wide_bar}] BCE {msg}  {eta} left", || {
            let bar = ProgressBar::new(epochs.saturating_mul(steps_per_epoch)).with_position(before);
            bar.set_prefix(format!("{}/{epochs}", done.saturating_add(1)));
            // What was done before says nothing of how long the rest takes.
            bar.reset_eta();
            bar
        });
        let (began, shown) = (Instant::now(), Instant::now());
        Self { epochs, steps_per_epoch, before, images, began, shown, estimated: false, headed: false, bar }
    }

    pub(crate) fn observe(&mut self, event: Event<'_>) {
        match event {
            Event::Step { epoch, step, train_bce, .. } if self.shown.elapsed() >= Self::SHOWN_EVERY => {
                self.shown = Instant::now();
                if self.began.elapsed() >= Self::ENOUGH {
                    self.estimate(epoch, step as u64);
                }
                if let Some(bar) = &self.bar {
                    bar.set_prefix(format!("{epoch}/{}", self.epochs));
                    bar.set_message(number(train_bce, 4, 8));
                    bar.set_position((epoch - 1) * self.steps_per_epoch + step as u64);
                }
            }
            Event::Epoch(record) => {
                self.estimate(record.epoch, self.steps_per_epoch);
                if !self.headed {
                    self.headed = true;
                    self.tell(&header(self.epochs));
                }
                self.tell(&line(record, self.epochs, self.images));
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
fn header(epochs: u64) -> String {
    row(
        epochs,
        ["epoch", "train BCE", "test BCE", "MSE", "PSNR dB", "dead", "seconds", "images/s"]
            .map(str::to_owned),
    )
}

/// An epoch of a run over so many images.
fn line(record: &EpochRecord, epochs: u64, images: usize) -> String {
    let EpochRecord { epoch, train_bce, test_bce, test_mse, test_psnr_db, dead_units, wall_s } = *record;
    row(
        epochs,
        [
            format!("{epoch}/{epochs}"),
            number(train_bce, 4, 9),
            number(test_bce, 4, 8),
            number(test_mse, 5, 7),
            number(test_psnr_db, 2, 7),
            number(dead_units as f64, 0, 7),
            number(wall_s, 2, 8),
            number(images as f64 / wall_s, 0, 8),
        ],
    )
}

fn row(epochs: u64, [epoch, train_bce, test_bce, mse, psnr_db, dead, seconds, rate]: [String; 8]) -> String {
    let first = "epoch".len().max(2 * epochs.to_string().len() + 1);
    format!(
        "{epoch:>first$}  {train_bce:>9}  {test_bce:>8}  {mse:>7}  {psnr_db:>7}  {dead:>7}  {seconds:>8}  {rate:>8}"
    )
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
            train_bce: value,
            test_bce: value,
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
            train_bce: 0.188_06,
            test_bce: 0.131_84,
            test_mse: 0.022_011,
            test_psnr_db: 16.573,
            dead_units: 3,
            wall_s: 0.065_2,
        };
        assert_eq!(header(50), "epoch  train BCE  test BCE      MSE  PSNR dB     dead   seconds  images/s");
        assert_eq!(
            line(&epoch, 50, 60_000),
            " 1/50     0.1881    0.1318  0.02201    16.57        3      0.07    920245"
        );
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_whatever_its_numbers() {
        let extremes =
            [0.0, 1e-9, 0.5, 99_999.995, 86_400.25, 1e9, 1e38, 1e300, f64::MIN, f64::INFINITY, f64::NAN];
        for epochs in [1, 50, 50_000] {
            let width = header(epochs).len();
            assert!(width <= 79);
            for value in extremes {
                for (images, dead_units) in [(1, 0), (60_000, 16_777_216), (usize::MAX, usize::MAX)] {
                    let found = line(&record(epochs, value, dead_units), epochs, images);
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
