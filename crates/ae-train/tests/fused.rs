//! What the fused engine promises alone.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

mod common;

use ae_data::{Samples, Split};
use ae_net::{Rows, Team};
use ae_train::{TrainParams, Trainer};
use common::*;

#[test]
fn any_number_of_threads_trains_the_same_bits() {
    let split = mnist(1_000, 100);
    let train = |count, noise, mask, rate| {
        let mut model = network(784, &[], 32, 0);
        let config = TrainParams { epochs: 2, noise, mask, rate, ..TrainParams::default() }.check().unwrap();
        let history =
            Trainer::fused(&mut model, &split, config, team(count)).unwrap().train(&mut |_| {}).unwrap();
        (model.identity(), history.train, history.test, history.restored)
    };
    let mut identities = vec![network(784, &[], 32, 0).identity()];
    for (noise, mask, rate) in
        [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.5, 0.5, 0.0), (0.0, 0.0, 0.1)]
    {
        let one = train(1, noise, mask, rate);
        for count in [2, 3, 7] {
            let found = train(count, noise, mask, rate);
            assert_eq!(found, one, "{count} threads, noise {noise}, mask {mask}, rate {rate}");
        }
        assert!(!identities.contains(&one.0), "training must move the weights, and corruption elsewhere");
        identities.push(one.0);
    }
}

#[test]
fn bright_images_are_read_dense_and_dark_ones_sparse() {
    for (value, expected) in [(255, "dense"), (0, "sparse")] {
        let images = Samples::new((4, 4), vec![value; 16 * 8]).unwrap();
        let split = Split { train: images.clone(), test: images };
        let mut model = network(16, &[], 8, 0);
        let config = sequential(1).check().unwrap();
        let trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
        assert_eq!(trainer.inputs(), expected);
        drop(trainer);
        for (noise, mask, expected) in [(0.0, 0.5, expected), (0.5, 0.0, "dense"), (0.5, 0.5, "dense")] {
            let config = TrainParams { noise, mask, ..sequential(1) }.check().unwrap();
            let trainer = Trainer::fused(&mut model, &split, config, team(1)).unwrap();
            assert_eq!(trainer.inputs(), expected, "noise {noise}, mask {mask}");
        }
    }
}

/// What is said to cost nothing is not touched, and what costs more is spread less.
#[test]
fn a_price_holds_the_codes_together() {
    let split = mnist(2_560, 256);
    let spread = |rate| {
        let mut model = network(784, &[64, 32], 8, 0);
        let config = TrainParams { rate, ..sequential(4) }.check().unwrap();
        Trainer::fused(&mut model, &split, config, team(2)).unwrap().train(&mut |_| {}).unwrap();
        let images = Rows::bytes(split.test.bytes().unwrap(), 784).unwrap();
        let codes = model.encode(&Team::new(2).unwrap(), images).unwrap();
        codes.iter().map(|y| f64::from(y * y)).sum::<f64>() / codes.len() as f64
    };
    let (cheap, dear) = (spread(0.01), spread(3.0));
    assert!(cheap > 1.0 && dear < 0.3 * cheap, "{cheap} {dear}");
}
