//! Integers to bits and back: a table of frequencies for each, and an entropy coder.
//!
//! A [`Table`] says how often each integer of a range is expected, as *levels*: an integer of level `l` is expected
//! with a probability near `2^(-l / 4)`. The exact frequencies follow from the levels by whole-number arithmetic
//! and always sum to `2^16`, so that a file need not state them and cannot state them wrong. Any integer outside the range
//! is an *escape*, which costs 16 bits and its own magnitude.
//!
//! The coder is an asymmetric numeral system (Duda 2013): a state of 64 bits over words of 32, by `constriction`.
//! There are no floats in any of this but in [`Table::fit`], which chooses the levels.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::iter;

use constriction::stream::model::{ContiguousCategoricalEntropyModel, UniformModel};
use constriction::stream::stack::DefaultAnsCoder;
use constriction::stream::{Decode, Encode};

/// Frequencies sum to 2 to this.
const PRECISION: usize = 16;
const TOTAL: u32 = 1 << PRECISION;
/// Levels an octave.
const FINENESS: u8 = 4;
/// `2^(16 - l / 4)`, rounded, for the first octave of levels.
const FIRST_OCTAVE: [u32; FINENESS as usize] = [65_536, 55_109, 46_341, 38_968];
/// The level of what is hardly expected at all.
const LAST_LEVEL: u8 = PRECISION as u8 * FINENESS;
/// Integers that a table may span.
const MAX_SPAN: usize = 4_096;

/// An integer that was seen so often is taken to be as frequent as that.
const ENOUGH: u64 = 16;
/// What a level costs in a file, and what an escape costs over an integer of the table, in bits, about.
const LEVEL_BITS: u64 = 4;
const ESCAPE_BITS: u64 = 12;

/// The bits of an escape's magnitude are coded so many at a time.
const CHUNK_BITS: u32 = 8;
/// One more than the most bits that the magnitude of an escape has after its leading one.
const MAGNITUDES: usize = 34;

type Model = ContiguousCategoricalEntropyModel<u32, Vec<u32>, PRECISION>;
type Uniform = UniformModel<u32, PRECISION>;

/// Why bytes are not the integers they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntropyError {
    /// A last byte of zero, which no coder leaves.
    #[error("the coded integers end in a byte of zero")]
    TrailingZero,
    /// An integer of more than 32 bits.
    #[error("a coded integer does not fit 32 bits")]
    TooLarge,
    /// Bits that are left when the last integer has been read, or were missing before.
    #[error("the coded integers do not end where their bytes do")]
    Unfinished,
    /// What should describe a table, and does not.
    #[error("{what}: expected {expected}, found {found}")]
    Table {
        /// What of it.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl EntropyError {
    fn span(found: impl Display) -> Self {
        let expected = format!("1 to {MAX_SPAN} integers");
        Self::Table { what: "a table", expected, found: found.to_string() }
    }

    fn level(symbol: i32, found: impl Display) -> Self {
        let expected = format!("one from 0 to {LAST_LEVEL}");
        Self::Table { what: "a level of a table", expected, found: format!("{found} of integer {symbol}") }
    }
}

/// Which integers are expected, and how often.
///
/// # Example
/// ```
/// use ae_codec::entropy::{Table, Unpacker, pack};
/// // -1 and 1 once in four times, 0 twice.
/// let table = Table::new(-1, &[8, 4, 8])?;
/// let numbers = [0, 1, -1, 0, 700, 0];
/// let bytes = pack(numbers.iter().map(|&number| (&table, number)));
/// let mut unpacker = Unpacker::new(&bytes)?;
/// for number in numbers {
///     assert_eq!(unpacker.next(&table)?, number);
/// }
/// unpacker.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    first: i32,
    levels: Vec<u8>,
    /// Index `levels.len()` is the escape.
    model: Model,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        (self.first, &self.levels) == (other.first, &other.levels)
    }
}

impl Table {
    /// The table of the integers from `first` on, one a level.
    ///
    /// # Errors
    /// [`EntropyError::Table`] if there are no levels or too many, one is out of range, or the integers leave 32 bits.
    pub fn new(first: i32, levels: &[u8]) -> Result<Self, EntropyError> {
        let span = levels.len();
        if span == 0 || span > MAX_SPAN {
            return Err(EntropyError::span(span));
        }
        if first.checked_add(span as i32 - 1).is_none() {
            let (expected, found) = (format!("one that {span} integers can begin at"), first.to_string());
            return Err(EntropyError::Table { what: "the first integer of a table", expected, found });
        }
        if let Some(index) = levels.iter().position(|&level| level > LAST_LEVEL) {
            return Err(EntropyError::level(first + index as i32, levels[index]));
        }
        let model = Model::from_nonzero_fixed_point_probabilities(frequencies(levels), false)
            .expect("frequencies are at least 1 and sum to 2^16");
        Ok(Self { first, levels: levels.to_vec(), model })
    }

    /// The table that suits integers of which each has been seen so many times; without any, that of 0 alone.
    ///
    /// Rare integers far from the others are left to the escape, where listing all between would cost more.
    pub fn fit(counts: &BTreeMap<i32, u64>) -> Self {
        let seen: Vec<(i32, u64)> =
            counts.iter().filter(|(_, count)| **count > 0).map(|(&symbol, &count)| (symbol, count)).collect();
        let kept = worthwhile(&seen);
        let (Some(&(first, _)), Some(&(last, _))) = (kept.first(), kept.last()) else {
            return Self::new(0, &[0]).expect("a table of one integer");
        };
        let mut counts = vec![0; last.abs_diff(first) as usize + 1];
        for &(symbol, count) in kept {
            counts[symbol.abs_diff(first) as usize] = count;
        }
        let total = counts.iter().map(|&count| count as f64).sum::<f64>();
        let level = |expected: f64| (f64::from(FINENESS) * (total / expected).log2()).round();
        let levels: Vec<u8> = (0..counts.len())
            .map(|at| level(expected(&counts, at)).clamp(0.0, LAST_LEVEL.into()) as u8)
            .collect();
        Self::new(first, &levels).expect("the span and the levels are within their limits")
    }

    /// The numbers that describe the table in a file.
    pub(crate) fn describe(&self, numbers: &mut Vec<i32>) {
        numbers.extend([self.first, self.levels.len() as i32 - 1]);
        if self.levels.len() > 1 {
            let mut before = TYPICAL_LEVEL;
            for &level in &self.levels {
                numbers.push(i32::from(level) - before);
                before = level.into();
            }
        }
    }

    /// Reads what [`describe`](Self::describe) has written.
    pub(crate) fn read(unpacker: &mut Unpacker, numbers: &Self) -> Result<Self, EntropyError> {
        let first = unpacker.next(numbers)?;
        let more = i64::from(unpacker.next(numbers)?);
        if !(0..MAX_SPAN as i64).contains(&more) {
            return Err(EntropyError::span((more + 1).max(0)));
        }
        let mut levels = Vec::new();
        if more == 0 {
            levels.push(0);
        } else {
            let mut before = i64::from(TYPICAL_LEVEL);
            for index in 0..=more {
                let level = before + i64::from(unpacker.next(numbers)?);
                if !(0..=i64::from(LAST_LEVEL)).contains(&level) {
                    return Err(EntropyError::level(first.saturating_add(index as i32), level));
                }
                levels.push(level as u8);
                before = level;
            }
        }
        Self::new(first, &levels)
    }

    /// The table of the numbers that describe tables: small ones are frequent.
    pub(crate) fn of_descriptions() -> Self {
        let levels: Vec<u8> =
            (-LARGEST_STEP..=LARGEST_STEP).map(|step| step.unsigned_abs() as u8 * 3).collect();
        Self::new(-LARGEST_STEP, &levels).expect("a constant that is a table")
    }

    fn place(&self, symbol: i32) -> Place {
        let (offset, span) = (i64::from(symbol) - i64::from(self.first), self.levels.len() as i64);
        if (0..span).contains(&offset) {
            return Place { index: offset as usize, beyond: None };
        }
        // Above the range even numbers, below it odd ones.
        let beyond = if offset < 0 { (-offset - 1) * 2 + 1 } else { (offset - span) * 2 };
        Place { index: span as usize, beyond: Some(beyond as u64) }
    }

    /// The integer whose place it is, if 32 bits hold it.
    fn beyond(&self, beyond: u64) -> Option<i32> {
        let (distance, below) = ((beyond / 2) as i64, beyond % 2 == 1);
        let offset = if below { -distance - 1 } else { distance + self.levels.len() as i64 };
        i32::try_from(i64::from(self.first) + offset).ok()
    }
}

/// The level before the first one of a description.
const TYPICAL_LEVEL: i32 = 40;
/// The largest number in the table of descriptions.
const LARGEST_STEP: i32 = 21;

/// Where an integer stands: in the table, or beyond it.
struct Place {
    index: usize,
    beyond: Option<u64>,
}

/// The neighbours that a table should list, so that their levels and the escapes of all others cost least.
fn worthwhile(seen: &[(i32, u64)]) -> &[(i32, u64)] {
    let escapes = |count: u64| i128::from(count) * i128::from(ESCAPE_BITS);
    // What is saved by the best run that ends here, and where it begins (Kadane's way through).
    let (mut start, mut saved) = (0, 0);
    let (mut best, mut most) = (0..0, 0);
    for (index, &(symbol, count)) in seen.iter().enumerate() {
        let gap = index.checked_sub(1).map_or(0, |before| symbol.abs_diff(seen[before].0));
        saved -= i128::from(u64::from(gap) * LEVEL_BITS);
        if saved <= 0 {
            (start, saved) = (index, 0);
        }
        saved += escapes(count);
        if saved > most {
            (best, most) = (start..index + 1, saved);
        }
    }
    let mut kept = &seen[best];
    // Too many even so: the rarer end goes first.
    while let [first, .., last] = kept
        && last.0.abs_diff(first.0) as usize >= MAX_SPAN
    {
        kept = if first.1 < last.1 { &kept[1..] } else { &kept[..kept.len() - 1] };
    }
    kept
}

/// How often an integer is to be expected: as often as it was seen or, where that is too seldom to tell, as its neighbours
/// on both sides on average. Levels that chance has scattered would only make the table dearer.
fn expected(counts: &[u64], at: usize) -> f64 {
    let mut reach = 0;
    loop {
        let around = &counts[at.saturating_sub(reach)..counts.len().min(at + reach + 1)];
        // A neighbour that is frequent says no more than that this one is not alone.
        let seen: u64 =
            around.iter().map(|&count| if around.len() == 1 { count } else { count.min(ENOUGH) }).sum();
        if seen >= ENOUGH || around.len() == counts.len() {
            return (seen as f64 / around.len() as f64).max(0.5);
        }
        reach += 1;
    }
}

/// Frequencies of at least 1 that sum to `2^16`: one a level, and 1 for the escape.
fn frequencies(levels: &[u8]) -> Vec<u32> {
    let weight = |&level: &u8| u64::from(FIRST_OCTAVE[usize::from(level % FINENESS)]) >> (level / FINENESS);
    let weights: u64 = levels.iter().map(weight).sum();
    let free = TOTAL - 1 - levels.len() as u32;
    let mut all: Vec<u32> =
        levels.iter().map(|level| 1 + (weight(level) * u64::from(free) / weights) as u32).collect();
    // What rounding down has left goes to the most frequent one, the first of them.
    let left = TOTAL - 1 - all.iter().sum::<u32>();
    let mut most = 0;
    for (index, level) in levels.iter().enumerate() {
        if level < &levels[most] {
            most = index;
        }
    }
    all[most] += left;
    all.push(1);
    all
}

/// Packs integers, each by its table, into bytes that [`Unpacker`] gives back in the same order.
pub fn pack<'a>(symbols: impl DoubleEndedIterator<Item = (&'a Table, i32)>) -> Vec<u8> {
    let mut coder = DefaultAnsCoder::new();
    // The coder is a stack: what goes in last comes out first.
    for (table, symbol) in symbols.rev() {
        let place = table.place(symbol);
        if let Some(beyond) = place.beyond {
            push_magnitude(&mut coder, beyond + 1);
        }
        let pushed = coder.encode_symbol(place.index, &table.model);
        pushed.expect("a place of the model, and memory does not refuse");
    }
    let words = coder.into_compressed().expect("memory does not refuse");
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// Pushes a number from 1: how many bits follow its leading one, and those bits.
fn push_magnitude(coder: &mut DefaultAnsCoder, number: u64) {
    let bits = number.ilog2();
    for (shift, width) in chunks(bits).collect::<Vec<_>>().into_iter().rev() {
        let range = 1_usize << width;
        let chunk = (number >> shift) as usize & (range - 1);
        coder.encode_symbol(chunk, Uniform::new(range)).expect("a chunk below its range");
    }
    coder.encode_symbol(bits as usize, Uniform::new(MAGNITUDES)).expect("33 bits at most");
}

/// The chunks that so many bits are cut into, the uppermost first: how far up each lies, and how wide it is.
fn chunks(bits: u32) -> impl Iterator<Item = (u32, u32)> {
    let mut left = bits;
    iter::from_fn(move || {
        let width = left.min(CHUNK_BITS);
        left -= width;
        (width > 0).then_some((left, width))
    })
}

/// Gives back the integers that [`pack`] has packed.
#[derive(Debug)]
pub struct Unpacker {
    coder: DefaultAnsCoder,
}

impl Unpacker {
    /// Takes packed bytes.
    ///
    /// # Errors
    /// [`EntropyError::TrailingZero`] if the last byte is 0, which packing never leaves.
    pub fn new(bytes: &[u8]) -> Result<Self, EntropyError> {
        let word = |bytes: &[u8]| {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            u32::from_le_bytes(word)
        };
        if bytes.last() == Some(&0) {
            return Err(EntropyError::TrailingZero);
        }
        let words = bytes.chunks(4).map(word).collect();
        let coder = DefaultAnsCoder::from_compressed(words).expect("the last word is not zero");
        Ok(Self { coder })
    }

    /// The next integer, if it was packed by this table; else any integer.
    ///
    /// # Errors
    /// [`EntropyError::TooLarge`] if 32 bits do not hold it.
    pub fn next(&mut self, table: &Table) -> Result<i32, EntropyError> {
        let index = self.coder.decode_symbol(&table.model).expect("reading memory does not fail");
        if index < table.levels.len() {
            return Ok(table.first + index as i32);
        }
        table.beyond(self.magnitude() - 1).ok_or(EntropyError::TooLarge)
    }

    /// Checks that the last integer has been read, and all bytes with it.
    ///
    /// # Errors
    /// [`EntropyError::Unfinished`] if not.
    pub fn finish(self) -> Result<(), EntropyError> {
        if self.coder.is_empty() { Ok(()) } else { Err(EntropyError::Unfinished) }
    }

    fn magnitude(&mut self) -> u64 {
        let mut uniform =
            |range| self.coder.decode_symbol(Uniform::new(range)).expect("reading memory does not fail");
        let bits = uniform(MAGNITUDES) as u32;
        chunks(bits).fold(1, |number, (_, width)| number << width | uniform(1 << width) as u64)
    }
}

#[cfg(test)]
#[path = "entropy_tests.rs"]
mod tests;
