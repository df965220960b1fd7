//! Rate and distortion: what images cost as codes, and what they cost by the means that people use instead.
//!
//! Rates are real bytes, of files that are there: nothing is estimated. Distortion is PSNR, `10 log10(1 / MSE)`, of the mean
//! squared error over all images and pixels, brightness in [0, 1].

use std::io::{self, Cursor, Write};
use std::num::NonZeroU64;

use ae_codec::{
    AezError, CodecError, Coding, Damage, Decoder, Header, ModelId, Quantiser, Reader, WeightBits, Writer,
};
use ae_data::{ImageSet, PIXEL_SCALE};
use ae_dense::Team;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageFormat};
use lzma_rust2::{XzOptions, XzWriter};

use crate::{Coder, EvalError, Outputs, Pca, Rows};

/// Images that are rebuilt at once.
const AT_ONCE: usize = 1 << 10;
/// The most thorough level of zlib and of xz.
const HARDEST: u32 = 9;

/// Why a rate could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// A fault found in codes or images.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A fault found by the codec.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A file of ours that could not be read back.
    #[error(transparent)]
    Aez(#[from] AezError),
    /// An image that JPEG or PNG cannot hold.
    #[error("an image of {rows} x {cols} pixels cannot be encoded")]
    Image {
        /// Its rows.
        rows: usize,
        /// Its columns.
        cols: usize,
        /// Why.
        source: ImageError,
    },
    /// A compressor that failed.
    #[error("a compressor failed")]
    Compressor(#[source] io::Error),
}

/// What a set of images costs as codes, and how near it comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodedRate {
    /// Images in the set.
    pub images: usize,
    /// Bytes of the whole `.aez` file, without its decoder.
    pub file_bytes: u64,
    /// PSNR, dB.
    pub psnr_db: f64,
    /// Bytes that the decoder takes inside the file, its weights of 8 bits.
    pub decoder_bytes: u64,
    /// PSNR of images made by the decoder inside, dB.
    pub psnr_inside_db: f64,
}

impl CodedRate {
    /// Writes the images as an `.aez` file in memory, reads it, and compares.
    ///
    /// # Errors
    /// [`RateError`]: [`EvalError::Empty`] without images, [`EvalError::Dims`] for images of another size than the
    /// coder's, or a fault found by the codec.
    pub fn measure(
        team: &Team,
        coder: &Coder,
        images: &ImageSet,
        quantiser: Quantiser,
    ) -> Result<Self, RateError> {
        if images.is_empty() {
            return Err(EvalError::Empty { what: "images to store" }.into());
        }
        let codes = coder.encode(team, Rows::from(images))?;
        let coding = Coding::fit(quantiser, &codes, None)?;
        let mut symbols = Vec::new();
        coding.quantiser().symbols(&codes, &mut symbols)?;
        // The model has no part in the size.
        let header = Header {
            images: images.len(),
            rows: images.rows(),
            cols: images.cols(),
            model: ModelId([0; 32]),
        };
        let inside = (coder.decoder(), WeightBits::Eight);
        let mut writer = Writer::new(Vec::new(), header, coding, Some(inside))?;
        writer.push(&symbols, &[])?;
        let file = writer.finish()?;

        let sizes = Reader::new(Cursor::new(&file), Damage::Refuse)?.sizes();
        let decoded = ae_codec::decode(&file)?;
        let rounded = coder.decoder().rounded(WeightBits::Eight)?;
        Ok(Self {
            images: images.len(),
            file_bytes: sizes.total() - sizes.decoder,
            psnr_db: psnr_db(team, coder.decoder(), &decoded.codes, images)?,
            decoder_bytes: sizes.decoder,
            psnr_inside_db: psnr_db(team, &rounded, &decoded.codes, images)?,
        })
    }

    /// Bytes an image, of the file without its decoder.
    pub fn bytes_per_image(&self) -> f64 {
        self.file_bytes as f64 / self.images as f64
    }

    /// From how many images on the file with its decoder inside is smaller than `other` bytes an image; `None` if it
    /// never is.
    pub fn breaks_even(&self, other: f64) -> Option<NonZeroU64> {
        let saved = other - self.bytes_per_image();
        (saved > 0.0).then(|| NonZeroU64::MIN.saturating_add((self.decoder_bytes as f64 / saved) as u64))
    }
}

/// The transform coder: all principal components that matter, one uniform step for all of them.
///
/// Where pixels are Gaussian no linear transform does better (Goyal 2001). Components behind the last one that any image needs
/// are left out, which costs nothing and saves their tables. Brightness is cut off at 0 and 1.
///
/// # Errors
/// As [`CodedRate::measure`].
pub fn transform_coder(team: &Team, pca: &Pca, images: &ImageSet, step: f64) -> Result<CodedRate, RateError> {
    let all = pca.pixels();
    let codes = pca.coder(all, Outputs::Clipped)?.encode(team, Rows::from(images))?;
    let quantiser = Quantiser::uniform(all, step)?;
    let mut symbols = Vec::new();
    quantiser.symbols(&codes, &mut symbols)?;
    let needed = |code: &[i32]| code.iter().rposition(|&symbol| symbol != 0).map_or(0, |last| last + 1);
    let components = symbols.chunks_exact(all).map(needed).max().unwrap_or(0).max(1);
    let coder = pca.coder(components, Outputs::Clipped)?;
    CodedRate::measure(team, &coder, images, Quantiser::uniform(components, step)?)
}

fn psnr_db(team: &Team, decoder: &Decoder, codes: &[f32], images: &ImageSet) -> Result<f64, RateError> {
    let mut squares = 0.0;
    let slices = codes.chunks(AT_ONCE * decoder.code_size());
    for (codes, bytes) in slices.zip(images.pixels().chunks(AT_ONCE * decoder.pixels())) {
        let rebuilt = decoder.brightness(team, codes).map_err(EvalError::from)?;
        let square = |(&found, &byte): (&f32, &u8)| f64::from(found - f32::from(byte) * PIXEL_SCALE).powi(2);
        squares += rebuilt.iter().zip(bytes).map(square).sum::<f64>();
    }
    Ok(decibels(squares, images))
}

fn decibels(squares: f64, images: &ImageSet) -> f64 {
    -10.0 * (squares / images.pixels().len() as f64).log10()
}

/// What a set of images costs as JPEG files, one each, and how near it comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JpegRate {
    /// Bytes an image, whole files.
    pub file_bytes: f64,
    /// Bytes an image of the entropy-coded scans alone, without headers and tables.
    pub scan_bytes: f64,
    /// PSNR, dB.
    pub psnr_db: f64,
}

impl JpegRate {
    /// Encodes and decodes every image at a quality of 1 to 100.
    ///
    /// # Errors
    /// [`EvalError::Empty`] without images, [`RateError::Image`] if they are too large for the format.
    pub fn measure(images: &ImageSet, quality: u8) -> Result<Self, RateError> {
        let (rows, cols) = (images.rows(), images.cols());
        let failed = |source| RateError::Image { rows, cols, source };
        let (mut files, mut scans, mut squares) = (0, 0, 0_u64);
        for pixels in each(images)? {
            let mut file = Vec::new();
            JpegEncoder::new_with_quality(&mut file, quality)
                .write_image(pixels, cols as u32, rows as u32, ExtendedColorType::L8)
                .map_err(failed)?;
            let back =
                image::load_from_memory_with_format(&file, ImageFormat::Jpeg).map_err(failed)?.into_luma8();
            squares += back.iter().zip(pixels).map(|(a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum::<u64>();
            files += file.len();
            scans += scan_bytes(&file);
        }
        let count = images.len() as f64;
        Ok(Self {
            file_bytes: files as f64 / count,
            scan_bytes: scans as f64 / count,
            psnr_db: decibels(squares as f64 / (255.0 * 255.0), images),
        })
    }
}

/// Bytes between the header of the only scan and the end marker.
fn scan_bytes(file: &[u8]) -> usize {
    const START_OF_SCAN: [u8; 2] = [0xff, 0xda];
    const END_OF_IMAGE: usize = 2;
    let mut at = 2;
    // Segment after segment: a marker, then a length that counts itself.
    while let Some(&[a, b, high, low]) = file.get(at..at + 4) {
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if [a, b] == START_OF_SCAN {
            break;
        }
    }
    file.len().saturating_sub(at + END_OF_IMAGE)
}

/// What a set of images costs without loss, bytes an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LosslessRates {
    /// PNG files, one each, the best of all filters.
    pub png: f64,
    /// zlib, each image's pixels alone.
    pub zlib_each: f64,
    /// zlib, all pixels at once.
    pub zlib_set: f64,
    /// xz, all pixels at once.
    pub xz_set: f64,
}

impl LosslessRates {
    /// Compresses the images in each way, as hard as it can be done.
    ///
    /// # Errors
    /// [`EvalError::Empty`] without images, [`RateError::Image`] if they are too large for PNG,
    /// [`RateError::Compressor`].
    pub fn measure(images: &ImageSet) -> Result<Self, RateError> {
        let (mut png, mut zlib_each) = (0, 0);
        for pixels in each(images)? {
            png += png_bytes(pixels, images.rows(), images.cols())?;
            zlib_each += zlib_bytes(pixels)?;
        }
        let mut xz =
            XzWriter::new(Vec::new(), XzOptions::with_preset(HARDEST)).map_err(RateError::Compressor)?;
        xz.write_all(images.pixels()).map_err(RateError::Compressor)?;
        let xz_set = xz.finish().map_err(RateError::Compressor)?.len();
        let count = images.len() as f64;
        Ok(Self {
            png: png as f64 / count,
            zlib_each: zlib_each as f64 / count,
            zlib_set: zlib_bytes(images.pixels())? as f64 / count,
            xz_set: xz_set as f64 / count,
        })
    }
}

fn png_bytes(pixels: &[u8], rows: usize, cols: usize) -> Result<usize, RateError> {
    use FilterType::{Adaptive, Avg, NoFilter, Paeth, Sub, Up};
    let mut smallest = usize::MAX;
    for filter in [NoFilter, Sub, Up, Avg, Paeth, Adaptive] {
        let mut file = Vec::new();
        PngEncoder::new_with_quality(&mut file, CompressionType::Best, filter)
            .write_image(pixels, cols as u32, rows as u32, ExtendedColorType::L8)
            .map_err(|source| RateError::Image { rows, cols, source })?;
        smallest = smallest.min(file.len());
    }
    Ok(smallest)
}

fn zlib_bytes(pixels: &[u8]) -> Result<usize, RateError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(HARDEST));
    encoder.write_all(pixels).map_err(RateError::Compressor)?;
    Ok(encoder.finish().map_err(RateError::Compressor)?.len())
}

fn each(images: &ImageSet) -> Result<impl Iterator<Item = &[u8]>, EvalError> {
    if images.is_empty() {
        return Err(EvalError::Empty { what: "images to compress" });
    }
    Ok(images.pixels().chunks_exact(images.pixels_per_image()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bars of any brightness, `count` images of 8 x 12 pixels.
    fn bars(count: usize) -> ImageSet {
        let pixels = (0..count * 96).map(|at| if at % 12 > (at / 96) % 9 { (at / 96 * 37) as u8 } else { 0 });
        ImageSet::new(8, 12, pixels.collect(), None).unwrap()
    }

    #[test]
    fn finer_steps_cost_more_and_lose_less() {
        let (images, team) = (bars(300), Team::new(1).unwrap());
        let pca = Pca::fit(&team, &images).unwrap();
        let rates = [1.0, 0.3, 0.1].map(|step| transform_coder(&team, &pca, &images, step).unwrap());
        assert!(rates.is_sorted_by(|a, b| a.file_bytes < b.file_bytes && a.psnr_db < b.psnr_db), "{rates:?}");
        // Rounding with step d adds d^2 / 12 to the squared error of an orthogonal component; many are 0 here.
        let worst = -10.0 * (0.1_f64.powi(2) / 12.0).log10();
        assert!(rates[2].psnr_db > worst && rates[2].psnr_db < worst + 25.0, "{rates:?}");
        // A step that rounds everything away leaves the mean image, and next to nothing to store.
        let nothing = transform_coder(&team, &pca, &images, 1e6).unwrap();
        assert!(nothing.file_bytes < 200, "{nothing:?}");
    }

    #[test]
    fn breaking_even_is_where_the_decoder_has_been_saved() {
        let rate = CodedRate {
            images: 10,
            file_bytes: 200,
            psnr_db: 0.0,
            decoder_bytes: 1_000,
            psnr_inside_db: 0.0,
        };
        assert_eq!(rate.bytes_per_image(), 20.0);
        assert_eq!(rate.breaks_even(20.0), None);
        // At 10 images both are 1,200 bytes.
        assert_eq!(rate.breaks_even(120.0).map(NonZeroU64::get), Some(11));
        assert_eq!(rate.breaks_even(60.0).map(NonZeroU64::get), Some(26));
    }

    #[test]
    fn jpeg_scans_are_what_is_left_of_the_files_without_their_headers() {
        let images = bars(40);
        let (low, high) = (JpegRate::measure(&images, 1).unwrap(), JpegRate::measure(&images, 95).unwrap());
        assert!(low.scan_bytes < high.scan_bytes && low.psnr_db < high.psnr_db, "{low:?}, {high:?}");
        // The tables are as long at any quality.
        let header = |rate: JpegRate| rate.file_bytes - rate.scan_bytes;
        assert!((header(low) - header(high)).abs() < 1e-9 && header(low) > 100.0, "{low:?}, {high:?}");
    }

    #[test]
    fn lossless_rates_are_of_sound_files() {
        let images = bars(50);
        let found = LosslessRates::measure(&images).unwrap();
        // A PNG file has 8 + 25 + 12 + 12 bytes beside its pixels, a zlib stream 6.
        assert!(found.png > 57.0 && found.png < 57.0 + 96.0 + 20.0, "{found:?}");
        assert!(found.zlib_each > 6.0 && found.zlib_set < found.zlib_each, "{found:?}");
        assert!(found.xz_set > 1.0 && found.xz_set < 96.0, "{found:?}");
        let none = ImageSet::new(1, 1, Vec::new(), None).unwrap();
        assert!(matches!(LosslessRates::measure(&none), Err(RateError::Eval(EvalError::Empty { .. }))));
        assert!(matches!(JpegRate::measure(&none, 50), Err(RateError::Eval(EvalError::Empty { .. }))));
    }
}
