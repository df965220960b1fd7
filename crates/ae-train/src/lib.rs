//! The training loop of an autoencoder: engines, metrics, and the run folder.
//!
//! A [`TrainConfig`] says what to do, a [`Trainer`] does it with one of its engines, and a [`History`] says how it
//! went. [`RunFolder`] keeps all of it on disk, and the [`Checkpoint`]s from which a run that was cut short goes on
//! to the same bits. Nothing here prints.
//!
//! ```
//! use ae_data::{Samples, Split};
//! use ae_net::{Description, Network, Team};
//! use ae_train::{TrainParams, Trainer};
//!
//! // Eight images of 2 x 2 pixels, half of them bright on the left, half on the right.
//! let images = Samples::new((2, 2), [[255, 0, 255, 0], [0, 255, 0, 255]].repeat(4).concat())?;
//! let split = Split { train: images.clone(), test: images };
//!
//! let config = TrainParams { epochs: 50, batch_size: 4, learning_rate: 0.05, ..TrainParams::default() }.check()?;
//! let mut network = Network::draw(&Description::dense(4, &[], 4), 0)?;
//! let history = Trainer::fused(&mut network, &split, config, Team::up_to(2)?)?.train(&mut |_| {})?;
//! assert!(Some(history.epochs[0].test_loss) < history.baselines.mean_image_bce);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The feature `autodiff`, on unless it is turned off, brings the engine on dfdx's tape, `Trainer::autodiff`.

mod adam;
mod checkpoint;
mod checkpoint_error;
mod code_noise;
mod config;
mod corrupt;
mod draws;
mod engine;
mod error;
mod history;
mod keeper;
mod masked;
mod metrics;
mod normal;
mod progress;
mod run_folder;
mod run_folder_error;
mod run_record;
mod settings;
mod trained_on;
mod trainer;
mod verdict;

pub use adam::{AdamState, Moments};
pub use ae_net::{Baselines, Evaluation};
pub use checkpoint::{Checkpoint, Found};
pub use checkpoint_error::CheckpointError;
pub use config::{ConfigError, EpochOrder, MAX_EPOCHS, TrainConfig, TrainParams};
pub use corrupt::Corruption;
#[cfg(feature = "autodiff")]
pub use engine::Differentiable;
pub use error::TrainError;
pub use history::{EpochRecord, History};
pub use keeper::CHECKPOINT_EVERY;
pub use metrics::Restoration;
pub use run_folder::{Existing, RunFolder};
pub use run_folder_error::RunFolderError;
pub use run_record::{
    DataRecord, DataSource, EngineRecord, ModelRecord, RUN_FORMAT, RunRecord, SetRecord, labels_sha256,
};
pub use settings::{Origin, RunSettings};
pub use trained_on::TrainedOn;
pub use trainer::{Event, Trainer};
pub use verdict::{Finding, PcaScore, Remedy, Verdict, judge, judge_images};
