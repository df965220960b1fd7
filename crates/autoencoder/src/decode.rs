//! `cargo xtask decode`.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ae_data::{ImageWriter, WriteError};
use ae_dense::Team;
use ae_eval::Rows;
use ae_npy::CodeReader;
use ae_viz::to_level;
use anyhow::{Error, Result, ensure};
use clap::Args;

use crate::encode::CHUNK;
use crate::output::{replace, require_other, say};
use crate::run::{self, Run};

/// Compute the images that codes stand for, as an IDX file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask decode --codes codes.npy --out images.idx

Codes may come from anywhere:
  python3 -c \"import numpy; numpy.save('codes.npy', numpy.ones((10, 32), 'float32'))\"")]
pub(crate) struct DecodeArgs {
    /// .npy file of codes: (images, code), 32-bit floats, C order; it may be larger than memory
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: PathBuf,
    /// Where the images go: IDX, one byte a pixel
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Threads to compute with; the images do not depend on it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Writes the images that codes stand for.
pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    let run = run::open(args.run.as_deref())?;
    let codes = CodeReader::open(&args.codes, run.coder.code_size())?;
    require_other(&args.out, &args.codes)?;
    let count = codes.len();
    let (rows, cols) = (run.record.data.train.rows, run.record.data.train.cols);
    let team = run::team(args.threads)?;
    replace(&args.out, |out| {
        let writer = ImageWriter::new(out, count, rows, cols).map_err(bare)?;
        write_images(codes, &args.codes, &run, &team, writer)
    })?;
    say!("wrote {}: {count} images of {rows} x {cols} pixels", args.out.display());
    Ok(())
}

fn write_images(
    mut codes: CodeReader,
    path: &Path,
    run: &Run,
    team: &Team,
    mut writer: ImageWriter<&mut dyn Write>,
) -> Result<()> {
    let (mut values, mut pixels) = (Vec::new(), Vec::new());
    let mut done = 0;
    loop {
        let read = codes.next_chunk(CHUNK, &mut values)?;
        if read == 0 {
            break;
        }
        let images = run.coder.decode(team, Rows::values(&values, run.coder.code_size())?)?;
        pixels.clear();
        pixels.extend(images.iter().map_while(|&brightness| to_level(brightness)));
        // Finite codes of astronomical size can leave the decoder with infinity less infinity.
        ensure!(
            pixels.len() == images.len(),
            "cannot decode {}: the image of row {} is not finite",
            path.display(),
            done + pixels.len() / run.coder.pixels(),
        );
        writer.write(&pixels).map_err(bare)?;
        done += read;
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
