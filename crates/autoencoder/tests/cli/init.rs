//! `train --init`: weights of one's own or of others to start from, and `--epochs 0`, which makes a run of them as they are.

use std::fs;

use ae_net::Network;
use ae_train::{RunFolder, RunRecord};

use crate::fixture::{Fixture, write_renamed};

/// Trains on a few images in file order, and reads the record.
fn train(fixture: &Fixture, run: &str, more: &[&str]) -> (RunRecord, String) {
    let common = ["train", "--data", "data", "--order", "sequential", "--run", run];
    let output = fixture.run(&[&common, more].concat());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    (RunFolder::open(fixture.path(run)).unwrap().record().unwrap(), errors)
}

fn weights(fixture: &Fixture, run: &str) -> Vec<u8> {
    fs::read(fixture.path(run).join("model.safetensors")).unwrap()
}

#[test]
fn training_starts_from_the_weights_of_a_file() {
    let fixture = Fixture::new();
    let (first, _) = train(&fixture, "first", &["--epochs", "1"]);
    let init = ["--epochs", "1", "--seed", "9", "--init", "first/model.safetensors"];
    let (again, errors) = train(&fixture, "again", &init);
    assert_eq!(errors, "");
    let (other, _) = train(&fixture, "other", &["--epochs", "1", "--seed", "9"]);
    let bce = |record: &RunRecord| record.last_epoch_train_loss.unwrap();
    assert!(bce(&again) < bce(&first) && bce(&again) < bce(&other));
}

#[test]
fn weights_under_other_names_are_taken_and_told() {
    let fixture = Fixture::new();
    let shape = ["--hidden", "20,20", "--code", "4"];
    train(&fixture, "first", &[&shape[..], &["--epochs", "1"]].concat());
    let network = Network::load(fixture.path("first/model.safetensors")).unwrap();
    write_renamed(&fixture.path("theirs.safetensors"), &network, &["0", "2", "4", "6", "8", "10"]);
    let init = |file, run| train(&fixture, run, &[&shape[..], &["--epochs", "1", "--init", file]].concat()).1;
    assert_eq!(init("first/model.safetensors", "ours"), "");
    let note = "note: theirs.safetensors has other names: encoder.0 is taken from 0, encoder.2 is taken from 2, encoder.4 \
                is taken from 4, decoder.0 is taken from 6 and 2 more likewise\n";
    assert_eq!(init("theirs.safetensors", "theirs"), note);
    assert!(weights(&fixture, "ours") == weights(&fixture, "theirs"));
}

#[test]
fn no_epochs_make_a_run_of_the_weights_as_they_are_that_can_go_on() {
    let fixture = Fixture::new();
    train(&fixture, "first", &["--epochs", "1"]);
    let init = ["--init", "first/model.safetensors"];
    // A step size that falls towards the last epoch makes no difference before the first.
    for (run, more) in [("plain", &[][..]), ("falling", &["--decay", "0.5"])] {
        let with = |epochs| [&init[..], &["--epochs", epochs], more].concat();
        let (record, _) = train(&fixture, run, &with("0"));
        assert!(weights(&fixture, run) == weights(&fixture, "first"), "other weights");
        assert_eq!((record.config.epochs, record.last_epoch_train_loss, record.images_per_s), (0, None, 0.0));
        assert!(record.test.psnr_db.is_finite() && record.model.init.is_some());
        let folder = RunFolder::open(fixture.path(run)).unwrap();
        assert_eq!(folder.history(&folder.record().unwrap()).unwrap(), []);
        assert!(fixture.path(run).join("figures/reconstructions.png").is_file());
        assert!(!fixture.path(run).join("figures/loss.svg").exists());

        let said = fixture.succeed(&["train", "--resume", "--run", run]);
        assert!(said.contains("is finished") && said.contains(" --epochs 1\n"), "{said}");
        fixture.succeed(&["train", "--resume", "--run", run, "--epochs", "2"]);
        let straight = format!("{run}-straight");
        train(&fixture, &straight, &with("2"));
        assert!(weights(&fixture, run) == weights(&fixture, &straight), "other weights");
    }
}

#[test]
fn a_run_without_epochs_says_so_where_they_would_be_drawn() {
    let fixture = Fixture::new();
    train(&fixture, "first", &["--epochs", "1"]);
    let init = ["--data", "data", "--run", "none", "--epochs", "0", "--init", "first/model.safetensors"];
    let said = fixture.succeed(&[&["train"], &init[..]].concat());
    assert!(said.contains("skipped loss: the run has no epochs to draw"), "{said}");
    assert!(said.contains("training set") && !said.contains("last epoch"), "{said}");
    let all = fixture.succeed(&["figure", "all", "--run", "none"]);
    assert!(all.contains("skipped loss: the run has no epochs") && all.contains("filters.png"), "{all}");
    let error = fixture.fail(1, &["figure", "loss", "--run", "none"]);
    assert!(error.contains("the run has no epochs to draw"), "{error}");
    fixture.succeed(&["evaluate", "--run", "none"]);
}
