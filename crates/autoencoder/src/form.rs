//! The flags that say how rows stand in their files, and how they are scaled.

use ae_data::{Background, Fit, Form, Layout, ReadOptions, ScaleMethod, Shape};
use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::output::BadArgument;
use crate::progress::Stages;

/// How rows stand in files that nobody has read yet. Later commands know it from the run.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "How the data is read, kept with the run")]
pub(crate) struct FormArgs {
    /// Rows and columns that pictures are brought to, as in 64x64 [default: their own, if all have one size]
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = size)]
    pub(crate) size: Option<[usize; 2]>,
    /// How pictures of another shape are brought to it
    #[arg(long, value_enum)]
    pub(crate) fit: Option<FitName>,
    /// 1 reads pictures as grey, 3 in colour [default: grey if all are]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) channels: Option<u8>,
    /// What shows through transparent pictures and around padded ones, as in ffffff [default: white]
    #[arg(long, value_name = "RRGGBB", value_parser = colour)]
    pub(crate) background: Option<Background>,
    /// What a row of an array or a table is: CHANNELSxROWSxCOLUMNS, ROWSxCOLUMNS or a number [default: as the array says]
    #[arg(long, value_name = "SHAPE", conflicts_with_all = ["size", "channels"])]
    pub(crate) shape: Option<Shape>,
    /// Where an array of four dimensions has its channels [default: last, if only the last is 1, 3 or 4; else first]
    #[arg(long, value_enum)]
    pub(crate) layout: Option<LayoutName>,
    /// Whether the first line of a table names its columns [default: if there is text in it, or it counts from 0]
    #[arg(long, value_enum)]
    pub(crate) header: Option<HeaderName>,
    /// Column of a table with each row's class: its name, or its number from 0 [default: label or class, if there is one]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) class_column: Option<String>,
    /// Columns of a table to leave out: their names, or their numbers from 0
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) drop_columns: Vec<String>,
}

/// How numbers are scaled and which loss is trained.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct ScaleArgs {
    /// How numbers are scaled for the network, fitted to the training part; undone on the way out [default: bytes and
    /// numbers in [0, 1] not at all, pictures of others by minmax, tables by standard]
    #[arg(long, value_enum)]
    pub(crate) scale: Option<ScaleName>,
    /// What is minimised: binary cross-entropy of values in [0, 1], or squared error of any [default: the first where all
    /// training values are in [0, 1]]
    #[arg(long, value_enum)]
    pub(crate) loss: Option<LossName>,
}

/// What is said of files each time they are read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReadArgs {
    /// Leave out pictures that can't be used, instead of refusing the folder
    #[arg(long)]
    pub(crate) skip_broken: bool,
    /// The array that is meant, where an .npz holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) array: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitName {
    /// Cover the size, and cut off what stands out
    Fill,
    /// Lie within it, with the background around
    Pad,
    /// Be stretched
    Stretch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutName {
    /// (N, channels, rows, columns), as in PyTorch
    Chw,
    /// (N, rows, columns, channels), as in Keras
    Hwc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeaderName {
    /// It does
    Yes,
    /// It is a row
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScaleName {
    /// Numbers as they are, bytes divided by 255
    None,
    /// The smallest becomes 0, the largest 1
    Minmax,
    /// The mean becomes 0, the standard deviation 1
    Standard,
}

impl ScaleName {
    pub(crate) fn method(self) -> Option<ScaleMethod> {
        match self {
            Self::None => None,
            Self::Minmax => Some(ScaleMethod::Minmax),
            Self::Standard => Some(ScaleMethod::Standard),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LossName {
    /// Binary cross-entropy, with a sigmoid behind the outputs
    Bce,
    /// Squared error, with linear outputs
    Mse,
}

fn size(text: &str) -> Result<[usize; 2], String> {
    match text.parse::<Shape>() {
        Ok(Shape { channels: 1, rows, cols }) if rows > 1 => Ok([rows, cols]),
        _ => Err("expected ROWSxCOLUMNS, as in 64x64".to_owned()),
    }
}

fn colour(text: &str) -> Result<Background, String> {
    let digits = text.trim_start_matches('#');
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
    let [_, red, green, blue] =
        number.ok_or("expected six hexadecimal digits, as in ffffff for white")?.to_be_bytes();
    Ok(Background([red, green, blue]))
}

impl FormArgs {
    /// Whether any of it is said.
    pub(crate) fn is_said(&self) -> bool {
        *self != Self::default()
    }

    /// What the flags say, with all else left open.
    pub(crate) fn form(&self) -> Form {
        let form = Form {
            channels: self.channels.map(usize::from),
            size: self.size,
            layout: self.layout.map(|layout| match layout {
                LayoutName::Chw => Layout::Chw,
                LayoutName::Hwc => Layout::Hwc,
            }),
            fit: self.fit.map_or_else(Fit::default, |fit| match fit {
                FitName::Fill => Fit::Fill,
                FitName::Pad => Fit::Pad,
                FitName::Stretch => Fit::Stretch,
            }),
            background: self.background.unwrap_or_default(),
            header: self.header.map(|header| header == HeaderName::Yes),
            class_column: self.class_column.clone(),
            drop_columns: self.drop_columns.clone(),
            ..Form::default()
        };
        match self.shape {
            Some(shape) => form.with_shape(shape),
            None => form,
        }
    }
}

impl ReadArgs {
    /// How a source is to be read that has this form, as far as it is known; `stages` show how far it is.
    pub(crate) fn options(&self, form: Form, stages: &Stages) -> ReadOptions {
        ReadOptions {
            form,
            skip_broken: self.skip_broken,
            array: self.array.clone(),
            told: Some(stages.reading()),
            ..ReadOptions::default()
        }
    }
}

/// Refuses what is said of files where a run has it already.
pub(crate) fn require_unsaid(args: &FormArgs, scale: ScaleArgs) -> Result<()> {
    let said = args.is_said() || scale.scale.is_some() || scale.loss.is_some();
    if said {
        let problem =
            "how the data is read, scaled and scored is the run's: with --resume leave those flags out";
        return Err(BadArgument(problem.to_owned()).into());
    }
    Ok(())
}
