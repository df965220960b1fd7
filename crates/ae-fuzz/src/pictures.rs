//! Pictures: whether a file is one is found out in the same way from its header and from all of it, and it becomes a row of
//! the size that is asked for.

use std::io::Cursor;
use std::path::Path;

use ae_data::{Background, Fit, Form, LoadError, ReadOptions, Samples, Shape, open_source};
use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, Rgb32FImage, RgbImage,
    RgbaImage,
};

use crate::rows::{LIMITS, same, told};
use crate::scratch::with_file;

/// Opens a folder in which `bytes` are the only file: with what is broken left out and without, as it is and brought to a size.
///
/// # Panics
/// If these differ, or a picture becomes no row of its size.
pub fn run(bytes: &[u8]) -> bool {
    with_file("pictures/file", bytes, |path| {
        let folder = path.parent().expect("a file is in a folder");
        let plain = read(folder, Form::default(), false);
        match (&plain, read(folder, Form::default(), true)) {
            (Ok((form, row)), Ok(skipping)) => {
                assert_eq!((form, row), (&skipping.0, &skipping.1));
                let recorded = read(folder, form.clone(), false).expect("the form that was found");
                assert!(recorded.0 == *form && same(&recorded.1, row), "another row by the form that it has");
            }
            (Err(_), Err(_)) => {}
            (plain, skipping) => panic!("{plain:?}, but where what is broken is left out {skipping:?}"),
        }
        let asked = asked(bytes.len());
        let (shape, sized) = (asked.shape(), read(folder, asked, false));
        match (&plain, &sized) {
            (_, Ok((_, row))) => assert_eq!(Some(row.shape()), shape),
            (Ok(_), Err(error)) => panic!("a picture that can't be brought to a size: {}", told(error)),
            (Err(_), Err(_)) => {}
        }
        plain.is_ok() || sized.is_ok()
    })
}

fn asked(which: usize) -> Form {
    let fit = [Fit::Fill, Fit::Pad, Fit::Stretch][which % 3];
    let shape = Shape { channels: [1, 3][which % 2], rows: 3, cols: 5 };
    Form { fit, background: Background([9, 99, 199]), ..Form::default() }.with_shape(shape)
}

/// The form and the row of the one picture that there is.
fn read(folder: &Path, form: Form, skip_broken: bool) -> Result<(Form, Samples), LoadError> {
    let options = ReadOptions { form, limits: LIMITS, skip_broken, ..ReadOptions::default() };
    let mut source = open_source(folder, &options)?;
    let row = source.next_chunk(2)?;
    assert_eq!((source.len(), row.len(), row.names()), (1, 1, Some(&["file".to_owned()][..])));
    assert!(source.has_names() && !source.has_labels() && row.labels().is_none() && row.bytes().is_some());
    assert_eq!(source.form().shape(), Some(row.shape()));
    assert!(source.next_chunk(2)?.is_empty());
    Ok((source.form().clone(), row))
}

/// A picture of 4 columns and 3 rows in a format.
fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("a picture that the format has");
    bytes.into_inner()
}

/// Each format in grey and in colour, with transparency and 16 bits where it has them; several frames, inks, floats, and
/// headers that lie.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let grey = || GrayImage::from_fn(4, 3, |x, y| Luma([(x * 60 + y * 9) as u8]));
    let colour = || RgbImage::from_fn(4, 3, |x, y| Rgb([(x * 60) as u8, (y * 99) as u8, 77]));
    let clear = || RgbaImage::from_fn(4, 3, |x, y| image::Rgba([(x * 60) as u8, 5, 200, (y * 127) as u8]));
    let deep = || ImageBuffer::from_fn(4, 3, |x, y| Rgb([(x * 9999) as u16, (y * 9999) as u16, 40_000]));
    let (png, jpeg, gif) = (encoded(colour(), Png), encoded(colour(), Jpeg), encoded(clear(), Gif));
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 9].to_vec();
    // The frame again, before the byte that ends the file.
    let frame = gif.iter().position(|&byte| byte == b'!').expect("a frame begins with an extension");
    let frames = [&gif[..gif.len() - 1], &gif[frame..]].concat();
    let (mut vast, mut inks) = (encoded(grey(), Bmp), encoded(grey(), Tiff));
    vast[18..26].copy_from_slice(&[0, 0x20, 0, 0, 0, 0x20, 0, 0]);
    inks.truncate(inks.len() - 4);
    vec![
        ("png-grey", encoded(grey(), Png)),
        ("png-grey-clear", encoded(GrayAlphaImage::from_pixel(4, 3, image::LumaA([9, 99])), Png)),
        ("png-clear", encoded(clear(), Png)),
        ("png-16", encoded(DynamicImage::ImageRgb16(deep()), Png)),
        ("png-cut", cut(&png)),
        ("png-vast", vast_png()),
        ("jpeg-grey", encoded(grey(), Jpeg)),
        ("jpeg-turned", turned(&jpeg)),
        ("jpeg-cut", cut(&jpeg)),
        ("gif-frames", frames),
        ("gif-cut", cut(&gif)),
        ("bmp", encoded(colour(), Bmp)),
        ("bmp-vast", vast),
        ("tiff", encoded(colour(), Tiff)),
        ("tiff-16", encoded(DynamicImage::ImageRgb16(deep()), Tiff)),
        ("tiff-cut", inks),
        ("tiff-floats", encoded(Rgb32FImage::from_pixel(4, 3, Rgb([0.5; 3])), Tiff)),
        ("webp", encoded(colour(), WebP)),
        ("webp-clear", encoded(clear(), WebP)),
        ("webp-lossy", WEBP_LOSSY[0].to_vec()),
        ("webp-lossy-clear", WEBP_LOSSY[1].to_vec()),
        ("text", b"BMW, no picture".to_vec()),
        ("nothing", Vec::new()),
        ("png", png),
        ("jpeg", jpeg),
        ("gif", gif),
    ]
}

/// Lossy WebP pictures of one pixel, the second with transparency, which nothing here writes.
const WEBP_LOSSY: [&[u8]; 2] = [
    b"RIFF\x22\x00\x00\x00WEBPVP8\x20\x16\x00\x00\x000\x01\x00\x9d\x01*\x01\x00\x01\x00\x0e\xc0\xfe%\xa4\x00\x03p\x00\x00\x00\x00",
    b"RIFFJ\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00ALPH\x0c\x00\x00\x00\x11\x07\x10\x11\xfd\x0fDD\xff\x03\x00\x00VP8\x20\x18\x00\x00\x00\x14\x01\x00\x9d\x01*\x01\x00\x01\x00\x00\x00\xfe\x00\x00\x0d\xc0\x00\xfe\xe6\xb5\x00\x00\x00",
];

/// A PNG of as many pixels as are read, each of 64 bits, of which none is there.
fn vast_png() -> Vec<u8> {
    let chunk = |name: &[u8], content: &[u8]| {
        let named = [name, content].concat();
        [&(content.len() as u32).to_be_bytes(), &named[..], &crc32fast::hash(&named).to_be_bytes()].concat()
    };
    let header = [&8192_u32.to_be_bytes()[..], &8192_u32.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..], &chunk(b"IDAT", &[0x78]), &chunk(b"IEND", &[])]
        .concat()
}

/// The same JPEG with EXIF data that turn it by a quarter.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}
