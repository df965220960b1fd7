//! `cargo xtask compress`.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use ae_codec::{CodecError, Coding, Decoder, Header, Quality, Quantiser, WeightBits, Writer};
use ae_data::{ImageReader, Limits};
use ae_dense::Team;
use ae_eval::Rows;
use ae_viz::to_level;
use anyhow::{Context, Error, Result, ensure};
use clap::{Args, ValueEnum};

use crate::encode::{CHUNK, labels_of, require_size};
use crate::info;
use crate::output::{replace, require_other, say};
use crate::progress::ImageBar;
use crate::run::{self, Run};

/// Numbers in the codes that tables are fitted to, at most: 65,536 codes of 32.
const SAMPLE_NUMBERS: usize = 1 << 21;
/// Images that tell what the model loses by itself, at most.
const MEASURED: usize = 1 << 10;

/// Compress images into an .aez file
#[derive(Debug, Args)]
#[command(
    after_help = "Quality is a number from 0 to 100. At 50 rounding the codes adds 4 % to the squared error of the model itself,
0.17 dB; 10 more halve all steps, which costs about a bit for each number of a code. The reference recipe, on the test
images: 12.6 bytes an image at 19.55 dB for 40, 16.5 at 20.01 dB for 50, 20.5 at 20.13 dB for 60.

Examples:
  cargo xtask compress data/mnist/t10k-images-idx3-ubyte.gz -o test.aez
  cargo xtask compress mine.idx -o mine.aez --embed-decoder   needs no run to be decompressed"
)]
pub(crate) struct CompressArgs {
    /// IDX file of images, gzipped or not; it may be larger than memory
    #[arg(value_name = "FILE")]
    pub(crate) images: PathBuf,
    /// Where the compressed file goes
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// How finely codes are rounded, 0 to 100
    #[arg(long, value_name = "Q", default_value = "50", value_parser = quality, allow_negative_numbers = true)]
    pub(crate) quality: Quality,
    /// Put the decoder into the file, its weights rounded to so many bits [8 if none are named]
    #[arg(long, value_name = "BITS", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "8")]
    pub(crate) embed_decoder: Option<Bits>,
    /// IDX file with a label for each image, to be carried along
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Threads to compute with; the file does not depend on it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
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
    let run = run::open(args.run.as_deref())?;
    let open = || ImageReader::open(&args.images, &Limits::default());
    let images = open()?;
    require_size(&images, &run).with_context(|| format!("cannot compress {}", args.images.display()))?;
    let labels = args.labels.as_deref().map(|path| labels_of(&images, &args.images, path)).transpose()?;
    for input in [Some(&args.images), args.labels.as_ref()].into_iter().flatten() {
        require_other(&args.out, input)?;
    }
    let (count, pixels) = (images.len(), run.coder.pixels());
    let header = Header { images: count, rows: images.rows(), cols: images.cols(), model: run.model };
    let bar = ImageBar::new(count);
    let work = Work { run: &run, team: run::team(args.threads)?, bar };

    let Sample { codes, own_mse } = work.sample(images)?;
    let quantiser = steps(&run, &work.team, &codes, own_mse, args.quality)?;
    let coding = Coding::fit(quantiser, &codes, labels.as_deref())?;
    drop(codes);
    let bits = args.embed_decoder.map(Bits::weights);
    // What stands in the file is what images are made with, and measured with.
    let decoder = match bits {
        None => run.coder.decoder().clone(),
        Some(bits) => run.coder.decoder().rounded(bits)?,
    };
    let inside = bits.map(|bits| (run.coder.decoder(), bits));
    let images = open()?;
    ensure!(images.len() == count, "{} has changed while it was read", args.images.display());
    let mut squares = 0.0;
    replace(&args.out, |out| {
        let writer = Writer::new(out, header, coding.clone(), inside).map_err(bare)?;
        squares = work.write(images, &coding, &decoder, labels.as_deref().unwrap_or_default(), writer)?;
        Ok(())
    })?;
    drop(work);

    say!("wrote {}", args.out.display());
    say!("{}", info::describe(&info::open(&args.out)?));
    let (numbers, seconds) = ((count * pixels) as f64, begin.elapsed().as_secs_f64());
    if count > 0 {
        say!("PSNR            {:.2} dB", -10.0 * (squares / numbers).log10());
    }
    say!("took            {seconds:.2} s, {:.0} MB/s of pixels", numbers / seconds / 1e6);
    Ok(())
}

/// The steps that a run's codes are rounded by: of a run whose codes were trained to be stored in whole numbers, the
/// same for all units; of any other, matched to what each unit does to an image.
pub(crate) fn steps(
    run: &Run,
    team: &Team,
    codes: &[f32],
    own_mse: f64,
    quality: Quality,
) -> Result<Quantiser, CodecError> {
    if run.record.config.rate > 0.0 {
        return Quantiser::uniform(run.coder.code_size(), quality.scale());
    }
    Quantiser::matched(team, run.coder.decoder(), codes, own_mse, quality)
}

/// What both passes over the images compute with.
struct Work<'a> {
    run: &'a Run,
    team: Team,
    bar: ImageBar,
}

/// Codes that steps and tables are fitted to.
struct Sample {
    codes: Vec<f32>,
    /// Squared error of their reconstructions, mean over images and pixels.
    own_mse: f64,
}

impl Work<'_> {
    /// The codes of all images or, where there are many, of every second, every third...
    fn sample(&self, mut images: ImageReader) -> Result<Sample> {
        let (pixels, units) = (self.run.coder.pixels(), self.run.coder.code_size());
        let every = (images.len() * units).div_ceil(SAMPLE_NUMBERS).max(1);
        let measured_every = every * images.len().div_ceil(every).div_ceil(MEASURED).max(1);
        let (mut codes, mut measured, mut originals) = (Vec::new(), Vec::new(), Vec::new());
        let (mut chunk, mut taken) = (Vec::new(), Vec::new());
        let mut first = 0;
        self.bar.begin("looking");
        loop {
            let read = images.next_chunk(CHUNK, &mut chunk)?;
            if read == 0 {
                break;
            }
            taken.clear();
            let begin = codes.len();
            for (image, bytes) in (first..).zip(chunk.chunks_exact(pixels)) {
                if image % every == 0 {
                    taken.extend_from_slice(bytes);
                }
            }
            codes.resize(begin + taken.len() / pixels * units, 0.0);
            self.run.coder.encode_into(&self.team, Rows::bytes(&taken, pixels)?, &mut codes[begin..])?;
            let sampled = (first..first + read).filter(|image| image % every == 0);
            for ((image, bytes), code) in
                sampled.zip(taken.chunks_exact(pixels)).zip(codes[begin..].chunks_exact(units))
            {
                if image % measured_every == 0 {
                    originals.extend_from_slice(bytes);
                    measured.extend_from_slice(code);
                }
            }
            first += read;
            self.bar.advance(read);
        }
        let squares = squared_error(&self.rebuilt(self.run.coder.decoder(), &measured, 0)?, &originals);
        Ok(Sample { codes, own_mse: squares / originals.len().max(1) as f64 })
    }

    /// Writes all images, and answers the squared error of what will come back, summed, on the [0, 1] scale.
    fn write(
        &self,
        mut images: ImageReader,
        coding: &Coding,
        decoder: &Decoder,
        labels: &[u8],
        mut writer: Writer<&mut dyn Write>,
    ) -> Result<f64> {
        let (pixels, units) = (self.run.coder.pixels(), self.run.coder.code_size());
        let (mut chunk, mut codes, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
        let (mut first, mut squares) = (0, 0.0);
        self.bar.begin("writing");
        loop {
            let read = images.next_chunk(CHUNK, &mut chunk)?;
            if read == 0 {
                writer.finish().map_err(bare)?;
                return Ok(squares);
            }
            codes.resize(read * units, 0.0);
            self.run.coder.encode_into(&self.team, Rows::bytes(&chunk, pixels)?, &mut codes)?;
            coding.quantiser().symbols(&codes, &mut symbols)?;
            let labels = if coding.labelled() { &labels[first..first + read] } else { &[] };
            writer.push(&symbols, labels).map_err(bare)?;
            coding.quantiser().codes(&symbols, &mut codes)?;
            squares += squared_error(&self.rebuilt(decoder, &codes, first)?, &chunk);
            first += read;
            self.bar.advance(read);
        }
    }

    /// The images that codes stand for, as bytes; `first` is the number of the first.
    fn rebuilt(&self, decoder: &Decoder, codes: &[f32], first: usize) -> Result<Vec<u8>> {
        levels(&decoder.brightness(&self.team, codes)?, decoder.pixels(), first)
    }
}

/// Brightness as bytes; `first` is the number of the first image.
pub(crate) fn levels(brightness: &[f32], pixels: usize, first: usize) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = brightness.iter().map_while(|&brightness| to_level(brightness)).collect();
    ensure!(bytes.len() == brightness.len(), "image {} comes back not finite", first + bytes.len() / pixels);
    Ok(bytes)
}

/// Summed over all pixels, on the [0, 1] scale.
fn squared_error(found: &[u8], expected: &[u8]) -> f64 {
    let square = |(&a, &b): (&u8, &u8)| u64::from(a.abs_diff(b)).pow(2);
    found.iter().zip(expected).map(square).sum::<u64>() as f64 / (255.0 * 255.0)
}

/// A failure of the output itself goes bare, to be told with its name.
fn bare(error: CodecError) -> Error {
    match error {
        CodecError::Io(error) => error.into(),
        error => error.into(),
    }
}
