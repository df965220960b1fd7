//! Damaged and hostile files: refused, or one block lost, and never a wrong image, a panic or much memory.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::io::Cursor;

use ae_codec::{AezError, Block, BlockError, Damage, Reader, WeightBits};
use proptest::prelude::*;

use common::{Case, case, full_case};

/// Two blocks and a third of one image, with all that a file of grey images without names can hold.
fn small() -> Case {
    case(1_025, 2, true, Some(WeightBits::Eight))
}

/// Where the blocks begin, and where they end.
fn blocks_of(bytes: &[u8]) -> (usize, usize) {
    let sizes = Reader::new(Cursor::new(bytes), Damage::Refuse).unwrap().sizes();
    assert_eq!(sizes.total(), bytes.len() as u64);
    let start = sizes.header + sizes.description + sizes.tables + sizes.decoder;
    (start as usize, (start + sizes.blocks + sizes.names) as usize)
}

/// Whether all of a file can be read.
fn decode(bytes: &[u8]) -> Result<(), AezError> {
    ae_codec::decode(bytes).map(drop)
}

/// The blocks, as far as they can be read.
fn salvage(bytes: &[u8]) -> Result<Vec<Option<Block>>, AezError> {
    let mut reader = Reader::new(Cursor::new(bytes), Damage::Skip)?;
    (0..reader.blocks())
        .map(|block| match reader.block(block) {
            Ok(block) => Ok(Some(block)),
            Err(AezError::Block { .. } | AezError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        })
        .collect()
}

/// Writes a checksum anew over the part that ends at `end`.
fn mend(bytes: &mut [u8], start: usize, end: usize) {
    let checksum = crc32fast::hash(&bytes[start..end - 4]);
    bytes[end - 4..end].copy_from_slice(&checksum.to_le_bytes());
}

/// The file with other bytes in its header, and the checksums of header and index mended.
fn forged(bytes: &[u8], at: usize, new: &[u8]) -> AezError {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    mend(&mut bytes, 0, 72);
    mend_index(&mut bytes);
    decode(&bytes).unwrap_err()
}

/// What of a part cannot be, and what it is.
fn value_of(error: AezError) -> (&'static str, String) {
    match error {
        AezError::Value { what, found, .. } => (what, found),
        error => panic!("{error:?}"),
    }
}

/// Writes the index's checksum anew.
fn mend_index(bytes: &mut [u8]) {
    let trailer = bytes.len() - 12;
    let index = u32::from_le_bytes(bytes[trailer..trailer + 4].try_into().unwrap()) as usize;
    let checksum = crc32fast::hash(&[&bytes[..68], &bytes[trailer - index..trailer]].concat());
    bytes[trailer + 4..trailer + 8].copy_from_slice(&checksum.to_le_bytes());
}

#[test]
fn every_prefix_is_refused_and_its_whole_blocks_can_be_saved() {
    [small(), full_case()].iter().for_each(every_prefix);
}

fn every_prefix(case: &Case) {
    let whole = salvage(&case.bytes).unwrap();
    let (blocks_at, _) = blocks_of(&case.bytes);
    let mut most = 0;
    for length in 0..case.bytes.len() {
        let prefix = &case.bytes[..length];
        assert!(decode(prefix).is_err(), "{length} bytes of {}", case.bytes.len());
        match salvage(prefix) {
            Err(_) => assert!(length < blocks_at, "{length} bytes: the header is whole"),
            Ok(found) => {
                let saved = found.iter().filter(|block| block.is_some()).count();
                assert!(saved >= most, "{length} bytes");
                most = saved;
                assert!(found.iter().zip(&whole).all(|(found, whole)| found.is_none() || found == whole));
            }
        }
    }
    assert_eq!(most, whole.len());
}

#[test]
fn every_flipped_bit_is_refused_or_costs_one_block() {
    [small(), full_case()].iter().for_each(every_bit);
}

fn every_bit(case: &Case) {
    let whole = salvage(&case.bytes).unwrap();
    assert_eq!(whole.len(), 3);
    let (blocks_at, index_at) = blocks_of(&case.bytes);
    let mut bytes = case.bytes.clone();
    for bit in 0..bytes.len() * 8 {
        let at = bit / 8;
        bytes[at] ^= 1 << (bit % 8);
        let strict = decode(&bytes).unwrap_err();
        match salvage(&bytes) {
            Err(_) => {
                assert!(at < blocks_at, "bit {bit}: only what stands before the blocks is indispensable")
            }
            Ok(found) => {
                let lost = found.iter().filter(|block| block.is_none()).count();
                let expected = usize::from((blocks_at..index_at).contains(&at));
                assert_eq!(lost, expected, "bit {bit}: {strict}");
                assert!(found.iter().zip(&whole).all(|(found, whole)| found.is_none() || found == whole));
                if lost == 1 {
                    let AezError::Block { block, first, last, .. } = strict else {
                        panic!("bit {bit}: {strict}")
                    };
                    assert_eq!((first, last), (block * 512, 1_024.min(block * 512 + 511)));
                    assert!(found[block].is_none());
                }
            }
        }
        bytes[at] ^= 1 << (bit % 8);
    }
}

#[test]
fn blocks_of_other_places_and_other_files_are_refused() {
    // All codes alike: every block of 512 images has the same bytes but for its checksum.
    let same = |images| {
        use ae_codec::{Coding, Extras, Header, Quantiser, Writer};
        let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &vec![0.0; images], None).unwrap();
        let header = Header { images, channels: 1, rows: 1, cols: 1, model: common::MODEL };
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
        writer.push(&vec![0; images], &[], &[]).unwrap();
        writer.finish().unwrap()
    };
    let bytes = same(1_024);
    let sizes = Reader::new(Cursor::new(&bytes), Damage::Refuse).unwrap().sizes();
    let (start, half) = ((sizes.header + sizes.tables) as usize, sizes.blocks as usize / 2);
    let mut swapped = bytes.clone();
    swapped[start..start + 2 * half].rotate_left(half);
    let mut reader = Reader::new(Cursor::new(&swapped), Damage::Refuse).unwrap();
    for block in 0..2 {
        let error = reader.block(block).unwrap_err();
        assert!(matches!(error, AezError::Block { source: BlockError::Checksum { .. }, .. }), "{error}");
    }
    let mut other = same(1_023);
    other[start..start + half].copy_from_slice(&bytes[start..start + half]);
    let error = decode(&other).unwrap_err();
    assert!(matches!(error, AezError::Block { block: 0, first: 0, last: 511, .. }), "{error}");
}

/// What stands farther into a file than an .aez file's header is long.
fn tar() -> Vec<u8> {
    let mut bytes = b"images.aez".to_vec();
    bytes.resize(257, 0);
    bytes.extend(b"ustar\x0000");
    bytes.resize(1_024, 0);
    bytes
}

#[test]
fn headers_that_lie_are_refused_each_by_its_name() {
    let bytes = small().bytes;
    let refused = |at, new: &[u8]| forged(&bytes, at, new);
    let value = |at, new: &[u8]| value_of(refused(at, new));
    let number = |number: u32| number.to_le_bytes();
    assert!(matches!(refused(0, b"PNG!"), AezError::Magic { found, kind: None } if &found == b"PNG!"));
    let tar = tar();
    let error = decode(&tar).unwrap_err();
    assert!(matches!(error, AezError::Magic { kind: Some(_), .. }), "{error}");
    assert_eq!(error.to_string(), "not an .aez file but a tar archive: unpack it with `tar -xf`");
    assert!(matches!(refused(4, &[2, 0]), AezError::Version { found: 2 }));
    assert_eq!(value(6, &[0x23, 0]), ("the header's flags", "0x0023".to_owned()));
    assert_eq!(
        refused(8, &number(u32::MAX)).to_string(),
        "the index's blocks: expected 8388608, found 3 and 0 bytes more"
    );
    assert_eq!(value(8, &number(1_024)), ("the index's blocks", "2 and 1 bytes more".to_owned()));
    // As many blocks, but the last would have one image more.
    assert!(matches!(refused(8, &number(1_026)), AezError::Block { block: 0, .. }));
    assert_eq!(value(12, &number(0)), ("the header's rows", "0".to_owned()));
    assert_eq!(value(12, &number(u32::MAX)).0, "the header's pixels an image");
    assert_eq!(refused(16, &number(4)).to_string(), "the decoder's pixels an image: expected 8, found 6");
    assert_eq!(value(20, &number(0)), ("the header's numbers a code", "0".to_owned()));
    assert_eq!(value(20, &number(1 << 17)), ("the header's numbers a code", "131072".to_owned()));
    assert!(matches!(refused(20, &number(3)), AezError::Coded { what, .. } if what.contains("table")));
    assert_eq!(value(24, &number(0)), ("the header's images a block", "0".to_owned()));
    assert_eq!(value(24, &number(u32::MAX)).0, "the header's numbers a block");
    assert!(matches!(refused(60, &number(u32::MAX)), AezError::Length { what: "the tables", .. }));
    assert!(matches!(refused(60, &number(3)), AezError::Length { what: "the tables", needed: 4, actual: 3 }));
    assert!(matches!(refused(64, &number(u32::MAX)), AezError::Length { what: "the decoder", .. }));
    assert!(matches!(refused(64, &number(0)), AezError::Length { what: "the decoder", .. }));
    // A decoder that is said not to be there.
    assert!(matches!(refused(6, &[5, 0]), AezError::Length { what: "no decoder", needed: 0, .. }));

    // An index of as many blocks that are longer than they are, or one that is longer than the file.
    let mut index = bytes.clone();
    let at = bytes.len() - 12;
    index[at - 1] += 1;
    mend_index(&mut index);
    assert_eq!(value_of(decode(&index).unwrap_err()).0, "the index's bytes of blocks");
    index[at..at + 4].fill(0xff);
    assert!(matches!(decode(&index), Err(AezError::Length { what: "the index", .. })));

    let trailing = decode(&[&bytes[..], b"\n"].concat()).unwrap_err();
    assert!(matches!(trailing, AezError::End { .. }), "{trailing}");
    assert!(matches!(decode(&[]), Err(AezError::Length { .. })));
}

#[test]
fn tables_and_steps_that_lie_are_refused_each_by_its_name() {
    let bytes = case(20, 2, false, None).bytes;
    let tables = u32::from_le_bytes(bytes[60..64].try_into().unwrap()) as usize;
    let refused = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        mend(&mut bytes, 72, 72 + tables);
        decode(&bytes).unwrap_err()
    };
    // One step for all, the upper half of a float: 0, an infinity, a negative one.
    for step in [[0, 0], [0x80, 0x7f], [0x80, 0xbf]] {
        let (what, found) = value_of(refused(72, &step));
        assert!(what == "the steps" && found.ends_with("for unit 0"), "{step:?}: {found}");
    }
    let end = 72 + tables - 4;
    assert!(matches!(refused(end - 1, &[0]), AezError::Coded { what, .. } if what == "the tables"));
    let mut seen = 0;
    for (at, byte) in bytes.iter().enumerate().take(end).skip(74) {
        for flip in [0x01, 0x80, 0xff] {
            // Other tables may be tables too; then the blocks are not those that they describe.
            let error = refused(at, &[byte ^ flip]);
            seen += usize::from(matches!(error, AezError::Coded { .. }));
        }
    }
    assert!(seen > 0);
}

#[test]
fn a_decoder_that_lies_is_refused() {
    let bytes = case(20, 2, false, Some(WeightBits::Sixteen)).bytes;
    let tables = u32::from_le_bytes(bytes[60..64].try_into().unwrap()) as usize;
    let size = u32::from_le_bytes(bytes[64..68].try_into().unwrap()) as usize;
    let start = 72 + tables;
    let refused = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[start + at..start + at + new.len()].copy_from_slice(new);
        mend(&mut bytes, start, start + size);
        decode(&bytes).unwrap_err()
    };
    let value = |at, new: &[u8]| value_of(refused(at, new));
    assert_eq!(value(0, &[3]), ("the decoder's outputs", "3".to_owned()));
    assert_eq!(value(1, &[4]), ("the decoder's bits a weight", "4".to_owned()));
    assert!(matches!(refused(2, &[0]), AezError::Coded { .. } | AezError::Decoder(_)));
    assert_eq!(value(3, &[0; 4]).0, "the decoder's sizes");
    assert_eq!(value(3, &[0xff; 8]).0, "the decoder's weights");
    assert_eq!(value(11, &[9]), ("the decoder's activation", "9".to_owned()));
    // Two layers of 9 bytes stand before the scales.
    assert_eq!(value(21, &f32::NAN.to_le_bytes()), ("a scale of the decoder", "NaN".to_owned()));
    assert_eq!(value(21, &(-1.0_f32).to_le_bytes()), ("a scale of the decoder", "-1".to_owned()));
    // Layers that do not meet: the first gives 5 values.
    let error = refused(7, &3_u32.to_le_bytes());
    assert!(
        matches!(error, AezError::Coded { .. } | AezError::Value { .. } | AezError::Decoder(_)),
        "{error}"
    );
}

#[test]
fn errors_say_what_was_lost() {
    let mut bytes = small().bytes;
    let (blocks_at, _) = blocks_of(&bytes);
    bytes[blocks_at + 20] ^= 1;
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "block 0, images 0 to 511, is lost");
    assert!(std::error::Error::source(&error).unwrap().to_string().starts_with("its checksum is "));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode(&bytes).is_err());
        let headed = [b"\x89AEZ\x01\0", &bytes[..]].concat();
        prop_assert!(decode(&headed).is_err());
    }

    /// Damage with every checksum mended: whatever is then accepted has been read without a panic.
    #[test]
    fn forged_parts_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        inside in prop_oneof![Just(WeightBits::Eight), Just(WeightBits::Sixteen)],
    ) {
        let mut bytes = case(3, 2, true, Some(inside)).bytes;
        let length = bytes.len();
        let part = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (tables, decoder) = (part(&bytes, 60), part(&bytes, 64));
        for (index, byte) in changes {
            bytes[index.index(length)] = byte;
        }
        mend(&mut bytes, 0, 72);
        mend(&mut bytes, 72, 72 + tables);
        mend(&mut bytes, 72 + tables, 72 + tables + decoder);
        let _ = decode(&bytes);
        let _ = salvage(&bytes);
    }
}
