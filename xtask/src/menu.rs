//! The models a command can name.
//!
//! Sizes are compile-time types, so each one that the command line offers is compiled in: the lists
//! at the end of this file are the menu, and adding a number there adds a size to every command.

use std::num::NonZeroUsize;
use std::path::Path;

use ae_data::Split;
use ae_dense::{DenseError, Stack};
use ae_model::dfdx::nn::modules::ReLU;
use ae_model::{
    Autoencoder, AutoencoderStack, Deep, Deeper, DenseStack, Linear, ModelError, Network, Shallow,
};
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
    #[error(
        "codes of {found} numbers are not on the menu {menu:?} of this preset; add it there in xtask/src/menu.rs"
    )]
    Code { found: usize, menu: Vec<usize> },
    #[error(
        "images of {found} pixels are not on the menu {PIXELS:?}; add it to `pixels` in xtask/src/menu.rs"
    )]
    Pixels { found: usize },
}

/// A new model of the named sizes, its weights drawn from `seed`.
pub(crate) fn build(preset: PresetName, pixels: usize, code: usize, seed: u64) -> Result<Box<dyn Model>> {
    check_code(preset, code)?;
    if !PIXELS.contains(&pixels) {
        return Err(OffMenu::Pixels { found: pixels }.into());
    }
    Ok(on_menu(preset, pixels, code, seed)?.expect("both sizes are on the menu"))
}

/// Refuses a code size that is not on the preset's menu.
pub(crate) fn check_code(preset: PresetName, code: usize) -> Result<(), OffMenu> {
    let menu = codes(preset);
    if menu.contains(&code) { Ok(()) } else { Err(OffMenu::Code { found: code, menu }) }
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

/// `PIXELS -> 1000, relu -> CODE`, and back.
type OneWide<const PIXELS: usize, const CODE: usize> = Autoencoder<
    (Linear<PIXELS, 1000>, ReLU, Linear<1000, CODE>),
    (Linear<CODE, 1000>, ReLU, Linear<1000, PIXELS>),
>;
type Narrow<const PIXELS: usize, const CODE: usize> = Deep<PIXELS, 512, 128, CODE>;
type Wide<const PIXELS: usize, const CODE: usize> = Deep<PIXELS, 1000, 500, CODE>;
type WideAndDeeper<const PIXELS: usize, const CODE: usize> = Deeper<PIXELS, 1000, 500, 250, CODE>;

macro_rules! menu {
    (pixels: $pixels:tt, codes: { $($preset:pat => $($shape:ident $codes:tt)+,)* }) => {
        /// Pixels an image may have.
        pub(crate) const PIXELS: &[usize] = &$pixels;

        /// Numbers a code of the preset may have.
        pub(crate) fn codes(preset: PresetName) -> Vec<usize> {
            match preset {
                $($preset => [$(&$codes[..]),+].concat(),)*
            }
        }

        fn on_menu(preset: PresetName, pixels: usize, code: usize, seed: u64) -> Result<Option<Box<dyn Model>>, ModelError> {
            match preset {
                $($preset => {
                    $(menu!(@pixels $pixels, $shape $codes, pixels, code, seed);)+
                })*
            }
            Ok(None)
        }
    };
    (@pixels [$($pixels:literal),*], $shape:ident $codes:tt, $wanted:ident, $code:ident, $seed:ident) => {
        match $wanted {
            $($pixels => menu!(@codes $pixels, $shape $codes, $code, $seed),)*
            _ => {}
        }
    };
    (@codes $pixels:literal, $shape:ident [$($code:literal),*], $wanted:ident, $seed:ident) => {
        match $wanted {
            $($code => return Ok(Some(Box::new($shape::<$pixels, $code>::build($seed)?))),)*
            _ => {}
        }
    };
}

// Each size takes a second or two to compile.
menu! {
    pixels: [784, 1024],
    codes: {
        PresetName::Shallow | PresetName::Denoising => Shallow [2, 4, 8, 16, 32, 64, 128],
        PresetName::Deep | PresetName::Masked => Narrow [2, 4, 8, 16, 32, 64, 128],
        PresetName::Codec => Wide [16, 32, 64] OneWide [128],
        PresetName::Features => WideAndDeeper [32],
    }
}
