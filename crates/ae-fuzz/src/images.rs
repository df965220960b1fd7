//! Files of images: read in chunks they are what they are read at once.

use std::io::Cursor;

use ae_data::{ImageReader, ImageSet, LoadError, open_images};

use crate::gzip::packed;
use crate::idx::{LIMITS, file};
use crate::scratch::with_file;

/// Opens a file of `bytes` at once, in chunks of three images, and in such chunks from a stream.
///
/// # Panics
/// If they differ, or an accepted set does not become the file that it came from.
pub fn run(bytes: &[u8]) -> bool {
    with_file("images.idx", bytes, |path| {
        let whole = open_images(path, &LIMITS);
        let stream = Cursor::new(bytes.to_vec());
        for reader in [ImageReader::open(path, &LIMITS), ImageReader::from_stream(stream, path, &LIMITS)] {
            match (&whole, reader.and_then(all_chunks)) {
                (Ok(whole), Ok(Some(chunks))) => assert!(*whole == chunks, "chunks are another set"),
                (Err(_), Err(_) | Ok(None)) => {}
                (whole, chunks) => panic!("{whole:?} at once, {chunks:?} in chunks"),
            }
        }
        whole.is_ok()
    })
}

/// All chunks together; nothing where they are more than the limit on a whole file allows.
fn all_chunks(mut reader: ImageReader) -> Result<Option<ImageSet>, LoadError> {
    let (mut pixels, mut chunk, mut images) = (Vec::new(), Vec::new(), 0);
    loop {
        let read = reader.next_chunk(3, &mut chunk)?;
        assert_eq!(chunk.len(), read * reader.rows() * reader.cols());
        if read == 0 {
            break;
        }
        images += read;
        pixels.extend_from_slice(&chunk);
        if pixels.len() as u64 > LIMITS.max_bytes {
            return Ok(None);
        }
    }
    assert_eq!(images, reader.len());
    Ok(Some(
        ImageSet::new(reader.rows(), reader.cols(), pixels, None).expect("whole images, and with pixels"),
    ))
}

/// Images in several chunks, plain and packed, none at all, and arrays that are no images.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let five = file(0x08, &[5, 1, 2], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    vec![
        ("six", file(0x08, &[6, 2, 1], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
        ("packed", packed(&five)),
        ("none", file(0x08, &[0, 28, 28], &[])),
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
