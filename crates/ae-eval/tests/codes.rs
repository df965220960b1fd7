//! Codes and reconstructions: what a plain loop computes, and the same bits however they are asked for.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_data::{ImageSet, PIXEL_SCALE};
use ae_dense::{Activation, Dense, Stack, Team};
use ae_eval::{Coder, EvalError, Outputs, Reconstruction, Rows};

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

fn coder() -> Coder {
    Coder::new(Stack::new(&layers(&SIZES)).unwrap(), 2, Outputs::Logits).unwrap()
}

/// `count` images of 5 x 6 pixels.
fn images(count: usize) -> ImageSet {
    let pixels = noise(count * 30, 9).into_iter().map(|x| (x.max(0.0) * 255.0) as u8).collect();
    ImageSet::new(5, 6, pixels, None).unwrap()
}

#[test]
fn codes_and_images_are_those_of_a_plain_loop() {
    let set = images(9);
    let team = Team::new(1).unwrap();
    let codes = coder().encode(&team, Rows::from(&set)).unwrap();
    let rebuilt = coder().reconstruct(&team, Rows::from(&set)).unwrap();
    for (index, image) in set.pixels().chunks_exact(30).enumerate() {
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
    let all = Rows::from(&set);
    let coder = coder();
    let team = Team::new(1).unwrap();
    let codes = coder.encode(&team, all).unwrap();
    let rebuilt = coder.reconstruct(&team, all).unwrap();
    let decoded = coder.decode(&team, Rows::values(&codes, 7).unwrap()).unwrap();
    assert_eq!(decoded, rebuilt, "encode, then decode");
    for threads in [2, 3] {
        let team = Team::new(threads).unwrap();
        assert_eq!(coder.encode(&team, all).unwrap(), codes);
        assert_eq!(coder.reconstruct(&team, all).unwrap(), rebuilt);
    }
    for at_once in [1, 7, 64, 299] {
        let mut sliced = vec![f32::NAN; codes.len()];
        for (pixels, codes) in set.pixels().chunks(at_once * 30).zip(sliced.chunks_mut(at_once * 7)) {
            coder.encode_into(&team, Rows::bytes(pixels, 30).unwrap(), codes).unwrap();
        }
        assert_eq!(sliced, codes, "{at_once} at once");
    }
    let values: Vec<f32> = set.pixels().iter().map(|&byte| f32::from(byte) * PIXEL_SCALE).collect();
    assert_eq!(coder.encode(&team, Rows::values(&values, 30).unwrap()).unwrap(), codes);
}

/// More images than go through the kernels at once.
#[test]
fn large_sets_go_through_whole() {
    let layers = [(2, 1), (1, 2)].map(|(inputs, outputs)| {
        Dense::new(inputs, vec![1.0; 2], vec![0.0; outputs], Activation::Linear).unwrap()
    });
    let coder = Coder::new(Stack::new(&layers).unwrap(), 1, Outputs::Brightness).unwrap();
    let values: Vec<f32> = (0..2 * 20_000).map(|i| i as f32).collect();
    let codes = coder.encode(&Team::new(2).unwrap(), Rows::values(&values, 2).unwrap()).unwrap();
    assert_eq!(codes.len(), 20_000);
    assert!(codes.iter().enumerate().all(|(i, &code)| code == (4 * i + 1) as f32));
    assert!(coder.encode(&Team::new(1).unwrap(), Rows::values(&[], 2).unwrap()).unwrap().is_empty());
}

#[test]
fn what_a_coder_says_of_itself() {
    let coder = coder();
    assert_eq!((coder.pixels(), coder.code_size()), (30, 7));
    assert_eq!((coder.code_activation(), coder.outputs()), (Activation::Relu, Outputs::Logits));
}

#[test]
fn measured_slice_by_slice_as_measured_whole() {
    let set = images(1500);
    let team = Team::new(2).unwrap();
    let coder = coder();
    let found = Reconstruction::measure(&team, &coder, Rows::from(&set), set.pixels()).unwrap();
    let rebuilt = coder.reconstruct(&team, Rows::from(&set)).unwrap();
    let squares =
        rebuilt.iter().zip(set.pixels()).map(|(&x, &byte)| (f64::from(x) - f64::from(byte) / 255.0).powi(2));
    let expected = squares.sum::<f64>() / (1500.0 * 30.0);
    assert!((found.mse - expected).abs() < 1e-6 * expected, "{found:?}, {expected}");
    assert_eq!((found.images, found.pixels), (1500, 30));
}

#[test]
fn what_does_not_fit_is_refused() {
    let stack = |sizes: &[usize]| Stack::new(&layers(sizes)).unwrap();
    for encoder_layers in [0, 4, 5] {
        let error = Coder::new(stack(&SIZES), encoder_layers, Outputs::Logits).unwrap_err();
        assert_eq!(error, EvalError::EncoderLayers { encoder_layers, layers: 4 });
    }
    let error = Coder::new(stack(&[30, 7, 31]), 1, Outputs::Logits).unwrap_err();
    assert_eq!(error, EvalError::NotAnAutoencoder { inputs: 30, outputs: 31 });

    let (coder, team) = (coder(), Team::new(1).unwrap());
    let rows = |dims| Rows::bytes(&[0; 210], dims).unwrap();
    let error = coder.encode(&team, rows(7)).unwrap_err();
    assert_eq!(error, EvalError::Dims { what: "images", expected: 30, found: 7 });
    let error = coder.decode(&team, rows(30)).unwrap_err();
    assert_eq!(error, EvalError::Dims { what: "codes", expected: 7, found: 30 });
    let error = coder.encode_into(&team, rows(30), &mut [0.0; 50]).unwrap_err();
    assert_eq!(error, EvalError::Length { what: "codes", expected: 49, found: 50 });
    let error = coder.decode_outputs_into(&team, rows(7), &mut [0.0]).unwrap_err();
    assert_eq!(error, EvalError::Length { what: "decoder outputs", expected: 900, found: 1 });
    let error = Reconstruction::measure(&team, &coder, rows(30), &[0; 209]).unwrap_err();
    assert_eq!(error, EvalError::Length { what: "targets", expected: 210, found: 209 });
    let none = Rows::bytes(&[], 30).unwrap();
    let error = Reconstruction::measure(&team, &coder, none, &[]).unwrap_err();
    assert_eq!(error, EvalError::Empty { what: "images to measure" });
}
