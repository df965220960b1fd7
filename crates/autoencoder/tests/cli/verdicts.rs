//! Trainings that fail, and what they are told: the verdict, and the flag that helps; and one that does not.

use std::path::Path;

use ae_data::{Limits, Samples, open_folder};
use ae_train::{Finding, Remedy, RunFolder, RunRecord, Verdict};

use crate::fixture::{Fixture, pixels, write_idx};

/// Trains into the folder `run`, which ends well whatever comes of it; what was said, and the record.
fn train(fixture: &Fixture, more: &[&str]) -> (String, RunRecord) {
    let said = fixture.succeed(&[&["train", "--run", "run", "--force"], more].concat());
    for line in said.lines().filter(|line| line.starts_with("warning")) {
        assert!(line.len() <= 80, "{line}");
    }
    (said, RunFolder::open(fixture.path("run")).unwrap().record().unwrap())
}

fn findings(record: &RunRecord) -> Vec<Finding> {
    record.verdicts.iter().map(|verdict| verdict.finding).collect()
}

/// Whether a text has these lines, in this order and without others between them.
fn says(said: &str, lines: &[&str]) -> bool {
    said.contains(&format!("\n{}\n", lines.join("\n")))
}

#[test]
fn steps_that_are_too_large_are_named_with_a_smaller_one() {
    let fixture = Fixture::new();
    let (said, record) =
        train(&fixture, &["--data", "data", "--learning-rate", "100", "--epochs", "10", "--batch-size", "8"]);
    let remedy = Remedy::LearningRate(0.001);
    let dead = Finding::DeadUnits { dead: 32, code: 32 };
    let expected = [dead, Finding::WorseThanMean].map(|finding| Verdict { finding, remedy: remedy.clone() });
    assert_eq!(record.verdicts, expected);
    assert!(
        says(
            &said,
            &[
                "warning: 32 of 32 code units are 0 for every test image",
                "warning: the mean image is nearer to the test images than what the network makes",
                "what may help:",
                "  --learning-rate 0.001",
                "",
            ]
        ),
        "{said}"
    );
}

/// The run, then the command that it has named.
#[test]
fn a_run_that_was_too_short_is_told_how_to_go_on() {
    let fixture = Fixture::new();
    let short = ["--data", "data", "--epochs", "4", "--batch-size", "2", "--hidden", "20"];
    let (said, record) = train(&fixture, &short);
    let fell = Finding::StillFalling { steps: 80 };
    assert!(
        matches!(findings(&record)[..], [Finding::WorseThanPca { .. }, found] if found == fell),
        "{said}"
    );
    assert!(record.verdicts.iter().all(|verdict| verdict.remedy == Remedy::Epochs(500)), "{record:?}");
    let lines = [
        "warning: the loss was still falling when training ended, after 80 steps",
        "this trains it further:",
        "  ae train --resume --run run --epochs 500",
        "",
    ];
    assert!(says(&said, &lines), "{said}");

    fixture.succeed(&["train", "--resume", "--run", "run", "--epochs", "500"]);
    let again = RunFolder::open(fixture.path("run")).unwrap().record().unwrap();
    assert!(again.test.bce < record.test.bce);

    // A step size that falls to 0 can't fall on.
    let (said, record) = train(&fixture, &[&short[..], &["--decay", "0.5"]].concat());
    assert!(matches!(findings(&record)[..], [Finding::WorseThanPca { .. }]), "{said}");
    assert!(says(&said, &["what may help:", "  --epochs 500", ""]) && !said.contains("--resume"), "{said}");
}

#[test]
fn what_pca_does_better_is_said_unless_it_is_not_what_was_asked_for() {
    let fixture = Fixture::new();
    let short = ["--data", "data", "--epochs", "8", "--batch-size", "2"];
    let (said, record) = train(&fixture, &short);
    // Four images, again and again: PCA rebuilds them all.
    let pca = record.pca.unwrap();
    assert!(pca.psnr_db > 60.0 && said.contains("\nPCA, a code as large   "), "{said}");
    let margin = findings(&record).into_iter().find_map(|finding| match finding {
        Finding::WorseThanPca { margin_db } => Some(margin_db),
        _ => None,
    });
    // Exact is no better than bytes that come back right, 58.9 dB.
    assert!((margin.unwrap() - (58.922 - record.test.psnr_db)).abs() < 1e-3, "{margin:?}");
    for other in [["--noise", "0.1"], ["--mask", "0.1"], ["--rate", "0.1"], ["--code", "257"]] {
        let (said, record) = train(&fixture, &[&short[..], &other].concat());
        assert!(record.pca.is_none() && !said.contains("PCA"), "{said}");
    }
}

#[test]
fn pixels_from_0_to_1_are_told_of_before_training_and_after() {
    let fixture = Fixture::new();
    let bits = pixels(40, 784).into_iter().map(|pixel| u8::from(pixel > 0)).collect();
    write_idx(&fixture.path("bits.idx"), &[40, 28, 28], bits);
    let (said, record) = train(&fixture, &["--images", "bits.idx", "--epochs", "2"]);
    let dark = Finding::DarkImages { brightest: 1 };
    assert_eq!(record.verdicts, [Verdict { finding: dark, remedy: Remedy::Brighten(1) }]);
    let warning = "warning: the brightest pixel of all training images is 1, where white is 255";
    let places: Vec<_> = said.match_indices(warning).map(|(place, _)| place).collect();
    let first_epoch = said.find("epoch  train BCE").unwrap();
    assert!(matches!(places[..], [before, after] if before < first_epoch && first_epoch < after), "{said}");
    assert!(says(&said, &["  --scale minmax (so that 1 becomes white)", ""]), "{said}");

    // As the advice has it.
    let (said, record) = train(&fixture, &["--images", "bits.idx", "--epochs", "2", "--scale", "minmax"]);
    assert!(!said.contains("brightest") && !findings(&record).contains(&dark), "{said}");
}

#[test]
fn images_of_which_there_is_one_are_told_of() {
    let fixture = Fixture::new();
    write_idx(&fixture.path("black.idx"), &[40, 8, 8], vec![0; 40 * 64]);
    let (said, record) = train(&fixture, &["--images", "black.idx", "--epochs", "2", "--code", "3"]);
    assert_eq!(record.verdicts, [Verdict { finding: Finding::SameImages, remedy: Remedy::MoreImages }]);
    let warning = "warning: all training images are the same: there is nothing to learn from them";
    assert_eq!(said.matches(warning).count(), 2, "{said}");
}

/// The recipe in small: some thousand digits, as many steps as a quarter of its epochs have.
#[test]
fn a_run_that_has_learned_is_told_nothing() {
    let fixture = Fixture::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let digits = open_folder(&folder, &Limits::default()).unwrap();
    let write = |name: &str, set: &Samples, count: usize| {
        write_idx(&fixture.path(name), &[count, 28, 28], set.bytes().unwrap()[..count * 784].to_vec());
    };
    write("train.idx", &digits.train, 3_000);
    write("test.idx", &digits.test, 500);
    let (said, record) = train(
        &fixture,
        &["--images", "train.idx", "--test-images", "test.idx", "--epochs", "80", "--batch-size", "16"],
    );
    assert_eq!(record.verdicts, []);
    assert!(!said.contains("warning") && !said.contains("help"), "{said}");
    assert!(record.test.psnr_db > record.pca.unwrap().psnr_db + 1.0, "{said}");
}
