//! Writing an `.aez` file: a header, tables, perhaps the decoder, blocks of images, and an index of the blocks.

use std::io::Write;

use ae_net::Decoder;
use crc32fast::Hasher;

use crate::layout::{
    DECODER_INSIDE, DESCRIBED, END, FixedHeader, Header, LABELLED, Lengths, MAX_BLOCK_SYMBOLS, MAX_PIXELS,
    MAX_UNITS, NAMED, ONE_STEP, block_checksum, hash_header, with_checksum,
};
use crate::quantise::whole_rows;
use crate::{CodecError, Coding, Extras, WeightBits, decoder, names};

/// Images a block, where codes are not enormous. At 6 bytes an image what a block costs beside its images, 9 bytes, is 0.3 %.
const BLOCK_IMAGES: usize = 512;

/// Writes a file, image after image.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use ae_codec::{Coding, Damage, Extras, Header, Quantiser, Reader, Writer};
/// use ae_net::WeightsId;
///
/// // Three images of 1 x 4 pixels as codes of two numbers, and a label and a name each.
/// let (codes, labels) = ([0.0, 1.5, 0.5, -1.0, 0.0, 2.0], [7, 7, 1]);
/// let coding = Coding::fit(Quantiser::uniform(2, 0.5)?, &codes, Some(&labels))?;
/// let mut symbols = Vec::new();
/// coding.quantiser().symbols(&codes, &mut symbols)?;
/// let header = Header { images: 3, channels: 1, rows: 1, cols: 4, model: WeightsId([0; 32]) };
/// let extras = Extras { named: true, ..Extras::default() };
/// let names = ["cat/1.png", "cat/2.png", "dog/1.png"].map(String::from);
/// let mut writer = Writer::new(Vec::new(), header, &extras, coding, None)?;
/// writer.push(&symbols, &labels, &names)?;
/// let bytes = writer.finish()?;
///
/// let mut reader = Reader::new(Cursor::new(&bytes), Damage::Refuse)?;
/// assert_eq!(reader.header(), &header);
/// let block = reader.block(0)?;
/// assert_eq!((block.symbols, block.labels), (symbols, labels.to_vec()));
/// assert_eq!(block.names, Some(names.to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    header: Header,
    named: bool,
    coding: Coding,
    block_images: usize,
    /// Of the header, which every other part's goes on from.
    checksum: Hasher,
    symbols: Vec<i32>,
    labels: Vec<i32>,
    names: Vec<String>,
    index: Vec<u8>,
    blocks: u32,
    taken: usize,
}

impl<W: Write> Writer<W> {
    /// Writes what stands before the blocks: sizes, extras, steps, tables, and the decoder if the file is to hold it.
    ///
    /// # Errors
    /// [`CodecError::Argument`] for a size that the format cannot state, for extras beyond what [`Extras`] says of them, for
    /// a decoder of other codes or images, or of weights that cannot be rounded; [`CodecError::Io`].
    pub fn new(
        mut out: W,
        header: Header,
        extras: &Extras,
        coding: Coding,
        inside: Option<(&Decoder, WeightBits)>,
    ) -> Result<Self, CodecError> {
        check_sizes(&header, &coding, inside.map(|(decoder, _)| decoder))?;
        extras.check()?;
        let block_images = BLOCK_IMAGES.min(MAX_BLOCK_SYMBOLS as usize / coding.columns());
        let (bytes, checksum) = beginning(header, extras, &coding, block_images, inside)?;
        out.write_all(&bytes).map_err(CodecError::Io)?;
        Ok(Self {
            out,
            header,
            named: extras.named,
            coding,
            block_images,
            checksum,
            symbols: Vec::new(),
            labels: Vec::new(),
            names: Vec::new(),
            index: Vec::new(),
            blocks: 0,
            taken: 0,
        })
    }

    /// How codes become bits.
    pub(crate) fn coding(&self) -> &Coding {
        &self.coding
    }

    /// Refuses images beyond those announced, labels and names that are not one for each, or are missing or unasked for, and
    /// what is no name.
    pub(crate) fn require(&self, images: usize, labels: usize, names: &[String]) -> Result<(), CodecError> {
        CodecError::require("labels", if self.coding.labelled() { images } else { 0 }, labels)?;
        CodecError::require("names", if self.named { images } else { 0 }, names.len())?;
        names::check_each(names).map_err(|refused| refused.argument("names"))?;
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
    /// - `names`: `(B)`, or none where the file has no names; each of at most [`MAX_NAME_BYTES`](crate::MAX_NAME_BYTES) bytes,
    ///   without control characters, and not necessarily another than the others
    ///
    /// # Errors
    /// [`CodecError::Argument`] if these are no whole codes, more images than were announced, not as many labels or names, or
    /// one is no name; [`CodecError::Io`].
    pub fn push(&mut self, symbols: &[i32], labels: &[i32], names: &[String]) -> Result<(), CodecError> {
        let units = self.coding.quantiser().units();
        let images = whole_rows(symbols, units)?;
        self.require(images, labels.len(), names)?;
        self.taken += images;
        let (mut symbols, mut labels, mut names) = (symbols, labels, names);
        while !symbols.is_empty() {
            let room = self.block_images - self.symbols.len() / units;
            let (now, later) = symbols.split_at(symbols.len().min(room * units));
            self.symbols.extend(now);
            symbols = later;
            let (now, later) = labels.split_at(labels.len().min(room));
            self.labels.extend(now);
            labels = later;
            let (now, later) = names.split_at(names.len().min(room));
            self.names.extend_from_slice(now);
            names = later;
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
        let mut payload = self.coding.pack(&self.symbols, &self.labels);
        let integers = payload.len() as u32;
        let packed = self.named.then(|| names::pack(&self.names, &[]));
        let lengths = Lengths { integers, names: packed.as_ref().map(|packed| packed.len() as u32) };
        payload.extend(packed.unwrap_or_default());
        let lengths = lengths.to_bytes();
        let checksum = block_checksum(&self.checksum, self.blocks, &lengths, &payload);
        for part in [&lengths[..], &checksum.to_le_bytes(), &payload] {
            self.out.write_all(part).map_err(CodecError::Io)?;
        }
        self.index.extend(lengths);
        self.blocks += 1;
        self.symbols.clear();
        self.labels.clear();
        self.names.clear();
        Ok(())
    }
}

/// What stands before the blocks, and the checksum of the header, which those of the blocks go on from.
fn beginning(
    header: Header,
    extras: &Extras,
    coding: &Coding,
    block_images: usize,
    inside: Option<(&Decoder, WeightBits)>,
) -> Result<(Vec<u8>, Hasher), CodecError> {
    let description = extras.describe(header.channels);
    let decoder_bytes = match inside {
        None => Vec::new(),
        Some((decoder, bits)) => with_checksum(decoder::to_bytes(decoder, bits)?),
    };
    let coding_bytes = with_checksum(coding.to_bytes());
    let flags = [
        (LABELLED, coding.labelled()),
        (DECODER_INSIDE, inside.is_some()),
        (ONE_STEP, coding.one_step()),
        (DESCRIBED, !description.is_empty()),
        (NAMED, extras.named),
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
    Ok(([with_checksum(bytes), description, coding_bytes, decoder_bytes].concat(), checksum))
}

/// Refuses sizes that the format cannot state, and a decoder of others.
fn check_sizes(header: &Header, coding: &Coding, inside: Option<&Decoder>) -> Result<(), CodecError> {
    let units = coding.quantiser().units();
    let pixels = header.pixels() as u64;
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
