//! What is wrong with a run, for whoever waits for it, and the flags that may mend it.

use std::path::Path;

use ae_data::Split;
use ae_eval::{EvalError, Pca, image_rows};
use ae_net::{Evaluation, Outputs};
use ae_train::{PcaScore, Remedy, Verdict};

use super::plan::Plan;
use crate::output::say;
use crate::run::resume_command;

/// The largest code that PCA is compared with: beyond it the comparison would take seconds.
const MAX_COMPARED: usize = 256;

/// How well PCA does with a code of the same size, where that is what the network was to learn: to rebuild whole images
/// from numbers as they come.
pub(crate) fn pca(plan: &Plan, outputs: Outputs, images: &Split) -> Option<PcaScore> {
    let (config, code) = (&plan.config, plan.code);
    if config.corruption().is_some() || config.rate() > 0.0 || code > MAX_COMPARED {
        return None;
    }
    let linear = if outputs.is_logits() { Outputs::Clipped } else { Outputs::Values };
    let measure = || {
        let team = &plan.team;
        let pca = Pca::leading(team, &images.train, code, config.seed())?.network(code, linear)?;
        let Evaluation { mse, psnr_db, .. } =
            pca.evaluate(team, image_rows(&images.test)?, image_rows(&images.test)?)?;
        Ok::<_, EvalError>(PcaScore { mse, psnr_db })
    };
    // A run is worth keeping without the comparison.
    measure().ok()
}

/// Prints verdicts, if there are any, then every remedy once; `folder` is the run's, if it can go on.
pub(crate) fn print(verdicts: &[Verdict], folder: Option<&Path>) {
    for Verdict { finding, .. } in verdicts {
        say!("warning: {finding}");
    }
    let mut remedies: Vec<&Remedy> = Vec::new();
    for Verdict { remedy, .. } in verdicts {
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    match (&remedies[..], folder) {
        ([], _) => return,
        ([Remedy::Epochs(epochs)], Some(folder)) => {
            say!("this trains it further:\n  {} --epochs {epochs}", resume_command(folder));
        }
        (remedies, _) => {
            say!("what may help:");
            remedies.iter().for_each(|remedy| say!("  {}", advice(remedy)));
        }
    }
    say!();
}

/// A remedy as flags, or as what to do before there are any.
fn advice(remedy: &Remedy) -> String {
    match remedy {
        Remedy::LearningRate(rate) => format!("--learning-rate {rate}"),
        Remedy::Hidden(units) => {
            let units = units.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            format!("--hidden {units} (a code behind hidden layers is linear, and can't die)")
        }
        Remedy::Epochs(epochs) => format!("--epochs {epochs}"),
        Remedy::Brighten(brightest) => format!("--scale minmax (so that {brightest} becomes white)"),
        Remedy::MoreImages => "more training images, or images that differ more".to_owned(),
    }
}
