//! Where the time of a training step goes: compiled in by the feature `clocks`, for the bench `parts`. Without it a part
//! is just done.

#![cfg_attr(
    not(feature = "clocks"),
    allow(unreachable_pub, dead_code, reason = "public, and used, with the feature")
)]

/// A part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Getting a batch's rows from memory.
    Reading,
    /// The first layer's product over lists of what is not 0.
    ListProduct,
    /// All other forward products.
    Product,
    /// The loss and its derivative.
    Loss,
    /// The products back through the layers.
    Backward,
    /// Cutting lists at the edges of shards.
    Cutting,
    /// The first layer's weight gradient over lists.
    ListGradient,
    /// All other weight gradients.
    Gradient,
    /// The biases' gradients.
    Bias,
    /// Adam.
    Adam,
}

impl Part {
    /// All parts, in the order of a step.
    pub const ALL: [Self; 10] = [
        Self::Reading,
        Self::ListProduct,
        Self::Product,
        Self::Loss,
        Self::Backward,
        Self::Cutting,
        Self::ListGradient,
        Self::Gradient,
        Self::Bias,
        Self::Adam,
    ];
}

#[cfg(not(feature = "clocks"))]
#[inline(always)]
pub(crate) fn timed<R>(_: Part, work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(feature = "clocks")]
pub(crate) use running::timed;
#[cfg(feature = "clocks")]
pub use running::{reset, spent};

#[cfg(feature = "clocks")]
mod running {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use super::Part;
    use crate::crew::lock;

    /// Nanoseconds by part, of one thread: no two threads write to one place, which would cost more than many a part.
    type Spent = Arc<[AtomicU64; Part::ALL.len()]>;

    static THREADS: Mutex<Vec<Spent>> = Mutex::new(Vec::new());

    thread_local! {
        static OWN: Spent = {
            let own = Spent::default();
            lock(&THREADS).push(Arc::clone(&own));
            own
        };
    }

    pub(crate) fn timed<R>(part: Part, work: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed().as_nanos() as u64;
        OWN.with(|own| own[part as usize].fetch_add(took, Ordering::Relaxed));
        result
    }

    /// Seconds spent on a part since the last [`reset`], summed over all threads.
    pub fn spent(part: Part) -> f64 {
        lock(&THREADS).iter().map(|own| own[part as usize].load(Ordering::Relaxed) as f64 * 1e-9).sum()
    }

    /// Sets all clocks to 0.
    pub fn reset() {
        lock(&THREADS).iter().flat_map(|own| own.iter()).for_each(|spent| spent.store(0, Ordering::Relaxed));
    }
}
