//! The command line, as clap parses it. What a preset is where the flags say nothing stands in one place,
//! [`PresetName::default_code`] and [`PresetName::params`]; the help prints it from there.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ae_train::{CHECKPOINT_EVERY, EpochOrder, TrainParams};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::check::CheckArgs;
use crate::compress::CompressArgs;
use crate::decode::DecodeArgs;
use crate::decompress::DecompressArgs;
use crate::encode::EncodeArgs;
use crate::evaluate::EvaluateArgs;
use crate::generate::GenerateArgs;
use crate::info::InfoArgs;
use crate::{menu, paths};

/// Train an autoencoder, and draw what it learned.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(TrainArgs),
    Figure(FigureArgs),
    Evaluate(EvaluateArgs),
    Generate(GenerateArgs),
    Encode(EncodeArgs),
    Decode(DecodeArgs),
    Compress(CompressArgs),
    Decompress(DecompressArgs),
    Info(InfoArgs),
    Check(CheckArgs),
}

/// Train an autoencoder, and write the run, its reconstructions and its loss curve
#[derive(Debug, Args)]
#[command(after_help = train_help())]
pub(crate) struct TrainArgs {
    /// Shape of the network [default: shallow]
    #[arg(long, value_enum)]
    pub(crate) preset: Option<PresetName>,
    /// Numbers in a code [default: the preset's]
    #[arg(long, value_name = "N")]
    pub(crate) code: Option<usize>,
    /// Passes over the training images, at most 50000 [default: the preset's]
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
    /// Weights to start from, instead of drawing them
    #[arg(long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// What computes the training [default: fused]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<EngineName>,
    /// Threads to compute with [default: as many as help]
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
    pub(crate) fn of(preset: PresetName, code: usize, data: DataArgs) -> Self {
        let arguments = ["cargo xtask", "train", "--preset", preset.name(), "--code", &code.to_string()];
        match Cli::parse_from(arguments).command {
            Command::Train(args) => Self { data, ..args },
            other => unreachable!("the arguments name a training, not {other:?}"),
        }
    }

    /// The preset, where no run says otherwise.
    pub(crate) fn preset(&self) -> PresetName {
        self.preset.unwrap_or(PresetName::Shallow)
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
        self.code.unwrap_or(self.preset().default_code())
    }

    /// The folder of the run: the one asked for, or the one that the preset, its code size, and a corruption
    /// or a rate that is not the preset's own give it.
    pub(crate) fn run_folder(&self) -> PathBuf {
        if let Some(folder) = &self.run {
            return folder.clone();
        }
        let mut folder = paths::run_folder(self.preset(), self.code()).into_os_string();
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
    let mut help =
        "Presets:          code  epochs  batch size  learning rate  noise  mask  rate  decay\n".to_owned();
    for preset in PresetName::value_variants() {
        // Its default code size, and those that are trained otherwise.
        let default = preset.default_code();
        let shown = |&code: &usize| code == default || preset.params(code) != preset.params(default);
        for code in menu::codes(*preset).into_iter().filter(shown) {
            let TrainParams { epochs, batch_size, learning_rate, noise, mask, rate, decay, .. } =
                preset.params(code);
            help += &format!(
                "  {:<14}{code:>6}{epochs:>8}{batch_size:>12}{learning_rate:>15}{noise:>7}{mask:>6}{rate:>6}{decay:>7}\n",
                preset.name(),
            );
        }
    }
    help + "
Examples:
  cargo xtask train                                  the reference recipe: 784-32-784 on MNIST, 50 epochs
  cargo xtask train --code 8 --epochs 20             eight numbers an image, into runs/shallow-8
  cargo xtask train --preset deep --code 2           a deeper net with two-dimensional codes
  cargo xtask train --preset denoising --code 128    learns to remove noise
  cargo xtask train --images mine.idx.gz --run runs/mine   your own images; the last tenth is held out
  cargo xtask train --resume                         goes on with a run that was stopped or killed
  cargo xtask train --resume --epochs 100            trains a finished run further"
}

/// Draw a run: reconstructions, loss, codes, samples
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask figure                         ten test images over their reconstructions
  cargo xtask figure all                     every figure that the run allows
  cargo xtask figure codes --run runs/deep-2 two-dimensional codes beside PCA
  cargo xtask figure rate                    trains what is missing, and writes runs/rate/")]
pub(crate) struct FigureArgs {
    /// What to draw
    #[arg(value_enum, default_value_t = FigureName::Reconstructions)]
    pub(crate) figure: FigureName,
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// Where the images are.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// Folder with the four IDX files of MNIST, gzipped or not [default: data/mnist, or the run's own]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["images", "test_images"])]
    pub(crate) data: Option<PathBuf>,
    /// One IDX file of training images, gzipped or not
    #[arg(long, value_name = "FILE")]
    pub(crate) images: Option<PathBuf>,
    /// One IDX file of test images [default: the last tenth of --images, by seed]
    #[arg(long, value_name = "FILE", requires = "images")]
    pub(crate) test_images: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetName {
    /// One dense layer a side, a ReLU code
    Shallow,
    /// Three dense layers a side (512 and 128 hidden units), a linear code
    Deep,
    /// As deep, most of each training input masked: codes that say more of which digit it is
    Masked,
    /// As shallow, on noisy inputs: removes noise
    Denoising,
    /// Three wide dense layers a side (1000 and 500 hidden units; 1000 alone for 128 numbers), a linear code,
    /// trained to be stored in few bits
    Codec,
    /// Four dense layers a side (1000, 500 and 250 hidden units), part of each training input masked: the
    /// codes to classify by
    Features,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FigureName {
    /// Ten test images over their reconstructions
    Reconstructions,
    /// The loss, epoch by epoch
    Loss,
    /// Two-dimensional codes coloured by digit, beside PCA
    Codes,
    /// Images decoded from codes that were drawn digit by digit
    Samples,
    /// From one image to another through their codes
    Interpolation,
    /// What the decoder makes of the plane of two-dimensional codes
    Plane,
    /// Clean, noisy and restored images, of a run trained with noise
    Denoising,
    /// The weights of the first layer
    Filters,
    /// Bytes against distortion: all codes and what people use instead; trains what is missing
    Rate,
    /// All that the run allows
    All,
}

impl PresetName {
    /// As it is written on the command line, in folder names and in `run.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
            Self::Masked => "masked",
            Self::Denoising => "denoising",
            Self::Codec => "codec",
            Self::Features => "features",
        }
    }

    /// Numbers in its code where none are asked for.
    pub(crate) fn default_code(self) -> usize {
        match self {
            Self::Shallow | Self::Masked | Self::Denoising | Self::Codec | Self::Features => 32,
            Self::Deep => 2,
        }
    }

    /// How it is trained to make codes of `code` numbers where nothing else is asked for. `shallow` is the
    /// reference recipe; the others were chosen on the last 10,000 training images, held out for it: see
    /// docs/results.md.
    pub(crate) fn params(self, code: usize) -> TrainParams {
        let recipe = TrainParams::default();
        match self {
            Self::Shallow => recipe,
            Self::Deep => TrainParams { batch_size: 128, ..recipe },
            Self::Masked => TrainParams { epochs: 60, batch_size: 128, mask: 0.75, ..recipe },
            Self::Denoising => TrainParams { learning_rate: 5e-4, noise: 0.5, ..recipe },
            Self::Codec => TrainParams {
                epochs: 20,
                batch_size: 128,
                // The more numbers, the less a bit may cost: together they cover 5 to 40 bytes an image.
                rate: match code {
                    ..=16 => 0.4,
                    17..=32 => 0.15,
                    33..=64 => 0.06,
                    _ => 0.03,
                },
                decay: 0.5,
                ..recipe
            },
            Self::Features => TrainParams { epochs: 20, batch_size: 128, mask: 0.25, ..recipe },
        }
    }
}

impl FigureName {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reconstructions => "reconstructions",
            Self::Loss => "loss",
            Self::Codes => "codes",
            Self::Samples => "samples",
            Self::Interpolation => "interpolation",
            Self::Plane => "plane",
            Self::Denoising => "denoising",
            Self::Filters => "filters",
            Self::Rate => "rate",
            Self::All => "all",
        }
    }
}
