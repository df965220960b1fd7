//! A model whose sizes are types, trained on MNIST: the reference recipe, 784 - 32 - 784.
//!
//! `cargo run --release -p ae-train --example 5_a_typed_model -- 50` trains for 50 epochs; without a number, for one.

#![allow(clippy::print_stdout, reason = "an example says what it found")]

use std::path::Path;

use ae_data::{Limits, open_folder};
use ae_model::Shallow;
use ae_net::{Team, default_threads};
use ae_train::{TrainParams, Trainer};

fn main() -> anyhow::Result<()> {
    let epochs = std::env::args().nth(1).map_or(Ok(1), |epochs| epochs.parse())?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let split = open_folder(&folder, &Limits::default())?;

    // A decoder of another code size, or images of another size than 784 pixels in the model's own functions, would
    // not compile. `ae_model::Autoencoder` takes any two modules that fit together.
    let params = TrainParams { epochs, ..TrainParams::default() };
    let mut model = Shallow::<784, 32>::build(params.seed)?;

    // It is a network like any other: `Trainer::fused` trains it as it trains an `ae_net::Network`, to the same bits.
    // `Trainer::autodiff` would take it too, and any module that dfdx can differentiate.
    let config = params.check()?;
    let team = Team::up_to(default_threads(config.batch_size()).get())?;
    let history = Trainer::fused(&mut model, &split, config, team)?.train(&mut |_| {})?;

    println!("test BCE after {epochs} epoch(s): {:.4}", history.test.bce.unwrap_or(f64::NAN));
    println!("the weights are {}", model.identity());
    Ok(())
}
