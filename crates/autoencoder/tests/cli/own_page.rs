//! `docs/your-own-data.md` and the README's section of the same name: their commands are run, and say what is printed there.

use std::fs;
use std::path::Path;

use ae_data::{Elements, Shape};

use crate::fixture::Fixture;
use crate::own_files::{
    bytes, colour, files_in, joined, npy_bytes, npy_floats, npy_labels, write_idx_of, write_kaggle,
    write_keras, write_picture, write_pictures, write_relative, write_table, write_zip,
};

fn text_of(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// A command, and what is printed of its output.
struct Step<'a> {
    command: Vec<&'a str>,
    printed: Vec<&'a str>,
}

/// The commands of all blocks of a kind, each after `prompt`; a comment may stand behind one.
fn steps<'a>(text: &'a str, kind: &str, prompt: &str) -> Vec<Step<'a>> {
    let (begin, mut steps) = (format!("```{kind}\n"), Vec::<Step<'_>>::new());
    for block in text.split(&begin).skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix(prompt) {
                Some(command) => {
                    let command = command.split(" #").next().unwrap().split_whitespace().collect();
                    steps.push(Step { command, printed: Vec::new() });
                }
                None => steps.last_mut().unwrap_or_else(|| panic!("no command: {line}")).printed.push(line),
            }
        }
    }
    steps
}

/// Runs a command, and looks for what is printed of it, and for the files that it says it has written.
fn take(fixture: &Fixture, Step { command, printed }: &Step<'_>) {
    if let [error] = printed[..]
        && error.starts_with("error: ")
    {
        let output = fixture.run(command);
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("{error}\n"), "{command:?}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{command:?}");
        return;
    }
    let said = fixture.succeed(command);
    for line in printed {
        assert!(said.lines().any(|said| said == *line), "{command:?}: {line:?} is not in: {said}");
    }
    for wrote in said.lines().filter_map(|line| line.strip_prefix("wrote ")) {
        let path = wrote.split(": ").next().unwrap();
        assert!(fixture.path(path).exists(), "{command:?}: {wrote}");
    }
    for place in command.windows(2).filter(|pair| ["--out", "-o"].contains(&pair[0])) {
        assert!(fixture.path(place[1]).exists(), "{command:?}");
    }
}

fn make_pictures(fixture: &Fixture) {
    for (folder, first, count, classes) in
        [("photos", 0, 40, ["cats", "dogs"]), ("holiday", 40, 6, ["dogs", "cats"])]
    {
        for row in 0..count {
            let shape = colour(20 + row % 7, 24 + row % 5);
            let path = fixture.path(folder).join(classes[row % 2]).join(format!("{row:02}.png"));
            write_picture(&path, shape, &bytes(first + row..first + row + 1, shape.numbers()));
        }
    }
    write_pictures(&fixture.path("scans"), &[], 20, Shape::picture(28, 27));
    let broken = fixture.path("scans/07.png");
    let whole = fs::read(&broken).unwrap();
    fs::write(broken, &whole[..whole.len() / 2]).unwrap();
    fs::write(fixture.path("scans/notes.txt"), "scanned in May").unwrap();
    for (part, rows) in [("train", 0..30), ("test", 30..40)] {
        for row in rows {
            let path = fixture.path("split").join(part).join(format!("{row}.png"));
            write_picture(&path, Shape::picture(20, 20), &bytes(row..row + 1, 400));
        }
    }
}

fn make_arrays(fixture: &Fixture) {
    let tiles = bytes(0..40, 576);
    fs::write(fixture.path("tiles.npy"), npy_bytes(&[40, 16, 12, 3], &tiles)).unwrap();
    let unit: Vec<f32> = tiles.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    fs::write(fixture.path("torch.npy"), npy_floats(&[40, 3, 16, 12], &unit)).unwrap();
    fs::write(fixture.path("labels.npy"), npy_labels(&Vec::from_iter((0..40).map(|row| row % 4)))).unwrap();
    let lists = |first| npy_bytes(&[40, 50], &bytes(first..first + 40, 50));
    write_zip(&fixture.path("pair.npz"), &[("left.npy", lists(0)), ("right.npy", lists(40))]);
    write_zip(&fixture.path("photos.zip"), &[("photos/1.png", Vec::new())]);
    write_keras(&fixture.path("mnist.npz"), 40, 12);
}

fn make_tables(fixture: &Fixture) {
    let wine = |row: usize| {
        let kind = if row.is_multiple_of(3) { "white" } else { "red" };
        let (acid, sugar, alcohol) = (row % 7, row * 5 % 31, row * 3 % 11);
        format!("{kind},{}.5,{sugar}.25,Hill {row},1{}.1", acid + 3, alcohol % 4)
    };
    let header = "kind,acid,sugar,winery,alcohol";
    write_table(&fixture.path("wine.csv"), Some(header), (0..60).map(wine));
    write_kaggle(&fixture.path("kaggle/train.csv"), 0..40, true);
    write_kaggle(&fixture.path("kaggle/test.csv"), 40..52, false);
    let wave = |row: usize, at: usize| (at as f32 / (3 + row % 4) as f32 + row as f32).sin();
    let series =
        |row: usize| format!("{}\t{}", row % 4, joined((0..40).map(|at| wave(row, at))).replace(',', "\t"));
    write_table(&fixture.path("ecg.tsv"), None, (0..50).map(series));
    let digit =
        |row: usize| format!("{},{}", joined(bytes(row..row + 1, 64).iter().map(|byte| byte % 17)), row % 10);
    let header = joined((0..64).map(|at| format!("pixel_{}_{}", at / 8, at % 8))) + ",target";
    write_table(&fixture.path("digits.csv"), Some(&header), (0..40).map(digit));
}

#[test]
fn every_command_of_the_page_does_what_the_page_says() {
    let fixture = Fixture::new();
    make_pictures(&fixture);
    make_arrays(&fixture);
    make_tables(&fixture);
    write_relative(&fixture.path("emnist"), "emnist-letters");
    write_relative(&fixture.path("qmnist"), "qmnist");
    let depths = bytes(0..40, 30).iter().map(|&byte| i16::from(byte) * 20).collect();
    write_idx_of(&fixture.path("depth.idx"), &[40, 6, 5], Elements::I16(depths));

    let page = text_of("docs/your-own-data.md");
    let steps = steps(&page, "console", "$ ae ");
    assert!(steps.len() > 40 && page.matches("$ ae ").count() == steps.len(), "{}", steps.len());
    steps.iter().for_each(|step| take(&fixture, step));
    let names = ["cats/01.png", "cats/03.png", "cats/05.png", "dogs/00.png", "dogs/02.png", "dogs/04.png"];
    assert_eq!(files_in(&fixture.path("holiday-back")), names);
    assert_eq!(files_in(&fixture.path("tiles")).len(), 40);
    let table = fs::read_to_string(fixture.path("wine-back.csv")).unwrap();
    assert_eq!(table.lines().next(), Some("kind,acid,sugar,alcohol"));
}

#[test]
fn the_readme_says_the_same_in_short() {
    let fixture = Fixture::new();
    make_pictures(&fixture);
    let readme = text_of("README.md");
    let section = readme.split("\n## Your own data\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let steps = steps(section, "sh", "cargo xtask ");
    assert!(steps.len() >= 4);
    steps.iter().for_each(|step| take(&fixture, step));
}
