//! A model's dense layers and tensors: shown in order, taken back whole or not at all.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use ae_dense::{Activation, Dense};
use ae_model::dfdx::nn::modules::Sigmoid;
use ae_model::{
    Autoencoder, AutoencoderStack, Deep, Deeper, DenseStack, Linear, ModelError, NamedTensor, Parameters,
    Shallow,
};
use proptest::prelude::*;

type Small = Deep<6, 5, 4, 2>;

fn small(seed: u64) -> Small {
    Small::build(seed).unwrap()
}

#[test]
fn layers_come_first_to_last_with_their_activations_folded_in() {
    let model = small(0);
    let layers = model.layers();
    let found: Vec<_> = layers.iter().map(|l| (l.inputs(), l.outputs(), l.activation())).collect();
    use Activation::{Linear, Relu};
    let expected = [(6, 5, Relu), (5, 4, Relu), (4, 2, Linear), (2, 4, Relu), (4, 5, Relu), (5, 6, Linear)];
    assert_eq!(found, expected);
    assert_eq!(model.encoder_layers(), 3);
    for (layer, tensors) in layers.iter().zip(model.parameters().chunks_exact(2)) {
        assert_eq!((layer.weight(), layer.bias()), (&tensors[0].values[..], &tensors[1].values[..]));
    }
}

#[test]
fn four_layers_a_side_show_and_take_all_of_them() {
    type Four = Deeper<7, 6, 5, 4, 3>;
    let (mut model, other) = (Four::build(0).unwrap(), Four::build(1).unwrap());
    let layers = other.layers();
    let found: Vec<_> = layers.iter().map(|l| (l.inputs(), l.outputs(), l.activation())).collect();
    use Activation::{Linear, Relu};
    let encoder = [(7, 6, Relu), (6, 5, Relu), (5, 4, Relu), (4, 3, Linear)];
    let decoder = [(3, 4, Relu), (4, 5, Relu), (5, 6, Relu), (6, 7, Linear)];
    assert_eq!(found, [encoder, decoder].concat());
    assert_eq!(model.encoder_layers(), 4);
    model.set_layers(&layers).unwrap();
    assert_eq!(model.parameters(), other.parameters());

    let before = model.parameters();
    let mut wrong = Four::build(2).unwrap().layers();
    wrong[3] = dense(4, 3, Relu);
    assert!(matches!(model.set_layers(&wrong), Err(ModelError::Layer { index: 3, .. })));
    assert!(matches!(
        model.encoder.set_layers(&wrong[..3]),
        Err(ModelError::LayerCount { expected: 4, found: 3 })
    ));
    assert_eq!(model.parameters(), before);
}

#[test]
fn the_code_of_shallow_is_behind_a_relu_and_a_sigmoid_is_folded_too() {
    let layers = Shallow::<6, 3>::build(0).unwrap().layers();
    assert_eq!(layers[0].activation(), Activation::Relu);
    assert_eq!(layers[1].activation(), Activation::Linear);
    type Squashed = Autoencoder<(Linear<6, 3>,), (Linear<3, 6>, Sigmoid)>;
    assert_eq!(Squashed::build(0).unwrap().layers()[1].activation(), Activation::Sigmoid);
}

#[test]
fn stacks_can_be_handled_without_their_type() {
    let mut stacks: Vec<Box<dyn AutoencoderStack>> =
        vec![Box::new(Shallow::<6, 3>::build(0).unwrap()), Box::new(small(0))];
    for stack in &mut stacks {
        let layers = stack.layers();
        assert_eq!(layers[stack.encoder_layers()].inputs(), layers[stack.encoder_layers() - 1].outputs());
        stack.set_layers(&layers).unwrap();
    }
}

#[test]
fn layers_of_another_model_make_it_that_model() {
    let (mut model, other) = (small(0), small(1));
    assert_ne!(model.identity(), other.identity());
    model.set_layers(&other.layers()).unwrap();
    assert_eq!(model.parameters(), other.parameters());
}

#[test]
fn a_copy_of_a_model_keeps_its_weights_when_the_model_gets_others() {
    let mut model = small(0);
    let copy = model.clone();
    model.set_layers(&small(1).layers()).unwrap();
    assert_eq!(copy.parameters(), small(0).parameters());
}

fn dense(inputs: usize, outputs: usize, activation: Activation) -> Dense {
    Dense::new(inputs, vec![0.5; inputs * outputs], vec![0.5; outputs], activation).unwrap()
}

/// Each is wrong in its last layer alone, so that all before it would have been taken over already.
#[test]
fn layers_that_do_not_fit_are_refused_and_leave_the_model_as_it_was() {
    let before = small(0).parameters();
    let refuse = |change: &dyn Fn(&mut Vec<Dense>), fits: &dyn Fn(&ModelError) -> bool| {
        let mut model = small(0);
        let mut layers = small(1).layers();
        change(&mut layers);
        let error = model.set_layers(&layers).unwrap_err();
        assert!(fits(&error), "{error}");
        assert_eq!(model.parameters(), before, "{error}");
    };
    use Activation::{Linear, Relu};
    refuse(&|l| drop(l.pop()), &|e| matches!(e, ModelError::LayerCount { expected: 6, found: 5 }));
    refuse(&|l| l.push(dense(6, 6, Linear)), &|e| {
        matches!(e, ModelError::LayerCount { expected: 6, found: 7 })
    });
    for wrong in [dense(4, 6, Linear), dense(5, 7, Linear), dense(6, 5, Linear), dense(5, 6, Relu)] {
        refuse(&|l| l[5] = wrong.clone(), &|e| matches!(e, ModelError::Layer { index: 5, .. }));
    }
    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut weight = vec![0.5; 30];
        weight[17] = poison;
        let layer = Dense::new(5, weight, vec![0.5; 6], Linear).unwrap();
        refuse(
            &|l| l[5] = layer.clone(),
            &|e| matches!(e, ModelError::NotFinite { name, index: 17, .. } if name == "5.weight"),
        );
        let layer = Dense::new(5, vec![0.5; 30], vec![0.5, 0.5, 0.5, 0.5, 0.5, poison], Linear).unwrap();
        refuse(
            &|l| l[5] = layer.clone(),
            &|e| matches!(e, ModelError::NotFinite { name, index: 5, .. } if name == "5.bias"),
        );
    }
}

#[test]
fn tensors_are_taken_over_in_any_order() {
    let mut model = small(0);
    let mut tensors = small(1).parameters();
    tensors.reverse();
    model.set_parameters(&tensors).unwrap();
    assert_eq!(model.parameters(), small(1).parameters());
}

/// Each is wrong in the last tensor that the model asks for, or behind it.
#[test]
fn tensors_that_do_not_fit_are_refused_and_leave_the_model_as_it_was() {
    let before = small(0).parameters();
    let refuse = |change: &dyn Fn(&mut Vec<NamedTensor>), fits: &dyn Fn(&ModelError) -> bool| {
        let mut model = small(0);
        let mut tensors = small(1).parameters();
        change(&mut tensors);
        let error = model.set_parameters(&tensors).unwrap_err();
        assert!(fits(&error), "{error}");
        assert_eq!(model.parameters(), before, "{error}");
    };
    const LAST: &str = "decoder.4.bias";
    refuse(&|t| drop(t.pop()), &|e| matches!(e, ModelError::MissingTensor { name } if name == LAST));
    refuse(
        &|t| t[11].name = "x".into(),
        &|e| matches!(e, ModelError::MissingTensor { name } if name == LAST),
    );
    refuse(
        &|t| t.push(NamedTensor { name: "x".into(), shape: vec![], values: vec![1.0] }),
        &|e| matches!(e, ModelError::ExtraTensor { name } if name == "x"),
    );
    refuse(
        &|t| t.push(t[11].clone()),
        &|e| matches!(e, ModelError::DuplicateTensor { name } if name == LAST),
    );
    refuse(
        &|t| t[11].shape = vec![6, 1],
        &|e| matches!(e, ModelError::TensorShape { name, expected, found } if name == LAST && *expected == [6] && *found == [6, 1]),
    );
    refuse(
        &|t| t[11].values.truncate(5),
        &|e| matches!(e, ModelError::TensorLength { name, expected: 6, found: 5 } if name == LAST),
    );
    refuse(
        &|t| t[11].values[3] = f32::NAN,
        &|e| matches!(e, ModelError::NotFinite { name, index: 3, .. } if name == LAST),
    );
}

proptest! {
    #[test]
    fn what_is_set_is_what_is_shown(values in prop::collection::vec(-1e30f32..1e30, 6 * 3 + 3 + 3 * 6 + 6)) {
        let (weight, rest) = values.split_at(18);
        let (bias, rest) = rest.split_at(3);
        let (back, last) = rest.split_at(18);
        let layers = [
            Dense::new(6, weight.to_vec(), bias.to_vec(), Activation::Relu).unwrap(),
            Dense::new(3, back.to_vec(), last.to_vec(), Activation::Linear).unwrap(),
        ];
        let mut model = Shallow::<6, 3>::build(0).unwrap();
        model.set_layers(&layers).unwrap();
        prop_assert_eq!(&model.layers(), &layers);
        let copy = Shallow::<6, 3>::from_bytes(&model.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&copy.layers(), &layers);
        prop_assert_eq!(copy.identity(), model.identity());
    }
}
