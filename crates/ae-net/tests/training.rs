//! Steps: Adam against the plain reference, the same bits for any team, moments that come back.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::{
    Activation::{Linear, Relu, Sigmoid},
    Adam, Code, Dense, LayerValues, Learner, Loss, Rows, SparseRows, Stack, Targets, Team, reference,
};
use common::{Rng, bits};

/// Rows of `width` values as inputs, and as targets.
fn both(x: &[f32], width: usize) -> (Rows<'_>, Targets<'_>) {
    let rows = Rows::values(x, width).unwrap();
    (rows, Targets::Rows(rows))
}

/// `y = w + b` with `x = 1` and the squared error against a target that never rests: the gradient depends on
/// all updates before it, so every step of the trajectory tests them.
#[test]
fn adam_follows_the_reference() {
    let adam = Adam { learning_rate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
    let layer = Dense::new(1, vec![1.5], vec![0.0], Linear).unwrap();
    let stack = Stack::new(&[layer]).unwrap();
    let mut learner = Learner::new(stack, Loss::Mse, adam, 1, Team::new(1).unwrap()).unwrap();
    // Weight and bias see the same gradient from different starts.
    let (mut w, mut m, mut v) = ([1.5, 0.0f64], [0.0; 2], [0.0; 2]);
    for t in 1..=300 {
        let target = (t % 7) as f32;
        let g = 2.0 * (w[0] + w[1] - f64::from(target));
        reference::adam_step(&adam, t, &[g, g], &mut w, &mut m, &mut v);
        let (x, y) = ([1.0], [target]);
        learner.step(both(&x, 1).0, both(&y, 1).1, Code::Plain).unwrap();
        let layer = learner.stack().layers().remove(0);
        let moments = learner.moments();
        assert_eq!(moments.steps, t as u64);
        for (found, expected) in [
            (layer.weight()[0], w[0]),
            (layer.bias()[0], w[1]),
            (moments.first[0].weight[0], m[0]),
            (moments.second[0].bias[0], v[1]),
        ] {
            let within = (f64::from(found) - expected).abs() <= 2e-5 + 1e-4 * expected.abs();
            assert!(within, "step {t}: {found}, expected {expected}");
        }
    }
}

/// The very first step moves every parameter by the learning rate against its gradient's sign.
#[test]
fn the_first_step_is_as_long_as_the_learning_rate() {
    let mut rng = Rng(3);
    let stack = rng.stack(&[20, 7, 40], &[Sigmoid, Linear]);
    let (x, t) = (rng.values(20 * 30, 1.0), rng.values(40 * 30, 1.0));
    let (inputs, targets) = (both(&x, 20).0, both(&t, 40).1);
    let mut learner =
        Learner::new(stack.clone(), Loss::Mse, Adam::default(), 30, Team::new(1).unwrap()).unwrap();
    let (before, gradients) = learner.gradients(inputs, targets, Code::Plain).unwrap();
    assert_eq!(learner.step(inputs, targets, Code::Plain).unwrap(), before);
    let mut seen = 0;
    for ((old, new), gradient) in stack.layers().iter().zip(learner.stack().layers()).zip(gradients) {
        for ((old, new), g) in old.weight().iter().zip(new.weight()).zip(gradient.weight) {
            let expected = -1e-3 * g / (g.abs() + 1e-8);
            assert!((new - old - expected).abs() < 1e-6, "{g}: {old} to {new}");
            seen += 1;
        }
    }
    assert_eq!(seen, 20 * 7 + 7 * 40);
}

/// Weights and moments after a few steps, the last on a short batch.
fn train(team: &Team, sparse: bool) -> (Vec<u32>, Vec<u64>, Vec<LayerValues>) {
    let mut rng = Rng(11);
    let stack = rng.stack(&[150, 40, 3, 65], &[Relu, Linear, Linear]);
    let (pixels, answers) = (rng.bytes(200 * 150), rng.bytes(200 * 65));
    let set = SparseRows::from_bytes(&pixels, 150).unwrap();
    let mut learner = Learner::new(stack, Loss::BceWithLogits, Adam::default(), 70, team.clone()).unwrap();
    let order: Vec<u32> = (0..200).map(|i| i * 37 % 200).collect();
    let losses = team.enter(|| {
        let mut losses = Vec::new();
        for _ in 0..16 {
            for rows in order.chunks(70) {
                let inputs = if sparse { Rows::sparse(&set) } else { Rows::bytes(&pixels, 150).unwrap() };
                let targets = Targets::Rows(Rows::bytes(&answers, 65).unwrap().pick(rows).unwrap());
                let loss = learner.step(inputs.pick(rows).unwrap(), targets, Code::Plain).unwrap();
                losses.push(loss.to_bits());
            }
        }
        losses
    });
    let moments = learner.moments();
    (bits(learner.stack()), losses, [moments.first, moments.second].concat())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for sparse in [false, true] {
        let one = train(&Team::new(1).unwrap(), sparse);
        for threads in [2, 3, 7, 16] {
            // The second team changes the number as it goes.
            for team in [Team::new(threads).unwrap(), Team::up_to(threads).unwrap()] {
                assert!(train(&team, sparse) == one, "{team}, sparse {sparse}");
            }
        }
    }
}

/// The buffers of a longer batch before leave no trace.
#[test]
fn a_short_batch_after_a_long_one_counts_only_its_own_rows() {
    let mut rng = Rng(8);
    let stack = rng.stack(&[20, 6, 20], &[Relu, Linear]);
    let x = rng.values(20 * 50, 1.0);
    let gradients_of = |learner: &mut Learner, rows: usize| {
        let (inputs, targets) = both(&x[..rows * 20], 20);
        learner.gradients(inputs, targets, Code::Plain).unwrap()
    };
    let learner =
        || Learner::new(stack.clone(), Loss::Mse, Adam::default(), 50, Team::new(2).unwrap()).unwrap();
    let mut used = learner();
    gradients_of(&mut used, 50);
    for rows in [33, 17, 5, 1] {
        assert!(gradients_of(&mut used, rows) == gradients_of(&mut learner(), rows), "{rows} rows");
    }
}

#[test]
fn training_learns() {
    let (_, losses, _) = train(&Team::new(1).unwrap(), true);
    assert!(f64::from_bits(losses[9]) < f64::from_bits(losses[0]));
}

#[test]
fn a_learner_goes_on_from_anothers_layers_and_moments() {
    let mut rng = Rng(21);
    let stack = rng.stack(&[30, 5, 30], &[Relu, Linear]);
    let x = rng.values(30 * 20, 1.0);
    let (inputs, targets) = both(&x, 30);
    let learner = |stack| Learner::new(stack, Loss::Mse, Adam::default(), 20, Team::new(1).unwrap()).unwrap();
    let mut whole = learner(stack.clone());
    let mut first = learner(stack.clone());
    for _ in 0..5 {
        whole.step(inputs, targets, Code::Plain).unwrap();
        first.step(inputs, targets, Code::Plain).unwrap();
    }
    let mut second = learner(stack);
    second.set_layers(&first.stack().layers()).unwrap();
    second.set_moments(&first.moments()).unwrap();
    for _ in 0..5 {
        whole.step(inputs, targets, Code::Plain).unwrap();
        second.step(inputs, targets, Code::Plain).unwrap();
    }
    assert_eq!(bits(second.stack()), bits(whole.stack()));
    assert_eq!(second.moments(), whole.moments());
}
