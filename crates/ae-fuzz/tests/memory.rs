//! No small file makes a reader ask for much memory.
//!
//! One test in a process of its own, as it measures the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]
#![cfg(target_os = "linux")]

mod common;

use std::fs;

use ae_fuzz::TARGETS;
use common::{Mutations, corpus};

const MIB: u64 = 1 << 20;

/// A line of this process's status, in bytes. `VmSize` is its address space now and `VmPeak` the most it ever
/// was: memory that is asked for counts, used or not.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

#[test]
fn inputs_of_16_kib_take_no_more_than_they_may() {
    let before = status_bytes("VmSize:");
    // What was asked for is never forgotten, so those that may ask for most come last.
    let mut targets: Vec<_> = (1_000..).zip(TARGETS).collect();
    targets.sort_by_key(|(_, target)| most_mib(target.name));
    for (stream, target) in targets {
        let corpus = corpus(target.name);
        for bytes in &corpus {
            (target.run)(bytes);
        }
        let mut mutations = Mutations::of(&corpus, stream);
        for _ in 0..2_000 {
            (target.run)(&mutations.next());
        }
        // At most this: the peak may be older than `before`.
        let taken = status_bytes("VmPeak:") - before;
        println!("{}: up to {} MiB", target.name, taken / MIB);
        assert!(taken < most_mib(target.name) * MIB, "{}: up to {} MiB", target.name, taken / MIB);
    }
}

/// A picture of a few bytes may be as large as a picture may be, and has to be decoded to find out what is wrong with it.
fn most_mib(target: &str) -> u64 {
    if target == "pictures" { 1 << 10 } else { 64 }
}
