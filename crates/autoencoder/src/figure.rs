//! `ae figure`.

mod strips;
mod view;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ae_train::RunFolder;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

pub(crate) use self::strips::{Levels, tiles};
use self::view::{Figure, Shown, View};
use crate::data::DataArgs;
use crate::guard::require_places;
use crate::output::{BadArgument, replace, say, write_files};
use crate::rate;
use crate::run::{self, Run, RunArg};
use crate::run_images::RunImages;

/// Draw a run: reconstructions, loss, codes, samples
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} figure                         ten test images over their reconstructions
  {ae} figure --indices 3,18,7 --out three.png    those test images, counted from 0
  {ae} figure all                     every figure that the run allows
  {ae} figure codes --run runs/deep-2 two-dimensional codes beside PCA
  {ae} figure rate                    trains what is missing, and writes runs/rate/

Figures go to the run's folder, figures/; those of images or weights that are not the run's own to figures/others/.")]
pub struct FigureArgs {
    /// What to draw
    #[arg(value_enum, default_value_t = FigureName::Reconstructions)]
    pub(crate) figure: FigureName,
    /// Test images that are shown, of figures that show some
    #[arg(long, value_name = "N", default_value_t = strips::COLUMNS as u32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) count: u32,
    /// Which test images are shown, counted from 0 [default: the first]
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "count")]
    pub(crate) indices: Option<Vec<u32>>,
    /// Where one figure goes, .png or, of a chart, .svg [default: the run's folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FigureName {
    /// Test images over their reconstructions
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

/// The endings that files of figures have.
const ENDINGS: [&str; 3] = ["png", "svg", "pictures.png"];

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
    let shown = match &args.indices {
        Some(rows) => Shown::These(rows.clone()),
        None => Shown::First(args.count as usize),
    };
    match (args.figure, &args.out) {
        (FigureName::All, Some(_)) => {
            bail!(BadArgument("--out: `all` draws several figures, name one".to_owned()))
        }
        (FigureName::All, None) => draw_shown(ALL, &run, &images, shown)?,
        (one, out) => {
            let view = View { run: &run, images: &images, team: run::team(None)?, shown };
            match (view.figure(one)?, out) {
                (Figure::Skipped(reason), _) => bail!("{reason}"),
                (Figure::Files(files), None) => {
                    write_files(&place(&run, &images), &named(one, files))?;
                }
                (Figure::Files(files), Some(out)) => write_one(&run, args, out, files)?,
            }
        }
    }
    images.tell_others();
    Ok(())
}

/// Writes the file of a figure that a name asks for.
fn write_one(run: &Run, args: &FigureArgs, out: &Path, files: strips::Files) -> Result<()> {
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let endings: Vec<_> = files.iter().map(|(ending, _)| format!(".{ending}")).collect();
    let Some((_, bytes)) = files.iter().find(|(of_file, _)| *of_file == ending) else {
        let problem = format!("{}: expected a name that ends in {}", out.display(), endings.join(" or "));
        bail!(BadArgument(problem));
    };
    require_places(&[out], run.inputs().iter().chain(args.data.paths()))?;
    replace(out, |file| Ok(file.write_all(bytes)?))?;
    say!("wrote {}", out.display());
    Ok(())
}

/// The files of a figure under its name.
fn named(figure: FigureName, files: strips::Files) -> Vec<(String, Vec<u8>)> {
    let name = |(ending, bytes)| (format!("{}.{ending}", figure.name()), bytes);
    files.into_iter().map(name).collect()
}

/// Where what has just been drawn goes: pictures of other images, or by other weights, not among the run's own.
fn place(run: &Run, images: &RunImages<'_>) -> PathBuf {
    let own = run.folder.figures_path();
    if images.are_others() { own.join(OTHERS) } else { own }
}

/// Removes the figures of a run whose weights are about to be others, so that none is taken for one of the new.
pub(crate) fn clear(folder: &RunFolder) -> Result<()> {
    let files = ALL.iter().flat_map(|figure| ENDINGS.map(|ending| format!("{}.{ending}", figure.name())));
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
    draw_shown(figures, run, images, Shown::First(strips::COLUMNS))
}

fn draw_shown(figures: &[FigureName], run: &Run, images: &RunImages<'_>, shown: Shown) -> Result<()> {
    let view = View { run, images, team: run::team(None)?, shown };
    // Why some are not drawn, and which: what is missing is missing for several.
    let mut failed: Vec<(String, Vec<&str>)> = Vec::new();
    for &figure in figures {
        match view.figure(figure) {
            Ok(Figure::Files(files)) => write_files(&place(run, images), &named(figure, files))?,
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
