//! Files from strangers: refused at once, under a limit on the memory of the whole program.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fixture::Fixture;

/// Address space of the program, with its code, its threads and what it asks for: 128 MiB. A refusal that
/// takes more ends in an abort, which is no exit code 1.
const MOST_KIB: u32 = 128 << 10;

/// The folder, with a run in it, and files that nobody should make.
struct Hostile {
    fixture: Fixture,
}

impl Hostile {
    fn new() -> Self {
        let fixture = Fixture::new();
        fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--code", "4", "--run", "run"]);
        Self { fixture }
    }

    fn write(&self, name: &str, parts: &[&[u8]]) {
        fs::write(self.fixture.path(name), parts.concat()).unwrap();
    }

    /// A file that begins with `start`, is so many bytes long, and takes no room.
    fn sparse(&self, name: &str, start: &[u8], length: u64) {
        let mut file = File::create(self.fixture.path(name)).unwrap();
        file.write_all(start).unwrap();
        file.set_len(length).unwrap();
    }

    /// What can be opened, but is no file.
    fn special(&self) -> Vec<String> {
        let pipe = self.fixture.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("loop", self.fixture.path("loop")).unwrap();
        ["pipe", "/dev/zero", "loop", "data"].map(str::to_owned).to_vec()
    }

    /// Runs the program under the limit, and expects exit code 1, and one line with the file's name; returns it.
    fn refuse(&self, file: &str, arguments: &[&str]) -> String {
        let before = self.names();
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MOST_KIB} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_ae")])
            .args(arguments)
            .env_remove("CARGO_MANIFEST_DIR")
            .current_dir(self.fixture.path(""))
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(file), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(self.names(), before, "{arguments:?} left something behind");
        error
    }

    fn names(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.fixture.path("")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    }
}

fn idx_header(images: u32) -> Vec<u8> {
    [&[0, 0, 8, 3][..], &images.to_be_bytes(), &[0, 0, 0, 28, 0, 0, 0, 28]].concat()
}

fn gzip(start: &[u8], zeros: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut start.chain(io::repeat(0).take(zeros)), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn images_that_promise_or_unpack_to_too_much_are_refused_in_little_memory() {
    let hostile = Hostile::new();
    // 10 GiB of zeros in some 10 MB.
    let zeros = gzip(&[], 16 << 20).repeat(640);
    hostile.write("lie.idx", &[&idx_header(u32::MAX)]);
    hostile.write("lie.gz", &[&gzip(&idx_header(u32::MAX), 0), &zeros]);
    hostile.write("few.gz", &[&gzip(&idx_header(20), 0), &zeros]);
    hostile.sparse("zeros.idx", &[], 100 << 30);
    hostile.sparse("lie-sparse.idx", &idx_header(u32::MAX), 100 << 30);
    hostile.sparse("few-sparse.idx", &idx_header(20), 100 << 30);
    let mut files: Vec<String> =
        ["lie.idx", "lie.gz", "few.gz", "zeros.idx", "lie-sparse.idx", "few-sparse.idx"]
            .map(str::to_owned)
            .to_vec();
    files.extend(hostile.special());
    for file in &files {
        hostile.refuse(file, &["train", "--images", file, "--run", "new"]);
        hostile.refuse(file, &["train", "--images", "data/t10k-images-idx3-ubyte", "--test-images", file]);
        hostile.refuse(file, &["encode", "--run", "run", "--images", file, "--out", "new.npy"]);
    }
    // More images than memory, were they there: counted, and not kept.
    hostile.write("many.gz", &[&gzip(&idx_header(200_000), 0), &zeros]);
    let error = hostile.refuse("many.gz", &["train", "--images", "many.gz", "--run", "new"]);
    assert!(error.contains("promises 156800000 bytes of data, more follow"), "{error}");
}

/// `run.json` is text: found out after the last epoch, it would cost the run.
#[test]
fn a_name_that_is_not_text_is_refused_before_training() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::new();
    let name = std::ffi::OsStr::from_bytes(b"mine-\xff.idx");
    fs::copy(fixture.path("data/train-images-idx3-ubyte"), fixture.path("").join(name)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ae"))
        .args(["train", "--epochs", "1", "--run", "new", "--images"])
        .arg(name)
        .current_dir(fixture.path(""))
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("mine-") && error.contains("not UTF-8"), "{error}");
    assert!(!fixture.path("new").exists());
}

#[test]
fn other_files_that_promise_too_much_are_refused_in_little_memory() {
    let hostile = Hostile::new();
    let weights = |values: u64| {
        let end = 4 * values;
        let header = format!(
            r#"{{"encoder.0.weight":{{"dtype":"F32","shape":[{values}],"data_offsets":[0,{end}]}}}}"#
        );
        ([&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat(), end)
    };
    let (start, data) = weights(200 << 20);
    hostile.sparse("wide.safetensors", &start, start.len() as u64 + data);
    hostile.sparse("sparse.safetensors", &start, 100 << 30);
    hostile.write("header.safetensors", &[&[0xff; 7], &[0x7f]]);
    hostile.sparse("zeros.safetensors", &[], 1 << 30);
    hostile.write("header.npy", &[b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}"]);
    hostile.sparse("header-sparse.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 100 << 30);
    hostile.sparse("zeros.npy", &[], 100 << 30);
    hostile.sparse("archive.npz", b"PK\x03\x04", 900 << 20);
    hostile.sparse("archive-sparse.npz", b"PK\x03\x04", 100 << 30);
    let special = hostile.special();
    let with = |names: &[&str]| {
        names.iter().map(|name| (*name).to_owned()).chain(special.clone()).collect::<Vec<_>>()
    };
    for file in with(&["wide.safetensors", "sparse.safetensors", "header.safetensors", "zeros.safetensors"]) {
        hostile.refuse(&file, &["train", "--data", "data", "--code", "4", "--init", &file, "--run", "new"]);
    }
    for file in with(&["header.npy", "header-sparse.npy", "zeros.npy", "archive.npz", "archive-sparse.npz"]) {
        let error = hostile.refuse(&file, &["decode", "--run", "run", "--codes", &file, "--out", "new.idx"]);
        assert!(
            file != "archive-sparse.npz" || error.contains("longer than the 1073741824 bytes"),
            "{error}"
        );
    }
    for (name, figure) in [("run.json", "loss"), ("history.csv", "loss"), ("model.safetensors", "filters")] {
        let path = hostile.fixture.path("run").join(name);
        let good = fs::read(&path).unwrap();
        hostile.sparse(&format!("run/{name}"), &good, 100 << 30);
        hostile.refuse(name, &["figure", figure, "--run", "run"]);
        for target in ["../pipe", "/dev/zero"] {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(target, &path).unwrap();
            hostile.refuse(name, &["figure", figure, "--run", "run"]);
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
    hostile.fixture.succeed(&["figure", "loss", "--run", "run"]);
}
