//! Writing an `.aez` file: a header, tables, perhaps the decoder, blocks of images, and an index of the blocks.

use std::io::Write;

use ae_net::Decoder;
use crc32fast::Hasher;

use crate::layout::{
    DECODER_INSIDE, END, Header, LABELLED, MAGIC, MAX_BLOCK_SYMBOLS, MAX_PIXELS, MAX_UNITS, ONE_STEP,
    VERSION, block_checksum, hash_header, varint, with_checksum,
};
use crate::{CodecError, Coding, WeightBits, decoder};

/// Images a block, where codes are not enormous. At 6 bytes an image what a block costs beside its images, 9 bytes, is 0.3 %.
const BLOCK_IMAGES: usize = 512;

/// Writes a file, image after image.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use ae_codec::{Coding, Damage, Header, Quantiser, Reader, Writer};
/// use ae_net::WeightsId;
///
/// // Three images of 1 x 4 pixels as codes of two numbers, and a label each.
/// let (codes, labels) = ([0.0, 1.5, 0.5, -1.0, 0.0, 2.0], [7, 7, 1]);
/// let coding = Coding::fit(Quantiser::uniform(2, 0.5)?, &codes, Some(&labels))?;
/// let mut symbols = Vec::new();
/// coding.quantiser().symbols(&codes, &mut symbols)?;
/// let header = Header { images: 3, rows: 1, cols: 4, model: WeightsId([0; 32]) };
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
        inside: Option<(&Decoder, WeightBits)>,
    ) -> Result<Self, CodecError> {
        let units = coding.quantiser().units();
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
        let decoder_bytes = match inside {
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
                with_checksum(decoder::to_bytes(decoder, bits)?)
            }
        };
        let coding_bytes = with_checksum(coding.to_bytes());
        let block_images = BLOCK_IMAGES.min(MAX_BLOCK_SYMBOLS as usize / coding.columns());

        let mut flags = 0;
        for (flag, set) in
            [(LABELLED, coding.labelled()), (DECODER_INSIDE, inside.is_some()), (ONE_STEP, coding.one_step())]
        {
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
        let units = self.coding.quantiser().units();
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
