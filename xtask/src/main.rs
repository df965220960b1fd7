//! `cargo xtask check`, which is CI on this machine, and every command of `ae` under its own name.

mod check;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Train an autoencoder, and draw what it learned.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    #[command(flatten)]
    Program(Box<autoencoder::Command>),
    Check(check::CheckArgs),
}

fn main() -> ExitCode {
    const NAME: &str = "cargo xtask";
    let matches = autoencoder::named(Cli::command(), NAME).get_matches();
    match Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).task {
        Task::Program(command) => autoencoder::execute(*command, NAME),
        Task::Check(args) => autoencoder::end(check::run(&args)),
    }
}
