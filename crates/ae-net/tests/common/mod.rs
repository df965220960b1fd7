//! Small random problems, and how results are held against the plain reference.
#![allow(dead_code, reason = "each test file uses its own part")]

use ae_net::reference::LayerGradient;
use ae_net::{Activation, Dense, LayerValues, Stack};

/// SplitMix64: a few lines of seeded numbers, so that a failing case can be rebuilt from its seed.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    pub(crate) fn signed(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    pub(crate) fn values(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.signed() * scale).collect()
    }

    /// Bytes of which most are zero, some 255.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| match self.below(10) {
                0..=6 => 0,
                7 => 255,
                _ => self.below(256) as u8,
            })
            .collect()
    }

    pub(crate) fn layers(&mut self, sizes: &[usize], activations: &[Activation]) -> Vec<Dense> {
        sizes
            .windows(2)
            .zip(activations)
            .map(|(size, &activation)| {
                let scale = (3.0 / size[0] as f32).sqrt();
                let weight = self.values(size[0] * size[1], scale);
                Dense::new(size[0], weight, self.values(size[1], 0.3), activation).unwrap()
            })
            .collect()
    }

    pub(crate) fn stack(&mut self, sizes: &[usize], activations: &[Activation]) -> Stack {
        Stack::new(&self.layers(sizes, activations)).unwrap()
    }
}

/// Numbers in `f64`.
pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// What is wrong with `found`, if anything: 1e-5 absolute plus 1e-4 relative, parameter by parameter. A NaN
/// is wrong.
pub(crate) fn gradient_fault(found: &[LayerValues], expected: &[LayerGradient]) -> Option<String> {
    assert_eq!(found.len(), expected.len());
    for (layer, (found, LayerGradient { weight, bias })) in found.iter().zip(expected).enumerate() {
        for (what, found, expected) in [("weight", &found.weight, weight), ("bias", &found.bias, bias)] {
            assert_eq!(found.len(), expected.len());
            for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                let within = (f64::from(found) - expected).abs() <= 1e-5 + 1e-4 * expected.abs();
                if !within {
                    return Some(format!("layer {layer} {what} {index}: {found}, expected {expected}"));
                }
            }
        }
    }
    None
}

/// Bits of every parameter, to compare runs that must be the same.
pub(crate) fn bits(stack: &Stack) -> Vec<u32> {
    stack
        .layers()
        .iter()
        .flat_map(|layer| layer.weight().iter().chain(layer.bias()).map(|v| v.to_bits()).collect::<Vec<_>>())
        .collect()
}
