//! Images and codes of any size: every command goes all the way with them, and what is written is read again.

use std::fs;

use ae_net::Network;
use ae_train::RunFolder;

use crate::fixture::{Fixture, pixels, write_idx};

/// Trains on images of a size, uses the run in every way, and goes on with it.
fn all_the_way(rows: usize, cols: usize, more: &[&str], folder: &str) {
    let fixture = Fixture::new();
    let (count, size) = (24, rows * cols);
    write_idx(&fixture.path("mine.idx"), &[count, rows, cols], pixels(count, size));
    let train = ["train", "--images", "mine.idx", "--epochs", "2", "--batch-size", "8"];
    let said = fixture.succeed(&[&train, more].concat());
    assert!(said.contains(&format!("images of {rows} x {cols}")), "{said}");
    let run = ["--run", folder];

    let record = RunFolder::open(fixture.path(folder)).unwrap().record().unwrap();
    assert_eq!((record.data.train.rows, record.data.train.cols), (rows, cols));
    let network = Network::load(fixture.path(folder).join("model.safetensors")).unwrap();
    assert_eq!((network.pixels(), network.code_size()), (size, record.model.code));
    assert_eq!(network.identity().to_string(), record.model.identity);

    assert!(fixture.succeed(&[&["evaluate"], &run[..]].concat()).contains("autoencoder"));
    fixture.succeed(&[&["figure", "all"], &run[..]].concat());
    let picture = image::open(fixture.path(folder).join("figures/reconstructions.png")).unwrap();
    let tiles = record.data.test.images as u32;
    // Each pixel is a square, of as many as make the longer side up to 112, or one.
    let scale = (112 / rows.max(cols) as u32).max(1);
    // Titles stand to the left of both rows.
    assert!(picture.width() > tiles * scale * cols as u32 + (tiles - 1) * 4);
    assert_eq!(picture.height(), 2 * scale * rows as u32 + 4);

    fixture.succeed(&[&["encode", "--images", "mine.idx", "--out", "c.npy"], &run[..]].concat());
    fixture.succeed(&[&["decode", "--codes", "c.npy", "--out", "d.idx"], &run[..]].concat());
    for flags in [&[][..], &["--embed-decoder"]] {
        let compress = ["compress", "mine.idx", "-o", "c.aez", "--quality", "100"];
        fixture.succeed(&[&compress[..], &run, flags].concat());
        fixture.succeed(&[&["decompress", "c.aez", "-o", "e.idx"], &run[..]].concat());
        let (decoded, back) = (fs::read(fixture.path("d.idx")), fs::read(fixture.path("e.idx")));
        let (decoded, back) = (decoded.unwrap(), back.unwrap());
        assert_eq!(back.len(), 16 + count * size);
        assert_eq!(back[..16], decoded[..16]);
        // At the finest quality rounding hardly shows; weights of 8 bits do.
        if flags.is_empty() {
            let off = back.iter().zip(&decoded).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(3), "{off:?}");
        }
    }

    fixture.succeed(&["train", "--resume", "--epochs", "3", "--run", folder]);
    let folder = RunFolder::open(fixture.path(folder)).unwrap();
    let history = folder.history(&folder.record().unwrap()).unwrap();
    assert_eq!(history.len(), 3);
}

#[test]
fn small_images_on_both_engines() {
    all_the_way(8, 8, &["--code", "3"], "runs/shallow-3");
    if cfg!(feature = "autodiff") {
        all_the_way(8, 8, &["--code", "1", "--engine", "autodiff"], "runs/shallow-1");
        let deep = ["--hidden", "12,5", "--code", "10", "--engine", "autodiff"];
        all_the_way(20, 20, &deep, "runs/shallow-12-5-10");
    }
}

#[test]
fn images_that_are_not_square() {
    all_the_way(28, 27, &["--preset", "deep", "--code", "10"], "runs/deep-10");
}

#[test]
fn a_code_as_large_as_the_image() {
    all_the_way(3, 5, &["--code", "15", "--hidden", "9"], "runs/shallow-9-15");
}

#[test]
fn images_of_thousands_of_pixels() {
    all_the_way(64, 64, &["--code", "100"], "runs/shallow-100");
    // Without a decay, so that more epochs may be asked for afterwards.
    let codec = ["--preset", "codec", "--hidden", "30", "--code", "10", "--decay", "0"];
    all_the_way(128, 96, &codec, "runs/codec-30-10");
}

/// Wider than the lists of nonzero pixels can number.
#[test]
fn images_beyond_65_536_pixels() {
    all_the_way(260, 260, &["--code", "2"], "runs/shallow-2");
}

#[test]
fn without_dfdx_its_engine_is_refused_and_with_it_both_learn() {
    let fixture = Fixture::new();
    let autodiff = ["train", "--data", "data", "--epochs", "1", "--engine", "autodiff", "--run", "a"];
    if !cfg!(feature = "autodiff") {
        let error = fixture.fail(2, &autodiff);
        assert!(error.contains("built without dfdx") && error.contains("cargo install"), "{error}");
        return;
    }
    fixture.succeed(&autodiff);
    fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--run", "f"]);
    let record = |run: &str| RunFolder::open(fixture.path(run)).unwrap().record().unwrap();
    let (autodiff, fused) = (record("a"), record("f"));
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-5;
    assert!(close(autodiff.last_epoch_train_loss.unwrap(), fused.last_epoch_train_loss.unwrap()));
    assert!(close(autodiff.test.mse, fused.test.mse));
}
