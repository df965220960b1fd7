//! A file to images: all of one in memory, by [`decompress`], or block by block, what is damaged left out.

use std::io::{Cursor, Read, Seek};

use ae_net::{Decoder, Network, Rows, Team, to_bytes};

use crate::compress::images_at_once;
use crate::reader::Tags;
use crate::{AezError, Block, CodecError, Damage, Extras, Header, Reader};

/// Pixels that [`decompress`] gives, 1 GiB of them: a small file may stand for any number of images that are all alike.
pub const MAX_DECOMPRESSED: u64 = 1 << 30;

/// Images from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Channels an image: 1 if it is grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows a channel.
    pub rows: usize,
    /// Columns a channel.
    pub cols: usize,
    /// `(B, channels * rows * cols)`: brightness as bytes.
    pub pixels: Vec<u8>,
    /// `(B)`, if the file carries labels.
    pub labels: Option<Vec<i32>>,
    /// `(B)`, if the file carries names. They are texts of whoever made it: take care where files are called by them.
    pub names: Option<Vec<String>>,
    /// The names of the classes, as of [`Extras::classes`].
    pub classes: Vec<String>,
    /// The text that was kept in the file, as of [`Extras::form`].
    pub form: Option<String>,
}

/// Decompresses all of a file that is in memory: the same images for any team. The [crate's page](crate) has an example.
///
/// `network` is needed unless the decoder is inside the file, and has to be the one whose codes the file holds.
///
/// # Errors
/// [`CodecError::Aez`] if anything is wrong with any part of the file, or if it has more than [`MAX_DECOMPRESSED`] pixels or
/// [`MAX_DECODED_NAMES`](crate::MAX_DECODED_NAMES) bytes of names: [`Reader`] gives those block by block; and as
/// [`Reader::decoder_or`] and [`Reader::images`].
pub fn decompress(team: &Team, bytes: &[u8], network: Option<&Network>) -> Result<Images, CodecError> {
    let mut reader = Reader::new(Cursor::new(bytes), Damage::Refuse)?;
    let header = *reader.header();
    AezError::at_most("pixels at once", MAX_DECOMPRESSED, header.images as u64 * header.pixels() as u64)?;
    let decoder = reader.decoder_or(network)?;
    let (mut pixels, mut tags) = (Vec::new(), Tags::default());
    for number in 0..reader.blocks() {
        let block = reader.block(number)?;
        for images in reader.images(team, &decoder, &block) {
            pixels.extend(images?);
        }
        tags.add(block.labels, block.names)?;
    }
    let (labels, names) = tags.of(&reader);
    let Header { channels, rows, cols, .. } = header;
    let Extras { classes, form, .. } = reader.extras().clone();
    Ok(Images { channels, rows, cols, pixels, labels, names, classes, form })
}

/// Which blocks of a file can be read.
#[derive(Debug)]
pub struct Soundness {
    /// The numbers of those that can.
    pub sound: Vec<usize>,
    /// How many images they hold.
    pub images: usize,
    /// What is wrong with the others: [`AezError::Block`] for each, but one [`AezError::Missing`] for all to which nothing
    /// leads. A file that was cut short, or lies, may state billions of those.
    pub lost: Vec<AezError>,
}

impl<R: Read + Seek> Reader<R> {
    /// What makes this file's images of its codes: the decoder inside, or that of the network whose codes they are.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if there is none inside and `network` is missing, is another one than the header names, or
    /// is of other sizes.
    pub fn decoder_or(&self, network: Option<&Network>) -> Result<Decoder, CodecError> {
        if let Some(decoder) = self.decoder() {
            return Ok(decoder.clone());
        }
        let header = self.header();
        let Some(network) = network else {
            return Err(CodecError::argument("the network of these codes", header.model, "none"));
        };
        CodecError::require("the network of these codes", header.model, network.identity())?;
        let (units, pixels) = (self.coding().quantiser().units(), header.pixels());
        CodecError::require("numbers of the network's codes", units, network.code_size())?;
        CodecError::require("pixels of the network's images", pixels, network.pixels())?;
        Ok(network.decoder().clone())
    }

    /// Reads every block, and keeps none: what of a damaged file can be saved.
    ///
    /// # Errors
    /// [`AezError::Io`] if the input fails.
    pub fn sound_blocks(&mut self) -> Result<Soundness, AezError> {
        let mut found = Soundness { sound: Vec::new(), images: 0, lost: Vec::new() };
        for number in 0..self.blocks() {
            match self.block(number) {
                Ok(block) => {
                    found.sound.push(number);
                    found.images += block.symbols.len() / self.coding().quantiser().units();
                }
                Err(error @ AezError::Block { .. }) => found.lost.push(error),
                Err(error @ AezError::Missing { .. }) => {
                    found.lost.push(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The images of a block as bytes, `(B, PIXELS)`, some whole ones at a time: a block of some bytes may stand for more
    /// than memory holds.
    ///
    /// # Errors
    /// [`CodecError::Net`] if the decoder takes other codes, or an image is not finite.
    pub fn images<'a>(
        &'a self,
        team: &'a Team,
        decoder: &'a Decoder,
        block: &'a Block,
    ) -> impl Iterator<Item = Result<Vec<u8>, CodecError>> + 'a {
        let (units, pixels) = (self.coding().quantiser().units(), decoder.pixels());
        let at_once = images_at_once(pixels);
        let slices = block.symbols.chunks(at_once * units).enumerate();
        slices.map(move |(index, symbols)| {
            let mut codes = Vec::new();
            self.coding().quantiser().codes(symbols, &mut codes)?;
            let brightness = decoder.decode(team, Rows::values(&codes, units)?)?;
            Ok(to_bytes(&brightness, pixels, block.first + index * at_once)?)
        })
    }
}
