//! Rows of numbers, whoever owns them: images as bytes or as lists of what is not black, codes and features as
//! floats. What enters a network, and what it is compared with, is always one of these.

use std::hint::black_box;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::arch::Arch;
use crate::{Loss, NetError, SparseRows};

/// What a byte is multiplied with to become a value in [0, 1].
pub(crate) const BYTE_SCALE: f32 = 1.0 / 255.0;

/// Borrowed rows of `width` numbers each, `(B, width)` row-major.
///
/// A byte `b` stands for `b * (1.0 / 255.0)`, in `[0, 1]`; this file is the one place where bytes become numbers,
/// but for the kernels that do it in their registers.
///
/// # Example
/// ```
/// use ae_net::Rows;
/// let images = Rows::bytes(&[0, 255, 255, 0], 2)?;
/// assert_eq!((images.len(), images.width()), (2, 2));
/// assert_eq!(images.pick(&[1, 1, 0])?.to_values(), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), ae_net::NetError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    cells: Cells<'a>,
    width: usize,
    /// Which rows of the cells these are, in what order; without it, all from the first.
    picked: Option<&'a [u32]>,
    /// The part of those that this is.
    range: (usize, usize),
}

/// Where the numbers of rows lie.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cells<'a> {
    Values(&'a [f32]),
    Bytes(&'a [u8]),
    Lists(&'a SparseRows),
}

impl<'a> Rows<'a> {
    /// Rows of numbers, finite or not.
    ///
    /// # Errors
    /// [`NetError::Argument`] if `width` is 0, or the values are not whole rows.
    pub fn values(values: &'a [f32], width: usize) -> Result<Self, NetError> {
        Self::of(Cells::Values(values), values.len(), width)
    }

    /// Rows of bytes.
    ///
    /// # Errors
    /// [`NetError::Argument`] if `width` is 0, or the bytes are not whole rows.
    pub fn bytes(bytes: &'a [u8], width: usize) -> Result<Self, NetError> {
        Self::of(Cells::Bytes(bytes), bytes.len(), width)
    }

    /// Rows of bytes given by lists of those that are not 0: the same numbers, faster where most are.
    pub fn sparse(set: &'a SparseRows) -> Self {
        Self { cells: Cells::Lists(set), width: set.width(), picked: None, range: (0, set.rows()) }
    }

    fn of(cells: Cells<'a>, count: usize, width: usize) -> Result<Self, NetError> {
        if width == 0 || !count.is_multiple_of(width) {
            return Err(NetError::argument("rows", format_args!("whole rows of {width} values"), count));
        }
        Ok(Self { cells, width, picked: None, range: (0, count / width) })
    }

    /// The rows at `places`, in that order; a place may come twice.
    ///
    /// # Errors
    /// [`NetError::Argument`] if a place is beyond the last row, or these rows were picked from others already.
    pub fn pick(self, places: &'a [u32]) -> Result<Self, NetError> {
        let (first, len) = self.range;
        if self.picked.is_some() || first > 0 {
            return Err(NetError::argument("rows to pick from", "a whole set", "a part of one"));
        }
        if let Some(&place) = places.iter().find(|&&place| place as usize >= len) {
            return Err(NetError::argument(
                "a row",
                format_args!("one of {len}"),
                format_args!("number {place}"),
            ));
        }
        Ok(Self { picked: Some(places), range: (0, places.len()), ..self })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.range.1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers in a row, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn cells(&self) -> Cells<'a> {
        self.cells
    }

    /// The same rows, at most `rows` at a time; `rows` is at least 1.
    pub fn chunks(self, rows: usize) -> impl Iterator<Item = Rows<'a>> {
        let (first, len) = self.range;
        (0..len).step_by(rows).map(move |at| Rows { range: (first + at, rows.min(len - at)), ..self })
    }

    /// All numbers, where they lie side by side: those of a set that nothing was picked from.
    pub(crate) fn side_by_side(&self) -> Option<Target<'a>> {
        let (first, len) = self.range;
        let range = first * self.width..(first + len) * self.width;
        match (self.cells, self.picked) {
            (Cells::Values(values), None) => Some(Target::Values(&values[range])),
            (Cells::Bytes(bytes), None) => Some(Target::Bytes(&bytes[range])),
            _ => None,
        }
    }

    /// Where among the cells a row lies.
    #[inline(always)]
    pub(crate) fn place(&self, row: usize) -> usize {
        let at = self.range.0 + row;
        self.picked.map_or(at, |picked| picked[at] as usize)
    }

    /// The values of rows that lie one after the other, as whoever owns them has them.
    #[inline(always)]
    pub(crate) fn neighbours(&self, first: usize) -> Option<&'a [f32]> {
        match (self.cells, self.picked) {
            (Cells::Values(values), None) => Some(&values[(self.range.0 + first) * self.width..]),
            _ => None,
        }
    }

    /// Writes the numbers of a row, `(width)`.
    ///
    /// # Panics
    /// If there is no such row or `out` is of another length, as indexing does.
    pub fn copy_row(&self, row: usize, out: &mut [f32]) {
        self.copy(Arch::new(), row, out);
    }

    /// The same with the vectors of `arch`.
    #[inline]
    pub(crate) fn copy(&self, arch: Arch, row: usize, out: &mut [f32]) {
        let place = self.place(row);
        let range = place * self.width..(place + 1) * self.width;
        match self.cells {
            Cells::Values(values) => out.copy_from_slice(&values[range]),
            Cells::Bytes(bytes) => arch.dispatch(ByteValues { bytes: &bytes[range], values: out }),
            Cells::Lists(set) => {
                out.fill(0.0);
                let (positions, bytes) = set.row(place);
                for (&position, &byte) in positions.iter().zip(bytes) {
                    out[usize::from(position)] = f32::from(byte) * BYTE_SCALE;
                }
            }
        }
    }

    /// All rows as numbers, `(B, width)`.
    pub fn to_values(&self) -> Vec<f32> {
        let arch = Arch::new();
        let mut values = vec![0.0; self.len() * self.width];
        for (row, out) in values.chunks_exact_mut(self.width).enumerate() {
            self.copy(arch, row, out);
        }
        values
    }

    /// Refuses rows of another width.
    ///
    /// # Errors
    /// [`NetError::Argument`] with `what` the rows are.
    pub fn require_width(&self, what: &'static str, expected: usize) -> Result<(), NetError> {
        if self.width == expected {
            return Ok(());
        }
        Err(NetError::argument(
            what,
            format_args!("rows of {expected}"),
            format_args!("rows of {}", self.width),
        ))
    }

    /// Refuses a NaN or an infinity.
    ///
    /// # Errors
    /// [`NetError::Argument`] with its row and column.
    pub fn require_finite(&self, what: &'static str) -> Result<(), NetError> {
        let Cells::Values(values) = self.cells else { return Ok(()) };
        for row in 0..self.len() {
            let values = &values[self.place(row) * self.width..][..self.width];
            if let Some(column) = values.iter().position(|value| !value.is_finite()) {
                let found = format_args!("{} in row {row}, column {column}", values[column]);
                return Err(NetError::argument(what, "finite numbers", found));
            }
        }
        Ok(())
    }

    /// Reads one value of each cache line of some rows, and forgets it.
    ///
    /// A batch's rows lie scattered over memory. Loads that wait for nothing are all under way at once;
    /// in the products they would be waited for one after the other, which took a quarter of a step.
    pub(crate) fn touch(&self, rows: Range<usize>) {
        for row in rows {
            let place = self.place(row);
            match self.cells {
                Cells::Values(values) if self.picked.is_some() => {
                    touch(&values[place * self.width..][..self.width], f32::to_bits);
                }
                Cells::Values(_) => {}
                Cells::Bytes(bytes) => touch(&bytes[place * self.width..][..self.width], u32::from),
                Cells::Lists(set) => {
                    let (positions, values) = set.row(place);
                    touch(positions, u32::from);
                    touch(values, u32::from);
                }
            }
        }
    }
}

/// What a network should answer to each row.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a> {
    /// `(B, outputs)`: values or bytes, not lists.
    Rows(Rows<'a>),
    /// One class a row, for [`Loss::SoftmaxCrossEntropy`].
    Classes {
        /// Classes of the whole set, each below the number of outputs where it is used.
        labels: &'a [u32],
        /// Which rows, `(B)`, in the batch's order.
        rows: &'a [u32],
    },
}

/// One row of targets, checked, or several side by side.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Values(&'a [f32]),
    Bytes(&'a [u8]),
    Class(usize),
}

impl Target<'_> {
    /// A part of the numbers.
    #[inline(always)]
    pub(crate) fn part(self, range: Range<usize>) -> Self {
        match self {
            Target::Values(values) => Target::Values(&values[range]),
            Target::Bytes(bytes) => Target::Bytes(&bytes[range]),
            Target::Class(_) => self,
        }
    }
}

impl<'a> Targets<'a> {
    /// Number of rows, once every row is known to exist and to suit the loss.
    pub(crate) fn check(&self, loss: Loss, outputs: usize) -> Result<usize, NetError> {
        match *self {
            Targets::Rows(rows) if loss != Loss::SoftmaxCrossEntropy => {
                if let Cells::Lists(_) = rows.cells {
                    return Err(NetError::argument("targets", "values or bytes", "lists of bytes"));
                }
                rows.require_width("targets", outputs)?;
                Ok(rows.len())
            }
            Targets::Classes { labels, rows } if loss == Loss::SoftmaxCrossEntropy => {
                for &row in rows {
                    let Some(&class) = labels.get(row as usize) else {
                        let expected = format_args!("one of {}", labels.len());
                        return Err(NetError::argument("a label", expected, format_args!("number {row}")));
                    };
                    if class as usize >= outputs {
                        let found = format_args!("{class} in row {row}");
                        return Err(NetError::argument(
                            "a label",
                            format_args!("one below {outputs}"),
                            found,
                        ));
                    }
                }
                Ok(rows.len())
            }
            Targets::Rows(_) => Err(NetError::argument("targets of this loss", "classes", "values")),
            Targets::Classes { .. } => Err(NetError::argument("targets of this loss", "values", "classes")),
        }
    }

    /// A row of targets that [`check`](Self::check) has passed.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> Target<'a> {
        match *self {
            Targets::Classes { labels, rows } => Target::Class(labels[rows[row] as usize] as usize),
            Targets::Rows(rows) => {
                let start = rows.place(row) * rows.width;
                match rows.cells {
                    Cells::Values(values) => Target::Values(&values[start..][..rows.width]),
                    Cells::Bytes(bytes) => Target::Bytes(&bytes[start..][..rows.width]),
                    Cells::Lists(_) => unreachable!("lists are no targets, as has been checked"),
                }
            }
        }
    }

    /// As [`Rows::touch`].
    pub(crate) fn touch(&self, batch_rows: Range<usize>) {
        if let Targets::Rows(rows) = self {
            rows.touch(batch_rows);
        }
    }
}

/// Bytes in a cache line of most processors.
const LINE: usize = 64;

fn touch<T: Copy>(values: &[T], bits: impl Fn(T) -> u32) {
    let steps = values.iter().step_by(LINE / size_of::<T>());
    let all = steps.fold(0, |all, &value| all ^ bits(value));
    // The last value may begin a line that the steps jump over.
    black_box(values.last().map_or(all, |&last| all ^ bits(last)));
}

/// The values that bytes stand for.
pub(crate) struct ByteValues<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) values: &'a mut [f32],
}

impl WithSimd for ByteValues<'_> {
    type Output = ();

    /// A plain loop: compiled for each instruction set, it becomes vector code by itself.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        assert_eq!(self.values.len(), self.bytes.len());
        for (value, &byte) in self.values.iter_mut().zip(self.bytes) {
            *value = f32::from(byte) * BYTE_SCALE;
        }
    }
}

/// Brightness as bytes: times 255, rounded, what lies outside of [0, 1] cut off; `None` where it is not finite.
///
/// # Example
/// ```
/// assert_eq!(ae_net::to_byte(0.5), Some(128));
/// assert_eq!((ae_net::to_byte(-3.0), ae_net::to_byte(f32::NAN)), (Some(0), None));
/// ```
pub fn to_byte(brightness: f32) -> Option<u8> {
    brightness.is_finite().then(|| (brightness.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// Images as bytes, `(B, width)` to `(B, width)`; see [`to_byte`]. `first` is the number of the first, for the error.
///
/// # Errors
/// [`NetError::Argument`] names the image that is not finite.
pub fn to_bytes(brightness: &[f32], width: usize, first: usize) -> Result<Vec<u8>, NetError> {
    let bytes: Vec<u8> = brightness.iter().map_while(|&brightness| to_byte(brightness)).collect();
    if bytes.len() == brightness.len() {
        return Ok(bytes);
    }
    let found = format_args!("image {} with {}", first + bytes.len() / width, brightness[bytes.len()]);
    Err(NetError::argument("images", "finite brightness", found))
}
