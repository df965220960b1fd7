//! Folders of pictures from strangers: broken files, files that are not what they seem, links, pipes, and what changes while
//! it is read.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs;
use std::io::Cursor;
use std::path::Path;

use ae_data::{
    Form, LoadError, PicturesError, ReadOptions, Samples, Shape, UnusablePicture, load, open_source,
};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Luma, RgbImage, RgbaImage};
use tempfile::TempDir;

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
    ImageFormat::WebP,
];

fn folder<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A grey PNG of 2 rows and 3 columns.
fn png() -> Vec<u8> {
    encoded(GrayImage::from_vec(3, 2, vec![10, 20, 30, 40, 50, 60]).unwrap(), ImageFormat::Png)
}

/// 16 x 16 pixels that no format packs well.
fn noise() -> RgbImage {
    RgbImage::from_fn(16, 16, |x, y| {
        image::Rgb([x * x * 7 + y * 31, x * 13 + y * y * 5, x * y * 3].map(|v| v as u8))
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn skipping() -> ReadOptions {
    ReadOptions { skip_broken: true, ..ReadOptions::default() }
}

fn all(folder: &Path, options: &ReadOptions) -> Result<Samples, LoadError> {
    Ok(load(folder, options)?.samples)
}

fn refusal(folder: &TempDir, options: &ReadOptions) -> PicturesError {
    match all(folder.path(), options).unwrap_err() {
        LoadError::Pictures(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Why the one picture of these bytes is found unusable by its header.
fn reason(bytes: Vec<u8>) -> String {
    match refusal(&folder([("x", bytes)]), &ReadOptions::default()) {
        PicturesError::Unusable { unusable, .. } => unusable[0].reason.clone(),
        other => panic!("{other:?}"),
    }
}

/// A JPEG with EXIF data of one entry, the orientation; little-endian or big-endian.
fn turned_jpeg(picture: GrayImage, orientation: u8, little: bool) -> Vec<u8> {
    let tiff = match little {
        true => {
            [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[orientation, 0, 0, 0], &[0; 4]]
        }
        false => {
            [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".as_slice(), &[0, orientation, 0, 0], &[0; 4]]
        }
    };
    let exif = [b"Exif\0\0".as_slice(), &tiff.concat()].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let plain = encoded(picture, ImageFormat::Jpeg);
    [&plain[..2], &[0xFF, 0xE1], &length, &exif, &plain[2..]].concat()
}

/// A PNG with the same in a chunk `eXIf`.
fn turned_png(orientation: u8) -> Vec<u8> {
    use std::iter::successors;
    let exif = [b"eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".as_slice(), &[0, orientation], &[0; 6]]
        .concat();
    let crc = exif.iter().fold(!0_u32, |crc, &byte| {
        let bits =
            successors(Some(crc ^ u32::from(byte)), |crc| Some((crc >> 1) ^ (0xEDB8_8320 * (crc & 1))));
        bits.take(9).last().unwrap()
    });
    let length = (exif.len() as u32 - 4).to_be_bytes();
    let plain = png();
    // After the signature and the header.
    [&plain[..33], &length, &exif, &(!crc).to_be_bytes(), &plain[33..]].concat()
}

/// What Pillow's `exif_transpose` makes of `[[10, 20, 30], [40, 50, 60]]`, by orientation.
const TURNED: [[u8; 6]; 8] = [
    [10, 20, 30, 40, 50, 60],
    [30, 20, 10, 60, 50, 40],
    [60, 50, 40, 30, 20, 10],
    [40, 50, 60, 10, 20, 30],
    [10, 40, 20, 50, 30, 60],
    [40, 10, 50, 20, 60, 30],
    [60, 30, 50, 20, 40, 10],
    [30, 60, 20, 50, 10, 40],
];

#[test]
fn pictures_are_turned_as_their_exif_data_say() {
    for (orientation, pixels) in (1..).zip(TURNED) {
        let size = if orientation < 5 { [2, 3] } else { [3, 2] };
        let folder = self::folder([("x.png", turned_png(orientation))]);
        let rows = all(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!((rows.bytes(), rows.shape()), (Some(&pixels[..]), Shape::picture(size[0], size[1])));
        for little in [true, false] {
            // Blocks of 8 x 8, which a JPEG keeps.
            let blocks = GrayImage::from_fn(24, 16, |x, y| Luma([TURNED[0][(y / 8 * 3 + x / 8) as usize]]));
            let folder = self::folder([("x.jpg", turned_jpeg(blocks, orientation, little))]);
            let rows = all(folder.path(), &ReadOptions::default()).unwrap();
            let shape = rows.shape();
            assert_eq!([shape.rows, shape.cols], size.map(|side| side * 8), "{orientation}");
            let corner = |at: usize| rows.bytes().unwrap()[at / size[1] * 8 * shape.cols + at % size[1] * 8];
            assert!((0..6).all(|at| corner(at).abs_diff(pixels[at]) <= 2), "{orientation}: {pixels:?}");
        }
    }
}

/// All made by Pillow: a JPEG and a TIFF of four inks, an animated PNG and WebP, a TIFF of two pages.
const INKS: &str = "\
    ffd8ffee000e41646f626500640000000000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f141d\
    1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc00014080003000404431100\
    4d11005911004b1100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b510000201\
    0303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282\
    090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778\
    797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5\
    d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda000e0443004d0059004b00003f00f75af6baf61af57aff\
    d9";
const INKS_TIFF: &str = "\
    49492a00080000000a0000010400010000000200000001010400010000000100000002010300040000008600000003010300\
    010000000100000006010300010000000500000011010400010000008e000000150103000100000004000000160104000100\
    0000010000001701040001000000080000001c01030001000000010000000000000008000800080008000a141e280a141e28";
const ANIMATED_PNG: &str = "\
    89504e470d0a1a0a0000000d4948445200000003000000020800000000b81f39c6000000086163544c0000000200000000f3\
    8d93700000001a6663544c00000000000000030000000200000000000000000000000100000e839a090000000b4944415478\
    9c636080000000080001b75873950000001a6663544c000000010000000300000002000000000000000000000001000095f0\
    70dd000000146664415400000002789c63fccfc0c0c4c0c000000711010353497a730000000049454e44ae426082";
const ANIMATED_WEBP: &str = "\
    524946468400000057454250565038580a00000002000000020000010000414e494d06000000000000000000414e4d462600\
    0000000000000000020000010000000000025650384c0e0000002f02400000071011fd0f4444ff03414e4d462a0000000000\
    00000000020000010000000000005650384c110000002f0240000007d0fffef7bfff8188e87f0000";
const TWO_PAGES: &str = "\
    49492a0008000000090000010400010000000300000001010400010000000200000002010300010000000800000003010300\
    010000000100000006010300010000000100000011010400010000007a000000160104000100000002000000170104000100\
    0000060000001c01030001000000010000008800000000000000000049492a00080000000900000104000100000003000000\
    0101040001000000020000000201030001000000080000000301030001000000010000000601030001000000010000001101\
    040001000000fa0000001601040001000000020000001701040001000000060000001c010300010000000100000000000000\
    ffffffffffff";

fn gif(frames: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frames =
        (0..frames).map(|value| Frame::new(RgbaImage::from_pixel(3, 2, image::Rgba([value, 0, 0, 255]))));
    GifEncoder::new(&mut bytes).encode_frames(frames).unwrap();
    bytes
}

#[test]
fn several_pictures_in_a_file_and_inks_are_unusable() {
    for animated in [bytes(ANIMATED_PNG), bytes(ANIMATED_WEBP), gif(2)] {
        assert_eq!(reason(animated), "it is animated, and one picture is needed");
    }
    assert!(all(folder([("x", gif(1))]).path(), &ReadOptions::default()).is_ok());
    assert_eq!(reason(bytes(TWO_PAGES)), "it holds more than one picture");
    for inks in [bytes(INKS), bytes(INKS_TIFF)] {
        assert_eq!(reason(inks), "its colours are inks (CMYK): save it as RGB");
    }
    let floats = DynamicImage::ImageRgb32F(image::Rgb32FImage::new(3, 2));
    assert!(reason(encoded(floats, ImageFormat::Tiff)).starts_with("its numbers are floats"));
}

/// What is cut short is refused, when it is opened or when it is read, or all of its pixels are there: a PNG has an end mark
/// after them.
#[test]
fn no_file_that_is_cut_short_is_half_a_picture() {
    for format in FORMATS {
        let whole = encoded(noise(), format);
        let pixels = all(folder([("x", whole.clone())]).path(), &ReadOptions::default()).unwrap();
        let (mut refused, mut at_once) = (0, 0);
        for length in
            (0..whole.len()).filter(|length| length % 7 == 0 || whole.len() - length < 40 || *length < 40)
        {
            let folder = folder([("x", whole[..length].to_vec())]);
            match open_source(folder.path(), &ReadOptions::default()) {
                Err(LoadError::Pictures(PicturesError::None { .. })) => {
                    assert!(length < 40, "{format:?} {length}")
                }
                Err(_) => at_once += 1,
                Ok(mut source) => match source.next_chunk(1) {
                    Err(error) => {
                        assert!(error.to_string().starts_with("cannot use "), "{error}");
                        refused += 1;
                        // With everything decoded before, it is found out in time.
                        assert!(all(folder.path(), &skipping()).is_err(), "{format:?} {length}");
                    }
                    Ok(rows) => {
                        assert_eq!(rows.bytes(), pixels.bytes(), "{format:?} {length} of {}", whole.len())
                    }
                },
            }
        }
        assert!(at_once + refused > 40, "{format:?}: {at_once} {refused}");
    }
}

/// Whatever becomes of it, it is an answer.
#[test]
fn no_bit_of_a_file_makes_it_panic() {
    for format in FORMATS {
        let whole = encoded(noise(), format);
        let folder = folder([]);
        for bit in (0..whole.len().min(500) * 8).step_by(13) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(folder.path().join("x"), flipped).unwrap();
            let form = Form { size: Some([16, 16]), ..Form::default() };
            let _: Result<Samples, LoadError> =
                all(folder.path(), &ReadOptions { form, ..ReadOptions::default() });
        }
    }
}

/// PNG, GIF, BMP and JPEG, 65,535 pixels wide and high.
#[test]
fn a_header_that_promises_too_much_is_refused() {
    let mut png = png();
    png[16..24].copy_from_slice(&[0, 0, 255, 255, 0, 0, 255, 255]);
    png[29..33].copy_from_slice(&0x936E_868C_u32.to_be_bytes());
    let mut gif = gif(1);
    gif[6..10].fill(255);
    let mut bmp = encoded(noise(), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[255, 255, 0, 0, 255, 255, 0, 0]);
    let mut jpeg = encoded(noise(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(255);
    for file in [png, gif, bmp, jpeg] {
        let expected = "it is 65535 x 65535, and would take more than 67108864 pixels";
        assert_eq!(reason(file), expected);
    }
}

/// A flat picture takes little, but not when it is resampled to many rows: the pixels in between are as many as its columns
/// by those rows.
#[test]
fn what_takes_too_much_to_resample_is_refused() {
    let flat = encoded(GrayImage::new(40_000, 1), ImageFormat::Png);
    let folder = folder([("x.png", flat)]);
    let to = |rows| {
        let form = Form { size: Some([rows, 1]), ..Form::default() };
        all(folder.path(), &ReadOptions { form, ..ReadOptions::default() })
    };
    assert_eq!(to(1000).unwrap().width(), 1000);
    assert!(to(1700).unwrap_err().to_string().contains("it is 1 x 40000, and would take more"));
}

#[test]
fn unusable_pictures_are_an_error_unless_they_may_be_left_out() {
    let cut = png()[..30].to_vec();
    let files =
        [("a.gif", gif(2)), ("b.png", png()), ("c.png", cut.clone()), ("d.png", cut.clone()), ("e.png", cut)];
    let folder = folder(files);
    let refused = refusal(&folder, &ReadOptions::default());
    assert!(matches!(&refused, PicturesError::Unusable { usable: 1, unusable, .. } if unusable.len() == 4));
    let text = refused.to_string();
    assert!(text.starts_with("4 pictures of "), "{text}");
    assert!(
        text.contains("a.gif (it is animated, and one picture is needed), c.png (it cannot be decoded"),
        "{text}"
    );
    assert!(
        text.ends_with(", and 1 more; mend or remove them, or go on without them (--skip-broken)"),
        "{text}"
    );

    let source = open_source(folder.path(), &skipping()).unwrap();
    assert_eq!(source.len(), 1);
    let [note] = &source.notes()[..] else { panic!("{:?}", source.notes()) };
    assert!(note.starts_with("4 pictures can't be used and were left out: a.gif (it is animated"), "{note}");
    fs::remove_file(folder.path().join("b.png")).unwrap();
    let none = refusal(&folder, &skipping());
    assert!(matches!(none, PicturesError::Unusable { usable: 0, .. }), "{none}");
    assert!(!none.to_string().contains("--skip-broken"), "{none}");
}

/// Only decoding tells that these are cut short.
#[test]
fn pixels_that_are_damaged_are_found_when_they_are_read_or_left_out_before() {
    let whole = encoded(noise(), ImageFormat::Jpeg);
    let cut = whole[..whole.len() - 20].to_vec();
    let folder = folder([("a.jpg", whole), ("b.jpg", cut)]);
    let mut source = open_source(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(source.len(), 2);
    assert!(source.next_chunk(1).is_ok());
    let error = source.next_chunk(1).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("b.jpg: it is cut short: its end marker is missing;"), "{error}");
    assert!(error.ends_with("(--skip-broken)"), "{error}");
    assert_eq!(all(folder.path(), &skipping()).unwrap().names().unwrap(), ["a.jpg"]);
    assert_eq!(open_source(folder.path(), &skipping()).unwrap().len(), 1);
}

#[test]
fn a_picture_that_changes_or_vanishes_is_named() {
    let folder = folder([("a.png", png())]);
    let path = folder.path().join("a.png");
    let changed = |change: &dyn Fn()| {
        fs::write(&path, png()).unwrap();
        let mut source = open_source(folder.path(), &ReadOptions::default()).unwrap();
        change();
        match source.next_chunk(1).unwrap_err() {
            LoadError::Pictures(PicturesError::Picture { path: named, reason }) if named == path => reason,
            other => panic!("{other:?}"),
        }
    };
    let gone = changed(&|| fs::remove_file(&path).unwrap());
    assert!(gone.starts_with("it cannot be opened: "), "{gone}");
    let other = changed(&|| fs::write(&path, encoded(GrayImage::new(2, 3), ImageFormat::Png)).unwrap());
    assert_eq!(other, "it has changed: it was 2 x 3, and is 3 x 2");
    let text = changed(&|| fs::write(&path, "no picture").unwrap());
    assert_eq!(text, "it has changed, and is no picture any more");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_only_to_files_within() {
        let outside = folder([("secret.png", png())]);
        let folder = folder([("a/1.png", png()), (".hidden", png())]);
        let root = folder.path();
        symlink("1.png", root.join("a/2.png")).unwrap();
        symlink(root.join("a/1.png"), root.join("a/3.png")).unwrap();
        for (to, from) in [
            (outside.path().join("secret.png"), "a/out.png"),
            ("../../nowhere.png".into(), "a/nothing.png"),
            ("..".into(), "a/circle"),
            ("self".into(), "a/self"),
            (outside.path().into(), "b"),
        ] {
            symlink(to, root.join(from)).unwrap();
        }
        let mut source = open_source(root, &ReadOptions::default()).unwrap();
        assert_eq!(source.next_chunk(9).unwrap().names().unwrap(), ["a/1.png", "a/2.png", "a/3.png"]);
        let note = "5 links lead to a folder, out of the folder or nowhere, and were left out: a/circle, a/nothing.png, \
                    a/out.png, and 2 more";
        assert_eq!(source.notes(), [note]);
        // The folder itself may be a link.
        symlink(root, outside.path().join("link")).unwrap();
        assert_eq!(all(&outside.path().join("link"), &ReadOptions::default()).unwrap().len(), 3);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = folder([("a.png", png())]);
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.png")).status().unwrap();
        assert!(made.success());
        symlink("pipe.png", folder.path().join("link.png")).unwrap();
        let source = open_source(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!(
            source.notes(),
            [
                "1 file is no picture and was left out: pipe.png",
                "1 link leads to a folder, out of the folder or nowhere, and was left out: link.png",
            ]
        );
    }

    #[test]
    fn names_that_could_not_be_written_again_are_unusable() {
        let folder = folder([("a.png", png())]);
        let names: [&[u8]; 4] = [b"b\xff.png", b"c\x1b[2J.png", b"d\\e.png", b"f:g.png"];
        for name in names {
            fs::write(folder.path().join(OsStr::from_bytes(name)), png()).unwrap();
        }
        match refusal(&folder, &ReadOptions::default()) {
            PicturesError::Unusable { unusable, usable: 1, .. } => {
                let named: Vec<&str> =
                    unusable.iter().map(|UnusablePicture { name, .. }| &name[..]).collect();
                assert_eq!(named, ["b\u{fffd}.png", "c\\u{1b}[2J.png", "d\\\\e.png", "f:g.png"]);
                assert_eq!(unusable[0].reason, "its name is not UTF-8");
                assert_eq!(unusable[1].reason, "its name can't be used: it has a control character");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(all(folder.path(), &skipping()).unwrap().names().unwrap(), ["a.png"]);
    }
}
