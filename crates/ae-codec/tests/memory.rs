//! No small file makes the reader ask for much memory: not by what it promises, nor by what it keeps.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Cursor;

use ae_codec::entropy::{Table, pack};
use ae_codec::{
    AezError, CodecError, Damage, MAX_BLOCK_SYMBOLS, MAX_DECODED, MAX_WEIGHTS, Reader, decode, decompress,
};
use ae_net::Team;

const MIB: u64 = 1 << 20;

/// A line of this process's status, in bytes. `VmSize` is its address space now and `VmPeak` the most it ever
/// was: memory that is asked for counts, used or not.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// A sound file of blocks of zeros, one number an image, and a decoder of zeros of so many pixels: none of which takes a bit.
fn zeros(images: u32, block_images: u32, pixels: u32) -> Vec<u8> {
    let levels: Vec<u8> = (-21_i32..=21).map(|step| step.unsigned_abs() as u8 * 3).collect();
    let descriptions = Table::new(-21, &levels).unwrap();
    // A table from 0 on that spans one integer, as the two numbers that describe it.
    let table = pack([(&descriptions, 0), (&descriptions, 0)].into_iter());
    let tables = with_checksum([&0x3f80_u16.to_le_bytes()[..], &table].concat());
    // Logits, weights of 16 bits, one layer without activation, two scales.
    let layer = [&[0, 16, 1][..], &1_u32.to_le_bytes(), &pixels.to_le_bytes(), &[0]].concat();
    let decoder =
        with_checksum([&layer[..], &1.0_f32.to_le_bytes(), &1.0_f32.to_le_bytes(), &table].concat());
    let mut header = [b"\x89AEZ", &[1, 0, 6, 0][..]].concat();
    for size in [images, 1, pixels, 1, block_images] {
        header.extend(size.to_le_bytes());
    }
    header.extend([0; 32]);
    for part in [&tables, &decoder] {
        header.extend((part.len() as u32).to_le_bytes());
    }
    let stated = header.clone();
    let mut bytes = [with_checksum(header), tables, decoder].concat();
    let blocks = images.div_ceil(block_images);
    for block in 0..blocks {
        let checksum = crc32fast::hash(&[&stated[..], &block.to_le_bytes(), &[0]].concat());
        bytes.extend([&[0][..], &checksum.to_le_bytes()].concat());
    }
    let index = vec![0; blocks as usize];
    let checksum = crc32fast::hash(&[&stated[..], &index].concat());
    [&bytes[..], &index, &blocks.to_le_bytes(), &checksum.to_le_bytes(), b"ZEA\n"].concat()
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
}
