//! Arrays as NumPy reads and writes them: `.npy` files, and `.npz` archives of them.
//!
//! The format is NumPy's (`numpy.lib.format`): a magic number, a version, a Python dict that says type, order and shape, then
//! the elements. `npyz` reads and writes the dict; what it would believe is checked before it is asked.
//!
//! Arrays are read as any other rows, by [`open_source`](crate::open_source). The first size is their number, unless there is
//! only one size and [`Form::size`](crate::Form::size) asks for rows of more than one number: then the array is a single row.
//! Unsigned bytes stay bytes. All other integers, booleans, and floats of 16, 32 and 64 bits become the nearest 32-bit floats,
//! whatever their values: NumPy's default, `int64`, too. A file in C order may be larger than memory. Arrays in Fortran order
//! and archives are held in memory, up to 1 GiB of each.
//!
//! What is written has its least significant byte first and is in C order.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("codes.npy");
//! use ae_data::npy::{Element, write_header, write_values};
//! use ae_data::{ReadOptions, Values, open_source};
//!
//! let mut file = Vec::new();
//! write_header(&mut file, Element::F32, &[3, 2])?; // three rows of two numbers
//! write_values(&mut file, &[0.0, 0.1, 1.0, 1.1, 2.0, 2.1])?;
//! std::fs::write(&path, file)?;
//!
//! let mut source = open_source(&path, &ReadOptions::default())?;
//! assert_eq!(source.next_chunk(2)?.values(), &Values::Floats(vec![0.0, 0.1, 1.0, 1.1]));
//! assert_eq!(source.next_chunk(2)?.len(), 1);
//! assert!(source.next_chunk(2)?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod dtype;
mod error;
mod header;
mod parts;
mod reader;
mod source;
mod write;

pub(crate) use archive::is_zip;
pub use error::NpyError;
pub(crate) use header::is_npy;
pub use parts::open_archive_part;
pub(crate) use reader::ArrayReader;
pub(crate) use source::NpySource;
pub use write::{Element, write_header, write_labels, write_rows, write_rows_header, write_values};
