//! The program as a user runs it, on a small data set: exit codes, messages, and files left behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod bad_input;
mod codes;
mod compress;
mod evidence;
mod fixture;
#[cfg(target_os = "linux")]
mod hostile;
mod init;
#[cfg(unix)]
mod kills;
mod label_files;
mod labels;
mod others;
mod outputs;
mod own_data;
mod own_files;
mod own_page;
mod own_refusals;
mod own_round_trips;
mod own_scaling;
#[cfg(unix)]
mod own_signals;
mod places;
#[cfg(unix)]
mod resume;
mod screen;
#[cfg(unix)]
mod signals;
mod sizes;
mod standard;
mod train_and_figure;
mod uses;
mod verdicts;
