//! A trained run, opened to compute with.

use std::cell::OnceCell;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use ae_codec::Steps;
use ae_data::{ElementKind, Form, Scaling, Shape};
use ae_net::{Description, Network, Team};
use ae_train::{DataSource, ModelRecord, RunFolder, RunRecord};
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::output::{program, say};
use crate::paths;
use crate::presets::Preset;
use crate::standard::file;
use crate::weights::import;

/// Which run is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArg {
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Weights to use in the place of the run's own
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) weights: Option<PathBuf>,
}

/// How many threads compute.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ThreadsArg {
    /// Threads to compute with, always; nothing that is written depends on it [default: as many as help, found out by
    /// trying: fewer where other programs are busy]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

impl ThreadsArg {
    /// As many threads as were asked for, or as help.
    pub(crate) fn team(self) -> Result<Team> {
        team(self.threads)
    }
}

/// The folder of the reference recipe's run.
pub(crate) fn default_folder() -> PathBuf {
    paths::run_folder(Preset::Shallow, None, Preset::Shallow.default_code())
}

/// A run folder with its record. What else of it a command uses is read when it is asked for, and is then proven to be
/// what the record says.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    pub(crate) record: RunRecord,
    /// What the user would have in the place of the run's weights.
    weights: Option<PathBuf>,
    network: OnceCell<Network>,
}

impl RunArg {
    /// Opens the run, the reference recipe's by default.
    pub(crate) fn open(&self) -> Result<Run> {
        let run = match &self.run {
            Some(path) => open(path)?,
            None => {
                let folder = default_folder();
                let missing = || format!("no run: `{} train` makes one", program());
                ensure!(folder.join("run.json").exists(), missing());
                open(&folder)?
            }
        };
        Ok(Run { weights: self.weights.clone(), ..run })
    }
}

/// Opens the run in a folder.
pub(crate) fn open(path: &Path) -> Result<Run> {
    let folder = RunFolder::open(path)
        .with_context(|| format!("no run: `{} train --run {}` makes one", program(), path.display()))?;
    let record = folder.record()?;
    Ok(Run { folder, record, weights: None, network: OnceCell::new() })
}

impl Run {
    /// Its network, with the weights that the run has trained, or those that the user has named.
    pub(crate) fn network(&self) -> Result<&Network> {
        if let Some(network) = self.network.get() {
            return Ok(network);
        }
        let description = self.description()?;
        let network = match &self.weights {
            Some(path) => import(path, &description)?,
            None => self.folder.network(&self.record, &description).with_context(|| {
                let command = resume_command(self.folder.path());
                format!(
                    "cannot use the weights of this run (--weights FILE takes any that fit, `{command}` writes its own \
                     again)"
                )
            })?,
        };
        Ok(self.network.get_or_init(|| network))
    }

    fn description(&self) -> Result<Description> {
        let ModelRecord { preset, hidden, pixels, code, outputs, .. } = &self.record.model;
        let hidden = match hidden {
            Some(hidden) => hidden,
            // Runs of earlier versions have the hidden layers that their presets have.
            None => Preset::named(preset)
                .with_context(|| self.folder.record_path().display().to_string())?
                .hidden(*code),
        };
        Ok(Description::dense(*pixels, hidden, *code).with_outputs(*outputs))
    }

    /// What has been used that is not the run's own, a line each.
    pub(crate) fn others(&self) -> Option<String> {
        self.weights
            .as_ref()
            .filter(|_| self.network.get().is_some())
            .map(|path| format!("not the run's own: the weights in {}", path.display()))
    }

    /// Says so, where no images of the run are used.
    pub(crate) fn tell_others(&self) {
        self.others().iter().for_each(|other| say!("{other}"));
    }

    /// Whether the user has named weights.
    pub(crate) fn has_named_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// What writes its files again, where something else has taken the place of one.
    pub(crate) fn written_again(&self) -> String {
        let command = resume_command(self.folder.path());
        format!("this run's files are not whole (`{command}` writes them again)")
    }

    /// How its codes are rounded to be stored: as they were trained to be, if they were.
    pub(crate) fn steps(&self) -> Steps {
        if self.record.config.rate > 0.0 { Steps::Uniform } else { Steps::Matched }
    }

    /// What each of its rows is.
    pub(crate) fn shape(&self) -> Shape {
        self.record.data.train.shape()
    }

    /// How its rows stand in their files, and so how others are read.
    pub(crate) fn form(&self) -> Form {
        let form = self.record.data.form.clone();
        // Runs of earlier versions are of bytes, and do not say so.
        let elements = form.elements.or(Some(ElementKind::Bytes));
        Form { elements, ..form }.with_shape(self.shape())
    }

    /// What is done to numbers before its network sees them.
    pub(crate) fn scaling(&self) -> Option<&Scaling> {
        self.record.data.scaling.as_ref()
    }

    /// What no command may write over: its own files, its data, and the weights that the user has named.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs: Vec<_> = self.folder.files().chain(self.weights.clone()).collect();
        match self.record.data.source_of(self.folder.path()) {
            DataSource::Folder(folder) if folder.is_dir() => {
                // MNIST's files may have others beside them; folders in it are of pictures.
                let files = fs::read_dir(folder).into_iter().flatten().flatten();
                inputs.extend(files.map(|file| file.path()));
            }
            DataSource::Folder(file) => inputs.push(file),
            DataSource::Files { images, labels, test, test_labels } => {
                inputs.extend([Some(images), labels, test, test_labels].into_iter().flatten());
            }
        }
        inputs
    }
}

/// What a user types to go on with the run in a folder.
pub(crate) fn resume_command(folder: &Path) -> String {
    let mut command = format!("{} train --resume", program());
    if folder != default_folder() {
        let folder = folder.display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "/._-+=:@".contains(c);
        command += " --run ";
        command +=
            &if folder.chars().all(plain) { folder } else { format!("'{}'", folder.replace('\'', r"'\''")) };
    }
    command
}

/// As many threads as were asked for, or as help.
pub(crate) fn team(threads: Option<NonZeroUsize>) -> Result<Team> {
    team_of(threads, available_parallelism().unwrap_or(NonZeroUsize::MIN))
}

/// The same where more than `most` can't help.
pub(crate) fn team_of(threads: Option<NonZeroUsize>, most: NonZeroUsize) -> Result<Team> {
    Ok(threads.map_or_else(|| Team::up_to(most.get()), |threads| Team::new(threads.get()))?)
}
