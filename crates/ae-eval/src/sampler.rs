//! Codes that no image has: drawn class by class, between two others, or on a grid.
//!
//! A class's codes are taken for draws from one Gaussian with their mean and full covariance (divided by
//! their number). Its axes are the covariance's eigenvectors, each as long as the root of its eigenvalue, and
//! a draw is `mean + sum z_i axis_i` with `z_i` from N(0, 1): no factor that fails on a singular covariance,
//! and a unit that never changes in a class does not change in its draws.

use ae_net::{Activation, Network, Rows, Team};

use crate::error::at_least;
use crate::labelled::{Classes, listed};
use crate::linalg::{Eigen, check_dims, eigen};
use crate::random::{BASELINE, CODES, Normal};
use crate::{EvalError, Labelled};

/// A Gaussian for each class of training codes.
///
/// # Example
/// ```
/// use ae_eval::{CodeSampler, Labelled};
/// use ae_net::{Activation, Rows};
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
    classes: Vec<i32>,
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
    /// # Errors
    /// [`EvalError::Argument`] above 4,096 numbers a code, [`EvalError::Eigenvalues`] if a covariance cannot be
    /// decomposed.
    pub fn fit(codes: Labelled<'_>, activation: Activation) -> Result<Self, EvalError> {
        let dims = codes.rows().width();
        check_dims(dims)?;
        let values = codes.rows().to_values();
        let Classes { labels: classes, of_rows } = codes.classes();
        let mut members = vec![Vec::new(); classes.len()];
        for (code, class) in values.chunks_exact(dims).zip(of_rows) {
            members[class as usize].push(code);
        }
        let gaussians = members.iter().map(|members| Gaussian::fit(members, dims));
        Ok(Self { dims, activation, classes, gaussians: gaussians.collect::<Result<_, _>>()? })
    }

    /// Fits a Gaussian to each class of what the network's encoder makes of `images`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`EvalError::Net`] if the images are of another size than the network's, or a code is
    /// not finite.
    pub fn of_network(team: &Team, network: &Network, images: Labelled<'_>) -> Result<Self, EvalError> {
        let codes = network.encode(team, images.rows())?;
        let codes = Rows::values(&codes, network.code_size())?;
        Self::fit(Labelled::new(codes, images.labels())?, network.code_activation())
    }

    /// The classes that can be drawn from, ascending; at least one.
    pub fn classes(&self) -> &[i32] {
        &self.classes
    }

    /// Draws `count` codes of a class, `(count, CODE)`: a function of the seed, the class and what was
    /// fitted; the first of many are the same as fewer.
    ///
    /// # Errors
    /// [`EvalError::Argument`] if no code of the class was seen.
    pub fn sample(&self, class: i32, count: usize, seed: u64) -> Result<Vec<f32>, EvalError> {
        let Ok(index) = self.classes.binary_search(&class) else {
            return Err(EvalError::argument(
                "class",
                format_args!("one of {}", listed(&self.classes)),
                class,
            ));
        };
        let Gaussian { mean, axes } = &self.gaussians[index];
        let mut normal = Normal::new(seed, CODES, i64::from(class) as u64);
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

    /// Draws `count` codes, `(count, CODE)`: `run` of the first class, `run` of the next, after the last class again of
    /// the first; of each class those that [`sample`](Self::sample) draws, in order. `run` is at least 1.
    ///
    /// # Errors
    /// [`EvalError::Argument`] if `run` is 0.
    ///
    /// # Example
    /// ```
    /// use ae_eval::{CodeSampler, Labelled};
    /// use ae_net::{Activation, Rows};
    /// // A code of one number for each class: draws are that code.
    /// let codes = Labelled::new(Rows::values(&[0.5, 7.0], 1)?, &[0, 7])?;
    /// let sampler = CodeSampler::fit(codes, Activation::Linear)?;
    /// assert_eq!(sampler.each_in_turn(5, 2, 0)?, [0.5, 0.5, 7.0, 7.0, 0.5]);
    /// # Ok::<(), ae_eval::EvalError>(())
    /// ```
    pub fn each_in_turn(&self, count: usize, run: usize, seed: u64) -> Result<Vec<f32>, EvalError> {
        at_least("codes of a class in turn", 1, run)?;
        let classes = self.classes.len();
        // A class has at most as many as if every round were whole.
        let most = count.div_ceil(run).div_ceil(classes).saturating_mul(run);
        let draw = |&class: &i32| self.sample(class, most, seed);
        let drawn = self.classes.iter().take(count.div_ceil(run)).map(draw).collect::<Result<Vec<_>, _>>()?;
        let code = |index: usize| {
            let nth = index / (run * classes) * run + index % run;
            &drawn[index / run % classes][nth * self.dims..][..self.dims]
        };
        Ok((0..count).flat_map(code).copied().collect())
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
    let mut normal = Normal::new(seed, BASELINE, 0);
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
/// [`EvalError::Argument`] with fewer than 2 steps, or if the codes differ in size.
///
/// # Example
/// ```
/// assert_eq!(ae_eval::interpolate(&[0.0, 8.0], &[1.0, 4.0], 3)?, [0.0, 8.0, 0.5, 6.0, 1.0, 4.0]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
pub fn interpolate(from: &[f32], to: &[f32], steps: usize) -> Result<Vec<f32>, EvalError> {
    at_least("steps", 2, steps)?;
    if from.len() != to.len() {
        return Err(EvalError::argument("the code at the far end", from.len(), to.len()));
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
/// [`EvalError::Net`] unless codes are of two finite numbers; [`EvalError::Argument`] without codes, unless
/// `0 <= low < high <= 1`, or if `side` is below 2.
///
/// # Example
/// ```
/// use ae_eval::code_plane;
/// use ae_net::Rows;
/// let codes = Rows::values(&[0.0, 10.0, 2.0, 30.0], 2)?;
/// let plane = code_plane(codes, [0.0, 1.0], 2)?;
/// assert_eq!(plane.codes, [0.0, 30.0, 2.0, 30.0, 0.0, 10.0, 2.0, 10.0]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
pub fn code_plane(codes: Rows<'_>, [low, high]: [f64; 2], side: usize) -> Result<CodePlane, EvalError> {
    codes.require_width("codes of a plane", 2)?;
    codes.require_finite("codes of a plane")?;
    at_least("codes to span a plane", 1, codes.len())?;
    if !(0.0 <= low && low < high && high <= 1.0) {
        let found = format_args!("{low} to {high}");
        return Err(EvalError::argument("quantiles", "a range within [0, 1]", found));
    }
    at_least("steps", 2, side)?;
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
