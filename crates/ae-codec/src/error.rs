//! What can be wrong: with what a caller hands over ([`CodecError`]), and with a file ([`AezError`]).

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use ae_file::Kind;
use ae_net::NetError;

use crate::entropy::EntropyError;
use crate::layout::VERSION;
use crate::names::Refused;

/// Images, codes, labels or settings that do not fit, a writer that fails, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Something that the caller handed over does not fit, or is more than a file holds.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// Which of the things handed over.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The writer failed.
    #[error("the stream failed")]
    Io(#[source] io::Error),
    /// A fault found by the network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A fault of a file.
    #[error(transparent)]
    Aez(#[from] AezError),
}

impl CodecError {
    pub(crate) fn argument(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::Argument { what, expected: expected.to_string(), found: found.to_string() }
    }

    /// Refuses what is not the expected.
    pub(crate) fn require<T: PartialEq + Display>(
        what: &'static str,
        expected: T,
        found: T,
    ) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::argument(what, expected, found)) }
    }
}

/// Why bytes are not a `.aez` file, or not all of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AezError {
    /// A file that could not be opened; the source says why.
    #[error("cannot open {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<AezError>,
    },
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
    #[error("not an .aez file but {}", kind.map_or(format!("something that begins with {found:02x?}"), |kind| kind.to_string()))]
    Magic {
        /// The bytes found.
        found: [u8; 4],
        /// What begins like this.
        kind: Option<Kind>,
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
    /// A part whose checksum is right, and that states what cannot be, or is more than a reader takes on.
    #[error("{what}: expected {expected}, found {found}")]
    Value {
        /// Which part, and what of it.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A part whose integers are not there.
    #[error("{what} cannot be read")]
    Coded {
        /// Which part.
        what: String,
        /// What is wrong with it.
        source: EntropyError,
    },
    /// A decoder whose layers do not fit each other.
    #[error("the decoder inside is none")]
    Decoder(#[source] NetError),
    /// The last bytes are not those of the format: the file was cut short, or something follows it.
    #[error("the file does not end as an .aez file does: it ends with {found:02x?}")]
    End {
        /// The bytes found.
        found: [u8; 4],
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
    /// Blocks to which nothing leads: no index says where they are, and the blocks before them end too soon.
    #[error("block {block} and all after it, images {first} to {last}, are not to be found")]
    Missing {
        /// The first of them, from 0.
        block: usize,
        /// Its first image, from 0.
        first: usize,
        /// The last image of the file.
        last: usize,
    },
}

impl AezError {
    pub(crate) fn value(what: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self::Value { what, expected: expected.to_string(), found: found.to_string() }
    }

    pub(crate) fn at_most(what: &'static str, limit: u64, found: u64) -> Result<(), Self> {
        if found <= limit {
            return Ok(());
        }
        Err(Self::value(what, format_args!("at most {limit}"), found))
    }

    pub(crate) fn coded(what: impl Into<String>) -> impl FnOnce(EntropyError) -> Self {
        move |source| Self::Coded { what: what.into(), source }
    }
}

/// What is wrong with a block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
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
    /// Its names are not one for each image, or no names; those that are told are counted from 0 in the block.
    #[error("names: expected {expected}, found {found}")]
    Names {
        /// What they have to be.
        expected: String,
        /// What they are.
        found: String,
    },
    /// A number beyond what rounding can give.
    #[error("image {image} has {found} as unit {unit}")]
    Number {
        /// Which image of the file, from 0.
        image: usize,
        /// Which unit of its code, from 0.
        unit: usize,
        /// The number.
        found: i32,
    },
}

impl Refused {
    /// As a fault of the caller.
    pub(crate) fn argument(self, what: &'static str) -> CodecError {
        CodecError::Argument { what, expected: self.expected, found: self.found }
    }

    /// As a fault of a part of a file.
    pub(crate) fn value(self, what: &'static str) -> AezError {
        AezError::Value { what, expected: self.expected, found: self.found }
    }
}

impl From<Refused> for BlockError {
    fn from(Refused { expected, found }: Refused) -> Self {
        Self::Names { expected, found }
    }
}
