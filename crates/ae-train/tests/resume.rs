//! A run that is stopped and goes on ends as one that was never stopped: same bits, every engine, from anywhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use std::fs;
use std::path::Path;

use ae_net::WeightsError;
use ae_train::{
    CHECKPOINT_EVERY, Checkpoint, DataSource, EpochOrder, Existing, Origin, RunFolder, RunSettings,
    TrainError, TrainParams, Trainer,
};
use common::*;
use tempfile::TempDir;

#[test]
fn a_run_stopped_after_any_step_ends_as_if_it_had_not_been() {
    for kind in KINDS {
        // dfdx adds up in an order that the number of threads may have a say in.
        let (threads, others) = (1, if kind == Kind::Fused { [2, 3] } else { [1, 1] });
        for (noise, mask, rate, decay) in
            [(0.0, 0.0, 0.0, 0.0), (0.5, 0.0, 0.0, 0.5), (0.0, 0.5, 0.125, 0.0), (0.25, 0.25, 0.125, 1.0)]
        {
            let run = Run { kind, params: TrainParams { noise, mask, rate, decay, ..params() }, threads };
            let expected = whole(&run);
            for steps in 1..=12 {
                let folder = TempDir::new().unwrap();
                let place = stopped(run.go(folder.path(), steps));
                assert_eq!(place, ((steps as u64 - 1) / 4 + 1, (steps - 1) % 4 + 1));
                let threads = others[steps % 2];
                let found = Run { threads, ..run }.go(folder.path(), NEVER).unwrap();
                assert_eq!(
                    found, expected,
                    "{kind:?}, noise {noise}, mask {mask}, rate {rate}, decay {decay}, stopped after {steps} steps"
                );
            }
        }
    }
}

#[test]
fn a_run_stopped_again_and_again_ends_as_if_it_had_not_been() {
    for order in [EpochOrder::Shuffled, EpochOrder::Sequential] {
        for kind in KINDS {
            let run = Run { kind, params: TrainParams { order, ..params() }, threads: 2 };
            let expected = whole(&run);
            for stride in [1, 3, 5] {
                let folder = TempDir::new().unwrap();
                let mut stops = 0;
                let found = loop {
                    match run.go(folder.path(), stride) {
                        Ok(found) => break found,
                        Err(TrainError::Stopped { .. }) if stops < 12 => stops += 1,
                        Err(error) => panic!("{error}"),
                    }
                };
                assert_eq!(found, expected, "{kind:?}, {order:?}, every {stride} steps");
                assert_eq!(stops, 12 / stride);
            }
        }
    }
}

#[test]
fn a_deeper_model_goes_on_too() {
    let split = split();
    let config = params().check().unwrap();
    let train = |folder: &Path, steps: usize| {
        let (mut model, folder) = (network(16, &[12, 6], 2, 3), open(folder));
        let trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
        let history = train(trainer, &folder, &split, steps, CHECKPOINT_EVERY);
        (model.identity(), history.ok())
    };
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let expected = train(one.path(), NEVER);
    assert!(train(two.path(), 6).1.is_none());
    assert_eq!(train(two.path(), NEVER), expected);
}

#[test]
fn more_epochs_may_be_asked_for_also_when_all_are_done() {
    for kind in KINDS {
        let short = Run { kind, params: TrainParams { epochs: 2, ..params() }, threads: 1 };
        let long = Run { kind, params: params(), threads: 1 };
        let folder = TempDir::new().unwrap();
        let first = short.go(folder.path(), NEVER).unwrap();
        // Nothing is left to do, and that is done again.
        assert_eq!(short.go(folder.path(), NEVER).unwrap(), first);
        assert_eq!(long.go(folder.path(), NEVER).unwrap(), whole(&long));
        match short.go(folder.path(), NEVER) {
            Err(TrainError::Differs { what, kept, asked }) => {
                assert_eq!((what.as_str(), kept.as_str(), asked.as_str()), ("epochs", "3", "2"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn epochs_stay_where_the_step_size_falls_towards_the_last() {
    let falling = |epochs| TrainParams { epochs, decay: 0.5, ..params() };
    let run = |epochs| Run { kind: Kind::Fused, params: falling(epochs), threads: 1 };
    let folder = TempDir::new().unwrap();
    let first = run(3).go(folder.path(), NEVER).unwrap();
    match run(4).go(folder.path(), NEVER) {
        Err(TrainError::Differs { what, kept, asked }) => {
            // Why is said too, as more epochs are what can be asked for elsewhere.
            assert_eq!(what, "epochs (the step size has fallen towards the last one)");
            assert_eq!((kept.as_str(), asked.as_str()), ("3", "4"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(run(3).go(folder.path(), NEVER).unwrap(), first);
}

/// A change of settings, and its name, what the checkpoint has and what is asked for.
type Change = (fn(&mut RunSettings), [&'static str; 3]);

const CHANGES: [Change; 19] = [
    (|s| s.preset = "deep".into(), ["preset", "test", "deep"]),
    (|s| s.hidden = Some(vec![12, 9]), ["hidden layers", "none", "12, 9"]),
    (|s| s.pixels = 25, ["pixels", "16", "25"]),
    (|s| s.code = 4, ["code size", "8", "4"]),
    (|s| s.engine = "other".into(), ["engine", "", "other"]),
    (|s| s.config.epochs = 2, ["epochs", "3", "2"]),
    (|s| s.config.batch_size = 4, ["batch size", "3", "4"]),
    (|s| s.config.learning_rate = 0.1, ["learning rate", "0.01", "0.1"]),
    (|s| s.config.seed = 8, ["seed", "7", "8"]),
    (|s| s.config.order = EpochOrder::Sequential, ["order", "shuffled", "sequential"]),
    (|s| s.config.noise = 0.5, ["noise", "0", "0.5"]),
    (|s| s.config.mask = 0.25, ["mask", "0", "0.25"]),
    (|s| s.config.rate = 0.125, ["rate", "0", "0.125"]),
    (|s| s.config.decay = 0.5, ["decay", "0", "0.5"]),
    (|s| s.init = Some("w.safetensors".into()), ["initial weights", "drawn", "w.safetensors"]),
    (|s| s.data.train.images = 11, ["training images", "10 of 4 x 4", "11 of 4 x 4"]),
    (|s| s.data.train.sha256 = "00".into(), ["training images", "SHA-256", "SHA-256 00"]),
    (|s| s.data.test.rows = 2, ["test images", "4 of 4 x 4", "4 of 2 x 4"]),
    (|s| s.data.test.sha256 = "11".into(), ["test images", "SHA-256", "SHA-256 11"]),
];

#[test]
fn another_run_is_refused_by_name_and_changes_nothing() {
    for kind in KINDS {
        let folder = TempDir::new().unwrap();
        stopped(Run { kind, params: params(), threads: 1 }.go(folder.path(), 5));
        let before = fs::read(folder.path().join("checkpoint.safetensors")).unwrap();
        let checkpoint = || Checkpoint::from_bytes(&before).unwrap();
        let split = split();
        let mut model = network(16, &[], 8, 1);
        let untouched = model.tensors();
        let mut trainer = trainer(kind, &mut model, &split, params().check().unwrap(), team(1)).unwrap();
        // The fused engine gives the same bits with any number of threads.
        let threads: Change = (|s| s.threads = 2, ["threads", "1", "2"]);
        for (change, [name, ours, theirs]) in
            CHANGES.into_iter().chain((kind != Kind::Fused).then_some(threads))
        {
            let mut settings = checkpoint().settings().clone();
            change(&mut settings);
            match trainer.resume(checkpoint(), &settings) {
                Err(TrainError::Differs { what, kept, asked }) => {
                    assert_eq!(what, name);
                    assert!(kept.contains(ours) && asked.contains(theirs), "{name}: {kept} and {asked}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        let found = trainer.adam_state();
        assert_eq!(found.t, 0, "{kind:?}");
        drop(trainer);
        assert_eq!(model.tensors(), untouched);

        // Where the images lie is no difference.
        let mut settings = checkpoint().settings().clone();
        settings.data.source = DataSource::Folder("elsewhere".into());
        settings.data.from = Some("..".into());
        let mut model = network(16, &[], 8, 1);
        let mut trainer =
            common::trainer(kind, &mut model, &split, params().check().unwrap(), team(1)).unwrap();
        trainer.resume(checkpoint(), &settings).unwrap();
    }
}

/// As a version wrote it that did not keep hidden layers: the tensors' shapes say that they are the same.
#[test]
fn a_checkpoint_without_hidden_layers_goes_on() {
    let folder = TempDir::new().unwrap();
    let (split, config) = (split(), params().check().unwrap());
    let mut model = network(16, &[], 8, 1);
    let run = RunFolder::create(folder.path(), Existing::Refuse).unwrap();
    let mut first = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
    first.keep(&run, first.settings(Origin { hidden: None, ..origin(&split) }), CHECKPOINT_EVERY);
    first.stop_when(after(5));
    first.train(&mut |_| {}).unwrap_err();
    drop(first);
    drop(run);
    let fused = Run { kind: Kind::Fused, params: params(), threads: 1 };
    assert_eq!(fused.go(folder.path(), NEVER).unwrap(), whole(&fused));
}

#[test]
fn a_checkpoint_that_says_it_fits_and_does_not_is_refused() {
    for kind in KINDS {
        let folder = TempDir::new().unwrap();
        stopped(Run { kind, params: params(), threads: 1 }.go(folder.path(), 5));
        let checkpoint = || Checkpoint::load(folder.path().join("checkpoint.safetensors")).unwrap();
        let (split, config) = (split(), params().check().unwrap());
        let refused = |hidden: &[usize], code, wrong: &str| {
            let mut other = network(16, hidden, code, 1);
            let mut trainer = trainer(kind, &mut other, &split, config, team(1)).unwrap();
            let error = trainer.resume(checkpoint(), checkpoint().settings()).unwrap_err();
            assert!(
                matches!(&error, TrainError::Weights(WeightsError::Tensor { name, .. }) if name == wrong),
                "{kind:?}: {error}"
            );
            // Its first step is that of a model which nobody tried to change.
            let step = |mut trainer: Trainer<'_>| {
                trainer.stop_when(|| true);
                assert!(matches!(trainer.train(&mut |_| {}), Err(TrainError::Stopped { .. })));
            };
            step(trainer);
            let mut untouched = network(16, hidden, code, 1);
            step(common::trainer(kind, &mut untouched, &split, config, team(1)).unwrap());
            assert_eq!(other.tensors(), untouched.tensors(), "{kind:?}");
        };
        refused(&[], 4, "encoder.0.weight");
        refused(&[8], 4, "encoder.2.weight");
    }
}
