//! Activations, their derivatives, and the exponential under them, one register at a time.

use pulp::Simd;

use crate::Activation;

/// 1.5 * 2^23: floats of this size are 1 apart, so adding it rounds to an integer in the low bits.
const ROUNDER: f32 = 12_582_912.0;
/// Exponent bias of an `f32`.
const EXPONENT_BIAS: f32 = 127.0;
/// Below this, `exp` is no longer a normal number.
const LOWEST: f32 = -87.0;

/// `exp(x)` for `x <= 0`, within 2e-7 of the value; below -87 it stays at `exp(-87)`, 1.6e-38. NaN in,
/// NaN out.
///
/// `exp(x) = 2^n exp(r)` with `|r| <= ln(2) / 2`; the polynomial for `exp(r)` is that of Cephes' `expf`
/// (S. Moshier).
#[inline(always)]
pub(crate) fn exp_negative<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let splat = |value| simd.splat_f32s(value);
    // Not `max`, whose answer to NaN depends on the machine.
    let x = simd.select_f32s(simd.less_than_f32s(x, splat(LOWEST)), splat(LOWEST), x);
    // The bias is added while the number is rounded, so the low bits are the exponent field of 2^n.
    let rounder = splat(ROUNDER + EXPONENT_BIAS);
    let rounded = simd.mul_add_e_f32s(x, splat(std::f32::consts::LOG2_E), rounder);
    let n = simd.sub_f32s(rounded, rounder);
    let field = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(field);
    // ln 2 in two parts, the first of few enough bits that n times it is exact.
    let r = simd.mul_add_e_f32s(n, splat(-0.693_359_4), x);
    let r = simd.mul_add_e_f32s(n, splat(2.121_944_4e-4), r);
    let mut p = splat(1.987_569_1e-4);
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = simd.mul_add_e_f32s(p, r, splat(coefficient));
    }
    let p = simd.mul_add_e_f32s(simd.mul_f32s(r, r), p, simd.add_f32s(r, splat(1.0)));
    simd.mul_f32s(p, power)
}

/// `(1 / (1 + exp(-x)), 1 + exp(-|x|))`: the sigmoid, and what the logarithm in the loss is taken of.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    let e = exp_negative(simd, simd.neg_f32s(simd.abs_f32s(x)));
    let denominator = simd.add_f32s(e, simd.splat_f32s(1.0));
    let negative = simd.less_than_f32s(x, simd.splat_f32s(0.0));
    let numerator = simd.select_f32s(negative, e, simd.splat_f32s(1.0));
    (simd.div_f32s(numerator, denominator), denominator)
}

impl Activation {
    /// The activation of a register of sums. NaN in, NaN out.
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        match self {
            Activation::Linear => x,
            Activation::Relu => {
                let zero = simd.splat_f32s(0.0);
                simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
            }
            Activation::Sigmoid => sigmoid(simd, x).0,
        }
    }

    /// `delta` times the derivative, which for all three is a function of the activation's own value
    /// `a`. A ReLU at exactly 0 has derivative 0.
    #[inline(always)]
    pub(crate) fn chain<S: Simd>(self, simd: S, a: S::f32s, delta: S::f32s) -> S::f32s {
        match self {
            Activation::Linear => delta,
            Activation::Relu => {
                let zero = simd.splat_f32s(0.0);
                simd.select_f32s(simd.less_than_or_equal_f32s(a, zero), zero, delta)
            }
            Activation::Sigmoid => {
                let slope = simd.mul_f32s(a, simd.sub_f32s(simd.splat_f32s(1.0), a));
                simd.mul_f32s(delta, slope)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Simd, WithSimd};

    use super::*;
    use crate::kernels::testing::architectures;

    enum Function {
        Exp,
        Of(Activation),
    }

    struct Map<'a>(Function, &'a mut [f32]);

    impl WithSimd for Map<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let (body, tail) = S::as_mut_simd_f32s(self.1);
            assert!(tail.is_empty());
            for x in body {
                *x = match self.0 {
                    Function::Exp => exp_negative(simd, *x),
                    Function::Of(activation) => activation.apply(simd, *x),
                };
            }
        }
    }

    #[test]
    fn exp_is_within_two_ten_millionths() {
        for arch in architectures() {
            let arguments: Vec<f32> = (0..1_048_576).map(|i| -87.0 * i as f32 / 1_048_575.0).collect();
            let mut values = arguments.clone();
            arch.dispatch(Map(Function::Exp, &mut values));
            for (x, found) in arguments.iter().zip(values) {
                let expected = f64::from(*x).exp();
                let error = (f64::from(found) - expected).abs() / expected;
                assert!(error <= 2e-7, "exp({x}) = {found}, off by {error:e} ({arch:?})");
            }
        }
    }

    #[test]
    fn far_and_special_values() {
        for arch in architectures() {
            let of = |function, x: f32| {
                let mut values = [x; 32];
                arch.dispatch(Map(function, &mut values));
                values[0]
            };
            assert!(of(Function::Exp, -1e30) < 2e-38 && of(Function::Exp, f32::NEG_INFINITY) < 2e-38);
            assert_eq!(of(Function::Exp, 0.0), 1.0);
            let sigmoid = Function::Of;
            assert_eq!(of(sigmoid(Activation::Sigmoid), 100.0), 1.0);
            assert!(of(sigmoid(Activation::Sigmoid), -100.0) < 2e-38);
            assert_eq!(of(sigmoid(Activation::Sigmoid), 0.0), 0.5);
            // A NaN with a payload, so that it cannot survive by luck of its low bits.
            for nan in [f32::NAN, -f32::NAN, f32::from_bits(0x7fc0_01ff)] {
                assert!(of(Function::Exp, nan).is_nan(), "{arch:?}");
                for activation in [Activation::Linear, Activation::Relu, Activation::Sigmoid] {
                    assert!(of(Function::Of(activation), nan).is_nan(), "{activation:?} on {arch:?}");
                }
            }
            assert_eq!(of(Function::Of(Activation::Relu), -3.0), 0.0);
            assert_eq!(of(Function::Of(Activation::Relu), 3.0), 3.0);
        }
    }
}
