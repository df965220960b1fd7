//! An autoencoder as a compressor: images to the bytes of an `.aez` file, and back.
//!
//! `cargo run --release -p ae-codec --example 4_compress`

#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;

use ae_codec::{Options, Quality, WeightBits, compress, decompress};
use ae_net::{
    Adam, Code, Description, Learner, Loss, NetError, Network, Rows, Stack, Targets, Team, psnr_db,
};

const SIDE: usize = 16;
const PIXELS: usize = SIDE * SIDE;
const IMAGES: usize = 2_000;
const BATCH: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    // 1. Images, as bytes: each a soft spot, somewhere and of some size.
    let images: Vec<u8> = (0..IMAGES).flat_map(spot).collect();

    // 2. A network that knows such images: 256 pixels to a code of 6 numbers, and back.
    let team = Team::new(2)?;
    let network = train(&team, &images)?;

    // 3. Compress. The network makes codes of images, the quality says how finely their numbers are rounded, and an
    //    entropy coder packs the integers. What makes images of codes again is the network, which both sides have.
    println!("quality  bytes an image  PSNR");
    let mut figures = Vec::new();
    for quality in [30.0, 50.0, 70.0] {
        let options = Options { quality: Quality::new(quality)?, ..Options::default() };
        let file = compress(&team, &network, &images, (1, SIDE, SIDE), options)?;

        // 4. Decompress. Another network would be refused: the file names the one that its codes are of.
        let back = decompress(&team, &file, Some(&network))?;
        assert_eq!((back.rows, back.cols, back.pixels.len()), (SIDE, SIDE, images.len()));
        let (bytes, psnr) = (file.len() as f64 / IMAGES as f64, psnr_db(mse(&back.pixels, &images)));
        println!("{quality:7}  {bytes:14.2}  {psnr:.2} dB");
        figures.push((bytes, psnr));
    }
    // More bytes, better images; and 256 bytes were far too many for any of them.
    assert!(figures.is_sorted() && figures.iter().all(|(bytes, psnr)| *bytes < 12.0 && *psnr > 20.0));

    // 5. With the decoder inside, its weights of 8 bits, the file needs no network; each image's label goes along too.
    let labels: Vec<i32> = (0..IMAGES).map(|image| (image % 10) as i32).collect();
    let options = Options { inside: Some(WeightBits::Eight), labels: Some(&labels), ..Options::default() };
    let file = compress(&team, &network, &images, (1, SIDE, SIDE), options)?;
    let back = decompress(&team, &file, None)?;
    let (bytes, psnr) = (file.len() as f64 / IMAGES as f64, psnr_db(mse(&back.pixels, &images)));
    println!("with decoder and labels inside: {bytes:.2} bytes an image, {psnr:.2} dB");
    assert!(back.labels == Some(labels) && psnr > 20.0);
    Ok(())
}

/// An image of a spot whose place and size follow from its number.
fn spot(number: usize) -> impl Iterator<Item = u8> {
    let part = |step: f64| (number as f64 * step).fract();
    let (row, col, radius) = (3.0 + 9.0 * part(0.618), 3.0 + 9.0 * part(0.755), 1.5 + 2.0 * part(0.570));
    (0..PIXELS).map(move |pixel| {
        let (down, right) = ((pixel / SIDE) as f64 - row, (pixel % SIDE) as f64 - col);
        (255.0 * (-(down * down + right * right) / (2.0 * radius * radius)).exp()) as u8
    })
}

/// Some passes over the images with Adam, as any network is trained.
fn train(team: &Team, images: &[u8]) -> Result<Network, Box<dyn Error>> {
    let network = Network::draw(&Description::dense(PIXELS, &[48], 6), 0)?;
    let adam = Adam { learning_rate: 0.004, ..Adam::default() };
    let stack = Stack::new(&network.layers())?;
    let mut learner = Learner::new(stack, Loss::BceWithLogits, adam, BATCH, team.clone())?;
    team.enter(|| {
        for _ in 0..30 {
            for batch in Rows::bytes(images, PIXELS)?.chunks(BATCH) {
                learner.step(batch, Targets::Rows(batch), Code::Plain)?;
            }
        }
        Ok::<(), NetError>(())
    })?;
    Ok(network.with_layers(&learner.stack().layers())?)
}

/// Squared error, mean over images and pixels on the `[0, 1]` scale.
fn mse(found: &[u8], expected: &[u8]) -> f64 {
    let square = |(&a, &b): (&u8, &u8)| (f64::from(a.abs_diff(b)) / 255.0).powi(2);
    found.iter().zip(expected).map(square).sum::<f64>() / expected.len() as f64
}
