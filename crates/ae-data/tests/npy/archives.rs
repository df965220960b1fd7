//! `.npz` archives: one array of several, sets with both parts, labels, and damage.

use std::path::PathBuf;

use ae_data::{
    Limits, LoadError, NpyError, Part, ReadOptions, Samples, Shape, open_archive_part, open_labels,
};
use tempfile::TempDir;

use crate::common::{DATA, GOOD, array, chain, codes, gzip, npy, npy_error, read, refused, zip};

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.npz");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn named(name: &str) -> ReadOptions {
    ReadOptions { array: Some(name.to_owned()), ..codes(2) }
}

#[test]
fn an_archive_of_several_arrays_lists_them() {
    let good = npy(1, GOOD.as_bytes(), DATA);
    let of = |names: &[&str]| {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &good[..])).collect();
        zip(&files, true)
    };
    let two = of(&["train.npy", "a\nb.npy"]);
    assert!(refused(&two).contains("it holds 2 arrays: train, a\\nb; --array NAME"), "{}", refused(&two));
    assert!(read(&two, &named("train"), 2).is_ok() && read(&two, &named("a\nb.npy"), 2).is_ok());
    let missing = chain(&read(&two, &named("test"), 2).unwrap_err());
    assert!(missing.ends_with("it holds no array test, but 2 arrays: train, a\\nb"), "{missing}");
    assert!(refused(&of(&[])).contains("the .npz archive: it holds no array"), "{}", refused(&of(&[])));
    let twice = of(&["a.npy", "a.npy"]);
    let twice = chain(&read(&twice, &named("a"), 2).unwrap_err());
    assert!(twice.ends_with("it holds 2 arrays of the name a"), "{twice}");
    // What is no array is not counted.
    assert!(read(&of(&["README.txt", "a.npy", "folder/"]), &codes(2), 2).is_ok());
    let names: Vec<String> = (0..30).map(|i| format!("{i}{}.npy", "long".repeat(1_000))).collect();
    let many = refused(&of(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(many.contains("it holds 30 arrays") && many.contains(" and 18 more; --array"), "{many}");
    assert!(many.len() < 1_500, "{} bytes", many.len());
}

/// Of an archive, only what is wanted is looked at.
#[test]
fn a_damaged_neighbour_does_no_harm() {
    let good = npy(1, GOOD.as_bytes(), DATA);
    let mut archive = zip(&[("bad.npy", &[9; 50]), ("good.npy", &good)], false);
    let at = archive.windows(4).position(|bytes| bytes == [9; 4]).unwrap();
    archive[at] ^= 1;
    assert_eq!(read(&archive, &named("good"), 2).unwrap().rows, 3);
    assert!(read(&archive, &named("bad"), 2).is_err());
}

#[test]
fn a_damaged_archive_is_refused() {
    let data: Vec<u8> = (0_u8..24).collect();
    let good = npy(1, GOOD.as_bytes(), &data);
    for deflated in [false, true] {
        let archive = zip(&[("codes.npy", &good)], deflated);
        for length in 0..archive.len() {
            assert!(read(&archive[..length], &codes(2), 2).is_err(), "{length} bytes");
        }
        for at in 0..archive.len() {
            let mut damaged = archive.clone();
            damaged[at] ^= 0xff;
            let _ = read(&damaged, &codes(2), 2);
        }
        // Bits of the packed array: what they change is told by the checksum, where nothing else does.
        let start = archive.windows(4).position(|bytes| bytes == b".npy").unwrap() + 4;
        let mut told = 0;
        for at in start..start + 90 {
            let mut damaged = archive.clone();
            damaged[at] ^= 1;
            let Err(error) = read(&damaged, &codes(2), 2) else { continue };
            told += usize::from(matches!(npy_error(&error), Some(NpyError::Archive { .. })));
        }
        assert!(told > 20, "{told}");
    }
    let mut other = zip(&[("codes.npy", &good)], false);
    for (header, method) in [(&b"PK\x03\x04"[..], 8), (b"PK\x01\x02", 10)] {
        let start = other.windows(4).position(|bytes| bytes == header).unwrap();
        other[start + method] = 12;
    }
    assert!(refused(&other).contains("packed by method 12 (BZIP2)"), "{}", refused(&other));
    for (bytes, said) in [
        (&b"\x01none"[..], "the .npy header: it is none, but nothing that is known here"),
        (b"\x89PNG\r\n\x1a\n\0\0", "the .npy header: it is none, but a PNG picture: "),
    ] {
        let wrong = refused(&zip(&[("codes.npy", bytes)], false));
        assert!(wrong.contains(said), "{wrong}");
    }
}

/// A kilobyte stands for a megabyte; the header tells how much of it is looked at.
#[test]
fn a_bomb_is_unpacked_no_further_than_its_header_says() {
    let bomb = npy(1, GOOD.as_bytes(), &vec![0; 8 << 20]);
    let error = read(&zip(&[("codes.npy", &bomb)], true), &codes(2), 2).unwrap_err();
    assert_eq!(npy_error(&error), Some(&NpyError::Length { promised: 24, actual: 25 }));
    let vast = npy(1, GOOD.replace("(3,", "(134217729,").as_bytes(), DATA);
    let error = read(&zip(&[("codes.npy", &vast)], true), &codes(2), 2).unwrap_err();
    assert_eq!(npy_error(&error), Some(&NpyError::Limit { found: 0x4000_0008, limit: 1 << 30 }));
    let good = zip(&[("codes.npy", &npy(1, GOOD.as_bytes(), DATA))], true);
    let tight = |max_bytes| ReadOptions { limits: Limits { max_bytes }, ..codes(2) };
    let error = read(&good, &tight(good.len() as u64 - 1), 2).err().unwrap();
    let said = format!("longer than the {} bytes that are held", good.len() - 1);
    assert!(chain(&error).contains(&said), "{error:?}");
    assert!(read(&good, &tight(good.len() as u64), 2).is_ok());
}

/// A set of two pictures of 1 x 2 pixels to train on and one to test with, by these names.
fn set(names: [&str; 4]) -> Vec<u8> {
    let arrays = [
        array("|u1", &[2, 1, 2], &[1, 2, 3, 4]),
        array("<i8", &[2, 1], &[300_i64.to_le_bytes(), (-1_i64).to_le_bytes()].concat()),
        array("|u1", &[1, 1, 2], &[5, 6]),
        array("|b1", &[1], &[1]),
    ];
    let names = names.map(|name| format!("{name}.npy"));
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&arrays).map(|(name, array)| (&name[..], &array[..])).collect();
    // Not used, and no array that anybody could use.
    files.push(("val_images.npy", b"none"));
    files.push(("val_labels.npy", b"none"));
    zip(&files, true)
}

fn part(bytes: &[u8], part: Part) -> Result<Samples, LoadError> {
    let (_folder, path) = file(bytes);
    Ok(open_archive_part(&path, part, &ReadOptions::default())?.samples)
}

#[test]
fn sets_are_known_by_their_names() {
    for names in [
        ["x_train", "y_train", "x_test", "y_test"],
        ["train_images", "train_labels", "test_images", "test_labels"],
    ] {
        let bytes = set(names);
        for bytes in [&bytes, &gzip(&bytes)] {
            let (train, test) = (part(bytes, Part::Train).unwrap(), part(bytes, Part::Test).unwrap());
            assert_eq!((train.shape(), train.bytes()), (Shape::list(2), Some(&[1, 2, 3, 4][..])));
            assert_eq!((train.labels(), test.labels()), (Some(&[300, -1][..]), Some(&[1][..])));
            assert_eq!(test.bytes(), Some(&[5, 6][..]));
        }
    }
}

/// CIFAR as Keras has it: `(N, 32, 32, 3)`, with labels of `(N, 1)`.
#[test]
fn colour_comes_as_planes_with_labels() {
    let pixels: Vec<u8> = (0..2 * 3072_usize).map(|at| (at % 251) as u8).collect();
    let files = [array("|u1", &[2, 32, 32, 3], &pixels), array("|u1", &[2, 1], &[7, 9])];
    let set =
        part(&zip(&[("x_train.npy", &files[0]), ("y_train.npy", &files[1])], true), Part::Train).unwrap();
    assert_eq!((set.shape(), set.labels()), (Shape { channels: 3, rows: 32, cols: 32 }, Some(&[7, 9][..])));
    let green_of_second_pixel = set.bytes().unwrap()[1024 + 1];
    assert_eq!(green_of_second_pixel, pixels[3 + 1]);
}

#[test]
fn sets_that_lack_something_say_what() {
    let images = array("|u1", &[2, 1, 2], &[1, 2, 3, 4]);
    let alone = zip(&[("x_train.npy", &images)], false);
    assert_eq!(part(&alone, Part::Train).unwrap().labels(), None);
    let error = chain(&part(&alone, Part::Test).unwrap_err());
    assert!(
        error.ends_with("it holds no test images (x_test or test_images), but 1 array: x_train"),
        "{error}"
    );
    let labels = array("|u1", &[3], &[1, 2, 3]);
    let uneven = part(&zip(&[("x_train.npy", &images), ("y_train.npy", &labels)], false), Part::Train);
    assert!(matches!(uneven, Err(LoadError::Counts { images: 2, labels: 3, .. })), "{uneven:?}");
    let no_archive = chain(&part(&images, Part::Train).unwrap_err());
    assert!(no_archive.contains("the .npz archive: it is none, but a NumPy array"), "{no_archive}");
}

fn labels(bytes: &[u8]) -> Result<Vec<i32>, String> {
    let (_folder, path) = file(bytes);
    open_labels(&path, &Limits::default()).map_err(|error| chain(&error))
}

#[test]
fn labels_are_integers_of_any_width() {
    let wide = |value: i64| [5_i64.to_le_bytes(), value.to_le_bytes()].concat();
    assert_eq!(labels(&array("<i8", &[2], &wide(-7))), Ok(vec![5, -7]));
    assert_eq!(labels(&array("<i8", &[1, 2], &wide(i64::MAX))), Ok(vec![5]), "only the first column counts");
    assert_eq!(labels(&array(">u2", &[2, 1], &[1, 0, 0, 2])), Ok(vec![256, 2]));
    assert_eq!(labels(&array("|b1", &[2], &[0, 1])), Ok(vec![0, 1]));
    assert_eq!(labels(&array("<i4", &[0, 3], &[])), Ok(vec![]));
    // Column after column, of which the first are the labels.
    let fortran = b"{'descr': '|i1', 'fortran_order': True, 'shape': (3, 2), }\n";
    assert_eq!(labels(&npy(1, fortran, &[1, 255, 3, 9, 9, 9])), Ok(vec![1, -1, 3]));
    let packed = zip(&[("arr_0.npy", &array("|u1", &[2], &[4, 200]))], true);
    assert_eq!((labels(&packed), labels(&gzip(&array("|u1", &[1], &[8])))), (Ok(vec![4, 200]), Ok(vec![8])));
    for (bytes, said) in [
        (
            array("<i8", &[2], &wide(1 << 31)),
            "labels: expected whole numbers of 32 bits, found 2147483648 in row 1",
        ),
        (array("<u8", &[2], &wide(-1)), "found 18446744073709551615 in row 1"),
        (array("<f4", &[1], &[0; 4]), "labels: expected whole numbers: labels.astype('int32'), found floats"),
        (array("|u1", &[1, 1, 1], &[0]), "labels: expected 1 or 2 dimensions, found the shape [1, 1, 1]"),
        (array("|u1", &[2, 0], &[]), "columns of labels: expected at least 1, found 0"),
    ] {
        let found = labels(&bytes).unwrap_err();
        assert!(found.ends_with(said), "{found}");
    }
}

#[test]
fn a_damaged_gzip_stream_is_told_at_the_end() {
    let mut packed = gzip(&npy(1, GOOD.as_bytes(), DATA));
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    assert!(refused(&packed).contains("its gzip stream cannot be decompressed"), "{}", refused(&packed));
}

#[test]
fn labels_are_held_to_a_quarter_of_the_limit() {
    let (_folder, path) = file(&array("|u1", &[3], &[1, 2, 3]));
    assert_eq!(open_labels(&path, &Limits { max_bytes: 12 }).unwrap(), [1, 2, 3]);
    let refused = open_labels(&path, &Limits { max_bytes: 11 }).unwrap_err();
    assert_eq!(npy_error(&refused), Some(&NpyError::Limit { found: 3, limit: 2 }));
}
