//! The loss of each of the first 200 steps, on both engines, from the same weights: what
//! `benches/peers/check_trajectory.py` compares PyTorch with.
//!
//! `cargo run --release -p ae-train --example trajectory -- DATA OUT` takes a folder with MNIST, and writes into the
//! folder OUT `initial.safetensors`, the weights that seed 0 draws, and `losses.csv`, `step,autodiff,fused`.
//! Batches of 64, in the order of the file.

use std::path::PathBuf;

use ae_data::{Limits, Split, open_folder};
use ae_net::{Description, Network, Team};
use ae_train::{EpochOrder, Event, TrainError, TrainParams, Trainer};

const STEPS: u32 = 200;

fn main() -> anyhow::Result<()> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [data, out] = paths.as_slice() else { anyhow::bail!("usage: DATA OUT") };
    let params = TrainParams { epochs: 1, order: EpochOrder::Sequential, ..TrainParams::default() };
    let config = params.check()?;
    let all = open_folder(data, &Limits::default())?;
    let first: Vec<u32> = (0..STEPS * config.batch_size() as u32).collect();
    let split = Split { train: all.train.select(&first)?, test: all.test };

    let team = Team::new(1)?;
    let mut a = Network::draw(&Description::dense(784, &[], 32), params.seed)?;
    let mut b = a.clone();
    std::fs::create_dir_all(out)?;
    a.save(out.join("initial.safetensors"))?;
    let autodiff = losses(Trainer::autodiff(&mut a, &split, config, team.clone())?)?;
    let fused = losses(Trainer::fused(&mut b, &split, config, team)?)?;
    let mut table = String::from("step,autodiff,fused\n");
    for (step, (autodiff, fused)) in autodiff.iter().zip(&fused).enumerate() {
        table += &format!("{},{autodiff},{fused}\n", step + 1);
    }
    Ok(ae_file::replace(&out.join("losses.csv"), |file| file.write_all(table.as_bytes()))?)
}

fn losses(mut trainer: Trainer<'_>) -> Result<Vec<f64>, TrainError> {
    let mut losses = Vec::new();
    trainer.train(&mut |event| {
        if let Event::Step { loss, .. } = event {
            losses.push(loss);
        }
    })?;
    Ok(losses)
}
