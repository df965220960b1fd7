//! Data of every kind, from training to figures: no kind of file makes a difference to what is computed.

use std::fs;

use ae_data::{Elements, Shape};

use crate::fixture::{Fixture, write_idx};
use crate::own_files::{
    bytes, colour, joined, npy_bytes, write_idx_of, write_kaggle, write_keras, write_pictures,
    write_relative, write_table,
};
use crate::standard::fed;

/// Trains on what `train` names, and lets every command use the run that is to use rows of `images`.
fn goes_all_the_way(fixture: &Fixture, name: &str, train: &[&str], images: &[&str]) {
    let run = &format!("runs/{name}")[..];
    let settings = ["--epochs", "1", "--code", "4", "--run", run];
    fixture.succeed(&[&["train"], train, &settings[..]].concat());
    fixture.succeed(&["figure", "--run", run]);
    let (codes, back) = (&format!("{name}.npy")[..], &format!("{name}-back")[..]);
    let encode = ["encode", "--run", run, "--out", codes, "--images"];
    let said = fixture.succeed(&[&encode[..], images].concat());
    assert!(said.contains("codes of 4 numbers"), "{said}");
    fixture.succeed(&["decode", "--run", run, "--codes", codes, "--out", back]);
    let said = fixture.succeed(&["evaluate", "--run", run]);
    assert!(said.contains("PCA, 4 numbers"), "{said}");
}

#[test]
fn images_of_any_size_element_and_colour_go_all_the_way() {
    let fixture = Fixture::new();
    for (name, sizes) in [
        ("square16", &[40, 16, 16][..]),
        ("square64", &[40, 64, 64]),
        ("odd", &[40, 28, 27]),
        ("planes", &[40, 3, 12, 10]),
        ("pixels", &[40, 12, 10, 3]),
    ] {
        let file = &format!("{name}.idx")[..];
        write_idx(&fixture.path(file), sizes, bytes(0..40, sizes[1..].iter().product()));
        goes_all_the_way(&fixture, name, &["--images", file], &[file]);
    }
    let unit = bytes(0..40, 784).iter().map(|&byte| f64::from(byte) / 255.0).collect();
    write_idx_of(&fixture.path("f64.idx"), &[40, 28, 28], Elements::F64(unit));
    goes_all_the_way(&fixture, "f64", &["--images", "f64.idx"], &["f64.idx"]);
    write_pictures(&fixture.path("pictures"), &[], 40, colour(12, 10));
    goes_all_the_way(&fixture, "folder", &["--images", "pictures"], &["pictures"]);
}

#[test]
fn relatives_of_mnist_go_all_the_way_under_their_own_names() {
    let fixture = Fixture::new();
    for (folder, prefix) in [("letters", "emnist-letters"), ("qmnist", "qmnist")] {
        write_relative(&fixture.path(folder), prefix);
        let images = format!("{folder}/{prefix}-test-images-idx3-ubyte");
        goes_all_the_way(&fixture, folder, &["--data", folder], &[&images]);
    }
    write_keras(&fixture.path("mnist.npz"), 40, 12);
    goes_all_the_way(&fixture, "keras", &["--data", "mnist.npz"], &["mnist.npz", "--array", "x_test"]);
    write_kaggle(&fixture.path("train.csv"), 0..40, true);
    write_kaggle(&fixture.path("test.csv"), 40..52, false);
    goes_all_the_way(&fixture, "kaggle", &["--images", "train.csv", "--shape", "28x28"], &["test.csv"]);
    // All of them have classes, which `evaluate` has measured by.
    for run in ["letters", "qmnist", "keras", "kaggle"] {
        let record = fs::read_to_string(fixture.path(&format!("runs/{run}/run.json"))).unwrap();
        assert!(record.contains("labels_sha256"), "{run}");
    }
}

#[test]
fn the_same_pixels_give_the_same_weights_and_codes_whatever_file_they_come_in() {
    let fixture = Fixture::new();
    let (count, shape) = (40, Shape::picture(12, 10));
    let pixels = bytes(0..count, shape.numbers());
    write_idx(&fixture.path("a.idx"), &[count, 12, 10], pixels.clone());
    fs::write(fixture.path("a.npy"), npy_bytes(&[count, 12, 10], &pixels)).unwrap();
    write_pictures(&fixture.path("a"), &[], count, shape);
    let line = |row: usize| format!("{},{}", joined(bytes(row..row + 1, 120)), row % 3);
    let header = joined((0..120).map(|pixel| format!("pixel{pixel}"))) + ",class";
    write_table(&fixture.path("a.csv"), Some(&header), (0..count).map(line));

    let made = ["a.idx", "a.npy", "a", "a.csv"].map(|images| {
        let (run, codes) = (&format!("run-{images}")[..], &format!("{images}-codes.npy")[..]);
        let shape: &[&str] = if images == "a.csv" { &["--shape", "12x10"] } else { &[] };
        let train = ["train", "--images", images, "--run", run, "--epochs", "2", "--code", "6"];
        fixture.succeed(&[&train[..], shape].concat());
        fixture.succeed(&["encode", "--run", run, "--images", images, "--out", codes]);
        let read = |name: &str| fs::read(fixture.path(name)).unwrap();
        (read(&format!("{run}/model.safetensors")), read(codes))
    });
    for (other, name) in made[1..].iter().zip(["a.npy", "a", "a.csv"]) {
        assert!(*other == made[0], "{name} and a.idx differ");
    }
}

#[test]
fn tables_and_arrays_come_by_standard_input() {
    let fixture = Fixture::new();
    let pixels = bytes(0..40, 30);
    fs::write(fixture.path("a.npy"), npy_bytes(&[40, 6, 5], &pixels)).unwrap();
    let line = |row: usize| format!("r{row},{}", joined(bytes(row..row + 1, 5)));
    write_table(&fixture.path("b.csv"), Some("name,a,b,c,d,e"), (0..40).map(line));
    for (images, codes) in [("a.npy", "a-codes.npy"), ("b.csv", "b-codes.csv")] {
        let run = &format!("run-{images}")[..];
        fixture.succeed(&["train", "--images", images, "--epochs", "1", "--code", "4", "--run", run]);
        fixture.succeed(&["encode", "--run", run, "--images", images, "--out", codes]);
        let read = |name: &str| fs::read(fixture.path(name)).unwrap();
        let out = &format!("piped-{codes}")[..];
        let output = fed(&fixture, &["encode", "--run", run, "--images", "-", "--out", out], &read(images));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(read(out) == read(codes), "{images}");
    }
}
