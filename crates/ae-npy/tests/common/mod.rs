//! Arrays as bytes, put together by hand.

#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests may panic as tests do; no test uses all")]

use std::io::{Cursor, Write};
use std::path::Path;

use ae_npy::{CodeReader, NpyErrorKind};
use flate2::{Compression, write::DeflateEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// The dict of a good header: three codes of two numbers.
pub(crate) const GOOD: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
/// And its elements.
pub(crate) const DATA: &[u8] = &[0; 24];

pub(crate) fn npy(version: u8, dict: &[u8], data: &[u8]) -> Vec<u8> {
    let length = dict.len() as u32;
    let length =
        if version == 1 { length.to_le_bytes()[..2].to_vec() } else { length.to_le_bytes().to_vec() };
    [b"\x93NUMPY", &[version, 0][..], &length, dict, data].concat()
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

/// Opens `bytes` as a file and as a stream, which must agree.
pub(crate) fn open(bytes: &[u8], code: usize) -> Result<CodeReader, NpyErrorKind> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.npy");
    std::fs::write(&path, bytes).unwrap();
    let file = CodeReader::open(&path, code).map_err(|error| {
        assert_eq!(error.path, path);
        error.source
    });
    let stream = CodeReader::from_stream(Cursor::new(bytes), "a stream", code).map_err(|error| {
        assert_eq!(error.path, Path::new("a stream"));
        error.source
    });
    match (&file, &stream) {
        (Ok(file), Ok(stream)) => assert_eq!(file.len(), stream.len()),
        // A stream is not counted beyond what is one byte too many.
        (Err(NpyErrorKind::Length { .. }), Err(NpyErrorKind::Length { .. })) => {}
        (Err(file), Err(stream)) => assert_eq!(file.to_string(), stream.to_string()),
        (file, stream) => panic!("{file:?} of a file, {stream:?} of a stream"),
    }
    file
}

/// All values, read in chunks of `at_once` codes.
pub(crate) fn values(reader: &mut CodeReader, at_once: usize) -> Result<Vec<f32>, NpyErrorKind> {
    let (mut all, mut chunk) = (Vec::new(), vec![9.0; 5]);
    loop {
        match reader.next_chunk(at_once, &mut chunk).map_err(|error| error.source)? {
            0 => return Ok(all),
            read => assert!(read <= at_once.max(1) && chunk.len().is_multiple_of(read)),
        }
        all.extend_from_slice(&chunk);
    }
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
