//! Noise on codes in training, in place of the rounding that stores them.
//!
//! Uniform over one step of a quantiser whose step is 1. What a number of a code gets is a pure function of
//! (seed, epoch, index of the image, place in the code), drawn as `draws.rs` says, for the purpose
//! `ae-train: rounding noise`: one word a number, `u - 1/2`, `u` the upper 23 bits of the word plus a half, over `2^23`.

use std::iter::zip;

use ae_net::Team;

use crate::draws::{CHUNK, generator, share, unit, words};

const PURPOSE: &[u8; 24] = b"ae-train: rounding noise";

/// Fills `out`, `(B, width)`, with what is added in `epoch` to the codes, `width` numbers each, of the images `rows`.
pub(crate) fn fill(team: &Team, seed: u64, epoch: u64, rows: &[u32], width: usize, out: &mut [f32]) {
    share(team, rows, out, width, |row, out| {
        let mut generator = generator(seed, PURPOSE, epoch, row, width);
        for out in out.chunks_mut(CHUNK) {
            for (value, word) in zip(out, words(&mut generator)) {
                *value = unit(word) - 0.5;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(threads: usize, seed: u64, epoch: u64, rows: &[u32], width: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; rows.len() * width];
        fill(&Team::new(threads).unwrap(), seed, epoch, rows, width, &mut out);
        out
    }

    // As in `corrupt.rs`, computed from the definition above by an independent program in Python.
    #[test]
    fn the_numbers_are_the_defined_ones() {
        for (seed, epoch, image, expected) in [
            (0, 1, 0, [0.338875, -0.4557437, -0.2857752, -0.2454453, -0.2859785]),
            (
                (1 << 63) + 7,
                (1 << 32) + 3,
                59_999,
                [-0.1806727, 0.3749923, -0.1230497, 0.3776321, -0.0641182],
            ),
        ] {
            let found = filled(1, seed, epoch, &[image], 70);
            for (place, expected) in zip([0, 1, 63, 64, 69], expected) {
                let found = found[place];
                assert!((found - expected).abs() <= 1e-6, "seed {seed}, place {place}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn neither_order_nor_batch_nor_threads_change_an_images_noise() {
        let rows = [7, 0, 59_999, 3, 7, 1, 2, 4, 5];
        let whole = filled(1, 3, 2, &rows, 70);
        for threads in [2, 3] {
            assert_eq!(filled(threads, 3, 2, &rows, 70), whole);
        }
        for (&row, found) in zip(&rows, whole.chunks_exact(70)) {
            assert_eq!(filled(1, 3, 2, &[row], 70), found);
        }
        for (seed, epoch, row) in [(4, 2, 7), (3, 3, 7), (3, 2, 8)] {
            assert_ne!(filled(1, seed, epoch, &[row], 70), whole[..70]);
        }
    }

    #[test]
    fn the_noise_is_uniform_over_one_step() {
        let rows: Vec<u32> = (0..2_000).collect();
        let numbers: Vec<f64> = filled(2, 5, 1, &rows, 128).into_iter().map(f64::from).collect();
        let count = numbers.len() as f64;
        assert!(numbers.iter().all(|u| (-0.5..0.5).contains(u)));
        let moment = |power: i32| numbers.iter().map(|u| u.powi(power)).sum::<f64>() / count;
        // Five standard errors each.
        assert!(moment(1).abs() <= 5.0 * (1.0 / 12.0 / count).sqrt());
        assert!((moment(2) - 1.0 / 12.0).abs() <= 5.0 * (1.0 / 180.0 / count).sqrt());
        for distance in [1, 64, 128] {
            let products = numbers.iter().zip(&numbers[distance..]).map(|(a, b)| a * b).sum::<f64>();
            assert!((products / count).abs() <= 5.0 / 12.0 / count.sqrt());
        }
    }
}
