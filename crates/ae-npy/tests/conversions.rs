//! Any float, byte order, array order and packing reads the same, and what does not become a float is named.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_npy::NpyErrorKind;
use common::{DATA, GOOD, bits, npy, open, values, zip};
use half::f16;
use proptest::prelude::*;

/// The kinds of floats: NumPy's name, and a value as its bytes.
type Kind = (&'static str, fn(f64) -> Vec<u8>);

const KINDS: [Kind; 6] = [
    ("<f2", |value| f16::from_f64(value).to_le_bytes().to_vec()),
    (">f2", |value| f16::from_f64(value).to_be_bytes().to_vec()),
    ("<f4", |value| (value as f32).to_le_bytes().to_vec()),
    (">f4", |value| (value as f32).to_be_bytes().to_vec()),
    ("<f8", |value| value.to_le_bytes().to_vec()),
    (">f8", |value| value.to_be_bytes().to_vec()),
];

/// An array of rows of `code` values, in either order.
fn array((descr, bytes): Kind, rows: &[f64], code: usize, fortran: bool) -> Vec<u8> {
    let images = rows.len() / code;
    let order = if fortran { "True" } else { "False" };
    let dict = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({images}, {code}), }}\n");
    let places: Vec<usize> = match fortran {
        false => (0..rows.len()).collect(),
        true => (0..code).flat_map(|column| (0..images).map(move |row| row * code + column)).collect(),
    };
    let data: Vec<u8> = places.into_iter().flat_map(|place| bytes(rows[place])).collect();
    npy(1, dict.as_bytes(), &data)
}

proptest! {
    // A case is 72 readings.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_kind_and_order_and_packing_is_the_same_codes(
        // What 16 bits hold, so that every kind holds the same.
        halves in prop::collection::vec(any::<u16>().prop_map(f16::from_bits), 0..60),
        code in 1_usize..5,
        at_once in 0_usize..7,
    ) {
        let rows: Vec<f64> =
            halves.into_iter().filter(|half| half.is_finite()).map(f64::from).collect();
        let rows = &rows[..rows.len() / code * code];
        let expected: Vec<f32> = rows.iter().map(|&value| value as f32).collect();
        for kind in KINDS {
            for fortran in [false, true] {
                let plain = array(kind, rows, code, fortran);
                let files = [("codes.npy", &plain[..])];
                for bytes in [&plain, &zip(&files, false), &zip(&files, true)] {
                    let mut reader = open(bytes, code).unwrap();
                    prop_assert_eq!(reader.len(), rows.len() / code);
                    let found = values(&mut reader, at_once).unwrap();
                    prop_assert_eq!(bits(&found), bits(&expected), "{} {}", kind.0, fortran);
                }
            }
        }
    }

}

proptest! {
    #[test]
    fn a_double_becomes_the_nearest_float(value in any::<f64>()) {
        let found = open(&array(KINDS[4], &[value], 1, false), 1).and_then(|mut reader| values(&mut reader, 1));
        match found {
            // Rust's text of a number is read as the nearest, by other means than a cast.
            Ok(found) => prop_assert_eq!(bits(&found), bits(&[format!("{value:e}").parse().unwrap()])),
            Err(NpyErrorKind::NonFinite { value: stood, .. }) => {
                prop_assert_eq!(stood.to_bits(), value.to_bits());
                prop_assert!(!value.is_finite() || value.abs() > f64::from(f32::MAX));
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

#[test]
fn the_first_value_that_is_no_float_is_named_as_it_stood() {
    for (kind, value, said) in [
        (KINDS[0], f64::INFINITY, "row 2 has inf in column 1"),
        (KINDS[3], f64::NAN, "row 2 has NaN in column 1"),
        (KINDS[4], f64::NEG_INFINITY, "row 2 has -inf in column 1"),
        (KINDS[5], 1e300, "row 2 has 1e300 in column 1, finite 32-bit floats are needed"),
    ] {
        for fortran in [false, true] {
            let rows = [0.0, 1.0, 2.0, 3.0, 4.0, value, 5.0, value];
            let mut reader = open(&array(kind, &rows, 2, fortran), 2).unwrap();
            let mut chunk = Vec::new();
            assert_eq!(reader.next_chunk(2, &mut chunk).unwrap(), 2);
            let refused = reader.next_chunk(2, &mut chunk).unwrap_err().source;
            assert!(matches!(refused, NpyErrorKind::NonFinite { row: 2, column: 1, .. }), "{refused:?}");
            assert!(refused.to_string().contains(said), "{refused}");
        }
    }
}

#[test]
fn one_dimension_is_one_code_or_codes_of_one_number() {
    let flat = |count: usize, order: &str| {
        let dict = GOOD.replace("(3, 2)", &format!("({count},)")).replace("False", order);
        let data: Vec<u8> = (0..count).flat_map(|i| (i as f32).to_le_bytes()).collect();
        npy(1, dict.as_bytes(), &data)
    };
    for order in ["False", "True"] {
        let mut one = open(&flat(4, order), 4).unwrap();
        assert_eq!((one.len(), values(&mut one, 9).unwrap()), (1, vec![0.0, 1.0, 2.0, 3.0]));
        let mut many = open(&flat(3, order), 1).unwrap();
        assert_eq!((many.len(), values(&mut many, 2).unwrap()), (3, vec![0.0, 1.0, 2.0]));
        assert_eq!(open(&flat(1, order), 1).unwrap().len(), 1);
        assert!(matches!(open(&flat(8, order), 4), Err(NpyErrorKind::Shape { .. })));
        assert!(matches!(open(&flat(0, order), 4), Err(NpyErrorKind::Shape { .. })));
    }
}

#[test]
fn an_archive_of_another_number_of_arrays_lists_them() {
    let good = npy(1, GOOD.as_bytes(), DATA);
    let said = |names: &[&str]| {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &good[..])).collect();
        open(&zip(&files, true), 2).unwrap_err().to_string()
    };
    let two = said(&["train.npy", "a\nb.npy"]);
    assert!(two.contains("it holds 2 arrays: train, a\\nb; save"), "{two}");
    assert!(two.contains("numpy.load(FILE)[NAME]"), "{two}");
    assert!(said(&[]).contains("the .npz archive: it is empty"), "{}", said(&[]));
    let names: Vec<String> = (0..30).map(|i| format!("{i}{}.npy", "long".repeat(1_000))).collect();
    let many = said(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(many.contains("it holds 30 arrays") && many.contains(" and 18 more; save"), "{many}");
    assert!(many.len() < 1_500, "{} bytes", many.len());
}

#[test]
fn a_damaged_archive_is_refused() {
    let data: Vec<u8> = (0_u8..24).collect();
    let good = npy(1, GOOD.as_bytes(), &data);
    for deflated in [false, true] {
        let archive = zip(&[("codes.npy", &good)], deflated);
        for length in 0..archive.len() {
            assert!(open(&archive[..length], 2).is_err(), "{length} bytes");
        }
        // Bits of the packed array: what they change is told by the checksum, where nothing else does.
        let start = archive.windows(4).position(|bytes| bytes == b".npy").unwrap() + 4;
        let mut told = 0;
        for at in start..start + 90 {
            let mut damaged = archive.clone();
            damaged[at] ^= 1;
            let Err(error) = open(&damaged, 2) else { continue };
            told += usize::from(matches!(error, NpyErrorKind::Archive { .. }));
        }
        assert!(told > 20, "{told}");
    }
    let mut other = zip(&[("codes.npy", &good)], false);
    for (header, method) in [(&b"PK\x03\x04"[..], 8), (b"PK\x01\x02", 10)] {
        let start = other.windows(4).position(|bytes| bytes == header).unwrap();
        other[start + method] = 12;
    }
    let error = open(&other, 2).unwrap_err().to_string();
    assert!(error.contains("packed by method 12 (BZIP2)"), "{error}");
    let wrong = zip(&[("codes.npy", b"none")], false);
    assert!(matches!(open(&wrong, 2), Err(NpyErrorKind::Foreign(_))));
}

/// A kilobyte stands for a megabyte; the header tells how much of it is looked at.
#[test]
fn a_bomb_is_unpacked_no_further_than_its_header_says() {
    let bomb = npy(1, GOOD.as_bytes(), &vec![0; 8 << 20]);
    let error = open(&zip(&[("codes.npy", &bomb)], true), 2).unwrap_err();
    assert!(matches!(error, NpyErrorKind::Length { promised: 24, actual: 25 }), "{error:?}");
    let vast = npy(1, GOOD.replace("(3,", "(134217729,").as_bytes(), DATA);
    let error = open(&zip(&[("codes.npy", &vast)], true), 2).unwrap_err();
    assert!(matches!(error, NpyErrorKind::Limit { found: 0x4000_0008 }), "{error:?}");
}
