//! Loads a trained autoencoder and encodes one image: all it takes to use `ae-model` elsewhere.

use std::error::Error;
use std::process::ExitCode;

use ae_model::{ModelError, Shallow, batch};

fn main() -> ExitCode {
    let Err(error) = run() else { return ExitCode::SUCCESS };
    eprint!("error: {error}");
    let mut cause = error.source();
    while let Some(why) = cause {
        eprint!(": {why}");
        cause = why.source();
    }
    eprintln!();
    ExitCode::FAILURE
}

fn run() -> Result<(), ModelError> {
    let path = std::env::args().nth(1).unwrap_or("runs/shallow-32/model.safetensors".into());
    let model = Shallow::<784, 32>::load(path)?;

    // One image of 28 x 28 pixels in [0, 1], top-left first: a bright bar on black.
    let mut image = [0.0; 784];
    for row in 6..22 {
        image[row * 28 + 13..row * 28 + 15].fill(1.0);
    }
    let code = model.encode(batch(&image)?)?;
    println!("{:?}", code.as_vec());
    Ok(())
}
