//! What a command leaves: files whole or not at all, and lines where somebody can read them.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

static PROGRAM: OnceLock<&str> = OnceLock::new();

/// Notes what the program is called.
pub(crate) fn set_program(name: &'static str) {
    PROGRAM.get_or_init(|| name);
}

/// What the user types before a command: `ae`, or `cargo xtask`.
pub(crate) fn program() -> &'static str {
    PROGRAM.get().copied().unwrap_or("ae")
}

/// A flag whose value the rest of the command line, or the data, does not allow.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadArgument(pub(crate) String);

/// Prints a line. Where nobody takes it, on a full disk or a closed pipe, work that takes long goes on all the same:
/// what it comes to is in its files.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}
pub(crate) use say;

/// Prints what was asked for, where the answer is all that comes of the work. Whoever has read enough of it may stop
/// reading, as `head` does.
pub(crate) fn answer(text: impl Display) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        told => told.context("cannot write to standard output"),
    }
}

/// Writes the file at `path` aside and renames it, as [`ae_file::replace`] does, where what is written can fail
/// for reasons of its own; they are told as they are, and nothing is left behind.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut failed = None;
    let replaced = ae_file::replace(path, |out| {
        write(out).map_err(|error| match error.downcast::<io::Error>() {
            // A bare one comes from `out`, and is told with the file's name.
            Ok(error) => error,
            Err(error) => {
                failed = Some(error);
                io::Error::other("there is nothing to write")
            }
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(replaced?),
    }
}

/// Writes files into a folder, which is made if it is not there, and says so.
pub(crate) fn write_files(folder: &Path, files: &[(&'static str, Vec<u8>)]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        ae_file::replace(&path, |out| out.write_all(bytes))?;
        say!("wrote {}", path.display());
    }
    Ok(())
}

/// Refuses an output that is the input.
pub(crate) fn require_other(output: &Path, input: &Path) -> Result<()> {
    let same = matches!((fs::canonicalize(output), fs::canonicalize(input)), (Ok(a), Ok(b)) if a == b);
    ensure!(!same, "{} would be overwritten by what is made of it", input.display());
    Ok(())
}
