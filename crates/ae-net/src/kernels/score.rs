//! How far reconstructions are from the bytes they stand for: two figures, in one pass over the logits.

use pulp::{Simd, WithSimd};

use super::arch::Arch;
use super::loss::{BceSum, FACTORS, NO_LOGIT, sum_of, target_strip};
use super::products::registers;
use super::strips::STRIP;
use crate::crew::Work;
use crate::error::require_length;
use crate::rows::Target;
use crate::{NetError, Outputs, Rows, Team};

/// Pixels in a share: whole groups of [`FACTORS`] strips, some ten microseconds of work.
const SHARE: usize = 16 * GROUP;
/// Pixels between two logarithms.
const GROUP: usize = FACTORS * STRIP;

/// Sums over the numbers of rows, bytes standing for themselves times 1/255.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PixelErrors {
    /// Cross-entropy of the logits against the targets, `max(z, 0) - z t + ln(1 + exp(-|z|))`, nats.
    pub bce: f64,
    /// Squared distance of the logits' sigmoid from the targets.
    pub squared: f64,
}

impl PixelErrors {
    /// Sums over any number of pixels; the same bits whatever the size of the team. Of outputs that are not logits the
    /// cross-entropy is left at 0.
    ///
    /// # Errors
    /// [`NetError::Argument`] if there are more or fewer targets than outputs, or they were picked from a set.
    ///
    /// # Example
    /// ```
    /// use ae_net::{Outputs, PixelErrors, Rows, Team};
    /// let found = PixelErrors::of(&Team::new(1)?, Outputs::Logits, &[0.0, 0.0], Rows::bytes(&[0, 255], 2)?)?;
    /// // Two pixels, both half bright.
    /// assert!((found.bce - 2.0 * std::f64::consts::LN_2).abs() < 1e-6);
    /// assert!((found.squared - 0.5).abs() < 1e-6);
    /// # Ok::<(), ae_net::NetError>(())
    /// ```
    pub fn of(team: &Team, kind: Outputs, outputs: &[f32], targets: Rows<'_>) -> Result<Self, NetError> {
        require_length("targets", outputs.len(), targets.len() * targets.width())?;
        let targets = targets
            .side_by_side()
            .ok_or_else(|| NetError::argument("targets", "values or bytes side by side", "some of a set"))?;
        if kind != Outputs::Logits {
            return Ok(Self { bce: 0.0, squared: squared_error(kind, outputs, targets) });
        }
        let logits = outputs;
        let arch = Arch::new();
        let mut sums = vec![Self::default(); logits.len().div_ceil(SHARE)];
        let bounds: Vec<_> = (0..=sums.len()).collect();
        team.pace(Work::Score, logits.len(), || {
            team.share(&bounds, [&mut sums], &|share, [sum]| {
                let range = share * SHARE..logits.len().min((share + 1) * SHARE);
                sum[0] =
                    arch.dispatch(Score { logits: &logits[range.clone()], targets: targets.part(range) });
            });
        });
        Ok(sums.iter().fold(Self::default(), |sum, share| Self {
            bce: sum.bce + share.bce,
            squared: sum.squared + share.squared,
        }))
    }
}

fn squared_error(kind: Outputs, outputs: &[f32], targets: Target<'_>) -> f64 {
    let square = |output: &f32, target: f64| (f64::from(kind.brightness(*output)) - target).powi(2);
    match targets {
        Target::Bytes(bytes) => {
            outputs.iter().zip(bytes).map(|(output, &byte)| square(output, f64::from(byte) / 255.0)).sum()
        }
        Target::Values(values) => {
            outputs.iter().zip(values).map(|(output, &value)| square(output, value.into())).sum()
        }
        Target::Class(_) => unreachable!("rows are bytes or values"),
    }
}

struct Score<'a> {
    logits: &'a [f32],
    targets: Target<'a>,
}

impl WithSimd for Score<'_> {
    type Output = PixelErrors;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> PixelErrors {
        match S::F32_LANES {
            16 => self.groups::<S, 2>(simd),
            8 => self.groups::<S, 4>(simd),
            4 => self.groups::<S, 8>(simd),
            _ => self.groups::<S, 32>(simd),
        }
    }
}

impl Score<'_> {
    #[inline(always)]
    fn groups<S: Simd, const WIDE: usize>(self, simd: S) -> PixelErrors {
        let mut total = PixelErrors::default();
        for (group, logits) in self.logits.chunks(GROUP).enumerate() {
            let targets = self.targets.part(group * GROUP..group * GROUP + logits.len());
            let mut bce = BceSum::<S, WIDE>::new(simd);
            let mut squared = [simd.splat_f32s(0.0); WIDE];
            for (index, logits) in logits.chunks(STRIP).enumerate() {
                // Past the end: a logit and a target that agree exactly.
                let mut strip = [NO_LOGIT; STRIP];
                strip[..logits.len()].copy_from_slice(logits);
                let z = registers::<S, WIDE>(&strip, 0);
                let t = target_strip(targets, index);
                let t = registers::<S, WIDE>(&t, 0);
                for (wide, squared) in squared.iter_mut().enumerate() {
                    let error = simd.sub_f32s(bce.add(simd, wide, z[wide], t[wide]), t[wide]);
                    *squared = simd.mul_add_e_f32s(error, error, *squared);
                }
            }
            total.bce += bce.finish(simd);
            total.squared += sum_of(simd, squared);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::architectures;

    fn rows(bytes: &[u8]) -> Rows<'_> {
        Rows::bytes(bytes, 1).unwrap()
    }

    /// The formulas as they are written, in `f64`.
    fn plain(logits: &[f32], targets: &[u8]) -> PixelErrors {
        let mut sum = PixelErrors::default();
        for (&z, &byte) in logits.iter().zip(targets) {
            let (z, t) = (f64::from(z), f64::from(byte) / 255.0);
            sum.bce += z.max(0.0) - z * t + (-z.abs()).exp().ln_1p();
            sum.squared += (1.0 / (1.0 + (-z).exp()) - t).powi(2);
        }
        sum
    }

    /// Logits from saturated to small, bytes from black to white, neither in step with the other.
    fn pixels(count: usize) -> (Vec<f32>, Vec<u8>) {
        let logit =
            |i: usize| [0.0, -3.5, 100.0, -100.0, 0.25, 7.0, -0.01][i % 7] * (1.0 + (i % 11) as f32 / 11.0);
        ((0..count).map(logit).collect(), (0..count).map(|i| [0, 255, 3, 128, 254][i % 5]).collect())
    }

    #[test]
    fn every_architecture_agrees_with_the_formulas_at_every_length() {
        for count in [0, 1, 31, 32, 33, GROUP - 1, GROUP, GROUP + 1, 3 * GROUP + 17] {
            let (logits, targets) = pixels(count);
            let expected = plain(&logits, &targets);
            for arch in architectures() {
                let found = arch.dispatch(Score { logits: &logits, targets: Target::Bytes(&targets) });
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + b);
                assert!(close(found.bce, expected.bce), "{arch:?}, {count}: {found:?}, {expected:?}");
                assert!(close(found.squared, expected.squared), "{arch:?}, {count}: {found:?}, {expected:?}");
            }
        }
    }

    #[test]
    fn any_team_gives_the_same_bits() {
        let (logits, targets) = pixels(5 * SHARE + 100);
        let one = PixelErrors::of(&Team::new(1).unwrap(), Outputs::Logits, &logits, rows(&targets)).unwrap();
        for threads in [2, 3, 7] {
            let team = Team::new(threads).unwrap();
            assert_eq!(PixelErrors::of(&team, Outputs::Logits, &logits, rows(&targets)).unwrap(), one);
        }
    }

    #[test]
    fn nan_reaches_both_sums_and_lengths_must_agree() {
        let team = Team::new(1).unwrap();
        let found = PixelErrors::of(&team, Outputs::Logits, &[0.0, f32::NAN], rows(&[0, 0])).unwrap();
        assert!(found.bce.is_nan() && found.squared.is_nan());
        let error = PixelErrors::of(&team, Outputs::Logits, &[0.0], rows(&[0, 0])).unwrap_err();
        assert_eq!(error.to_string(), "targets: expected 1 values, found 2");
    }

    #[test]
    fn values_score_as_the_bytes_that_they_are() {
        let team = Team::new(2).unwrap();
        let (outputs, bytes) = pixels(2 * SHARE + 77);
        let values = rows(&bytes).to_values();
        for kind in [Outputs::Logits, Outputs::Values, Outputs::Clipped] {
            let of = |targets| PixelErrors::of(&team, kind, &outputs, targets).unwrap();
            let (as_bytes, as_values) = (of(rows(&bytes)), of(Rows::values(&values, 1).unwrap()));
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + b);
            assert!(close(as_bytes.squared, as_values.squared) && close(as_bytes.bce, as_values.bce));
        }
        let picked = rows(&bytes).pick(&[1]).unwrap();
        assert!(PixelErrors::of(&team, Outputs::Logits, &[0.0], picked).is_err());
    }
}
