//! Damaged inputs: Gaussian noise and masked pixels.
//!
//! An autoencoder that is shown a damaged image and asked for the whole one learns to restore it, and
//! codes that say more about the digit than about its strokes (Vincent et al. 2008, *Extracting and
//! Composing Robust Features with Denoising Autoencoders*). A pixel `x` in `[0, 1]` becomes
//!
//! - under noise, `min(1, max(0, x + sigma n))`, `n` from the standard normal distribution
//! - under a mask, 0 with probability `fraction`, and `x` else; after the noise, where there is both
//!
//! What happens to an image is a pure function of (seed, epoch, index of the image): neither the order
//! of an epoch, nor the batch that an image is in, nor the number of threads has a say. The draws are
//! 32-bit words of ChaCha8:
//!
//! - key: the seed, little-endian (8 bytes), then the ASCII bytes `ae-train: gaussian noise` or
//!   `ae-train: masked pixels.`
//! - stream: the epoch, from 1; 0 is for test images
//! - position: image `i` has the words from `i W` on, `W` its number of pixels rounded up to a multiple
//!   of 64
//! - noise: 64 words are the normal numbers of 64 pixels, see [`normals`]
//! - mask: 64 words are 128 pixels, the lower half of word `i` for pixel `i` and the upper for `i + 64`; a
//!   pixel is masked where its half is below `fraction 2^16`, rounded down
//!
//! The normal numbers are Box and Muller's (*A Note on the Generation of Random Normal Deviates*, 1958), not
//! a ziggurat's: a fixed number of words a pixel lets any image be found at once, there is no branch in
//! the way of vector code, and with logarithm, sine and cosine spelled out in sums, products and a
//! square root, which IEEE 754 rounds in one way, a seed gives the same bits on every machine.

use std::f32::consts::FRAC_PI_2;
use std::iter::zip;

use ae_data::{DataError, ImageSet, PIXEL_SCALE};
use ae_dense::{DenseError, Inputs, SparseRows, Team};
use pulp::{Arch, Simd, WithSimd};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

/// Words that are drawn at a time: as many as ChaCha8 makes at a time.
pub(crate) const CHUNK: usize = 64;

/// Pixels that a chunk of words masks.
const MASK_CHUNK: usize = 2 * CHUNK;

/// Rows a thread takes at least.
const SHARE: usize = 4;

const NOISE: &[u8; 24] = b"ae-train: gaussian noise";
const MASK: &[u8; 24] = b"ae-train: masked pixels.";

/// What is done to the inputs of a run; its targets stay as they are.
///
/// Made by [`TrainConfig::corruption`](crate::TrainConfig::corruption).
///
/// # Example
/// ```
/// use ae_data::ImageSet;
/// use ae_dense::Team;
/// use ae_train::{Corruption, TrainParams};
///
/// let images = ImageSet::new(1, 4, vec![255; 8], None)?; // two white images of four pixels
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
    /// - `out`: `(B, PIXELS)` row-major, in `[0, 1]` after the call
    ///
    /// # Errors
    /// [`DataError::BufferLength`] if `out` is of another length, [`DataError::Index`] if a row is beyond
    /// the last image; nothing is written then.
    pub fn fill(
        &self,
        team: &Team,
        epoch: u64,
        images: &ImageSet,
        rows: &[u32],
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let width = images.pixels_per_image();
        let needed = rows.len().saturating_mul(width);
        if out.len() != needed {
            return Err(DataError::BufferLength { needed, actual: out.len() });
        }
        let count = images.len();
        if let Some(&index) = rows.iter().find(|&&row| row as usize >= count) {
            return Err(DataError::Index { index, images: count });
        }
        let arch = Arch::new();
        share(team, rows, out, width, |row, out| {
            let bytes = &images.pixels()[row as usize * width..][..width];
            let noise = (self.noise > 0.0).then(|| (self.noise, self.generator(NOISE, epoch, row, width)));
            let mask = (self.mask > 0.0).then(|| (self.threshold(), self.generator(MASK, epoch, row, width)));
            arch.dispatch(Damage { noise, mask, bytes, out });
        });
        Ok(())
    }

    /// Halves of words below this mask their pixel.
    fn threshold(&self) -> u16 {
        (self.mask * 65_536.0) as u16 // exact but for the rounding down, and at most 65,535
    }

    fn generator(&self, purpose: &[u8; 24], epoch: u64, image: u32, width: usize) -> ChaCha8Rng {
        generator(self.seed, purpose, epoch, image, width)
    }
}

/// What draws for one image of `width` numbers, in one epoch, for one purpose.
pub(crate) fn generator(seed: u64, purpose: &[u8; 24], epoch: u64, image: u32, width: usize) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(purpose);
    let mut generator = ChaCha8Rng::from_seed(key);
    generator.set_stream(epoch);
    generator.set_word_pos(u128::from(image) * width.next_multiple_of(CHUNK) as u128);
    generator
}

/// Lists of nonzero pixels with the masked ones left out, a batch at a time.
#[derive(Debug)]
pub(crate) struct MaskedRows {
    set: SparseRows,
    /// 0, 1, 2 and on: the rows of `set` in the batch's order.
    order: Vec<u32>,
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
    pub(crate) fn new(width: usize, max_batch: usize) -> Result<Self, DenseError> {
        let list = MaskedList { keep: vec![false; width], pixels: vec![(0, 0); width], len: 0 };
        Ok(Self {
            set: SparseRows::new(width)?,
            order: (0..).take(max_batch).collect(),
            lists: vec![list; max_batch],
        })
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
    ) -> Result<Inputs<'_>, DenseError> {
        let (arch, width, threshold) = (Arch::new(), nonzero.width(), corruption.threshold());
        let lists = &mut self.lists[..rows.len()];
        share(team, rows, lists, 1, |row, list| {
            let MaskedList { keep, pixels, len } = &mut list[0];
            let generator = corruption.generator(MASK, epoch, row, width);
            arch.dispatch(Keep { threshold, generator, keep });
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
        Ok(Inputs::Sparse { set: &self.set, rows: &self.order[..rows.len()] })
    }
}

/// Calls `work` with every row and its part of `out`, `width` elements each, on the team's threads.
///
/// Rows have nothing to do with each other: which thread has which can't be seen in the bits.
pub(crate) fn share<T: Send>(
    team: &Team,
    rows: &[u32],
    out: &mut [T],
    width: usize,
    work: impl Fn(u32, &mut [T]) + Sync,
) {
    if team.threads() == 1 {
        zip(rows, out.chunks_exact_mut(width)).for_each(|(&row, out)| work(row, out));
    } else {
        team.enter(|| {
            let parts = rows.par_iter().zip(out.par_chunks_exact_mut(width));
            parts.with_min_len(SHARE).for_each(|(&row, out)| work(row, out));
        });
    }
}

/// One image, from bytes to damaged values.
struct Damage<'a> {
    /// Standard deviation, and where the draws come from.
    noise: Option<(f32, ChaCha8Rng)>,
    /// Threshold, and where the draws come from.
    mask: Option<(u16, ChaCha8Rng)>,
    bytes: &'a [u8],
    out: &'a mut [f32],
}

impl WithSimd for Damage<'_> {
    type Output = ();

    /// Plain loops: compiled for each instruction set, they become vector code by themselves.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for (value, &byte) in zip(&mut *self.out, self.bytes) {
            *value = f32::from(byte) * PIXEL_SCALE;
        }
        if let Some((sigma, generator)) = &mut self.noise {
            for out in self.out.chunks_mut(CHUNK) {
                let normals = normals(&words(generator));
                for (value, &n) in zip(out, &normals) {
                    *value = (*value + *sigma * n).clamp(0.0, 1.0);
                }
            }
        }
        if let Some((threshold, generator)) = &mut self.mask {
            for out in self.out.chunks_mut(MASK_CHUNK) {
                let halves = halves(&words(generator));
                for (value, half) in zip(out, &halves) {
                    *value = if half < threshold { 0.0 } else { *value };
                }
            }
        }
    }
}

/// One image's mask.
struct Keep<'a> {
    threshold: u16,
    generator: ChaCha8Rng,
    keep: &'a mut [bool],
}

impl WithSimd for Keep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for keep in self.keep.chunks_mut(MASK_CHUNK) {
            let halves = halves(&words(&mut self.generator));
            for (keep, &half) in zip(keep, &halves) {
                *keep = half >= self.threshold;
            }
        }
    }
}

/// The generator's next words.
#[inline(always)]
pub(crate) fn words(generator: &mut ChaCha8Rng) -> [u32; CHUNK] {
    let mut bytes = [0; 4 * CHUNK];
    generator.fill_bytes(&mut bytes);
    let mut words = [0; CHUNK];
    for (word, bytes) in zip(&mut words, bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
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

/// As many numbers from the standard normal distribution as there are words.
///
/// Words `i` and `i + 32` make the numbers `i` and `i + 32`, `r cos a` and `r sin a`: with `u` the upper 23
/// bits of the first word plus a half, over `2^23`, the radius `r` is `sqrt(-2 ln u)`, which is at most 5.77;
/// `a` is uniform on the circle.
#[inline(always)]
fn normals(words: &[u32; CHUNK]) -> [f32; CHUNK] {
    const HALF: usize = CHUNK / 2;
    let mut numbers = [0.0; CHUNK];
    for i in 0..HALF {
        let radius = (-2.0 * ln(unit(words[i]))).sqrt();
        let (cos, sin) = on_circle(words[i + HALF]);
        numbers[i] = radius * cos;
        numbers[i + HALF] = radius * sin;
    }
    numbers
}

/// The middle of one of `2^23` equal parts of `[0, 1]`, exactly.
#[inline(always)]
pub(crate) fn unit(word: u32) -> f32 {
    // Below 2^23, so that the conversion is the signed one, which processors have as a vector.
    ((word >> 9) as i32 as f32 + 0.5) * (1.0 / (1 << 23) as f32)
}

/// The natural logarithm of a normal number above 0; polynomial and its split of ln 2 as in S. Moshier's
/// Cephes, `logf.c`.
#[inline(always)]
fn ln(x: f32) -> f32 {
    // x = m 2^e, m in [1/2, 1), then moved to [sqrt(1/2), sqrt(2)) around 1.
    let bits = x.to_bits();
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
    let e = ((bits >> 23) as i32 - 126) as f32;
    let low = m < std::f32::consts::FRAC_1_SQRT_2;
    let e = if low { e - 1.0 } else { e };
    let m = (if low { m + m } else { m }) - 1.0;
    let square = m * m;
    let mut y = 7.037_683_6e-2 * m - 1.151_461e-1;
    y = y * m + 1.167_699_9e-1;
    y = y * m - 1.242_014_1e-1;
    y = y * m + 1.424_932_3e-1;
    y = y * m - 1.666_805_8e-1;
    y = y * m + 2.000_071_5e-1;
    y = y * m - 2.499_999_4e-1;
    y = y * m + 3.333_333e-1;
    y = y * m * square + e * -2.121_944_4e-4 - 0.5 * square;
    m + y + e * (355.0 / 512.0)
}

/// Cosine and sine of a uniformly drawn angle; polynomials as in S. Moshier's Cephes, `sinf.c`.
#[inline(always)]
fn on_circle(word: u32) -> (f32, f32) {
    // The upper bits say where in the quarter around 0, the two lowest which quarter it is turned to.
    let a = (unit(word) - 0.5) * FRAC_PI_2;
    let square = a * a;
    let sin = ((-1.951_529_6e-4 * square + 8.332_161e-3) * square - 1.666_665_5e-1) * square * a + a;
    let cos = ((2.443_315_7e-5 * square - 1.388_731_6e-3) * square + 4.166_664_6e-2) * square * square;
    let cos = cos - 0.5 * square + 1.0;
    let (x, y) = if word & 1 == 0 { (cos, sin) } else { (-sin, cos) };
    let sign = (word & 2) << 30;
    (f32::from_bits(x.to_bits() ^ sign), f32::from_bits(y.to_bits() ^ sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOISY: Corruption = Corruption { noise: 0.5, mask: 0.0, seed: 3 };
    const MASKED: Corruption = Corruption { noise: 0.0, mask: 0.3, seed: 3 };
    const BOTH: Corruption = Corruption { noise: 0.5, mask: 0.3, seed: 3 };

    fn one() -> Team {
        Team::new(1).unwrap()
    }

    /// Images of 7 x 13 pixels, so that the last chunk is not full, about half of them black.
    fn images(count: usize) -> ImageSet {
        let pixels = (0..count * 91).map(|at| (at * at / 7 % 256 * (at / 3 % 2)) as u8).collect();
        ImageSet::new(7, 13, pixels, None).unwrap()
    }

    fn filled(corruption: &Corruption, team: &Team, epoch: u64, set: &ImageSet, rows: &[u32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; rows.len() * set.pixels_per_image()];
        corruption.fill(team, epoch, set, rows, &mut out).unwrap();
        out
    }

    /// Normal numbers for an image, before they are added to anything.
    fn drawn(seed: u64, epoch: u64, image: u32, width: usize) -> Vec<f32> {
        let mut generator = Corruption { seed, ..NOISY }.generator(NOISE, epoch, image, width);
        (0..width.div_ceil(CHUNK)).flat_map(|_| normals(&words(&mut generator))).take(width).collect()
    }

    // The expected numbers were computed from the definitions at the head of this file by an
    // independent program (ChaCha and Box-Muller in Python, in double precision): they must never
    // change, or no old run can be repeated.

    #[test]
    fn the_normal_numbers_are_the_defined_ones() {
        let places = [0, 1, 2, 31, 32, 33, 63, 64, 95, 96, 99];
        for (seed, epoch, image, expected) in [
            (
                0,
                1,
                0,
                [
                    -0.625952, -1.038557, 1.314734, -1.185741, 0.13111, 0.75667, -1.021901, 0.560611,
                    0.049617, 0.219758, -0.289332,
                ],
            ),
            // Seed and epoch beyond 32 bits, so that neither half can be lost.
            (
                (1 << 63) + 7,
                (1 << 32) + 3,
                59_999,
                [
                    -0.294837, -0.138553, -0.697338, 0.669881, -1.071395, 1.417197, -1.210293, -1.338055,
                    0.157553, 0.7528, 1.118997,
                ],
            ),
        ] {
            let found = drawn(seed, epoch, image, 100);
            for (place, expected) in zip(places, expected) {
                let found = found[place];
                assert!((found - expected).abs() <= 2e-6, "seed {seed}, place {place}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn the_mask_is_the_defined_one() {
        let set = ImageSet::new(1, 200, vec![255; 400], None).unwrap();
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
    fn logarithm_and_circle_are_exact_to_rounding() {
        for word in (0..1_u32 << 23).step_by(97).chain([(1 << 23) - 1]) {
            let (u, word) = ((f64::from(word) + 0.5) / f64::from(1 << 23), word << 9);
            let expected = u.ln();
            assert!((f64::from(ln(unit(word))) - expected).abs() <= 2e-7 * expected.abs(), "ln {u}");
            for quarter in 0..4 {
                let angle =
                    (u - 0.5 + f64::from(quarter & 1) + f64::from(quarter & 2)) * std::f64::consts::FRAC_PI_2;
                let (cos, sin) = on_circle(word | quarter);
                assert!((f64::from(cos) - angle.cos()).abs() <= 2e-7, "cos {angle}");
                assert!((f64::from(sin) - angle.sin()).abs() <= 2e-7, "sin {angle}");
            }
        }
    }

    #[test]
    fn the_noise_is_standard_normal() {
        let numbers: Vec<f64> = (0..1_000).flat_map(|image| drawn(5, 2, image, 784)).map(f64::from).collect();
        let count = numbers.len() as f64;
        let moment = |power: i32| numbers.iter().map(|n| n.powi(power)).sum::<f64>() / count;
        // Five standard errors of each moment, for 784,000 draws.
        let within = |found: f64, expected: f64, variance: f64| {
            assert!((found - expected).abs() <= 5.0 * (variance / count).sqrt(), "{found}, not {expected}");
        };
        within(moment(1), 0.0, 1.0);
        within(moment(2), 1.0, 2.0);
        within(moment(3), 0.0, 15.0);
        within(moment(4), 3.0, 96.0);
        // The two numbers of a pair, and neighbours, have nothing to do with each other.
        for distance in [1, 32] {
            let products = numbers.iter().zip(&numbers[distance..]).map(|(a, b)| a * b).sum::<f64>();
            within(products / count, 0.0, 1.0);
        }
        for (limit, share) in [(-1.0, 0.158_655), (0.0, 0.5), (2.0, 0.977_250)] {
            let below = numbers.iter().filter(|&&n| n < limit).count() as f64 / count;
            within(below, share, share * (1.0 - share));
        }
    }

    #[test]
    fn noise_is_added_and_clipped() {
        let set = images(3);
        let found = filled(&NOISY, &one(), 4, &set, &[2]);
        for ((&byte, n), &value) in zip(zip(set.image(2).unwrap(), drawn(3, 4, 2, 91)), &found) {
            assert_eq!(value, (f32::from(byte) * PIXEL_SCALE + 0.5 * n).clamp(0.0, 1.0));
        }
        assert!(found.contains(&0.0) && found.contains(&1.0));
    }

    #[test]
    fn the_asked_share_is_masked_and_the_rest_is_left_alone() {
        let set = ImageSet::new(28, 28, vec![102; 784 * 500], None).unwrap();
        let rows: Vec<u32> = (0..500).collect();
        for mask in [0.1, 0.5, 0.9] {
            let found = filled(&Corruption { mask, ..MASKED }, &one(), 1, &set, &rows);
            let masked = found.iter().filter(|&&value| value == 0.0).count() as f64;
            let (count, mask) = (found.len() as f64, f64::from(mask));
            let error = (mask * (1.0 - mask) / count).sqrt();
            assert!((masked / count - mask).abs() <= 5.0 * error, "{masked} of {count} for {mask}");
            assert!(found.iter().all(|&value| value == 0.0 || value == 102.0 * PIXEL_SCALE));
        }
    }

    #[test]
    fn under_both_a_pixel_is_masked_or_noisy() {
        let set = images(1);
        let (noisy, both) = (filled(&NOISY, &one(), 1, &set, &[0]), filled(&BOTH, &one(), 1, &set, &[0]));
        let white = ImageSet::new(7, 13, vec![255; 91], None).unwrap();
        let mask = filled(&MASKED, &one(), 1, &white, &[0]);
        let expected: Vec<f32> = zip(noisy, mask).map(|(noisy, kept)| noisy * kept).collect();
        assert_eq!(both, expected);
    }

    #[test]
    fn seeds_epochs_and_images_have_draws_of_their_own() {
        let set = ImageSet::new(7, 13, vec![128; 3 * 91], None).unwrap();
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
    fn lists_behind_a_mask_hold_what_the_masked_images_hold() {
        let set = images(40);
        let nonzero = SparseRows::from_bytes(set.pixels(), 91).unwrap();
        let mut masked = MaskedRows::new(91, 32).unwrap();
        // Batches of different sizes through the same buffers, the second with a row that comes twice.
        for (epoch, rows) in [(1, (0..32).rev().collect::<Vec<u32>>()), (2, vec![39, 7, 39]), (3, vec![0])] {
            for threads in [1, 2] {
                let team = Team::new(threads).unwrap();
                let expected = filled(&MASKED, &team, epoch, &set, &rows);
                let inputs = masked.fill(&team, &MASKED, epoch, &nonzero, &rows).unwrap();
                let Inputs::Sparse { set: lists, rows: order } = inputs else { panic!("{inputs:?}") };
                assert_eq!(order.len(), rows.len());
                let mut found = vec![0.0; expected.len()];
                for (found, &row) in zip(found.chunks_exact_mut(91), order) {
                    let (positions, values) = lists.row(row as usize);
                    assert!(values.iter().all(|&value| value != 0), "a masked pixel is still listed");
                    for (&position, &value) in zip(positions, values) {
                        found[usize::from(position)] = f32::from(value) * PIXEL_SCALE;
                    }
                }
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn wrong_lengths_and_rows_are_refused_before_anything_is_written() {
        let (set, mut out) = (images(2), vec![7.0; 182]);
        let short = BOTH.fill(&one(), 1, &set, &[0, 1], &mut out[..181]).unwrap_err();
        assert!(matches!(short, DataError::BufferLength { needed: 182, actual: 181 }));
        let beyond = BOTH.fill(&one(), 1, &set, &[0, 2], &mut out).unwrap_err();
        assert!(matches!(beyond, DataError::Index { index: 2, images: 2 }));
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
