//! A model's dense layers and tensors: shown in order, taken back whole or not at all.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use ae_model::ae_net::{Activation, Dense, Description, NetError, Network, Outputs};
use ae_model::dfdx::nn::modules::Sigmoid;
use ae_model::{
    AsNetwork, Autoencoder, Deep, Deeper, DenseStack, Linear, NamedTensor, Parameters, Shallow, WeightsError,
};
use proptest::prelude::*;

type Small = Deep<6, 5, 4, 2>;

fn small(seed: u64) -> Small {
    Small::build(seed).unwrap()
}

fn layers<M: AsNetwork>(model: &M) -> Vec<Dense> {
    model.network().unwrap().layers()
}

fn kinds(layers: &[Dense]) -> Vec<(usize, usize, Activation)> {
    layers.iter().map(|l| (l.inputs(), l.outputs(), l.activation())).collect()
}

#[test]
fn layers_come_first_to_last_with_their_activations_folded_in() {
    let model = small(0);
    let network = model.network().unwrap();
    use Activation::{Linear, Relu};
    let expected = [(6, 5, Relu), (5, 4, Relu), (4, 2, Linear), (2, 4, Relu), (4, 5, Relu), (5, 6, Linear)];
    assert_eq!(kinds(&network.layers()), expected);
    assert_eq!((network.encoder_layers(), network.outputs()), (3, Outputs::Logits));
    assert_eq!(network.description(), Small::description());
    assert_eq!(network.identity(), model.identity());
    assert_eq!(model.decoder.layers().unwrap(), network.layers()[3..]);
    for (layer, tensors) in network.layers().iter().zip(model.parameters().chunks_exact(2)) {
        assert_eq!((layer.weight(), layer.bias()), (&tensors[0].values[..], &tensors[1].values[..]));
    }
}

#[test]
fn four_layers_a_side_show_and_take_all_of_them() {
    type Four = Deeper<7, 6, 5, 4, 3>;
    let (mut model, other) = (Four::build(0).unwrap(), Four::build(1).unwrap());
    let network = other.network().unwrap();
    use Activation::{Linear, Relu};
    let encoder = [(7, 6, Relu), (6, 5, Relu), (5, 4, Relu), (4, 3, Linear)];
    let decoder = [(3, 4, Relu), (4, 5, Relu), (5, 6, Relu), (6, 7, Linear)];
    assert_eq!(kinds(&network.layers()), [encoder, decoder].concat());
    assert_eq!(network.encoder_layers(), 4);
    model.set_network(&network).unwrap();
    assert_eq!(model.parameters(), other.parameters());

    let before = model.parameters();
    let mut wrong = Four::build(2).unwrap().encoder.layers().unwrap();
    let error = model.encoder.set_layers(&wrong[..3]).unwrap_err();
    assert_eq!(error.to_string(), "dense layers: expected 4, found 3");
    wrong[3] = dense(4, 3, Relu);
    let error = model.encoder.set_layers(&wrong).unwrap_err();
    assert_eq!(error.to_string(), "dense layer: expected 4 -> 3 Linear as number 3, found 4 -> 3 Relu");
    assert_eq!(model.parameters(), before);
    wrong[3] = dense(4, 3, Linear);
    model.encoder.set_layers(&wrong).unwrap();
    assert_eq!(model.encoder.layers().unwrap(), wrong);
}

#[test]
fn the_code_of_shallow_is_behind_a_relu_and_a_sigmoid_is_folded_too() {
    let shallow = layers(&Shallow::<6, 3>::build(0).unwrap());
    assert_eq!(kinds(&shallow), [(6, 3, Activation::Relu), (3, 6, Activation::Linear)]);
    type Squashed = Autoencoder<(Linear<6, 3>,), (Linear<3, 6>, Sigmoid)>;
    assert_eq!(layers(&Squashed::build(0).unwrap())[1].activation(), Activation::Sigmoid);
}

#[test]
fn models_can_be_handled_without_their_type() {
    let mut models: Vec<Box<dyn AsNetwork>> =
        vec![Box::new(Shallow::<6, 3>::build(0).unwrap()), Box::new(small(0))];
    for model in &mut models {
        let network = model.network().unwrap();
        model.set_network(&network).unwrap();
    }
}

#[test]
fn a_network_of_another_model_makes_it_that_model() {
    let (mut model, other) = (small(0), small(1));
    assert_ne!(model.identity(), other.identity());
    model.set_network(&other.network().unwrap()).unwrap();
    assert_eq!(model.parameters(), other.parameters());
}

/// The two ways to a first network are one: sizes as types, and sizes as numbers.
#[test]
fn a_drawn_network_is_the_built_model_to_the_bit() {
    let network = Network::draw(&Description::dense(6, &[5, 4], 2), 7).unwrap();
    assert_eq!(network.description(), Small::description());
    assert_eq!(network.to_bytes().unwrap(), small(7).to_bytes().unwrap());
    assert_eq!(Small::from_network(&network).unwrap().parameters(), small(7).parameters());
}

#[test]
fn a_copy_of_a_model_keeps_its_weights_when_the_model_gets_others() {
    let mut model = small(0);
    let copy = model.clone();
    model.set_network(&small(1).network().unwrap()).unwrap();
    assert_eq!(copy.parameters(), small(0).parameters());
}

fn dense(inputs: usize, outputs: usize, activation: Activation) -> Dense {
    Dense::new(inputs, vec![0.5; inputs * outputs], vec![0.5; outputs], activation).unwrap()
}

/// Refused in these words, whichever way it comes, and the model is as it was.
fn refuse(encoder: &[Dense], decoder: &[Dense], outputs: Outputs, words: &str) {
    let network = Network::new(encoder, decoder, outputs).unwrap();
    let mut model = small(0);
    let error = model.set_network(&network).unwrap_err();
    assert!(matches!(error, NetError::Argument { .. }));
    assert_eq!(error.to_string(), words);
    assert_eq!(model.parameters(), small(0).parameters(), "{error}");
    assert_eq!(Small::from_network(&network).unwrap_err().to_string(), words);
}

/// Each is wrong in its decoder alone but for the first, so that the encoder would have been taken over already.
#[test]
fn networks_that_do_not_fit_are_refused_and_leave_the_model_as_it_was() {
    use Activation::{Linear, Relu, Sigmoid};
    let logits =
        |encoder: &[Dense], decoder: &[Dense], words: &str| refuse(encoder, decoder, Outputs::Logits, words);
    let all = layers(&small(1));
    let (encoder, decoder) = all.split_at(3);
    let (two, five) = (&decoder[..2], dense(5, 5, Relu));

    let wide = [dense(7, 5, Relu), encoder[1].clone(), encoder[2].clone()];
    let back = [decoder[0].clone(), decoder[1].clone(), dense(5, 7, Linear)];
    logits(&wide, &back, "dense layer: expected 6 -> 5 Relu as number 0, found 7 -> 5 Relu");
    logits(encoder, &[dense(2, 6, Linear)], "dense layers: expected 3, found 1");
    let longer = [two, &[five, decoder[2].clone()]].concat();
    logits(encoder, &longer, "dense layers: expected 3, found 4");
    let other = [decoder[0].clone(), dense(4, 3, Relu), dense(3, 6, Linear)];
    logits(encoder, &other, "dense layer: expected 4 -> 5 Relu as number 1, found 4 -> 3 Relu");
    for (activation, name) in [(Relu, "Relu"), (Sigmoid, "Sigmoid")] {
        let words = format!("dense layer: expected 5 -> 6 Linear as number 2, found 5 -> 6 {name}");
        logits(encoder, &[two, &[dense(5, 6, activation)]].concat(), &words);
    }
    // As many layers in all, the code elsewhere.
    let (four, last) = ([encoder, &decoder[..1]].concat(), [decoder[1].clone(), decoder[2].clone()]);
    logits(&four, &last, "dense layers: expected 3, found 4");
    refuse(encoder, decoder, Outputs::Clipped, "outputs: expected logits, found Clipped");

    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (mut weight, mut bias) = (vec![0.5; 30], vec![0.5; 6]);
        weight[17] = poison;
        let layer = Dense::new(5, weight, bias.clone(), Linear).unwrap();
        let found = |tensor: &str, index| {
            format!("tensor {tensor}: value {index} is {poison}, expected a finite number")
        };
        let words = |found| format!("weights: expected those of the model, all finite, found {found}");
        logits(encoder, &[two, &[layer]].concat(), &words(found("4.weight", 17)));
        bias[5] = poison;
        let layer = Dense::new(5, vec![0.5; 30], bias, Linear).unwrap();
        logits(encoder, &[two, &[layer]].concat(), &words(found("4.bias", 5)));
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
    let refuse = |change: &dyn Fn(&mut Vec<NamedTensor>), words: &str| {
        let mut model = small(0);
        let mut tensors = small(1).parameters();
        change(&mut tensors);
        let error = model.set_parameters(&tensors).unwrap_err();
        assert!(matches!(error, WeightsError::Tensor { .. } | WeightsError::NotFinite { .. }));
        assert_eq!(error.to_string(), words);
        assert_eq!(model.parameters(), before, "{error}");
    };
    let last = |words: &str| format!("tensor decoder.4.bias: {words}");
    let missing = last("expected a tensor of this name, found none");
    refuse(&|t| drop(t.pop()), &missing);
    refuse(&|t| t[11].name = "x".into(), &missing);
    refuse(
        &|t| t.push(NamedTensor { name: "x".into(), shape: vec![], values: vec![1.0] }),
        "tensor x: expected no tensor of this name, found one",
    );
    refuse(&|t| t.push(t[11].clone()), &last("expected one tensor of this name, found two"));
    refuse(&|t| t[11].shape = vec![6, 1], &last("expected shape [6], found [6, 1]"));
    refuse(&|t| t[11].values.truncate(5), &last("expected 6 values, found 5"));
    refuse(&|t| t[11].values[3] = f32::NAN, &last("value 3 is NaN, expected a finite number"));
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
        model.set_network(&Network::new(&layers[..1], &layers[1..], Outputs::Logits).unwrap()).unwrap();
        prop_assert_eq!(&model.network().unwrap().layers(), &layers);
        let copy = Shallow::<6, 3>::from_bytes(&model.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&copy.network().unwrap().layers(), &layers);
        prop_assert_eq!(copy.identity(), model.identity());
    }
}
