//! `cargo xtask train`.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ae_data::Split;
use ae_dense::default_threads;
use ae_train::{
    CHECKPOINT_EVERY, Checkpoint, DataRecord, DataSource, EngineRecord, Existing, History, ModelRecord,
    RUN_FORMAT, Restoration, RunFolder, RunFolderError, RunRecord, RunSettings, SetRecord, TrainConfig,
    TrainError,
};
use anyhow::{Context, Error, Result, anyhow, ensure};
use clap::ValueEnum;

use crate::cli::{DataArgs, EngineName, FigureName, PresetName, TrainArgs};
use crate::output::say;
use crate::progress::Progress;
use crate::signals::Signals;
use crate::{data, figure, menu, paths, run};

/// A run that a signal has stopped. No fault, so it is told without the word.
#[derive(Debug, thiserror::Error)]
#[error("stopped in epoch {epoch}, after step {step} of {steps}; to go on:\n{command}")]
pub(crate) struct Interrupted {
    epoch: u64,
    step: usize,
    steps: usize,
    command: String,
    exit_code: u8,
}

impl Interrupted {
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// What is to be trained: what the flags say, and where they say nothing, the run that goes on or the preset.
struct Plan {
    preset: PresetName,
    code: usize,
    config: TrainConfig,
    source: DataSource,
    init: Option<PathBuf>,
    engine: EngineName,
    threads: NonZeroUsize,
}

impl Plan {
    fn of(args: &TrainArgs, kept: Option<&RunSettings>) -> Result<Self> {
        let Some(kept) = kept else {
            let config = args.params(args.preset().params(args.code())).check()?;
            return Ok(Self {
                preset: args.preset(),
                code: args.code(),
                config,
                source: args.data.source().unwrap_or_else(data::mnist),
                init: args.init.clone(),
                engine: args.engine.unwrap_or(EngineName::Fused),
                threads: args.threads.unwrap_or_else(|| default_threads(config.batch_size())),
            });
        };
        let config = args.params(kept.config).check()?;
        let engine = match args.engine {
            Some(engine) => engine,
            None => EngineName::from_str(&kept.engine, false)
                .map_err(|_| anyhow!("unknown engine {:?} in the checkpoint", kept.engine))?,
        };
        let threads = match engine {
            EngineName::Fused => None,
            EngineName::Autodiff => NonZeroUsize::new(kept.threads),
        };
        Ok(Self {
            preset: args.preset.map_or_else(|| menu::preset(&kept.preset), Ok)?,
            code: args.code.unwrap_or(kept.code),
            config,
            source: args.data.source().unwrap_or_else(|| kept.data.source.clone()),
            init: args.init.clone().or_else(|| kept.init.clone()),
            engine,
            threads: args.threads.or(threads).unwrap_or_else(|| default_threads(config.batch_size())),
        })
    }
}

/// Trains, or goes on training, and writes the run with its two figures.
pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let path = args.run_folder();
    require_names_for_record(args)?;
    let kept = args.resume.then(|| open(&path)).transpose()?;
    // Whatever can be found wrong is found before a folder is touched.
    let plan = Plan::of(args, kept.as_ref().map(|(_, checkpoint)| checkpoint.settings()))?;
    let Plan { preset, code, config, source, init, engine, threads } = plan;
    menu::check_code(preset, code)?;
    let images = data::load(&source, config.seed())?;
    let mut model = menu::build(preset, images.train.pixels_per_image(), code, config.seed())?;
    // A run that goes on has its weights in its checkpoint.
    if let (Some(init), None) = (&init, &kept) {
        model.load(init)?;
    }
    let folder;
    let signals = Signals::watch().context("cannot watch for signals")?;
    let mut trainer = model.trainer(engine, &images, config, threads)?;
    let data = DataRecord { source, train: SetRecord::of(&images.train), test: SetRecord::of(&images.test) };
    let settings = trainer.settings(preset.name(), init.clone(), data.clone());
    let mut start = None;
    folder = match kept {
        None => create(path, args.force)?,
        Some((folder, checkpoint)) => {
            let (done, steps) = (checkpoint.epochs().len() as u64, checkpoint.steps());
            let weights = checkpoint.weights().to_string();
            trainer
                .resume(checkpoint, &settings)
                .with_context(|| format!("can't go on with the run in {}", folder.path().display()))?;
            if done == config.epochs() && is_written(&folder, &config, &weights) {
                let (run, command) = (folder.path().display(), resume_command(folder.path()));
                say!("the run in {run} is finished, with all its {done} epochs; to train it further:");
                say!("{command} --epochs {}", done.saturating_mul(2));
                return Ok(());
            }
            start = Some((done, steps));
            folder
        }
    };
    trainer.keep(&folder, settings, args.checkpoint_every.unwrap_or(CHECKPOINT_EVERY));
    trainer.stop_when({
        let signals = signals.clone();
        move || signals.came()
    });

    say!(
        "{}: {} training and {} test images of {} x {}, codes of {code}, seed {}, engine {}, {threads} threads",
        preset.name(),
        images.train.len(),
        images.test.len(),
        images.train.rows(),
        images.train.cols(),
        config.seed(),
        trainer.engine(),
    );
    let steps_an_epoch = images.train.len().div_ceil(config.batch_size());
    if let Some((done, steps)) = start {
        say!("going on after {done} of {} epochs and step {steps} of {steps_an_epoch}", config.epochs());
    }
    let mut progress = Progress::new(&config, images.train.len(), start.unwrap_or_default());
    let history = trainer.train(&mut |event| progress.observe(event));
    progress.finish();
    let command = resume_command(folder.path());
    let stopped = || {
        if folder.holds_checkpoint() {
            format!("the run has stopped; when what follows is mended, `{command}` goes on")
        } else {
            "the run has stopped before it had a checkpoint".to_owned()
        }
    };
    let history = history.map_err(|error| match error {
        TrainError::Stopped { epoch, step } => {
            let (command, exit_code) = (command.clone(), signals.exit_code());
            Interrupted { epoch, step, steps: steps_an_epoch, command, exit_code }.into()
        }
        error @ TrainError::Checkpoint(_) => Error::from(error).context(stopped()),
        error => Error::from(error),
    })?;
    signals.let_through();
    let engine = EngineRecord {
        name: trainer.engine().to_owned(),
        threads: threads.get(),
        inputs: trainer.inputs().to_owned(),
        density: images.train.density(),
    };
    drop(trainer);

    let record = RunRecord {
        format: RUN_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: ModelRecord {
            preset: preset.name().to_owned(),
            pixels: images.train.pixels_per_image(),
            code,
            init,
            identity: model.identity(),
        },
        config: config.params(),
        engine,
        data,
        baselines: history.baselines,
        last_epoch_train_bce: history.last().train_bce,
        train: history.train,
        test: history.test,
        restored: history.restored,
        wall_s: history.wall_s,
        images_per_s: images_per_s(&images, &history),
    };
    model.save(&folder.model_path()).with_context(stopped)?;
    folder.save(&history, &record).with_context(stopped)?;
    print_outcome(&history);
    say!("wrote {}", folder.model_path().display());
    say!("wrote {}", folder.history_path().display());
    say!("wrote {}", folder.record_path().display());
    figure::draw(&[FigureName::Reconstructions, FigureName::Loss], &run::open(Some(folder.path()))?, &images)
}

/// Refuses paths that `run.json` cannot hold, which would be found out after the last epoch.
fn require_names_for_record(args: &TrainArgs) -> Result<()> {
    let DataArgs { data, images, test_images } = &args.data;
    for path in [data, images, test_images, &args.init].into_iter().flatten() {
        ensure!(
            path.to_str().is_some(),
            "{}: its name is not UTF-8, and run.json could not hold it",
            path.display()
        );
    }
    Ok(())
}

/// The folder of a run from the start.
fn create(path: PathBuf, force: bool) -> Result<RunFolder> {
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    RunFolder::create(path, existing).map_err(|error| match error {
        error @ RunFolderError::HoldsRun { .. } => Error::from(error).context(
            "can't train into this folder (--resume goes on with its run, --force replaces it, --run names another)",
        ),
        error => error.into(),
    })
}

/// The folder of a run that goes on, and where it goes on.
fn open(path: &Path) -> Result<(RunFolder, Checkpoint)> {
    let folder = RunFolder::resume(path).map_err(|error| match error {
        error @ RunFolderError::NoCheckpoint { .. } => {
            Error::from(error).context("there is nothing to go on with (without --resume a run starts)")
        }
        error => error.into(),
    })?;
    let found = folder.checkpoint().context("there is nothing to go on with (--force starts anew)")?;
    if let Some(refused) = found.passed_over {
        let previous = folder.previous_checkpoint_path();
        let (refused, previous) = (Error::from(refused), previous.display());
        let _ = writeln!(io::stderr(), "warning: {refused:#}; going on from {previous}");
    }
    Ok((folder, found.checkpoint))
}

/// Whether the run that ended with these weights has all its files. `run.json` is the last that is written.
fn is_written(folder: &RunFolder, config: &TrainConfig, weights: &str) -> bool {
    let is_this = |record: RunRecord| record.config == config.params() && record.model.identity == weights;
    folder.record().is_ok_and(is_this) && folder.model_path().is_file() && folder.history_path().is_file()
}

/// What a user types to go on with the run in a folder.
fn resume_command(folder: &Path) -> String {
    let mut command = "cargo xtask train --resume".to_owned();
    if folder != paths::run_folder(PresetName::Shallow, PresetName::Shallow.default_code()) {
        let folder = folder.display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "/._-+=:@".contains(c);
        command += " --run ";
        command +=
            &if folder.chars().all(plain) { folder } else { format!("'{}'", folder.replace('\'', r"'\''")) };
    }
    command
}

fn images_per_s(images: &Split, history: &History) -> f64 {
    let trained = images.train.len() as f64 * history.epochs.len() as f64;
    trained / history.epochs.iter().map(|epoch| epoch.wall_s).sum::<f64>()
}

/// The figures of the run, over what they are to be read against.
fn print_outcome(history: &History) {
    let History { train, test, restored, baselines, .. } = history;
    say!();
    say!("                        BCE        MSE    PSNR dB  dead units");
    say!("last epoch, training    {:.4}", history.last().train_bce);
    for (name, found) in [("training set", train), ("test set", test)] {
        let ae_train::Evaluation { bce, mse, psnr_db, dead_units, .. } = found;
        say!("{name:<24}{bce:.4}  {mse:>9.5}  {psnr_db:>9.2}  {dead_units:>10}");
    }
    if let Some(Restoration { damaged_mse, mse, psnr_db }) = restored {
        say!("test set, damaged               {damaged_mse:>9.5}  {:>9.2}", ae_train::psnr_db(*damaged_mse));
        say!("test set, restored              {mse:>9.5}  {psnr_db:>9.2}");
    }
    let (bce, mse) = (baselines.mean_image_bce, baselines.mean_image_mse);
    say!("the mean image          {bce:.4}  {mse:>9.5}  {:>9.2}", ae_train::psnr_db(mse));
    say!("the entropy floor       {:.4}    0.00000", baselines.entropy_floor_bce);
    say!("trained in {:.1} s", history.wall_s);
    say!();
}
