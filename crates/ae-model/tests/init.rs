//! First weights: Glorot's bounds and spread, zero biases, and the same numbers for a seed everywhere.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use ae_model::{
    Deep, DeepDecoder, DeepEncoder, NamedTensor, Parameters, Shallow, ShallowEncoder, build_decoder,
    build_encoder,
};

fn named<'a>(tensors: &'a [NamedTensor], name: &str) -> &'a [f32] {
    &tensors.iter().find(|tensor| tensor.name == name).unwrap().values
}

/// Computed from the text of ae-net's `draw.rs` by a ChaCha8 written down apart from ours.
#[test]
fn seed_0_gives_these_numbers() {
    let tensors = Shallow::<784, 32>::build(0).unwrap().parameters();
    assert_eq!(
        named(&tensors, "encoder.0.weight")[..4],
        [-0.07257776, -0.060508247, 0.017203478, 0.013810114]
    );
    assert_eq!(
        named(&tensors, "decoder.0.weight")[..4],
        [-0.0077390894, 0.009554353, 0.029276261, -0.008936273]
    );
    let tensors = Deep::<6, 5, 4, 2>::build(0).unwrap().parameters();
    assert_eq!(named(&tensors, "encoder.2.weight")[..3], [0.51718915, -0.17237741, 0.46936733]);
}

#[test]
fn tensors_are_named_and_shaped_as_pytorch_does() {
    let shapes: Vec<_> = Deep::<6, 5, 4, 2>::build(0)
        .unwrap()
        .parameters()
        .into_iter()
        .map(|tensor| (tensor.name, tensor.shape))
        .collect();
    let expected: [(&str, &[usize]); 12] = [
        ("encoder.0.weight", &[5, 6]),
        ("encoder.0.bias", &[5]),
        ("encoder.2.weight", &[4, 5]),
        ("encoder.2.bias", &[4]),
        ("encoder.4.weight", &[2, 4]),
        ("encoder.4.bias", &[2]),
        ("decoder.0.weight", &[4, 2]),
        ("decoder.0.bias", &[4]),
        ("decoder.2.weight", &[5, 4]),
        ("decoder.2.bias", &[5]),
        ("decoder.4.weight", &[6, 5]),
        ("decoder.4.bias", &[6]),
    ];
    let expected = expected.map(|(name, shape)| (name.to_owned(), shape.to_owned()));
    assert_eq!(shapes, expected);
}

#[test]
fn weights_are_uniform_within_the_bound_and_biases_are_zero() {
    let tensors = Deep::<784, 128, 64, 32>::build(7).unwrap().parameters();
    assert_eq!(tensors.len(), 12);
    for NamedTensor { name, shape, values } in tensors {
        let &[fan_out, fan_in] = &shape[..] else {
            assert!(values.iter().all(|&v| v.to_bits() == 0), "{name}");
            continue;
        };
        let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
        let n = values.len() as f64;
        let largest = values.iter().fold(0.0, |m: f64, &v| m.max(f64::from(v).abs()));
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
        // Of n draws the largest misses the bound by some bound / n; the mean of n has the standard
        // error bound / sqrt(3 n), the variance bound^2 / 3 the relative one sqrt(0.8 / n).
        assert!(largest <= bound * (1.0 + 1e-6) && largest >= bound * (1.0 - 12.0 / n), "{name}: {largest}");
        assert!(mean.abs() <= 5.0 * bound / (3.0 * n).sqrt(), "{name}: mean {mean}");
        let expected = bound * bound / 3.0;
        assert!((variance / expected - 1.0).abs() <= 5.0 * (0.8 / n).sqrt(), "{name}: {variance}");
    }
}

#[test]
fn a_seed_is_repeatable_and_another_seed_is_another_model() {
    let model = |seed| Shallow::<20, 3>::build(seed).unwrap().identity();
    assert_eq!(model(0), model(0));
    for seed in [1, 2, 1 << 40, u64::MAX] {
        assert_ne!(model(0), model(seed), "{seed}");
    }
}

#[test]
fn a_half_built_alone_is_the_half_of_the_whole() {
    let whole = Deep::<6, 5, 4, 2>::build(3).unwrap();
    let encoder: DeepEncoder<6, 5, 4, 2> = build_encoder(3).unwrap();
    let decoder: DeepDecoder<6, 5, 4, 2> = build_decoder(3).unwrap();
    assert_eq!(encoder.parameters(), whole.encoder.parameters());
    assert_eq!(decoder.parameters(), whole.decoder.parameters());
}

/// The halves draw from streams of their own: were they one, equal shapes would get equal weights.
#[test]
fn encoder_and_decoder_of_one_shape_differ() {
    let encoder: ShallowEncoder<4, 4> = build_encoder(0).unwrap();
    let decoder: ShallowEncoder<4, 4> = build_decoder(0).unwrap();
    assert_ne!(encoder.parameters(), decoder.parameters());
}
