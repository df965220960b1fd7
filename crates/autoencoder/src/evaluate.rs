//! `ae evaluate`: what a run's reconstructions and codes are worth.

use std::path::PathBuf;

use ae_eval::Report;
use ae_train::SetRecord;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::data::DataArgs;
use crate::output::answer;
use crate::progress::Stages;
use crate::run::{self, RunArg};

/// Measure a run: reconstructions, codes, and what they are to be compared with
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    #[command(flatten)]
    run: RunArg,
    #[command(flatten)]
    data: DataArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A report, and what it is about.
#[derive(Serialize)]
struct Measured {
    run: PathBuf,
    identity: String,
    /// The images that were measured on.
    train: SetRecord,
    test: SetRecord,
    /// What of it is not the run's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<String>,
    #[serde(flatten)]
    report: Report,
}

/// Measures, and prints a table or JSON.
pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let run = args.run.open()?;
    let images_of_run = run.images(&args.data);
    let images = images_of_run.labelled()?;
    let (stages, seed) = (Stages::new(), run.record.config.seed);
    let begins = &mut |stage: &str| stages.begin(stage);
    let mut report =
        Report::measure(&run::team(None)?, run.network()?, &images, run.scaling(), seed, begins)?;
    report.columns = report.columns.map(|columns| columns.named(&run.form().columns));
    drop(stages);
    let measured = Measured {
        run: run.folder.path().to_owned(),
        identity: run.network()?.identity().to_string(),
        train: SetRecord::of(&images.train),
        test: SetRecord::of(&images.test),
        others: images_of_run.others(),
        report,
    };
    if args.json {
        return answer(serde_json::to_string_pretty(&measured).context("cannot write JSON")?);
    }
    let Measured { run, identity, others, report, .. } = measured;
    let others: String = others.iter().map(|other| format!("{other}\n")).collect();
    answer(format_args!("{} ({})\n{others}\n{report}", run.display(), &identity[..12]))
}
