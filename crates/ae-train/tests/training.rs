//! What training does to a model, on sets small enough to reason about.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use ae_data::{Samples, Shape, Split, Values};
use ae_net::{Description, Network, Outputs, Rows};
use ae_train::{EpochOrder, Event, History, TrainError, TrainParams};
use common::{KINDS, Kind, network, team, trainer};

/// `count` images of 4 x 4 pixels, each bright in one of its 16 places and grey in the next.
fn images(count: usize) -> Samples {
    let pixels: Vec<u8> = (0..count)
        .flat_map(|image| {
            (0..16).map(move |place| {
                [0, 255, 100][usize::from(place == image % 16) + 2 * usize::from(place == (image + 1) % 16)]
            })
        })
        .collect();
    Samples::new((4, 4), pixels).unwrap()
}

fn split(train: usize, test: usize) -> Split {
    Split { train: images(train), test: images(test) }
}

fn params(epochs: u64) -> TrainParams {
    TrainParams { epochs, batch_size: 3, learning_rate: 0.02, ..TrainParams::default() }
}

fn train(kind: Kind, model: &mut Network, split: &Split, params: TrainParams) -> Result<History, TrainError> {
    trainer(kind, model, split, params.check().unwrap(), team(1))?.train(&mut |_| {})
}

#[test]
fn eight_images_are_learned_by_heart() {
    for kind in KINDS {
        let split = split(8, 8);
        let mut model = network(16, &[], 8, 0);
        let history = train(kind, &mut model, &split, params(300)).unwrap();
        let baselines = history.baselines;
        // The mean image is what a model without a code could answer; most of the way from it to the
        // floor must be gone.
        let floor = baselines.entropy_floor_bce.unwrap();
        let left = (history.test.bce.unwrap() - floor) / (baselines.mean_image_bce.unwrap() - floor);
        assert!(left < 0.2, "{left} of the way to the floor is left: {history:?}");
        assert_eq!(history.train.bce, history.test.bce, "both sets hold the same images");
        assert_eq!(history.epochs.len(), 300);
        assert!(history.epochs[299].train_loss < history.epochs[0].train_loss);
    }
}

#[test]
fn values_of_any_size_are_learned_by_squared_error_in_both_engines() {
    // A line through three dimensions, far from [0, 1]: a code of one number says all.
    let rows = |count: usize| {
        let row = |at: usize| (at as f32 / 5.0 - 3.0, at);
        let values = (0..count).map(row).flat_map(|(t, at)| [2.0 * t, -t, t + 0.01 * (at % 2) as f32]);
        Samples::new(Shape::list(3), values.collect::<Vec<f32>>()).unwrap()
    };
    let split = Split { train: rows(30), test: rows(20) };
    for kind in KINDS {
        let description = Description::dense(3, &[8], 1).with_outputs(Outputs::Values);
        let mut model = Network::draw(&description, 1).unwrap();
        let before = model.evaluate(&team(1), image_rows(&split.test), image_rows(&split.test)).unwrap();
        let history = train(kind, &mut model, &split, params(200)).unwrap();
        assert_eq!((history.outputs, history.test.bce), (Outputs::Values, None));
        assert!(history.test.mse < 0.01 && history.test.mse < 0.01 * before.mse, "{history:?}");
        let last = history.last().unwrap();
        assert_eq!((last.test_loss, last.test_mse), (history.test.mse, history.test.mse));
        assert!(last.train_loss < history.epochs[0].train_loss);
        assert_eq!(history.baselines.mean_image_bce, None);
        assert!(history.baselines.mean_image_mse > 1.0);
        // Cross-entropy has no meaning for them, and a network of logits is told so.
        let mut logits = network(3, &[8], 1, 1);
        let refused = train(kind, &mut logits, &split, params(1)).unwrap_err().to_string();
        assert!(refused.contains("values from 0 to 1"), "{refused}");
    }
}

fn image_rows(set: &Samples) -> Rows<'_> {
    let Values::Floats(values) = set.values() else { panic!("these are floats") };
    Rows::values(values, set.width()).unwrap()
}

#[test]
fn the_mean_of_an_epoch_is_over_images_not_batches() {
    for kind in KINDS {
        // A learning rate this small leaves the weights where they are, so the mean over batches of 3 and
        // a last one of 2 must be the loss of the whole set.
        let split = split(8, 8);
        let mut model = network(16, &[], 8, 0);
        let history =
            train(kind, &mut model, &split, TrainParams { learning_rate: 1e-12, ..params(1) }).unwrap();
        let difference = (history.epochs[0].train_loss - history.train.bce.unwrap()).abs();
        assert!(difference < 1e-6, "{difference}");
    }
}

#[test]
fn a_seed_fixes_every_bit_of_a_run() {
    for kind in KINDS {
        let split = split(10, 4);
        let run = |seed| {
            let mut model = network(16, &[], 8, seed);
            let history = train(kind, &mut model, &split, TrainParams { seed, ..params(3) }).unwrap();
            (model.tensors(), history.epochs.iter().map(|row| row.train_loss.to_bits()).collect::<Vec<_>>())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1).0, run(2).0);
    }
}

#[test]
fn the_order_of_an_epoch_matters_and_is_the_one_asked_for() {
    for kind in KINDS {
        let split = split(10, 4);
        let run = |seed, order| {
            let mut model = network(16, &[], 8, 0);
            train(kind, &mut model, &split, TrainParams { seed, order, ..params(2) }).unwrap();
            model.tensors()
        };
        assert_eq!(run(1, EpochOrder::Sequential), run(2, EpochOrder::Sequential));
        assert_ne!(run(1, EpochOrder::Shuffled), run(2, EpochOrder::Shuffled));
        assert_ne!(run(1, EpochOrder::Shuffled), run(1, EpochOrder::Sequential));
    }
}

#[test]
fn a_caller_hears_of_every_step_and_epoch() {
    for kind in KINDS {
        let split = split(8, 4);
        let mut model = network(16, &[], 8, 0);
        let mut heard = Vec::new();
        trainer(kind, &mut model, &split, params(2).check().unwrap(), team(1))
            .unwrap()
            .train(&mut |event| match event {
                Event::Step { epoch, step, loss, train_loss } => {
                    assert!(loss > 0.0 && train_loss > 0.0);
                    heard.push((epoch, step));
                }
                Event::Epoch(record) => heard.push((record.epoch, 0)),
                _ => panic!("an event unknown to this test: {event:?}"),
            })
            .unwrap();
        assert_eq!(heard, [(1, 1), (1, 2), (1, 3), (1, 0), (2, 1), (2, 2), (2, 3), (2, 0)]);
    }
}

#[test]
fn a_loss_that_leaves_the_finite_numbers_stops_the_run() {
    for kind in KINDS {
        let split = split(8, 4);
        let mut model = network(16, &[], 8, 0);
        let error =
            train(kind, &mut model, &split, TrainParams { learning_rate: 1e38, ..params(5) }).unwrap_err();
        match error {
            TrainError::NonFinite { epoch, step, value, learning_rate } => {
                assert!(!value.is_finite());
                assert_eq!(learning_rate, 1e38);
                assert!(epoch == 1 && step > 1, "the first step's loss is still that of the initial weights");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn sets_that_the_model_cannot_take_are_refused() {
    for kind in KINDS {
        let mut model = network(16, &[], 8, 0);
        let empty = Split { train: images(0), test: images(4) };
        assert!(matches!(
            train(kind, &mut model, &empty, params(1)),
            Err(TrainError::Argument { what: "the training images", .. })
        ));
        let wide = Samples::new((4, 5), vec![0; 20]).unwrap();
        assert!(matches!(
            train(kind, &mut model, &Split { train: images(4), test: wide }, params(1)),
            Err(TrainError::Argument { what: "the test images", found, .. }) if found == "4 x 5"
        ));
    }
}

#[cfg(feature = "autodiff")]
#[test]
fn adam_is_dfdxs_adam_with_a_state_one_can_read() {
    use ae_model::dfdx::losses::binary_cross_entropy_with_logits_loss;
    use ae_model::dfdx::nn::ZeroGrads;
    use ae_model::dfdx::optim::{Adam, AdamConfig, Optimizer};
    use ae_model::dfdx::tensor::Trace;
    use ae_model::dfdx::tensor_ops::Backward;
    use ae_model::{Parameters, Shallow, batch};
    use ae_net::Rows;
    use ae_train::Trainer;

    let split = split(9, 9);
    let steps = 3;
    let config = TrainParams { order: EpochOrder::Sequential, ..params(10) };
    let mut ours = Shallow::<16, 8>::build(0).unwrap();
    let mut trainer = Trainer::autodiff(&mut ours, &split, config.check().unwrap(), team(1)).unwrap();
    trainer.train(&mut |_| {}).unwrap();
    let state = trainer.adam_state();
    drop(trainer);

    let mut theirs = Shallow::<16, 8>::build(0).unwrap();
    let mut adam = Adam::new(&theirs, AdamConfig { lr: 0.02, ..AdamConfig::default() });
    let mut gradients = theirs.alloc_grads();
    let pixels = Rows::bytes(split.train.bytes().unwrap(), 16).unwrap().to_values();
    for _ in 0..10 {
        for step in 0..steps {
            let x = batch(&pixels[step * 48..(step + 1) * 48]).unwrap();
            let logits = theirs.forward_logits(x.clone().traced(gradients)).unwrap();
            gradients = binary_cross_entropy_with_logits_loss(logits, x).backward();
            adam.update(&mut theirs, &gradients).unwrap();
            theirs.zero_grads(&mut gradients);
        }
    }

    for (ours, theirs) in ours.parameters().iter().zip(theirs.parameters()) {
        assert_eq!(ours.name, theirs.name);
        for (a, b) in ours.values.iter().zip(theirs.values) {
            // dfdx computes 1 - beta2^t in f32, which leaves up to 3e-5 of a step's length to chance;
            // these thirty steps are at most 0.6 long together.
            let within = (a - b).abs() <= 2e-5;
            assert!(within, "{}: ours {a}, dfdx's {b}", ours.name);
        }
    }
    assert_eq!(state.t, 30);
    let names: Vec<_> = state.moments.keys().map(String::as_str).collect();
    assert_eq!(names, ["decoder.0.bias", "decoder.0.weight", "encoder.0.bias", "encoder.0.weight"]);
    assert!(state.moments.values().all(|moments| moments.m.len() == moments.v.len()));
    assert!(state.moments["decoder.0.bias"].v.iter().all(|&v| v > 0.0));
}
