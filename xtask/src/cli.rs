//! The command line, as clap parses it. Every default that belongs to training is read from
//! [`TrainParams`], so that it stands in one place.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use ae_train::{EpochOrder, TrainParams};
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    Check,
}

/// Train an autoencoder, and write the run, its reconstructions and its loss curve
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask train                                  the reference recipe: 784-32-784 on MNIST, 50 epochs
  cargo xtask train --code 8 --epochs 20             eight numbers an image, into runs/shallow-8
  cargo xtask train --preset deep --code 2           a deeper net with two-dimensional codes
  cargo xtask train --images mine.idx.gz --run runs/mine   your own images; the last tenth is held out")]
pub(crate) struct TrainArgs {
    /// Shape of the network
    #[arg(long, value_enum, default_value_t = PresetName::Shallow)]
    pub(crate) preset: PresetName,
    /// Numbers in a code [default: 32 for shallow, 2 for deep]
    #[arg(long, value_name = "N")]
    pub(crate) code: Option<usize>,
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().epochs)]
    pub(crate) epochs: u64,
    /// Images a step
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().batch_size)]
    pub(crate) batch_size: usize,
    /// Adam's step size
    #[arg(long, value_name = "X", default_value_t = TrainParams::default().learning_rate, allow_negative_numbers = true)]
    pub(crate) learning_rate: f32,
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
    /// Folder of the run [default: runs/PRESET-CODE]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Replace a run that stands in the folder
    #[arg(long)]
    pub(crate) force: bool,
}

impl TrainArgs {
    /// The settings the flags stand for, unchecked.
    pub(crate) fn params(&self) -> TrainParams {
        TrainParams {
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            seed: self.seed,
            order: match self.order {
                OrderName::Shuffled => EpochOrder::Shuffled,
                OrderName::Sequential => EpochOrder::Sequential,
            },
        }
    }
}

/// Draw a run: its reconstructions, its loss curve
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask figure                     ten test images over their reconstructions
  cargo xtask figure loss                the loss, epoch by epoch
  cargo xtask figure all --run runs/mine every figure of another run")]
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
    /// All of them
    All,
}

impl PresetName {
    /// As it is written on the command line, in folder names and in `run.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
        }
    }

    /// Numbers in its code where none are asked for.
    pub(crate) fn default_code(self) -> usize {
        match self {
            Self::Shallow => 32,
            Self::Deep => 2,
        }
    }
}
