//! `cargo xtask`: parse the command line, call the libraries, print what they answer.
//!
//! The only crate that prints, parses arguments and picks paths.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is this crate's work")]

mod check;
mod cli;
mod compress;
mod data;
mod decode;
mod decompress;
mod encode;
mod evaluate;
mod figure;
mod generate;
mod info;
mod menu;
mod output;
mod paths;
mod progress;
mod rate;
mod run;
mod signals;
mod train;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// As clap exits when it cannot parse the arguments.
const BAD_ARGUMENTS: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(args) => train::run(&args),
        Command::Figure(args) => figure::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Encode(args) => encode::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Compress(args) => compress::run(&args),
        Command::Decompress(args) => decompress::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Check(args) => check::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(interrupted) = error.downcast_ref::<train::Interrupted>() {
                let _ = writeln!(io::stderr(), "{interrupted}");
                return ExitCode::from(interrupted.exit_code());
            }
            // Nobody may be there to read it; the exit code says so too.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            if error.is::<ae_train::ConfigError>() || error.is::<menu::OffMenu>() {
                ExitCode::from(BAD_ARGUMENTS)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
