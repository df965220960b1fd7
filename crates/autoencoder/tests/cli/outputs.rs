//! No output destroys anything: every command, and every pair of an output and another path of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::fixture::{Fixture, pixels, write_idx};

/// A command that writes: its arguments, in which `OUT` is the output and files that it reads stand under names of ours.
struct Writer {
    arguments: &'static [&'static str],
    /// The ending of the output.
    ending: &'static str,
    inputs: &'static [&'static str],
}

impl Writer {
    /// The command with its output in place, and flags behind it.
    fn to<'a>(&self, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let arguments = self.arguments.iter().map(|&argument| if argument == "OUT" { out } else { argument });
        arguments.chain(more.iter().copied()).collect()
    }
}

const WRITERS: &[Writer] = &[
    Writer {
        arguments: &["encode", "--images", "images", "--labels", "labels", "--out", "OUT"],
        ending: "npy",
        inputs: &["images", "labels"],
    },
    Writer { arguments: &["decode", "--codes", "codes", "--out", "OUT"], ending: "idx", inputs: &["codes"] },
    Writer {
        arguments: &["compress", "images", "--labels", "labels", "--out", "OUT"],
        ending: "aez",
        inputs: &["images", "labels"],
    },
    Writer { arguments: &["decompress", "file", "--out", "OUT"], ending: "idx", inputs: &["file"] },
    Writer {
        arguments: &["decompress", "file", "--out", "fresh.idx", "--labels-out", "OUT"],
        ending: "idx",
        inputs: &["file"],
    },
    Writer { arguments: &["generate", "--count", "2", "--out", "OUT"], ending: "png", inputs: &[] },
    Writer { arguments: &["generate", "--count", "2", "--out", "OUT"], ending: "idx", inputs: &[] },
];

/// What every command that reads the run must leave alone: the run's files, its data, and weights that are named.
const OF_RUN: &[&str] = &[
    "run/model.safetensors",
    "run/run.json",
    "run/history.csv",
    "run/trained-on.bin",
    "run/checkpoint.safetensors",
    "run/.lock",
    "data/train-images-idx3-ubyte",
    "data/t10k-labels-idx1-ubyte",
    "weights",
];

fn prepared() -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "1", "--code", "4", "--run", "run"]);
    write_idx(&fixture.path("images"), &[5, 28, 28], pixels(5, 784));
    write_idx(&fixture.path("labels"), &[5], vec![1, 2, 3, 4, 5]);
    fixture.succeed(&["encode", "--run", "run", "--images", "images", "--out", "codes.npy"]);
    fs::rename(fixture.path("codes.npy"), fixture.path("codes")).unwrap();
    fixture.succeed(&["compress", "images", "--labels", "labels", "--run", "run", "--out", "file.aez"]);
    fs::rename(fixture.path("file.aez"), fixture.path("file")).unwrap();
    fs::copy(fixture.path("run/model.safetensors"), fixture.path("weights")).unwrap();
    fs::create_dir(fixture.path("sub")).unwrap();
    fs::write(fixture.path("sub/kept"), "").unwrap();
    fixture
}

/// All files under a folder with their content.
fn contents(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, found);
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap_or_default());
        }
    }
}

fn all(fixture: &Fixture) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    contents(&fixture.path(""), &mut found);
    found
}

/// Refused, with nothing changed, and a name of the file in the message.
fn refused(fixture: &Fixture, arguments: &[&str], what: &str) -> String {
    let before = all(fixture);
    let output = fixture.run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{what}, {arguments:?}: {error}");
    assert!(error.starts_with("error: ") && !error.contains("panicked"), "{what}: {error}");
    assert!(before == all(fixture), "{what}, {arguments:?}: something has changed");
    error
}

#[cfg(unix)]
#[test]
fn no_output_is_an_input_or_a_file_of_a_run_by_any_name() {
    let fixture = prepared();
    let more = ["--run", "run", "--weights", "weights"];
    for writer in WRITERS {
        let ending = writer.ending;
        for protected in writer.inputs.iter().chain(OF_RUN) {
            let (link, hard) = (format!("link.{ending}"), format!("hard.{ending}"));
            std::os::unix::fs::symlink(fixture.path(protected), fixture.path(&link)).unwrap();
            fs::hard_link(fixture.path(protected), fixture.path(&hard)).unwrap();
            let spellings = [
                (*protected).to_owned(),
                format!("sub/../{protected}"),
                fixture.path(protected).to_str().unwrap().to_owned(),
                link.clone(),
                hard.clone(),
                format!("./sub/../{link}"),
            ];
            for out in &spellings {
                let error = refused(&fixture, &writer.to(out, &more), protected);
                // By its own name it may have an ending that is refused first; by a link it is what it is.
                if out.contains("link.") || out.contains("hard.") {
                    let why = ["would be overwritten", "is a file of a run"];
                    assert!(why.iter().any(|why| error.contains(why)), "{protected} as {out}: {error}");
                }
            }
            fs::remove_file(fixture.path(&link)).unwrap();
            fs::remove_file(fixture.path(&hard)).unwrap();
        }
        // And where nothing is in the way, it writes.
        let out = format!("out.{ending}");
        fixture.succeed(&writer.to(&out, &more));
        assert!(fixture.path(&out).is_file());
    }
}

#[test]
fn no_output_is_another_output() {
    let fixture = prepared();
    let decompress = |out: &str, labels: &str| {
        let arguments = ["decompress", "file", "--run", "run", "-o", out, "--labels-out", labels];
        let error = refused(&fixture, &arguments, "two outputs");
        assert!(error.contains("two outputs, and one file"), "{error}");
    };
    decompress("z.idx", "z.idx");
    decompress("z.idx", "./sub/../z.idx");
    fs::write(fixture.path("z.idx"), "there").unwrap();
    decompress("z.idx", fixture.path("z.idx").to_str().unwrap());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("z.idx", fixture.path("link.idx")).unwrap();
        decompress("z.idx", "link.idx");
        decompress("link.idx", "z.idx");
    }
    // The labels beside codes are an output too, and an input may stand in their place.
    fs::rename(fixture.path("labels"), fixture.path("a.labels.npy")).unwrap();
    let arguments =
        ["encode", "--run", "run", "--images", "images", "--labels", "a.labels.npy", "--out", "a.npy"];
    assert!(refused(&fixture, &arguments, "labels").contains("a.labels.npy would be overwritten"));
}

#[cfg(unix)]
#[test]
fn a_picture_is_not_written_through_a_link_to_a_file_of_a_run() {
    let fixture = prepared();
    fs::remove_file(fixture.path("run/figures/reconstructions.png")).unwrap();
    std::os::unix::fs::symlink("../model.safetensors", fixture.path("run/figures/reconstructions.png"))
        .unwrap();
    let error = refused(&fixture, &["figure", "--run", "run"], "figure");
    assert!(error.contains("is a file of a run"), "{error}");
}

#[test]
fn weights_to_start_from_are_not_those_that_the_run_would_replace() {
    let fixture = prepared();
    let train = ["train", "--data", "data", "--epochs", "1", "--code", "4", "--force", "--run", "run"];
    let arguments = [&train[..], &["--init", "run/model.safetensors"]].concat();
    let error = refused(&fixture, &arguments, "init");
    assert!(error.contains("name another folder with --run"), "{error}");
    fixture.succeed(&[&train[..], &["--init", "weights"]].concat());
}

#[test]
fn the_ending_of_a_name_decides_in_any_case_of_letters_and_before_any_work() {
    let fixture = prepared();
    for writer in WRITERS {
        for out in ["rec.jpg", "rec.idx.gz", "rec.txt", "rec.xls"] {
            // There need be no run for a name to be refused.
            let error = refused(&fixture, &writer.to(out, &["--run", "nowhere"]), out);
            assert!(error.contains(&format!("{out}: expected a name that ends in .")), "{error}");
        }
        let upper = format!("OUTPUT.{}", writer.ending.to_uppercase());
        fixture.succeed(&writer.to(&upper, &["--run", "run"]));
        assert!(fixture.path(&upper).is_file(), "{upper}");
    }
    let magic = fs::read(fixture.path("OUTPUT.PNG")).unwrap();
    assert!(magic.starts_with(b"\x89PNG"), "the ending decides");
    let error = refused(
        &fixture,
        &["decode", "--run", "run", "--codes", "codes", "--out", "rec.png"],
        "a picture of no picture",
    );
    assert!(error.contains("rec.png: expected a name that ends in .idx"), "{error}");
    // The names of MNIST's files have no ending, or one of their own.
    for out in ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"] {
        fixture.succeed(&["decode", "--run", "run", "--codes", "codes", "--out", out]);
    }
}

#[test]
fn a_folder_that_is_missing_is_made_and_one_that_is_no_folder_is_named() {
    let fixture = prepared();
    for writer in WRITERS {
        let run = ["--run", "run"];
        let out = format!("new/{}/out.{}", writer.arguments[0], writer.ending);
        fixture.succeed(&writer.to(&out, &run));
        assert!(fixture.path(&out).is_file(), "{out}");

        let error =
            refused(&fixture, &writer.to(&format!("images/out.{}", writer.ending), &run), "no folder");
        assert!(error.contains("images") && !error.contains(".tmp"), "{error}");

        for folder in [".", "sub"] {
            let error = refused(&fixture, &writer.to(folder, &run), folder);
            assert!(error.contains(folder) && !error.contains("remove"), "{error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn what_can_not_be_replaced_is_refused_at_once() {
    let fixture = prepared();
    let folder = fixture.path("odd");
    fs::create_dir(&folder).unwrap();
    for ending in ["npy", "idx", "aez", "png"] {
        let pipe = folder.join(format!("pipe.{ending}"));
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        std::os::unix::fs::symlink("nowhere", folder.join(format!("nothing.{ending}"))).unwrap();
    }
    for writer in WRITERS {
        for (name, words) in [("pipe", "is not a regular file"), ("nothing", "is a link to nothing")] {
            let out = format!("odd/{name}.{}", writer.ending);
            // Its content is not asked for: reading a pipe would wait.
            let output = fixture.run(&writer.to(&out, &["--run", "run"]));
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{out}: {error}");
            assert!(error.contains(&out) && error.contains(words), "{error}");
        }
    }
}

/// Two commands at once that write a pair of files into one folder: whoever is last has written both.
#[cfg(unix)]
#[test]
fn codes_and_labels_of_two_commands_do_not_mix() {
    let fixture = prepared();
    write_idx(&fixture.path("four"), &[4, 28, 28], pixels(4, 784));
    write_idx(&fixture.path("four-labels"), &[4], vec![9; 4]);
    let encode = |images: &str, labels: &str| {
        let out = ["--run", "run", "--out", "pair.npy"];
        let mut command =
            fixture.command(&[&["encode", "--images", images, "--labels", labels], &out[..]].concat());
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    for _ in 0..25 {
        for mut child in [encode("images", "labels"), encode("four", "four-labels")] {
            assert!(child.wait().unwrap().success());
        }
        let lengths = ["pair.npy", "pair.labels.npy"].map(|name| fs::read(fixture.path(name)).unwrap().len());
        // Headers of 128 bytes; codes of four numbers.
        let pairs = [5, 4].map(|images| [128 + 16 * images, 128 + images]);
        assert!(pairs.contains(&lengths), "{lengths:?} are no pair of {pairs:?}");
    }
}

/// The system says it with a signal whose usual end is the program's.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_file_sizes_is_an_error_like_a_full_disk() {
    let fixture = prepared();
    for writer in WRITERS {
        let out = format!("limited.{}", writer.ending);
        let before = all(&fixture);
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -f 0 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ae")])
            .args(writer.to(&out, &["--run", "run"]))
            .current_dir(fixture.path(""))
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{out}: {error}");
        assert!(error.starts_with("error: cannot write ") && error.contains("too large"), "{error}");
        assert!(before == all(&fixture), "{out}: something is left");
    }
}
