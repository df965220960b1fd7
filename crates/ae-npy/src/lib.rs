//! Codes as NumPy reads and writes them: `.npy` files of `(images, code)` floats.
//!
//! What is written are little-endian 32-bit floats in C order. What others have written is read where it is only a
//! conversion: see [`CodeReader`].
//!
//! The format is NumPy's (`numpy.lib.format`): a magic number, a version, a Python dict that says type, order and
//! shape, then the values. `npyz` reads and writes the dict; what it would believe is checked before it is asked.
//!
//! A file in C order may be larger than memory: [`CodeReader`] hands out a chunk at a time, and [`write_values`] follows
//! [`write_header`] as often as there is a chunk.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("codes.npy");
//! use ae_npy::{CodeReader, Element, write_header, write_values};
//!
//! let mut file = Vec::new();
//! write_header(&mut file, Element::F32, &[3, 2])?; // three codes of two numbers
//! write_values(&mut file, &[0.0, 0.1, 1.0, 1.1, 2.0, 2.1])?;
//! std::fs::write(&path, file)?;
//!
//! let mut reader = CodeReader::open(&path, 2)?;
//! let mut codes = Vec::new();
//! assert_eq!(reader.next_chunk(2, &mut codes)?, 2);
//! assert_eq!(codes, [0.0, 0.1, 1.0, 1.1]);
//! assert_eq!(reader.next_chunk(2, &mut codes)?, 1);
//! assert_eq!(reader.next_chunk(2, &mut codes)?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod error;
mod float;
mod header;
mod read;
mod write;

pub use error::{NpyError, NpyErrorKind};
pub use read::CodeReader;
pub use write::{Element, write_header, write_labels, write_values};
