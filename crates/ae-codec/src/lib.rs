//! Codes to bytes and back: what makes an autoencoder a compressor.
//!
//! An encoder has turned images into codes; here codes become a small file, and the file codes and images again.
//!
//! - [`Quantiser`] rounds code numbers to integers, with steps that suit a [`Decoder`](ae_net::Decoder);
//! - [`entropy`] packs integers by tables of how often each is expected;
//! - [`Writer`] and [`Reader`] are the `.aez` file: blocks of images that depend on nothing but the header, so that a
//!   reader begins anywhere and damage costs one block; `docs/aez-format.md` has its bytes.
//!
//! The file fixes the integers. Reading them is whole-number arithmetic, the same on any machine, and the codes they
//! stand for are one multiplication each.
//!
//! ```
//! use std::io::Cursor;
//! use ae_codec::{Coding, Damage, Header, Quality, Quantiser, Reader, WeightBits, Writer};
//! use ae_net::{Activation, Decoder, Dense, Outputs, Rows, Team, WeightsId};
//!
//! // A decoder from one number to three pixels, and the codes of four images.
//! let team = Team::new(1)?;
//! let layer = Dense::new(1, vec![1.0, 0.5, -1.0], vec![0.0, 0.1, 0.9], Activation::Linear)?;
//! let decoder = Decoder::new(&[layer], Outputs::Clipped)?;
//! let codes = [0.11, 0.52, 0.49, 0.9];
//!
//! let quantiser = Quantiser::matched(&team, &decoder, &codes, 0.01, Quality::default())?;
//! let coding = Coding::fit(quantiser, &codes, None)?;
//! let mut symbols = Vec::new();
//! coding.quantiser().symbols(&codes, &mut symbols)?;
//! let header = Header { images: 4, rows: 1, cols: 3, model: WeightsId([0; 32]) };
//! let mut writer = Writer::new(Vec::new(), header, coding, Some((&decoder, WeightBits::Sixteen)))?;
//! writer.push(&symbols, &[])?;
//! let file = writer.finish()?;
//!
//! let all = ae_codec::decode(&file)?;
//! let decoder = all.decoder.ok_or("it is inside")?;
//! let images = decoder.decode(&team, Rows::values(&all.codes, 1)?)?;
//! assert!((images[0] - 0.11).abs() < 0.05 && (images[9] - 0.9).abs() < 0.05);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
mod coding;
mod compress;
mod decoder;
mod decompress;
pub mod entropy;
mod error;
mod layout;
mod quantise;
mod reader;
mod writer;

pub use coding::Coding;
pub use compress::{Compressor, Options, Steps, Survey, compress};
pub use decoder::{WeightBits, rounded};
pub use decompress::{Images, MAX_DECOMPRESSED, Soundness, decompress};
pub use error::{AezError, BlockError, CodecError};
pub use layout::{Header, MAX_BLOCK_SYMBOLS, MAX_PIXELS, MAX_UNITS, MAX_WEIGHTS, VERSION};
pub use quantise::{MAX_SYMBOL, Quality, Quantiser};
pub use reader::{Block, Damage, Decoded, MAX_DECODED, Reader, Sizes, decode};
pub use writer::Writer;
