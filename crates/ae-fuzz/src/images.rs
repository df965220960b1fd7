//! Files of images: read in chunks they are what they are read at once.

use std::io::Cursor;

use ae_data::{IdxWriter, ReadOptions, Values, stream_source};

use crate::gzip::packed;
use crate::idx::file;
use crate::rows::{LIMITS, in_chunks, read, same};
use crate::scratch::with_file;

/// Opens a file of `bytes` at once, in chunks, and in chunks from a stream.
///
/// # Panics
/// If they differ, or an accepted set of bytes is not read again once written.
pub fn run(bytes: &[u8]) -> bool {
    let options = ReadOptions { limits: LIMITS, ..ReadOptions::default() };
    let Some((form, samples)) = with_file("images.idx", bytes, |path| read(path, bytes, &options)) else {
        return false;
    };
    // Other numbers have no form here that is written.
    if let (Values::Bytes(bytes), None) = (samples.values(), samples.labels()) {
        let mut writer =
            IdxWriter::new(Vec::new(), samples.len(), samples.shape(), form.layout).expect("it was a file");
        writer.write(bytes).expect("as many as were said");
        let again = Cursor::new(writer.finish().expect("as many as were said"));
        let options = ReadOptions { form, ..options };
        let again = stream_source(again, "memory", &options).and_then(|source| in_chunks(source, 3));
        let (_, again) = again.expect("it was written by us").expect("it was within the limits");
        assert!(same(&again, &samples), "other images than were written");
    }
    true
}

/// Images in several chunks, plain and packed, in colour, none at all, and arrays that are no images.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let five = file(0x08, &[5, 1, 2], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    vec![
        ("six", file(0x08, &[6, 2, 1], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
        ("colour", file(0x08, &[2, 1, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
        ("floats", file(0x0D, &[1, 2], &[0x3f, 0x80, 0, 0, 0x80, 0, 0, 0])),
        ("nan", file(0x0D, &[2, 1], &[0x3f, 0x80, 0, 0, 0x7f, 0xc0, 0, 0])),
        ("packed", packed(&five)),
        ("none", file(0x08, &[0, 28, 28], &[])),
        ("none-and-vast", file(0x0E, &[0, u32::MAX, u32::MAX, u32::MAX], &[])),
        ("no-pixels", file(0x08, &[2, 0, 28], &[])),
        ("labels", file(0x08, &[3], &[1, 2, 3])),
        ("signed", file(0x09, &[1, 1, 1], &[1])),
        ("lie", file(0x08, &[u32::MAX, 28, 28], &[0; 784])),
        ("packed-lie", packed(&file(0x08, &[u32::MAX, 28, 28], &[0; 784]))),
        ("packed-short", packed(&five[..five.len() - 1])),
        ("packed-long", packed(&[&five[..], &[0]].concat())),
        ("five", five),
    ]
}
