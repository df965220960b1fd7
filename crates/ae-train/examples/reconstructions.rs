//! What a trained file makes of MNIST's test images, as raw numbers: what `benches/peers/check_weights.py`
//! compares PyTorch with.
//!
//! `cargo run --release -p ae-train --example reconstructions -- WEIGHTS DATA OUT` takes a file of weights and a
//! folder with MNIST, and writes 10,000 x 784 values in `[0, 1]`, little-endian f32, image by image.

use std::path::PathBuf;

use ae_data::{Limits, open_folder};
use ae_net::{Network, Rows, Team, float_bytes};

fn main() -> anyhow::Result<()> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [weights, data, out] = paths.as_slice() else { anyhow::bail!("usage: WEIGHTS DATA OUT") };
    let (test, network) = (open_folder(data, &Limits::default())?.test, Network::load(weights)?);
    let images = Rows::bytes(test.bytes().expect("MNIST is bytes"), test.width())?;
    let bytes = float_bytes(&network.reconstruct(&Team::new(1)?, images)?);
    Ok(ae_file::replace(out, |file| file.write_all(&bytes))?)
}
