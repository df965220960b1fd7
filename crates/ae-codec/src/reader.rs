//! Reading an `.aez` file, block by block.
//!
//! Nothing that a file states is believed before its checksum is right and the bytes are there; a block depends on no other, so
//! that damage costs one of them.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use ae_file::ReadError;
use ae_net::{Decoder, WeightsId};
use crc32fast::Hasher;

use crate::bytes::Bytes;
use crate::layout::{
    CHECKSUM_BYTES, DECODER_INSIDE, END, HEADER_BYTES, Header, LABELLED, MAGIC, MAX_BLOCK_SYMBOLS,
    MAX_PIXELS, MAX_UNITS, ONE_STEP, TRAILER_BYTES, VARINT_BYTES, VERSION, block_checksum, check,
    hash_header, read_varint,
};
use crate::{AezError, BlockError, Coding, OpenError, decoder};

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
    pub labels: Vec<u8>,
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
    /// [`OpenError`] names the file; its source is as of [`Reader::new`], or [`AezError::NotRegular`].
    pub fn open(path: &Path, damage: Damage) -> Result<Self, OpenError> {
        let opened = ae_file::open(path).map_err(|error| match error {
            ReadError::Io(error) => AezError::Io(error),
            _ => AezError::NotRegular,
        });
        opened
            .and_then(|(file, _)| Self::new(BufReader::new(file), damage))
            .map_err(|source| OpenError { path: path.to_owned(), source })
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
        input.rewind().map_err(AezError::Io)?;

        let start = read(&mut input, "the header", 0, HEADER_BYTES.min(length), length)?;
        let mut bytes = Bytes::new("the header", &start);
        let magic = bytes.take()?;
        if magic != MAGIC {
            return Err(AezError::Magic { found: magic });
        }
        let version = bytes.u16()?;
        if version != VERSION {
            return Err(AezError::Version { found: version });
        }
        if length < HEADER_BYTES {
            return Err(AezError::Length { what: "the header", needed: HEADER_BYTES, actual: length });
        }
        let checksum = hash_header(check("the header", &start)?);
        let flags = bytes.u16()?;
        if flags & !(LABELLED | DECODER_INSIDE | ONE_STEP) != 0 {
            return Err(AezError::Flags { found: flags });
        }
        let [images, rows, cols, units, block_images] =
            [bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?];
        let model = WeightsId(bytes.take()?);
        let (tables_bytes, decoder_bytes) = (u64::from(bytes.u32()?), u64::from(bytes.u32()?));
        for (what, size) in
            [("rows", rows), ("columns", cols), ("units", units), ("images a block", block_images)]
        {
            if size == 0 {
                return Err(AezError::Zero { what });
            }
        }
        let labelled = flags & LABELLED != 0;
        let columns = u64::from(units) + u64::from(labelled);
        AezError::limit("pixels an image", u64::from(rows) * u64::from(cols), MAX_PIXELS)?;
        AezError::limit("numbers a code", units.into(), MAX_UNITS)?;
        AezError::limit("numbers a block", u64::from(block_images) * columns, MAX_BLOCK_SYMBOLS)?;
        let header = Header { images: images as usize, rows: rows as usize, cols: cols as usize, model };
        let (units, block_images) = (units as usize, block_images as usize);

        let tables = read(&mut input, "the tables", HEADER_BYTES, tables_bytes, length)?;
        let tables = check("the tables", &tables)?;
        let coding = Coding::from_bytes(tables, units, labelled, flags & ONE_STEP != 0)?;
        let decoder = read(&mut input, "the decoder", HEADER_BYTES + tables_bytes, decoder_bytes, length)?;
        let decoder = match flags & DECODER_INSIDE {
            0 if decoder.is_empty() => None,
            0 => return Err(AezError::Length { what: "no decoder", needed: 0, actual: decoder_bytes }),
            _ => Some(decoder::from_bytes(check("the decoder", &decoder)?)?),
        };
        if let Some(decoder) = &decoder {
            for (what, found, expected) in [
                ("numbers a code", decoder.code_size(), units),
                ("pixels an image", decoder.pixels(), header.rows * header.cols),
            ] {
                if found != expected {
                    return Err(AezError::DecoderSize { what, found, expected });
                }
            }
        }

        let blocks_at = HEADER_BYTES + tables_bytes + decoder_bytes;
        let blocks = header.images.div_ceil(block_images);
        let found = read_index(&mut input, &checksum, blocks, blocks_at, length);
        let places = match (found, damage) {
            (Err(AezError::Io(error)), _) => return Err(AezError::Io(error)),
            (Err(_), Damage::Skip) => walk(&mut input, blocks, blocks_at, length)?,
            (found, _) => found?,
        };
        let blocks_end = places.last().map_or(blocks_at, |(_, end)| *end);
        let sizes = Sizes {
            header: HEADER_BYTES,
            tables: tables_bytes,
            decoder: decoder_bytes,
            blocks: blocks_end - blocks_at,
            index: length - blocks_end,
        };
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
    /// [`AezError::NoBlock`], [`AezError::Block`] if it is damaged, [`AezError::Io`] if the input fails.
    pub fn block(&mut self, block: usize) -> Result<Block, AezError> {
        if block >= self.blocks() {
            return Err(AezError::NoBlock { asked: block, blocks: self.blocks() });
        }
        let first = block * self.block_images;
        let last = self.header.images.min(first + self.block_images) - 1;
        let lost = |source| AezError::Block { block, first, last, source };
        let &(start, end) = self.places.get(block).ok_or_else(|| lost(BlockError::Missing))?;
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
    pub labels: Option<Vec<u8>>,
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
    AezError::limit("numbers at once", numbers, MAX_DECODED)?;
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
        return Err(AezError::IndexCount { blocks });
    }
    let actual = room - index_bytes;
    if at - blocks_at != actual {
        return Err(AezError::Index { found: at - blocks_at, actual });
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
