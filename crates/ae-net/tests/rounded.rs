//! Steps with a code that is to be rounded: the same bits for any team, nothing left behind, silence that pays.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::{
    Activation::{Linear, Relu, Sigmoid},
    Adam, Code, Dense, Learner, Loss, NetError, Rounded, Rows, SparseRows, Stack, Targets, Team,
};
use common::{Rng, bits};

fn learner(stack: &Stack, loss: Loss, batch: usize, threads: usize) -> Learner {
    Learner::new(stack.clone(), loss, Adam::default(), batch, Team::new(threads).unwrap()).unwrap()
}

fn rounded(layer: usize, noise: &[f32], price: f32) -> Code<'_> {
    Code::Rounded(Rounded { layer, noise, price })
}

/// Rows of `width` values as inputs, and as targets.
fn both(x: &[f32], width: usize) -> (Rows<'_>, Targets<'_>) {
    let rows = Rows::values(x, width).unwrap();
    (rows, Targets::Rows(rows))
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
                    "sparse" => Rows::sparse(&set),
                    _ => Rows::bytes(&pixels, 150).unwrap(),
                };
                let targets = Targets::Rows(Rows::bytes(&answers, 65).unwrap().pick(rows).unwrap());
                let code = rounded(1, &noise[..rows.len() * 35], 0.1);
                learner.step(inputs.pick(rows).unwrap(), targets, code).unwrap().to_bits()
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
        let code = rounded(1, &noise[rows.start * 5..rows.end * 5], 0.5);
        let mut learner = learner(&stack, Loss::Mse, 40, 2);
        let (inputs, targets) = both(x, 9);
        learner.gradients(inputs, targets, code).unwrap()
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
fn no_noise_and_no_price_are_a_plain_code() {
    let mut rng = Rng(5);
    let stack = rng.stack(&[20, 70, 33, 20], &[Relu, Relu, Linear]);
    let x = rng.values(20 * 30, 1.0);
    let (inputs, targets) = both(&x, 20);
    let (mut plain, mut through) = (learner(&stack, Loss::Mse, 30, 2), learner(&stack, Loss::Mse, 30, 2));
    // Behind layers of different widths, with a noisy step's leavings in the buffers.
    let noise = rng.values(70 * 30, 0.5);
    through.gradients(inputs, targets, rounded(0, &noise, 0.1)).unwrap();
    for layer in [1, 0, 1] {
        let noise = vec![0.0; 30 * stack.layers()[layer].outputs()];
        let found = through.step(inputs, targets, rounded(layer, &noise, 0.0)).unwrap();
        assert_eq!(found, plain.step(inputs, targets, Code::Plain).unwrap());
    }
    assert_eq!(bits(through.stack()), bits(plain.stack()));
    // And the hook leaves nothing behind for a step without it.
    through.gradients(inputs, targets, rounded(0, &noise, 0.1)).unwrap();
    let of_plain = plain.step(inputs, targets, Code::Plain).unwrap();
    assert_eq!(through.step(inputs, targets, Code::Plain).unwrap(), of_plain);
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
        let (inputs, targets) = both(&x, 2);
        learner.step(inputs, targets, rounded(0, &noise, 0.05)).unwrap();
    }
    let mut codes = [0.0; 4];
    let extremes = Rows::values(&[4.0, 0.0, 0.0, 0.1], 2).unwrap();
    let encoder = Stack::new(&learner.stack().layers()[..1]).unwrap();
    encoder.forward(&Team::new(1).unwrap(), extremes, &mut codes).unwrap();
    let spread = |unit: usize, row: usize| codes[2 * row + unit].abs();
    assert!(spread(0, 0) > 4.0, "the first number is kept to less than a step in eight: {codes:?}");
    assert!(spread(0, 1) < 0.25 && spread(1, 1) < 0.25, "the second is paid for: {codes:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let stack = Rng(1).stack(&[3, 2, 4], &[Relu, Linear]);
    let mut learner = learner(&stack, Loss::Mse, 16, 1);
    let (x, t) = ([0.5; 6], [0.5; 8]);
    let (inputs, targets) = (Rows::values(&x, 3).unwrap(), Targets::Rows(Rows::values(&t, 4).unwrap()));
    let mut refused = |layer, noise: &[f32], price| match learner
        .step(inputs, targets, rounded(layer, noise, price))
        .unwrap_err()
    {
        NetError::Argument { what, found, .. } => (what, found),
        other => panic!("{other}"),
    };
    assert_eq!(refused(1, &[0.0; 8], 0.1), ("the code's layer", "1".to_owned()));
    assert_eq!(refused(usize::MAX, &[], 0.1), ("the code's layer", usize::MAX.to_string()));
    for found in [0, 3, 5] {
        assert_eq!(refused(0, &vec![0.0; found], 0.1), ("noise", found.to_string()));
    }
    for found in [-0.1, f32::INFINITY, f32::NAN] {
        assert_eq!(refused(0, &[0.0; 4], found), ("the price of a bit", found.to_string()));
    }
    assert_eq!(bits(learner.stack()), bits(&stack));
    assert_eq!(learner.moments().steps, 0);
}

#[test]
fn noise_that_is_not_a_number_makes_the_loss_one_and_leaves_the_stack_alone() {
    let stack = Rng(2).stack(&[3, 2, 4], &[Relu, Linear]);
    let mut learner = learner(&stack, Loss::Mse, 2, 1);
    let (inputs, targets) = (Rows::values(&[0.5; 6], 3).unwrap(), Rows::values(&[0.5; 8], 4).unwrap());
    let code = rounded(0, &[0.0, f32::NAN, 0.0, 0.0], 0.1);
    let loss = learner.step(inputs, Targets::Rows(targets), code);
    assert!(loss.unwrap().is_nan());
    assert_eq!(bits(learner.stack()), bits(&stack));
}
