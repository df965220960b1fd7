//! What a run folder holds, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ae_data::Samples;
use ae_file::ReadError;
use ae_net::{Description, Network, Outputs};
use ae_train::{
    Baselines, CheckpointError, DataRecord, DataSource, EngineRecord, EpochRecord, Evaluation, Existing,
    Finding, History, MAX_EPOCHS, ModelRecord, PcaScore, RUN_FORMAT, Remedy, Restoration, RunFolder,
    RunFolderError, RunRecord, SetRecord, TrainParams, TrainedOn, Verdict,
};
use tempfile::TempDir;

fn evaluation() -> Evaluation {
    Evaluation { images: 12, bce: Some(0.1), mse: 0.01, psnr_db: 20.0, dead_units: 1 }
}

fn history() -> History {
    let row = EpochRecord {
        epoch: 1,
        train_loss: 0.2,
        test_loss: 0.1,
        test_mse: 0.01,
        test_psnr_db: 20.0,
        dead_units: 1,
        wall_s: 0.5,
    };
    let baselines =
        Baselines { mean_image_bce: Some(0.3), mean_image_mse: 0.07, entropy_floor_bce: Some(0.05) };
    History {
        outputs: Outputs::Logits,
        epochs: vec![row],
        train: evaluation(),
        test: evaluation(),
        restored: None,
        baselines,
        wall_s: 0.75,
    }
}

fn record(source: DataSource) -> RunRecord {
    let set = SetRecord {
        images: 12,
        channels: 1,
        rows: 28,
        cols: 28,
        sha256: "00".repeat(32),
        labels_sha256: None,
    };
    RunRecord {
        format: RUN_FORMAT,
        version: "0.1.0".to_owned(),
        model: ModelRecord {
            preset: "shallow".to_owned(),
            hidden: None,
            pixels: 784,
            code: 32,
            outputs: Outputs::Logits,
            init: None,
            identity: "ab".repeat(32),
        },
        config: TrainParams { learning_rate: 0.1, ..TrainParams::default() },
        engine: EngineRecord {
            name: "fused".to_owned(),
            threads: 2,
            used: BTreeMap::from([(1, 0.25), (2, 0.75)]),
            inputs: "sparse".to_owned(),
            density: 0.19,
        },
        data: DataRecord {
            source,
            from: None,
            form: ae_data::Form::default(),
            scaling: None,
            train: set.clone(),
            test: set,
        },
        baselines: history().baselines,
        last_epoch_train_loss: Some(0.2),
        train: evaluation(),
        test: evaluation(),
        restored: None,
        pca: None,
        verdicts: Vec::new(),
        wall_s: 0.75,
        images_per_s: 24.0,
        files: BTreeMap::new(),
    }
}

/// The record of a run on MNIST.
fn on_mnist() -> RunRecord {
    record(DataSource::Folder("data/mnist".into()))
}

fn trained_on() -> TrainedOn {
    TrainedOn::of(&Samples::new((1, 2), vec![1, 2, 3, 4]).unwrap())
}

fn save(folder: &RunFolder, record: &RunRecord) -> RunRecord {
    folder.save(&history(), &trained_on(), record.clone()).unwrap()
}

fn saved(at: &Path) -> RunFolder {
    let folder = RunFolder::create(at, Existing::Refuse).unwrap();
    save(&folder, &on_mnist());
    folder
}

/// The record as it was before its files were hashed.
fn without_hashes(record: RunRecord) -> RunRecord {
    RunRecord { files: BTreeMap::new(), ..record }
}

#[test]
fn what_is_saved_is_read_back() {
    let temp = TempDir::new().unwrap();
    let folder = saved(&temp.path().join("runs/one"));
    let again = RunFolder::open(folder.path()).unwrap();
    let found = again.record().unwrap();
    assert_eq!(again.history(&found).unwrap(), history().epochs);
    assert_eq!(again.trained_on(&found).unwrap(), Some(trained_on()));
    assert_eq!(found.files.len(), 2);
    assert_eq!(without_hashes(found), on_mnist());
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "history.csv", "run.json", "trained-on.bin"], "nothing else is left behind");

    let files = DataSource::Files { images: "mine.idx".into(), labels: None, test: None, test_labels: None };
    save(&folder, &record(files.clone()));
    assert_eq!(folder.record().unwrap().data.source, files);
    assert!(!fs::read_to_string(folder.record_path()).unwrap().contains("restored"));

    // What a record had before hidden layers and folders of images were kept is what it has without them.
    let text = fs::read_to_string(folder.record_path()).unwrap();
    assert!(!text.contains("hidden") && !text.contains("\"from\""), "{text}");
    let mut named = record(files.clone());
    named.model.hidden = Some(vec![256, 64]);
    named.data.from = Some("../..".into());
    save(&folder, &named);
    assert_eq!(without_hashes(folder.record().unwrap()), named);

    let restored = Restoration { damaged_mse: 0.1, mse: 0.02, psnr_db: 17.0 };
    let mut noisy = RunRecord { restored: Some(restored), ..record(files) };
    (noisy.config.noise, noisy.config.mask) = (0.5, 0.25);
    (noisy.config.rate, noisy.config.decay) = (0.1, 0.5);
    save(&folder, &noisy);
    assert_eq!(without_hashes(folder.record().unwrap()), noisy);

    let mut judged = noisy;
    judged.pca = Some(PcaScore { mse: 0.0, psnr_db: f64::INFINITY });
    let finding = Finding::WorseThanPca { margin_db: 0.1 + 0.2 };
    judged.verdicts = vec![Verdict { finding, remedy: Remedy::LearningRate(0.001) }];
    save(&folder, &judged);
    assert_eq!(without_hashes(folder.record().unwrap()), judged);
}

#[test]
fn numbers_are_read_back_to_the_last_bit_and_infinity_too() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    let mut record = on_mnist();
    record.test = Evaluation { mse: 0.0, psnr_db: f64::INFINITY, ..evaluation() };
    // Numbers that a parser in a hurry gets wrong by one place.
    for i in 1..500 {
        record.wall_s = f64::from(i) / 997.0;
        record.images_per_s = f64::from(i).powi(7) / 3.0;
        save(&folder, &record);
        assert_eq!(without_hashes(folder.record().unwrap()), record);
    }
}

#[test]
fn images_are_found_from_the_folder_of_the_run() {
    let run = Path::new("/runs/one");
    let found = |source: DataSource, from: Option<&str>| {
        let data = DataRecord { from: from.map(Into::into), ..record(source).data };
        data.source_of(run)
    };
    let folder = |path: &str| DataSource::Folder(path.into());
    assert_eq!(found(folder("data"), Some("../..")), folder("/runs/one/../../data"));
    assert_eq!(found(folder("/data"), Some("../..")), folder("/data"));
    assert_eq!(found(folder("data"), None), folder("data"));
    let files = |images: &str, test: Option<&str>| DataSource::Files {
        images: images.into(),
        labels: Some(images.into()),
        test: test.map(Into::into),
        test_labels: test.map(Into::into),
    };
    assert_eq!(found(files("a", Some("/b")), Some("..")), files("/runs/one/../a", Some("/b")));
    assert_eq!(found(files("a", None), Some("..")), files("/runs/one/../a", None));
}

#[test]
fn each_file_of_a_run_protects_it() {
    let checkpoints = ["checkpoint.safetensors", "checkpoint.previous.safetensors"];
    for name in
        ["run.json", "history.csv", "model.safetensors", "trained-on.bin"].into_iter().chain(checkpoints)
    {
        let temp = TempDir::new().unwrap();
        fs::write(temp.path().join(name), "what was there").unwrap();
        match RunFolder::create(temp.path(), Existing::Refuse) {
            Err(RunFolderError::HoldsRun { path, file }) => {
                assert_eq!((path.as_path(), file), (temp.path(), temp.path().join(name)));
            }
            other => panic!("{name}: {other:?}"),
        }
        RunFolder::create(temp.path(), Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(temp.path().join(name)).unwrap(), "what was there");
    }
}

#[test]
fn a_folder_without_a_record_is_no_run() {
    let temp = TempDir::new().unwrap();
    assert!(matches!(RunFolder::open(temp.path()), Err(RunFolderError::NoRun { .. })));
    assert!(matches!(RunFolder::open(temp.path().join("nowhere")), Err(RunFolderError::NoRun { .. })));
}

#[test]
fn records_that_are_not_ours_are_refused() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    let whole = fs::read_to_string(folder.record_path()).unwrap();

    fs::write(folder.record_path(), whole.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap();
    assert!(matches!(folder.record(), Err(RunFolderError::Format { found: 2, .. })));

    // The last two bytes are the closing brace and a line feed, so every prefix lacks something.
    for length in (0..whole.len() - 1).step_by(7) {
        fs::write(folder.record_path(), &whole[..length]).unwrap();
        assert!(matches!(folder.record(), Err(RunFolderError::Record { .. })), "{length} bytes");
    }
    fs::write(folder.record_path(), [0xff, 0xfe]).unwrap();
    assert!(matches!(folder.record(), Err(RunFolderError::Record { .. })));
    let deep = format!("{{\"format\": 1, \"more\": {}", "[".repeat(500_000));
    fs::write(folder.record_path(), deep).unwrap();
    assert!(matches!(folder.record(), Err(RunFolderError::Record { .. })));
}

#[test]
fn the_longest_history_that_a_run_can_write_is_read_again() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    // Of 17 digits, two signs and an exponent of three digits: none takes more.
    let long = -f64::MIN_POSITIVE;
    let row = EpochRecord {
        epoch: 1,
        train_loss: long,
        test_loss: long,
        test_mse: long,
        test_psnr_db: long,
        dead_units: usize::MAX,
        wall_s: long,
    };
    let history =
        History { epochs: (1..=MAX_EPOCHS).map(|epoch| EpochRecord { epoch, ..row }).collect(), ..history() };
    let record = folder.save(&history, &trained_on(), on_mnist()).unwrap();
    let text = fs::read_to_string(folder.history_path()).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.len() >= 5 + 5 * 24 + 20 + 6, "{last}");
    assert_eq!(folder.history(&record).unwrap(), history.epochs);
}

#[test]
fn histories_that_are_not_ours_are_refused() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    let whole = fs::read_to_string(folder.history_path()).unwrap();
    let header = whole.lines().next().unwrap();
    for broken in [
        format!("{header}\n1,0.2\n"),
        whole.replace("0.2", "low"),
        whole.replace("test_mse", "x"),
        String::new(),
        "\n".to_owned(),
        header.replace("test_mse", "x"),
    ] {
        fs::write(folder.history_path(), broken).unwrap();
        assert!(matches!(folder.history(&on_mnist()), Err(RunFolderError::History { .. })));
    }
    // Lines of so many fields, or records of so many lines, would take twenty times the file's length in memory.
    fs::write(folder.history_path(), format!("{whole}{}", ",".repeat(2_000))).unwrap();
    match folder.history(&on_mnist()) {
        Err(RunFolderError::History { source, .. }) => {
            assert_eq!(source.to_string(), "line 3 is longer than 1024 bytes");
        }
        other => panic!("{other:?}"),
    }
    fs::write(folder.history_path(), format!("{whole}{}", "\"\n\",".repeat(2_000))).unwrap();
    match folder.history(&on_mnist()) {
        Err(RunFolderError::History { source, .. }) => {
            let position = source.position().map(csv::Position::line);
            assert_eq!(position, Some(3), "{source}");
        }
        other => panic!("{other:?}"),
    }
}

/// A run of 0 epochs has a header alone, and a record without a last epoch.
#[test]
fn no_epochs_are_written_and_read_again() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    let none = RunRecord { last_epoch_train_loss: None, images_per_s: 0.0, ..on_mnist() };
    let none = folder.save(&History { epochs: vec![], ..history() }, &trained_on(), none).unwrap();
    let text = fs::read_to_string(folder.history_path()).unwrap();
    assert_eq!(text, "epoch,train_bce,test_bce,test_mse,test_psnr_db,dead_units,wall_s\n");
    assert_eq!(folder.history(&none).unwrap(), []);
    assert_eq!(folder.record().unwrap(), none);
    assert!(!fs::read_to_string(folder.record_path()).unwrap().contains("last_epoch"));
}

/// As an editor puts it before a text that somebody has changed a path in.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    // Of a record without hashes: with them, another byte is another file.
    let history = || folder.history(&on_mnist()).unwrap();
    let before = (folder.record().unwrap(), history());
    for path in [folder.record_path(), folder.history_path()] {
        let text = fs::read(&path).unwrap();
        fs::write(&path, [b"\xef\xbb\xbf", &text[..]].concat()).unwrap();
    }
    assert_eq!((folder.record().unwrap(), history()), before);
    let header = "\u{feff}epoch,train_bce,test_bce,test_mse,test_psnr_db,dead_units,wall_s";
    fs::write(folder.history_path(), header).unwrap();
    assert_eq!(history(), []);
}

#[cfg(unix)]
#[test]
fn a_file_that_never_ends_is_not_read() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    fs::remove_file(folder.history_path()).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.history_path()).unwrap();
    assert!(matches!(
        folder.history(&on_mnist()),
        Err(RunFolderError::Read { source: ReadError::NotRegular, .. })
    ));

    fs::remove_file(folder.history_path()).unwrap();
    fs::File::create(folder.history_path()).unwrap().set_len(100 << 30).unwrap();
    assert!(matches!(
        folder.history(&on_mnist()),
        Err(RunFolderError::Read { source: ReadError::TooLarge { .. }, .. })
    ));

    fs::remove_file(folder.record_path()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.record_path()).status().unwrap().success());
    assert!(matches!(folder.record(), Err(RunFolderError::Read { source: ReadError::NotRegular, .. })));
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
fn a_file_that_another_has_taken_the_place_of_is_refused() {
    let temp = TempDir::new().unwrap();
    let folder = saved(temp.path());
    let description = Description::dense(4, &[], 2);
    let network = Network::draw(&description, 0).unwrap();
    network.save(folder.model_path()).unwrap();
    let mut record = folder.record().unwrap();
    record.model.identity = network.identity().to_string();
    assert_eq!(folder.network(&record, &description).unwrap().identity(), network.identity());

    let swapped = |error| match error {
        RunFolderError::Changed { path, recorded, found, .. } if recorded != found => path,
        other => panic!("{other:?}"),
    };
    Network::draw(&description, 1).unwrap().save(folder.model_path()).unwrap();
    assert_eq!(swapped(folder.network(&record, &description).unwrap_err()), folder.model_path());
    let text = fs::read_to_string(folder.history_path()).unwrap();
    fs::write(folder.history_path(), text.replace("0.2", "0.3")).unwrap();
    assert_eq!(swapped(folder.history(&record).unwrap_err()), folder.history_path());
    let trained_on = folder.path().join("trained-on.bin");
    fs::write(&trained_on, []).unwrap();
    assert_eq!(swapped(folder.trained_on(&record).unwrap_err()), trained_on);

    // What a record from before that knowledge does not say, nobody can know.
    assert_eq!(folder.trained_on(&without_hashes(record)).unwrap(), None);
}

#[test]
fn files_of_a_run_are_known_by_any_way_to_them() {
    let temp = TempDir::new().unwrap();
    let folder = saved(&temp.path().join("run"));
    fs::create_dir(temp.path().join("other")).unwrap();
    for name in
        ["run.json", "model.safetensors", "history.csv", "trained-on.bin", "checkpoint.safetensors", ".lock"]
    {
        assert!(RunFolder::owns(&folder.path().join(name)), "{name}");
        assert!(!RunFolder::owns(&temp.path().join("other").join(name)), "{name} where there is no run");
    }
    assert!(!RunFolder::owns(&folder.path().join("codes.npy")));
    #[cfg(unix)]
    {
        let link = temp.path().join("link.npy");
        std::os::unix::fs::symlink(folder.record_path(), &link).unwrap();
        assert!(RunFolder::owns(&link));
        std::os::unix::fs::symlink(folder.path(), temp.path().join("elsewhere")).unwrap();
        assert!(RunFolder::owns(&temp.path().join("elsewhere/model.safetensors")));
    }
}
