//! `ae figure`.

mod view;

use std::fs;
use std::io;
use std::path::PathBuf;

use ae_train::RunFolder;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use self::view::{Figure, View};
use crate::data::DataArgs;
use crate::output::{say, write_files};
use crate::rate;
use crate::run::{self, Run, RunArg};
use crate::run_images::RunImages;

/// Draw a run: reconstructions, loss, codes, samples
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} figure                         ten test images over their reconstructions
  {ae} figure all                     every figure that the run allows
  {ae} figure codes --run runs/deep-2 two-dimensional codes beside PCA
  {ae} figure rate                    trains what is missing, and writes runs/rate/

Figures go to the run's folder, figures/; those of images or weights that are not the run's own to figures/others/.")]
pub struct FigureArgs {
    /// What to draw
    #[arg(value_enum, default_value_t = FigureName::Reconstructions)]
    pub(crate) figure: FigureName,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FigureName {
    /// Ten test images over their reconstructions
    Reconstructions,
    /// The loss, epoch by epoch
    Loss,
    /// Two-dimensional codes coloured by class, beside PCA
    Codes,
    /// Images decoded from codes that were drawn class by class
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

impl FigureName {
    /// As it is written on the command line, and as its files are called.
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

/// The folder, among a run's figures, of those that are not of its own images or weights.
const OTHERS: &str = "others";

/// All figures, in the order in which `all` draws them.
const ALL: &[FigureName] = &[
    FigureName::Reconstructions,
    FigureName::Loss,
    FigureName::Filters,
    FigureName::Interpolation,
    FigureName::Samples,
    FigureName::Codes,
    FigureName::Plane,
    FigureName::Denoising,
];

/// Draws figures of a run that is there.
pub(crate) fn run(args: &FigureArgs) -> Result<()> {
    if args.figure == FigureName::Rate {
        return rate::run(&args.run, &args.data);
    }
    let run = args.run.open()?;
    let images = run.images(&args.data);
    match args.figure {
        FigureName::All => draw(ALL, &run, &images)?,
        one => {
            let view = View { run: &run, images: &images, team: run::team(None)? };
            match view.figure(one)? {
                Figure::Files(files) => write_files(&place(&run, &images), &files)?,
                Figure::Skipped(reason) => bail!("{reason}"),
            }
        }
    }
    images.tell_others();
    Ok(())
}

/// Where what has just been drawn goes: pictures of other images, or by other weights, not among the run's own.
fn place(run: &Run, images: &RunImages<'_>) -> PathBuf {
    let own = run.folder.figures_path();
    if images.are_others() { own.join(OTHERS) } else { own }
}

/// Removes the figures of a run whose weights are about to be others, so that none is taken for one of the new.
pub(crate) fn clear(folder: &RunFolder) -> Result<()> {
    let files =
        ALL.iter().flat_map(|figure| ["png", "svg"].map(|ending| format!("{}.{ending}", figure.name())));
    let own = folder.figures_path();
    for path in files.flat_map(|file| [own.join(&file), own.join(OTHERS).join(file)]) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Draws those of `figures` that the run allows, and says which it does not.
///
/// # Errors
/// If what a figure needs is missing or is not what it was; the others are drawn first.
pub(crate) fn draw(figures: &[FigureName], run: &Run, images: &RunImages<'_>) -> Result<()> {
    let view = View { run, images, team: run::team(None)? };
    // Why some are not drawn, and which: what is missing is missing for several.
    let mut failed: Vec<(String, Vec<&str>)> = Vec::new();
    for &figure in figures {
        match view.figure(figure) {
            Ok(Figure::Files(files)) => write_files(&place(run, images), &files)?,
            Ok(Figure::Skipped(reason)) => say!("skipped {}: {reason}", figure.name()),
            Err(error) => {
                let (why, name) = (format!("{error:#}"), figure.name());
                match failed.iter_mut().find(|(other, _)| *other == why) {
                    Some((_, names)) => names.push(name),
                    None => failed.push((why, vec![name])),
                }
            }
        }
    }
    let failed: Vec<_> =
        failed.iter().map(|(why, names)| format!("cannot draw {}: {why}", names.join(", "))).collect();
    ensure!(failed.is_empty(), failed.join("; "));
    Ok(())
}
