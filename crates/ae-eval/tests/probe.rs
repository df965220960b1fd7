//! Probes on toy data of which the right answer is known.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_eval::{Budget, EvalError, Labelled, Probe, ProbeParams, ProbeScore, probe};
use ae_net::{Rows, Team};

fn alone() -> Team {
    Team::new(1).unwrap()
}

/// Whole numbers without pattern, from a fixed start.
fn numbers(start: u32) -> impl FnMut(u32) -> u32 {
    let mut state = start;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    }
}

/// Four classes, each a cloud around a corner of a square, far from 0 and on scales of 1 to 1000; the third
/// column never changes. What is on one diagonal is of classes 0 and 3.
fn clouds(count: usize, start: u32) -> (Vec<f32>, Vec<i32>) {
    let mut draw = numbers(start);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..count {
        let (x, y) = (draw(2), draw(2));
        let spread = |draw: &mut dyn FnMut(u32) -> u32| draw(1000) as f32 / 1000.0 - 0.5;
        values.push(5.0 + x as f32 * 2.0 + spread(&mut draw));
        values.push(1000.0 * (y as f32 * 2.0 + spread(&mut draw)) - 7000.0);
        values.push(42.5);
        labels.push((2 * x + y) as i32);
    }
    (values, labels)
}

fn labelled<'a>((values, labels): &'a (Vec<f32>, Vec<i32>)) -> Labelled<'a> {
    Labelled::new(Rows::values(values, 3).unwrap(), labels).unwrap()
}

fn score(params: &ProbeParams, train: &(Vec<f32>, Vec<i32>), budget: Budget) -> ProbeScore {
    probe(&alone(), params, labelled(train), labelled(&clouds(500, 77)), budget).unwrap()
}

#[test]
fn classes_far_apart_are_learned_whatever_their_scale() {
    let train = clouds(600, 1);
    for params in [ProbeParams::default(), ProbeParams::linear()] {
        let all = score(&params, &train, Budget::All);
        assert!(all.accuracy > 0.99, "{all:?}");
        assert_eq!((all.labels, all.draws, all.accuracy_sd), (600, 1, None));
        let few = score(&params, &train, Budget::Labels(20));
        assert!(few.accuracy > 0.9 && few.accuracy_sd.unwrap() < 0.1, "{few:?}");
        assert_eq!((few.labels, few.draws), (20, 10));
        assert!(few.train_s > 0.0);
    }
}

#[test]
fn labels_without_meaning_are_not_learned() {
    let train = {
        let (values, mut labels) = clouds(2000, 2);
        let mut draw = numbers(3);
        labels.iter_mut().for_each(|label| *label = draw(4) as i32);
        (values, labels)
    };
    let found = score(&ProbeParams::default(), &train, Budget::All);
    // A quarter is chance; whole clouds are answered alike, so guesses come in four lots.
    assert!(found.accuracy < 0.6, "{found:?}");
    // On rows it has not seen, of columns that say nothing at all.
    let mut draw = numbers(4);
    let mut random = |count: usize| -> (Vec<f32>, Vec<i32>) {
        ((0..count * 3).map(|_| draw(1000) as f32).collect(), (0..count).map(|_| draw(4) as i32).collect())
    };
    let (train, test) = (random(2000), random(2000));
    let found =
        probe(&alone(), &ProbeParams::default(), labelled(&train), labelled(&test), Budget::All).unwrap();
    assert!((found.accuracy - 0.25).abs() < 0.05, "{found:?}");
}

#[test]
fn hidden_units_tell_diagonals_apart_and_a_linear_probe_cannot() {
    let diagonal = |count, start| {
        let (values, mut labels) = clouds(count, start);
        labels.iter_mut().for_each(|label| *label = i32::from(*label == 0 || *label == 3));
        (values, labels)
    };
    let (train, test) = (diagonal(2000, 5), diagonal(500, 6));
    let of = |params: ProbeParams| {
        probe(&alone(), &params, labelled(&train), labelled(&test), Budget::All).unwrap().accuracy
    };
    assert!(of(ProbeParams::default()) > 0.98);
    assert!(of(ProbeParams::linear()) < 0.8);
}

#[test]
fn the_seed_decides_and_the_threads_do_not() {
    let (train, test) = (clouds(300, 8), clouds(100, 9));
    let params = ProbeParams { epochs: 2, least_steps: 0, ..ProbeParams::default() };
    let of = |seed, threads| {
        let team = Team::new(threads).unwrap();
        let params = ProbeParams { seed, ..params.clone() };
        Probe::train(&team, &params, labelled(&train))
            .unwrap()
            .classify(&team, labelled(&test).rows())
            .unwrap()
    };
    let first = of(0, 1);
    assert_eq!(of(0, 1), first);
    assert_eq!(of(0, 3), first);
    assert!((1..6).any(|seed| of(seed, 1) != first), "two epochs leave traces of the first weights");
}

#[test]
fn few_labels_get_more_epochs() {
    let train = clouds(40, 10);
    let short = ProbeParams { epochs: 1, least_steps: 0, ..ProbeParams::default() };
    let long = ProbeParams { epochs: 1, least_steps: 500, ..ProbeParams::default() };
    assert!(score(&long, &train, Budget::All).accuracy > score(&short, &train, Budget::All).accuracy);
}

#[test]
fn faults_are_named() {
    let train = clouds(50, 11);
    let fault = |params: ProbeParams, budget| {
        probe(&alone(), &params, labelled(&train), labelled(&train), budget).unwrap_err()
    };
    let default = ProbeParams::default;
    for (params, what) in [
        (ProbeParams { epochs: 0, ..default() }, "the probe's epochs"),
        (ProbeParams { batch_size: 0, ..default() }, "the probe's batch size"),
        (ProbeParams { hidden: Some(0), ..default() }, "the probe's hidden units"),
    ] {
        let error = fault(params, Budget::All).to_string();
        assert_eq!(error, format!("{what}: expected at least 1, found 0"));
    }
    for labels in [0, 10] {
        let error = fault(default(), Budget::Labels(labels)).to_string();
        assert_eq!(error, format!("labels: expected as many of each of 4 classes, found {labels}"));
    }
    let few = fault(default(), Budget::Labels(4000)).to_string();
    let members = train.1.iter().filter(|&&label| label == 0).count();
    assert_eq!(few, format!("labels: expected 1000 of each class, found {members} of class 0"));
    let rate = fault(ProbeParams { learning_rate: -1.0, ..default() }, Budget::All);
    assert!(matches!(rate, EvalError::Net(_)) && rate.to_string().contains("learning rate"), "{rate}");
    let diverged = fault(ProbeParams { learning_rate: 1e38, ..default() }, Budget::All);
    assert!(matches!(diverged, EvalError::Diverged { .. }), "{diverged:?}");

    let narrow = Labelled::new(Rows::values(&[0.0; 4], 2).unwrap(), &[0, 1]).unwrap();
    let error = probe(&alone(), &default(), labelled(&train), narrow, Budget::All).unwrap_err();
    assert_eq!(error.to_string(), "test rows: expected rows of 3, found rows of 2");
    let trained = Probe::train(&alone(), &default(), labelled(&train)).unwrap();
    let error = trained.classify(&alone(), narrow.rows()).unwrap_err();
    assert_eq!(error.to_string(), "rows to classify: expected rows of 3, found rows of 2");
    let nan = Rows::values(&[0.0, f32::NAN, 0.0], 3).unwrap();
    let error = trained.classify(&alone(), nan).unwrap_err().to_string();
    assert_eq!(error, "rows to classify: expected finite numbers, found NaN in row 0, column 1");
}

/// What a class is called is of no account: any whole numbers in the same order are learned, to the same bits.
#[test]
fn classes_are_any_whole_numbers() {
    let (train, test) = (clouds(300, 10), clouds(200, 11));
    let renamed = |(values, labels): &(Vec<f32>, Vec<i32>)| {
        let names = [i32::MIN, -7, 300, i32::MAX];
        (values.clone(), labels.iter().map(|&label| names[label as usize]).collect::<Vec<_>>())
    };
    let params = ProbeParams { epochs: 1, least_steps: 20, ..ProbeParams::default() };
    let found = |train: &(Vec<f32>, Vec<i32>)| {
        let probe = Probe::train(&alone(), &params, labelled(train)).unwrap();
        probe.classify(&alone(), labelled(&test).rows()).unwrap()
    };
    let (expected, found) = (renamed(&(vec![], found(&train))).1, found(&renamed(&train)));
    assert_eq!(found, expected);
    assert!(expected.contains(&i32::MIN) && expected.contains(&i32::MAX));
    let (new_train, new_test) = (renamed(&train), renamed(&test));
    for budget in [Budget::All, Budget::Labels(20)] {
        let accuracy =
            |train, test| probe(&alone(), &params, labelled(train), labelled(test), budget).unwrap().accuracy;
        assert_eq!(accuracy(&new_train, &new_test), accuracy(&train, &test));
        assert_eq!(accuracy(&new_train, &test), 0.0, "labels that were not trained with");
    }
    let few = probe(&alone(), &params, labelled(&new_train), labelled(&test), Budget::Labels(4_000));
    assert!(few.unwrap_err().to_string().contains("of class -2147483648"));
}

/// Rows are classified fewer at a time then, which no answer depends on.
#[test]
fn there_may_be_many_classes() {
    let labels: Vec<i32> = (0..2_000).map(|row| row % 1_000 * 3).collect();
    let values: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
    let rows = Rows::values(&values, 1).unwrap();
    let params = ProbeParams { hidden: None, epochs: 1, least_steps: 0, ..ProbeParams::default() };
    let probe = Probe::train(&alone(), &params, Labelled::new(rows, &labels).unwrap()).unwrap();
    let together = probe.classify(&alone(), rows).unwrap();
    let one = |value: &f32| probe.classify(&alone(), Rows::values(&[*value], 1).unwrap()).unwrap()[0];
    assert_eq!(together, values.iter().map(one).collect::<Vec<_>>());
    assert!(together.iter().any(|label| *label > 255 && label % 3 == 0));
}
