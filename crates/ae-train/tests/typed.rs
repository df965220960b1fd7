//! A typed model and a network of run-time sizes are one thing: trained from one seed they give one file of weights.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

mod common;

use ae_data::Split;
use ae_model::{Autoencoder, Deep, Shallow, TypedNetwork};
use ae_net::{AsNetwork, Network};
use ae_train::{AdamState, Differentiable, History, TrainParams, Trainer};
use common::*;

/// The bytes of the weights file that training ends with, how it went, and what Adam remembers.
type Outcome = (Vec<u8>, History, AdamState);

/// Trains with the fused engine, and on the tape.
fn both<M>(model: impl Fn() -> M, split: &Split, params: TrainParams) -> [Outcome; 2]
where
    M: AsNetwork + Differentiable,
{
    let config = params.check().unwrap();
    [false, true].map(|tape| {
        let mut model = model();
        let mut trainer = if tape {
            Trainer::autodiff(&mut model, split, config, team(2)).unwrap()
        } else {
            Trainer::fused(&mut model, split, config, team(2)).unwrap()
        };
        let history = trainer.train(&mut |_| {}).unwrap();
        let adam = trainer.adam_state();
        drop(trainer);
        (model.network().unwrap().to_bytes().unwrap(), untimed(history), adam)
    })
}

fn same<E, D>(typed: Autoencoder<E, D>, network: &Network, split: &Split, params: TrainParams)
where
    E: TypedNetwork + Clone + Send + Sync,
    D: TypedNetwork<In = E::Out, Out = E::In> + Clone + Send + Sync,
    Autoencoder<E, D>: AsNetwork,
{
    let first = network.to_bytes().unwrap();
    assert_eq!(typed.network().unwrap().to_bytes().unwrap(), first, "one seed, other first weights");
    let [fused, tape] = both(|| typed.clone(), split, params);
    let expected = both(|| network.clone(), split, params);
    assert!([fused.clone(), tape.clone()] == expected, "{params:?}");
    assert!(fused.0 != first && tape.0 != first && fused.0 != tape.0, "{params:?}");
}

#[test]
fn the_reference_recipe_is_one_whichever_way_it_is_written() {
    let split = mnist(500, 100);
    let params = TrainParams { epochs: 2, ..TrainParams::default() };
    let typed = Shallow::<784, 32>::build(params.seed).unwrap();
    same(typed, &network(784, &[], 32, params.seed), &split, params);
}

#[test]
fn so_is_a_deep_model_with_noise_a_mask_and_a_price() {
    let split = mnist(300, 100);
    let params = TrainParams { epochs: 2, rate: 0.2, decay: 0.5, seed: 3, ..TrainParams::default() };
    for (noise, mask) in [(0.0, 0.0), (0.0, 0.3), (0.5, 0.1)] {
        let typed = Deep::<784, 64, 32, 8>::build(3).unwrap();
        same(typed, &network(784, &[64, 32], 8, 3), &split, TrainParams { noise, mask, ..params });
    }
}

/// Whatever the model's own type says it can hold: a sigmoid is no ReLU.
#[test]
fn a_sigmoid_is_trained_as_one() {
    use ae_model::Linear;
    use ae_model::dfdx::nn::modules::Sigmoid;
    type Model = Autoencoder<(Linear<16, 6>, Sigmoid), (Linear<6, 16>,)>;

    let typed = Model::build(1).unwrap();
    let network = typed.network().unwrap();
    same(typed, &network, &split(), params());
}
