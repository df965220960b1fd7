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
fn inputs_of_16_kib_take_under_64_mib() {
    let before = status_bytes("VmSize:");
    for (stream, target) in (1_000..).zip(TARGETS) {
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
        assert!(taken < 64 * MIB, "{}: up to {} MiB", target.name, taken / MIB);
    }
}
