//! Where a team's threads run: on Linux a processor each, as long as all processors are in use.
//!
//! A scheduler knows nothing of threads that meet ten thousand times a second. Beside one other program, however
//! little its weight, it was seen to leave two of them on one processor and that program alone on the other, for
//! seconds: a step on two threads then takes longer than on one. Where there are fewer threads than processors it
//! finds them free ones, and is left to.

#[cfg(target_os = "linux")]
pub(crate) use linux::Places;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::Places;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    #[derive(Debug)]
    pub(crate) struct Places {
        /// All processors that the program may use.
        all: CpuSet,
        /// Them one by one.
        each: Vec<CpuSet>,
    }

    impl Places {
        /// A processor for each of `threads` threads; none if there are more or fewer.
        pub(crate) fn find(threads: usize) -> Option<Self> {
            let all = sched_getaffinity(None).ok()?;
            let one = |processor| {
                let mut one = CpuSet::new();
                one.set(processor);
                one
            };
            let processors = (0..CpuSet::MAX_CPU).filter(|&processor| all.is_set(processor));
            let each: Vec<_> = processors.map(one).collect();
            (each.len() == threads).then_some(Self { all, each })
        }

        /// Gives the thread that calls its own processor. A system that forbids it does without.
        pub(crate) fn take(&self, thread: usize) {
            let _ = sched_setaffinity(None, &self.each[thread]);
        }

        /// Lets the thread that calls run anywhere again.
        pub(crate) fn leave(&self) {
            let _ = sched_setaffinity(None, &self.all);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// No thread is told where to run.
    #[derive(Debug)]
    pub(crate) struct Places;

    impl Places {
        pub(crate) fn find(_: usize) -> Option<Self> {
            None
        }

        pub(crate) fn take(&self, _: usize) {}

        pub(crate) fn leave(&self) {}
    }
}
