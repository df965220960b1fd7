//! `encode` and `decode`: images to `.npy` and back, the same whatever computes it, and files that are refused.
//!
//! `golden/codes.npy` was written by NumPy 2.4.6:
//!
//! ```python
//! numpy.save("codes.npy", numpy.linspace(0, 4, 12 * 4, dtype="float32").reshape(12, 4))
//! ```
//!
//! The other direction, by hand: `ae encode --images data/mnist/t10k-images-idx3-ubyte.gz --labels
//! data/mnist/t10k-labels-idx1-ubyte.gz --out codes.npy`, then
//!
//! ```python
//! codes, labels = numpy.load("codes.npy"), numpy.load("codes.labels.npy")
//! assert codes.shape == (10000, 32) and codes.dtype == "<f4" and codes.flags.c_contiguous
//! assert labels.shape == (10000,) and labels.dtype == "|u1"
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{Limits, open_images};
use ae_net::{Network, Rows, Team, to_bytes};

use crate::fixture::{Fixture, pixels, write_idx};

const TEST_IMAGES: &str = "data/t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "data/t10k-labels-idx1-ubyte";
/// More than `encode` and `decode` hold in memory at once.
const MANY: usize = 4_500;

/// A fixture with a trained run of codes of four numbers, `runs/shallow-4`.
fn trained() -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "2", "--code", "4"]);
    fixture
}

/// The run's network, read without the program.
fn network(fixture: &Fixture) -> Network {
    Network::load(fixture.path("runs/shallow-4/model.safetensors")).unwrap()
}

fn encode(fixture: &Fixture, images: &str, out: &str, more: &[&str]) -> String {
    let common = ["encode", "--run", "runs/shallow-4", "--images", images, "--out", out];
    fixture.succeed(&[&common, more].concat())
}

fn decode(fixture: &Fixture, codes: &str, out: &str, more: &[&str]) -> String {
    let common = ["decode", "--run", "runs/shallow-4", "--codes", codes, "--out", out];
    fixture.succeed(&[&common, more].concat())
}

/// An `.npy` file of version 1.0, as NumPy would write it.
fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let dict = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
    let dict = format!("{dict:<117}\n");
    [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict.as_bytes(), data].concat()
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// All names in the fixture's folder.
fn names(fixture: &Fixture) -> Vec<PathBuf> {
    let mut names: Vec<_> =
        fs::read_dir(fixture.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn the_way_through_codes_is_the_programs_own_reconstruction_whatever_the_threads() {
    let fixture = trained();
    let bytes = pixels(MANY, 784);
    write_idx(&fixture.path("many.idx"), &[MANY, 28, 28], bytes.clone());
    let network = network(&fixture);
    let team = Team::new(1).unwrap();
    let expected_codes = network.encode(&team, Rows::bytes(&bytes, 784).unwrap()).unwrap();
    let rebuilt = network.reconstruct(&team, Rows::bytes(&bytes, 784).unwrap()).unwrap();
    let expected = to_bytes(&rebuilt, 784, 0).unwrap();
    assert_ne!(expected, bytes);

    for threads in ["1", "3"] {
        let said = encode(&fixture, "many.idx", "codes.npy", &["--threads", threads]);
        assert_eq!(said, "wrote codes.npy: 4500 codes of 4 numbers\n");
        let codes = fs::read(fixture.path("codes.npy")).unwrap();
        assert!(codes.ends_with(&le_bytes(&expected_codes)), "{threads} threads");
        let said = decode(&fixture, "codes.npy", "images.idx", &["--threads", threads]);
        assert_eq!(said, "wrote images.idx: 4500 images of 28 x 28 pixels\n");
        let images = open_images(&fixture.path("images.idx"), &Limits::default()).unwrap();
        assert_eq!((images.len(), images.shape()), (MANY, ae_data::Shape::picture(28, 28)));
        assert!(images.bytes().unwrap() == expected, "{threads} threads");
    }
    // The first images alone, in another company: the same codes.
    let alone = le_bytes(&expected_codes[..12 * 4]);
    encode(&fixture, TEST_IMAGES, "few.npy", &[]);
    assert!(fs::read(fixture.path("few.npy")).unwrap().ends_with(&alone));
}

#[test]
fn the_files_are_as_numpy_writes_them() {
    let fixture = trained();
    let said = encode(&fixture, TEST_IMAGES, "my.codes.npy", &["--labels", TEST_LABELS]);
    assert_eq!(said, "wrote my.codes.labels.npy: 12 labels\nwrote my.codes.npy: 12 codes of 4 numbers\n");
    let codes = fs::read(fixture.path("my.codes.npy")).unwrap();
    let header = &codes[..codes.len() - 12 * 4 * 4];
    assert!(header.starts_with(b"\x93NUMPY\x01\x00") && header.len().is_multiple_of(16));
    let dict = str::from_utf8(&header[10..]).unwrap().trim_end();
    assert_eq!(dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 4, ), }");
    let labels = fs::read(fixture.path("my.codes.labels.npy")).unwrap();
    assert!(labels.ends_with(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]));
    let dict = str::from_utf8(&labels[10..labels.len() - 12]).unwrap().trim_end();
    assert_eq!(dict, "{'descr': '|u1', 'fortran_order': False, 'shape': (12, ), }");
}

#[test]
fn a_file_that_numpy_wrote_is_decoded() {
    let fixture = trained();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/golden/codes.npy");
    decode(&fixture, golden.to_str().unwrap(), "images.idx", &[]);
    let codes: Vec<f32> = (0..48).map(|i| (4.0 * f64::from(i) / 47.0) as f32).collect();
    let team = Team::new(1).unwrap();
    let decoded = network(&fixture).decode(&team, Rows::values(&codes, 4).unwrap()).unwrap();
    let expected = to_bytes(&decoded, 784, 0).unwrap();
    let images = open_images(&fixture.path("images.idx"), &Limits::default()).unwrap();
    assert_eq!(images.bytes().unwrap(), expected);
}

#[test]
fn no_images_have_no_codes_and_come_back_as_none() {
    let fixture = trained();
    write_idx(&fixture.path("none.idx"), &[0, 28, 28], vec![]);
    encode(&fixture, "none.idx", "none.npy", &[]);
    decode(&fixture, "none.npy", "back.idx", &[]);
    assert_eq!(fs::read(fixture.path("back.idx")).unwrap(), fs::read(fixture.path("none.idx")).unwrap());
}

#[test]
fn images_that_cannot_be_encoded_leave_nothing_behind() {
    let fixture = trained();
    let write = |name: &str, dims: &[usize]| {
        write_idx(&fixture.path(name), dims, vec![1; dims.iter().product()]);
    };
    write("large.idx", &[2, 32, 32]);
    write("turned.idx", &[2, 14, 56]);
    write("flat.idx", &[784]);
    write("three-labels.idx", &[3]);
    fs::write(fixture.path("cut.idx"), &fs::read(fixture.path(TEST_IMAGES)).unwrap()[..5_000]).unwrap();
    let damaged = {
        let mnist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist/t10k-images-idx3-ubyte.gz");
        let mut bytes = fs::read(mnist).unwrap();
        let middle = bytes.len() - 20_000;
        bytes[middle] ^= 1;
        bytes
    };
    fs::write(fixture.path("damaged.gz"), damaged).unwrap();
    fs::write(fixture.path("old.npy"), "old").unwrap();
    let before = names(&fixture);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--images", "nowhere.idx"], &["nowhere.idx"]),
        (&["--images", "data"], &["data", "no picture"]),
        (&["--images", "large.idx"], &["large.idx", "rows are 32 x 32, 28 x 28 is needed"]),
        (&["--images", "turned.idx"], &["turned.idx", "14 x 56"]),
        (&["--images", "flat.idx"], &["flat.idx", "rows are 1, 28 x 28 is needed"]),
        (&["--images", "cut.idx"], &["cut.idx", "promises 9408 bytes"]),
        (&["--images", "damaged.gz"], &["damaged.gz", "gzip"]),
        (&["--images", TEST_IMAGES, "--labels", "three-labels.idx"], &["12 images", "3 labels"]),
        (&["--images", TEST_IMAGES, "--labels", TEST_IMAGES], &["labels in 1 or 2 dimensions"]),
    ];
    for (arguments, words) in cases {
        for out in ["old.npy", "new.npy"] {
            let common = ["encode", "--run", "runs/shallow-4", "--out", out];
            let error = fixture.fail(1, &[&common, arguments].concat());
            for word in words {
                assert!(error.contains(word), "{word:?} is not in: {error}");
            }
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
    assert_eq!(names(&fixture), before);
    // The stream breaks off after codes were computed: neither they nor the labels are left.
    fs::write(fixture.path("old.labels.npy"), "old labels").unwrap();
    let before = names(&fixture);
    write("ten-thousand-labels.idx", &[10_000]);
    let labels = ["--labels", "ten-thousand-labels.idx", "--out", "old.npy"];
    let common = ["encode", "--run", "runs/shallow-4", "--images", "damaged.gz"];
    assert!(fixture.fail(1, &[&common[..], &labels[..]].concat()).contains("damaged.gz"));
    fs::remove_file(fixture.path("ten-thousand-labels.idx")).unwrap();
    assert_eq!(names(&fixture), before);
    assert_eq!(fs::read_to_string(fixture.path("old.npy")).unwrap(), "old");
    assert_eq!(fs::read_to_string(fixture.path("old.labels.npy")).unwrap(), "old labels");
}

#[test]
fn labels_of_other_codes_are_not_left_beside_new_ones() {
    let fixture = trained();
    encode(&fixture, TEST_IMAGES, "codes.npy", &["--labels", TEST_LABELS]);
    let (codes, labels) = (fixture.path("codes.npy"), fixture.path("codes.labels.npy"));
    let before = (fs::read(&codes).unwrap(), fs::read(&labels).unwrap());
    let common = ["encode", "--run", "runs/shallow-4", "--out", "codes.npy", "--images"];
    let error = fixture.fail(1, &[&common[..], &["data/train-images-idx3-ubyte"]].concat());
    assert!(error.contains("codes.labels.npy") && error.contains("--labels"), "{error}");
    assert_eq!((fs::read(&codes).unwrap(), fs::read(&labels).unwrap()), before);
    fs::remove_file(&labels).unwrap();
    encode(&fixture, "data/train-images-idx3-ubyte", "codes.npy", &[]);
    assert_ne!(fs::read(&codes).unwrap(), before.0);
}

#[test]
fn codes_of_any_float_and_order_are_decoded() {
    let fixture = trained();
    let values: Vec<f32> = (0..12_u8).map(|i| f32::from(i) / 8.0).collect();
    let by_columns = (0..4).flat_map(|column| (0..3).map(move |row| 4 * row + column));
    let doubles: Vec<u8> = by_columns.flat_map(|at| f64::from(values[at]).to_be_bytes()).collect();
    fs::write(fixture.path("a.npy"), npy("'<f4'", "False", "(3, 4)", &le_bytes(&values))).unwrap();
    fs::write(fixture.path("b.npy"), npy("'>f8'", "True", "(3, 4)", &doubles)).unwrap();
    fs::write(fixture.path("c.npy"), npy("'<f4'", "False", "(4,)", &le_bytes(&values[..4]))).unwrap();
    decode(&fixture, "a.npy", "a.idx", &[]);
    decode(&fixture, "b.npy", "b.idx", &[]);
    let said = decode(&fixture, "c.npy", "c.idx", &[]);
    let [a, b, c] = ["a.idx", "b.idx", "c.idx"].map(|name| fs::read(fixture.path(name)).unwrap());
    assert!(a == b, "other images");
    assert!(said.contains("1 images"), "{said}");
    assert_eq!(a[16..16 + 784], c[16..]);
}

#[test]
fn codes_that_cannot_be_decoded_leave_nothing_behind() {
    let fixture = trained();
    let data = le_bytes(&[0.5; 12]);
    let nan = le_bytes(&[&[0.5; 10][..], &[f32::NAN, 0.5]].concat());
    let huge = le_bytes(&[&[0.5; 8][..], &[f32::MAX; 4]].concat());
    let vast: Vec<u8> =
        [&[0.5; 4][..], &[1e300; 8]].concat().into_iter().flat_map(f64::to_le_bytes).collect();
    let (f4, c) = ("'<f4'", "False");
    let cases = [
        (Vec::new(), "no IDX file, NumPy array or table, but an empty file"),
        (fs::read(fixture.path(TEST_IMAGES)).unwrap(), "its numbers are bytes"),
        (npy("'<f8'", c, "(3, 4)", &vast), "row 1 has 1e300 in column 0"),
        (npy("'|O'", c, "(3, 4)", &data), "its elements are '|O'"),
        (npy("[('a', '<f4')]", c, "(3, 4)", &data), "its elements are structures"),
        (
            npy(f4, c, "(4, 3)", &data),
            "codes of this run are 4 numbers: cannot use codes.npy: rows are 3, 4 is needed",
        ),
        (npy(f4, c, "(12,)", &data), "rows are 12, 4 is needed"),
        (npy(f4, c, "(3, 4)", &data[1..]), "promises 48 bytes of data, 47 are there"),
        (npy(f4, c, "(3, 4)", &[&data[..], b"x"].concat()), "promises 48 bytes of data, 49 are there"),
        (npy(f4, c, "(9999999999999, 4)", &data), "promises 159999999999984 bytes of data, 48 are there"),
        (npy(f4, c, "(4611686018427387904, 4)", &data), "too large"),
        (npy(f4, c, "(3, 4)", &nan), "row 2 has NaN in column 2"),
        (npy(f4, c, "(3, 4", &data), "not understood"),
    ];
    fs::write(fixture.path("old.idx"), "old").unwrap();
    fs::write(fixture.path("codes.npy"), "").unwrap();
    let before = names(&fixture);
    let refuse = |bytes: &[u8]| {
        fs::write(fixture.path("codes.npy"), bytes).unwrap();
        for out in ["old.idx", "new.idx"] {
            let common = ["decode", "--run", "runs/shallow-4", "--codes", "codes.npy", "--out", out];
            let output = fixture.run(&common);
            if output.status.success() {
                return None;
            }
        }
        let common = ["decode", "--run", "runs/shallow-4", "--codes", "codes.npy", "--out", "new.idx"];
        Some(fixture.fail(1, &common))
    };
    for (bytes, word) in cases {
        let error = refuse(&bytes).unwrap_or_else(|| panic!("accepted: {word}"));
        assert!(error.contains("codes.npy") && error.contains(word), "{word:?} is not in: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(names(&fixture), before);
    assert_eq!(fs::read_to_string(fixture.path("old.idx")).unwrap(), "old");
    // The largest codes are numbers: they give an image, or the row that has none is named.
    if let Some(error) = refuse(&npy(f4, c, "(3, 4)", &huge)) {
        assert!(error.contains("image 2 with"), "{error}");
    }
}

#[test]
fn a_missing_run_and_an_output_that_cannot_be_are_said() {
    let fixture = trained();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/golden/codes.npy");
    fs::copy(golden, fixture.path("codes.npy")).unwrap();
    let before = names(&fixture);
    let encode = ["encode", "--images", TEST_IMAGES, "--out"];
    let decode = ["decode", "--codes", "codes.npy", "--out"];
    for common in [&encode, &decode] {
        let error = fixture.fail(1, &[&common[..], &["new"]].concat());
        assert!(error.contains("`ae train`"), "{error}");
        let error = fixture.fail(1, &[&common[..], &["new", "--run", "nowhere"]].concat());
        assert!(error.contains("nowhere"), "{error}");
        let error = fixture.fail(1, &[&common[..], &["codes.npy/new", "--run", "runs/shallow-4"]].concat());
        assert!(error.starts_with("error: codes.npy is a file, and no folder"), "{error}");
    }
    fixture.fail(2, &[&encode[..], &["new", "--threads", "0"]].concat());
    fixture.fail(2, &["decode", "--out", "new"]);
    assert_eq!(names(&fixture), before);

    // A folder that is only missing is made, with those above it.
    fixture.succeed(&[&decode[..], &["new/folder/images.idx", "--run", "runs/shallow-4"]].concat());
    assert!(fixture.path("new/folder/images.idx").is_file());
}
