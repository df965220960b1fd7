//! Codes to bytes and back: what makes an autoencoder a compressor.
//!
//! An encoder turns images into codes; here codes become a small file, and the file codes and images again.
//! [`compress()`] and [`decompress()`] are all of it for images in memory:
//!
//! ```
//! use ae_codec::{Options, WeightBits, compress, decompress};
//! use ae_net::{Description, Network, Team};
//!
//! // Two images of 2 x 2 pixels, and a network that has learned nothing.
//! let (team, network) = (Team::new(1)?, Network::draw(&Description::dense(4, &[], 2), 0)?);
//! let images = [255, 255, 0, 0, 0, 0, 255, 255];
//! let file = compress(&team, &network, &images, (1, 2, 2), Options::default())?;
//! let back = decompress(&team, &file, Some(&network))?;
//! assert_eq!((back.channels, back.rows, back.cols, back.pixels.len()), (1, 2, 2, 8));
//!
//! // With the decoder inside, the file is all that is needed. Labels and names go along.
//! let names = ["left.png", "right.png"].map(String::from);
//! let inside = Some(WeightBits::Eight);
//! let options = Options { inside, labels: Some(&[7, 1]), names: Some(&names), ..Options::default() };
//! let file = compress(&team, &network, &images, (1, 2, 2), options)?;
//! let back = decompress(&team, &file, None)?;
//! assert_eq!((back.labels, back.names), (Some(vec![7, 1]), Some(names.to_vec())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! They are made of parts that work on sets of any size, and may be used alone:
//!
//! - [`Survey`] and [`Compressor`] are the two passes over a set, handed over piece by piece; [`Reader`] gives back images
//!   block by block, and what is sound of a damaged file;
//! - [`Quantiser`] rounds code numbers to integers, with steps that suit a [`Decoder`](ae_net::Decoder);
//! - [`entropy`] packs integers by tables of how often each is expected;
//! - [`Writer`] and [`Reader`] are the `.aez` file: blocks of images that depend on nothing but the header, so that a
//!   reader begins anywhere and damage costs one block; `docs/aez-format.md` has its bytes.
//!
//! The file fixes the integers. Reading them is whole-number arithmetic, the same on any machine, and the codes they
//! stand for are one multiplication each.

mod bytes;
mod coding;
mod compress;
mod decoder;
mod decompress;
mod description;
pub mod entropy;
mod error;
mod layout;
mod names;
mod places;
mod quantise;
mod reader;
mod writer;

pub use coding::Coding;
pub use compress::{Compressor, Options, Steps, Survey, compress};
pub use decoder::{WeightBits, rounded};
pub use decompress::{Images, MAX_DECOMPRESSED, Soundness, decompress};
pub use description::{Extras, MAX_FORM_BYTES};
pub use error::{AezError, BlockError, CodecError};
pub use layout::{Header, MAX_BLOCK_SYMBOLS, MAX_NAMES, MAX_PIXELS, MAX_UNITS, MAX_WEIGHTS, VERSION};
pub use names::{MAX_NAME_BYTES, MAX_TEXT_BYTES};
pub use quantise::{MAX_SYMBOL, Quality, Quantiser};
pub use reader::{Block, Damage, Decoded, MAX_DECODED, MAX_DECODED_NAMES, Reader, Sizes, decode};
pub use writer::Writer;
