//! A decoder inside a file: what rounding does to its weights, and that it is the one that comes out.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_codec::{Coding, Extras, Header, MAX_WEIGHTS, Quantiser, WeightBits, Writer, decode, rounded};
use ae_net::{Activation, Decoder, Dense, Outputs, Rows, Stack, Team};

use common::{MODEL, brightness, case, codes, decoder, noise};

#[test]
fn images_are_what_the_layers_give() {
    let codes = codes(20, 4);
    let first = Dense::new(4, noise(12, 1), noise(3, 2), Activation::Relu).unwrap();
    let last = Dense::new(3, noise(21, 3), noise(7, 4), Activation::Linear).unwrap();
    let layers = [first, last];
    let mut logits = vec![0.0; 20 * 7];
    let rows = Rows::values(&codes, 4).unwrap();
    Stack::new(&layers).unwrap().forward(&Team::new(1).unwrap(), rows, &mut logits).unwrap();
    for outputs in [Outputs::Logits, Outputs::Values, Outputs::Clipped] {
        let decoder = Decoder::new(&layers, outputs).unwrap();
        assert_eq!((decoder.code_size(), decoder.pixels(), decoder.outputs()), (4, 7, outputs));
        let expected: Vec<f32> = logits.iter().map(|&z| outputs.brightness(z)).collect();
        assert_eq!(brightness(&decoder, &codes), expected);
        assert_eq!(decoder.decode(&Team::new(3).unwrap(), rows).unwrap(), expected);
        assert!(decoder.decode(&Team::new(1).unwrap(), Rows::values(&codes, 5).unwrap()).is_err());
    }
}

#[test]
fn rounded_weights_are_near() {
    let codes = codes(50, 6);
    let decoder = decoder(6, 40);
    let images = brightness(&decoder, &codes);
    let worst = |bits| {
        let found = brightness(&rounded(&decoder, bits).unwrap(), &codes);
        images.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let (eight, sixteen) = (worst(WeightBits::Eight), worst(WeightBits::Sixteen));
    assert!(eight < 0.1 && eight > 0.0, "{eight}");
    assert!(sixteen < 4e-4 && sixteen > 0.0, "{sixteen}");
}

#[test]
fn the_decoder_inside_is_the_rounded_one() {
    for bits in [WeightBits::Eight, WeightBits::Sixteen] {
        let decoded = decode(&case(30, 5, false, Some(bits)).bytes).unwrap();
        let found = brightness(&decoded.decoder.unwrap(), &decoded.codes);
        let expected = brightness(&rounded(&decoder(5, 6), bits).unwrap(), &decoded.codes);
        assert_eq!(found, expected, "{bits:?}");
    }
    assert!(decode(&case(30, 5, false, None).bytes).unwrap().decoder.is_none());
}

#[test]
fn kinds_of_outputs_and_activations_stand_in_a_file_as_its_description_numbers_them() {
    let activations = [Activation::Linear, Activation::Relu, Activation::Sigmoid];
    for (kind, outputs) in [Outputs::Logits, Outputs::Values, Outputs::Clipped].into_iter().enumerate() {
        for (number, &activation) in activations.iter().enumerate() {
            let layer = Dense::new(1, vec![0.5], vec![0.25], activation).unwrap();
            let decoder = Decoder::new(&[layer], outputs).unwrap();
            let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[], None).unwrap();
            let header = Header { images: 0, channels: 1, rows: 1, cols: 1, model: MODEL };
            let inside = Some((&decoder, WeightBits::Eight));
            let file = Writer::new(Vec::new(), header, &Extras::default(), coding, inside)
                .unwrap()
                .finish()
                .unwrap();
            let start = 72 + u32::from_le_bytes(file[60..64].try_into().unwrap()) as usize;
            assert_eq!((usize::from(file[start]), usize::from(file[start + 11])), (kind, number));
            let found = decode(&file).unwrap().decoder.unwrap();
            assert_eq!((found.outputs(), found.layers()[0].activation()), (outputs, activation));
        }
    }
}

#[test]
fn what_a_file_cannot_hold_is_refused() {
    let layer = |weight| Dense::new(1, vec![0.5, weight], vec![0.0; 2], Activation::Linear).unwrap();
    for weight in [f32::NAN, f32::INFINITY, -2e30] {
        let decoder = Decoder::new(
            &[layer(1.0), Dense::new(2, vec![weight, 0.0], vec![0.0], Activation::Linear).unwrap()],
            Outputs::Logits,
        );
        let error = rounded(&decoder.unwrap(), WeightBits::Eight).unwrap_err();
        let expected =
            format!("the decoder's weights: expected numbers up to 1e30, found {weight} in layer 1");
        assert_eq!(error.to_string(), expected);
    }
    // Weights of zero alone, and weights of any size.
    let zero = Decoder::new(
        &[Dense::new(2, vec![0.0; 4], vec![0.0; 2], Activation::Linear).unwrap()],
        Outputs::Clipped,
    );
    assert!(rounded(&zero.unwrap(), WeightBits::Sixteen).is_ok());
    rounded(&Decoder::new(&[layer(1e30)], Outputs::Clipped).unwrap(), WeightBits::Eight).unwrap();
    let pixels = MAX_WEIGHTS as usize / 2 + 1;
    let large = Dense::new(1, vec![0.0; pixels], vec![0.0; pixels], Activation::Linear).unwrap();
    let large = Decoder::new(&[large], Outputs::Logits).unwrap();
    let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[], None).unwrap();
    let header = Header { images: 0, channels: 1, rows: 1, cols: pixels, model: MODEL };
    let error =
        Writer::new(Vec::new(), header, &Extras::default(), coding, Some((&large, WeightBits::Eight)))
            .unwrap_err();
    assert_eq!(error.to_string(), "weights of the decoder: expected at most 4194304, found 4194306");
}
