//! Steps that suit a decoder, and rounding by them.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_codec::{CodecError, MAX_SYMBOL, Quality, Quantiser};
use ae_net::{Activation, Decoder, Dense, Outputs, Team};

use common::{brightness, codes, decoder, noise};

fn team() -> Team {
    Team::new(1).unwrap()
}

/// Codes after rounding.
fn rounded(quantiser: &Quantiser, codes: &[f32]) -> Vec<f32> {
    let (mut symbols, mut rounded) = (Vec::new(), Vec::new());
    quantiser.symbols(codes, &mut symbols).unwrap();
    quantiser.codes(&symbols, &mut rounded).unwrap();
    rounded
}

#[test]
fn steps_are_in_inverse_proportion_to_effects_and_add_what_they_should() {
    // A linear decoder: the effect of a unit is the root mean square of its column.
    let scales = [1.0, 0.1, 3.0, 0.0];
    let weight: Vec<f32> = noise(50 * 4, 9).iter().enumerate().map(|(at, w)| w * scales[at % 4]).collect();
    let effect = |unit: usize| {
        let squares: f32 = weight.iter().skip(unit).step_by(4).map(|w| w * w).sum();
        (squares / 50.0).sqrt()
    };
    let layer = Dense::new(4, weight.clone(), vec![0.0; 50], Activation::Linear).unwrap();
    let linear = Decoder::new(&[layer], Outputs::Values).unwrap();
    let codes: Vec<f32> = noise(2_000 * 4, 5).iter().map(|z| 10.0 * z).collect();
    let quantiser = Quantiser::matched(&team(), &linear, &codes, 0.01, Quality::default()).unwrap();
    let steps = quantiser.steps();
    for unit in [1, 2] {
        let (found, expected) = (steps[unit] / steps[0], effect(0) / effect(unit));
        assert!((found / expected - 1.0).abs() < 0.02, "unit {unit}: {found}, expected {expected}");
    }
    // A unit that nothing depends on is hardly kept, and never by an infinite step.
    assert!(steps[3] > 100.0 * steps[2] && steps[3].is_finite());

    let mse = |quantiser: &Quantiser| {
        let before = brightness(&linear, &codes);
        let after = brightness(&linear, &rounded(quantiser, &codes));
        let squares = before.iter().zip(&after).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>() / before.len() as f64
    };
    // Three of four units take their share of 4 % of 0.01.
    let added = mse(&quantiser) / (0.04 * 0.01);
    assert!((0.6..0.9).contains(&added), "{added}");
    let finer = Quantiser::matched(&team(), &linear, &codes, 0.01, Quality::new(60.0).unwrap()).unwrap();
    assert!((mse(&quantiser) / mse(&finer) - 4.0).abs() < 0.4);
}

#[test]
fn steps_are_the_same_for_any_team() {
    let (decoder, codes) = (decoder(6, 40), codes(700, 6));
    let matched = |threads| {
        let team = Team::new(threads).unwrap();
        Quantiser::matched(&team, &decoder, &codes, 1e-3, Quality::default()).unwrap()
    };
    let one = matched(1);
    assert_eq!(matched(3), one);
    // The upper half of a float is all that a file holds.
    assert!(one.steps().iter().all(|step| step.to_bits() & 0xffff == 0));
}

#[test]
fn without_codes_or_effect_steps_are_all_the_same() {
    let team = team();
    let none = Quantiser::matched(&team, &decoder(6, 40), &[], 0.0, Quality::default()).unwrap();
    let layer = Dense::new(2, vec![0.0; 6], vec![0.0; 3], Activation::Linear).unwrap();
    let constant = Decoder::new(&[layer], Outputs::Logits).unwrap();
    let dead = Quantiser::matched(&team, &constant, &[1.0, 2.0], 0.1, Quality::default()).unwrap();
    assert_eq!((none.steps(), dead.steps()), (&[1.0; 6][..], &[1.0; 2][..]));
}

#[test]
fn rounding_stops_at_both_ends_and_is_off_by_half_a_step_at_most() {
    let quantiser = Quantiser::uniform(1, 0.3).unwrap();
    let step = quantiser.steps()[0];
    assert!((step - 0.3).abs() < 0.002);
    let values: Vec<f32> = noise(1_000, 8).iter().map(|x| 50.0 * x).collect();
    for (value, rounded) in values.iter().zip(rounded(&quantiser, &values)) {
        assert!((value - rounded).abs() <= 0.5001 * step, "{value} became {rounded}");
    }
    let mut symbols = Vec::new();
    quantiser.symbols(&[f32::MAX, -f32::MAX, 1e30], &mut symbols).unwrap();
    assert_eq!(symbols, [MAX_SYMBOL, -MAX_SYMBOL, MAX_SYMBOL]);
    // What has been rounded once is what it is.
    let once = rounded(&quantiser, &values);
    assert_eq!(rounded(&quantiser, &once), once);
}

#[test]
fn faults_are_named() {
    let refused = |error: CodecError, words: &[&str]| {
        let text = error.to_string();
        assert!(
            matches!(error, CodecError::Argument { .. }) && words.iter().all(|word| text.contains(word)),
            "{text}"
        );
    };
    refused(Quantiser::uniform(0, 1.0).unwrap_err(), &["units", "at least 1"]);
    for step in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-40] {
        refused(Quantiser::uniform(2, step).unwrap_err(), &["steps", "1e-30 to 1e30", "unit 0"]);
    }
    let quantiser = Quantiser::uniform(2, 1.0).unwrap();
    let mut symbols = Vec::new();
    let partial = "codes: expected whole codes of 2 numbers, found";
    refused(quantiser.symbols(&[0.0; 3], &mut symbols).unwrap_err(), &[partial, "found 3"]);
    let error = quantiser.symbols(&[0.0, 0.0, 0.0, f32::NAN], &mut symbols).unwrap_err();
    refused(error, &["codes", "finite", "NaN as unit 1 of code 1"]);
    refused(quantiser.codes(&[1], &mut Vec::new()).unwrap_err(), &[partial, "found 1"]);
    for quality in [-1.0, 100.5, f32::NAN] {
        refused(Quality::new(quality).unwrap_err(), &["quality", "from 0 to 100"]);
    }
    let infinite = [f32::INFINITY; 6];
    let error = Quantiser::matched(&team(), &decoder(6, 4), &infinite, 0.1, Quality::default()).unwrap_err();
    refused(error, &["codes", "finite", "inf as unit 0 of code 0"]);
}
