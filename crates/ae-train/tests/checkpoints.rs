//! When checkpoints are written, and which is gone on from.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use std::fs;
use std::path::Path;
use std::time::Duration;

use ae_train::{
    CHECKPOINT_EVERY, Checkpoint, CheckpointError, EpochRecord, Existing, MAX_EPOCHS, RunFolder, TrainError,
    TrainParams, Trainer,
};
use common::*;
use tempfile::TempDir;

#[test]
fn the_newest_that_can_be_believed_is_taken() {
    let run = Run { kind: Kind::Fused, params: params(), threads: 1 };
    let expected = whole(&run);
    type Damage = fn(&Path, &Path);
    let cases: [(Damage, bool); 6] = [
        (|newest, _| fs::remove_file(newest).unwrap(), true),
        (|newest, _| fs::write(newest, b"").unwrap(), true),
        (
            |newest, _| {
                let mut bytes = fs::read(newest).unwrap();
                bytes[1000] ^= 4;
                fs::write(newest, bytes).unwrap();
            },
            true,
        ),
        (
            |newest, _| {
                fs::remove_file(newest).unwrap();
                fs::create_dir(newest).unwrap();
            },
            true,
        ),
        (|_, previous| fs::remove_file(previous).unwrap(), false),
        (|_, previous| fs::write(previous, b"what was there").unwrap(), false),
    ];
    for (number, (damage, passed_over)) in cases.into_iter().enumerate() {
        let folder = TempDir::new().unwrap();
        stopped(run.go(folder.path(), 7));
        let run_folder = RunFolder::resume(folder.path()).unwrap();
        damage(&run_folder.checkpoint_path(), &run_folder.previous_checkpoint_path());
        let found = run_folder.checkpoint().unwrap();
        assert_eq!(found.passed_over.is_some(), passed_over, "case {number}: {:?}", found.passed_over);
        let place = (found.checkpoint.epochs().len(), found.checkpoint.steps());
        assert_eq!(place == (1, 3), !passed_over, "case {number}: {place:?}");
        if run_folder.checkpoint_path().is_dir() {
            // No file takes the place of a folder; the user has to take it away.
            drop(run_folder);
            assert!(matches!(run.go(folder.path(), NEVER), Err(TrainError::Checkpoint(_))), "case {number}");
            fs::remove_dir(folder.path().join("checkpoint.safetensors")).unwrap();
        } else {
            drop(run_folder);
        }
        // The one before is not lost when the newest is of no use and the run goes on.
        stopped(run.go(folder.path(), 1));
        let run_folder = RunFolder::resume(folder.path()).unwrap();
        for path in [run_folder.checkpoint_path(), run_folder.previous_checkpoint_path()] {
            Checkpoint::load(path).unwrap();
        }
        drop(run_folder);
        assert_eq!(run.go(folder.path(), NEVER).unwrap(), expected, "case {number}");
    }
}

#[test]
fn with_both_of_no_use_each_is_told_of() {
    let folder = TempDir::new().unwrap();
    let run_folder = RunFolder::create(folder.path(), Existing::Refuse).unwrap();
    fs::write(run_folder.checkpoint_path(), b"no checkpoint").unwrap();
    fs::create_dir(run_folder.previous_checkpoint_path()).unwrap();
    let error = run_folder.checkpoint().unwrap_err();
    assert!(matches!(error, CheckpointError::Neither { .. }), "{error}");
    let text = format!("{error}");
    assert!(text.contains("checkpoint.safetensors: the checksum is wrong"), "{text}");
    assert!(text.contains("nor from the one before"), "{text}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("checkpoint.previous.safetensors"), "{source}");
}

#[test]
fn a_run_from_the_start_leaves_nothing_of_an_earlier_one_to_go_on_from() {
    let folder = TempDir::new().unwrap();
    let run = Run { kind: Kind::Fused, params: params(), threads: 1 };
    stopped(run.go(folder.path(), 7));
    assert!(folder.path().join("checkpoint.previous.safetensors").is_file());

    let split = split();
    let mut model = network(16, &[], 8, 2);
    let fresh = RunFolder::create(folder.path(), Existing::Replace).unwrap();
    let config = TrainParams { seed: 9, ..params() }.check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
    trainer.keep(&fresh, trainer.settings(origin(&split)), CHECKPOINT_EVERY);
    trainer.stop_when(|| true);
    let previous = fresh.previous_checkpoint_path();
    trainer.train(&mut |_| assert!(!previous.exists(), "it is another run's")).unwrap_err();
    for path in [fresh.checkpoint_path(), fresh.previous_checkpoint_path()] {
        assert_eq!(Checkpoint::load(path).unwrap().settings().config.seed, 9);
    }
}

#[test]
fn checkpoints_come_before_the_first_step_with_every_epoch_and_as_often_as_asked() {
    let split = split();
    let places = |every: Duration| {
        let folder = TempDir::new().unwrap();
        let run = RunFolder::create(folder.path(), Existing::Refuse).unwrap();
        let mut model = network(16, &[], 8, 1);
        let config = params().check().unwrap();
        let mut trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
        trainer.keep(&run, trainer.settings(origin(&split)), every);
        let mut places = Vec::new();
        let mut note = |_: ae_train::Event<'_>| {
            // Long enough for the one that is being written, and for no two epochs to share one.
            std::thread::sleep(Duration::from_millis(70));
            let found = Checkpoint::load(run.checkpoint_path()).unwrap();
            let place = (found.epochs().len(), found.steps());
            if places.last() != Some(&place) {
                places.push(place);
            }
        };
        trainer.train(&mut note).unwrap();
        places.push(Checkpoint::load(run.checkpoint_path()).map(|c| (c.epochs().len(), c.steps())).unwrap());
        places
    };
    let rare = places(Duration::from_secs(3600));
    assert_eq!(rare, [(0, 0), (1, 0), (2, 0), (3, 0)]);
    let often = places(Duration::ZERO);
    assert!(often.len() > 6 && often.starts_with(&[(0, 0)]) && often.ends_with(&[(3, 0)]), "{often:?}");
    assert!(often.iter().any(|&(_, steps)| steps > 0), "{often:?}");
}

#[test]
fn a_loss_that_leaves_the_finite_numbers_leaves_the_last_good_checkpoint() {
    for kind in KINDS {
        let folder = TempDir::new().unwrap();
        let run = Run { kind, params: TrainParams { learning_rate: 1e38, ..params() }, threads: 1 };
        let error = run.go_on(folder.path(), NEVER, Duration::ZERO).unwrap_err();
        assert!(matches!(error, TrainError::NonFinite { .. }), "{error}");
        let run_folder = RunFolder::resume(folder.path()).unwrap();
        let found = run_folder.checkpoint().unwrap();
        assert!(found.passed_over.is_none(), "{:?}", found.passed_over);
        assert!(found.checkpoint.epochs().is_empty());
    }
}

#[test]
fn a_folder_that_goes_away_ends_the_run_with_an_error_that_names_it() {
    let split = split();
    let temporary = TempDir::new().unwrap();
    let at = temporary.path().join("run");
    let folder = RunFolder::create(&at, Existing::Refuse).unwrap();
    let mut model = network(16, &[], 8, 1);
    let config = TrainParams { epochs: MAX_EPOCHS, ..params() }.check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
    trainer.keep(&folder, trainer.settings(origin(&split)), Duration::ZERO);
    let mut steps = 0;
    let error = trainer
        .train(&mut |_| {
            steps += 1;
            if steps == 10 {
                // What is being written just then may come in between.
                while at.exists() {
                    let _ = fs::remove_dir_all(&at);
                }
            }
        })
        .unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint(CheckpointError::Write(_))), "{error}");
    assert!(error.to_string().contains("run/checkpoint.safetensors"), "{error}");
}

#[test]
fn an_epochs_figures_survive_to_the_bit() {
    let split = split();
    let folder = TempDir::new().unwrap();
    let run = RunFolder::create(folder.path(), Existing::Refuse).unwrap();
    let mut model = network(16, &[], 8, 1);
    let config = params().check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
    trainer.keep(&run, trainer.settings(origin(&split)), CHECKPOINT_EVERY);
    let history = trainer.train(&mut |_| {}).unwrap();
    let found = run.checkpoint().unwrap().checkpoint;
    let bits = |rows: &[EpochRecord]| -> Vec<[u64; 5]> {
        let of =
            |row: &EpochRecord| [row.train_loss, row.test_loss, row.test_mse, row.test_psnr_db, row.wall_s];
        rows.iter().map(|row| of(row).map(f64::to_bits)).collect()
    };
    assert_eq!(bits(found.epochs()), bits(&history.epochs));
    drop(trainer);
    assert_eq!(found.weights(), model.identity());
}
