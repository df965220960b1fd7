//! Reading an `.aez` file, block by block.
//!
//! Nothing that a file states is believed before its checksum is right and the bytes are there; a block depends on no other, so
//! that damage costs one of them.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use ae_file::{Kind, ReadError};
use ae_net::Decoder;
use crc32fast::Hasher;

use crate::bytes::Bytes;
use crate::layout::{
    CHECKSUM_BYTES, DECODER_INSIDE, END, FixedHeader, HEADER_BYTES, Header, LABELLED, ONE_STEP,
    TRAILER_BYTES, VARINT_BYTES, block_checksum, check, read_varint,
};
use crate::{AezError, BlockError, Coding, decoder};

/// Numbers of codes and labels that [`decode`] gives, 1 GiB of them: some kilobytes may stand for billions that are all alike.
pub const MAX_DECODED: u64 = 1 << 28;

/// What to do about a file whose index is damaged or missing. Damaged blocks are told one by one in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Refuse the file.
    Refuse,
    /// Look for the blocks without it.
    Skip,
}

/// Images of a block, as integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Number of the first image, from 0.
    pub first: usize,
    /// `(B, CODE)`.
    pub symbols: Vec<i32>,
    /// `(B)`, or none where the file has no labels.
    pub labels: Vec<i32>,
}

/// Bytes that the parts of a file take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The fixed header.
    pub header: u64,
    /// Steps and tables.
    pub tables: u64,
    /// The decoder, 0 where there is none.
    pub decoder: u64,
    /// The blocks.
    pub blocks: u64,
    /// The index and the end.
    pub index: u64,
}

impl Sizes {
    /// The whole file.
    pub fn total(&self) -> u64 {
        self.header + self.tables + self.decoder + self.blocks + self.index
    }
}

/// Reads a file, block by block in any order. [`Writer`](crate::Writer) has an example.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    coding: Coding,
    decoder: Option<Decoder>,
    block_images: usize,
    checksum: Hasher,
    /// Where each block begins and ends, as far as they could be found.
    places: Vec<(u64, u64)>,
    sizes: Sizes,
}

impl Reader<BufReader<File>> {
    /// Opens a file and reads all but its blocks.
    ///
    /// # Errors
    /// [`AezError::Open`] names the file; its source is as of [`Reader::new`], or [`AezError::NotRegular`].
    pub fn open(path: &Path, damage: Damage) -> Result<Self, AezError> {
        let opened = ae_file::open(path).map_err(|error| match error {
            ReadError::Io(error) => AezError::Io(error),
            _ => AezError::NotRegular,
        });
        opened
            .and_then(|(file, _)| Self::new(BufReader::new(file), damage))
            .map_err(|source| AezError::Open { path: path.to_owned(), source: Box::new(source) })
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Reads all but the blocks.
    ///
    /// # Errors
    /// [`AezError`] if this is not a file of the format, or its header, its tables, its decoder or (unless `damage` is
    /// [`Damage::Skip`]) its index is damaged or was cut off.
    pub fn new(mut input: R, damage: Damage) -> Result<Self, AezError> {
        let length = input.seek(SeekFrom::End(0)).map_err(AezError::Io)?;
        // More than the header, for a name of what is no file of the format.
        let start = read(&mut input, "the header", 0, (Kind::START_BYTES as u64).min(length), length)?;
        let (header, checksum) = FixedHeader::parse(&start, length)?;
        let tables = read(&mut input, "the tables", HEADER_BYTES, header.tables, length)?;
        let tables = check("the tables", &tables)?;
        let (labelled, one_step) = (header.flags & LABELLED != 0, header.flags & ONE_STEP != 0);
        let coding = Coding::from_bytes(tables, header.units, labelled, one_step)?;
        let decoder = read_decoder(&mut input, &header, length)?;

        let blocks_at = HEADER_BYTES + header.tables + header.decoder;
        let blocks = header.stated.images.div_ceil(header.block_images);
        let places = match (read_index(&mut input, &checksum, blocks, blocks_at, length), damage) {
            (Err(AezError::Io(error)), _) => return Err(AezError::Io(error)),
            (Err(_), Damage::Skip) => walk(&mut input, blocks, blocks_at, length)?,
            (found, _) => found?,
        };
        let blocks_end = places.last().map_or(blocks_at, |(_, end)| *end);
        let sizes = Sizes {
            header: HEADER_BYTES,
            tables: header.tables,
            decoder: header.decoder,
            blocks: blocks_end - blocks_at,
            index: length - blocks_end,
        };
        let (header, block_images) = (header.stated, header.block_images);
        Ok(Self { input, header, coding, decoder, block_images, checksum, places, sizes })
    }

    /// What the file says of its images.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Steps and tables.
    pub fn coding(&self) -> &Coding {
        &self.coding
    }

    /// The decoder, if it is inside.
    pub fn decoder(&self) -> Option<&Decoder> {
        self.decoder.as_ref()
    }

    /// Bytes that the parts take.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.header.images.div_ceil(self.block_images)
    }

    /// Images a block; the last may hold fewer. Image `n` is in block `n / block_images`.
    pub fn block_images(&self) -> usize {
        self.block_images
    }

    /// Reads a block.
    ///
    /// # Errors
    /// [`AezError::Value`] if there is no such block, [`AezError::Block`] if it is damaged, [`AezError::Missing`] if
    /// nothing leads to it, [`AezError::Io`] if the input fails.
    pub fn block(&mut self, block: usize) -> Result<Block, AezError> {
        if block >= self.blocks() {
            return Err(AezError::value("a block", format_args!("one of {}", self.blocks()), block));
        }
        let first = block * self.block_images;
        let last = self.header.images.min(first + self.block_images) - 1;
        let lost = |source| AezError::Block { block, first, last, source };
        let Some(&(start, end)) = self.places.get(block) else {
            // They are found from one to the next: after the first that is missing all are.
            let (block, last) = (self.places.len(), self.header.images - 1);
            return Err(AezError::Missing { block, first: block * self.block_images, last });
        };
        let images = last + 1 - first;
        // An integer takes fewer than 8 bytes, whatever it is.
        let most = (images * self.coding.columns() * 8) as u64 + VARINT_BYTES + CHECKSUM_BYTES;
        if end - start > most {
            return Err(lost(BlockError::Length));
        }
        self.input.seek(SeekFrom::Start(start)).map_err(AezError::Io)?;
        let mut record = Vec::new();
        (&mut self.input).take(end - start).read_to_end(&mut record).map_err(AezError::Io)?;
        self.unpack(block, first, images, &record).map_err(lost)
    }

    fn unpack(&self, block: usize, first: usize, images: usize, record: &[u8]) -> Result<Block, BlockError> {
        let (length, prefix) = read_varint(record).ok_or(BlockError::Length)?;
        let rest = record[prefix..].split_first_chunk();
        let Some((&checksum, payload)) = rest.filter(|(_, payload)| payload.len() == length as usize) else {
            return Err(BlockError::Length);
        };
        let expected = u32::from_le_bytes(checksum);
        let found = block_checksum(&self.checksum, block as u32, &record[..prefix], payload);
        if found != expected {
            return Err(BlockError::Checksum { expected, found });
        }
        let (symbols, labels) = self.coding.unpack(payload, first, images)?;
        Ok(Block { first, symbols, labels })
    }
}

/// All of a file in memory, decoded.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// What the file says of its images.
    pub header: Header,
    /// `(images, CODE)`: the codes that the integers stand for.
    pub codes: Vec<f32>,
    /// `(images)`, if there are labels.
    pub labels: Option<Vec<i32>>,
    /// The decoder, if it is inside.
    pub decoder: Option<Decoder>,
}

/// Decodes all of a file that is in memory.
///
/// # Errors
/// [`AezError`] if anything is wrong with any part of it, or if it has more than [`MAX_DECODED`] numbers: [`Reader`] gives
/// those block by block.
pub fn decode(bytes: &[u8]) -> Result<Decoded, AezError> {
    let mut reader = Reader::new(Cursor::new(bytes), Damage::Refuse)?;
    let numbers = reader.header.images as u64 * reader.coding.columns() as u64;
    AezError::at_most("numbers at once", MAX_DECODED, numbers)?;
    let (mut all, mut codes, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..reader.blocks() {
        let block = reader.block(block)?;
        reader.coding.quantiser().codes(&block.symbols, &mut codes).expect("a block holds whole codes");
        all.extend_from_slice(&codes);
        labels.extend(block.labels);
    }
    let labels = reader.coding.labelled().then_some(labels);
    Ok(Decoded { header: reader.header, codes: all, labels, decoder: reader.decoder })
}

/// Reads a part of the file, if it can be there.
fn read(
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

/// The decoder inside, if the header announces one.
fn read_decoder(
    input: &mut (impl Read + Seek),
    header: &FixedHeader,
    length: u64,
) -> Result<Option<Decoder>, AezError> {
    let bytes = read(input, "the decoder", HEADER_BYTES + header.tables, header.decoder, length)?;
    if header.flags & DECODER_INSIDE == 0 {
        return match header.decoder {
            0 => Ok(None),
            actual => Err(AezError::Length { what: "no decoder", needed: 0, actual }),
        };
    }
    let decoder = decoder::from_bytes(check("the decoder", &bytes)?)?;
    for (what, expected, found) in [
        ("the decoder's numbers a code", header.units, decoder.code_size()),
        ("the decoder's pixels an image", header.stated.rows * header.stated.cols, decoder.pixels()),
    ] {
        if found != expected {
            return Err(AezError::value(what, expected, found));
        }
    }
    Ok(Some(decoder))
}

/// Where the blocks are, as the index says.
fn read_index(
    input: &mut (impl Read + Seek),
    checksum: &Hasher,
    blocks: usize,
    blocks_at: u64,
    length: u64,
) -> Result<Vec<(u64, u64)>, AezError> {
    const WHAT: &str = "the index";
    let trailer_at = length.saturating_sub(TRAILER_BYTES).max(blocks_at);
    let trailer = read(input, WHAT, trailer_at, TRAILER_BYTES, length)?;
    let mut trailer = Bytes::new(WHAT, &trailer);
    let (index_bytes, expected, end) = (u64::from(trailer.u32()?), trailer.u32()?, trailer.take()?);
    if end != END {
        return Err(AezError::End { found: end });
    }
    let room = trailer_at - blocks_at;
    if index_bytes > room {
        return Err(AezError::Length { what: WHAT, needed: index_bytes, actual: room });
    }
    let index = read(input, WHAT, trailer_at - index_bytes, index_bytes, length)?;
    let mut checksum = checksum.clone();
    checksum.update(&index);
    let found = checksum.finalize();
    if found != expected {
        return Err(AezError::Checksum { what: WHAT, expected, found });
    }
    let mut places = Vec::new();
    let (mut left, mut at) = (&index[..], blocks_at);
    while !left.is_empty() && places.len() < blocks {
        let Some((payload, prefix)) = read_varint(left) else { break };
        let end = at + prefix as u64 + CHECKSUM_BYTES + u64::from(payload);
        places.push((at, end));
        (left, at) = (&left[prefix..], end);
    }
    if !left.is_empty() || places.len() < blocks {
        let found = format_args!("{} and {} bytes more", places.len(), left.len());
        return Err(AezError::value("the index's blocks", blocks, found));
    }
    let actual = room - index_bytes;
    if at - blocks_at != actual {
        return Err(AezError::value("the index's bytes of blocks", actual, at - blocks_at));
    }
    Ok(places)
}

/// Where the blocks are, from one to the next, as far as they lead.
fn walk(
    input: &mut (impl Read + Seek),
    blocks: usize,
    blocks_at: u64,
    length: u64,
) -> Result<Vec<(u64, u64)>, AezError> {
    let mut places = Vec::new();
    let mut at = blocks_at;
    while places.len() < blocks {
        let start = read(input, "a block", at, VARINT_BYTES.min(length - at), length)?;
        let Some((payload, prefix)) = read_varint(&start) else { break };
        let end = at + prefix as u64 + CHECKSUM_BYTES + u64::from(payload);
        if end > length {
            break;
        }
        places.push((at, end));
        at = end;
    }
    Ok(places)
}
