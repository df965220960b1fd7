//! Damaged inputs: Gaussian noise and masked pixels.
//!
//! An autoencoder that is shown a damaged image and asked for the whole one learns to restore it, and
//! codes that say more about the digit than about its strokes (Vincent et al. 2008, *Extracting and
//! Composing Robust Features with Denoising Autoencoders*). A pixel `x` in `[0, 1]` becomes
//!
//! - under noise, `min(1, max(0, x + sigma n))`, `n` from the standard normal distribution; numbers that were no bytes have
//!   no darkest and no brightest, and are `x + sigma n`
//! - under a mask, 0 with probability `fraction`, and `x` else; after the noise, where there is both
//!
//! What happens to an image is a pure function of (seed, epoch, index of the image), drawn as `draws.rs` says, for the
//! purposes `ae-train: gaussian noise` and `ae-train: masked pixels.`; epoch 0 is for test images. For noise, 64 words
//! are the normal numbers of 64 pixels, see `normal.rs`; for a mask they are 128 pixels, see `masked.rs`.

use std::iter::zip;

use ae_data::{Samples, Values};
use ae_net::{NetError, Team};
use ae_seed::ChaCha8Rng;
use pulp::{Arch, Simd, WithSimd};

use crate::draws::{CHUNK, generator, share, words};
use crate::engine::rows as rows_of;
use crate::masked::Mask;
use crate::normal::normals;

pub(crate) const NOISE: &[u8; 24] = b"ae-train: gaussian noise";
const MASK: &[u8; 24] = b"ae-train: masked pixels.";

/// What is done to the inputs of a run; its targets stay as they are.
///
/// Made by [`TrainConfig::corruption`](crate::TrainConfig::corruption).
///
/// # Example
/// ```
/// use ae_data::Samples;
/// use ae_net::Team;
/// use ae_train::{Corruption, TrainParams};
///
/// let images = Samples::new((1, 4), vec![255; 8])?; // two white images of four pixels
/// let config = TrainParams { mask: 0.5, ..TrainParams::default() }.check()?;
/// let corruption = config.corruption().ok_or("a mask is a corruption")?;
/// let mut damaged = [0.0; 8];
/// corruption.fill(&Team::new(1)?, Corruption::TEST, &images, &[0, 1], &mut damaged)?;
/// assert!(damaged.iter().all(|&pixel| pixel == 0.0 || pixel == 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corruption {
    noise: f32,
    mask: f32,
    seed: u64,
}

impl Corruption {
    /// The epoch that stands for test images: they are damaged in the same way every time.
    pub const TEST: u64 = 0;

    /// `noise` is finite and at least 0, `mask` in `[0, 1)`; nothing if both are 0.
    pub(crate) fn new(noise: f32, mask: f32, seed: u64) -> Option<Self> {
        (noise > 0.0 || mask > 0.0).then_some(Self { noise, mask, seed })
    }

    /// Standard deviation of the noise, in units of the full brightness; 0 without noise.
    pub fn noise(&self) -> f32 {
        self.noise
    }

    /// Share of the pixels that are masked, in `[0, 1)`.
    pub fn mask(&self) -> f32 {
        self.mask
    }

    /// Writes the images `rows` of `images`, damaged, into `out`.
    ///
    /// # Shapes
    /// - `rows`: `(B)`, in any order; a row may come twice, and is then damaged in the same way twice
    /// - `out`: `(B, PIXELS)` row-major; after the call in `[0, 1]` where the images are bytes
    ///
    /// # Errors
    /// [`NetError::Argument`] if `out` is of another length, or a row is beyond the last image; nothing is written then.
    pub fn fill(
        &self,
        team: &Team,
        epoch: u64,
        images: &Samples,
        rows: &[u32],
        out: &mut [f32],
    ) -> Result<(), NetError> {
        let width = images.width();
        let needed = rows.len().saturating_mul(width);
        if out.len() != needed {
            let (expected, found) = (format!("{needed} values"), out.len().to_string());
            return Err(NetError::Argument { what: "room for damaged images", expected, found });
        }
        let clean = rows_of(images)?;
        clean.pick(rows)?;
        let bounds = match images.values() {
            Values::Bytes(_) => [0.0, 1.0],
            Values::Floats(_) => [f32::NEG_INFINITY, f32::INFINITY],
        };
        let arch = Arch::new();
        share(team, rows, out, width, |row, out| {
            clean.copy_row(row as usize, out);
            let noise = (self.noise > 0.0).then(|| (self.noise, self.noise_of(epoch, row, width)));
            let mask = (self.mask > 0.0).then(|| self.mask_of(epoch, row, width));
            arch.dispatch(Damage { noise, mask, bounds, image: out });
        });
        Ok(())
    }

    fn noise_of(&self, epoch: u64, image: u32, width: usize) -> ChaCha8Rng {
        generator(self.seed, NOISE, epoch, image, width)
    }

    pub(crate) fn mask_of(&self, epoch: u64, image: u32, width: usize) -> Mask {
        let threshold = (self.mask * 65_536.0) as u16; // exact but for the rounding down, and at most 65,535
        Mask { threshold, generator: generator(self.seed, MASK, epoch, image, width) }
    }
}

/// One image, damaged in its place.
struct Damage<'a> {
    /// Standard deviation, and where the draws come from.
    noise: Option<(f32, ChaCha8Rng)>,
    mask: Option<Mask>,
    /// Of the numbers.
    bounds: [f32; 2],
    image: &'a mut [f32],
}

impl WithSimd for Damage<'_> {
    type Output = ();

    /// Plain loops: compiled for each instruction set, they become vector code by themselves.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let [least, most] = self.bounds;
        if let Some((sigma, generator)) = &mut self.noise {
            for image in self.image.chunks_mut(CHUNK) {
                let normals = normals(&words(generator));
                for (value, &n) in zip(image, &normals) {
                    *value = (*value + *sigma * n).clamp(least, most);
                }
            }
        }
        if let Some(mask) = &mut self.mask {
            mask.darken(self.image);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALE: f32 = 1.0 / 255.0;
    const NOISY: Corruption = Corruption { noise: 0.5, mask: 0.0, seed: 3 };
    pub(crate) const MASKED: Corruption = Corruption { noise: 0.0, mask: 0.3, seed: 3 };
    const BOTH: Corruption = Corruption { noise: 0.5, mask: 0.3, seed: 3 };

    fn one() -> Team {
        Team::new(1).unwrap()
    }

    /// Images of 7 x 13 pixels, so that the last chunk is not full, about half of them black.
    pub(crate) fn images(count: usize) -> Samples {
        let pixels: Vec<u8> = (0..count * 91).map(|at| (at * at / 7 % 256 * (at / 3 % 2)) as u8).collect();
        Samples::new((7, 13), pixels).unwrap()
    }

    pub(crate) fn filled(
        corruption: &Corruption,
        team: &Team,
        epoch: u64,
        set: &Samples,
        rows: &[u32],
    ) -> Vec<f32> {
        let mut out = vec![f32::NAN; rows.len() * set.width()];
        corruption.fill(team, epoch, set, rows, &mut out).unwrap();
        out
    }

    /// Normal numbers for an image, before they are added to anything.
    fn drawn(seed: u64, epoch: u64, image: u32, width: usize) -> Vec<f32> {
        let mut generator = Corruption { seed, ..NOISY }.noise_of(epoch, image, width);
        (0..width.div_ceil(CHUNK)).flat_map(|_| normals(&words(&mut generator))).take(width).collect()
    }

    // The expected numbers were computed from the definitions at the head of this file by an
    // independent program (ChaCha and Box-Muller in Python, in double precision): they must never
    // change, or no old run can be repeated.

    #[test]
    fn the_mask_is_the_defined_one() {
        let set = Samples::new((1, 200), vec![255; 400]).unwrap();
        let masked = |seed, epoch, image| -> Vec<usize> {
            let found = filled(&Corruption { noise: 0.0, mask: 0.1, seed }, &one(), epoch, &set, &[image]);
            (0..200).filter(|&place| found[place] == 0.0).collect()
        };
        assert_eq!(
            masked(0, 1, 0),
            [9, 10, 21, 29, 31, 56, 66, 67, 76, 82, 104, 105, 114, 127, 129, 142, 154, 156, 159]
        );
        assert_eq!(
            masked((1 << 63) + 7, (1 << 32) + 3, 1),
            [
                2, 5, 11, 16, 25, 32, 42, 60, 85, 90, 123, 124, 133, 145, 154, 158, 161, 162, 163, 165, 171,
                175, 178, 180
            ]
        );
    }

    #[test]
    fn noise_is_added_and_clipped() {
        let set = images(3);
        let found = filled(&NOISY, &one(), 4, &set, &[2]);
        for ((&byte, n), &value) in
            zip(zip(&set.bytes().unwrap()[2 * 91..3 * 91], drawn(3, 4, 2, 91)), &found)
        {
            assert_eq!(value, (f32::from(byte) * SCALE + 0.5 * n).clamp(0.0, 1.0));
        }
        assert!(found.contains(&0.0) && found.contains(&1.0));
    }

    #[test]
    fn the_asked_share_is_masked_and_the_rest_is_left_alone() {
        let set = Samples::new((28, 28), vec![102; 784 * 500]).unwrap();
        let rows: Vec<u32> = (0..500).collect();
        for mask in [0.1, 0.5, 0.9] {
            let found = filled(&Corruption { mask, ..MASKED }, &one(), 1, &set, &rows);
            let masked = found.iter().filter(|&&value| value == 0.0).count() as f64;
            let (count, mask) = (found.len() as f64, f64::from(mask));
            let error = (mask * (1.0 - mask) / count).sqrt();
            assert!((masked / count - mask).abs() <= 5.0 * error, "{masked} of {count} for {mask}");
            assert!(found.iter().all(|&value| value == 0.0 || value == 102.0 * SCALE));
        }
    }

    #[test]
    fn under_both_a_pixel_is_masked_or_noisy() {
        let set = images(1);
        let (noisy, both) = (filled(&NOISY, &one(), 1, &set, &[0]), filled(&BOTH, &one(), 1, &set, &[0]));
        let white = Samples::new((7, 13), vec![255; 91]).unwrap();
        let mask = filled(&MASKED, &one(), 1, &white, &[0]);
        let expected: Vec<f32> = zip(noisy, mask).map(|(noisy, kept)| noisy * kept).collect();
        assert_eq!(both, expected);
    }

    #[test]
    fn seeds_epochs_and_images_have_draws_of_their_own() {
        let set = Samples::new((7, 13), vec![128; 3 * 91]).unwrap();
        for corruption in [NOISY, MASKED] {
            let base = filled(&corruption, &one(), 1, &set, &[1]);
            assert_eq!(filled(&corruption, &one(), 1, &set, &[1]), base);
            for (other, epoch, row) in
                [(Corruption { seed: 4, ..corruption }, 1, 1), (corruption, 2, 1), (corruption, 1, 2)]
            {
                assert_ne!(filled(&other, &one(), epoch, &set, &[row]), base);
            }
        }
    }

    #[test]
    fn wrong_lengths_and_rows_are_refused_before_anything_is_written() {
        let (set, mut out) = (images(2), vec![7.0; 182]);
        let short = BOTH.fill(&one(), 1, &set, &[0, 1], &mut out[..181]).unwrap_err();
        assert_eq!(short.to_string(), "room for damaged images: expected 182 values, found 181");
        let beyond = BOTH.fill(&one(), 1, &set, &[0, 2], &mut out).unwrap_err();
        assert_eq!(beyond.to_string(), "a row: expected one of 2, found number 2");
        assert!(out.iter().all(|&value| value == 7.0));
        BOTH.fill(&one(), 1, &set, &[], &mut []).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn neither_order_nor_batches_nor_threads_change_an_image(
            rows in proptest::collection::vec(0_u32..20, 1..40),
            cut in 0_usize..40,
            epoch in any::<u64>(),
            threads in 1_usize..4,
        ) {
            let (set, team) = (images(20), Team::new(threads).unwrap());
            let (head, tail) = rows.split_at(cut.min(rows.len()));
            let whole = filled(&BOTH, &team, epoch, &set, &rows);
            let parts = [filled(&BOTH, &team, epoch, &set, head), filled(&BOTH, &one(), epoch, &set, tail)];
            prop_assert_eq!(&parts.concat(), &whole);
            for (&row, found) in zip(&rows, whole.chunks_exact(91)) {
                prop_assert_eq!(&filled(&BOTH, &one(), epoch, &set, &[row]), found);
            }
            prop_assert!(whole.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}
