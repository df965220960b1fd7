//! Runs that are killed, stopped, starved of disk or locked out, and what they come to when they go on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use ae_train::{Checkpoint, RunFolder};

use crate::fixture::{Fixture, is_epoch, pixels, write_idx};

pub(crate) const RUN: &str = "runs/shallow-2";

/// Enough images for an epoch that takes some tens of milliseconds, so that most kills come in the middle of one.
pub(crate) fn fixture() -> Fixture {
    let fixture = Fixture::new();
    for (stem, count) in [("train", 1_000), ("t10k", 100)] {
        write_idx(
            &fixture.data().join(format!("{stem}-images-idx3-ubyte")),
            &[count, 28, 28],
            pixels(count, 784),
        );
        write_idx(
            &fixture.data().join(format!("{stem}-labels-idx1-ubyte")),
            &[count],
            (0..count).map(|i| (i % 10) as u8).collect(),
        );
    }
    fixture
}

pub(crate) const TRAIN: [&str; 7] = ["train", "--data", "data", "--code", "2", "--batch-size", "2"];
pub(crate) const EPOCHS: [&str; 2] = ["--epochs", "12"];

fn start(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The weights of a run and all its figures but the seconds and threads.
pub(crate) fn outcome(fixture: &Fixture, run: &str) -> (Vec<u8>, String, String) {
    let folder = RunFolder::open(fixture.path(run)).unwrap();
    let mut record = folder.record().unwrap();
    // How long it took, and on how many threads.
    let used = std::mem::take(&mut record.engine.used);
    assert!(used.keys().all(|threads| (1..=record.engine.threads).contains(threads)), "{used:?}");
    assert!((used.values().sum::<f64>() - 1.0).abs() < 1e-9, "{used:?}");
    (record.wall_s, record.images_per_s, record.engine.threads) = (0.0, 0.0, 0);
    // As the history has seconds, so has its hash.
    record.files.remove("history.csv").unwrap();
    // The way from the folder of one run is another than from the folder of another.
    record.data.from = None;
    let mut history = folder.history(&folder.record().unwrap()).unwrap();
    history.iter_mut().for_each(|epoch| epoch.wall_s = 0.0);
    (fs::read(folder.model_path()).unwrap(), format!("{record:?}"), format!("{history:?}"))
}

pub(crate) fn uninterrupted(fixture: &Fixture, more: &[&str]) -> (Vec<u8>, String, String) {
    fixture.succeed(&[&TRAIN[..], more, &["--run", "whole"]].concat());
    outcome(fixture, "whole")
}

/// Waits until a run has told of its first epoch.
fn first_epoch(child: &mut Child) -> impl BufRead + use<> {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !is_epoch(&line) {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the run has ended");
    }
    output
}

/// Leaves a run that is not finished, with both its checkpoints.
fn stop_in_the_middle(fixture: &Fixture) {
    let mut child = start(fixture, &[&TRAIN[..], &EPOCHS].concat());
    let _output = first_epoch(&mut child);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

pub(crate) fn errors(child: &mut Child) -> String {
    std::io::read_to_string(child.stderr.take().unwrap()).unwrap()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_stops_a_run_that_says_how_to_go_on_and_does() {
    let fixture = fixture();
    let cases: [(&str, i32, &[&str], &[&str]); 4] = [
        ("INT", 130, &EPOCHS, &["--threads", "3"]),
        ("TERM", 143, &["--epochs", "12", "--threads", "3"], &["--threads", "1"]),
        ("INT", 130, &["--epochs", "12", "--noise", "0.5", "--mask", "0.25"], &[]),
        ("TERM", 143, &["--engine", "autodiff", "--threads", "2", "--epochs", "4"], &[]),
    ];
    for (name, code, more, then) in cases {
        let expected = uninterrupted(&fixture, more);
        let mut child = start(&fixture, &[&TRAIN[..], more, &["--run", "a run"]].concat());
        let mut output = first_epoch(&mut child);
        signal(&child, name);
        let mut rest = String::new();
        while output.read_line(&mut rest).unwrap() > 0 {}
        assert_eq!(child.wait().unwrap().code(), Some(code), "{more:?}");
        assert!(!rest.contains("trained in"), "{rest}");
        let said = errors(&mut child);
        assert!(said.starts_with("stopped in epoch "), "{said}");
        assert!(said.ends_with("to go on:\nae train --resume --run 'a run'\n"), "{said}");
        assert!(!fixture.path("a run/run.json").exists());

        let said = fixture.succeed(&[&["train", "--resume", "--run", "a run"], then].concat());
        assert!(said.contains("going on after "), "{said}");
        assert!(outcome(&fixture, "a run") == expected, "{more:?}, then {then:?}");
        fs::remove_dir_all(fixture.path("a run")).unwrap();
        fs::remove_dir_all(fixture.path("whole")).unwrap();
    }
}

#[test]
fn a_second_signal_ends_a_run_at_once_and_it_can_still_go_on() {
    let fixture = fixture();
    // The tape takes long over such a step: the second signal comes before its end.
    let long = ["--preset", "deep", "--engine", "autodiff", "--batch-size", "1000", "--epochs", "1000"];
    let mut child = start(&fixture, &[&["train", "--data", "data", "--run", "run"], &long[..]].concat());
    let checkpoint = fixture.path("run/checkpoint.safetensors");
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "{}", errors(&mut child));
        thread::sleep(Duration::from_millis(2));
    }
    signal(&child, "INT");
    signal(&child, "TERM");
    // Two signals may be delivered in either order.
    let code = child.wait().unwrap().code();
    assert!([Some(130), Some(143)].contains(&code), "{code:?}");
    assert_eq!(errors(&mut child), "", "there was no time to say anything");
    Checkpoint::load(checkpoint).unwrap();
}

#[test]
fn a_folder_that_is_trained_into_is_refused_to_a_second_trainer() {
    let fixture = fixture();
    let endless = ["--epochs", "50000", "--run", "run"];
    let mut child = start(&fixture, &[&TRAIN[..], &endless].concat());
    let _output = first_epoch(&mut child);
    for more in [&[][..], &["--force"], &["--resume"]] {
        let error = fixture.fail(1, &[&TRAIN[..], &endless, more].concat());
        assert!(error.contains("run is being trained into by another process"), "{more:?}: {error}");
        assert!(!error.contains("--force"), "{error}");
    }
    assert!(child.try_wait().unwrap().is_none(), "the first goes on");
    child.kill().unwrap();
    child.wait().unwrap();
    // A dead trainer's lock is nobody's.
    let mut child = start(&fixture, &["train", "--resume", "--run", "run"]);
    let _output = first_epoch(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_differs_is_named_with_both_values() {
    let fixture = Fixture::new();
    let train = ["train", "--data", "data", "--epochs", "2", "--code", "2", "--run", "run"];
    fixture.succeed(&train);
    let other = Fixture::new();
    let label = other.path("data/train-images-idx3-ubyte");
    let mut bytes = fs::read(&label).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&label, bytes).unwrap();
    let other = other.data();
    let cases: [(&[&str], &[&str]); 13] = [
        (&["--preset", "deep"], &["preset: shallow in the checkpoint, deep asked for"]),
        (&["--code", "4"], &["code size: 2 in the checkpoint, 4 asked for"]),
        (&["--code", "33"], &["code size: 2 in the checkpoint, 33 asked for"]),
        (&["--hidden", "9,5"], &["hidden layers: none in the checkpoint, 9, 5 asked for"]),
        (&["--engine", "autodiff"], &["engine: fused in the checkpoint, autodiff asked for"]),
        (&["--epochs", "1"], &["epochs: 2 in the checkpoint, 1 asked for"]),
        (&["--batch-size", "3"], &["batch size: 64 in the checkpoint, 3 asked for"]),
        (&["--learning-rate", "0.1"], &["learning rate: 0.001 in the checkpoint, 0.1 asked for"]),
        (&["--seed", "4"], &["seed: 0 in the checkpoint, 4 asked for"]),
        (&["--order", "sequential"], &["order: shuffled in the checkpoint, sequential asked for"]),
        (&["--noise", "0.5"], &["noise: 0.0 in the checkpoint, 0.5 asked for"]),
        (&["--mask", "0.25"], &["mask: 0.0 in the checkpoint, 0.25 asked for"]),
        (&["--data", other.to_str().unwrap()], &["training images: 40 of 28 x 28 (SHA-256 ", "asked for"]),
    ];
    let before = fs::read(fixture.path("run/checkpoint.safetensors")).unwrap();
    for (more, words) in cases {
        let error = fixture.fail(1, &[&["train", "--resume", "--run", "run"], more].concat());
        for word in words {
            assert!(error.contains(word), "{more:?}: {error}");
        }
        assert!(error.starts_with("error: can't go on with the run in run: "), "{error}");
    }
    fixture.fail(2, &["train", "--resume", "--run", "run", "--code", "785"]);
    assert_eq!(fs::read(fixture.path("run/checkpoint.safetensors")).unwrap(), before);
}

#[test]
fn a_finished_run_says_so_and_more_epochs_go_on() {
    let fixture = Fixture::new();
    let error = fixture.fail(1, &["train", "--resume"]);
    assert!(error.contains("nothing to go on with") && error.contains("runs/shallow-32 holds no"), "{error}");
    assert!(!fixture.path("runs").exists());

    fixture.succeed(&["train", "--data", "data", "--epochs", "5", "--run", "whole"]);
    fixture.succeed(&["train", "--data", "data", "--epochs", "2"]);
    let folder = fixture.path("runs/shallow-32");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let before = (read("run.json"), read("checkpoint.safetensors"));
    let said = fixture.succeed(&["train", "--resume"]);
    assert!(said.contains("runs/shallow-32 is finished, with all its 2 epochs"), "{said}");
    assert!(said.contains("\nae train --resume --epochs 4\n"), "{said}");
    assert_eq!((read("run.json"), read("checkpoint.safetensors")), before);

    fixture.succeed(&["train", "--resume", "--epochs", "5"]);
    assert!(outcome(&fixture, "runs/shallow-32") == outcome(&fixture, "whole"));

    // A kill between the last checkpoint and the last file: what is missing is written.
    fs::remove_file(folder.join("run.json")).unwrap();
    fs::write(folder.join("model.safetensors"), b"of an earlier run").unwrap();
    fixture.succeed(&["train", "--resume"]);
    assert!(outcome(&fixture, "runs/shallow-32") == outcome(&fixture, "whole"));
}

#[test]
fn a_run_or_a_checkpoint_in_the_folder_is_not_trained_over_unasked() {
    let fixture = Fixture::new();
    let train = ["train", "--data", "data", "--epochs", "1"];
    fixture.succeed(&train);
    let folder = fixture.path("runs/shallow-32");
    for name in ["run.json", "history.csv", "model.safetensors", "trained-on.bin"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    let before = fs::read(folder.join("checkpoint.safetensors")).unwrap();
    let error = fixture.fail(1, &train);
    for word in ["runs/shallow-32", "checkpoint.safetensors exists", "--force", "--resume"] {
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(fs::read(folder.join("checkpoint.safetensors")).unwrap(), before);
    fixture.fail(2, &[&train[..], &["--force", "--resume"]].concat());
    fixture.succeed(&[&train[..], &["--force", "--seed", "1"]].concat());
    assert_ne!(fs::read(folder.join("checkpoint.safetensors")).unwrap(), before);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_with_a_warning() {
    let fixture = fixture();
    let expected = uninterrupted(&fixture, &EPOCHS);
    let run = fixture.path(RUN);
    stop_in_the_middle(&fixture);
    let newest = run.join("checkpoint.safetensors");
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    let output = fixture.run(&["train", "--resume", "--run", RUN]);
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{warning}");
    for word in ["warning: ", "checkpoint.safetensors: the checksum is wrong", "going on from", "previous"] {
        assert!(warning.contains(word), "{warning}");
    }
    assert!(outcome(&fixture, RUN) == expected);

    for name in ["checkpoint.safetensors", "checkpoint.previous.safetensors"] {
        fs::write(run.join(name), b"no more").unwrap();
    }
    let error = fixture.fail(1, &["train", "--resume", "--run", RUN]);
    assert!(error.contains("nor from the one before") && error.contains("--force"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_nobody_can_be_told_of_comes_to_its_end() {
    let fixture = Fixture::new();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let train = ["train", "--data", "data", "--epochs", "3", "--run"];
    let mut child =
        fixture.command(&[&train[..], &["told"]].concat()).stdout(full()).stderr(full()).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    fixture.succeed(&[&train[..], &["whole"]].concat());
    assert!(outcome(&fixture, "told") == outcome(&fixture, "whole"));
}

/// A process may write no file longer than so many blocks of 512 bytes: the disk is full for whatever is longer.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_ends_a_run_with_an_error_and_its_checkpoints_whole() {
    let fixture = fixture();
    let expected = uninterrupted(&fixture, &EPOCHS);
    stop_in_the_middle(&fixture);
    let run = fixture.path(RUN);
    let kept = ["checkpoint.safetensors", "checkpoint.previous.safetensors"];
    let before = kept.map(|name| fs::read(run.join(name)).unwrap());
    let blocks = before[0].len() / 512;
    assert!(blocks > 50);

    let limited = |blocks: usize, signal: &str, args: &[&str]| -> (ExitStatus, String) {
        let script = format!("{signal} ulimit -f {blocks}; exec \"$@\"");
        let program = env!("CARGO_BIN_EXE_ae");
        let output = Command::new("sh")
            .args(["-c", &script, "sh", program])
            .args(args)
            .current_dir(fixture.path(""))
            .env_remove("CARGO_MANIFEST_DIR")
            .output()
            .unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    };
    let mut refused = 0;
    for limit in (0..=blocks).step_by(blocks / 12) {
        // Told by an error, and by a signal that kills.
        for (signal, dies) in [("trap '' XFSZ;", false), ("", true)] {
            let (status, error) = limited(limit, signal, &["train", "--resume", "--run", RUN]);
            assert!(!status.success(), "{limit} blocks");
            if !dies {
                assert_eq!(status.code(), Some(1), "{error}");
                let command = format!("`ae train --resume --run {RUN}` goes on: ");
                let reason = format!("cannot write {RUN}/checkpoint.safetensors: ");
                assert!(error.contains(&(command + &reason)), "{error}");
            }
            assert_eq!(kept.map(|name| fs::read(run.join(name)).unwrap()), before, "{limit} blocks");
            refused += 1;
        }
    }
    assert!(refused >= 24);

    // Nothing to go on from, and so nothing is said of it.
    let (status, error) = limited(0, "trap '' XFSZ;", &[&TRAIN[..], &["--run", "none"]].concat());
    assert_eq!(status.code(), Some(1), "{error}");
    let expected_error =
        "error: the run has stopped before it had a checkpoint: cannot write none/checkpoint.safetensors: ";
    assert!(error.starts_with(expected_error), "{error}");

    fixture.succeed(&["train", "--resume", "--run", RUN]);
    assert!(outcome(&fixture, RUN) == expected);
    let left = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        !left.into_iter().any(|name| name.ends_with(".tmp")),
        "what the killed ones left is cleared away"
    );
}
