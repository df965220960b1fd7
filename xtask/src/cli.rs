//! The command line, as clap parses it. What a preset is where the flags say nothing stands in one place,
//! [`PresetName::default_code`] and [`PresetName::params`]; the help prints it from there.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use ae_train::{EpochOrder, TrainParams};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::compress::CompressArgs;
use crate::decode::DecodeArgs;
use crate::decompress::DecompressArgs;
use crate::encode::EncodeArgs;
use crate::evaluate::EvaluateArgs;
use crate::generate::GenerateArgs;
use crate::info::InfoArgs;
use crate::paths;

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
    Check,
}

/// Train an autoencoder, and write the run, its reconstructions and its loss curve
#[derive(Debug, Args)]
#[command(after_help = train_help())]
pub(crate) struct TrainArgs {
    /// Shape of the network
    #[arg(long, value_enum, default_value_t = PresetName::Shallow)]
    pub(crate) preset: PresetName,
    /// Numbers in a code [default: the preset's]
    #[arg(long, value_name = "N")]
    pub(crate) code: Option<usize>,
    /// Passes over the training images [default: the preset's]
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
    /// What every random draw descends from
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().seed)]
    pub(crate) seed: u64,
    /// Order of an epoch
    #[arg(long, value_enum, default_value_t = OrderName::Shuffled)]
    pub(crate) order: OrderName,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Weights to start from, instead of drawing them
    #[arg(long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// What computes the training
    #[arg(long, value_enum, default_value_t = EngineName::Fused)]
    pub(crate) engine: EngineName,
    /// Threads to compute with [default: as many as help]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Folder of the run [default: runs/PRESET-CODE, and -noiseX or -maskX if given]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Replace a run that stands in the folder
    #[arg(long)]
    pub(crate) force: bool,
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

    /// The settings the flags stand for, unchecked.
    pub(crate) fn params(&self) -> TrainParams {
        let preset = self.preset.params();
        TrainParams {
            epochs: self.epochs.unwrap_or(preset.epochs),
            batch_size: self.batch_size.unwrap_or(preset.batch_size),
            learning_rate: self.learning_rate.unwrap_or(preset.learning_rate),
            noise: self.noise.unwrap_or(preset.noise),
            mask: self.mask.unwrap_or(preset.mask),
            seed: self.seed,
            order: match self.order {
                OrderName::Shuffled => EpochOrder::Shuffled,
                OrderName::Sequential => EpochOrder::Sequential,
            },
        }
    }

    /// Numbers in a code.
    pub(crate) fn code(&self) -> usize {
        self.code.unwrap_or(self.preset.default_code())
    }

    /// The folder of the run: the one asked for, or the one that the preset, its code size and a corruption
    /// that is not the preset's own give it.
    pub(crate) fn run_folder(&self) -> PathBuf {
        if let Some(folder) = &self.run {
            return folder.clone();
        }
        let mut folder = paths::run_folder(self.preset, self.code()).into_os_string();
        let (ours, preset) = (self.params(), self.preset.params());
        for (name, ours, preset) in [("noise", ours.noise, preset.noise), ("mask", ours.mask, preset.mask)] {
            if ours != preset {
                folder.push(format!("-{name}{ours}"));
            }
        }
        folder.into()
    }
}

/// What stands under the flags: the presets' defaults, as they are, and examples.
fn train_help() -> String {
    let mut help = "Presets:          code  epochs  batch size  learning rate  noise  mask\n".to_owned();
    for preset in PresetName::value_variants() {
        let TrainParams { epochs, batch_size, learning_rate, noise, mask, .. } = preset.params();
        help += &format!(
            "  {:<14}{:>6}{epochs:>8}{batch_size:>12}{learning_rate:>15}{noise:>7}{mask:>6}\n",
            preset.name(),
            preset.default_code(),
        );
    }
    help + "
Examples:
  cargo xtask train                                  the reference recipe: 784-32-784 on MNIST, 50 epochs
  cargo xtask train --code 8 --epochs 20             eight numbers an image, into runs/shallow-8
  cargo xtask train --preset deep --code 2           a deeper net with two-dimensional codes
  cargo xtask train --preset denoising --code 128    learns to remove noise
  cargo xtask train --images mine.idx.gz --run runs/mine   your own images; the last tenth is held out"
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
        }
    }

    /// Numbers in its code where none are asked for.
    pub(crate) fn default_code(self) -> usize {
        match self {
            Self::Shallow | Self::Masked | Self::Denoising => 32,
            Self::Deep => 2,
        }
    }

    /// How it is trained where nothing else is asked for. `shallow` is the reference recipe; the others were
    /// chosen on the last 10,000 training images, held out for it: see docs/results.md.
    pub(crate) fn params(self) -> TrainParams {
        let recipe = TrainParams::default();
        match self {
            Self::Shallow => recipe,
            Self::Deep => TrainParams { batch_size: 128, ..recipe },
            Self::Masked => TrainParams { epochs: 60, batch_size: 128, mask: 0.75, ..recipe },
            Self::Denoising => TrainParams { learning_rate: 5e-4, noise: 0.5, ..recipe },
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
