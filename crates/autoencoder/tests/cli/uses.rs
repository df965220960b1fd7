//! What a trained run is used for: figures, evaluation, generated images.

use std::fs;

use ae_data::{Limits, open_images};
use serde_json::Value;

use crate::fixture::{Fixture, pixels, write_idx};

fn trained(more: &[&str]) -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&[&["train", "--data", "data", "--epochs", "2", "--run", "run"], more].concat());
    fixture
}

fn figures(fixture: &Fixture) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(fixture.path("run/figures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn all_figures_of_a_shallow_run_are_drawn_and_the_others_named() {
    let fixture = trained(&["--code", "8"]);
    let said = fixture.succeed(&["figure", "all", "--run", "run"]);
    let expected =
        ["filters.png", "interpolation.png", "loss.png", "loss.svg", "reconstructions.png", "samples.png"];
    assert_eq!(figures(&fixture), expected);
    for skipped in ["codes", "plane", "denoising"] {
        assert!(said.contains(&format!("skipped {skipped}: ")), "{said}");
        let error = fixture.fail(1, &["figure", skipped, "--run", "run"]);
        assert!(error.contains("ae train"), "{error}");
    }
    for name in expected.iter().filter(|name| name.ends_with("png")) {
        let picture = image::open(fixture.path("run/figures").join(name)).unwrap().into_luma8();
        let levels = picture.pixels().map(|pixel| pixel.0[0]);
        assert!(levels.clone().max() > levels.min(), "{name} shows nothing");
    }
}

#[test]
fn two_dimensional_and_noisy_runs_have_their_own_figures() {
    let fixture = trained(&["--preset", "deep", "--code", "2", "--noise", "0.5"]);
    fixture.succeed(&["figure", "all", "--run", "run"]);
    let drawn = figures(&fixture);
    for name in ["codes.png", "codes.svg", "denoising.png", "plane.png"] {
        assert!(drawn.iter().any(|found| found == name), "{name} is not in {drawn:?}");
    }
    let svg = fs::read_to_string(fixture.path("run/figures/codes.svg")).unwrap();
    assert!(svg.contains("PCA, k-NN accuracy") && svg.contains("Autoencoder, k-NN accuracy"));
}

#[test]
fn evaluate_prints_a_table_and_the_same_figures_as_json() {
    let fixture = trained(&["--code", "8"]);
    let table = fixture.succeed(&["evaluate", "--run", "run"]);
    for line in
        ["autoencoder, 8 numbers", "PCA, 8 numbers, clipped", "codes", "raw pixels", "images generated"]
    {
        assert!(table.contains(line), "{line:?} is not in: {table}");
    }
    let report: Value =
        serde_json::from_str(&fixture.succeed(&["evaluate", "--run", "run", "--json"])).unwrap();
    let record: Value =
        serde_json::from_str(&fs::read_to_string(fixture.path("run/run.json")).unwrap()).unwrap();
    let (found, expected) = (&report["reconstruction"][0], &record["test"]);
    for metric in ["bce", "mse"] {
        let difference = found[metric].as_f64().unwrap() - expected[metric].as_f64().unwrap();
        assert!(difference.abs() < 1e-6, "{metric}: {found} {expected}");
    }
    assert_eq!(report["identity"], record["model"]["identity"]);
    let accuracy = report["labels"]["inputs"][0]["probe"]["accuracy"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&accuracy));
}

/// Beyond the pixels for which all components are found.
#[test]
fn codes_of_wide_images_are_drawn_beside_pca_too() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("wide")).unwrap();
    for (stem, count) in [("train", 40), ("t10k", 20)] {
        let file = |kind: &str| fixture.path("wide").join(format!("{stem}-{kind}-ubyte"));
        write_idx(&file("images-idx3"), &[count, 40, 28], pixels(count, 40 * 28));
        write_idx(&file("labels-idx1"), &[count], (0..count).map(|image| (image % 10) as u8).collect());
    }
    fixture.succeed(&["train", "--data", "wide", "--code", "2", "--epochs", "1", "--run", "two"]);
    fixture.succeed(&["figure", "codes", "--run", "two"]);
    let svg = fs::read_to_string(fixture.path("two/figures/codes.svg")).unwrap();
    assert!(svg.contains("PCA, k-NN accuracy") && svg.contains("Autoencoder, k-NN accuracy"));
}

#[test]
fn without_labels_reconstructions_are_evaluated_and_images_drawn_as_all_are_spread() {
    let fixture = Fixture::new();
    write_idx(&fixture.path("mine.idx"), &[40, 28, 28], pixels(40, 784));
    fixture.succeed(&["train", "--images", "mine.idx", "--epochs", "1", "--run", "run"]);
    let table = fixture.succeed(&["evaluate", "--run", "run"]);
    assert!(table.contains("autoencoder, 32 numbers") && table.contains("no labels"), "{table}");
    let error = fixture.fail(2, &["generate", "--run", "run", "--class", "3", "--out", "made.png"]);
    assert!(error.contains("have no labels"), "{error}");
    assert!(!fixture.path("made.png").exists());
    fixture.succeed(&["generate", "--run", "run", "--count", "7", "--out", "made.idx"]);
    let made = open_images(&fixture.path("made.idx"), &Limits::default()).unwrap();
    assert_eq!((made.len(), made.shape()), (7, ae_data::Shape::picture(28, 28)));
    fixture.succeed(&["figure", "samples", "--run", "run"]);
    assert!(fixture.path("run/figures/samples.png").is_file());
}

#[test]
fn generated_images_are_as_many_as_asked_for_and_follow_from_the_seed() {
    let fixture = trained(&["--code", "8"]);
    let make = |out: &str, more: &[&str]| {
        fixture.succeed(&[&["generate", "--run", "run", "--count", "7", "--out", out], more].concat());
        fs::read(fixture.path(out)).unwrap()
    };
    let first = make("a.idx", &["--class", "3"]);
    assert_eq!(make("b.idx", &["--digit", "3"]), first, "what it was called before");
    assert_ne!(make("c.idx", &["--class", "3", "--seed", "1"]), first);
    assert_ne!(make("d.idx", &["--class", "4"]), first);
    let images = open_images(&fixture.path("a.idx"), &Limits::default()).unwrap();
    assert_eq!((images.len(), images.shape()), (7, ae_data::Shape::picture(28, 28)));
    make("e.png", &[]);
    assert_eq!(image::open(fixture.path("e.png")).unwrap().into_luma8().dimensions(), (7 * 56 + 6 * 2, 56));
}

#[test]
fn commands_refuse_what_they_cannot_do() {
    let fixture = trained(&["--code", "8"]);
    let cases: [(i32, &[&str], &str); 6] = [
        (1, &["generate", "--run", "run", "--digit", "12", "--out", "made.png"], "12"),
        (2, &["generate", "--run", "run", "--out", "made.jpg"], ".png or .idx"),
        (2, &["generate", "--run", "run", "--count", "0", "--out", "made.png"], "--count"),
        (1, &["generate", "--run", "nowhere", "--out", "made.png"], "train --run nowhere"),
        (1, &["evaluate", "--run", "nowhere"], "train --run nowhere"),
        (1, &["evaluate", "--run", "run", "--data", "nowhere"], "nowhere"),
    ];
    for (code, arguments, word) in cases {
        let error = fixture.fail(code, arguments);
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
    assert!(!fixture.path("made.png").exists() && !fixture.path("made.jpg").exists());

    let small = fixture.path("small");
    fs::create_dir(&small).unwrap();
    for stem in ["train", "t10k"] {
        write_idx(&small.join(format!("{stem}-images-idx3-ubyte")), &[12, 20, 20], pixels(12, 400));
    }
    for command in [&["figure"][..], &["evaluate"]] {
        let error = fixture.fail(1, &[command, &["--run", "run", "--data", "small"]].concat());
        assert!(error.contains("20 x 20"), "{error}");
    }
}
