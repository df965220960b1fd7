//! A network of sizes of your own, trained on data of your own, and what it has learned.
//!
//! `cargo run --release -p ae-train --example 2_train_your_own_shape`

#![allow(clippy::print_stdout, reason = "an example says what it found")]

use std::error::Error;

use ae_data::{Samples, Split};
use ae_net::{Description, Network, Rows, Team};
use ae_train::{Event, TrainParams, Trainer};

/// The side of an image.
const SIDE: usize = 12;

/// White rectangles on black, one for each choice of where it begins and ends: any bytes will do, a row an image.
fn rectangles() -> Vec<u8> {
    let spans: Vec<(usize, usize)> =
        (0..SIDE).flat_map(|from| (from + 3..=SIDE).map(move |to| (from, to))).collect();
    let mut pixels = Vec::new();
    for &(top, bottom) in &spans {
        for &(left, right) in &spans {
            for row in 0..SIDE {
                let inside = |column| (top..bottom).contains(&row) && (left..right).contains(&column);
                pixels.extend((0..SIDE).map(|column| if inside(column) { 255 } else { 0 }));
            }
        }
    }
    pixels
}

fn main() -> Result<(), Box<dyn Error>> {
    // Your images go here: rows, columns, bytes, and no labels. A tenth of them is kept to test with.
    let images = Samples::new((SIDE, SIDE), rectangles())?;
    let split: Split = images.hold_out_tenth(0)?;

    // Any number of hidden layers of any size, and back again in reverse order; a rectangle is four numbers.
    let shape = Description::dense(SIDE * SIDE, &[96, 48], 4);
    let mut network = Network::draw(&shape, 0)?;

    let params = TrainParams { epochs: 30, learning_rate: 2e-3, decay: 0.5, ..TrainParams::default() };
    let mut trainer = Trainer::fused(&mut network, &split, params.check()?, Team::up_to(2)?)?;
    let history = trainer.train(&mut |event| {
        if let Event::Epoch(record) = event
            && record.epoch % 10 == 0
        {
            println!("epoch {:>2}: BCE {:.4}, {:.2} dB", record.epoch, record.test_loss, record.test_psnr_db);
        }
    })?;
    drop(trainer); // the network has the trained weights now

    let (found, mean) = (history.test, history.baselines.mean_image_mse);
    println!("{} test images: MSE {:.5}, with the mean image {mean:.5}", found.images, found.mse);
    println!("units of the code that are never used: {}", found.dead_units);

    let pixels = split.test.bytes().unwrap_or_default();
    let first = pixels.get(..SIDE * SIDE).ok_or("no test images")?;
    let code = network.encode(&Team::new(1)?, Rows::bytes(first, SIDE * SIDE)?)?;
    println!("the first test image is {code:.2?}");
    Ok(())
}
