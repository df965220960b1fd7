//! `ae train`.

mod args;
mod outcome;
mod plan;
mod prepared;
mod verdicts;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ae_data::Split;
use ae_net::Network;
use ae_train::{
    CHECKPOINT_EVERY, Checkpoint, DataRecord, EngineRecord, Existing, History, Origin, RunFolder,
    RunFolderError, TrainConfig, TrainError, TrainedOn, Trainer, judge_images,
};
use anyhow::{Context, Error, Result, ensure};

pub(crate) use self::args::TrainArgs;
use self::plan::Plan;
use self::prepared::Prepared;
use crate::figure::{self, FigureName};
use crate::output::say;
use crate::progress::Progress;
use crate::run::{self, resume_command};
use crate::signals::{self, Stopped};

/// Trains, or goes on training, and writes the run with its two figures.
pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let path = args.run_folder();
    require_names_for_record(args)?;
    let kept = args.resume.then(|| open(&path)).transpose()?;
    // Whatever can be found wrong is found before a folder is touched.
    let plan = match &kept {
        None => Plan::new(args, &path)?,
        Some((_, checkpoint)) => Plan::resumed(args, checkpoint.settings(), &path)?,
    };
    let mut unread = Vec::new();
    let data = plan.prepare(&path, |labels| unread.push(labels))?;
    let mut network = plan.network(&data, kept.is_some())?;
    let hold = signals::hold();
    let Some(trained) = trained(args, &plan, kept, &data, &mut network)? else { return Ok(()) };
    for labels in unread {
        let _ = writeln!(io::stderr(), "note: trained without labels: {labels:#}");
    }
    let folder = trained.folder.path().to_owned();
    trained.save(&plan, &network, &data.images)?;
    if let Some(signal) = hold.finish() {
        let said = format!("stopped by {signal}: {} is whole, but for figures", folder.display());
        return Err(Stopped::by(signal, said).into());
    }
    let run = run::open(&folder)?;
    figure::draw(&[FigureName::Reconstructions, FigureName::Loss], &run, &run.images_at_hand(data.images))
}

/// A run that has come to its end, and whose folder has only checkpoints yet.
struct Trained {
    folder: RunFolder,
    history: History,
    engine: EngineRecord,
    origin: Origin,
    trained_on: TrainedOn,
}

/// Trains to the end in the run's folder; nothing if the run was at its end before.
fn trained(
    args: &TrainArgs,
    plan: &Plan,
    kept: Option<(RunFolder, Checkpoint)>,
    data: &Prepared,
    network: &mut Network,
) -> Result<Option<Trained>> {
    let folder;
    let images = &data.images;
    let parameters = plan.description(network.pixels(), data.outputs).parameters();
    let mut trainer = plan.trainer(network, images)?;
    let origin = plan.origin(data);
    let settings = trainer.settings(origin.clone());
    let (resumes, mut done) = (kept.is_some(), (0, 0));
    folder = match kept {
        None => create(args.run_folder(), args.force)?,
        Some((folder, checkpoint)) => {
            done = (checkpoint.epochs().len() as u64, checkpoint.steps());
            let weights = checkpoint.weights().to_string();
            let began_with = checkpoint.settings().data.clone();
            trainer
                .resume(checkpoint, &settings)
                .with_context(|| format!("can't go on with the run in {}", folder.path().display()))?;
            tell_of_labels(&began_with, &origin.data);
            if done.0 == plan.config.epochs() && is_written(&folder, plan, &weights) {
                finished_already(&folder, &plan.config);
                return Ok(None);
            }
            folder
        }
    };
    trainer.keep(&folder, settings, args.checkpoint_every.unwrap_or(CHECKPOINT_EVERY));
    trainer.stop_when(|| signals::came().is_some());
    let trained_on = TrainedOn::of(&images.train);
    announce(plan, data, &trainer, parameters, resumes.then_some(done));
    tell_of_overlap(&trained_on, images);
    let history = train(&mut trainer, &plan.config, images, done, &folder)?;
    let engine = EngineRecord {
        name: trainer.engine().to_owned(),
        threads: plan.team.threads(),
        used: plan.team.used(),
        inputs: trainer.inputs().to_owned(),
        density: images.train.density(),
    };
    drop(trainer);
    Ok(Some(Trained { folder, history, engine, origin, trained_on }))
}

impl Trained {
    /// Writes what the run has come to, and says it.
    fn save(self, plan: &Plan, network: &Network, images: &Split) -> Result<()> {
        let Self { folder, history, engine, origin, trained_on } = self;
        let record = outcome::record(plan, origin, engine, network, images, &history);
        figure::clear(&folder).with_context(|| stopped(&folder))?;
        network.save(folder.model_path()).with_context(|| stopped(&folder))?;
        let record = folder.save(&history, &trained_on, record).with_context(|| stopped(&folder))?;
        outcome::print(&history, record.pca, &record.engine.used);
        let goes_on = (record.config.decay == 0.0).then_some(folder.path());
        verdicts::print(&record.verdicts, goes_on);
        for written in [folder.model_path(), folder.history_path(), folder.record_path()] {
            say!("wrote {}", written.display());
        }
        Ok(())
    }
}

/// Says what is about to happen; `done` are the epochs and steps of a run that goes on.
fn announce(
    plan: &Plan,
    data: &Prepared,
    trainer: &Trainer<'_>,
    parameters: usize,
    done: Option<(u64, usize)>,
) {
    let (preset, code, seed) = (plan.preset.name(), plan.code, plan.config.seed());
    let (engine, team) = (trainer.engine(), &plan.team);
    say!("{preset}: codes of {code}, {parameters} parameters, seed {seed}, engine {engine}, {team}");
    let (images, shape) = (&data.images, data.images.train.shape());
    let Split { train, test } = images;
    if shape.is_list() {
        say!("{} training and {} test rows of {shape} numbers", train.len(), test.len());
    } else {
        say!("{} training and {} test images of {shape} pixels", train.len(), test.len());
    }
    if data.scaling.is_some() || train.bytes().is_none() || !data.outputs.is_logits() {
        say!("{}", data.in_words());
    }
    if !data.form.classes.is_empty() {
        say!("{} classes: {}", data.form.classes.len(), listed(&data.form.classes));
    }
    data.notes.iter().for_each(|note| say!("note: {note}"));
    if let Some((done, steps)) = done {
        let (epochs, all) = (plan.config.epochs(), steps_an_epoch(images, &plan.config));
        say!("going on after {done} of {epochs} epochs and step {steps} of {all}");
    }
    verdicts::print(judge_images(&images.train).as_slice(), None);
}

/// The first of some names.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| name.escape_debug().take(40).collect::<String>());
    let shown = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, ..") } else { shown }
}

/// Says that a run goes on with other labels than it began with, which its record will then name.
fn tell_of_labels(kept: &DataRecord, now: &DataRecord) {
    let labels = |data: &DataRecord| (data.train.labels_sha256.clone(), data.test.labels_sha256.clone());
    let (began_with, now) = (labels(kept), labels(now));
    if began_with != (None, None) && began_with != now {
        let _ = writeln!(io::stderr(), "note: the labels are not those that the run began with");
    }
}

/// Says how many of the test images are training images too: what the test set scores is not what new images would.
fn tell_of_overlap(trained_on: &TrainedOn, Split { test, .. }: &Split) {
    let both = test.len() - trained_on.others(test).len();
    if both > 0 {
        say!("{both} of {} test images are training images too", test.len());
    }
}

/// Trains to the end, or to a signal, and shows how far it is.
fn train(
    trainer: &mut Trainer<'_>,
    config: &TrainConfig,
    images: &Split,
    done: (u64, usize),
    folder: &RunFolder,
) -> Result<History> {
    let mut progress = Progress::new(config, trainer.outputs(), images.train.len(), done);
    let history = trainer.train(&mut |event| progress.observe(event));
    progress.finish();
    history.map_err(|error| match error {
        TrainError::Stopped { epoch, step } => {
            let signal = signals::came().expect("a run is stopped when one has come");
            let (steps, command) = (steps_an_epoch(images, config), resume_command(folder.path()));
            let said =
                format!("stopped in epoch {epoch}, after step {step} of {steps}; to go on:\n{command}");
            Stopped::by(signal, said).into()
        }
        error @ TrainError::Checkpoint(_) => Error::from(error).context(stopped(folder)),
        error => Error::from(error),
    })
}

fn steps_an_epoch(images: &Split, config: &TrainConfig) -> usize {
    images.train.len().div_ceil(config.batch_size())
}

/// What is left of a run that could not go on.
fn stopped(folder: &RunFolder) -> String {
    if folder.holds_checkpoint() {
        let command = resume_command(folder.path());
        format!("the run has stopped; when what follows is mended, `{command}` goes on")
    } else {
        "the run has stopped before it had a checkpoint".to_owned()
    }
}

fn finished_already(folder: &RunFolder, config: &TrainConfig) {
    let (run, epochs) = (folder.path().display(), config.epochs());
    if config.params().decay > 0.0 && epochs > 0 {
        say!("the run in {run} is finished: its step size has fallen to 0 over its {epochs} epochs");
        return;
    }
    let command = resume_command(folder.path());
    say!("the run in {run} is finished, with all its {epochs} epochs; to train it further:");
    say!("{command} --epochs {}", (2 * epochs).max(1));
}

/// Refuses paths that `run.json` cannot hold, which would be found out after the last epoch.
fn require_names_for_record(args: &TrainArgs) -> Result<()> {
    for path in args.data.paths().chain(&args.init) {
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

/// Whether the run that ended with these weights has all its files, and nothing else in their places. `run.json` is the
/// last that is written.
fn is_written(folder: &RunFolder, plan: &Plan, weights: &str) -> bool {
    folder.record().is_ok_and(|record| {
        record.config == plan.config.params()
            && record.model.identity == weights
            && folder.network(&record, &plan.description(record.model.pixels, record.model.outputs)).is_ok()
            && folder.history(&record).is_ok()
            && folder.trained_on(&record).is_ok()
    })
}
