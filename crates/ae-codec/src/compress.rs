//! Images to a file, in two passes over a set that need not fit into memory: a [`Survey`] finds steps and tables that suit
//! it, and a [`Compressor`] writes it. [`compress()`] is both for images in memory.

use std::io::Write;

use ae_net::{Decoder, Network, Rows, Team, to_bytes};

use crate::{CodecError, Coding, Extras, Header, Quality, Quantiser, WeightBits, Writer, rounded};

/// Numbers in the codes that tables are fitted to, at most: 65,536 codes of 32.
const SAMPLE_NUMBERS: usize = 1 << 21;
/// Images that tell what the network loses by itself, at most.
const MEASURED: usize = 1 << 10;
/// Pixels computed at once, about. Nothing depends on it.
const PIXELS_AT_ONCE: usize = 1 << 22;

/// Images of so many pixels that are computed at once.
pub(crate) fn images_at_once(pixels: usize) -> usize {
    (PIXELS_AT_ONCE / pixels).max(1)
}

/// How steps are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Steps {
    /// For each unit one that suits what it does to an image: [`Quantiser::matched`].
    #[default]
    Matched,
    /// The same for all units, 1 at quality 50: for a network whose codes were trained to be rounded to whole numbers
    /// ([`ae_net::Rounded`]).
    Uniform,
}

impl Steps {
    /// The steps for a decoder and its codes; `codes` and `own_mse` are as of [`Quantiser::matched`].
    ///
    /// # Errors
    /// As [`Quantiser::matched`].
    pub fn quantiser(
        self,
        team: &Team,
        decoder: &Decoder,
        codes: &[f32],
        own_mse: f64,
        quality: Quality,
    ) -> Result<Quantiser, CodecError> {
        match self {
            Self::Matched => Quantiser::matched(team, decoder, codes, own_mse, quality),
            Self::Uniform => Quantiser::uniform(decoder.code_size(), quality.scale()),
        }
    }
}

/// What [`compress()`] is to do, apart from the images.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// How finely codes are rounded.
    pub quality: Quality,
    /// How steps are chosen.
    pub steps: Steps,
    /// Whether the decoder goes into the file, and its weights in how many bits.
    pub inside: Option<WeightBits>,
    /// `(B)`: a label for each image, to be carried along.
    pub labels: Option<&'a [i32]>,
    /// `(B)`: a name for each image, as [`Writer::push`] takes them.
    pub names: Option<&'a [String]>,
    /// The names of the classes that labels stand for, as of [`Extras::classes`].
    pub classes: &'a [String],
    /// A text to be kept in the file, as of [`Extras::form`].
    pub form: Option<&'a str>,
}

/// Compresses images in memory into the bytes of an `.aez` file, the same for any team. The [crate's page](crate) has an
/// example.
///
/// # Shapes
/// - `images`: `(B, channels * rows * cols)`, as the network takes them; any `B`, none too
///
/// # Errors
/// [`CodecError::Argument`] or [`CodecError::Net`] if images, labels and names do not fit each other or the network, if
/// there are more than a file holds, or if codes or reconstructions are not finite.
pub fn compress(
    team: &Team,
    network: &Network,
    images: &[u8],
    (channels, rows, cols): (usize, usize, usize),
    options: Options<'_>,
) -> Result<Vec<u8>, CodecError> {
    let count = Rows::bytes(images, network.pixels())?.len();
    let mut survey = Survey::new(team, network, count);
    survey.add(images)?;
    let coding = survey.finish(options.quality, options.steps, options.labels)?;
    let header = Header { images: count, channels, rows, cols, model: network.identity() };
    let extras = Extras {
        named: options.names.is_some(),
        classes: options.classes.to_vec(),
        form: options.form.map(str::to_owned),
    };
    let mut file = Compressor::new(team, network, Vec::new(), header, &extras, coding, options.inside)?;
    file.push(images, options.labels.unwrap_or_default(), options.names.unwrap_or_default())?;
    Ok(file.finish()?.0)
}

/// The first pass over a set: looks at the codes of all images or, where there are many, of every second, every third and
/// so on, and chooses steps and tables that suit them.
///
/// The same for any team, and however the images are handed over.
///
/// # Example
/// ```
/// use ae_codec::{Compressor, Extras, Header, Quality, Steps, Survey};
/// use ae_net::{Description, Network, Team};
///
/// let (team, network) = (Team::new(1)?, Network::draw(&Description::dense(4, &[], 2), 0)?);
/// // Three images of 2 x 2 pixels, read twice, one at a time.
/// let set = [[9, 200, 0, 0], [0, 0, 255, 31], [0, 8, 0, 99]];
/// let mut survey = Survey::new(&team, &network, set.len());
/// for image in &set {
///     survey.add(image)?;
/// }
/// let coding = survey.finish(Quality::new(60.0)?, Steps::Matched, None)?;
/// let header = Header { images: set.len(), channels: 1, rows: 2, cols: 2, model: network.identity() };
/// let mut file = Compressor::new(&team, &network, Vec::new(), header, &Extras::default(), coding, None)?;
/// for image in &set {
///     file.push(image, &[], &[])?;
/// }
/// let (bytes, mse) = file.finish()?;
/// assert!(bytes.starts_with(b"\x89AEZ") && mse < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Survey<'a> {
    team: &'a Team,
    network: &'a Network,
    images: usize,
    /// Every so many images one is taken, and of these every so many one is rebuilt, too.
    every: usize,
    measured_every: usize,
    seen: usize,
    codes: Vec<f32>,
    measured: usize,
    squares: u64,
}

impl<'a> Survey<'a> {
    /// Nothing yet, of a set of so many images.
    pub fn new(team: &'a Team, network: &'a Network, images: usize) -> Self {
        Self::with_limits(team, network, images, (SAMPLE_NUMBERS, MEASURED))
    }

    pub(crate) fn with_limits(
        team: &'a Team,
        network: &'a Network,
        images: usize,
        (numbers, measured): (usize, usize),
    ) -> Self {
        let every = images.saturating_mul(network.code_size()).div_ceil(numbers).max(1);
        let measured_every = every * images.div_ceil(every).div_ceil(measured).max(1);
        let (seen, codes, measured, squares) = (0, Vec::new(), 0, 0);
        Self { team, network, images, every, measured_every, seen, codes, measured, squares }
    }

    /// Looks at the next images, `(B, PIXELS)`, however many.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if these are more than were announced, [`CodecError::Net`] if they are not whole images of
    /// the network's size, or one comes back not finite.
    pub fn add(&mut self, images: &[u8]) -> Result<(), CodecError> {
        let pixels = self.network.pixels();
        let found = self.seen + Rows::bytes(images, pixels)?.len();
        if found > self.images {
            return Err(CodecError::argument("images", format_args!("the {} announced", self.images), found));
        }
        images.chunks(images_at_once(pixels) * pixels).try_for_each(|images| self.add_slice(images))
    }

    fn add_slice(&mut self, images: &[u8]) -> Result<(), CodecError> {
        let (team, network, pixels) = (self.team, self.network, self.network.pixels());
        let rows = Rows::bytes(images, pixels)?;
        let first = self.seen;
        self.seen += rows.len();
        let taken: Vec<u32> = (0..rows.len())
            .filter(|row| (first + row).is_multiple_of(self.every))
            .map(|row| row as u32)
            .collect();
        let codes = network.encode(team, rows.pick(&taken)?)?;
        self.codes.extend_from_slice(&codes);

        let to_measure =
            |&place: &u32| (first + taken[place as usize] as usize).is_multiple_of(self.measured_every);
        let measured: Vec<u32> = (0..taken.len() as u32).filter(to_measure).collect();
        let of_codes = Rows::values(&codes, network.code_size())?.pick(&measured)?;
        let rebuilt = network.decode(team, of_codes)?;
        self.measured += measured.len();
        for (&place, rebuilt) in measured.iter().zip(rebuilt.chunks_exact(pixels)) {
            let image = taken[place as usize] as usize;
            let rebuilt = to_bytes(rebuilt, pixels, first + image)?;
            self.squares += squared_error(&rebuilt, &images[image * pixels..][..pixels]);
        }
        Ok(())
    }

    /// Steps of this quality, and tables for the codes that they round, and for all labels if there are any.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if not all announced images have come, if there is not a label for each, or as
    /// [`Quantiser::matched`].
    pub fn finish(
        self,
        quality: Quality,
        steps: Steps,
        labels: Option<&[i32]>,
    ) -> Result<Coding, CodecError> {
        CodecError::require("images", self.images, self.seen)?;
        if let Some(labels) = labels {
            CodecError::require("labels", self.images, labels.len())?;
        }
        let own_mse = unit_squares(self.squares) / (self.measured * self.network.pixels()).max(1) as f64;
        let decoder = self.network.decoder();
        let quantiser = steps.quantiser(self.team, decoder, &self.codes, own_mse, quality)?;
        Coding::fit(quantiser, &self.codes, labels)
    }
}

/// The second pass over a set: writes it, and measures what will come back. [`Survey`] has an example.
///
/// The same bytes for any team, and however the images are handed over.
#[derive(Debug)]
pub struct Compressor<'a, W> {
    team: &'a Team,
    network: &'a Network,
    /// What images will be made with: of rounded weights, if that is what the file holds.
    decoder: Decoder,
    writer: Writer<W>,
    images: usize,
    squares: u64,
}

impl<'a, W: Write> Compressor<'a, W> {
    /// Writes what stands before the images; the decoder too, if it is to be inside.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if `header` or `coding` is not for this network, if something is to be stated that no file can,
    /// or a weight cannot be rounded; [`CodecError::Io`].
    pub fn new(
        team: &'a Team,
        network: &'a Network,
        out: W,
        header: Header,
        extras: &Extras,
        coding: Coding,
        inside: Option<WeightBits>,
    ) -> Result<Self, CodecError> {
        CodecError::require("the network that the header names", network.identity(), header.model)?;
        CodecError::require("pixels of an image", network.pixels(), header.pixels())?;
        CodecError::require("numbers of a code", network.code_size(), coding.quantiser().units())?;
        let decoder = match inside {
            None => network.decoder().clone(),
            Some(bits) => rounded(network.decoder(), bits)?,
        };
        let inside = inside.map(|bits| (network.decoder(), bits));
        let writer = Writer::new(out, header, extras, coding, inside)?;
        Ok(Self { team, network, decoder, writer, images: 0, squares: 0 })
    }

    /// Takes the next images, however many.
    ///
    /// # Shapes
    /// - `images`: `(B, PIXELS)`
    /// - `labels`: `(B)`, or none where the file has no labels
    /// - `names`: `(B)`, as [`Writer::push`] takes them, or none where the file has no names
    ///
    /// # Errors
    /// [`CodecError::Argument`] if these are more than were announced, not as many labels or names, no names, or codes that
    /// are not finite; [`CodecError::Net`] if they are not whole images, or one will come back not finite;
    /// [`CodecError::Io`].
    pub fn push(&mut self, images: &[u8], labels: &[i32], names: &[String]) -> Result<(), CodecError> {
        let pixels = self.network.pixels();
        self.writer.require(Rows::bytes(images, pixels)?.len(), labels.len(), names)?;
        let at_once = images_at_once(pixels);
        let (mut labels, mut names) = (labels.chunks(at_once), names.chunks(at_once));
        for images in images.chunks(at_once * pixels) {
            self.push_slice(images, labels.next().unwrap_or_default(), names.next().unwrap_or_default())?;
        }
        Ok(())
    }

    fn push_slice(&mut self, images: &[u8], labels: &[i32], names: &[String]) -> Result<(), CodecError> {
        let pixels = self.network.pixels();
        let mut codes = self.network.encode(self.team, Rows::bytes(images, pixels)?)?;
        let quantiser = self.writer.coding().quantiser();
        let mut symbols = Vec::new();
        quantiser.symbols(&codes, &mut symbols)?;
        quantiser.codes(&symbols, &mut codes)?;
        self.writer.push(&symbols, labels, names)?;
        let brightness = self.decoder.decode(self.team, Rows::values(&codes, self.network.code_size())?)?;
        self.squares += squared_error(&to_bytes(&brightness, pixels, self.images)?, images);
        self.images += images.len() / pixels;
        Ok(())
    }

    /// Writes the last block and the index, and gives the writer back, unflushed; and the squared error of the images
    /// that will come back, mean over images and pixels on the `[0, 1]` scale, NaN without images.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if fewer images came than were announced, [`CodecError::Io`].
    pub fn finish(self) -> Result<(W, f64), CodecError> {
        let pixels = self.images as f64 * self.network.pixels() as f64;
        Ok((self.writer.finish()?, unit_squares(self.squares) / pixels))
    }
}

/// Sum over all pixels, of bytes. It is exact, and so the same in whatever slices it is taken.
fn squared_error(found: &[u8], expected: &[u8]) -> u64 {
    found.iter().zip(expected).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum()
}

/// A sum of squares of bytes on the `[0, 1]` scale.
fn unit_squares(squares: u64) -> f64 {
    squares as f64 / (255.0 * 255.0)
}

#[cfg(test)]
#[path = "compress_tests.rs"]
mod tests;
