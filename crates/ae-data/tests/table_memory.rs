//! Reading a large table takes little memory, and so does refusing a hostile one.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use ae_data::{Form, LoadError, ReadOptions, TableErrorKind, open_source};
use flate2::Compression;
use flate2::write::GzEncoder;

const MIB: u64 = 1 << 20;

/// A line of this process's status, in bytes. `VmRSS` is the memory in use now and `VmHWM` the most that ever was.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

/// A packed file of `start` and many times the same, never all in memory.
fn packed(path: &Path, start: &str, repeated: &str, times: usize) {
    let mut encoder = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    encoder.write_all(start.as_bytes()).unwrap();
    for _ in 0..times {
        encoder.write_all(repeated.as_bytes()).unwrap();
    }
    encoder.finish().unwrap();
}

#[test]
fn memory_follows_a_line_and_never_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv.gz");
    let options = ReadOptions {
        form: Form { class_column: Some("0".to_owned()), ..Form::default() },
        ..ReadOptions::default()
    };
    let before = status_bytes("VmRSS:");
    let taken = || (status_bytes("VmHWM:") - before) / MIB;

    // 100 MB of text.
    let row = (0..785).map(|n| (n % 251).to_string()).collect::<Vec<_>>().join(",") + "\n";
    let rows = 100_000_000 / row.len();
    packed(&path, "", &row, rows);
    let mut source = open_source(&path, &options).unwrap();
    let mut read = 0;
    while read < source.len() {
        read += source.next_chunk(100).unwrap().len();
    }
    assert_eq!(read, rows);
    assert!(taken() < 20, "reading took up to {} MiB", taken());

    // Numbers, quotes and lines of cells that end only after 128 MiB.
    let mebi = |text: &str| text.repeat(MIB as usize / text.len());
    for (start, repeated, line, limit) in [
        ("1,2\n1,", mebi("7"), 2, "64 MiB"),
        ("1,2\n1,\"", mebi("7"), 2, "64 MiB"),
        ("1,2\n3,4\n\"", mebi("a\n"), 3, "64 MiB"),
        ("1,2\n1", mebi(",1"), 2, "1,000,000 columns"),
        ("", mebi(",,"), 1, "1,000,000 columns"),
    ] {
        packed(&path, start, &repeated, 128);
        match open_source(&path, &options).map(|_| ()) {
            Err(LoadError::Table(error)) => match error.source {
                TableErrorKind::Long { line: at, limit: found } => assert_eq!((at, found), (line, limit)),
                other => panic!("{start:?}: expected Long, got {other:?}"),
            },
            other => panic!("{start:?}: expected Table, got {other:?}"),
        }
    }
    // A line that is just not too long, of cells that are.
    packed(&path, "1,2\n1,", &mebi("7"), 63);
    let refused = open_source(&path, &options).map(|_| ()).unwrap_err();
    assert!(
        matches!(&refused, LoadError::Table(error) if matches!(error.source, TableErrorKind::Cells { .. }))
    );
    // Two million labels, none of them twice.
    let path = folder.path().join("labels.csv");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    (0..2_000_000).for_each(|label| writeln!(file, "{label},1").unwrap());
    file.into_inner().unwrap();
    assert_eq!(open_source(&path, &options).unwrap().len(), 2_000_000);
    assert!(taken() < 100, "the worst took up to {} MiB", taken());
}
