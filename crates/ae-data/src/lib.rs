//! IDX files, checked image sets, and batches in a seeded order.
//!
//! The way through it: bytes become an [`IdxArray`] ([`idx`] knows only bytes; [`open()`] adds files, gzip and
//! limits), an array becomes an [`ImageSet`] whose counts are proven to agree, and a [`BatchPlan`] says which
//! images make up which batch of which epoch. A set larger than memory goes through [`ImageReader`] and
//! [`ImageWriter`], a few images at a time. [`fill_pixels`] is the one place where a byte becomes a float.
//!
//! ```
//! use ae_data::{BatchPlan, ImageSet, Order, Tail, fill_pixels};
//!
//! let set = ImageSet::new(2, 3, vec![255; 5 * 6], None)?; // five images of 2 rows and 3 columns
//! let plan = BatchPlan::new(set.len(), 2, Order::Shuffled { seed: 0 }, Tail::Keep)?;
//! let mut pixels = vec![0.0; 2 * set.pixels_per_image()];
//! for indices in plan.epoch(1).batches() {
//!     let batch = &mut pixels[..indices.len() * set.pixels_per_image()]; // the last batch is short
//!     fill_pixels(&set, indices, batch)?;
//!     assert!(batch.iter().all(|&pixel| pixel == 1.0));
//! }
//! # Ok::<(), ae_data::DataError>(())
//! ```

mod batch;
mod error;
mod folder;
pub mod idx;
mod images;
mod limits;
#[cfg(feature = "mnist")]
mod mnist_source;
mod open;
mod order;
mod stream;

pub use batch::{BatchPlan, Epoch, PIXEL_SCALE, Tail, fill_pixels};
pub use error::{DataError, IdxError, LoadError, OpenError, OpenErrorKind, ReadError, WriteError};
pub use folder::{open_folder, open_images, open_labels};
pub use idx::{ElementType, Elements, IdxArray, IdxHeader};
pub use images::{ImageSet, Split};
pub use limits::Limits;
#[cfg(feature = "mnist")]
pub use mnist_source::MnistSets;
pub use open::{open, open_bytes};
pub use order::Order;
pub use stream::{ImageReader, ImageWriter};
