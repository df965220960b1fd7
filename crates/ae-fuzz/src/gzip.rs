//! Gzipped IDX arrays: accepted exactly where the whole stream unpacks to an array.

use std::io::{Read, Write};

use ae_data::{IdxArray, OpenErrorKind, idx, open_bytes};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::idx::{LIMITS, file, written};

/// Opens `bytes` as a file, and packed as the content of one.
///
/// # Panics
/// If either differs from what unpacking all of it and parsing that gives.
pub fn run(bytes: &[u8]) -> bool {
    assert_same(open_bytes(&packed(bytes), &LIMITS), idx::parse(bytes, &LIMITS).ok());
    let opened = open_bytes(bytes, &LIMITS);
    let accepted = opened.is_ok();
    assert_same(
        opened,
        if bytes.starts_with(&[0x1f, 0x8b]) {
            unpacked(bytes).and_then(|content| idx::parse(&content, &LIMITS).ok())
        } else {
            idx::parse(bytes, &LIMITS).ok()
        },
    );
    accepted
}

fn assert_same(opened: Result<IdxArray, OpenErrorKind>, expected: Option<IdxArray>) {
    match (opened, expected) {
        (Ok(opened), Some(expected)) => assert!(written(&opened) == written(&expected), "another array"),
        (Err(_), None) => {}
        (opened, expected) => panic!("opened as {opened:?}, expected {expected:?}"),
    }
}

/// What a gzip file holds, if it is sound to its end or longer than any array within the limit.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    MultiGzDecoder::new(bytes).take(2 * LIMITS.max_bytes).read_to_end(&mut content).ok()?;
    Some(content)
}

pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a vector takes all that is written")
}

/// Sound files of one member and of several, a bomb, and damaged ones.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let images = file(0x08, &[2, 2, 3], &[0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 255]);
    let good = packed(&images);
    let (mut checksum, mut length) = (good.clone(), good.clone());
    checksum[good.len() - 8] ^= 1;
    length[good.len() - 1] ^= 0x80;
    let bomb = packed(&file(0x08, &[1, 28, 28], &vec![0; 1 << 18]));
    vec![
        ("plain", images.clone()),
        ("members", [packed(&images[..9]), packed(&[]), packed(&images[9..])].concat()),
        ("long", packed(&file(0x0C, &[16, 16], &[1; 1024]))),
        ("lie", packed(&file(0x08, &[u32::MAX, 28, 28], &[0; 100]))),
        ("twice", packed(&good)),
        ("cut", good[..good.len() - 5].to_vec()),
        ("trailing", [&good[..], b"more"].concat()),
        ("named", [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255][..], b"name\0", &good[10..]].concat()),
        ("good", good),
        ("checksum", checksum),
        ("length", length),
        ("bomb", bomb),
    ]
}
