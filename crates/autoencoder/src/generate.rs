//! `ae generate`: the decoder alone, as a generator.

use std::path::PathBuf;

use ae_data::{Elements, IdxArray, idx};
use ae_eval::{CodeSampler, Labelled, Rows};
use ae_viz::{GrayTile, Grid, png_bytes, to_level};
use anyhow::{Context, Result, bail};
use clap::Args;

use crate::cli::DataArgs;
use crate::output::say;
use crate::run::{self, Run};

/// Tiles a row of a picture.
const COLUMNS: usize = 10;

/// Draw codes as the training images' codes are spread, and decode them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} generate --out digits.png                         a hundred images, ten of each digit
  {ae} generate --digit 7 --count 50 --out sevens.idx    fifty sevens, as an IDX file")]
pub(crate) struct GenerateArgs {
    /// Images to make
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    /// Only this digit [default: each in turn]
    #[arg(long, value_name = "D")]
    pub(crate) digit: Option<u8>,
    /// What the draws descend from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// File to write: `.png` a picture, `.idx` the images
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// Generates, and writes one file.
pub(crate) fn run(args: &GenerateArgs) -> Result<()> {
    let kind = args.out.extension().and_then(|kind| kind.to_str());
    let (Some("png") | Some("idx")) = kind else {
        bail!("{}: expected a name that ends in .png or .idx", args.out.display());
    };
    let run = run::open(args.run.as_deref())?;
    let images = run.images(&args.data)?;
    let labels = images.train.labels().context("generating by digit needs training images with labels")?;
    let sampler = sampler(&run, &Rows::from(&images.train), labels)?;

    let count = args.count as usize;
    let codes = match args.digit {
        Some(digit) => sampler.sample(digit, count, args.seed)?,
        None => each_in_turn(&sampler, count, args.seed)?,
    };
    let brightness = run.coder.decode(&run::team(None)?, Rows::values(&codes, run.coder.code_size())?)?;
    let (rows, cols) = (images.train.rows(), images.train.cols());
    if kind == Some("png") {
        let tiles = brightness.chunks_exact(rows * cols).map(|tile| GrayTile::from_unit(rows, cols, tile));
        let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
        let picture = Grid::new(COLUMNS.min(count)).upscale(2).gap(2).gap_level(64).draw(&tiles)?;
        let bytes = png_bytes(&picture)?;
        ae_file::replace(&args.out, |out| out.write_all(&bytes))?;
    } else {
        let pixels = brightness.iter().map(|&p| to_level(p)).collect::<Option<Vec<u8>>>();
        let pixels = pixels.context("a decoded image is not finite")?;
        let array = IdxArray::new(vec![count, rows, cols], Elements::U8(pixels))?;
        ae_file::replace(&args.out, |out| idx::write(&array, out))?;
    }
    say!("wrote {}", args.out.display());
    Ok(())
}

/// A sampler of the codes of labelled training images.
pub(crate) fn sampler(run: &Run, images: &Rows<'_>, labels: &[u8]) -> Result<CodeSampler> {
    let codes = run.coder.encode(&run::team(None)?, *images)?;
    let codes = Labelled::new(Rows::values(&codes, run.coder.code_size())?, labels)?;
    Ok(CodeSampler::fit(codes, run.coder.code_activation())?)
}

/// `count` codes, a row of [`COLUMNS`] of each class after the other, so that a picture has a class a row.
fn each_in_turn(sampler: &CodeSampler, count: usize, seed: u64) -> Result<Vec<f32>> {
    let classes = sampler.classes();
    let mut drawn = Vec::new();
    for &class in classes {
        drawn.push(sampler.sample(class, count, seed)?);
    }
    let size = drawn[0].len() / count;
    let mut codes = Vec::with_capacity(count * size);
    for index in 0..count {
        let class = index / COLUMNS % classes.len();
        let nth = index / (COLUMNS * classes.len()) * COLUMNS + index % COLUMNS;
        codes.extend_from_slice(&drawn[class][nth * size..(nth + 1) * size]);
    }
    Ok(codes)
}
