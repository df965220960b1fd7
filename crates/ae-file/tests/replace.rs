//! What `replace` leaves behind: the new content, or the old and nothing else.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ae_file::{ReplaceError, Step, remove_temporaries, replace, replace_keeping};

/// The names in a folder, sorted: a temporary file that stayed would be among them.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn step(result: Result<(), ReplaceError>, at: &Path) -> (Step, io::ErrorKind) {
    match result {
        Err(ReplaceError::Io { path, step, source }) => {
            assert_eq!(path, at);
            (step, source.kind())
        }
        other => panic!("expected an I/O error, got {other:?}"),
    }
}

fn assert_not_regular(result: Result<(), ReplaceError>, at: &Path) {
    match result {
        Err(ReplaceError::NotRegular { path }) => assert_eq!(path, at),
        other => panic!("expected NotRegular, got {other:?}"),
    }
}

#[test]
fn creates_and_then_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    replace(&path, |w| w.write_all(b"a longer first content")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"a longer first content");
    replace(&path, |w| w.write_all(b"second")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn content_larger_than_the_buffer_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let content: Vec<u8> = (0..300_001_u32).map(|i| (i % 251) as u8).collect();
    replace(&path, |w| content.chunks(977).try_for_each(|part| w.write_all(part))).unwrap();
    assert!(fs::read(&path).unwrap() == content);
}

#[test]
fn a_failure_in_the_middle_keeps_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, b"old").unwrap();
    let result = replace(&path, |w| {
        w.write_all(&[7; 1 << 20])?;
        Err(io::ErrorKind::StorageFull.into())
    });
    assert_eq!(step(result, &path), (Step::Write, io::ErrorKind::StorageFull));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_failure_in_the_middle_of_a_new_file_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let result = replace(&path, |w| {
        w.write_all(b"half")?;
        Err(io::ErrorKind::Other.into())
    });
    assert_eq!(step(result, &path), (Step::Write, io::ErrorKind::Other));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_panic_in_the_closure_keeps_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, b"old").unwrap();
    let panicked = std::panic::catch_unwind(|| replace(&path, |_| panic!("as the test wants")));
    assert!(panicked.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn the_old_content_is_kept_and_the_one_before_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("file"), folder.path().join("kept"));
    let put = |content: &[u8]| replace_keeping(&path, &kept, |w| w.write_all(content)).unwrap();
    put(b"one");
    assert_eq!(names(folder.path()), ["file"]);
    put(b"two");
    put(b"three");
    assert_eq!(fs::read(&path).unwrap(), b"three");
    assert_eq!(fs::read(&kept).unwrap(), b"two");
    assert_eq!(names(folder.path()), ["file", "kept"]);

    // With nothing to keep, what was kept before stays.
    fs::remove_file(&path).unwrap();
    put(b"four");
    assert_eq!((fs::read(&path).unwrap(), fs::read(&kept).unwrap()), (b"four".to_vec(), b"two".to_vec()));

    // The two may lie in different folders.
    let elsewhere = tempfile::tempdir_in(folder.path()).unwrap();
    let kept = elsewhere.path().join("kept");
    replace_keeping(&path, &kept, |w| w.write_all(b"five")).unwrap();
    assert_eq!((fs::read(&path).unwrap(), fs::read(&kept).unwrap()), (b"five".to_vec(), b"four".to_vec()));
}

#[test]
fn a_failure_in_the_middle_keeps_both_contents() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("file"), folder.path().join("kept"));
    fs::write(&path, b"old").unwrap();
    fs::write(&kept, b"older").unwrap();
    let result = replace_keeping(&path, &kept, |w| {
        w.write_all(&[7; 1 << 20])?;
        Err(io::ErrorKind::StorageFull.into())
    });
    assert_eq!(step(result, &path), (Step::Write, io::ErrorKind::StorageFull));
    assert_eq!((fs::read(&path).unwrap(), fs::read(&kept).unwrap()), (b"old".to_vec(), b"older".to_vec()));
    assert_eq!(names(folder.path()), ["file", "kept"]);
}

#[test]
fn what_is_no_file_is_not_kept_over() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("file"), folder.path().join("kept"));
    fs::write(&path, b"old").unwrap();
    fs::create_dir(&kept).unwrap();
    assert_not_regular(replace_keeping(&path, &kept, |w| w.write_all(b"x")), &kept);
    assert_eq!(fs::read(&path).unwrap(), b"old");

    // A place that cannot be had is found out before the old file has moved.
    let missing = folder.path().join("missing").join("kept");
    let result = replace_keeping(&path, &missing, |w| w.write_all(b"x"));
    assert_eq!(step(result, &path), (Step::Keep, io::ErrorKind::NotFound));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["file", "kept"]);
}

#[test]
fn temporaries_are_removed_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let others = [".replace-", ".tmp", "a.replace-b.tmp", ".replace-x.tmp.txt", "file"];
    for name in others.iter().chain(&[".replace-a1B2c3.tmp", ".replace-.tmp"]) {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    fs::create_dir(folder.path().join(".replace-folder.tmp")).unwrap();
    fs::write(folder.path().join(".replace-folder.tmp/file"), b"x").unwrap();
    remove_temporaries(folder.path()).unwrap();
    let mut left = [&others[..], &[".replace-folder.tmp"]].concat();
    left.sort();
    assert_eq!(names(folder.path()), left);
    let missing = remove_temporaries(&folder.path().join("missing"));
    assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn writers_lose_nothing_to_cleaners_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let killed = folder.path().join(".replace-killed.tmp");
    fs::write(&killed, b"half of a fi").unwrap();
    let (writers, rounds) = (4, 100);
    let at_work = AtomicUsize::new(writers);
    thread::scope(|scope| {
        for writer in 0..writers {
            let (folder, at_work) = (folder.path(), &at_work);
            scope.spawn(move || {
                let (path, kept) =
                    (folder.join(format!("file {writer}")), folder.join(format!("kept {writer}")));
                let content = |round: usize| vec![round as u8; 10_000];
                let lost = (1..=rounds).find(|&round| {
                    let written = replace_keeping(&path, &kept, |w| w.write_all(&content(round)));
                    written.is_err() || fs::read(&path).unwrap() != content(round)
                });
                at_work.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(lost, None);
                assert_eq!(fs::read(&kept).unwrap(), content(rounds - 1));
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while at_work.load(Ordering::SeqCst) > 0 {
                    remove_temporaries(folder.path()).unwrap();
                }
            });
        }
    });
    assert!(!killed.exists());
    assert_eq!(names(folder.path()).len(), 2 * writers);
}

#[test]
fn what_is_being_written_is_not_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    replace(&path, |w| {
        w.write_all(&[7; 1 << 20])?;
        remove_temporaries(folder.path())?;
        assert_eq!(names(folder.path()).len(), 1);
        w.write_all(b"the end")
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), (1 << 20) + 7);
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inner");
    fs::create_dir(&path).unwrap();
    assert_not_regular(replace(&path, |w| w.write_all(b"x")), &path);
    assert!(path.is_dir());
    assert_eq!(names(folder.path()), ["inner"]);
}

#[test]
fn a_missing_parent_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("file");
    let result = replace(&path, |w| w.write_all(b"x"));
    assert!(result.as_ref().unwrap_err().to_string().contains(&path.display().to_string()));
    let said = format!("{:?}", result.as_ref().unwrap_err());
    assert!(!said.contains(".replace-"), "{said}");
    assert_eq!(step(result, &path), (Step::Create, io::ErrorKind::NotFound));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_file_in_place_of_the_parent_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("file");
    fs::write(&parent, b"old").unwrap();
    let path = parent.join("inner");
    assert!(matches!(replace(&path, |w| w.write_all(b"x")), Err(ReplaceError::Io { .. })));
    assert_eq!(fs::read(&parent).unwrap(), b"old");
}

#[test]
fn a_name_as_long_as_the_system_allows_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n".repeat(255));
    if fs::write(&path, b"old").is_err() {
        return; // a file system with shorter names has nothing to test here
    }
    replace(&path, |w| w.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::process::Command;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn link_to(folder: &Path, target: &Path) -> PathBuf {
        let link = folder.join("link");
        symlink(target, &link).unwrap();
        link
    }

    #[test]
    fn a_device_is_refused_and_stays_one() {
        let path = Path::new("/dev/full");
        if !path.exists() {
            return; // not every Unix has it
        }
        assert_not_regular(replace(path, |w| w.write_all(b"x")), path);
        assert!(fs::metadata(path).unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_link_to_a_device_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = link_to(folder.path(), Path::new("/dev/null"));
        assert_not_regular(replace(&link, |w| w.write_all(b"x")), &link);
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_not_regular(replace(&path, |w| w.write_all(b"x")), &path);
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        assert_eq!(names(folder.path()), ["pipe"]);
    }

    #[test]
    fn a_link_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("target");
        fs::write(&target, b"old").unwrap();
        let link = link_to(folder.path(), &target);
        replace(&link, |w| w.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["link"]);
        assert_eq!(names(elsewhere.path()), ["target"]);
    }

    #[test]
    fn a_dangling_link_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let link = link_to(folder.path(), &folder.path().join("missing"));
        let result = replace(&link, |w| w.write_all(b"x"));
        assert_eq!(step(result, &link), (Step::Inspect, io::ErrorKind::NotFound));
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[test]
    fn a_new_file_has_the_usual_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let usual = folder.path().join("usual");
        fs::write(&usual, b"").unwrap();
        let path = folder.path().join("file");
        replace(&path, |w| w.write_all(b"x")).unwrap();
        assert_eq!(mode(&path), mode(&usual));
    }

    #[test]
    fn an_existing_file_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, |w| w.write_all(b"new")).unwrap();
        assert_eq!(mode(&path), 0o640);
    }
}
