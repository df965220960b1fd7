//! `-`: standard input and output, where a stream can be read or written. A file of that name is `./-`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Whether a path stands for standard input, or standard output: `-`, or what the system calls them, which is a link to a
/// file at times that must not be replaced.
pub(crate) fn is_standard(path: &Path) -> bool {
    const NAMES: [&str; 5] = ["-", "/dev/stdin", "/dev/stdout", "/dev/fd/0", "/dev/fd/1"];
    NAMES.iter().any(|name| path == Path::new(name))
}

/// The value of a flag that names a file to read, where a stream would not do: it is read more than once, or not from
/// first to last.
pub(crate) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_standard(&path) {
        true => Err("this is read more than once, as standard input can't be: name a file"),
        false => Ok(path),
    })
}

/// Whether an output goes to standard output, so that lines for the user have to go elsewhere; and whether its reader
/// has gone, so that none is true.
static TAKEN: AtomicBool = AtomicBool::new(false);
static GONE: AtomicBool = AtomicBool::new(false);

/// Notes that an output goes to standard output.
pub(crate) fn take() {
    TAKEN.store(true, Ordering::Relaxed);
}

pub(crate) fn is_taken() -> bool {
    TAKEN.load(Ordering::Relaxed)
}

/// Notes that whoever reads standard output has stopped.
pub(crate) fn lose() {
    GONE.store(true, Ordering::Relaxed);
}

pub(crate) fn is_gone() -> bool {
    GONE.load(Ordering::Relaxed)
}
