//! `ae encode`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ae_data::{ImageReader, Limits, LoadError, open_labels};
use ae_net::{Rows, Team};
use ae_npy::{Element, write_header, write_labels, write_values};
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::guard::{Format, require_places};
use crate::output::{BadArgument, pair_of, replace, say};
use crate::progress::ImageBar;
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::{file, is_standard};

/// Images of so many pixels that are in memory at once: some megabytes of them. No code depends on it.
pub(crate) fn images_at_once(pixels: usize) -> usize {
    ((1 << 22) / pixels).clamp(1, 1 << 12)
}

/// Compute the codes of images, as an .npy file that numpy reads
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} encode --images data/mnist/t10k-images-idx3-ubyte.gz --out codes.npy
  python3 -c \"import numpy; print(numpy.load('codes.npy').shape)\"

  {ae} encode --images train.idx --labels labels.idx --out train.npy   labels as train.labels.npy")]
pub struct EncodeArgs {
    /// IDX file of images, gzipped or not; it may be larger than memory, and - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) images: PathBuf,
    /// Where the codes go: (images, code), 32-bit floats; - is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// IDX file with a label for each image; they go beside the codes, for codes.npy as codes.labels.npy, where
    /// no older labels may be left without it
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes the codes of images, and their labels if there are any.
pub(crate) fn run(args: &EncodeArgs) -> Result<()> {
    Format::of(&args.out, &[Format::Npy])?;
    ensure!(
        !(is_standard(&args.out) && args.labels.is_some()),
        BadArgument("--labels: with --out - there is no name for a second file".to_owned())
    );
    let run = args.run.open()?;
    let labels_out = args.out.with_extension("labels.npy");
    let outputs = if args.labels.is_some() { &[&args.out, &labels_out][..] } else { &[&args.out] };
    require_places(outputs, run.inputs().iter().chain([&args.images]).chain(&args.labels))?;
    let (images, labels) = open_labelled(&args.images, args.labels.as_deref(), &run, "encode")?;
    ensure!(
        labels.is_some() || fs::symlink_metadata(&labels_out).is_err(),
        "{} would stand beside codes of other images: give --labels, or remove it",
        labels_out.display(),
    );
    let (count, code) = (images.len(), run.network()?.code_size());
    let team = args.threads.team()?;
    match labels {
        None => replace(&args.out, |out| write_codes(images, &run, &team, out))?,
        Some(labels) => {
            let mut pair = None;
            // The labels take their place only once the codes have: never new labels beside old codes.
            replace(&labels_out, |out| {
                write_labels(&mut *out, &labels)?;
                replace(&args.out, |out| {
                    write_codes(images, &run, &team, out)?;
                    pair = pair_of(&args.out);
                    Ok(())
                })
            })?;
            drop(pair);
            say!("wrote {}: {count} labels", labels_out.display());
        }
    }
    say!("wrote {}: {count} codes of {code} numbers", args.out.display());
    run.tell_others();
    Ok(())
}

/// Opens images of the run's size, and reads a label for each if there is a file of them; `verb` says what for.
pub(crate) fn open_labelled(
    path: &Path,
    labels_path: Option<&Path>,
    run: &Run,
    verb: &str,
) -> Result<(ImageReader, Option<Vec<i32>>)> {
    let limits = Limits::default();
    let images = match is_standard(path) {
        true => ImageReader::from_stream(io::stdin(), "standard input", &limits)?,
        false => ImageReader::open(path, &limits)?,
    };
    let (rows, cols) = run.size();
    images.require_size(rows, cols).with_context(|| format!("cannot {verb} {}", path.display()))?;
    let Some(labels_path) = labels_path else { return Ok((images, None)) };
    let labels = open_labels(labels_path, &limits)?;
    if labels.len() != images.len() {
        return Err(LoadError::Counts {
            images_path: path.to_owned(),
            images: images.len(),
            labels_path: labels_path.to_owned(),
            labels: labels.len(),
        }
        .into());
    }
    Ok((images, Some(labels)))
}

fn write_codes(mut images: ImageReader, run: &Run, team: &Team, out: &mut dyn Write) -> Result<()> {
    let (pixels_per_image, code) = (run.network()?.pixels(), run.network()?.code_size());
    let at_once = images_at_once(pixels_per_image);
    write_header(&mut *out, Element::F32, &[images.len() as u64, code as u64])?;
    let (mut pixels, mut codes) = (Vec::new(), Vec::new());
    let bar = ImageBar::new(images.len());
    bar.begin("encoding");
    loop {
        let read = images.next_chunk(at_once, &mut pixels)?;
        if read == 0 {
            return Ok(());
        }
        run.network()?.encode_into(team, Rows::bytes(&pixels, pixels_per_image)?, &mut codes)?;
        write_values(&mut *out, &codes)?;
        bar.advance(read);
    }
}
