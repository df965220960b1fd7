//! Runs that must be refused: exit code, message, and nothing written.

use std::fs;
use std::path::Path;

use ae_net::Network;

use crate::fixture::{Fixture, pixels, write_idx, write_renamed};

/// Trains on `data` with one epoch and `more`, expects exit code `code` and a message with all of
/// `words`, and no run folder.
fn refuse(fixture: &Fixture, code: i32, more: &[&str], words: &[&str]) {
    let error = fixture.fail(code, &[&["train"], more].concat());
    for word in words {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(!fixture.path("runs").exists(), "a refused run left files behind: {error}");
}

#[test]
fn settings_out_of_range_are_bad_arguments() {
    let fixture = Fixture::new();
    let cases: [(&[&str], &str); 18] = [
        (&["--epochs", "0"], "--epochs 0: expected 1 to 50000, or --init with"),
        (&["--epochs", "50001"], "epochs: expected 0 to 50000, found 50001"),
        (&["--batch-size", "0"], "batch size: expected at least 1, found 0"),
        (&["--learning-rate", "-0.1"], "found -0.1"),
        (&["--learning-rate", "NaN"], "found NaN"),
        (&["--learning-rate", "inf"], "found inf"),
        (&["--noise", "-1"], "noise: expected a finite number from 0, found -1"),
        (&["--noise", "NaN"], "found NaN"),
        (&["--noise", "inf"], "found inf"),
        (&["--mask", "1"], "mask: expected a number from 0 and below 1, found 1"),
        (&["--mask", "-0.5"], "found -0.5"),
        (&["--mask", "NaN"], "found NaN"),
        (&["--code", "0"], "--code"),
        (&["--code", "785"], "--code 785: expected 1 to 784"),
        (&["--hidden", "0"], "--hidden"),
        (&["--hidden", "12,"], "--hidden"),
        (&["--threads", "0"], "--threads"),
        (&["--preset", "wide"], "--preset"),
    ];
    for (arguments, message) in cases {
        refuse(&fixture, 2, &[&["--data", "data"], arguments].concat(), &[message]);
    }
}

#[test]
fn an_unknown_command_is_a_bad_argument() {
    let fixture = Fixture::new();
    let error = fixture.fail(2, &["trian"]);
    assert!(error.contains("trian") && error.contains("Usage"), "{error}");
}

#[test]
fn missing_folders_and_files_are_named() {
    let fixture = Fixture::new();
    refuse(&fixture, 1, &["--data", "nowhere"], &["nowhere"]);
    refuse(&fixture, 1, &["--images", "nowhere.idx"], &["nowhere.idx"]);
    refuse(&fixture, 1, &["--images", "data"], &["data", "folder"]);
    refuse(&fixture, 1, &["--data", "data/train-images-idx3-ubyte"], &["train-images-idx3-ubyte"]);
    fs::remove_file(fixture.data().join("t10k-images-idx3-ubyte")).unwrap();
    refuse(&fixture, 1, &["--data", "data"], &["t10k-images-idx3-ubyte", "data"]);
}

#[test]
fn broken_files_are_named() {
    let fixture = Fixture::new();
    let images = fixture.data().join("train-images-idx3-ubyte");
    let good = fs::read(&images).unwrap();
    let broken: [(Vec<u8>, &str); 5] = [
        (b"GIF89a, not IDX at all".to_vec(), "but a GIF picture"),
        (good[..good.len() - 1].to_vec(), "promises 31360 bytes"),
        ([&good[..], b"x"].concat(), "promises 31360 bytes"),
        ([&good[..4], &[0xff; 12]].concat(), "overflow"),
        (Vec::new(), "no IDX file, NumPy array or table"),
    ];
    for (bytes, word) in broken {
        fs::write(&images, bytes).unwrap();
        refuse(&fixture, 1, &["--data", "data"], &["train-images-idx3-ubyte", word]);
    }
}

#[test]
fn sets_that_do_not_fit_are_refused() {
    let fixture = Fixture::new();
    let cases: [(&str, &[usize], &[&str]); 4] = [
        ("train-images-idx3-ubyte", &[0, 28, 28], &["at least one"]),
        ("train-images-idx3-ubyte", &[40, 20, 20], &["28 x 28", "20 x 20"]),
        ("train-images-idx3-ubyte", &[40, 0, 28], &["0"]),
        ("train-images-idx3-ubyte", &[40, 14, 56], &["14 x 56", "28 x 28"]),
    ];
    for (name, dims, words) in cases {
        let path = fixture.data().join(name);
        let good = fs::read(&path).unwrap();
        write_idx(&path, dims, vec![0; dims.iter().product()]);
        refuse(&fixture, 1, &["--data", "data"], words);
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn sets_too_small_and_no_sets_are_refused() {
    let fixture = Fixture::new();
    // There is no data/mnist in the folder that looks like one, and nothing is named.
    refuse(&fixture, 1, &[], &["no data is named", "--images", "--data"]);
    refuse(&fixture, 2, &["--data", "data", "--hidden", "999999999"], &["at most", "--hidden"]);
    write_idx(&fixture.path("one.idx"), &[1, 28, 28], pixels(1, 784));
    refuse(&fixture, 1, &["--images", "one.idx"], &["one.idx"]);
    write_idx(&fixture.path("none.idx"), &[0, 28, 28], Vec::new());
    refuse(&fixture, 1, &["--images", "none.idx"], &["none.idx"]);
    write_idx(&fixture.path("mine.idx"), &[30, 28, 28], pixels(30, 784));
    refuse(
        &fixture,
        1,
        &["--images", "mine.idx", "--test-images", "none.idx"],
        &["test images", "at least one"],
    );
}

#[test]
fn a_run_is_not_replaced_unasked() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    let weights = fixture.path("runs/shallow-32/model.safetensors");
    let before = fs::read(&weights).unwrap();
    let error = fixture.fail(1, &["train", "--data", "data", "--epochs", "1", "--seed", "1"]);
    assert!(error.contains("runs/shallow-32") && error.contains("--force"), "{error}");
    assert_eq!(fs::read(&weights).unwrap(), before);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--code", "8", "--run", "eight"]);
    refuse(
        &fixture,
        1,
        &["--data", "data", "--init", "eight/model.safetensors"],
        &["eight", "code size", "expected 32, found 8"],
    );
    refuse(
        &fixture,
        1,
        &["--data", "data", "--init", "data/t10k-images-idx3-ubyte"],
        &["t10k-images", "not a safetensors file, but an IDX file", "safetensors.torch.save_file"],
    );
    // As saved without metadata, and so of unknown size.
    let eight = Network::load(fixture.path("eight/model.safetensors")).unwrap();
    write_renamed(&fixture.path("theirs.safetensors"), &eight, &["0", "2"]);
    refuse(
        &fixture,
        1,
        &["--data", "data", "--init", "theirs.safetensors"],
        &["theirs", "expected encoder.0.weight (32, 784), ", "found ", "0.weight (8, 784)"],
    );
    let error = fixture.fail(1, &["figure", "--run", "nowhere"]);
    assert!(error.contains("ae train --run nowhere"), "{error}");
}

#[test]
fn a_figure_without_a_run_says_which_command_makes_one() {
    let fixture = Fixture::new();
    let error = fixture.fail(1, &["figure"]);
    assert!(error.contains("`ae train` makes one"), "{error}");
}

#[test]
fn a_damaged_run_is_refused_whatever_is_damaged() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    let damaged: [(&str, &[u8], &str); 4] = [
        ("run.json", b"{", "run.json"),
        ("run.json", br#"{"format": 99}"#, "format 99"),
        ("history.csv", b"epoch,train_bce\n1,x\n", "history.csv"),
        ("model.safetensors", b"12345678", "model.safetensors"),
    ];
    for (name, bytes, word) in damaged {
        let path = fixture.path("runs/shallow-32").join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let error = fixture.fail(1, &["figure", "all"]);
        assert!(error.contains(word), "{name}: {error}");
        fs::write(&path, good).unwrap();
    }
    fixture.succeed(&["figure", "all"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_training() {
    let fixture = Fixture::new();
    fs::write(fixture.path("taken"), "a file").unwrap();
    let error = fixture.fail(1, &["train", "--data", "data", "--run", "taken/run"]);
    assert!(error.contains("taken/run"), "{error}");
    let error = fixture.fail(1, &["train", "--data", "data", "--run", "taken"]);
    assert!(error.contains("taken"), "{error}");
    assert_eq!(fs::read_to_string(fixture.path("taken")).unwrap(), "a file");
    if Path::new("/dev/full").exists() {
        let error = fixture.fail(1, &["train", "--data", "data", "--run", "/dev/full"]);
        assert!(error.contains("/dev/full"), "{error}");
    }
}
