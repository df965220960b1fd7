//! Headers: which are read, and how each fault is named.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::path::Path;

use ae_file::ReadError;
use ae_npy::{CodeReader, Element, NpyErrorKind, write_header, write_values};
use common::{DATA, GOOD, bits, npy, open, values};
use proptest::prelude::*;

fn refused(dict: &str) -> String {
    open(&npy(1, dict.as_bytes(), DATA), 2).unwrap_err().to_string()
}

#[test]
fn headers_of_every_version_and_any_order_of_keys_are_read() {
    for version in [1, 2, 3] {
        assert_eq!(open(&npy(version, GOOD.as_bytes(), DATA), 2).unwrap().len(), 3);
    }
    let other = r#"{"shape":(3,2),"fortran_order":False,"descr":"<f4"}"#;
    assert_eq!(open(&npy(1, other.as_bytes(), DATA), 2).unwrap().len(), 3);
    let none = GOOD.replace('3', "0");
    assert!(open(&npy(1, none.as_bytes(), &[]), 2).unwrap().is_empty());
}

#[test]
fn each_fault_is_named() {
    for (found, replaced, said) in [
        ("<f4", "<i8", "its elements are '<i8', floats are needed: codes.astype('float32')"),
        ("<f4", "|u1", "its elements are '|u1'"),
        ("<f4", "<f16", "its elements are '<f16'"),
        ("<f4", "<c8", "its elements are '<c8'"),
        ("<f4", "|O", "its elements are '|O'"),
        ("<f4", "<f3", "not understood"),
        ("'<f4'", "[('a', '<f4')]", "its elements are structures"),
        ("'<f4'", "4", "not understood"),
        ("<f4", "<f8", "promises 48 bytes of data, 24 are there"),
        ("<f4", "<f2", "promises 12 bytes of data, "),
        ("False", "0", "not understood"),
        ("(3, 2)", "(6,)", "its shape is [6], (images, 2) is needed"),
        ("(3, 2)", "(2, 3)", "its shape is [2, 3]"),
        ("(3, 2)", "(3, 2, 1)", "its shape is [3, 2, 1]"),
        ("(3, 2)", "()", "its shape is []"),
        ("(3, 2)", "(-3, 2)", "not understood"),
        ("(3, 2)", "(3.0, 2)", "not understood"),
        ("(3, 2)", "(4, 2)", "promises 32 bytes of data, 24 are there"),
        ("(3, 2)", "(2, 2)", "promises 16 bytes of data, "),
        ("(3, 2)", "(2,)", "promises 8 bytes of data, "),
        ("(3, 2)", "(18446744073709551615, 2)", "its sizes are too large"),
        ("(3, 2)", "(4294967296, 4294967296, 0)", "its sizes are too large"),
        ("(3, 2)", "(0xFFFFFFFFFFFF, 0xFFFFFFFFFFFF)", "its sizes are too large"),
        ("'shape'", "'form'", "not understood"),
        ("{", "", "not understood"),
    ] {
        assert!(GOOD.contains(found));
        let error = refused(&GOOD.replace(found, replaced));
        assert!(error.contains(said) && !error.contains('\n'), "{replaced}: {error}");
    }
}

/// A file is measured before its header's promise is weighed; a stream, or columns, would have to be held in memory.
#[test]
fn a_vast_promise_is_refused_before_anything_is_read() {
    let vast = npy(1, GOOD.replace("(3,", "(99999999999999,").as_bytes(), DATA);
    let stream = CodeReader::from_stream(&vast[..], "a stream", 2).unwrap_err();
    assert!(matches!(stream.source, NpyErrorKind::Limit { found: 799_999_999_999_992 }), "{stream:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    std::fs::write(&path, vast).unwrap();
    let error = CodeReader::open(&path, 2).unwrap_err().source;
    assert!(matches!(error, NpyErrorKind::Length { promised: 799_999_999_999_992, actual: 24 }), "{error:?}");

    // A file that is as long as it says, of holes: columns of more than 1 GiB are refused, rows are not.
    for (order, refused) in [("True", true), ("False", false)] {
        let dict = GOOD.replace("False", order).replace("(3,", "(268435456,");
        let header = npy(1, dict.as_bytes(), &[]);
        std::fs::write(&path, &header).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(header.len() as u64 + (2 << 30)).unwrap();
        match CodeReader::open(&path, 2).map_err(|error| error.source) {
            Ok(reader) => assert!(!refused && reader.len() == 268_435_456),
            Err(error) => {
                assert!(refused && matches!(error, NpyErrorKind::Limit { found: 0x8000_0000 }), "{error}");
                assert!(error.to_string().contains("numpy.ascontiguousarray"), "{error}");
            }
        }
    }
}

#[test]
fn deep_brackets_do_not_reach_the_parser() {
    let deep = format!("{}{}", "(".repeat(4_900), ")".repeat(4_900));
    let error = refused(&GOOD.replace("(3, 2)", &deep));
    assert!(error.contains("nests too deeply"), "{error}");
    // As deep as is let through: the parser's work must not explode.
    let deep = format!("{}3{}", "(".repeat(7), ")".repeat(7));
    assert!(refused(&GOOD.replace("(3, 2)", &deep)).contains("not understood"));
}

#[test]
fn a_long_header_is_refused_before_it_is_read() {
    let said = |bytes: &[u8]| open(bytes, 2).unwrap_err().to_string();
    let lie = [b"\x93NUMPY", &[2, 0][..], &u32::MAX.to_le_bytes(), b"{}"].concat();
    assert!(said(&lie).contains("4294967295 bytes long, 10000 are the most"), "{}", said(&lie));
    let cut = [b"\x93NUMPY", &[1, 0, 200, 0][..], b"{}"].concat();
    assert!(said(&cut).contains("cut short"), "{}", said(&cut));
    let newer = npy(4, b"{}", b"");
    assert!(said(&newer).contains("version 4.0 is not known"), "{}", said(&newer));
}

#[test]
fn another_kind_of_file_is_named() {
    for (bytes, said) in [
        (&b"\x89PNG\r\n\x1a\n\0\0"[..], "it is not an .npy file, but a PNG picture: "),
        (b"0.5,1.5\n2.5,3.5\n", "but a text file, CSV perhaps: "),
        (b"<!doctype html>", "but a web page: "),
        (b"\x1f\x8b\x08", "but a gzip file: "),
        (b"\0\0\0\0\0\0\0\0", "but nothing that is known here: numpy.save('codes.npy', codes)"),
        (b"", "but nothing that is known here"),
    ] {
        let error = open(bytes, 2).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn codes_of_no_numbers_are_no_codes() {
    for none in ["(3, 0)", "(0,)"] {
        let refused = open(&npy(1, GOOD.replace("(3, 2)", none).as_bytes(), &[]), 0);
        assert!(matches!(refused, Err(NpyErrorKind::Shape { code: 0, .. })), "{refused:?}");
    }
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &Path| CodeReader::open(path, 2).unwrap_err().source;
    assert!(matches!(kind(folder.path()), NpyErrorKind::File(ReadError::Folder)));
    assert!(matches!(kind(&folder.path().join("none")), NpyErrorKind::File(ReadError::Io(_))));
    #[cfg(unix)]
    {
        assert!(matches!(kind(Path::new("/dev/zero")), NpyErrorKind::File(ReadError::NotRegular)));
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(kind(&pipe), NpyErrorKind::File(ReadError::NotRegular)));
    }
}

#[test]
fn every_strict_prefix_and_every_longer_file_is_an_error() {
    for order in ["False", "True"] {
        let good = npy(1, GOOD.replace("False", order).as_bytes(), DATA);
        for length in 0..good.len() {
            assert!(open(&good[..length], 2).is_err(), "{length} bytes");
        }
        assert!(matches!(
            open(&[&good[..], b"x"].concat(), 2),
            Err(NpyErrorKind::Length { promised: 24, actual: 25 })
        ));
    }
}

#[test]
fn what_was_written_here_is_read_again() {
    let written = [0.5, -1.0, 2.0, f32::MIN_POSITIVE, -0.0, f32::MAX];
    let mut bytes = Vec::new();
    write_header(&mut bytes, Element::F32, &[3, 2]).unwrap();
    write_values(&mut bytes, &written).unwrap();
    let mut reader = open(&bytes, 2).unwrap();
    let mut chunk = vec![9.0; 5];
    for expected in [2, 1, 0, 0] {
        assert_eq!(reader.next_chunk(2, &mut chunk).unwrap(), expected);
        assert_eq!(chunk.len(), 2 * expected);
    }
    assert_eq!(bits(&values(&mut open(&bytes, 2).unwrap(), 2).unwrap()), bits(&written));
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(
        changes in prop::collection::vec((0..GOOD.len(), any::<u8>()), 0..4),
        inserted in "[-(){}\\[\\]'\"\\\\:,.0-9a-fjx_uUNTFe<>|+ #\n]{0,12}",
        at in 0..GOOD.len(),
    ) {
        let mut dict = GOOD.as_bytes().to_vec();
        for (at, byte) in changes {
            dict[at] = byte;
        }
        dict.splice(at..at, inserted.bytes());
        let _ = CodeReader::from_stream(&npy(1, &dict, DATA)[..], "a stream", 2);
    }
}
