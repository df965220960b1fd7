//! Runs that end well: what `train` and `figure` leave on disk.

use std::fs;

use crate::fixture::{Fixture, is_epoch, pixels, write_idx};
use ae_train::{EpochOrder, RunFolder, TrainParams};

const FILES: [&str; 5] =
    ["run.json", "history.csv", "model.safetensors", "figures/reconstructions.png", "figures/loss.svg"];

#[test]
fn a_bare_train_writes_the_whole_run_and_a_bare_figure_draws_it_again() {
    let fixture = Fixture::new();
    let said = fixture.succeed(&["train", "--data", "data", "--epochs", "2"]);
    for file in FILES {
        let path = fixture.path("runs/shallow-32").join(file);
        assert!(path.is_file(), "{file} is missing");
        assert!(said.contains(&format!("runs/shallow-32/{file}")), "{said}");
    }
    assert_eq!(said.lines().filter(|line| is_epoch(line)).count(), 2, "{said}");

    let picture = fixture.path("runs/shallow-32/figures/reconstructions.png");
    let drawn_by_train = fs::read(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    fixture.succeed(&["figure"]);
    assert_eq!(fs::read(&picture).unwrap(), drawn_by_train);
}

#[test]
fn the_record_says_what_was_done() {
    let fixture = Fixture::new();
    fixture.succeed(&[
        "train",
        "--data",
        "data",
        "--epochs",
        "3",
        "--batch-size",
        "7",
        "--seed",
        "5",
        "--code",
        "8",
        "--learning-rate",
        "0.002",
        "--order",
        "sequential",
        "--noise",
        "0.25",
        "--mask",
        "0.125",
        "--rate",
        "0.0625",
        "--decay",
        "0.5",
        "--run",
        "mine",
    ]);
    let folder = RunFolder::open(fixture.path("mine")).unwrap();
    let record = folder.record().unwrap();
    let expected = TrainParams {
        epochs: 3,
        batch_size: 7,
        learning_rate: 0.002,
        seed: 5,
        order: EpochOrder::Sequential,
        noise: 0.25,
        mask: 0.125,
        rate: 0.0625,
        decay: 0.5,
    };
    assert_eq!(record.config, expected);
    assert_eq!((record.model.preset.as_str(), record.model.pixels, record.model.code), ("shallow", 784, 8));
    assert_eq!((record.data.train.images, record.data.test.images), (40, 12));
    assert_eq!((record.data.train.rows, record.data.train.cols), (28, 28));
    let history = folder.history(&folder.record().unwrap()).unwrap();
    assert_eq!(history.iter().map(|row| row.epoch).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(Some(history[2].train_loss), record.last_epoch_train_loss);
    assert_eq!(Some(history[2].test_loss), record.test.bce);
    let restored = record.restored.unwrap();
    assert!(restored.damaged_mse > 0.0 && restored.mse > 0.0);
}

#[test]
fn each_preset_has_its_defaults_and_flags_override_them() {
    let fixture = Fixture::new();
    let train = |arguments: &[&str], folder: &str| {
        let said = fixture.succeed(&[&["train", "--data", "data", "--epochs", "1"], arguments].concat());
        let record = RunFolder::open(fixture.path(folder)).unwrap().record().unwrap();
        assert_eq!(said.contains("test set, restored"), record.restored.is_some(), "{said}");
        (record.model.preset, record.model.code, record.config)
    };
    let recipe = TrainParams { epochs: 1, ..TrainParams::default() };
    let deep = TrainParams { batch_size: 128, ..recipe };
    assert_eq!(train(&[], "runs/shallow-32"), ("shallow".to_owned(), 32, recipe));
    assert_eq!(train(&["--preset", "deep"], "runs/deep-2"), ("deep".to_owned(), 2, deep));
    let masked = TrainParams { mask: 0.75, ..deep };
    assert_eq!(train(&["--preset", "masked"], "runs/masked-32"), ("masked".to_owned(), 32, masked));
    let denoising = TrainParams { learning_rate: 5e-4, noise: 0.5, ..recipe };
    assert_eq!(
        train(&["--preset", "denoising"], "runs/denoising-32"),
        ("denoising".to_owned(), 32, denoising)
    );

    let codec = TrainParams { rate: 0.15, decay: 0.5, ..deep };
    assert_eq!(train(&["--preset", "codec"], "runs/codec-32"), ("codec".to_owned(), 32, codec));
    let features = TrainParams { mask: 0.25, ..deep };
    assert_eq!(train(&["--preset", "features"], "runs/features-32"), ("features".to_owned(), 32, features));
    let (_, code, config) = train(&["--preset", "codec", "--code", "128"], "runs/codec-128");
    assert_eq!((code, config), (128, TrainParams { rate: 0.03, ..codec }));
    let (_, _, config) = train(&["--rate", "0.5"], "runs/shallow-32-rate0.5");
    assert_eq!(config, TrainParams { rate: 0.5, ..recipe });

    let (_, _, config) = train(&["--noise", "0.5"], "runs/shallow-32-noise0.5");
    assert_eq!(config, TrainParams { noise: 0.5, ..recipe });
    let (_, code, config) = train(
        &["--preset", "masked", "--code", "8", "--mask", "0.25", "--noise", "0.1", "--batch-size", "7"],
        "runs/masked-8-noise0.1-mask0.25",
    );
    assert_eq!((code, config), (8, TrainParams { noise: 0.1, mask: 0.25, batch_size: 7, ..recipe }));

    // The epochs too are the preset's, but no test waits for so many: the help prints the same table.
    let help = String::from_utf8(fixture.run(&["train", "--help"]).stdout).unwrap();
    for row in [
        "shallow 32 50 64 0.001 0 0 0 0",
        "deep 2 50 128 0.001 0 0 0 0",
        "masked 32 60 128 0.001 0 0.75 0 0",
        "denoising 32 50 64 0.0005 0.5 0 0 0",
        "codec 16 20 128 0.001 0 0 0.4 0.5",
        "codec 32 20 128 0.001 0 0 0.15 0.5",
        "codec 64 20 128 0.001 0 0 0.06 0.5",
        "codec 128 20 128 0.001 0 0 0.03 0.5",
        "features 32 20 128 0.001 0 0.25 0 0",
    ] {
        let printed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") == row;
        assert!(help.lines().any(printed), "{row}: {help}");
    }
}

#[test]
fn the_picture_has_the_originals_over_the_reconstructions() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    let picture =
        image::open(fixture.path("runs/shallow-32/figures/reconstructions.png")).unwrap().into_luma8();
    let (tile, gap) = (28 * 4, 4);
    // Titles stand to the left of both rows.
    let left = picture.width() - (10 * tile + 9 * gap);
    assert_eq!((left > 0, picture.height()), (true, 2 * tile + gap));
    let originals = pixels(12, 784);
    let mut differ = 0;
    for (at, &original) in originals[..10 * 784].iter().enumerate() {
        let (image, row, col) = ((at / 784) as u32, (at % 784 / 28) as u32, (at % 28) as u32);
        for (dx, dy) in [(0, 0), (3, 0), (0, 3), (3, 3)] {
            let (x, y) = (left + image * (tile + gap) + 4 * col + dx, 4 * row + dy);
            assert_eq!(picture.get_pixel(x, y).0[0], original, "image {image}, row {row}, column {col}");
            differ += u32::from(picture.get_pixel(x, y + tile + gap).0[0] != original);
        }
    }
    assert!(differ > 0, "one epoch cannot rebuild every pixel, so the second row must be another");
}

#[test]
fn one_seed_gives_one_file_of_weights_and_another_seed_another() {
    let fixture = Fixture::new();
    for (run, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
        fixture.succeed(&["train", "--data", "data", "--epochs", "2", "--seed", seed, "--run", run]);
    }
    let weights = |run: &str| fs::read(fixture.path(run).join("model.safetensors")).unwrap();
    assert_eq!(weights("a"), weights("b"));
    assert_ne!(weights("a"), weights("c"));
}

#[test]
fn single_files_without_labels_hold_out_their_last_tenth() {
    let fixture = Fixture::new();
    write_idx(&fixture.path("mine.idx"), &[30, 32, 32], pixels(30, 1024));
    fixture.succeed(&["train", "--images", "mine.idx", "--epochs", "1", "--code", "16"]);
    let folder = RunFolder::open(fixture.path("runs/shallow-16")).unwrap();
    let record = folder.record().unwrap();
    assert_eq!((record.data.train.images, record.data.test.images, record.model.pixels), (27, 3, 1024));
    fs::remove_dir_all(folder.figures_path()).unwrap();
    fixture.succeed(&["figure", "all", "--run", "runs/shallow-16"]);
    assert_eq!(fs::read_dir(folder.figures_path()).unwrap().count(), 6, "all but codes and plane");

    write_idx(&fixture.path("test.idx"), &[5, 32, 32], pixels(5, 1024));
    fixture.succeed(&[
        "train",
        "--images",
        "mine.idx",
        "--test-images",
        "test.idx",
        "--epochs",
        "1",
        "--run",
        "b",
    ]);
    let record = RunFolder::open(fixture.path("b")).unwrap().record().unwrap();
    assert_eq!((record.data.train.images, record.data.test.images), (30, 5));
}

#[test]
fn force_replaces_a_run() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    fixture.succeed(&["train", "--data", "data", "--epochs", "2", "--force"]);
    let folder = RunFolder::open(fixture.path("runs/shallow-32")).unwrap();
    assert_eq!(folder.history(&folder.record().unwrap()).unwrap().len(), 2);
}
