//! What images cost by the means that people use: JPEG, PNG, zlib and xz.

use std::io::Write;

use ae_data::{Samples, Shape};
use ae_net::psnr_db;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat};
use lzma_rust2::{XzOptions, XzWriter};

use crate::EvalError;
use crate::error::at_least;

/// The most thorough level of zlib and of xz.
const HARDEST: u32 = 9;

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
    /// [`EvalError::Argument`] without images or if they are not grey, [`EvalError::Image`] if they are too large for the
    /// format.
    pub fn measure(images: &Samples, quality: u8) -> Result<Self, EvalError> {
        let Shape { rows, cols, .. } = images.shape();
        let failed = |source| EvalError::Image { rows, cols, source };
        let (mut files, mut scans, mut squares) = (0, 0, 0_u64);
        let all = grey_pixels(images)?;
        for pixels in all.chunks_exact(images.width()) {
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
            psnr_db: psnr_db(squares as f64 / (255.0 * 255.0) / all.len() as f64),
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
    /// [`EvalError::Argument`] without images or if they are not grey, [`EvalError::Image`] if they are too large for PNG,
    /// [`EvalError::Compressor`].
    pub fn measure(images: &Samples) -> Result<Self, EvalError> {
        let (mut png, mut zlib_each) = (0, 0);
        let all = grey_pixels(images)?;
        let Shape { rows, cols, .. } = images.shape();
        for pixels in all.chunks_exact(images.width()) {
            png += png_bytes(pixels, rows, cols)?;
            zlib_each += zlib_bytes(pixels)?;
        }
        let mut xz =
            XzWriter::new(Vec::new(), XzOptions::with_preset(HARDEST)).map_err(EvalError::Compressor)?;
        xz.write_all(all).map_err(EvalError::Compressor)?;
        let xz_set = xz.finish().map_err(EvalError::Compressor)?.len();
        let count = images.len() as f64;
        Ok(Self {
            png: png as f64 / count,
            zlib_each: zlib_each as f64 / count,
            zlib_set: zlib_bytes(all)? as f64 / count,
            xz_set: xz_set as f64 / count,
        })
    }

    /// Each with its name.
    pub fn named(&self) -> [(&'static str, f64); 4] {
        let Self { png, zlib_each, zlib_set, xz_set } = *self;
        [("PNG", png), ("zlib, each", zlib_each), ("zlib, the set", zlib_set), ("xz, the set", xz_set)]
    }
}

fn png_bytes(pixels: &[u8], rows: usize, cols: usize) -> Result<usize, EvalError> {
    use FilterType::{Adaptive, Avg, NoFilter, Paeth, Sub, Up};
    let mut smallest = usize::MAX;
    for filter in [NoFilter, Sub, Up, Avg, Paeth, Adaptive] {
        let mut file = Vec::new();
        PngEncoder::new_with_quality(&mut file, CompressionType::Best, filter)
            .write_image(pixels, cols as u32, rows as u32, ExtendedColorType::L8)
            .map_err(|source| EvalError::Image { rows, cols, source })?;
        smallest = smallest.min(file.len());
    }
    Ok(smallest)
}

fn zlib_bytes(pixels: &[u8]) -> Result<usize, EvalError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(HARDEST));
    encoder.write_all(pixels).map_err(EvalError::Compressor)?;
    Ok(encoder.finish().map_err(EvalError::Compressor)?.len())
}

fn grey_pixels(images: &Samples) -> Result<&[u8], EvalError> {
    at_least("images to compress", 1, images.len())?;
    let pixels = images.bytes().filter(|_| images.shape().channels == 1);
    pixels.ok_or_else(|| EvalError::argument("images to compress", "grey ones of bytes", images.shape()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Bars of any brightness, `count` images of 8 x 12 pixels.
    pub(crate) fn bars(count: usize) -> Samples {
        let pixels = (0..count * 96).map(|at| if at % 12 > (at / 96) % 9 { (at / 96 * 37) as u8 } else { 0 });
        Samples::new((8, 12), pixels.collect::<Vec<u8>>()).unwrap()
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
        let none = Samples::new((1, 1), Vec::<u8>::new()).unwrap();
        assert!(matches!(LosslessRates::measure(&none), Err(EvalError::Argument { .. })));
        assert!(matches!(JpegRate::measure(&none, 50), Err(EvalError::Argument { .. })));
    }
}
