//! Which images make up which batch, and their pixels as floats.
//!
//! A plan is made once a run; an epoch's order is a pure function of (seed, epoch), so that a run resumed in
//! the middle of an epoch sees what it would have seen: `plan.epoch(e).batches().skip(k)` costs no more than
//! `plan.epoch(e).batches()`.

use crate::error::DataError;
use crate::images::ImageSet;
use crate::order::{Order, Purpose, permutation};

/// What a byte is multiplied by to become a pixel in `[0, 1]`.
pub const PIXEL_SCALE: f32 = 1.0 / 255.0;

/// What happens to the items after the last whole batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// They make a last, short batch.
    Keep,
    /// They are left out of this epoch; with a shuffled order others are left out of the next.
    Drop,
}

/// How a number of items is cut into batches, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    items: u32,
    batch_size: usize,
    order: Order,
    tail: Tail,
}

impl BatchPlan {
    /// A plan for `items` items in batches of `batch_size`.
    ///
    /// # Errors
    /// [`DataError::Empty`] without items, [`DataError::ZeroBatchSize`], [`DataError::TooManyItems`] beyond
    /// `u32::MAX` items, [`DataError::NoWholeBatch`] if dropping the tail would leave no batch at all.
    pub fn new(items: usize, batch_size: usize, order: Order, tail: Tail) -> Result<Self, DataError> {
        if items == 0 {
            return Err(DataError::Empty);
        }
        if batch_size == 0 {
            return Err(DataError::ZeroBatchSize);
        }
        if tail == Tail::Drop && items < batch_size {
            return Err(DataError::NoWholeBatch { items, batch_size });
        }
        let items = u32::try_from(items).map_err(|_| DataError::TooManyItems { items })?;
        Ok(BatchPlan { items, batch_size, order, tail })
    }

    /// Number of batches in every epoch, at least 1.
    pub fn batches_per_epoch(&self) -> usize {
        self.items_per_epoch().div_ceil(self.batch_size)
    }

    /// Number of items visited in every epoch: all of them, or with [`Tail::Drop`] the whole batches' worth.
    pub fn items_per_epoch(&self) -> usize {
        let items = self.items as usize;
        match self.tail {
            Tail::Keep => items,
            Tail::Drop => items - items % self.batch_size,
        }
    }

    /// The batches of one epoch. Any number names an epoch; asking twice gives the same answer.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let mut indices = match self.order {
            Order::Shuffled { seed } => permutation(self.items, Purpose::BatchOrder, seed, epoch),
            Order::Sequential => (0..self.items).collect(),
        };
        indices.truncate(self.items_per_epoch());
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

/// Writes the images at `indices`, one after the other, into `out`: each byte times [`PIXEL_SCALE`].
///
/// Allocates nothing, so it can stand in a training loop.
///
/// # Shapes
/// - `out`: `(B, PIXELS)` row-major, `B = indices.len()`, `PIXELS = set.pixels_per_image()`; in `[0, 1]` after
///   the call, 0 becoming exactly `0.0` and 255 exactly `1.0`
///
/// # Errors
/// [`DataError::BufferLength`] if `out` is of another length, [`DataError::Index`] if an index is beyond the
/// last image (the images before it are then already written).
pub fn fill_pixels(set: &ImageSet, indices: &[u32], out: &mut [f32]) -> Result<(), DataError> {
    let pixels = set.pixels_per_image();
    let needed = indices.len().saturating_mul(pixels);
    if out.len() != needed {
        return Err(DataError::BufferLength { needed, actual: out.len() });
    }
    for (&index, row) in indices.iter().zip(out.chunks_exact_mut(pixels)) {
        let image = set.checked_image(index)?;
        for (value, &byte) in row.iter_mut().zip(image) {
            *value = f32::from(byte) * PIXEL_SCALE;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(plan: &BatchPlan) -> Vec<usize> {
        plan.epoch(1).batches().map(<[u32]>::len).collect()
    }

    #[test]
    fn the_tail_is_kept_or_dropped() {
        let keep = BatchPlan::new(7, 3, Order::Sequential, Tail::Keep).unwrap();
        assert_eq!(sizes(&keep), [3, 3, 1]);
        assert_eq!((keep.batches_per_epoch(), keep.items_per_epoch()), (3, 7));
        let drop = BatchPlan::new(7, 3, Order::Sequential, Tail::Drop).unwrap();
        assert_eq!(sizes(&drop), [3, 3]);
        assert_eq!((drop.batches_per_epoch(), drop.items_per_epoch()), (2, 6));
        let even = BatchPlan::new(6, 3, Order::Sequential, Tail::Drop).unwrap();
        assert_eq!((sizes(&even), even.batches_per_epoch()), (vec![3, 3], 2));
    }

    #[test]
    fn sequential_is_first_to_last_in_every_epoch() {
        let plan = BatchPlan::new(5, 2, Order::Sequential, Tail::Keep).unwrap();
        let batches: Vec<Vec<u32>> = plan.epoch(9).batches().map(<[u32]>::to_vec).collect();
        assert_eq!(batches, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(plan.epoch(1), plan.epoch(9));
    }

    #[test]
    fn what_the_dropped_tail_leaves_out_changes_with_the_epoch() {
        let plan = BatchPlan::new(10, 4, Order::Shuffled { seed: 0 }, Tail::Drop).unwrap();
        let visited = |epoch| {
            let mut indices: Vec<u32> = plan.epoch(epoch).batches().flatten().copied().collect();
            indices.sort_unstable();
            indices
        };
        assert_eq!(visited(1).len(), 8);
        assert!((2..10).any(|epoch| visited(epoch) != visited(1)));
    }

    #[test]
    fn a_batch_larger_than_the_set_holds_it_all() {
        let plan = BatchPlan::new(3, usize::MAX, Order::Sequential, Tail::Keep).unwrap();
        assert_eq!(sizes(&plan), [3]);
    }

    #[test]
    fn impossible_plans_are_refused() {
        let new = |items, batch_size, tail| BatchPlan::new(items, batch_size, Order::Sequential, tail);
        assert_eq!(new(0, 1, Tail::Keep), Err(DataError::Empty));
        assert_eq!(new(1, 0, Tail::Keep), Err(DataError::ZeroBatchSize));
        assert_eq!(new(1, 0, Tail::Drop), Err(DataError::ZeroBatchSize));
        let refused = Err(DataError::NoWholeBatch { items: 2, batch_size: 3 });
        assert_eq!(new(2, 3, Tail::Drop), refused);
        assert!(new(u32::MAX as usize, 1, Tail::Keep).is_ok());
        if let Some(items) = (u32::MAX as usize).checked_add(1) {
            assert_eq!(new(items, 1, Tail::Keep), Err(DataError::TooManyItems { items }));
        }
    }

    #[test]
    fn every_byte_becomes_its_share_of_255() {
        let set = ImageSet::new(16, 16, (0..=255).collect(), None).unwrap();
        let mut pixels = vec![f32::NAN; 256];
        fill_pixels(&set, &[0], &mut pixels).unwrap();
        assert_eq!((pixels[0], pixels[255]), (0.0, 1.0));
        for (byte, pixel) in pixels.into_iter().enumerate() {
            let exact = byte as f64 / 255.0;
            let error = (f64::from(pixel) - exact).abs();
            assert!(error <= exact * f64::from(f32::EPSILON), "{byte} became {pixel}");
        }
    }

    #[test]
    fn images_are_filled_in_the_order_of_their_indices() {
        let set = ImageSet::new(1, 2, vec![0, 51, 102, 153, 204, 255], None).unwrap();
        let mut pixels = [0.0; 6];
        fill_pixels(&set, &[2, 0, 2], &mut pixels).unwrap();
        let bytes = pixels.map(|pixel| (pixel * 255.0).round() as u8);
        assert_eq!(bytes, [204, 255, 0, 51, 204, 255]);
    }

    #[test]
    fn wrong_lengths_and_indices_are_refused() {
        let set = ImageSet::new(1, 2, vec![0; 6], None).unwrap();
        let mut pixels = [0.0; 4];
        assert_eq!(
            fill_pixels(&set, &[0], &mut pixels),
            Err(DataError::BufferLength { needed: 2, actual: 4 })
        );
        assert_eq!(
            fill_pixels(&set, &[0, 1, 2], &mut pixels),
            Err(DataError::BufferLength { needed: 6, actual: 4 })
        );
        assert_eq!(fill_pixels(&set, &[0, 3], &mut pixels), Err(DataError::Index { index: 3, images: 3 }));
        assert_eq!(
            fill_pixels(&set, &[u32::MAX, 0], &mut pixels),
            Err(DataError::Index { index: u32::MAX, images: 3 })
        );
    }
}
