//! Replace a file's content in one step, or leave it as it was; open a file only if it is one.
//!
//! [`replace`] writes a temporary file beside the target, syncs it, renames it over the target and syncs the
//! folder. A reader sees the old bytes or the new ones, never a mixture; after an error, a kill or a power cut
//! the old bytes are still there. What a kill can leave behind is the temporary file, `.replace-*.tmp`, which
//! [`remove_temporaries`] clears away and tells from one that is being written. [`replace_keeping`] keeps the old
//! content under another name. [`NewFolder`] does for a folder of files what `replace` does for one.
//!
//! [`open`] and [`read`] are for files that somebody else made: a pipe or a device is refused at once, where the
//! standard library would wait for it or read it for ever. [`Kind`] names what turns out to be no file of the format
//! that was asked for.

mod kind;
mod new_folder;
mod read;
mod temporary;

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub use kind::Kind;
pub use new_folder::NewFolder;
pub use read::{ReadError, open, read};
pub use temporary::remove_temporaries;

/// What [`replace`] was doing when the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Finding out what the target is, following symbolic links.
    Inspect,
    /// Creating the temporary file in the target's folder.
    Create,
    /// Writing the content, by the caller's closure or from the buffer behind it.
    Write,
    /// Syncing the temporary file to the disk.
    Sync,
    /// Renaming the old file to the name it is kept under.
    Keep,
    /// Renaming the temporary file over the target.
    Rename,
    /// Syncing the folder. The new content is in place by then, but a power cut may still bring the old one back.
    SyncFolder,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Inspect => "inspect",
            Step::Create => "create a temporary file beside",
            Step::Write => "write",
            Step::Sync => "sync",
            Step::Keep => "keep the old content of",
            Step::Rename => "rename the finished file to",
            Step::SyncFolder => "sync the folder of",
        })
    }
}

/// Why a file was not replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// The target exists and is a folder, a device, a pipe or a socket: renaming over it would destroy it.
    #[error("cannot replace {}: it is not a regular file", .path.display())]
    NotRegular {
        /// The target as the caller named it.
        path: PathBuf,
    },
    /// The system refused a step. Unless it was [`Step::SyncFolder`], the old content is untouched.
    #[error("cannot {step} {}", .path.display())]
    Io {
        /// The target as the caller named it.
        path: PathBuf,
        /// What was being done.
        step: Step,
        /// What the system, or the caller's closure, answered.
        source: io::Error,
    },
}

/// Replaces the content of the file at `path` by what `write` writes, or creates the file.
///
/// The writer handed to `write` is buffered; flushing and syncing are done here. A symbolic link to a regular
/// file is written through: the link stays, its target is replaced. An existing file keeps its permissions; a
/// new one gets the usual ones (`0666` less the umask on Unix).
///
/// # Errors
/// [`ReplaceError::NotRegular`] if something other than a regular file is at `path`, [`ReplaceError::Io`] if
/// the system or `write` fails. Either way the old content is as it was and no temporary file stays, with one
/// exception: when only the last step, [`Step::SyncFolder`], fails, the new content is already in place.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("greeting.txt");
/// ae_file::replace(&path, |w| w.write_all(b"hello"))?;
/// assert_eq!(std::fs::read(&path)?, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ReplaceError> {
    put(path, None, write)
}

/// Replaces the content of the file at `path` as [`replace`] does, and keeps the old file as `kept`, in the place of
/// what was there.
///
/// The new content is on the disk before either file is renamed: first the old one to `kept`, then the new one to
/// `path`. So at every instant, also if the machine stops between the two or its disk has recorded only one of
/// them, at least one of the two names leads to a whole file: the new one or the one before it.
///
/// Both names are to be on one file system; a first file, with nothing to keep, leaves `kept` as it is.
///
/// # Errors
/// As [`replace`], for `kept` too. When [`Step::Rename`] fails, the old content is under the name `kept`.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// let (path, kept) = (folder.path().join("state"), folder.path().join("state.previous"));
/// ae_file::replace_keeping(&path, &kept, |w| w.write_all(b"one"))?;
/// ae_file::replace_keeping(&path, &kept, |w| w.write_all(b"two"))?;
/// assert_eq!(std::fs::read(&path)?, b"two");
/// assert_eq!(std::fs::read(&kept)?, b"one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replace_keeping(
    path: &Path,
    kept: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ReplaceError> {
    put(path, Some(kept), write)
}

fn put(
    path: &Path,
    kept: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ReplaceError> {
    let failed = |step| move |source| ReplaceError::Io { path: path.to_owned(), step, source };

    let Target { file: target, existing } = Target::inspect(path).map_err(failed(Step::Inspect))?;
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return Err(ReplaceError::NotRegular { path: path.to_owned() });
    }
    if let Some(kept) = kept
        && fs::symlink_metadata(kept).is_ok_and(|metadata| !metadata.is_file())
    {
        return Err(ReplaceError::NotRegular { path: kept.to_owned() });
    }
    let folder = folder_of(&target);

    // Dropping `temporary` removes it, so every early return below leaves the folder clean.
    let mut temporary = temporary::create(folder).map_err(failed(Step::Create))?;
    if let Some(metadata) = &existing {
        temporary.as_file().set_permissions(metadata.permissions()).map_err(failed(Step::Create))?;
    }
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    write(&mut buffered).and_then(|()| buffered.flush()).map_err(failed(Step::Write))?;
    drop(buffered);
    temporary.as_file().sync_all().map_err(failed(Step::Sync))?;
    let kept = kept.filter(|_| existing.is_some());
    if let Some(kept) = kept {
        fs::rename(&target, kept).map_err(failed(Step::Keep))?;
    }
    temporary.persist(&target).map_err(|refused| failed(Step::Rename)(refused.error))?;
    sync_folder(folder).map_err(failed(Step::SyncFolder))?;
    match kept.map(folder_of) {
        Some(other) if other != folder => sync_folder(other).map_err(failed(Step::SyncFolder)),
        _ => Ok(()),
    }
}

/// The folder a file is in; a bare name is in the current one.
///
/// # Example
/// ```
/// # use std::path::Path;
/// assert_eq!(ae_file::folder_of(Path::new("runs/run.json")), Path::new("runs"));
/// assert_eq!(ae_file::folder_of(Path::new("run.json")), Path::new("."));
/// ```
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The file to rename over, links followed, and what is there now.
struct Target {
    file: PathBuf,
    existing: Option<fs::Metadata>,
}

impl Target {
    fn inspect(path: &Path) -> io::Result<Target> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                let file = fs::canonicalize(path)?;
                let existing = Some(fs::metadata(&file)?);
                Ok(Target { file, existing })
            }
            Ok(metadata) => Ok(Target { file: path.to_owned(), existing: Some(metadata) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Target { file: path.to_owned(), existing: None })
            }
            Err(error) => Err(error),
        }
    }
}

/// A rename lasts through a power cut only once the folder that records it is on the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; the rename is left to the file system's own journal.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("model.safetensors")), Path::new("."));
        assert_eq!(folder_of(Path::new("runs/model.safetensors")), Path::new("runs"));
        assert_eq!(folder_of(Path::new("/model.safetensors")), Path::new("/"));
    }
}
