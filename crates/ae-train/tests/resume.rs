//! A run that is stopped and goes on ends as one that was never stopped: same bits, both engines, from anywhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::cell::Cell;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use ae_data::{ImageSet, Split};
use ae_model::{Deep, ModelError, Parameters, Shallow};
use ae_train::{
    CHECKPOINT_EVERY, Checkpoint, CheckpointError, DataRecord, DataSource, EpochOrder, EpochRecord, Existing,
    History, MAX_EPOCHS, RunFolder, RunFolderError, RunSettings, SetRecord, TrainError, TrainParams, Trainer,
};
use tempfile::TempDir;

const NEVER: usize = usize::MAX;

/// Bars at places that differ from image to image; an eighth of the pixels is lit, so that the first layer is sparse.
fn images(count: usize) -> ImageSet {
    let pixels = (0..count)
        .flat_map(|image| {
            (0..16).map(move |at| if (at + 5 * image) % 8 == 0 { 40 + 20 * image as u8 } else { 0 })
        })
        .collect();
    ImageSet::new(4, 4, pixels, None).unwrap()
}

/// Ten images in batches of 3: four steps an epoch, the last of one image.
fn split() -> Split {
    Split { train: images(10), test: images(4) }
}

fn params() -> TrainParams {
    TrainParams { epochs: 3, batch_size: 3, learning_rate: 0.01, seed: 7, ..TrainParams::default() }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Fused,
    Autodiff,
}

struct Run {
    kind: Kind,
    params: TrainParams,
    threads: usize,
}

/// The weights' identity and the history, without the seconds.
type Outcome = (String, History);

fn untimed(mut history: History) -> History {
    history.wall_s = 0.0;
    history.epochs.iter_mut().for_each(|epoch| epoch.wall_s = 0.0);
    history
}

fn data(split: &Split) -> DataRecord {
    DataRecord {
        source: DataSource::Folder("somewhere".into()),
        train: SetRecord::of(&split.train),
        test: SetRecord::of(&split.test),
    }
}

impl Run {
    /// Trains in `folder` until `steps` more are done, from its checkpoint if it has one.
    fn go(&self, folder: &Path, steps: usize) -> Result<Outcome, TrainError> {
        self.go_on(folder, steps, CHECKPOINT_EVERY, &split())
    }

    fn go_on(
        &self,
        folder: &Path,
        steps: usize,
        every: Duration,
        split: &Split,
    ) -> Result<Outcome, TrainError> {
        let mut model = Shallow::<16, 8>::build(1).unwrap();
        let config = self.params.check().unwrap();
        let threads = NonZeroUsize::new(self.threads).unwrap();
        let (resumed, folder) = match RunFolder::resume(folder) {
            Ok(folder) => (true, folder),
            Err(RunFolderError::NoCheckpoint { .. }) => {
                (false, RunFolder::create(folder, Existing::Refuse).unwrap())
            }
            Err(error) => panic!("{error}"),
        };
        let left = Cell::new(steps);
        let mut trainer = match self.kind {
            Kind::Fused => Trainer::fused(&mut model, split, config, threads)?,
            Kind::Autodiff => Trainer::autodiff(&mut model, split, config, threads)?,
        };
        let settings = trainer.settings("test", None, data(split));
        if resumed {
            trainer.resume(folder.checkpoint().unwrap().checkpoint, &settings)?;
        }
        trainer.keep(&folder, settings, every);
        trainer.stop_when(move || {
            left.set(left.get() - 1);
            left.get() == 0
        });
        let history = trainer.train(&mut |_| {})?;
        drop(trainer);
        Ok((model.identity().to_string(), untimed(history)))
    }
}

fn whole(run: &Run) -> Outcome {
    run.go(TempDir::new().unwrap().path(), NEVER).unwrap()
}

fn stopped(result: Result<Outcome, TrainError>) -> (u64, usize) {
    match result {
        Err(TrainError::Stopped { epoch, step }) => (epoch, step),
        other => panic!("expected to be stopped, got {other:?}"),
    }
}

#[test]
fn a_run_stopped_after_any_step_ends_as_if_it_had_not_been() {
    for (kind, threads, others) in [(Kind::Fused, 1, [2, 3]), (Kind::Autodiff, 1, [1, 1])] {
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
        for kind in [Kind::Fused, Kind::Autodiff] {
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
    let train = |folder: &Path, steps: usize, resumed: bool| {
        let mut model = Deep::<16, 12, 6, 2>::build(3).unwrap();
        let folder = match resumed {
            true => RunFolder::resume(folder).unwrap(),
            false => RunFolder::create(folder, Existing::Refuse).unwrap(),
        };
        let left = Cell::new(steps);
        let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN).unwrap();
        let settings = trainer.settings("deep", None, data(&split));
        if resumed {
            trainer.resume(folder.checkpoint().unwrap().checkpoint, &settings).unwrap();
        }
        trainer.keep(&folder, settings, CHECKPOINT_EVERY);
        trainer.stop_when(move || {
            left.set(left.get() - 1);
            left.get() == 0
        });
        let result = trainer.train(&mut |_| {});
        drop(trainer);
        (model.identity(), result.map(untimed).ok())
    };
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let expected = train(one.path(), NEVER, false);
    assert!(train(two.path(), 6, false).1.is_none());
    assert_eq!(train(two.path(), NEVER, true), expected);
}

#[test]
fn more_epochs_may_be_asked_for_also_when_all_are_done() {
    for kind in [Kind::Fused, Kind::Autodiff] {
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
            assert_eq!((what.as_str(), kept.as_str(), asked.as_str()), ("epochs", "3", "4"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(run(3).go(folder.path(), NEVER).unwrap(), first);
}

#[test]
fn another_run_is_refused_by_name_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let run = Run { kind: Kind::Autodiff, params: params(), threads: 1 };
    stopped(run.go(folder.path(), 5));
    let before = fs::read(folder.path().join("checkpoint.safetensors")).unwrap();
    let checkpoint = || Checkpoint::from_bytes(&before).unwrap();

    type Change = fn(&mut RunSettings);
    let cases: [(Change, [&str; 3]); 19] = [
        (|s| s.preset = "deep".into(), ["preset", "test", "deep"]),
        (|s| s.pixels = 25, ["pixels", "16", "25"]),
        (|s| s.code = 4, ["code size", "8", "4"]),
        (|s| s.engine = "fused".into(), ["engine", "autodiff", "fused"]),
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
        (|s| s.threads = 2, ["threads", "1", "2"]),
        (|s| s.data.train.images = 11, ["training images", "10 of 4 x 4", "11 of 4 x 4"]),
        (|s| s.data.train.sha256 = "00".into(), ["training images", "SHA-256", "SHA-256 00"]),
        (|s| s.data.test.rows = 2, ["test images", "4 of 4 x 4", "4 of 2 x 4"]),
        (|s| s.data.test.sha256 = "11".into(), ["test images", "SHA-256", "SHA-256 11"]),
    ];
    let split = split();
    let mut model = Shallow::<16, 8>::build(1).unwrap();
    let untouched = model.parameters();
    for (change, [name, ours, theirs]) in cases {
        let mut settings = checkpoint().settings().clone();
        change(&mut settings);
        let mut trainer =
            Trainer::autodiff(&mut model, &split, params().check().unwrap(), NonZeroUsize::MIN).unwrap();
        match trainer.resume(checkpoint(), &settings) {
            Err(TrainError::Differs { what, kept, asked }) => {
                assert_eq!(what, name);
                assert!(kept.contains(ours) && asked.contains(theirs), "{name}: {kept} and {asked}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(model.parameters(), untouched);

    // Where the images lie is no difference.
    let mut settings = checkpoint().settings().clone();
    settings.data.source = DataSource::Folder("elsewhere".into());
    let mut trainer =
        Trainer::autodiff(&mut model, &split, params().check().unwrap(), NonZeroUsize::MIN).unwrap();
    trainer.resume(checkpoint(), &settings).unwrap();
}

#[test]
fn a_checkpoint_that_says_it_fits_and_does_not_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = Run { kind: Kind::Fused, params: params(), threads: 1 };
    stopped(run.go(folder.path(), 5));
    let checkpoint = Checkpoint::load(folder.path().join("checkpoint.safetensors")).unwrap();
    let settings = checkpoint.settings().clone();
    let split = split();
    let mut other = Shallow::<16, 4>::build(1).unwrap();
    let before = other.parameters();
    let mut trainer =
        Trainer::fused(&mut other, &split, params().check().unwrap(), NonZeroUsize::MIN).unwrap();
    let error = trainer.resume(checkpoint, &settings).unwrap_err();
    assert!(matches!(error, TrainError::Model(ModelError::TensorShape { .. })), "{error}");
    drop(trainer);
    assert_eq!(other.parameters(), before);
}

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
    let mut model = Shallow::<16, 8>::build(2).unwrap();
    let fresh = RunFolder::create(folder.path(), Existing::Replace).unwrap();
    let config = TrainParams { seed: 9, ..params() }.check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN).unwrap();
    trainer.keep(&fresh, trainer.settings("test", None, data(&split)), CHECKPOINT_EVERY);
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
        let mut model = Shallow::<16, 8>::build(1).unwrap();
        let config = params().check().unwrap();
        let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN).unwrap();
        trainer.keep(&run, trainer.settings("test", None, data(&split)), every);
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
    for kind in [Kind::Fused, Kind::Autodiff] {
        let folder = TempDir::new().unwrap();
        let run = Run { kind, params: TrainParams { learning_rate: 1e38, ..params() }, threads: 1 };
        let error = run.go_on(folder.path(), NEVER, Duration::ZERO, &split()).unwrap_err();
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
    let mut model = Shallow::<16, 8>::build(1).unwrap();
    let config = TrainParams { epochs: MAX_EPOCHS, ..params() }.check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN).unwrap();
    trainer.keep(&folder, trainer.settings("test", None, data(&split)), Duration::ZERO);
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
fn a_folder_is_trained_into_by_one_at_a_time() {
    let temporary = TempDir::new().unwrap();
    let first = RunFolder::create(temporary.path(), Existing::Refuse).unwrap();
    fs::write(first.checkpoint_path(), b"x").unwrap();
    for second in [
        RunFolder::create(temporary.path(), Existing::Refuse),
        RunFolder::create(temporary.path(), Existing::Replace),
        RunFolder::resume(temporary.path()),
    ] {
        match second {
            Err(RunFolderError::Locked { path }) => assert_eq!(path, temporary.path()),
            other => panic!("{other:?}"),
        }
    }
    drop(first);
    RunFolder::resume(temporary.path()).unwrap();
}

#[test]
fn what_a_killed_trainer_was_writing_is_cleared_away() {
    let temporary = TempDir::new().unwrap();
    let figures = temporary.path().join("figures");
    fs::create_dir(&figures).unwrap();
    let left = [temporary.path().join(".replace-abc.tmp"), figures.join(".replace-def.tmp")];
    for existing in [Existing::Refuse, Existing::Replace] {
        left.iter().for_each(|path| fs::write(path, b"half a fi").unwrap());
        drop(RunFolder::create(temporary.path(), existing).unwrap());
        assert!(left.iter().all(|path| !path.exists()));
    }
    left.iter().for_each(|path| fs::write(path, b"half a fi").unwrap());
    fs::write(temporary.path().join("checkpoint.safetensors"), b"x").unwrap();
    RunFolder::resume(temporary.path()).unwrap();
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn nothing_to_go_on_with_is_no_folder_made() {
    let temporary = TempDir::new().unwrap();
    let at = temporary.path().join("run");
    assert!(matches!(RunFolder::resume(&at), Err(RunFolderError::NoCheckpoint { .. })));
    assert!(!at.exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_checkpoint_or_the_lock_is_not_waited_for() {
    let temporary = TempDir::new().unwrap();
    for name in ["checkpoint.safetensors", ".lock"] {
        let made = std::process::Command::new("mkfifo").arg(temporary.path().join(name)).status().unwrap();
        assert!(made.success());
    }
    if let Ok(folder) = RunFolder::resume(temporary.path()) {
        assert!(matches!(folder.checkpoint(), Err(CheckpointError::Neither { .. })));
    }
}

#[test]
fn an_epochs_figures_survive_to_the_bit() {
    let split = split();
    let folder = TempDir::new().unwrap();
    let run = RunFolder::create(folder.path(), Existing::Refuse).unwrap();
    let mut model = Shallow::<16, 8>::build(1).unwrap();
    let config = params().check().unwrap();
    let mut trainer = Trainer::fused(&mut model, &split, config, NonZeroUsize::MIN).unwrap();
    trainer.keep(&run, trainer.settings("test", None, data(&split)), CHECKPOINT_EVERY);
    let history = trainer.train(&mut |_| {}).unwrap();
    let found = run.checkpoint().unwrap().checkpoint;
    let bits = |rows: &[EpochRecord]| -> Vec<[u64; 5]> {
        let of =
            |row: &EpochRecord| [row.train_bce, row.test_bce, row.test_mse, row.test_psnr_db, row.wall_s];
        rows.iter().map(|row| of(row).map(f64::to_bits)).collect()
    };
    assert_eq!(bits(found.epochs()), bits(&history.epochs));
    drop(trainer);
    assert_eq!(found.weights(), model.identity());
}
