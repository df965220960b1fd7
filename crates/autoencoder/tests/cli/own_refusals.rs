//! Data that is refused: in one line, with what is wrong, where, and what to do; and nothing is left behind.

use std::fs;

use ae_data::Shape;

use crate::fixture::Fixture;
use crate::own_files::{
    bytes, colour, files_in, joined, npy_floats, write_picture, write_pictures, write_table, write_zip,
};

/// Expects training on `images` to fail with all of `words`, and nothing to be made.
fn refuse(fixture: &Fixture, images: &[&str], words: &[&str]) {
    let error = fixture.fail(1, &[&["train", "--run", "run", "--images"], images].concat());
    assert_eq!(error.lines().count(), 1, "{error}");
    for word in words {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(!fixture.path("run").exists(), "{error}");
}

#[test]
fn pictures_of_several_sizes_need_one() {
    let fixture = Fixture::new();
    write_pictures(&fixture.path("a"), &[], 12, Shape::picture(9, 12));
    write_picture(&fixture.path("a/wide.png"), Shape::picture(9, 13), &bytes(20..21, 117));
    refuse(&fixture, &["a"], &["00.png is 9 x 12", "wide.png is 9 x 13", "--size ROWSxCOLUMNS"]);
    fixture.succeed(&[
        "train", "--images", "a", "--size", "9x12", "--epochs", "1", "--code", "4", "--run", "run",
    ]);
}

#[test]
fn a_broken_picture_is_named_and_may_be_left_out() {
    let fixture = Fixture::new();
    write_pictures(&fixture.path("a"), &[], 12, Shape::picture(9, 12));
    let path = fixture.path("a/05.png");
    let whole = fs::read(&path).unwrap();
    // In its pixels, and in its header.
    for cut in [whole.len() * 3 / 4, 20] {
        fs::write(&path, &whole[..cut]).unwrap();
        refuse(&fixture, &["a"], &["05.png", "unexpected end of file", "--skip-broken"]);
        let train =
            ["train", "--images", "a", "--skip-broken", "--epochs", "1", "--code", "4", "--run", "run"];
        let said = fixture.succeed(&train);
        assert!(said.contains("note: 1 picture can't be used and was left out: 05.png"), "{said}");
        assert!(said.contains("10 training and 1 test images"), "{said}");
        fs::remove_dir_all(fixture.path("run")).unwrap();
    }
}

#[test]
fn text_and_gaps_in_a_table_are_named_by_row_and_column() {
    let fixture = Fixture::new();
    let line = |row: usize| format!("{row},May,{},Hill {row}", 30 - row);
    write_table(&fixture.path("text.csv"), Some("a,month,b,place"), (0..20).map(line));
    let words = ["line 2 (row 0)", "column 1 \"month\"", "\"May\"", "--drop-columns month,place"];
    refuse(&fixture, &["text.csv"], &words);
    let train = ["train", "--images", "text.csv", "--epochs", "1", "--code", "2", "--run", "run"];
    fixture.succeed(&[&train[..], &["--drop-columns", "month,place"]].concat());
    fs::remove_dir_all(fixture.path("run")).unwrap();

    let line = |row: usize| if row == 7 { "7,".to_owned() } else { format!("{row},{}", 40 - row) };
    write_table(&fixture.path("gap.csv"), Some("a,b"), (0..20).map(line));
    refuse(&fixture, &["gap.csv"], &["line 9 (row 7)", "column 1 \"b\"", "found nothing"]);

    let mut floats: Vec<f32> = bytes(0..20, 6).iter().map(|&byte| byte.into()).collect();
    floats[6 * 4 + 2] = f32::NAN;
    fs::write(fixture.path("nan.npy"), npy_floats(&[20, 6], &floats)).unwrap();
    refuse(&fixture, &["nan.npy"], &["row 4 has NaN in column 2"]);
}

#[test]
fn what_is_no_data_is_named_with_what_to_do() {
    let fixture = Fixture::new();
    let mut tar = [0; 512];
    tar[..5].copy_from_slice(b"a.csv");
    tar[257..265].copy_from_slice(b"ustar\x0000");
    for (name, bytes, words) in [
        ("a.7z", &b"7z\xbc\xaf'\x1c\0\x04"[..], &["a 7z archive", "`7z x`"][..]),
        ("a.tar", &tar, &["a tar archive", "`tar -xf`"]),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0\0", &["an HDF5 file", "h5py"]),
        ("a.pkl", b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]", &["a Python pickle", "it is not read"]),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &["a PNG picture", "the one that it is in"]),
    ] {
        fs::write(fixture.path(name), bytes).unwrap();
        refuse(&fixture, &[name], &[&[name], words].concat());
    }
    write_zip(&fixture.path("a.zip"), &[("photos/1.png", b"\x89PNG".to_vec())]);
    refuse(&fixture, &["a.zip"], &["a.zip", "it holds no array", "`unzip`"]);
    fs::create_dir(fixture.path("empty")).unwrap();
    refuse(&fixture, &["empty"], &["no pictures in empty"]);
}

/// A folder `a` of colour pictures in sub-folders, a run of it, and its codes.
fn with_codes() -> Fixture {
    let fixture = Fixture::new();
    write_pictures(&fixture.path("a"), &["cats", "dogs"], 12, colour(6, 5));
    fixture.succeed(&["train", "--images", "a", "--epochs", "1", "--code", "4", "--run", "run"]);
    fixture.succeed(&["encode", "--run", "run", "--images", "a", "--out", "codes.csv"]);
    fixture.succeed(&["encode", "--run", "run", "--images", "a", "--out", "codes.npy"]);
    fixture
}

#[test]
fn rows_of_another_shape_or_kind_than_the_runs_are_refused() {
    let fixture = with_codes();
    fs::write(fixture.path("b.npy"), npy_floats(&[4, 3, 6, 4], &[0.5; 288])).unwrap();
    fs::write(fixture.path("c.npy"), npy_floats(&[4, 3, 6, 5], &[0.5; 360])).unwrap();
    write_table(&fixture.path("d.csv"), None, [joined(bytes(0..1, 7))]);
    for (images, words) in [
        ("b.npy", &["b.npy", "its numbers are no bytes"][..]),
        ("c.npy", &["c.npy", "its numbers are no bytes, bytes are needed"]),
        ("d.csv", &["d.csv", "rows are 7, 3 x 6 x 5 is needed"]),
        ("data/t10k-images-idx3-ubyte", &["rows are 28 x 28, 3 x 6 x 5 is needed"]),
    ] {
        let error = fixture.fail(1, &["encode", "--run", "run", "--images", images, "--out", "new.npy"]);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(!fixture.path("new.npy").exists());
    }
    // Pictures are brought to the run's size and colours.
    write_pictures(&fixture.path("other"), &[], 3, Shape::picture(20, 20));
    fixture.succeed(&["encode", "--run", "run", "--images", "other", "--out", "new.npy"]);
    // And a class that nobody knows is no class of the run.
    write_pictures(&fixture.path("birds"), &["birds"], 3, colour(6, 5));
    let error = fixture.fail(1, &["encode", "--run", "run", "--images", "birds", "--out", "b.csv"]);
    assert!(error.contains("\"birds\" is none of the 2 known classes"), "{error}");
}

#[test]
fn numbers_that_are_no_bytes_are_not_compressed() {
    let fixture = Fixture::new();
    let floats: Vec<f32> = bytes(0..20, 30).iter().map(|&byte| f32::from(byte) - 3.5).collect();
    fs::write(fixture.path("a.npy"), npy_floats(&[20, 6, 5], &floats)).unwrap();
    fixture.succeed(&["train", "--images", "a.npy", "--epochs", "1", "--code", "4", "--run", "run"]);
    let error = fixture.fail(1, &["compress", "a.npy", "--run", "run", "-o", "a.aez"]);
    assert!(error.contains("an .aez file holds bytes") && error.contains("`encode`"), "{error}");
    for out in ["a.idx", "a.png"] {
        fixture.fail(2, &["denoise", "--run", "run", "--images", "a.npy", "--out", out]);
        assert!(!fixture.path(out).exists());
    }
    assert!(!fixture.path("a.aez").exists());
}

#[test]
fn no_output_goes_into_what_is_there_or_what_is_read() {
    let fixture = with_codes();
    let before = files_in(&fixture.path("a"));
    fs::create_dir(fixture.path("mine")).unwrap();
    fs::write(fixture.path("mine/kept.txt"), "kept").unwrap();
    fs::write(fixture.path("file"), "kept").unwrap();
    let decode = ["decode", "--run", "run", "--codes", "codes.csv", "--out"];
    for (out, word) in [
        ("mine", "mine is a folder with something in it"),
        ("a", "a is a folder with something in it"),
        ("a/back", "which is read"),
        ("a/new/back", "which is read"),
        ("file/", "file/"),
    ] {
        let error = fixture.fail(1, &[&decode[..], &[out]].concat());
        assert!(error.contains(word), "{out}: {error}");
    }
    for command in [
        &["encode", "--run", "run", "--images", "a", "--out", "a/codes.csv"][..],
        &["encode", "--run", "run", "--images", "a", "--out", "a/new/codes.csv"],
        &["compress", "a", "--run", "run", "-o", "a/cats/a.aez"],
        &["train", "--images", "a", "--epochs", "1", "--run", "a/run"],
        &["train", "--images", "a", "--epochs", "1", "--run", "a/runs/run"],
    ] {
        let error = fixture.fail(1, command);
        assert!(error.contains("which is read: name a place outside of it"), "{command:?}: {error}");
    }
    assert_eq!(files_in(&fixture.path("a")), before);
    assert_eq!(files_in(&fixture.path("mine")), ["kept.txt"]);
    // An empty folder is as good as none.
    fs::create_dir(fixture.path("empty")).unwrap();
    fixture.succeed(&[&decode[..], &["empty"]].concat());
    assert_eq!(files_in(&fixture.path("empty")), before);
}

#[test]
fn names_do_not_lead_out_of_the_folder() {
    let fixture = with_codes();
    let table = fs::read_to_string(fixture.path("codes.csv")).unwrap();
    let names = fs::read_to_string(fixture.path("codes.names.txt")).unwrap();
    fs::copy(fixture.path("codes.npy"), fixture.path("evil.npy")).unwrap();
    let before = files_in(&fixture.path("."));
    for name in ["../x.png", "cats/../../x.png", "/tmp/x.png", ".x.png", "dogs/01.png"] {
        fs::write(fixture.path("evil.csv"), table.replace("cats/00.png", name)).unwrap();
        fs::write(fixture.path("evil.names.txt"), names.replace("cats/00.png", name)).unwrap();
        for codes in ["evil.csv", "evil.npy"] {
            let error = fixture.fail(1, &["decode", "--run", "run", "--codes", codes, "--out", "out/back"]);
            assert!(error.contains(name) && error.contains("can't be a picture's name"), "{error}");
        }
    }
    let made = ["evil.csv", "evil.names.txt"];
    let after: Vec<_> =
        files_in(&fixture.path(".")).into_iter().filter(|file| !made.contains(&&file[..])).collect();
    assert_eq!(after, before, "something was written");
    fs::write(fixture.path("evil.names.txt"), "one\n").unwrap();
    let error = fixture.fail(1, &["decode", "--run", "run", "--codes", "evil.npy", "--out", "back"]);
    assert!(error.contains("1 names for 12 codes"), "{error}");
}
