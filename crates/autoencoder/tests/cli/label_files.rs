//! Files of labels: in any form that sets come in, and of no weight where nothing uses them.

use std::fs;

use ae_data::{Elements, IdxArray, idx};

use crate::fixture::{Fixture, pixels, write_idx};

const LABELS: &str = "data/train-labels-idx1-ubyte";

fn write(fixture: &Fixture, name: &str, dims: &[usize], labels: Elements) {
    let array = IdxArray::new(dims.to_vec(), labels).unwrap();
    idx::write(&array, fs::File::create(fixture.path(name)).unwrap()).unwrap();
}

#[test]
fn labels_that_cannot_be_read_stop_no_training_and_every_command_that_uses_them() {
    let fixture = Fixture::new();
    let train = ["train", "--data", "data", "--epochs", "1", "--code", "2", "--force", "--run", "run"];
    write_idx(&fixture.path(LABELS), &[39], vec![1; 39]);
    let output = fixture.run(&train);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{note}");
    assert!(note.contains("trained without labels") && note.contains("39"), "{note}");
    for command in [&["evaluate"][..], &["figure", "samples"], &["generate", "--out", "made.png"]] {
        let error = fixture.fail(1, &[command, &["--run", "run"]].concat());
        assert!(error.contains("39 labels"), "{command:?}: {error}");
    }
    fixture.succeed(&["figure", "plane", "--run", "run"]);
    // A file that was named for them was meant to be read.
    write_idx(&fixture.path("mine.idx"), &[30, 28, 28], pixels(30, 784));
    let arguments = ["train", "--images", "mine.idx", "--labels", LABELS, "--run", "mine"];
    let error = fixture.fail(1, &arguments);
    assert!(error.contains(LABELS) && error.contains("30 images but 39 labels"), "{error}");
}

#[test]
fn classes_are_any_whole_numbers_in_any_form_that_sets_come_in() {
    let fixture = Fixture::new();
    let train = ["train", "--data", "data", "--epochs", "1", "--code", "2", "--force", "--run", "run"];
    let generate = ["generate", "--run", "run", "--count", "3", "--out", "made.idx"];
    let class = |number: &str| fixture.succeed(&[&generate[..], &["--class", number]].concat());
    // EMNIST's letters are 1 to 26.
    write_idx(&fixture.path(LABELS), &[40], (0..40).map(|image| 1 + image % 26).collect());
    fixture.succeed(&train);
    class("26");
    let error = fixture.fail(1, &[&generate[..], &["--class", "0"]].concat());
    assert!(error.contains('0') && error.contains('1'), "{error}");
    // QMNIST's are 32-bit integers of eight columns; the class is the first.
    let columns = (0..40 * 8).map(|at| if at % 8 == 0 { at / 8 % 10 } else { 70_000 + at }).collect();
    write(&fixture, LABELS, &[40, 8], Elements::I32(columns));
    fixture.succeed(&train);
    class("9");
    assert!(!fixture.run(&[&generate[..], &["--class", "70001"]].concat()).status.success());
    // One column, wide, negative: all are classes.
    write(&fixture, LABELS, &[40, 1], Elements::I16((0..40).map(|image| [-7, 1999][image % 2]).collect()));
    fixture.succeed(&train);
    class("-7");
    class("1999");
    fixture.succeed(&["figure", "samples", "--run", "run"]);
}

#[test]
fn images_of_a_file_have_labels_in_training_and_after() {
    let fixture = Fixture::new();
    write_idx(&fixture.path("mine.idx"), &[60, 28, 28], pixels(60, 784));
    write_idx(&fixture.path("classes.idx"), &[60], (0..60).map(|image| 40 + image % 3).collect());
    write_idx(&fixture.path("test.idx"), &[12, 28, 28], pixels(12, 784));
    write_idx(&fixture.path("test-classes.idx"), &[12], (0..12).map(|image| 40 + image % 3).collect());
    let train = ["train", "--images", "mine.idx", "--labels", "classes.idx", "--epochs", "1", "--code", "2"];
    let tested = ["--test-images", "test.idx", "--test-labels", "test-classes.idx", "--run", "tested"];
    fixture.succeed(&[&train[..], &["--run", "held-out"]].concat());
    fixture.succeed(&[&train[..], &tested].concat());
    for run in ["held-out", "tested"] {
        assert!(fixture.succeed(&["evaluate", "--run", run]).contains("test accuracy"));
        fixture.succeed(&["figure", "codes", "--run", run]);
        fixture.succeed(&["generate", "--run", run, "--class", "42", "--out", "made.png"]);
    }
    // Changed labels are found out here too.
    write_idx(&fixture.path("classes.idx"), &[60], (0..60).map(|image| 41 + image % 3).collect());
    for run in ["held-out", "tested"] {
        let error = fixture.fail(1, &["evaluate", "--run", run]);
        assert!(error.contains("labels") && error.contains("--images"), "{error}");
    }
}
