//! `ae decode`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ae_data::{ImageWriter, WriteError};
use ae_net::{Rows, Team, to_bytes};
use ae_npy::CodeReader;
use anyhow::{Context, Error, Result};
use clap::Args;

use crate::encode::images_at_once;
use crate::guard::{Format, require_places};
use crate::output::{replace, say};
use crate::progress::ImageBar;
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::is_standard;

/// Compute the images that codes stand for, as an IDX file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} decode --codes codes.npy --out images.idx

Codes may come from anywhere:
  python3 -c \"import numpy; numpy.save('codes.npy', numpy.ones((10, 32)))\"")]
pub struct DecodeArgs {
    /// .npy file of codes: (images, code) floats of 16, 32 or 64 bits, larger than memory if it is in C order; or an .npz
    /// with one array; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: PathBuf,
    /// Where the images go: IDX, one byte a pixel; - is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes the images that codes stand for.
pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    Format::of(&args.out, &[Format::Idx])?;
    let run = args.run.open()?;
    require_places(&[&args.out], run.inputs().iter().chain([&args.codes]))?;
    let code = run.network()?.code_size();
    let codes = match is_standard(&args.codes) {
        true => CodeReader::from_stream(io::stdin(), "standard input", code)?,
        false => CodeReader::open(&args.codes, code)?,
    };
    let count = codes.len();
    let (rows, cols) = run.size();
    let team = args.threads.team()?;
    replace(&args.out, |out| {
        let writer = ImageWriter::new(out, count, rows, cols).map_err(bare)?;
        write_images(codes, &args.codes, &run, &team, writer)
    })?;
    say!("wrote {}: {count} images of {rows} x {cols} pixels", args.out.display());
    run.tell_others();
    Ok(())
}

fn write_images(
    mut codes: CodeReader,
    path: &Path,
    run: &Run,
    team: &Team,
    mut writer: ImageWriter<&mut dyn Write>,
) -> Result<()> {
    let network = run.network()?;
    let (mut values, mut done) = (Vec::new(), 0);
    let bar = ImageBar::new(codes.len());
    bar.begin("decoding");
    loop {
        let read = codes.next_chunk(images_at_once(network.pixels()), &mut values)?;
        if read == 0 {
            break;
        }
        let images = network.decode(team, Rows::values(&values, network.code_size())?)?;
        // Finite codes of astronomical size can leave the decoder with infinity less infinity.
        let pixels = to_bytes(&images, network.pixels(), done)
            .with_context(|| format!("cannot decode {}", path.display()))?;
        writer.write(&pixels).map_err(bare)?;
        done += read;
        bar.advance(read);
    }
    writer.finish().map_err(bare)?;
    Ok(())
}

/// A failure of the output itself goes bare, to be told with its name.
pub(crate) fn bare(error: WriteError) -> Error {
    match error {
        WriteError::Io(error) => error.into(),
        error => error.into(),
    }
}
