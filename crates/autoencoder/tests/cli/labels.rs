//! Labels that are no digits: any whole numbers, any number of classes, through every command that looks at labels.

use std::fs;
use std::path::Path;

use ae_codec::decode;
use ae_data::{Elements, IdxArray, Limits, idx, open_images, open_labels};

use crate::fixture::Fixture;

const TEST_IMAGES: &str = "data/t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "data/t10k-labels-idx1-ubyte";

fn write(path: &Path, dims: Vec<usize>, elements: Elements) {
    idx::write(&IdxArray::new(dims, elements).unwrap(), fs::File::create(path).unwrap()).unwrap();
}

/// Labels as QMNIST has them, 32-bit integers whose first column is the class: -5, 7 or 40000 in turn.
fn labelled() -> Fixture {
    let fixture = Fixture::new();
    for (stem, count) in [("train", 40), ("t10k", 12)] {
        let rows = (0..count).flat_map(|image| [CLASSES[image % 3], 9]).collect();
        let path = fixture.data().join(format!("{stem}-labels-idx1-ubyte"));
        write(&path, vec![count, 2], Elements::I32(rows));
    }
    fixture.succeed(&[
        "train", "--data", "data", "--epochs", "1", "--preset", "deep", "--code", "2", "--run", "run",
    ]);
    fixture
}

const CLASSES: [i32; 3] = [-5, 7, 40_000];

#[test]
fn classes_are_drawn_generated_and_evaluated_by_their_labels() {
    let fixture = labelled();
    fixture.succeed(&["figure", "all", "--run", "run"]);
    let svg = fs::read_to_string(fixture.path("run/figures/codes.svg")).unwrap();
    for text in [">class<", ">-5<", ">7<", ">40000<"] {
        assert!(svg.contains(text), "{text} is not in the figure");
    }
    assert!(!svg.contains(">digit<"));
    assert!(fixture.path("run/figures/samples.png").exists());

    let common = ["generate", "--run", "run", "--count", "5", "--out"];
    fixture.succeed(&[&common[..], &["made.idx", "--class", "-5"]].concat());
    assert_eq!(open_images(&fixture.path("made.idx"), &Limits::default()).unwrap().len(), 5);
    let error = fixture.fail(1, &[&common[..], &["not.idx", "--class", "3"]].concat());
    assert!(error.contains("class: expected one of -5, 7, 40000, found 3"), "{error}");
    assert!(!fixture.path("not.idx").exists());

    let table = fixture.succeed(&["evaluate", "--run", "run"]);
    assert!(table.contains("test accuracy"), "{table}");
}

#[test]
fn ten_digits_are_called_digits() {
    let fixture = Fixture::new();
    fixture.succeed(&[
        "train", "--data", "data", "--epochs", "1", "--preset", "deep", "--code", "2", "--run", "run",
    ]);
    fixture.succeed(&["figure", "codes", "--run", "run"]);
    let svg = fs::read_to_string(fixture.path("run/figures/codes.svg")).unwrap();
    assert!(svg.contains(">digit<") && !svg.contains(">class<"));
}

#[test]
fn labels_go_through_codes_and_compressed_files() {
    let fixture = labelled();
    let expected: Vec<i32> = (0..12).map(|image| CLASSES[image % 3]).collect();
    let common = ["--labels", TEST_LABELS, "--run", "run"];
    fixture.succeed(&[&["encode", "--images", TEST_IMAGES, "--out", "codes.npy"], &common[..]].concat());
    let npy = fs::read(fixture.path("codes.labels.npy")).unwrap();
    let data: Vec<u8> = expected.iter().flat_map(|label| label.to_le_bytes()).collect();
    assert!(npy.ends_with(&data));
    let dict = str::from_utf8(&npy[10..npy.len() - data.len()]).unwrap().trim_end();
    assert_eq!(dict, "{'descr': '<i4', 'fortran_order': False, 'shape': (12, ), }");

    fixture.succeed(&[&["compress", TEST_IMAGES, "-o", "test.aez"], &common[..]].concat());
    let decoded = decode(&fs::read(fixture.path("test.aez")).unwrap()).unwrap();
    assert_eq!(decoded.labels.as_ref(), Some(&expected));
    let out = ["decompress", "test.aez", "-o", "back.idx", "--labels-out", "labels.idx", "--run", "run"];
    fixture.succeed(&out);
    assert_eq!(open_labels(&fixture.path("labels.idx"), &Limits::default()).unwrap(), expected);
}

#[test]
fn labels_that_are_no_whole_numbers_are_refused_by_name() {
    let fixture = labelled();
    let path = fixture.data().join("train-labels-idx1-ubyte");
    write(&path, vec![40], Elements::F32(vec![3.0; 40]));
    let error = fixture.fail(1, &["generate", "--run", "run", "--out", "made.png"]);
    for word in ["train-labels-idx1-ubyte", "whole numbers", "32-bit floats"] {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}
