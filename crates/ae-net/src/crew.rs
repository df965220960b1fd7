//! The threads of a team: how many are in use, and how they wait.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::NetError;
use crate::pace::Pace;
use crate::places::Places;

/// Two threads or more.
#[derive(Debug)]
pub(crate) struct Crew {
    pool: ThreadPool,
    /// Where its threads run while all are in use.
    places: Option<Places>,
    /// Whether the number of threads in use follows what helps.
    pub(crate) adapts: bool,
    /// Whether its threads look for parts.
    awake: AtomicBool,
    /// Threads in use, at least 1. The others stand aside, asleep.
    in_use: AtomicUsize,
    /// Threads that are in use and sleep.
    resting: AtomicUsize,
    /// How often the bell has been rung for those that sleep.
    bells: Mutex<u64>,
    bell: Condvar,
    log: Mutex<Log>,
}

/// What is known of the work that was done.
#[derive(Debug, Default)]
struct Log {
    paces: HashMap<Work, Pace>,
    /// Seconds with each number of threads.
    used: BTreeMap<usize, f64>,
}

/// Work whose calls take as long, unit for unit, with as many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Step { parameters: usize, rows: usize },
    Forward { parameters: usize },
    Loss { parameters: usize },
    Score,
}

impl Crew {
    pub(crate) fn start(threads: usize, adapts: bool) -> Result<Self, NetError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("dense-{index}"))
            .build()
            .map_err(|error| NetError::Threads { threads, reason: error.to_string() })?;
        Ok(Self {
            pool,
            places: Places::find(threads),
            adapts,
            awake: AtomicBool::default(),
            in_use: AtomicUsize::new(threads),
            resting: AtomicUsize::default(),
            bells: Mutex::default(),
            bell: Condvar::new(),
            log: Mutex::default(),
        })
    }

    pub(crate) fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    pub(crate) fn in_use(&self) -> usize {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Sets the number of threads for a call of some kind of work.
    pub(crate) fn set_pace(&self, kind: Work) -> usize {
        let (most, before) = (self.threads(), self.in_use());
        if !self.adapts {
            return most;
        }
        let threads = lock(&self.log).paces.entry(kind).or_insert_with(|| Pace::new(most, before)).threads();
        if threads != before {
            self.in_use.store(threads, Ordering::Relaxed);
            self.settle();
            self.ring();
        }
        threads
    }

    /// Takes this thread, if it is one of the crew, to where it is to run with so many in use.
    fn settle(&self) {
        if let (Some(places), Some(thread)) = (&self.places, self.pool.current_thread_index()) {
            if self.in_use() == self.threads() && self.awake.load(Ordering::Relaxed) {
                places.take(thread);
            } else {
                places.leave();
            }
        }
    }

    /// Hears how long such a call took.
    pub(crate) fn note(&self, kind: Work, units: usize, threads: usize, seconds: f64) {
        let mut log = lock(&self.log);
        *log.used.entry(threads).or_default() += seconds;
        if let Some(pace) = log.paces.get_mut(&kind) {
            pace.took(units, seconds);
        }
    }

    /// The share of all noted time with each number of threads.
    pub(crate) fn used(&self) -> BTreeMap<usize, f64> {
        let log = lock(&self.log);
        let all: f64 = log.used.values().sum();
        log.used.iter().map(|(&threads, seconds)| (threads, seconds / all)).collect()
    }

    /// Runs `work` on one of the threads: this one, if it is one.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// The same, while the other threads look for its parts without falling asleep, as far as they are in use. Where
    /// they do so already for somebody else, nothing changes.
    ///
    /// The parts of a step take tens of microseconds, and so does waking a thread. Worse, a thread that is
    /// woken many thousand times a second is often put on the processor of the one that wakes it, where the
    /// two take turns: a step on two threads then takes as long as on one.
    pub(crate) fn awake<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        /// Sets the flag back when it is over, by whatever way.
        struct While<'a>(&'a AtomicBool, &'a Crew);
        impl Drop for While<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
                self.1.settle();
                self.1.ring();
            }
        }
        let threads = self.threads();
        // Threads that wait for each other's processor must not hold on to it.
        let crowded = threads > processors().get();
        self.install(|| {
            if crowded || self.awake.swap(true, Ordering::AcqRel) {
                return work();
            }
            let _awake = While(&self.awake, self);
            self.settle();
            let own_index = rayon::current_thread_index().unwrap_or(0);
            let working = AtomicBool::new(true);
            rayon::scope(|scope| {
                let _working = While(&working, self);
                scope.spawn_broadcast(|_, thread| {
                    let place = (thread.index() + threads - own_index) % threads;
                    if place > 0 {
                        self.look_for_parts(place, &working);
                    }
                });
                work()
            })
        })
    }

    /// Executes what comes up until `working` ends, while so many threads are in use that the one in `place`, counted
    /// from 0, is one of them. Where nothing comes up for a while, it sleeps until there is a bell.
    fn look_for_parts(&self, place: usize, working: &AtomicBool) {
        /// Looks before it sleeps, some millisecond of them. A thread that slept between steps would be woken, time after
        /// time, on the very processor that it is woken from, where it only gets in the way.
        const PATIENCE: u32 = 20_000;
        /// Somebody else may call the team meanwhile, and wait for a thread that sleeps.
        const SLEEP: Duration = Duration::from_millis(20);
        let stands_aside = || place >= self.in_use();
        let mut idle = 0;
        let working = || working.load(Ordering::Acquire);
        let mut settled = None;
        while working() {
            if settled != Some(self.in_use()) {
                settled = Some(self.in_use());
                self.settle();
            }
            if rayon::yield_now() == Some(rayon::Yield::Executed) {
                idle = 0;
            } else if idle < PATIENCE && !stands_aside() {
                idle += 1;
                std::hint::spin_loop();
            } else {
                let bells = lock(&self.bells);
                let (heard, resting) = (*bells, usize::from(!stands_aside()));
                self.resting.fetch_add(resting, Ordering::Relaxed);
                let sleeps = |bells: &mut u64| working() && (*bells == heard || stands_aside());
                drop(self.bell.wait_timeout_while(bells, SLEEP, sleeps));
                self.resting.fetch_sub(resting, Ordering::Relaxed);
                idle = 0;
            }
        }
        self.places.iter().for_each(Places::leave);
    }

    /// Wakes those that have fallen asleep over a pause, as there is something to do.
    pub(crate) fn call(&self) {
        if self.resting.load(Ordering::Relaxed) > 0 {
            self.ring();
        }
    }

    /// Wakes all who sleep and are in use.
    fn ring(&self) {
        *lock(&self.bells) += 1;
        self.bell.notify_all();
    }
}

/// Processors that this program may use.
pub(crate) fn processors() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Nobody panics while holding one of a team's locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
