//! What is drawn from a seed, beside uniform numbers.

use ae_seed::{ChaCha8Rng, Rng, generator, uniform};

/// The purposes that seeds are put to here; each stream is a class, or a repetition.
pub(crate) const PROBE_WEIGHTS: &[u8; 24] = b"ae-eval: probe's weights";
pub(crate) const PROBE_ORDER: &[u8; 24] = b"ae-eval: order of probes";
pub(crate) const LABEL_DRAW: &[u8; 24] = b"ae-eval: labels revealed";
pub(crate) const CODES: &[u8; 24] = b"ae-eval: codes generated";
pub(crate) const BASELINE: &[u8; 24] = b"ae-eval: baseline's code";
pub(crate) const LEADING_SAMPLE: &[u8; 24] = b"ae-eval: images for PCAs";
pub(crate) const LEADING_START: &[u8; 24] = b"ae-eval: start of search";

/// A seed for another crate's generator.
pub(crate) fn seed_for(seed: u64, purpose: &[u8; 24], stream: u64) -> u64 {
    generator(seed, purpose, stream).next_u64()
}

/// Draws from N(0, 1), two at a time (Box and Muller, *A Note on the Generation of Random Normal Deviates*,
/// Annals of Mathematical Statistics 29, 1958).
pub(crate) struct Normal {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Normal {
    pub(crate) fn new(seed: u64, purpose: &[u8; 24], stream: u64) -> Self {
        Self { generator: generator(seed, purpose, stream), spare: None }
    }

    pub(crate) fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // In (0, 1], so that its logarithm is finite.
        let u = 1.0 - uniform(&mut self.generator);
        let radius = (-2.0 * u.ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * uniform(&mut self.generator)).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_standard_normal() {
        let mut normal = Normal::new(1, CODES, 2);
        let n = 200_000;
        let draws: Vec<f64> = std::iter::repeat_with(|| normal.draw()).take(n).collect();
        let moment = |power| draws.iter().map(|z| z.powi(power)).sum::<f64>() / n as f64;
        // Five standard errors of each sample moment: of z^p they are sqrt(E z^2p - (E z^p)^2) / sqrt(n).
        for (power, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 2.0_f64), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let error = (moment(power) - expected).abs();
            assert!(error <= 5.0 * (spread / n as f64).sqrt(), "moment {power} is off by {error}");
        }
        // Neighbours come from one pair of uniforms and must not be related.
        let together = draws.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (n / 2) as f64;
        assert!(together.abs() <= 5.0 / ((n / 2) as f64).sqrt(), "{together}");
    }

    #[test]
    fn each_purpose_has_draws_of_its_own() {
        let purposes =
            [PROBE_WEIGHTS, PROBE_ORDER, LABEL_DRAW, CODES, BASELINE, LEADING_SAMPLE, LEADING_START];
        for (place, purpose) in purposes.iter().enumerate() {
            let draw = seed_for(1, purpose, 2);
            assert!(purposes[..place].iter().all(|other| seed_for(1, other, 2) != draw));
            assert!(draw != seed_for(2, purpose, 2) && draw != seed_for(1, purpose, 3));
        }
    }
}
