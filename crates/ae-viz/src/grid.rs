//! Tiles in rows and columns: `n` images of `(rows, cols)` pixels to one picture.
//!
//! Tile `i` stands in row `i / columns`, column `i % columns`; a picture of `c` columns is
//! `c * cols * upscale + (c - 1) * gap` pixels wide. Labels stand on white to the left of the rows.

use image::{DynamicImage, GrayImage, RgbImage};

use crate::error::check_count;
use crate::palette::Colour;
use crate::{GrayTile, VizError, raster, text};

/// The most pixels a grid may have, as many as a square of 8,192 x 8,192 (64 MiB of grey).
pub const MAX_GRID_PIXELS: u64 = 1 << 26;

/// The most pixels that the label of a row may take from left to right.
const MAX_ROW_LABEL: f64 = 600.0;

/// How tiles are set out: columns, scale, gaps and labels.
///
/// Defaults: pixels drawn 1 : 1, white gaps of 1 pixel, no labels.
///
/// ```
/// use ae_viz::{GrayTile, Grid};
///
/// let (left, right) = (GrayTile::new(1, 1, &[10])?, GrayTile::new(1, 1, &[20])?);
/// let picture = Grid::new(2).upscale(2).gap(1).draw(&[left, right])?;
/// assert_eq!(picture.as_raw(), &[10, 10, 255, 20, 20, 10, 10, 255, 20, 20]);
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: usize,
    upscale: u32,
    gap: u32,
    gap_level: u8,
    row_labels: Vec<String>,
}

impl Grid {
    /// A grid of `columns` columns, and of as many rows as the tiles need.
    pub fn new(columns: usize) -> Self {
        Self { columns, upscale: 1, gap: 1, gap_level: 255, row_labels: Vec::new() }
    }

    /// Draws each pixel of a tile as a square of `pixels x pixels`.
    pub fn upscale(self, pixels: u32) -> Self {
        Self { upscale: pixels, ..self }
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

    /// Draws the tiles, row by row.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no tiles, columns or scale, a tile whose size is not that of tile 0, a picture over
    /// [`MAX_GRID_PIXELS`], labels that are not as many as the rows, and one that cannot be drawn or has no room.
    pub fn draw(&self, tiles: &[GrayTile<'_>]) -> Result<GrayImage, VizError> {
        let layout = self.layout(tiles.iter().map(|tile| (tile.rows, tile.cols)))?;
        let picture =
            self.paint(&layout, (layout.width, layout.height), |tile, i| [tiles[tile].pixels[i]; 3])?;
        Ok(DynamicImage::from(picture).into_luma8())
    }

    /// Sizes for tiles of these rows and columns, none 0.
    pub(crate) fn layout(
        &self,
        sizes: impl ExactSizeIterator<Item = (usize, usize)> + Clone,
    ) -> Result<Layout, VizError> {
        check_count("columns of a grid", 1..=usize::MAX, self.columns)?;
        check_count("pixels of a grid to one of a tile", 1..=usize::MAX, self.upscale as usize)?;
        check_count("tiles of a grid", 1..=usize::MAX, sizes.len())?;
        let count = sizes.len();
        let (rows, cols) = sizes.clone().next().unwrap_or_default();
        if let Some((i, size)) = sizes.enumerate().find(|(_, size)| *size != (rows, cols)) {
            let expected = format!("{rows} x {cols} pixels, as tile 0 has");
            return Err(VizError::argument(
                format!("tile {i}"),
                expected,
                format!("{} x {}", size.0, size.1),
            ));
        }
        let grid_rows = count.div_ceil(self.columns);
        if !self.row_labels.is_empty() {
            check_count("labels of the rows of a grid", grid_rows..=grid_rows, self.row_labels.len())?;
        }
        let tile = |size: usize| (size as u64).saturating_mul(self.upscale.into());
        // A quarter of a tile, but readable, and no higher than a tile.
        let label_size = (tile(rows) as f64 / 4.0).clamp(13.0, 28.0).min(tile(rows) as f64);
        let mut widest = 0.0f64;
        for label in &self.row_labels {
            text::check(label, label_size, MAX_ROW_LABEL).and_then(|()| text::check_glyphs(label))?;
            widest = widest.max(text::advance(label, label_size));
        }
        let left = if widest > 0.0 { (widest + label_size).ceil() as u64 } else { 0 };
        let gap = |n: usize| (n as u64 - 1).saturating_mul(self.gap.into());
        let extent = |n: usize, size| (n as u64).saturating_mul(tile(size)).saturating_add(gap(n));
        let (width, height) = (extent(self.columns, cols).saturating_add(left), extent(grid_rows, rows));
        Ok(Layout { count, rows, cols, label_size, left, width, height })
    }

    /// Paints a picture of a size that holds the layout: `pixel_of` a tile and the position in it, row by row.
    pub(crate) fn paint(
        &self,
        layout: &Layout,
        (width, height): (u64, u64),
        pixel_of: impl Fn(usize, usize) -> Colour,
    ) -> Result<RgbImage, VizError> {
        if width.saturating_mul(height) > MAX_GRID_PIXELS {
            let expected = format!("at most {MAX_GRID_PIXELS} pixels");
            return Err(VizError::argument("size of a grid", expected, format!("{width} x {height}")));
        }
        // Neither side is 0, so each is within the limit and fits in a u32.
        let mut picture = RgbImage::from_pixel(width as u32, height as u32, image::Rgb([255; 3]));
        raster::fill(&mut picture, layout.left..layout.width, 0..layout.height, [self.gap_level; 3]);

        let &Layout { count, rows, cols, label_size, left, .. } = layout;
        let (upscale, gap, columns) = (u64::from(self.upscale), u64::from(self.gap), self.columns);
        let (tile_width, tile_height) = (cols as u64 * upscale, rows as u64 * upscale);
        for (row, label) in self.row_labels.iter().enumerate() {
            let x = left as f64 - label_size / 2.0 - text::advance(label, label_size);
            let middle = (row as u64 * (tile_height + gap)) as f64 + tile_height as f64 / 2.0;
            let baseline = middle + text::TO_BASELINE * label_size;
            raster::write(&mut picture, label, label_size, (x, baseline));
        }
        for tile in 0..count {
            let left = left + (tile % columns) as u64 * (tile_width + gap);
            let top = (tile / columns) as u64 * (tile_height + gap);
            for i in 0..rows * cols {
                let (x, y) = (left + (i % cols) as u64 * upscale, top + (i / cols) as u64 * upscale);
                raster::fill(&mut picture, x..x + upscale, y..y + upscale, pixel_of(tile, i));
            }
        }
        Ok(picture)
    }
}

/// Sizes of a grid, `u64::MAX` where they are more.
#[derive(Debug)]
pub(crate) struct Layout {
    count: usize,
    /// Of each tile.
    rows: usize,
    cols: usize,
    pub(crate) label_size: f64,
    /// Pixels beside the tiles for labels, with half of the label size on both sides.
    pub(crate) left: u64,
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
