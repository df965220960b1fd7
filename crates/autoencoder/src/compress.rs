//! `ae compress`.

use std::path::PathBuf;
use std::time::Instant;

use ae_codec::{CodecError, Compressor, Extras, Header, MAX_FORM_BYTES, Quality, Survey, WeightBits};
use ae_data::{ElementKind, Form, Samples, Shape, SourceKind};
use ae_net::psnr_db;
use anyhow::{Error, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::form::ReadArgs;
use crate::guard::{Format, require_places};
use crate::info;
use crate::output::{replace, say};
use crate::progress::ImageBar;
use crate::rows::RunRows;
use crate::run::{Run, RunArg, ThreadsArg};
use crate::signals;
use crate::standard::{file, is_standard};

/// Compress images into an .aez file
#[derive(Debug, Args)]
#[command(
    after_help = "Quality is a number from 0 to 100. At 50 rounding the codes adds 4 % to the squared error of the model itself,
0.17 dB; 10 more halve all steps, which costs about a bit for each number of a code. The reference recipe, on the test
images: 12.6 bytes an image at 19.55 dB for 40, 16.5 at 20.01 dB for 50, 20.5 at 20.13 dB for 60.

Examples:
  {ae} compress data/mnist/t10k-images-idx3-ubyte.gz -o test.aez
  {ae} compress mine.idx -o mine.aez --embed-decoder   needs no run to be decompressed
  {ae} compress photos/ -o photos.aez --run runs/photos  names and classes are carried along"
)]
pub struct CompressArgs {
    /// Images of bytes, read as the run's own are: a folder of pictures, an IDX file, .npy, .npz or CSV, larger than memory
    /// too
    #[arg(value_name = "FOLDER|FILE", value_parser = file())]
    pub(crate) images: PathBuf,
    /// Where the compressed file goes; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// How finely codes are rounded, 0 to 100
    #[arg(long, value_name = "Q", default_value = "50", value_parser = quality, allow_negative_numbers = true)]
    pub(crate) quality: Quality,
    /// Put the decoder into the file, its weights rounded to so many bits [8 if none are named]
    #[arg(long, value_name = "BITS", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "8")]
    pub(crate) embed_decoder: Option<Bits>,
    /// File with a label for each image, to be carried along: IDX, .npy or .npz
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bits {
    #[value(name = "8")]
    Eight,
    #[value(name = "16")]
    Sixteen,
}

impl Bits {
    fn weights(self) -> WeightBits {
        match self {
            Self::Eight => WeightBits::Eight,
            Self::Sixteen => WeightBits::Sixteen,
        }
    }
}

fn quality(text: &str) -> Result<Quality, String> {
    let number = text.parse().map_err(|_| "expected a number".to_owned())?;
    Quality::new(number).map_err(|error| error.to_string())
}

/// Compresses, and says what it took.
pub(crate) fn run(args: &CompressArgs) -> Result<()> {
    let begin = Instant::now();
    Format::of(&args.out, &[Format::Aez])?;
    let run = args.run.open()?;
    require_places(&[&args.out], run.inputs().iter().chain([&args.images]).chain(&args.labels))?;
    require_bytes(&run)?;
    let open = || RunRows::open(&run, &args.images, args.labels.as_deref(), &args.read, "compress");
    let rows = open()?;
    let (team, network) = (args.threads.team()?, run.network()?);
    let (count, pixels) = (rows.len(), network.pixels());
    let extras = extras(&rows);
    rows.tell_notes();
    let mut survey = Survey::new(&team, network, count);
    let mut labels = rows.has_labels().then(Vec::new);
    each_chunk(rows, "looking", |chunk| {
        if let Some(labels) = &mut labels {
            labels.extend_from_slice(chunk.labels().unwrap_or_default());
        }
        Ok(survey.add(chunk.bytes().unwrap_or_default())?)
    })?;
    let coding = survey.finish(args.quality, run.steps(), labels.as_deref())?;

    let rows = open()?;
    ensure!(rows.len() == count, "{} has changed while it was read", args.images.display());
    let Shape { channels, rows: lines, cols } = run.shape();
    let header = Header { images: count, channels, rows: lines, cols, model: network.identity() };
    let bits = args.embed_decoder.map(Bits::weights);
    let mut mse = f64::NAN;
    replace(&args.out, |out| {
        let mut file = Compressor::new(&team, network, out, header, &extras, coding, bits).map_err(bare)?;
        each_chunk(rows, "writing", |chunk| {
            let (labels, names) = (chunk.labels().unwrap_or_default(), chunk.names().unwrap_or_default());
            file.push(chunk.bytes().unwrap_or_default(), labels, names).map_err(bare)
        })?;
        mse = file.finish().map_err(bare)?.1;
        Ok(())
    })?;

    say!("wrote {}", args.out.display());
    if !is_standard(&args.out) {
        say!("{}", info::describe(&info::open(&args.out)?));
    }
    let (numbers, seconds) = ((count * pixels) as f64, begin.elapsed().as_secs_f64());
    if count > 0 {
        say!("PSNR            {:.2} dB", psnr_db(mse));
    }
    run.tell_others();
    say!("took            {seconds:.2} s, {:.0} MB/s of pixels", numbers / seconds / 1e6);
    Ok(())
}

/// Refuses a run of numbers that no pixels are: their codes would need other steps, and their errors another measure.
fn require_bytes(run: &Run) -> Result<()> {
    let other = match run.form().elements {
        Some(ElementKind::Bytes) if run.scaling().is_some() => "bytes that were scaled",
        Some(ElementKind::Bytes) if !run.network()?.outputs().is_logits() => "bytes by squared error",
        Some(ElementKind::Bytes) => return Ok(()),
        _ => "other numbers",
    };
    bail!(
        "an .aez file holds bytes, and what is lost of them is weighed by cross-entropy; this run was trained on {other}: \
         `encode` and `decode` keep its codes as .npy or .csv"
    );
}

/// What goes into the file beside images and labels: names and classes, and how rows stood in their source, where that is
/// more than an IDX file says by itself.
fn extras(rows: &RunRows<'_>) -> Extras {
    let form = rows.form();
    let plain = form.kind == Some(SourceKind::Idx) && form.layout.is_none();
    let text = serde_json::to_string(&Form { classes: Vec::new(), ..form.clone() });
    let mut text = text.ok().filter(|_| !plain);
    if text.as_ref().is_some_and(|text| text.len() > MAX_FORM_BYTES) {
        say!("note: the names of columns take more than {MAX_FORM_BYTES} bytes, and are left out");
        text = None;
    }
    Extras { named: rows.has_names(), classes: form.classes.clone(), form: text }
}

/// Reads rows to their end, and hands each chunk on; a bar says what for.
fn each_chunk(
    mut rows: RunRows<'_>,
    what: &'static str,
    mut work: impl FnMut(&Samples) -> Result<()>,
) -> Result<()> {
    let bar = ImageBar::new(rows.len());
    bar.begin(what);
    loop {
        let chunk = rows.next_chunk()?;
        if chunk.is_empty() {
            return Ok(());
        }
        work(&chunk)?;
        // Large images make a block, and so a write, out of many chunks.
        signals::check()?;
        bar.advance(chunk.len());
    }
}

/// A failure of the output itself goes bare, to be told with its name.
fn bare(error: CodecError) -> Error {
    match error {
        CodecError::Io(error) => error.into(),
        error => error.into(),
    }
}
