//! What commands show while they work, where nobody sits before it: plain lines that fit a terminal.

use crate::fixture::{Fixture, is_epoch};

#[test]
fn a_training_says_what_it_trains_and_draws_a_table_of_epochs() {
    let fixture = Fixture::new();
    let said = fixture.succeed(&["train", "--data", "data", "--epochs", "12", "--run", "run"]);
    let lines: Vec<_> = said.lines().collect();
    // 784 x 32 + 32 and 32 x 784 + 784.
    assert!(lines[0].starts_with("shallow: codes of 32, 50992 parameters, seed 0, engine fused, "), "{said}");
    assert_eq!(lines[1], "40 training and 12 test images of 28 x 28 pixels");
    let header = lines.iter().position(|line| line.trim_start().starts_with("epoch  train BCE")).unwrap();
    for (row, line) in lines[header + 1..][..12].iter().enumerate() {
        assert!(is_epoch(line) && line.trim_start().starts_with(&format!("{}/12 ", row + 1)), "{said}");
        assert_eq!((line.len(), line.split_whitespace().count()), (lines[header].len(), 8), "{said}");
    }
    assert_eq!(lines.iter().filter(|line| line.contains("train BCE")).count(), 1);
    assert!(lines.iter().all(|line| line.len() <= 80), "{said}");
}

#[test]
fn a_pipe_is_told_nothing_that_only_a_terminal_understands() {
    let fixture = Fixture::new();
    let commands: [&[&str]; 9] = [
        &["train", "--data", "data", "--epochs", "2"],
        &["evaluate"],
        &["figure", "all"],
        &["encode", "--images", "data/t10k-images-idx3-ubyte", "--out", "codes.npy"],
        &["decode", "--codes", "codes.npy", "--out", "images.idx"],
        &["compress", "images.idx", "-o", "images.aez"],
        &["decompress", "images.aez", "-o", "again.idx"],
        &["train", "--help"],
        &["train", "--no-such-flag"],
    ];
    for (place, command) in commands.into_iter().enumerate() {
        let output = fixture.run(command);
        assert_eq!(output.status.success(), place < 8, "{command:?}");
        let said = [&output.stdout[..], &output.stderr].concat();
        let shown = String::from_utf8_lossy(&said);
        assert!(!said.iter().any(|byte| b"\x1b\r\x08".contains(byte)), "{command:?}: {shown}");
        assert_eq!(output.stderr.is_empty(), place < 8, "{command:?}: {shown}");
    }
}
