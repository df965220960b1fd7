//! Writing an `.aez` file: a header, tables, perhaps the decoder, blocks of images, and an index of the blocks.

use std::io::Write;

use ae_net::Decoder;
use crc32fast::Hasher;

use crate::layout::{
    DECODER_INSIDE, END, FixedHeader, Header, LABELLED, MAX_BLOCK_SYMBOLS, MAX_PIXELS, MAX_UNITS, ONE_STEP,
    block_checksum, hash_header, varint, with_checksum,
};
use crate::quantise::whole_rows;
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
    labels: Vec<i32>,
    index: Vec<u8>,
    blocks: u32,
    taken: usize,
}

impl<W: Write> Writer<W> {
    /// Writes what stands before the blocks: sizes, steps, tables, and the decoder if the file is to hold it.
    ///
    /// # Errors
    /// [`CodecError::Argument`] for a size that the format cannot state, for a decoder of other codes or images, or of
    /// weights that cannot be rounded; [`CodecError::Io`].
    pub fn new(
        mut out: W,
        header: Header,
        coding: Coding,
        inside: Option<(&Decoder, WeightBits)>,
    ) -> Result<Self, CodecError> {
        check_sizes(&header, &coding, inside.map(|(decoder, _)| decoder))?;
        let decoder_bytes = match inside {
            None => Vec::new(),
            Some((decoder, bits)) => with_checksum(decoder::to_bytes(decoder, bits)?),
        };
        let coding_bytes = with_checksum(coding.to_bytes());
        let block_images = BLOCK_IMAGES.min(MAX_BLOCK_SYMBOLS as usize / coding.columns());
        let flags = [
            (LABELLED, coding.labelled()),
            (DECODER_INSIDE, inside.is_some()),
            (ONE_STEP, coding.one_step()),
        ];
        let bytes = FixedHeader {
            flags: flags.into_iter().map(|(flag, set)| if set { flag } else { 0 }).sum(),
            stated: header,
            units: coding.quantiser().units(),
            block_images,
            tables: coding_bytes.len() as u64,
            decoder: decoder_bytes.len() as u64,
        }
        .to_bytes();
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

    /// How codes become bits.
    pub(crate) fn coding(&self) -> &Coding {
        &self.coding
    }

    /// Refuses images beyond those announced, and labels that are not one for each, or are missing or unasked for.
    pub(crate) fn require(&self, images: usize, labels: usize) -> Result<(), CodecError> {
        CodecError::require("labels", if self.coding.labelled() { images } else { 0 }, labels)?;
        let (found, most) = (self.taken + images, self.header.images);
        if found > most {
            return Err(CodecError::argument("images", format_args!("the {most} announced"), found));
        }
        Ok(())
    }

    /// Takes the next images, as integers and labels, however many.
    ///
    /// # Shapes
    /// - `symbols`: `(B, CODE)`
    /// - `labels`: `(B)`, or none where the file has no labels
    ///
    /// # Errors
    /// [`CodecError::Argument`] if these are no whole codes, more images than were announced, or not as many labels;
    /// [`CodecError::Io`].
    pub fn push(&mut self, symbols: &[i32], labels: &[i32]) -> Result<(), CodecError> {
        let units = self.coding.quantiser().units();
        let images = whole_rows(symbols, units)?;
        self.require(images, labels.len())?;
        self.taken += images;
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
    /// [`CodecError::Argument`] if fewer images came than were announced, [`CodecError::Io`].
    pub fn finish(mut self) -> Result<W, CodecError> {
        CodecError::require("images", self.header.images, self.taken)?;
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

/// Refuses sizes that the format cannot state, and a decoder of others.
fn check_sizes(header: &Header, coding: &Coding, inside: Option<&Decoder>) -> Result<(), CodecError> {
    let units = coding.quantiser().units();
    let pixels = (header.rows as u64).saturating_mul(header.cols as u64);
    for (what, least, most, found) in [
        ("images", 0, u32::MAX.into(), header.images as u64),
        ("pixels", 1, MAX_PIXELS, pixels),
        ("numbers of a code", 1, MAX_UNITS, units as u64),
    ] {
        if !(least..=most).contains(&found) {
            return Err(CodecError::argument(what, format_args!("{least} to {most}"), found));
        }
    }
    if let Some(decoder) = inside {
        CodecError::require("numbers of the decoder's codes", units, decoder.code_size())?;
        CodecError::require("pixels of the decoder's images", pixels as usize, decoder.pixels())?;
    }
    Ok(())
}
