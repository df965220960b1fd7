//! `compress`, `decompress` and `info`: what comes back is what the rounded codes stand for, whatever computes it; wrong
//! models, damaged files and bad arguments are refused.

use std::fs;
use std::io::Cursor;

use ae_codec::{Coding, Damage, Extras, Header, Quantiser, Reader, WeightBits, Writer, decode, rounded};
use ae_data::{Limits, open_images, open_labels};
use ae_net::{Decoder, Network, Rows, Team, WeightsId, to_bytes};

use crate::fixture::{Fixture, pixels, write_idx};

const TEST_IMAGES: &str = "data/t10k-images-idx3-ubyte";

/// A fixture with a trained run of codes of four numbers, `runs/shallow-4`.
fn trained() -> Fixture {
    let fixture = Fixture::new();
    fixture.succeed(&["train", "--data", "data", "--epochs", "2", "--code", "4"]);
    fixture
}

fn compress(fixture: &Fixture, images: &str, out: &str, more: &[&str]) -> String {
    fixture.succeed(&[&["compress", images, "-o", out, "--run", "runs/shallow-4"], more].concat())
}

fn decompress(fixture: &Fixture, file: &str, out: &str, more: &[&str]) -> String {
    fixture.succeed(&[&["decompress", file, "-o", out, "--run", "runs/shallow-4"], more].concat())
}

/// The run's network, read without the program.
fn network(fixture: &Fixture) -> Network {
    Network::load(fixture.path("runs/shallow-4/model.safetensors")).unwrap()
}

fn levels(decoder: &Decoder, codes: &[f32]) -> Vec<u8> {
    let codes = Rows::values(codes, decoder.code_size()).unwrap();
    to_bytes(&decoder.decode(&Team::new(1).unwrap(), codes).unwrap(), decoder.pixels(), 0).unwrap()
}

fn images(fixture: &Fixture, name: &str) -> Vec<u8> {
    open_images(&fixture.path(name), &Limits::default()).unwrap().bytes().unwrap().to_vec()
}

#[test]
fn what_comes_back_is_the_reconstruction_from_the_rounded_codes_for_any_number_of_images_and_threads() {
    let fixture = trained();
    let network = network(&fixture);
    for count in [0, 1, 511, 512, 513, 4_097, 70_000] {
        let bytes = pixels(count, 784);
        write_idx(&fixture.path("in.idx"), &[count, 28, 28], bytes.clone());
        let said = compress(&fixture, "in.idx", "one.aez", &["--threads", "1"]);
        assert!(said.contains(&format!("images          {count} of 28 x 28 pixels")), "{said}");
        compress(&fixture, "in.idx", "three.aez", &["--threads", "3"]);
        let file = fs::read(fixture.path("one.aez")).unwrap();
        assert!(fs::read(fixture.path("three.aez")).unwrap() == file, "{count} images on 1 and 3 threads");

        // The codes in the file are the model's, each off by half a step at most.
        let decoded = decode(&file).unwrap();
        let codes = network.encode(&Team::new(2).unwrap(), Rows::bytes(&bytes, 784).unwrap()).unwrap();
        assert_eq!(decoded.codes.len(), codes.len());
        let reader = Reader::new(Cursor::new(&file), Damage::Refuse).unwrap();
        let steps = reader.coding().quantiser().steps();
        for (at, (rounded, code)) in decoded.codes.iter().zip(&codes).enumerate() {
            assert!((rounded - code).abs() <= 0.501 * steps[at % 4], "code {at}: {code} became {rounded}");
        }
        for threads in ["1", "3"] {
            decompress(&fixture, "one.aez", "out.idx", &["--threads", threads]);
            let expected = levels(network.decoder(), &decoded.codes);
            assert!(images(&fixture, "out.idx") == expected, "{count} images on {threads} threads");
        }
    }
}

#[test]
fn labels_and_the_decoder_go_along() {
    let fixture = trained();
    let labels = "data/t10k-labels-idx1-ubyte";
    for (bits, flag) in [(WeightBits::Eight, "--embed-decoder"), (WeightBits::Sixteen, "--embed-decoder=16")]
    {
        compress(&fixture, TEST_IMAGES, "all.aez", &["--labels", labels, flag]);
        // No run is asked for where the decoder is inside.
        let said = fixture.succeed(&[
            "decompress",
            "all.aez",
            "-o",
            "out.idx",
            "--labels-out",
            "labels.idx",
            "--run",
            "nowhere",
        ]);
        assert!(said.contains("wrote labels.idx"), "{said}");
        assert_eq!(fs::read(fixture.path("labels.idx")).unwrap(), fs::read(fixture.path(labels)).unwrap());
        let decoded = decode(&fs::read(fixture.path("all.aez")).unwrap()).unwrap();
        assert_eq!(decoded.labels, Some(open_labels(&fixture.path(labels), &Limits::default()).unwrap()));
        let rounded = rounded(network(&fixture).decoder(), bits).unwrap();
        assert_eq!(images(&fixture, "out.idx"), levels(&rounded, &decoded.codes), "{flag}");
    }
    let info = fixture.succeed(&["info", "all.aez"]);
    for word in [
        "labels          carried",
        "codes           4 numbers",
        "all 1 blocks are sound",
        "without its decoder",
    ] {
        assert!(info.contains(word), "{word:?} is not in: {info}");
    }
}

#[test]
fn quality_trades_bytes_for_distortion() {
    let fixture = trained();
    write_idx(&fixture.path("in.idx"), &[600, 28, 28], pixels(600, 784));
    let mut sizes = Vec::new();
    for quality in ["50", "75", "100"] {
        compress(&fixture, "in.idx", "out.aez", &["--quality", quality]);
        sizes.push(fs::metadata(fixture.path("out.aez")).unwrap().len());
    }
    assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2], "{sizes:?}");
    compress(&fixture, "in.idx", "default.aez", &[]);
    assert_eq!(fs::metadata(fixture.path("default.aez")).unwrap().len(), sizes[0]);
    for quality in ["-1", "101", "NaN", "fine"] {
        let error = fixture.fail(2, &["compress", "in.idx", "-o", "out.aez", "--quality", quality]);
        assert!(error.contains("--quality"), "{error}");
    }
}

#[test]
fn another_model_is_refused_and_both_are_named() {
    let fixture = trained();
    fixture.succeed(&[
        "train", "--data", "data", "--epochs", "1", "--code", "4", "--seed", "1", "--run", "other",
    ]);
    compress(&fixture, TEST_IMAGES, "out.aez", &[]);
    let error = fixture.fail(1, &["decompress", "out.aez", "-o", "out.idx", "--run", "other"]);
    for run in ["runs/shallow-4", "other"] {
        let record = fs::read_to_string(fixture.path(run).join("run.json")).unwrap();
        let identity = record.split("\"identity\": \"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(identity.len(), 64);
        assert!(error.contains(identity), "{identity} is not in: {error}");
    }
    assert!(error.contains("--run") && error.contains("out.aez"), "{error}");
    assert!(!fixture.path("out.idx").exists());
    // Without --run the recipe's run is looked for, which is not there.
    let error = fixture.fail(1, &["decompress", "out.aez", "-o", "out.idx"]);
    assert!(error.contains("ae train"), "{error}");
}

#[test]
fn damage_is_refused_and_the_rest_can_be_saved() {
    let fixture = trained();
    write_idx(&fixture.path("in.idx"), &[1_300, 28, 28], pixels(1_300, 784));
    compress(&fixture, "in.idx", "whole.aez", &["--quality", "100"]);
    decompress(&fixture, "whole.aez", "whole.idx", &[]);
    let whole = images(&fixture, "whole.idx");
    let good = fs::read(fixture.path("whole.aez")).unwrap();
    let mut bytes = good.clone();
    let reader = Reader::new(Cursor::new(&good), Damage::Refuse).unwrap();
    let sizes = reader.sizes();
    // The middle of the second of three blocks, near enough.
    bytes[(sizes.header + sizes.tables + sizes.blocks / 2) as usize] ^= 4;
    fs::write(fixture.path("hurt.aez"), &bytes).unwrap();
    let error = fixture.fail(1, &["decompress", "hurt.aez", "-o", "out.idx", "--run", "runs/shallow-4"]);
    for word in ["hurt.aez", "block 1", "images 512 to 1023", "checksum", "--salvage"] {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(!fixture.path("out.idx").exists());
    let error = fixture.fail(1, &["info", "hurt.aez"]);
    assert!(error.contains("1 of 3 blocks are damaged"), "{error}");

    let said = decompress(&fixture, "hurt.aez", "out.idx", &["--salvage"]);
    assert!(said.contains("block 1, images 512 to 1023, is lost"), "{said}");
    assert!(images(&fixture, "out.idx") == [&whole[..512 * 784], &whole[1_024 * 784..]].concat());

    // Cut short: refused by its end, and the blocks before the cut are saved.
    fs::write(fixture.path("cut.aez"), &good[..good.len() - 40]).unwrap();
    let error = fixture.fail(1, &["decompress", "cut.aez", "-o", "cut.idx", "--run", "runs/shallow-4"]);
    assert!(error.contains("cut.aez") && error.contains("does not end as"), "{error}");
    decompress(&fixture, "cut.aez", "cut.idx", &["--salvage"]);
    assert!(images(&fixture, "cut.idx") == whole[..1_024 * 784]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_given_is_an_error_unless_nobody_wants_more_of_it() {
    let fixture = trained();
    let unread = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    // Its file is what `compress` is for, whoever reads what it says.
    let arguments = ["compress", TEST_IMAGES, "-o", "out.aez", "--run", "runs/shallow-4"];
    assert!(fixture.command(&arguments).stdout(unread()).status().unwrap().success());
    assert!(fixture.succeed(&["info", "out.aez"]).contains("blocks are sound"));

    assert!(fixture.command(&["info", "out.aez"]).stdout(unread()).status().unwrap().success());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = fixture.command(&["info", "out.aez"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: cannot write to standard output: No space left"), "{error}");
}

#[test]
fn a_file_that_promises_billions_of_images_gives_those_that_are_there() {
    let fixture = trained();
    let network = network(&fixture);
    let coding = Coding::fit(Quantiser::uniform(4, 1.0).unwrap(), &[], None).unwrap();
    let header =
        Header { images: u32::MAX as usize, channels: 1, rows: 28, cols: 28, model: WeightsId([0; 32]) };
    let mut bytes = Vec::new();
    let inside = Some((network.decoder(), WeightBits::Eight));
    let mut writer = Writer::new(&mut bytes, header, &Extras::default(), coding, inside).unwrap();
    writer.push(&[0; 512 * 4], &[], &[]).unwrap();
    fs::write(fixture.path("vast.aez"), bytes).unwrap();
    let said = decompress(&fixture, "vast.aez", "out.idx", &["--salvage"]);
    let lost = "block 1 and all after it, images 512 to 4294967294, are not to be found";
    assert!(said.contains(lost) && said.lines().count() < 10, "{}", &said[..said.len().min(2_000)]);
    assert_eq!(images(&fixture, "out.idx").len(), 512 * 784);
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let fixture = trained();
    write_idx(&fixture.path("odd.idx"), &[3, 20, 20], pixels(3, 400));
    let refused = |arguments: &[&str], words: &[&str]| {
        let error = fixture.fail(1, &[arguments, &["--run", "runs/shallow-4"]].concat());
        assert!(words.iter().all(|word| error.contains(word)), "{words:?} are not all in: {error}");
    };
    refused(&["compress", "odd.idx", "-o", "out.aez"], &["odd.idx", "20 x 20", "28 x 28"]);
    refused(&["compress", "nowhere.idx", "-o", "out.aez"], &["nowhere.idx"]);
    let labels = ["--labels", "data/train-labels-idx1-ubyte"];
    refused(&[&["compress", TEST_IMAGES, "-o", "out.aez"], &labels[..]].concat(), &["train-labels", "40"]);
    refused(&["decompress", TEST_IMAGES, "-o", "out.idx"], &["t10k-images", "not an .aez file"]);
    refused(&["decompress", "data", "-o", "out.idx"], &["data", "not a regular file"]);
    assert!(!fixture.path("out.aez").exists());
    compress(&fixture, TEST_IMAGES, "out.aez", &[]);
    refused(&["decompress", "out.aez", "-o", "o.idx", "--labels-out", "l.idx"], &["carries no labels"]);
    let mut newer = fs::read(fixture.path("out.aez")).unwrap();
    newer[4] = 2;
    fs::write(fixture.path("newer.aez"), newer).unwrap();
    let error = fixture.fail(1, &["info", "newer.aez"]);
    assert!(error.contains("newer.aez") && error.contains("version 2"), "{error}");
}
