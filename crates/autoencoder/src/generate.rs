//! `ae generate`: the decoder alone, as a generator.

use std::path::PathBuf;

use ae_data::Part;
use ae_eval::{CodeSampler, Labelled, image_rows};
use ae_net::Rows;
use ae_viz::{Grid, png_bytes};
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::back::{Back, require_place, tell};
use crate::data::DataArgs;
use crate::figure::{Levels, tiles};
use crate::guard::Format;
use crate::output::{BadArgument, replace, say};
use crate::progress::Stages;
use crate::run::{self, RunArg};

/// Tiles a row of a picture, and the longer side of each in pixels.
const COLUMNS: usize = 10;
const SIDE: std::ops::RangeInclusive<u32> = 56..=256;

/// Draw codes as the training images' codes are spread, and decode them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} generate --out digits.png                         a hundred images, ten of a class at a time
  {ae} generate --class 7 --count 50 --out sevens.idx    fifty of class 7, as an IDX file")]
pub struct GenerateArgs {
    /// Images to make
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    /// Only this class, by its name or by its label [default: each in turn]
    #[arg(long, value_name = "CLASS", alias = "digit", allow_negative_numbers = true)]
    pub(crate) class: Option<String>,
    /// What the draws descend from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// File to write: `.png` a picture of all, `.idx`, `.npy` or `.csv` the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// Generates, and writes one file.
pub(crate) fn run(args: &GenerateArgs) -> Result<()> {
    Format::of(&args.out, &[Format::Png, Format::Idx, Format::Npy, Format::Csv])?;
    let run = args.run.open()?;
    let picture = run.shape().is_picture().then_some(Format::Png);
    let formats: Vec<_> = picture.into_iter().chain(Back::formats(&run.form())).collect();
    let format = Format::of(&args.out, &formats)?;
    require_place(&args.out, format, run.inputs().iter().chain(args.data.paths()))?;
    let images = run.images(&args.data);
    let labels = images.labels(Part::Train)?;
    ensure!(
        labels.is_some() || args.class.is_none(),
        BadArgument("--class: the training images of this run have no labels, so leave it out".to_owned())
    );
    let (team, network) = (run::team(None)?, run.network()?);
    // Without labels all are of one class.
    let labels = match labels {
        Some(labels) => labels,
        None => vec![0; images.train()?.len()],
    };
    let train = Labelled::new(image_rows(images.train()?)?, &labels)?;
    let stages = Stages::begun("looking at the training images' codes");
    let sampler = CodeSampler::of_network(&team, network, train)?;

    let count = args.count as usize;
    let codes = match &args.class {
        Some(class) => {
            let form = run.form();
            let label = form.label_of(class).with_context(|| {
                let named = form.classes.join(", ");
                BadArgument(format!("--class {class}: expected one of the run's classes, {named}"))
            })?;
            sampler.sample(label, count, args.seed)?
        }
        // A picture has a class a row.
        None => sampler.each_in_turn(count, COLUMNS, args.seed)?,
    };
    let decoded = network.decode(&team, Rows::values(&codes, network.code_size())?)?;
    drop(stages);
    let form = run.form();
    let back = Back { form: &form, scaling: run.scaling(), count, named: false, labelled: false };
    if format == Format::Png {
        let bytes = Levels::of(&run, &decoded)?.bytes(&decoded, run.shape().numbers())?;
        let grid = Grid::new(COLUMNS.min(count)).tile_side(SIDE).gap(2).gap_level(64);
        let bytes = png_bytes(&grid.draw(&tiles(run.shape(), &bytes)?)?)?;
        replace(&args.out, |out| Ok(out.write_all(&bytes)?))?;
        say!("wrote {}", args.out.display());
    } else {
        back.write(&args.out, format, |take| take(None, None, back.values(decoded, 0)?))?;
        tell(&args.out, count, &form);
    }
    images.tell_others();
    Ok(())
}
