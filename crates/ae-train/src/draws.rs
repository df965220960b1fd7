//! Draws for images: where each image's words lie in the generator's stream, and who makes them.
//!
//! What an image is dealt is a pure function of (seed, purpose, epoch, index of the image): neither the order of an
//! epoch, nor the batch that an image is in, nor the number of threads has a say. The words are those of
//! [`ae_seed::generator`], its stream the epoch; image `i` has the words from `i W` on, `W` the numbers it needs rounded
//! up to a multiple of 64.

use std::iter::zip;

use ae_net::Team;
use ae_seed::{ChaCha8Rng, Rng};

/// Words that are drawn at a time: as many as ChaCha8 makes at a time.
pub(crate) const CHUNK: usize = 64;

/// Rows a thread takes at a time.
const SHARE: usize = 4;

/// What draws for one image of `width` numbers, in one epoch, for one purpose.
pub(crate) fn generator(seed: u64, purpose: &[u8; 24], epoch: u64, image: u32, width: usize) -> ChaCha8Rng {
    let mut generator = ae_seed::generator(seed, purpose, epoch);
    generator.set_word_pos(u128::from(image) * width.next_multiple_of(CHUNK) as u128);
    generator
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

/// The middle of one of `2^23` equal parts of `[0, 1]`, exactly.
#[inline(always)]
pub(crate) fn unit(word: u32) -> f32 {
    // Below 2^23, so that the conversion is the signed one, which processors have as a vector.
    ((word >> 9) as i32 as f32 + 0.5) * (1.0 / (1 << 23) as f32)
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
    team.for_each_chunk(out, SHARE * width, |share, out| {
        let rows = &rows[share * SHARE..];
        zip(rows, out.chunks_exact_mut(width)).for_each(|(&row, out)| work(row, out));
    });
}
