//! A signal while a folder of pictures is written: it is not there, and nothing of it is left.

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::fixture::{Fixture, pixels, write_idx};
use crate::resume::signal;

const DECODE: [&str; 5] = ["decode", "--codes", "in/codes.npy", "--out", "out/pictures/"];

/// Enough pictures that writing them takes some hundred milliseconds.
const PICTURES: usize = 3000;

fn entries(fixture: &Fixture) -> Vec<String> {
    let entries = fs::read_dir(fixture.path("out")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The command with its folder begun and not finished, standing still.
fn stopped_in_the_middle(fixture: &Fixture) -> Child {
    for _ in 0..20 {
        let mut command = fixture.command(&DECODE);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while entries(fixture).is_empty() && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_none() {
            signal(&child, "STOP");
            if entries(fixture).iter().any(|name| name.starts_with(".replace-")) {
                return child;
            }
            signal(&child, "CONT");
        }
        child.wait().unwrap();
        let _ = fs::remove_dir_all(fixture.path("out/pictures"));
    }
    panic!("it has always been too fast");
}

#[test]
fn a_signal_while_a_folder_is_written_leaves_nothing_of_it() {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    fs::create_dir(fixture.path("in")).unwrap();
    fs::create_dir(fixture.path("out")).unwrap();
    write_idx(&fixture.path("in/a.idx"), &[PICTURES, 28, 28], pixels(PICTURES, 784));
    fixture.succeed(&["encode", "--images", "in/a.idx", "--out", "in/codes.npy"]);
    for (name, code, called) in [("INT", 130, "Ctrl-C"), ("TERM", 143, "SIGTERM")] {
        let mut tries = 0..20;
        let said = loop {
            tries.next().expect("no signal stops it");
            let child = stopped_in_the_middle(&fixture);
            signal(&child, name);
            signal(&child, "CONT");
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(code));
            if !fixture.path("out/pictures").exists() {
                break String::from_utf8(output.stderr).unwrap();
            }
            // It had come to its end before it heard.
            fs::remove_dir_all(fixture.path("out/pictures")).unwrap();
        };
        assert_eq!(said, format!("stopped by {called}: out/pictures/ is as it was\n"));
        assert_eq!(entries(&fixture), [""; 0], "{said}");
    }
}
