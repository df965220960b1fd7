//! What a command leaves: files whole or not at all, and lines where somebody can read them.

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Error, Result, ensure};

use crate::guard::require_places;
use crate::signals::{self, Hold, Stopped};
use crate::standard::{self, is_standard};

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
    () => { $crate::output::tell(format_args!("")) };
    ($($line:tt)*) => { $crate::output::tell(format_args!($($line)*)) };
}
pub(crate) use say;

/// [`say!`], on standard error where standard output has the output itself.
pub(crate) fn tell(line: fmt::Arguments<'_>) {
    let _ = match standard::is_taken() {
        true if standard::is_gone() => Ok(()),
        true => writeln!(io::stderr(), "{line}"),
        false => writeln!(io::stdout(), "{line}"),
    };
}

/// Prints what was asked for, where the answer is all that comes of the work. Whoever has read enough of it may stop
/// reading, as `head` does.
pub(crate) fn answer(text: impl Display) -> Result<()> {
    stream(|out| Ok(writeln!(out, "{text}")?))
}

/// Writes the file at `path` aside and renames it, as [`ae_file::replace`] does, where what is written can fail
/// for reasons of its own; they are told as they are, and nothing is left behind. A folder that is missing is made, and
/// what killed commands were writing in it is cleared away. `-` is standard output.
///
/// After a signal it fails with [`Stopped`]: at the next write, or with the file in its place.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    if is_standard(path) {
        return stream(write);
    }
    let stopped = |signal, what: &str| {
        Error::from(Stopped::by(signal, format!("stopped by {signal}: {} {what}", path.display())))
    };
    let hold = signals::hold();
    make_ready(path)?;
    let mut failed = None;
    let replaced = ae_file::replace(path, |out| {
        let written = write(&mut Watched(out)).and_then(|()| Ok(signals::check()?));
        written.map_err(|error| {
            let error = match signals::came() {
                // Unless a file within this one has told of it.
                Some(signal) if !error.is::<Stopped>() => stopped(signal, "is as it was"),
                _ => error,
            };
            // A bare one comes from `out`, and is told with the file's name.
            error.downcast::<io::Error>().unwrap_or_else(|error| {
                failed = Some(error);
                io::Error::other("there is nothing to write")
            })
        })
    });
    match failed {
        Some(error) => return Err(error),
        None => replaced?,
    }
    finish(hold, path)
}

/// Lets signals go on that were held while something was written, which is in its place now.
pub(crate) fn finish(hold: Hold, path: &Path) -> Result<()> {
    match hold.finish() {
        None => Ok(()),
        Some(signal) => {
            let said = format!("stopped by {signal}: {} is written", path.display());
            Err(Stopped::by(signal, said).into())
        }
    }
}

/// Writes to standard output. Whoever has read enough of it may stop reading.
fn stream(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    let refused = written.as_ref().err().and_then(|error| error.downcast_ref::<io::Error>());
    if refused.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        // What is left in the buffer has nowhere to go.
        let _ = out.into_parts();
        standard::lose();
        return Ok(());
    }
    written.context("cannot write to standard output")
}

/// Makes the folder that an output is to be in, and clears away what killed commands have left there.
pub(crate) fn make_ready(path: &Path) -> Result<()> {
    // A link is written through, and the temporary file stands beside what it leads to.
    let folder = &folder_of(path);
    ensure!(!folder.is_file(), "{} is a file, and no folder", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    // A folder that does not let itself be listed may take files all the same.
    let _ = ae_file::remove_temporaries(folder);
    Ok(())
}

/// Waits until no other command is putting two files that belong together into a file's folder, and keeps others from it until
/// it is dropped: of two at once each would leave one of its own. Where the system has no locks on folders, nobody is kept
/// from it.
pub(crate) fn pair_of(path: &Path) -> Option<File> {
    let folder = File::open(folder_of(path)).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// The folder that a file is in, or in which what a link leads to is.
fn folder_of(path: &Path) -> PathBuf {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    ae_file::folder_of(&target).to_owned()
}

/// A writer that fails once a signal has come.
struct Watched<'a>(&'a mut dyn Write);

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        /// So much is written in the blink of an eye.
        const AT_ONCE: usize = 1 << 20;
        signals::check()?;
        self.0.write(&bytes[..bytes.len().min(AT_ONCE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes files into a folder, which is made if it is not there, and says so.
pub(crate) fn write_files(folder: &Path, files: &[(impl AsRef<Path>, Vec<u8>)]) -> Result<()> {
    for (name, bytes) in files {
        let path = folder.join(name);
        require_places(&[&path], [] as [&Path; 0])?;
        replace(&path, |out| Ok(out.write_all(bytes)?))?;
        say!("wrote {}", path.display());
    }
    Ok(())
}
