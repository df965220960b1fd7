//! Commands that are sent a signal while they write: what is left is the old file or the new one, whole, and nothing else.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ae_train::{Checkpoint, RunFolder};

use crate::fixture::{Fixture, pixels, write_idx};
use crate::resume::signal;

const SIGNALS: [(&str, i32, &str); 2] = [("INT", 130, "Ctrl-C"), ("TERM", 143, "SIGTERM")];

/// Enough images for commands that take some hundred milliseconds.
const IMAGES: usize = 20_000;

/// When a signal is sent, as a share of what the command takes undisturbed.
const MOMENTS: [f64; 4] = [0.15, 0.4, 0.65, 0.9];

struct Writes {
    command: &'static [&'static str],
    files: &'static [&'static str],
}

const DECODE: Writes =
    Writes { command: &["decode", "--codes", "in/codes.npy", "--out", "out/a.idx"], files: &["out/a.idx"] };

/// Those that write for long enough to be met with their temporary file.
const LONG: [Writes; 5] = [
    Writes { command: &["encode", "--images", "in/a.idx", "--out", "out/a.npy"], files: &["out/a.npy"] },
    Writes {
        command: &["encode", "--images", "in/a.idx", "--labels", "in/labels.idx", "--out", "out/a.npy"],
        files: &["out/a.npy", "out/a.labels.npy"],
    },
    DECODE,
    Writes { command: &["compress", "in/a.idx", "-o", "out/a.aez"], files: &["out/a.aez"] },
    Writes { command: &["decompress", "in/a.aez", "-o", "out/a.idx"], files: &["out/a.idx"] },
];

const SHORT: [Writes; 3] = [
    Writes { command: &["generate", "--count", "1000", "--out", "out/a.png"], files: &["out/a.png"] },
    Writes { command: &["generate", "--count", "20000", "--out", "out/a.idx"], files: &["out/a.idx"] },
    Writes {
        command: &["figure", "all"],
        files: &["runs/shallow-32/figures/loss.png", "runs/shallow-32/figures/reconstructions.png"],
    },
];

/// A folder with a run, and with much to work on.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1"]);
    fs::create_dir(fixture.path("in")).unwrap();
    write_idx(&fixture.path("in/a.idx"), &[IMAGES, 28, 28], pixels(IMAGES, 784));
    write_idx(&fixture.path("in/labels.idx"), &[IMAGES], (0..IMAGES).map(|i| (i % 10) as u8).collect());
    fixture.succeed(&["encode", "--images", "in/a.idx", "--out", "in/codes.npy"]);
    fixture.succeed(&["compress", "in/a.idx", "-o", "in/a.aez"]);
    fixture
}

fn start(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn contents(fixture: &Fixture, files: &[&str]) -> Vec<Vec<u8>> {
    files.iter().map(|name| fs::read(fixture.path(name)).unwrap()).collect()
}

fn temporaries(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter(|entry| entry.as_ref().unwrap().file_name().as_encoded_bytes().starts_with(b".replace-"))
        .count()
}

/// A command that has not come to its end, with its temporary file beside its output: it stands still until it is told
/// to go on.
fn stopped_in_the_middle(fixture: &Fixture, writes: &Writes) -> Child {
    let folder = fixture.path(writes.files[0]).parent().unwrap().to_owned();
    for _ in 0..20 {
        let mut child = start(fixture, writes.command);
        while temporaries(&folder) == 0 && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_none() {
            signal(&child, "STOP");
            if temporaries(&folder) > 0 {
                return child;
            }
            signal(&child, "CONT");
        }
        child.wait().unwrap();
    }
    panic!("{:?} has always been too fast", writes.command);
}

/// The old files and the new ones of a command, and how long it takes to make these.
struct Case<'a> {
    fixture: &'a Fixture,
    writes: &'a Writes,
    new: Vec<Vec<u8>>,
    takes: Duration,
}

impl<'a> Case<'a> {
    fn new(fixture: &'a Fixture, writes: &'a Writes) -> Self {
        let begin = Instant::now();
        fixture.succeed(writes.command);
        Self { fixture, writes, new: contents(fixture, writes.files), takes: begin.elapsed() }
    }

    fn put_old(&self) {
        for name in self.writes.files {
            fs::write(self.fixture.path(name), b"old").unwrap();
        }
    }

    /// Looks at what a command left that was sent a signal; says whether that stopped it before anything was written.
    fn look(&self, output: &Output, (name, code, called): (&str, i32, &str)) -> bool {
        let (command, said) = (self.writes.command, String::from_utf8_lossy(&output.stderr));
        let what = format!("{command:?}, {name}: {} {said}", output.status);
        let found = contents(self.fixture, self.writes.files);
        let new: Vec<bool> = found.iter().zip(&self.new).map(|(found, new)| found == new).collect();
        for (found, &new) in found.iter().zip(&new) {
            assert!(new || found == b"old", "{what}: a file is neither old nor new");
        }
        for name in self.writes.files {
            assert_eq!(temporaries(self.fixture.path(name).parent().unwrap()), 0, "{what}");
        }
        if command[0] == "encode" {
            assert!(new.iter().all(|&each| each == new[0]), "{what}: labels beside other codes");
        }
        match output.status.code() {
            Some(0) => assert!(new.iter().all(|&new| new) && said.is_empty(), "{what}"),
            // Before the program listens, the system ends it.
            None => assert!(output.status.signal().is_some() && !new.contains(&true), "{what}"),
            found => {
                assert_eq!(found, Some(code), "{what}");
                assert!(said.starts_with(&format!("stopped by {called}")), "{what}");
                assert_eq!(said.lines().count(), 1, "{what}");
            }
        }
        output.status.code() == Some(code) && !new.contains(&true)
    }
}

#[test]
fn a_signal_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let fixture = fixture();
    for writes in LONG.iter().chain(&SHORT) {
        let case = Case::new(&fixture, writes);
        for sent in SIGNALS {
            for moment in MOMENTS {
                case.put_old();
                let child = start(&fixture, writes.command);
                thread::sleep(case.takes.mul_f64(moment));
                // It may have ended; until it is waited for, its number is nobody else's.
                signal(&child, sent.0);
                case.look(&child.wait_with_output().unwrap(), sent);
            }
        }
    }
}

#[test]
fn a_signal_in_the_middle_of_a_write_leaves_the_old_file_and_says_so() {
    let fixture = fixture();
    for writes in &LONG {
        let case = Case::new(&fixture, writes);
        for sent in SIGNALS {
            case.put_old();
            // The rest of the work may be done before the signal is heard of, but not every time.
            let mut tries = 0..20;
            let said = loop {
                tries.next().expect("no signal stops it");
                let child = stopped_in_the_middle(&fixture, writes);
                signal(&child, sent.0);
                signal(&child, "CONT");
                let output = child.wait_with_output().unwrap();
                if case.look(&output, sent) {
                    break String::from_utf8(output.stderr).unwrap();
                }
                case.put_old();
            };
            // Where there are two, whichever it was at.
            let expected =
                writes.files.iter().map(|file| format!("stopped by {}: {file} is as it was\n", sent.2));
            assert!(expected.into_iter().any(|expected| said == expected), "{said}");
        }
    }
}

#[test]
fn what_a_killed_command_left_is_cleared_away_and_what_a_living_one_writes_is_not() {
    let fixture = fixture();
    let expected = Case::new(&fixture, &DECODE);
    expected.put_old();
    let mut killed = stopped_in_the_middle(&fixture, &DECODE);
    signal(&killed, "KILL");
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    assert_eq!(temporaries(&fixture.path("out")), 1);
    let generate = |out| {
        fixture.succeed(&["generate", "--count", "1", "--out", out]);
        temporaries(&fixture.path("out"))
    };
    assert_eq!(generate("out/a.png"), 0);
    assert_eq!(contents(&fixture, DECODE.files), [b"old"]);

    let living = stopped_in_the_middle(&fixture, &DECODE);
    // By another way to the same folder too.
    std::os::unix::fs::symlink("out/a.png", fixture.path("link.png")).unwrap();
    assert_eq!((generate("out/a.png"), generate("link.png")), (1, 1));
    signal(&living, "CONT");
    assert!(living.wait_with_output().unwrap().status.success());
    assert_eq!(contents(&fixture, DECODE.files), expected.new);

    let killed = stopped_in_the_middle(&fixture, &DECODE);
    signal(&killed, "KILL");
    killed.wait_with_output().unwrap();
    assert_eq!(generate("link.png"), 0);
}

#[test]
fn a_signal_at_any_moment_of_a_training_leaves_a_whole_run_or_one_to_go_on_with() {
    let fixture = Fixture::new();
    let train = ["train", "--data", "data", "--epochs", "60", "--batch-size", "1", "--run", "run"];
    let begin = Instant::now();
    fixture.succeed(&train);
    let takes = begin.elapsed();
    for (name, code, called) in SIGNALS {
        for moment in MOMENTS {
            fs::remove_dir_all(fixture.path("run")).unwrap();
            let child = start(&fixture, &train);
            thread::sleep(takes.mul_f64(moment));
            signal(&child, name);
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let run = fixture.path("run");
            assert_eq!(temporaries(&run) + temporaries(&run.join("figures")), 0, "{said}");
            let whole = RunFolder::open(&run).is_ok_and(|run| run.record().is_ok());
            match output.status.code() {
                Some(0) => assert!(whole && said.is_empty(), "{said}"),
                // Before the program listens, the system ends it.
                None => {
                    assert!(output.status.signal().is_some() && !run.exists(), "{}: {said}", output.status)
                }
                found => {
                    assert_eq!(found, Some(code), "{said}");
                    if said.starts_with("stopped in epoch ") {
                        assert!(said.ends_with("to go on:\nae train --resume --run run\n"), "{said}");
                        Checkpoint::load(run.join("checkpoint.safetensors")).unwrap();
                    } else {
                        assert!(said.starts_with(&format!("stopped by {called}")), "{said}");
                        assert!(whole || !run.exists(), "{said}");
                    }
                }
            }
            fs::create_dir_all(&run).unwrap();
        }
    }
}
