//! The training step of this repository, timed inside `Trainer`'s own loop: what a user runs.
//!
//! A block begins at the event of one step and ends at the event of a later step of the same epoch, so that
//! neither evaluation nor an epoch's shorter last batch is in it.

use std::time::Instant;

use ae_net::{Description, Network, Team};
use ae_train::{Event, TrainParams, Trainer};
use peer_protocol::{AnyError, Job};

fn main() -> Result<(), AnyError> {
    let mut engine = String::from("fused");
    let job = Job::from_args(|flag, value| {
        let mine = flag == "--variant";
        if mine {
            engine = value.to_owned();
        }
        Ok(mine)
    })?;
    let images = job.images()?;
    let steps_per_epoch = images.train.len() / job.model.batch;
    // The first step of an epoch only starts the clock.
    let blocks_per_epoch = steps_per_epoch.saturating_sub(1) / job.steps;
    if blocks_per_epoch == 0 {
        return Err(format!("--steps must be below {steps_per_epoch}").into());
    }
    let epochs = (job.blocks + 1).div_ceil(blocks_per_epoch) as u64;
    let params = TrainParams { epochs, batch_size: job.model.batch, ..TrainParams::default() };
    let config = params.check()?;

    let mut clock = Blocks::new(job.steps, steps_per_epoch);
    let mut observe = |event: Event<'_>| {
        if let Event::Step { step, train_loss, .. } = event {
            clock.step(step, train_loss);
        }
    };
    let description = match job.model.name {
        "shallow-32" => Description::dense(784, &[], 32),
        "deep-2" => Description::dense(784, &[512, 128], 2),
        other => return Err(format!("no model is called {other}").into()),
    };
    let mut network = Network::draw(&description, 0)?;
    let mut trainer = match engine.as_str() {
        "fused" => Trainer::fused(&mut network, &images, config, Team::up_to(job.threads)?)?,
        "fixed" => Trainer::fused(&mut network, &images, config, Team::new(job.threads)?)?,
        "autodiff" => Trainer::autodiff(&mut network, &images, config, Team::new(job.threads)?)?,
        other => return Err(format!("no engine is called {other}").into()),
    };
    trainer.train(&mut observe)?;
    drop(trainer);
    let timed = &clock.seconds[1..=job.blocks];
    job.report("ours", "working tree", &engine, timed, clock.train_loss[job.blocks]);
    Ok(())
}

/// Cuts the steps of each epoch into blocks as they are done.
struct Blocks {
    steps: usize,
    /// Whole batches in an epoch; the one after them may be short.
    steps_per_epoch: usize,
    started: Instant,
    /// Sum of the losses of the epoch's steps before the block.
    loss_before: f64,
    seconds: Vec<f64>,
    train_loss: Vec<f64>,
}

impl Blocks {
    fn new(steps: usize, steps_per_epoch: usize) -> Self {
        Self {
            steps,
            steps_per_epoch,
            started: Instant::now(),
            loss_before: 0.0,
            seconds: Vec::new(),
            train_loss: Vec::new(),
        }
    }

    /// Hears of step `step` of an epoch, counted from 1, and of the mean loss of the epoch so far.
    fn step(&mut self, step: usize, epoch_bce: f64) {
        if step > self.steps_per_epoch || step % self.steps != 1 % self.steps {
            return;
        }
        let now = Instant::now();
        let loss = epoch_bce * step as f64;
        if step > 1 {
            self.seconds.push((now - self.started).as_secs_f64());
            self.train_loss.push((loss - self.loss_before) / self.steps as f64);
        }
        (self.started, self.loss_before) = (now, loss);
    }
}
