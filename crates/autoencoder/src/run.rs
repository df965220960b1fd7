//! A trained run, opened to compute with.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

use ae_codec::ModelId;
use ae_data::Split;
use ae_dense::{Dense, Team};
use ae_eval::{Coder, Outputs};
use ae_train::{RunFolder, RunRecord};
use anyhow::{Context, Result, ensure};

use crate::cli::{DataArgs, PresetName};
use crate::{data, menu, paths};

/// A run folder with its record and its model.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    pub(crate) record: RunRecord,
    /// All layers, first to last.
    pub(crate) layers: Vec<Dense>,
    /// Names the weights.
    pub(crate) model: ModelId,
    /// The model as every command computes with it.
    pub(crate) coder: Coder,
}

/// Opens the run in a folder, the reference recipe's by default.
pub(crate) fn open(path: Option<&Path>) -> Result<Run> {
    let default = || paths::run_folder(PresetName::Shallow, PresetName::Shallow.default_code());
    let folder = path.map_or_else(default, Path::to_owned);
    let folder = RunFolder::open(folder).with_context(|| match path {
        None => "no run: `cargo xtask train` makes one".to_owned(),
        Some(path) => format!("no run: `cargo xtask train --run {}` makes one", path.display()),
    })?;
    let record = folder.record()?;
    let model = menu::open(&folder, &record)?;
    let layers = model.layers();
    let identity = model.identity().parse()?;
    let coder = Coder::new(model.stack()?, model.encoder_layers(), Outputs::Logits)?;
    Ok(Run { folder, record, layers, model: identity, coder })
}

impl Run {
    /// The images that the flags name, or those that the run was trained on; of the run's size.
    pub(crate) fn images(&self, args: &DataArgs) -> Result<Split> {
        let source = args.source().unwrap_or_else(|| self.record.data.source.clone());
        let images = data::load(&source, self.record.config.seed)?;
        let (rows, cols) = (self.record.data.test.rows, self.record.data.test.cols);
        images.test.require_size(rows, cols).context("these are not images of the run's size")?;
        ensure!(!images.test.is_empty(), "the test set has no images");
        Ok(images)
    }
}

/// As many threads as were asked for, or as there are processors.
pub(crate) fn team(threads: Option<NonZeroUsize>) -> Result<Team> {
    let threads = threads.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
    Ok(Team::new(threads.get())?)
}
