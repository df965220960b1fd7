use super::*;

/// A record of the recipe, with the figures of seed 0, as versions before verdicts wrote it.
const RECIPE: &str = r#"{
    "format": 1, "version": "0.1.0",
    "model": {"preset": "shallow", "hidden": [], "pixels": 784, "code": 32, "identity": "ab01"},
    "config": {
        "epochs": 50, "batch_size": 64, "learning_rate": 0.001, "seed": 0, "order": "shuffled", "noise": 0.0, "mask": 0.0
    },
    "engine": {"name": "fused", "threads": 2, "inputs": "sparse", "density": 0.19118},
    "data": {
        "source": {"folder": "data/mnist"},
        "train": {"images": 60000, "rows": 28, "cols": 28, "sha256": "00"},
        "test": {"images": 10000, "rows": 28, "cols": 28, "sha256": "ff"}
    },
    "baselines": {"mean_image_bce": 0.2625, "mean_image_mse": 0.06747, "entropy_floor_bce": 0.05808},
    "last_epoch_train_bce": 0.0926,
    "train": {"images": 60000, "bce": 0.0925, "mse": 0.00988, "psnr_db": 20.05, "dead_units": 0},
    "test": {"images": 10000, "bce": 0.0915, "mse": 0.00961, "psnr_db": 20.17, "dead_units": 0},
    "wall_s": 3.5, "images_per_s": 900000.0
}"#;

/// The test BCE after each of that run's epochs.
const LOSSES: [f64; 50] = [
    0.13185, 0.10734, 0.09789, 0.09465, 0.09354, 0.09293, 0.09266, 0.09280, 0.09252, 0.09228, 0.09223,
    0.09225, 0.09227, 0.09206, 0.09220, 0.09222, 0.09204, 0.09209, 0.09201, 0.09200, 0.09199, 0.09200,
    0.09191, 0.09196, 0.09175, 0.09186, 0.09194, 0.09186, 0.09176, 0.09184, 0.09167, 0.09178, 0.09160,
    0.09156, 0.09159, 0.09157, 0.09151, 0.09163, 0.09177, 0.09158, 0.09162, 0.09166, 0.09162, 0.09149,
    0.09149, 0.09147, 0.09145, 0.09154, 0.09156, 0.09148,
];

fn recipe() -> RunRecord {
    let record = serde_json::from_str(RECIPE).unwrap();
    RunRecord { pca: Some(PcaScore { mse: 0.01537, psnr_db: 18.13 }), ..record }
}

fn epochs(losses: &[f64]) -> Vec<EpochRecord> {
    let record = |(at, &test_loss): (usize, &f64)| EpochRecord {
        epoch: at as u64 + 1,
        train_loss: 0.1881,
        test_loss,
        test_mse: 0.01,
        test_psnr_db: 20.0,
        dead_units: 0,
        wall_s: 0.07,
    };
    losses.iter().enumerate().map(record).collect()
}

/// The verdict on a run that has fallen as the recipe does, if it is the only one.
fn only(record: &RunRecord) -> Option<(Finding, Remedy)> {
    let mut verdicts = judge(record, &epochs(&LOSSES));
    assert!(verdicts.len() < 2, "{verdicts:?}");
    verdicts.pop().map(|Verdict { finding, remedy }| (finding, remedy))
}

#[test]
fn the_recipe_is_found_fault_with_after_ten_epochs_and_not_after_twenty() {
    for count in [20, 25, 30, 40, 50] {
        assert_eq!(judge(&recipe(), &epochs(&LOSSES[..count])), [], "{count}");
    }
    for (count, longer) in [(1, 11), (2, 11), (3, 11), (5, 11), (7, 14), (10, 20)] {
        let mut record = recipe();
        record.config.epochs = count as u64;
        let verdicts = judge(&record, &epochs(&LOSSES[..count]));
        let finding = Finding::StillFalling { steps: 938 * count as u64 };
        assert_eq!(verdicts, [Verdict { finding, remedy: Remedy::Epochs(longer) }], "{count}");
    }
    assert_eq!(judge(&recipe(), &[]), [], "nothing was trained");
}

#[test]
fn a_loss_that_goes_up_and_down_is_not_falling() {
    let up_and_down: Vec<f64> = (0..12).map(|at| if at % 2 == 0 { 0.093 } else { 0.091 }).collect();
    assert_eq!(judge(&recipe(), &epochs(&up_and_down)), []);
    let one_step_down = [vec![0.0915; 11], vec![0.0900]].concat();
    assert_eq!(judge(&recipe(), &epochs(&one_step_down)), []);
    let worse_and_worse: Vec<f64> = (0..12).map(|at| 0.09 + 0.001 * f64::from(at)).collect();
    assert_eq!(judge(&recipe(), &epochs(&worse_and_worse)), []);
}

/// Neither do networks that restore, whose loss on whole images says nothing, and the most epochs there are.
#[test]
fn a_step_size_that_fell_to_0_leaves_no_fall_to_go_on_with() {
    let few = &LOSSES[..5];
    assert_eq!(judge(&recipe(), &epochs(few)).len(), 1);
    let mut changed = [recipe(), recipe(), recipe(), recipe()];
    changed[0].config.decay = 0.5;
    changed[1].config.noise = 0.5;
    changed[2].config.mask = 0.75;
    changed[3].config.epochs = MAX_EPOCHS;
    for record in changed {
        assert_eq!(judge(&record, &epochs(few)), [], "{:?}", record.config);
    }
}

#[test]
fn an_eighth_of_the_code_may_not_be_dead() {
    let mut record = recipe();
    record.test.dead_units = 3;
    assert_eq!(only(&record), None);
    record.test.dead_units = 4;
    let finding = Finding::DeadUnits { dead: 4, code: 32 };
    assert_eq!(only(&record), Some((finding, Remedy::Hidden(vec![128]))));
    record.model.hidden = Some(vec![50, 20]);
    assert_eq!(only(&record), Some((finding, Remedy::Hidden(vec![100, 40]))));
    record.config.learning_rate = 0.003;
    assert_eq!(only(&record), Some((finding, Remedy::LearningRate(0.001))));
    // Above a price on bits, units that are always 0 are what was asked for.
    record.config.rate = 0.1;
    assert_eq!(only(&record), None);

    let mut small = recipe();
    (small.model.code, small.model.hidden) = (2, None);
    assert_eq!(only(&small), None);
    small.test.dead_units = 1;
    assert_eq!(only(&small), Some((Finding::DeadUnits { dead: 1, code: 2 }, Remedy::Hidden(vec![128]))));
    (small.model.code, small.test.dead_units) = (100, 13);
    assert_eq!(only(&small), Some((Finding::DeadUnits { dead: 13, code: 100 }, Remedy::Hidden(vec![400]))));
}

#[test]
fn the_mean_image_is_to_be_beaten_in_both_units() {
    for (bce, mse, worse) in
        [(1.004, 1.004, false), (1.006, 0.5, true), (0.5, 1.006, true), (f64::NAN, f64::NAN, false)]
    {
        let mut record = recipe();
        record.config.learning_rate = 100.0;
        record.pca = None;
        (record.test.bce, record.test.mse) = (Some(0.2625 * bce), 0.06747 * mse);
        let expected = worse.then_some((Finding::WorseThanMean, Remedy::LearningRate(0.001)));
        assert_eq!(only(&record), expected, "{bce}, {mse}");
    }
    // What restores is measured by what it restores.
    let mut record = recipe();
    (record.config.noise, record.pca) = (0.5, None);
    (record.test.bce, record.test.mse) = (Some(0.3), 0.07);
    let restored = crate::Restoration { damaged_mse: 0.2, mse: 0.02, psnr_db: 17.0 };
    record.restored = Some(restored);
    assert_eq!(only(&record), None);
    record.restored = Some(crate::Restoration { mse: 0.07, ..restored });
    assert_eq!(only(&record).unwrap().0, Finding::WorseThanMean);
}

#[test]
fn a_network_that_is_no_measure_is_not_measured_further() {
    let mut record = recipe();
    (record.test.bce, record.test.mse, record.test.psnr_db) = (Some(2.8), 0.14, 8.6);
    // PCA is ahead and the loss falls, but the first thing to mend is that.
    record.data.train.images = 640;
    let verdicts = judge(&record, &epochs(&LOSSES[..5]));
    assert_eq!(verdicts, [Verdict { finding: Finding::WorseThanMean, remedy: Remedy::Epochs(1000) }]);
    // Long trained and no better, while the training images come back well: there are too few of them.
    record.data.train.images = 60_000;
    assert_eq!(only(&record), Some((Finding::WorseThanMean, Remedy::MoreImages)));
}

#[test]
fn pca_may_be_half_a_decibel_ahead() {
    let ahead = |margin: f64| {
        let mut record = recipe();
        record.pca = Some(PcaScore { mse: 0.01, psnr_db: record.test.psnr_db + margin });
        record
    };
    assert_eq!(only(&ahead(0.4)), None);
    let mut record = ahead(0.6);
    let Some((Finding::WorseThanPca { margin_db }, Remedy::Hidden(units))) = only(&record) else {
        panic!("{:?}", only(&record))
    };
    assert!((margin_db - 0.6).abs() < 1e-9 && units == [128], "{margin_db} {units:?}");
    // Few steps: 79 an epoch.
    record.data.train.images = 5_000;
    assert_eq!(only(&record).unwrap().1, Remedy::Epochs(127));
    record.config.learning_rate = 0.01;
    assert_eq!(only(&record).unwrap().1, Remedy::LearningRate(0.001));
    record.pca = None;
    assert_eq!(only(&record), None);

    // Exact is as good as bytes that come back right: 1/12 of a step squared.
    let Some((Finding::WorseThanPca { margin_db }, _)) = only(&ahead(f64::INFINITY)) else { panic!() };
    assert!((margin_db - (58.922 - 20.17)).abs() < 1e-3, "{margin_db}");
    let mut record = ahead(f64::INFINITY);
    record.test.psnr_db = f64::INFINITY;
    assert_eq!(only(&record), None);
}

#[test]
fn images_are_judged_before_anything_is_trained() {
    let judged = |pixels: &[u8]| judge_images(&Samples::new((1, 2), pixels.to_vec()).unwrap());
    let dark = |brightest| {
        Some(Verdict { finding: Finding::DarkImages { brightest }, remedy: Remedy::Brighten(brightest) })
    };
    let same = Some(Verdict { finding: Finding::SameImages, remedy: Remedy::MoreImages });
    assert_eq!(judged(&[0, 1, 1, 0]), dark(1));
    assert_eq!(judged(&[0, 1, 16, 0]), dark(16));
    assert_eq!(judged(&[0, 1, 17, 0]), None);
    assert_eq!(judged(&[0, 0, 0, 0]), same);
    assert_eq!(judged(&[9, 255, 9, 255]), same);
    assert_eq!(judged(&[9, 255]), None, "one image is the same as no other");
    assert_eq!(judged(&[]), None);
}

#[test]
fn each_finding_is_a_sentence_that_fits_a_line_and_survives_json() {
    for (finding, sentence) in [
        (Finding::DeadUnits { dead: 128, code: 256 }, "128 of 256 code units are 0 for every test image"),
        (Finding::WorseThanMean, "the mean image is nearer to the test images than what the network makes"),
        (
            Finding::WorseThanPca { margin_db: 10.04 },
            "PCA with a code of this size rebuilds the test images 10.0 dB better",
        ),
        (
            Finding::StillFalling { steps: 46_900 },
            "the loss was still falling when training ended, after 46900 steps",
        ),
        (
            Finding::DarkImages { brightest: 16 },
            "the brightest pixel of all training images is 16, where white is 255",
        ),
        (Finding::SameImages, "all training images are the same: there is nothing to learn from them"),
    ] {
        assert_eq!(finding.to_string(), sentence);
        assert!("warning: ".len() + sentence.len() <= 80, "{sentence}");
        for remedy in [
            Remedy::LearningRate(0.001),
            Remedy::Hidden(vec![128, 64]),
            Remedy::Epochs(100),
            Remedy::Brighten(1),
            Remedy::MoreImages,
        ] {
            let verdict = Verdict { finding, remedy };
            let text = serde_json::to_string(&verdict).unwrap();
            assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict, "{text}");
        }
    }
    let verdict =
        Verdict { finding: Finding::DeadUnits { dead: 4, code: 32 }, remedy: Remedy::Hidden(vec![128]) };
    assert_eq!(
        serde_json::to_string(&verdict).unwrap(),
        r#"{"finding":{"dead_units":{"dead":4,"code":32}},"remedy":{"hidden":[128]}}"#
    );
    assert_eq!(recipe().verdicts, [], "a record from before runs were judged has none");
}
