//! 1. Load a trained network and turn images into codes.
//!
//! ```sh
//! cargo run --example 1_load_and_encode                                    # a network that nobody has trained
//! cargo run --example 1_load_and_encode runs/shallow-32/model.safetensors  # after `cargo xtask train`
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use ae_net::{Description, Network, Rows, Team};

// With anyhow an error that `main` returns is told in sentences; docs/consumer tells it without.
fn main() -> anyhow::Result<()> {
    // A weights file says what its network is: sizes, layers, activations.
    let network = match std::env::args().nth(1) {
        Some(path) => Network::load(path)?,
        None => Network::draw(&Description::dense(28 * 28, &[], 32), 0)?,
    };
    println!("{} pixels to codes of {} numbers", network.pixels(), network.code_size());

    // Images are bytes, one after the other: here a bright bar on black, and black alone.
    let mut images = vec![0; 2 * network.pixels()];
    images[network.pixels() / 4..network.pixels() / 2].fill(255);
    let images = Rows::bytes(&images, network.pixels())?;

    // A team of threads computes; how many they are changes no bit.
    let team = Team::new(2)?;
    let codes = network.encode(&team, images)?;
    for code in codes.chunks(network.code_size()) {
        println!("{code:?}");
    }

    // And back. The same image has the same code whatever stands beside it.
    let rebuilt = network.decode(&team, Rows::values(&codes, network.code_size())?)?;
    assert_eq!(rebuilt.len(), images.len() * network.pixels());
    assert_eq!(network.encode(&team, images.pick(&[1])?)?, codes[network.code_size()..]);
    Ok(())
}
