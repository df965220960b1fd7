//! `ae decompress`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{CodecError, Damage, Reader, Soundness};
use ae_data::{ElementKind, Form, Shape, SourceKind, Values, idx, labels_to_idx};
use ae_net::{Decoder, Team};
use anyhow::{Context, Error, Result, ensure};
use clap::Args;

use crate::back::{Back, Take, format_of, require_place, require_rows, tell};
use crate::guard::{Format, require_places};
use crate::output::{pair_of, replace, say};
use crate::progress::{ImageBar, Stages};
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::file;

/// Decompress an .aez file into images
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} decompress test.aez -o back.idx
  {ae} decompress photos.aez -o back/        a folder of pictures
  {ae} decompress damaged.aez -o rest.idx --salvage")]
pub struct DecompressArgs {
    /// The compressed file
    #[arg(value_name = "FILE", value_parser = file())]
    pub(crate) file: PathBuf,
    /// Where the images go: .idx, .npy, .csv, or a folder for pictures, under the names that they had; - is standard output,
    /// as IDX
    #[arg(short, long, value_name = "FOLDER|FILE")]
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
    args.labels_out.iter().try_for_each(|labels| Format::of(labels, &[Format::Idx]).map(drop))?;
    let damage = if args.salvage { Damage::Skip } else { Damage::Refuse };
    require_rows(&args.out)?;
    let mut reader = Reader::open(&args.file, damage)?;
    let header = *reader.header();
    let form = form_of(&reader);
    let format = format_of(&args.out, &form)?;
    // The run is needed, and looked for, only where the file has no decoder of its own.
    let own_decoder = reader.decoder().is_some();
    ensure!(
        !own_decoder || args.run.weights.is_none(),
        "{} has its decoder inside: leave --weights out",
        args.file.display()
    );
    let run = if own_decoder { None } else { Some(args.run.open()?) };
    let of_run = run.as_ref().map(Run::inputs).unwrap_or_default();
    let inputs = || of_run.iter().chain([&args.file]);
    match format {
        Format::Pictures => {
            require_place(&args.out, format, inputs().chain(&args.labels_out))?;
            require_places(args.labels_out.as_slice(), inputs())?;
        }
        _ => {
            let outputs: Vec<_> = [&args.out].into_iter().chain(&args.labels_out).collect();
            require_places(&outputs, inputs())?;
        }
    }
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
    let (named, labelled) = (reader.extras().named, reader.coding().labelled());
    let back = Back { form: &form, scaling: None, count: kept, named, labelled };
    let mut pair = None;
    back.write(&args.out, format, |take| {
        let mut labels = Vec::new();
        for &number in &blocks {
            let block = reader.block(number).with_context(|| cannot(&args.file, args.salvage))?;
            write_images(&reader, &block, &decoder, &team, take)?;
            bar.advance(block.symbols.len() / decoder.code_size());
            if args.labels_out.is_some() {
                labels.extend(block.labels);
            }
        }
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
    tell(&args.out, kept, &form);
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

/// How the images stood where they came from, as far as the file says it and it can be true; else as in an IDX file.
fn form_of(reader: &Reader<BufReader<File>>) -> Form {
    let (header, extras) = (reader.header(), reader.extras());
    let shape = Shape { channels: header.channels, rows: header.rows, cols: header.cols };
    let said = extras.form.as_deref().and_then(|text| serde_json::from_str::<Form>(text).ok());
    let form = said.filter(|form| form.shape() == Some(shape)).unwrap_or_else(|| Form {
        kind: Some(if extras.named { SourceKind::Pictures } else { SourceKind::Idx }),
        ..Form::default().with_shape(shape)
    });
    Form { elements: Some(ElementKind::Bytes), classes: extras.classes.clone(), ..form }
}

fn write_images(
    reader: &Reader<BufReader<File>>,
    block: &ae_codec::Block,
    decoder: &Decoder,
    team: &Team,
    take: Take<'_>,
) -> Result<()> {
    let mut done = 0;
    for images in reader.images(team, decoder, block) {
        let images = images.map_err(|error: CodecError| Error::from(error))?;
        let rows = done..done + images.len() / decoder.pixels();
        done = rows.end;
        let names = block.names.as_ref().map(|names| &names[rows.clone()]);
        let labels = (!block.labels.is_empty()).then(|| &block.labels[rows]);
        take(names, labels, Values::Bytes(images))?;
    }
    Ok(())
}
