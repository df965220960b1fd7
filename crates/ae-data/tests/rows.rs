//! IDX files of any elements and any number of sizes as rows.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs;
use std::io::{Cursor, Write};

use ae_data::{
    DataError, ElementType, Form, Layout, LoadError, ReadOptions, Samples, Shape, Values, open_source,
    stream_source,
};
use flate2::Compression;
use flate2::write::GzEncoder;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file of these sizes, whose elements are any bytes.
fn idx_file(code: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let sizes_bytes = sizes.iter().flat_map(|size| size.to_be_bytes());
    [0, 0, code, sizes.len() as u8].into_iter().chain(sizes_bytes).chain(data.iter().copied()).collect()
}

fn opened(bytes: &[u8], form: Form) -> Result<Samples, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.idx");
    fs::write(&path, bytes).unwrap();
    let source = open_source(&path, &ReadOptions { form, ..ReadOptions::default() });
    match source.and_then(|mut source| source.next_chunk(usize::MAX)) {
        Ok(rows) => Ok(rows),
        Err(LoadError::Content { path: named, source }) => {
            assert_eq!(named, path);
            Err(source)
        }
        Err(other) => panic!("expected Content, got {other:?}"),
    }
}

#[test]
fn arrays_of_one_to_four_dimensions_are_rows() {
    let data: Vec<u8> = (0..24).collect();
    let none = Form::default;
    let shape = |sizes: &[u32]| opened(&idx_file(8, sizes, &data), none()).unwrap().shape();
    assert_eq!(shape(&[24]), Shape::list(1));
    assert_eq!(shape(&[2, 12]), Shape::list(12));
    assert_eq!(shape(&[4, 2, 3]), Shape::picture(2, 3));
    // Two colour pictures of 2 x 2 pixels, one plane after the other or one pixel after the other.
    let colour = Shape { channels: 3, rows: 2, cols: 2 };
    let planes = opened(&idx_file(8, &[2, 3, 2, 2], &data), none()).unwrap();
    assert_eq!((planes.shape(), planes.bytes()), (colour, Some(&data[..])));
    let pixels = opened(&idx_file(8, &[2, 2, 2, 3], &data), none()).unwrap();
    let expected =
        [[0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], [12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23]].concat();
    assert_eq!((pixels.shape(), pixels.bytes()), (colour, Some(&expected[..])));
    // Nothing but the caller can know that the first size is no number of channels.
    let said = Form { layout: Some(Layout::Hwc), ..none() };
    let narrow = opened(&idx_file(8, &[2, 3, 4, 1], &data), said).unwrap();
    assert_eq!((narrow.shape(), narrow.bytes()), (Shape::picture(3, 4), Some(&data[..])));
    let square = none().with_shape(Shape::picture(3, 4));
    assert_eq!(opened(&idx_file(8, &[2, 12], &data), square).unwrap().shape(), Shape::picture(3, 4));
    let flat =
        opened(&idx_file(8, &[3, 784], &[7; 3 * 784]), none().with_shape(Shape::picture(28, 28))).unwrap();
    assert_eq!((flat.len(), flat.shape()), (3, Shape::picture(28, 28)));
}

#[test]
fn what_is_no_rows_of_numbers_is_refused() {
    assert!(matches!(opened(&idx_file(8, &[], &[7]), Form::default()), Err(DataError::Kind { rank: 0, .. })));
    let empty = idx_file(8, &[1, 0, 3], &[]);
    assert_eq!(opened(&empty, Form::default()), Err(DataError::ZeroSize { shape: Shape::picture(0, 3) }));
    let six = opened(&idx_file(8, &[1, 1, 1, 1, 1, 6], &[7; 6]), Form::default());
    assert!(matches!(six, Err(DataError::Argument { .. })), "{six:?}");
    let other = opened(&idx_file(8, &[1, 2, 3], &[7; 6]), Form::default().with_shape(Shape::picture(3, 3)));
    assert_eq!(other.unwrap_err().to_string(), "rows are 2 x 3, 3 x 3 is needed");
    let infinite = [[0; 4], f32::INFINITY.to_be_bytes(), [0; 4], [0; 4]].concat();
    let refused = opened(&idx_file(0x0d, &[2, 2], &infinite), Form::default()).unwrap_err().to_string();
    assert_eq!(refused, "row 0 has inf in column 1, finite 32-bit numbers are needed");
}

#[test]
fn elements_of_every_type_are_the_same_in_chunks_and_at_once() {
    // As they stand in files, written by hand: -2, 1 and so on, as far as the type goes.
    let expected = [-2.0_f32, 1.0, 100.0, 0.0, -128.0, 127.0];
    for element_type in ElementType::ALL {
        let data: Vec<u8> = expected
            .iter()
            .flat_map(|&value| match element_type {
                ElementType::U8 => vec![value as u8],
                ElementType::I8 => vec![value as i8 as u8],
                ElementType::I16 => (value as i16).to_be_bytes().to_vec(),
                ElementType::I32 => (value as i32).to_be_bytes().to_vec(),
                ElementType::F32 => value.to_be_bytes().to_vec(),
                ElementType::F64 => f64::from(value).to_be_bytes().to_vec(),
            })
            .collect();
        let bytes = idx_file(element_type.code(), &[3, 2], &data);
        let expected = match element_type {
            ElementType::U8 => Values::Bytes(vec![0, 1, 100, 0, 0, 127]),
            _ => Values::Floats(expected.to_vec()),
        };
        assert_eq!(opened(&bytes, Form::default()).unwrap().values(), &expected, "{element_type}");
        for bytes in [gzip(&bytes), bytes] {
            let mut source = stream_source(Cursor::new(bytes), "-", &ReadOptions::default()).unwrap();
            assert_eq!(source.len(), 3);
            let chunks = [2, 2].map(|rows| source.next_chunk(rows).unwrap());
            assert_eq!(chunks.each_ref().map(Samples::len), [2, 1]);
            let all: Values = match chunks.each_ref().map(Samples::values) {
                [Values::Bytes(a), Values::Bytes(b)] => [&a[..], b].concat().into(),
                [Values::Floats(a), Values::Floats(b)] => [&a[..], b].concat().into(),
                _ => panic!("chunks of two kinds"),
            };
            assert_eq!(all, expected, "{element_type}");
        }
    }
}
