//! Folders that take their names once they are whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::temporary::{self, CONTENT};
use crate::{folder_of, sync_folder};

/// A new folder, written aside: it is there with all its files, or it is not there.
///
/// What is dropped before it is finished leaves nothing. What a kill leaves is a folder `.replace-*.tmp` beside it, which
/// [`remove_temporaries`](crate::remove_temporaries) clears away, and tells from one that is being written.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// let target = folder.path().join("letters");
/// let new = ae_file::NewFolder::new(&target)?;
/// std::fs::write(new.path().join("a"), "alpha")?;
/// assert!(!target.exists());
/// new.finish()?;
/// assert_eq!(std::fs::read_to_string(target.join("a"))?, "alpha");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    content: PathBuf,
    // Given back before the folder around it is removed, as some systems remove no file that is open.
    _lock: File,
    /// Nobody else can look into it; the folder in it has the usual permissions.
    _temporary: TempDir,
}

impl NewFolder {
    /// Makes an empty folder aside. At `target` is nothing, or an empty folder; the folder that it is to be in exists.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if something is at `target`, or what the system says.
    pub fn new(target: &Path) -> io::Result<Self> {
        require_free(target)?;
        let (temporary, lock) = temporary::create_folder(folder_of(target))?;
        let content = temporary.path().join(CONTENT);
        fs::create_dir(&content)?;
        Ok(Self { target: target.to_owned(), content, _lock: lock, _temporary: temporary })
    }

    /// Where it is until it is finished.
    pub fn path(&self) -> &Path {
        &self.content
    }

    /// Gives it its name. The names of all files in it, and its own, are on the disk then; their contents are if whoever wrote
    /// them has seen to it.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if something has taken its place, or what the system says.
    pub fn finish(self) -> io::Result<()> {
        sync_folders(&self.content)?;
        require_free(&self.target)?;
        fs::rename(&self.content, &self.target)?;
        sync_folder(folder_of(&self.target))
    }
}

fn require_free(folder: &Path) -> io::Result<()> {
    let free = match fs::symlink_metadata(folder) {
        Ok(metadata) => metadata.is_dir() && fs::read_dir(folder)?.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error),
    };
    if free { Ok(()) } else { Err(io::ErrorKind::AlreadyExists.into()) }
}

/// Makes the names of all files in a folder last through a power cut.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}
