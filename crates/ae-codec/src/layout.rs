//! What writer and reader of an `.aez` file agree on: magic, limits, checksums, lengths. `docs/aez-format.md` has the byte table.

use ae_file::Kind;
use ae_net::WeightsId;
use crc32fast::Hasher;

use crate::AezError;
use crate::bytes::Bytes;

/// The version that is written and read.
pub const VERSION: u16 = 1;
/// Pixels that an image may have.
pub const MAX_PIXELS: u64 = 1 << 22;
/// Numbers that a code may have.
pub const MAX_UNITS: u64 = 1 << 16;
/// Integers that a block may hold.
pub const MAX_BLOCK_SYMBOLS: u64 = 1 << 22;
/// Weights and biases that a decoder inside a file may have.
pub const MAX_WEIGHTS: u64 = 1 << 22;
/// Names that a block may hold, and names of classes that a file may hold.
pub const MAX_NAMES: u64 = 1 << 16;

const MAGIC: [u8; 4] = *b"\x89AEZ";
pub(crate) const END: [u8; 4] = *b"ZEA\n";
pub(crate) const HEADER_BYTES: u64 = 72;
pub(crate) const TRAILER_BYTES: u64 = 12;
pub(crate) const CHECKSUM_BYTES: u64 = 4;

pub(crate) const LABELLED: u16 = 1;
pub(crate) const DECODER_INSIDE: u16 = 2;
pub(crate) const ONE_STEP: u16 = 4;
pub(crate) const DESCRIBED: u16 = 8;
pub(crate) const NAMED: u16 = 16;
const KNOWN_FLAGS: u16 = LABELLED | DECODER_INSIDE | ONE_STEP | DESCRIBED | NAMED;

/// What a file says of its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Number of images.
    pub images: usize,
    /// Channels an image: 1 if it is grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows a channel.
    pub rows: usize,
    /// Columns a channel.
    pub cols: usize,
    /// The model whose codes they are.
    pub model: WeightsId,
}

impl Header {
    /// Pixels an image, those of all channels; the largest number there is if they can't be counted.
    pub fn pixels(&self) -> usize {
        self.channels.saturating_mul(self.rows).saturating_mul(self.cols)
    }
}

/// All that stands in the fixed header, but for magic, version and checksum.
#[derive(Debug)]
pub(crate) struct FixedHeader {
    pub(crate) flags: u16,
    /// One channel until the description, if there is one, says how many.
    pub(crate) stated: Header,
    /// Numbers a code.
    pub(crate) units: usize,
    /// Images a block.
    pub(crate) block_images: usize,
    /// Bytes of steps and tables, with their checksum.
    pub(crate) tables: u64,
    /// Bytes of the decoder, with its checksum; 0 where there is none.
    pub(crate) decoder: u64,
}

impl FixedHeader {
    /// Without the checksum. Every size is within its limit, and so within 32 bits.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { flags, stated, units, block_images, tables, decoder } = self;
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for size in [stated.images, stated.rows, stated.cols, *units, *block_images] {
            bytes.extend((size as u32).to_le_bytes());
        }
        bytes.extend(stated.model.0);
        for length in [tables, decoder] {
            bytes.extend((*length as u32).to_le_bytes());
        }
        bytes
    }

    /// Reads a file of `length` by its first bytes, all of the header's or more, and what the checksums of other parts begin with.
    pub(crate) fn parse(start: &[u8], length: u64) -> Result<(Self, Hasher), AezError> {
        let mut bytes = Bytes::new("the header", start);
        let magic = bytes.take()?;
        if magic != MAGIC {
            return Err(AezError::Magic { found: magic, kind: Kind::of(start) });
        }
        let version = bytes.u16()?;
        if version != VERSION {
            return Err(AezError::Version { found: version });
        }
        if length < HEADER_BYTES {
            return Err(AezError::Length { what: "the header", needed: HEADER_BYTES, actual: length });
        }
        let checksum = hash_header(check("the header", &start[..HEADER_BYTES as usize])?);
        let flags = bytes.u16()?;
        if flags & !KNOWN_FLAGS != 0 {
            let found = format_args!("{flags:#06x}");
            return Err(AezError::value("the header's flags", "those of this version", found));
        }
        let sizes = read_sizes(&mut bytes)?;
        check_limits(flags, sizes)?;
        let [images, rows, cols, units, block_images] = sizes;
        let model = WeightsId(bytes.take()?);
        let header = Self {
            flags,
            stated: Header {
                images: images as usize,
                channels: 1,
                rows: rows as usize,
                cols: cols as usize,
                model,
            },
            units: units as usize,
            block_images: block_images as usize,
            tables: bytes.u32()?.into(),
            decoder: bytes.u32()?.into(),
        };
        Ok((header, checksum))
    }
}

/// Images, rows, columns, numbers a code and images a block; there may be no images.
fn read_sizes(bytes: &mut Bytes<'_>) -> Result<[u32; 5], AezError> {
    let mut sizes = [0; 5];
    let names = [
        "the header's images",
        "the header's rows",
        "the header's columns",
        "the header's numbers a code",
        "the header's images a block",
    ];
    for (index, (size, what)) in sizes.iter_mut().zip(names).enumerate() {
        *size = bytes.u32()?;
        if *size == 0 && index > 0 {
            return Err(AezError::value(what, "at least 1", 0));
        }
    }
    Ok(sizes)
}

/// Refuses what is more than a reader takes on.
fn check_limits(flags: u16, [_, rows, cols, units, block_images]: [u32; 5]) -> Result<(), AezError> {
    let columns = u64::from(units) + u64::from(flags & LABELLED);
    AezError::at_most("the header's pixels an image", MAX_PIXELS, u64::from(rows) * u64::from(cols))?;
    AezError::at_most("the header's numbers a code", MAX_UNITS, units.into())?;
    AezError::at_most("the header's numbers a block", MAX_BLOCK_SYMBOLS, u64::from(block_images) * columns)?;
    if flags & NAMED != 0 {
        AezError::at_most("the header's images a block", MAX_NAMES, block_images.into())?;
    }
    Ok(())
}

pub(crate) fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// What stands before a part's checksum, if that is right.
pub(crate) fn check<'a>(what: &'static str, part: &'a [u8]) -> Result<&'a [u8], AezError> {
    let Some((bytes, checksum)) = part.split_last_chunk() else {
        return Err(AezError::Length { what, needed: CHECKSUM_BYTES, actual: part.len() as u64 });
    };
    let (expected, found) = (u32::from_le_bytes(*checksum), crc32fast::hash(bytes));
    if found != expected { Err(AezError::Checksum { what, expected, found }) } else { Ok(bytes) }
}

/// What the checksums of blocks and of the index begin with: the header but for its own checksum, with which it would hash to
/// the same number whatever it is.
pub(crate) fn hash_header(bytes: &[u8]) -> Hasher {
    let mut checksum = Hasher::new();
    checksum.update(bytes);
    checksum
}

/// The header's bytes come first, then the block's number: no block passes for another, or for one of another file.
pub(crate) fn block_checksum(header: &Hasher, block: u32, lengths: &[u8], payload: &[u8]) -> u32 {
    let mut checksum = header.clone();
    for part in [&block.to_le_bytes(), lengths, payload] {
        checksum.update(part);
    }
    checksum.finalize()
}

/// The most bytes that a length takes.
const VARINT_BYTES: u64 = 5;

/// A length, 7 bits a byte, the lowest first; the upper bit says that more follow (LEB128).
fn varint(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A length at the beginning of some bytes, and how many it takes; `None` if there is none, or a shorter way to write it.
fn read_varint(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut number = 0_u64;
    for (index, &byte) in bytes.iter().take(VARINT_BYTES as usize).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            let shortest = index == 0 || byte != 0;
            return u32::try_from(number).ok().filter(|_| shortest).map(|number| (number, index + 1));
        }
    }
    None
}

/// What a block begins with, and what the index repeats of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// Bytes of the packed integers.
    pub(crate) integers: u32,
    /// Bytes of the packed names: `None` in a file without names, where nothing is said of them.
    pub(crate) names: Option<u32>,
}

impl Lengths {
    /// The most bytes that they take.
    pub(crate) const MOST_BYTES: u64 = 2 * VARINT_BYTES;

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = varint(self.integers);
        bytes.extend(self.names.map(varint).unwrap_or_default());
        bytes
    }

    /// The lengths at the beginning of some bytes, and how many bytes they take.
    pub(crate) fn read(bytes: &[u8], named: bool) -> Option<(Self, usize)> {
        let (integers, taken) = read_varint(bytes)?;
        if !named {
            return Some((Self { integers, names: None }, taken));
        }
        let (names, more) = read_varint(&bytes[taken..])?;
        Some((Self { integers, names: Some(names) }, taken + more))
    }

    /// Bytes of what follows the lengths and the checksum.
    pub(crate) fn payload(self) -> u64 {
        u64::from(self.integers) + u64::from(self.names.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_form() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 1 << 28, u32::MAX] {
            let bytes = varint(number);
            assert_eq!(read_varint(&bytes), Some((number, bytes.len())));
            assert_eq!(read_varint(&[&bytes[..], &[7]].concat()), Some((number, bytes.len())));
            assert_eq!(read_varint(&bytes[..bytes.len() - 1]), None);
        }
        // Longer than need be, and more than 32 bits.
        for bytes in [&[0x80, 0][..], &[0xff, 0x80, 0], &[0xff, 0xff, 0xff, 0xff, 0x10], &[0x80; 6]] {
            assert_eq!(read_varint(bytes), None, "{bytes:x?}");
        }
    }
}
