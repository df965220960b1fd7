//! Headers: which are read, and how each fault is named.

use std::io::Cursor;
use std::path::Path;

use ae_data::{
    DataError, Limits, LoadError, NpyError, OpenErrorKind, ReadOptions, open_source, stream_source,
};
use ae_file::ReadError;
use proptest::prelude::*;

use crate::common::{DATA, GOOD, chain, codes, npy, npy_error, read, refused};

fn refused_dict(dict: &str) -> String {
    refused(&npy(1, dict.as_bytes(), DATA))
}

#[test]
fn headers_of_every_version_and_any_order_of_keys_are_read() {
    let rows = |bytes: &[u8]| read(bytes, &codes(2), 2).unwrap().rows;
    for version in [1, 2, 3] {
        assert_eq!(rows(&npy(version, GOOD.as_bytes(), DATA)), 3);
    }
    let other = r#"{"shape":(3,2),"fortran_order":False,"descr":"<f4"}"#;
    assert_eq!(rows(&npy(1, other.as_bytes(), DATA)), 3);
    for order in ["False", "True"] {
        let none = GOOD.replace('3', "0").replace("False", order);
        assert_eq!(rows(&npy(1, none.as_bytes(), &[])), 0);
    }
}

#[test]
fn each_fault_is_named() {
    for (found, replaced, said) in [
        (
            "<f4",
            "<f16",
            "its elements are '<f16', numbers of at most 64 bits are needed: array.astype('float32')",
        ),
        ("<f4", "<c8", "its elements are '<c8'"),
        ("<f4", "|O", "its elements are '|O'"),
        ("<f4", "<U2", "its elements are '<U2'"),
        ("<f4", "<M8[s]", "its elements are '<M8[s]'"),
        ("<f4", "<f3", "not understood"),
        ("'<f4'", "[('a', '<f4')]", "its elements are structures"),
        ("'<f4'", "4", "not understood"),
        ("<f4", "<f8", "promises 48 bytes of data, 24 are there"),
        ("<f4", "<f2", "promises 12 bytes of data, "),
        ("<f4", "|u1", "promises 6 bytes of data, "),
        ("False", "0", "not understood"),
        ("(3, 2)", "(6,)", "rows are 6, 2 is needed"),
        ("(3, 2)", "(2, 3)", "rows are 3, 2 is needed"),
        ("(3, 2)", "(1, 3, 2)", "rows are 3 x 2, 2 is needed"),
        ("(3, 2)", "()", "it is one lone number"),
        ("(3, 2)", "(3, 0)", "rows of 0 hold nothing"),
        ("(3, 2)", "(0,)", "rows of 0 hold nothing"),
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
        let dict = GOOD.replace(found, replaced);
        let data = if replaced.contains('0') && said.contains("nothing") { &[] } else { DATA };
        let error = refused(&npy(1, dict.as_bytes(), data));
        assert!(error.contains(said) && !error.contains('\n'), "{replaced}: {error}");
    }
    let bytes = npy(1, GOOD.replace("<f4", "|u1").as_bytes(), &[0; 6]);
    assert!(refused(&bytes).contains("its numbers are bytes"), "{}", refused(&bytes));
}

/// A file is measured before its header's promise is weighed; of a stream no more is read than comes.
#[test]
fn a_vast_promise_takes_no_memory() {
    let vast = npy(1, GOOD.replace("(3,", "(99999999999999,").as_bytes(), DATA);
    let mut stream = stream_source(Cursor::new(vast.clone()), "a stream", &codes(2)).unwrap();
    assert_eq!(stream.next_chunk(2).unwrap().len(), 2);
    let error = stream.next_chunk(usize::MAX).unwrap_err();
    let limit = Limits::default().max_bytes;
    let found = 799_999_999_999_992 - 16;
    assert_eq!(npy_error(&error), Some(&NpyError::Limit { found, limit }));
    let error = stream.next_chunk(2).unwrap_err();
    assert_eq!(npy_error(&error), Some(&NpyError::Length { promised: 799_999_999_999_992, actual: 24 }));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    std::fs::write(&path, vast).unwrap();
    let error = open_source(&path, &codes(2)).err().unwrap();
    assert_eq!(npy_error(&error), Some(&NpyError::Length { promised: 799_999_999_999_992, actual: 24 }));

    // A file that is as long as it says, of holes: columns of more than 1 GiB are refused, rows are not.
    for order in ["True", "False"] {
        let dict = GOOD.replace("False", order).replace("(3,", "(268435456,");
        let header = npy(1, dict.as_bytes(), &[]);
        std::fs::write(&path, &header).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(header.len() as u64 + (2 << 30)).unwrap();
        match open_source(&path, &codes(2)) {
            Ok(source) => assert_eq!((source.len(), order), (268_435_456, "False")),
            Err(error) => {
                let expected = NpyError::Limit { found: 2 << 30, limit: 1 << 30 };
                assert_eq!((npy_error(&error), order), (Some(&expected), "True"));
                assert!(chain(&error).contains("numpy.ascontiguousarray"), "{error}");
            }
        }
    }
}

#[test]
fn limits_bound_a_chunk() {
    let bytes = npy(1, GOOD.as_bytes(), DATA);
    let options = ReadOptions { limits: Limits { max_bytes: 16 }, ..codes(2) };
    assert_eq!(read(&bytes, &options, 2).unwrap().rows, 3);
    let error = read(&bytes, &options, 3).unwrap_err();
    assert_eq!(npy_error(&error), Some(&NpyError::Limit { found: 24, limit: 16 }));
}

#[test]
fn deep_brackets_do_not_reach_the_parser() {
    let deep = format!("{}{}", "(".repeat(4_900), ")".repeat(4_900));
    let error = refused_dict(&GOOD.replace("(3, 2)", &deep));
    assert!(error.contains("nests too deeply"), "{error}");
    // As deep as is let through: the parser's work must not explode.
    let deep = format!("{}3{}", "(".repeat(7), ")".repeat(7));
    assert!(refused_dict(&GOOD.replace("(3, 2)", &deep)).contains("not understood"));
}

#[test]
fn a_long_header_is_refused_before_it_is_read() {
    let lie = [b"\x93NUMPY", &[2, 0][..], &u32::MAX.to_le_bytes(), b"{}"].concat();
    assert!(refused(&lie).contains("4294967295 bytes long, 10000 are the most"), "{}", refused(&lie));
    let cut = [b"\x93NUMPY", &[1, 0, 200, 0][..], b"{}"].concat();
    assert!(refused(&cut).contains("cut short"), "{}", refused(&cut));
    let newer = npy(4, b"{}", b"");
    assert!(refused(&newer).contains("version 4.0 is not known"), "{}", refused(&newer));
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &Path| match open_source(path, &codes(2)).err().unwrap() {
        LoadError::Open(error) => error.source,
        error => panic!("{error:?}"),
    };
    assert!(matches!(kind(&folder.path().join("none.npy")), OpenErrorKind::File(ReadError::Io(_))));
    #[cfg(unix)]
    {
        assert!(matches!(kind(Path::new("/dev/zero")), OpenErrorKind::File(ReadError::NotRegular)));
        let pipe = folder.path().join("pipe.npy");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(kind(&pipe), OpenErrorKind::File(ReadError::NotRegular)));
    }
}

#[test]
fn every_strict_prefix_and_every_longer_file_is_an_error() {
    for order in ["False", "True"] {
        let good = npy(1, GOOD.replace("False", order).as_bytes(), DATA);
        for length in 0..good.len() {
            assert!(read(&good[..length], &codes(2), 2).is_err(), "{length} bytes");
        }
        let longer = read(&[&good[..], b"x"].concat(), &codes(2), 3).unwrap_err();
        assert_eq!(npy_error(&longer), Some(&NpyError::Length { promised: 24, actual: 25 }));
    }
}

#[test]
fn what_is_wrong_with_the_numbers_names_the_file() {
    let bytes = npy(1, GOOD.as_bytes(), &[&[0; 12][..], &f32::NAN.to_le_bytes(), &[0; 8]].concat());
    match read(&bytes, &codes(2), 1) {
        Err(LoadError::Content { path, source: DataError::NotFinite { row: 1, column: 1, .. } }) => {
            assert!(path.ends_with("array.npy"));
        }
        other => panic!("{other:?}"),
    }
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
        let _ = read(&npy(1, &dict, DATA), &codes(2), 2);
    }
}
