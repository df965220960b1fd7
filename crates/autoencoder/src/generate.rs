//! `ae generate`: the decoder alone, as a generator.

use std::path::PathBuf;

use ae_data::{Elements, IdxArray, Part, idx};
use ae_eval::{CodeSampler, Labelled, image_rows};
use ae_net::{Rows, to_bytes};
use ae_viz::{GrayTile, Grid, png_bytes};
use anyhow::{Context, Result};
use clap::Args;

use crate::data::DataArgs;
use crate::guard::{Format, require_places};
use crate::output::{replace, say};
use crate::progress::Stages;
use crate::run::{self, RunArg};

/// Tiles a row of a picture.
const COLUMNS: usize = 10;

/// Draw codes as the training images' codes are spread, and decode them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} generate --out digits.png                         a hundred images, ten of a class at a time
  {ae} generate --class 7 --count 50 --out sevens.idx    fifty of class 7, as an IDX file")]
pub struct GenerateArgs {
    /// Images to make
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    /// Only this class, as a label of the training images names it [default: each in turn]
    #[arg(long, value_name = "N", alias = "digit", allow_negative_numbers = true)]
    pub(crate) class: Option<i32>,
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
    let format = Format::of(&args.out, &[Format::Png, Format::Idx])?;
    let run = args.run.open()?;
    require_places(&[&args.out], run.inputs().iter().chain(args.data.paths()))?;
    let images = run.images(&args.data);
    let labels = images.labels(Part::Train)?;
    let labels = labels.context("generating class by class needs training images with labels")?;
    let (team, network) = (run::team(None)?, run.network()?);
    let train = Labelled::new(image_rows(images.train()?)?, &labels)?;
    let stages = Stages::begun("looking at the training images' codes");
    let sampler = CodeSampler::of_network(&team, network, train)?;

    let count = args.count as usize;
    let codes = match args.class {
        Some(class) => sampler.sample(class, count, args.seed)?,
        // A picture has a class a row.
        None => sampler.each_in_turn(count, COLUMNS, args.seed)?,
    };
    let decoded = network.decode(&team, Rows::values(&codes, network.code_size())?)?;
    drop(stages);
    let (rows, cols) = run.size();
    let pixels = to_bytes(&decoded, rows * cols, 0)?;
    if format == Format::Png {
        let tiles = pixels.chunks_exact(rows * cols).map(|tile| GrayTile::new(rows, cols, tile));
        let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
        let picture = Grid::new(COLUMNS.min(count)).upscale(2).gap(2).gap_level(64).draw(&tiles)?;
        let bytes = png_bytes(&picture)?;
        replace(&args.out, |out| Ok(out.write_all(&bytes)?))?;
    } else {
        let array = IdxArray::new(vec![count, rows, cols], Elements::U8(pixels))?;
        replace(&args.out, |out| Ok(idx::write(&array, out)?))?;
    }
    say!("wrote {}", args.out.display());
    images.tell_others();
    Ok(())
}
