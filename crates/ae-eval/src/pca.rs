//! Principal component analysis: the best linear code of any size, and what an autoencoder has to beat.
//!
//! The covariance is `C = (1 / n) sum (x - mean) (x - mean)^T` over all training images `x` of pixels in [0,
//! 1], or other numbers as they are; component `i` is the eigenvector of its `i`-th largest eigenvalue, of length 1. The code of an image
//! is `z_i = component_i . (x - mean)`, and the image of a code `mean + sum z_i component_i`: over the
//! training set no other linear code of that size has a smaller squared error, which is the sum of the
//! eigenvalues left out (Eckart and Young 1936).
//!
//! The division is by `n`, not `n - 1`, so that this holds exactly, and a single image is no special case.

mod leading;

use ae_data::{Samples, Values};
use ae_net::{Activation, Dense, NetError, Network, Outputs, Rows, Stack, Team};

use crate::EvalError;
use crate::error::at_least;
use crate::linalg::{Eigen, eigen};

/// Images whose products of bytes are summed in single precision: 256 times 255^2 is below 2^24, so every sum
/// on the way is a whole number that is held exactly, in any order.
const EXACT_ROWS: usize = 256;

/// The mean and the principal components of a set of images: all of them, by [`fit`](Self::fit), or the first, by
/// [`leading`](Self::leading).
///
/// Fitted once; codes of every size are cut from it.
///
/// # Example
/// ```
/// use ae_data::Samples;
/// use ae_eval::{Pca, image_rows};
/// use ae_net::{Outputs, Team};
/// let team = Team::new(1)?;
/// // Images of two pixels that are always equally bright: one number says all.
/// let images = Samples::new((1, 2), vec![0_u8, 0, 51, 51, 255, 255])?;
/// let pca = Pca::fit(&team, &images)?;
/// let rebuilt = pca.network(1, Outputs::Values)?.reconstruct(&team, image_rows(&images)?)?;
/// let expected = [0.0_f32, 0.0, 0.2, 0.2, 1.0, 1.0];
/// assert!(rebuilt.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pca {
    images: usize,
    mean: Vec<f64>,
    variances: Vec<f64>,
    components: Vec<f64>,
}

impl Pca {
    /// The widest images that [`fit`](Self::fit) takes: all components take a few seconds there, and minutes at four
    /// times as many pixels.
    pub const MAX_PIXELS: usize = 1024;

    /// Finds mean and components of the images.
    ///
    /// The covariance of bytes is computed from whole numbers without rounding, that of other numbers in single precision
    /// about their mean. The same bits for any team.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images or above [`MAX_PIXELS`](Self::MAX_PIXELS), [`EvalError::Eigenvalues`] if the
    /// decomposition does not converge.
    pub fn fit(team: &Team, images: &Samples) -> Result<Self, EvalError> {
        at_least("images to fit components to", 1, images.len())?;
        let dims = images.width();
        if dims > Self::MAX_PIXELS {
            let expected = format_args!("at most {}", Self::MAX_PIXELS);
            return Err(EvalError::argument("pixels of an image for PCA", expected, dims));
        }
        let (mean, covariance) = match images.values() {
            Values::Bytes(bytes) => of_bytes(team, bytes, dims)?,
            Values::Floats(values) => of_floats(team, values, dims)?,
        };
        let Eigen { values, vectors } = eigen(covariance, dims)?;
        Ok(Self { images: images.len(), mean, variances: values, components: vectors })
    }

    /// Images that it was fitted to.
    pub fn images(&self) -> usize {
        self.images
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.mean.len()
    }

    /// The mean image, `(PIXELS)`; of bytes in [0, 1].
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// `(COMPONENTS, PIXELS)` row-major: component after component, that of the largest variance first. Each has
    /// length 1, and its entry of largest magnitude is positive.
    pub fn components(&self) -> &[f64] {
        &self.components
    }

    /// `(COMPONENTS)`: variance of the training images along each component, descending, at least 0. The sum of all there
    /// are, one for each pixel, is the mean squared distance of an image from the mean image.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The code made of the first `size` components, as a network: its encoder projects, its decoder rebuilds.
    ///
    /// `outputs` is [`Outputs::Values`], or [`Outputs::Clipped`] to cut brightness off at 0 and 1.
    ///
    /// # Errors
    /// [`EvalError::Argument`] unless `size` is from 1 to the number of components.
    pub fn network(&self, size: usize, outputs: Outputs) -> Result<Network, EvalError> {
        let (dims, most) = (self.pixels(), self.variances.len());
        if size == 0 || size > most {
            return Err(EvalError::argument("components", format_args!("1 to {most}"), size));
        }
        let components = &self.components[..size * dims];
        let offset = |component: &[f64]| {
            let product: f64 = component.iter().zip(&self.mean).map(|(c, m)| c * m).sum();
            -product as f32
        };
        let encoder = Dense::new(
            dims,
            components.iter().map(|&c| c as f32).collect(),
            components.chunks_exact(dims).map(offset).collect(),
            Activation::Linear,
        )?;
        let decoder = Dense::new(
            size,
            (0..dims).flat_map(|pixel| (0..size).map(move |i| components[i * dims + pixel] as f32)).collect(),
            self.mean.iter().map(|&m| m as f32).collect(),
            Activation::Linear,
        )?;
        Ok(Network::new(&[encoder], &[decoder], outputs)?)
    }
}

/// Mean, `(PIXELS)`, and covariance, `(PIXELS, PIXELS)`, of images of bytes, in [0, 1].
fn of_bytes(team: &Team, bytes: &[u8], dims: usize) -> Result<(Vec<f64>, Vec<f64>), NetError> {
    let mut sums = vec![0_u64; dims];
    for image in bytes.chunks_exact(dims) {
        for (sum, &byte) in sums.iter_mut().zip(image) {
            *sum += u64::from(byte);
        }
    }
    let n = bytes.len() / dims;
    let scale = 1.0 / (255.0 * n as f64);
    let mut covariance = products(team, bytes, dims, |_, byte| f32::from(byte))?;
    for (row, &a) in covariance.chunks_exact_mut(dims).zip(&sums) {
        for (product, &b) in row.iter_mut().zip(&sums) {
            // n sum(x y) - sum(x) sum(y): large numbers of which little is left, hence exact.
            let exact = i128::from(n as u64) * (*product as i128) - i128::from(a) * i128::from(b);
            *product = exact as f64 * (scale * scale);
        }
    }
    Ok((sums.into_iter().map(|sum| sum as f64 * scale).collect(), covariance))
}

/// The same of other numbers.
fn of_floats(team: &Team, values: &[f32], dims: usize) -> Result<(Vec<f64>, Vec<f64>), NetError> {
    let n = (values.len() / dims) as f64;
    let mut mean = vec![0.0; dims];
    for row in values.chunks_exact(dims) {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    mean.iter_mut().for_each(|sum| *sum /= n);
    let centred = |column: usize, value: f32| (f64::from(value) - mean[column]) as f32;
    let mut covariance = products(team, values, dims, centred)?;
    covariance.iter_mut().for_each(|product| *product /= n);
    Ok((mean, covariance))
}

/// `sum x x^T` over rows, `(PIXELS, PIXELS)`, of what `number` makes of the elements by their columns; exact where that are
/// bytes.
///
/// A layer whose weights are a block of images, pixel by pixel, and whose inputs are the same: the kernels
/// that train the model compute the products, and share them out among the team.
fn products<T: Copy>(
    team: &Team,
    rows: &[T],
    dims: usize,
    number: impl Fn(usize, T) -> f32,
) -> Result<Vec<f64>, NetError> {
    let mut sums = vec![0.0; dims * dims];
    let mut block = vec![0.0; dims * dims];
    for pixels in rows.chunks(EXACT_ROWS * dims) {
        let rows = pixels.len() / dims;
        let mut by_pixel = Vec::with_capacity(pixels.len());
        for pixel in 0..dims {
            by_pixel.extend(pixels[pixel..].iter().step_by(dims).map(|&element| number(pixel, element)));
        }
        let layer = Dense::new(rows, by_pixel.clone(), vec![0.0; dims], Activation::Linear)?;
        Stack::new(&[layer])?.forward(team, Rows::values(&by_pixel, rows)?, &mut block)?;
        for (sum, &product) in sums.iter_mut().zip(&block) {
            *sum += f64::from(product);
        }
    }
    Ok(sums)
}
