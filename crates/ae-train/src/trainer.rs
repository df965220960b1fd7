//! The training loop.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ae_data::{BatchPlan, Order, Split, Tail};
use ae_dense::Team;
use ae_model::dfdx::shapes::ConstDim;
use ae_model::{Autoencoder, AutoencoderStack, Network, Parameters};

use crate::checkpoint::Progress;
use crate::engine::{Autodiff, Engine, Fused, evaluate, restore};
use crate::keeper::Keeper;
use crate::{
    AdamState, Baselines, Checkpoint, DataRecord, EpochOrder, EpochRecord, History, RunFolder, RunSettings,
    TrainConfig, TrainError,
};

/// What a run tells its caller while it goes on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step is done.
    Step {
        /// The epoch it belongs to, from 1.
        epoch: u64,
        /// Steps of the epoch that are done, from 1.
        step: usize,
        /// BCE of the step's batch before the step, mean over its images and pixels, nats.
        bce: f64,
        /// Mean BCE of the epoch so far, nats.
        train_bce: f64,
    },
    /// An epoch is done, and the test set evaluated.
    Epoch(&'a EpochRecord),
}

/// Trains one model on one set of images.
///
/// Which engine computes the steps is chosen by the constructor; the loop is the same.
///
/// # Example
/// A run that is stopped, and another trainer that goes on with it:
/// ```
/// # use std::{num::NonZeroUsize, time::Duration};
/// # use ae_data::{ImageSet, Split};
/// # use ae_model::Shallow;
/// use ae_train::{CHECKPOINT_EVERY, DataRecord, DataSource, Existing, RunFolder, SetRecord, TrainError, TrainParams, Trainer};
///
/// # let images = ImageSet::new(2, 2, [[255, 0, 255, 0], [0, 255, 0, 255]].repeat(4).concat(), None)?;
/// # let split = Split { train: images.clone(), test: images };
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path().join("run");
/// let config = TrainParams { epochs: 9, batch_size: 4, ..TrainParams::default() }.check()?;
/// let set = SetRecord::of(&split.train);
/// let data = DataRecord { source: DataSource::Folder("data".into()), train: set.clone(), test: set };
///
/// let mut model = Shallow::<4, 4>::build(0)?;
/// let run = RunFolder::create(&folder, Existing::Refuse)?;
/// let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN)?;
/// trainer.keep(&run, trainer.settings("mine", None, data.clone()), CHECKPOINT_EVERY);
/// trainer.stop_when(|| true); // after the first step
/// assert!(matches!(trainer.train(&mut |_| {}), Err(TrainError::Stopped { epoch: 1, step: 1 })));
/// drop(trainer);
/// drop(run); // and with it the lock
///
/// let mut model = Shallow::<4, 4>::build(0)?;
/// let run = RunFolder::resume(&folder)?;
/// let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN)?;
/// let settings = trainer.settings("mine", None, data);
/// trainer.resume(run.checkpoint()?.checkpoint, &settings)?;
/// trainer.keep(&run, settings, CHECKPOINT_EVERY);
/// assert_eq!(trainer.train(&mut |_| {})?.epochs.len(), 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a> {
    config: TrainConfig,
    images: &'a Split,
    engine: Box<dyn Engine + 'a>,
    team: Team,
    progress: Progress,
    resumed: bool,
    keeper: Option<Keeper<'a>>,
    stop: Box<dyn Fn() -> bool + Send + 'a>,
}

impl<'a> Trainer<'a> {
    /// A trainer on hand-derived kernels, for models that are stacks of dense layers: the fast one.
    ///
    /// The trained weights are the same bits whatever the number of threads.
    ///
    /// # Errors
    /// As [`Trainer::autodiff`], and [`TrainError::Dense`] if the layers do not fit together.
    pub fn fused<M>(
        model: &'a mut M,
        images: &'a Split,
        config: TrainConfig,
        threads: NonZeroUsize,
    ) -> Result<Self, TrainError>
    where
        M: AutoencoderStack + Parameters + Send + Sync,
    {
        let team = Team::new(threads.get())?;
        let pixels = model.layers().first().map_or(0, |layer| layer.inputs());
        check(images, pixels)?;
        let engine = Box::new(Fused::new(model, &images.train, config, team.clone())?);
        Ok(Self::new(config, images, engine, team))
    }

    /// A trainer on dfdx's tape, for any pair of dfdx modules: the reference for what is correct.
    ///
    /// # Errors
    /// [`TrainError::NoImages`], [`TrainError::ImageSize`]: images that `model` can't be trained on;
    /// [`TrainError::Model`] if the gradients can't be allocated; [`TrainError::Threads`] or
    /// [`TrainError::Dense`] if the system gives no threads.
    pub fn autodiff<E, D>(
        model: &'a mut Autoencoder<E, D>,
        images: &'a Split,
        config: TrainConfig,
        threads: NonZeroUsize,
    ) -> Result<Self, TrainError>
    where
        E: Network + Send + Sync,
        D: Network<In = E::Out, Out = E::In> + Send + Sync,
    {
        check(images, E::In::SIZE)?;
        let team = Team::new(threads.get())?;
        let engine = Box::new(Autodiff::new(model, config, team.clone())?);
        Ok(Self::new(config, images, engine, team))
    }

    fn new(config: TrainConfig, images: &'a Split, engine: Box<dyn Engine + 'a>, team: Team) -> Self {
        let (progress, stop) = (Progress::default(), Box::new(|| false));
        Self { config, images, engine, team, progress, resumed: false, keeper: None, stop }
    }

    /// What this run is, for its checkpoints; of `preset`, `init` and `data` the caller alone knows.
    pub fn settings(&self, preset: &str, init: Option<PathBuf>, data: DataRecord) -> RunSettings {
        let (pixels, code) = self.engine.sizes();
        RunSettings {
            preset: preset.to_owned(),
            pixels,
            code,
            init,
            config: self.config.params(),
            engine: self.engine.name().to_owned(),
            threads: self.team.threads(),
            data,
        }
    }

    /// Goes on from a checkpoint instead of from the model as it is.
    ///
    /// [`train`](Self::train) then ends with the same bits as a run that was never stopped: the same weights, figures
    /// and history, but for the seconds. `settings` are this trainer's own.
    ///
    /// # Errors
    /// [`TrainError::Differs`] if the checkpoint's settings are not `settings`; more epochs are allowed unless the step
    /// size decays, and with the fused engine another number of threads. [`TrainError::Model`] or [`TrainError::Dense`] if its tensors are
    /// not the model's. Nothing changes then.
    pub fn resume(&mut self, checkpoint: Checkpoint, settings: &RunSettings) -> Result<(), TrainError> {
        checkpoint.settings().require(settings)?;
        let (parameters, adam, progress) = checkpoint.into_parts();
        self.engine.restore(&parameters, adam)?;
        (self.progress, self.resumed) = (progress, true);
        Ok(())
    }

    /// Keeps checkpoints in `folder`: before the first step, after every epoch (those shorter than a quarter of a second
    /// share one), `every` so often within one, and where the run ends or stops. `settings` are this trainer's own.
    ///
    /// They are written beside the training, one at a time; a disk that can't keep up gets fewer. A run whose
    /// checkpoint can't be written ends with the error, as nobody would want it to go on unsafe.
    pub fn keep(&mut self, folder: &'a RunFolder, settings: RunSettings, every: Duration) {
        self.keeper = Some(Keeper::new(folder, settings, every));
    }

    /// Asks `stop` after every step whether to end the run there.
    pub fn stop_when(&mut self, stop: impl Fn() -> bool + Send + 'a) {
        self.stop = Box::new(stop);
    }

    /// Trains for the configured number of epochs, those before a checkpoint included; the model then has the last
    /// epoch's weights.
    ///
    /// `observe` hears of every step and every epoch.
    ///
    /// # Errors
    /// [`TrainError::NonFinite`] as soon as a step's loss is not a finite number, [`TrainError::Stopped`] if the run
    /// was asked to stop, [`TrainError::Checkpoint`] if a checkpoint can't be written. The newest checkpoint that was
    /// written is whole in any case.
    pub fn train(&mut self, observe: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<History, TrainError> {
        // A step is shared out in pieces of microseconds: entering the team once, here, makes each of
        // them a call from inside it.
        let team = self.team.clone();
        let result = team.enter(|| self.run(observe));
        match self.keeper.as_mut().map_or(Ok(()), Keeper::wait) {
            Ok(()) => result,
            Err(error) => result.and(Err(error)),
        }
    }

    /// The engine's name: `fused` or `autodiff`.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// How the first layer reads the training images: `sparse`, over lists of nonzero pixels, or `dense`,
    /// over all of them. Noise makes any image dense.
    pub fn inputs(&self) -> &'static str {
        self.engine.inputs()
    }

    /// What Adam remembers of the steps so far.
    pub fn adam_state(&self) -> AdamState {
        self.engine.adam_state()
    }

    /// The loop itself.
    fn run(&mut self, observe: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<History, TrainError> {
        let Self { config, images: Split { train, test }, engine, team, progress, resumed, keeper, stop } =
            self;
        let engine = engine.as_mut();
        let (started, wall_s) = (Instant::now(), progress.wall_s);
        let order = match config.order() {
            EpochOrder::Shuffled => Order::Shuffled { seed: config.seed() },
            EpochOrder::Sequential => Order::Sequential,
        };
        let plan = BatchPlan::new(train.len(), config.batch_size(), order, Tail::Keep)?;
        if let Some(keeper) = keeper {
            keeper.begin(engine, progress, *resumed)?;
        }
        let mut latest = None;
        while progress.epoch() <= config.epochs() {
            let epoch = progress.epoch();
            let (clock, epoch_s) = (Instant::now(), progress.epoch_s);
            for rows in plan.epoch(epoch).batches().skip(progress.steps) {
                let bce = engine.step(epoch, train, rows)?;
                let (step, learning_rate) = (progress.steps + 1, config.learning_rate());
                if !bce.is_finite() {
                    return Err(TrainError::NonFinite { epoch, step, value: bce, learning_rate });
                }
                progress.step(bce, rows.len());
                progress.epoch_s = epoch_s + clock.elapsed().as_secs_f64();
                progress.wall_s = wall_s + started.elapsed().as_secs_f64();
                observe(Event::Step { epoch, step, bce, train_bce: progress.mean.value() });
                if let Some(keeper) = keeper {
                    keeper.offer(engine, progress)?;
                }
                if stop() {
                    if let Some(keeper) = keeper {
                        keeper.finish(engine, progress)?;
                    }
                    engine.write_back()?;
                    return Err(TrainError::Stopped { epoch, step });
                }
            }
            let test = latest.insert(evaluate(engine, team, test)?);
            let record = EpochRecord {
                epoch,
                train_bce: progress.mean.value(),
                test_bce: test.bce,
                test_mse: test.mse,
                test_psnr_db: test.psnr_db,
                dead_units: test.dead_units,
                wall_s: progress.epoch_s,
            };
            observe(Event::Epoch(&record));
            progress.finish(record);
            if let Some(keeper) = keeper {
                keeper.offer(engine, progress)?;
            }
        }
        engine.write_back()?;
        let restored = config.corruption().map(|corruption| restore(engine, team, test, &corruption));
        let history = History {
            epochs: progress.epochs.clone(),
            train: evaluate(engine, team, train)?,
            test: latest.map_or_else(|| evaluate(engine, team, test), Ok)?,
            restored: restored.transpose()?,
            baselines: Baselines::of(train, test),
            wall_s: wall_s + started.elapsed().as_secs_f64(),
        };
        if let Some(keeper) = keeper {
            keeper.finish(engine, progress)?;
        }
        Ok(history)
    }
}

/// Refuses images that a model of `expected` pixels can't be trained on.
fn check(images: &Split, expected: usize) -> Result<(), TrainError> {
    for (set, images) in [("training", &images.train), ("test", &images.test)] {
        if images.is_empty() {
            return Err(TrainError::NoImages { set });
        }
        if images.pixels_per_image() != expected {
            return Err(TrainError::ImageSize { set, rows: images.rows(), cols: images.cols(), expected });
        }
    }
    Ok(())
}
