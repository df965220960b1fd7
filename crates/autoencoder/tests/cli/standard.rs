//! `-`: standard input and output.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use crate::fixture::{Fixture, pixels, write_idx};

fn prepared() -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--code", "4", "--run", "run"]);
    write_idx(&fixture.path("images.idx"), &[5, 28, 28], pixels(5, 784));
    fixture.succeed(&["encode", "--run", "run", "--images", "images.idx", "--out", "codes.npy"]);
    fixture.succeed(&["decode", "--run", "run", "--codes", "codes.npy", "--out", "back.idx"]);
    fixture.succeed(&["compress", "images.idx", "--run", "run", "--out", "file.aez"]);
    fixture
}

/// The program with a file's content on standard input.
pub(crate) fn fed(fixture: &Fixture, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = fixture.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who refuses its input does not read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[test]
fn images_and_codes_go_through_pipes_to_the_same_bytes() {
    let fixture = prepared();
    let read = |name: &str| fs::read(fixture.path(name)).unwrap();
    let gzipped = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&read("images.idx")).unwrap();
        packed.finish().unwrap()
    };
    for images in [read("images.idx"), gzipped] {
        let output = fed(&fixture, &["encode", "--run", "run", "--images", "-", "--out", "-"], &images);
        assert_eq!((output.status.code(), output.stdout), (Some(0), read("codes.npy")));
        // What is said goes to the other stream.
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("5 codes of 4 numbers"), "{said}");
    }
    let output = fed(&fixture, &["decode", "--run", "run", "--codes", "-", "--out", "-"], &read("codes.npy"));
    assert_eq!((output.status.code(), output.stdout), (Some(0), read("back.idx")));
    let output = fixture.run(&["compress", "images.idx", "--run", "run", "--out", "-"]);
    assert_eq!((output.status.code(), output.stdout), (Some(0), read("file.aez")));
    let output = fixture.run(&["decompress", "file.aez", "--run", "run", "--out", "-"]);
    fixture.succeed(&["decompress", "file.aez", "--run", "run", "--out", "whole.idx"]);
    assert_eq!((output.status.code(), output.stdout), (Some(0), read("whole.idx")));
    assert!(!fixture.path("-").exists());
    // What the system calls it is the same, and is not replaced where it leads to a file.
    fs::write(fixture.path("log"), "kept").unwrap();
    let log = fs::File::options().append(true).open(fixture.path("log")).unwrap();
    let arguments = ["encode", "--run", "run", "--images", "images.idx", "--out", "/dev/stdout"];
    assert!(fixture.command(&arguments).stdout(log).status().unwrap().success());
    assert_eq!(read("log"), [&b"kept"[..], &read("codes.npy")].concat());
}

#[test]
fn a_stream_that_is_cut_short_or_is_something_else_is_named() {
    let fixture = prepared();
    let images = fs::read(fixture.path("images.idx")).unwrap();
    for (input, words) in [(&images[..100], "promises"), (&b"\x89PNG\r\n\x1a\n and more"[..], "PNG")] {
        let output = fed(&fixture, &["encode", "--run", "run", "--images", "-", "--out", "new.npy"], input);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("standard input") && error.contains(words), "{error}");
        assert!(!fixture.path("new.npy").exists());
    }
}

#[test]
fn where_a_stream_cannot_be_read_or_written_that_is_said() {
    let fixture = prepared();
    for arguments in [
        &["compress", "-", "--out", "new.aez"][..],
        &["compress", "images.idx", "--labels", "-", "--out", "new.aez"],
        &["decompress", "-", "--out", "new.idx"],
        &["info", "-"],
        &["train", "--images", "-", "--run", "new"],
        &["train", "--init", "-", "--run", "new"],
        &["evaluate", "--images", "-"],
        &["figure", "--images", "images.idx", "--test-images", "-"],
        &["encode", "--weights", "-", "--images", "images.idx", "--out", "new.npy"],
    ] {
        let output = fixture.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("name a file"), "{arguments:?}: {error}");
    }
    fixture.fail(2, &["generate", "--run", "run", "--out", "-"]);
    let arguments = ["encode", "--run", "run", "--images", "images.idx", "--labels", "l.idx", "--out", "-"];
    assert!(fixture.fail(2, &arguments).contains("no name for a second file"));
    let arguments = ["decompress", "file.aez", "--run", "run", "--out", "-", "--labels-out", "-"];
    assert!(fixture.fail(2, &arguments).contains("two outputs"));
}
