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
    CHECKSUM_BYTES, DECODER_INSIDE, DESCRIBED, FixedHeader, HEADER_BYTES, Header, LABELLED, Lengths,
    MAX_PIXELS, NAMED, ONE_STEP, block_checksum, check,
};
use crate::names::MAX_TEXT_BYTES;
use crate::places::{Places, Sought, read};
use crate::{AezError, BlockError, Coding, Extras, decoder, description, names};

/// Numbers of codes and labels that [`decode`] gives, 1 GiB of them: some kilobytes may stand for billions that are all alike.
pub const MAX_DECODED: u64 = 1 << 28;
/// Bytes of memory for names that [`decode`] and [`decompress`](crate::decompress) give, 256 MiB: each takes its length and 24
/// bytes.
pub const MAX_DECODED_NAMES: u64 = 1 << 28;

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
    /// `(B)`, if the file has names. They are texts of whoever made it: take care where files are called by them.
    pub names: Option<Vec<String>>,
}

/// Bytes that the parts of a file take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The fixed header.
    pub header: u64,
    /// Channels, names of classes and the text about the form, 0 where none is there.
    pub description: u64,
    /// Steps and tables.
    pub tables: u64,
    /// The decoder, 0 where there is none.
    pub decoder: u64,
    /// The blocks, but for their names.
    pub blocks: u64,
    /// The names in the blocks, as far as these were found: what their lengths state.
    pub names: u64,
    /// The index and the end.
    pub index: u64,
}

impl Sizes {
    /// The whole file.
    pub fn total(&self) -> u64 {
        self.header + self.description + self.tables + self.decoder + self.blocks + self.names + self.index
    }
}

/// Reads a file, block by block in any order. [`Writer`](crate::Writer) has an example.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    extras: Extras,
    coding: Coding,
    decoder: Option<Decoder>,
    block_images: usize,
    checksum: Hasher,
    places: Places,
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
    /// [`AezError`] if this is not a file of the format, or its header, its description, its tables, its decoder or (unless
    /// `damage` is [`Damage::Skip`]) its index is damaged or was cut off.
    pub fn new(mut input: R, damage: Damage) -> Result<Self, AezError> {
        let length = input.seek(SeekFrom::End(0)).map_err(AezError::Io)?;
        // More than the header, for a name of what is no file of the format.
        let start = read(&mut input, "the header", 0, (Kind::START_BYTES as u64).min(length), length)?;
        let (mut header, checksum) = FixedHeader::parse(&start, length)?;
        let (extras, description) = read_description(&mut input, &mut header, length)?;
        let tables_at = HEADER_BYTES + description;
        let tables = read(&mut input, "the tables", tables_at, header.tables, length)?;
        let tables = check("the tables", &tables)?;
        let (labelled, one_step) = (header.flags & LABELLED != 0, header.flags & ONE_STEP != 0);
        let coding = Coding::from_bytes(tables, header.units, labelled, one_step)?;
        let decoder_at = tables_at + header.tables;
        let decoder = read_decoder(&mut input, &header, decoder_at, length)?;

        let blocks = header.stated.images.div_ceil(header.block_images);
        let start = decoder_at + header.decoder;
        let sought = Sought { blocks, start, named: extras.named, length };
        let places = match (sought.in_index(&mut input, checksum.clone()), damage) {
            (Err(AezError::Io(error)), _) => return Err(AezError::Io(error)),
            (Err(_), Damage::Skip) => sought.by_walking(&mut input)?,
            (found, _) => found?,
        };
        let (names, blocks) = places.sizes();
        let sizes = Sizes {
            header: HEADER_BYTES,
            description,
            tables: header.tables,
            decoder: header.decoder,
            blocks,
            names,
            index: length - places.end(),
        };
        let (header, block_images) = (header.stated, header.block_images);
        Ok(Self { input, header, extras, coding, decoder, block_images, checksum, places, sizes })
    }

    /// What the file says of its images.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it carries beside them: whether there are names, the classes' names, and a text about their form.
    pub fn extras(&self) -> &Extras {
        &self.extras
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
        let Some((start, end)) = self.places.get(block) else {
            // They are found from one to the next: after the first that is missing all are.
            let (block, last) = (self.places.len(), self.header.images - 1);
            return Err(AezError::Missing { block, first: block * self.block_images, last });
        };
        let images = last + 1 - first;
        // An integer takes fewer than 8 bytes, whatever it is.
        let integers = images * self.coding.columns() * 8;
        let names = if self.extras.named { MAX_TEXT_BYTES } else { 0 };
        if end - start > (integers + names) as u64 + Lengths::MOST_BYTES + CHECKSUM_BYTES {
            return Err(lost(BlockError::Length));
        }
        self.input.seek(SeekFrom::Start(start)).map_err(AezError::Io)?;
        let mut record = Vec::new();
        (&mut self.input).take(end - start).read_to_end(&mut record).map_err(AezError::Io)?;
        self.unpack(block, first, images, &record).map_err(lost)
    }

    fn unpack(&self, block: usize, first: usize, images: usize, record: &[u8]) -> Result<Block, BlockError> {
        let (lengths, prefix) = Lengths::read(record, self.extras.named).ok_or(BlockError::Length)?;
        let rest = record[prefix..].split_first_chunk();
        let Some((&checksum, payload)) =
            rest.filter(|(_, payload)| payload.len() as u64 == lengths.payload())
        else {
            return Err(BlockError::Length);
        };
        let expected = u32::from_le_bytes(checksum);
        let found = block_checksum(&self.checksum, block as u32, &record[..prefix], payload);
        if found != expected {
            return Err(BlockError::Checksum { expected, found });
        }
        let (integers, packed) = payload.split_at(lengths.integers as usize);
        let (symbols, labels) = self.coding.unpack(integers, first, images)?;
        let names = self.extras.named.then(|| names::unpack_alone(packed, images)).transpose()?;
        Ok(Block { first, symbols, labels, names })
    }
}

/// All of a file in memory, decoded.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// What the file says of its images.
    pub header: Header,
    /// What it carries beside them.
    pub extras: Extras,
    /// `(images, CODE)`: the codes that the integers stand for.
    pub codes: Vec<f32>,
    /// `(images)`, if there are labels.
    pub labels: Option<Vec<i32>>,
    /// `(images)`, if there are names.
    pub names: Option<Vec<String>>,
    /// The decoder, if it is inside.
    pub decoder: Option<Decoder>,
}

/// Decodes all of a file that is in memory.
///
/// # Errors
/// [`AezError`] if anything is wrong with any part of it, or if it has more than [`MAX_DECODED`] numbers or
/// [`MAX_DECODED_NAMES`] bytes of names: [`Reader`] gives those block by block.
pub fn decode(bytes: &[u8]) -> Result<Decoded, AezError> {
    let mut reader = Reader::new(Cursor::new(bytes), Damage::Refuse)?;
    let numbers = reader.header.images as u64 * reader.coding.columns() as u64;
    AezError::at_most("numbers at once", MAX_DECODED, numbers)?;
    let (mut all, mut codes, mut tags) = (Vec::new(), Vec::new(), Tags::default());
    for block in 0..reader.blocks() {
        let block = reader.block(block)?;
        reader.coding.quantiser().codes(&block.symbols, &mut codes).expect("a block holds whole codes");
        all.extend_from_slice(&codes);
        tags.add(block.labels, block.names)?;
    }
    let (labels, names) = tags.of(&reader);
    let Reader { header, extras, decoder, .. } = reader;
    Ok(Decoded { header, extras, codes: all, labels, names, decoder })
}

/// Labels and names of one block after the other.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    labels: Vec<i32>,
    names: Vec<String>,
    names_memory: u64,
}

impl Tags {
    /// Refuses names that take more memory than is given to them at once.
    pub(crate) fn add(&mut self, labels: Vec<i32>, names: Option<Vec<String>>) -> Result<(), AezError> {
        let names = names.unwrap_or_default();
        self.names_memory += names::memory(&names);
        AezError::at_most("bytes of names at once", MAX_DECODED_NAMES, self.names_memory)?;
        self.labels.extend(labels);
        self.names.extend(names);
        Ok(())
    }

    /// All of them, as far as the file has any.
    pub(crate) fn of<R>(self, reader: &Reader<R>) -> (Option<Vec<i32>>, Option<Vec<String>>) {
        let (labelled, named) = (reader.coding.labelled(), reader.extras.named);
        (labelled.then_some(self.labels), named.then_some(self.names))
    }
}

/// What the description says if the header announces one, and the bytes that it takes. The header's channels are set by it.
fn read_description(
    input: &mut (impl Read + Seek),
    header: &mut FixedHeader,
    length: u64,
) -> Result<(Extras, u64), AezError> {
    let named = header.flags & NAMED != 0;
    if header.flags & DESCRIBED == 0 {
        return Ok((Extras { named, ..Extras::default() }, 0));
    }
    let stated = read(input, description::WHAT, HEADER_BYTES, description::LENGTH_BYTES, length)?;
    let bytes = Bytes::new(description::WHAT, &stated).u32()?.into();
    let part = read(input, description::WHAT, HEADER_BYTES, bytes, length)?;
    let (channels, extras) = description::from_bytes(check(description::WHAT, &part)?, named)?;
    let stated = &mut header.stated;
    let pixels = u64::from(channels) * (stated.rows * stated.cols) as u64;
    AezError::at_most("the description's pixels an image", MAX_PIXELS, pixels)?;
    stated.channels = channels as usize;
    Ok((extras, bytes))
}

/// The decoder inside, if the header announces one.
fn read_decoder(
    input: &mut (impl Read + Seek),
    header: &FixedHeader,
    start: u64,
    length: u64,
) -> Result<Option<Decoder>, AezError> {
    let bytes = read(input, "the decoder", start, header.decoder, length)?;
    if header.flags & DECODER_INSIDE == 0 {
        return match header.decoder {
            0 => Ok(None),
            actual => Err(AezError::Length { what: "no decoder", needed: 0, actual }),
        };
    }
    let decoder = decoder::from_bytes(check("the decoder", &bytes)?)?;
    for (what, expected, found) in [
        ("the decoder's numbers a code", header.units, decoder.code_size()),
        ("the decoder's pixels an image", header.stated.pixels(), decoder.pixels()),
    ] {
        if found != expected {
            return Err(AezError::value(what, expected, found));
        }
    }
    Ok(Some(decoder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_what_is_given_at_once_are_refused() {
        // Five letters and what a string takes by itself.
        let mut tags = Tags { names_memory: MAX_DECODED_NAMES - 2 * 29, ..Tags::default() };
        let one = || Some(vec!["a.png".to_owned()]);
        tags.add(vec![], one()).unwrap();
        tags.add(vec![], one()).unwrap();
        let error = tags.add(vec![], Some(vec![String::new()])).unwrap_err();
        assert_eq!(error.to_string(), "bytes of names at once: expected at most 268435456, found 268435480");
        assert_eq!(tags.names, ["a.png"; 2]);
    }
}
