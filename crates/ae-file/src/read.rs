//! Opening what a stranger named: a regular file, or an error at once.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Why a file cannot be read. It does not name the file: the caller, who knows what the file was to be, does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A folder where a file is needed.
    #[error("it is a folder, not a file")]
    Folder,
    /// A device, pipe or socket: it has no length, and reading it may never end.
    #[error("it is not a regular file")]
    NotRegular,
    /// More bytes than the caller allows.
    #[error("it is longer than {limit} bytes")]
    TooLarge {
        /// The caller's limit.
        limit: u64,
    },
    /// The system refused: no such file, no permission, a failing disk, no memory.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens a regular file to read, and says how long it is.
///
/// Symbolic links are followed. Anything but a regular file is refused without being opened, as opening a device
/// can have effects of its own; and if a pipe takes the file's place in that moment, opening it does not wait for
/// a writer, and it is refused after all.
///
/// The length is the system's word. Files that change, and some that the system makes up (`/proc`), hold more
/// or fewer bytes than that.
///
/// # Errors
/// [`ReadError::Folder`], [`ReadError::NotRegular`] or [`ReadError::Io`].
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("five");
/// std::fs::write(&path, "bytes")?;
/// let (_file, length) = ae_file::open(&path)?;
/// assert_eq!(length, 5);
/// assert!(matches!(ae_file::open(folder.path()), Err(ae_file::ReadError::Folder)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: &Path) -> Result<(File, u64), ReadError> {
    require_regular(&fs::metadata(path)?)?;
    let file = open_without_waiting(path)?;
    let metadata = file.metadata()?;
    require_regular(&metadata)?;
    Ok((file, metadata.len()))
}

/// Reads a whole regular file of at most `limit` bytes.
///
/// Memory is asked for once the system has said how long the file is, and no more than that.
///
/// # Errors
/// Those of [`open`], and [`ReadError::TooLarge`].
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("five");
/// std::fs::write(&path, "bytes")?;
/// assert_eq!(ae_file::read(&path, 5)?, b"bytes");
/// assert!(matches!(ae_file::read(&path, 4), Err(ae_file::ReadError::TooLarge { limit: 4 })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let (file, length) = open(path)?;
    if length > limit {
        return Err(ReadError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(room).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    // One byte over the limit tells a file that has grown since, or that says it is shorter than it is.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(bytes)
}

fn require_regular(metadata: &Metadata) -> Result<(), ReadError> {
    match metadata {
        metadata if metadata.is_dir() => Err(ReadError::Folder),
        metadata if metadata.is_file() => Ok(()),
        _ => Err(ReadError::NotRegular),
    }
}

/// Opening a pipe would wait until somebody writes to it.
#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

/// Elsewhere pipes are not files of a folder.
#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// What [`open`] meets when a pipe takes a file's place between its two looks.
    #[test]
    fn opening_a_pipe_does_not_wait_for_a_writer() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (opened, answer) = mpsc::channel();
        std::thread::spawn(move || {
            let metadata = open_without_waiting(&pipe).and_then(|file| file.metadata());
            opened.send(metadata).expect("the test waits for it");
        });
        let metadata = answer.recv_timeout(Duration::from_secs(60)).expect("it waits").unwrap();
        assert!(matches!(require_regular(&metadata), Err(ReadError::NotRegular)));
    }
}
