//! What a run has come to: its record, and its figures for whoever waits for them.

use std::collections::BTreeMap;

use ae_data::Split;
use ae_net::{Evaluation, Network, Outputs, psnr_db as psnr_db_of};
use ae_train::{
    EngineRecord, History, ModelRecord, Origin, PcaScore, RUN_FORMAT, Restoration, RunRecord, judge,
    judge_images,
};

use super::plan::Plan;
use super::verdicts;
use crate::output::say;

/// The content of `run.json`.
pub(crate) fn record(
    plan: &Plan,
    origin: Origin,
    engine: EngineRecord,
    network: &Network,
    images: &Split,
    history: &History,
) -> RunRecord {
    let mut record = RunRecord {
        format: RUN_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: ModelRecord {
            preset: origin.preset,
            hidden: origin.hidden,
            pixels: network.pixels(),
            code: network.code_size(),
            outputs: network.outputs(),
            init: origin.init,
            identity: network.identity().to_string(),
        },
        config: plan.config.params(),
        engine,
        data: origin.data,
        baselines: history.baselines,
        last_epoch_train_loss: history.last().map(|epoch| epoch.train_loss),
        train: history.train,
        test: history.test,
        restored: history.restored,
        pca: verdicts::pca(plan, network.outputs(), images),
        verdicts: Vec::new(),
        wall_s: history.wall_s,
        images_per_s: images_per_s(images, history),
        files: BTreeMap::new(),
    };
    // What is wrong with the images explains the rest.
    let of_images = judge_images(&images.train);
    record.verdicts = of_images.map_or_else(|| judge(&record, &history.epochs), |verdict| vec![verdict]);
    record
}

fn images_per_s(images: &Split, history: &History) -> f64 {
    if history.epochs.is_empty() {
        return 0.0;
    }
    let trained = images.train.len() as f64 * history.epochs.len() as f64;
    trained / history.epochs.iter().map(|epoch| epoch.wall_s).sum::<f64>()
}

/// The figures of the run, over what they are to be read against.
pub(crate) fn print(history: &History, pca: Option<PcaScore>, used: &BTreeMap<usize, f64>) {
    say!();
    match history.outputs {
        Outputs::Values => print_errors(history, pca),
        Outputs::Logits | Outputs::Clipped => print_losses(history, pca),
    }
    say!("trained in {:.1} s{}", history.wall_s, threads_of(used));
    say!();
}

/// Of values of any size: squared errors on the scale that the network sees, and what share of the mean row's they are.
fn print_errors(history: &History, pca: Option<PcaScore>) {
    let History { train, test, restored, baselines, .. } = history;
    let mean = baselines.mean_image_mse;
    let line = |name: &str, mse: f64| say!("{name:<24}{mse:>10.5}  {:>13.1} %", 100.0 * mse / mean);
    say!("                        scaled MSE  of the mean row's");
    if let Some(epoch) = history.last() {
        line("last epoch, training", epoch.train_loss);
    }
    line("training set", train.mse);
    line("test set", test.mse);
    if let Some(Restoration { damaged_mse, mse, .. }) = restored {
        line("test set, damaged", *damaged_mse);
        line("test set, restored", *mse);
    }
    line("the mean row", mean);
    if let Some(PcaScore { mse, .. }) = pca {
        line("PCA, a code as large", mse);
    }
}

/// Of values in [0, 1].
fn print_losses(history: &History, pca: Option<PcaScore>) {
    let History { train, test, restored, baselines, .. } = history;
    say!("                        BCE        MSE    PSNR dB  dead units");
    if let Some(epoch) = history.last() {
        say!("last epoch, training    {:.4}", epoch.train_loss);
    }
    for (name, found) in [("training set", train), ("test set", test)] {
        let Evaluation { bce, mse, psnr_db, dead_units, .. } = found;
        let bce = bce.unwrap_or(f64::NAN);
        say!("{name:<24}{bce:.4}  {mse:>9.5}  {psnr_db:>9.2}  {dead_units:>10}");
    }
    if let Some(Restoration { damaged_mse, mse, psnr_db }) = restored {
        say!("test set, damaged               {damaged_mse:>9.5}  {:>9.2}", psnr_db_of(*damaged_mse));
        say!("test set, restored              {mse:>9.5}  {psnr_db:>9.2}");
    }
    let (bce, mse) = (baselines.mean_image_bce.unwrap_or(f64::NAN), baselines.mean_image_mse);
    say!("the mean image          {bce:.4}  {mse:>9.5}  {:>9.2}", psnr_db_of(mse));
    if let Some(PcaScore { mse, psnr_db }) = pca {
        say!("PCA, a code as large            {mse:>9.5}  {psnr_db:>9.2}");
    }
    say!("the entropy floor       {:.4}    0.00000", baselines.entropy_floor_bce.unwrap_or(f64::NAN));
}

/// On how many threads, where it was not always the same number.
fn threads_of(used: &BTreeMap<usize, f64>) -> String {
    let mut told: Vec<_> = used.iter().map(|(threads, share)| (threads, (100.0 * share).round())).collect();
    told.retain(|&(_, percent)| percent >= 5.0);
    if told.len() < 2 {
        return String::new();
    }
    let told: Vec<_> = told.iter().map(|(threads, percent)| format!("{percent} % on {threads}")).collect();
    format!(", by threads: {}", told.join(", "))
}
