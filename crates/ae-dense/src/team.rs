//! Threads that share out the parts of a step.
//!
//! What is shared out is cut into parts beforehand, by sizes alone, and each part's result is its own:
//! which thread takes which part cannot be seen in the bits.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{DenseError, lanes::lane_count};

/// A fixed number of threads, shared by whoever holds a clone.
///
/// A team of one works on the calling thread and starts none. Idle threads of a larger team sleep.
#[derive(Debug, Clone)]
pub struct Team {
    pool: Option<Arc<ThreadPool>>,
}

impl Team {
    /// A team of `threads` threads; 0 counts as 1. More threads than cores, or than there are parts
    /// to work on, are allowed and change no result.
    ///
    /// # Errors
    /// [`DenseError::Threads`] if the system refuses to start them.
    pub fn new(threads: usize) -> Result<Self, DenseError> {
        if threads <= 1 {
            return Ok(Self { pool: None });
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("dense-{index}"))
            .build()
            .map_err(|error| DenseError::Threads { threads, reason: error.to_string() })?;
        Ok(Self { pool: Some(Arc::new(pool)) })
    }

    /// Threads in the team.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Runs `work` inside the team.
    ///
    /// A step taken from outside enters the team by itself, which costs a wake-up of 10 us or more
    /// each time; a loop over many steps enters once, here.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            None => work(),
            Some(pool) => pool.install(work),
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
        self.enter(|| self.halve(0, bounds, buffers, work));
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

/// As many threads as can help with batches of `batch_size` rows: the processors at hand, at most one
/// a lane.
pub fn default_threads(batch_size: usize) -> NonZeroUsize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(lane_count(batch_size)).map_or(NonZeroUsize::MIN, |lanes| lanes.min(processors))
}
