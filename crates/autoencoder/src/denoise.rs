//! `ae denoise`: rows through a network and back, cleaned of what it has learned to leave out.

use std::path::PathBuf;

use ae_eval::image_rows;
use anyhow::{Context, Result};
use clap::Args;

use crate::back::{Back, format_of, require_place, require_rows, tell};
use crate::form::ReadArgs;
use crate::output::say;
use crate::progress::ImageBar;
use crate::rows::RunRows;
use crate::run::{RunArg, ThreadsArg};

/// Send images or other rows through a network, and write what comes back in the form they came in
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  {ae} train --preset denoising --code 128                                 learns to remove noise
  {ae} denoise --run runs/denoising-128 --images noisy.idx --out clean.idx
  {ae} denoise --run runs/scans --images scans/ --out clean/               pictures under the names they had")]
pub struct DenoiseArgs {
    /// What to clean, read as the run's own data is: a folder of pictures, an IDX file, .npy, .npz, CSV or TSV; - is
    /// standard input
    #[arg(long, value_name = "FOLDER|FILE")]
    pub(crate) images: PathBuf,
    /// Where the cleaned rows go: .idx, .npy, .csv, or a folder for pictures; - is standard output, as IDX
    #[arg(long, value_name = "FOLDER|FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

/// Writes what the network makes of rows.
pub(crate) fn run(args: &DenoiseArgs) -> Result<()> {
    require_rows(&args.out)?;
    let run = args.run.open()?;
    let format = format_of(&args.out, &run.form())?;
    require_place(&args.out, format, run.inputs().iter().chain([&args.images]))?;
    let mut rows = RunRows::open(&run, &args.images, None, &args.read, "denoise")?;
    let (form, team, count) = (rows.form().clone(), args.threads.team()?, rows.len());
    let (named, labelled) = (rows.has_names(), rows.has_labels());
    let back = Back { form: &form, scaling: run.scaling(), count, named, labelled };
    let config = &run.record.config;
    if config.noise == 0.0 && config.mask == 0.0 {
        say!(
            "note: this run was trained on clean inputs: it removes what its code has no room for, and no more"
        );
    }
    rows.tell_notes();
    let bar = ImageBar::new(count);
    bar.begin("denoising");
    back.write(&args.out, format, |take| {
        let mut done = 0;
        loop {
            let chunk = rows.next_chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            let outputs = run.network()?.reconstruct(&team, image_rows(&chunk)?)?;
            let values = back
                .values(outputs, done)
                .with_context(|| format!("cannot denoise {}", args.images.display()))?;
            take(chunk.names(), chunk.labels(), values)?;
            done += chunk.len();
            bar.advance(chunk.len());
        }
    })?;
    drop(bar);
    tell(&args.out, count, &form);
    run.tell_others();
    Ok(())
}
