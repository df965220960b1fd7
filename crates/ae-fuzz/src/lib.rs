//! What fuzzing runs: one function a reader of outside bytes, which takes any bytes at all.
//!
//! Each panics where its reader breaks a promise: not only that nothing panics, but that what is accepted can be
//! written and read again the same, and that several ways to read the same bytes agree. libFuzzer calls them from
//! `fuzz/`; the tests of this crate run the committed corpus, and a fixed number of inputs made of it, on every
//! toolchain. `fuzz/README.md` says how to do either, and how to add a target.
//!
//! ```
//! let idx = ae_fuzz::TARGETS.iter().find(|target| target.name == "idx").expect("it is in the list");
//! assert!((idx.run)(&[0, 0, 8, 1, 0, 0, 0, 1, 42]));
//! assert!(!(idx.run)(b"anything else"));
//! ```

pub mod aez;
pub mod checkpoint;
pub mod form;
pub mod gzip;
pub mod history;
pub mod idx;
pub mod images;
pub mod npy;
pub mod pictures;
pub mod run_record;
pub mod table;
pub mod weights;

mod rows;
mod scratch;

/// A reader, and how it is tried.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the module, of the binary in `fuzz/` and of the folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Gives the reader some bytes, and says whether it accepted them. Panics where it breaks a promise.
    pub run: fn(&[u8]) -> bool,
    /// Files to start from, sound ones and others, each with a name.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "aez", run: aez::run, seeds: aez::seeds },
    Target { name: "checkpoint", run: checkpoint::run, seeds: checkpoint::seeds },
    Target { name: "form", run: form::run, seeds: form::seeds },
    Target { name: "gzip", run: gzip::run, seeds: gzip::seeds },
    Target { name: "history", run: history::run, seeds: history::seeds },
    Target { name: "idx", run: idx::run, seeds: idx::seeds },
    Target { name: "images", run: images::run, seeds: images::seeds },
    Target { name: "npy", run: npy::run, seeds: npy::seeds },
    Target { name: "pictures", run: pictures::run, seeds: pictures::seeds },
    Target { name: "run_record", run: run_record::run, seeds: run_record::seeds },
    Target { name: "table", run: table::run, seeds: table::seeds },
    Target { name: "weights", run: weights::run, seeds: weights::seeds },
];
