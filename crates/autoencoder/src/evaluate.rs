//! `ae evaluate`: what a run's reconstructions and codes are worth.

use std::path::PathBuf;

use ae_eval::Report;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::data::DataArgs;
use crate::output::answer;
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
    #[serde(flatten)]
    report: Report,
}

/// Measures, and prints a table or JSON.
pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let run = args.run.open()?;
    let images = run.images(&args.data)?;
    let report = Report::measure(&run::team(None)?, &run.network, &images, run.record.config.seed)?;
    let measured =
        Measured { run: run.folder.path().to_owned(), identity: run.network.identity().to_string(), report };
    if args.json {
        return answer(serde_json::to_string_pretty(&measured).context("cannot write JSON")?);
    }
    let Measured { run, identity, report } = measured;
    answer(format_args!("{} ({})\n\n{report}", run.display(), &identity[..12]))
}
