//! What codes are good for: telling images apart with few labels, and making new ones.
//!
//! ```text
//! cargo run --release -p ae-eval --example 3_use_codes
//! ```
//!
//! The images are bars that lie, stand or lean, anywhere in the picture. Nothing but where a bar is sets two images of a
//! kind apart, yet moving a bar is no linear thing: PCA needs many components for it, where a network with hidden
//! units has one number for the place. So at the same code size it rebuilds images better, and leaves less to learn for
//! whoever reads its codes.

#![allow(clippy::print_stdout, reason = "an example tells what it finds")]

use std::error::Error;

use ae_data::{BatchPlan, Order, Samples};
use ae_eval::{
    Budget, CodeSampler, EvalError, Labelled, Neighbours, Pca, Probe, ProbeParams, Reconstruction,
    image_rows, probe,
};
use ae_net::{Adam, Code, Description, Learner, Loss, Network, Outputs, Rows, Stack, Targets, Team};
use ae_seed::{generator, uniform};

const SIDE: usize = 12;
/// Lying, standing, leaning.
const KINDS: usize = 3;
/// Numbers in a code.
const CODE: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let team = Team::new(2)?;
    let (train, test) = (bars(3_000, 0)?, bars(600, 1)?);

    // 1. A network learns codes from images alone, and PCA finds the best linear code of that size.
    let network = train_network(&team, &train)?;
    let pca = Pca::fit(&team, &train)?.network(CODE, Outputs::Clipped)?;
    let db = |network| -> Result<f64, EvalError> {
        Ok(Reconstruction::measure(&team, network, image_rows(&test)?, image_rows(&test)?)?.psnr_db)
    };
    let (ours, linear) = (db(&network)?, db(&pca)?);
    println!("{CODE} numbers an image; test images come back at {ours:.1} dB, by PCA at {linear:.1} dB");
    assert!(ours > linear + 3.0);

    // 2. Codes are rows of numbers like any other: any classifier reads them. Here a network of 64 units sees ten labels
    //    of each kind, ten times over, and the 15 nearest neighbours vote with all labels.
    println!("\nread by         probe, 30 labels   15 nearest");
    let mut found = Vec::new();
    for (name, network) in [("codes", &network), ("PCA's", &pca)] {
        let (train_codes, test_codes) =
            (network.encode(&team, image_rows(&train)?)?, network.encode(&team, image_rows(&test)?)?);
        let train = Labelled::new(Rows::values(&train_codes, CODE)?, labels(&train))?;
        let test = Labelled::new(Rows::values(&test_codes, CODE)?, labels(&test))?;
        let few = probe(&team, &ProbeParams::default(), train, test, Budget::Labels(30))?.accuracy;
        let near = Neighbours::new(train).accuracy(&team, test, 15)?;
        println!("{name:<15} {few:>16.3} {near:>12.3}");
        found.push((few, near));
    }
    assert!(found[0].0 > found[1].0 && found[0].1 > 0.95);

    // 3. Each kind's codes are a cloud. What is drawn from the cloud, the decoder makes an image of that no one has drawn,
    //    and a judge that has learned from pixels says what it shows.
    let sampler = CodeSampler::of_network(&team, &network, Labelled::images(&train)?)?;
    let judge = Probe::train(&team, &ProbeParams::default(), Labelled::images(&train)?)?;
    println!("\none drawn image of each kind, and how many of 100 are judged to be of it:");
    let mut judged = 0;
    for &kind in sampler.classes() {
        let images = network.decode(&team, Rows::values(&sampler.sample(kind, 100, 0)?, CODE)?)?;
        let answers = judge.classify(&team, Rows::values(&images, SIDE * SIDE)?)?;
        let right = answers.iter().filter(|&&answer| answer == kind).count();
        println!("{right}\n{}", picture(&images[..SIDE * SIDE]));
        judged += right;
    }
    assert!(judged > 200, "by chance it would be 100 of the 300");
    Ok(())
}

/// Bars at random places; each image's label is the kind of its bar.
fn bars(count: usize, stream: u64) -> Result<Samples, Box<dyn Error>> {
    let mut generator = generator(0, b"ae-eval: example of bars", stream);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for image in 0..count {
        let kind = image % KINDS;
        let place = 1.0 + uniform(&mut generator) * (SIDE - 3) as f64;
        for at in 0..SIDE * SIDE {
            let (row, col) = ((at / SIDE) as f64, (at % SIDE) as f64);
            let distance = [row, col, (row + col) / 2.0][kind] - place;
            pixels.push((255.0 * (-0.5 * distance * distance).exp()) as u8);
        }
        labels.push(kind as i32);
    }
    Ok(Samples::new((SIDE, SIDE), pixels).and_then(|set| set.with_labels(labels))?)
}

fn labels(images: &Samples) -> &[i32] {
    images.labels().unwrap_or_default()
}

/// 20 epochs of Adam; the labels are not looked at.
fn train_network(team: &Team, images: &Samples) -> Result<Network, Box<dyn Error>> {
    let network = Network::draw(&Description::dense(SIDE * SIDE, &[64], CODE), 0)?;
    let stack = Stack::new(&network.layers())?;
    let adam = Adam { learning_rate: 3e-3, ..Adam::default() };
    let mut learner = Learner::new(stack, Loss::BceWithLogits, adam, 50, team.clone())?;
    let plan = BatchPlan::new(images.len(), 50, Order::Shuffled { seed: 0 })?;
    for epoch in 1..=20 {
        for batch in plan.epoch(epoch).batches() {
            let rows = image_rows(images)?.pick(batch)?;
            learner.step(rows, Targets::Rows(rows), Code::Plain)?;
        }
    }
    Ok(network.with_layers(&learner.stack().layers())?)
}

/// An image as text, a line a row.
fn picture(image: &[f32]) -> String {
    let shade = |&brightness: &f32| [" ", ".", ":", "+", "#"][(brightness * 4.0).round() as usize];
    let line =
        |row: &[f32]| row.iter().map(shade).flat_map(|shade| [shade, shade]).collect::<String>() + "\n";
    image.chunks_exact(SIDE).map(line).collect()
}
