//! The models a command can name.
//!
//! Sizes are compile-time types, so each one that the command line offers is compiled in: the lists
//! at the end of this file are the menu, and adding a number there adds a size to every command.

use std::num::NonZeroUsize;
use std::path::Path;

use ae_data::Split;
use ae_dense::{DenseError, Stack};
use ae_model::{Autoencoder, AutoencoderStack, Deep, DenseStack, ModelError, Network, Shallow};
use ae_train::{ModelRecord, RunFolder, RunRecord, TrainConfig, TrainError, Trainer};
use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;

use crate::cli::{EngineName, PresetName};

/// A model of any size, behind one type.
pub(crate) trait Model: AutoencoderStack {
    /// A trainer for it.
    fn trainer<'a>(
        &'a mut self,
        engine: EngineName,
        images: &'a Split,
        config: TrainConfig,
        threads: NonZeroUsize,
    ) -> Result<Trainer<'a>, TrainError>;

    /// Takes the weights of a file, or stays as it is.
    fn load(&mut self, path: &Path) -> Result<(), ModelError>;

    /// Writes its weights.
    fn save(&self, path: &Path) -> Result<(), ModelError>;

    /// Its layers, to compute with.
    fn stack(&self) -> Result<Stack, DenseError>;

    /// What identifies its weights, hexadecimal.
    fn identity(&self) -> String;
}

impl<E, D> Model for Autoencoder<E, D>
where
    E: Network + DenseStack + Send + Sync,
    D: Network<In = E::Out, Out = E::In> + DenseStack + Send + Sync,
{
    fn trainer<'a>(
        &'a mut self,
        engine: EngineName,
        images: &'a Split,
        config: TrainConfig,
        threads: NonZeroUsize,
    ) -> Result<Trainer<'a>, TrainError> {
        match engine {
            EngineName::Fused => Trainer::fused(self, images, config, threads),
            EngineName::Autodiff => Trainer::autodiff(self, images, config, threads),
        }
    }

    fn load(&mut self, path: &Path) -> Result<(), ModelError> {
        self.load_from(path)
    }

    fn save(&self, path: &Path) -> Result<(), ModelError> {
        Autoencoder::save(self, path)
    }

    fn stack(&self) -> Result<Stack, DenseError> {
        Stack::new(&self.layers())
    }

    fn identity(&self) -> String {
        Autoencoder::identity(self).to_string()
    }
}

/// A size that is not compiled in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OffMenu {
    #[error("codes of {found} numbers are not on the menu {CODES:?}; add it to `codes` in xtask/src/menu.rs")]
    Code { found: usize },
    #[error(
        "images of {found} pixels are not on the menu {PIXELS:?}; add it to `pixels` in xtask/src/menu.rs"
    )]
    Pixels { found: usize },
}

/// A new model of the named sizes, its weights drawn from `seed`.
pub(crate) fn build(preset: PresetName, pixels: usize, code: usize, seed: u64) -> Result<Box<dyn Model>> {
    check_code(code)?;
    if !PIXELS.contains(&pixels) {
        return Err(OffMenu::Pixels { found: pixels }.into());
    }
    Ok(on_menu(preset, pixels, code, seed)?.expect("both sizes are on the menu"))
}

/// Refuses a code size that is not on the menu.
pub(crate) fn check_code(code: usize) -> Result<(), OffMenu> {
    if CODES.contains(&code) { Ok(()) } else { Err(OffMenu::Code { found: code }) }
}

/// The preset that a file names.
pub(crate) fn preset(name: &str) -> Result<PresetName> {
    PresetName::from_str(name, false).map_err(|_| anyhow!("unknown preset {name:?}"))
}

/// The trained model of a run.
pub(crate) fn open(folder: &RunFolder, record: &RunRecord) -> Result<Box<dyn Model>> {
    let ModelRecord { preset: name, pixels, code, .. } = &record.model;
    let preset = preset(name).with_context(|| folder.record_path().display().to_string())?;
    let mut model = build(preset, *pixels, *code, record.config.seed)?;
    model.load(&folder.model_path())?;
    Ok(model)
}

macro_rules! menu {
    (pixels: [$($pixels:literal),*], codes: $codes:tt) => {
        /// Pixels an image may have.
        pub(crate) const PIXELS: &[usize] = &[$($pixels),*];
        /// Numbers a code may have.
        pub(crate) const CODES: &[usize] = &$codes;

        fn on_menu(preset: PresetName, pixels: usize, code: usize, seed: u64) -> Result<Option<Box<dyn Model>>, ModelError> {
            match pixels {
                $($pixels => menu!(@codes $pixels, $codes, preset, code, seed),)*
                _ => Ok(None),
            }
        }
    };
    (@codes $pixels:literal, [$($code:literal),*], $preset:ident, $wanted:ident, $seed:ident) => {
        match ($preset, $wanted) {
            $(
                (PresetName::Shallow | PresetName::Denoising, $code) => Ok(Some(Box::new(Shallow::<$pixels, $code>::build($seed)?))),
                (PresetName::Deep | PresetName::Masked, $code) => Ok(Some(Box::new(Deep::<$pixels, 512, 128, $code>::build($seed)?))),
            )*
            _ => Ok(None),
        }
    };
}

menu! {
    pixels: [784, 1024],
    codes: [2, 4, 8, 16, 32, 64, 128]
}
