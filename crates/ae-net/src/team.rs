//! Threads that share out the parts of a step.
//!
//! What is shared out is cut into parts beforehand, by sizes alone, and each part's result is its own:
//! which thread takes which part cannot be seen in the bits.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::NetError;
use crate::kernels::lanes::lane_rows;

/// A fixed number of threads, shared by whoever holds a clone.
///
/// A team of one works on the calling thread and starts none. Threads of a larger team sleep but inside [`enter`](Self::enter).
#[derive(Debug, Clone)]
pub struct Team {
    pool: Option<Arc<ThreadPool>>,
}

impl Team {
    /// A team of `threads` threads; 0 counts as 1. More threads than cores, or than there are parts
    /// to work on, are allowed and change no result.
    ///
    /// # Errors
    /// [`NetError::Threads`] if the system refuses to start them.
    pub fn new(threads: usize) -> Result<Self, NetError> {
        if threads <= 1 {
            return Ok(Self { pool: None });
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("dense-{index}"))
            .build()
            .map_err(|error| NetError::Threads { threads, reason: error.to_string() })?;
        Ok(Self { pool: Some(Arc::new(pool)) })
    }

    /// Threads in the team.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Runs `work` inside the team, and keeps the team awake until it ends.
    ///
    /// A step taken from outside enters the team by itself, which costs a wake-up of 10 us or more
    /// each time; a loop over many steps enters once, here.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let entered_before = rayon::current_thread_index().is_some();
        let spare = self.threads() > 1 && self.threads() <= processors().get();
        self.install(|| if spare && !entered_before { awake(work) } else { work() })
    }

    /// Runs `work` on a thread of the team: this one, if it belongs to it.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) if pool.current_thread_index().is_none() => pool.install(work),
            _ => work(),
        }
    }

    /// Cuts every buffer at `bounds` and works on the parts, in any order and on any thread.
    ///
    /// Part `p` of each buffer is `bounds[p]..bounds[p + 1]`; `bounds` starts at 0, ascends, and ends
    /// at the buffers' common length.
    pub(crate) fn share<T: Send, const N: usize>(
        &self,
        bounds: &[usize],
        buffers: [&mut [T]; N],
        work: &(impl Fn(usize, [&mut [T]; N]) + Sync),
    ) {
        self.install(|| self.halve(0, bounds, buffers, work));
    }

    fn halve<T: Send, const N: usize>(
        &self,
        first_part: usize,
        bounds: &[usize],
        buffers: [&mut [T]; N],
        work: &(impl Fn(usize, [&mut [T]; N]) + Sync),
    ) {
        let parts = bounds.len() - 1;
        if parts == 0 {
            return;
        }
        if parts == 1 {
            return work(first_part, buffers);
        }
        let middle = parts / 2;
        let cut = bounds[middle] - bounds[0];
        let mut halves = buffers.map(|buffer| buffer.split_at_mut(cut));
        let left = halves.each_mut().map(|(left, _)| std::mem::take(left));
        let right = halves.map(|(_, right)| right);
        let do_left = || self.halve(first_part, &bounds[..=middle], left, work);
        let do_right = || self.halve(first_part + middle, &bounds[middle..], right, work);
        if self.pool.is_some() {
            rayon::join(do_left, do_right);
        } else {
            do_left();
            do_right();
        }
    }
}

/// Runs `work` while the other threads of the pool around it look for its parts without falling asleep.
///
/// The parts of a step take tens of microseconds, and so does waking a thread. Worse, a thread that is
/// woken many thousand times a second is often put on the processor of the one that wakes it, where the
/// two take turns: a step on two threads then takes as long as on one.
fn awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    /// Ends the watch when `work` ends, by whatever way.
    struct Watch<'a>(&'a AtomicBool);
    impl Drop for Watch<'_> {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Release);
        }
    }
    let own_index = rayon::current_thread_index();
    let working = AtomicBool::new(true);
    rayon::scope(|scope| {
        scope.spawn_broadcast(|_, thread| {
            if Some(thread.index()) != own_index {
                look_for_parts(&working);
            }
        });
        let _watch = Watch(&working);
        work()
    })
}

/// Executes what comes up until `working` ends. After some 50 us without a part, a processor that
/// others want is theirs.
fn look_for_parts(working: &AtomicBool) {
    const PATIENCE: u32 = 1_000;
    let mut idle = 0;
    while working.load(Ordering::Acquire) {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => idle = 0,
            _ if idle < PATIENCE => {
                idle += 1;
                std::hint::spin_loop();
            }
            _ => std::thread::yield_now(),
        }
    }
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// As many threads as can help with batches of `batch_size` rows: the processors at hand, at most one
/// a lane.
pub fn default_threads(batch_size: usize) -> NonZeroUsize {
    let lanes = batch_size.div_ceil(lane_rows(batch_size.max(1)));
    NonZeroUsize::new(lanes).map_or(NonZeroUsize::MIN, |lanes| lanes.min(processors()))
}
