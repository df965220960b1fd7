//! What a run or an `.aez` file keeps of its rows: whatever it says, rows are of its shape or refused, and a scale is one or
//! refused.

use std::io::Cursor;
use std::path::Path;

use ae_data::{Form, ReadOptions, Samples, Scaling, Shape, load, stream_source};
use image::{ImageFormat, Rgb, RgbImage};
use serde::{Serialize, de::DeserializeOwned};

use crate::idx::file;
use crate::npy;
use crate::rows::{LIMITS, in_chunks};
use crate::scratch::with_file;

/// Reads `bytes` as JSON of a form, with which files of each kind are opened, and of a scale, which is applied to rows.
///
/// # Panics
/// If rows are not of the form's shape, or what is accepted is another once it has been written.
pub fn run(bytes: &[u8]) -> bool {
    let form = parsed::<Form>(bytes).map(|form| try_form(&form));
    form.or(parsed::<Scaling>(bytes).map(|scaling| try_scaling(&scaling))).is_some()
}

/// What JSON says, if it is one; written it says the same.
fn parsed<T: Serialize + DeserializeOwned + PartialEq>(bytes: &[u8]) -> Option<T> {
    let parsed: T = serde_json::from_slice(bytes).ok()?;
    let again = serde_json::to_vec(&parsed).expect("names and numbers have a form");
    let back: T = serde_json::from_slice(&again).expect("it was written by us");
    assert!(back == parsed, "another than was written");
    Some(parsed)
}

fn try_form(form: &Form) {
    let options = ReadOptions { form: form.clone(), limits: LIMITS, ..ReadOptions::default() };
    for content in contents() {
        let source = stream_source(Cursor::new(content), "memory", &options);
        let read = source.and_then(|source| in_chunks(source, 2));
        if let Ok(Some((found, rows))) = read {
            check(form, &found, &rows);
        }
    }
    let mut png = Cursor::new(Vec::new());
    RgbImage::from_pixel(3, 2, Rgb([1, 2, 3])).write_to(&mut png, ImageFormat::Png).expect("PNG has colours");
    with_file("coloured/a/picture.png", &png.into_inner(), |path| {
        let folder = path.parent().and_then(Path::parent).expect("it is in two folders");
        if let Ok(loaded) = load(folder, &options) {
            check(form, &loaded.form, &loaded.samples);
        }
    });
}

/// Small files of each kind, with all that a form can be about.
fn contents() -> Vec<Vec<u8>> {
    let array = |dict: &str| npy::npy(dict.as_bytes(), &[1; 24]);
    vec![
        file(0x08, &[2, 2, 3], &[1; 12]),
        file(0x08, &[2, 1, 2, 3], &[1; 12]),
        file(0x0D, &[2, 3], &[0; 24]),
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (24,), }\n"),
        array("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n"),
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 3), }\n"),
        b"1,2,3,4\n5,6,7,8\n".to_vec(),
        b"name,kind,x,y\nn,a,1,2\nm,b,200,4\n".to_vec(),
    ]
}

fn check(asked: &Form, found: &Form, rows: &Samples) {
    assert_eq!(found.shape(), Some(rows.shape()));
    assert!(asked.channels.is_none_or(|channels| channels == rows.shape().channels));
    assert!(asked.size.is_none_or(|size| size == [rows.shape().rows, rows.shape().cols]));
    assert!(asked.elements.is_none_or(|elements| Some(elements) == found.elements));
    let labels = rows.labels().unwrap_or_default();
    let names = found.class_names(labels);
    // The first of several classes of a name is meant.
    let known = |name: &String| found.label_of(name).is_some();
    assert!(names.iter().all(known), "{names:?}");
}

fn try_scaling(scaling: &Scaling) {
    for numbers in 1..=MOST_NUMBERS {
        let mut row: Vec<f32> = (0..numbers).map(|number| number as f32 - 1.5).collect();
        let set = Samples::new(Shape::list(numbers), row.clone()).expect("one row");
        if let Ok(scaled) = scaling.apply(set) {
            assert_eq!(scaled.width(), numbers);
            assert!((0..numbers).all(|column| scaling.unit(column) > 0.0));
        }
        scaling.undo(&mut row);
    }
}

/// Scales of more numbers than this are not applied.
const MOST_NUMBERS: usize = 12;

/// Forms of each kind of source, scales, and ones that lie.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let scaling = r#"{"method":"minmax","together":1,"offsets":[-1.5,0.0],"units":[3.0,1e-3]}"#;
    let with = |from: &str, to: &str| text(&scaling.replace(from, to));
    vec![
        ("empty", text("{}")),
        ("idx", text(r#"{"kind":"idx","channels":1,"size":[2,3],"elements":"bytes"}"#)),
        ("npy", text(r#"{"kind":"npy","channels":3,"size":[2,2],"elements":"bytes","layout":"hwc"}"#)),
        (
            "pictures",
            text(concat!(
                r#"{"kind":"pictures","channels":3,"size":[4,5],"elements":"bytes","fit":"pad","#,
                r#""background":[9,99,199],"classes":["a","b"]}"#
            )),
        ),
        (
            "table",
            text(concat!(
                r#"{"kind":"table","channels":1,"size":[1,2],"elements":"floats","columns":["x","y"],"#,
                r#""class_column":"kind","class_at":1,"drop_columns":["2"],"classes":["b","a"]}"#
            )),
        ),
        ("class-at", text(r#"{"class_column":"0","class_at":18446744073709551615,"columns":["x"]}"#)),
        (
            "vast-size",
            text(concat!(
                r#"{"kind":"table","channels":18446744073709551615,"size":[18446744073709551615,4294967296],"#,
                r#""class_column":"0","drop_columns":["1"]}"#
            )),
        ),
        ("no-size", text(r#"{"channels":0,"size":[0,0]}"#)),
        ("negative", text(r#"{"size":[-1,2]}"#)),
        ("unknown", text(r#"{"kind":"pictures","more":1}"#)),
        ("background", text(r#"{"background":[1,2,256]}"#)),
        ("no-unit", with("3.0", "0")),
        ("negative-unit", with("3.0", "-3")),
        ("vast-unit", with("3.0", "1e999")),
        ("few-units", with(",1e-3", "")),
        ("none-together", with(":1,", ":0,")),
        ("vast-together", with(":1,", ":18446744073709551615,")),
        ("three-together", with(":1,", ":3,")),
        ("scaling", text(scaling)),
    ]
}
