//! Numbers of any size brought to a scale that networks learn from, and back.

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::samples::{Samples, Values};
use crate::shape::Shape;

/// How numbers are scaled: `scaled = (number - offset) / unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleMethod {
    /// From the smallest to the largest, which become 0 and 1.
    Minmax,
    /// To a mean of 0 and a standard deviation of 1, the root of the mean square.
    Standard,
}

/// A scale that was fitted to a set: for plain lists each column has its own, for anything else each channel, as neighbours
/// in a picture or a series are of one kind.
///
/// What does not vary gets a unit of 1, and becomes 0. Fit it to training rows alone: other rows may then lie outside of
/// `[0, 1]`, and come back all the same.
///
/// # Example
/// ```
/// use ae_data::{Samples, ScaleMethod, Scaling, Shape, Values};
/// let table = Samples::new(Shape::list(2), vec![10.0_f32, 5.0, 20.0, 5.0, 15.0, 5.0])?;
/// let scaling = Scaling::fit(ScaleMethod::Minmax, &table);
/// let mut scaled = scaling.apply(table)?;
/// assert_eq!(scaled.values(), &Values::Floats(vec![0.0, 0.0, 1.0, 0.0, 0.5, 0.0]));
/// let mut row = [0.25, 0.0];
/// scaling.undo(&mut row);
/// assert_eq!(row, [12.5, 5.0]);
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Scaling {
    method: ScaleMethod,
    /// Numbers that share an offset and a unit; 1 in a plain list.
    together: usize,
    offsets: Vec<f64>,
    units: Vec<f64>,
}

/// A scale as it is read, which may be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    method: ScaleMethod,
    together: usize,
    offsets: Vec<f64>,
    units: Vec<f64>,
}

impl TryFrom<Stored> for Scaling {
    type Error = DataError;

    fn try_from(Stored { method, together, offsets, units }: Stored) -> Result<Self, DataError> {
        let sound = |unit: &f64| unit.is_finite() && *unit > 0.0;
        let counts =
            offsets.len() == units.len() && together.checked_mul(units.len()).is_some_and(|width| width > 0);
        if !counts || !units.iter().all(sound) || !offsets.iter().all(|offset| offset.is_finite()) {
            return Err(DataError::argument(
                "a scale",
                "finite offsets, and as many units above 0",
                "others",
            ));
        }
        Ok(Self { method, together, offsets, units })
    }
}

impl Scaling {
    /// The scale of a set; of an empty one it changes nothing.
    pub fn fit(method: ScaleMethod, set: &Samples) -> Self {
        let Shape { channels, rows, cols } = set.shape();
        let (together, count) = if set.shape().is_list() { (1, cols) } else { (rows * cols, channels) };
        let mut spreads = vec![Spread::default(); count];
        let mut add = |at: usize, value: f64| spreads[at / together % count].add(value);
        match set.values() {
            Values::Bytes(values) => values.iter().enumerate().for_each(|(at, &value)| add(at, value.into())),
            Values::Floats(values) => {
                values.iter().enumerate().for_each(|(at, &value)| add(at, value.into()))
            }
        }
        let (offsets, units) = spreads.iter().map(|spread| spread.scale(method)).unzip();
        Self { method, together, offsets, units }
    }

    /// How it was fitted.
    pub fn method(&self) -> ScaleMethod {
        self.method
    }

    /// Numbers in a row that it is for.
    fn width(&self) -> usize {
        self.together * self.offsets.len()
    }

    /// What one on the scale is in a column of a row, counted from 0, in the set's own units.
    ///
    /// # Panics
    /// If there is no such column, as indexing does.
    pub fn unit(&self, column: usize) -> f64 {
        self.units[column / self.together]
    }

    /// The scaled set. Bytes are whole numbers here.
    ///
    /// # Errors
    /// [`DataError::Argument`] if rows are of another width, [`DataError::NotFinite`] if a number is so far from those that the
    /// scale was fitted to that it is none of 32 bits there.
    pub fn apply(&self, set: Samples) -> Result<Samples, DataError> {
        if set.width() != self.width() {
            return Err(DataError::argument("rows to scale", self.width(), set.width()));
        }
        let count = self.offsets.len();
        let scaled = |(at, value): (usize, f64)| {
            let place = at / self.together % count;
            ((value - self.offsets[place]) / self.units[place]) as f32
        };
        let values: Vec<f32> = match set.values() {
            Values::Bytes(values) => {
                values.iter().map(|&value| value.into()).enumerate().map(scaled).collect()
            }
            Values::Floats(values) => {
                values.iter().map(|&value| value.into()).enumerate().map(scaled).collect()
            }
        };
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (row, column) = (at / set.width(), at % set.width());
            return Err(DataError::NotFinite {
                row,
                column,
                found: format!("{:?} on the scale", values[at]),
            });
        }
        set.with_values(values)
    }

    /// Brings scaled rows back, `(B, width)`.
    pub fn undo(&self, rows: &mut [f32]) {
        for row in rows.chunks_mut(self.width()) {
            for (at, value) in row.iter_mut().enumerate() {
                let place = at / self.together;
                *value = (f64::from(*value) * self.units[place] + self.offsets[place]) as f32;
            }
        }
    }
}

/// How numbers are spread, gathered one after the other (Welford 1962, *Note on a Method for Calculating Corrected Sums of
/// Squares and Products*): a large mean takes nothing from a small deviation.
#[derive(Debug, Clone, Copy)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
    least: f64,
    most: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { count: 0.0, mean: 0.0, squares: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY }
    }
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
        (self.least, self.most) = (self.least.min(value), self.most.max(value));
    }

    /// Offset and unit.
    fn scale(&self, method: ScaleMethod) -> (f64, f64) {
        if self.count == 0.0 {
            return (0.0, 1.0);
        }
        if self.least == self.most {
            return (self.least, 1.0);
        }
        match method {
            ScaleMethod::Minmax => (self.least, self.most - self.least),
            ScaleMethod::Standard => (self.mean, (self.squares / self.count).sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(scaling: &Scaling, set: &Samples) -> Vec<f32> {
        match scaling.apply(set.clone()).unwrap().values() {
            Values::Floats(values) => values.clone(),
            Values::Bytes(_) => panic!("scaled numbers are no bytes"),
        }
    }

    #[test]
    fn columns_of_a_list_are_scaled_each_by_itself() {
        let table = Samples::new(Shape::list(3), vec![1.0_f32, 1e6, 7.0, 3.0, 1e6 + 2.0, 7.0]).unwrap();
        let standard = Scaling::fit(ScaleMethod::Standard, &table);
        assert_eq!(scaled(&standard, &table), [-1.0, -1.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!((standard.unit(1), standard.unit(2)), (1.0, 1.0));
        let minmax = Scaling::fit(ScaleMethod::Minmax, &table);
        assert_eq!(scaled(&minmax, &table), [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let mut back = scaled(&minmax, &table);
        minmax.undo(&mut back);
        assert_eq!(&Values::Floats(back), table.values());
    }

    #[test]
    fn channels_of_a_picture_are_scaled_each_as_a_whole() {
        // Two pictures of two channels of 2 x 1.
        let set = Samples::new((2, 2, 1), vec![0_u8, 10, 100, 100, 5, 10, 100, 100]).unwrap();
        let minmax = Scaling::fit(ScaleMethod::Minmax, &set);
        assert_eq!(scaled(&minmax, &set), [0.0, 1.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.0]);
        assert_eq!((minmax.unit(1), minmax.unit(2)), (10.0, 1.0));
        let grey = Samples::new((2, 2), vec![0_u8, 4, 8, 16]).unwrap();
        assert_eq!(scaled(&Scaling::fit(ScaleMethod::Minmax, &grey), &grey), [0.0, 0.25, 0.5, 1.0]);
    }

    #[test]
    fn a_small_deviation_beside_a_large_mean_is_not_lost() {
        let values: Vec<f32> = (0..1000).map(|i| 8_388_608.0 + (i % 2) as f32).collect();
        let set = Samples::new(Shape::list(1), values).unwrap();
        let scaling = Scaling::fit(ScaleMethod::Standard, &set);
        assert!((scaling.unit(0) - 0.5).abs() < 1e-9, "{}", scaling.unit(0));
    }

    #[test]
    fn a_number_that_leaves_32_bits_on_the_scale_is_refused() {
        let close = Samples::new(Shape::list(2), vec![0.0_f32, 0.0, 1e-30, 1.0]).unwrap();
        let far = Samples::new(Shape::list(2), vec![0.0_f32, 5.0, -1e20, 5.0]).unwrap();
        let refused = Scaling::fit(ScaleMethod::Minmax, &close).apply(far).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "row 1 has -inf on the scale in column 0, finite 32-bit numbers are needed"
        );
    }

    #[test]
    fn what_is_no_scale_is_refused() {
        let set = Samples::new(Shape::list(2), vec![1.0_f32, 2.0]).unwrap();
        let other = Samples::new(Shape::list(3), vec![1.0_f32, 2.0, 3.0]).unwrap();
        assert!(Scaling::fit(ScaleMethod::Standard, &set).apply(other).is_err());
        let stored = |together: usize, offsets: &[f64], units: &[f64]| {
            let (offsets, units) = (offsets.to_vec(), units.to_vec());
            Scaling::try_from(Stored { method: ScaleMethod::Minmax, together, offsets, units })
        };
        assert_eq!(stored(1, &[1.0, 2.0], &[1.0, 1.0]), Ok(Scaling::fit(ScaleMethod::Minmax, &set)));
        for units in [&[0.0, 1.0][..], &[f64::NAN, 1.0], &[f64::INFINITY, 1.0], &[1.0], &[-1.0, 1.0]] {
            assert!(stored(1, &[1.0, 2.0], units).is_err(), "{units:?}");
        }
        assert!(stored(1, &[f64::NAN, 2.0], &[1.0, 1.0]).is_err());
        assert!(stored(1, &[], &[]).is_err());
        for together in [0, usize::MAX] {
            assert!(stored(together, &[1.0, 2.0], &[1.0, 1.0]).is_err(), "{together}");
        }
        let empty = Samples::new(Shape::list(2), Vec::<f32>::new()).unwrap();
        let nothing = Scaling::fit(ScaleMethod::Standard, &empty);
        assert_eq!((nothing.offsets, nothing.units), (vec![0.0; 2], vec![1.0; 2]));
    }
}
