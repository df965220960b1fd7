//! Masks, and images behind them as lists of the nonzero pixels that are left.
//!
//! 64 words are the mask of 128 pixels, the lower half of word `i` for pixel `i` and the upper for `i + 64`; a pixel is
//! masked where its half is below `fraction 2^16`, rounded down.

use std::iter::zip;

use ae_net::{NetError, Rows, SparseRows, Team};
use ae_seed::ChaCha8Rng;
use pulp::{Arch, Simd, WithSimd};

use crate::Corruption;
use crate::draws::{CHUNK, share, words};

/// Pixels that a chunk of words masks.
const MASK_CHUNK: usize = 2 * CHUNK;

/// One image's mask, as it is drawn.
pub(crate) struct Mask {
    /// Halves of words below this mask their pixel.
    pub(crate) threshold: u16,
    pub(crate) generator: ChaCha8Rng,
}

impl Mask {
    /// Sets the masked ones of an image's numbers to 0.
    #[inline(always)]
    pub(crate) fn darken(&mut self, image: &mut [f32]) {
        for image in image.chunks_mut(MASK_CHUNK) {
            let halves = halves(&words(&mut self.generator));
            for (value, half) in zip(image, halves) {
                *value = if half < self.threshold { 0.0 } else { *value };
            }
        }
    }
}

/// Lists of nonzero pixels with the masked ones left out, a batch at a time.
#[derive(Debug)]
pub(crate) struct MaskedRows {
    set: SparseRows,
    lists: Vec<MaskedList>,
}

/// One image's list while it is made, its buffers as long as the image is wide.
#[derive(Debug, Clone)]
struct MaskedList {
    keep: Vec<bool>,
    pixels: Vec<(u16, u8)>,
    len: usize,
}

impl MaskedRows {
    /// For images of `width` pixels, at most `max_batch` at a time.
    pub(crate) fn new(width: usize, max_batch: usize) -> Result<Self, NetError> {
        let list = MaskedList { keep: vec![false; width], pixels: vec![(0, 0); width], len: 0 };
        Ok(Self { set: SparseRows::new(width)?, lists: vec![list; max_batch] })
    }

    /// The images `rows` of `nonzero` behind the mask of `corruption`: what
    /// [`fill`](Corruption::fill) answers where there is no noise.
    ///
    /// `rows` has been checked: each is in `nonzero`, and they are at most as many as `new` was told.
    pub(crate) fn fill(
        &mut self,
        team: &Team,
        corruption: &Corruption,
        epoch: u64,
        nonzero: &SparseRows,
        rows: &[u32],
    ) -> Result<Rows<'_>, NetError> {
        let (arch, width) = (Arch::new(), nonzero.width());
        let lists = &mut self.lists[..rows.len()];
        share(team, rows, lists, 1, |row, list| {
            let MaskedList { keep, pixels, len } = &mut list[0];
            arch.dispatch(Keep { mask: corruption.mask_of(epoch, row, width), keep });
            let (positions, values) = nonzero.row(row as usize);
            // A branch here would be taken at random; a store that the next one overwrites costs less.
            *len = 0;
            for (&position, &value) in zip(positions, values) {
                pixels[*len] = (position, value);
                *len += usize::from(keep[usize::from(position)]);
            }
        });
        self.set.clear();
        for MaskedList { pixels, len, .. } in lists {
            self.set.push(pixels[..*len].iter().copied())?;
        }
        Ok(Rows::sparse(&self.set))
    }
}

/// Which pixels of an image its mask leaves.
struct Keep<'a> {
    mask: Mask,
    keep: &'a mut [bool],
}

impl WithSimd for Keep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for keep in self.keep.chunks_mut(MASK_CHUNK) {
            let halves = halves(&words(&mut self.mask.generator));
            for (keep, half) in zip(keep, halves) {
                *keep = half >= self.mask.threshold;
            }
        }
    }
}

/// The lower halves of the words, then the upper ones.
#[inline(always)]
fn halves(words: &[u32; CHUNK]) -> [u16; MASK_CHUNK] {
    let mut halves = [0; MASK_CHUNK];
    let (lower, upper) = halves.split_at_mut(CHUNK);
    for ((lower, upper), &word) in zip(zip(lower, upper), words) {
        *lower = word as u16;
        *upper = (word >> 16) as u16;
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corrupt::tests::{MASKED, filled, images};

    #[test]
    fn lists_behind_a_mask_hold_what_the_masked_images_hold() {
        let set = images(40);
        let nonzero = SparseRows::from_bytes(set.bytes().unwrap(), 91).unwrap();
        let mut masked = MaskedRows::new(91, 32).unwrap();
        // Batches of different sizes through the same buffers, the second with a row that comes twice.
        for (epoch, rows) in [(1, (0..32).rev().collect::<Vec<u32>>()), (2, vec![39, 7, 39]), (3, vec![0])] {
            for threads in [1, 2] {
                let team = Team::new(threads).unwrap();
                let expected = filled(&MASKED, &team, epoch, &set, &rows);
                let inputs = masked.fill(&team, &MASKED, epoch, &nonzero, &rows).unwrap();
                assert_eq!(inputs.to_values(), expected);
                assert_eq!(masked.set.rows(), rows.len());
                for row in 0..rows.len() {
                    let (_, values) = masked.set.row(row);
                    assert!(values.iter().all(|&value| value != 0), "a masked pixel is still listed");
                }
            }
        }
    }
}
