//! The one place that knows the linear algebra library.

use nalgebra::{DMatrix, Dyn, SymmetricEigen};

use crate::EvalError;

/// The widest covariance matrix worked on: 128 MiB, and minutes.
const MAX_DIMS: usize = 4096;

/// Eigenvalues in descending order, and their eigenvectors.
pub(crate) struct Eigen {
    /// At least 0.
    pub(crate) values: Vec<f64>,
    /// `(n, n)` row-major, an eigenvector a row: of length 1, its entry of largest magnitude positive.
    pub(crate) vectors: Vec<f64>,
}

/// Refuses data whose covariance matrix would not fit, before memory is asked for.
pub(crate) fn check_dims(dims: usize) -> Result<(), EvalError> {
    if dims > MAX_DIMS {
        return Err(EvalError::argument("numbers in a row", format_args!("at most {MAX_DIMS}"), dims));
    }
    Ok(())
}

/// Decomposes a covariance matrix, `(dims, dims)`: symmetric, of finite numbers.
///
/// Deterministic: one thread, and no start that is drawn. Where eigenvalues are equal, any basis of their
/// eigenvectors' space is right; which one comes out is a function of the matrix alone.
pub(crate) fn eigen(matrix: Vec<f64>, dims: usize) -> Result<Eigen, EvalError> {
    let matrix = DMatrix::from_vec(dims, dims, matrix);
    let found = decompose(&matrix, 0.0)
        .or_else(|| decompose(&matrix, matrix.trace() / dims as f64))
        .ok_or(EvalError::Eigenvalues { dims })?;
    let mut order: Vec<usize> = (0..dims).collect();
    order.sort_by(|&a, &b| found.eigenvalues[b].total_cmp(&found.eigenvalues[a]));
    let mut vectors = Vec::with_capacity(dims * dims);
    for &column in &order {
        let start = vectors.len();
        vectors.extend(found.eigenvectors.column(column).iter());
        fix_sign(&mut vectors[start..]);
    }
    // A covariance has no negative eigenvalues but for rounding.
    let values = order.iter().map(|&column| found.eigenvalues[column].max(0.0)).collect();
    Ok(Eigen { values, vectors })
}

/// Decomposes the matrix with `shift` added along its diagonal, which moves all eigenvalues by as much and no eigenvector;
/// `None` if that does not converge, or leaves the numbers.
///
/// Where there are fewer images than pixels, most eigenvalues are 0, and rounding is all that is left of them: what is negligible is
/// then judged beside nothing, and the iteration goes on to a division of 0 by 0. Beside a shift it is negligible.
fn decompose(matrix: &DMatrix<f64>, shift: f64) -> Option<SymmetricEigen<f64, Dyn>> {
    let dims = matrix.nrows();
    let mut shifted = matrix.clone();
    (0..dims).for_each(|at| shifted[(at, at)] += shift);
    // Some two iterations an eigenvalue are usual.
    let mut found = SymmetricEigen::try_new(shifted, f64::EPSILON, 100 * dims)?;
    found.eigenvalues.add_scalar_mut(-shift);
    let numbers = found.eigenvalues.iter().chain(found.eigenvectors.iter());
    numbers.copied().all(f64::is_finite).then_some(found)
}

/// Turns a vector around if its entry of largest magnitude is negative.
pub(crate) fn fix_sign(vector: &mut [f64]) {
    let largest =
        vector.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
    vector.iter_mut().for_each(|x| *x *= largest.signum());
}

/// As many orthonormal vectors as there are rows, `(rows, n)` row-major, not more than `n`; they span all that the rows do.
pub(crate) fn orthonormal(rows: Vec<f64>, n: usize) -> Vec<f64> {
    DMatrix::from_vec(n, rows.len() / n, rows).qr().q().data.into()
}

/// The product of each column with each other, `(rows, n)` row-major to `(n, n)`.
pub(crate) fn gram(rows: Vec<f64>, n: usize) -> Vec<f64> {
    let columns = DMatrix::from_vec(n, rows.len() / n, rows);
    (&columns * columns.transpose()).data.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_worked_out_by_hand() {
        // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, -1).
        let found = eigen(vec![2.0, 1.0, 1.0, 2.0], 2).unwrap();
        let half = 0.5_f64.sqrt();
        for (found, expected) in found.values.iter().zip([3.0, 1.0]) {
            assert!((found - expected).abs() < 1e-14, "{found}");
        }
        let first = [half, half];
        assert!(
            found.vectors[..2].iter().zip(first).all(|(a, b)| (a - b).abs() < 1e-14),
            "{:?}",
            found.vectors
        );
        assert!((found.vectors[2] + found.vectors[3]).abs() < 1e-14);
    }

    #[test]
    fn a_matrix_of_zeros_has_a_basis_too() {
        let found = eigen(vec![0.0; 9], 3).unwrap();
        assert_eq!(found.values, [0.0; 3]);
        for (i, a) in found.vectors.chunks_exact(3).enumerate() {
            for (j, b) in found.vectors.chunks_exact(3).enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn rows_become_orthonormal_and_span_what_they_did() {
        let rows = [3.0, 0.0, 4.0, 1.0, 1.0, 1.0];
        let basis = orthonormal(rows.to_vec(), 3);
        let products = gram(basis.chunks_exact(3).flat_map(|row| row.to_vec()).collect(), 3);
        assert!((products.iter().step_by(4).sum::<f64>() - 2.0).abs() < 1e-14, "two rows of length 1");
        for row in rows.chunks_exact(3) {
            let mut left = row.to_vec();
            for direction in basis.chunks_exact(3) {
                let along: f64 = row.iter().zip(direction).map(|(a, b)| a * b).sum();
                left.iter_mut().zip(direction).for_each(|(left, x)| *left -= along * x);
            }
            assert!(left.iter().all(|x| x.abs() < 1e-14), "{left:?}");
        }
        // Rows of zeros are no fault.
        let any = orthonormal(vec![0.0; 6], 3);
        assert!(any.iter().all(|x| x.is_finite()));
        assert!((any.iter().map(|x| x * x).sum::<f64>() - 2.0).abs() < 1e-14);
    }

    #[test]
    fn columns_are_multiplied_with_each_other() {
        assert_eq!(gram(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2), [35.0, 44.0, 44.0, 56.0]);
    }

    #[test]
    fn too_wide_is_refused() {
        assert!(check_dims(4096).is_ok());
        let error = check_dims(4097).unwrap_err().to_string();
        assert_eq!(error, "numbers in a row: expected at most 4096, found 4097");
    }
}
