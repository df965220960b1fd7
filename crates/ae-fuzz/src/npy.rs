//! Codes in `.npy` files: what is accepted is finite, and written it is read again.

use std::path::Path;

use ae_npy::{CodeReader, Element, NpyError, NpyErrorKind, write_header, write_values};

use crate::scratch::with_file;

/// Numbers a code, in every file.
const CODE: usize = 2;

/// Reads a file of `bytes`, and one of which they are the header's dict.
///
/// # Panics
/// If what is accepted is not finite, or is not read again once written.
pub fn run(bytes: &[u8]) -> bool {
    let accepted = try_file(bytes);
    // The length of the header is mostly wrong by now, and little gets past it.
    let dict = bytes.get(10..).unwrap_or(bytes);
    let dict = &dict[..dict.iter().position(|&byte| byte == b'\n').map_or(dict.len(), |at| at + 1)];
    try_file(&npy(dict, &[0; 24])) || accepted
}

fn try_file(bytes: &[u8]) -> bool {
    let Ok(codes) = with_file("codes.npy", bytes, read) else { return false };
    let mut again = Vec::new();
    let header = write_header(&mut again, Element::F32, &[(codes.len() / CODE) as u64, CODE as u64]);
    header.and_then(|()| write_values(&mut again, &codes)).expect("a vector takes all that is written");
    let back = with_file("codes.npy", &again, read).expect("it was written by us");
    let bits = |codes: &[f32]| codes.iter().map(|code| code.to_bits()).collect::<Vec<_>>();
    assert!(bits(&back) == bits(&codes), "other codes than were written");
    true
}

fn read(path: &Path) -> Result<Vec<f32>, NpyError> {
    let mut reader = CodeReader::open(path, CODE)?;
    let (mut codes, mut chunk) = (Vec::new(), Vec::new());
    loop {
        match reader.next_chunk(3, &mut chunk) {
            Ok(0) => break,
            Ok(read) => assert_eq!(chunk.len(), read * CODE),
            Err(error) => {
                let expected = matches!(error.source, NpyErrorKind::NonFinite { .. });
                assert!(expected, "the length was counted, but: {error:?}");
                return Err(error);
            }
        }
        assert!(chunk.iter().all(|code| code.is_finite()));
        codes.extend_from_slice(&chunk);
    }
    assert_eq!(codes.len(), reader.len() * CODE);
    Ok(codes)
}

fn npy(dict: &[u8], data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict, data].concat()
}

/// Sound files of each version, and of the other things that NumPy writes.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let dict = |descr: &str, fortran: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n").into_bytes()
    };
    let good = dict("'<f4'", "False", "(3, 2)");
    let data: Vec<u8> = [0.0_f32, -1.5, 2.0, 0.1, 1e-40, 3e38].iter().flat_map(|x| x.to_le_bytes()).collect();
    let long =
        |version: u8| [b"\x93NUMPY", &[version, 0, good.len() as u8, 0, 0, 0][..], &good, &data].concat();
    vec![
        ("version-2", long(2)),
        ("version-3", long(3)),
        ("none", npy(&dict("'<f4'", "False", "(0, 2)"), &[])),
        ("nan", npy(&good, &[&data[..20], &f32::NAN.to_le_bytes()].concat())),
        ("infinite", npy(&good, &[&data[..8], &f32::INFINITY.to_le_bytes(), &data[12..]].concat())),
        ("f8", npy(&dict("'<f8'", "False", "(3, 2)"), &[0; 48])),
        ("big-endian", npy(&dict("'>f4'", "False", "(3, 2)"), &data)),
        ("fortran", npy(&dict("'<f4'", "True", "(3, 2)"), &data)),
        ("record", npy(&dict("[('a', '<f4'), ('b', '<u2', (2, 3))]", "False", "(3,)"), &data)),
        ("object", npy(&dict("'|O'", "False", "(3, 2)"), &data)),
        ("vast", npy(&dict("'<f4'", "False", "(99999999999, 2)"), &data)),
        (
            "literals",
            npy(b"{b'\\x00': -1e3 + 2j, \"a\\u0041\": {0x1f, 0o7, 0b1, None}, 'c': [1_0, (), {}]}\n", &data),
        ),
        ("quoted-keys", npy(br#"{"shape":(3,2),"fortran_order":False,"descr":"<f4"}"#, &data)),
        ("longest-header", [b"\x93NUMPY\x02\x00\xff\xff\xff\xff", &good[..]].concat()),
        ("good", npy(&good, &data)),
    ]
}
