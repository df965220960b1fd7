//! Aligned buffers of strips: [`STRIP`] values side by side, the unit in which all kernels work.
//!
//! 32 values are two AVX-512 registers, four of AVX2, eight of NEON. Rows are padded to whole strips,
//! so that no kernel has a tail; padding columns of weights and deltas are 0 and stay 0.

/// Values in a strip.
pub(crate) const STRIP: usize = 32;

/// [`STRIP`] neighbouring columns of one row.
pub(crate) type Strip = [f32; STRIP];

/// Values in a cache line of 64 bytes. A vector load that straddles two lines costs double.
const LINE: usize = 16;

/// Strips for `columns` values.
pub(crate) fn strips_for(columns: usize) -> usize {
    columns.div_ceil(STRIP)
}

/// Strips on the stack, the first one on a cache line's edge: to a plain array the compiler gives none, and
/// each store would straddle two lines.
#[repr(align(64))]
pub(crate) struct Scratch<const N: usize>(pub(crate) [Strip; N]);

impl<const N: usize> Scratch<N> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self([[0.0; STRIP]; N])
    }
}

/// A fixed number of strips, zero at first, the first one on a cache line's edge.
#[derive(Debug)]
pub(crate) struct Strips {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Strips {
    pub(crate) fn new(len: usize) -> Self {
        let values = vec![0.0; len * STRIP + LINE];
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { values, start, len }
    }

    #[inline]
    pub(crate) fn get(&self) -> &[Strip] {
        self.values[self.start..][..self.len * STRIP].as_chunks().0
    }

    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut [Strip] {
        self.values[self.start..][..self.len * STRIP].as_chunks_mut().0
    }
}

impl Clone for Strips {
    /// The copy lies elsewhere, so its own edge is found anew.
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.get_mut().copy_from_slice(self.get());
        copy
    }
}

/// Rows of strips: activations or deltas of a lane.
#[derive(Debug)]
pub(crate) struct Matrix {
    strips: Strips,
    width: usize,
    stride: usize,
}

impl Matrix {
    /// `rows` rows of `columns` values.
    ///
    /// A strip is left free after each row: a power-of-two distance between rows would crowd one
    /// column of them into a few sets of the cache.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        let width = strips_for(columns);
        let stride = width + 1;
        Self { strips: Strips::new(rows * stride), width, stride }
    }

    /// Whether its rows have as many strips.
    pub(crate) fn is_as_wide_as(&self, other: &Self) -> bool {
        self.width == other.width
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[Strip] {
        &self.strips.get()[row * self.stride..][..self.width]
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [Strip] {
        &mut self.strips.get_mut()[row * self.stride..][..self.width]
    }

    /// The strips of one panel in the first `rows` rows.
    #[inline]
    pub(crate) fn column(&self, panel: usize, rows: usize) -> Column<'_> {
        let end = rows.checked_sub(1).map_or(panel, |last| last * self.stride + panel + 1);
        Column { strips: &self.strips.get()[panel..end], stride: self.stride }
    }

    #[inline]
    pub(crate) fn rows(&self) -> Strided<'_> {
        Strided { values: self.strips.get().as_flattened(), stride: self.stride * STRIP }
    }
}

/// One panel's strips of a matrix, a row each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    strips: &'a [Strip],
    stride: usize,
}

impl<'a> Column<'a> {
    #[inline(always)]
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a Strip> {
        self.strips.iter().step_by(self.stride)
    }
}

/// Rows of plain values, whoever owns them: the caller's inputs or a lane's activations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strided<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

impl<'a> Strided<'a> {
    /// The first `width` values of a row.
    #[inline(always)]
    pub(crate) fn row(self, row: usize, width: usize) -> &'a [f32] {
        &self.values[row * self.stride..][..width]
    }

    /// `N` values of each row from column `first` on.
    #[inline(always)]
    pub(crate) fn columns<const N: usize>(self, first: usize) -> impl Iterator<Item = &'a [f32; N]> {
        self.values[first..].chunks(self.stride).map_while(<[f32]>::first_chunk)
    }
}
