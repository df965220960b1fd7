//! What several of the tests train, and how.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![allow(dead_code, reason = "no test uses all of it")]

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use ae_data::{Limits, Samples, Split, open_folder};
use ae_net::{Description, Network, Team};
use ae_train::{
    CHECKPOINT_EVERY, DataRecord, DataSource, EpochOrder, Existing, History, Origin, RunFolder,
    RunFolderError, SetRecord, TrainConfig, TrainError, TrainParams, Trainer,
};

pub(crate) const NEVER: usize = usize::MAX;

/// Which engine, and on which kind of model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Fused,
    /// The tape, on a network.
    #[cfg(feature = "autodiff")]
    Autodiff,
    /// The tape, on a typed model.
    #[cfg(feature = "autodiff")]
    Typed,
}

#[cfg(not(feature = "autodiff"))]
pub(crate) const KINDS: [Kind; 1] = [Kind::Fused];
#[cfg(feature = "autodiff")]
pub(crate) const KINDS: [Kind; 3] = [Kind::Fused, Kind::Autodiff, Kind::Typed];

pub(crate) fn team(threads: usize) -> Team {
    Team::new(threads).unwrap()
}

pub(crate) fn sequential(epochs: u64) -> TrainParams {
    TrainParams { epochs, order: EpochOrder::Sequential, ..TrainParams::default() }
}

pub(crate) fn network(pixels: usize, hidden: &[usize], code: usize, seed: u64) -> Network {
    Network::draw(&Description::dense(pixels, hidden, code), seed).unwrap()
}

/// A trainer of a network on an engine.
pub(crate) fn trainer<'a>(
    kind: Kind,
    network: &'a mut Network,
    split: &'a Split,
    config: TrainConfig,
    team: Team,
) -> Result<Trainer<'a>, TrainError> {
    match kind {
        Kind::Fused => Trainer::fused(network, split, config, team),
        #[cfg(feature = "autodiff")]
        Kind::Autodiff | Kind::Typed => Trainer::autodiff(network, split, config, team),
    }
}

/// The first images of MNIST.
pub(crate) fn mnist(train: u32, test: u32) -> Split {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let split = open_folder(&folder, &Limits::default()).unwrap();
    let first = |set: &Samples, count: u32| set.select(&(0..count).collect::<Vec<_>>()).unwrap();
    Split { train: first(&split.train, train), test: first(&split.test, test) }
}

/// Bars at places that differ from image to image; an eighth of the pixels is lit, so that the first layer is sparse.
fn bars(count: usize) -> Samples {
    let pixels: Vec<u8> = (0..count)
        .flat_map(|image| {
            (0..16).map(move |at| if (at + 5 * image) % 8 == 0 { 40 + 20 * image as u8 } else { 0 })
        })
        .collect();
    Samples::new((4, 4), pixels).unwrap()
}

/// Ten images in batches of 3: four steps an epoch, the last of one image.
pub(crate) fn split() -> Split {
    Split { train: bars(10), test: bars(4) }
}

pub(crate) fn params() -> TrainParams {
    TrainParams { epochs: 3, batch_size: 3, learning_rate: 0.01, seed: 7, ..TrainParams::default() }
}

pub(crate) fn origin(split: &Split) -> Origin {
    let data = DataRecord {
        source: DataSource::Folder("somewhere".into()),
        from: None,
        form: ae_data::Form::default(),
        scaling: None,
        train: SetRecord::of(&split.train),
        test: SetRecord::of(&split.test),
    };
    Origin { preset: "test".to_owned(), hidden: Some(Vec::new()), init: None, data }
}

/// Asks to stop after so many steps.
pub(crate) fn after(steps: usize) -> impl Fn() -> bool + Send {
    let left = Cell::new(steps);
    move || {
        left.set(left.get() - 1);
        left.get() == 0
    }
}

pub(crate) fn untimed(mut history: History) -> History {
    history.wall_s = 0.0;
    history.epochs.iter_mut().for_each(|epoch| epoch.wall_s = 0.0);
    history
}

/// A run of 16 pixels and a code of 8 numbers.
pub(crate) struct Run {
    pub(crate) kind: Kind,
    pub(crate) params: TrainParams,
    pub(crate) threads: usize,
}

/// The weights' identity and the history, without the seconds.
pub(crate) type Outcome = (String, History);

impl Run {
    /// Trains in `folder` until `steps` more are done, from its checkpoint if it has one.
    pub(crate) fn go(&self, folder: &Path, steps: usize) -> Result<Outcome, TrainError> {
        self.go_on(folder, steps, CHECKPOINT_EVERY)
    }

    pub(crate) fn go_on(&self, folder: &Path, steps: usize, every: Duration) -> Result<Outcome, TrainError> {
        let folder = open(folder);
        let (split, mut network) = (split(), network(16, &[], 8, 1));
        let (config, team) = (self.params.check().unwrap(), team(self.threads));
        #[cfg(feature = "autodiff")]
        if self.kind == Kind::Typed {
            let mut model = ae_model::Shallow::<16, 8>::build(1).unwrap();
            let trainer = Trainer::autodiff(&mut model, &split, config, team)?;
            let history = train(trainer, &folder, &split, steps, every)?;
            return Ok((model.identity().to_string(), history));
        }
        let trainer = trainer(self.kind, &mut network, &split, config, team)?;
        let history = train(trainer, &folder, &split, steps, every)?;
        Ok((network.identity().to_string(), history))
    }
}

/// A run's folder to go on in, or to start in.
pub(crate) fn open(folder: &Path) -> RunFolder {
    match RunFolder::resume(folder) {
        Ok(folder) => folder,
        Err(RunFolderError::NoCheckpoint { .. }) => RunFolder::create(folder, Existing::Refuse).unwrap(),
        Err(error) => panic!("{error}"),
    }
}

/// Trains until `steps` more are done, from the folder's checkpoint if it has one.
pub(crate) fn train<'a>(
    mut trainer: Trainer<'a>,
    folder: &'a RunFolder,
    split: &Split,
    steps: usize,
    every: Duration,
) -> Result<History, TrainError> {
    let settings = trainer.settings(origin(split));
    if folder.holds_checkpoint() {
        trainer.resume(folder.checkpoint().unwrap().checkpoint, &settings)?;
    }
    trainer.keep(folder, settings, every);
    trainer.stop_when(after(steps));
    trainer.train(&mut |_| {}).map(untimed)
}

pub(crate) fn whole(run: &Run) -> Outcome {
    run.go(tempfile::tempdir().unwrap().path(), NEVER).unwrap()
}

pub(crate) fn stopped(result: Result<Outcome, TrainError>) -> (u64, usize) {
    match result {
        Err(TrainError::Stopped { epoch, step }) => (epoch, step),
        other => panic!("expected to be stopped, got {other:?}"),
    }
}
