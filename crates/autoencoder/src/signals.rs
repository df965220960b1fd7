//! Ctrl-C and SIGTERM, asked of instead of died of.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What a shell adds to a signal's number for the exit code of a program that it ended.
const ENDED_BY: u8 = 128;

/// Which signal has come, if one has.
///
/// The first one is only noted, and whoever has something to finish asks for it; the second ends the program at once.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    came: Arc<AtomicBool>,
    exit_code: Arc<AtomicUsize>,
}

impl Signals {
    /// Notes signals from here on.
    pub(crate) fn watch() -> io::Result<Self> {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            let exit_code = i32::from(ENDED_BY) + signal;
            // They are called in this order: the first finds that no signal has come, and the last says that one has,
            // when it is known which.
            flag::register_conditional_shutdown(signal, exit_code, Arc::clone(&signals.came))?;
            flag::register_usize(signal, Arc::clone(&signals.exit_code), exit_code as usize)?;
            flag::register(signal, Arc::clone(&signals.came))?;
        }
        Ok(signals)
    }

    pub(crate) fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// Lets the next signal end the program at once: there is nothing left to finish.
    pub(crate) fn let_through(&self) {
        self.came.store(true, Ordering::SeqCst);
    }

    /// The exit code of a program that ended because of the signal that came.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code.load(Ordering::SeqCst) as u8
    }
}
