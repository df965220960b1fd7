//! `cargo xtask check`: what CI runs, here.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::in_workspace;

/// Runs `.ci/run`: format, lints, the tests, docs, a short training, `ae-model` alone.
pub(crate) fn run() -> Result<()> {
    let script = in_workspace(".ci/run");
    let status = Command::new("bash")
        .arg(&script)
        .status()
        .with_context(|| format!("cannot start bash {}", script.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", script.display());
    }
    Ok(())
}
