//! A file on the disk, for readers that open one themselves.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// What `read` makes of a file called `name`, which may be in a folder, that holds `bytes`.
pub(crate) fn with_file<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder"))
            .expect("a temporary folder can be made");
        // A new file each time: some file systems write a truncated one to the disk when it is closed.
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).expect("a temporary file can be written");
        read(&path)
    })
}
