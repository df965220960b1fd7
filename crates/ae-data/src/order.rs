//! Seeded shuffles that mean the same on every machine and with every release of every crate.
//!
//! The words are those of [`ae_seed::generator`], its stream the epoch. The shuffle is spelled out below: a
//! library's may change between releases.

use ae_seed::{ChaCha8Rng, Rng, generator};

use crate::error::DataError;

/// In what order an epoch visits the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A fresh permutation for every epoch, a pure function of (seed, epoch).
    Shuffled {
        /// The run's seed.
        seed: u64,
    },
    /// First to last, in every epoch.
    Sequential,
}

/// What a permutation is drawn for; each use of a seed has its own generator.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    BatchOrder,
    HoldOut,
}

impl Purpose {
    fn tag(self) -> &'static [u8; 24] {
        match self {
            Purpose::BatchOrder => b"ae-data: order of images",
            Purpose::HoldOut => b"ae-data: images held out",
        }
    }
}

/// A number of items as the type that their indices are of.
pub(crate) fn countable(what: &'static str, items: usize) -> Result<u32, DataError> {
    u32::try_from(items).map_err(|_| DataError::argument(what, format!("at most {}", u32::MAX), items))
}

/// The numbers `0..items` in the order that (purpose, seed, stream) defines.
pub(crate) fn permutation(items: u32, purpose: Purpose, seed: u64, stream: u64) -> Vec<u32> {
    let mut generator = generator(seed, purpose.tag(), stream);
    // Fisher and Yates, in Durstenfeld's form (Communications of the ACM 7, 1964, algorithm 235).
    let mut order: Vec<u32> = (0..items).collect();
    for last in (1..items).rev() {
        let chosen = below(&mut generator, last + 1);
        order.swap(last as usize, chosen as usize);
    }
    order
}

/// A number in `0..bound`, each equally likely; `bound` is at least 1.
///
/// Lemire, *Fast Random Integer Generation in an Interval* (ACM TOMACS 29, 2019): the high half of a 64-bit
/// product, redrawn in the rare case that its low half falls among the `2^32 mod bound` surplus values.
fn below(generator: &mut ChaCha8Rng, bound: u32) -> u32 {
    let mut product = u64::from(generator.next_u32()) * u64::from(bound);
    if (product as u32) < bound {
        let surplus = bound.wrapping_neg() % bound;
        while (product as u32) < surplus {
            product = u64::from(generator.next_u32()) * u64::from(bound);
        }
    }
    (product >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers were computed from the definitions above by an independent program (ChaCha written
    // out in Python), not by this one: they must never change, or no old run can be repeated.

    #[test]
    fn permutations_are_the_defined_ones() {
        assert_eq!(
            permutation(20, Purpose::BatchOrder, 0, 1),
            [16, 17, 7, 15, 0, 2, 4, 8, 12, 3, 10, 11, 1, 19, 6, 9, 13, 5, 18, 14]
        );
        assert_eq!(
            permutation(20, Purpose::BatchOrder, 0, 2),
            [3, 14, 4, 9, 8, 7, 1, 5, 6, 0, 12, 16, 13, 2, 10, 17, 11, 18, 19, 15]
        );
        // Seed and stream beyond 32 bits, so that neither half can be lost.
        assert_eq!(
            permutation(20, Purpose::BatchOrder, (1 << 63) + 7, (1 << 32) + 3),
            [14, 2, 13, 7, 5, 15, 1, 12, 8, 10, 3, 4, 17, 16, 18, 19, 0, 11, 6, 9]
        );
        assert_eq!(
            permutation(20, Purpose::HoldOut, 0, 0),
            [13, 6, 10, 15, 12, 14, 9, 3, 7, 17, 16, 5, 18, 0, 8, 4, 1, 2, 11, 19]
        );
        let long = permutation(100_000, Purpose::BatchOrder, 42, 50);
        assert_eq!(long[..8], [97396, 36352, 7731, 55630, 46908, 57068, 7520, 28228]);
        assert_eq!(long[99_992..], [64049, 35389, 44513, 28521, 70096, 5286, 10608, 81441]);
    }

    #[test]
    fn short_permutations_need_no_draws() {
        assert!(permutation(0, Purpose::BatchOrder, 0, 0).is_empty());
        assert_eq!(permutation(1, Purpose::BatchOrder, 0, 0), [0]);
    }

    #[test]
    fn surplus_values_are_redrawn() {
        let mut generator = generator(5, Purpose::BatchOrder.tag(), 0);
        // With this bound a quarter of all draws is surplus.
        let drawn: Vec<u32> = (0..8).map(|_| below(&mut generator, 3 << 30)).collect();
        assert_eq!(
            drawn,
            [2505548981, 1541592613, 145532764, 995001596, 28893341, 328960812, 2123536648, 1144528763]
        );
        assert_eq!(generator.get_word_pos(), 9);
    }
}
