//! Images read and written a chunk at a time: the same as all at once, and no less careful.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::error::Error;
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use ae_data::{
    DataError, IdxError, IdxWriter, Layout, Limits, LoadError, OpenErrorKind, ReadOptions, Shape, Source,
    Values, WriteError, idx, open, open_images, open_labels, open_source, stream_source,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// A file of `count` images of 2 rows and 3 columns, the bytes counting up.
fn images(count: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 3];
    bytes.extend(0..6 * count);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn options(limits: &Limits) -> ReadOptions {
    ReadOptions { limits: *limits, ..ReadOptions::default() }
}

/// All numbers as bytes, read `images` at a time, and the sizes of the chunks.
fn read_all(path: &Path, images: usize, limits: &Limits) -> Result<(Vec<u8>, Vec<usize>), LoadError> {
    drain(open_source(path, &options(limits))?, images)
}

fn drain(mut source: Box<dyn Source>, images: usize) -> Result<(Vec<u8>, Vec<usize>), LoadError> {
    let (mut all, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let chunk = source.next_chunk(images)?;
        assert_eq!(Some(chunk.shape()), source.form().shape());
        if chunk.is_empty() {
            assert!(source.next_chunk(images)?.is_empty(), "the end stays the end");
            return Ok((all, sizes));
        }
        sizes.push(chunk.len());
        match chunk.values() {
            Values::Bytes(bytes) => all.extend_from_slice(bytes),
            Values::Floats(floats) => all.extend(floats.iter().flat_map(|value| value.to_be_bytes())),
        }
    }
}

fn stream(bytes: impl Read + Send + 'static, name: &str) -> Result<Box<dyn Source>, LoadError> {
    stream_source(bytes, name, &ReadOptions::default())
}

/// What reading in chunks of two answers: the pixels, or why not.
fn refusal(bytes: &[u8]) -> OpenErrorKind {
    let (_folder, path) = file(bytes);
    match read_all(&path, 2, &Limits::default()) {
        Err(LoadError::Open(error)) => {
            assert_eq!(error.path, path);
            error.source
        }
        other => panic!("expected Open, got {other:?}"),
    }
}

#[test]
fn mnist_in_chunks_is_mnist_at_once() {
    let mnist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let packed = mnist.join("t10k-images-idx3-ubyte.gz");
    let whole = open_images(&packed, &Limits::default()).unwrap();
    assert_eq!(whole.len(), 10_000);

    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    idx::write(&open(&packed, &Limits::default()).unwrap(), fs::File::create(&plain).unwrap()).unwrap();
    for path in [&packed, &plain] {
        let source = open_source(path, &ReadOptions::default()).unwrap();
        assert_eq!((source.len(), source.form().shape()), (10_000, Some(Shape::picture(28, 28))));
        for (images, chunks) in
            [(4096, vec![4096, 4096, 1808]), (10_000, vec![10_000]), (usize::MAX, vec![10_000])]
        {
            let (pixels, sizes) = read_all(path, images, &Limits::default()).unwrap();
            assert_eq!(sizes, chunks);
            assert!(Some(&pixels[..]) == whole.bytes(), "{images} at a time");
        }
    }
}

/// What a pipe may do at worst: one byte at a time, and no way back.
struct ByteByByte(Cursor<Vec<u8>>);

impl Read for ByteByByte {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[test]
fn a_stream_gives_what_the_file_gives() {
    for good in [images(5), gzip(&images(5)), [gzip(&images(5)[..20]), gzip(&images(5)[20..])].concat()] {
        let compare = |bytes: &[u8], errors_too: bool| {
            let (_folder, path) = file(bytes);
            let limits = Limits::default();
            let in_file = read_all(&path, 2, &limits);
            let stream = ByteByByte(Cursor::new(bytes.to_vec()));
            let in_stream =
                stream_source(stream, &path, &options(&limits)).and_then(|source| drain(source, 2));
            match (in_file, in_stream) {
                (Ok(in_file), Ok(in_stream)) => assert_eq!(in_file, in_stream),
                (Err(in_file), Err(in_stream)) if errors_too => {
                    assert_eq!(chain(&in_file), chain(&in_stream))
                }
                (Err(_), Err(_)) => {}
                (in_file, in_stream) => panic!("{in_file:?} in a file, {in_stream:?} in a stream: {bytes:?}"),
            }
        };
        for length in 0..=good.len() {
            compare(&good[..length], true);
        }
        compare(&[&good[..], b"more"].concat(), false);
        for byte in 0..good.len() {
            for bits in [1, 0x80] {
                let mut spoilt = good.clone();
                spoilt[byte] ^= bits;
                compare(&spoilt, false);
            }
        }
    }
}

#[test]
fn a_stream_of_nothing_holds_nothing() {
    for length in 0..4_u64 {
        let nothing = Cursor::new(vec![0; length as usize]);
        let error = stream(nothing, "-").err().unwrap();
        let said = chain(&error);
        let expected = match length {
            0 => "it is no IDX file, NumPy array or table, but an empty file",
            1 => "it is no IDX file, NumPy array or table, but nothing that is known here",
            _ => "the IDX header needs 4 bytes, only",
        };
        assert!(said.starts_with(&format!("cannot open -: {expected}")), "{said}");
    }
}

#[test]
fn a_stream_that_goes_on_and_one_that_fails_name_it() {
    let long = [&images(2)[..], b"x"].concat();
    let mut source = stream(Cursor::new(long), "standard input").unwrap();
    assert_eq!(source.next_chunk(1).unwrap().len(), 1);
    let error = source.next_chunk(1).unwrap_err();
    let expected = "cannot open standard input: IDX header promises 12 bytes of data, more follow";
    assert_eq!(chain(&error), expected);
    let broken = Cursor::new(images(2)[..20].to_vec()).chain(Broken);
    let at_first = stream(broken, "standard input").err().unwrap();
    // The first bytes are asked for to tell what they are; beyond them it breaks where the rows are read.
    let mut many = images(2)[..16].to_vec();
    many[7] = 200;
    many.resize(700, 7);
    let mut source = stream(Cursor::new(many).chain(Broken), "standard input").unwrap();
    assert_eq!(source.next_chunk(50).unwrap().len(), 50);
    for error in [at_first, source.next_chunk(100).unwrap_err()] {
        assert!(chain(&error).starts_with("cannot open standard input: "), "{error:?}");
        let LoadError::Open(error) = error else { panic!("expected Open, got {error:?}") };
        assert!(matches!(error.source, OpenErrorKind::File(ae_file::ReadError::Io(_))));
    }
}

/// A pipe whose other end went away.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// A header is no reason to take memory: it follows what has come.
#[test]
fn a_stream_that_promises_much_takes_what_has_come() {
    let mut lie = images(2);
    lie[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut source = stream_source(Cursor::new(lie), "-", &options(&Limits { max_bytes: u64::MAX })).unwrap();
    let error = source.next_chunk(usize::MAX).unwrap_err();
    let LoadError::Open(error) = error else { panic!("expected Open, got {error:?}") };
    assert!(matches!(error.source, OpenErrorKind::Format(IdxError::Length { actual: 12, .. })));
}

#[test]
fn limits_bound_a_chunk_and_not_the_file() {
    for bytes in [images(9), gzip(&images(9))] {
        let (_folder, path) = file(&bytes);
        let limits = Limits { max_bytes: 12 };
        assert_eq!(read_all(&path, 2, &limits).unwrap(), ((0..54).collect(), vec![2, 2, 2, 2, 1]));
        assert_eq!(read_all(&path, 0, &limits).unwrap().1, [1; 9]);
        match read_all(&path, 3, &limits) {
            Err(LoadError::Open(error)) => assert!(matches!(
                error.source,
                OpenErrorKind::Format(IdxError::Limit { asked: 18, limit: 12 })
            )),
            other => panic!("expected Open, got {other:?}"),
        }
    }
}

#[test]
fn a_plain_file_of_another_length_is_refused_at_once() {
    let good = images(5);
    for (bytes, length) in [(&good[..45], 29), (&[&good[..], b"x"].concat()[..], 31)] {
        let (_folder, path) = file(bytes);
        match open_source(&path, &ReadOptions::default()).err() {
            Some(LoadError::Open(error)) => assert!(matches!(
                error.source,
                OpenErrorKind::Format(IdxError::Length { promised: 30, actual }) if actual == length
            )),
            other => panic!("expected Open, got {other:?}"),
        }
    }
}

#[test]
fn a_plain_file_cut_while_it_is_read_is_an_error() {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0];
    bytes.resize(16 + (256 << 17), 7);
    let (_folder, path) = file(&bytes);
    let mut source = open_source(&path, &ReadOptions::default()).unwrap();
    assert_eq!(source.next_chunk(1).unwrap().len(), 1);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(16 + (10 << 17) + 5).unwrap();
    let refused = (0..256).find_map(|_| source.next_chunk(1).err());
    match refused {
        Some(LoadError::Open(error)) => assert!(matches!(
            error.source,
            OpenErrorKind::Format(IdxError::Length { promised: 33_554_432, actual: 1_310_725 })
        )),
        other => panic!("expected Open, got {other:?}"),
    }
}

#[test]
fn a_gzipped_file_is_driven_to_its_end() {
    let good = gzip(&images(5));
    let (_folder, path) = file(&good);
    assert_eq!(read_all(&path, 2, &Limits::default()).unwrap().0, (0..30).collect::<Vec<u8>>());
    // As many images as promised in whole chunks, then the end: a multiple of the chunk must look further too.
    for count in [4, 5] {
        let good = gzip(&images(count));
        let mut checksum = good.clone();
        let at = checksum.len() - 8;
        checksum[at] ^= 1;
        assert!(matches!(refusal(&checksum), OpenErrorKind::Gzip(_)));
        assert!(matches!(refusal(&good[..good.len() - 1]), OpenErrorKind::Gzip(_)));
        assert!(matches!(refusal(&[&good[..], b"more"].concat()), OpenErrorKind::Gzip(_)));
        let promised = u64::from(count) * 6;
        let member = [&good[..], &gzip(b"x")].concat();
        assert!(
            matches!(refusal(&member), OpenErrorKind::Format(IdxError::Trailing { promised: p }) if p == promised)
        );
    }
    // The stream ends in the second chunk, soundly, with less than was promised.
    let short = gzip(&images(5)[..16 + 20]);
    assert!(matches!(refusal(&short), OpenErrorKind::Format(IdxError::Length { promised: 30, actual: 20 })));
}

#[test]
fn every_strict_prefix_is_an_error() {
    for bytes in [images(5), gzip(&images(5))] {
        for length in 0..bytes.len() {
            refusal(&bytes[..length]);
        }
    }
}

#[test]
fn an_empty_set_ends_at_once_and_is_still_looked_through() {
    let (_folder, path) = file(&images(0));
    assert!(open_source(&path, &ReadOptions::default()).unwrap().is_empty());
    assert_eq!(read_all(&path, 2, &Limits::default()).unwrap(), (vec![], vec![]));
    let trailing = gzip(&[&images(0)[..], b"x"].concat());
    assert!(matches!(refusal(&trailing), OpenErrorKind::Format(IdxError::Trailing { promised: 0 })));
    // Of 64-bit floats, so many a row that their bytes can't be counted.
    let vast = [&[0, 0, 0x0E, 4, 0, 0, 0, 0][..], &[255; 12]].concat();
    assert_eq!(read_all(&file(&vast).1, 2, &Limits::default()).unwrap(), (vec![], vec![]));
}

#[test]
fn a_promise_beyond_all_memory_is_found_out_without_asking_for_it() {
    let lie = [0, 0, 8, 3, 0, 0, 255, 255, 0, 0, 16, 0, 0, 0, 16, 0, 1, 2, 3];
    assert!(matches!(refusal(&lie), OpenErrorKind::Format(IdxError::Length { actual: 3, .. })));
    let packed = gzip(&lie).len() as u64;
    assert!(matches!(
        refusal(&gzip(&lie)),
        OpenErrorKind::Format(IdxError::Packed { promised: 0x00ff_ff00_0000, packed: found }) if found == packed
    ));
    let overflow = [&[0, 0, 8, 3][..], &[255; 12]].concat();
    assert!(matches!(refusal(&overflow), OpenErrorKind::Format(IdxError::Overflow { .. })));
}

#[test]
fn a_file_of_labels_is_no_file_of_images() {
    let (_folder, path) = file(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 255]);
    assert_eq!(open_labels(&path, &Limits::default()).unwrap(), [7, 255]);
    let (_folder, path) = file(&images(1));
    let refused = open_labels(&path, &Limits::default());
    assert!(
        matches!(refused, Err(LoadError::Content { source: DataError::Kind { rank: 3, .. }, .. })),
        "{refused:?}"
    );
}

#[test]
fn what_is_written_in_pieces_is_the_file() {
    let mut writer = IdxWriter::new(Vec::new(), 5, Shape::picture(2, 3), None).unwrap();
    let pixels: Vec<u8> = (0..30).collect();
    for piece in pixels.chunks(12) {
        writer.write(piece).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), images(5));
    assert_eq!(
        IdxWriter::new(Vec::new(), 0, Shape::picture(2, 3), None).unwrap().finish().unwrap(),
        images(0)
    );
}

#[test]
fn what_is_written_has_the_layout_that_it_came_in() {
    // Two pictures of 2 x 1 pixels in colour, pixel after pixel.
    let file =
        [&[0, 0, 8, 4, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3][..], &Vec::from_iter(0..12)].concat();
    let mut source = stream_source(Cursor::new(file.clone()), "memory", &ReadOptions::default()).unwrap();
    let (rows, form) = (source.next_chunk(2).unwrap(), source.form().clone());
    assert_eq!(form.layout, Some(Layout::Hwc));
    let mut writer = IdxWriter::new(Vec::new(), 2, form.shape().unwrap(), form.layout).unwrap();
    rows.bytes().unwrap().chunks(6).for_each(|row| writer.write(row).unwrap());
    assert_eq!(writer.finish().unwrap(), file);
}

#[test]
fn more_or_fewer_pixels_than_promised_are_refused() {
    let mut bytes = Vec::new();
    let mut writer = IdxWriter::new(&mut bytes, 2, Shape::picture(2, 3), None).unwrap();
    writer.write(&[1; 6]).unwrap();
    for (pixels, message) in [
        (&[2; 12][..], "pixels: expected whole rows of 6, at most 6, found 12"),
        (&[2; 5], "pixels: expected whole rows of 6, at most 6, found 5"),
    ] {
        let refused = writer.write(pixels).unwrap_err();
        assert!(matches!(refused, WriteError::Images(DataError::Argument { .. })), "{refused:?}");
        assert_eq!(refused.to_string(), message);
    }
    assert_eq!(writer.finish().unwrap_err().to_string(), "pixels: expected 12, found 6");
    assert_eq!(bytes.len(), 16 + 6, "nothing of the surplus was written");
    if let Some(images) = (u32::MAX as usize).checked_add(1) {
        let said = |images, side| {
            IdxWriter::new(Vec::new(), images, Shape::picture(side, side), None).unwrap_err().to_string()
        };
        assert_eq!(
            said(images, 2),
            "a size of an IDX array: expected at most 4294967295, found 4294967296 in dimension 0"
        );
        let overflow = said(u32::MAX as usize, u32::MAX as usize);
        assert!(overflow.starts_with("dimensions of an IDX array: expected fewer bytes"), "{overflow}");
    }
}

#[test]
fn a_failing_writer_is_an_io_error() {
    let mut room = [0; 18];
    let mut writer = IdxWriter::new(&mut room[..], 1, Shape::picture(2, 3), None).unwrap();
    assert!(matches!(writer.write(&[1; 6]), Err(WriteError::Io(_))));
    assert!(matches!(IdxWriter::new(&mut [0; 3][..], 1, Shape::picture(2, 3), None), Err(WriteError::Io(_))));
}
