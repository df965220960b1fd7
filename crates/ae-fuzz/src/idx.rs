//! IDX arrays: slices and streams are read alike, and an array has one form only.

use ae_data::{IdxArray, Limits, idx};

pub(crate) const LIMITS: Limits = Limits { max_bytes: 1 << 20 };

/// Parses `bytes` whole and as a stream.
///
/// # Panics
/// If the two differ, or an accepted array is not written as it was read.
pub fn run(bytes: &[u8]) -> bool {
    let parsed = idx::parse(bytes, &LIMITS);
    match (&parsed, idx::read(bytes, &LIMITS)) {
        (Ok(parsed), Ok(read)) => {
            assert!(written(parsed) == bytes, "written otherwise than it was read");
            assert!(written(&read) == bytes, "a stream is read otherwise than a slice");
        }
        (Err(_), Err(_)) => {}
        (parsed, read) => panic!("{parsed:?} as a slice, {read:?} as a stream"),
    }
    parsed.is_ok()
}

/// The bytes of an array. They say more than `==`, by which a NaN differs from itself.
pub(crate) fn written(array: &IdxArray) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write(array, &mut bytes).expect("a vector takes all that is written");
    bytes
}

/// Each element type, ranks 0 to 4, and headers that promise too much.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("images", file(0x08, &[2, 2, 3], &[0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 255])),
        ("labels", file(0x08, &[4], &[7, 2, 1, 0])),
        ("scalar", file(0x09, &[], &[0x80])),
        ("i16", file(0x0B, &[2, 1], &[0x80, 0, 0, 1])),
        ("i32", file(0x0C, &[1, 1, 1, 1], &[0xff, 0xff, 0xff, 0xfe])),
        ("f32-nan", file(0x0D, &[2], &[0x7f, 0xc0, 0, 1, 0x3f, 0x80, 0, 0])),
        ("f64", file(0x0E, &[1], &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0])),
        ("empty", file(0x08, &[0, 28, 28], &[])),
        ("empty-and-vast", file(0x0E, &[u32::MAX, 0, u32::MAX], &[])),
        ("most-images", file(0x08, &[u32::MAX, 28, 28], &[0; 28])),
        ("overflow", file(0x0E, &[u32::MAX, u32::MAX, u32::MAX], &[0; 8])),
        ("little-endian", vec![3, 8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7]),
        ("trailing", file(0x08, &[2], &[1, 2, 3])),
        ("rank-255", file(0x08, &[1; 255], &[5])),
    ]
}

pub(crate) fn file(code: u8, dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}
