//! Every refusal: what is asked, what comes back, and that nothing has changed.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_dense::{
    Activation::{Linear, Relu},
    Adam, Dense, DenseError, Inputs, LayerValues, Learner, Loss, Moments, SparseRows, Stack, Targets, Team,
};
use common::{Rng, bits};

fn team() -> Team {
    Team::new(1).unwrap()
}

fn stack() -> Stack {
    Rng(1).stack(&[3, 2, 4], &[Relu, Linear])
}

fn learner(loss: Loss) -> Learner {
    Learner::new(stack(), loss, Adam::default(), 16, team()).unwrap()
}

#[test]
fn layers() {
    assert_eq!(
        Dense::new(0, vec![], vec![1.0], Linear),
        Err(DenseError::EmptyLayer { inputs: 0, outputs: 1 })
    );
    assert_eq!(Dense::new(2, vec![], vec![], Linear), Err(DenseError::EmptyLayer { inputs: 2, outputs: 0 }));
    assert_eq!(
        Dense::new(2, vec![1.0], vec![1.0], Linear),
        Err(DenseError::Length { what: "weight", expected: 2, found: 1 })
    );
    assert_eq!(Stack::new(&[]).unwrap_err(), DenseError::EmptyStack);
    let layer = Dense::new(2, vec![1.0; 6], vec![0.0; 3], Linear).unwrap();
    assert_eq!(
        Stack::new(&[layer.clone(), layer]).unwrap_err(),
        DenseError::LayersDoNotMeet { layer: 1, inputs: 2, outputs: 3 }
    );
}

#[test]
fn settings() {
    for (adam, name, value) in [
        (Adam { learning_rate: 0.0, ..Adam::default() }, "learning rate", 0.0),
        (Adam { learning_rate: f32::INFINITY, ..Adam::default() }, "learning rate", f32::INFINITY),
        (Adam { beta1: 1.0, ..Adam::default() }, "beta1", 1.0),
        (Adam { beta2: -0.1, ..Adam::default() }, "beta2", -0.1),
        (Adam { epsilon: -1.0, ..Adam::default() }, "epsilon", -1.0),
    ] {
        match Learner::new(stack(), Loss::Mse, adam, 1, team()).err() {
            Some(DenseError::Hyperparameter { name: n, value: v, .. }) => assert_eq!((n, v), (name, value)),
            other => panic!("{adam:?}: {other:?}"),
        }
    }
    assert!(
        Learner::new(stack(), Loss::Mse, Adam { beta1: f32::NAN, ..Adam::default() }, 1, team()).is_err()
    );
    assert_eq!(
        Learner::new(stack(), Loss::Mse, Adam::default(), 0, team()).err(),
        Some(DenseError::EmptyBatch)
    );
}

#[test]
fn batches() {
    let set = SparseRows::from_bytes(&[1; 8], 4).unwrap();
    let fitting = SparseRows::from_bytes(&[1; 6], 3).unwrap();
    let (x, t) = ([0.5; 6], [0.5; 8]);
    let values = Targets::Dense(&t);
    let labels = [0, 3, 4];
    let (long_x, long_t) = ([0.5; 17 * 3], [0.5; 17 * 4]);
    let bce = Loss::BceWithLogits;
    let cases = [
        (bce, Inputs::Dense(&x[..5]), values, DenseError::PartialRow { what: "inputs", width: 3, found: 5 }),
        (
            bce,
            Inputs::Bytes { pixels: &[0; 7], rows: &[0] },
            values,
            DenseError::PartialRow { what: "inputs", width: 3, found: 7 },
        ),
        (
            bce,
            Inputs::Bytes { pixels: &[0; 6], rows: &[0, 2] },
            values,
            DenseError::RowOutOfRange { what: "inputs", row: 2, rows: 2 },
        ),
        (
            bce,
            Inputs::Sparse { set: &set, rows: &[0, 1] },
            values,
            DenseError::Width { what: "inputs", expected: 3, found: 4 },
        ),
        (
            bce,
            Inputs::Sparse { set: &fitting, rows: &[u32::MAX] },
            values,
            DenseError::RowOutOfRange { what: "inputs", row: u32::MAX as usize, rows: 2 },
        ),
        (
            bce,
            Inputs::Dense(&x),
            Targets::Dense(&t[..7]),
            DenseError::PartialRow { what: "targets", width: 4, found: 7 },
        ),
        (
            bce,
            Inputs::Dense(&x),
            Targets::Bytes { pixels: &[0; 8], rows: &[0, 5] },
            DenseError::RowOutOfRange { what: "targets", row: 5, rows: 2 },
        ),
        (bce, Inputs::Dense(&x), Targets::Dense(&t[..4]), DenseError::RowCounts { inputs: 2, targets: 1 }),
        (bce, Inputs::Dense(&[]), Targets::Dense(&[]), DenseError::EmptyBatch),
        (
            bce,
            Inputs::Dense(&long_x),
            Targets::Dense(&long_t),
            DenseError::BatchTooLarge { rows: 17, max_batch: 16 },
        ),
        (
            bce,
            Inputs::Dense(&x),
            Targets::Classes { labels: &labels, rows: &[0, 1] },
            DenseError::TargetKind { expected: "values", found: "classes" },
        ),
        (
            Loss::SoftmaxCrossEntropy,
            Inputs::Dense(&x),
            values,
            DenseError::TargetKind { expected: "classes", found: "values" },
        ),
        (
            Loss::SoftmaxCrossEntropy,
            Inputs::Dense(&x),
            Targets::Classes { labels: &labels, rows: &[1, 2] },
            DenseError::ClassOutOfRange { row: 1, class: 4, classes: 4 },
        ),
        (
            Loss::SoftmaxCrossEntropy,
            Inputs::Dense(&x),
            Targets::Classes { labels: &labels, rows: &[1, 3] },
            DenseError::RowOutOfRange { what: "targets", row: 3, rows: 3 },
        ),
    ];
    for (loss, inputs, targets, expected) in cases {
        let mut learner = learner(loss);
        let before = bits(learner.stack());
        assert_eq!(learner.step(inputs, targets).unwrap_err(), expected);
        assert_eq!(learner.gradients(inputs, targets).unwrap_err(), expected);
        assert_eq!(bits(learner.stack()), before);
        assert_eq!(learner.moments().steps, 0);
        if !matches!(expected, DenseError::BatchTooLarge { .. }) {
            assert_eq!(stack().loss(&team(), loss, inputs, targets).unwrap_err(), expected);
        }
    }
}

#[test]
fn forward() {
    let stack = stack();
    let refused = |layers, inputs, out: &mut [f32]| stack.forward(&team(), layers, inputs, out).unwrap_err();
    let x = Inputs::Dense(&[0.5; 6]);
    let range = |start, end| DenseError::LayerRange { start, end, layers: 2 };
    assert_eq!(refused(1..3, x, &mut [0.0; 8]), range(1, 3));
    assert_eq!(refused(1..1, x, &mut [0.0; 8]), range(1, 1));
    #[allow(clippy::reversed_empty_ranges, reason = "that is what must be refused")]
    let reversed = 2..1;
    assert_eq!(refused(reversed, x, &mut [0.0; 8]), range(2, 1));
    assert_eq!(
        refused(0..2, x, &mut [0.0; 7]),
        DenseError::Length { what: "outputs", expected: 8, found: 7 }
    );
    assert_eq!(
        refused(1..2, Inputs::Dense(&[0.5; 3]), &mut [0.0; 4]),
        DenseError::PartialRow { what: "inputs", width: 2, found: 3 }
    );
}

#[test]
fn layers_of_other_shapes_change_nothing() {
    let mut learner = learner(Loss::Mse);
    let good = learner.stack().layers();
    let (inputs, outputs) = (good[0].inputs(), good[0].outputs());
    let turned =
        Dense::new(outputs, vec![1.0; inputs * outputs], vec![0.0; inputs], good[0].activation()).unwrap();
    assert_eq!(
        learner.set_layers(&[turned, good[1].clone()]),
        Err(DenseError::Length { what: "bias", expected: outputs, found: inputs })
    );
    assert_eq!(
        learner.set_layers(&good[..1]),
        Err(DenseError::Length { what: "layers", expected: 2, found: 1 })
    );
    assert_eq!(learner.stack().layers(), good);
}

#[test]
fn moments_of_other_shapes_change_nothing() {
    let mut learner = learner(Loss::Mse);
    let good = learner.moments();
    let mut short = good.clone();
    short.second[1].bias.pop();
    assert_eq!(learner.set_moments(&short), Err(DenseError::Length { what: "bias", expected: 4, found: 3 }));
    let none = Moments { steps: 9, first: Vec::<LayerValues>::new(), second: vec![] };
    assert_eq!(learner.set_moments(&none), Err(DenseError::Length { what: "layers", expected: 2, found: 0 }));
    assert_eq!(learner.moments(), good);
}
