//! Every refusal: what is asked, what comes back, and that nothing has changed.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::{
    Activation::{Linear, Relu},
    Adam, Code, Dense, LayerValues, Learner, Loss, Moments, NetError, Network, Outputs, Rows, SparseRows,
    Stack, Targets, Team, to_bytes,
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

fn text<T>(result: Result<T, NetError>) -> String {
    result.err().expect("it is refused").to_string()
}

#[test]
fn layers() {
    let dense = |inputs, weight: &[f32], bias: &[f32]| Dense::new(inputs, weight.into(), bias.into(), Linear);
    assert_eq!(text(dense(0, &[], &[1.0])), "a layer: expected inputs and outputs, found 0 and 1");
    assert_eq!(text(dense(2, &[], &[])), "a layer: expected inputs and outputs, found 2 and 0");
    assert_eq!(text(dense(2, &[1.0], &[1.0])), "weight: expected 2 values, found 1");
    assert_eq!(text(Stack::new(&[])), "a stack: expected layers, found none");
    let layer = dense(2, &[1.0; 6], &[0.0; 3]).unwrap();
    assert_eq!(
        text(Stack::new(&[layer.clone(), layer.clone()])),
        "a layer's inputs: expected 3, found layer 1 with 2"
    );
    let back = dense(3, &[1.0; 6], &[0.0; 2]).unwrap();
    let network = |encoder: &Dense, decoder: &Dense| {
        Network::new(std::slice::from_ref(encoder), std::slice::from_ref(decoder), Outputs::Logits)
    };
    assert!(network(&layer, &back).is_ok());
    assert_eq!(text(network(&layer, &layer)), "the decoder's code: expected 3, found 2");
    let wide = dense(3, &[1.0; 12], &[0.0; 4]).unwrap();
    assert_eq!(text(network(&layer, &wide)), "the decoder's outputs: expected 2, found 4");
}

#[test]
fn settings() {
    for (adam, name, value) in [
        (Adam { learning_rate: 0.0, ..Adam::default() }, "Adam's learning rate", 0.0),
        (Adam { learning_rate: f32::INFINITY, ..Adam::default() }, "Adam's learning rate", f32::INFINITY),
        (Adam { beta1: 1.0, ..Adam::default() }, "Adam's beta1", 1.0),
        (Adam { beta1: f32::NAN, ..Adam::default() }, "Adam's beta1", f32::NAN),
        (Adam { beta2: -0.1, ..Adam::default() }, "Adam's beta2", -0.1),
        (Adam { epsilon: -1.0, ..Adam::default() }, "Adam's epsilon", -1.0),
    ] {
        match Learner::new(stack(), Loss::Mse, adam, 1, team()).err() {
            Some(NetError::Argument { what, found, .. }) => {
                assert_eq!((what, found), (name, value.to_string()));
            }
            other => panic!("{adam:?}: {other:?}"),
        }
    }
    assert_eq!(
        text(Learner::new(stack(), Loss::Mse, Adam::default(), 0, team())),
        "rows of a batch: expected at least 1, found 0"
    );
}

#[test]
fn rows() {
    assert_eq!(text(Rows::values(&[0.5; 5], 3)), "rows: expected whole rows of 3 values, found 5");
    assert_eq!(text(Rows::bytes(&[0; 7], 3)), "rows: expected whole rows of 3 values, found 7");
    assert_eq!(text(Rows::bytes(&[], 0)), "rows: expected whole rows of 0 values, found 0");
    let bytes = Rows::bytes(&[0; 6], 3).unwrap();
    assert_eq!(text(bytes.pick(&[0, 2])), "a row: expected one of 2, found number 2");
    assert!(bytes.pick(&[u32::MAX]).is_err());
    let set = SparseRows::from_bytes(&[1; 6], 3).unwrap();
    assert!(Rows::sparse(&set).pick(&[2]).is_err() && Rows::sparse(&set).pick(&[1, 1, 0]).is_ok());
    // Places are counted in the whole set.
    assert!(bytes.pick(&[1]).unwrap().pick(&[0]).is_err());
    assert!(bytes.chunks(1).nth(1).unwrap().pick(&[0]).is_err());
    let values = [0.0, 1.0, f32::NAN, 3.0];
    let rows = Rows::values(&values, 2).unwrap();
    assert_eq!(
        text(rows.require_finite("codes")),
        "codes: expected finite numbers, found NaN in row 1, column 0"
    );
    assert!(rows.pick(&[0, 0]).unwrap().require_finite("codes").is_ok());
    assert_eq!(
        text(to_bytes(&[0.0, 0.0, 1.0, f32::INFINITY], 2, 10)),
        "images: expected finite brightness, found image 11 with inf"
    );
}

#[test]
fn batches() {
    let set = SparseRows::from_bytes(&[1; 8], 4).unwrap();
    let (x, t, long_x, long_t) = ([0.5; 6], [0.5; 8], [0.5; 17 * 3], [0.5; 17 * 4]);
    let inputs = Rows::values(&x, 3).unwrap();
    let target_rows = Rows::values(&t, 4).unwrap();
    let targets = Targets::Rows(target_rows);
    let labels = [0, 3, 4];
    let classes = |rows| Targets::Classes { labels: &labels, rows };
    let (bce, softmax) = (Loss::BceWithLogits, Loss::SoftmaxCrossEntropy);
    let cases = [
        (bce, Rows::sparse(&set), targets, "inputs: expected rows of 3, found rows of 4"),
        (bce, inputs, Targets::Rows(inputs), "targets: expected rows of 4, found rows of 3"),
        (
            bce,
            inputs,
            Targets::Rows(Rows::sparse(&set)),
            "targets: expected values or bytes, found lists of bytes",
        ),
        (bce, inputs, Targets::Rows(target_rows.pick(&[0]).unwrap()), "rows of targets: expected 2, found 1"),
        (
            bce,
            inputs.pick(&[]).unwrap(),
            Targets::Rows(target_rows.pick(&[]).unwrap()),
            "rows of a batch: expected at least 1, found 0",
        ),
        (bce, inputs, classes(&[0, 1]), "targets of this loss: expected values, found classes"),
        (softmax, inputs, targets, "targets of this loss: expected classes, found values"),
        (softmax, inputs, classes(&[1, 2]), "a label: expected one below 4, found 4 in row 2"),
        (softmax, inputs, classes(&[1, 3]), "a label: expected one of 3, found number 3"),
        (
            bce,
            Rows::values(&long_x, 3).unwrap(),
            Targets::Rows(Rows::values(&long_t, 4).unwrap()),
            "rows of a batch: expected at most 16, found 17",
        ),
    ];
    for (loss, inputs, targets, expected) in cases {
        let mut learner = learner(loss);
        let before = bits(learner.stack());
        assert_eq!(text(learner.step(inputs, targets, Code::Plain)), expected);
        assert_eq!(text(learner.gradients(inputs, targets, Code::Plain)), expected);
        assert_eq!(bits(learner.stack()), before);
        assert_eq!(learner.moments().steps, 0);
        if !expected.contains("at most") {
            assert_eq!(text(stack().loss(&team(), loss, inputs, targets)), expected);
        }
    }
}

#[test]
fn forward() {
    let refused = |inputs, out: &mut [f32]| text(stack().forward(&team(), inputs, out));
    let x = [0.5; 6];
    assert_eq!(refused(Rows::values(&x, 3).unwrap(), &mut [0.0; 7]), "outputs: expected 8 values, found 7");
    assert_eq!(
        refused(Rows::values(&x, 2).unwrap(), &mut [0.0; 12]),
        "inputs: expected rows of 3, found rows of 2"
    );
}

#[test]
fn layers_of_other_shapes_change_nothing() {
    let mut learner = learner(Loss::Mse);
    let good = learner.stack().layers();
    let (inputs, outputs) = (good[0].inputs(), good[0].outputs());
    let turned =
        Dense::new(outputs, vec![1.0; inputs * outputs], vec![0.0; inputs], good[0].activation()).unwrap();
    assert_eq!(text(learner.set_layers(&[turned, good[1].clone()])), "bias: expected 2 values, found 3");
    assert_eq!(text(learner.set_layers(&good[..1])), "layers: expected 2, found 1");
    assert_eq!(learner.stack().layers(), good);
}

#[test]
fn moments_of_other_shapes_change_nothing() {
    let mut learner = learner(Loss::Mse);
    let good = learner.moments();
    let mut short = good.clone();
    short.second[1].bias.pop();
    assert_eq!(text(learner.set_moments(&short)), "bias: expected 4 values, found 3");
    let none = Moments { steps: 9, first: Vec::<LayerValues>::new(), second: vec![] };
    assert_eq!(text(learner.set_moments(&none)), "layers: expected 2, found 0");
    assert_eq!(learner.moments(), good);
}
