//! A trained run, opened to compute with.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use ae_codec::Steps;
use ae_data::Split;
use ae_net::{Description, Network, Team};
use ae_train::{ModelRecord, RunFolder, RunRecord};
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::data::{self, DataArgs};
use crate::output::program;
use crate::paths;
use crate::presets::Preset;

/// Which run is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArg {
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
}

/// How many threads compute.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ThreadsArg {
    /// Threads to compute with; nothing that is written depends on it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

impl ThreadsArg {
    /// As many threads as were asked for, or as there are processors.
    pub(crate) fn team(self) -> Result<Team> {
        team(self.threads)
    }
}

/// The folder of the reference recipe's run.
pub(crate) fn default_folder() -> PathBuf {
    paths::run_folder(Preset::Shallow, None, Preset::Shallow.default_code())
}

/// A run folder with its record and its network.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    pub(crate) record: RunRecord,
    pub(crate) network: Network,
}

impl RunArg {
    /// Opens the run, the reference recipe's by default.
    pub(crate) fn open(&self) -> Result<Run> {
        match &self.run {
            Some(path) => open(path),
            None => {
                let folder = default_folder();
                let missing = || format!("no run: `{} train` makes one", program());
                ensure!(folder.join("run.json").exists(), missing());
                open(&folder)
            }
        }
    }
}

/// Opens the run in a folder.
pub(crate) fn open(path: &Path) -> Result<Run> {
    let folder = RunFolder::open(path)
        .with_context(|| format!("no run: `{} train --run {}` makes one", program(), path.display()))?;
    let record = folder.record()?;
    let ModelRecord { preset, hidden, pixels, code, .. } = &record.model;
    // Runs of earlier versions have the hidden layers that their presets have.
    let hidden = match hidden {
        Some(hidden) => hidden,
        None => {
            Preset::named(preset).with_context(|| folder.record_path().display().to_string())?.hidden(*code)
        }
    };
    let network = Network::load_as(folder.model_path(), &Description::dense(*pixels, hidden, *code))?;
    Ok(Run { folder, record, network })
}

impl Run {
    /// The images that the flags name, or those that the run was trained on; of the run's size.
    pub(crate) fn images(&self, args: &DataArgs) -> Result<Split> {
        let seed = self.record.config.seed;
        let images = match args.source() {
            Some(source) => data::load(&source, seed)?,
            None => {
                let source = self.record.data.source_of(self.folder.path());
                data::load(&source, seed).with_context(|| {
                    format!(
                        "{} names these images; --data or --images names them where they are now",
                        self.folder.record_path().display()
                    )
                })?
            }
        };
        let (rows, cols) = (self.record.data.test.rows, self.record.data.test.cols);
        images.test.require_size(rows, cols).context("these are not images of the run's size")?;
        ensure!(!images.test.is_empty(), "the test set has no images");
        Ok(images)
    }

    /// How its codes are rounded to be stored: as they were trained to be, if they were.
    pub(crate) fn steps(&self) -> Steps {
        if self.record.config.rate > 0.0 { Steps::Uniform } else { Steps::Matched }
    }

    /// Rows and columns of its images.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.record.data.train.rows, self.record.data.train.cols)
    }
}

/// As many threads as were asked for, or as there are processors.
pub(crate) fn team(threads: Option<NonZeroUsize>) -> Result<Team> {
    let threads = threads.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
    Ok(Team::new(threads.get())?)
}
