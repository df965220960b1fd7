//! Folders of MNIST's relatives, known by the names of their files.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use ae_data::npy::{Element, write_header, write_labels};
use ae_data::{Limits, LoadError, Part, Shape, open_folder, open_folder_labels, open_folder_part};
use flate2::Compression;
use flate2::write::GzEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use tempfile::TempDir;

/// A file of one image of 2 rows and 3 columns, every pixel `value`.
fn image(value: u8) -> Vec<u8> {
    [&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3][..], &[value; 6]].concat()
}

fn label(value: u8) -> Vec<u8> {
    vec![0, 0, 8, 1, 0, 0, 0, 1, value]
}

/// Eight numbers a digit, as QMNIST has them.
fn eight(value: u8) -> Vec<u8> {
    let numbers = [&[0, 0, 0, value][..], &[0, 0, 0, 99].repeat(7)].concat();
    [&[0, 0, 0x0c, 2, 0, 0, 0, 1, 0, 0, 0, 8][..], &numbers].concat()
}

/// An archive of one array, which `numpy.savez(FILE, array)` calls so.
fn npz(array: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    let file = archive.new_file("arr_0.npy").compression_method(CompressionMethod::STORE);
    let (mut entry, config) = file.start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(array).unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    archive.finish().unwrap()
}

fn npz_image(value: u8) -> Vec<u8> {
    let mut array = Vec::new();
    write_header(&mut array, Element::U8, &[1, 2, 3]).unwrap();
    npz(&[&array[..], &[value; 6]].concat())
}

fn npz_label(value: u8) -> Vec<u8> {
    let mut array = Vec::new();
    write_labels(&mut array, &[value.into()]).unwrap();
    npz(&array)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", chain(source)))
}

/// The folder holds a training image of ones with label 3, and a test image of twos with label 4.
fn assert_is_a_set(folder: &Path) {
    let limits = Limits::default();
    let set = open_folder(folder, &limits).unwrap();
    assert_eq!((set.train.shape(), set.test.shape()), (Shape::picture(2, 3), Shape::picture(2, 3)));
    assert_eq!((set.train.bytes(), set.train.labels()), (Some(&[1; 6][..]), Some(&[3][..])));
    assert_eq!((set.test.bytes(), set.test.labels()), (Some(&[2; 6][..]), Some(&[4][..])));
    assert_eq!(open_folder_part(folder, Part::Test, &limits).unwrap().bytes(), Some(&[2; 6][..]));
    assert_eq!(open_folder_labels(folder, Part::Train, &limits).unwrap(), Some(vec![3]));
}

/// What makes a file of one image, and one of one label.
type Files = [fn(u8) -> Vec<u8>; 2];

/// Names as the sets' authors give them, or those who pass them on: `PART` is the part, then the names of the parts, of the
/// images and of the labels.
const SETS: [(&str, [&str; 2], [&str; 2], Files); 7] = [
    ("PART-", ["train", "t10k"], ["images-idx3-ubyte", "labels-idx1-ubyte"], [image, label]),
    ("PART-", ["train", "t10k"], ["images.idx3-ubyte", "labels.idx1-ubyte"], [image, label]),
    ("PART-", ["train", "test"], ["images-idx3-ubyte", "labels-idx1-ubyte"], [image, label]),
    ("emnist-letters-PART-", ["train", "test"], ["images-idx3-ubyte", "labels-idx1-ubyte"], [image, label]),
    ("qmnist-PART-", ["train", "test"], ["images-idx3-ubyte", "labels-idx2-int"], [image, eight]),
    ("kmnist-PART-", ["train", "test"], ["imgs.npz", "labels.npz"], [npz_image, npz_label]),
    ("k49-PART-", ["train", "test"], ["imgs.npz", "labels.npz"], [npz_image, npz_label]),
];

#[test]
fn sets_are_known_by_their_names() {
    for (beginning, [train, test], [images, labels], [image, label]) in SETS {
        let name = |part: &str, content: &str| format!("{}{content}", beginning.replace("PART", part));
        let files = [
            (name(train, images), image(1)),
            (name(train, labels), label(3)),
            (name(test, images), image(2)),
            (name(test, labels), label(4)),
        ];
        let plain = files.iter().map(|(name, bytes)| (&name[..], bytes.clone()));
        assert_is_a_set(folder(plain).path());
        let packed = files.each_ref().map(|(name, bytes)| (format!("{name}.gz"), gzip(bytes)));
        assert_is_a_set(folder(packed.iter().map(|(name, bytes)| (&name[..], bytes.clone()))).path());
    }
    for split in ["byclass", "bymerge", "balanced", "letters", "digits", "mnist"] {
        let name = format!("emnist-{split}-train-images-idx3-ubyte.gz");
        let folder = folder([(&name[..], gzip(&image(1)))]);
        assert_eq!(open_folder_part(folder.path(), Part::Train, &Limits::default()).unwrap().len(), 1);
    }
}

#[test]
fn two_sets_in_one_folder_are_named() {
    let folder = folder([
        ("train-images-idx3-ubyte", image(1)),
        ("t10k-images-idx3-ubyte", image(2)),
        ("emnist-digits-test-labels-idx1-ubyte.gz", gzip(&label(4))),
    ]);
    let limits = Limits::default();
    for refused in [
        open_folder(folder.path(), &limits).err(),
        open_folder_part(folder.path(), Part::Train, &limits).err(),
        open_folder_labels(folder.path(), Part::Train, &limits).err(),
    ] {
        let said = chain(&refused.unwrap());
        let expected = "files of a folder: expected those of one set, any other's in a folder of its own, found \
                        train-images-idx3-ubyte beside emnist-digits-test-labels-idx1-ubyte.gz";
        assert_eq!(said, format!("cannot use {}: {expected}", folder.path().display()));
    }
}

#[test]
fn what_was_looked_for_is_told_in_short() {
    let said = |name: &str| {
        let folder = folder([(name, image(1))]);
        let error = open_folder_part(folder.path(), Part::Test, &Limits::default()).unwrap_err();
        assert!(matches!(error, LoadError::Missing { .. }), "{error:?}");
        error.to_string().replace(&folder.path().display().to_string(), "DATA")
    };
    assert_eq!(
        said("photo.png"),
        "no file of test images in DATA, looked for t10k-images-idx3-ubyte, emnist-byclass-test-images-idx3-ubyte, \
         qmnist-test-images-idx3-ubyte, kmnist-test-imgs.npz, plain or with .gz"
    );
    assert_eq!(
        said("qmnist-train-images-idx3-ubyte"),
        "no file of test images in DATA, looked for qmnist-test-images-idx3-ubyte, qmnist-test-images.idx3-ubyte, \
         plain or with .gz"
    );
}
