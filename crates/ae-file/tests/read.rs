//! What is opened and read, and what is refused at once.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use ae_file::{ReadError, open, read};
use tempfile::TempDir;

fn refused(path: &Path) -> ReadError {
    let error = read(path, 100).unwrap_err();
    assert_eq!(error.to_string(), open(path).unwrap_err().to_string());
    error
}

#[test]
fn a_file_within_the_limit_is_read_and_one_byte_more_is_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bytes");
    for length in [0, 1, 10] {
        fs::write(&path, vec![7; length]).unwrap();
        let (mut file, found) = open(&path).unwrap();
        assert_eq!(found, length as u64);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![7; length]);
        assert_eq!(read(&path, found).unwrap(), bytes);
        assert_eq!(read(&path, u64::MAX).unwrap(), bytes);
    }
    assert!(matches!(read(&path, 9), Err(ReadError::TooLarge { limit: 9 })));
    // A regular file that says it is empty, and is not.
    #[cfg(target_os = "linux")]
    assert!(matches!(read(Path::new("/proc/self/status"), 9), Err(ReadError::TooLarge { limit: 9 })));
}

#[test]
fn a_sparse_file_is_refused_by_its_length() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sparse");
    if File::create(&path).unwrap().set_len(100 << 30).is_err() {
        return; // a file system without sparse files
    }
    assert!(matches!(read(&path, 1 << 30), Err(ReadError::TooLarge { limit }) if limit == 1 << 30));
}

#[test]
fn folders_and_missing_files_are_refused() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(refused(folder.path()), ReadError::Folder));
    for missing in ["none", "none/below"] {
        match refused(&folder.path().join(missing)) {
            ReadError::Io(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
            other => panic!("expected Io, got {other:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_sockets_are_refused_and_links_lead_to_what_they_name() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "bytes").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _listening = UnixListener::bind(at("socket")).unwrap();
    for (name, target) in [
        ("to-file", "file"),
        ("to-link", "to-file"),
        ("to-pipe", "pipe"),
        ("to-zero", "/dev/zero"),
        ("to-folder", "."),
        ("to-nothing", "none"),
        ("loop", "loop"),
    ] {
        symlink(target, at(name)).unwrap();
    }
    for special in ["/dev/zero", "/dev/null", "/dev/full"] {
        assert!(matches!(refused(Path::new(special)), ReadError::NotRegular), "{special}");
    }
    for special in ["pipe", "socket", "to-pipe", "to-zero"] {
        assert!(matches!(refused(&at(special)), ReadError::NotRegular), "{special}");
    }
    assert!(matches!(refused(&at("to-folder")), ReadError::Folder));
    for broken in ["to-nothing", "loop"] {
        assert!(matches!(refused(&at(broken)), ReadError::Io(_)), "{broken}");
    }
    for link in ["to-file", "to-link"] {
        assert_eq!(read(&at(link), 100).unwrap(), b"bytes");
    }
}
