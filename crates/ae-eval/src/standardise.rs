//! Columns of any scale brought to one.

use ae_net::Rows;

/// Mean and standard deviation of each column, taken out of it.
#[derive(Debug, Clone)]
pub(crate) struct Standardiser {
    mean: Vec<f32>,
    /// 1 over the standard deviation; 1 for a column that never changes, which becomes 0.
    factor: Vec<f32>,
}

impl Standardiser {
    /// Over at least one row.
    pub(crate) fn fit(rows: Rows<'_>) -> Self {
        let dims = rows.width();
        let n = rows.len() as f64;
        let mut row = vec![0.0; dims];
        let mut mean = vec![0.0; dims];
        for index in 0..rows.len() {
            rows.copy_row(index, &mut row);
            mean.iter_mut().zip(&row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        mean.iter_mut().for_each(|sum| *sum /= n);
        let mut squares = vec![0.0; dims];
        for index in 0..rows.len() {
            rows.copy_row(index, &mut row);
            for ((sum, &x), mean) in squares.iter_mut().zip(&row).zip(&mean) {
                *sum += (f64::from(x) - mean).powi(2);
            }
        }
        let factor = |(sum, mean): (&f64, &f64)| {
            let sd = (sum / n).sqrt();
            // Below it is what the mean's own rounding makes of equal values, or what has no inverse.
            let least = (1e-12 * mean.abs()).max(f64::from(f32::MIN_POSITIVE));
            if sd > least { (1.0 / sd) as f32 } else { 1.0 }
        };
        Self {
            factor: squares.iter().zip(&mean).map(factor).collect(),
            mean: mean.into_iter().map(|mean| mean as f32).collect(),
        }
    }

    #[inline]
    pub(crate) fn copy_row(&self, rows: Rows<'_>, row: usize, out: &mut [f32]) {
        rows.copy_row(row, out);
        for ((x, mean), factor) in out.iter_mut().zip(&self.mean).zip(&self.factor) {
            *x = (*x - mean) * factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_standardised_each_for_itself() {
        let values = [1.0, 1e6, 7.3, 3.0, 3e6, 7.3, 5.0, 5e6, 7.3];
        let rows = Rows::values(&values, 3).unwrap();
        let scale = Standardiser::fit(rows);
        let mut row = [f32::NAN; 3];
        // Mean 3, standard deviation sqrt(8 / 3); the third column never changes.
        let end = 2.0 / (8.0_f32 / 3.0).sqrt();
        for (index, expected) in [-end, 0.0, end].into_iter().enumerate() {
            scale.copy_row(rows, index, &mut row);
            assert!((row[0] - expected).abs() < 1e-6 && (row[1] - expected).abs() < 1e-6, "{row:?}");
            assert_eq!(row[2], 0.0);
        }
        // So little that 1 over it is no number.
        let tiny = [0.0, 1e-44];
        let rows = Rows::values(&tiny, 1).unwrap();
        Standardiser::fit(rows).copy_row(rows, 1, &mut row[..1]);
        assert!(row[0].abs() < 1e-40, "{}", row[0]);
    }
}
