//! Samplers held against the moments they were fitted to, and made-up codes against what was asked for.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_eval::{CodeSampler, Labelled, code_plane, interpolate, sample_standard_normal};
use ae_net::{Activation, Description, Network, Rows, Team};

/// Codes of three related numbers around (10, 20, 30), and of another class around 0 with a number that is
/// always 0.
fn codes() -> (Vec<f32>, Vec<i32>) {
    let mut state = 3_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..400 {
        let (a, b, c) = (next(), next(), next());
        values.extend([10.0 + a, 20.0 + 2.0 * a + b, 30.0 - a + 0.1 * c]);
        values.extend([b, 0.0, c - b]);
        labels.extend([2, 7]);
    }
    (values, labels)
}

fn sampler(activation: Activation) -> CodeSampler {
    let (values, labels) = codes();
    CodeSampler::fit(Labelled::new(Rows::values(&values, 3).unwrap(), &labels).unwrap(), activation).unwrap()
}

/// Mean `(3)` and covariance `(3, 3)` of codes of three numbers.
fn moments(codes: &[f32]) -> ([f64; 3], [[f64; 3]; 3]) {
    let n = (codes.len() / 3) as f64;
    let mut mean = [0.0; 3];
    for code in codes.chunks_exact(3) {
        (0..3).for_each(|i| mean[i] += f64::from(code[i]) / n);
    }
    let mut covariance = [[0.0; 3]; 3];
    for code in codes.chunks_exact(3) {
        for i in 0..3 {
            for j in 0..3 {
                covariance[i][j] += (f64::from(code[i]) - mean[i]) * (f64::from(code[j]) - mean[j]) / n;
            }
        }
    }
    (mean, covariance)
}

#[test]
fn draws_have_mean_and_covariance_of_their_class() {
    let (values, labels) = codes();
    for class in [2, 7] {
        let members: Vec<f32> = values
            .chunks_exact(3)
            .zip(&labels)
            .filter(|&(_, &label)| label == class)
            .flat_map(|(code, _)| code.to_vec())
            .collect();
        let (mean, covariance) = moments(&members);
        let n = 100_000;
        let (drawn_mean, drawn) = moments(&sampler(Activation::Linear).sample(class, n, 1).unwrap());
        for i in 0..3 {
            // Five standard errors.
            let within = 5.0 * (covariance[i][i] / n as f64).sqrt();
            assert!((drawn_mean[i] - mean[i]).abs() <= within, "{class}: {drawn_mean:?}, {mean:?}");
            for j in 0..3 {
                let spread = covariance[i][i] * covariance[j][j] + covariance[i][j].powi(2);
                let within = 5.0 * (spread / n as f64).sqrt();
                let error = (drawn[i][j] - covariance[i][j]).abs();
                assert!(error <= within, "{class}: {i}, {j}: {drawn:?}, {covariance:?}");
            }
        }
    }
}

#[test]
fn codes_stay_in_the_range_of_the_activation() {
    let linear = sampler(Activation::Linear).sample(7, 500, 4).unwrap();
    assert!(linear.iter().any(|&x| x < 0.0) && linear.iter().any(|&x| x > 1.0), "the case is worth a test");
    for (activation, high) in [(Activation::Relu, f32::INFINITY), (Activation::Sigmoid, 1.0)] {
        let bounded = sampler(activation).sample(7, 500, 4).unwrap();
        let expected: Vec<f32> = linear.iter().map(|x| x.clamp(0.0, high)).collect();
        assert_eq!(bounded, expected);
        let baseline = sample_standard_normal(3, activation, 500, 4);
        let expected: Vec<f32> = sample_standard_normal(3, Activation::Linear, 500, 4)
            .iter()
            .map(|x| x.clamp(0.0, high))
            .collect();
        assert_eq!(baseline, expected);
    }
}

#[test]
fn what_never_changes_in_a_class_does_not_change_in_its_draws() {
    let drawn = sampler(Activation::Linear).sample(7, 300, 5).unwrap();
    assert!(drawn.chunks_exact(3).all(|code| code[1] == 0.0));
    // One member alone: nothing changes.
    let one = Labelled::new(Rows::values(&[1.5, -2.5], 2).unwrap(), &[0]).unwrap();
    let drawn = CodeSampler::fit(one, Activation::Linear).unwrap().sample(0, 2, 0).unwrap();
    assert_eq!(drawn, [1.5, -2.5, 1.5, -2.5]);
}

#[test]
fn the_seed_decides_and_more_draws_begin_with_the_same() {
    let sampler = sampler(Activation::Linear);
    let drawn = sampler.sample(2, 5, 6).unwrap();
    assert_eq!(sampler.sample(2, 9, 6).unwrap()[..15], drawn);
    assert_ne!(sampler.sample(2, 5, 7).unwrap(), drawn);
    let baseline = sample_standard_normal(3, Activation::Linear, 5, 6);
    assert_eq!(sample_standard_normal(3, Activation::Linear, 9, 6)[..15], baseline);
    assert_ne!(sample_standard_normal(3, Activation::Linear, 5, 7), baseline);
}

#[test]
fn classes_take_turns_with_the_draws_they_have_alone() {
    let sampler = sampler(Activation::Relu);
    let alone = [2, 7].map(|class| sampler.sample(class, 9, 6).unwrap());
    for (count, run) in [(1, 1), (7, 1), (7, 3), (10, 4), (9, 20)] {
        let found = sampler.each_in_turn(count, run, 6).unwrap();
        assert_eq!(found.len(), 3 * count, "{count}, {run}");
        let mut taken = [0; 2];
        for (index, code) in found.chunks_exact(3).enumerate() {
            let class = index / run % 2;
            assert_eq!(code, &alone[class][3 * taken[class]..][..3], "{count}, {run}: code {index}");
            taken[class] += 1;
        }
    }
    let error = sampler.each_in_turn(3, 0, 6).unwrap_err();
    assert_eq!(error.to_string(), "codes of a class in turn: expected at least 1, found 0");
}

#[test]
fn a_network_s_sampler_is_fitted_to_its_codes() {
    let team = Team::new(1).unwrap();
    let network = Network::draw(&Description::dense(6, &[], 3), 2).unwrap();
    let pixels: Vec<u8> = (0..40 * 6).map(|i| (i * 89 % 251) as u8).collect();
    let labels: Vec<i32> = (0..40).map(|i| i % 3).collect();
    let images = Labelled::new(Rows::bytes(&pixels, 6).unwrap(), &labels).unwrap();
    let codes = network.encode(&team, images.rows()).unwrap();
    let codes = Labelled::new(Rows::values(&codes, 3).unwrap(), &labels).unwrap();
    let expected = CodeSampler::fit(codes, Activation::Relu).unwrap().sample(1, 100, 0).unwrap();
    assert!(expected.contains(&0.0), "the case is worth a test");
    let found = CodeSampler::of_network(&team, &network, images).unwrap();
    assert_eq!(found.sample(1, 100, 0).unwrap(), expected);
}

#[test]
fn the_baseline_is_standard_normal() {
    let n = 100_000;
    let (mean, covariance) = moments(&sample_standard_normal(3, Activation::Linear, n, 8));
    for i in 0..3 {
        assert!(mean[i].abs() < 5.0 / (n as f64).sqrt());
        for j in 0..3 {
            let expected = f64::from(u8::from(i == j));
            assert!((covariance[i][j] - expected).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{covariance:?}");
        }
    }
}

/// A class's draws follow from its own codes and label: other classes, and where it stands among them, are of no account.
#[test]
fn classes_are_any_whole_numbers() {
    let (values, labels) = codes();
    let draw = |first: i32, second: i32, asked: i32| {
        let labels: Vec<i32> = labels.iter().map(|&label| if label == 2 { first } else { second }).collect();
        let codes = Labelled::new(Rows::values(&values, 3).unwrap(), &labels).unwrap();
        let sampler = CodeSampler::fit(codes, Activation::Linear).unwrap();
        assert_eq!(sampler.classes(), [first.min(second), first.max(second)]);
        let turns = sampler.each_in_turn(1, 1, 3).unwrap();
        assert_eq!(turns, sampler.sample(first.min(second), 1, 3).unwrap());
        sampler.sample(asked, 4, 3).unwrap()
    };
    assert_eq!(draw(2, 7, 2), sampler(Activation::Linear).sample(2, 4, 3).unwrap());
    for (first, second) in [(2, -300), (2, i32::MAX), (2, 0)] {
        assert_eq!(draw(first, second, 2), draw(2, 7, 2));
    }
    for other in [-2, i32::MIN, 258, 65_538] {
        assert_ne!(draw(other, 7, other), draw(2, 7, 2), "a class has draws of its own");
    }
}

#[test]
fn unknown_classes_are_named() {
    let sampler = sampler(Activation::Linear);
    assert_eq!(sampler.classes(), [2, 7]);
    let error = sampler.sample(12, 1, 0).unwrap_err();
    assert_eq!(error.to_string(), "class: expected one of 2, 7, found 12");
    let wide = vec![0.0; 5000];
    let wide = Labelled::new(Rows::values(&wide, 5000).unwrap(), &[0]).unwrap();
    let error = CodeSampler::fit(wide, Activation::Linear).unwrap_err();
    assert_eq!(error.to_string(), "numbers in a row: expected at most 4096, found 5000");
}

#[test]
fn a_line_has_both_ends_and_equal_steps() {
    let line = interpolate(&[0.3, -7.0], &[0.7, 9.0], 5).unwrap();
    assert_eq!((&line[..2], &line[8..]), (&[0.3, -7.0][..], &[0.7, 9.0][..]));
    let seconds: Vec<f32> = line.iter().copied().skip(1).step_by(2).collect();
    assert_eq!(seconds, [-7.0, -3.0, 1.0, 5.0, 9.0]);
    let said = |to: &[f32], steps| interpolate(&[0.0], to, steps).unwrap_err().to_string();
    assert_eq!(said(&[1.0], 1), "steps: expected at least 2, found 1");
    assert_eq!(said(&[1.0, 2.0], 3), "the code at the far end: expected 1, found 2");
}

#[test]
fn a_plane_spans_the_quantiles() {
    // First numbers 0 to 100, second ones 0 to -1000, in no order.
    let codes: Vec<f32> =
        (0..101).flat_map(|i| [(i * 37 % 101) as f32, -10.0 * (i * 13 % 101) as f32]).collect();
    let codes = Rows::values(&codes, 2).unwrap();
    let plane = code_plane(codes, [0.05, 0.955], 3).unwrap();
    let close = |a: f32, b: f32| (a - b).abs() < 1e-4 * b.abs();
    let [[left, right], [low, high]] = [plane.horizontal, plane.vertical];
    assert!(close(left, 5.0) && close(right, 95.5) && close(low, -950.0) && close(high, -45.0), "{plane:?}");
    assert_eq!(plane.codes.len(), 18);
    assert_eq!(plane.codes[..2], [left, high]);
    assert_eq!(plane.codes[4..6], [right, high]);
    assert_eq!(plane.codes[12..14], [left, low]);
    assert!(close(plane.codes[8], 50.25) && close(plane.codes[9], -497.5));
}

#[test]
fn impossible_planes_are_refused() {
    let codes = Rows::values(&[0.0, 1.0], 2).unwrap();
    for [low, high] in [[0.5, 0.5], [-0.1, 0.5], [0.5, 1.1], [0.9, 0.1]] {
        let error = code_plane(codes, [low, high], 2).unwrap_err().to_string();
        assert_eq!(error, format!("quantiles: expected a range within [0, 1], found {low} to {high}"));
    }
    assert!(code_plane(codes, [f64::NAN, 1.0], 2).is_err());
    let said = |values: &[f32], width, side| {
        code_plane(Rows::values(values, width).unwrap(), [0.0, 1.0], side).unwrap_err().to_string()
    };
    assert_eq!(said(&[0.0, 1.0], 2, 1), "steps: expected at least 2, found 1");
    assert_eq!(said(&[0.0; 3], 3, 2), "codes of a plane: expected rows of 2, found rows of 3");
    assert_eq!(said(&[], 2, 2), "codes to span a plane: expected at least 1, found 0");
    let nan = said(&[0.0, f32::NAN], 2, 2);
    assert_eq!(nan, "codes of a plane: expected finite numbers, found NaN in row 0, column 1");
}
