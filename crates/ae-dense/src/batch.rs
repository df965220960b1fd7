//! What goes into a step: inputs and targets, borrowed row by row from wherever they lie.

use std::{
    hint::black_box,
    ops::{BitXor, Range},
};

use pulp::{Simd, WithSimd};

use crate::{DenseError, Loss, SparseRows};

/// What a byte is multiplied with to become a value in [0, 1].
pub(crate) const BYTE_SCALE: f32 = 1.0 / 255.0;

/// The rows that enter the first layer, each of as many values as it takes.
#[derive(Debug, Clone, Copy)]
pub enum Inputs<'a> {
    /// `(B, inputs)`, row-major.
    Dense(&'a [f32]),
    /// Rows of a set of bytes; `b` stands for `b * (1.0 / 255.0)`.
    Bytes {
        /// `(any, inputs)`, row-major.
        pixels: &'a [u8],
        /// Which rows, `(B)`, in the batch's order; a row may come twice.
        rows: &'a [u32],
    },
    /// Rows of a set of lists of nonzero bytes: the same numbers as [`Inputs::Bytes`], faster where
    /// most are zero.
    Sparse {
        /// The lists.
        set: &'a SparseRows,
        /// Which rows, `(B)`, in the batch's order; a row may come twice.
        rows: &'a [u32],
    },
}

/// What the stack should answer to each row.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a> {
    /// `(B, outputs)`, row-major.
    Dense(&'a [f32]),
    /// Rows of a set of bytes; `b` stands for `b * (1.0 / 255.0)`.
    Bytes {
        /// `(any, outputs)`, row-major.
        pixels: &'a [u8],
        /// Which rows, `(B)`, in the batch's order.
        rows: &'a [u32],
    },
    /// One class a row, for [`Loss::SoftmaxCrossEntropy`].
    Classes {
        /// Labels of the whole set, each below the number of outputs where it is used.
        labels: &'a [u8],
        /// Which rows, `(B)`, in the batch's order.
        rows: &'a [u32],
    },
}

/// One row of targets, checked.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Values(&'a [f32]),
    Bytes(&'a [u8]),
    Class(usize),
}

impl<'a> Inputs<'a> {
    /// Number of rows, once every row is known to exist.
    pub(crate) fn check(&self, width: usize) -> Result<usize, DenseError> {
        const WHAT: &str = "inputs";
        match *self {
            Inputs::Dense(values) => dense_rows(WHAT, values, width),
            Inputs::Bytes { pixels, rows } => listed_rows(WHAT, pixels.len(), width, rows),
            Inputs::Sparse { set, rows } => {
                if set.width() != width {
                    return Err(DenseError::Width { what: WHAT, expected: width, found: set.width() });
                }
                check_rows(WHAT, rows, set.rows())
            }
        }
    }
}

impl<'a> Targets<'a> {
    /// Number of rows, once every row is known to exist and to suit the loss.
    pub(crate) fn check(&self, loss: Loss, width: usize) -> Result<usize, DenseError> {
        const WHAT: &str = "targets";
        let of_classes = loss == Loss::SoftmaxCrossEntropy;
        match *self {
            Targets::Classes { labels, rows } if of_classes => {
                let count = check_rows(WHAT, rows, labels.len())?;
                let wrong = rows.iter().position(|&row| usize::from(labels[row as usize]) >= width);
                match wrong {
                    None => Ok(count),
                    Some(row) => {
                        let class = labels[rows[row] as usize];
                        Err(DenseError::ClassOutOfRange { row, class, classes: width })
                    }
                }
            }
            Targets::Classes { .. } => Err(DenseError::TargetKind { expected: "values", found: "classes" }),
            _ if of_classes => Err(DenseError::TargetKind { expected: "classes", found: "values" }),
            Targets::Dense(values) => dense_rows(WHAT, values, width),
            Targets::Bytes { pixels, rows } => listed_rows(WHAT, pixels.len(), width, rows),
        }
    }

    /// A row of targets that [`check`](Self::check) has passed.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize, width: usize) -> Target<'a> {
        match *self {
            Targets::Dense(values) => Target::Values(&values[row * width..][..width]),
            Targets::Bytes { pixels, rows } => Target::Bytes(&pixels[rows[row] as usize * width..][..width]),
            Targets::Classes { labels, rows } => Target::Class(labels[rows[row] as usize].into()),
        }
    }
}

/// Bytes in a cache line of most processors.
const LINE: usize = 64;

impl<'a> Inputs<'a> {
    /// Reads one value of each cache line of some rows, and forgets it.
    ///
    /// A batch's rows lie scattered over memory. Loads that wait for nothing are all under way at once;
    /// in the products they would be waited for one after the other, which took a quarter of a step.
    pub(crate) fn touch(&self, batch_rows: Range<usize>, width: usize) {
        match *self {
            Inputs::Dense(_) => {}
            Inputs::Bytes { pixels, rows } => touch_rows(pixels, &rows[batch_rows], width),
            Inputs::Sparse { set, rows } => {
                for &row in &rows[batch_rows] {
                    let (positions, values) = set.row(row as usize);
                    touch(positions);
                    touch(values);
                }
            }
        }
    }
}

impl<'a> Targets<'a> {
    /// The same for targets.
    pub(crate) fn touch(&self, batch_rows: Range<usize>, width: usize) {
        if let Targets::Bytes { pixels, rows } = *self {
            touch_rows(pixels, &rows[batch_rows], width);
        }
    }
}

fn touch_rows(pixels: &[u8], rows: &[u32], width: usize) {
    for &row in rows {
        touch(&pixels[row as usize * width..][..width]);
    }
}

fn touch<T: Copy + BitXor<Output = T> + Default>(values: &[T]) {
    let mut all = T::default();
    for &value in values.iter().step_by(LINE / size_of::<T>()) {
        all = all ^ value;
    }
    // The last value may begin a line that the steps jump over.
    black_box(values.last().map_or(all, |&last| all ^ last));
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
        for (value, &byte) in self.values.iter_mut().zip(self.bytes) {
            *value = f32::from(byte) * BYTE_SCALE;
        }
    }
}

fn dense_rows(what: &'static str, values: &[f32], width: usize) -> Result<usize, DenseError> {
    if !values.len().is_multiple_of(width) {
        return Err(DenseError::PartialRow { what, width, found: values.len() });
    }
    Ok(values.len() / width)
}

fn listed_rows(what: &'static str, bytes: usize, width: usize, rows: &[u32]) -> Result<usize, DenseError> {
    if !bytes.is_multiple_of(width) {
        return Err(DenseError::PartialRow { what, width, found: bytes });
    }
    check_rows(what, rows, bytes / width)
}

fn check_rows(what: &'static str, rows: &[u32], available: usize) -> Result<usize, DenseError> {
    match rows.iter().find(|&&row| row as usize >= available) {
        Some(&row) => Err(DenseError::RowOutOfRange { what, row: row as usize, rows: available }),
        None => Ok(rows.len()),
    }
}
