//! The program `ae`: parse the command line, call the libraries, print what they answer.
//!
//! One file a command. What a command computes is in the libraries: `ae-net`, `ae-train`, `ae-codec`, `ae-eval`. This is
//! the only crate that prints, parses arguments and picks paths. It is a library so that `cargo xtask` has the same
//! commands under its own name; what other programs build on are the crates below it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is this crate's work")]

mod back;
mod compress;
mod data;
mod decode;
mod decompress;
mod denoise;
mod encode;
mod evaluate;
mod figure;
mod form;
mod generate;
mod guard;
mod info;
mod output;
mod paths;
mod presets;
mod progress;
mod rate;
mod rows;
mod run;
mod run_images;
mod signals;
mod standard;
mod train;
mod weights;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[doc(hidden)]
    Train(Box<train::TrainArgs>),
    #[doc(hidden)]
    Figure(figure::FigureArgs),
    #[doc(hidden)]
    Evaluate(evaluate::EvaluateArgs),
    #[doc(hidden)]
    Generate(generate::GenerateArgs),
    #[doc(hidden)]
    Encode(encode::EncodeArgs),
    #[doc(hidden)]
    Decode(decode::DecodeArgs),
    #[doc(hidden)]
    Denoise(denoise::DenoiseArgs),
    #[doc(hidden)]
    Compress(compress::CompressArgs),
    #[doc(hidden)]
    Decompress(decompress::DecompressArgs),
    #[doc(hidden)]
    Info(info::InfoArgs),
}

/// Does it, as the program that the user knows as `name`; the exit code is 0, 1 for a failure, 2 for bad arguments, or
/// that of a signal.
pub fn execute(command: Command, name: &'static str) -> ExitCode {
    output::set_program(name);
    let code = end(signals::watch().context("cannot watch for signals").and_then(|()| match command {
        Command::Train(args) => train::run(&args),
        Command::Figure(args) => figure::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Encode(args) => encode::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Denoise(args) => denoise::run(&args),
        Command::Compress(args) => compress::run(&args),
        Command::Decompress(args) => decompress::run(&args),
        Command::Info(args) => info::run(&args),
    }));
    signals::close();
    code
}

/// The exit code of an outcome, once a failure has been told on standard error, with its causes on one line.
pub fn end(outcome: Result<()>) -> ExitCode {
    /// As clap exits when it cannot parse the arguments.
    const BAD_ARGUMENTS: u8 = 2;
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    if let Some(stopped) = error.downcast_ref::<signals::Stopped>() {
        let _ = writeln!(io::stderr(), "{stopped}");
        return ExitCode::from(stopped.exit_code());
    }
    // Nobody may be there to read it; the exit code says so too.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    if error.is::<ae_train::ConfigError>() || error.is::<output::BadArgument>() {
        ExitCode::from(BAD_ARGUMENTS)
    } else {
        ExitCode::FAILURE
    }
}

/// A command line as the program `name` shows it: its examples, in which the program is called `{ae}`, call it so too.
pub fn named(command: clap::Command, name: &'static str) -> clap::Command {
    let command = command.name(name).bin_name(name);
    command.mut_subcommands(|command| match command.get_after_help().map(ToString::to_string) {
        Some(help) => command.after_help(help.replace("{ae}", name)),
        None => command,
    })
}
