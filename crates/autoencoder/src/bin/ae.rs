//! `ae`: see [`autoencoder`].

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

/// Train an autoencoder, and use what it learned.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: autoencoder::Command,
}

fn main() -> ExitCode {
    const NAME: &str = "ae";
    let matches = autoencoder::named(Cli::command(), NAME).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    autoencoder::execute(cli.command, NAME)
}
