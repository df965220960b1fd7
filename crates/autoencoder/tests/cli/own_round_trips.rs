//! What comes back from a run stands as what went in: names, sizes, columns, types.

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{Shape, Values};

use crate::fixture::{Fixture, write_idx};
use crate::own_files::{
    bytes, colour, files_in, joined, npy_bytes, npy_floats, picture_kinds, values, write_pictures,
    write_table,
};

/// A run of one epoch with codes of 4 numbers; returns its folder.
fn trained(fixture: &Fixture, images: &str, more: &[&str]) -> String {
    let run = format!("runs/{images}");
    fixture.succeed(
        &[&["train", "--images", images, "--epochs", "1", "--code", "4", "--run", &run], more].concat(),
    );
    run
}

#[test]
fn a_folder_of_pictures_comes_back_with_its_names_sizes_and_modes() {
    let fixture = Fixture::new();
    for (folder, classes, shape) in [
        ("grey", &[][..], Shape::picture(9, 12)),
        ("colour", &["cats", "dogs/small", "dogs/large"], colour(9, 12)),
    ] {
        write_pictures(&fixture.path(folder), classes, 24, shape);
        let run = &trained(&fixture, folder, &[])[..];
        let (names, kinds) = (files_in(&fixture.path(folder)), picture_kinds(&fixture.path(folder)));
        assert_eq!((names.len(), kinds[0]), (24, (9, 12, shape.channels == 1)));
        let came_back = |back: &str| {
            assert_eq!(files_in(&fixture.path(back)), names, "{back}");
            assert_eq!(picture_kinds(&fixture.path(back)), kinds, "{back}");
        };
        for ending in ["npy", "csv"] {
            let (codes, back) = (&format!("{folder}.{ending}")[..], &format!("{folder}-{ending}")[..]);
            fixture.succeed(&["encode", "--run", run, "--images", folder, "--out", codes]);
            fixture.succeed(&["decode", "--run", run, "--codes", codes, "--out", back]);
            came_back(back);
        }
        let denoised = &format!("{folder}-denoised")[..];
        fixture.succeed(&["denoise", "--run", run, "--images", folder, "--out", denoised]);
        came_back(denoised);
        // Codes are what stands between: both ways go through the same ones.
        let by_codes = values(&fixture.path(&format!("{folder}-npy")));
        assert_eq!(values(&fixture.path(denoised)), by_codes);
        assert_eq!(values(&fixture.path(&format!("{folder}-csv"))), by_codes);
        for (file, compress, decompress) in [
            ("plain.aez", &["--run", run][..], &["--run", run][..]),
            ("whole.aez", &["--run", run, "--embed-decoder"], &[]),
        ] {
            let (file, back) = (&format!("{folder}-{file}")[..], &format!("{folder}-{file}-back/")[..]);
            fixture.succeed(&[&["compress", folder, "-o", file], compress].concat());
            fixture.succeed(&[&["decompress", file, "-o", back], decompress].concat());
            came_back(back);
        }
    }
}

/// The lines of a table without its numbers: a dot for each, and everything else as it stands.
fn frame(path: &Path) -> Vec<String> {
    let dotted = |cell: &str| if cell.contains('.') { ".".to_owned() } else { cell.to_owned() };
    let line = |line: &str| joined(line.split(',').map(dotted));
    fs::read_to_string(path).unwrap().lines().map(line).collect()
}

#[test]
fn a_table_comes_back_with_its_header_columns_classes_and_rows() {
    let fixture = Fixture::new();
    let kind = |row: usize| ["red", "white", "rose"][row % 3];
    let number = |row: usize, at: usize| format!("{}.25", (row * (at + 3)) % 17);
    let cells = |row: usize, class_at: usize| {
        let mut cells: Vec<_> = (0..4).map(|at| number(row, at)).collect();
        cells.insert(class_at, kind(row).to_owned());
        joined(cells)
    };
    for (file, header, class_at) in [
        ("first.csv", Some("kind,acid,sugar,iron,salt"), 0),
        ("middle.csv", Some("acid,sugar,kind,iron,salt"), 2),
        ("last.csv", Some("acid,sugar,iron,salt,kind"), 4),
        ("bare-first.csv", None, 0),
        ("bare-middle.csv", None, 2),
    ] {
        write_table(&fixture.path(file), header, (0..30).map(|row| cells(row, class_at)));
        comes_back(&fixture, file, header.is_some(), class_at);
    }
    let named = (0..30).map(|row| format!("bottle {row},{}", cells(row, 2)));
    write_table(&fixture.path("named.csv"), Some("name,acid,sugar,kind,iron,salt"), named);
    comes_back(&fixture, "named.csv", true, 2);
}

/// Sends a table through a run, by codes and without them.
fn comes_back(fixture: &Fixture, file: &str, named: bool, class_at: usize) {
    let class = if named { "kind".to_owned() } else { class_at.to_string() };
    let run = &trained(fixture, file, &["--class-column", &class])[..];
    let (codes, decoded, denoised) =
        (&format!("codes-{file}")[..], &format!("decoded-{file}")[..], &format!("denoised-{file}")[..]);
    fixture.succeed(&["encode", "--run", run, "--images", file, "--out", codes]);
    fixture.succeed(&["decode", "--run", run, "--codes", codes, "--out", decoded]);
    fixture.succeed(&["denoise", "--run", run, "--images", file, "--out", denoised]);
    let frame_before = frame(&fixture.path(file));
    assert_eq!(frame_before.len(), 30 + usize::from(named));
    assert_eq!(frame(&fixture.path(decoded)), frame_before, "{file}");
    assert_eq!(frame(&fixture.path(denoised)), frame_before, "{file}");
    // And is read again as what it is.
    fixture.succeed(&["encode", "--run", run, "--images", decoded, "--out", "again.csv"]);
}

/// The dictionary in front of an array: its type, order and sizes.
fn npy_header(path: &Path) -> String {
    let file = fs::read(path).unwrap();
    String::from_utf8_lossy(&file[10..file.iter().position(|&byte| byte == b'\n').unwrap()]).trim().to_owned()
}

/// Sends a file through a run, by codes, and returns the paths of both.
fn sent(fixture: &Fixture, run: &str, file: &str) -> [PathBuf; 2] {
    let back = format!("back-{file}");
    fixture.succeed(&["encode", "--run", run, "--images", file, "--out", "codes.npy"]);
    fixture.succeed(&["decode", "--run", run, "--codes", "codes.npy", "--out", &back]);
    [file, &back].map(|name| fixture.path(name))
}

#[test]
fn arrays_come_back_with_their_type_sizes_and_layout() {
    let fixture = Fixture::new();
    let row = |sizes: &[usize]| sizes[1..].iter().product();
    let floats = |row| Vec::from_iter(bytes(0..30, row).iter().map(|&byte| f32::from(byte) - 99.5));
    for (file, kind, sizes) in [
        ("lists.npy", "u1", &[30, 40][..]),
        ("grey.npy", "f4", &[30, 8, 5]),
        ("planes.npy", "u1", &[30, 3, 8, 5]),
        ("pixels.npy", "f4", &[30, 8, 5, 3]),
        ("one.npy", "u1", &[30, 1, 8, 5]),
    ] {
        let array = match kind {
            "u1" => npy_bytes(sizes, &bytes(0..30, row(sizes))),
            _ => npy_floats(sizes, &floats(row(sizes))),
        };
        fs::write(fixture.path(file), array).unwrap();
        let [before, after] =
            sent(&fixture, &trained(&fixture, file, &[]), file).map(|path| npy_header(&path));
        assert!(before.contains(kind), "{before}");
        assert_eq!(after, before);
    }
    for (file, sizes) in
        [("lists.idx", &[30, 40][..]), ("pixels.idx", &[30, 8, 5, 3]), ("one.idx", &[30, 1, 8, 5])]
    {
        write_idx(&fixture.path(file), sizes, bytes(0..30, row(sizes)));
        let paths = sent(&fixture, &trained(&fixture, file, &[]), file);
        let [before, after] = paths.map(|path| fs::read(path).unwrap());
        let header = 4 + 4 * sizes.len();
        assert_eq!((&after[..header], after.len()), (&before[..header], before.len()), "{file}");
    }
}

/// Pixels that stand side by side in a file do so when they come back: what is bright in one channel stays there.
#[test]
fn colours_come_back_in_the_channels_that_they_were_in() {
    let fixture = Fixture::new();
    let red: Vec<u8> = (0..40 * 8 * 5).flat_map(|pixel| [200 + (pixel / 40 % 40) as u8, 20, 60]).collect();
    fs::write(fixture.path("red.npy"), npy_bytes(&[40, 8, 5, 3], &red)).unwrap();
    write_idx(&fixture.path("red.idx"), &[40, 8, 5, 3], red);
    for file in ["red.npy", "red.idx"] {
        let train = ["train", "--images", file, "--epochs", "300", "--learning-rate", "0.01", "--code", "4"];
        fixture.succeed(&[&train[..], &["--hidden", "16", "--force", "--run", "run"]].concat());
        let [_, back] = sent(&fixture, "run", file);
        let bytes = fs::read(back).unwrap();
        let pixels = &bytes[bytes.len() - 40 * 8 * 5 * 3..];
        let near = |pixel: &[u8]| pixel[0] > 150 && pixel[1] < 100 && pixel[2] < 120;
        let share = pixels.chunks(3).filter(|pixel| near(pixel)).count();
        assert!(share > 40 * 8 * 5 * 9 / 10, "{file}: {share}");
    }
}

#[test]
fn whole_numbers_come_back_as_whole_numbers_and_others_as_they_are() {
    let fixture = Fixture::new();
    let line = |row: usize| joined(bytes(row..row + 1, 20));
    // The row before these counts from 0, as a header of numbers does.
    write_table(&fixture.path("whole.csv"), None, (1..31).map(line));
    let run = &trained(&fixture, "whole.csv", &[])[..];
    fixture.succeed(&["denoise", "--run", run, "--images", "whole.csv", "--out", "back.csv"]);
    assert!(matches!(values(&fixture.path("back.csv")), Values::Bytes(_)));
    fixture.succeed(&["compress", "whole.csv", "--run", run, "-o", "whole.aez"]);
    fixture.succeed(&["decompress", "whole.aez", "--run", run, "-o", "unpacked.csv"]);
    let text = fs::read_to_string(fixture.path("unpacked.csv")).unwrap();
    assert!(text.lines().count() == 30 && !text.contains('.'), "{text}");

    write_table(
        &fixture.path("real.csv"),
        Some("a,b,c,d,e"),
        (0..30).map(|row| joined(bytes(row..row + 1, 5))),
    );
    let run = &trained(&fixture, "real.csv", &[])[..];
    fixture.succeed(&["denoise", "--run", run, "--images", "real.csv", "--out", "back.csv"]);
    assert!(matches!(values(&fixture.path("back.csv")), Values::Floats(_)));
}
