//! The committed corpus, and inputs made of it: the same ones in every run.

use std::fs;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// No input is longer.
const MOST_BYTES: usize = 16 << 10;

/// A path of the fuzzing workspace.
pub(crate) fn fuzz(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(relative)
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The files of a target's corpus.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz("corpus").join(target);
    names(&folder).iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

/// Numbers that lengths and sizes are likely to be mishandled at.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 1 << 24, i32::MAX as u64, u32::MAX as u64, 1 << 63, u64::MAX];
const WORDS: [&str; 10] = [
    "0",
    "-1",
    "1e999",
    "NaN",
    "inf",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999",
    "null",
    "\"\"",
];

/// Makes inputs: bits flipped, lengths and numbers replaced, pieces cut, repeated and joined.
pub(crate) struct Mutations<'a> {
    seeds: &'a [Vec<u8>],
    rng: ChaCha8Rng,
}

impl<'a> Mutations<'a> {
    pub(crate) fn of(seeds: &'a [Vec<u8>], stream: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed([5; 32]);
        rng.set_stream(stream);
        Self { seeds, rng }
    }

    /// A number below `end`; 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        (self.rng.next_u64() % end.max(1) as u64) as usize
    }

    fn seed(&mut self) -> &'a [u8] {
        let at = self.below(self.seeds.len());
        &self.seeds[at]
    }

    /// A piece of at most 16 bytes of something `length` bytes long.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = (start + self.below(17)).min(length);
        start..end
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut bytes = self.seed().to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
        }
        bytes.truncate(MOST_BYTES);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        match self.below(9) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            2 => bytes.truncate(at),
            3 => {
                let piece = self.piece(bytes.len());
                bytes.drain(piece);
            }
            4 => {
                let new: Vec<u8> = (0..self.below(9)).map(|_| self.below(256) as u8).collect();
                bytes.splice(at..at, new);
            }
            5 => {
                let piece = bytes[self.piece(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            6 => {
                let other = self.seed();
                let from = self.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            7 => {
                let number = NUMBERS[self.below(NUMBERS.len())];
                let width = 1 << self.below(4);
                let (little, big) = (number.to_le_bytes(), number.to_be_bytes());
                let number = if self.below(2) == 0 { &little[..width] } else { &big[8 - width..] };
                let end = (at + width).min(bytes.len());
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
            _ => {
                let is_number = |byte: &u8| byte.is_ascii_digit() || b".-+e".contains(byte);
                let Some(start) = (at..bytes.len()).find(|&at| bytes[at].is_ascii_digit()) else { return };
                let length = bytes[start..].iter().take_while(|byte| is_number(byte)).count();
                let word = WORDS[self.below(WORDS.len())];
                bytes.splice(start..start + length, word.bytes());
            }
        }
    }
}
