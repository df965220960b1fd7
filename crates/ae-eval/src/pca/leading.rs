//! The first components alone, found without the covariance of all pixels: for images of any size, in a fraction of a
//! second.
//!
//! Subspace iteration from a random start: a basis `Q` of more directions than are asked for, drawn from N(0, 1), is
//! replaced by an orthonormal basis of `C Q`, a few times over; the components are the eigenvectors of `C` within the
//! space that `Q` has come to span. This is algorithm 4.4 of Halko, Martinsson and Tropp, *Finding Structure with
//! Randomness* (SIAM Review 53, 2011), on the transposed images: `C = X^T X / n` is never made, only its product with a
//! basis, by way of the centred images `X`.

use ae_data::{Samples, Values};
use ae_net::{Activation, Dense, NetError, Rows, Stack, Team};
use ae_seed::{generator, uniform};

use super::Pca;
use crate::EvalError;
use crate::error::at_least;
use crate::linalg::{Eigen, eigen, fix_sign, gram, orthonormal};
use crate::random::{LEADING_SAMPLE, LEADING_START, Normal};

/// Directions beside those asked for: without any, the last of the components would come out badly.
const BESIDE: usize = 8;
/// Outputs that the kernels compute at once: directions up to a multiple of it cost nothing.
const TOGETHER: usize = 32;
/// Products with the covariance.
const PASSES: usize = 3;
/// Bytes of a sample, at most: images of more than 8,192 pixels get a smaller one.
const SAMPLE_BYTES: usize = 1 << 25;

impl Pca {
    /// The most images that [`leading`](Self::leading) looks at.
    pub const SAMPLE: usize = 4096;

    /// Finds the mean and the first `size` components of at most [`SAMPLE`](Self::SAMPLE) of the images; of fewer above
    /// 8,192 pixels.
    ///
    /// The images are drawn from `seed`, each from its own stretch of the set; so is where the search begins. Up to 128
    /// components leave at most 1 % more squared error than the exact ones of the same images, measured on handwritten
    /// digits and line drawings. The same bits for any team.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images, or unless `size` is from 1 to the number of pixels;
    /// [`EvalError::Eigenvalues`] if a decomposition does not converge.
    ///
    /// # Example
    /// ```
    /// # use ae_data::{Samples, Values};
    /// # use ae_eval::Pca;
    /// # use ae_net::Team;
    /// // A bar that is brighter or darker, over 100 x 100 pixels, more than `fit` takes: one number says all.
    /// let bar = |level: u8| (0..10_000).map(move |at| if at % 100 < 20 { level } else { 0 });
    /// let images = Samples::new((100, 100), (0..50).flat_map(|image| bar(5 * image)).collect::<Vec<u8>>())?;
    /// let pca = Pca::leading(&Team::new(1)?, &images, 2, 0)?;
    /// assert_eq!((pca.variances().len(), pca.components().len()), (2, 20_000));
    /// assert!(pca.variances()[1] < 1e-6 * pca.variances()[0]);
    /// # Ok::<(), ae_eval::EvalError>(())
    /// ```
    pub fn leading(team: &Team, images: &Samples, size: usize, seed: u64) -> Result<Self, EvalError> {
        at_least("images to fit components to", 1, images.len())?;
        let dims = images.width();
        if size == 0 || size > dims {
            return Err(EvalError::argument("components", format_args!("1 to {dims}"), size));
        }
        let sample = Sample::draw(images, seed);
        let directions = (size + BESIDE).next_multiple_of(TOGETHER).min(dims);
        let mut normal = Normal::new(seed, LEADING_START, 0);
        let mut basis = orthonormal((0..directions * dims).map(|_| normal.draw()).collect(), dims);
        for _ in 0..PASSES {
            let along = sample.along(team, &basis)?;
            basis = orthonormal(sample.sum_along(team, &along, directions)?, dims);
        }
        let along = sample.along(team, &basis)?.into_iter().map(f64::from).collect();
        let n = sample.images() as f64;
        let covariance = gram(along, directions).into_iter().map(|product| product / n).collect();
        let Eigen { mut values, vectors } = eigen(covariance, directions)?;
        values.truncate(size);
        let mut components = vec![0.0; size * dims];
        for (component, vector) in components.chunks_exact_mut(dims).zip(vectors.chunks_exact(directions)) {
            for (direction, &share) in basis.chunks_exact(dims).zip(vector) {
                component.iter_mut().zip(direction).for_each(|(sum, x)| *sum += share * x);
            }
            fix_sign(component);
        }
        Ok(Self { images: sample.images(), mean: sample.mean, variances: values, components })
    }
}

/// Images, looked at along a basis.
struct Sample {
    /// `(B, PIXELS)`.
    by_image: Values,
    /// `(PIXELS, B)`.
    by_pixel: Values,
    /// `(PIXELS)`; of bytes in [0, 1].
    mean: Vec<f64>,
}

impl Sample {
    fn draw(images: &Samples, seed: u64) -> Self {
        let (dims, all) = (images.width(), images.len());
        let count = all.min(Pca::SAMPLE).min((SAMPLE_BYTES / dims).max(1));
        let mut generator = generator(seed, LEADING_SAMPLE, 0);
        let chosen = (0..count).map(|stretch| {
            // Of a stretch of one image that image, so that a small set is taken whole.
            let start = |stretch: usize| (stretch as u128 * all as u128 / count as u128) as usize;
            let (first, end) = (start(stretch), start(stretch + 1));
            first + (uniform(&mut generator) * (end - first) as f64) as usize
        });
        match images.values() {
            Values::Bytes(bytes) => {
                let by_image: Vec<u8> =
                    chosen.flat_map(|image| &bytes[image * dims..][..dims]).copied().collect();
                let by_pixel = transposed(&by_image, dims);
                let scale = 1.0 / (255.0 * count as f64);
                let sum = |pixel: &[u8]| pixel.iter().map(|&byte| u64::from(byte)).sum::<u64>();
                let mean = by_pixel.chunks_exact(count).map(|pixel| sum(pixel) as f64 * scale).collect();
                Self { by_image: by_image.into(), by_pixel: by_pixel.into(), mean }
            }
            Values::Floats(values) => {
                let by_image: Vec<f32> =
                    chosen.flat_map(|image| &values[image * dims..][..dims]).copied().collect();
                let by_pixel = transposed(&by_image, dims);
                let sum = |pixel: &[f32]| pixel.iter().map(|&value| f64::from(value)).sum::<f64>();
                let mean = by_pixel.chunks_exact(count).map(|pixel| sum(pixel) / count as f64).collect();
                Self { by_image: by_image.into(), by_pixel: by_pixel.into(), mean }
            }
        }
    }

    fn images(&self) -> usize {
        self.by_image.len() / self.mean.len()
    }

    /// `X Q^T`: how far each centred image lies along each row of `basis`, `(directions, PIXELS)` to
    /// `(B, directions)`.
    fn along(&self, team: &Team, basis: &[f64]) -> Result<Vec<f32>, NetError> {
        let rows = basis.chunks_exact(self.mean.len());
        let offset = |row: &[f64]| -row.iter().zip(&self.mean).map(|(x, mean)| x * mean).sum::<f64>() as f32;
        let weight = basis.iter().map(|&x| x as f32).collect();
        product(team, &self.by_image, weight, rows.map(offset).collect())
    }

    /// `(X^T Y)^T`: the sum of the images, each times how far it lies along a direction, `(B, directions)` to
    /// `(directions, PIXELS)`. The mean drops out, as what lies along a direction sums up to 0 there.
    fn sum_along(&self, team: &Team, along: &[f32], directions: usize) -> Result<Vec<f64>, NetError> {
        let sums = product(team, &self.by_pixel, transposed(along, directions), vec![0.0; directions])?;
        Ok(transposed(&sums, directions).into_iter().map(f64::from).collect())
    }
}

/// Each row times each row of weights, and the offset of those: a layer, computed as layers are.
fn product(team: &Team, rows: &Values, weight: Vec<f32>, offset: Vec<f32>) -> Result<Vec<f32>, NetError> {
    let (outputs, inputs) = (offset.len(), weight.len() / offset.len());
    let rows = match rows {
        Values::Bytes(bytes) => Rows::bytes(bytes, inputs)?,
        Values::Floats(values) => Rows::values(values, inputs)?,
    };
    let stack = Stack::new(&[Dense::new(inputs, weight, offset, Activation::Linear)?])?;
    let mut out = vec![0.0; rows.len() * outputs];
    stack.forward(team, rows, &mut out)?;
    Ok(out)
}

/// Rows of `width` as columns.
fn transposed<T: Copy + Default>(rows: &[T], width: usize) -> Vec<T> {
    /// Rows that are gone through once for each of their columns: few enough for the innermost cache.
    const BLOCK: usize = 64;
    let count = rows.len() / width;
    let mut columns = vec![T::default(); rows.len()];
    for (block, rows) in rows.chunks(BLOCK * width).enumerate() {
        for (column, out) in columns.chunks_exact_mut(count).enumerate() {
            let values = rows[column..].iter().step_by(width);
            out[block * BLOCK..].iter_mut().zip(values).for_each(|(out, &value)| *out = value);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(images: usize, pixels: usize) -> Sample {
        let bytes: Vec<u8> = (0..images).flat_map(|image| std::iter::repeat_n(image as u8, pixels)).collect();
        Sample::draw(&Samples::new((1, pixels), bytes).unwrap(), 3)
    }

    #[test]
    fn a_small_set_is_taken_whole_and_a_large_one_within_its_bounds() {
        let small = sample(5, 2);
        assert_eq!(small.by_image, vec![0_u8, 0, 1, 1, 2, 2, 3, 3, 4, 4].into());
        assert_eq!(small.by_pixel, vec![0_u8, 1, 2, 3, 4, 0, 1, 2, 3, 4].into());
        assert!(small.mean.iter().all(|mean| (mean - 2.0 / 255.0).abs() < 1e-12));
        assert_eq!(sample(5_000, 1).images(), Pca::SAMPLE);
        assert_eq!(sample(600, 1 << 16).images(), 512);
    }

    #[test]
    fn columns_are_what_stood_in_rows() {
        // More rows than are gone through at once, and no multiple of it.
        let rows: Vec<u32> = (0..150 * 3).collect();
        let columns = transposed(&rows, 3);
        for (at, &value) in rows.iter().enumerate() {
            assert_eq!(columns[at % 3 * 150 + at / 3], value);
        }
    }
}
