//! Arrays in `.npy` and `.npz` files as rows and as labels: what is accepted is finite, and written it is read again; a file
//! and a stream, at once and in chunks, are judged alike.

use std::io::{Cursor, Write};
use std::path::Path;

use ae_data::npy::{write_labels, write_rows, write_rows_header};
use ae_data::{Form, Layout, Part, ReadOptions, Samples, open_archive_part, open_labels, stream_source};
use flate2::{Compression, write::DeflateEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::rows::{LIMITS, in_chunks, read, same};
use crate::scratch::with_file;

/// Reads a file of `bytes`, and one of which they are the header's dict.
///
/// # Panics
/// If what is accepted is not finite, differs by how it is read, or is not read again once written.
pub fn run(bytes: &[u8]) -> bool {
    let accepted = try_file(bytes);
    // The length of the header is mostly wrong by now, and little gets past it.
    let dict = bytes.get(10..).unwrap_or(bytes);
    let dict = &dict[..dict.iter().position(|&byte| byte == b'\n').map_or(dict.len(), |at| at + 1)];
    try_file(&npy(dict, &[0; 24])) || accepted
}

fn try_file(bytes: &[u8]) -> bool {
    with_file("array.npy", bytes, |path| {
        let rows = try_rows(path, bytes, ReadOptions { limits: LIMITS, ..ReadOptions::default() });
        let labels = try_labels(path);
        let parts = [Part::Train, Part::Test].map(|part| try_part(path, part));
        let asked = try_rows(path, bytes, asked(bytes.len()));
        rows || asked || labels || parts.contains(&true)
    })
}

/// What else may be asked of an array: which of them is meant, and what its rows are.
fn asked(which: usize) -> ReadOptions {
    let forms = [
        Form::default(),
        Form { channels: Some(1), size: Some([2, 3]), ..Form::default() },
        Form { size: Some([1, 6]), ..Form::default() },
        Form { layout: Some(Layout::Hwc), ..Form::default() },
        Form { layout: Some(Layout::Chw), ..Form::default() },
    ];
    let form = forms[which % forms.len()].clone();
    ReadOptions { form, limits: LIMITS, array: Some("codes".to_owned()), ..ReadOptions::default() }
}

fn try_rows(path: &Path, bytes: &[u8], options: ReadOptions) -> bool {
    let Some((form, samples)) = read(path, bytes, &options) else { return false };
    assert_written(form, &samples);
    true
}

/// In the order that they had, and as the nearest 32-bit floats or bytes.
fn assert_written(form: Form, samples: &Samples) {
    let (shape, layout) = (samples.shape(), form.layout);
    let elements = form.elements.expect("it was settled");
    let mut again = Vec::new();
    write_rows_header(&mut again, elements, samples.len(), shape, layout)
        .and_then(|()| write_rows(&mut again, samples.values(), shape, layout))
        .expect("a vector takes all that is written");
    let options = ReadOptions { form, limits: LIMITS, ..ReadOptions::default() };
    let again = stream_source(Cursor::new(again), "memory", &options).and_then(|source| in_chunks(source, 3));
    let (_, again) = again.expect("it was written by us").expect("it was within the limits");
    assert!(again.values().len() == samples.values().len() && same(&again, &bare(samples)), "other rows");
}

/// The rows without names and labels, which arrays do not have.
fn bare(samples: &Samples) -> Samples {
    Samples::new(samples.shape(), samples.values().clone()).expect("they were whole rows")
}

fn try_labels(path: &Path) -> bool {
    let Ok(labels) = open_labels(path, &LIMITS) else { return false };
    let mut again = Vec::new();
    write_labels(&mut again, &labels).expect("a vector takes all that is written");
    let again = with_file("labels.npy", &again, |path| open_labels(path, &LIMITS));
    assert_eq!(again.expect("it was written by us"), labels);
    true
}

/// A set and its labels in an archive, whose counts agree by their type.
fn try_part(path: &Path, part: Part) -> bool {
    let options = ReadOptions { limits: LIMITS, ..ReadOptions::default() };
    let Ok(loaded) = open_archive_part(path, part, &options) else { return false };
    assert_written(loaded.form, &loaded.samples);
    true
}

pub(crate) fn npy(dict: &[u8], data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict, data].concat()
}

/// A zip archive of these files, deflated.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| -> Result<(), rawzip::Error> {
        let file = archive.new_file(name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start()?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(bytes)?;
        let (encoder, descriptor) = writer.finish()?;
        encoder.finish()?;
        entry.finish(descriptor)?;
        Ok(())
    };
    let added = files.iter().try_for_each(|(name, bytes)| add(name, bytes));
    added.and_then(|()| archive.finish()).expect("a vector takes all that is written")
}

/// Sound files of each version, and of the other things that NumPy writes.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let dict = |descr: &str, fortran: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n").into_bytes()
    };
    let good = dict("'<f4'", "False", "(3, 2)");
    let data: Vec<u8> = [0.0_f32, -1.5, 2.0, 0.1, 1e-40, 3e38].iter().flat_map(|x| x.to_le_bytes()).collect();
    let long =
        |version: u8| [b"\x93NUMPY", &[version, 0, good.len() as u8, 0, 0, 0][..], &good, &data].concat();
    let array = npy(&good, &data);
    let labels = npy(&dict("'<i4'", "False", "(3, 1)"), &[7, 0, 0, 0, 255, 255, 255, 255, 0, 1, 0, 0]);
    let zeros = npy(&dict("'<f4'", "False", "(100000, 2)"), &vec![0; 800_000]);
    vec![
        ("npz", zip(&[("codes.npy", &array)])),
        ("npz-set", zip(&[("x_train.npy", &array), ("y_train.npy", &labels)])),
        ("npz-set-short", zip(&[("test_images.npy", &array), ("test_labels.npy", &array)])),
        ("npz-members", [zip(&[("codes.npy", &array)]), zip(&[("codes.npy", &labels)])].concat()),
        ("labels", labels),
        ("bytes", npy(&dict("'|u1'", "False", "(2, 3, 1, 4)"), &data)),
        ("pictures", npy(&dict("'|u1'", "True", "(2, 2, 2, 3)"), &data)),
        ("booleans", npy(&dict("'|b1'", "False", "(12, 2)"), &data)),
        ("i8", npy(&dict("'>i8'", "True", "(1, 3)"), &data)),
        ("u8", npy(&dict("'<u8'", "False", "(3,)"), &data)),
        ("five-sizes", npy(&dict("'<f4'", "False", "(1, 1, 2, 3, 1)"), &data)),
        ("row-of-nothing", npy(&dict("'<f4'", "False", "(5, 0)"), &[])),
        ("vast-columns", npy(&dict("'<f4'", "True", "(2, 99999999)"), &data)),
        ("npz-two", zip(&[("codes.npy", &array), ("labels.npy", &array)])),
        ("npz-bomb", zip(&[("codes.npy", &zeros)])),
        ("f2", npy(&dict("'<f2'", "False", "(6, 2)"), &data)),
        ("one", npy(&dict("'>f8'", "False", "(2,)"), &data[..16])),
        ("version-2", long(2)),
        ("version-3", long(3)),
        ("none", npy(&dict("'<f4'", "False", "(0, 2)"), &[])),
        ("nan", npy(&good, &[&data[..20], &f32::NAN.to_le_bytes()].concat())),
        ("infinite", npy(&good, &[&data[..8], &f32::INFINITY.to_le_bytes(), &data[12..]].concat())),
        ("f8", npy(&dict("'<f8'", "False", "(3, 2)"), &[0; 48])),
        ("big-endian", npy(&dict("'>f4'", "False", "(3, 2)"), &data)),
        ("fortran", npy(&dict("'<f4'", "True", "(3, 2)"), &data)),
        ("record", npy(&dict("[('a', '<f4'), ('b', '<u2', (2, 3))]", "False", "(3,)"), &data)),
        ("object", npy(&dict("'|O'", "False", "(3, 2)"), &data)),
        ("vast", npy(&dict("'<f4'", "False", "(99999999999, 2)"), &data)),
        (
            "literals",
            npy(b"{b'\\x00': -1e3 + 2j, \"a\\u0041\": {0x1f, 0o7, 0b1, None}, 'c': [1_0, (), {}]}\n", &data),
        ),
        ("quoted-keys", npy(br#"{"shape":(3,2),"fortran_order":False,"descr":"<f4"}"#, &data)),
        ("longest-header", [b"\x93NUMPY\x02\x00\xff\xff\xff\xff", &good[..]].concat()),
        ("good", array),
    ]
}
