//! Forward alone: against the plain reference, halves against the whole, and rows that do not see each other.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::reference::{Layer, forward};
use ae_net::{
    Activation::{Linear, Relu, Sigmoid},
    Rows, SparseRows, Stack, Team, default_threads,
};
use common::{Rng, wide};

const WIDTH: usize = 150;

fn problem() -> (Stack, Vec<u8>) {
    let mut rng = Rng(17);
    let stack = rng.stack(&[WIDTH, 33, 5, 70], &[Relu, Linear, Sigmoid]);
    (stack, rng.bytes(300 * WIDTH))
}

fn run(stack: &Stack, inputs: Rows<'_>, threads: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; inputs.len() * stack.outputs()];
    stack.forward(&Team::new(threads).unwrap(), inputs, &mut out).unwrap();
    out
}

#[test]
fn forward_agrees_with_the_formulas_and_encoder_then_decoder_with_both() {
    let (stack, pixels) = problem();
    let rows: Vec<u32> = (0..300).rev().collect();
    let inputs = Rows::bytes(&pixels, WIDTH).unwrap().pick(&rows).unwrap();
    let whole = run(&stack, inputs, 1);
    let layers = stack.layers();
    let (encoder, decoder) = (Stack::new(&layers[..2]).unwrap(), Stack::new(&layers[2..]).unwrap());
    let codes = run(&encoder, inputs, 2);
    assert_eq!(run(&decoder, Rows::values(&codes, 5).unwrap(), 2), whole);
    let layers: Vec<_> = layers.iter().map(Layer::from).collect();
    for (row, &listed) in rows.iter().enumerate() {
        let x = wide(&Rows::bytes(&pixels, WIDTH).unwrap().pick(&[listed]).unwrap().to_values());
        for (found, expected) in whole[row * 70..][..70].iter().zip(&forward(&layers, &x)[2].outputs) {
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
    let (lists, numbers) = (Rows::sparse(&set), Rows::values(&values, WIDTH).unwrap());
    let (whole, dense) = (run(&stack, lists, 1), run(&stack, numbers, 1));
    assert_eq!(run(&stack, Rows::bytes(&pixels, WIDTH).unwrap(), 2), dense, "bytes are the same numbers");
    for (batch, threads) in [(1, 1), (3, 2), (16, 1), (17, 3), (100, 7), (300, 2)] {
        let in_parts: Vec<f32> = lists.chunks(batch).flat_map(|rows| run(&stack, rows, threads)).collect();
        let picked = rows.chunks(batch).map(|rows| numbers.pick(rows).unwrap());
        let dense_in_parts: Vec<f32> = picked.flat_map(|rows| run(&stack, rows, threads)).collect();
        assert!(in_parts == whole, "lists, batch {batch}, {threads} threads");
        assert!(dense_in_parts == dense, "values, batch {batch}, {threads} threads");
    }
}

#[test]
fn no_rows_make_no_outputs() {
    let (stack, _) = problem();
    assert!(run(&stack, Rows::values(&[], WIDTH).unwrap(), 2).is_empty());
}

#[test]
fn threads_by_default_are_never_more_than_lanes() {
    assert_eq!(default_threads(1).get(), 1);
    assert_eq!(default_threads(0).get(), 1);
    assert!((1..=4).contains(&default_threads(64).get()));
}
