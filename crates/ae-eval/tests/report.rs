//! The report of a small network: what stands in it, in which order, and where its figures come from.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::LazyLock;

use ae_data::{Samples, Split};
use ae_eval::{
    Budget, Labelled, NEIGHBOURS, Neighbours, Pca, Probe, ProbeParams, Reconstruction, Report, image_rows,
    probe,
};
use ae_net::{Baselines, Description, Network, Outputs, Rows, Team};

/// `count` images of 4 x 4 pixels with one of two rows bright, by label; some pixels differ from image to image.
fn images(count: usize, labelled: bool) -> Samples {
    let labels: Vec<i32> = (0..count).map(|image| (image % 2) as i32).collect();
    let pixel = |image: usize, at: usize| {
        let bright = at / 4 == 1 + image % 2;
        if bright { 200 + (image * 7 + at * 13) % 50 } else { (image * 11 + at * 5) % 40 }
    };
    let pixels: Vec<u8> = (0..count * 16).map(|at| pixel(at / 16, at % 16) as u8).collect();
    let set = Samples::new((4, 4), pixels).unwrap();
    if labelled { set.with_labels(labels).unwrap() } else { set }
}

fn report(labelled: bool) -> (Split, Network, Report, Vec<String>) {
    let split = Split { train: images(120, labelled), test: images(30, labelled) };
    let network = Network::draw(&Description::dense(16, &[], 3), 4).unwrap();
    let mut stages = Vec::new();
    let mut begins = |stage: &str| stages.push(stage.to_owned());
    let report = Report::measure(&Team::new(1).unwrap(), &network, &split, None, 7, &mut begins).unwrap();
    (split, network, report, stages)
}

/// With labels; it takes a second to make.
static LABELLED: LazyLock<(Split, Network, Report, Vec<String>)> = LazyLock::new(|| report(true));

#[test]
fn figures_are_those_of_the_parts() {
    let (split, network, report, _) = &*LABELLED;
    let Split { train, test } = split;
    let team = Team::new(1).unwrap();
    let clipped = Pca::fit(&team, train).unwrap().network(3, Outputs::Clipped).unwrap();
    for (place, name, network) in
        [(0, "autoencoder, 3 numbers", network), (2, "PCA, 3 numbers, clipped", &clipped)]
    {
        let rows = image_rows(test).unwrap();
        let found = Reconstruction::measure(&team, network, rows, rows).unwrap();
        assert_eq!((&*report.reconstruction[place].by, report.reconstruction[place].found), (name, found));
    }
    assert_eq!(
        report.baselines,
        Baselines::of(Outputs::Logits, image_rows(train).unwrap(), image_rows(test).unwrap())
    );

    let labels = report.labels.as_ref().unwrap();
    let kinds: Vec<_> = labels.inputs.iter().map(|scores| (&*scores.input, scores.numbers)).collect();
    assert_eq!(kinds, [("codes", 3), ("PCA components", 3), ("raw pixels", 16)]);
    for scores in &labels.inputs {
        // 1,000 labels are more than there are, 100 are 50 of each class.
        let few: Vec<_> = scores.probe_few_labels.iter().map(|few| few.labels).collect();
        assert_eq!((scores.probe.labels, few), (120, vec![100]));
    }
    for (place, network) in [(0, network), (1, &clipped)] {
        let encode = |images| network.encode(&team, image_rows(images).unwrap()).unwrap();
        let (train_codes, test_codes) = (encode(train), encode(test));
        let train = Labelled::new(Rows::values(&train_codes, 3).unwrap(), train.labels().unwrap()).unwrap();
        let test = Labelled::new(Rows::values(&test_codes, 3).unwrap(), test.labels().unwrap()).unwrap();
        let neighbours = Neighbours::new(train).accuracy(&team, test, NEIGHBOURS).unwrap();
        assert_eq!(labels.inputs[place].neighbours_accuracy, neighbours);
        let linear = probe(&team, &ProbeParams::linear(), train, test, Budget::All).unwrap();
        assert_eq!(labels.inputs[place].linear.accuracy, linear.accuracy);
    }
    let pixels = Labelled::images(train).unwrap();
    let judge = Probe::train(&team, &ProbeParams::default(), pixels).unwrap();
    let expected = judge.accuracy(&team, Labelled::images(test).unwrap()).unwrap();
    assert_eq!((labels.inputs[2].probe.accuracy, expected), (1.0, 1.0));
    // Each code is taken for either class: of two answers one is right.
    assert_eq!((labels.generated.images_a_class, labels.generated.from_standard_normal), (1_000, 0.5));

    // Of the pixels' own linear code, what is drawn looks like its class.
    let report = Report::measure(&team, &clipped, split, None, 7, &mut |_| {}).unwrap();
    assert!(report.labels.unwrap().generated.asked_for > 0.95);
    assert_eq!(report.reconstruction[0].found, report.reconstruction[2].found);
}

#[test]
fn what_is_worked_at_is_told_as_it_begins() {
    let classified = |input: &str| {
        ["all labels", "few labels", "linearly", "by neighbours"]
            .map(|how| format!("classifying {input}, {how}"))
    };
    let start = ["fitting PCA", "rebuilding the test images"].map(str::to_owned);
    let mut expected = start.to_vec();
    expected.extend(["codes", "PCA components", "raw pixels"].into_iter().flat_map(classified));
    expected.push("judging generated images".to_owned());
    assert_eq!(LABELLED.3, expected);
    assert_eq!(report(false).3, start);
}

#[test]
fn json_has_its_fields_in_order() {
    let json = serde_json::to_string(&LABELLED.2).unwrap();
    let mut rest = &json[..];
    for field in [
        "reconstruction",
        "by",
        "images",
        "pixels",
        "bce",
        "bce_per_image",
        "mse",
        "squared_error_per_image",
        "psnr_db",
        "mean_psnr_db",
        "dead_units",
        "pca_images",
        "baselines",
        "mean_image_bce",
        "mean_image_mse",
        "entropy_floor_bce",
        "labels",
        "inputs",
        "input",
        "numbers",
        "probe",
        "labels",
        "accuracy",
        "accuracy_sd",
        "draws",
        "train_s",
        "probe_few_labels",
        "linear",
        "neighbours_accuracy",
        "generated",
        "images_a_class",
        "asked_for",
        "from_standard_normal",
    ] {
        let found = rest.split_once(&format!("\"{field}\":"));
        rest = found.unwrap_or_else(|| panic!("{field} does not follow in {json}")).1;
    }
}

#[test]
fn the_table_has_a_line_for_each_way() {
    let table = LABELLED.2.to_string();
    let lines: Vec<_> = table.lines().collect();
    for (line, begin) in [
        (0, "test images rebuilt by            BCE        MSE   PSNR dB  mean PSNR dB"),
        (1, "autoencoder, 3 numbers         "),
        (2, &format!("{:<40}0.", "PCA, 3 numbers")),
        (4, "(PCA is fitted to 120 training images)"),
        (5, "the mean image                 "),
        (7, ""),
        (8, "test accuracy  numbers    all  in s  linear  15-NN   100 labels"),
        (11, "raw pixels          16  1.000  "),
        (13, "of 1000 images generated a class, "),
    ] {
        assert!(lines[line].starts_with(begin), "line {line} of:\n{table}");
    }
    // Those of classes have one column more in larger sets, for 1000 labels.
    let fits =
        |(at, line): (usize, &&str)| line.chars().count() + if (8..12).contains(&at) { 13 } else { 0 } <= 80;
    assert!(lines.iter().enumerate().all(fits), "{table}");
    assert_eq!((lines.len(), table.ends_with("\nof codes from one N(0, I), 50.0 %")), (15, true), "{table}");
}

/// Images too wide for all components are compared with the first of a sample.
#[test]
fn wide_images_have_a_pca_too() {
    let level = |image: usize, at: usize| if at < 550 { image % 50 * 5 } else { 0 };
    let images = |count: usize| {
        let pixels: Vec<u8> = (0..count * 1100).map(|at| level(at / 1100, at % 1100) as u8).collect();
        Samples::new((11, 100), pixels).unwrap()
    };
    let split = Split { train: images(Pca::SAMPLE + 100), test: images(50) };
    let network = Network::draw(&Description::dense(1100, &[], 2), 0).unwrap();
    let report = Report::measure(&Team::new(1).unwrap(), &network, &split, None, 7, &mut |_| {}).unwrap();
    assert_eq!(report.pca_images, Pca::SAMPLE);
    assert!(report.to_string().contains("(PCA is fitted to 4096 training images)"), "{report}");
    let psnr_db = |place: usize| report.reconstruction[place].found.psnr_db;
    assert!(psnr_db(2) > 60.0 && psnr_db(0) < 20.0, "one number says all: {report}");
}

#[test]
fn without_labels_nothing_is_classified() {
    let (_, _, report, _) = report(false);
    assert_eq!((report.reconstruction.len(), &report.labels), (3, &None));
    assert!(report.to_string().ends_with("0.000000\n\nno labels, so nothing is classified"), "{report}");
    assert!(!serde_json::to_string(&report).unwrap().contains("\"labels\""));
}
