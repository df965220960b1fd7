//! The flags of `ae train`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ae_train::{CHECKPOINT_EVERY, EpochOrder, TrainParams};
use clap::{Args, Parser, ValueEnum};

use crate::data::DataArgs;
use crate::form::{FormArgs, ScaleArgs};
use crate::paths;
use crate::presets::{self, Preset};
use crate::standard::file;

/// Train an autoencoder, and write the run, its reconstructions and its loss curve
#[derive(Debug, Args)]
#[command(after_help = train_help())]
pub struct TrainArgs {
    /// Shape of the network and its settings [default: shallow]
    #[arg(long, value_enum)]
    pub(crate) preset: Option<Preset>,
    /// Numbers in a code, 1 to the numbers of a row [default: the preset's]
    #[arg(long, value_name = "N")]
    pub(crate) code: Option<NonZeroUsize>,
    /// Units of the encoder's hidden layers, which the decoder mirrors, as in 512,128; a code behind hidden layers is
    /// linear [default: the preset's]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) hidden: Option<Vec<NonZeroUsize>>,
    /// Passes over the training images, at most 50000; 0 makes a run of the weights of --init as they are [default: the
    /// preset's]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<u64>,
    /// Images a step [default: the preset's]
    #[arg(long, value_name = "N")]
    pub(crate) batch_size: Option<usize>,
    /// Adam's step size [default: the preset's]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) learning_rate: Option<f32>,
    /// Standard deviation of the noise on each training input; the target stays clean [default: the preset's]
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true)]
    pub(crate) noise: Option<f32>,
    /// Share of each training input's pixels that are zeroed; the target stays whole [default: the preset's]
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    pub(crate) mask: Option<f32>,
    /// Nats of an image's BCE that a bit of its code has to save: codes are trained to be stored in whole numbers;
    /// 0 leaves them alone [default: the preset's]
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    pub(crate) rate: Option<f32>,
    /// Share of the epochs, the last ones, over which the step size falls to 0 [default: the preset's]
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    pub(crate) decay: Option<f32>,
    /// What every random draw descends from [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Order of an epoch [default: shuffled]
    #[arg(long, value_enum)]
    pub(crate) order: Option<OrderName>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) scale: ScaleArgs,
    /// Weights to start from, instead of drawing them: .safetensors, PyTorch's too, whatever it calls its layers, if
    /// it is evident which is which
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) init: Option<PathBuf>,
    /// What computes the training [default: fused]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<EngineName>,
    /// Threads to compute with, always; the weights do not depend on it [default: as many as help, found out by trying
    /// while it trains: fewer where other programs are busy]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Folder of the run [default: runs/PRESET-CODE, and -noiseX or -maskX if given]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Go on with the run in the folder from its last checkpoint; what no flag says is as it was
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Replace a run that stands in the folder
    #[arg(long)]
    pub(crate) force: bool,
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help = checkpoint_help())]
    pub(crate) checkpoint_every: Option<Duration>,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// A number of seconds from 0.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn checkpoint_help() -> String {
    let default = CHECKPOINT_EVERY.as_secs();
    format!("Make a checkpoint so often within an epoch, besides those between epochs [default: {default}]")
}

impl TrainArgs {
    /// The flags that name a preset, a code size and data, and leave the rest to the preset.
    pub(crate) fn of(preset: Preset, code: usize, data: DataArgs) -> Self {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            args: TrainArgs,
        }
        let arguments = ["train", "--preset", preset.name(), "--code", &code.to_string()];
        Self { data, ..Alone::parse_from(arguments).args }
    }

    /// The preset, where no run says otherwise.
    pub(crate) fn preset(&self) -> Preset {
        self.preset.unwrap_or(Preset::Shallow)
    }

    /// The hidden layers that the flags name, if they name any.
    pub(crate) fn hidden(&self) -> Option<Vec<usize>> {
        self.hidden.as_ref().map(|hidden| hidden.iter().map(|units| units.get()).collect())
    }

    /// The settings the flags stand for, unchecked; where they say nothing, those of `base`.
    pub(crate) fn params(&self, base: TrainParams) -> TrainParams {
        TrainParams {
            epochs: self.epochs.unwrap_or(base.epochs),
            batch_size: self.batch_size.unwrap_or(base.batch_size),
            learning_rate: self.learning_rate.unwrap_or(base.learning_rate),
            noise: self.noise.unwrap_or(base.noise),
            mask: self.mask.unwrap_or(base.mask),
            rate: self.rate.unwrap_or(base.rate),
            decay: self.decay.unwrap_or(base.decay),
            seed: self.seed.unwrap_or(base.seed),
            order: match self.order {
                None => base.order,
                Some(OrderName::Shuffled) => EpochOrder::Shuffled,
                Some(OrderName::Sequential) => EpochOrder::Sequential,
            },
        }
    }

    /// Numbers in a code, where no run says otherwise.
    pub(crate) fn code(&self) -> usize {
        self.code.map_or(self.preset().default_code(), NonZeroUsize::get)
    }

    /// The folder of the run: the one asked for, or the one that the preset, its code size, and hidden layers, a
    /// corruption or a rate that are not the preset's own give it.
    pub(crate) fn run_folder(&self) -> PathBuf {
        if let Some(folder) = &self.run {
            return folder.clone();
        }
        let hidden = self.hidden();
        let mut folder = paths::run_folder(self.preset(), hidden.as_deref(), self.code()).into_os_string();
        let preset = self.preset().params(self.code());
        let ours = self.params(preset);
        for (name, ours, preset) in [
            ("noise", ours.noise, preset.noise),
            ("mask", ours.mask, preset.mask),
            ("rate", ours.rate, preset.rate),
        ] {
            if ours != preset {
                folder.push(format!("-{name}{ours}"));
            }
        }
        folder.into()
    }
}

/// What stands under the flags: the presets' defaults, as they are, and examples.
fn train_help() -> String {
    presets::table()
        + "
Examples:
  {ae} train                                  the reference recipe: 784-32-784 on MNIST, 50 epochs
  {ae} train --code 10 --epochs 20            ten numbers an image, into runs/shallow-10
  {ae} train --hidden 256,64 --code 16        two hidden layers a side, into runs/shallow-256-64-16
  {ae} train --preset deep --code 2           a deeper net with two-dimensional codes
  {ae} train --preset denoising --code 128    learns to remove noise
  {ae} train --images photos/ --size 64x64 --run runs/photos   your own pictures; sub-folders are classes
  {ae} train --images wine.csv --class-column 0 --code 2 --run runs/wine   a table; or .npy, .npz, IDX
  {ae} train --init theirs.safetensors --epochs 0   a run of finished weights, to encode, compress and draw with
  {ae} train --resume                         goes on with a run that was stopped or killed
  {ae} train --resume --epochs 100            trains a finished run further"
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderName {
    /// A new permutation every epoch
    Shuffled,
    /// As the images stand in the file
    Sequential,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Hand-derived SIMD kernels
    Fused,
    /// dfdx's tape: slow, and what the other is tested against
    Autodiff,
}
