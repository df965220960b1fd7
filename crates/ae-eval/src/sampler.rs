//! Codes that no image has: drawn class by class, between two others, or on a grid.
//!
//! A class's codes are taken for draws from one Gaussian with their mean and full covariance (divided by
//! their number). Its axes are the covariance's eigenvectors, each as long as the root of its eigenvalue, and
//! a draw is `mean + sum z_i axis_i` with `z_i` from N(0, 1): no factor that fails on a singular covariance,
//! and a unit that never changes in a class does not change in its draws.

use ae_dense::Activation;

use crate::linalg::{Eigen, check_dims, eigen};
use crate::random::{Normal, Purpose, generator};
use crate::{EvalError, Labelled, Rows};

/// A Gaussian for each class of training codes.
///
/// # Example
/// ```
/// use ae_dense::Activation;
/// use ae_eval::{CodeSampler, Labelled, Rows};
/// let codes = [1.0, 0.0, 3.0, 0.0, 2.0, 0.0, 0.0, 7.0];
/// let codes = Labelled::new(Rows::values(&codes, 2)?, &[4, 4, 4, 9])?;
/// let sampler = CodeSampler::fit(codes, Activation::Relu)?;
/// assert_eq!(sampler.classes(), [4, 9]);
/// let drawn = sampler.sample(4, 100, 0)?; // 100 codes of class 4 from seed 0
/// assert!(drawn.len() == 200 && drawn.chunks(2).all(|code| code[0] >= 0.0 && code[1] == 0.0));
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CodeSampler {
    dims: usize,
    activation: Activation,
    classes: Vec<u8>,
    gaussians: Vec<Gaussian>,
}

#[derive(Debug, Clone)]
struct Gaussian {
    mean: Vec<f64>,
    /// `(dims, dims)`, an axis a row.
    axes: Vec<f64>,
}

impl CodeSampler {
    /// Fits a Gaussian to each class of `codes`. `activation` is the encoder's last: draws are brought into
    /// its range, so that a ReLU's codes are not negative.
    ///
    /// # Errors [`EvalError::TooWide`] above 4,096 numbers a code, [`EvalError::Eigenvalues`] if a covariance
    /// cannot be decomposed.
    pub fn fit(codes: Labelled<'_>, activation: Activation) -> Result<Self, EvalError> {
        let dims = codes.rows().dims();
        check_dims(dims)?;
        let values = codes.rows().to_values();
        let (mut classes, mut gaussians) = (Vec::new(), Vec::new());
        for class in 0..=u8::MAX {
            let members = values.chunks_exact(dims).zip(codes.labels());
            let members: Vec<&[f32]> =
                members.filter(|&(_, &label)| label == class).map(|(code, _)| code).collect();
            if !members.is_empty() {
                classes.push(class);
                gaussians.push(Gaussian::fit(&members, dims)?);
            }
        }
        Ok(Self { dims, activation, classes, gaussians })
    }

    /// The classes that can be drawn from, ascending.
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// Draws `count` codes of a class, `(count, CODE)`: a function of the seed, the class and what was
    /// fitted; the first of many are the same as fewer.
    ///
    /// # Errors
    /// [`EvalError::UnknownClass`] if no code of the class was seen.
    pub fn sample(&self, class: u8, count: usize, seed: u64) -> Result<Vec<f32>, EvalError> {
        let Ok(index) = self.classes.binary_search(&class) else {
            return Err(EvalError::UnknownClass { class, known: self.classes.clone() });
        };
        let Gaussian { mean, axes } = &self.gaussians[index];
        let mut normal = Normal::new(generator(seed, Purpose::Codes, class.into()));
        let mut codes = Vec::with_capacity(count.saturating_mul(self.dims));
        for _ in 0..count {
            let mut code = mean.clone();
            for axis in axes.chunks_exact(self.dims) {
                let z = normal.draw();
                code.iter_mut().zip(axis).for_each(|(x, along)| *x += z * along);
            }
            codes.extend(code.iter().map(|&x| in_range(self.activation, x)));
        }
        Ok(codes)
    }
}

impl Gaussian {
    fn fit(members: &[&[f32]], dims: usize) -> Result<Self, EvalError> {
        let n = members.len() as f64;
        let mut mean = vec![0.0; dims];
        for code in members {
            mean.iter_mut().zip(*code).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        mean.iter_mut().for_each(|sum| *sum /= n);
        let mut covariance = vec![0.0; dims * dims];
        for code in members {
            let centred: Vec<f64> = code.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean).collect();
            for (row, &a) in covariance.chunks_exact_mut(dims).zip(&centred) {
                row.iter_mut().zip(&centred).for_each(|(sum, &b)| *sum += a * b);
            }
        }
        covariance.iter_mut().for_each(|sum| *sum /= n);
        let still: Vec<bool> = (0..dims).map(|i| covariance[i * dims + i] == 0.0).collect();
        let Eigen { values, vectors: mut axes } = eigen(covariance, dims)?;
        for (axis, variance) in axes.chunks_exact_mut(dims).zip(values) {
            for (x, &still) in axis.iter_mut().zip(&still) {
                // The decomposition's rounding would wake what never changes.
                *x = if still { 0.0 } else { *x * variance.sqrt() };
            }
        }
        Ok(Self { mean, axes })
    }
}

/// Draws `count` codes from one N(0, I) for all classes, `(count, dims)`, brought into the range of
/// `activation`: what a sampler that has seen no code would do.
pub fn sample_standard_normal(dims: usize, activation: Activation, count: usize, seed: u64) -> Vec<f32> {
    let mut normal = Normal::new(generator(seed, Purpose::Baseline, 0));
    (0..count.saturating_mul(dims)).map(|_| in_range(activation, normal.draw())).collect()
}

fn in_range(activation: Activation, x: f64) -> f32 {
    let x = x as f32;
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Sigmoid => x.clamp(0.0, 1.0),
    }
}

/// Codes on the straight line between two, `(steps, CODE)`, both ends among them.
///
/// # Errors
/// [`EvalError::Steps`] with fewer than 2 steps, [`EvalError::Dims`] if the codes differ in size.
///
/// # Example
/// ```
/// assert_eq!(ae_eval::interpolate(&[0.0, 8.0], &[1.0, 4.0], 3)?, [0.0, 8.0, 0.5, 6.0, 1.0, 4.0]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
pub fn interpolate(from: &[f32], to: &[f32], steps: usize) -> Result<Vec<f32>, EvalError> {
    if steps < 2 {
        return Err(EvalError::Steps { steps });
    }
    if from.len() != to.len() {
        return Err(EvalError::Dims { what: "codes at the far end", expected: from.len(), found: to.len() });
    }
    let share = |step| step as f32 / (steps - 1) as f32;
    let between = |t: f32| from.iter().zip(to).map(move |(a, b)| a * (1.0 - t) + b * t);
    Ok((0..steps).flat_map(|step| between(share(step))).collect())
}

/// A square grid of two-dimensional codes.
#[derive(Debug, Clone, PartialEq)]
pub struct CodePlane {
    /// `(side * side, 2)`: row after row as pictures stand on a page, so that the first number grows to the
    /// right and the second one upwards.
    pub codes: Vec<f32>,
    /// The first number's values at the left and at the right edge.
    pub horizontal: [f32; 2],
    /// The second number's values at the lower and at the upper edge.
    pub vertical: [f32; 2],
}

/// The grid between two quantiles of each of the two numbers of some codes.
///
/// Quantiles lie in [0, 1]; between two codes they are interpolated linearly (NumPy's default).
///
/// # Errors
/// [`EvalError::Dims`] unless codes are of two numbers, [`EvalError::Empty`] without codes,
/// [`EvalError::Quantiles`] unless `0 <= low < high <= 1`, [`EvalError::Steps`] if `side` is below 2.
///
/// # Example
/// ```
/// use ae_eval::{Rows, code_plane};
/// let codes = Rows::values(&[0.0, 10.0, 2.0, 30.0], 2)?;
/// let plane = code_plane(codes, [0.0, 1.0], 2)?;
/// assert_eq!(plane.codes, [0.0, 30.0, 2.0, 30.0, 0.0, 10.0, 2.0, 10.0]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
pub fn code_plane(codes: Rows<'_>, [low, high]: [f64; 2], side: usize) -> Result<CodePlane, EvalError> {
    codes.require_dims("codes of a plane", 2)?;
    if codes.is_empty() {
        return Err(EvalError::Empty { what: "codes to span a plane" });
    }
    if !(0.0 <= low && low < high && high <= 1.0) {
        return Err(EvalError::Quantiles { low, high });
    }
    if side < 2 {
        return Err(EvalError::Steps { steps: side });
    }
    let values = codes.to_values();
    let span = |number: usize| {
        let mut sorted: Vec<f32> = values.iter().copied().skip(number).step_by(2).collect();
        sorted.sort_by(f32::total_cmp);
        [quantile(&sorted, low), quantile(&sorted, high)]
    };
    let (horizontal, vertical) = (span(0), span(1));
    let line = |[start, end]: [f32; 2]| interpolate(&[start], &[end], side);
    let (xs, ys) = (line(horizontal)?, line(vertical)?);
    let codes = ys.iter().rev().flat_map(|&y| xs.iter().flat_map(move |&x| [x, y])).collect();
    Ok(CodePlane { codes, horizontal, vertical })
}

/// Of at least one value, ascending.
fn quantile(sorted: &[f32], share: f64) -> f32 {
    let place = share * (sorted.len() - 1) as f64;
    let below = sorted[place as usize];
    let above = sorted[place.ceil() as usize];
    let t = place.fract() as f32;
    below * (1.0 - t) + above * t
}
