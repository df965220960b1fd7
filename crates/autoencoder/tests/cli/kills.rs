//! A run that is killed at any moment loses nothing.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use ae_net::Network;
use ae_train::{Checkpoint, RunFolder};

use crate::fixture::Fixture;
use crate::resume::{EPOCHS, RUN, TRAIN, errors, fixture, outcome, uninterrupted};

/// What the kills of a run met with.
#[derive(Debug, Default)]
struct Kills {
    runs: usize,
    kills: usize,
    /// Before the first checkpoint was written.
    before_the_first: usize,
    /// Where the newest checkpoint is of the middle of an epoch.
    in_an_epoch: usize,
    /// While a file was being written, which left a temporary one.
    in_a_write: usize,
    /// Between the two renames.
    between_renames: usize,
    /// In the last files, where the trained weights are there and `run.json` is not.
    in_the_last_files: usize,
}

impl Kills {
    /// Trains in one folder to the end, killed over and over at moments that `state` draws.
    fn train(&mut self, fixture: &Fixture, epochs: &[&str], state: &mut u64) {
        let _ = fs::remove_dir_all(fixture.path(RUN));
        self.runs += 1;
        let often = ["--checkpoint-every", "0"];
        loop {
            let checkpoint = fixture.path(RUN).join("checkpoint.safetensors");
            let previous = fixture.path(RUN).join("checkpoint.previous.safetensors");
            let resume: &[&str] = if checkpoint.exists() || previous.exists() { &["--resume"] } else { &[] };
            let mut child = fixture
                .command(&[&TRAIN[..], epochs, &often, resume].concat())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            thread::sleep(Duration::from_micros((*state >> 33) % 400_000));
            if let Some(ended) = child.try_wait().unwrap() {
                assert!(ended.success(), "{}", errors(&mut child));
                return;
            }
            child.kill().unwrap();
            let ended = child.wait().unwrap();
            if ended.success() {
                return; // it came to its end in between
            }
            // After a kill between the two renames the newest has no name; nothing else may be wrong with a file.
            let said = errors(&mut child);
            let unnamed = format!("warning: cannot go on from {RUN}/checkpoint.safetensors: No such file");
            assert!(said.is_empty() || said.starts_with(&unnamed), "{said}");
            self.kills += 1;
            self.look(&fixture.path(RUN), &checkpoint, &previous);
        }
    }

    /// Looks at what a kill left, before anything is tidied.
    fn look(&mut self, run: &Path, newest: &Path, previous: &Path) {
        let Ok(entries) = fs::read_dir(run) else {
            self.before_the_first += 1;
            return;
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        self.in_a_write += usize::from(names.into_iter().any(|name| name.starts_with(".replace-")));
        let model = run.join("model.safetensors");
        let finished = run.join("run.json").exists();
        if model.exists() {
            Network::load(&model).unwrap();
        }
        if finished {
            let folder = RunFolder::open(run).unwrap();
            folder.record().unwrap();
            folder.history(&folder.record().unwrap()).unwrap();
        }
        self.in_the_last_files += usize::from(model.exists() && !finished);
        let mut readable = 0;
        for path in [newest, previous] {
            if path.exists() {
                let found = Checkpoint::load(path).unwrap();
                readable += 1;
                self.in_an_epoch += usize::from(path == newest && found.steps() > 0);
            }
        }
        self.before_the_first += usize::from(readable == 0);
        self.between_renames += usize::from(previous.exists() && !newest.exists());
    }
}

#[test]
fn a_run_killed_at_random_moments_loses_nothing() {
    let fixture = fixture();
    let expected = uninterrupted(&fixture, &EPOCHS);
    let mut kills = Kills::default();
    let mut state = 1;
    while kills.kills < 8 {
        kills.train(&fixture, &EPOCHS, &mut state);
        assert!(outcome(&fixture, RUN) == expected, "{kills:?}");
    }
    assert!(kills.in_an_epoch > 0, "{kills:?}");
}

/// The long form: `cargo test -p autoencoder --test cli -- --ignored --nocapture killed_two_hundred`.
#[test]
#[ignore = "takes minutes"]
fn a_run_killed_two_hundred_times_loses_nothing() {
    let fixture = fixture();
    let epochs = ["--epochs", "100"];
    let expected = uninterrupted(&fixture, &epochs);
    let mut kills = Kills::default();
    let mut state = 2;
    while kills.kills < 200 {
        kills.train(&fixture, &epochs, &mut state);
        assert!(outcome(&fixture, RUN) == expected, "{kills:?}");
    }
    println!("{kills:#?}");
}
