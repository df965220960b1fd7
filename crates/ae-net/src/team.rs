//! Threads that share out the parts of a step.
//!
//! What is shared out is cut into parts beforehand, by sizes alone, and each part's result is its own:
//! which thread takes which part, and how many threads there are, cannot be seen in the bits.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::NetError;
use crate::crew::{Crew, Work, lock, processors};
use crate::kernels::lanes::lane_rows;

/// Threads, shared by whoever holds a clone: a fixed number, or as many as help.
///
/// No result depends on how many they are. A team of one works on the calling thread and starts none. Threads of a larger
/// team sleep but inside [`enter`](Self::enter).
#[derive(Debug, Clone)]
pub struct Team {
    /// None in a team of one.
    crew: Option<Arc<Crew>>,
}

impl Team {
    /// A team of `threads` threads, always; 0 counts as 1. More threads than cores, or than there are parts
    /// to work on, are allowed and change no result.
    ///
    /// # Errors
    /// [`NetError::Threads`] if the system refuses to start them.
    pub fn new(threads: usize) -> Result<Self, NetError> {
        Self::start(threads, false)
    }

    /// A team that uses as many of `threads` threads as help at the moment.
    ///
    /// It times what it does with one number and another: a thread that has to share its processor with other
    /// programs would hold up all others. Trying takes less than 1 % of the time.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Example
    /// ```
    /// use ae_net::{Description, Network, Rows, Team};
    /// let network = Network::draw(&Description::dense(4, &[], 2), 0)?;
    /// let team = Team::up_to(2)?;
    /// let codes = network.encode(&team, Rows::bytes(&[0, 1, 2, 3], 4)?)?;
    /// assert_eq!(codes, network.encode(&Team::new(1)?, Rows::bytes(&[0, 1, 2, 3], 4)?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn up_to(threads: usize) -> Result<Self, NetError> {
        Self::start(threads, true)
    }

    fn start(threads: usize, adapts: bool) -> Result<Self, NetError> {
        if threads <= 1 {
            return Ok(Self { crew: None });
        }
        Ok(Self { crew: Some(Arc::new(Crew::start(threads, adapts)?)) })
    }

    /// Threads in the team: the most that it uses.
    pub fn threads(&self) -> usize {
        self.crew.as_ref().map_or(1, |crew| crew.threads())
    }

    /// The share of the time of steps, forward passes and scores so far with each number of threads, in [0, 1].
    pub fn used(&self) -> BTreeMap<usize, f64> {
        self.crew.as_ref().map_or_else(|| BTreeMap::from([(1, 1.0)]), |crew| crew.used())
    }

    /// Runs `work` inside the team, and keeps the team awake until it ends.
    ///
    /// A step taken from outside enters the team by itself, which costs a wake-up of 10 us or more
    /// each time; a loop over many steps enters once, here. On Linux a team as large as the machine has its threads run
    /// on a processor each meanwhile; a thread that `work` starts is bound to the same one as `work`, until it says
    /// otherwise.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let entered_before = rayon::current_thread_index().is_some();
        match &self.crew {
            Some(crew) if !entered_before => crew.awake(work),
            _ => work(),
        }
    }

    /// Calls `work` with every `length` elements of `values`, the last ones may be fewer, and with their chunk's number, in
    /// any order and on any thread. `length` is at least 1.
    ///
    /// # Example
    /// ```
    /// let mut values = [0; 5];
    /// ae_net::Team::new(2)?.for_each_chunk(&mut values, 2, |chunk, values| values.fill(chunk));
    /// assert_eq!(values, [0, 0, 1, 1, 2]);
    /// # Ok::<(), ae_net::NetError>(())
    /// ```
    pub fn for_each_chunk<T: Send>(
        &self,
        values: &mut [T],
        length: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let bounds: Vec<_> = (0..values.len()).step_by(length).chain([values.len()]).collect();
        self.share(&bounds, [values], &|chunk, [values]| work(chunk, values));
    }

    /// Does a piece of work of `units`, such as rows, with as many threads as help with work of its kind.
    pub(crate) fn pace<R: Send>(&self, kind: Work, units: usize, work: impl FnOnce() -> R + Send) -> R {
        let Some(crew) = &self.crew else { return work() };
        let threads = crew.set_pace(kind);
        let clock = Instant::now();
        let result = if threads == 1 { work() } else { self.enter(work) };
        crew.note(kind, units, threads, clock.elapsed().as_secs_f64());
        result
    }

    /// Cuts every buffer at `bounds` and works on the parts, in any order and on any thread.
    ///
    /// Part `p` of each buffer is `bounds[p]..bounds[p + 1]`; `bounds` starts at 0, ascends, and ends
    /// at the buffers' common length.
    pub(crate) fn share<T: Send, const N: usize>(
        &self,
        bounds: &[usize],
        mut buffers: [&mut [T]; N],
        work: &(impl Fn(usize, [&mut [T]; N]) + Sync),
    ) {
        let parts = bounds.windows(2).enumerate().map(|(part, ends)| {
            let cut = buffers.each_mut().map(|buffer| {
                buffer.split_off_mut(..ends[1] - ends[0]).expect("bounds end with the buffers")
            });
            (part, cut)
        });
        let in_use = self.crew.as_ref().map_or(1, |crew| crew.in_use());
        let takers = in_use.min(parts.len());
        match &self.crew {
            Some(crew) if takers > 1 => {
                let queues = queues(parts, takers);
                crew.call();
                crew.install(|| take_all(takers, &|| take(&queues, &|(part, buffers)| work(part, buffers))));
            }
            _ => parts.for_each(|(part, buffers)| work(part, buffers)),
        }
    }
}

/// Parts that wait for a thread.
type Queue<P> = Mutex<std::vec::IntoIter<P>>;

/// Neighbouring parts in one queue a thread.
fn queues<P>(parts: impl ExactSizeIterator<Item = P>, count: usize) -> Vec<Queue<P>> {
    let (all, mut parts) = (parts.len(), parts);
    let cuts = (0..=count).map(|queue| queue * all / count);
    let lengths = cuts.clone().skip(1).zip(cuts).map(|(end, start)| end - start);
    lengths.map(|length| Mutex::new(parts.by_ref().take(length).collect::<Vec<_>>().into_iter())).collect()
}

/// Calls `take` on as many threads, or fewer where some are late, and comes back once it is over on all.
fn take_all(threads: usize, take: &(impl Fn() + Sync)) {
    let meeting = Meeting::default();
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| meeting.attend(take));
        }
        take();
        meeting.wait();
    });
}

/// Where a thread waits for others to finish what they have begun.
///
/// It would wait at the end of rayon's scope too, but there it offers its processor to other programs again and again, and
/// each time one takes it for some milliseconds. Here it watches for a while and then sleeps, which leaves the processor
/// to the very thread that it waits for, where that one has lost its own.
#[derive(Default)]
struct Meeting {
    begun: AtomicUsize,
    over: AtomicUsize,
    asleep: Mutex<bool>,
    bell: Condvar,
}

impl Meeting {
    fn attend(&self, take: &impl Fn()) {
        /// Leaves the meeting, by a panic too: nobody is to wait for who has gone.
        struct Leave<'a>(&'a Meeting);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.over.fetch_add(1, Ordering::Release);
                if *lock(&self.0.asleep) {
                    self.0.bell.notify_one();
                }
            }
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        let _leave = Leave(self);
        take();
    }

    fn wait(&self) {
        /// Looks before it sleeps, some 20 us of them.
        const PATIENCE: u32 = 1_000;
        let others_work = || self.over.load(Ordering::Acquire) < self.begun.load(Ordering::Relaxed);
        for _ in 0..PATIENCE {
            if !others_work() {
                return;
            }
            std::hint::spin_loop();
        }
        let mut asleep = lock(&self.asleep);
        *asleep = true;
        drop(self.bell.wait_while(asleep, |_| others_work()));
    }
}

/// Works on parts until there are none: those of this thread's own queue, then the last ones of others. A
/// thread has the same queue in every call, so that what it writes in one is in its cache in the next.
fn take<P>(queues: &[Queue<P>], work: &impl Fn(P)) {
    let own = rayon::current_thread_index().unwrap_or(0) % queues.len();
    // Closures, since a lock taken in the head of a loop is held through its body.
    let next = || lock(&queues[own]).next();
    while let Some(part) = next() {
        work(part);
    }
    for queue in queues.iter().cycle().skip(own + 1).take(queues.len() - 1) {
        let last = || lock(queue).next_back();
        while let Some(part) = last() {
            work(part);
        }
    }
}

impl fmt::Display for Team {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let up_to = if self.crew.as_ref().is_some_and(|crew| crew.adapts) { "up to " } else { "" };
        let threads = self.threads();
        write!(out, "{up_to}{threads} thread{}", if threads == 1 { "" } else { "s" })
    }
}

/// As many threads as can help with batches of `batch_size` rows: the processors at hand, at most one
/// a lane.
pub fn default_threads(batch_size: usize) -> NonZeroUsize {
    let lanes = batch_size.div_ceil(lane_rows(batch_size.max(1)));
    NonZeroUsize::new(lanes).map_or(NonZeroUsize::MIN, |lanes| lanes.min(processors()))
}

#[cfg(test)]
#[path = "team_tests.rs"]
mod tests;
