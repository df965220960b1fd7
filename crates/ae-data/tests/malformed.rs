//! Bytes that are not what they should be: one test for each way, matching the error's numbers.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::io::{self, Read, Write};

use ae_data::{ElementType, Elements, IdxArray, IdxError, Limits, OpenErrorKind, idx, open_bytes};
use ae_file::Kind;
use flate2::Compression;
use flate2::write::GzEncoder;

const MAX: u32 = u32::MAX;

fn parse(bytes: &[u8]) -> Result<IdxArray, IdxError> {
    idx::parse(bytes, &Limits::default())
}

/// What a stream of unknown length answers.
fn read(bytes: &[u8]) -> Result<IdxArray, IdxError> {
    idx::read(bytes, &Limits::default()).map_err(|error| match error {
        OpenErrorKind::Format(error) => error,
        other => panic!("a slice does not fail: {other}"),
    })
}

fn header(code: u8, dims: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|size| size.to_be_bytes()));
    bytes
}

/// A good file of 2 x 3 images of 2 x 2 16-bit integers, no two alike.
fn good() -> Vec<u8> {
    let mut bytes = header(0x0B, &[2, 3, 2]);
    bytes.extend((0..12_u16).flat_map(|i| (0x0102 + i * 0x0303).to_be_bytes()));
    assert!(parse(&bytes).is_ok());
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is refused the same way whether the length is known beforehand or not.
fn assert_refused(bytes: &[u8], expected: &IdxError) {
    assert_eq!(&parse(bytes).unwrap_err(), expected);
    assert_eq!(&read(bytes).unwrap_err(), expected);
    match open_bytes(&gzip(bytes), &Limits::default()) {
        Err(OpenErrorKind::Format(error)) => assert_eq!(&error, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn header_length() {
    assert_refused(&[], &IdxError::HeaderLength { needed: 4, actual: 0 });
    assert_refused(&[0, 0, 8], &IdxError::HeaderLength { needed: 4, actual: 3 });
    assert_refused(&[0, 0, 8, 2, 0, 0, 0], &IdxError::HeaderLength { needed: 12, actual: 7 });
    assert_refused(&[0, 0, 8, 255], &IdxError::HeaderLength { needed: 1024, actual: 4 });
}

#[test]
fn magic() {
    assert_refused(&[0, 1, 8, 1], &IdxError::Magic { found: 0x0001_0801, kind: None });
    let said = parse(&[0, 1, 8, 1]).unwrap_err().to_string();
    assert_eq!(
        said,
        "not an IDX file but something that begins with 0x00010801, where two zero bytes should be"
    );
    // Named by what stands behind the first four bytes, which are a name here.
    let mut tar = b"train-images-idx3-ubyte".to_vec();
    tar.resize(257, 0);
    tar.extend(b"ustar\x0000");
    tar.resize(2048, 7);
    for start in [b"\x89PNG\r\n\x1a\n".to_vec(), b"<html>\n".to_vec(), tar] {
        let kind = Kind::of(&start);
        assert!(kind.is_some());
        let found = u32::from_be_bytes(*start.first_chunk().unwrap());
        assert_refused(&start, &IdxError::Magic { found, kind });
    }
    let said = parse(b"\x89PNG\r\n\x1a\n").unwrap_err().to_string();
    assert!(said.starts_with("not an IDX file but a PNG picture: pictures are read from a folder"), "{said}");
}

#[test]
fn byte_order() {
    let little = |code: u8, dims: &[u32]| {
        let mut bytes = vec![dims.len() as u8, code, 0, 0];
        bytes.extend(dims.iter().flat_map(|size| size.to_le_bytes()));
        bytes
    };
    // As `numpy.array([0x803, 60000, 28, 28], '<i4').tofile(..)` begins.
    let start = [3, 8, 0, 0, 0x60, 0xea, 0, 0, 28, 0, 0, 0, 28, 0, 0, 0];
    assert_eq!(little(8, &[60_000, 28, 28]), start);
    let meant = IdxError::ByteOrder { element_type: ElementType::U8, dims: vec![60_000, 28, 28] };
    assert_refused(&start, &meant);
    assert_refused(&[&start[..], &[9; 1000]].concat(), &meant);
    assert_eq!(
        meant.to_string(),
        "its header is little-endian, and IDX is big-endian: meant are 3 dimensions, [60000, 28, 28], of unsigned \
         bytes; write the first four bytes as 00 00 08 03 and every number most significant byte first (NumPy: dtype \
         '>i4')"
    );
    // Where it ends too soon, the sizes that are there.
    let dims = vec![7];
    assert_refused(
        &[2, 9, 0, 0, 7, 0, 0, 0, 1],
        &IdxError::ByteOrder { element_type: ElementType::I8, dims },
    );
    // The length of safetensors' header can look like it.
    let weights = b"\x08\x08\0\0\0\0\0\0{\"a\":";
    assert_refused(weights, &IdxError::Magic { found: 0x0808_0000, kind: Kind::of(weights) });

    // The right first bytes, and sizes that fit the input's length backwards only.
    let swapped = |dims: &[u32], data: usize| {
        let sizes: Vec<u32> = dims.iter().map(|size| size.swap_bytes()).collect();
        parse(&[header(0x0B, &sizes), vec![7; data]].concat())
    };
    let meant =
        |dims: &[u32]| Err(IdxError::ByteOrder { element_type: ElementType::I16, dims: dims.to_vec() });
    assert_eq!(swapped(&[2, 3], 12), meant(&[2, 3]));
    assert_eq!(swapped(&[5, 28, 28], 7840), meant(&[5, 28, 28]), "though their product overflows");
    assert!(matches!(swapped(&[2, 3], 11), Err(IdxError::Limit { .. })));
    // Read the same either way: what is there decides nothing.
    assert!(matches!(swapped(&[0x0101_0101], 5), Err(IdxError::Length { actual: 5, .. })));
}

#[test]
fn element_type() {
    let known: Vec<u8> = ElementType::ALL.iter().map(|element_type| element_type.code()).collect();
    for code in 0..=255 {
        let bytes = header(code, &[0]);
        if known.contains(&code) {
            assert!(parse(&bytes).is_ok());
        } else {
            assert_refused(&bytes, &IdxError::ElementType { code });
        }
    }
}

#[test]
fn overflow() {
    for dims in [&[MAX, MAX, MAX][..], &[MAX; 255], &[1 << 31, 1 << 31, 4], &[MAX, 1, MAX, 2]] {
        assert_refused(&header(0x08, dims), &IdxError::Overflow { dims: dims.to_vec() });
    }
    // 2^62 elements can be counted, their 2^65 bytes cannot.
    let dims = vec![1 << 31, 1 << 31];
    assert_refused(&header(0x0E, &dims), &IdxError::Overflow { dims });
}

#[test]
fn limit() {
    let limit = Limits::default().max_bytes;
    let images = u64::from(MAX) * 28 * 28;
    assert_refused(&header(0x08, &[MAX, 28, 28]), &IdxError::Limit { asked: images, limit });
    let doubles = u64::from(MAX) * 8;
    assert_refused(&header(0x0E, &[MAX]), &IdxError::Limit { asked: doubles, limit });
    let most = u64::from(MAX) * u64::from(MAX);
    assert_refused(&header(0x08, &[MAX, MAX]), &IdxError::Limit { asked: most, limit });

    let bytes = good();
    assert!(idx::parse(&bytes, &Limits { max_bytes: 24 }).is_ok());
    let refused = idx::parse(&bytes, &Limits { max_bytes: 23 });
    assert_eq!(refused.unwrap_err(), IdxError::Limit { asked: 24, limit: 23 });
}

#[test]
fn length() {
    let short = [&header(0x0C, &[2])[..], &[1, 2, 3, 4, 5, 6, 7]].concat();
    assert_refused(&short, &IdxError::Length { promised: 8, actual: 7 });
    // Within the limit, far beyond what is there.
    let lie = header(0x08, &[1 << 30]);
    assert_eq!(parse(&lie).unwrap_err(), IdxError::Length { promised: 1 << 30, actual: 0 });
    assert_eq!(read(&lie).unwrap_err(), IdxError::Length { promised: 1 << 30, actual: 0 });
    // A slice's length is known, so what trails is counted.
    let long = [&header(0x08, &[1])[..], &[1, 2, 3]].concat();
    assert_eq!(parse(&long).unwrap_err(), IdxError::Length { promised: 1, actual: 3 });
}

#[test]
fn trailing() {
    let mut bytes = good();
    bytes.push(0);
    assert_eq!(read(&bytes).unwrap_err(), IdxError::Trailing { promised: 24 });
    // No elements are promised, and none may follow.
    let bytes = [&header(0x08, &[0, 28, 28])[..], &[0]].concat();
    assert_eq!(read(&bytes).unwrap_err(), IdxError::Trailing { promised: 0 });
    assert_eq!(parse(&bytes).unwrap_err(), IdxError::Length { promised: 0, actual: 1 });
}

#[test]
fn a_stream_without_end_is_refused_at_the_first_byte_too_many() {
    let bytes = good();
    let refused = idx::read(bytes.chain(io::repeat(0)), &Limits::default());
    assert!(matches!(refused, Err(OpenErrorKind::Format(IdxError::Trailing { promised: 24 }))));
    let zeros = idx::read(io::repeat(0), &Limits::default());
    assert!(matches!(zeros, Err(OpenErrorKind::Format(IdxError::ElementType { code: 0 }))));
}

#[test]
fn a_stream_that_fails_is_not_mistaken_for_one_that_ends() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let bytes = good();
    for length in 0..=bytes.len() {
        match idx::read(bytes[..length].chain(Failing), &Limits::default()) {
            Err(OpenErrorKind::File(ae_file::ReadError::Io(error))) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset)
            }
            other => panic!("after {length} bytes: {other:?}"),
        }
    }
}

#[test]
fn every_strict_prefix_is_an_error() {
    let bytes = good();
    for length in 0..bytes.len() {
        let expected = match length {
            0..4 => IdxError::HeaderLength { needed: 4, actual: length as u64 },
            4..16 => IdxError::HeaderLength { needed: 16, actual: length as u64 },
            _ => IdxError::Length { promised: 24, actual: length as u64 - 16 },
        };
        assert_refused(&bytes[..length], &expected);
    }
}

/// Longer than the reader's buffer, and no multiple of it.
#[test]
fn prefixes_of_a_long_file_are_errors_too() {
    let array = IdxArray::new(vec![33_333, 3], Elements::I16((0..99_999).map(|i| i as i16).collect()));
    let mut bytes = Vec::new();
    idx::write(&array.unwrap(), &mut bytes).unwrap();
    assert_eq!(bytes.len(), 12 + 199_998);
    assert!(parse(&bytes).is_ok() && read(&bytes).is_ok());
    for actual in [65_535, 65_536, 65_537, 131_072, 196_608, 199_997] {
        let expected = IdxError::Length { promised: 199_998, actual };
        assert_refused(&bytes[..12 + actual as usize], &expected);
    }
}

/// What is no fault of any bytes.
fn refused(dims: Vec<usize>, elements: Elements) -> String {
    IdxArray::new(dims, elements).unwrap_err().to_string()
}

#[test]
fn an_array_has_a_rank_that_a_header_can_say() {
    let said = refused(vec![1; 256], Elements::U8(vec![0]));
    assert_eq!(said, "dimensions of an IDX array: expected at most 255, found 256");
    assert!(IdxArray::new(vec![1; 255], Elements::U8(vec![0])).is_ok());
}

#[test]
fn an_array_has_sizes_that_a_header_can_say() {
    if let Some(size) = (MAX as usize).checked_add(1) {
        assert_eq!(
            refused(vec![0, size], Elements::U8(vec![])),
            "a size of an IDX array: expected at most 4294967295, found 4294967296 in dimension 1"
        );
    }
    assert!(IdxArray::new(vec![0, MAX as usize], Elements::U8(vec![])).is_ok());
}

#[test]
fn an_array_has_as_many_elements_as_its_sizes_say() {
    let said = |dims: &[usize], elements: usize| {
        format!("elements of an IDX array: expected as many as dimensions {dims:?} hold, found {elements}")
    };
    for (dims, elements) in [(vec![2, 3], 5), (vec![], 0), (vec![], 2), (vec![3, 0], 3), (vec![3], 0)] {
        assert_eq!(refused(dims.clone(), Elements::F32(vec![0.0; elements])), said(&dims, elements));
    }
    let dims = vec![MAX as usize; 3];
    assert_eq!(refused(dims.clone(), Elements::U8(vec![0])), said(&dims, 1));
}

#[test]
fn gzip_cut_short_at_any_length() {
    let packed = gzip(&good());
    assert!(open_bytes(&packed, &Limits::default()).is_ok());
    for length in 0..packed.len() {
        let refused = open_bytes(&packed[..length], &Limits::default());
        assert!(
            matches!(refused, Err(OpenErrorKind::Gzip(_) | OpenErrorKind::Format(_))),
            "{length} of {} bytes: {refused:?}",
            packed.len()
        );
    }
}

/// Some bits of a gzip header say nothing about the data (time, system): flipping those must change nothing.
#[test]
fn gzip_with_any_bit_flipped() {
    let bytes = good();
    let packed = gzip(&bytes);
    let array = parse(&bytes).unwrap();
    let mut refused = 0;
    for bit in 0..8 * packed.len() {
        let mut broken = packed.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        match open_bytes(&broken, &Limits::default()) {
            Ok(read) => assert_eq!(read, array, "bit {bit}"),
            Err(_) => refused += 1,
        }
    }
    // 6 bytes of the header (time, compressor's hint, system) carry nothing; all else but a few bits must.
    assert!(refused > 8 * (packed.len() - 8), "only {refused} of {} bits", 8 * packed.len());
}

/// The header, the data and the length are right; only the checksum, which stands last, is not.
#[test]
fn gzip_with_a_wrong_checksum() {
    let mut packed = gzip(&good());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    assert!(matches!(open_bytes(&packed, &Limits::default()), Err(OpenErrorKind::Gzip(_))));
}

#[test]
fn gzip_followed_by_something_else() {
    for tail in [&b"\0"[..], &[0; 512], b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08", b"trailing"] {
        let packed = [&gzip(&good())[..], tail].concat();
        let refused = open_bytes(&packed, &Limits::default());
        assert!(matches!(refused, Err(OpenErrorKind::Gzip(_))), "{tail:?}: {refused:?}");
    }
    let twice = gzip(&good()).repeat(2);
    assert!(matches!(
        open_bytes(&twice, &Limits::default()),
        Err(OpenErrorKind::Format(IdxError::Trailing { promised: 24 }))
    ));
}

/// RFC 1952, section 2.2: members follow one another, and their contents are joined.
#[test]
fn gzip_in_several_members_is_one_file() {
    let bytes = good();
    let packed = [gzip(&bytes[..13]), gzip(&[]).repeat(10_000), gzip(&bytes[13..])].concat();
    assert_eq!(open_bytes(&packed, &Limits::default()).unwrap(), parse(&bytes).unwrap());
}

#[test]
fn gzip_within_gzip_is_not_unpacked_twice() {
    let refused = open_bytes(&gzip(&gzip(&good())), &Limits::default());
    let Err(OpenErrorKind::Gzip(error)) = refused else { panic!("expected Gzip, got {refused:?}") };
    assert_eq!(error.to_string(), "it was packed twice; unpack it once with `gunzip`");
}

/// No gzip file unpacks to more than 1,032 times its length, and the tightest comes close to that.
#[test]
fn packed() {
    let bytes = [&header(0x08, &[10_000])[..], &[7; 5]].concat();
    let packed = gzip(&bytes);
    match open_bytes(&packed, &Limits::default()) {
        Err(OpenErrorKind::Format(IdxError::Length { promised: 10_000, actual: 5 })) => {}
        other => panic!("expected Length, got {other:?}"),
    }
    let bytes = [&header(0x08, &[100_000])[..], &[7; 5]].concat();
    let packed = gzip(&bytes);
    match open_bytes(&packed, &Limits::default()) {
        Err(OpenErrorKind::Format(error)) => {
            assert_eq!(error, IdxError::Packed { promised: 100_000, packed: packed.len() as u64 })
        }
        other => panic!("expected Packed, got {other:?}"),
    }
    let tightest = gzip(&[&header(0x08, &[1 << 25])[..], &vec![0; 1 << 25]].concat());
    assert!((1 << 25) / tightest.len() >= 1_000);
    assert!(open_bytes(&tightest, &Limits::default()).is_ok());
}

/// A promise of more than 48 MiB is counted before it is kept.
#[test]
fn a_large_gzip_file_is_read_as_a_small_one_is() {
    let size = 50 << 20;
    let mut bytes = header(0x08, &[size]);
    bytes.extend((0..size).map(|i| (i / 1000) as u8));
    let open = |bytes: &[u8]| open_bytes(bytes, &Limits::default());
    let good = gzip(&bytes);
    assert!(open(&good).unwrap() == parse(&bytes).unwrap());
    let promised = u64::from(size);
    assert!(matches!(
        open(&gzip(&bytes[..bytes.len() - 1])),
        Err(OpenErrorKind::Format(IdxError::Length { promised: p, actual })) if p == promised && actual == promised - 1
    ));
    let longer = [&good[..], &gzip(b"x")].concat();
    assert!(matches!(
        open(&longer),
        Err(OpenErrorKind::Format(IdxError::Trailing { promised: p })) if p == promised
    ));
    let mut checksum = good.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    assert!(matches!(open(&checksum), Err(OpenErrorKind::Gzip(_))));
}

#[test]
fn gzip_bomb() {
    let limits = Limits { max_bytes: 1000 };
    let honest = gzip(&[&header(0x08, &[1 << 24])[..], &vec![0; 1 << 24]].concat());
    assert!(honest.len() < 1 << 17, "a small file");
    match open_bytes(&honest, &limits) {
        Err(OpenErrorKind::Format(error)) => {
            assert_eq!(error, IdxError::Limit { asked: 1 << 24, limit: 1000 })
        }
        other => panic!("expected Limit, got {other:?}"),
    }
    let lying = gzip(&[&header(0x08, &[1000])[..], &vec![0; 1 << 24]].concat());
    match open_bytes(&lying, &limits) {
        Err(OpenErrorKind::Format(error)) => assert_eq!(error, IdxError::Trailing { promised: 1000 }),
        other => panic!("expected Trailing, got {other:?}"),
    }
}
