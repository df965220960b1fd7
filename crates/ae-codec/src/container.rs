//! The `.aez` file: a header, tables, perhaps the decoder, blocks of images, and an index of the blocks.
//!
//! `docs/aez-format.md` has the byte table that this follows. Nothing that a file states is believed before its checksum is
//! right and the bytes are there; a block depends on no other, so that damage costs one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::str::FromStr;

use crc32fast::Hasher;

use crate::bytes::Bytes;
use crate::decoder::WeightBits;
use crate::entropy::{Table, Unpacker, pack};
use crate::quantise::MAX_SYMBOL;
use crate::{AezError, BlockError, CodecError, Decoder, OpenError, Quantiser};

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

/// Numbers of codes and labels that [`decode`] gives, 1 GiB of them: some kilobytes may stand for billions that are all alike.
pub const MAX_DECODED: u64 = 1 << 28;

/// Images a block, where codes are not enormous. At 6 bytes an image what a block costs beside its images, 9 bytes, is 0.3 %.
const BLOCK_IMAGES: usize = 512;

const MAGIC: [u8; 4] = *b"\x89AEZ";
const END: [u8; 4] = *b"ZEA\n";
const HEADER_BYTES: u64 = 72;
const TRAILER_BYTES: u64 = 12;
const CHECKSUM_BYTES: u64 = 4;

const LABELLED: u16 = 1;
const DECODER_INSIDE: u16 = 2;
const ONE_STEP: u16 = 4;

/// A name for the exact weights of a model, SHA-256; `docs/weights-format.md` says of what.
///
/// # Example
/// ```
/// use ae_codec::ModelId;
/// let id = ModelId([0xab; 32]);
/// assert_eq!(id.to_string(), "ab".repeat(32));
/// assert_eq!("ab".repeat(32).parse(), Ok(id));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelId(pub [u8; 32]);

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not 64 hexadecimal digits")]
pub struct ModelIdError {
    found: String,
}

impl FromStr for ModelId {
    type Err = ModelIdError;

    fn from_str(text: &str) -> Result<Self, ModelIdError> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let digits: Option<Vec<u32>> = text.bytes().map(digit).collect();
        let bytes = digits
            .map(|digits| digits.chunks(2).map(|pair| (pair[0] << 4 | pair[pair.len() - 1]) as u8).collect());
        match bytes.map(Vec::try_into) {
            Some(Ok(id)) if text.len() == 64 => Ok(Self(id)),
            _ => Err(ModelIdError { found: text.to_owned() }),
        }
    }
}

/// What a file says of its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Number of images.
    pub images: usize,
    /// Rows an image.
    pub rows: usize,
    /// Columns an image.
    pub cols: usize,
    /// The model whose codes they are.
    pub model: ModelId,
}

/// How codes become bits: steps, and a table of frequencies for each unit, and for the labels if there are any.
#[derive(Debug, Clone, PartialEq)]
pub struct Coding {
    quantiser: Quantiser,
    /// One a unit, then perhaps the labels'.
    tables: Vec<Table>,
}

impl Coding {
    /// Tables that suit codes, all that are to be coded or a fair sample, and labels.
    ///
    /// # Shapes
    /// - `codes`: `(B, CODE)`; without any, the tables expect zeros
    /// - `labels`: all that are to be coded, or `None` if there are none
    ///
    /// # Errors
    /// As [`Quantiser::symbols`].
    pub fn fit(quantiser: Quantiser, codes: &[f32], labels: Option<&[u8]>) -> Result<Self, CodecError> {
        let mut symbols = Vec::new();
        quantiser.symbols(codes, &mut symbols)?;
        let units = quantiser.units();
        let mut counts = vec![BTreeMap::new(); units];
        for code in symbols.chunks_exact(units) {
            for (counts, &symbol) in counts.iter_mut().zip(code) {
                *counts.entry(symbol).or_default() += 1;
            }
        }
        if let Some(labels) = labels {
            let mut of_labels = BTreeMap::new();
            for &label in labels {
                *of_labels.entry(i32::from(label)).or_default() += 1;
            }
            counts.push(of_labels);
        }
        Ok(Self { quantiser, tables: counts.iter().map(Table::fit).collect() })
    }

    /// The steps.
    pub fn quantiser(&self) -> &Quantiser {
        &self.quantiser
    }

    /// Whether labels are coded too.
    pub fn labelled(&self) -> bool {
        self.tables.len() > self.quantiser.units()
    }

    fn one_step(&self) -> bool {
        self.quantiser.steps().iter().all(|step| *step == self.quantiser.steps()[0])
    }

    fn to_bytes(&self) -> Vec<u8> {
        let steps = self.quantiser.steps();
        let stated = if self.one_step() { &steps[..1] } else { steps };
        let mut bytes: Vec<u8> =
            stated.iter().flat_map(|step| ((step.to_bits() >> 16) as u16).to_le_bytes()).collect();
        let mut numbers = Vec::new();
        self.tables.iter().for_each(|table| table.describe(&mut numbers));
        let table = Table::of_descriptions();
        bytes.extend(pack(numbers.iter().map(|&number| (&table, number))));
        bytes
    }

    fn from_bytes(bytes: &[u8], units: usize, labelled: bool, one_step: bool) -> Result<Self, AezError> {
        let mut bytes = Bytes::new("the steps", bytes);
        let mut steps = Vec::new();
        for _ in 0..if one_step { 1 } else { units } {
            steps.push(f32::from_bits(u32::from(bytes.u16()?) << 16));
        }
        steps.resize(units, steps[0]);
        let quantiser = Quantiser::new(steps).map_err(|error| match error {
            CodecError::Step { unit, found } => AezError::Step { unit, found },
            other => unreachable!("there are steps: {other}"),
        })?;
        let mut unpacker = Unpacker::new(bytes.rest()).map_err(AezError::Tables)?;
        let numbers = Table::of_descriptions();
        let mut tables = Vec::new();
        for column in 0..units + usize::from(labelled) {
            let table = Table::read(&mut unpacker, &numbers);
            tables.push(table.map_err(|source| AezError::Table { column, source })?);
        }
        unpacker.finish().map_err(AezError::Tables)?;
        Ok(Self { quantiser, tables })
    }

    fn pack(&self, symbols: &[i32], labels: &[u8]) -> Vec<u8> {
        let (tables, label_table) = self.tables.split_at(self.quantiser.units());
        pack(symbols.chunks_exact(tables.len()).enumerate().flat_map(|(row, code)| {
            let code = tables.iter().zip(code.iter().copied());
            code.chain(label_table.iter().map(move |table| (table, i32::from(labels[row]))))
        }))
    }
}

/// Writes a file, image after image.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use ae_codec::{Coding, Damage, Header, ModelId, Quantiser, Reader, Writer};
///
/// // Three images of 1 x 4 pixels as codes of two numbers, and a label each.
/// let (codes, labels) = ([0.0, 1.5, 0.5, -1.0, 0.0, 2.0], [7, 7, 1]);
/// let coding = Coding::fit(Quantiser::uniform(2, 0.5)?, &codes, Some(&labels))?;
/// let mut symbols = Vec::new();
/// coding.quantiser().symbols(&codes, &mut symbols)?;
/// let header = Header { images: 3, rows: 1, cols: 4, model: ModelId([0; 32]) };
/// let mut writer = Writer::new(Vec::new(), header, coding, None)?;
/// writer.push(&symbols, &labels)?;
/// let bytes = writer.finish()?;
///
/// let mut reader = Reader::new(Cursor::new(&bytes), Damage::Refuse)?;
/// assert_eq!(reader.header(), &header);
/// let block = reader.block(0)?;
/// assert_eq!((block.symbols, block.labels), (symbols, labels.to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    header: Header,
    coding: Coding,
    block_images: usize,
    /// Of the header, which every other part's goes on from.
    checksum: Hasher,
    symbols: Vec<i32>,
    labels: Vec<u8>,
    index: Vec<u8>,
    blocks: u32,
    taken: usize,
}

impl<W: Write> Writer<W> {
    /// Writes what stands before the blocks: sizes, steps, tables, and the decoder if the file is to hold it.
    ///
    /// # Errors
    /// [`CodecError::Limit`] or [`CodecError::Zero`] for a size that the format cannot state, [`CodecError::DecoderSize`]
    /// for a decoder of other codes or images, [`CodecError::Weight`], [`CodecError::Io`].
    pub fn new(
        mut out: W,
        header: Header,
        coding: Coding,
        decoder: Option<(&Decoder, WeightBits)>,
    ) -> Result<Self, CodecError> {
        let units = coding.quantiser.units();
        let pixels = (header.rows as u64).saturating_mul(header.cols as u64);
        for (what, asked, limit) in [
            ("images", header.images as u64, u32::MAX.into()),
            ("pixels", pixels, MAX_PIXELS),
            ("numbers of a code", units as u64, MAX_UNITS),
        ] {
            if asked > limit {
                return Err(CodecError::Limit { what, asked, limit });
            }
        }
        if pixels == 0 {
            return Err(CodecError::Zero { what: "pixels of an image" });
        }
        let decoder_bytes = match decoder {
            None => Vec::new(),
            Some((decoder, bits)) => {
                for (what, found, expected) in [
                    ("numbers of a code", units, decoder.code_size()),
                    ("pixels", pixels as usize, decoder.pixels()),
                ] {
                    if found != expected {
                        return Err(CodecError::DecoderSize { what, found, expected });
                    }
                }
                with_checksum(decoder.to_bytes(bits)?)
            }
        };
        let coding_bytes = with_checksum(coding.to_bytes());
        let block_images = BLOCK_IMAGES.min(MAX_BLOCK_SYMBOLS as usize / coding.tables.len());

        let mut flags = 0;
        for (flag, set) in [
            (LABELLED, coding.labelled()),
            (DECODER_INSIDE, decoder.is_some()),
            (ONE_STEP, coding.one_step()),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for size in [header.images, header.rows, header.cols, units, block_images] {
            bytes.extend((size as u32).to_le_bytes());
        }
        bytes.extend(header.model.0);
        for size in [coding_bytes.len(), decoder_bytes.len()] {
            bytes.extend((size as u32).to_le_bytes());
        }
        let checksum = hash_header(&bytes);
        let bytes = with_checksum(bytes);
        for part in [&bytes, &coding_bytes, &decoder_bytes] {
            out.write_all(part).map_err(CodecError::Io)?;
        }
        Ok(Self {
            out,
            header,
            coding,
            block_images,
            checksum,
            symbols: Vec::new(),
            labels: Vec::new(),
            index: Vec::new(),
            blocks: 0,
            taken: 0,
        })
    }

    /// Takes the next images, as integers and labels, however many.
    ///
    /// # Shapes
    /// - `symbols`: `(B, CODE)`
    /// - `labels`: `(B)`, or none where the file has no labels
    ///
    /// # Errors
    /// [`CodecError::PartialRow`], [`CodecError::LabelCount`], [`CodecError::ImageCount`] if these are more images than
    /// were announced, [`CodecError::Io`].
    pub fn push(&mut self, symbols: &[i32], labels: &[u8]) -> Result<(), CodecError> {
        let units = self.coding.quantiser.units();
        if !symbols.len().is_multiple_of(units) {
            return Err(CodecError::PartialRow { values: symbols.len(), units });
        }
        let codes = symbols.len() / units;
        let expected = if self.coding.labelled() { codes } else { 0 };
        if labels.len() != expected {
            return Err(CodecError::LabelCount { codes, labels: labels.len(), expected });
        }
        let found = self.taken + codes;
        if found > self.header.images {
            return Err(CodecError::ImageCount { found: found as u64, expected: self.header.images as u64 });
        }
        self.taken = found;
        let (mut symbols, mut labels) = (symbols, labels);
        while !symbols.is_empty() {
            let room = self.block_images - self.symbols.len() / units;
            let (now, later) = symbols.split_at(symbols.len().min(room * units));
            self.symbols.extend(now);
            symbols = later;
            let (now, later) = labels.split_at(labels.len().min(room));
            self.labels.extend(now);
            labels = later;
            if self.symbols.len() == self.block_images * units {
                self.write_block()?;
            }
        }
        Ok(())
    }

    /// Writes the last block and the index, and gives the writer back, unflushed.
    ///
    /// # Errors
    /// [`CodecError::ImageCount`] if fewer images came than were announced, [`CodecError::Io`].
    pub fn finish(mut self) -> Result<W, CodecError> {
        if self.taken != self.header.images {
            return Err(CodecError::ImageCount {
                found: self.taken as u64,
                expected: self.header.images as u64,
            });
        }
        if !self.symbols.is_empty() {
            self.write_block()?;
        }
        let mut checksum = self.checksum;
        checksum.update(&self.index);
        let mut end = self.index;
        let length = end.len() as u32;
        end.extend(length.to_le_bytes());
        end.extend(checksum.finalize().to_le_bytes());
        end.extend(END);
        self.out.write_all(&end).map_err(CodecError::Io)?;
        Ok(self.out)
    }

    fn write_block(&mut self) -> Result<(), CodecError> {
        let payload = self.coding.pack(&self.symbols, &self.labels);
        let length = varint(payload.len() as u32);
        let checksum = block_checksum(&self.checksum, self.blocks, &length, &payload);
        for part in [&length[..], &checksum.to_le_bytes(), &payload] {
            self.out.write_all(part).map_err(CodecError::Io)?;
        }
        self.index.extend(length);
        self.blocks += 1;
        self.symbols.clear();
        self.labels.clear();
        Ok(())
    }
}

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

/// Reads a file, block by block in any order. [`Writer`] has an example.
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
        let open = || {
            // Opening a pipe waits for a writer, so what it is must be known first.
            if !fs::metadata(path).map_err(AezError::Io)?.is_file() {
                return Err(AezError::NotRegular);
            }
            Self::new(BufReader::new(File::open(path).map_err(AezError::Io)?), damage)
        };
        open().map_err(|source| OpenError { path: path.to_owned(), source })
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
        let model = ModelId(bytes.take()?);
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
            _ => Some(Decoder::from_bytes(check("the decoder", &decoder)?)?),
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
        let most = (images * self.coding.tables.len() * 8) as u64 + VARINT_BYTES + CHECKSUM_BYTES;
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
        let (tables, label_table) = self.coding.tables.split_at(self.coding.quantiser.units());
        let mut unpacker = Unpacker::new(payload)?;
        let (mut symbols, mut labels) = (Vec::new(), Vec::new());
        for image in first..first + images {
            for (unit, table) in tables.iter().enumerate() {
                let symbol = unpacker.next(table)?;
                if symbol.unsigned_abs() > MAX_SYMBOL as u32 {
                    return Err(BlockError::Symbol { image, unit, found: symbol });
                }
                symbols.push(symbol);
            }
            for table in label_table {
                let label = unpacker.next(table)?;
                labels.push(u8::try_from(label).map_err(|_| BlockError::Label { image, found: label })?);
            }
        }
        unpacker.finish()?;
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
    let numbers = reader.header.images as u64 * reader.coding.tables.len() as u64;
    AezError::limit("numbers at once", numbers, MAX_DECODED)?;
    let (mut all, mut codes, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..reader.blocks() {
        let block = reader.block(block)?;
        reader.coding.quantiser.codes(&block.symbols, &mut codes).expect("a block holds whole codes");
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

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// What stands before a part's checksum, if that is right.
fn check<'a>(what: &'static str, part: &'a [u8]) -> Result<&'a [u8], AezError> {
    let Some((bytes, checksum)) = part.split_last_chunk() else {
        return Err(AezError::Length { what, needed: CHECKSUM_BYTES, actual: part.len() as u64 });
    };
    let (expected, found) = (u32::from_le_bytes(*checksum), crc32fast::hash(bytes));
    if found != expected { Err(AezError::Checksum { what, expected, found }) } else { Ok(bytes) }
}

/// What the checksums of blocks and of the index begin with: the header but for its own checksum, with which it would hash to
/// the same number whatever it is.
fn hash_header(bytes: &[u8]) -> Hasher {
    let mut checksum = Hasher::new();
    checksum.update(bytes);
    checksum
}

/// The header's bytes come first, then the block's number: no block passes for another, or for one of another file.
fn block_checksum(header: &Hasher, block: u32, length: &[u8], payload: &[u8]) -> u32 {
    let mut checksum = header.clone();
    for part in [&block.to_le_bytes(), length, payload] {
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
