//! What commands show while they work: plain lines on a pipe, and on a terminal bars that fit it.

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

#[cfg(target_os = "linux")]
mod terminal {
    use std::fs::File;
    use std::io::Read;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    use crate::fixture::{Fixture, pixels, write_idx};

    const COLUMNS: usize = 80;

    /// What a command sends to a terminal without colours, of 80 columns and 24 rows.
    fn shown(fixture: &Fixture, arguments: &[&str]) -> String {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = Winsize { ws_row: 24, ws_col: COLUMNS as u16, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&ours, size).unwrap();
        let theirs =
            || Stdio::from(ioctl_tiocgptpeer(&ours, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
        let mut command = fixture.command(arguments);
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let mut child = command.stdin(theirs()).stdout(theirs()).stderr(theirs()).spawn().unwrap();
        drop(command);
        let mut sent = Vec::new();
        let mut terminal = File::from(ours);
        let mut chunk = [0; 1 << 12];
        // It ends in an error, when nobody holds the other end.
        while let Ok(read @ 1..) = terminal.read(&mut chunk) {
            sent.extend(&chunk[..read]);
        }
        let sent = String::from_utf8(sent).unwrap();
        assert!(child.wait().unwrap().success(), "{sent}");
        sent
    }

    /// The lines that are drawn, one over the other or one after the other.
    fn lines(sent: &str) -> Vec<String> {
        let mut text = String::new();
        let mut parts = sent.split("\x1b[");
        text += parts.next().unwrap();
        for part in parts {
            let (escape, rest) = part.split_at(1 + part.find(char::is_alphabetic).unwrap());
            assert!(!escape.ends_with('m'), "a colour: {sent:?}");
            text += rest;
        }
        text.split(['\r', '\n']).map(str::to_owned).collect()
    }

    #[test]
    fn bars_are_seen_and_no_line_is_wrapped() {
        let fixture = Fixture::new();
        let images = 20_000;
        write_idx(&fixture.path("a.idx"), &[images, 28, 28], pixels(images, 784));
        let commands: [(&[&str], &str); 7] = [
            (&["train", "--data", "data", "--batch-size", "1", "--epochs", "300"], "/300 ["),
            (&["encode", "--images", "a.idx", "--out", "a.npy"], "encoding ["),
            (&["decode", "--codes", "a.npy", "--out", "b.idx"], "decoding ["),
            (&["compress", "a.idx", "-o", "a.aez"], "writing ["),
            (&["decompress", "a.aez", "-o", "b.idx"], "decompressing ["),
            (&["evaluate"], "classifying codes, all labels"),
            (&["figure", "samples"], "drawing samples"),
        ];
        for (command, expected) in commands {
            let lines = lines(&shown(&fixture, command));
            assert!(lines.iter().any(|line| line.contains(expected)), "{command:?}: {lines:#?}");
            let widest = lines.iter().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= COLUMNS, "{command:?}: {widest:?}");
        }
    }
}
