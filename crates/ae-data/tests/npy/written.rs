//! What is written here is read again, here and by `npyz`.

use ae_data::npy::{Element, write_header, write_labels, write_rows, write_rows_header, write_values};
use ae_data::{ElementKind, Form, Layout, ReadOptions, Shape, Values, open_labels};
use npyz::NpyFile;
use proptest::prelude::*;

use crate::common::{array, bits, codes, float_bits, read};

#[test]
fn values_come_back_bit_for_bit() {
    let written = [0.5, -1.0, 2.0, f32::MIN_POSITIVE, -0.0, f32::MAX];
    let mut bytes = Vec::new();
    write_header(&mut bytes, Element::F32, &[3, 2]).unwrap();
    write_values(&mut bytes, &written).unwrap();
    for at_once in [1, 2, 3, usize::MAX] {
        let found = read(&bytes, &codes(2), at_once).unwrap();
        assert_eq!((found.rows, float_bits(found.floats())), (3, float_bits(&written)));
    }
}

#[test]
fn labels_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.npy");
    for labels in [&[][..], &[0, 255], &[7, -1, 1 << 30]] {
        write_labels(std::fs::File::create(&path).unwrap(), labels).unwrap();
        assert_eq!(open_labels(&path, &Default::default()).unwrap(), labels);
    }
}

#[test]
fn numbers_that_are_no_rows_are_not_written() {
    let mut file = Vec::new();
    let refused = write_rows(&mut file, &Values::Bytes(vec![0; 7]), Shape::picture(2, 3), None).unwrap_err();
    assert_eq!(refused.to_string(), "7 numbers are no whole number of rows of 2 x 3");
    assert!(file.is_empty());
    let nothing = Shape { channels: 3, rows: 0, cols: 2 };
    write_rows(&mut file, &Values::Bytes(vec![]), nothing, Some(Layout::Hwc)).unwrap();
}

proptest! {
    /// Rows come back in the form in which they came: the same sizes, the same bytes.
    #[test]
    fn an_array_of_bytes_or_floats_comes_back_as_it_was(
        sizes in prop::collection::vec(1_usize..5, 2..5),
        values in prop::collection::vec(any::<u16>(), 256),
        layout in prop::option::of(prop::sample::select(&[Layout::Chw, Layout::Hwc][..])),
    ) {
        let count: usize = sizes.iter().product();
        let floats: Vec<f32> = values[..count].iter().map(|&value| f32::from(value) - 999.5).collect();
        let bytes: Vec<u8> = values[..count].iter().map(|&value| value as u8).collect();
        let data: Vec<u8> = floats.iter().flat_map(|value| value.to_le_bytes()).collect();
        for (descr, data) in [("|u1", &bytes), ("<f4", &data)] {
            let file = array(descr, &sizes, data);
            let form = Form { layout, ..Form::default() };
            let found = read(&file, &ReadOptions { form, ..ReadOptions::default() }, 2).unwrap();
            let (shape, layout, elements) = (found.shape(), found.form.layout, found.form.elements.unwrap());
            let mut again = Vec::new();
            write_rows_header(&mut again, elements, found.rows, shape, layout).unwrap();
            write_rows(&mut again, &found.values, shape, layout).unwrap();
            prop_assert!(again.ends_with(data));
            let theirs = NpyFile::new(&again[..]).unwrap();
            // A single line is a plain list.
            let expected: Vec<u64> = match sizes[..] {
                [rows, 1, cols] => vec![rows as u64, cols as u64],
                _ => sizes.iter().map(|&size| size as u64).collect(),
            };
            prop_assert_eq!(theirs.shape(), &expected[..]);
            match elements {
                ElementKind::Bytes => prop_assert_eq!(&theirs.into_vec::<u8>().unwrap(), &bytes),
                ElementKind::Floats => prop_assert_eq!(&theirs.into_vec::<f32>().unwrap(), &floats),
            }
            let options = ReadOptions { form: found.form, ..ReadOptions::default() };
            prop_assert_eq!(bits(&read(&again, &options, 3).unwrap().values), bits(&found.values));
        }
    }
}
