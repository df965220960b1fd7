//! No small file makes the reader ask for much memory: not by what it promises, nor by what it keeps.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::Cursor;

use ae_codec::{
    AezError, BlockError, CodecError, Damage, MAX_BLOCK_SYMBOLS, MAX_DECODED, MAX_NAMES, MAX_WEIGHTS, Reader,
    decode, decompress,
};
use ae_net::Team;

use common::{Zeros, deflated, deflated_repeat, packed_description};

const MIB: u64 = 1 << 20;

/// A line of this process's status, in bytes. `VmSize` is its address space now and `VmPeak` the most it ever
/// was: memory that is asked for counts, used or not.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

/// A sound file of blocks of zeros, one number an image, and a decoder of zeros of so many pixels: none of which takes a bit.
fn zeros(images: u32, block_images: u32, cols: u32) -> Vec<u8> {
    Zeros { images, block_images, cols, description: None, names: None }.bytes()
}

#[test]
fn files_of_a_few_kilobytes_take_under_64_mib() {
    let pixels = (MAX_WEIGHTS / 2) as u32;
    let block_images = MAX_BLOCK_SYMBOLS as u32;
    let largest = zeros(block_images, block_images, pixels);
    let bomb = zeros(u32::MAX, block_images, 1);
    assert!(largest.len() < 200 && bomb.len() < 7_000);
    let before = status_bytes("VmSize:");
    let taken = |what: &str| {
        // At most this: the peak may be older than `before`.
        let taken = status_bytes("VmPeak:") - before;
        assert!(taken < 64 * MIB, "{what}: up to {} MiB", taken / MIB);
    };
    // A header that promises everything.
    let mut header = largest.clone();
    header[8..12].fill(0xff);
    let checksum = crc32fast::hash(&header[..68]);
    header[68..72].copy_from_slice(&checksum.to_le_bytes());
    for length in [72, header.len()] {
        assert!(decode(&header[..length]).is_err());
    }
    taken("a header that promises everything");
    for damage in [Damage::Refuse, Damage::Skip] {
        // The largest decoder and the largest block.
        let mut reader = Reader::new(Cursor::new(&largest), damage).unwrap();
        assert_eq!(reader.decoder().unwrap().pixels(), pixels as usize);
        assert_eq!(reader.block(0).unwrap().symbols.len(), block_images as usize);
        taken("the largest decoder and block");
        // Four billion images.
        let mut reader = Reader::new(Cursor::new(&bomb), damage).unwrap();
        assert_eq!(reader.blocks(), 1_024);
        assert_eq!(reader.block(1_023).unwrap().symbols.len(), block_images as usize - 1);
        taken("a block of a bomb");
    }
    // The limit is on what is decoded at once.
    match decode(&bomb) {
        Err(AezError::Value { what: "numbers at once", expected, found }) => {
            assert_eq!((expected, found), (format!("at most {MAX_DECODED}"), u32::MAX.to_string()));
        }
        other => panic!("{other:?}"),
    }
    taken("a bomb");
    match decompress(&Team::new(1).unwrap(), &largest, None) {
        Err(CodecError::Aez(AezError::Value { what: "pixels at once", found, .. })) => {
            assert_eq!(found, (u64::from(block_images) * u64::from(pixels)).to_string());
        }
        other => panic!("{other:?}"),
    }
    taken("all images of the largest block");
    names(&taken);
}

/// Names, and those of classes: as many as there may be, as much as they may be, and more.
fn names(taken: &impl Fn(&str)) {
    let count = MAX_NAMES as u32;
    let named = |packed: Vec<u8>| {
        let names = Some(packed);
        Zeros { images: 4 * count, block_images: count, cols: 1, description: None, names }.bytes()
    };
    // Each shares 60 bytes with the one before: 62 are counted.
    let text = [&[0], &[b'n'; 60][..], b"\n", &b"\x3c\n".repeat(count as usize - 1)].concat();
    // More than the limit of this test by far.
    let vast = |text: &[u8]| deflated_repeat(&text.repeat(1 << 15), 1 << 12);
    let (most, bomb) = (named(deflated(&text)), named(vast(b"\0\n")));
    assert!(most.len() < 3_000 && bomb.len() < 2 << 20, "{} and {} bytes", most.len(), bomb.len());
    let mut reader = Reader::new(Cursor::new(&most), Damage::Refuse).unwrap();
    let found = reader.block(3).unwrap().names.unwrap();
    assert!(found.len() == count as usize && found.iter().all(|name| *name == "n".repeat(60)));
    taken("as many names as a block may hold");
    let mut reader = Reader::new(Cursor::new(&bomb), Damage::Refuse).unwrap();
    let error = reader.block(0).unwrap_err();
    assert!(matches!(error, AezError::Block { source: BlockError::Names { .. }, .. }), "{error}");
    taken("names that unpack to more than they may");
    for (classes, packed) in [(count, vast(b"\0\n")), (0, vast(b"  ")), (u32::MAX, deflated(b"\0\n"))] {
        let description = Some(packed_description(1, classes, &packed));
        let file = Zeros { images: 1, block_images: 1, cols: 1, description, names: None }.bytes();
        assert!(decode(&file).is_err());
        taken("a description that unpacks to more than it may");
    }
}
