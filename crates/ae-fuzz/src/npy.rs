//! Codes in `.npy` and `.npz` files: what is accepted is finite, and written it is read again; a file and a stream are
//! judged alike.

use std::io::Write;
use std::mem::discriminant;

use ae_npy::{CodeReader, Element, NpyError, NpyErrorKind, write_header, write_values};

use flate2::{Compression, write::DeflateEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

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
    let of_file = with_file("codes.npy", bytes, |path| CodeReader::open(path, CODE)).and_then(read);
    let of_stream = CodeReader::from_stream(bytes, "a stream", CODE).and_then(read);
    let codes = match (of_file, of_stream) {
        (Ok(file), Ok(stream)) => {
            assert!(bits(&file) == bits(&stream), "other codes of a file than of a stream");
            file
        }
        // A file's length is known before it is asked whether memory would hold it.
        (Err(file), Err(stream)) => {
            let (length, limit) = (
                matches!(file.source, NpyErrorKind::Length { .. }),
                matches!(stream.source, NpyErrorKind::Limit { .. }),
            );
            let same = discriminant(&file.source) == discriminant(&stream.source);
            assert!(same || length && limit, "{file:?} of a file, {stream:?} of a stream");
            return false;
        }
        (file, stream) => panic!("{:?} of a file, {:?} of a stream", file.err(), stream.err()),
    };
    let mut again = Vec::new();
    let header = write_header(&mut again, Element::F32, &[(codes.len() / CODE) as u64, CODE as u64]);
    header.and_then(|()| write_values(&mut again, &codes)).expect("a vector takes all that is written");
    let back = CodeReader::from_stream(&again[..], "a stream", CODE).and_then(read);
    assert!(bits(&back.expect("it was written by us")) == bits(&codes), "other codes than were written");
    true
}

fn bits(codes: &[f32]) -> Vec<u32> {
    codes.iter().map(|code| code.to_bits()).collect()
}

fn read(mut reader: CodeReader) -> Result<Vec<f32>, NpyError> {
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

/// A zip archive of these files, deflated.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| -> Result<(), rawzip::Error> {
        let file = archive.new_file(name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start()?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(bytes)?;
        let (encoder, descriptor) = writer.finish()?;
        encoder.finish()?;
        entry.finish(descriptor)?;
        Ok(())
    };
    let added = files.iter().try_for_each(|(name, bytes)| add(name, bytes));
    added.and_then(|()| archive.finish()).expect("a vector takes all that is written")
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
    let array = npy(&good, &data);
    let zeros = npy(&dict("'<f4'", "False", "(100000, 2)"), &vec![0; 800_000]);
    vec![
        ("npz", zip(&[("codes.npy", &array)])),
        ("npz-two", zip(&[("codes.npy", &array), ("labels.npy", &array)])),
        ("npz-bomb", zip(&[("codes.npy", &zeros)])),
        ("f2", npy(&dict("'<f2'", "False", "(6, 2)"), &data)),
        ("one", npy(&dict("'>f8'", "False", "(2,)"), &data[..16])),
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
        ("good", array),
    ]
}
