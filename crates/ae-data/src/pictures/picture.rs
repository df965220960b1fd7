//! One picture file: what its header says, and its pixels.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use image::codecs::{
    bmp::BmpDecoder, gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder,
    webp::WebPDecoder,
};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, Limits};

use crate::idx::fill;
use crate::pictures::parallel::Budget;
use crate::shape::Shape;

/// As many pixels are read of one picture.
pub(crate) const MAX_PIXELS: u64 = 1 << 26;

/// As many bytes a file may have, as some decoders hold all of it.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// As many bytes are taken for a pixel at most, while a picture is decoded and brought to its size.
const PIXEL_BYTES: u64 = 28;

/// Bytes for pictures that are being decoded: the largest there may be alone, or many of the usual ones.
static DECODING: Budget = Budget::new(PIXEL_BYTES * MAX_PIXELS + MAX_FILE_BYTES);

const ANIMATED: &str = "it is animated, and one picture is needed";
const INKS: &str = "its colours are inks (CMYK): save it as RGB";

/// Why a picture can't be used, said of "it".
#[derive(Debug)]
pub(crate) struct Reason(pub(crate) String);

impl<E: std::error::Error> From<E> for Reason {
    fn from(error: E) -> Self {
        Self(format!("it cannot be decoded: {error}"))
    }
}

fn refused<T>(reason: impl Into<String>) -> Result<T, Reason> {
    Err(Reason(reason.into()))
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What stands before the pixels, as far as a format allows.
    Header,
    /// All of it.
    Whole,
}

/// What is known of a picture before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// As it is to be seen, so after it is turned as its EXIF data say.
    pub(crate) rows: u32,
    pub(crate) cols: u32,
    /// Whether it is stored as grey, with or without transparency. A palette is colour.
    pub(crate) grey: bool,
    /// Of its file.
    pub(crate) bytes: u64,
}

impl Facts {
    /// Does `work`, which decodes the picture and resamples it to so many rows, when there is memory for it.
    pub(crate) fn within_budget<T>(self, rows_needed: usize, work: impl FnOnce() -> T) -> T {
        DECODING.spend(PIXEL_BYTES * self.pixels(rows_needed) + self.bytes, work)
    }

    /// As many pixels as are held at once at most.
    fn pixels(self, rows_needed: usize) -> u64 {
        u64::from(self.cols) * u64::from(self.rows).max(rows_needed as u64)
    }

    pub(crate) fn size(self) -> Shape {
        Shape::picture(self.rows as usize, self.cols as usize)
    }
}

/// An open picture.
pub(crate) struct Picture {
    decoder: Box<dyn ImageDecoder>,
    orientation: Orientation,
    pub(crate) facts: Facts,
}

impl Picture {
    /// Opens a file; nothing if it begins like no picture. Resampled to `rows_needed` rows it must not take too much memory.
    ///
    /// Its pixels, which nothing is reserved for here, can be decoded only if the [`Part`] was the whole.
    pub(crate) fn open(path: &Path, part: Part, rows_needed: usize) -> Result<Option<Self>, Reason> {
        let unopened = |error: ae_file::ReadError| Reason(format!("it cannot be opened: {error}"));
        let (mut file, length) = ae_file::open(path).map_err(unopened)?;
        let mut start = [0; 16];
        let read = fill(&mut file, &mut start)?;
        let Some(format) = format_of(&start[..read]) else { return Ok(None) };
        if length > MAX_FILE_BYTES {
            return refused(format!(
                "its file has {length} bytes, {MAX_FILE_BYTES} are the most that are read"
            ));
        }
        file.rewind()?;
        let mut decoder = decoder(format, BufReader::new(file), part)?;
        let orientation = decoder.orientation()?;
        let facts = facts(&decoder, orientation, length);
        require_usable(&decoder, facts, rows_needed)?;
        let mut limits = Limits::default();
        limits.reserve(decoder.total_bytes())?;
        decoder.set_limits(limits)?;
        Ok(Some(Self { decoder, orientation, facts }))
    }

    /// Its pixels, turned as they are to be seen.
    pub(crate) fn decode(self) -> Result<DynamicImage, Reason> {
        let mut picture = DynamicImage::from_decoder(self.decoder)?;
        picture.apply_orientation(self.orientation);
        Ok(picture)
    }
}

fn format_of(start: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    match image::guess_format(start).ok()? {
        // Texts can begin with "BM" too, but not go on with the four zeros that a bitmap has.
        Bmp if start.get(6..10) != Some(&[0; 4]) => None,
        format @ (Png | Jpeg | Gif | Bmp | Tiff | WebP) => Some(format),
        _ => None,
    }
}

/// A decoder that has read the header, of a file that holds one picture.
fn decoder(
    format: ImageFormat,
    mut file: BufReader<File>,
    part: Part,
) -> Result<Box<dyn ImageDecoder>, Reason> {
    Ok(match format {
        ImageFormat::Png => {
            let png = PngDecoder::with_limits(file, Limits::default())?;
            if png.is_apng()? {
                return refused(ANIMATED);
            }
            Box::new(png)
        }
        ImageFormat::WebP => {
            let webp = WebPDecoder::new(file)?;
            if webp.has_animation() {
                return refused(ANIMATED);
            }
            Box::new(webp)
        }
        ImageFormat::Gif => {
            require_one_frame(&mut file)?;
            file.rewind()?;
            Box::new(GifDecoder::new(file)?)
        }
        ImageFormat::Tiff => {
            if tiff::decoder::Decoder::new(&mut file)?.more_images() {
                return refused("it holds more than one picture");
            }
            file.rewind()?;
            Box::new(TiffDecoder::new(file)?)
        }
        ImageFormat::Jpeg => Box::new(JpegDecoder::new(Cursor::new(jpeg_bytes(file, part)?))?),
        _ => Box::new(BmpDecoder::new(file)?),
    })
}

/// A GIF says nowhere how many frames it has: they are stepped over, without being decoded, to the second.
fn require_one_frame(file: &mut BufReader<File>) -> Result<(), Reason> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut frames = options.read_info(file)?;
    frames.next_frame_info()?;
    match frames.next_frame_info()? {
        Some(_) => refused(ANIMATED),
        None => Ok(()),
    }
}

/// The bytes of a JPEG up to its first scan, or all of them.
///
/// The decoder makes up what is missing of a file that was cut short, so it is made sure here that the end is there.
fn jpeg_bytes(mut file: BufReader<File>, part: Part) -> Result<Vec<u8>, Reason> {
    const END: [u8; 2] = [0xFF, 0xD9];
    let mut bytes = jpeg_header(&mut file)?;
    if part == Part::Whole {
        let header = bytes.len();
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        if !bytes[header..].windows(END.len()).any(|two| two == END) {
            return refused("it is cut short: its end marker is missing");
        }
    }
    Ok(bytes)
}

/// Reads the segments of a JPEG to the first scan, and refuses one of four colours, which are inks.
fn jpeg_header(file: &mut impl BufRead) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let byte = |bytes: &mut Vec<u8>, file: &mut dyn Read| -> io::Result<u8> {
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        bytes.push(byte[0]);
        Ok(byte[0])
    };
    loop {
        // A marker is a 0xFF, any number of which may fill up before it, and a code.
        file.read_until(0xFF, &mut bytes)?;
        let mut code = 0xFF;
        while code == 0xFF {
            code = byte(&mut bytes, file)?;
        }
        // Those of these codes are no segments.
        if matches!(code, 0 | 1 | 0xD0..=0xD9) {
            continue;
        }
        let length = u16::from_be_bytes([byte(&mut bytes, file)?, byte(&mut bytes, file)?]);
        let content = bytes.len();
        file.take(u64::from(length).saturating_sub(2)).read_to_end(&mut bytes)?;
        match code {
            0xDA => return Ok(bytes),
            // A frame: bits of a number, rows, columns, and how many colours.
            0xC0..=0xCF if !matches!(code, 0xC4 | 0xC8 | 0xCC) && bytes.get(content + 5) == Some(&4) => {
                return refused(INKS);
            }
            _ => {}
        }
    }
}

fn facts(decoder: &dyn ImageDecoder, orientation: Orientation, bytes: u64) -> Facts {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let (width, height) = decoder.dimensions();
    let grey = !decoder.color_type().has_color();
    match orientation {
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH => {
            Facts { rows: width, cols: height, grey, bytes }
        }
        _ => Facts { rows: height, cols: width, grey, bytes },
    }
}

fn require_usable(decoder: &dyn ImageDecoder, facts: Facts, rows_needed: usize) -> Result<(), Reason> {
    let Facts { rows, cols, .. } = facts;
    let pixels = facts.pixels(rows_needed);
    if rows == 0 || cols == 0 {
        refused("it has no pixels")
    } else if pixels > MAX_PIXELS {
        refused(format!("it is {rows} x {cols}, and would take more than {MAX_PIXELS} pixels"))
    } else if matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
        refused(INKS)
    } else if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
        refused("its numbers are floats, which say nothing of how bright white is: save it with 8 or 16 bits")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_begins_like_a_bitmap_is_none() {
        assert_eq!(format_of(b"BMW, Audi, Opel, "), None);
        assert_eq!(format_of(b"BM\x9a\0\0\0\0\0\0\0\x8a\0\0\0"), Some(ImageFormat::Bmp));
        assert_eq!(format_of(b"BM"), None);
        assert_eq!(format_of(b"P6 2 2 255 "), None);
        assert_eq!(format_of(b""), None);
    }

    #[test]
    fn the_header_of_a_jpeg_ends_with_its_first_scan() {
        let jpeg = b"\xff\xd8\xff\xe1\0\x06\xff\xda\xff\xd9\xff\xff\xff\xc0\0\x09\x08\0\x02\0\x03\x01!\xff\xda\0\x03\x01abc";
        assert_eq!(jpeg_header(&mut &jpeg[..]).unwrap(), jpeg[..jpeg.len() - 3]);
        let mut inks = jpeg.to_vec();
        inks[21] = 4;
        assert_eq!(jpeg_header(&mut &inks[..]).unwrap_err().0, INKS);
        for length in 0..jpeg.len() - 4 {
            let _: Result<Vec<u8>, Reason> = jpeg_header(&mut &jpeg[..length]);
        }
    }
}
