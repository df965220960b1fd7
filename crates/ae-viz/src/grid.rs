//! Tiles in rows and columns: `n` images of `(rows, cols)` pixels to one picture.
//!
//! Tile `i` stands in row `i / columns`, column `i % columns`. Each of its pixels becomes a square of
//! `upscale x upscale`; `gap` pixels of one grey level lie between neighbours, none around the edge, so a picture
//! of `c` columns is `c * cols * upscale + (c - 1) * gap` pixels wide. Cells left over in the last row have the
//! level of the gaps. Labels, where there are any, stand on white to the left of the rows and above the columns.

use image::{GrayImage, Luma, Pixel};

use crate::error::check_count;
use crate::palette::INK;
use crate::raster::{self, Picture};
use crate::{GrayTile, VizError, text};

/// The most pixels a grid may have, as many as a square of 8,192 x 8,192 (64 MiB of grey).
pub const MAX_GRID_PIXELS: u64 = 1 << 26;

/// The most pixels that the label of a row may take from left to right.
const MAX_ROW_LABEL: f64 = 600.0;

/// How tiles are set out: columns, scale, gaps and labels.
///
/// Defaults: pixels drawn 1 : 1, white gaps of 1 pixel, no labels.
///
/// Two rows of ten digits, as an autoencoder's work is usually shown, are the ten originals and then the ten
/// reconstructions, drawn in ten columns:
///
/// ```
/// use ae_viz::{GrayTile, Grid};
///
/// let digit = vec![0u8; 784];
/// let tiles = vec![GrayTile::new(28, 28, &digit)?; 20];
/// let picture = Grid::new(10).upscale(4).gap(4).draw(&tiles)?;
/// assert_eq!(picture.dimensions(), (10 * 28 * 4 + 9 * 4, 2 * 28 * 4 + 4));
///
/// let labelled = Grid::new(10).upscale(4).gap(4).row_labels(["original", "rebuilt"]).draw(&tiles)?;
/// assert!(labelled.width() > picture.width() && labelled.height() == picture.height());
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: usize,
    upscale: u32,
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
            upscale: 1,
            gap: 1,
            gap_level: 255,
            row_labels: Vec::new(),
            column_labels: Vec::new(),
        }
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
    pub fn row_labels(mut self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.row_labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Names the columns, above them. An empty label leaves its column without one.
    pub fn column_labels(mut self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.column_labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Draws the tiles, row by row.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no tiles, columns or scale, a tile whose size is not that of tile 0, a picture over
    /// [`MAX_GRID_PIXELS`], labels that are not as many as the rows or columns, and one that cannot be drawn or has
    /// no room.
    ///
    /// ```
    /// use ae_viz::{GrayTile, Grid};
    ///
    /// let (left, right) = (GrayTile::new(1, 1, &[10])?, GrayTile::new(1, 1, &[20])?);
    /// let picture = Grid::new(2).upscale(2).gap(1).draw(&[left, right])?;
    /// assert_eq!(picture.as_raw(), &[10, 10, 255, 20, 20, 10, 10, 255, 20, 20]);
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn draw(&self, tiles: &[GrayTile<'_>]) -> Result<GrayImage, VizError> {
        let size = same_size(tiles.iter().map(|tile| (tile.rows, tile.cols)))?;
        let layout = self.layout(tiles.len(), size)?;
        let mut picture = self.page::<Luma<u8>>(&layout, (layout.width, layout.height));
        for (index, tile) in tiles.iter().enumerate() {
            self.place(&mut picture, &layout, index, size, |i| Luma([tile.pixels[i]]));
        }
        Ok(picture)
    }

    /// Where `count` tiles of `rows x cols` pixels, neither 0, will lie.
    pub(crate) fn layout(&self, count: usize, (rows, cols): (usize, usize)) -> Result<Layout, VizError> {
        check_count("columns of a grid", 1..=usize::MAX, self.columns)?;
        check_count("pixels of a grid to one of a tile", 1..=usize::MAX, self.upscale as usize)?;
        let grid_rows = count.div_ceil(self.columns);
        let tile = |size: usize| (size as u64).saturating_mul(self.upscale.into());
        let (tile_width, tile_height) = (tile(cols), tile(rows));
        let label_size = label_size(tile_height);
        let left = self.row_label_room(grid_rows, label_size)?;
        let top = self.column_label_room(tile_width, label_size)?;

        let extent = |n: usize, tile: u64| {
            (n as u64).saturating_mul(tile).saturating_add((n as u64 - 1).saturating_mul(self.gap.into()))
        };
        let width = extent(self.columns, tile_width).saturating_add(left);
        let height = extent(grid_rows, tile_height).saturating_add(top);
        check_size(width, height)?;
        Ok(Layout {
            tile: (tile_width as u32, tile_height as u32),
            label_size,
            left: left as u32,
            top: top as u32,
            width: width as u32,
            height: height as u32,
        })
    }

    /// Pixels to the left of the tiles.
    fn row_label_room(&self, rows: usize, size: f64) -> Result<u64, VizError> {
        check_labels("rows", &self.row_labels, rows, size, MAX_ROW_LABEL)?;
        let widest = self.row_labels.iter().map(|label| text::advance(label, size)).fold(0.0, f64::max);
        Ok(if widest > 0.0 { (widest + 2.0 * pad(size)).ceil() as u64 } else { 0 })
    }

    /// Pixels above the tiles.
    fn column_label_room(&self, tile_width: u64, size: f64) -> Result<u64, VizError> {
        let room = tile_width.saturating_add(self.gap.into()) as f64;
        check_labels("columns", &self.column_labels, self.columns, size, room)?;
        let is_labelled = self.column_labels.iter().any(|label| !label.is_empty());
        Ok(if is_labelled { (size + pad(size)).ceil() as u64 } else { 0 })
    }

    /// A picture of a size with gaps and labels and without tiles, white to the right of the layout and below it.
    pub(crate) fn page<P: Pixel<Subpixel = u8>>(
        &self,
        layout: &Layout,
        (width, height): (u32, u32),
    ) -> Picture<P> {
        let mut picture = Picture::from_pixel(width, height, grey(255));
        for y in layout.top..layout.height {
            for x in layout.left..layout.width {
                picture.put_pixel(x, y, grey(self.gap_level));
            }
        }
        let (size, ink) = (layout.label_size, grey(INK[0]));
        let (tile_width, tile_height) = (f64::from(layout.tile.0), f64::from(layout.tile.1));
        for (row, label) in self.row_labels.iter().enumerate() {
            let (_, y) = self.corner(layout, row * self.columns);
            let x = f64::from(layout.left) - pad(size) - text::advance(label, size);
            let baseline = f64::from(y) + tile_height / 2.0 + text::TO_BASELINE * size;
            raster::write(&mut picture, label, size, (x, baseline), ink);
        }
        for (column, label) in self.column_labels.iter().enumerate() {
            let (x, _) = self.corner(layout, column);
            let x = f64::from(x) + (tile_width - text::advance(label, size)) / 2.0;
            raster::write(&mut picture, label, size, (x, f64::from(layout.top) - pad(size)), ink);
        }
        picture
    }

    /// Draws one tile, `pixel_of` giving each of its pixels in row-major order.
    pub(crate) fn place<P: Pixel<Subpixel = u8>>(
        &self,
        picture: &mut Picture<P>,
        layout: &Layout,
        index: usize,
        (rows, cols): (usize, usize),
        pixel_of: impl Fn(usize) -> P,
    ) {
        let (left, top) = self.corner(layout, index);
        for i in 0..rows * cols {
            let pixel = pixel_of(i);
            let (x, y) = (left + (i % cols) as u32 * self.upscale, top + (i / cols) as u32 * self.upscale);
            for y in y..y + self.upscale {
                for x in x..x + self.upscale {
                    picture.put_pixel(x, y, pixel);
                }
            }
        }
    }

    /// The top-left pixel of a cell, with a tile or without one.
    fn corner(&self, layout: &Layout, index: usize) -> (u32, u32) {
        let (column, row) = ((index % self.columns) as u32, (index / self.columns) as u32);
        // A gap that takes room fits in the picture; one that takes none may be any number.
        let step = |tile: u32| tile.saturating_add(self.gap);
        (layout.left + column * step(layout.tile.0), layout.top + row * step(layout.tile.1))
    }
}

/// Sizes of a grid in pixels, their product within [`MAX_GRID_PIXELS`].
#[derive(Debug)]
pub(crate) struct Layout {
    /// Width and height of a tile in the picture.
    tile: (u32, u32),
    pub(crate) label_size: f64,
    /// Room for labels beside and above the tiles.
    pub(crate) left: u32,
    top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

fn grey<P: Pixel<Subpixel = u8>>(level: u8) -> P {
    *P::from_slice(&[level; 4][..usize::from(P::CHANNEL_COUNT)])
}

/// Size of labels beside tiles of a height, all in pixels: a quarter of it, but readable, and no higher than a tile.
fn label_size(tile_height: u64) -> f64 {
    let height = tile_height as f64;
    (height / 4.0).clamp(13.0, 28.0).min(height)
}

/// Room between a label and what is beside it.
fn pad(size: f64) -> f64 {
    size / 2.0
}

fn check_labels(of: &str, labels: &[String], expected: usize, size: f64, room: f64) -> Result<(), VizError> {
    if !labels.is_empty() {
        check_count(format_args!("labels of the {of} of a grid"), expected..=expected, labels.len())?;
    }
    labels
        .iter()
        .try_for_each(|label| text::check(label, size, room).and_then(|()| text::check_glyphs(label)))
}

/// Checks a picture's width and height, saturated where they are more than a u64 holds.
pub(crate) fn check_size(width: u64, height: u64) -> Result<(), VizError> {
    // Neither is 0, so a product within the limit also proves that each of them fits in a u32.
    if width.saturating_mul(height) <= MAX_GRID_PIXELS {
        return Ok(());
    }
    let expected = format!("at most {MAX_GRID_PIXELS} pixels");
    Err(VizError::argument("size of a grid", expected, format!("{width} x {height}")))
}

/// The size that all tiles have, rows and columns.
pub(crate) fn same_size(mut sizes: impl Iterator<Item = (usize, usize)>) -> Result<(usize, usize), VizError> {
    let first = sizes.next().ok_or_else(|| VizError::argument("tiles of a grid", "at least 1", 0))?;
    for (index, (rows, cols)) in (1..).zip(sizes) {
        if (rows, cols) != first {
            let expected = format!("{} x {} pixels, as tile 0 has", first.0, first.1);
            return Err(VizError::argument(format!("tile {index}"), expected, format!("{rows} x {cols}")));
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact_and_sizes_never_overflow() {
        let layout = Grid::new(2).gap(0).layout(4, (4096, 4096)).unwrap();
        assert_eq!(u64::from(layout.width) * u64::from(layout.height), MAX_GRID_PIXELS);
        let over = Grid::new(2).gap(0).layout(4, (4096, 4097)).unwrap_err();
        assert_eq!(over.to_string(), "size of a grid: expected at most 67108864 pixels, found 8194 x 8192");

        let huge = Grid::new(usize::MAX).upscale(u32::MAX).gap(u32::MAX).layout(1, (2, 3)).unwrap_err();
        assert!(huge.to_string().contains(&format!("found {} x", u64::MAX)), "{huge}");
        Grid::new(1).gap(u32::MAX).layout(2, (1, 1)).unwrap_err();
        // A gap that no two tiles share takes no room, however large it is.
        let one = Grid::new(1).gap(u32::MAX).draw(&[GrayTile::new(1, 2, &[7, 9]).unwrap()]).unwrap();
        assert_eq!(one.as_raw(), &[7, 9]);
    }
}
