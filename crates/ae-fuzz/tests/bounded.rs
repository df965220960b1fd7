//! Every target on its committed corpus, and on a fixed number of inputs made of it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{fs, thread};

use ae_fuzz::{TARGETS, Target};
use common::{Mutations, corpus, fuzz, names};

/// Inputs a target: about a second each.
const INPUTS: usize = 10_000;

/// Runs a target, and names the input that it panics at. The input is kept, for `fuzz/corpus/` once it is mended.
fn run(target: &Target, bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).unwrap_or_else(|_| {
        let kept = std::env::temp_dir().join(format!("ae-fuzz-{}", target.name));
        fs::write(&kept, bytes).unwrap();
        panic!("{}: see above; the input of {} bytes is {}", target.name, bytes.len(), kept.display());
    })
}

#[test]
fn targets_corpora_and_binaries_are_the_same_list() {
    let expected: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert!(expected.is_sorted());
    assert_eq!(names(&fuzz("corpus")), expected);
    let binaries = names(&fuzz("fuzz_targets"));
    assert_eq!(binaries, expected.iter().map(|name| format!("{name}.rs")).collect::<Vec<_>>());
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).unwrap();
    for name in expected {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
    }
}

#[test]
fn a_corpus_is_small_and_has_accepted_and_refused_files() {
    for target in TARGETS {
        let corpus = corpus(target.name);
        let bytes: usize = corpus.iter().map(Vec::len).sum();
        assert!(bytes < 32 << 10, "{}: {bytes} bytes", target.name);
        let accepted = corpus.iter().filter(|bytes| run(target, bytes)).count();
        assert!(
            accepted >= 2 && corpus.len() - accepted >= 3,
            "{}: {accepted} of {}",
            target.name,
            corpus.len()
        );
    }
}

#[test]
fn no_input_made_of_the_corpus_breaks_a_promise() {
    thread::scope(|scope| {
        for (stream, target) in (0..).zip(TARGETS) {
            scope.spawn(move || {
                let corpus = corpus(target.name);
                let mut mutations = Mutations::of(&corpus, stream);
                let accepted = (0..INPUTS).filter(|_| run(target, &mutations.next())).count();
                println!("{}: {accepted} of {INPUTS} accepted", target.name);
                // Inputs that are all refused at the first look would find nothing behind it.
                assert!(accepted > INPUTS / 200 && accepted < INPUTS, "{}: {accepted}", target.name);
            });
        }
    });
}
