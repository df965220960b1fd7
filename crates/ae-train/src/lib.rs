//! The training loop of an autoencoder: engines, metrics, and the run folder.
//!
//! A [`TrainConfig`] says what to do, a [`Trainer`] does it with one of its engines, and a [`History`] says how it
//! went. [`RunFolder`] keeps all of it on disk, and the [`Checkpoint`]s from which a run that was cut short goes on
//! to the same bits. Nothing here prints.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use ae_data::{ImageSet, Split};
//! use ae_model::Shallow;
//! use ae_train::{TrainParams, Trainer};
//!
//! // Eight images of 2 x 2 pixels, half of them bright on the left, half on the right.
//! let images = ImageSet::new(2, 2, [[255, 0, 255, 0], [0, 255, 0, 255]].repeat(4).concat(), None)?;
//! let split = Split { train: images.clone(), test: images };
//!
//! let config = TrainParams { epochs: 50, batch_size: 4, learning_rate: 0.05, ..TrainParams::default() }.check()?;
//! let mut model = Shallow::<4, 4>::build(0)?;
//! let history = Trainer::autodiff(&mut model, &split, config, NonZeroUsize::MIN)?.train(&mut |_| {})?;
//! assert!(history.test.bce < history.baselines.mean_image_bce);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adam;
mod checkpoint;
mod code_noise;
mod config;
mod corrupt;
mod engine;
mod error;
mod history;
mod keeper;
mod metrics;
mod run_folder;
mod trainer;

pub use adam::{AdamState, Moments};
pub use checkpoint::{Checkpoint, CheckpointError, Found, MAX_CHECKPOINT_BYTES, RunSettings};
pub use config::{ConfigError, EpochOrder, MAX_EPOCHS, TrainConfig, TrainParams};
pub use corrupt::Corruption;
pub use error::TrainError;
pub use history::{EpochRecord, History};
pub use keeper::CHECKPOINT_EVERY;
pub use metrics::{Baselines, Evaluation, Restoration, psnr_db};
pub use run_folder::{
    DataRecord, DataSource, EngineRecord, Existing, ModelRecord, RUN_FORMAT, RunFolder, RunFolderError,
    RunRecord, SetRecord,
};
pub use trainer::{Event, Trainer};
