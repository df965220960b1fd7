//! Codes and reconstructions: what a plain loop computes, and the same bits however they are asked for.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_data::Samples;
use ae_eval::image_rows;
use ae_net::{Activation, Dense, Network, Outputs, Rows, Team};

/// Numbers without pattern in [-1, 1), from a fixed start.
fn noise(count: usize, start: u32) -> Vec<f32> {
    let mut state = start;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn layers(sizes: &[usize]) -> Vec<Dense> {
    let last = sizes.len() - 2;
    sizes
        .windows(2)
        .enumerate()
        .map(|(i, pair)| {
            let activation = if i == last { Activation::Linear } else { Activation::Relu };
            let weight = noise(pair[0] * pair[1], i as u32).iter().map(|w| 0.5 * w).collect();
            Dense::new(pair[0], weight, noise(pair[1], 50 + i as u32), activation).unwrap()
        })
        .collect()
}

const SIZES: [usize; 5] = [30, 50, 7, 40, 30];

fn network() -> Network {
    let layers = layers(&SIZES);
    Network::new(&layers[..2], &layers[2..], Outputs::Logits).unwrap()
}

/// `count` images of 5 x 6 pixels.
fn images(count: usize) -> Samples {
    let pixels: Vec<u8> = noise(count * 30, 9).into_iter().map(|x| (x.max(0.0) * 255.0) as u8).collect();
    Samples::new((5, 6), pixels).unwrap()
}

#[test]
fn codes_and_images_are_those_of_a_plain_loop() {
    let set = images(9);
    let team = Team::new(1).unwrap();
    let rows = image_rows(&set).unwrap();
    let codes = network().encode(&team, rows).unwrap();
    let rebuilt = network().reconstruct(&team, rows).unwrap();
    for (index, image) in set.bytes().unwrap().chunks_exact(30).enumerate() {
        let mut row: Vec<f64> = image.iter().map(|&byte| f64::from(byte) / 255.0).collect();
        for (number, layer) in layers(&SIZES).iter().enumerate() {
            row = layer
                .weight()
                .chunks_exact(layer.inputs())
                .zip(layer.bias())
                .map(|(weights, &bias)| {
                    let sum: f64 = weights.iter().zip(&row).map(|(&w, x)| f64::from(w) * x).sum();
                    let sum = sum + f64::from(bias);
                    if layer.activation() == Activation::Relu { sum.max(0.0) } else { sum }
                })
                .collect();
            if number == 1 {
                for (found, expected) in codes[index * 7..].iter().zip(&row) {
                    assert!((f64::from(*found) - expected).abs() < 1e-5, "{found}, {expected}");
                }
            }
        }
        for (found, logit) in rebuilt[index * 30..].iter().zip(row) {
            let expected = 1.0 / (1.0 + (-logit).exp());
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found}, {expected}");
        }
    }
}

#[test]
fn slices_threads_and_floats_change_no_bit() {
    let set = images(300);
    let all = image_rows(&set).unwrap();
    let network = network();
    let team = Team::new(1).unwrap();
    let codes = network.encode(&team, all).unwrap();
    let rebuilt = network.reconstruct(&team, all).unwrap();
    let decoded = network.decode(&team, Rows::values(&codes, 7).unwrap()).unwrap();
    assert_eq!(decoded, rebuilt, "encode, then decode");
    for threads in [2, 3] {
        let team = Team::new(threads).unwrap();
        assert_eq!(network.encode(&team, all).unwrap(), codes);
        assert_eq!(network.reconstruct(&team, all).unwrap(), rebuilt);
    }
    for at_once in [1, 7, 64, 299] {
        let (mut sliced, mut slice) = (Vec::new(), vec![f32::NAN; 3]);
        for pixels in set.bytes().unwrap().chunks(at_once * 30) {
            network.encode_into(&team, Rows::bytes(pixels, 30).unwrap(), &mut slice).unwrap();
            sliced.extend_from_slice(&slice);
        }
        assert_eq!(sliced, codes, "{at_once} at once");
    }
    let values = all.to_values();
    assert_eq!(network.encode(&team, Rows::values(&values, 30).unwrap()).unwrap(), codes);
}

/// More images than go through the kernels at once.
#[test]
fn large_sets_go_through_whole() {
    let layers = [(2, 1), (1, 2)].map(|(inputs, outputs)| {
        Dense::new(inputs, vec![1.0; 2], vec![0.0; outputs], Activation::Linear).unwrap()
    });
    let network = Network::new(&layers[..1], &layers[1..], Outputs::Values).unwrap();
    let values: Vec<f32> = (0..2 * 20_000).map(|i| i as f32).collect();
    let codes = network.encode(&Team::new(2).unwrap(), Rows::values(&values, 2).unwrap()).unwrap();
    assert_eq!(codes.len(), 20_000);
    assert!(codes.iter().enumerate().all(|(i, &code)| code == (4 * i + 1) as f32));
    assert!(network.encode(&Team::new(1).unwrap(), Rows::values(&[], 2).unwrap()).unwrap().is_empty());
}

#[test]
fn what_a_network_says_of_itself() {
    let network = network();
    assert_eq!((network.pixels(), network.code_size()), (30, 7));
    assert_eq!((network.code_activation(), network.outputs()), (Activation::Relu, Outputs::Logits));
}

#[test]
fn what_does_not_fit_is_refused() {
    let layers = layers(&SIZES);
    for encoder_layers in [0, 4] {
        let (encoder, decoder) = layers.split_at(encoder_layers);
        let error = Network::new(encoder, decoder, Outputs::Logits).unwrap_err();
        assert_eq!(error.to_string(), "a stack: expected layers, found none");
    }
    let error = Network::new(&layers[..2], &layers[2..3], Outputs::Logits).unwrap_err();
    assert_eq!(error.to_string(), "the decoder's outputs: expected 30, found 40");

    let (network, team) = (network(), Team::new(1).unwrap());
    let rows = |dims| Rows::bytes(&[0; 210], dims).unwrap();
    let error = network.encode(&team, rows(7)).unwrap_err();
    assert_eq!(error.to_string(), "images: expected rows of 30, found rows of 7");
    let error = network.decode(&team, rows(30)).unwrap_err();
    assert_eq!(error.to_string(), "codes: expected rows of 7, found rows of 30");
}

#[test]
fn brightness_is_finite_at_both_ends() {
    for (kind, ends) in [
        (Outputs::Logits, [0.0, 0.5, 1.0]),
        (Outputs::Clipped, [0.0, 0.0, 1.0]),
        (Outputs::Values, [-1e30, 0.0, 1e30]),
    ] {
        assert_eq!([-1e30, 0.0, 1e30].map(|output| kind.brightness(output)), ends, "{kind:?}");
    }
}
