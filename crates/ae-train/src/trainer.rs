//! The training loop.

use std::num::NonZeroUsize;
use std::time::Instant;

use ae_data::{BatchPlan, Order, Split, Tail};
use ae_dense::Team;
use ae_model::dfdx::shapes::ConstDim;
use ae_model::{Autoencoder, AutoencoderStack, Network, Parameters};

use crate::engine::{Autodiff, Engine, Fused, evaluate, restore};
use crate::metrics::Mean;
use crate::{AdamState, Baselines, EpochOrder, EpochRecord, History, TrainConfig, TrainError};

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
pub struct Trainer<'a> {
    config: TrainConfig,
    images: &'a Split,
    engine: Box<dyn Engine + 'a>,
    team: Team,
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
        Ok(Self { config, images, engine, team })
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
        Ok(Self { config, images, engine, team })
    }

    /// Trains for the configured number of epochs; the model then has the last epoch's weights.
    ///
    /// `observe` hears of every step and every epoch.
    ///
    /// # Errors
    /// [`TrainError::NonFinite`] as soon as a step's loss is not a finite number.
    pub fn train(&mut self, observe: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<History, TrainError> {
        // A step is shared out in pieces of microseconds: entering the team once, here, makes each of
        // them a call from inside it.
        let Self { config, images, engine, team } = self;
        let team: &Team = team;
        team.enter(|| run(config, engine.as_mut(), team, images, observe))
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

/// The loop itself.
fn run(
    config: &TrainConfig,
    engine: &mut dyn Engine,
    team: &Team,
    Split { train, test }: &Split,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<History, TrainError> {
    let started = Instant::now();
    let order = match config.order() {
        EpochOrder::Shuffled => Order::Shuffled { seed: config.seed() },
        EpochOrder::Sequential => Order::Sequential,
    };
    let plan = BatchPlan::new(train.len(), config.batch_size(), order, Tail::Keep)?;
    let mut epochs = Vec::new();
    let mut latest = None;
    for epoch in 1..=config.epochs() {
        let clock = Instant::now();
        let mut mean = Mean::default();
        for (index, rows) in plan.epoch(epoch).batches().enumerate() {
            let step = index + 1;
            let bce = engine.step(epoch, train, rows)?;
            if !bce.is_finite() {
                return Err(TrainError::NonFinite {
                    epoch,
                    step,
                    value: bce,
                    learning_rate: config.learning_rate(),
                });
            }
            mean.add(bce, rows.len());
            observe(Event::Step { epoch, step, bce, train_bce: mean.value() });
        }
        let wall_s = clock.elapsed().as_secs_f64();
        let test = latest.insert(evaluate(engine, team, test)?);
        let record = EpochRecord {
            epoch,
            train_bce: mean.value(),
            test_bce: test.bce,
            test_mse: test.mse,
            test_psnr_db: test.psnr_db,
            dead_units: test.dead_units,
            wall_s,
        };
        observe(Event::Epoch(&record));
        epochs.push(record);
    }
    engine.write_back()?;
    let restored = config.corruption().map(|corruption| restore(engine, team, test, &corruption));
    Ok(History {
        epochs,
        train: evaluate(engine, team, train)?,
        test: latest.expect("a checked config has at least one epoch"),
        restored: restored.transpose()?,
        baselines: Baselines::of(train, test),
        wall_s: started.elapsed().as_secs_f64(),
    })
}
