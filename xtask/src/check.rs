//! `cargo xtask check`: what CI runs, here.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

/// A path of the checkout that this was built in.
fn in_workspace(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

/// Run what CI runs: format, lints, tests, docs, a short real training
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Check the dependencies instead: licences, bans and sources, by cargo-deny
    #[arg(long)]
    pub(crate) deny: bool,
}

pub(crate) fn run(args: &CheckArgs) -> Result<()> {
    if args.deny { deny() } else { everything() }
}

/// Runs `.ci/run`: format, lints, the tests, docs, a short training, `ae-model` alone.
fn everything() -> Result<()> {
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

/// Runs cargo-deny on what `deny.toml` says. Advisories are left out: they need a network.
fn deny() -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let installed =
        Command::new(&cargo).args(["deny", "--version"]).output().context("cannot start cargo")?;
    ensure!(
        installed.status.success(),
        "cargo-deny is missing: `cargo install cargo-deny --locked --version ^0.20` installs it"
    );
    let status = Command::new(&cargo)
        .args(["deny", "--manifest-path"])
        .arg(in_workspace("Cargo.toml"))
        .args(["check", "licenses", "bans", "sources"])
        .status()
        .context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the dependencies are not what deny.toml allows: cargo deny ended with {status}"
    );
    Ok(())
}
