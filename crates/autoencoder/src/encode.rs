//! `ae encode`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ae_data::npy::{Element, write_header, write_labels, write_values};
use ae_data::{Samples, TableHead, TableWriter, Values};
use ae_eval::image_rows;
use ae_net::Team;
use anyhow::{Result, ensure};
use clap::Args;

use crate::back::bare;
use crate::form::ReadArgs;
use crate::guard::{Format, require_places};
use crate::output::{BadArgument, pair_of, replace, say};
use crate::progress::ImageBar;
use crate::rows::RunRows;
use crate::run::{Run, RunArg, ThreadsArg};
use crate::standard::{file, is_standard};

/// Compute the codes of images or other rows, as an array for NumPy or a table
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} encode --images data/mnist/t10k-images-idx3-ubyte.gz --out codes.npy
  python3 -c \"import numpy; print(numpy.load('codes.npy').shape)\"

  {ae} encode --run runs/photos --images photos/ --out codes.csv   names first, then the class, then the code
  {ae} encode --images train.idx --labels labels.idx --out train.npy   labels as train.labels.npy")]
pub struct EncodeArgs {
    /// What to encode, read as the run's own data is: a folder of pictures, an IDX file, .npy, .npz, CSV or TSV, larger than
    /// memory too; - is standard input
    #[arg(long, value_name = "FOLDER|FILE")]
    pub(crate) images: PathBuf,
    /// Where the codes go: .npy, (rows, code), 32-bit floats, with the rows' names beside it as codes.names.txt; .csv with
    /// names first; - is standard output, as .npy
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// File with a label for each row: IDX, .npy or .npz. Labels go beside the codes, for codes.npy as codes.labels.npy,
    /// where no older labels may be left without any
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes the codes of rows, and their names and labels if they have any.
pub(crate) fn run(args: &EncodeArgs) -> Result<()> {
    let format = Format::or_first(&args.out, &[Format::Npy, Format::Csv])?;
    ensure!(
        !(is_standard(&args.out) && args.labels.is_some()),
        BadArgument("--labels: with --out - there is no name for a second file".to_owned())
    );
    let run = args.run.open()?;
    let (labels_out, names_out) =
        (args.out.with_extension("labels.npy"), args.out.with_extension("names.txt"));
    let beside = format == Format::Npy && !is_standard(&args.out);
    let outputs = if beside { vec![&args.out, &labels_out, &names_out] } else { vec![&args.out] };
    require_places(&outputs, run.inputs().iter().chain([&args.images]).chain(&args.labels))?;
    let rows = RunRows::open(&run, &args.images, args.labels.as_deref(), &args.read, "encode")?;
    let labels_out = (beside && rows.has_labels()).then_some(labels_out);
    let names_out = (beside && rows.has_names()).then_some(names_out);
    if beside {
        require_fresh(&args.out.with_extension("labels.npy"), labels_out.is_some())?;
        require_fresh(&args.out.with_extension("names.txt"), names_out.is_some())?;
    }
    let encoder = Encoder { run: &run, team: args.threads.team()?, bar: ImageBar::new(rows.len()) };
    let (count, code) = (rows.len(), run.network()?.code_size());
    rows.tell_notes();
    let classes = rows.form().classes.clone();
    match format {
        Format::Csv => replace(&args.out, |out| encoder.table(rows, out))?,
        _ => encoder.array(rows, &args.out, labels_out.as_deref(), names_out.as_deref())?,
    }
    drop(encoder);
    if let Some(labels_out) = &labels_out {
        say!("wrote {}: {count} labels", labels_out.display());
        if !classes.is_empty() {
            say!("labels count the classes from 0: {}", classes.join(", "));
        }
    }
    if let Some(names_out) = &names_out {
        say!("wrote {}: {count} names", names_out.display());
    }
    say!("wrote {}: {count} codes of {code} numbers", args.out.display());
    run.tell_others();
    Ok(())
}

struct Encoder<'a> {
    run: &'a Run,
    team: Team,
    bar: ImageBar,
}

impl Encoder<'_> {
    /// Hands on each chunk with its codes.
    fn each(
        &self,
        mut rows: RunRows<'_>,
        mut write: impl FnMut(&Samples, Vec<f32>) -> Result<()>,
    ) -> Result<()> {
        self.bar.begin("encoding");
        loop {
            let chunk = rows.next_chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            let codes = self.run.network()?.encode(&self.team, image_rows(&chunk)?)?;
            write(&chunk, codes)?;
            self.bar.advance(chunk.len());
        }
    }

    /// Writes codes as an array, and labels and names into files of their own. Those take their place only once the codes have,
    /// and are whole by then: never new ones beside old codes.
    fn array(
        &self,
        rows: RunRows<'_>,
        out: &Path,
        labels_out: Option<&Path>,
        names_out: Option<&Path>,
    ) -> Result<()> {
        let shape = [rows.len() as u64, self.run.network()?.code_size() as u64];
        let mut pair = None;
        replace_if(labels_out, |labels_file| {
            replace_if(names_out, |mut names_file| {
                let mut labels = Vec::new();
                replace(out, |file| {
                    write_header(&mut *file, Element::F32, &shape)?;
                    self.each(rows, |chunk, codes| {
                        write_values(&mut *file, &codes)?;
                        labels.extend_from_slice(chunk.labels().unwrap_or_default());
                        match &mut names_file {
                            Some(names_file) => write_names(names_file, chunk.names().unwrap_or_default()),
                            None => Ok(()),
                        }
                    })?;
                    if let Some(labels_file) = labels_file {
                        write_labels(labels_file, &labels)?;
                        pair = pair_of(out);
                    }
                    Ok(())
                })
            })
        })
    }

    /// Writes names, classes and codes as a table.
    fn table(&self, rows: RunRows<'_>, out: &mut dyn Write) -> Result<()> {
        let (form, code) = (rows.form().clone(), self.run.network()?.code_size());
        let head = TableHead {
            names: rows.has_names(),
            class: rows.has_labels().then(|| "class".to_owned()),
            class_at: 0,
            columns: (0..code).map(|number| format!("code{number}")).collect(),
        };
        let mut table = TableWriter::new(out, head).map_err(bare)?;
        self.each(rows, |chunk, codes| {
            let classes = chunk.labels().map(|labels| form.class_names(labels));
            table.write(chunk.names(), classes.as_deref(), &Values::Floats(codes), code).map_err(bare)
        })?;
        table.finish().map(drop).map_err(bare)
    }
}

/// Replaces a file, where there is to be one.
fn replace_if(path: Option<&Path>, write: impl FnOnce(Option<&mut dyn Write>) -> Result<()>) -> Result<()> {
    match path {
        Some(path) => replace(path, |out| write(Some(out))),
        None => write(None),
    }
}

/// Names, a line each.
fn write_names(out: &mut dyn Write, names: &[String]) -> Result<()> {
    Ok(names.iter().try_for_each(|name| writeln!(out, "{name}"))?)
}

/// Refuses to leave a file of older ones beside the codes, where there is nothing new to be written into it.
fn require_fresh(path: &Path, written: bool) -> Result<()> {
    ensure!(
        written || fs::symlink_metadata(path).is_err(),
        "{} would stand beside codes of other images: give --labels, or remove it",
        path.display(),
    );
    Ok(())
}
