//! Folders of pictures as rows: which files, in which order, of which classes, and which pixels.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ae_data::{
    Background, DataError, ElementKind, Fit, Form, Limits, LoadError, PicturesError, ReadOptions, Reading,
    Samples, Shape, SourceKind, load, open_source,
};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, ImageFormat, Luma, RgbImage, RgbaImage};
use tempfile::TempDir;

/// A folder of these files; a name may have folders.
fn folder<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        add(folder.path(), name, &bytes);
    }
    folder
}

fn add(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    encoded(picture, ImageFormat::Png)
}

/// A grey picture of 2 rows and 3 columns, counting up from `first`.
fn grey(first: u8) -> Vec<u8> {
    png(GrayImage::from_fn(3, 2, |x, y| Luma([first + (3 * y + x) as u8])))
}

/// The numbers that Pillow made of the reference values below, too.
fn pattern(rows: u32, cols: u32) -> GrayImage {
    GrayImage::from_fn(cols, rows, |x, y| Luma([((37 * y + 91 * x * x + 11 * x * y) % 256) as u8]))
}

fn with(form: Form) -> ReadOptions {
    ReadOptions { form, ..ReadOptions::default() }
}

fn all(folder: &TempDir, options: &ReadOptions) -> Result<Samples, LoadError> {
    Ok(load(folder.path(), options)?.samples)
}

fn names(folder: &TempDir) -> Vec<String> {
    all(folder, &ReadOptions::default()).unwrap().names().unwrap().to_vec()
}

fn refusal(folder: &TempDir, options: &ReadOptions) -> PicturesError {
    match all(folder, options).unwrap_err() {
        LoadError::Pictures(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pictures_come_in_the_order_of_their_paths_whenever_they_were_made() {
    let ordered = ["Z.png", "a/10.png", "a/2.png", "a b/1.png", "a.png", "b.png", "ä.png"];
    for rotated in 0..ordered.len() {
        let mut made = ordered;
        made.rotate_left(rotated);
        made.swap(0, 3);
        assert_eq!(names(&folder(made.map(|name| (name, grey(0))))), ordered);
    }
}

#[test]
fn chunks_are_the_rows_of_the_pictures_and_the_end_is_reached_once() {
    let files = ["a.png", "b.png", "c.png"];
    let folder = folder(files.into_iter().zip([grey(0), grey(10), grey(20)]));
    let mut source = open_source(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(source.len(), 3);
    let first = source.next_chunk(2).unwrap();
    assert_eq!(first.bytes(), Some(&[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15][..]));
    assert_eq!(
        (first.shape(), first.names().unwrap()),
        (Shape::picture(2, 3), &["a.png", "b.png"].map(String::from)[..])
    );
    let last = source.next_chunk(0).unwrap();
    assert_eq!(
        (last.bytes(), last.names().unwrap()),
        (Some(&[20, 21, 22, 23, 24, 25][..]), &["c.png".to_owned()][..])
    );
    for _ in 0..2 {
        let end = source.next_chunk(usize::MAX).unwrap();
        assert_eq!((end.len(), end.names().unwrap().len()), (0, 0));
    }
    assert!(source.notes().is_empty());
}

#[test]
fn the_form_has_all_that_was_found_out() {
    let folder = folder([("b/1.png", grey(0)), ("a/1.png", grey(0))]);
    let form = open_source(folder.path(), &ReadOptions::default()).unwrap().form().clone();
    let expected = Form {
        kind: Some(SourceKind::Pictures),
        channels: Some(1),
        size: Some([2, 3]),
        elements: Some(ElementKind::Bytes),
        classes: vec!["a".into(), "b".into()],
        ..Form::default()
    };
    assert_eq!(form, expected);
    // And it reads the folder again.
    assert_eq!(all(&folder, &with(form)).unwrap().labels(), Some(&[0, 1][..]));
}

#[test]
fn the_first_folder_of_a_path_is_the_class() {
    let folder = folder([
        ("b/x/1.png", grey(0)),
        ("b/2.png", grey(0)),
        ("a/3.png", grey(0)),
        ("C/y/z/4.png", grey(0)),
    ]);
    let rows = all(&folder, &ReadOptions::default()).unwrap();
    assert_eq!(rows.names().unwrap(), ["C/y/z/4.png", "a/3.png", "b/2.png", "b/x/1.png"]);
    assert_eq!(rows.labels(), Some(&[0, 1, 2, 2][..]));
    let source = open_source(folder.path(), &ReadOptions::default()).unwrap();
    assert!(source.has_names() && source.has_labels());
}

#[test]
fn a_list_of_classes_says_the_labels_and_refuses_others() {
    let known = |classes: &[&str]| {
        with(Form { classes: classes.iter().map(|&c| c.into()).collect(), ..Form::default() })
    };
    let folder = folder([("1/x.png", grey(0)), ("cat/x.png", grey(0))]);
    let options = known(&["cat", "dog", "1"]);
    assert_eq!(all(&folder, &options).unwrap().labels(), Some(&[2, 0][..]));
    assert_eq!(open_source(folder.path(), &options).unwrap().form().classes, ["cat", "dog", "1"]);
    let unknown = refusal(&folder, &known(&["cat", "dog"])).to_string();
    assert_eq!(unknown, "\"1\" is none of the 2 known classes: rename or remove the sub-folder");
    // Without sub-folders there is nothing to be named.
    let flat = self::folder([("x.png", grey(0))]);
    assert_eq!(all(&flat, &known(&["cat"])).unwrap().labels(), None);
}

#[test]
fn pictures_in_and_out_of_sub_folders_have_no_labels_and_a_note_says_why() {
    let folder = folder([("a/1.png", grey(0)), ("2.png", grey(0))]);
    let source = open_source(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(source.notes(), ["no classes: some pictures are in sub-folders and some are not"]);
    assert!(source.form().classes.is_empty() && source.has_names() && !source.has_labels());
    assert_eq!(all(&folder, &ReadOptions::default()).unwrap().labels(), None);
}

#[test]
fn what_is_no_picture_is_noted_and_what_is_hidden_is_not() {
    let texts = ["d.txt", "a.txt", "b/c.txt", "b/Thumbs.db"].map(|name| (name, b"BMW and more".to_vec()));
    let hidden = [".DS_Store", ".git/1.png", "b/.2.png"].map(|name| (name, grey(0)));
    let empty = [("e.png", Vec::new()), ("picture.jpg", grey(0))];
    let folder = folder(texts.into_iter().chain(hidden).chain(empty));
    assert_eq!(names(&folder), ["picture.jpg"]);
    let source = open_source(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(
        source.notes(),
        ["5 files are no pictures and were left out: a.txt, b/Thumbs.db, b/c.txt, and 2 more"]
    );
}

#[test]
fn a_folder_without_pictures_says_what_was_looked_for() {
    let refused =
        refusal(&folder([("a.txt", b"text".to_vec()), (".b.png", grey(0))]), &ReadOptions::default());
    assert!(matches!(refused, PicturesError::None { others: 1, .. }));
    assert!(refused.to_string().contains("PNG, JPEG, GIF, BMP, TIFF and WebP"), "{refused}");
    assert!(matches!(refusal(&folder([]), &ReadOptions::default()), PicturesError::None { others: 0, .. }));
}

#[test]
fn what_goes_on_is_told() {
    let folder = folder([("a.png", grey(0)), ("b.txt", vec![1]), ("c/d.png", grey(0))]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let tell = move |reading| heard.lock().unwrap().push(reading);
    let options = ReadOptions { told: Some(Arc::new(tell)), ..ReadOptions::default() };
    let samples = load(folder.path(), &options).unwrap().samples;
    let mut told = told.lock().unwrap().clone();
    // Each by the thread that looked, in no order.
    for looked_at in 1..=3 {
        let at = told.iter().position(|&reading| reading == Reading::LookedAt(looked_at, 3)).unwrap();
        assert!(at < 3);
    }
    let (rows, bytes, limit) = (2, samples.bytes().unwrap().len() as u64, 2 << 30);
    assert_eq!(told.split_off(3), [Reading::Rows { rows, bytes, limit }, Reading::Read(2, 2)]);
}

#[test]
fn every_format_is_read() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let read = |picture: RgbImage, format| {
        let rows =
            all(&folder([("no extension", encoded(picture, format))]), &ReadOptions::default()).unwrap();
        assert_eq!(rows.shape(), Shape { channels: 3, rows: 2, cols: 3 }, "{format:?}");
        rows.bytes().unwrap().to_vec()
    };
    let colour = RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8 * 100, y as u8 * 200, 50]));
    for format in [Png, Bmp, Tiff, WebP, Gif] {
        let planes = [0, 100, 200, 0, 100, 200, 0, 0, 0, 200, 200, 200, 50, 50, 50, 50, 50, 50];
        assert_eq!(read(colour.clone(), format), planes, "{format:?}");
    }
    let lossy = read(RgbImage::from_pixel(3, 2, image::Rgb([200, 100, 50])), Jpeg);
    let planes = [200, 100, 50].map(|value| [value; 6]);
    assert!(lossy.iter().zip(planes.as_flattened()).all(|(&a, &b)| a.abs_diff(b) <= 3), "{lossy:?}");
}

#[test]
fn grey_is_one_channel_only_if_all_are_grey() {
    let deep: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_vec(3, 2, vec![0, 128, 129, 257, 65535, 65406]).unwrap();
    let light = GrayAlphaImage::from_vec(3, 2, [7, 255].repeat(6)).unwrap();
    let folder = folder([("a.png", png(deep)), ("b.png", png(light)), ("c.png", grey(5))]);
    let rows = all(&folder, &ReadOptions::default()).unwrap();
    // To the nearest of 257 steps, and half a step is 128.5.
    assert_eq!(rows.bytes().unwrap(), [0, 0, 1, 1, 255, 254, 7, 7, 7, 7, 7, 7, 5, 6, 7, 8, 9, 10]);
    add(folder.path(), "d.png", &png(RgbImage::new(3, 2)));
    let rows = all(&folder, &ReadOptions::default()).unwrap();
    assert_eq!((rows.shape().channels, &rows.bytes().unwrap()[..8]), (3, &[0, 0, 1, 1, 255, 254, 0, 0][..]));
}

#[test]
fn colour_becomes_grey_by_its_luma() {
    // Rec. 709: 54.2, 182.4, 18.4, and (10 * 0.2126 + 20 * 0.7152 + 200 * 0.0722) = 30.87
    let colours =
        RgbImage::from_vec(5, 1, vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 200, 255, 255, 255]).unwrap();
    let rows = all(&folder([("a.png", png(colours))]), &with(Form { channels: Some(1), ..Form::default() }))
        .unwrap();
    assert_eq!(rows.bytes(), Some(&[54, 182, 18, 31, 255][..]));
    let grey =
        all(&folder([("a.png", grey(1))]), &with(Form { channels: Some(3), ..Form::default() })).unwrap();
    assert_eq!(grey.bytes(), Some(&[1, 2, 3, 4, 5, 6].repeat(3)[..]));
}

#[test]
fn transparency_is_laid_onto_the_background() {
    let picture = RgbaImage::from_vec(3, 1, vec![9, 9, 9, 0, 10, 20, 30, 255, 255, 0, 100, 128]).unwrap();
    let folder = folder([("a.png", png(picture))]);
    let on = |background| {
        let form = Form { background: Background(background), ..Form::default() };
        all(&folder, &with(form)).unwrap().bytes().unwrap().to_vec()
    };
    assert_eq!(on([255; 3]), [255, 10, 255, 255, 20, 127, 255, 30, 177]);
    assert_eq!(on([0, 100, 200]), [0, 10, 128, 100, 20, 50, 200, 30, 150]);
}

/// Pillow's `resize(.., Image.BICUBIC)` of [`pattern`]`(7, 12)`; it rounds once more between its two directions.
#[test]
fn pictures_are_resampled_as_pillow_does() {
    let folder = folder([("a.png", png(pattern(7, 12)))]);
    let sized = |size| {
        let form = Form { size: Some(size), fit: Fit::Stretch, ..Form::default() };
        all(&folder, &with(form)).unwrap().bytes().unwrap().to_vec()
    };
    let near = |found: &[u8], pillow: &[u8]| {
        assert!(found.iter().zip(pillow).all(|(a, b)| a.abs_diff(*b) <= 2), "{found:?}, Pillow {pillow:?}");
    };
    near(&sized([3, 5]), &[102, 118, 129, 145, 103, 129, 115, 129, 127, 144, 138, 143, 108, 132, 159]);
    let larger = [0, 29, 88, 107, 94, 47, 92, 187, 226, 238, 225, 164, 100, 157, 209, 215, 195, 147, 44, 0];
    near(&sized([10, 20])[..20], &larger);
    assert_eq!(sized([7, 12]), pattern(7, 12).into_raw());
}

#[test]
fn a_picture_fills_is_padded_or_is_stretched() {
    // Three blocks of 2 x 2, of which the middle one is in the centre.
    let wide = GrayImage::from_fn(6, 2, |x, _| Luma([[40, 100, 160][x as usize / 2]]));
    let form = |fit, size| Form { fit, size: Some(size), background: Background([7; 3]), ..Form::default() };
    let of = |picture: &GrayImage, form| {
        all(&folder([("a.png", png(picture.clone()))]), &with(form)).unwrap().bytes().unwrap().to_vec()
    };
    assert_eq!(of(&wide, form(Fit::Fill, [2, 2])), [100; 4]);
    assert_eq!(of(&wide, form(Fit::Fill, [1, 1])), [100]);
    assert_eq!(of(&image::imageops::rotate90(&wide), form(Fit::Fill, [2, 2])), [100; 4]);
    let padded = of(&GrayImage::from_pixel(6, 2, Luma([50])), form(Fit::Pad, [3, 3]));
    assert_eq!(padded, [7, 7, 7, 50, 50, 50, 7, 7, 7]);
    let padded = of(&GrayImage::from_pixel(2, 4, Luma([50])), form(Fit::Pad, [4, 4]));
    assert_eq!(padded, [7, 50, 50, 7].repeat(4));
    let stretched = of(&wide, form(Fit::Stretch, [2, 3]));
    assert_eq!((stretched.len(), stretched[1], stretched[..3] == stretched[3..]), (6, 100, true));
    assert!(stretched[0] < 60 && stretched[2] > 140, "{stretched:?}");
    // A colour shows around grey as its luma.
    let red = Form { background: Background([255, 0, 0]), ..form(Fit::Pad, [3, 1]) };
    assert_eq!(of(&GrayImage::from_pixel(1, 1, Luma([50])), red), [54, 50, 54]);
}

#[test]
fn a_picture_of_the_right_size_is_untouched_among_others() {
    let folder = folder([("a.png", png(pattern(4, 5))), ("b.png", png(pattern(9, 9)))]);
    for fit in [Fit::Fill, Fit::Pad, Fit::Stretch] {
        let rows = all(&folder, &with(Form { size: Some([4, 5]), fit, ..Form::default() })).unwrap();
        assert_eq!(&rows.bytes().unwrap()[..20], pattern(4, 5).as_raw());
    }
}

#[test]
fn several_sizes_are_refused_with_an_example_of_each() {
    let folder = folder([("a.png", grey(0)), ("b.png", grey(0)), ("c.png", png(pattern(3, 2)))]);
    let refused = refusal(&folder, &ReadOptions::default()).to_string();
    let expected =
        "pictures differ in size: a.png is 2 x 3, c.png is 3 x 2; --size ROWSxCOLUMNS brings them to one";
    assert_eq!(refused, expected);
}

#[test]
fn what_pictures_cannot_be_is_refused() {
    let folder = folder([("a.png", grey(0))]);
    let refused = |form| match open_source(folder.path(), &with(form)).err().unwrap() {
        LoadError::Content { source, .. } => source,
        other => panic!("{other:?}"),
    };
    for channels in [0, 2, 4] {
        let error = refused(Form { channels: Some(channels), ..Form::default() }).to_string();
        assert_eq!(error, format!("channels of pictures: expected 1 (grey) or 3 (colour), found {channels}"));
    }
    let floats = Form { elements: Some(ElementKind::Floats), ..Form::default() };
    assert_eq!(refused(floats), DataError::Elements { found: ElementKind::Bytes });
    let none = Form { size: Some([0, 5]), ..Form::default() };
    assert!(matches!(refused(none), DataError::ZeroSize { .. }));
    let huge = Form { size: Some([usize::MAX, 2]), ..Form::default() };
    assert!(matches!(refused(huge), DataError::Argument { what: "size of pictures", .. }));
}

#[test]
fn a_chunk_takes_no_more_than_the_limit() {
    let folder = folder([("a.png", grey(0)), ("b.png", grey(0))]);
    let options = ReadOptions { limits: Limits { max_bytes: 11 }, ..ReadOptions::default() };
    let mut source = open_source(folder.path(), &options).unwrap();
    assert!(matches!(source.next_chunk(2), Err(LoadError::Limit { rows: 2, limit: 11, .. })));
    assert_eq!(source.next_chunk(1).unwrap().len(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        ae_data::PictureSource::open(&folder.path().join("missing"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(&error, LoadError::Folder { folder, .. } if folder.ends_with("missing")), "{error}");
}
