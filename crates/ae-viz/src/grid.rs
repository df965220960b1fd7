//! Tiles in rows and columns: `n` images of `(rows, cols)` pixels to one picture.
//!
//! Tile `i` stands in row `i / columns`, column `i % columns`; a picture of `c` columns, whose tiles are drawn `w` pixels wide,
//! is `c * w + (c - 1) * gap` pixels wide. Labels stand on white to the left of the rows and above the columns.

use std::ops::RangeInclusive;

use image::{DynamicImage, RgbImage};

use crate::error::check_count;
use crate::palette::Colour;
use crate::tile::{Cell, Cells, Scale, common_size};
use crate::{Tile, VizError, raster, text};

/// The most pixels a grid may have, as many as a square of 8,192 x 8,192 (64 MiB of grey).
pub const MAX_GRID_PIXELS: u64 = 1 << 26;

/// The most pixels that the label of a row may take from left to right.
const MAX_ROW_LABEL: f64 = 600.0;

/// How tiles are set out: columns, scale, gaps and labels.
///
/// Defaults: pixels drawn 1 : 1, white gaps of 1 pixel, no labels.
///
/// ```
/// use ae_viz::{Grid, Tile};
///
/// let (left, right) = (Tile::new(1, 1, 1, &[10])?, Tile::new(1, 1, 1, &[20])?);
/// let picture = Grid::new(2).upscale(2).gap(1).draw(&[left, right])?;
/// assert_eq!(picture.as_bytes(), &[10, 10, 255, 20, 20, 10, 10, 255, 20, 20]);
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: usize,
    scale: Scale,
    gap: u32,
    gap_level: u8,
    row_labels: Vec<String>,
    column_labels: Vec<String>,
}

impl Grid {
    /// A grid of `columns` columns, and of as many rows as the tiles need.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            scale: Scale::Times(1),
            gap: 1,
            gap_level: 255,
            row_labels: Vec::new(),
            column_labels: Vec::new(),
        }
    }

    /// Draws each pixel of a tile as a square of `pixels x pixels`.
    pub fn upscale(self, pixels: u32) -> Self {
        Self { scale: Scale::Times(pixels), ..self }
    }

    /// Draws tiles of any size at one that can be looked at, their longer side within `pixels` if possible.
    ///
    /// A side below the range is drawn larger, each pixel as a square, as large as its start allows: within `112..=512`,
    /// 28 pixels become 112 and 30 become 90. A side above it is drawn smaller, to the end of the range; each pixel of the
    /// drawing is then the mean of what it covers. A side between is drawn 1 : 1.
    pub fn tile_side(self, pixels: RangeInclusive<u32>) -> Self {
        Self { scale: Scale::Side(pixels), ..self }
    }

    /// Leaves `pixels` between neighbours; 0 lets them touch, as the tiles of a plane that was cut into images should.
    pub fn gap(self, pixels: u32) -> Self {
        Self { gap: pixels, ..self }
    }

    /// Fills the gaps, and cells without a tile, with this grey: 0 is black, 255 white.
    pub fn gap_level(self, level: u8) -> Self {
        Self { gap_level: level, ..self }
    }

    /// Names the rows, to their left: "clean", "noisy" and "restored", say. An empty label leaves its row without one.
    pub fn row_labels(self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { row_labels: labels.into_iter().map(Into::into).collect(), ..self }
    }

    /// Names the columns, above them, as the files that their tiles are from: as much of each name as a tile is wide, and `?`
    /// for characters that cannot be drawn.
    pub fn column_labels(self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { column_labels: labels.into_iter().map(Into::into).collect(), ..self }
    }

    /// Draws the tiles, row by row: 8-bit grey if all of them are, else 8-bit RGB.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no tiles, columns or scale, a tile whose rows and columns are not those of tile 0, a
    /// picture over [`MAX_GRID_PIXELS`], labels that are not as many as the rows or columns, and the label of a row that
    /// cannot be drawn or has no room.
    pub fn draw(&self, tiles: &[Tile<'_>]) -> Result<DynamicImage, VizError> {
        let layout = self.layout(tiles.iter().map(Tile::size))?;
        let picture =
            self.paint(&layout, (layout.width, layout.height), |tile, cell| tiles[tile].colour(cell))?;
        let picture = DynamicImage::from(picture);
        Ok(if tiles.iter().all(Tile::is_grey) { picture.into_luma8().into() } else { picture })
    }

    /// Sizes for tiles of these rows and columns, none 0.
    pub(crate) fn layout(
        &self,
        sizes: impl ExactSizeIterator<Item = (usize, usize)>,
    ) -> Result<Layout, VizError> {
        check_count("columns of a grid", 1..=usize::MAX, self.columns)?;
        if self.scale == Scale::Times(0) {
            return Err(VizError::argument("pixels of a grid to one of a tile", "at least 1", 0));
        }
        let count = sizes.len();
        check_count("tiles of a grid", 1..=usize::MAX, count)?;
        let size = common_size(sizes)?;
        let (cells, rows) = (self.scale.cells(size), count.div_ceil(self.columns));
        // A quarter of a tile, but readable, and no higher than a tile.
        let label_size = (cells.height() as f64 / 4.0).clamp(13.0, 28.0).min(cells.height() as f64);
        let (left, top) = self.label_rooms(rows, label_size)?;
        let gap = |n: usize| (n as u64 - 1).saturating_mul(self.gap.into());
        let extent = |n: usize, side: u64| (n as u64).saturating_mul(side).saturating_add(gap(n));
        let width = extent(self.columns, cells.width()).saturating_add(left);
        let height = extent(rows, cells.height()).saturating_add(top);
        Ok(Layout { count, cells, label_size, left, top, width, height })
    }

    /// Checks the labels, and says how many pixels they take beside the tiles and above them.
    fn label_rooms(&self, rows: usize, label_size: f64) -> Result<(u64, u64), VizError> {
        let (row_labels, column_labels) = (&self.row_labels, &self.column_labels);
        if !row_labels.is_empty() {
            check_count("labels of the rows of a grid", rows..=rows, row_labels.len())?;
        }
        if !column_labels.is_empty() {
            let columns = self.columns;
            check_count("labels of the columns of a grid", columns..=columns, column_labels.len())?;
        }
        let mut widest = 0.0f64;
        for label in row_labels {
            text::check(label, label_size, MAX_ROW_LABEL).and_then(|()| text::check_glyphs(label))?;
            widest = widest.max(text::advance(label, label_size));
        }
        let left = if widest > 0.0 { (widest + label_size).ceil() as u64 } else { 0 };
        Ok((
            left,
            if column_labels.is_empty() { 0 } else { (1.5 * column_label_size(label_size)).ceil() as u64 },
        ))
    }

    /// Paints a picture of a size that holds the layout: `colour_of` a tile and a cell of its drawing.
    pub(crate) fn paint(
        &self,
        layout: &Layout,
        (width, height): (u64, u64),
        colour_of: impl Fn(usize, Cell) -> Colour,
    ) -> Result<RgbImage, VizError> {
        if width.saturating_mul(height) > MAX_GRID_PIXELS {
            let expected = format!("at most {MAX_GRID_PIXELS} pixels");
            return Err(VizError::argument("size of a grid", expected, format!("{width} x {height}")));
        }
        // Neither side is 0, so each is within the limit and fits in a u32.
        let mut picture = RgbImage::from_pixel(width as u32, height as u32, image::Rgb([255; 3]));
        let (columns, rows) = (layout.left..layout.width, layout.top..layout.height);
        raster::fill(&mut picture, columns, rows, [self.gap_level; 3]);
        self.write_labels(&mut picture, layout);
        for tile in 0..layout.count {
            let corner = self.corner(layout, tile / self.columns, tile % self.columns);
            layout.cells.paint(&mut picture, corner, |cell| colour_of(tile, cell));
        }
        Ok(picture)
    }

    fn write_labels(&self, picture: &mut RgbImage, layout: &Layout) {
        let &Layout { cells, label_size, left, .. } = layout;
        for (row, label) in self.row_labels.iter().enumerate() {
            let x = left as f64 - label_size / 2.0 - text::advance(label, label_size);
            let middle = self.corner(layout, row, 0).1 as f64 + cells.height() as f64 / 2.0;
            let baseline = middle + text::TO_BASELINE * label_size;
            raster::write(picture, label, label_size, (x, baseline));
        }
        let size = column_label_size(label_size);
        for (column, label) in self.column_labels.iter().enumerate() {
            let label = text::fitted(label, size, cells.width() as f64);
            let before = (cells.width() as f64 - text::advance(&label, size)) / 2.0;
            let x = self.corner(layout, 0, column).0 as f64 + before;
            raster::write(picture, &label, size, (x, (text::ASCENT + 0.3) * size));
        }
    }

    /// Where the top-left corner of the tile in a row and column lies.
    fn corner(&self, layout: &Layout, row: usize, column: usize) -> (u64, u64) {
        let gap = u64::from(self.gap);
        let x = layout.left + column as u64 * (layout.cells.width() + gap);
        (x, layout.top + row as u64 * (layout.cells.height() + gap))
    }
}

/// The size of the labels of columns: smaller than that of rows, as there is less room, but readable.
fn column_label_size(label_size: f64) -> f64 {
    (0.6 * label_size).max(13.0)
}

/// Sizes of a grid, `u64::MAX` where they are more.
#[derive(Debug)]
pub(crate) struct Layout {
    count: usize,
    /// How each tile is drawn.
    cells: Cells,
    pub(crate) label_size: f64,
    /// Pixels beside the tiles for labels, with half of the label size on both sides.
    pub(crate) left: u64,
    /// Pixels above the tiles for labels.
    top: u64,
    pub(crate) width: u64,
    pub(crate) height: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact_and_sizes_never_overflow() {
        let size_of = |grid: Grid, count, rows, cols| {
            let layout = grid.layout(vec![(rows, cols); count].into_iter())?;
            let picture = grid.paint(&layout, (layout.width, layout.height), |_, _| [0; 3]);
            picture.map(|picture| picture.dimensions())
        };
        assert_eq!(size_of(Grid::new(2).gap(0), 4, 4096, 4096).unwrap(), (8192, 8192));
        let over = size_of(Grid::new(2).gap(0), 4, 4096, 4097).unwrap_err();
        assert_eq!(over.to_string(), "size of a grid: expected at most 67108864 pixels, found 8194 x 8192");
        let huge = size_of(Grid::new(usize::MAX).upscale(u32::MAX).gap(u32::MAX), 1, 2, 3).unwrap_err();
        assert!(huge.to_string().contains(&format!("found {} x", u64::MAX)), "{huge}");
        size_of(Grid::new(1).gap(u32::MAX), 2, 1, 1).unwrap_err();
        // A gap that no two tiles share takes no room, however large it is.
        assert_eq!(size_of(Grid::new(1).gap(u32::MAX), 1, 2, 3).unwrap(), (3, 2));
    }
}
