//! How well each column of a table comes back, in its own units.
//!
//! With `x` a number of the test rows and `y` its reconstruction, over the rows of one column:
//!
//! - RMSE: the root of the mean of `(y - x)^2`, times the column's unit
//! - variance explained: `1 - sum (y - x)^2 / sum (x - mean)^2`, at most 1, and below 0 where the column's own mean would be
//!   nearer; without a figure where the column does not vary. Over all columns both sums are taken on the scale that the network
//!   sees, where no column counts for more than another by its units.

use std::fmt;

use ae_data::{Scaling, Split};
use ae_net::{Network, Rows, Team};
use serde::Serialize;

use crate::error::at_least;
use crate::{EvalError, image_rows};

/// Columns in a printed table; JSON has all.
const SHOWN: usize = 40;
/// Rows computed at once.
const AT_ONCE: usize = 1 << 10;

/// Errors of the test rows, column by column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnErrors {
    /// Share of the variance of all columns that the network's reconstructions explain.
    pub explained: f64,
    /// The same of PCA with a code of the same size.
    pub explained_by_pca: f64,
    /// In the order of the rows' numbers.
    pub columns: Vec<ColumnError>,
}

/// Errors of one column, in its own units: those of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnError {
    /// Its name, or its number from 0.
    pub name: String,
    /// Root of the mean squared error of the network.
    pub rmse: f64,
    /// The same of PCA.
    pub rmse_of_pca: f64,
    /// The same of answering with the training rows' mean.
    pub rmse_of_mean: f64,
    /// Share of the column's variance that is explained, if it has any.
    pub explained: Option<f64>,
}

/// Sums over the test rows, a number a column.
struct Sums {
    network: Vec<f64>,
    pca: Vec<f64>,
    training_mean: Vec<f64>,
    own_mean: Vec<f64>,
}

impl ColumnErrors {
    /// Sends the test rows through both networks. `scaling` is what the rows have been scaled by; bytes that were not are in units
    /// of 1/255 here, and in whole ones in the figures.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without rows of either kind; [`EvalError::Net`] if they are of another width than the networks'.
    pub fn measure(
        team: &Team,
        network: &Network,
        pca: &Network,
        images: &Split,
        scaling: Option<&Scaling>,
    ) -> Result<Self, EvalError> {
        let Split { train, test } = images;
        at_least("rows to measure", 1, train.len().min(test.len()))?;
        let width = test.width();
        let rows = image_rows(test)?;
        let (training_mean, own_mean) = (means(image_rows(train)?), means(rows));
        let zeros = || vec![0.0; width];
        let mut sums = Sums { network: zeros(), pca: zeros(), training_mean: zeros(), own_mean: zeros() };
        for chunk in rows.chunks(AT_ONCE) {
            let (x, y) = (chunk.to_values(), network.reconstruct(team, chunk)?);
            add_squares(&mut sums.network, &x, |at| y[at].into());
            let y = pca.reconstruct(team, chunk)?;
            add_squares(&mut sums.pca, &x, |at| y[at].into());
            add_squares(&mut sums.training_mean, &x, |at| training_mean[at % width]);
            add_squares(&mut sums.own_mean, &x, |at| own_mean[at % width]);
        }
        let unit =
            |column| scaling.map_or(test.bytes().map_or(1.0, |_| 255.0), |scaling| scaling.unit(column));
        Ok(sums.figures(test.len() as f64, unit))
    }

    /// The same with names for the columns, as many as there are; others stay numbers.
    #[must_use]
    pub fn named(mut self, names: &[String]) -> Self {
        self.columns.iter_mut().zip(names).for_each(|(column, name)| column.name.clone_from(name));
        self
    }
}

impl Sums {
    fn figures(&self, rows: f64, unit: impl Fn(usize) -> f64) -> ColumnErrors {
        let column = |at: usize| {
            let rmse = |sums: &[f64]| (sums[at] / rows).sqrt() * unit(at);
            let varies = self.own_mean[at] > 0.0;
            ColumnError {
                name: at.to_string(),
                rmse: rmse(&self.network),
                rmse_of_pca: rmse(&self.pca),
                rmse_of_mean: rmse(&self.training_mean),
                explained: varies.then(|| 1.0 - self.network[at] / self.own_mean[at]),
            }
        };
        let all = |sums: &[f64]| 1.0 - sums.iter().sum::<f64>() / self.own_mean.iter().sum::<f64>();
        ColumnErrors {
            explained: all(&self.network),
            explained_by_pca: all(&self.pca),
            columns: (0..self.network.len()).map(column).collect(),
        }
    }
}

/// The mean of each column, at least one row.
fn means(rows: Rows<'_>) -> Vec<f64> {
    let mut sums = vec![0.0; rows.width()];
    for chunk in rows.chunks(AT_ONCE) {
        for row in chunk.to_values().chunks_exact(rows.width()) {
            sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
    }
    sums.into_iter().map(|sum| sum / rows.len() as f64).collect()
}

/// Adds `(y - x)^2` to the sum of each column.
fn add_squares(sums: &mut [f64], x: &[f32], y: impl Fn(usize) -> f64) {
    let width = sums.len();
    for (at, &x) in x.iter().enumerate() {
        sums[at % width] += (y(at) - f64::from(x)).powi(2);
    }
}

/// Of lines that fit a terminal of 80 columns.
impl fmt::Display for ColumnErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { explained, explained_by_pca, columns } = self;
        writeln!(
            out,
            "{:.1} % of the variance explained, by PCA {:.1} %\n",
            100.0 * explained,
            100.0 * explained_by_pca
        )?;
        writeln!(out, "column                    RMSE         of PCA  of the mean row  explained")?;
        for ColumnError { name, rmse, rmse_of_pca, rmse_of_mean, explained } in columns.iter().take(SHOWN) {
            let name: String = name.chars().take(18).collect();
            let explained =
                explained.map_or("constant".to_owned(), |share| format!("{:.1} %", 100.0 * share));
            writeln!(
                out,
                "{name:<18} {:>11}    {:>11}      {:>11}  {explained:>9}",
                significant(*rmse),
                significant(*rmse_of_pca),
                significant(*rmse_of_mean)
            )?;
        }
        match columns.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(out, "and {more} more columns (--json has all)"),
        }
    }
}

/// A number with four digits that count.
fn significant(number: f64) -> String {
    if number == 0.0 || (1e-4..1e7).contains(&number.abs()) {
        let before = number.abs().max(1.0).log10() as usize + 1;
        format!("{number:.*}", 5_usize.saturating_sub(before))
    } else {
        format!("{number:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_data::{Samples, ScaleMethod, Shape};
    use ae_net::{Activation, Dense, Outputs};

    /// A network of two numbers whose reconstruction is `a x0 + b, x1`.
    fn network(a: f32, b: f32) -> Network {
        let through = Dense::new(2, vec![1.0, 0.0, 0.0, 1.0], vec![0.0; 2], Activation::Linear).unwrap();
        let back = Dense::new(2, vec![a, 0.0, 0.0, 1.0], vec![b, 0.0], Activation::Linear).unwrap();
        Network::new(&[through], &[back], Outputs::Values).unwrap()
    }

    #[test]
    fn figures_follow_their_definitions() {
        // In hundreds: 1, 2, 3 of which the mean is 2 and the squares about it sum up to 2; the other column is constant.
        let set = Samples::new(Shape::list(2), vec![100.0_f32, 5.0, 200.0, 5.0, 300.0, 5.0]).unwrap();
        let scaling = Scaling::fit(ScaleMethod::Minmax, &set);
        let scaled = scaling.apply(set).unwrap();
        let split = Split { train: scaled.select(&[0]).unwrap(), test: scaled };
        let team = Team::new(1).unwrap();
        // Off by a tenth of the range of 200, and PCA right.
        let found =
            ColumnErrors::measure(&team, &network(1.0, 0.1), &network(1.0, 0.0), &split, Some(&scaling))
                .unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
        let [first, second] = &found.columns[..] else { panic!("two columns") };
        close(first.rmse, 20.0);
        close(first.rmse_of_pca, 0.0);
        // Against 100, the only training row.
        close(first.rmse_of_mean, (50_000.0_f64 / 3.0).sqrt());
        close(first.explained.unwrap(), 1.0 - 3.0 * 400.0 / 20_000.0);
        assert_eq!((second.rmse, second.explained), (0.0, None));
        close(found.explained, first.explained.unwrap());
        close(found.explained_by_pca, 1.0);
        let text = found.named(&["height \u{fc}ber alles, in metres".to_owned()]).to_string();
        assert!(text.contains("height \u{fc}ber alles, ") && text.contains("constant"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn four_digits_count() {
        let shown = [0.0, 0.12345, 1.5, 123.456, 98_765.4, 1e9, 1.2e-5].map(significant);
        assert_eq!(shown, ["0.0000", "0.1235", "1.5000", "123.46", "98765", "1.000e9", "1.200e-5"]);
    }
}
