//! Files to checked samples, samples to batches.
//!
//! The way through it: a [`Source`] reads rows from whatever it is, [`Samples`] are rows of one [`Shape`] whose counts are
//! proven to agree, a [`BatchPlan`] says which rows make up which batch of which epoch, by their numbers. A set larger than
//! memory is read, and written, a chunk at a time. Bytes stay bytes here; labels are any whole numbers.
//!
//! ```
//! use ae_data::{BatchPlan, Order, Samples};
//!
//! let set = Samples::new((2, 3), vec![255_u8; 5 * 6])?; // five pictures of 2 rows and 3 columns
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

mod arrange;
mod batch;
mod content;
mod error;
mod float;
mod folder;
mod form;
pub mod idx;
mod idx_source;
mod idx_writer;
mod labels;
mod limits;
#[cfg(feature = "mnist")]
mod mnist_source;
pub mod npy;
mod open;
mod order;
mod pictures;
mod relatives;
mod samples;
mod scaling;
mod shape;
mod source;
pub mod table;

pub use batch::{BatchPlan, Epoch};
pub use error::{DataError, IdxError, LoadError, OpenError, OpenErrorKind, WriteError};
pub use folder::{
    Part, load_part, open_folder, open_folder_labels, open_folder_part, open_images, open_labels,
};
pub use form::{Background, ElementKind, Fit, Form, Layout, SourceKind};
pub use idx::{ElementType, Elements, IdxArray};
pub use idx_writer::IdxWriter;
pub use labels::labels_to_idx;
pub use limits::Limits;
#[cfg(feature = "mnist")]
pub use mnist_source::MnistSets;
pub use npy::{NpyError, open_archive_part};
pub use open::{open, open_bytes};
pub use order::Order;
pub use pictures::{PictureSource, PictureWriter, PicturesError, UnusablePicture, WritePicturesError};
pub use samples::{Samples, Split, Values, hold_out_tenth};
pub use scaling::{ScaleMethod, Scaling};
pub use shape::Shape;
pub use source::{Loaded, ReadOptions, Reading, Source, load, open_source, stream_source};
pub use table::{BadCell, TableError, TableErrorKind, TableHead, TableWriter};
