//! Where a seed becomes draws, for the whole workspace: every random draw descends from one seed, through
//! [`generator`].
//!
//! The generator is ChaCha with 8 rounds (D. J. Bernstein, *ChaCha, a variant of Salsa20*). Its output is part of
//! its specification, so that a seed means the same on every machine and with every release of every crate:
//!
//! - key, 32 bytes: the seed, little-endian (8 bytes), then 24 bytes of ASCII that say what is drawn, so that two
//!   purposes have nothing in common under one seed, and changing one does not move another
//! - stream, 64 bits: tells apart the draws of one purpose: an epoch, a half of a model, a repetition
//! - position: from the first word on; [`ChaCha8Rng::set_word_pos`] finds any word at once
//!
//! What is made of the words (a shuffle, weights, noise) is spelled out by whoever draws, for the same reason: a
//! library's distributions may change between releases.

pub use rand_chacha::ChaCha8Rng;
pub use rand_chacha::rand_core::Rng;

use rand_chacha::rand_core::SeedableRng;

/// What draws for (seed, purpose, stream), at its first word. Give each purpose a text that no other has.
///
/// # Example
/// ```
/// use ae_seed::{Rng, generator};
///
/// let mut order = generator(0, b"an example: which order?", 1);
/// let first = order.next_u32();
/// assert_eq!(generator(0, b"an example: which order?", 1).next_u32(), first);
/// assert_ne!(generator(0, b"an example: which order?", 2).next_u32(), first);
/// assert_ne!(generator(0, b"an example: which noise?", 1).next_u32(), first);
/// ```
pub fn generator(seed: u64, purpose: &[u8; 24], stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(purpose);
    let mut generator = ChaCha8Rng::from_seed(key);
    generator.set_stream(stream);
    generator
}

/// A number in `[0, 1)`, a multiple of 2^-53, each equally likely: the upper 53 bits of two words, the lower word
/// first.
///
/// # Example
/// ```
/// let mut generator = ae_seed::generator(0, b"an example: what number?", 0);
/// assert!((0.0..1.0).contains(&ae_seed::uniform(&mut generator)));
/// ```
pub fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers were computed from the definitions above by an independent program (ChaCha written
    // out in Python), not by this one: they must never change, or no old run can be repeated.

    const PURPOSE: &[u8; 24] = b"ae-seed: words for tests";

    #[test]
    fn words_are_the_defined_ones() {
        for (seed, stream, first, later) in [
            (0, 0, [0x012d_0e5a, 0xe95e_7a7c, 0xbb0d_7cbb, 0x5835_a2d1], [0x4b94_5705, 0x78f8_f1b1]),
            // Seed and stream beyond 32 bits, so that neither half can be lost.
            (
                (1 << 63) + 7,
                (1 << 32) + 3,
                [0x1143_8c8d, 0xdb4f_4cbb, 0x53a9_8a7a, 0x1f8b_8902],
                [0x7d45_e6a1, 0x3158_90e6],
            ),
        ] {
            let mut generator = generator(seed, PURPOSE, stream);
            assert_eq!([(); 4].map(|()| generator.next_u32()), first);
            generator.set_word_pos(64);
            assert_eq!([(); 2].map(|()| generator.next_u32()), later);
        }
    }

    #[test]
    fn uniform_numbers_are_the_defined_ones() {
        let mut generator = generator(1, PURPOSE, 2);
        let multiples = [(); 3].map(|()| uniform(&mut generator) * (1_u64 << 53) as f64);
        assert_eq!(
            multiples.map(|multiple| multiple as u64),
            [0x3_ce24_1240_efec, 0xd_368c_0820_6133, 0x10_8666_21eb_30ad]
        );
    }
}
