//! Any number, byte order, array order and packing reads the same, and what does not become a float is named.

use ae_data::{DataError, ElementKind, Form, Layout, LoadError, ReadOptions, Shape, Values};
use half::f16;
use proptest::prelude::*;

use crate::common::{Read, array, bits, chain, codes, float_bits, gzip, npy, read, zip};

/// What a value of 64 bits is as one of a kind of numbers: its bytes, most significant last, and as a float.
struct Kind {
    descr: &'static str,
    of_bits: fn(u64) -> (Vec<u8>, f32),
}

macro_rules! kind {
    ($descr:literal, $number:ty) => {
        Kind {
            descr: $descr,
            of_bits: |bits| {
                let value = bits as $number;
                (value.to_le_bytes().to_vec(), value as f32)
            },
        }
    };
}

const KINDS: [Kind; 12] = [
    kind!("u1", u8),
    kind!("u2", u16),
    kind!("u4", u32),
    kind!("u8", u64),
    kind!("i1", i8),
    kind!("i2", i16),
    kind!("i4", i32),
    kind!("i8", i64),
    Kind { descr: "b1", of_bits: |bits| (vec![bits as u8 & 1], (bits & 1) as f32) },
    Kind {
        descr: "f2",
        of_bits: |bits| {
            let value = f16::from_bits(bits as u16);
            let value = if value.is_finite() { value } else { f16::ONE };
            (value.to_le_bytes().to_vec(), value.to_f32())
        },
    },
    Kind {
        descr: "f4",
        of_bits: |bits| {
            let value = f32::from_bits(bits as u32);
            let value = if value.is_finite() { value } else { 1.0 };
            (value.to_le_bytes().to_vec(), value)
        },
    },
    Kind {
        descr: "f8",
        of_bits: |bits| {
            let value = f64::from_bits(bits);
            let value = if value.abs() < 3e38 { value } else { 1.0 };
            (value.to_le_bytes().to_vec(), value as f32)
        },
    },
];

/// The same array in every form in which it may stand: both byte orders, both orders of elements.
fn every_form(kind: &Kind, sizes: &[usize], values: &[u64]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for (big_endian, fortran) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut elements: Vec<Vec<u8>> = vec![Vec::new(); values.len()];
        for (at, &value) in values.iter().enumerate() {
            let (mut element, _) = (kind.of_bits)(value);
            if big_endian {
                element.reverse();
            }
            elements[if fortran { fortran_place(sizes, at) } else { at }] = element;
        }
        let order = match (kind.descr, big_endian) {
            ("u1" | "i1" | "b1", _) => '|',
            (_, false) => '<',
            (_, true) => '>',
        };
        let dict = format!(
            "{{'descr': '{order}{}', 'fortran_order': {}, 'shape': ({}), }}\n",
            kind.descr,
            if fortran { "True" } else { "False" },
            sizes.iter().map(|size| format!("{size}, ")).collect::<String>()
        );
        forms.push(npy(1, dict.as_bytes(), &elements.concat()));
    }
    forms
}

/// Where the element at this place in C order stands in Fortran order.
fn fortran_place(sizes: &[usize], mut place: usize) -> usize {
    let indices: Vec<usize> = sizes.iter().rev().map(|&size| (place % size, place /= size).0).collect();
    indices.iter().zip(sizes.iter().rev()).fold(0, |place, (index, size)| place * size + index)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    (0_usize..5, prop::collection::vec(1_usize..4, 0..4)).prop_map(|(rows, row)| [&[rows][..], &row].concat())
}

proptest! {
    // A case is 240 readings.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_kind_and_order_and_packing_is_the_same_rows(
        sizes in sizes(),
        values in prop::collection::vec(any::<u64>(), 4 * 27),
        at_once in 0_usize..5,
    ) {
        let values = &values[..sizes.iter().product()];
        let options = ReadOptions { form: Form { layout: Some(Layout::Chw), ..Form::default() }, ..ReadOptions::default() };
        for kind in &KINDS {
            let floats: Vec<f32> = values.iter().map(|&value| (kind.of_bits)(value).1).collect();
            let expected = match kind.descr {
                "u1" => Values::Bytes(values.iter().map(|&value| value as u8).collect()),
                _ => Values::Floats(floats),
            };
            for plain in every_form(kind, &sizes, values) {
                let files = [("codes.npy", &plain[..])];
                for bytes in [&plain, &gzip(&plain), &zip(&files, false), &zip(&files, true), &gzip(&zip(&files, true))] {
                    let found = read(bytes, &options, at_once).unwrap();
                    prop_assert_eq!((found.rows, found.shape().numbers()), (sizes[0], sizes[1..].iter().product()));
                    prop_assert_eq!(bits(&found.values), bits(&expected), "{} {:?}", kind.descr, &sizes);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_number_of_64_bits_becomes_the_nearest_float(double in any::<f64>(), integer in any::<i64>()) {
        // Rust's text of a number is read as the nearest, by other means than a cast.
        let nearest = |text: String| float_bits(&[text.parse().unwrap()]);
        let found = read(&array("<i8", &[1], &integer.to_le_bytes()), &codes(1), 1).unwrap();
        prop_assert_eq!(bits(&found.values), nearest(integer.to_string()));
        match read(&array("<f8", &[1], &double.to_le_bytes()), &codes(1), 1) {
            Ok(found) => prop_assert_eq!(bits(&found.values), nearest(format!("{double:e}"))),
            Err(LoadError::Content { source: DataError::NotFinite { found, .. }, .. }) => {
                prop_assert_eq!(found, format!("{double:?}"));
                prop_assert!(!double.is_finite() || double.abs() > f64::from(f32::MAX));
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

/// Just above halfway between two floats, and exactly there once it is rounded to 64 bits.
#[test]
fn an_integer_is_rounded_once() {
    let value = (1_i64 << 60) + (1 << 36) + 1;
    for (descr, bytes) in [("<i8", value.to_le_bytes()), (">u8", value.to_be_bytes())] {
        let found = read(&array(descr, &[1], &bytes), &codes(1), 1).unwrap();
        assert_eq!(found.floats(), ["1152921642045800448".parse::<f32>().unwrap()]);
    }
}

#[test]
fn the_first_value_that_is_no_float_is_named_as_it_stood() {
    for (descr, value, said) in [
        ("<f2", f16::INFINITY.to_le_bytes().to_vec(), "row 2 has inf in column 1"),
        (">f4", f32::NAN.to_be_bytes().to_vec(), "row 2 has NaN in column 1"),
        ("<f8", f64::NEG_INFINITY.to_le_bytes().to_vec(), "row 2 has -inf in column 1"),
        (">f8", (-2e39_f64).to_be_bytes().to_vec(), "row 2 has -2e39 in column 1"),
    ] {
        let zero = vec![0; value.len()];
        let rows: Vec<u8> =
            (0..8).flat_map(|at| if at == 5 || at == 7 { value.clone() } else { zero.clone() }).collect();
        let columns: Vec<u8> =
            (0..8).flat_map(|at| if at >= 6 { value.clone() } else { zero.clone() }).collect();
        let in_rows = array(descr, &[4, 2], &rows);
        let in_columns = array(descr, &[4, 2], &columns);
        let at = in_columns.windows(5).position(|bytes| bytes == b"False").unwrap();
        let in_columns = [&in_columns[..at], b"True ", &in_columns[at + 5..]].concat();
        for bytes in [in_rows, in_columns] {
            let error = chain(&read(&bytes, &codes(2), 2).unwrap_err());
            assert!(error.contains(said) && error.ends_with("finite 32-bit numbers are needed"), "{error}");
        }
    }
}

#[test]
fn one_dimension_is_one_row_or_rows_of_one_number() {
    let flat = |count: usize, options: &ReadOptions| -> Result<Read, LoadError> {
        let data: Vec<u8> = (0..count).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let plain = array("<f4", &[count], &data);
        let order = plain.windows(5).position(|bytes| bytes == b"False").unwrap();
        let fortran = [&plain[..order], b"True ", &plain[order + 5..]].concat();
        let found = read(&fortran, options, 2);
        assert_eq!(found.is_ok(), read(&plain, options, 2).is_ok());
        found
    };
    let one = flat(4, &codes(4)).unwrap();
    assert_eq!((one.rows, one.floats()), (1, &[0.0, 1.0, 2.0, 3.0][..]));
    for options in [codes(1), ReadOptions::default()] {
        let many = flat(3, &options).unwrap();
        assert_eq!((many.rows, many.shape(), many.floats()), (3, Shape::list(1), &[0.0, 1.0, 2.0][..]));
    }
    assert_eq!(flat(1, &codes(1)).unwrap().rows, 1);
    let picture =
        ReadOptions { form: Form { size: Some([2, 3]), ..Form::default() }, ..ReadOptions::default() };
    assert!(flat(6, &picture).is_err(), "how many channels?");
    let picture = ReadOptions { form: Form { channels: Some(1), ..picture.form }, ..ReadOptions::default() };
    assert_eq!(flat(6, &picture).unwrap().shape(), Shape::picture(2, 3));
    assert!(chain(&flat(8, &codes(4)).unwrap_err()).ends_with("rows are 8, 4 is needed"));
    assert!(flat(0, &codes(4)).is_err());
}

/// Two pictures of 2 x 1 pixels in three colours.
#[test]
fn pixels_of_colours_become_planes_and_a_form_is_kept() {
    let bytes = array("|u1", &[2, 2, 1, 3], &[1, 10, 100, 2, 20, 200, 3, 30, 50, 4, 40, 60]);
    let found = read(&bytes, &ReadOptions::default(), 1).unwrap();
    assert_eq!(found.values, Values::Bytes(vec![1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 50, 60]));
    let shape = Shape { channels: 3, rows: 2, cols: 1 };
    assert_eq!((found.shape(), found.form.layout), (shape, Some(Layout::Hwc)));
    assert_eq!(found.form.elements, Some(ElementKind::Bytes));
    // The form that was found reads the same again, and refuses what is other.
    let again = ReadOptions { form: found.form, ..ReadOptions::default() };
    assert_eq!(read(&bytes, &again, 2).unwrap().form, again.form);
    let floats = array("<f4", &[2, 2, 1, 3], &[0; 48]);
    assert!(
        chain(&read(&floats, &again, 2).unwrap_err()).ends_with("its numbers are no bytes, bytes are needed")
    );
    let narrow = array("|u1", &[2, 1, 1, 3], &[0; 6]);
    assert!(
        chain(&read(&narrow, &again, 2).unwrap_err()).ends_with("rows are 3 x 1 x 1, 3 x 2 x 1 is needed")
    );
}
