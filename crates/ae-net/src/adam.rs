//! Adam (Kingma and Ba 2015, Algorithm 1), one pass over the parameters.
//!
//! `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
//! `w -= rate * m_hat / (sqrt(v_hat) + epsilon)` with `m_hat = m / (1 - beta1^t)`,
//! `v_hat = v / (1 - beta2^t)`, and `t` counting from 1: the form that PyTorch and dfdx compute.

use pulp::{Simd, WithSimd};

use crate::kernels::strips::Strip;
use crate::{LayerValues, NetError};

/// Adam's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Step length, positive; 1e-3 unless said otherwise.
    pub learning_rate: f32,
    /// Decay of the mean of gradients, in `[0, 1)`; 0.9 unless said otherwise.
    pub beta1: f32,
    /// Decay of the mean of squared gradients, in `[0, 1)`; 0.999 unless said otherwise.
    pub beta2: f32,
    /// Added to the root, at least 0; 1e-8 unless said otherwise.
    pub epsilon: f32,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Adam {
    pub(crate) fn check(&self) -> Result<(), NetError> {
        let decay = "a number in [0, 1)";
        for (name, value, holds, expected) in [
            ("Adam's learning rate", self.learning_rate, self.learning_rate > 0.0, "a positive number"),
            ("Adam's beta1", self.beta1, (0.0..1.0).contains(&self.beta1), decay),
            ("Adam's beta2", self.beta2, (0.0..1.0).contains(&self.beta2), decay),
            ("Adam's epsilon", self.epsilon, self.epsilon >= 0.0, "a number of at least 0"),
        ] {
            if !holds || !value.is_finite() {
                return Err(NetError::argument(name, expected, value));
            }
        }
        Ok(())
    }

    /// The constants of step `t`, counted from 1.
    pub(crate) fn at(&self, t: u64) -> AdamStep {
        let unbias = |beta: f32| 1.0 / (1.0 - f64::from(beta).powf(t as f64));
        AdamStep {
            beta1: self.beta1,
            beta2: self.beta2,
            rate: (f64::from(self.learning_rate) * unbias(self.beta1)) as f32,
            unbias2: unbias(self.beta2) as f32,
            epsilon: self.epsilon,
        }
    }
}

/// Adam's memory, by layer: with it and the layers, training goes on as if it had never stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Steps taken.
    pub steps: u64,
    /// Running means of gradients, first layer first.
    pub first: Vec<LayerValues>,
    /// Running means of squared gradients, first layer first.
    pub second: Vec<LayerValues>,
}

/// The constants of one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamStep {
    beta1: f32,
    beta2: f32,
    /// Learning rate over `1 - beta1^t`.
    rate: f32,
    /// 1 over `1 - beta2^t`.
    unbias2: f32,
    epsilon: f32,
}

/// One step over a shard.
pub(crate) struct Update<'a> {
    pub(crate) step: AdamStep,
    pub(crate) gradient: &'a [Strip],
    pub(crate) parameters: &'a mut [Strip],
    pub(crate) first: &'a mut [Strip],
    pub(crate) second: &'a mut [Strip],
}

impl WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let splat = |value| simd.splat_f32s(value);
        let (beta1, beta2) = (splat(self.step.beta1), splat(self.step.beta2));
        let (rest1, rest2) = (splat(1.0 - self.step.beta1), splat(1.0 - self.step.beta2));
        let (rate, unbias2) = (splat(self.step.rate), splat(self.step.unbias2));
        let epsilon = splat(self.step.epsilon);
        let gradient = S::as_simd_f32s(self.gradient.as_flattened()).0;
        let parameters = S::as_mut_simd_f32s(self.parameters.as_flattened_mut()).0;
        let first = S::as_mut_simd_f32s(self.first.as_flattened_mut()).0;
        let second = S::as_mut_simd_f32s(self.second.as_flattened_mut()).0;
        for (((&g, w), m), v) in gradient.iter().zip(parameters).zip(first).zip(second) {
            *m = simd.mul_add_e_f32s(beta1, *m, simd.mul_f32s(rest1, g));
            *v = simd.mul_add_e_f32s(beta2, *v, simd.mul_f32s(rest2, simd.mul_f32s(g, g)));
            let root = simd.sqrt_f32s(simd.mul_f32s(*v, unbias2));
            let step = simd.div_f32s(simd.mul_f32s(rate, *m), simd.add_f32s(root, epsilon));
            *w = simd.sub_f32s(*w, step);
        }
    }
}
