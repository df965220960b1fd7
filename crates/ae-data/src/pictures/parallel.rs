//! The same work for many things, on all threads of the machine.

use std::num::NonZero;
use std::sync::{Condvar, Mutex};
use std::thread;

/// What `work` makes of each item, in their order. Whoever is free takes the next item.
pub(crate) fn in_parallel<I: Send, T: Send>(
    items: impl ExactSizeIterator<Item = I> + Send,
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    const NO_PANIC: &str = "nothing that can panic is done while it is locked";
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let queue = Mutex::new(items.enumerate());
    let worker = || {
        loop {
            let next = queue.lock().expect(NO_PANIC).next();
            let Some((place, item)) = next else { return };
            let made = work(item);
            done.lock().expect(NO_PANIC).push((place, made));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where the system has no thread to give, those that there are do all of it.
            let _ = thread::Builder::new().spawn_scoped(scope, worker);
        }
        worker();
    });
    let mut done = done.into_inner().expect(NO_PANIC);
    done.sort_unstable_by_key(|&(place, _)| place);
    done.into_iter().map(|(_, made)| made).collect()
}

/// How much of something is in use at once, whatever the number of threads.
pub(crate) struct Budget {
    left: Mutex<u64>,
    given_back: Condvar,
}

impl Budget {
    pub(crate) const fn new(all: u64) -> Self {
        Self { left: Mutex::new(all), given_back: Condvar::new() }
    }

    /// Does what uses so much, once there is as much left; it is no more than all of it.
    pub(crate) fn spend<T>(&self, amount: u64, work: impl FnOnce() -> T) -> T {
        const NO_PANIC: &str = "nothing but counting is done while it is locked";
        let left = self.left.lock().expect(NO_PANIC);
        *self.given_back.wait_while(left, |left| *left < amount).expect(NO_PANIC) -= amount;
        let made = work();
        *self.left.lock().expect(NO_PANIC) += amount;
        self.given_back.notify_all();
        made
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_spent_than_there_is() {
        let (budget, spent, most) = (Budget::new(10), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..8 {
                let (budget, spent, most) = (&budget, &spent, &most);
                scope.spawn(move || {
                    for round in 0..200 {
                        let amount = 1 + (thread + round) % 10;
                        budget.spend(amount, || {
                            most.fetch_max(
                                spent.fetch_add(amount, Ordering::SeqCst) + amount,
                                Ordering::SeqCst,
                            );
                            thread::yield_now();
                            spent.fetch_sub(amount, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        let most = most.into_inner();
        assert!((1..=10).contains(&most), "{most}");
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        assert_eq!(
            in_parallel(0..1000_usize, |item| item * 2),
            (0..1000).map(|item| item * 2).collect::<Vec<_>>()
        );
        assert!(in_parallel(0..0_usize, |item| item).is_empty());
    }
}
