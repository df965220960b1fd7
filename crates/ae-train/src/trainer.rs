//! The training loop.

use std::time::Duration;

use ae_data::{BatchPlan, Order, Split, Values};
use ae_net::{AsNetwork, Baselines, Evaluation, Outputs, Team};

use crate::engine::{Engine, Fused, evaluate, restore, rows};
use crate::keeper::Keeper;
use crate::progress::{Clock, Progress};
use crate::{
    AdamState, Checkpoint, EpochOrder, EpochRecord, History, Origin, RunFolder, RunSettings, TrainConfig,
    TrainError,
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
        /// Loss of the step's batch before the step, mean over its images and pixels: BCE in nats, or squared error.
        loss: f64,
        /// Mean loss of the epoch so far.
        train_loss: f64,
    },
    /// An epoch is done, and the test set evaluated.
    Epoch(&'a EpochRecord),
}

/// Who hears of steps and epochs.
type Observe<'a> = &'a mut (dyn FnMut(Event<'_>) + Send);

/// Trains one model on one set of images.
///
/// Which engine computes the steps is chosen by the constructor; the loop is the same.
///
/// # Example
/// A run that is stopped, and another trainer that goes on with it:
/// ```
/// # use std::time::Duration;
/// # use ae_data::{Samples, Split};
/// # use ae_net::{Description, Network, Team};
/// use ae_train::{
///     CHECKPOINT_EVERY, DataRecord, DataSource, Existing, Origin, RunFolder, SetRecord, TrainError, TrainParams, Trainer,
/// };
///
/// # let images = Samples::new((2, 2), [[255, 0, 255, 0], [0, 255, 0, 255]].repeat(4).concat())?;
/// # let split = Split { train: images.clone(), test: images };
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path().join("run");
/// let config = TrainParams { epochs: 9, batch_size: 4, ..TrainParams::default() }.check()?;
/// let set = SetRecord::of(&split.train);
/// let source = DataSource::Folder("data".into());
/// let (form, scaling) = Default::default();
/// let data = DataRecord { source, from: None, form, scaling, train: set.clone(), test: set };
/// let origin = Origin { preset: "mine".to_owned(), hidden: Some(vec![]), init: None, data };
///
/// let mut network = Network::draw(&Description::dense(4, &[], 4), 0)?;
/// let run = RunFolder::create(&folder, Existing::Refuse)?;
/// let mut trainer = Trainer::fused(&mut network, &split, config, Team::new(1)?)?;
/// trainer.keep(&run, trainer.settings(origin.clone()), CHECKPOINT_EVERY);
/// trainer.stop_when(|| true); // after the first step
/// assert!(matches!(trainer.train(&mut |_| {}), Err(TrainError::Stopped { epoch: 1, step: 1 })));
/// drop(trainer);
/// drop(run); // and with it the lock
///
/// let mut network = Network::draw(&Description::dense(4, &[], 4), 0)?;
/// let run = RunFolder::resume(&folder)?;
/// let mut trainer = Trainer::fused(&mut network, &split, config, Team::new(1)?)?;
/// let settings = trainer.settings(origin);
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
    /// A trainer on hand-derived kernels, for models that are networks of dense layers, run-time ones or typed ones: the
    /// fast one.
    ///
    /// The trained weights are the same bits for any team.
    ///
    /// # Errors
    /// [`TrainError::Argument`]: images that `model` can't be trained on, or a network whose outputs are clipped;
    /// [`TrainError::Net`] if the model is no network.
    pub fn fused<M: AsNetwork + Send>(
        model: &'a mut M,
        images: &'a Split,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let network = model.network()?;
        check(images, network.pixels(), network.outputs())?;
        let engine = Box::new(Fused::new(model, network, &images.train, config, team.clone())?);
        Ok(Self::new(config, images, engine, team))
    }

    /// A trainer on dfdx's tape, for any pair of dfdx modules and for a network of run-time sizes: the reference for what
    /// is correct.
    ///
    /// # Errors
    /// [`TrainError::Argument`]: images that `model` can't be trained on, or a network whose outputs are clipped;
    /// [`TrainError::Model`] if memory runs out; [`TrainError::Net`] if the system gives no threads.
    #[cfg(feature = "autodiff")]
    pub fn autodiff<M: crate::Differentiable>(
        model: &'a mut M,
        images: &'a Split,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let model = model.on_tape()?;
        check(images, model.sizes().0, model.outputs())?;
        let engine = Box::new(crate::engine::Autodiff::new(model, config, team.clone())?);
        Ok(Self::new(config, images, engine, team))
    }

    fn new(config: TrainConfig, images: &'a Split, engine: Box<dyn Engine + 'a>, team: Team) -> Self {
        let (progress, stop) = (Progress::default(), Box::new(|| false));
        Self { config, images, engine, team, progress, resumed: false, keeper: None, stop }
    }

    /// What this run is, for its checkpoints.
    pub fn settings(&self, Origin { preset, hidden, init, data }: Origin) -> RunSettings {
        let (pixels, code) = self.engine.sizes();
        let (config, engine) = (self.config.params(), self.engine.name().to_owned());
        let (outputs, threads) = (self.engine.outputs(), self.team.threads());
        RunSettings { preset, hidden, pixels, code, outputs, init, config, engine, threads, data }
    }

    /// Goes on from a checkpoint instead of from the model as it is.
    ///
    /// [`train`](Self::train) then ends with the same bits as a run that was never stopped: the same weights, figures
    /// and history, but for the seconds. `settings` are this trainer's own.
    ///
    /// # Errors
    /// [`TrainError::Differs`] if the checkpoint's settings are not `settings`; more epochs are allowed unless the step
    /// size decays, and with the fused engine another number of threads. [`TrainError::Weights`] if its tensors are not
    /// the model's. Nothing changes then.
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
    /// epoch's weights. With 0 epochs it is evaluated as it is.
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

    /// How the model's outputs are read: logits are trained by BCE, values by squared error.
    pub fn outputs(&self) -> Outputs {
        self.engine.outputs()
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
    fn run(&mut self, observe: Observe<'_>) -> Result<History, TrainError> {
        let clock = Clock::from(self.progress.wall_s);
        let order = match self.config.order() {
            EpochOrder::Shuffled => Order::Shuffled { seed: self.config.seed() },
            EpochOrder::Sequential => Order::Sequential,
        };
        let plan = BatchPlan::new(self.images.train.len(), self.config.batch_size(), order)?;
        if let Some(keeper) = &mut self.keeper {
            keeper.begin(&*self.engine, &self.progress, self.resumed)?;
        }
        let mut test = None;
        while self.progress.epoch() <= self.config.epochs() {
            self.steps(&plan, clock, observe)?;
            let test = test.insert(evaluate(&*self.engine, &self.team, &self.images.test)?);
            let record = self.progress.record(test);
            observe(Event::Epoch(&record));
            self.progress.finish(record);
            self.offer_checkpoint()?;
        }
        self.engine.write_back()?;
        let history = self.history(test, clock)?;
        self.finish_checkpoints()?;
        Ok(history)
    }

    /// The steps that are left of the epoch under way.
    fn steps(&mut self, plan: &BatchPlan, run: Clock, observe: Observe<'_>) -> Result<(), TrainError> {
        let (epoch, clock) = (self.progress.epoch(), Clock::from(self.progress.epoch_s));
        for rows in plan.epoch(epoch).batches().skip(self.progress.steps) {
            let loss = self.engine.step(epoch, &self.images.train, rows)?;
            let step = self.progress.steps + 1;
            if !loss.is_finite() {
                let learning_rate = self.config.learning_rate();
                return Err(TrainError::NonFinite { epoch, step, value: loss, learning_rate });
            }
            self.progress.step(loss, rows.len());
            (self.progress.epoch_s, self.progress.wall_s) = (clock.seconds(), run.seconds());
            observe(Event::Step { epoch, step, loss, train_loss: self.progress.mean.value() });
            self.offer_checkpoint()?;
            if (self.stop)() {
                self.finish_checkpoints()?;
                self.engine.write_back()?;
                return Err(TrainError::Stopped { epoch, step });
            }
        }
        Ok(())
    }

    /// How it went; `test` is what the last epoch scored, if this call has trained one.
    fn history(&self, test: Option<Evaluation>, clock: Clock) -> Result<History, TrainError> {
        let (engine, team, images) = (&*self.engine, &self.team, self.images);
        let restored = self.config.corruption();
        let restored = restored.map(|corruption| restore(engine, team, &images.test, &corruption));
        let outputs = engine.outputs();
        Ok(History {
            outputs,
            epochs: self.progress.epochs.clone(),
            train: evaluate(engine, team, &images.train)?,
            test: test.map_or_else(|| evaluate(engine, team, &images.test), Ok)?,
            restored: restored.transpose()?,
            baselines: Baselines::of(outputs, rows(&images.train)?, rows(&images.test)?),
            wall_s: clock.seconds(),
        })
    }

    fn offer_checkpoint(&mut self) -> Result<(), TrainError> {
        self.keeper.as_mut().map_or(Ok(()), |keeper| keeper.offer(&*self.engine, &self.progress))
    }

    fn finish_checkpoints(&mut self) -> Result<(), TrainError> {
        self.keeper.as_mut().map_or(Ok(()), |keeper| keeper.finish(&*self.engine, &self.progress))
    }
}

/// Refuses images that a model of `expected` pixels and such outputs can't be trained on.
fn check(images: &Split, expected: usize, outputs: Outputs) -> Result<(), TrainError> {
    if let (Outputs::Logits, Values::Floats(values)) = (outputs, images.train.values())
        && let Some(value) = values.iter().find(|value| !(0.0..=1.0).contains(*value))
    {
        let expected = "values from 0 to 1, or a network whose outputs are values";
        return Err(TrainError::argument("the training images", expected, value));
    }
    for (what, images) in [("the training images", &images.train), ("the test images", &images.test)] {
        if images.is_empty() {
            return Err(TrainError::argument(what, "at least one", 0));
        }
        if images.width() != expected {
            let (expected, found) = (format!("{expected} numbers each"), images.shape().to_string());
            return Err(TrainError::argument(what, expected, found));
        }
    }
    Ok(())
}
