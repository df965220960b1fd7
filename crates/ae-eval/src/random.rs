//! Seeded draws that mean the same with every release of every crate.
//!
//! The generator is ChaCha with 8 rounds; its key is the seed, little-endian, then 24 bytes of ASCII that say
//! what is drawn, so that two uses of one seed have nothing in common. Its stream number tells apart the
//! draws of one purpose: a class, or a repetition.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    ProbeWeights,
    ProbeOrder,
    LabelDraw,
    Codes,
    Baseline,
}

impl Purpose {
    fn tag(self) -> &'static [u8; 24] {
        match self {
            Purpose::ProbeWeights => b"ae-eval: probe's weights",
            Purpose::ProbeOrder => b"ae-eval: order of probes",
            Purpose::LabelDraw => b"ae-eval: labels revealed",
            Purpose::Codes => b"ae-eval: codes generated",
            Purpose::Baseline => b"ae-eval: baseline's code",
        }
    }
}

/// The generator of (seed, purpose, stream).
pub(crate) fn generator(seed: u64, purpose: Purpose, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(purpose.tag());
    let mut generator = ChaCha8Rng::from_seed(key);
    generator.set_stream(stream);
    generator
}

/// A seed for another crate's generator.
pub(crate) fn seed_for(seed: u64, purpose: Purpose, stream: u64) -> u64 {
    generator(seed, purpose, stream).next_u64()
}

/// `U[0, 1)`, a multiple of 2^-53.
pub(crate) fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Draws from N(0, 1), two at a time (Box and Muller, *A Note on the Generation of Random Normal Deviates*,
/// Annals of Mathematical Statistics 29, 1958).
pub(crate) struct Normal {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Normal {
    pub(crate) fn new(generator: ChaCha8Rng) -> Self {
        Self { generator, spare: None }
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
        let mut normal = Normal::new(generator(1, Purpose::Codes, 2));
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
    fn seed_purpose_and_stream_each_change_the_draws() {
        let first = seed_for(1, Purpose::Codes, 2);
        assert_eq!(seed_for(1, Purpose::Codes, 2), first);
        for other in [
            seed_for(2, Purpose::Codes, 2),
            seed_for(1, Purpose::Baseline, 2),
            seed_for(1, Purpose::Codes, 3),
        ] {
            assert_ne!(other, first);
        }
    }
}
