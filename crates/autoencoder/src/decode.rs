//! `ae decode`.

use std::io;
use std::path::{Path, PathBuf};

use ae_data::{ElementKind, Form, ReadOptions, Samples, Shape, Source, open_source, stream_source};
use ae_eval::image_rows;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::back::{Back, format_of, require_place, require_rows, tell};
use crate::progress::ImageBar;
use crate::rows::rows_at_once;
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::is_standard;

/// Compute what codes stand for, in the form that the run's data came in
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} decode --codes codes.npy --out images.idx
  {ae} decode --run runs/photos --codes codes.csv --out back/   a folder of pictures, under their names
  {ae} decode --run runs/wine --codes codes.npy --out back.csv  a table with the columns that it had

Codes may come from anywhere:
  python3 -c \"import numpy; numpy.save('codes.npy', numpy.ones((10, 32)))\"")]
pub struct DecodeArgs {
    /// File of codes: .npy of (rows, code) numbers, or an .npz with one such array, with names beside it in codes.names.txt if
    /// that is there; or a table with a column a number, as encode writes it; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: PathBuf,
    /// Where the rows go: .idx, .npy, .csv, or a folder for pictures; - is standard output, as IDX
    #[arg(long, value_name = "FOLDER|FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes the rows that codes stand for.
pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    require_rows(&args.out)?;
    let run = args.run.open()?;
    let form = run.form();
    let format = format_of(&args.out, &form)?;
    require_place(&args.out, format, run.inputs().iter().chain([&args.codes]))?;
    let mut codes = Codes::open(&args.codes, &run)?;
    let team = args.threads.team()?;
    let count = codes.source.len();
    let (named, labelled) = (codes.has_names(), codes.source.has_labels());
    let back = Back { form: &form, scaling: run.scaling(), count, named, labelled };
    let bar = ImageBar::new(count);
    bar.begin("decoding");
    back.write(&args.out, format, |take| {
        let mut done = 0;
        loop {
            let chunk = codes.next_chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            let outputs = run.network()?.decode(&team, image_rows(&chunk)?)?;
            // Finite codes of astronomical size can leave the decoder with infinity less infinity.
            let values = back
                .values(outputs, done)
                .with_context(|| format!("cannot decode {}", args.codes.display()))?;
            take(chunk.names(), chunk.labels(), values)?;
            done += chunk.len();
            bar.advance(chunk.len());
        }
    })?;
    drop(bar);
    tell(&args.out, count, &form);
    run.tell_others();
    Ok(())
}

/// Codes of a file, and the names that belong to them.
struct Codes {
    source: Box<dyn Source>,
    /// Those that stand in a file beside.
    names: Option<Vec<String>>,
    at_once: usize,
    read: usize,
}

impl Codes {
    fn open(path: &Path, run: &Run) -> Result<Self> {
        let code = run.network()?.code_size();
        let form = Form {
            elements: Some(ElementKind::Floats),
            classes: run.form().classes,
            ..Form::default().with_shape(Shape::list(code))
        };
        let options = ReadOptions { form, ..ReadOptions::default() };
        let source = match is_standard(path) {
            true => stream_source(io::stdin(), "standard input", &options),
            false => open_source(path, &options),
        };
        let source = source.with_context(|| format!("codes of this run are {code} numbers"))?;
        let names = match source.has_names() || is_standard(path) {
            true => None,
            false => names_beside(path, source.len())?,
        };
        Ok(Self { source, names, at_once: rows_at_once(run.shape().numbers()), read: 0 })
    }

    fn has_names(&self) -> bool {
        self.names.is_some() || self.source.has_names()
    }

    fn next_chunk(&mut self) -> Result<Samples> {
        let chunk = self.source.next_chunk(self.at_once)?;
        let (first, end) = (self.read, self.read + chunk.len());
        self.read = end;
        match &self.names {
            Some(names) => Ok(chunk.with_names(names[first..end].to_vec())?),
            None => Ok(chunk),
        }
    }
}

/// The names in the file beside an array, a line each, if it is there.
fn names_beside(codes: &Path, count: usize) -> Result<Option<Vec<String>>> {
    /// Far more than there are names, and little memory.
    const MAX_BYTES: u64 = 1 << 30;
    let path = codes.with_extension("names.txt");
    if path == codes || !path.exists() {
        return Ok(None);
    }
    let cannot = || format!("cannot read {}", path.display());
    let text = ae_file::read(&path, MAX_BYTES).with_context(cannot)?;
    let text = String::from_utf8(text).context("its names are not UTF-8").with_context(cannot)?;
    let names: Vec<String> = text.lines().map(str::to_owned).collect();
    ensure!(
        names.len() == count,
        "{} has {} names for {count} codes: remove it, and rows are numbered",
        path.display(),
        names.len(),
    );
    Ok(Some(names))
}
