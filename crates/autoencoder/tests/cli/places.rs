//! Where a run finds its data, and a command its run, whatever folder one stands in.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::fixture::Fixture;

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ae")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn a_run_finds_its_data_from_any_folder() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    let elsewhere = tempfile::TempDir::new().unwrap();
    let run = fixture.path("runs/shallow-32");
    let run = run.to_str().unwrap();
    for arguments in [
        &["evaluate", "--run", run][..],
        &["figure", "all", "--run", run],
        &["train", "--resume", "--epochs", "2", "--run", run],
    ] {
        let output = run_in(elsewhere.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Run and data moved together are still found; data alone is not, and the way out is said.
    let moved = elsewhere.path().join("moved");
    fs::rename(fixture.path(""), &moved).unwrap();
    let moved_run = moved.join("runs/shallow-32");
    let moved_run = moved_run.to_str().unwrap();
    let output = run_in(elsewhere.path(), &["figure", "--run", moved_run]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(moved.join("data"), moved.join("data2")).unwrap();
    for arguments in
        [&["figure", "--run", moved_run][..], &["train", "--resume", "--epochs", "3", "--run", moved_run]]
    {
        let output = run_in(elsewhere.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("--data or --images names them where they are now"), "{error}");
        assert!(error.contains("data"), "{error}");
    }
    let data2 = moved.join("data2");
    let output = run_in(elsewhere.path(), &["figure", "--run", moved_run, "--data", data2.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(&moved, fixture.path("")).unwrap();
}

#[test]
fn defaults_are_looked_for_where_one_stands_and_then_in_the_checkout_around() {
    let fixture = Fixture::new();
    // What a checkout looks like: MNIST in its place, and a lock file.
    fs::create_dir(fixture.path("inner")).unwrap();
    let deep = fixture.path("inner/deep");
    fs::create_dir(&deep).unwrap();
    let checkout = fixture.path("checkout");
    fs::create_dir_all(checkout.join("data")).unwrap();
    fs::rename(fixture.data(), checkout.join("data/mnist")).unwrap();
    fs::write(checkout.join("Cargo.lock"), "").unwrap();
    let below = checkout.join("crates/some");
    fs::create_dir_all(&below).unwrap();

    let trained = run_in(&below, &["train", "--epochs", "1"]);
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    assert!(checkout.join("runs/shallow-32/run.json").is_file());
    assert!(run_in(&checkout, &["figure"]).status.success());
    assert!(run_in(&below, &["figure"]).status.success());
    // Runs of one's own come first.
    fs::create_dir(below.join("runs")).unwrap();
    let output = run_in(&below, &["figure"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`ae train` makes one"));
    // And elsewhere there is no data.
    let output = run_in(&deep, &["train", "--epochs", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no data is named"));
}

#[test]
fn a_run_of_an_earlier_version_is_read() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--preset", "deep"]);
    let path = fixture.path("runs/deep-2/run.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(record["model"]["hidden"], serde_json::json!([512, 128]));
    assert_eq!(record["data"]["from"], "../..");
    record["model"].as_object_mut().unwrap().remove("hidden");
    record["data"].as_object_mut().unwrap().remove("from");
    fs::write(&path, record.to_string()).unwrap();
    fixture.succeed(&["figure", "--run", "runs/deep-2"]);
    fixture.succeed(&["evaluate", "--run", "runs/deep-2"]);
}
