//! What a trained file makes of MNIST's test images, as raw numbers: what `benches/peers/check_weights.py`
//! compares PyTorch with.
//!
//! `cargo run --release -p ae-train --example reconstructions -- WEIGHTS DATA OUT` takes a file of `shallow-32` and a
//! folder with MNIST, and writes 10,000 x 784 values in `[0, 1]`, little-endian f32, image by image.

use std::error::Error;
use std::path::PathBuf;

use ae_data::{Limits, open_folder};
use ae_dense::{Inputs, Stack, Team};
use ae_model::{DenseStack, Shallow};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [weights, data, out] = paths.as_slice() else { return Err("usage: WEIGHTS DATA OUT".into()) };
    let test = open_folder(data, &Limits::default())?.test;
    let stack = Stack::new(&Shallow::<784, 32>::load(weights)?.layers())?;
    let rows: Vec<u32> = (0..test.len() as u32).collect();
    let mut logits = vec![0.0; test.pixels().len()];
    let inputs = Inputs::Bytes { pixels: test.pixels(), rows: &rows };
    stack.forward(&Team::new(1)?, 0..stack.depth(), inputs, &mut logits)?;
    let bytes: Vec<u8> = logits.iter().flat_map(|l| (1.0 / (1.0 + (-l).exp())).to_le_bytes()).collect();
    Ok(ae_file::replace(out, |file| file.write_all(&bytes))?)
}
