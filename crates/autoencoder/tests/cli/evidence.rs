//! What a run was made of is checked wherever it is used: every file that a run refers to, changed in every way, under
//! every command that reads a run.

use std::fs;
use std::path::PathBuf;

use ae_data::{Limits, Samples, open_images};
use ae_net::{Baselines, Outputs, Rows};
use serde_json::Value;

use crate::fixture::{Fixture, write_idx};

/// Images of 6 x 6 pixels, all different whatever their numbers.
pub(crate) fn images(numbers: std::ops::Range<usize>) -> Vec<u8> {
    numbers.flat_map(|image| (0..36).map(move |pixel| (image * 31 + pixel * (7 + image % 5)) as u8)).collect()
}

fn labels(numbers: std::ops::Range<usize>) -> Vec<u8> {
    numbers.map(|image| 20 + (image % 3) as u8).collect()
}

/// A run `run` on a folder of 60 and 12 images, another run `other`, and what the commands need beside a run.
pub(crate) struct Evidence {
    pub(crate) fixture: Fixture,
}

const TRAIN: &str = "data/train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "data/train-labels-idx1-ubyte";
const TEST: &str = "data/t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "data/t10k-labels-idx1-ubyte";
const MODEL: &str = "run/model.safetensors";
const HISTORY: &str = "run/history.csv";

/// Every command that reads a run, what of it it uses, and whether it stops the command if it has changed.
const COMMANDS: &[(&[&str], &[&str])] = &[
    (&["evaluate"], &[TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, MODEL]),
    (&["figure", "reconstructions"], &[TEST, MODEL]),
    (&["figure", "loss"], &[HISTORY]),
    (&["figure", "filters"], &[MODEL]),
    (&["figure", "interpolation"], &[TEST, MODEL]),
    (&["figure", "samples"], &[TRAIN, TRAIN_LABELS, MODEL]),
    (&["figure", "codes"], &[TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, MODEL]),
    (&["figure", "plane"], &[TRAIN, MODEL]),
    (&["figure", "denoising"], &[TEST, MODEL]),
    (&["figure", "all"], &[TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, MODEL, HISTORY]),
    (&["generate", "--out", "made.png"], &[TRAIN, TRAIN_LABELS, MODEL]),
    (&["encode", "--images", "mine.idx", "--out", "new.npy"], &[MODEL]),
    (&["decode", "--codes", "codes.npy", "--out", "new.idx"], &[MODEL]),
    (&["compress", "mine.idx", "--out", "new.aez"], &[MODEL]),
    (&["decompress", "file.aez", "--out", "new.idx"], &[MODEL]),
];

impl Evidence {
    pub(crate) fn new() -> Self {
        let fixture = Fixture::new();
        for (images_name, labels_name, numbers) in [(TRAIN, TRAIN_LABELS, 0..60), (TEST, TEST_LABELS, 60..72)]
        {
            let count = numbers.len();
            write_idx(&fixture.path(images_name), &[count, 6, 6], images(numbers.clone()));
            write_idx(&fixture.path(labels_name), &[count], labels(numbers));
        }
        write_idx(&fixture.path("mine.idx"), &[9, 6, 6], images(100..109));
        let train = ["train", "--data", "data", "--epochs", "1", "--code", "2", "--noise", "0.25"];
        fixture.succeed(&[&train[..], &["--run", "run"]].concat());
        fixture.succeed(&[&train[..], &["--run", "other", "--seed", "1"]].concat());
        fixture.succeed(&["encode", "--run", "run", "--images", "mine.idx", "--out", "codes.npy"]);
        fixture.succeed(&["compress", "mine.idx", "--out", "file.aez", "--run", "run"]);
        Self { fixture }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.fixture.path(name)
    }

    /// The ways in which a file can have changed: its new content.
    fn changes(&self, name: &str) -> Vec<(&'static str, Vec<u8>)> {
        let whole = fs::read(self.path(name)).unwrap();
        let written = |dims: &[usize], bytes: Vec<u8>| {
            let path = self.path("scratch");
            write_idx(&path, dims, bytes);
            fs::read(path).unwrap()
        };
        let mut one = whole.clone();
        match name {
            TRAIN => {
                *one.last_mut().unwrap() ^= 1;
                vec![
                    ("grown", written(&[70, 6, 6], images(0..70))),
                    ("shortened", written(&[50, 6, 6], images(0..50))),
                    ("one pixel", one),
                    ("swapped", fs::read(self.path(TEST)).unwrap()),
                ]
            }
            TEST => {
                *one.last_mut().unwrap() ^= 1;
                vec![
                    ("grown", written(&[20, 6, 6], images(60..80))),
                    ("shortened", written(&[9, 6, 6], images(60..69))),
                    ("one pixel", one),
                    ("swapped", fs::read(self.path("mine.idx")).unwrap()),
                ]
            }
            TRAIN_LABELS | TEST_LABELS => {
                *one.last_mut().unwrap() ^= 1;
                let other = if name == TRAIN_LABELS { TEST_LABELS } else { TRAIN_LABELS };
                vec![("one label", one), ("swapped", fs::read(self.path(other)).unwrap())]
            }
            MODEL => {
                *one.last_mut().unwrap() ^= 1;
                let other = fs::read(self.path("other/model.safetensors")).unwrap();
                vec![("one bit", one), ("swapped", other), ("shortened", whole[..whole.len() - 4].to_vec())]
            }
            HISTORY => {
                let other = fs::read(self.path("other/history.csv")).unwrap();
                vec![("swapped", other), ("shortened", whole[..whole.len() - 9].to_vec())]
            }
            _ => unreachable!("{name}"),
        }
    }
}

#[test]
fn a_changed_file_stops_every_command_that_uses_it_and_no_other() {
    let evidence = Evidence::new();
    let run = |command: &[&str]| evidence.fixture.run(&[command, &["--run", "run"]].concat());
    for (command, _) in COMMANDS {
        let output = run(command);
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for name in [TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, MODEL, HISTORY] {
        let whole = fs::read(evidence.path(name)).unwrap();
        for (change, content) in evidence.changes(name) {
            fs::write(evidence.path(name), content).unwrap();
            for (command, uses) in COMMANDS {
                let output = run(command);
                let said = [&output.stdout[..], &output.stderr].concat();
                let said = String::from_utf8(said).unwrap();
                assert!(!said.contains("panicked"), "{said}");
                let expected = if uses.contains(&name) { Some(1) } else { Some(0) };
                assert_eq!(output.status.code(), expected, "{name} {change}, {command:?}: {said}");
                if !uses.contains(&name) {
                    continue;
                }
                // It is named, as is the flag that takes it all the same.
                let named = match name {
                    TRAIN | TRAIN_LABELS | TEST | TEST_LABELS => {
                        said.contains("data") && said.contains("--data")
                    }
                    MODEL => said.contains(MODEL) && (change == "shortened" || said.contains("--weights")),
                    _ => said.contains(HISTORY),
                };
                assert!(named, "{name} {change}, {command:?}: {said}");
            }
            // What was given explicitly is taken, and said to be something else.
            if change == "one label" {
                let said = evidence.fixture.succeed(&["evaluate", "--run", "run", "--data", "data"]);
                assert!(said.contains("not the run's own: the labels of the"), "{said}");
            }
            if matches!(name, TRAIN | TEST) {
                let said = evidence.fixture.succeed(&["figure", "--run", "run", "--data", "data"]);
                assert_eq!(
                    said.contains("not the run's own: the test images in data"),
                    name == TEST,
                    "{said}"
                );
            }
            if name == MODEL && change != "shortened" {
                for (command, _) in COMMANDS.iter().filter(|(_, uses)| uses.contains(&MODEL)) {
                    // What was compressed with the run's own weights can't be decompressed with others.
                    if command[0] != "decompress" {
                        let said = evidence
                            .fixture
                            .succeed(&[command, &["--run", "run", "--weights", MODEL][..]].concat());
                        assert!(
                            said.contains("not the run's own: the weights in run/model.safetensors"),
                            "{said}"
                        );
                    }
                }
            }
        }
        fs::write(evidence.path(name), whole).unwrap();
    }
}

#[test]
fn a_run_that_goes_on_refuses_other_images_and_puts_other_weights_right() {
    let evidence = Evidence::new();
    let resume = ["train", "--resume", "--run", "run"];
    for name in [TRAIN, TEST] {
        let whole = fs::read(evidence.path(name)).unwrap();
        for (change, content) in evidence.changes(name) {
            fs::write(evidence.path(name), content).unwrap();
            let error = evidence.fixture.fail(1, &resume);
            assert!(error.contains("images") && error.contains("SHA-256"), "{name} {change}: {error}");
        }
        fs::write(evidence.path(name), whole).unwrap();
    }
    let model = fs::read(evidence.path(MODEL)).unwrap();
    for name in [MODEL, HISTORY, "run/trained-on.bin"] {
        let whole = fs::read(evidence.path(name)).unwrap();
        fs::copy(evidence.path(&name.replace("run", "other")), evidence.path(name)).unwrap();
        if name == "run/trained-on.bin" {
            fs::write(evidence.path(name), &whole[8..]).unwrap();
        }
        let said = evidence.fixture.succeed(&resume);
        assert!(said.contains(&format!("wrote {MODEL}")), "{name}: {said}");
        assert_eq!(fs::read(evidence.path(MODEL)).unwrap(), model, "{name}");
        evidence.fixture.succeed(&["evaluate", "--run", "run"]);
    }
    assert!(evidence.fixture.succeed(&resume).contains("is finished"));
}

#[test]
fn figures_of_other_images_are_of_those_alone_and_no_image_that_was_trained_on_is_a_test_image() {
    let evidence = Evidence::new();
    let fixture = &evidence.fixture;
    write_idx(&fixture.path("grows.idx"), &[40, 6, 6], images(0..40));
    let train = ["train", "--images", "grows.idx", "--epochs", "1", "--code", "2", "--run", "grown"];
    fixture.succeed(&train);
    write_idx(&fixture.path("grows.idx"), &[80, 6, 6], images(0..80));
    let error = fixture.fail(1, &["evaluate", "--run", "grown"]);
    assert!(
        error.contains("grows.idx") && error.contains("--images") && error.contains("36 of 6 x 6"),
        "{error}"
    );

    let measured = |more: &[&str]| -> Value {
        let said = fixture.succeed(&[&["evaluate", "--run", "grown", "--json"], more].concat());
        serde_json::from_str(&said).unwrap()
    };
    let found = measured(&["--images", "grows.idx"]);
    // The last tenth of 80 images, by seed 0, without those of the 36 that were trained on.
    let all = open_images(&fixture.path("grows.idx"), &Limits::default()).unwrap();
    let first = Samples::new((6, 6), images(0..40)).unwrap().hold_out_tenth(0).unwrap().train;
    let split = all.hold_out_tenth(0).unwrap();
    let was_trained_on = |image: &[u8]| first.bytes().unwrap().chunks_exact(36).any(|other| other == image);
    let rest: Vec<&[u8]> =
        split.test.bytes().unwrap().chunks_exact(36).filter(|image| !was_trained_on(image)).collect();
    assert!((1..8).contains(&rest.len()), "the test needs some of both, and has {} of 8", rest.len());
    assert_eq!(found["test"]["images"], rest.len());
    let others = found["others"].to_string();
    assert!(
        others.contains(&format!("without {} of 8 that the run was trained on", 8 - rest.len())),
        "{others}"
    );
    let baselines = Baselines::of(
        Outputs::Logits,
        Rows::bytes(split.train.bytes().unwrap(), 36).unwrap(),
        Rows::bytes(&rest.concat(), 36).unwrap(),
    );
    assert_eq!(found["baselines"], serde_json::to_value(baselines).unwrap());

    // The run's own images by another name are its own; and a set of nothing but training images tests nothing.
    write_idx(&fixture.path("same.idx"), &[40, 6, 6], images(0..40));
    assert!(measured(&["--images", "same.idx"])["others"].is_null());
    write_idx(&fixture.path("trained.idx"), &[36, 6, 6], first.bytes().unwrap().to_vec());
    let arguments = ["evaluate", "--run", "grown", "--images", "same.idx", "--test-images", "trained.idx"];
    let error = fixture.fail(1, &arguments);
    assert!(error.contains("trained on every one of the test images in trained.idx"), "{error}");

    // Where a run is told to test with images that it trains on, it does, and says so.
    let arguments =
        ["train", "--images", "same.idx", "--test-images", "trained.idx", "--epochs", "1", "--run", "both"];
    let said = fixture.succeed(&arguments);
    assert!(said.contains("36 of 36 test images are training images too"), "{said}");

    // A run from before it was kept which images it was trained on says so.
    let record = fs::read_to_string(fixture.path("grown/run.json")).unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    record.as_object_mut().unwrap().remove("files").unwrap();
    fs::write(fixture.path("grown/run.json"), record.to_string()).unwrap();
    let others = measured(&["--images", "grows.idx"])["others"].to_string();
    assert!(others.contains("does not say whether it was trained on some of them"), "{others}");
}

#[test]
fn a_command_needs_only_what_it_uses() {
    let evidence = Evidence::new();
    for name in [TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, MODEL, HISTORY] {
        let whole = fs::read(evidence.path(name)).unwrap();
        fs::remove_file(evidence.path(name)).unwrap();
        for (command, uses) in COMMANDS {
            let output = evidence.fixture.run(&[command, &["--run", "run"][..]].concat());
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), !uses.contains(&name), "{name}, {command:?}: {said}");
        }
        fs::write(evidence.path(name), whole).unwrap();
    }
    // What can be drawn is, and the rest is named.
    fs::remove_file(evidence.path(TRAIN)).unwrap();
    fs::remove_dir_all(evidence.path("run/figures")).unwrap();
    let output = evidence.fixture.run(&["figure", "all", "--run", "run"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.starts_with("error: cannot draw samples, codes, plane: run/run.json names these images"),
        "{error}"
    );
    for drawn in ["reconstructions.png", "loss.svg", "filters.png", "interpolation.png", "denoising.png"] {
        assert!(evidence.path("run/figures").join(drawn).is_file(), "{drawn}");
    }
}
