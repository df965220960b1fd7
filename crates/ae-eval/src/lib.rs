//! What a code is worth, in numbers.
//!
//! A code is what a [`Network`](ae_net::Network) makes of images, trained or not; [`Pca`] makes the linear one of the same
//! size, which a model has to beat.
//!
//! - [`Reconstruction`] says what the way through the code loses, in every usual unit;
//! - [`probe()`] trains a small network on codes, on components or on pixels, with many labels or few;
//! - [`Neighbours`] classifies by the nearest codes;
//! - [`CodeSampler`], [`interpolate`] and [`code_plane`] make codes that no image has, for the decoder to
//!   draw;
//! - [`Report`] is all of this for one model;
//! - [`CodedRate`] says what images cost as codes in a file, [`transform_coder`], [`JpegRate`] and
//!   [`LosslessRates`] what they cost otherwise, [`RateTable`] all of it.
//!
//! Numbers come and go as plain slices, so codes from anywhere fit: [`Rows`] checks their shape once,
//! [`Labelled`] that each has a label. Everything that is drawn follows from a seed, and nothing depends on
//! the number of threads.
//!
//! ```
//! use ae_data::Samples;
//! use ae_eval::{Pca, Reconstruction, image_rows};
//! use ae_net::{Outputs, Team};
//!
//! let images = Samples::new((2, 2), vec![0_u8, 10, 20, 30, 0, 40, 80, 120, 0, 250, 90, 10])?;
//! let team = Team::new(2)?;
//! let network = Pca::fit(&team, &images)?.network(2, Outputs::Clipped)?; // three images lie in a plane
//! let found = Reconstruction::measure(&team, &network, image_rows(&images)?, image_rows(&images)?)?;
//! assert!(found.psnr_db > 100.0);
//! # Ok::<(), ae_eval::EvalError>(())
//! ```

mod budget;
mod columns;
mod curve;
mod error;
mod formats;
mod knn;
mod labelled;
mod linalg;
mod pca;
mod probe;
mod random;
mod rate;
mod reconstruction;
mod report;
mod sampler;
mod standardise;

pub use ae_net::Rows;
pub use budget::Budget;
pub use columns::ColumnErrors;
pub use curve::{JPEG_QUALITIES, QUALITIES, RatePoint, RateTable, STEPS, best, rates_by_quality};
pub use error::EvalError;
pub use formats::{JpegRate, LosslessRates};
pub use knn::Neighbours;
pub use labelled::{Labelled, image_rows};
pub use pca::Pca;
pub use probe::{Probe, ProbeParams, ProbeScore, probe};
pub use rate::{CodedRate, transform_coder};
pub use reconstruction::Reconstruction;
pub use report::{Classified, Generated, InputScores, NEIGHBOURS, RebuiltBy, Report};
pub use sampler::{CodePlane, CodeSampler, code_plane, interpolate, sample_standard_normal};
