//! What every measurement of a training step has in common: the two models, the flags, the images, the
//! order they come in, and the line that is printed. `peer.py` is the same in Python.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use ae_data::{BatchPlan, Limits, Order, Split, open_folder};

/// What a measurement may fail with; it is printed and ends the program.
pub type AnyError = Box<dyn Error + Send + Sync>;

/// An autoencoder of dense layers and the batch it is trained with.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Its name on the command line and in the printed line.
    pub name: &'static str,
    /// Images a step.
    pub batch: usize,
    /// Values between the layers, from pixels to pixels.
    pub widths: &'static [usize],
    /// Whether ReLU stands behind each layer but the last.
    pub relu: &'static [bool],
}

/// The models that are measured.
pub const MODELS: [Model; 2] = [
    Model { name: "shallow-32", batch: 64, widths: &[784, 32, 784], relu: &[true] },
    Model {
        name: "deep-2",
        batch: 128,
        widths: &[784, 512, 128, 2, 128, 512, 784],
        relu: &[true, true, false, true, true],
    },
];

/// A measurement to make.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is trained.
    pub model: Model,
    /// Threads that compute.
    pub threads: usize,
    /// Timed blocks; one more goes before them untimed.
    pub blocks: usize,
    /// Steps in a block.
    pub steps: usize,
    /// The folder with MNIST's four files.
    pub data: PathBuf,
}

impl Job {
    /// Reads the flags that all programs share; `own` takes any other, its name and its value.
    ///
    /// # Errors
    /// A flag without a value, an unknown flag or model, or a number that is none.
    pub fn from_args(mut own: impl FnMut(&str, &str) -> Result<bool, AnyError>) -> Result<Self, AnyError> {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/mnist");
        let mut job = Job { model: MODELS[0], threads: 2, blocks: 5, steps: 200, data: data.into() };
        let mut args = std::env::args().skip(1);
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--model" => {
                    job.model = MODELS
                        .into_iter()
                        .find(|model| model.name == value)
                        .ok_or_else(|| format!("no model is called {value}"))?;
                }
                "--threads" => job.threads = positive(&flag, &value)?,
                "--blocks" => job.blocks = positive(&flag, &value)?,
                "--steps" => job.steps = positive(&flag, &value)?,
                "--data" => job.data = value.into(),
                _ if own(&flag, &value)? => {}
                _ => return Err(format!("unknown flag {flag}").into()),
            }
        }
        Ok(job)
    }

    /// The images to train on and to test on.
    ///
    /// # Errors
    /// As [`open_folder`].
    pub fn images(&self) -> Result<Split, AnyError> {
        Ok(open_folder(&self.data, &Limits::default())?)
    }

    /// The pixels of all training images in `[0, 1]`, row-major, and the number of images.
    ///
    /// # Errors
    /// As [`images`](Self::images).
    pub fn pixels(&self) -> Result<(Vec<f32>, usize), AnyError> {
        let train = self.images()?.train;
        let pixels = train.bytes().expect("MNIST is bytes").iter().map(|&byte| f32::from(byte) * (1.0 / 255.0)).collect();
        Ok((pixels, train.len()))
    }

    /// Times blocks of steps, over `images` images in a new order every epoch, and prints the line.
    ///
    /// `block` trains on each batch of its argument once and returns the mean of their losses.
    ///
    /// # Errors
    /// Whatever `block` fails with.
    pub fn measure(
        &self,
        framework: &str,
        version: &str,
        variant: &str,
        images: usize,
        mut block: impl FnMut(&[Vec<u32>]) -> Result<f64, AnyError>,
    ) -> Result<(), AnyError> {
        let plan = BatchPlan::new(images, self.model.batch, Order::Shuffled { seed: 0 })?;
        let whole = |rows: &Vec<u32>| rows.len() == self.model.batch;
        let mut batches = (1..).flat_map(|epoch| {
            plan.epoch(epoch).batches().map(<[u32]>::to_vec).filter(whole).collect::<Vec<_>>()
        });
        let mut times = Vec::with_capacity(self.blocks);
        let mut train_loss = f64::NAN;
        for index in 0..=self.blocks {
            let rows: Vec<_> = batches.by_ref().take(self.steps).collect();
            let started = Instant::now();
            train_loss = block(&rows)?;
            if index > 0 {
                times.push(started.elapsed().as_secs_f64());
            }
        }
        self.report(framework, version, variant, &times, train_loss);
        Ok(())
    }

    /// Prints the line of a measurement from the seconds its blocks took.
    pub fn report(&self, framework: &str, version: &str, variant: &str, block_s: &[f64], train_loss: f64) {
        let line = serde_json::json!({
            "framework": framework,
            "version": version,
            "variant": variant,
            "model": self.model.name,
            "batch": self.model.batch,
            "threads": self.threads,
            "blocks": block_s.len(),
            "steps": self.steps,
            "us_per_step": median(block_s) * 1e6 / self.steps as f64,
            "train_bce": train_bce,
        });
        println!("{line}");
    }
}

fn positive(flag: &str, value: &str) -> Result<usize, AnyError> {
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{flag} needs a number above 0, not {value}").into()),
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
