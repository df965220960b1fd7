//! The committed MNIST files, read by this crate and by the `mnist` crate, compared byte for byte.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ae_data::{DataError, Limits, MnistSets, Samples, Shape, open_folder};
use flate2::read::GzDecoder;
use mnist::{Mnist, MnistBuilder};
use sha2::{Digest, Sha256};

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist")
}

fn decompress(name: &str, to: &Path) -> PathBuf {
    let packed = File::open(committed().join(format!("{name}.gz"))).unwrap();
    let path = to.join(name);
    io::copy(&mut GzDecoder::new(packed), &mut File::create(&path).unwrap()).unwrap();
    path
}

#[test]
fn all_70_000_images_and_labels_are_what_the_mnist_crate_reads() {
    let folder = tempfile::tempdir().unwrap();
    for name in NAMES {
        decompress(name, folder.path());
    }
    let base_path = format!("{}/", folder.path().display());
    let theirs = MnistBuilder::new().base_path(&base_path).label_format_digit().finalize();

    let packed = open_folder(&committed(), &Limits::default()).unwrap();
    assert_eq!((packed.train.len(), packed.test.len()), (60_000, 10_000));
    assert_eq!(packed.train.shape(), Shape::picture(28, 28));
    // Not assert_eq: 47 million differing bytes are no message.
    assert!(packed.train.bytes() == Some(&theirs.trn_img[..]), "training images differ");
    let wide = |labels: &[u8]| labels.iter().map(|&label| label.into()).collect::<Vec<i32>>();
    assert!(packed.train.labels() == Some(&wide(&theirs.trn_lbl)), "training labels differ");
    assert!(packed.test.bytes() == Some(&theirs.tst_img[..]), "test images differ");
    assert!(packed.test.labels() == Some(&wide(&theirs.tst_lbl)), "test labels differ");

    let plain = open_folder(folder.path(), &Limits::default()).unwrap();
    assert!(plain == packed, "plain and gzipped differ");

    let sets = MnistSets::try_from(&theirs).unwrap();
    assert!(sets.train == packed.train && sets.test == packed.test, "MnistSets differ");
    assert!(sets.validation.is_empty());
    let density = packed.train.density();
    assert!((0.190..0.192).contains(&density), "density {density}");
}

#[test]
fn the_readme_has_the_sha256_of_each_decompressed_file() {
    let folder = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string(committed().join("README.md")).unwrap();
    for name in NAMES {
        let bytes = fs::read(decompress(name, folder.path())).unwrap();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let line = readme.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains(&hash), "{name} has SHA-256 {hash}, the README says: {line}");
    }
}

fn small() -> Mnist {
    Mnist {
        trn_img: vec![1; 3 * 784],
        trn_lbl: vec![0, 5, 9],
        val_img: vec![2; 784],
        val_lbl: vec![7],
        tst_img: vec![3; 2 * 784],
        tst_lbl: vec![4, 4],
    }
}

#[test]
fn the_three_parts_keep_their_places() {
    let sets = MnistSets::try_from(&small()).unwrap();
    assert_eq!(sets.train.labels(), Some(&[0, 5, 9][..]));
    assert_eq!(sets.validation.labels(), Some(&[7][..]));
    assert_eq!(sets.test.labels(), Some(&[4, 4][..]));
    let first = |set: &Samples| set.bytes().map(|bytes| bytes[0]);
    assert_eq!((first(&sets.train), first(&sets.validation), first(&sets.test)), (Some(1), Some(2), Some(3)));
}

#[test]
fn vectors_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut Mnist)| {
        let mut mnist = small();
        change(&mut mnist);
        MnistSets::try_from(&mnist).unwrap_err()
    };
    assert_eq!(
        refused(|mnist| mnist.tst_lbl = vec![0; 20]).to_string(),
        "labels: expected 2 digits (label_format_digit), found 20 of one-hot vectors"
    );
    assert_eq!(refused(|mnist| mnist.trn_lbl = vec![0; 4]), DataError::LabelCount { images: 3, labels: 4 });
    assert_eq!(
        refused(|mnist| mnist.val_img = vec![0; 785]).to_string(),
        "numbers: expected a whole number of rows of 28 x 28, found 785"
    );
}
