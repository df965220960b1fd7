//! Steps through a bottleneck: the same bits for any team, nothing left behind, silence that pays.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_dense::{
    Activation::{Linear, Relu, Sigmoid},
    Adam, Bottleneck, Dense, DenseError, Inputs, Learner, Loss, SparseRows, Stack, Targets, Team,
};
use common::{Rng, bits};

fn learner(stack: &Stack, loss: Loss, batch: usize, threads: usize) -> Learner {
    Learner::new(stack.clone(), loss, Adam::default(), batch, Team::new(threads).unwrap()).unwrap()
}

#[test]
fn any_number_of_threads_and_any_kind_of_input_gives_the_same_bits() {
    let train = |threads, kind| {
        let mut rng = Rng(11);
        let stack = rng.stack(&[150, 40, 35, 65], &[Relu, Linear, Linear]);
        let (pixels, answers) = (rng.bytes(200 * 150), rng.bytes(200 * 65));
        let set = SparseRows::from_bytes(&pixels, 150).unwrap();
        let noise = rng.values(200 * 35, 0.5);
        let mut learner = learner(&stack, Loss::BceWithLogits, 70, threads);
        let order: Vec<u32> = (0..200).map(|i| i * 37 % 200).collect();
        let losses: Vec<_> = order
            .chunks(70)
            .cycle()
            .take(9)
            .map(|rows| {
                let inputs = match kind {
                    "sparse" => Inputs::Sparse { set: &set, rows },
                    _ => Inputs::Bytes { pixels: &pixels, rows },
                };
                let bottleneck = Bottleneck { layer: 1, noise: &noise[..rows.len() * 35], price: 0.1 };
                let targets = Targets::Bytes { pixels: &answers, rows };
                learner.step_through(inputs, targets, bottleneck).unwrap().to_bits()
            })
            .collect();
        (bits(learner.stack()), losses)
    };
    for kind in ["sparse", "bytes"] {
        let one = train(1, kind);
        for threads in [2, 3, 7] {
            assert!(train(threads, kind) == one, "{threads} threads, {kind}");
        }
    }
}

/// Each row keeps its noise, whichever lane it falls into.
#[test]
fn a_row_is_computed_alike_in_every_batch() {
    let mut rng = Rng(4);
    let stack = rng.stack(&[9, 6, 5, 9], &[Sigmoid, Relu, Linear]);
    let (x, noise) = (rng.values(40 * 9, 1.0), rng.values(40 * 5, 0.5));
    let of = |rows: std::ops::Range<usize>| {
        let x = &x[rows.start * 9..rows.end * 9];
        let bottleneck = Bottleneck { layer: 1, noise: &noise[rows.start * 5..rows.end * 5], price: 0.5 };
        let mut learner = learner(&stack, Loss::Mse, 40, 2);
        learner.gradients_through(Inputs::Dense(x), Targets::Dense(x), bottleneck).unwrap()
    };
    let (whole, gradients) = of(0..40);
    let alone: Vec<_> = (0..40).map(|row| of(row..row + 1)).collect();
    let mean = alone.iter().map(|(loss, _)| loss).sum::<f64>() / 40.0;
    assert!((whole - mean).abs() <= 1e-7 * mean, "{whole}, {mean}");
    for (layer, found) in gradients.iter().enumerate() {
        for (place, &found) in found.weight.iter().enumerate() {
            let mean = alone.iter().map(|(_, g)| f64::from(g[layer].weight[place])).sum::<f64>() / 40.0;
            assert!((f64::from(found) - mean).abs() <= 1e-6, "layer {layer}, {place}: {found}, {mean}");
        }
    }
}

#[test]
fn no_noise_and_no_price_are_no_bottleneck() {
    let mut rng = Rng(5);
    let stack = rng.stack(&[20, 70, 33, 20], &[Relu, Relu, Linear]);
    let x = rng.values(20 * 30, 1.0);
    let (inputs, targets) = (Inputs::Dense(&x), Targets::Dense(&x));
    let (mut plain, mut through) = (learner(&stack, Loss::Mse, 30, 2), learner(&stack, Loss::Mse, 30, 2));
    // Behind layers of different widths, with a noisy step's leavings in the buffers.
    let noise = rng.values(70 * 30, 0.5);
    through.gradients_through(inputs, targets, Bottleneck { layer: 0, noise: &noise, price: 0.1 }).unwrap();
    for layer in [1, 0, 1] {
        let noise = vec![0.0; 30 * stack.layers()[layer].outputs()];
        let silent = Bottleneck { layer, noise: &noise, price: 0.0 };
        let found = through.step_through(inputs, targets, silent).unwrap();
        assert_eq!(found, plain.step(inputs, targets).unwrap());
    }
    assert_eq!(bits(through.stack()), bits(plain.stack()));
    // And the hook leaves nothing behind for a step without it.
    through.gradients_through(inputs, targets, Bottleneck { layer: 0, noise: &noise, price: 0.1 }).unwrap();
    assert_eq!(through.step(inputs, targets).unwrap(), plain.step(inputs, targets).unwrap());
    assert_eq!(bits(through.stack()), bits(plain.stack()));
}

/// Two numbers of code for one number of data: one is enough, and the other has to be paid for.
#[test]
fn a_unit_that_does_not_pay_falls_silent() {
    let mut rng = Rng(6);
    let layer = |inputs, weight: Vec<f32>, outputs: usize| {
        Dense::new(inputs, weight, vec![0.0; outputs], Linear).unwrap()
    };
    let stack = Stack::new(&[layer(2, vec![2.0, 0.0, 0.0, 2.0], 2), layer(2, vec![0.5, 0.0, 0.0, 0.5], 2)]);
    let adam = Adam { learning_rate: 0.01, ..Adam::default() };
    let mut learner = Learner::new(stack.unwrap(), Loss::Mse, adam, 64, Team::new(1).unwrap()).unwrap();
    for _ in 0..1_500 {
        // The first value is worth storing, the second hardly moves.
        let x: Vec<f32> = (0..64).flat_map(|_| [4.0 * rng.signed(), 0.1 * rng.signed()]).collect();
        let noise = rng.values(2 * 64, 0.5);
        let bottleneck = Bottleneck { layer: 0, noise: &noise, price: 0.05 };
        learner.step_through(Inputs::Dense(&x), Targets::Dense(&x), bottleneck).unwrap();
    }
    let mut codes = [0.0; 4];
    let extremes = Inputs::Dense(&[4.0, 0.0, 0.0, 0.1]);
    learner.stack().forward(&Team::new(1).unwrap(), 0..1, extremes, &mut codes).unwrap();
    let spread = |unit: usize, row: usize| codes[2 * row + unit].abs();
    assert!(spread(0, 0) > 4.0, "the first number is kept to less than a step in eight: {codes:?}");
    assert!(spread(0, 1) < 0.25 && spread(1, 1) < 0.25, "the second is paid for: {codes:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let stack = Rng(1).stack(&[3, 2, 4], &[Relu, Linear]);
    let mut learner = learner(&stack, Loss::Mse, 16, 1);
    let (x, t) = ([0.5; 6], [0.5; 8]);
    let mut refused = |layer, noise: &[f32], price| {
        let bottleneck = Bottleneck { layer, noise, price };
        learner.step_through(Inputs::Dense(&x), Targets::Dense(&t), bottleneck).unwrap_err()
    };
    assert_eq!(refused(1, &[0.0; 8], 0.1), DenseError::BottleneckLayer { layer: 1, layers: 2 });
    assert_eq!(refused(usize::MAX, &[], 0.1), DenseError::BottleneckLayer { layer: usize::MAX, layers: 2 });
    for found in [0, 3, 5] {
        let noise = vec![0.0; found];
        assert_eq!(refused(0, &noise, 0.1), DenseError::Length { what: "noise", expected: 4, found });
    }
    for found in [-0.1, f32::INFINITY] {
        assert_eq!(refused(0, &[0.0; 4], found), DenseError::Price { found });
    }
    assert!(matches!(refused(0, &[0.0; 4], f32::NAN), DenseError::Price { found } if found.is_nan()));
    assert_eq!(bits(learner.stack()), bits(&stack));
    assert_eq!(learner.moments().steps, 0);
}

#[test]
fn noise_that_is_not_a_number_makes_the_loss_one_and_leaves_the_stack_alone() {
    let stack = Rng(2).stack(&[3, 2, 4], &[Relu, Linear]);
    let mut learner = learner(&stack, Loss::Mse, 2, 1);
    let bottleneck = Bottleneck { layer: 0, noise: &[0.0, f32::NAN, 0.0, 0.0], price: 0.1 };
    let loss = learner.step_through(Inputs::Dense(&[0.5; 6]), Targets::Dense(&[0.5; 8]), bottleneck);
    assert!(loss.unwrap().is_nan());
    assert_eq!(bits(learner.stack()), bits(&stack));
}
