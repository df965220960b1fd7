//! Rows of bytes, most of them zero, as lists of what is not.
//!
//! Of MNIST's pixels 81 % are 0: the first layer's product and its weight gradient need only the rest.

use crate::NetError;

/// Rows of bytes as lists of nonzero values, built once for a data set.
///
/// Three bytes a nonzero value. A byte `b` stands for `b * (1.0 / 255.0)`.
///
/// # Example
/// ```
/// use ae_net::SparseRows;
/// let rows = SparseRows::from_bytes(&[0, 9, 0, 0, 0, 0, 7, 8], 4)?;
/// assert_eq!(rows.row(0), (&[1u16][..], &[9u8][..]));
/// assert_eq!(rows.density(), 3.0 / 8.0);
/// # Ok::<(), ae_net::NetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SparseRows {
    width: usize,
    ends: Vec<usize>,
    positions: Vec<u16>,
    values: Vec<u8>,
}

impl SparseRows {
    /// The widest row that 16-bit positions can number.
    pub const MAX_WIDTH: usize = 1 << 16;

    /// No rows yet, each to be of `width` values.
    ///
    /// # Errors
    /// [`NetError::Argument`] if `width` is 0 or above 65,536.
    pub fn new(width: usize) -> Result<Self, NetError> {
        if width == 0 || width > Self::MAX_WIDTH {
            return Err(NetError::argument(
                "the width of sparse rows",
                format_args!("1 to {}", Self::MAX_WIDTH),
                width,
            ));
        }
        Ok(Self { width, ends: Vec::new(), positions: Vec::new(), values: Vec::new() })
    }

    /// The nonzero values of `bytes`, rows of `width` each.
    ///
    /// # Errors
    /// [`NetError::Argument`] as in [`new`](Self::new); or if `bytes` does
    /// not divide into rows.
    pub fn from_bytes(bytes: &[u8], width: usize) -> Result<Self, NetError> {
        let mut rows = Self::new(width)?;
        if !bytes.len().is_multiple_of(width) {
            return Err(NetError::argument("bytes", format_args!("whole rows of {width}"), bytes.len()));
        }
        let nonzero = bytes.iter().filter(|&&byte| byte != 0).count();
        rows.ends.reserve_exact(bytes.len() / width);
        rows.positions.reserve_exact(nonzero);
        rows.values.reserve_exact(nonzero);
        for row in bytes.chunks_exact(width) {
            for (position, &value) in row.iter().enumerate() {
                if value != 0 {
                    rows.positions.push(position as u16); // below the widest row
                    rows.values.push(value);
                }
            }
            rows.ends.push(rows.positions.len());
        }
        Ok(rows)
    }

    /// Adds a row of `(position, value)` pairs in ascending order of position, such as another row's
    /// list with the masked pixels left out. Zero values are allowed.
    ///
    /// # Errors
    /// [`NetError::Argument`] at the first position out of order or out of the row; the set is
    /// then as it was before.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u16, u8)>) -> Result<(), NetError> {
        let start = self.positions.len();
        let mut previous = None;
        for (place, (position, value)) in row.into_iter().enumerate() {
            if usize::from(position) >= self.width || previous.is_some_and(|before| before >= position) {
                self.positions.truncate(start);
                self.values.truncate(start);
                let width = self.width;
                let expected = format_args!("ascending ones below {width}");
                let before = previous.map_or("none".to_owned(), |before: u16| before.to_string());
                let found = format_args!("{position} in place {place}, after {before}");
                return Err(NetError::argument("positions of a sparse row", expected, found));
            }
            previous = Some(position);
            self.positions.push(position);
            self.values.push(value);
        }
        self.ends.push(self.positions.len());
        Ok(())
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.positions.clear();
        self.values.clear();
    }

    /// Rows in the set.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Values in a row, zeros included.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Positions, ascending, and values of a row's list.
    ///
    /// # Panics
    /// If there is no such row, as indexing does.
    pub fn row(&self, row: usize) -> (&[u16], &[u8]) {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let end = self.ends[row];
        (&self.positions[start..end], &self.values[start..end])
    }

    /// Listed values as a fraction of all, in `[0, 1]`; 0 for a set of no rows.
    pub fn density(&self) -> f64 {
        self.positions.len() as f64 / (self.rows() * self.width).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_what_the_bytes_hold() {
        let rows = SparseRows::from_bytes(&[0, 5, 0, 255, 0, 0, 1, 2, 3], 3).unwrap();
        assert_eq!(rows.row(0), (&[1][..], &[5][..]));
        assert_eq!(rows.row(1), (&[0][..], &[255][..]));
        assert_eq!(rows.row(2), (&[0, 1, 2][..], &[1, 2, 3][..]));
        assert_eq!((rows.rows(), rows.width()), (3, 3));
        assert_eq!(rows.density(), 5.0 / 9.0);
    }

    #[test]
    fn a_set_of_no_rows_has_density_zero() {
        assert_eq!(SparseRows::new(4).unwrap().density(), 0.0);
    }

    #[test]
    fn a_refused_row_leaves_the_set_as_it_was() {
        let mut rows = SparseRows::new(4).unwrap();
        rows.push([(0, 1), (3, 2)]).unwrap();
        let wrong_order = rows.push([(2, 1), (2, 2)]).unwrap_err();
        assert_eq!(
            wrong_order.to_string(),
            "positions of a sparse row: expected ascending ones below 4, found 2 in place 1, after 2"
        );
        let too_far = rows.push([(4, 1)]).unwrap_err();
        assert_eq!(
            too_far.to_string(),
            "positions of a sparse row: expected ascending ones below 4, found 4 in place 0, after none"
        );
        rows.push([(1, 9)]).unwrap();
        assert_eq!(rows.row(0), (&[0, 3][..], &[1, 2][..]));
        assert_eq!(rows.row(1), (&[1][..], &[9][..]));
        rows.clear();
        assert_eq!(rows.rows(), 0);
    }

    #[test]
    fn widths_and_lengths_are_checked() {
        assert_eq!(
            SparseRows::new(65_537).unwrap_err().to_string(),
            "the width of sparse rows: expected 1 to 65536, found 65537"
        );
        assert!(SparseRows::new(0).is_err());
        assert_eq!(
            SparseRows::from_bytes(&[1, 2, 3], 2).unwrap_err().to_string(),
            "bytes: expected whole rows of 2, found 3"
        );
    }
}
