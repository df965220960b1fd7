//! The files and folders that contents are written to before they take their places, and what a kill leaves of them.
//!
//! Whoever writes one holds the system's lock on it, which a process that dies gives back: a temporary file that can be
//! locked is nobody's. That holds whatever the two of them do at the same time:
//!
//! - Between making a file and locking it, a cleaner may lock it and remove it. A writer that does not get the lock, or
//!   gets it when the name is gone, makes another file. A cleaner keeps the lock until it has removed the name, so the
//!   writer sees one or the other.
//! - A cleaner may have opened a file that is then renamed over its target, and lock it when its writer is done. What it
//!   removes is the temporary name, which leads nowhere by then.
//! - Where the file system has no locks, a writer goes on without one, and a cleaner, which gets none either, leaves
//!   everything as it is.
//!
//! A folder can't be locked everywhere, so what is locked is a file in it, made first. A cleaner that finds none removes
//! the folder only if nothing is in it; a writer that can't make the file then, as the folder is gone, makes another folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, TempDir};

/// A short fixed name, so that a target whose own name is as long as the system allows can be replaced too.
const PREFIX: &str = ".replace-";
const SUFFIX: &str = ".tmp";

/// What is in a temporary folder: the file that is locked, and the folder that will take its place.
const LOCK: &str = "lock";
pub(crate) const CONTENT: &str = "content";

/// Makes a file of the usual permissions that is removed when it is dropped, and that no cleaner removes before.
pub(crate) fn create(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    loop {
        // Opened here, as `tempfile` would let nobody else read it, and put its name into the system's error.
        let open = |path: &Path| File::options().read(true).write(true).create_new(true).open(path);
        let temporary = builder.make_in(folder, open)?;
        if is_ours(temporary.as_file(), temporary.path()) {
            return Ok(temporary);
        }
    }
}

/// Makes a folder that is removed when it is dropped, and that no cleaner removes before the file beside it is closed.
pub(crate) fn create_folder(folder: &Path) -> io::Result<(TempDir, File)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    loop {
        let temporary = builder.tempdir_in(folder)?;
        let path = temporary.path().join(LOCK);
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Ok(lock) if is_ours(&lock, &path) => return Ok((temporary, lock)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Locks a new file, and says whether no cleaner was faster.
fn is_ours(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => fs::symlink_metadata(path).is_ok(),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    }
}

/// Removes the temporary files and folders that replacements which were killed have left in `folder`.
///
/// Those that somebody is writing at this moment, in this process or another, stay. So do those that the system does not
/// let us open, lock or remove: other people's, and all where the file system has no locks.
///
/// # Errors
/// What the system says if the folder cannot be listed.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join(".replace-a1b2c3.tmp"), "half of a fi")?;
/// ae_file::replace(&folder.path().join("file"), |out| {
///     ae_file::remove_temporaries(folder.path())?;
///     assert_eq!(std::fs::read_dir(folder.path())?.count(), 1); // the one that `out` writes
///     out.write_all(b"a file")
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove_temporaries(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(PREFIX.as_bytes()) || !name.ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_file() => remove_if_nobodys(&path, || fs::remove_file(&path)),
            Ok(kind) if kind.is_dir() => {
                // Without anything in it there is no lock either.
                let _ = fs::remove_dir(&path);
                remove_if_nobodys(&path.join(LOCK), || fs::remove_dir_all(&path));
            }
            _ => {}
        }
    }
    Ok(())
}

fn remove_if_nobodys(path: &Path, remove: impl FnOnce() -> io::Result<()>) {
    // Network file systems lock only what is open to write, and a file with a read-only target's permissions can only
    // be read. Open for both, a pipe that has taken the file's place is not waited for.
    let to_write = File::options().read(true).write(true).open(path).ok();
    let file = to_write.or_else(|| crate::open(path).ok().map(|(file, _)| file));
    if let Some(file) = file
        && file.try_lock().is_ok()
    {
        // Before `file` is closed, and with it the lock given back.
        let _ = remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unlocked(folder: &Path) -> NamedTempFile {
        tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder).unwrap()
    }

    /// The three things that a cleaner can have done between making a file and locking it.
    #[test]
    fn a_file_that_a_cleaner_was_faster_with_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let untouched = unlocked(folder.path());
        assert!(is_ours(untouched.as_file(), untouched.path()));

        let held = unlocked(folder.path());
        let cleaner = File::open(held.path()).unwrap();
        cleaner.try_lock().unwrap();
        assert!(!is_ours(held.as_file(), held.path()));

        let removed = unlocked(folder.path());
        remove_if_nobodys(removed.path(), || fs::remove_file(removed.path()));
        assert!(!removed.path().exists());
        assert!(!is_ours(removed.as_file(), removed.path()));
    }

    #[test]
    fn folders_that_a_kill_has_left_are_removed_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (written, lock) = create_folder(folder.path()).unwrap();
        fs::create_dir(written.path().join(CONTENT)).unwrap();
        let left = folder.path().join(".replace-left.tmp");
        let empty = folder.path().join(".replace-empty.tmp");
        let others = folder.path().join(".replace-others.tmp");
        fs::create_dir_all(left.join(CONTENT).join("pictures")).unwrap();
        fs::create_dir(&empty).unwrap();
        fs::create_dir(&others).unwrap();
        for file in [left.join(LOCK), left.join(CONTENT).join("pictures/1.png"), others.join("a file")] {
            fs::write(file, "").unwrap();
        }
        remove_temporaries(folder.path()).unwrap();
        assert!(!left.exists() && !empty.exists());
        assert!(others.join("a file").exists(), "it has no lock, so it is no folder of ours");
        assert!(written.path().join(CONTENT).exists());
        drop(lock);
        remove_temporaries(folder.path()).unwrap();
        assert!(!written.path().exists());
    }

    /// A cleaner that opened a file before it was renamed over its target, and locks it after.
    #[test]
    fn a_file_that_has_taken_its_place_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = create(folder.path()).unwrap();
        let name = temporary.path().to_owned();
        let opened = File::open(&name).unwrap();
        assert!(opened.try_lock().is_err());
        let target = folder.path().join("target");
        temporary.persist(&target).unwrap();
        opened.try_lock().unwrap();
        remove_if_nobodys(&name, || fs::remove_file(&name));
        assert!(target.exists());
    }
}
