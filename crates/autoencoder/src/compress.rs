//! `ae compress`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{CodecError, Compressor, Header, Quality, Survey, WeightBits};
use ae_data::{ImageReader, Limits};
use ae_net::psnr_db;
use anyhow::{Error, Result, ensure};
use clap::{Args, ValueEnum};

use crate::encode::{images_at_once, open_labelled};
use crate::guard::{Format, require_places};
use crate::info;
use crate::output::{replace, say};
use crate::progress::ImageBar;
use crate::run::{RunArg, ThreadsArg};
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
  {ae} compress mine.idx -o mine.aez --embed-decoder   needs no run to be decompressed"
)]
pub struct CompressArgs {
    /// IDX file of images, gzipped or not; it may be larger than memory
    #[arg(value_name = "FILE", value_parser = file())]
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
    /// IDX file with a label for each image, to be carried along
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
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
    let (images, labels) = open_labelled(&args.images, args.labels.as_deref(), &run, "compress")?;
    let (team, network) = (args.threads.team()?, run.network()?);
    let (count, pixels) = (images.len(), network.pixels());
    let bar = ImageBar::new(count);

    bar.begin("looking");
    let mut survey = Survey::new(&team, network, count);
    each_chunk(images, pixels, &bar, |chunk, _| Ok(survey.add(chunk)?))?;
    let coding = survey.finish(args.quality, run.steps(), labels.as_deref())?;

    bar.begin("writing");
    let images = reopen(&args.images, count)?;
    let (rows, cols) = run.size();
    let header = Header { images: count, rows, cols, model: network.identity() };
    let bits = args.embed_decoder.map(Bits::weights);
    let mut mse = f64::NAN;
    replace(&args.out, |out| {
        let mut file = Compressor::new(&team, network, out, header, coding, bits).map_err(bare)?;
        let labels = labels.as_deref().unwrap_or_default();
        each_chunk(images, pixels, &bar, |chunk, first| {
            let these = labels.get(first..first + chunk.len() / pixels).unwrap_or_default();
            file.push(chunk, these).map_err(bare)
        })?;
        mse = file.finish().map_err(bare)?.1;
        Ok(())
    })?;
    drop(bar);

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

/// Reads images to their end, some at a time, and hands each chunk on with the number of its first image.
fn each_chunk(
    mut images: ImageReader,
    pixels: usize,
    bar: &ImageBar,
    mut work: impl FnMut(&[u8], usize) -> Result<()>,
) -> Result<()> {
    let (mut chunk, mut first) = (Vec::new(), 0);
    loop {
        let read = images.next_chunk(images_at_once(pixels), &mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        work(&chunk, first)?;
        // Large images make a block, and so a write, out of many chunks.
        signals::check()?;
        first += read;
        bar.advance(read);
    }
}

/// The images once more, for the second pass.
fn reopen(path: &Path, count: usize) -> Result<ImageReader> {
    let images = ImageReader::open(path, &Limits::default())?;
    ensure!(images.len() == count, "{} has changed while it was read", path.display());
    Ok(images)
}

/// A failure of the output itself goes bare, to be told with its name.
fn bare(error: CodecError) -> Error {
    match error {
        CodecError::Io(error) => error.into(),
        error => error.into(),
    }
}
