//! `ae decompress`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{CodecError, Damage, Reader, Soundness};
use ae_data::{ImageWriter, idx, labels_to_idx};
use ae_net::{Decoder, Team};
use anyhow::{Context, Error, Result, ensure};
use clap::Args;

use crate::decode::bare;
use crate::guard::{Format, require_places};
use crate::output::{pair_of, replace, say};
use crate::progress::{ImageBar, Stages};
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::file;

/// Decompress an .aez file into images
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} decompress test.aez -o back.idx
  {ae} decompress damaged.aez -o rest.idx --salvage")]
pub struct DecompressArgs {
    /// The compressed file
    #[arg(value_name = "FILE", value_parser = file())]
    pub(crate) file: PathBuf,
    /// Where the images go: IDX, one byte a pixel; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where the labels go, if the file carries any: IDX, one byte a label where they are 0 to 255
    #[arg(long, value_name = "FILE")]
    pub(crate) labels_out: Option<PathBuf>,
    /// Leave out the images of damaged blocks instead of refusing the file
    #[arg(long)]
    pub(crate) salvage: bool,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes the images, and the labels if they are asked for.
pub(crate) fn run(args: &DecompressArgs) -> Result<()> {
    let begin = Instant::now();
    let outputs: Vec<_> = [Some(&args.out), args.labels_out.as_ref()].into_iter().flatten().collect();
    for output in &outputs {
        Format::of(output, &[Format::Idx])?;
    }
    let damage = if args.salvage { Damage::Skip } else { Damage::Refuse };
    let mut reader = Reader::open(&args.file, damage)?;
    let header = *reader.header();
    // The run is needed, and looked for, only where the file has no decoder of its own.
    let own_decoder = reader.decoder().is_some();
    ensure!(
        !own_decoder || args.run.weights.is_none(),
        "{} has its decoder inside: leave --weights out",
        args.file.display()
    );
    let run = if own_decoder { None } else { Some(args.run.open()?) };
    let of_run = run.as_ref().map(Run::inputs).unwrap_or_default();
    require_places(&outputs, of_run.iter().chain([&args.file]))?;
    ensure!(
        args.labels_out.is_none() || reader.coding().labelled(),
        "{} carries no labels",
        args.file.display()
    );
    let decoder = decoder_of(&reader, args, run.as_ref())?;
    let team = args.threads.team()?;
    let (blocks, kept) = if args.salvage {
        sound_blocks(&mut reader, &args.file)?
    } else {
        ((0..reader.blocks()).collect(), header.images)
    };
    let bar = ImageBar::new(kept);
    bar.begin("decompressing");
    let mut pair = None;
    replace(&args.out, |out| {
        let mut labels = Vec::new();
        let mut writer = ImageWriter::new(out, kept, header.rows, header.cols).map_err(bare)?;
        for &number in &blocks {
            let block = reader.block(number).with_context(|| cannot(&args.file, args.salvage))?;
            write_images(&mut reader, &block, &decoder, &team, &mut writer)?;
            bar.advance(block.symbols.len() / decoder.code_size());
            if args.labels_out.is_some() {
                labels.extend(block.labels);
            }
        }
        writer.finish().map_err(bare)?;
        // Both take their places, or neither does.
        if let Some(path) = &args.labels_out {
            let labels = labels_to_idx(&labels)?;
            replace(path, |out| {
                idx::write(&labels, out)?;
                pair = pair_of(path);
                Ok(())
            })?;
        }
        Ok(())
    })?;
    drop((bar, pair));
    say!("wrote {}: {kept} images of {} x {} pixels", args.out.display(), header.rows, header.cols);
    if let Some(path) = &args.labels_out {
        say!("wrote {}: {kept} labels", path.display());
    }
    run.iter().for_each(Run::tell_others);
    let seconds = begin.elapsed().as_secs_f64();
    say!("took {seconds:.2} s, {:.0} MB/s of pixels", (kept * decoder.pixels()) as f64 / seconds / 1e6);
    Ok(())
}

fn cannot(file: &Path, salvage: bool) -> String {
    let hint = if salvage { "" } else { " (--salvage leaves out what is lost)" };
    format!("cannot decompress {}{hint}", file.display())
}

/// The decoder inside the file, or that of the run whose model it was made with.
fn decoder_of(reader: &Reader<BufReader<File>>, args: &DecompressArgs, run: Option<&Run>) -> Result<Decoder> {
    let decoder = reader.decoder_or(run.map(Run::network).transpose()?);
    decoder.map_err(|error| match run {
        Some(run) => Error::from(error).context(format!(
            "{} was not compressed with the run in {}: name its own with --run",
            args.file.display(),
            run.folder.path().display()
        )),
        None => error.into(),
    })
}

/// The blocks that can be read, and how many images they hold; says which are lost.
fn sound_blocks(reader: &mut Reader<BufReader<File>>, file: &Path) -> Result<(Vec<usize>, usize)> {
    let stages = Stages::begun("looking for what is sound");
    let Soundness { sound, images, lost } = reader.sound_blocks().with_context(|| cannot(file, true))?;
    drop(stages);
    for error in lost {
        say!("{:#}", Error::new(error));
    }
    Ok((sound, images))
}

fn write_images(
    reader: &mut Reader<BufReader<File>>,
    block: &ae_codec::Block,
    decoder: &Decoder,
    team: &Team,
    writer: &mut ImageWriter<&mut dyn Write>,
) -> Result<()> {
    for images in reader.images(team, decoder, block) {
        let images = images.map_err(|error: CodecError| Error::from(error))?;
        writer.write(&images).map_err(bare)?;
    }
    Ok(())
}
