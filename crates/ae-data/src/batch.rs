//! Which images make up which batch, by their numbers.
//!
//! A plan is made once a run; an epoch's order is a pure function of (seed, epoch), so that a run resumed in
//! the middle of an epoch sees what it would have seen: `plan.epoch(e).batches().skip(k)` costs no more than
//! `plan.epoch(e).batches()`.

use crate::error::DataError;
use crate::order::{Order, Purpose, countable, permutation};

/// How a number of items is cut into batches, epoch by epoch; every item is in one batch of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    items: u32,
    batch_size: usize,
    order: Order,
}

impl BatchPlan {
    /// A plan for `items` items in batches of `batch_size`; what is left after the last whole batch makes a short one.
    ///
    /// # Errors
    /// [`DataError::Argument`] without items, with more than `u32::MAX` of them, or with a batch size of 0.
    pub fn new(items: usize, batch_size: usize, order: Order) -> Result<Self, DataError> {
        for (what, number) in [("items", items), ("batch size", batch_size)] {
            if number == 0 {
                return Err(DataError::argument(what, "at least 1", 0));
            }
        }
        Ok(BatchPlan { items: countable("items", items)?, batch_size, order })
    }

    /// Number of batches in every epoch, at least 1.
    pub fn batches_per_epoch(&self) -> usize {
        (self.items as usize).div_ceil(self.batch_size)
    }

    /// The batches of one epoch. Any number names an epoch; asking twice gives the same answer.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let indices = match self.order {
            Order::Shuffled { seed } => permutation(self.items, Purpose::BatchOrder, seed, epoch),
            Order::Sequential => (0..self.items).collect(),
        };
        Epoch { indices, batch_size: self.batch_size }
    }
}

/// One epoch's order, cut into batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    indices: Vec<u32>,
    batch_size: usize,
}

impl Epoch {
    /// The batches in turn, each the indices of its items; only the last can be short.
    ///
    /// Skipping is O(1): `batches().skip(k)` goes to batch `k` at once.
    pub fn batches(&self) -> std::slice::Chunks<'_, u32> {
        self.indices.chunks(self.batch_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(plan: &BatchPlan) -> Vec<usize> {
        plan.epoch(1).batches().map(<[u32]>::len).collect()
    }

    #[test]
    fn what_is_left_makes_a_short_batch() {
        let odd = BatchPlan::new(7, 3, Order::Sequential).unwrap();
        assert_eq!((sizes(&odd), odd.batches_per_epoch()), (vec![3, 3, 1], 3));
        let even = BatchPlan::new(6, 3, Order::Sequential).unwrap();
        assert_eq!((sizes(&even), even.batches_per_epoch()), (vec![3, 3], 2));
    }

    #[test]
    fn sequential_is_first_to_last_in_every_epoch() {
        let plan = BatchPlan::new(5, 2, Order::Sequential).unwrap();
        let batches: Vec<Vec<u32>> = plan.epoch(9).batches().map(<[u32]>::to_vec).collect();
        assert_eq!(batches, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(plan.epoch(1), plan.epoch(9));
    }

    #[test]
    fn a_batch_larger_than_the_set_holds_it_all() {
        let plan = BatchPlan::new(3, usize::MAX, Order::Sequential).unwrap();
        assert_eq!(sizes(&plan), [3]);
    }

    #[test]
    fn impossible_plans_are_refused() {
        let new = |items, batch_size| BatchPlan::new(items, batch_size, Order::Sequential);
        let said = |items, batch_size| new(items, batch_size).unwrap_err().to_string();
        assert_eq!(said(0, 1), "items: expected at least 1, found 0");
        assert_eq!(said(1, 0), "batch size: expected at least 1, found 0");
        assert!(new(u32::MAX as usize, 1).is_ok());
        if let Some(items) = (u32::MAX as usize).checked_add(1) {
            assert_eq!(said(items, 1), "items: expected at most 4294967295, found 4294967296");
        }
    }
}
