//! What one row of a set is: channels by rows by columns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// The shape of every row of a set: `channels` planes, one after the other, of `rows` lines of `cols` numbers.
///
/// A grey picture has one channel, a colour picture three, red first. A plain list of numbers, as a line of a table or a
/// stretch of a series is one, is one channel of one row.
///
/// # Example
/// ```
/// use ae_data::Shape;
/// let colour: Shape = "3x32x48".parse()?;
/// assert_eq!((colour.channels, colour.rows, colour.cols, colour.numbers()), (3, 32, 48, 4608));
/// assert_eq!(("28x28".parse::<Shape>()?, "30".parse::<Shape>()?), (Shape::picture(28, 28), Shape::list(30)));
/// assert_eq!(format!("{colour}, {}, {}", Shape::picture(28, 27), Shape::list(30)), "3 x 32 x 48, 28 x 27, 30");
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Planes.
    pub channels: usize,
    /// Lines of a plane, from top to bottom.
    pub rows: usize,
    /// Numbers of a line, from left to right.
    pub cols: usize,
}

impl Shape {
    /// One channel of `rows` lines of `cols` pixels.
    pub const fn picture(rows: usize, cols: usize) -> Self {
        Self { channels: 1, rows, cols }
    }

    /// A plain list of so many numbers.
    pub const fn list(numbers: usize) -> Self {
        Self { channels: 1, rows: 1, cols: numbers }
    }

    /// Whether it is a plain list: numbers that do not lie beside each other in a plane.
    pub const fn is_list(self) -> bool {
        self.channels == 1 && self.rows == 1
    }

    /// Whether it can be shown as a picture, grey or in colour.
    pub const fn is_picture(self) -> bool {
        self.rows > 1 && (self.channels == 1 || self.channels == 3)
    }

    /// Numbers in a row; the largest number there is if they can't be counted.
    pub const fn numbers(self) -> usize {
        self.channels.saturating_mul(self.rows).saturating_mul(self.cols)
    }

    /// Refuses a shape without numbers.
    pub(crate) fn check(self) -> Result<Self, DataError> {
        match self.numbers() {
            0 => Err(DataError::ZeroSize { shape: self }),
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, rows, cols } = self;
        match (channels, rows) {
            (1, 1) => write!(out, "{cols}"),
            (1, _) => write!(out, "{rows} x {cols}"),
            _ => write!(out, "{channels} x {rows} x {cols}"),
        }
    }
}

impl FromStr for Shape {
    type Err = DataError;

    /// Reads `CxHxW`, `HxW` or `N`.
    fn from_str(text: &str) -> Result<Self, DataError> {
        let refused = || {
            let expected = "CHANNELSxROWSxCOLUMNS, ROWSxCOLUMNS or a number, as in 3x64x64";
            DataError::argument("a shape", expected, format!("{text:?}"))
        };
        let sizes: Result<Vec<usize>, _> = text.split(['x', 'X']).map(|size| size.trim().parse()).collect();
        match sizes.map_err(|_| refused())?[..] {
            [numbers] => Shape::list(numbers),
            [rows, cols] => Shape::picture(rows, cols),
            [channels, rows, cols] => Shape { channels, rows, cols },
            _ => return Err(refused()),
        }
        .check()
    }
}

/// Rows and columns of a grey picture.
impl From<(usize, usize)> for Shape {
    fn from((rows, cols): (usize, usize)) -> Self {
        Self::picture(rows, cols)
    }
}

/// Channels, rows and columns.
impl From<(usize, usize, usize)> for Shape {
    fn from((channels, rows, cols): (usize, usize, usize)) -> Self {
        Self { channels, rows, cols }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_shape_is_refused_with_an_example() {
        for text in ["", "x", "3x", "axb", "1x2x3x4", "-1", "0", "3x0x4", "28 28"] {
            assert!(text.parse::<Shape>().is_err(), "{text:?}");
        }
        let found = "big".parse::<Shape>().unwrap_err().to_string();
        assert_eq!(
            found,
            "a shape: expected CHANNELSxROWSxCOLUMNS, ROWSxCOLUMNS or a number, as in 3x64x64, found \"big\""
        );
    }

    #[test]
    fn numbers_that_cannot_be_counted_are_as_many_as_there_can_be() {
        assert_eq!(Shape { channels: 3, rows: usize::MAX, cols: 2 }.numbers(), usize::MAX);
    }
}
