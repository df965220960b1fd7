//! IDX files, checked image sets, and batches in a seeded order.
//!
//! The way through it: bytes become an [`IdxArray`] ([`idx`] knows only bytes; [`open()`] adds files, gzip and
//! limits), an array becomes an [`ImageSet`] whose counts are proven to agree, and a [`BatchPlan`] says which
//! images make up which batch of which epoch, by their numbers. A set larger than memory goes through
//! [`ImageReader`] and [`ImageWriter`], a few images at a time. Pixels stay bytes here, and labels are any whole
//! numbers.
//!
//! ```
//! use ae_data::{BatchPlan, ImageSet, Order};
//!
//! let set = ImageSet::new(2, 3, vec![255; 5 * 6], None)?; // five images of 2 rows and 3 columns
//! let plan = BatchPlan::new(set.len(), 2, Order::Shuffled { seed: 0 })?;
//! let mut visited = Vec::new();
//! for indices in plan.epoch(1).batches() {
//!     assert!(indices.len() <= 2); // the last batch is short
//!     visited.extend_from_slice(indices);
//! }
//! visited.sort();
//! assert_eq!(visited, [0, 1, 2, 3, 4]);
//! # Ok::<(), ae_data::DataError>(())
//! ```

mod batch;
mod error;
mod folder;
pub mod idx;
mod images;
mod labels;
mod limits;
#[cfg(feature = "mnist")]
mod mnist_source;
mod open;
mod order;
mod stream;

pub use batch::{BatchPlan, Epoch};
pub use error::{DataError, IdxError, LoadError, OpenError, OpenErrorKind, WriteError};
pub use folder::{Part, open_folder, open_folder_labels, open_folder_part, open_images, open_labels};
pub use idx::{ElementType, Elements, IdxArray};
pub use images::{ImageSet, Split, hold_out_tenth};
pub use labels::labels_to_idx;
pub use limits::Limits;
#[cfg(feature = "mnist")]
pub use mnist_source::MnistSets;
pub use open::{open, open_bytes};
pub use order::Order;
pub use stream::{ImageReader, ImageWriter};
