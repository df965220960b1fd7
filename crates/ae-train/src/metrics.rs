//! What is measured of a run beside what `ae_net` measures of a network.

use ae_net::null_is_infinite;
use serde::{Deserialize, Serialize};

/// A mean weighted by items, so that a short last batch counts for what it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Mean {
    pub(crate) sum: f64,
    pub(crate) items: usize,
}

impl Mean {
    /// Adds the mean of `items` items.
    pub(crate) fn add(&mut self, mean: f64, items: usize) {
        self.sum += mean * items as f64;
        self.items += items;
    }

    /// The mean so far; NaN before the first item.
    pub(crate) fn value(&self) -> f64 {
        self.sum / self.items as f64
    }
}

/// How well a model restores images that were damaged as its training inputs were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Restoration {
    /// Squared error of the damaged images themselves, mean over images and pixels, `[0, 1]` scale.
    pub damaged_mse: f64,
    /// Squared error of what the model makes of them, against the whole images, on the same scale.
    pub mse: f64,
    /// PSNR of `mse`, dB, peak 1.0; infinite where `mse` is 0, which JSON has as `null`.
    #[serde(deserialize_with = "null_is_infinite")]
    pub psnr_db: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_weighs_items_not_batches() {
        let mut mean = Mean::default();
        mean.add(1.0, 3);
        mean.add(5.0, 1);
        assert_eq!(mean.value(), 2.0);
        assert!(Mean::default().value().is_nan());
    }
}
