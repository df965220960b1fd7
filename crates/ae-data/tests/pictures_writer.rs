//! Folders of pictures written from rows: the same rows come back, and no name leads anywhere else.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs;
use std::path::Path;

use ae_data::{DataError, PictureWriter, ReadOptions, Samples, Shape, WritePicturesError, load};

const GREY: Shape = Shape::picture(2, 3);
const COLOUR: Shape = Shape { channels: 3, rows: 2, cols: 3 };

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.into()).collect()
}

fn read(folder: &Path) -> Samples {
    load(folder, &ReadOptions::default()).unwrap().samples
}

/// All that is in a folder, hidden or not.
fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn rows_come_back_with_their_names_and_classes() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, colour) in [
        (GREY, image::ColorType::L8),
        (COLOUR, image::ColorType::Rgb8),
        (Shape::list(4), image::ColorType::L8),
    ] {
        let target = folder.path().join(shape.to_string());
        let pixels: Vec<u8> = (0..40 * shape.numbers()).map(|at| (at * at % 251) as u8).collect();
        let names: Vec<String> =
            (0..40).map(|row| format!("{}/x/{row:02}.png", if row < 9 { "a" } else { "b c" })).collect();
        let mut writer = PictureWriter::new(&target, 40, shape).unwrap();
        for (names, rows) in names.chunks(15).zip(pixels.chunks(15 * shape.numbers())) {
            writer.write(Some(names), rows).unwrap();
        }
        assert!(!target.exists());
        writer.finish().unwrap();
        let rows = read(&target);
        assert_eq!((rows.shape(), rows.bytes(), rows.names()), (shape, Some(&pixels[..]), Some(&names[..])));
        let labels: Vec<i32> = (0..40).map(|row| i32::from(row >= 9)).collect();
        assert_eq!(rows.labels(), Some(&labels[..]));
        assert_eq!(image::open(target.join("a/x/00.png")).unwrap().color(), colour);
    }
    assert_eq!(entries(folder.path()), ["2 x 3", "3 x 2 x 3", "4"]);
}

#[test]
fn rows_without_names_are_numbered() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    let mut writer = PictureWriter::new(&target, 3, GREY).unwrap();
    writer.write(None, &[0; 12]).unwrap();
    writer.write(None, &[7; 6]).unwrap();
    writer.finish().unwrap();
    assert_eq!(entries(&target), ["00000.png", "00001.png", "00002.png"]);
    assert_eq!(read(&target).bytes().map(|bytes| &bytes[11..]), Some(&[0, 7, 7, 7, 7, 7, 7][..]));
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside.png");
    for name in [
        "",
        "/",
        "../outside.png",
        "a/../../outside.png",
        outside.to_str().unwrap(),
        "..\\outside.png",
        "C:\\outside",
        "c:x",
        "a//b",
        "a/",
        "./a",
        ".hidden",
        "a\0.png",
        "a\n.png",
        "..",
        "//server/share",
    ] {
        let mut writer = PictureWriter::new(&folder.path().join("new"), 2, GREY).unwrap();
        let refused = writer.write(Some(&owned(&["good.png", name])), &[0; 12]).unwrap_err();
        assert!(
            matches!(&refused, WritePicturesError::Name { name: named, .. } if named == name),
            "{name:?}: {refused}"
        );
        assert!(writer.finish().is_err());
        assert!(entries(folder.path()).is_empty(), "{name:?}");
    }
}

#[test]
fn two_rows_of_one_name_are_refused_together_or_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let taken = |refused| {
        let text = format!("{}", Result::<(), WritePicturesError>::unwrap_err(refused));
        assert_eq!(text, "\"a/x.png\" can't be a picture's name: another row has it");
    };
    let mut writer = PictureWriter::new(&folder.path().join("1"), 3, GREY).unwrap();
    taken(writer.write(Some(&owned(&["a/x", "b", "a/x.png"])), &[0; 18]));
    let mut writer = PictureWriter::new(&folder.path().join("2"), 2, GREY).unwrap();
    writer.write(Some(&owned(&["a/x.png"])), &[0; 6]).unwrap();
    taken(writer.write(Some(&owned(&["a/x.png"])), &[1; 6]));
    assert!(writer.finish().is_err());
    // Names that differ in case are two names, where the system has it so.
    #[cfg(target_os = "linux")]
    {
        let mut writer = PictureWriter::new(&folder.path().join("3"), 2, GREY).unwrap();
        writer.write(Some(&owned(&["a.png", "A.PNG"])), &[0; 12]).unwrap();
        writer.finish().unwrap();
        assert_eq!(entries(&folder.path().join("3")), ["A.PNG", "a.png"]);
    }
}

#[test]
fn what_is_there_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let occupied =
        |refused| assert!(matches!(refused, Err(WritePicturesError::Occupied { .. })), "{refused:?}");
    fs::write(&target, "a file").unwrap();
    occupied(PictureWriter::new(&target, 0, GREY).map(drop));
    fs::remove_file(&target).unwrap();
    fs::create_dir(&target).unwrap();
    let writer = PictureWriter::new(&target, 0, GREY).unwrap();
    fs::write(target.join("came later"), "").unwrap();
    occupied(writer.finish());
    occupied(PictureWriter::new(&target, 0, GREY).map(drop));
    assert_eq!(entries(folder.path()), ["target"]);
    assert_eq!(entries(&target), ["came later"]);
    let nowhere = PictureWriter::new(&target.join("no/folder"), 0, GREY).unwrap_err();
    assert!(
        matches!(&nowhere, WritePicturesError::Io { path, .. } if *path == target.join("no/folder")),
        "{nowhere}"
    );
}

#[test]
fn an_empty_folder_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = PictureWriter::new(folder.path(), 1, GREY).unwrap();
    writer.write(None, &[1; 6]).unwrap();
    writer.finish().unwrap();
    assert_eq!(read(folder.path()).bytes(), Some(&[1; 6][..]));
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = PictureWriter::new(&folder.path().join("new"), 2, GREY).unwrap();
    writer.write(Some(&owned(&["a/b/c.png"])), &[0; 6]).unwrap();
    assert_eq!(entries(folder.path()).len(), 1);
    drop(writer);
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn rows_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let new = |rows, shape| PictureWriter::new(&folder.path().join("new"), rows, shape);
    let argument = |refused: Result<(), WritePicturesError>, expected: &str| match refused {
        Err(WritePicturesError::Rows(error @ DataError::Argument { .. })) => {
            assert_eq!(error.to_string(), expected)
        }
        other => panic!("{other:?}"),
    };
    let two = new(1, Shape { channels: 2, rows: 2, cols: 3 }).map(drop);
    argument(two, "rows for pictures: expected 1 channel (grey) or 3 (colour), found 2 x 2 x 3");
    let long = new(1, Shape::list(usize::MAX)).map(drop);
    argument(
        long,
        &format!("rows for pictures: expected sides that a PNG file can have, found {}", usize::MAX),
    );
    assert!(matches!(
        new(1, Shape::picture(0, 3)),
        Err(WritePicturesError::Rows(DataError::ZeroSize { .. }))
    ));
    let mut writer = new(2, GREY).unwrap();
    argument(
        writer.write(None, &[0; 18]),
        "bytes of pictures: expected whole rows of 6, at most 2, found 18",
    );
    argument(writer.write(None, &[0; 7]), "bytes of pictures: expected whole rows of 6, at most 2, found 7");
    argument(writer.write(Some(&owned(&["a"])), &[0; 12]), "names of pictures: expected 2, found 1");
    writer.write(Some(&owned(&["a"])), &[0; 6]).unwrap();
    argument(writer.finish(), "rows for pictures: expected 2, found 1");
    assert!(entries(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn the_folder_has_the_usual_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    PictureWriter::new(&folder.path().join("new"), 0, GREY).unwrap().finish().unwrap();
    fs::create_dir(folder.path().join("usual")).unwrap();
    let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("new"), mode("usual"));
}
