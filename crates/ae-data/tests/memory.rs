//! Refusing a hostile file takes little memory, however much it promises or unpacks to; a picture takes a bounded number of
//! bytes for each pixel.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use ae_data::{Fit, Form, Limits, ReadOptions, npy, open, open_bytes, open_source, stream_source};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{ImageFormat, RgbImage};

const MIB: u64 = 1 << 20;

/// A line of this process's status, in bytes. `VmSize` is its address space now and `VmPeak` the most it ever
/// was: memory that is asked for counts, used or not.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

fn header(dims: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|size| size.to_be_bytes()));
    bytes
}

/// `start` and so many zeros after it, never all in memory.
fn gzip(start: &[u8], zeros: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut start.chain(io::repeat(0).take(zeros)), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// A file of 100 GiB that takes no room, beginning with `start`.
fn sparse(path: &Path, start: &[u8]) {
    let mut file = File::create(path).unwrap();
    file.write_all(start).unwrap();
    file.set_len(100 << 30).unwrap();
}

#[test]
fn refusing_takes_under_100_mib() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { max_bytes: 512 * MIB };
    let most = (limits.max_bytes / 784) as u32;
    // 16 MiB of zeros, 640 times over: 10 GiB out of some 10 MB.
    let member = gzip(&[], 16 * MIB);
    let zeros = member.repeat(640);
    let mut paths = Vec::new();
    for (name, dims) in [("most", &[most, 28, 28][..]), ("lie", &[u32::MAX, 28, 28]), ("few", &[1, 28, 28])] {
        let bomb = folder.path().join(format!("{name}.gz"));
        fs::write(&bomb, [gzip(&header(dims), 0), zeros.clone()].concat()).unwrap();
        let sparse_path = folder.path().join(name);
        sparse(&sparse_path, &header(dims));
        paths.push(bomb);
        paths.push(sparse_path);
    }
    for (name, start) in [("zeros", &[][..]), ("gzip", &[0x1f, 0x8b, 8][..])] {
        let path = folder.path().join(name);
        sparse(&path, start);
        paths.push(path);
    }
    drop(zeros);
    // Promises all that is allowed, or as much as MNIST, and breaks off just before its end.
    for images in [most, 60_000] {
        let almost = u64::from(images) * 784 - 1;
        let members = member.repeat((almost / (16 * MIB)) as usize);
        let late = folder.path().join(format!("late-{images}"));
        let rest = gzip(&[], almost % (16 * MIB));
        fs::write(&late, [gzip(&header(&[images, 28, 28]), 0), members, rest].concat()).unwrap();
        paths.push(late);
    }
    assert_eq!(paths.len(), 10);

    let before = status_bytes("VmSize:");
    for path in &paths {
        let refused = open(path, &limits);
        assert!(refused.is_err(), "{} was accepted", path.display());
    }
    assert!(open_bytes(&header(&[u32::MAX, 28, 28]), &limits).is_err());
    // A stream's length is not known; memory follows what has come, not what is promised.
    let lie = io::Cursor::new([&header(&[u32::MAX, 28, 28])[..], &[7; 12]].concat());
    let any = ReadOptions { limits: Limits { max_bytes: u64::MAX }, ..ReadOptions::default() };
    assert!(stream_source(lie, "-", &any).unwrap().next_chunk(usize::MAX).is_err());
    // The same of arrays: 1 GiB in rows, in columns, and in an archive that goes on for ever.
    let mut array = Vec::new();
    npy::write_header(&mut array, npy::Element::F32, &[1 << 27, 2]).unwrap();
    let order = array.windows(5).position(|bytes| bytes == b"False").unwrap();
    let columns = [&array[..order], b"True ", &array[order + 5..]].concat();
    for lie in [array, columns] {
        let source = stream_source(io::Cursor::new(lie), "-", &any);
        assert!(source.and_then(|mut source| source.next_chunk(usize::MAX)).is_err());
    }
    refuse_tables(folder.path(), &member);
    refuse_pictures(folder.path());
    let archive = folder.path().join("archive");
    sparse(&archive, b"PK\x03\x04");
    assert!(open_source(&archive, &any).is_err());
    // At most this: the peak may be older than `before`.
    let taken = status_bytes("VmPeak:") - before;
    assert!(taken < 100 * MIB, "took up to {} MiB", taken / MIB);
    let pixels = decode_a_large_picture(&folder.path().join("large"));
    let taken = status_bytes("VmPeak:") - before;
    assert!(taken < 28 * pixels, "a picture took up to {} MiB", taken / MIB);
}

/// Tables that never come to an end of a line, and one whose stream is longer than may be held.
fn refuse_tables(folder: &Path, member: &[u8]) {
    let path = folder.join("table");
    for start in [&b"1,2\n\""[..], b"1,2\n1,", b"name,x\n"] {
        // Of texts, zeros are as good as any.
        fs::write(&path, [gzip(start, 0), member.repeat(640)].concat()).unwrap();
        assert!(open_source(&path, &ReadOptions::default()).is_err());
    }
    let few = ReadOptions { limits: Limits { max_bytes: MIB }, ..ReadOptions::default() };
    let stream = io::Cursor::new(&b"1,2\n"[..]).chain(io::repeat(b'7'));
    assert!(stream_source(stream, "-", &few).is_err());
}

/// Pictures of as many rows and columns as there can be, and one of as many as are read, of which none are there.
fn refuse_pictures(folder: &Path) {
    let path = folder.join("pictures");
    for (side, pixels_there) in [(i32::MAX as u32, true), (1 << 13, false)] {
        bitmap(&path, side, side, pixels_there);
        let decoded = ReadOptions { skip_broken: pixels_there, ..ReadOptions::default() };
        // Of the second the header alone is read, which is sound.
        assert_eq!(open_source(&path, &decoded).is_err(), pixels_there);
    }
}

/// What takes most for each pixel, of all that was found: colour, brought to nearly the size that it has. Says how many
/// pixels that was.
fn decode_a_large_picture(folder: &Path) -> u64 {
    let side = 1 << 12;
    bitmap(folder, side, side, true);
    let form = Form { size: Some([side as usize, side as usize - 1]), fit: Fit::Stretch, ..Form::default() };
    let options = ReadOptions { form, skip_broken: true, ..ReadOptions::default() };
    assert_eq!(open_source(folder, &options).unwrap().next_chunk(1).unwrap().len(), 1);
    u64::from(side * side)
}

/// A folder of one black picture in colour, the pixels of which take no room on the disk.
fn bitmap(folder: &Path, rows: u32, cols: u32, pixels_there: bool) {
    let mut one = io::Cursor::new(Vec::new());
    RgbImage::new(1, 1).write_to(&mut one, ImageFormat::Bmp).unwrap();
    let mut header = one.into_inner();
    header[18..26].copy_from_slice([cols.to_le_bytes(), rows.to_le_bytes()].as_flattened());
    fs::create_dir_all(folder).unwrap();
    let mut file = File::create(folder.join("picture.bmp")).unwrap();
    file.write_all(&header).unwrap();
    if pixels_there {
        // More than any picture that is read has.
        file.set_len(256 * MIB).unwrap();
    }
}
