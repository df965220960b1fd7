//! Where the blocks of a file are: what the index says, or what leads from one to the next.

use std::io::{Read, Seek, SeekFrom};

use crc32fast::Hasher;

use crate::AezError;
use crate::bytes::Bytes;
use crate::layout::{CHECKSUM_BYTES, END, Lengths, TRAILER_BYTES};

/// Where each block begins and ends, as far as they could be found.
#[derive(Debug)]
pub(crate) struct Places {
    spans: Vec<(u64, u64)>,
    /// Where the first begins.
    start: u64,
    /// Of all that were found, bytes of names.
    names: u64,
}

impl Places {
    fn new(start: u64) -> Self {
        Self { spans: Vec::new(), start, names: 0 }
    }

    /// Where the block with these lengths ends that follows those found so far. `prefix` is the bytes of the lengths.
    fn end_of(&self, (lengths, prefix): (Lengths, usize)) -> u64 {
        self.end() + prefix as u64 + CHECKSUM_BYTES + lengths.payload()
    }

    fn push(&mut self, found: (Lengths, usize)) {
        self.spans.push((self.end(), self.end_of(found)));
        self.names += u64::from(found.0.names.unwrap_or(0));
    }

    /// How many were found.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Where a block begins and ends.
    pub(crate) fn get(&self, block: usize) -> Option<(u64, u64)> {
        self.spans.get(block).copied()
    }

    /// Where the last one ends.
    pub(crate) fn end(&self) -> u64 {
        self.spans.last().map_or(self.start, |(_, end)| *end)
    }

    /// Bytes of names, and bytes of the blocks without them.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.names, self.end() - self.start - self.names)
    }
}

/// What is asked for: so many blocks in a file of so many bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought {
    pub(crate) blocks: usize,
    /// Where the first begins.
    pub(crate) start: u64,
    pub(crate) named: bool,
    /// Bytes of the file.
    pub(crate) length: u64,
}

impl Sought {
    /// Where the blocks are, as the index says. `checksum` is of the header.
    pub(crate) fn in_index(
        self,
        input: &mut (impl Read + Seek),
        mut checksum: Hasher,
    ) -> Result<Places, AezError> {
        const WHAT: &str = "the index";
        let Self { blocks, start, named, length } = self;
        let trailer_at = length.saturating_sub(TRAILER_BYTES).max(start);
        let trailer = read(input, WHAT, trailer_at, TRAILER_BYTES, length)?;
        let mut trailer = Bytes::new(WHAT, &trailer);
        let (index_bytes, expected, end) = (u64::from(trailer.u32()?), trailer.u32()?, trailer.take()?);
        if end != END {
            return Err(AezError::End { found: end });
        }
        let room = trailer_at - start;
        if index_bytes > room {
            return Err(AezError::Length { what: WHAT, needed: index_bytes, actual: room });
        }
        let index = read(input, WHAT, trailer_at - index_bytes, index_bytes, length)?;
        checksum.update(&index);
        let found = checksum.finalize();
        if found != expected {
            return Err(AezError::Checksum { what: WHAT, expected, found });
        }
        let (mut left, mut places) = (&index[..], Places::new(start));
        while places.len() < blocks {
            let Some(found) = Lengths::read(left, named) else { break };
            places.push(found);
            left = &left[found.1..];
        }
        if !left.is_empty() || places.len() < blocks {
            let found = format_args!("{} and {} bytes more", places.len(), left.len());
            return Err(AezError::value("the index's blocks", blocks, found));
        }
        let (actual, found) = (room - index_bytes, places.end() - start);
        if found != actual {
            return Err(AezError::value("the index's bytes of blocks", actual, found));
        }
        Ok(places)
    }

    /// Where the blocks are, from one to the next, as far as they lead.
    pub(crate) fn by_walking(self, input: &mut (impl Read + Seek)) -> Result<Places, AezError> {
        let mut places = Places::new(self.start);
        while places.len() < self.blocks {
            let (at, left) = (places.end(), self.length - places.end());
            let start = read(input, "a block", at, Lengths::MOST_BYTES.min(left), self.length)?;
            let Some(found) = Lengths::read(&start, self.named) else { break };
            if places.end_of(found) > self.length {
                break;
            }
            places.push(found);
        }
        Ok(places)
    }
}

/// Reads a part of the file, if it can be there.
pub(crate) fn read(
    input: &mut (impl Read + Seek),
    what: &'static str,
    start: u64,
    bytes: u64,
    length: u64,
) -> Result<Vec<u8>, AezError> {
    let left = length.saturating_sub(start);
    if bytes > left {
        return Err(AezError::Length { what, needed: bytes, actual: left });
    }
    input.seek(SeekFrom::Start(start)).map_err(AezError::Io)?;
    let mut part = Vec::new();
    let actual = input.take(bytes).read_to_end(&mut part).map_err(AezError::Io)? as u64;
    // A file that shrinks while it is read.
    if actual < bytes { Err(AezError::Length { what, needed: bytes, actual }) } else { Ok(part) }
}
