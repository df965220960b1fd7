//! Arrays as bytes, put together by hand.

use std::error::Error;
use std::io::{Cursor, Write};
use std::path::Path;

use ae_data::{
    ElementKind, Form, LoadError, NpyError, OpenErrorKind, ReadOptions, Shape, Source, Values, open_source,
    stream_source,
};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// The dict of a good header: three rows of two numbers.
pub(crate) const GOOD: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
/// And its elements.
pub(crate) const DATA: &[u8] = &[0; 24];

pub(crate) fn npy(version: u8, dict: &[u8], data: &[u8]) -> Vec<u8> {
    let length = dict.len() as u32;
    let length =
        if version == 1 { length.to_le_bytes()[..2].to_vec() } else { length.to_le_bytes().to_vec() };
    [b"\x93NUMPY", &[version, 0][..], &length, dict, data].concat()
}

/// An array of these sizes, whose elements are in C order in `data`.
pub(crate) fn array(descr: &str, sizes: &[usize], data: &[u8]) -> Vec<u8> {
    let sizes: String = sizes.iter().map(|size| format!("{size}, ")).collect();
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    npy(1, dict.as_bytes(), data)
}

/// A zip archive of these files, deflated or stored.
pub(crate) fn zip(files: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in files {
        let method = if deflated { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
        let descriptor = if deflated {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is asked for where codes of so many numbers are needed.
pub(crate) fn codes(code: usize) -> ReadOptions {
    let form = Form { elements: Some(ElementKind::Floats), ..Form::default() }.with_shape(Shape::list(code));
    ReadOptions { form, ..ReadOptions::default() }
}

/// What was read of an array.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) rows: usize,
    pub(crate) form: Form,
    pub(crate) values: Values,
}

impl Read {
    pub(crate) fn shape(&self) -> Shape {
        self.form.shape().unwrap()
    }

    pub(crate) fn floats(&self) -> &[f32] {
        let Values::Floats(floats) = &self.values else { panic!("{self:?}") };
        floats
    }
}

/// Reads `bytes` as a file and as a stream, which must agree, `at_once` rows at a time.
pub(crate) fn read(bytes: &[u8], options: &ReadOptions, at_once: usize) -> Result<Read, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("array.npy");
    std::fs::write(&path, bytes).unwrap();
    let file = open_source(&path, options).and_then(|source| drain(source, at_once));
    let stream = stream_source(Cursor::new(bytes.to_vec()), &path, options);
    match (&file, &stream.and_then(|source| drain(source, at_once))) {
        (Ok(file), Ok(stream)) => {
            assert_eq!((file.rows, &file.form), (stream.rows, &stream.form));
            assert_eq!(bits(&file.values), bits(&stream.values));
        }
        // A stream is not counted beyond what is one byte too many, and not before it is read.
        (Err(file), Err(_)) if matches!(npy_error(file), Some(NpyError::Length { .. })) => {}
        (Err(file), Err(stream)) => assert_eq!(chain(file), chain(stream)),
        (file, stream) => panic!("{file:?} of a file, {stream:?} of a stream"),
    }
    file
}

fn drain(mut source: Box<dyn Source>, at_once: usize) -> Result<Read, LoadError> {
    let (rows, form) = (source.len(), source.form().clone());
    let mut values = source.next_chunk(at_once)?.values().clone();
    loop {
        let chunk = source.next_chunk(at_once)?;
        assert!(chunk.len() <= at_once.max(1) && Some(chunk.shape()) == form.shape());
        match (&mut values, chunk.values()) {
            (Values::Bytes(values), Values::Bytes(more)) => values.extend(more),
            (Values::Floats(values), Values::Floats(more)) => values.extend(more),
            _ => panic!("chunks of two kinds"),
        }
        if chunk.is_empty() {
            assert_eq!(values.len(), rows * chunk.width());
            return Ok(Read { rows, form, values });
        }
    }
}

/// What is wrong with the file as an array, if that is what is wrong.
pub(crate) fn npy_error(error: &LoadError) -> Option<&NpyError> {
    match error {
        LoadError::Open(error) => match &error.source {
            OpenErrorKind::Npy(error) => Some(error),
            _ => None,
        },
        _ => None,
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", chain(source)))
}

/// Why `bytes` are refused where codes of two numbers are needed.
pub(crate) fn refused(bytes: &[u8]) -> String {
    chain(&read(bytes, &codes(2), 2).unwrap_err())
}

/// Equal to themselves where the numbers are NaN, and different where zeros have different signs.
pub(crate) fn bits(values: &Values) -> Vec<u32> {
    match values {
        Values::Bytes(bytes) => bytes.iter().map(|&byte| byte.into()).collect(),
        Values::Floats(floats) => floats.iter().map(|value| value.to_bits()).collect(),
    }
}

pub(crate) fn float_bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|value| value.to_bits()).collect()
}

pub(crate) fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/npy/fixtures"))
}
