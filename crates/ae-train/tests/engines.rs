//! The two engines compute the same thing: losses and weights on whole runs.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

mod common;

use ae_data::{Samples, Split};
use ae_net::{Dense, Network};
use ae_train::{Event, TrainParams, Trainer};
use common::*;

/// The loss of every step, and of the test set after every epoch.
fn losses(trainer: &mut Trainer<'_>) -> (Vec<f64>, Vec<f64>) {
    let (mut steps, mut epochs) = (Vec::new(), Vec::new());
    trainer
        .train(&mut |event| match event {
            Event::Step { loss, .. } => steps.push(loss),
            Event::Epoch(record) => epochs.extend([record.test_loss, record.test_mse]),
            _ => panic!("an event unknown to this test: {event:?}"),
        })
        .unwrap();
    (steps, epochs)
}

/// Trains two copies of a model on 64 real images a step, one on each engine.
fn follow(mut model: Network, steps: u32, params: TrainParams, inputs: &str) {
    let steps_an_epoch = steps / params.epochs as u32;
    let split = mnist(steps_an_epoch * 64, 64);
    let config = params.check().unwrap();
    let mut copy = model.clone();
    let mut fused = Trainer::fused(&mut model, &split, config, team(2)).unwrap();
    let mut tape = Trainer::autodiff(&mut copy, &split, config, team(2)).unwrap();
    assert_eq!((fused.engine(), fused.inputs()), ("fused", inputs));
    let (found, found_after) = losses(&mut fused);
    let (expected, expected_after) = losses(&mut tape);
    let last = steps as usize - 1;
    assert_eq!(found.len(), last + 1);
    for (step, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= 1e-5, "step {step}: fused {a}, tape {b}");
    }
    for (a, b) in found_after.iter().zip(&expected_after) {
        assert!((a - b).abs() <= 1e-5, "after an epoch: fused {a}, tape {b}");
    }
    assert!(found[last] < 0.7 * found[0], "nothing was learned: {} to {}", found[0], found[last]);

    let (a, b) = (fused.adam_state(), tape.adam_state());
    assert_eq!((a.t, b.t), (steps.into(), steps.into()));
    assert!(a.moments.keys().eq(b.moments.keys()), "{:?} {:?}", a.moments.keys(), b.moments.keys());
    for (name, expected) in &b.moments {
        let found = &a.moments[name];
        for (a, b) in [(&found.m, &expected.m), (&found.v, &expected.v)] {
            assert_eq!(a.len(), b.len(), "{name}");
            let far = a.iter().zip(b.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far <= 1e-5, "{name}: {far}");
        }
    }
}

#[test]
fn the_shallow_preset_follows_the_tape_for_200_steps() {
    follow(network(784, &[], 32, 0), 200, sequential(2), "sparse");
}

#[test]
fn the_deep_preset_follows_the_tape_for_200_steps() {
    follow(network(784, &[64, 32], 8, 0), 200, sequential(2), "sparse");
}

#[test]
fn noise_and_mask_reach_both_engines() {
    let (noise, mask) = (0.5, 0.5);
    let deep = network(784, &[64, 32], 8, 0);
    follow(network(784, &[], 32, 0), 60, TrainParams { noise, ..sequential(2) }, "dense");
    follow(network(784, &[], 32, 0), 60, TrainParams { mask, ..sequential(2) }, "sparse");
    follow(deep.clone(), 60, TrainParams { mask, ..sequential(2) }, "sparse");
    follow(deep, 60, TrainParams { noise, mask, ..sequential(2) }, "dense");
}

#[test]
fn a_rate_and_a_decay_reach_both_engines() {
    let deeper = network(784, &[64, 48, 32], 8, 0);
    follow(deeper.clone(), 120, TrainParams { rate: 0.5, ..sequential(2) }, "sparse");
    follow(deeper, 120, TrainParams { rate: 0.5, noise: 0.5, decay: 1.0, ..sequential(4) }, "dense");
    follow(network(784, &[], 32, 0), 60, TrainParams { rate: 0.1, mask: 0.5, ..sequential(2) }, "sparse");
}

#[test]
fn targets_stay_clean() {
    // From weights of zero every pixel is answered with 1/2, which costs ln 2 whatever the target; after one
    // step the decoder's biases alone have moved, each up where its target pixel is above 1/2 and down else.
    let images = Samples::new((2, 2), vec![255, 0, 255, 0]).unwrap();
    let split = Split { train: images.clone(), test: images };
    let params = TrainParams { noise: 2.0, mask: 0.5, ..sequential(1) };
    let zeros = || {
        let model = network(4, &[], 2, 0);
        let zero = |layer: &Dense| {
            let (weight, bias) = (vec![0.0; layer.weight().len()], vec![0.0; layer.bias().len()]);
            Dense::new(layer.inputs(), weight, bias, layer.activation()).unwrap()
        };
        model.with_layers(&model.layers().iter().map(zero).collect::<Vec<_>>()).unwrap()
    };
    let (mut fused, mut tape) = (zeros(), zeros());
    let config = params.check().unwrap();
    Trainer::fused(&mut fused, &split, config, team(1)).unwrap().train(&mut |_| {}).unwrap();
    Trainer::autodiff(&mut tape, &split, config, team(1)).unwrap().train(&mut |_| {}).unwrap();
    for model in [fused, tape] {
        let tensors = model.tensors();
        let bias = &tensors.iter().find(|tensor| tensor.name == "decoder.0.bias").unwrap().values;
        for (bias, expected) in bias.iter().zip([1e-3, -1e-3, 1e-3, -1e-3]) {
            assert!((bias - expected).abs() < 1e-6, "{bias}, not {expected}");
        }
    }
}

#[test]
fn what_is_restored_is_scored_against_the_whole_image() {
    let split = mnist(640, 1_100);
    let run = |params: TrainParams, tape: bool| {
        let mut model = network(784, &[], 16, 0);
        let config = params.check().unwrap();
        let mut trainer = if tape {
            Trainer::autodiff(&mut model, &split, config, team(1)).unwrap()
        } else {
            Trainer::fused(&mut model, &split, config, team(2)).unwrap()
        };
        trainer.train(&mut |_| {}).unwrap()
    };
    assert_eq!(run(sequential(1), false).restored, None);

    let noisy = TrainParams { noise: 0.5, learning_rate: 0.01, ..sequential(8) };
    let history = run(noisy, false);
    let (test, found) = (history.test, history.restored.unwrap());
    // What Gaussian noise of 0.5 costs MNIST's test images by another program, in another library.
    assert!((found.damaged_mse - 0.1156).abs() < 5e-4, "{found:?}");
    assert!((found.psnr_db - ae_net::psnr_db(found.mse)).abs() < 1e-12);
    assert!(found.mse < found.damaged_mse && found.mse != test.mse, "{found:?}, clean {test:?}");
    let by_tape = run(noisy, true).restored.unwrap();
    assert_eq!(by_tape.damaged_mse, found.damaged_mse);
    assert!((by_tape.mse - found.mse).abs() < 1e-6, "{by_tape:?} {found:?}");

    // Every masked pixel costs its square, and half of them are masked.
    let masked = run(TrainParams { mask: 0.5, ..sequential(1) }, false).restored.unwrap();
    let squares: f64 =
        split.test.bytes().unwrap().iter().map(|&byte| (f64::from(byte) / 255.0).powi(2)).sum();
    let expected = 0.5 * squares / split.test.bytes().unwrap().len() as f64;
    assert!((masked.damaged_mse - expected).abs() < 0.01 * expected, "{masked:?}, not {expected}");
}

#[test]
fn the_model_has_the_trained_weights_afterwards() {
    let split = mnist(640, 64);
    let mut model = network(784, &[], 16, 0);
    let before = model.tensors();
    let config = sequential(1).check().unwrap();
    let history = Trainer::fused(&mut model, &split, config, team(1)).unwrap().train(&mut |_| {}).unwrap();
    assert_ne!(model.tensors(), before);

    // An engine that starts from these weights and does not move them scores what the run ended with.
    let still = TrainParams { learning_rate: 1e-30, ..sequential(1) }.check().unwrap();
    let mut copy = model.clone();
    let again = Trainer::autodiff(&mut copy, &split, still, team(1)).unwrap().train(&mut |_| {}).unwrap();
    assert!((again.test.bce.unwrap() - history.test.bce.unwrap()).abs() < 1e-6);
    assert!((again.test.mse - history.test.mse).abs() < 1e-6);
    assert_eq!(again.test.dead_units, history.test.dead_units);
}
