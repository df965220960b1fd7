//! What a code is worth, in numbers.
//!
//! - [`Coder`] computes codes and reconstructions, for a trained model and for [`Pca`] alike, which is the
//!   linear code of the same size that a model has to beat;
//! - [`Reconstruction`] says what the way through the code loses, in every usual unit;
//! - [`probe()`] trains a small network on codes, on components or on pixels, with many labels or few;
//! - [`Neighbours`] classifies by the nearest codes;
//! - [`CodedRate`] says what images cost as codes in a file, [`transform_coder`], [`JpegRate`] and
//!   [`LosslessRates`] what they cost otherwise;
//! - [`CodeSampler`], [`interpolate`] and [`code_plane`] make codes that no image has, for the decoder to
//!   draw.
//!
//! Numbers come and go as plain slices, so codes from anywhere fit: [`Rows`] checks their shape once,
//! [`Labelled`] that each has a label. Everything that is drawn follows from a seed, and nothing depends on
//! the number of threads.
//!
//! ```
//! use ae_data::ImageSet;
//! use ae_dense::Team;
//! use ae_eval::{Outputs, Pca, Reconstruction, Rows};
//!
//! let images = ImageSet::new(2, 2, vec![0, 10, 20, 30, 0, 40, 80, 120, 0, 250, 90, 10], None)?;
//! let team = Team::new(2)?;
//! let coder = Pca::fit(&team, &images)?.coder(2, Outputs::Clipped)?; // three images lie in a plane
//! let found = Reconstruction::measure(&team, &coder, Rows::from(&images), images.pixels())?;
//! assert!(found.psnr_db > 100.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codes;
mod error;
mod knn;
mod linalg;
mod pca;
mod probe;
mod random;
mod rate;
mod reconstruction;
mod rows;
mod sampler;

pub use ae_codec::Outputs;
pub use codes::Coder;
pub use error::EvalError;
pub use knn::Neighbours;
pub use pca::Pca;
pub use probe::{Budget, Probe, ProbeParams, ProbeScore, probe};
pub use rate::{CodedRate, JpegRate, LosslessRates, RateError, transform_coder};
pub use reconstruction::{Reconstruction, ReconstructionSums};
pub use rows::{Labelled, Rows};
pub use sampler::{CodePlane, CodeSampler, code_plane, interpolate, sample_standard_normal};
