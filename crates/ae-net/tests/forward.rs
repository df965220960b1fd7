//! Forward alone: against `f64`, layer ranges, and rows that do not see each other.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_dense::{
    Activation::{Linear, Relu, Sigmoid},
    Inputs, SparseRows, Stack, Team, default_threads,
};
use common::{Layer, Rng, forward};

const WIDTH: usize = 150;

fn problem() -> (Stack, Vec<u8>) {
    let mut rng = Rng(17);
    let stack = rng.stack(&[WIDTH, 33, 5, 70], &[Relu, Linear, Sigmoid]);
    (stack, rng.bytes(300 * WIDTH))
}

fn run(
    stack: &Stack,
    layers: std::ops::Range<usize>,
    inputs: Inputs<'_>,
    n: usize,
    threads: usize,
) -> Vec<f32> {
    let mut out = vec![f32::NAN; n];
    stack.forward(&Team::new(threads).unwrap(), layers, inputs, &mut out).unwrap();
    out
}

#[test]
fn forward_agrees_with_the_formulas_and_encoder_then_decoder_with_both() {
    let (stack, pixels) = problem();
    let rows: Vec<u32> = (0..300).rev().collect();
    let inputs = Inputs::Bytes { pixels: &pixels, rows: &rows };
    let whole = run(&stack, 0..3, inputs, 300 * 70, 1);
    let codes = run(&stack, 0..2, inputs, 300 * 5, 2);
    assert_eq!(run(&stack, 2..3, Inputs::Dense(&codes), 300 * 70, 2), whole);
    let layers: Vec<_> = stack.layers().iter().map(Layer::of).collect();
    for (row, &listed) in rows.iter().enumerate() {
        let x: Vec<f64> =
            pixels[listed as usize * WIDTH..][..WIDTH].iter().map(|&byte| f64::from(byte) / 255.0).collect();
        for (found, expected) in whole[row * 70..][..70].iter().zip(&forward(&layers, &x)[2].1) {
            assert!((f64::from(*found) - expected).abs() <= 1e-5, "row {row}: {found}, expected {expected}");
        }
    }
}

#[test]
fn a_row_gives_the_same_bits_in_any_batch_and_on_any_team() {
    let (stack, pixels) = problem();
    let set = SparseRows::from_bytes(&pixels, WIDTH).unwrap();
    let rows: Vec<u32> = (0..300).collect();
    let values: Vec<f32> = pixels.iter().map(|&byte| f32::from(byte) * (1.0 / 255.0)).collect();
    let whole = run(&stack, 0..3, Inputs::Sparse { set: &set, rows: &rows }, 300 * 70, 1);
    let dense = run(&stack, 0..3, Inputs::Dense(&values), 300 * 70, 1);
    for (batch, threads) in [(1, 1), (3, 2), (16, 1), (17, 3), (100, 7), (300, 2)] {
        let (mut in_parts, mut dense_in_parts) = (Vec::new(), Vec::new());
        for (rows, values) in rows.chunks(batch).zip(values.chunks(batch * WIDTH)) {
            let n = rows.len() * 70;
            in_parts.extend(run(&stack, 0..3, Inputs::Sparse { set: &set, rows }, n, threads));
            dense_in_parts.extend(run(&stack, 0..3, Inputs::Dense(values), n, threads));
        }
        assert!(in_parts == whole, "lists, batch {batch}, {threads} threads");
        assert!(dense_in_parts == dense, "values, batch {batch}, {threads} threads");
    }
}

#[test]
fn no_rows_make_no_outputs() {
    let (stack, _) = problem();
    assert!(run(&stack, 0..3, Inputs::Dense(&[]), 0, 2).is_empty());
}

#[test]
fn threads_by_default_are_never_more_than_lanes() {
    assert_eq!(default_threads(1).get(), 1);
    assert_eq!(default_threads(0).get(), 1);
    assert!((1..=4).contains(&default_threads(64).get()));
}
