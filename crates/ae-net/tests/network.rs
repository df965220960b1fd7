//! A network as a whole: first weights, its file, halves that meet, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::{
    Activation, AsNetwork, Dense, Description, LayerSpec, Network, Outputs, Rows, Team, WeightsError,
};
use common::Rng;

fn drawn(hidden: &[usize]) -> Network {
    Network::draw(&Description::dense(6, hidden, 2), 7).unwrap()
}

/// Computed from the text of `draw.rs` by a ChaCha8 written down apart from ours.
#[test]
fn seed_0_gives_these_numbers() {
    let network = Network::draw(&Description::dense(784, &[], 32), 0).unwrap();
    let layers = network.layers();
    assert_eq!(layers[0].weight()[..4], [-0.07257776, -0.060508247, 0.017203478, 0.013810114]);
    assert_eq!(layers[1].weight()[..4], [-0.0077390894, 0.009554353, 0.029276261, -0.008936273]);
    assert!(layers.iter().all(|layer| layer.bias().iter().all(|&bias| bias == 0.0)));
    let deep = Network::draw(&Description::dense(6, &[5, 4], 2), 0).unwrap();
    assert_eq!(deep.layers()[1].weight()[..3], [0.51718915, -0.17237741, 0.46936733]);
}

#[test]
fn a_network_comes_back_from_its_file_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for hidden in [&[][..], &[5], &[5, 4, 3]] {
        let network = drawn(hidden);
        network.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes, network.to_bytes().unwrap());
        for back in [Network::load(&path).unwrap(), Network::from_bytes(&bytes).unwrap()] {
            assert_eq!(back.tensors(), network.tensors());
            assert_eq!(back.identity(), network.identity());
            assert_eq!(back.description(), Description::dense(6, hidden, 2));
        }
    }
}

#[test]
fn the_code_of_hidden_layers_is_linear_and_tensors_are_named_as_pytorch_does() {
    let network = drawn(&[5, 4]);
    let names: Vec<_> = network.tensors().into_iter().map(|tensor| (tensor.name, tensor.shape)).collect();
    let expected = [("encoder.0", [5, 6]), ("encoder.2", [4, 5]), ("encoder.4", [2, 4])];
    let expected =
        expected.into_iter().chain([("decoder.0", [4, 2]), ("decoder.2", [5, 4]), ("decoder.4", [6, 5])]);
    let expected: Vec<_> = expected
        .flat_map(|(name, shape)| {
            [(format!("{name}.weight"), shape.to_vec()), (format!("{name}.bias"), vec![shape[0]])]
        })
        .collect();
    assert_eq!(names, expected);
    assert_eq!(network.code_activation(), Activation::Linear);
    assert_eq!(drawn(&[]).code_activation(), Activation::Relu);
    assert_eq!(network.encoder_layers(), 3);
}

#[test]
fn what_a_file_must_be_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    drawn(&[5]).save(&path).unwrap();
    let refused = |description: &Description| {
        let WeightsError::Load { path: named, source } = Network::load_as(&path, description).unwrap_err()
        else {
            panic!("the file is named")
        };
        assert_eq!(named, path);
        source.to_string()
    };
    assert_eq!(refused(&Description::dense(6, &[5], 3)), "another network: code size: expected 3, found 2");
    assert_eq!(
        refused(&Description::dense(6, &[], 2)),
        "another network: encoder: expected linear 6 -> 2, relu, found linear 6 -> 5, relu, linear 5 -> 2"
    );
    let missing = Network::load(folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, WeightsError::Load { .. }), "{missing}");
    assert!(matches!(Network::load(folder.path()).unwrap_err(), WeightsError::Load { .. }));
}

#[test]
fn descriptions_of_no_network_are_refused_without_asking_for_memory() {
    let draw = |change: fn(&mut Description)| {
        let mut description = Description::dense(6, &[5], 2);
        change(&mut description);
        Network::draw(&description, 0).unwrap_err().to_string()
    };
    assert!(draw(|d| d.decoder = None).contains("decoder"));
    assert!(draw(|d| d.encoder = Some(vec![])).contains("a stack"));
    assert!(draw(|d| d.encoder = Some(vec![LayerSpec::Relu])).contains("behind a linear layer"));
    assert!(draw(|d| d.encoder.as_mut().unwrap().push(LayerSpec::Tanh)).contains("tanh"));
    assert!(
        draw(|d| d.encoder.as_mut().unwrap().extend([LayerSpec::Relu, LayerSpec::Relu])).contains("relu")
    );
    assert!(
        draw(|d| d.encoder = Some(vec![LayerSpec::Linear { inputs: usize::MAX, outputs: 2 }]))
            .contains("at most")
    );
    assert!(
        draw(|d| d.encoder.as_mut().unwrap()[0] = LayerSpec::Linear { inputs: 6, outputs: 4 })
            .contains("inputs")
    );
    for zero in [Description::dense(0, &[], 1), Description::dense(1, &[], 0), Description::dense(3, &[0], 2)]
    {
        assert!(Network::draw(&zero, 0).unwrap_err().to_string().contains("a layer"), "{zero:?}");
    }
}

#[test]
fn an_image_has_the_same_code_in_any_company() {
    let network = drawn(&[5]);
    let images = Rng(3).bytes(6 * 200);
    let rows = Rows::bytes(&images, 6).unwrap();
    let whole = network.encode(&Team::new(1).unwrap(), rows).unwrap();
    for (size, threads) in [(1, 1), (7, 2), (64, 3)] {
        let team = Team::new(threads).unwrap();
        let parts: Vec<f32> =
            rows.chunks(size).flat_map(|rows| network.encode(&team, rows).unwrap()).collect();
        assert_eq!(parts, whole, "{size} at a time, {threads} threads");
    }
    let rebuilt = network.reconstruct(&Team::new(2).unwrap(), rows).unwrap();
    assert_eq!(rebuilt, network.decode(&Team::new(1).unwrap(), Rows::values(&whole, 2).unwrap()).unwrap());
    assert!(rebuilt.iter().all(|brightness| (0.0..=1.0).contains(brightness)));
}

#[test]
fn only_the_same_layers_take_their_place() {
    let mut network = drawn(&[5]);
    let other = Network::draw(&Description::dense(6, &[5], 2), 8).unwrap();
    let before = network.tensors();
    assert!(network.set_network(&drawn(&[4])).is_err());
    let mut sigmoid = other.layers();
    sigmoid[0] = sigmoid[0].clone().with_activation(Activation::Sigmoid);
    assert!(network.with_layers(&sigmoid).is_err());
    assert_eq!(network.tensors(), before);
    network.set_network(&other).unwrap();
    assert_eq!(network.tensors(), other.tensors());
}

#[test]
fn a_file_cannot_hold_what_it_cannot_say() {
    let layer = |inputs, outputs: usize, weight: f32| {
        Dense::new(inputs, vec![weight; inputs * outputs], vec![0.0; outputs], Activation::Linear).unwrap()
    };
    let clipped = Network::new(&[layer(3, 1, 0.5)], &[layer(1, 3, 0.5)], Outputs::Clipped).unwrap();
    assert!(clipped.to_bytes().unwrap_err().to_string().contains("logits"));
    let broken = Network::new(&[layer(3, 1, f32::NAN)], &[layer(1, 3, 0.5)], Outputs::Logits).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    assert!(matches!(broken.save(&path), Err(WeightsError::NotFinite { .. })));
    assert!(!path.exists());
}
