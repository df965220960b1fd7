//! Files and folders as a user may name them, sound and not.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use ae_data::{
    DataError, IdxError, Limits, LoadError, OpenErrorKind, Part, Shape, Values, open, open_folder,
    open_folder_labels, open_folder_part, open_images, open_labels,
};
use ae_file::ReadError;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// A file of `count` images of 2 rows and 3 columns, every pixel `value`.
fn images(count: u8, value: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 3];
    bytes.extend(vec![value; 6 * usize::from(count)]);
    bytes
}

fn labels(values: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1, 0, 0, 0, values.len() as u8], values].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn open_kind(path: &Path) -> OpenErrorKind {
    let error = open(path, &Limits::default()).unwrap_err();
    assert_eq!(error.path, path);
    assert!(error.to_string().contains(&path.display().to_string()));
    error.source
}

#[test]
fn plain_and_gzipped_are_told_apart_by_content() {
    let folder = folder(&[("plain.gz", images(4, 7)), ("packed", gzip(&images(4, 7)))]);
    let plain = open_images(&folder.path().join("plain.gz"), &Limits::default()).unwrap();
    let packed = open_images(&folder.path().join("packed"), &Limits::default()).unwrap();
    assert_eq!(plain, packed);
    assert_eq!((plain.len(), plain.shape(), plain.labels()), (4, Shape::picture(2, 3), None));
}

#[test]
fn a_missing_file_is_an_error() {
    let folder = folder(&[]);
    match open_kind(&folder.path().join("missing")) {
        OpenErrorKind::File(ReadError::Io(error)) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        other => panic!("expected Io, got {other:?}"),
    }
}

#[test]
fn a_folder_given_as_a_file_is_an_error() {
    let folder = folder(&[]);
    assert!(matches!(open_kind(folder.path()), OpenErrorKind::File(ReadError::Folder)));
}

#[test]
fn an_empty_file_is_an_error() {
    let folder = folder(&[("empty", vec![])]);
    let kind = open_kind(&folder.path().join("empty"));
    assert!(matches!(kind, OpenErrorKind::Format(IdxError::HeaderLength { needed: 4, actual: 0 })));
}

#[test]
fn a_plain_file_shorter_or_longer_than_promised_is_an_error() {
    let mut short = images(4, 7);
    short.pop();
    let mut long = images(4, 7);
    long.push(0);
    let folder = folder(&[("short", short), ("long", long)]);
    let kind = open_kind(&folder.path().join("short"));
    assert!(matches!(kind, OpenErrorKind::Format(IdxError::Length { promised: 24, actual: 23 })));
    let kind = open_kind(&folder.path().join("long"));
    assert!(matches!(kind, OpenErrorKind::Format(IdxError::Length { promised: 24, actual: 25 })));
}

#[test]
fn a_broken_gzip_file_is_an_error_with_its_cause() {
    let mut packed = gzip(&images(4, 7));
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let folder = folder(&[("packed.gz", packed)]);
    let error = open(&folder.path().join("packed.gz"), &Limits::default()).unwrap_err();
    assert!(matches!(error.source, OpenErrorKind::Gzip(_)));
    let cause = std::error::Error::source(&error.source).unwrap().to_string();
    assert!(!error.source.to_string().contains(&cause), "said twice: {cause}");
}

#[cfg(unix)]
mod unix {
    use super::*;

    #[test]
    fn devices_are_refused() {
        for device in ["/dev/zero", "/dev/null"] {
            assert!(
                matches!(open_kind(Path::new(device)), OpenErrorKind::File(ReadError::NotRegular)),
                "{device}"
            );
        }
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_writer() {
        let folder = folder(&[]);
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(open_kind(&path), OpenErrorKind::File(ReadError::NotRegular)));
    }

    #[test]
    fn links_lead_to_what_they_name() {
        let folder = folder(&[("file", images(1, 9))]);
        let link = |name: &str, target: &str| -> PathBuf {
            let link = folder.path().join(name);
            std::os::unix::fs::symlink(target, &link).unwrap();
            link
        };
        assert!(open(&link("good", "file"), &Limits::default()).is_ok());
        assert!(matches!(
            open_kind(&link("endless", "/dev/zero")),
            OpenErrorKind::File(ReadError::NotRegular)
        ));
        assert!(matches!(open_kind(&link("loop", "loop")), OpenErrorKind::File(ReadError::Io(_))));
    }

    #[test]
    fn a_dangling_link_to_labels_is_not_the_same_as_no_labels() {
        let folder = folder(&[(TRAIN_IMAGES, images(1, 1)), (TEST_IMAGES, images(1, 2))]);
        std::os::unix::fs::symlink("missing", folder.path().join(TRAIN_LABELS)).unwrap();
        assert!(matches!(open_folder(folder.path(), &Limits::default()), Err(LoadError::Open(_))));
    }
}

#[test]
fn a_folder_holds_a_train_and_a_test_set() {
    let folder = folder(&[
        (TRAIN_IMAGES, images(3, 1)),
        (TRAIN_LABELS, labels(&[0, 5, 9])),
        (TEST_IMAGES, images(2, 2)),
        (TEST_LABELS, labels(&[4, 3])),
    ]);
    let split = open_folder(folder.path(), &Limits::default()).unwrap();
    assert_eq!(split.train.bytes(), Some(&[1; 18][..]));
    assert_eq!(split.train.labels(), Some(&[0, 5, 9][..]));
    assert_eq!(split.test.bytes(), Some(&[2; 12][..]));
    assert_eq!(split.test.labels(), Some(&[4, 3][..]));
}

#[test]
fn the_four_names_may_be_gzipped_or_dotted() {
    let folder = folder(&[
        ("train-images.idx3-ubyte", images(3, 1)),
        ("train-labels.idx1-ubyte.gz", gzip(&labels(&[0, 5, 9]))),
        ("t10k-images-idx3-ubyte.gz", gzip(&images(2, 2))),
        ("t10k-labels.idx1-ubyte", labels(&[4, 3])),
    ]);
    let split = open_folder(folder.path(), &Limits::default()).unwrap();
    assert_eq!((split.train.len(), split.train.labels()), (3, Some(&[0, 5, 9][..])));
    assert_eq!((split.test.len(), split.test.labels()), (2, Some(&[4, 3][..])));
}

#[test]
fn plain_is_preferred_to_gzipped_and_the_dash_to_the_dot() {
    let mut files = vec![(TEST_IMAGES, images(1, 9))];
    let names =
        ["train-images.idx3-ubyte.gz", "train-images.idx3-ubyte", "train-images-idx3-ubyte.gz", TRAIN_IMAGES];
    for (value, name) in (1..).zip(names) {
        files.push((name, images(1, value)));
        let folder = folder(&files);
        assert_eq!(
            open_folder(folder.path(), &Limits::default()).unwrap().train.bytes(),
            Some(&[value; 6][..])
        );
    }
}

#[test]
fn a_folder_of_the_name_does_not_hide_the_file() {
    let folder = folder(&[("train-images.idx3-ubyte", images(1, 5)), (TEST_IMAGES, images(1, 2))]);
    fs::create_dir(folder.path().join(TRAIN_IMAGES)).unwrap();
    assert_eq!(open_folder(folder.path(), &Limits::default()).unwrap().train.bytes(), Some(&[5; 6][..]));
    fs::remove_file(folder.path().join("train-images.idx3-ubyte")).unwrap();
    match open_folder(folder.path(), &Limits::default()) {
        Err(LoadError::Open(error)) => {
            assert!(matches!(error.source, OpenErrorKind::File(ReadError::Folder)))
        }
        other => panic!("expected Open, got {other:?}"),
    }
}

#[test]
fn labels_may_be_missing() {
    let folder =
        folder(&[(TRAIN_IMAGES, images(3, 1)), (TEST_IMAGES, images(2, 2)), (TEST_LABELS, labels(&[1, 2]))]);
    let split = open_folder(folder.path(), &Limits::default()).unwrap();
    assert_eq!(split.train.labels(), None);
    assert_eq!(split.test.labels(), Some(&[1, 2][..]));
}

#[test]
fn a_missing_images_file_lists_the_names_looked_for() {
    let folder = folder(&[(TRAIN_IMAGES, images(3, 1)), (TRAIN_LABELS, labels(&[0, 5, 9]))]);
    match open_folder(folder.path(), &Limits::default()) {
        Err(LoadError::Missing { folder: named, what, names }) => {
            assert_eq!((named.as_path(), what), (folder.path(), "test images"));
            let dotted = "t10k-images.idx3-ubyte";
            assert_eq!(names, [TEST_IMAGES, dotted, "test-images-idx3-ubyte", "test-images.idx3-ubyte"]);
        }
        other => panic!("expected Missing, got {other:?}"),
    }
}

#[test]
fn a_missing_folder_or_a_file_in_its_place_is_an_error() {
    let folder = folder(&[("file", images(1, 1))]);
    for name in ["missing", "file"] {
        let path = folder.path().join(name);
        match open_folder(&path, &Limits::default()) {
            Err(LoadError::Folder { folder, .. }) => assert_eq!(folder, path),
            other => panic!("expected Folder, got {other:?}"),
        }
    }
}

#[test]
fn images_and_labels_that_differ_in_number_name_both_files() {
    let folder =
        folder(&[(TRAIN_IMAGES, images(3, 1)), (TRAIN_LABELS, labels(&[0, 5])), (TEST_IMAGES, images(2, 2))]);
    match open_folder(folder.path(), &Limits::default()) {
        Err(LoadError::Counts { images_path, images, labels_path, labels }) => {
            assert_eq!((images, labels), (3, 2));
            assert_eq!(images_path, folder.path().join(TRAIN_IMAGES));
            assert_eq!(labels_path, folder.path().join(TRAIN_LABELS));
        }
        other => panic!("expected Counts, got {other:?}"),
    }
}

/// EMNIST's letters are 1 to 26; nothing says where labels begin, or that they are digits.
#[test]
fn labels_are_any_whole_numbers() {
    let wide =
        [0, 0, 0x0C, 2, 0, 0, 0, 2, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0, 0, 9];
    let folder = folder(&[
        (TRAIN_IMAGES, images(3, 1)),
        (TRAIN_LABELS, labels(&[1, 26, 200])),
        (TEST_IMAGES, images(2, 2)),
        (TEST_LABELS, wide.to_vec()),
    ]);
    let split = open_folder(folder.path(), &Limits::default()).unwrap();
    assert_eq!(split.train.labels(), Some(&[1, 26, 200][..]));
    assert_eq!(split.test.labels(), Some(&[-1, 65_536][..]));
}

/// Three labels take twelve bytes once they are numbers.
#[test]
fn labels_are_held_to_the_limit_as_they_stand_in_memory() {
    let folder = folder(&[(TRAIN_LABELS, labels(&[1, 26, 200]))]);
    let open = |max_bytes| open_labels(&folder.path().join(TRAIN_LABELS), &Limits { max_bytes });
    assert_eq!(open(12).unwrap(), [1, 26, 200]);
    let LoadError::Open(error) = open(11).unwrap_err() else { panic!("the file was opened") };
    assert!(matches!(error.source, OpenErrorKind::Format(IdxError::Limit { asked: 3, limit: 2 })));
}

/// Whoever opens a part, or its images alone, is not stopped by what is wrong with the rest.
#[test]
fn a_part_is_opened_without_the_rest() {
    let limits = Limits::default();
    let folder = folder(&[
        (TRAIN_IMAGES, b"no images\n".repeat(2)),
        (TEST_IMAGES, images(2, 2)),
        (TEST_LABELS, labels(&[4, 3, 9])),
    ]);
    let test = open_folder_part(folder.path(), Part::Test, &limits).unwrap();
    assert_eq!((test.len(), test.labels()), (2, None));
    assert_eq!(open_folder_labels(folder.path(), Part::Test, &limits).unwrap(), Some(vec![4, 3, 9]));
    assert_eq!(open_folder_labels(folder.path(), Part::Train, &limits).unwrap(), None);
    let refused = open_folder_part(folder.path(), Part::Train, &limits).unwrap_err();
    assert!(matches!(refused, LoadError::Table(_)), "{refused:?}");
    let nowhere = folder.path().join("missing");
    assert!(matches!(open_folder_part(&nowhere, Part::Train, &limits), Err(LoadError::Folder { .. })));
    assert!(matches!(open_folder_labels(&nowhere, Part::Train, &limits), Err(LoadError::Folder { .. })));
}

/// Nothing in a file says that its numbers are labels.
#[test]
fn labels_given_as_images_are_rows_of_one_number() {
    let folder = folder(&[("labels", labels(&[1, 2, 3])), ("lone", vec![0, 0, 8, 0, 7])]);
    let rows = open_images(&folder.path().join("labels"), &Limits::default()).unwrap();
    assert_eq!((rows.shape(), rows.values()), (Shape::list(1), &Values::Bytes(vec![1, 2, 3])));
    let path = folder.path().join("lone");
    match open_images(&path, &Limits::default()) {
        Err(LoadError::Content { path: named, source }) => {
            assert_eq!(named, path);
            assert!(matches!(source, DataError::Kind { rank: 0, .. }));
        }
        other => panic!("expected Content, got {other:?}"),
    }
}

#[test]
fn a_sparse_file_within_its_promise_is_measured_before_it_is_read() {
    let folder = folder(&[("sparse", images(3, 0)[..16].to_vec())]);
    let path = folder.path().join("sparse");
    let length = 100 << 30;
    if File::options().write(true).open(&path).unwrap().set_len(length).is_err() {
        return; // a file system without sparse files
    }
    let kind = open_kind(&path);
    let actual = length - 16;
    assert!(
        matches!(kind, OpenErrorKind::Format(IdxError::Length { promised: 18, actual: a }) if a == actual)
    );
}
