//! Refusing a hostile file takes little memory, however much it promises or unpacks to.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use ae_data::{Limits, open, open_bytes};
use flate2::Compression;
use flate2::write::GzEncoder;

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
    // At most this: the peak may be older than `before`.
    let taken = status_bytes("VmPeak:") - before;
    assert!(taken < 100 * MIB, "took up to {} MiB", taken / MIB);
}
