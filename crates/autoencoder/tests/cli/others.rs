//! What is named beside a run: other images, other weights, runs in each other's places; nothing of it passes for the run's own.

use std::fs;

use serde_json::Value;

use crate::evidence::{Evidence, images};
use crate::fixture::write_idx;

#[test]
fn runs_on_other_images_are_not_measured_beside_each_other() {
    let evidence = Evidence::new();
    write_idx(&evidence.path("mine.idx"), &[50, 6, 6], images(200..250));
    evidence.fixture.succeed(&["train", "--images", "mine.idx", "--epochs", "1", "--code", "8"]);
    let rate = ["figure", "rate", "--data", "data"];
    let error = evidence.fixture.fail(1, &rate);
    assert!(error.contains("runs/shallow-8 was trained on other images"), "{error}");
    // What is there is looked at before anything is trained.
    fs::rename(evidence.path("runs/shallow-8"), evidence.path("runs/codec-128")).unwrap();
    let error = evidence.fixture.fail(1, &rate);
    assert!(error.contains("runs/codec-128 holds a run of shallow with codes of 8"), "{error}");
    assert!(!evidence.path("runs/shallow-8").exists(), "nothing was trained");
}

#[test]
fn figures_of_earlier_weights_do_not_stay_beside_new_ones() {
    let evidence = Evidence::new();
    let figures = || {
        let entries = fs::read_dir(evidence.path("run/figures")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    evidence.fixture.succeed(&["figure", "all", "--run", "run"]);
    fs::write(evidence.path("run/figures/mine.png"), "somebody's own").unwrap();
    assert_eq!(figures().len(), 11);
    evidence.fixture.succeed(&["train", "--resume", "--epochs", "2", "--run", "run"]);
    assert_eq!(figures(), ["loss.png", "loss.svg", "mine.png", "reconstructions.png"]);
}

#[test]
fn what_is_fitted_to_images_is_not_measured_on_them() {
    let evidence = Evidence::new();
    let fixture = &evidence.fixture;
    write_idx(&evidence.path("new.idx"), &[40, 6, 6], images(200..240));
    write_idx(&evidence.path("mixed.idx"), &[20, 6, 6], images(225..245));
    let evaluate = ["evaluate", "--run", "run", "--json", "--images", "new.idx", "--test-images"];
    let found: Value =
        serde_json::from_str(&fixture.succeed(&[&evaluate[..], &["mixed.idx"]].concat())).unwrap();
    assert_eq!(found["test"]["images"], 5);
    assert!(found["others"].to_string().contains("left out: 15 of 20 test images"), "{found}");
    let error = fixture.fail(1, &[&evaluate[..], &["new.idx"]].concat());
    assert!(error.contains("every one of the test images in new.idx is a training image"), "{error}");
    // A run that was told to test so is measured so, and the answer says it.
    let train =
        ["train", "--images", "new.idx", "--test-images", "mixed.idx", "--epochs", "1", "--run", "both"];
    fixture.succeed(&train);
    let said = fixture.succeed(&["evaluate", "--run", "both"]);
    assert!(said.contains("15 of 20 test images are training images too"), "{said}");
}

#[test]
fn figures_of_others_stand_apart_and_leave_the_runs_own_alone() {
    let evidence = Evidence::new();
    let read = |name: &str| fs::read(evidence.path("run/figures").join(name)).unwrap();
    let own = read("reconstructions.png");
    write_idx(&evidence.path("new.idx"), &[40, 6, 6], images(200..240));
    for named in [["--images", "new.idx"], ["--weights", "other/model.safetensors"]] {
        let said = evidence.fixture.succeed(&[&["figure", "--run", "run"], &named[..]].concat());
        assert!(said.contains("run/figures/others/reconstructions.png"), "{said}");
        assert_ne!(read("others/reconstructions.png"), own, "{named:?}");
        assert_eq!(read("reconstructions.png"), own, "{named:?}");
    }
    // The run's own images by name are its own.
    assert!(!evidence.fixture.succeed(&["figure", "--run", "run", "--data", "data"]).contains("others"));
}

#[test]
fn weights_that_would_not_be_used_are_not_taken_silently() {
    let evidence = Evidence::new();
    let fixture = &evidence.fixture;
    let error = fixture.fail(1, &["figure", "rate", "--data", "data", "--weights", "nowhere"]);
    assert!(error.contains("leave --run and --weights out"), "{error}");
    let error = fixture.fail(1, &["figure", "loss", "--run", "run", "--weights", "nowhere"]);
    assert!(error.contains("leave --data, --images and --weights out"), "{error}");
    fixture.succeed(&["compress", "mine.idx", "--run", "run", "--embed-decoder", "-o", "whole.aez"]);
    let error = fixture.fail(1, &["decompress", "whole.aez", "-o", "new.idx", "--weights", "nowhere"]);
    assert!(error.contains("whole.aez has its decoder inside"), "{error}");
}

#[test]
fn a_run_goes_on_with_its_labels_and_a_finished_one_is_told_what_is_true() {
    let evidence = Evidence::new();
    let fixture = &evidence.fixture;
    write_idx(&evidence.path("classes.idx"), &[50], (0..50).map(|image| image % 3).collect());
    write_idx(&evidence.path("new.idx"), &[50, 6, 6], images(200..250));
    let train = ["train", "--images", "new.idx", "--epochs", "1", "--code", "4", "--run", "mine"];
    fixture.succeed(&[&train[..], &["--labels", "classes.idx"]].concat());
    let resume = ["train", "--resume", "--run", "mine", "--images", "new.idx", "--epochs"];
    fixture.succeed(&[&resume[..], &["2"]].concat());
    assert!(fixture.succeed(&["evaluate", "--run", "mine"]).contains("test accuracy"));
    write_idx(&evidence.path("turned.idx"), &[50], (0..50).map(|image| 2 - image % 3).collect());
    let output = fixture.run(&[&resume[..], &["3", "--labels", "turned.idx"]].concat());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && note.contains("not those that the run began with"), "{note}");

    fixture.succeed(&[&train[..5], &["--code", "4", "--decay", "1", "--run", "decayed"]].concat());
    let resume = ["train", "--resume", "--run", "decayed"];
    let said = fixture.succeed(&resume);
    assert!(said.contains("its step size has fallen to 0") && !said.contains("--epochs"), "{said}");
    let error = fixture.fail(1, &[&resume[..], &["--epochs", "4"]].concat());
    assert!(error.contains("the step size has fallen towards the last one"), "{error}");
}

#[test]
fn few_labelled_images_are_measured_as_far_as_they_go() {
    let evidence = Evidence::new();
    fs::create_dir(evidence.path("few")).unwrap();
    for (name, count) in [("train-images-idx3-ubyte", 12), ("t10k-images-idx3-ubyte", 6)] {
        let first = if count == 12 { 0 } else { 60 };
        write_idx(&evidence.path("few").join(name), &[count, 6, 6], images(first..first + count));
    }
    for (name, count) in [("train-labels-idx1-ubyte", 12), ("t10k-labels-idx1-ubyte", 6)] {
        write_idx(
            &evidence.path("few").join(name),
            &[count],
            (0..count).map(|image| (image % 2) as u8).collect(),
        );
    }
    let train = ["train", "--data", "few", "--epochs", "1", "--code", "2", "--run", "small"];
    evidence.fixture.succeed(&train);
    evidence.fixture.succeed(&["evaluate", "--run", "small"]);
    evidence.fixture.succeed(&["figure", "all", "--run", "small"]);
}
