//! `cargo xtask decompress`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{AezError, Block, BlockError, Damage, Decoder, Reader};
use ae_data::{Elements, IdxArray, ImageWriter, idx};
use ae_dense::Team;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::compress::levels;
use crate::decode::bare;
use crate::output::{replace, require_other, say};
use crate::progress::ImageBar;
use crate::run;

/// Pixels computed at once, about. No pixel depends on it.
const PIXELS_AT_ONCE: usize = 1 << 22;

/// Decompress an .aez file into images
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask decompress test.aez -o back.idx
  cargo xtask decompress damaged.aez -o rest.idx --salvage")]
pub(crate) struct DecompressArgs {
    /// The compressed file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where the images go: IDX, one byte a pixel
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where the labels go, if the file carries any: IDX
    #[arg(long, value_name = "FILE")]
    pub(crate) labels_out: Option<PathBuf>,
    /// Leave out the images of damaged blocks instead of refusing the file
    #[arg(long)]
    pub(crate) salvage: bool,
    /// Folder of the run, where the decoder is not inside the file [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Threads to compute with; the images do not depend on it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Writes the images, and the labels if they are asked for.
pub(crate) fn run(args: &DecompressArgs) -> Result<()> {
    let begin = Instant::now();
    let damage = if args.salvage { Damage::Skip } else { Damage::Refuse };
    let mut reader = Reader::open(&args.file, damage)?;
    let header = *reader.header();
    let outputs = [Some(&args.out), args.labels_out.as_ref()];
    for out in outputs.into_iter().flatten() {
        require_other(out, &args.file)?;
    }
    ensure!(
        args.labels_out.is_none() || reader.coding().labelled(),
        "{} carries no labels",
        args.file.display()
    );
    let decoder = decoder_of(&reader, &args.file, args.run.as_deref())?;
    let team = run::team(args.threads)?;

    let (blocks, kept) = if args.salvage {
        sound_blocks(&mut reader, &args.file)?
    } else {
        ((0..reader.blocks()).collect(), header.images)
    };
    let bar = ImageBar::new(kept);
    bar.begin("decompressing");
    let mut labels = Vec::new();
    replace(&args.out, |out| {
        let mut writer = ImageWriter::new(out, kept, header.rows, header.cols).map_err(bare)?;
        for &block in &blocks {
            let block = reader.block(block).with_context(|| cannot(&args.file, args.salvage))?;
            write_block(&reader, &block, &decoder, &team, &mut writer)?;
            bar.advance(block.symbols.len() / decoder.code_size());
            if args.labels_out.is_some() {
                labels.extend(block.labels);
            }
        }
        writer.finish().map_err(bare)?;
        Ok(())
    })?;
    drop(bar);
    say!("wrote {}: {kept} images of {} x {} pixels", args.out.display(), header.rows, header.cols);
    if let Some(path) = &args.labels_out {
        let array = IdxArray::new(vec![kept], Elements::U8(labels))?;
        ae_file::replace(path, |out| idx::write(&array, out))?;
        say!("wrote {}: {kept} labels", path.display());
    }
    let seconds = begin.elapsed().as_secs_f64();
    say!("took {seconds:.2} s, {:.0} MB/s of pixels", (kept * decoder.pixels()) as f64 / seconds / 1e6);
    Ok(())
}

fn cannot(file: &Path, salvage: bool) -> String {
    let hint = if salvage { "" } else { " (--salvage leaves out what is lost)" };
    format!("cannot decompress {}{hint}", file.display())
}

/// The decoder inside the file, or that of the run whose model it was made with.
fn decoder_of(reader: &Reader<BufReader<File>>, file: &Path, run: Option<&Path>) -> Result<Decoder> {
    if let Some(decoder) = reader.decoder() {
        return Ok(decoder.clone());
    }
    let run = run::open(run)?;
    let header = reader.header();
    ensure!(
        run.model == header.model,
        "{} was compressed with the model {}, {} holds {}: name its run with --run",
        file.display(),
        header.model,
        run.folder.path().display(),
        run.model,
    );
    let decoder = run.coder.decoder();
    let (units, pixels) = (reader.coding().quantiser().units(), header.rows * header.cols);
    ensure!(
        (decoder.code_size(), decoder.pixels()) == (units, pixels),
        "{} has codes of {units} numbers for images of {pixels} pixels, its model {} for {}",
        file.display(),
        decoder.code_size(),
        decoder.pixels(),
    );
    Ok(decoder.clone())
}

/// The blocks that can be read, and how many images they hold; says which are lost.
fn sound_blocks(reader: &mut Reader<BufReader<File>>, file: &Path) -> Result<(Vec<usize>, usize)> {
    let (mut sound, mut kept) = (Vec::new(), 0);
    for number in 0..reader.blocks() {
        match reader.block(number) {
            Ok(block) => {
                sound.push(number);
                kept += block.symbols.len() / reader.coding().quantiser().units();
            }
            // A file that was cut short, or lies, may state billions of them.
            Err(AezError::Block { block, first, source: BlockError::Missing, .. }) => {
                let last = reader.header().images - 1;
                say!("block {block} and all after it, images {first} to {last}, are not to be found");
                break;
            }
            Err(error @ AezError::Block { .. }) => say!("{:#}", anyhow::Error::new(error)),
            Err(error) => return Err(error).with_context(|| cannot(file, true)),
        }
    }
    Ok((sound, kept))
}

fn write_block(
    reader: &Reader<BufReader<File>>,
    block: &Block,
    decoder: &Decoder,
    team: &Team,
    writer: &mut ImageWriter<&mut dyn Write>,
) -> Result<()> {
    let (units, pixels) = (decoder.code_size(), decoder.pixels());
    let images = (PIXELS_AT_ONCE / pixels).max(1);
    let mut codes = Vec::new();
    let mut first = block.first;
    for symbols in block.symbols.chunks(images * units) {
        reader.coding().quantiser().codes(symbols, &mut codes)?;
        let bytes = levels(&decoder.brightness(team, &codes)?, pixels, first)?;
        writer.write(&bytes).map_err(bare)?;
        first += symbols.len() / units;
    }
    Ok(())
}
