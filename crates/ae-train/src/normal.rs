//! Normal numbers that are the same bits on every machine.
//!
//! They are Box and Muller's (*A Note on the Generation of Random Normal Deviates*, 1958), not a ziggurat's: a fixed
//! number of words a pixel lets any image be found at once, there is no branch in the way of vector code, and with
//! logarithm, sine and cosine spelled out in sums, products and a square root, which IEEE 754 rounds in one way, a
//! seed gives the same bits on every machine.

use std::f32::consts::FRAC_PI_2;

use crate::draws::{CHUNK, unit};

/// As many numbers from the standard normal distribution as there are words.
///
/// Words `i` and `i + 32` make the numbers `i` and `i + 32`, `r cos a` and `r sin a`: with `u` the upper 23
/// bits of the first word plus a half, over `2^23`, the radius `r` is `sqrt(-2 ln u)`, which is at most 5.77;
/// `a` is uniform on the circle.
#[inline(always)]
pub(crate) fn normals(words: &[u32; CHUNK]) -> [f32; CHUNK] {
    const HALF: usize = CHUNK / 2;
    let mut numbers = [0.0; CHUNK];
    for i in 0..HALF {
        let radius = (-2.0 * ln(unit(words[i]))).sqrt();
        let (cos, sin) = on_circle(words[i + HALF]);
        numbers[i] = radius * cos;
        numbers[i + HALF] = radius * sin;
    }
    numbers
}

/// The natural logarithm of a normal number above 0; polynomial and its split of ln 2 as in S. Moshier's
/// Cephes, `logf.c`.
#[inline(always)]
fn ln(x: f32) -> f32 {
    // x = m 2^e, m in [1/2, 1), then moved to [sqrt(1/2), sqrt(2)) around 1.
    let bits = x.to_bits();
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
    let e = ((bits >> 23) as i32 - 126) as f32;
    let low = m < std::f32::consts::FRAC_1_SQRT_2;
    let e = if low { e - 1.0 } else { e };
    let m = (if low { m + m } else { m }) - 1.0;
    let square = m * m;
    let mut y = 7.037_683_6e-2 * m - 1.151_461e-1;
    y = y * m + 1.167_699_9e-1;
    y = y * m - 1.242_014_1e-1;
    y = y * m + 1.424_932_3e-1;
    y = y * m - 1.666_805_8e-1;
    y = y * m + 2.000_071_5e-1;
    y = y * m - 2.499_999_4e-1;
    y = y * m + 3.333_333e-1;
    y = y * m * square + e * -2.121_944_4e-4 - 0.5 * square;
    m + y + e * (355.0 / 512.0)
}

/// Cosine and sine of a uniformly drawn angle; polynomials as in S. Moshier's Cephes, `sinf.c`.
#[inline(always)]
fn on_circle(word: u32) -> (f32, f32) {
    // The upper bits say where in the quarter around 0, the two lowest which quarter it is turned to.
    let a = (unit(word) - 0.5) * FRAC_PI_2;
    let square = a * a;
    let sin = ((-1.951_529_6e-4 * square + 8.332_161e-3) * square - 1.666_665_5e-1) * square * a + a;
    let cos = ((2.443_315_7e-5 * square - 1.388_731_6e-3) * square + 4.166_664_6e-2) * square * square;
    let cos = cos - 0.5 * square + 1.0;
    let (x, y) = if word & 1 == 0 { (cos, sin) } else { (-sin, cos) };
    let sign = (word & 2) << 30;
    (f32::from_bits(x.to_bits() ^ sign), f32::from_bits(y.to_bits() ^ sign))
}

#[cfg(test)]
mod tests {
    use std::iter::zip;

    use super::*;
    use crate::corrupt::NOISE;
    use crate::draws::{generator, words};

    /// Normal numbers for an image, before they are added to anything.
    fn drawn(seed: u64, epoch: u64, image: u32, width: usize) -> Vec<f32> {
        let mut generator = generator(seed, NOISE, epoch, image, width);
        (0..width.div_ceil(CHUNK)).flat_map(|_| normals(&words(&mut generator))).take(width).collect()
    }

    // The expected numbers were computed from the definitions at the head of `corrupt.rs` by an
    // independent program (ChaCha and Box-Muller in Python, in double precision): they must never
    // change, or no old run can be repeated.

    #[test]
    fn the_normal_numbers_are_the_defined_ones() {
        let places = [0, 1, 2, 31, 32, 33, 63, 64, 95, 96, 99];
        for (seed, epoch, image, expected) in [
            (
                0,
                1,
                0,
                [
                    -0.625952, -1.038557, 1.314734, -1.185741, 0.13111, 0.75667, -1.021901, 0.560611,
                    0.049617, 0.219758, -0.289332,
                ],
            ),
            // Seed and epoch beyond 32 bits, so that neither half can be lost.
            (
                (1 << 63) + 7,
                (1 << 32) + 3,
                59_999,
                [
                    -0.294837, -0.138553, -0.697338, 0.669881, -1.071395, 1.417197, -1.210293, -1.338055,
                    0.157553, 0.7528, 1.118997,
                ],
            ),
        ] {
            let found = drawn(seed, epoch, image, 100);
            for (place, expected) in zip(places, expected) {
                let found = found[place];
                assert!((found - expected).abs() <= 2e-6, "seed {seed}, place {place}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn logarithm_and_circle_are_exact_to_rounding() {
        for word in (0..1_u32 << 23).step_by(97).chain([(1 << 23) - 1]) {
            let (u, word) = ((f64::from(word) + 0.5) / f64::from(1 << 23), word << 9);
            let expected = u.ln();
            assert!((f64::from(ln(unit(word))) - expected).abs() <= 2e-7 * expected.abs(), "ln {u}");
            for quarter in 0..4 {
                let angle =
                    (u - 0.5 + f64::from(quarter & 1) + f64::from(quarter & 2)) * std::f64::consts::FRAC_PI_2;
                let (cos, sin) = on_circle(word | quarter);
                assert!((f64::from(cos) - angle.cos()).abs() <= 2e-7, "cos {angle}");
                assert!((f64::from(sin) - angle.sin()).abs() <= 2e-7, "sin {angle}");
            }
        }
    }

    #[test]
    fn the_noise_is_standard_normal() {
        let numbers: Vec<f64> = (0..1_000).flat_map(|image| drawn(5, 2, image, 784)).map(f64::from).collect();
        let count = numbers.len() as f64;
        let moment = |power: i32| numbers.iter().map(|n| n.powi(power)).sum::<f64>() / count;
        // Five standard errors of each moment, for 784,000 draws.
        let within = |found: f64, expected: f64, variance: f64| {
            assert!((found - expected).abs() <= 5.0 * (variance / count).sqrt(), "{found}, not {expected}");
        };
        within(moment(1), 0.0, 1.0);
        within(moment(2), 1.0, 2.0);
        within(moment(3), 0.0, 15.0);
        within(moment(4), 3.0, 96.0);
        // The two numbers of a pair, and neighbours, have nothing to do with each other.
        for distance in [1, 32] {
            let products = numbers.iter().zip(&numbers[distance..]).map(|(a, b)| a * b).sum::<f64>();
            within(products / count, 0.0, 1.0);
        }
        for (limit, share) in [(-1.0, 0.158_655), (0.0, 0.5), (2.0, 0.977_250)] {
            let below = numbers.iter().filter(|&&n| n < limit).count() as f64 / count;
            within(below, share, share * (1.0 - share));
        }
    }
}
