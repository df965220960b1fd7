//! Whole files: what goes in comes out, at every block boundary, in any order, at the price that the symbols have.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;

use ae_codec::{AezError, Coding, Damage, Extras, Header, Quantiser, Reader, WeightBits, Writer, decode};
use proptest::prelude::*;

use common::{MODEL, case, codes, labels};

/// Images a block, as the format's description has it.
const BLOCK: usize = 512;

fn reader(bytes: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::new(Cursor::new(bytes), Damage::Refuse).unwrap()
}

#[test]
fn every_number_of_images_comes_back() {
    for images in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 70_000] {
        for labelled in [false, true] {
            let case = case(images, 3, labelled, None);
            let decoded = decode(&case.bytes).unwrap();
            assert_eq!(decoded.header, case.header);
            assert_eq!(decoded.labels, case.labels, "{images} images");
            let mut expected = Vec::new();
            Quantiser::uniform(3, 0.5).unwrap().codes(&case.symbols, &mut expected).unwrap();
            assert_eq!(decoded.codes, expected, "{images} images");

            let mut reader = reader(&case.bytes);
            assert_eq!((reader.blocks(), reader.block_images()), (images.div_ceil(BLOCK), BLOCK));
            assert_eq!(reader.sizes().total(), case.bytes.len() as u64);
            // From the last block to the first: none needs another.
            let mut left = images;
            for number in (0..reader.blocks()).rev() {
                let block = reader.block(number).unwrap();
                assert_eq!(block.first, number * BLOCK);
                assert_eq!(block.symbols, case.symbols[block.first * 3..left * 3]);
                left = block.first;
            }
            let blocks = reader.blocks();
            let error = reader.block(blocks).unwrap_err().to_string();
            assert_eq!(error, format!("a block: expected one of {blocks}, found {blocks}"));
        }
    }
}

#[test]
fn the_same_images_are_the_same_bytes_however_they_are_handed_over() {
    let case = case(1_300, 4, true, Some(WeightBits::Eight));
    assert_eq!(common::case(1_300, 4, true, Some(WeightBits::Eight)).bytes, case.bytes);
    let (codes, labels) = (codes(1_300, 4), labels(1_300));
    let coding = Coding::fit(Quantiser::uniform(4, 0.5).unwrap(), &codes, Some(&labels)).unwrap();
    for slice in [1, 7, 511, 512, 513, 1_300] {
        let decoder = common::decoder(4, 6);
        let inside = Some((&decoder, WeightBits::Eight));
        let mut writer =
            Writer::new(Vec::new(), case.header, &Extras::default(), coding.clone(), inside).unwrap();
        for (symbols, labels) in case.symbols.chunks(slice * 4).zip(labels.chunks(slice)) {
            writer.push(symbols, labels, &[]).unwrap();
        }
        assert!(writer.finish().unwrap() == case.bytes, "slices of {slice}");
    }
}

/// Checksums of files that earlier versions of the program wrote: what is in the files of users.
#[test]
fn the_bytes_of_files_stay_what_they_are() {
    for (file, length, checksum) in [
        (case(1_300, 4, true, Some(WeightBits::Eight)), 3_485, 0xb7aa_5e3b),
        (case(700, 5, false, Some(WeightBits::Sixteen)), 2_494, 0x33c6_7084),
        (case(513, 3, false, None), 1_176, 0x1071_89cf),
    ] {
        assert_eq!((file.bytes.len(), crc32fast::hash(&file.bytes)), (length, checksum));
    }
}

/// Classes are any numbers, few or many, near each other or not.
#[test]
fn labels_of_any_size_come_back() {
    for labels in [
        vec![i32::MIN, -1, 0, 255, 256, i32::MAX],
        (-3_000..3_000).map(|image| image * 700_000).collect(),
        (0..6_000).map(|image| -5_000 - image % 300).collect(),
    ] {
        let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[], Some(&labels)).unwrap();
        let header = Header { images: labels.len(), channels: 1, rows: 1, cols: 1, model: MODEL };
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
        writer.push(&vec![0; labels.len()], &labels, &[]).unwrap();
        assert_eq!(decode(&writer.finish().unwrap()).unwrap().labels, Some(labels));
    }
}

#[test]
fn a_file_is_within_one_percent_of_its_symbols_entropy_and_header() {
    const IMAGES: usize = 10_000;
    // From some 6 bytes an image to some 40.
    for (units, step) in [(32, 6.0), (32, 1.0), (64, 1.5)] {
        let codes = codes(IMAGES, units);
        let coding = Coding::fit(Quantiser::uniform(units, step).unwrap(), &codes, None).unwrap();
        let mut symbols = Vec::new();
        coding.quantiser().symbols(&codes, &mut symbols).unwrap();
        let header = Header { images: IMAGES, channels: 1, rows: 28, cols: 28, model: MODEL };
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
        writer.push(&symbols, &[], &[]).unwrap();
        let bytes = writer.finish().unwrap();

        let mut entropy = 0.0;
        for unit in 0..units {
            let mut counts = BTreeMap::<i32, f64>::new();
            symbols
                .iter()
                .skip(unit)
                .step_by(units)
                .for_each(|&symbol| *counts.entry(symbol).or_default() += 1.0);
            entropy += counts.values().map(|count| count * (IMAGES as f64 / count).log2()).sum::<f64>() / 8.0;
        }
        let sizes = reader(&bytes).sizes();
        let estimate = entropy + (sizes.header + sizes.tables) as f64;
        let excess = bytes.len() as f64 / estimate - 1.0;
        println!("{:.2} bytes an image, {:.3} % over, {sizes:?}", bytes.len() as f64 / 1e4, 100.0 * excess);
        assert!(excess > 0.0 && excess < 0.01, "{excess}, {sizes:?}");
        assert!((sizes.index + sizes.header) as f64 <= 0.005 * bytes.len() as f64);
        assert!((sizes.tables as f64) < 0.03 * bytes.len() as f64, "{sizes:?}");
    }
}

#[test]
fn images_that_the_tables_were_not_fitted_to_come_back_too() {
    let coding = Coding::fit(Quantiser::uniform(2, 1.0).unwrap(), &[1.0, 2.0, 1.0, 3.0], None).unwrap();
    let symbols = [1, 2, -8_388_608, 8_388_608, 0, 3];
    let header = Header { images: 3, channels: 1, rows: 1, cols: 1, model: MODEL };
    let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
    writer.push(&symbols, &[], &[]).unwrap();
    assert_eq!(reader(&writer.finish().unwrap()).block(0).unwrap().symbols, symbols);
}

#[test]
fn dead_units_cost_nearly_nothing() {
    let with = |dead: usize| {
        let units = 2 + dead;
        let mut codes = codes(10_000, units);
        codes
            .iter_mut()
            .enumerate()
            .for_each(|(at, value)| *value = if at % units < 2 { *value } else { 0.25 });
        let coding = Coding::fit(Quantiser::uniform(units, 0.1).unwrap(), &codes, None).unwrap();
        let mut symbols = Vec::new();
        coding.quantiser().symbols(&codes, &mut symbols).unwrap();
        let header = Header { images: 10_000, channels: 1, rows: 1, cols: 1, model: MODEL };
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
        writer.push(&symbols, &[], &[]).unwrap();
        reader(&writer.finish().unwrap()).sizes()
    };
    let (none, sixty) = (with(0), with(60));
    assert!(sixty.tables < none.tables + 60 * 2, "{none:?}, {sixty:?}");
    assert!(sixty.blocks < none.blocks + none.blocks / 50 + 60, "{none:?}, {sixty:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let coding =
        |labels: Option<&[i32]>| Coding::fit(Quantiser::uniform(2, 1.0).unwrap(), &[0.0; 4], labels).unwrap();
    let header = Header { images: 2, channels: 1, rows: 2, cols: 3, model: MODEL };
    let new = |header, coding| Writer::new(Vec::new(), header, &Extras::default(), coding, None);
    let zero = new(Header { rows: 0, ..header }, coding(None)).unwrap_err();
    assert_eq!(zero.to_string(), "pixels: expected 1 to 4194304, found 0");
    let wide = new(Header { cols: 1 << 22, ..header }, coding(None)).unwrap_err();
    assert_eq!(wide.to_string(), "pixels: expected 1 to 4194304, found 8388608");
    let many = new(Header { images: 1 << 32, ..header }, coding(None)).unwrap_err();
    assert_eq!(many.to_string(), "images: expected 0 to 4294967295, found 4294967296");
    let decoder = common::decoder(3, 6);
    let other = Writer::new(
        Vec::new(),
        header,
        &Extras::default(),
        coding(None),
        Some((&decoder, WeightBits::Eight)),
    )
    .unwrap_err();
    assert_eq!(other.to_string(), "numbers of the decoder's codes: expected 2, found 3");

    let mut writer = new(header, coding(Some(&[1, 2]))).unwrap();
    let error = writer.push(&[0; 3], &[1], &[]).unwrap_err();
    assert_eq!(error.to_string(), "codes: expected whole codes of 2 numbers, found 3");
    let error = writer.push(&[0; 4], &[1], &[]).unwrap_err();
    assert_eq!(error.to_string(), "labels: expected 2, found 1");
    let error = writer.push(&[0; 6], &[1, 2, 3], &[]).unwrap_err();
    assert_eq!(error.to_string(), "images: expected the 2 announced, found 3");
    writer.push(&[0; 2], &[1], &[]).unwrap();
    let error = writer.finish().unwrap_err();
    assert_eq!(error.to_string(), "images: expected 2, found 1");
    let mut writer = new(header, coding(None)).unwrap();
    let error = writer.push(&[0; 4], &[1, 2], &[]).unwrap_err();
    assert_eq!(error.to_string(), "labels: expected 0, found 2");
}

#[test]
fn files_are_opened_by_name_and_only_regular_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.aez");
    let case = case(3, 2, false, None);
    fs::write(&path, &case.bytes).unwrap();
    let mut reader = Reader::open(&path, Damage::Refuse).unwrap();
    assert_eq!(reader.block(0).unwrap().symbols, case.symbols);
    let error = Reader::open(folder.path(), Damage::Skip).unwrap_err();
    assert!(error.to_string().contains(&folder.path().display().to_string()));
    let why = |error| match error {
        AezError::Open { source, .. } => *source,
        error => panic!("without a name: {error}"),
    };
    assert!(matches!(why(error), AezError::NotRegular));
    let error = Reader::open(&folder.path().join("none.aez"), Damage::Refuse).unwrap_err();
    assert!(matches!(why(error), AezError::Io(_)));
}

fn label() -> impl Strategy<Value = i32> {
    prop_oneof![8 => 0..26, 1 => any::<i32>(), 1 => Just(i32::MIN), 1 => Just(i32::MAX)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_integers_and_labels_come_back(
        units in 1..6_usize,
        rows in prop::collection::vec((prop::collection::vec(-(1 << 23)..=(1 << 23), 6), label()), 0..40),
        seen in 0..40_usize,
        labelled in any::<bool>(),
    ) {
        let symbols: Vec<i32> = rows.iter().flat_map(|(code, _)| code[..units].to_vec()).collect();
        let labels: Vec<i32> = rows.iter().map(|(_, label)| *label).take(if labelled { rows.len() } else { 0 }).collect();
        // Fitted to some of them only.
        let sample: Vec<f32> = symbols.iter().take(seen.min(rows.len()) * units).map(|&s| s as f32).collect();
        let coding = Coding::fit(Quantiser::uniform(units, 1.0).unwrap(), &sample, labelled.then_some(&labels)).unwrap();
        let header = Header { images: rows.len(), channels: 1, rows: 1, cols: 1, model: MODEL };
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
        writer.push(&symbols, &labels, &[]).unwrap();
        let bytes = writer.finish().unwrap();
        let decoded = decode(&bytes).unwrap();
        let codes: Vec<f32> = symbols.iter().map(|&symbol| symbol as f32).collect();
        prop_assert_eq!(decoded.codes, codes);
        prop_assert_eq!(decoded.labels, labelled.then_some(labels));
    }
}
