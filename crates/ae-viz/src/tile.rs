//! One picture that is to be drawn, and how its pixels become those of the drawing.
//!
//! Planes of bytes lie one after the other, each row by row from its top-left pixel. Drawn larger, a pixel becomes a
//! square. Drawn smaller, each pixel of the drawing is the mean of the pixels that it covers, by the area it has of each.

use std::ops::RangeInclusive;

use image::RgbImage;

use crate::palette::Colour;
use crate::{VizError, raster};

/// One picture of bytes that is to be drawn, grey or in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile<'a> {
    channels: usize,
    rows: usize,
    cols: usize,
    pixels: &'a [u8],
}

impl<'a> Tile<'a> {
    /// A tile over `channels * rows * cols` bytes: one grey plane, or three, red first. 0 is black, 255 white or the full
    /// colour.
    ///
    /// # Errors
    /// [`VizError::Argument`] for a number of channels other than 1 and 3, for no pixels, and for not as many bytes.
    ///
    /// ```
    /// use ae_viz::Tile;
    ///
    /// Tile::new(3, 1, 2, &[255, 0, 0, 255, 0, 0])?;                     // a red pixel, and a green one
    /// let short = Tile::new(1, 28, 28, &[0; 783]).unwrap_err();
    /// assert_eq!(short.to_string(), "pixels of a tile: expected 28 x 28, found 783");
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn new(channels: usize, rows: usize, cols: usize, pixels: &'a [u8]) -> Result<Self, VizError> {
        if channels != 1 && channels != 3 {
            return Err(VizError::argument("channels of a tile", "1 or 3", channels));
        }
        check_size(channels, rows, cols, pixels.len())?;
        Ok(Self { channels, rows, cols, pixels })
    }

    /// Rows and columns.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    pub(crate) fn is_grey(&self) -> bool {
        self.channels == 1
    }

    /// The colour of one cell of its drawing.
    pub(crate) fn colour(&self, cell: Cell) -> Colour {
        let mean = |plane| cell.mean(plane).round() as u8;
        let mut planes = self.pixels.chunks_exact(self.rows * self.cols).map(mean);
        let first = planes.next().unwrap_or_default();
        [first, planes.next().unwrap_or(first), planes.next().unwrap_or(first)]
    }
}

pub(crate) fn check_size(channels: usize, rows: usize, cols: usize, found: usize) -> Result<(), VizError> {
    let pixels = rows.checked_mul(cols).and_then(|pixels| pixels.checked_mul(channels));
    if pixels == Some(found) && found > 0 {
        return Ok(());
    }
    let expected = match channels {
        _ if rows == 0 || cols == 0 => "at least 1".to_owned(),
        1 => format!("{rows} x {cols}"),
        _ => format!("{channels} x {rows} x {cols}"),
    };
    Err(VizError::argument("pixels of a tile", expected, found))
}

/// The rows and columns of all tiles, none of them if there are no tiles.
pub(crate) fn common_size(
    mut sizes: impl Iterator<Item = (usize, usize)>,
) -> Result<(usize, usize), VizError> {
    let (rows, cols) = sizes.next().unwrap_or_default();
    match (1..).zip(sizes).find(|(_, other)| *other != (rows, cols)) {
        None => Ok((rows, cols)),
        Some((index, other)) => {
            let expected = format!("{rows} x {cols} pixels, as tile 0 has");
            Err(VizError::argument(
                format_args!("tile {index}"),
                expected,
                format_args!("{} x {}", other.0, other.1),
            ))
        }
    }
}

/// How large tiles are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scale {
    /// A pixel as a square of so many pixels.
    Times(u32),
    /// The longer side within this range, if whole-number enlarging reaches it.
    Side(RangeInclusive<u32>),
}

impl Scale {
    /// How a tile of this size is drawn.
    pub(crate) fn cells(&self, (rows, cols): (usize, usize)) -> Cells {
        let longer = rows.max(cols) as u64;
        let (shown, square) = match self {
            Self::Times(square) => ((rows, cols), u64::from(*square)),
            Self::Side(side) if longer > u64::from(*side.end()) => {
                let shrunk = |pixels: usize| {
                    let most = u128::from(*side.end());
                    let rounded = (pixels as u128 * most + u128::from(longer) / 2) / u128::from(longer);
                    // It is at most `pixels`, as the longer side shrinks.
                    (rounded as usize).max(1)
                };
                ((shrunk(rows), shrunk(cols)), 1)
            }
            Self::Side(side) => ((rows, cols), (u64::from(*side.start()) / longer).max(1)),
        };
        Cells { size: (rows, cols), shown, square }
    }
}

/// The drawing of a tile: `shown` rows and columns of cells, each a square of one colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    /// Rows and columns of the tile.
    size: (usize, usize),
    shown: (usize, usize),
    /// Pixels along a cell.
    square: u64,
}

impl Cells {
    /// Pixels from top to bottom, `u64::MAX` where they are more.
    pub(crate) fn height(&self) -> u64 {
        (self.shown.0 as u64).saturating_mul(self.square)
    }

    /// Pixels from left to right, `u64::MAX` where they are more.
    pub(crate) fn width(&self) -> u64 {
        (self.shown.1 as u64).saturating_mul(self.square)
    }

    /// Paints a tile from its top-left corner on, all of it within the picture.
    pub(crate) fn paint(
        &self,
        picture: &mut RgbImage,
        (left, top): (u64, u64),
        colour_of: impl Fn(Cell) -> Colour,
    ) {
        let &Self { size, shown, square } = self;
        for row in 0..shown.0 {
            for col in 0..shown.1 {
                let (x, y) = (left + col as u64 * square, top + row as u64 * square);
                let colour = colour_of(Cell { place: (row, col), shown, size });
                raster::fill(picture, x..x + square, y..y + square, colour);
            }
        }
    }
}

/// One cell of a drawing: its row and column, of how many, and the rows and columns of the tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    place: (usize, usize),
    shown: (usize, usize),
    size: (usize, usize),
}

impl Cell {
    /// The mean of the pixels that the cell covers; of a cell that is one pixel, exactly its value.
    pub(crate) fn mean<T: Copy + Into<f64>>(self, plane: &[T]) -> f64 {
        let mut sum = 0.0;
        for (row, height) in covered(self.place.0, self.shown.0, self.size.0) {
            for (col, width) in covered(self.place.1, self.shown.1, self.size.1) {
                sum += plane[row * self.size.1 + col].into() * (height * width) as f64;
            }
        }
        sum / (self.size.0 * self.size.1) as f64
    }
}

/// Which of `pixels` a cell covers along one side, one of `cells` cells, at most as many: each with the length of it that is
/// covered, a whole pixel being `cells` long and a cell `pixels`.
fn covered(cell: usize, cells: usize, pixels: usize) -> impl Iterator<Item = (usize, usize)> {
    let (start, end) = (cell * pixels, (cell + 1) * pixels);
    (start / cells..end.div_ceil(cells))
        .map(move |pixel| (pixel, end.min((pixel + 1) * cells) - start.max(pixel * cells)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_that_lie_are_refused() {
        let error =
            |channels, rows, cols, found| check_size(channels, rows, cols, found).unwrap_err().to_string();
        assert_eq!(error(1, 2, 3, 7), "pixels of a tile: expected 2 x 3, found 7");
        assert_eq!(error(3, 2, 3, 6), "pixels of a tile: expected 3 x 2 x 3, found 6");
        let overflowing = format!("pixels of a tile: expected 3 x {} x 1, found 0", usize::MAX);
        assert_eq!(error(3, usize::MAX, 1, 0), overflowing);
        assert_eq!(error(1, 0, 28, 0), "pixels of a tile: expected at least 1, found 0");
        for channels in [0, 2, 4] {
            let error = Tile::new(channels, 1, 1, &vec![0; channels]).unwrap_err().to_string();
            assert_eq!(error, format!("channels of a tile: expected 1 or 3, found {channels}"));
        }
    }

    #[test]
    fn small_tiles_grow_by_whole_numbers_and_large_ones_shrink_to_the_end_of_the_range() {
        let drawn = |rows, cols| {
            let cells = Scale::Side(112..=512).cells((rows, cols));
            (cells.height(), cells.width())
        };
        assert_eq!([drawn(8, 8), drawn(28, 28), drawn(32, 20)], [(112, 112), (112, 112), (96, 60)]);
        assert_eq!([drawn(1, 1), drawn(57, 56), drawn(512, 512)], [(112, 112), (57, 56), (512, 512)]);
        assert_eq!([drawn(1024, 1024), drawn(513, 9), drawn(2, 100_000)], [(512, 512), (512, 9), (1, 512)]);
        assert_eq!(drawn(usize::MAX, 1), (512, 1));
    }

    #[test]
    fn a_shrunk_picture_has_the_mean_of_what_each_pixel_covers() {
        // Three columns in two: each takes one whole and half of the middle one.
        let cells = Scale::Side(1..=2).cells((1, 3));
        let cell = |col| Cell { place: (0, col), shown: cells.shown, size: cells.size };
        assert_eq!(cells.shown, (1, 2));
        assert_eq!([0, 1].map(|col| cell(col).mean(&[10u8, 40, 100])), [20.0, 80.0]);
        let colour = [10, 40, 100, 0, 0, 1, 255, 255, 255];
        assert_eq!(
            Tile::new(3, 1, 3, &colour).unwrap().colour(cell(1)),
            [80, 1, 255],
            "two thirds are rounded up"
        );
        assert_eq!(Tile::new(1, 1, 3, &colour[..3]).unwrap().colour(cell(0)), [20; 3]);
    }

    proptest! {
        #[test]
        fn shrinking_keeps_the_mean_and_covers_every_pixel_once(
            (rows, cols, side) in (1usize..40, 1usize..40, 1u32..40),
            seed in any::<u8>(),
        ) {
            let plane: Vec<u8> = (0..rows * cols).map(|i| (i * 37 + usize::from(seed)) as u8).collect();
            let cells = Scale::Side(0..=side).cells((rows, cols));
            prop_assert!(cells.shown.0.max(cells.shown.1) == rows.max(cols).min(side as usize));
            let mut covers = vec![0; rows];
            let mut sum = 0.0;
            for row in 0..cells.shown.0 {
                covered(row, cells.shown.0, rows).for_each(|(pixel, length)| covers[pixel] += length);
                for col in 0..cells.shown.1 {
                    let cell = Cell { place: (row, col), shown: cells.shown, size: cells.size };
                    let mean = cell.mean(&plane);
                    prop_assert!(cells.shown != cells.size || mean == f64::from(plane[row * cols + col]));
                    sum += mean;
                }
            }
            prop_assert!(covers.iter().all(|&length| length == cells.shown.0));
            let mean = plane.iter().map(|&byte| f64::from(byte)).sum::<f64>() / plane.len() as f64;
            prop_assert!((sum / (cells.shown.0 * cells.shown.1) as f64 - mean).abs() < 1e-9);
        }
    }
}
