//! Ctrl-C and SIGTERM: the end of the program, but never in the middle of what somebody holds together.
//!
//! One thread hears of them. While nobody holds anything it ends the program there and then. While somebody does, the
//! first signal is only noted: the holder asks for it, brings what it has begun to a whole end and returns [`Stopped`].
//! The second ends the program at once. The thread decides under the same lock that holders take, so none can begin
//! while the program ends.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use signal_hook::consts::SIGINT;

static STATE: Mutex<State> = Mutex::new(State::new());

fn state() -> MutexGuard<'static, State> {
    // It is whole between any two lines that change it.
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct State {
    holders: usize,
    came: Option<Signal>,
    /// A holder inside another has put a part of the whole in its place: the rest is to follow, signal or no.
    past_return: bool,
}

impl State {
    const fn new() -> Self {
        Self { holders: 0, came: None, past_return: false }
    }

    /// Notes a first signal while there are holders, and says whether it did.
    fn note(&mut self, signal: Signal) -> bool {
        let noted = self.holders > 0 && self.came.is_none();
        if noted {
            self.came = Some(signal);
        }
        noted
    }

    /// The signal that has come, if holders are to stop.
    fn came(&self) -> Option<Signal> {
        self.came.filter(|_| !self.past_return)
    }

    fn finish(&mut self) -> Option<Signal> {
        self.past_return = self.holders > 1;
        self.came()
    }

    fn release(&mut self) {
        self.holders -= 1;
        self.past_return &= self.holders > 0;
    }
}

/// A signal that asks the program to end; its [`Display`](fmt::Display) is what a user calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signal(i32);

impl Signal {
    /// What a shell says of a program that the signal ended.
    fn exit_code(self) -> u8 {
        128 + self.0 as u8
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0 == SIGINT { "Ctrl-C" } else { "SIGTERM" })
    }
}

/// A command that a signal has ended, and what it left. No fault, so it is told without the word.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub(crate) struct Stopped {
    said: String,
    exit_code: u8,
}

impl Stopped {
    pub(crate) fn by(signal: Signal, said: String) -> Self {
        Self { said, exit_code: signal.exit_code() }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// Hears of signals from here on.
#[cfg(unix)]
pub(crate) fn watch() -> io::Result<()> {
    use signal_hook::consts::{SIGTERM, SIGXFSZ};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    // Where files may not grow further, a write is to fail, as on a full disk, and not to end the program.
    signal_hook::flag::register(SIGXFSZ, std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)))?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || signals.forever().for_each(|signal| hear(Signal(signal))))?;
    Ok(())
}

/// Elsewhere the system ends the program, and a later command clears away what it was writing.
#[cfg(not(unix))]
pub(crate) fn watch() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn hear(signal: Signal) {
    use std::io::Write;
    let mut state = state();
    if state.note(signal) {
        return;
    }
    if state.holders == 0 {
        let _ = writeln!(io::stderr(), "stopped by {signal}");
    }
    std::process::exit(signal.exit_code().into())
}

/// Hears of no more signals, as the program has come to its end by itself. If one is ending it, that goes first: it would
/// have been told of, and the exit code would not say so.
pub(crate) fn close() {
    std::mem::forget(state());
}

/// The signal that has come, if its holders are to stop.
pub(crate) fn came() -> Option<Signal> {
    state().came()
}

/// Fails if a signal has come; whoever holds says what that means.
pub(crate) fn check() -> io::Result<()> {
    match came() {
        Some(signal) => Err(io::Error::other(format!("stopped by {signal}"))),
        None => Ok(()),
    }
}

/// While it lives, a first signal is only noted.
#[must_use]
pub(crate) struct Hold(());

/// Holds off signals.
pub(crate) fn hold() -> Hold {
    state().holders += 1;
    Hold(())
}

impl Hold {
    /// Gives it back with everything in its place, and says which signal has come meanwhile. Inside another hold none
    /// has: the rest of that one's work is to follow.
    pub(crate) fn finish(self) -> Option<Signal> {
        state().finish()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        state().release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Signal = Signal(signal_hook::consts::SIGTERM);

    #[test]
    fn a_first_signal_is_noted_while_somebody_holds_and_no_other_is() {
        let mut state = State::new();
        assert!(!state.note(TERM));
        assert_eq!(state.came(), None);
        state.holders = 1;
        assert!(state.note(TERM));
        assert!(!state.note(Signal(SIGINT)));
        assert_eq!((state.came(), state.finish()), (Some(TERM), Some(TERM)));
        state.release();
        assert!(!state.note(TERM));
    }

    #[test]
    fn with_a_part_of_the_whole_in_place_the_rest_follows_before_anybody_hears() {
        let mut state = State::new();
        state.holders = 2;
        assert!(state.note(TERM));
        assert_eq!(state.came(), Some(TERM), "the inner one may stop");
        assert_eq!(state.finish(), None, "but it has come to its end");
        state.release();
        assert_eq!(state.came(), None);
        assert_eq!(state.finish(), Some(TERM));
        state.release();
        assert_eq!(state.came(), Some(TERM));
        assert_eq!((TERM.to_string(), TERM.exit_code()), ("SIGTERM".to_owned(), 143));
        assert_eq!((Signal(SIGINT).to_string(), Signal(SIGINT).exit_code()), ("Ctrl-C".to_owned(), 130));
    }
}
