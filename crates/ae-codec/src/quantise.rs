//! Code numbers to integers and back: uniform rounding, with a step for each unit of the code.
//!
//! With step `d`, a number `z` becomes the integer `round(z / d)`, and an integer `s` stands for `s d`. Rounding
//! off a unit with step `d` adds about `e^2 d^2 / 12` to the squared error of a pixel, where `e` is the unit's *effect*: the
//! root mean square change of the pixels for a change of the number by 1. At a given sum of these the bits are fewest
//! where all units add the same (Gersho and Gray 1992, section 8.3), so steps are in inverse proportion to effects.
//!
//! Rounding towards cheaper integers, and standing for a bin by the mean of the codes in it, were tried and gave nothing
//! at the rates that matter; see docs/results.md.

use ae_net::{Decoder, Rows, Team};

use crate::CodecError;

/// The largest integer, either way: as far as 32-bit floats count.
pub const MAX_SYMBOL: i32 = 1 << 23;
/// Codes that effects are estimated on, at most.
const EFFECT_CODES: usize = 128;
/// How far a number is moved for that, as a share of its standard deviation.
const NUDGE: f64 = 0.2;
/// Units of less effect than this share of the largest are treated as if they had that much: what a few codes do not show,
/// others may.
const LEAST_EFFECT: f64 = 1e-3;
/// What rounding adds to the squared error at quality 50, as a share of what the model loses by itself.
const ADDED_SHARE: f64 = 0.04;
/// What the model's own squared error a pixel is taken to be at least: 80 dB.
const LEAST_MSE: f64 = 1e-8;

/// How finely codes are rounded, from 0 to 100: 10 more halve the steps, which costs about a bit a unit.
///
/// # Example
/// ```
/// use ae_codec::Quality;
/// assert_eq!(Quality::default(), Quality::new(50.0)?);
/// assert_eq!(Quality::new(60.0)?.scale(), 0.5);
/// assert!(Quality::new(101.0).is_err());
/// # Ok::<(), ae_codec::CodecError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality(f32);

impl Quality {
    /// A quality.
    ///
    /// # Errors
    /// [`CodecError::Argument`] unless it is in 0 to 100.
    pub fn new(quality: f32) -> Result<Self, CodecError> {
        if (0.0..=100.0).contains(&quality) {
            Ok(Self(quality))
        } else {
            Err(CodecError::argument("quality", "a number from 0 to 100", quality))
        }
    }

    /// What steps are multiplied with: `2^((50 - quality) / 10)`.
    pub fn scale(self) -> f64 {
        ((50.0 - f64::from(self.0)) / 10.0).exp2()
    }
}

impl Default for Quality {
    fn default() -> Self {
        Self(50.0)
    }
}

/// A step for each unit of a code.
///
/// Steps are numbers of 16 bits, the upper half of a 32-bit float, which is how files hold them.
///
/// # Example
/// ```
/// use ae_codec::Quantiser;
/// let quantiser = Quantiser::uniform(2, 0.5)?;
/// let mut symbols = Vec::new();
/// quantiser.symbols(&[0.6, -1.3, 0.0, 100.0], &mut symbols)?;
/// assert_eq!(symbols, [1, -3, 0, 200]);
/// let mut codes = Vec::new();
/// quantiser.codes(&symbols, &mut codes)?;
/// assert_eq!(codes, [0.5, -1.5, 0.0, 100.0]);
/// # Ok::<(), ae_codec::CodecError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Quantiser {
    steps: Vec<f32>,
}

impl Quantiser {
    /// The same step for every one of `units` units, as near to `step` as 16 bits come.
    ///
    /// # Errors
    /// [`CodecError::Argument`] without units, or unless the step is from 1e-30 to 1e30.
    pub fn uniform(units: usize, step: f64) -> Result<Self, CodecError> {
        Self::new(vec![step as f32; units])
    }

    /// Steps in inverse proportion to the units' effect on the decoder's pixels, so that rounding adds about `0.04
    /// own_mse` to the mean squared error at quality 50, and `scale^2` times that at any other.
    ///
    /// Effects are estimated by finite differences on some of the codes, evenly spread over them. The same
    /// steps for any team.
    ///
    /// # Shapes
    /// - `codes`: `(B, CODE)`; without any, steps are all the same
    /// - `own_mse`: squared error of the reconstructions from these codes unrounded, mean over images and pixels
    ///
    /// # Errors
    /// [`CodecError::Argument`] if the codes are not whole, or if a code or what the decoder makes of it is not finite.
    pub fn matched(
        team: &Team,
        decoder: &Decoder,
        codes: &[f32],
        own_mse: f64,
        quality: Quality,
    ) -> Result<Self, CodecError> {
        let units = decoder.code_size();
        let rows = whole_rows(codes, units)?;
        let taken = rows.min(EFFECT_CODES);
        let sample: Vec<f32> =
            (0..taken).flat_map(|row| &codes[row * rows / taken * units..][..units]).copied().collect();
        require_finite(&sample, units)?;

        let effects = effects(team, decoder, &sample)?;
        let largest = effects.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Self::uniform(units, quality.scale());
        }
        let added = own_mse.max(LEAST_MSE) * ADDED_SHARE;
        let each = (12.0 * added / units as f64).sqrt() * quality.scale();
        Self::new(effects.iter().map(|effect| (each / effect.max(LEAST_EFFECT * largest)) as f32).collect())
    }

    /// These steps, rounded to 16 bits.
    pub(crate) fn new(mut steps: Vec<f32>) -> Result<Self, CodecError> {
        if steps.is_empty() {
            return Err(CodecError::argument("units of a code", "at least 1", 0));
        }
        for (unit, step) in steps.iter_mut().enumerate() {
            // Any code in reach stays finite, and no step becomes 0 by rounding. NaN is in no range.
            if !(1e-30..=1e30).contains(step) {
                let found = format_args!("{step} for unit {unit}");
                return Err(CodecError::argument("the steps", "numbers from 1e-30 to 1e30", found));
            }
            *step = f32::from_bits(step.to_bits().saturating_add(1 << 15) & !0xffff);
        }
        Ok(Self { steps })
    }

    /// Numbers in a code.
    pub fn units(&self) -> usize {
        self.steps.len()
    }

    /// `(CODE)`: each unit's step.
    pub fn steps(&self) -> &[f32] {
        &self.steps
    }

    /// The integers that codes are rounded to, in place of what `symbols` held, `(B, CODE)`; those beyond
    /// [`MAX_SYMBOL`] stop there.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if the codes are not whole, or for a NaN or an infinity.
    pub fn symbols(&self, codes: &[f32], symbols: &mut Vec<i32>) -> Result<(), CodecError> {
        whole_rows(codes, self.units())?;
        require_finite(codes, self.units())?;
        symbols.clear();
        symbols.reserve(codes.len());
        for code in codes.chunks_exact(self.units()) {
            // The conversion stops at the ends of its range too, should the quotient overflow.
            symbols.extend(
                code.iter()
                    .zip(&self.steps)
                    .map(|(value, step)| ((value / step).round() as i32).clamp(-MAX_SYMBOL, MAX_SYMBOL)),
            );
        }
        Ok(())
    }

    /// The codes that integers stand for, in place of what `codes` held, `(B, CODE)`: `symbol * step`, which is the same
    /// on any machine.
    ///
    /// # Errors
    /// [`CodecError::Argument`] if the integers are not whole codes.
    pub fn codes(&self, symbols: &[i32], codes: &mut Vec<f32>) -> Result<(), CodecError> {
        whole_rows(symbols, self.units())?;
        codes.clear();
        codes.reserve(symbols.len());
        for row in symbols.chunks_exact(self.units()) {
            codes.extend(row.iter().zip(&self.steps).map(|(&symbol, step)| symbol as f32 * step));
        }
        Ok(())
    }
}

/// `(CODE)`: root mean square change of the pixels for a change of each number by 1, around the codes given.
fn effects(team: &Team, decoder: &Decoder, codes: &[f32]) -> Result<Vec<f64>, CodecError> {
    let units = decoder.code_size();
    let rows = codes.len() / units;
    let unmoved = decoder.decode(team, Rows::values(codes, units)?)?;
    let mut effects = Vec::with_capacity(units);
    for unit in 0..units {
        let values = || codes.iter().skip(unit).step_by(units).map(|&value| f64::from(value));
        let mean = values().sum::<f64>() / rows.max(1) as f64;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / rows.max(1) as f64;
        // A number that never changes among these is moved a little for its size.
        let nudge = if variance > 0.0 { NUDGE * variance.sqrt() } else { NUDGE * mean.abs().max(1.0) };
        let mut moved = codes.to_vec();
        for (row, code) in moved.chunks_exact_mut(units).enumerate() {
            let nudge = if row % 2 == 0 { nudge } else { -nudge };
            code[unit] += nudge as f32;
        }
        let moved = decoder.decode(team, Rows::values(&moved, units)?)?;
        let squares = moved.iter().zip(&unmoved).map(|(a, b)| f64::from(a - b).powi(2));
        let effect = (squares.sum::<f64>() / moved.len().max(1) as f64).sqrt() / nudge;
        if !effect.is_finite() {
            let found = format_args!("others around unit {unit}");
            return Err(CodecError::argument("the decoder's images", "finite numbers", found));
        }
        effects.push(effect);
    }
    Ok(effects)
}

pub(crate) fn whole_rows<T>(values: &[T], units: usize) -> Result<usize, CodecError> {
    if values.len().is_multiple_of(units) {
        return Ok(values.len() / units);
    }
    Err(CodecError::argument("codes", format_args!("whole codes of {units} numbers"), values.len()))
}

fn require_finite(codes: &[f32], units: usize) -> Result<(), CodecError> {
    match codes.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let found = format_args!("{} as unit {} of code {}", codes[at], at % units, at / units);
            Err(CodecError::argument("codes", "finite numbers", found))
        }
    }
}
