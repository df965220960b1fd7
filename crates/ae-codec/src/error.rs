//! What can be wrong: with what a caller hands over ([`CodecError`]), and with a file ([`AezError`]).

use std::io;
use std::path::PathBuf;

use ae_net::NetError;

use crate::entropy::EntropyError;
use crate::layout::{MAX_BLOCK_SYMBOLS, MAX_PIXELS, MAX_UNITS, MAX_WEIGHTS, VERSION};
use crate::reader::MAX_DECODED;

/// Codes, labels or settings that do not fit, or a writer that fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// A size that must be at least 1.
    #[error("there are no {what}")]
    Zero {
        /// Which one.
        what: &'static str,
    },
    /// A size that the format cannot state.
    #[error("{asked} {what} are more than a file holds, {limit} are the most")]
    Limit {
        /// Which one.
        what: &'static str,
        /// What was given.
        asked: u64,
        /// The most there may be.
        limit: u64,
    },
    /// A quality outside its range.
    #[error("quality: expected a number from 0 to 100, found {found}")]
    Quality {
        /// What was given.
        found: f32,
    },
    /// A step that cannot be divided by, or leads out of the finite numbers.
    #[error("the step of unit {unit} is {found}, not from 1e-30 to 1e30")]
    Step {
        /// Which unit, from 0.
        unit: usize,
        /// Its step.
        found: f32,
    },
    /// Numbers that are not whole codes.
    #[error("{values} numbers are not whole codes of {units}")]
    PartialRow {
        /// Numbers given.
        values: usize,
        /// Numbers in a code.
        units: usize,
    },
    /// A code that is infinite or not a number.
    #[error("code {row} has {value} as unit {unit}, finite numbers are needed")]
    NotFinite {
        /// Which code, from 0.
        row: usize,
        /// Which unit, from 0.
        unit: usize,
        /// The value.
        value: f32,
    },
    /// A decoder that leaves the finite numbers near the codes it was made for.
    #[error("the decoder's images are not finite around unit {unit}")]
    Effect {
        /// Which unit, from 0.
        unit: usize,
    },
    /// Labels that are not one for each code, or are missing, or unasked for.
    #[error("{codes} codes come with {labels} labels, {expected} are expected")]
    LabelCount {
        /// Codes given.
        codes: usize,
        /// Labels given.
        labels: usize,
        /// Labels that were announced for so many codes.
        expected: usize,
    },
    /// More or fewer images than were announced.
    #[error("{found} images were handed over, {expected} were announced")]
    ImageCount {
        /// Images handed over, as far as they came.
        found: u64,
        /// Images announced.
        expected: u64,
    },
    /// Codes of another size than the decoder takes, or images of another size than it gives.
    #[error("{what}: {found} do not fit a decoder of {expected}")]
    DecoderSize {
        /// Which size.
        what: &'static str,
        /// What was given.
        found: usize,
        /// What the decoder has.
        expected: usize,
    },
    /// A weight that cannot be rounded.
    #[error("a weight of layer {layer} of the decoder is not finite, or larger than 1e30")]
    Weight {
        /// Which layer, from 0.
        layer: usize,
    },
    /// The writer failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// A fault found by the network.
    #[error(transparent)]
    Net(#[from] NetError),
}

/// A `.aez` file that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}", .path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: AezError,
}

/// Why bytes are not a `.aez` file, or not all of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AezError {
    /// A folder, a device, a pipe or a socket.
    #[error("it is not a regular file")]
    NotRegular,
    /// The input failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// The bytes end too soon.
    #[error("{what} needs {needed} bytes, {actual} are there")]
    Length {
        /// What was being read.
        what: &'static str,
        /// Bytes it needs, at least.
        needed: u64,
        /// Bytes there.
        actual: u64,
    },
    /// The first four bytes are not those of the format.
    #[error("not an .aez file: it begins with {found:02x?}")]
    Magic {
        /// The bytes found.
        found: [u8; 4],
    },
    /// A version that this program does not know.
    #[error("version {found} of the .aez format, this program reads version {VERSION}")]
    Version {
        /// The version found.
        found: u16,
    },
    /// A part whose checksum is wrong.
    #[error("{what} is damaged: its checksum is {found:08x}, {expected:08x} is stated")]
    Checksum {
        /// Which part.
        what: &'static str,
        /// The checksum stated.
        expected: u32,
        /// The checksum of what is there.
        found: u32,
    },
    /// A flag that this version does not have.
    #[error("unknown flags {found:#06x}")]
    Flags {
        /// All flags found.
        found: u16,
    },
    /// A size of 0 where there must be something.
    #[error("the header states {what} of 0")]
    Zero {
        /// Which one.
        what: &'static str,
    },
    /// A size beyond the reader's limits: [`MAX_PIXELS`], [`MAX_UNITS`], [`MAX_BLOCK_SYMBOLS`], [`MAX_WEIGHTS`]; or
    /// beyond what is decoded at once, [`MAX_DECODED`].
    #[error("the header states {asked} {what}, {limit} are the most")]
    Limit {
        /// Which one.
        what: &'static str,
        /// What the header states.
        asked: u64,
        /// The limit.
        limit: u64,
    },
    /// A step that is none.
    #[error("the step of unit {unit} is {found}")]
    Step {
        /// Which unit, from 0.
        unit: usize,
        /// The value found.
        found: f32,
    },
    /// Tables of frequencies that are none.
    #[error("the table of column {column} cannot be read")]
    Table {
        /// Which column: a unit of the code, or after them the label.
        column: usize,
        /// What is wrong with it.
        source: EntropyError,
    },
    /// Tables that are followed by something else.
    #[error("the tables cannot be read")]
    Tables(#[source] EntropyError),
    /// A decoder of an unknown kind.
    #[error("the decoder inside has {what} {found}")]
    DecoderKind {
        /// Which property.
        what: &'static str,
        /// Its value.
        found: u64,
    },
    /// A decoder whose weights are not there.
    #[error("the decoder's weights cannot be read")]
    Weights(#[source] EntropyError),
    /// A decoder whose layers do not fit each other.
    #[error("the decoder inside is none")]
    Decoder(#[source] NetError),
    /// A decoder for other codes or images than the header states.
    #[error("the decoder inside has {found} {what}, the header states {expected}")]
    DecoderSize {
        /// Which size.
        what: &'static str,
        /// As the decoder has it.
        found: usize,
        /// As the header states it.
        expected: usize,
    },
    /// An index that does not list the blocks that are there.
    #[error("the index lists {found} bytes of blocks, {actual} are there")]
    Index {
        /// Bytes that the listed blocks take.
        found: u64,
        /// Bytes between the header and the index.
        actual: u64,
    },
    /// An index that is not the right number of lengths.
    #[error("the index does not list {blocks} blocks")]
    IndexCount {
        /// Blocks that the images make.
        blocks: usize,
    },
    /// The last bytes are not those of the format: the file was cut short, or something follows it.
    #[error("the file does not end as an .aez file does: it ends with {found:02x?}")]
    End {
        /// The bytes found.
        found: [u8; 4],
    },
    /// A block number that is none.
    #[error("block {asked} asked for, there are {blocks}")]
    NoBlock {
        /// The block asked for, from 0.
        asked: usize,
        /// Blocks there are.
        blocks: usize,
    },
    /// A damaged block; the others can be read.
    #[error("block {block}, images {first} to {last}, is lost")]
    Block {
        /// Which block, from 0.
        block: usize,
        /// Its first image, from 0.
        first: usize,
        /// Its last image.
        last: usize,
        /// What is wrong with it.
        source: BlockError,
    },
}

/// What is wrong with a block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// No index says where it is, and the blocks before it do not lead there.
    #[error("it is not to be found")]
    Missing,
    /// It states another length than the index, or a longer one than its images can take.
    #[error("it states a length that cannot be")]
    Length,
    /// Its checksum is wrong.
    #[error("its checksum is {found:08x}, {expected:08x} is stated")]
    Checksum {
        /// The checksum stated.
        expected: u32,
        /// The checksum of what is there.
        found: u32,
    },
    /// Its bytes are not the integers they should be.
    #[error(transparent)]
    Symbols(#[from] EntropyError),
    /// A number beyond what rounding can give.
    #[error("image {image} has {found} as unit {unit}")]
    Symbol {
        /// Which image of the file, from 0.
        image: usize,
        /// Which unit, from 0.
        unit: usize,
        /// The number.
        found: i32,
    },
    /// A label that does not fit a byte.
    #[error("image {image} has the label {found}")]
    Label {
        /// Which image of the file, from 0.
        image: usize,
        /// The label.
        found: i32,
    },
}

impl AezError {
    pub(crate) fn limit(what: &'static str, asked: u64, limit: u64) -> Result<(), Self> {
        if asked > limit { Err(Self::Limit { what, asked, limit }) } else { Ok(()) }
    }
}

// Named in the documentation above.
const _: [u64; 5] = [MAX_PIXELS, MAX_UNITS, MAX_BLOCK_SYMBOLS, MAX_WEIGHTS, MAX_DECODED];
