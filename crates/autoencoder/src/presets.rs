//! The recipes that have a name: shape and settings of a training, where the flags say nothing.

use ae_train::TrainParams;
use anyhow::{Result, anyhow};
use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// One dense layer a side, a ReLU code
    Shallow,
    /// Three dense layers a side (512 and 128 hidden units), a linear code
    Deep,
    /// As deep, most of each training input masked: codes that say more of which digit it is
    Masked,
    /// As shallow, on noisy inputs: removes noise
    Denoising,
    /// Three wide dense layers a side (1000 and 500 hidden units; 1000 alone above 64 numbers), a linear code,
    /// trained to be stored in few bits
    Codec,
    /// Four dense layers a side (1000, 500 and 250 hidden units), part of each training input masked: the
    /// codes to classify by
    Features,
}

impl Preset {
    /// The preset that a file names.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Self::from_str(name, false).map_err(|_| anyhow!("unknown preset {name:?}"))
    }

    /// As it is written on the command line, in folder names and in `run.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
            Self::Masked => "masked",
            Self::Denoising => "denoising",
            Self::Codec => "codec",
            Self::Features => "features",
        }
    }

    /// Numbers in its code where none are asked for.
    pub(crate) fn default_code(self) -> usize {
        match self {
            Self::Shallow | Self::Masked | Self::Denoising | Self::Codec | Self::Features => 32,
            Self::Deep => 2,
        }
    }

    /// Units of its hidden layers, from the image to a code of `code` numbers; the decoder mirrors them.
    pub(crate) fn hidden(self, code: usize) -> &'static [usize] {
        match self {
            Self::Shallow | Self::Denoising => &[],
            Self::Deep | Self::Masked => &[512, 128],
            Self::Codec if code > 64 => &[1000],
            Self::Codec => &[1000, 500],
            Self::Features => &[1000, 500, 250],
        }
    }

    /// How it is trained to make codes of `code` numbers where nothing else is asked for. `shallow` is the
    /// reference recipe; the others were chosen on the last 10,000 training images, held out for it: see
    /// docs/results.md.
    pub(crate) fn params(self, code: usize) -> TrainParams {
        let recipe = TrainParams::default();
        match self {
            Self::Shallow => recipe,
            Self::Deep => TrainParams { batch_size: 128, ..recipe },
            Self::Masked => TrainParams { epochs: 60, batch_size: 128, mask: 0.75, ..recipe },
            Self::Denoising => TrainParams { learning_rate: 5e-4, noise: 0.5, ..recipe },
            Self::Codec => TrainParams {
                epochs: 20,
                batch_size: 128,
                // The more numbers, the less a bit may cost: together they cover 5 to 40 bytes an image.
                rate: match code {
                    ..=16 => 0.4,
                    17..=32 => 0.15,
                    33..=64 => 0.06,
                    _ => 0.03,
                },
                decay: 0.5,
                ..recipe
            },
            Self::Features => TrainParams { epochs: 20, batch_size: 128, mask: 0.25, ..recipe },
        }
    }
}

/// All presets with their settings: a line for each, and one for each size of a code that changes them.
pub(crate) fn table() -> String {
    let mut table =
        "Presets:          code  epochs  batch size  learning rate  noise  mask  rate  decay\n".to_owned();
    for preset in Preset::value_variants() {
        let default = preset.default_code();
        let shown = |&code: &usize| code == default || preset.params(code) != preset.params(default);
        for code in [2, 16, 32, 64, 128].into_iter().filter(shown) {
            // Below 16 numbers a codec is trained as with 16.
            if *preset == Preset::Codec && code == 2 {
                continue;
            }
            let TrainParams { epochs, batch_size, learning_rate, noise, mask, rate, decay, .. } =
                preset.params(code);
            table += &format!(
                "  {:<14}{code:>6}{epochs:>8}{batch_size:>12}{learning_rate:>15}{noise:>7}{mask:>6}{rate:>6}{decay:>7}\n",
                preset.name(),
            );
        }
    }
    table
}
