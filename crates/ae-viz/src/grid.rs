//! Tiles in rows and columns: `n` images of `(rows, cols)` pixels to one picture, and that to PNG bytes.
//!
//! Tile `i` stands in row `i / columns`, column `i % columns`. Each of its pixels becomes a square of
//! `upscale x upscale`; `gap` pixels of one grey level lie between neighbours, none around the edge, so a picture
//! of `c` columns is `c * cols * upscale + (c - 1) * gap` pixels wide. Cells left over in the last row have the
//! level of the gaps. Labels, where there are any, stand on white to the left of the rows and above the columns.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{GrayImage, ImageBuffer, ImageEncoder, Luma, Pixel, PixelWithColorType};

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
    /// Columns that end a part, and the room after each.
    parts: Vec<(usize, u32)>,
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
            parts: Vec::new(),
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

    /// Leaves `pixels` of white after a column (from 0) in place of the gap, where the grid falls into parts.
    ///
    /// After the last column it does nothing; said again of the same column, the last word counts.
    ///
    /// The way from one image to another, between the two images themselves:
    ///
    /// ```
    /// use ae_viz::{GrayTile, Grid};
    ///
    /// let tiles = vec![GrayTile::new(1, 1, &[0])?; 5];
    /// let picture = Grid::new(5).gap(0).part_after(0, 2).part_after(3, 2).draw(&tiles)?;
    /// assert_eq!(picture.as_raw(), &[0, 255, 255, 0, 0, 0, 255, 255, 0]);
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn part_after(mut self, column: usize, pixels: u32) -> Self {
        self.parts.retain(|part| part.0 != column);
        self.parts.push((column, pixels));
        self
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

    /// Where `count` tiles of `rows x cols` pixels will lie, without drawing them.
    ///
    /// # Errors
    /// [`VizError::EmptyGrid`] for no tiles, [`VizError::EmptyTile`] for tiles without pixels,
    /// [`VizError::ZeroColumns`], [`VizError::ZeroUpscale`], and [`VizError::GridTooLarge`] over
    /// [`MAX_GRID_PIXELS`]; [`VizError::LabelCount`] for labels that are not as many as rows or columns, and
    /// [`VizError::Character`], [`VizError::NoGlyph`] or [`VizError::LabelTooWide`] for one that cannot be drawn.
    ///
    /// ```
    /// use ae_viz::Grid;
    ///
    /// let layout = Grid::new(10).upscale(4).gap(4).layout(20, 28, 28)?;
    /// assert_eq!(layout.origin(10), Some((0, 116)));           // the first tile of the second row
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn layout(&self, count: usize, rows: usize, cols: usize) -> Result<GridLayout, VizError> {
        if count == 0 {
            return Err(VizError::EmptyGrid);
        }
        if rows == 0 || cols == 0 {
            return Err(VizError::EmptyTile { rows, cols });
        }
        if self.columns == 0 {
            return Err(VizError::ZeroColumns);
        }
        if self.upscale == 0 {
            return Err(VizError::ZeroUpscale);
        }
        let grid_rows = count.div_ceil(self.columns);
        let tile = |size: usize| (size as u64).saturating_mul(self.upscale.into());
        let (tile_height, tile_width) = (tile(rows), tile(cols));
        let label_size = label_size(tile_height);
        let left = self.row_label_room(grid_rows, label_size)?;
        let top = self.column_label_room(tile_width, label_size)?;

        let parted = self.parts.iter().filter(|part| part.0 < self.columns - 1);
        let (n_parts, part_room) =
            parted.fold((0u64, 0u64), |(n, room), part| (n + 1, room.saturating_add(part.1.into())));
        let extent = |n: usize, tile: u64, n_gaps: u64| {
            (n as u64).saturating_mul(tile).saturating_add(n_gaps.saturating_mul(self.gap.into()))
        };
        let height = extent(grid_rows, tile_height, grid_rows as u64 - 1).saturating_add(top);
        let width = extent(self.columns, tile_width, self.columns as u64 - 1 - n_parts)
            .saturating_add(part_room)
            .saturating_add(left);
        // Neither factor is 0, so a product under the limit also proves that each of them fits in a u32.
        if width.saturating_mul(height) > MAX_GRID_PIXELS {
            return Err(VizError::GridTooLarge { width, height, limit: MAX_GRID_PIXELS });
        }
        Ok(GridLayout {
            count,
            columns: self.columns,
            gap: self.gap.into(),
            parts: self.parts.clone(),
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

    /// Draws the tiles, row by row.
    ///
    /// # Errors
    /// As [`Grid::layout`]; [`VizError::TileSize`] at the first tile whose size is not that of tile 0.
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
        let (rows, cols) = same_size(tiles.iter().map(|tile| (tile.rows(), tile.cols())))?;
        let layout = self.layout(tiles.len(), rows, cols)?;
        let mut picture = self.page::<Luma<u8>>(&layout, 0, 0);
        for (index, tile) in tiles.iter().enumerate() {
            self.place(&mut picture, &layout, index, rows, |row| {
                tile.row(row).expect("row is below the tile's rows").iter().map(|level| Luma([*level]))
            });
        }
        Ok(picture)
    }

    /// The picture with gaps and labels and without tiles, and white below and to the right of them.
    pub(crate) fn page<P: Pixel<Subpixel = u8>>(
        &self,
        layout: &GridLayout,
        right: u32,
        below: u32,
    ) -> Picture<P> {
        let mut picture = Picture::from_pixel(layout.width + right, layout.height + below, grey(255));
        let line: Vec<P> = (0..layout.width).map(|x| grey(self.level_of_gap(layout, x))).collect();
        for row in picture.rows_mut().take(layout.height as usize).skip(layout.top as usize) {
            for (pixel, level) in row.zip(&line) {
                *pixel = *level;
            }
        }
        let size = layout.label_size;
        let (width, height) = (f64::from(layout.tile.0), f64::from(layout.tile.1));
        for (row, label) in self.row_labels.iter().enumerate() {
            let (_, y) = layout.corner(row * self.columns);
            let start = f64::from(layout.left) - pad(size) - text::advance(label, size);
            let baseline = y as f64 + (height + text::X_HEIGHT * size) / 2.0;
            raster::write(&mut picture, label, size, (start, baseline), grey(INK));
        }
        for (column, label) in self.column_labels.iter().enumerate() {
            let (x, _) = layout.corner(column);
            let start = x as f64 + (width - text::advance(label, size)) / 2.0;
            raster::write(&mut picture, label, size, (start, f64::from(layout.top) - pad(size)), grey(INK));
        }
        picture
    }

    /// What lies between tiles at a column of pixels: a gap, or white beside the tiles and between parts.
    fn level_of_gap(&self, layout: &GridLayout, x: u32) -> u8 {
        let x = u64::from(x);
        let in_part = self.parts.iter().filter(|part| part.0 < self.columns - 1).any(|&(column, room)| {
            let end = layout.corner(column).0 + u64::from(layout.tile.0);
            (end..end + u64::from(room)).contains(&x)
        });
        if in_part || x < layout.left.into() { 255 } else { self.gap_level }
    }

    /// Draws one tile's pixels, `pixels_of` giving those of a row.
    pub(crate) fn place<P: Pixel<Subpixel = u8>, I: Iterator<Item = P>>(
        &self,
        picture: &mut Picture<P>,
        layout: &GridLayout,
        index: usize,
        rows: usize,
        pixels_of: impl Fn(usize) -> I,
    ) {
        let upscale = self.upscale as usize;
        let channels = usize::from(P::CHANNEL_COUNT);
        let stride = picture.width() as usize * channels;
        let (left, top) = layout.corner(index);
        let samples: &mut [u8] = picture;
        let mut line = Vec::with_capacity(layout.tile.0 as usize * channels);
        for row in 0..rows {
            line.clear();
            for pixel in pixels_of(row) {
                (0..upscale).for_each(|_| line.extend_from_slice(pixel.channels()));
            }
            for y in top as usize + row * upscale..top as usize + (row + 1) * upscale {
                let start = y * stride + left as usize * channels;
                samples[start..start + line.len()].copy_from_slice(&line);
            }
        }
    }
}

/// Level of the labels.
const INK: u8 = 0x22;

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

fn check_labels(
    what: &'static str,
    labels: &[String],
    expected: usize,
    size: f64,
    room: f64,
) -> Result<(), VizError> {
    if !labels.is_empty() && labels.len() != expected {
        return Err(VizError::LabelCount { what, expected, found: labels.len() });
    }
    labels
        .iter()
        .try_for_each(|label| text::check(label, size, room).and_then(|()| text::check_glyphs(label)))
}

/// The size that all tiles have.
pub(crate) fn same_size(sizes: impl Iterator<Item = (usize, usize)>) -> Result<(usize, usize), VizError> {
    let mut sizes = sizes.enumerate();
    let (_, expected) = sizes.next().ok_or(VizError::EmptyGrid)?;
    match sizes.find(|(_, found)| *found != expected) {
        Some((index, found)) => Err(VizError::TileSize { index, expected, found }),
        None => Ok(expected),
    }
}

/// Where each tile of a [`Grid`] lies in the picture; coordinates count from the top-left pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct GridLayout {
    count: usize,
    columns: usize,
    gap: u64,
    parts: Vec<(usize, u32)>,
    /// Width and height of a tile in the picture.
    tile: (u32, u32),
    pub(crate) label_size: f64,
    /// Room for labels.
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl GridLayout {
    /// Width of the picture in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of the picture in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels to the left of the tiles and above them, where labels stand.
    pub(crate) fn margins(&self) -> (u32, u32) {
        (self.left, self.top)
    }

    /// The `(x, y)` of a tile's top-left pixel; `None` from the tile count on.
    ///
    /// Pixel `(row, col)` of the tile covers the square of `upscale` pixels whose top-left is
    /// `(x + col * upscale, y + row * upscale)`.
    ///
    /// ```
    /// use ae_viz::{GrayTile, Grid};
    ///
    /// let grid = Grid::new(2).upscale(4).gap(4);
    /// let picture = grid.draw(&[GrayTile::new(1, 2, &[10, 20])?, GrayTile::new(1, 2, &[30, 40])?])?;
    /// let (x, y) = grid.layout(2, 1, 2)?.origin(1).ok_or(ae_viz::VizError::EmptyGrid)?;
    /// assert_eq!(picture.get_pixel(x + 4, y).0, [40]);         // row 0, column 1 of the second tile
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn origin(&self, index: usize) -> Option<(u32, u32)> {
        // Every tile lies in the picture, whose sides fit in a u32.
        (index < self.count).then(|| self.corner(index)).map(|(x, y)| (x as u32, y as u32))
    }

    /// The top-left pixel of a cell of the grid, with a tile or without one.
    fn corner(&self, index: usize) -> (u64, u64) {
        let (column, row) = (index % self.columns, (index / self.columns) as u64);
        let before = self.parts.iter().filter(|part| part.0 < column);
        let (n_parts, part_room) = before.fold((0, 0), |(n, room), part| (n + 1, room + u64::from(part.1)));
        let column = column as u64;
        let x = column * u64::from(self.tile.0) + (column - n_parts) * self.gap + part_room;
        let y = row * (u64::from(self.tile.1) + self.gap);
        (x + u64::from(self.left), y + u64::from(self.top))
    }
}

/// The picture as a PNG file of 8-bit grey or RGB, best compression.
///
/// One program encodes the same picture to the same bytes each time; another version of the encoder may not, so
/// compare decoded pixels across versions.
///
/// # Errors
/// [`VizError::Png`] if the encoder refuses the picture, as it does one of no pixels.
///
/// ```
/// use ae_viz::{GrayImage, png_bytes};
///
/// let bytes = png_bytes(&GrayImage::new(3, 2))?;
/// assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
pub fn png_bytes<P>(picture: &ImageBuffer<P, Vec<u8>>) -> Result<Vec<u8>, VizError>
where
    P: PixelWithColorType<Subpixel = u8>,
{
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(picture.as_raw(), picture.width(), picture.height(), P::COLOR_TYPE)
        .map_err(VizError::Png)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INK_LEVEL: Luma<u8> = Luma([INK]);

    const A: [u8; 6] = [1, 2, 3, 4, 5, 6];
    const B: [u8; 6] = [11, 12, 13, 14, 15, 16];
    const C: [u8; 6] = [21, 22, 23, 24, 25, 26];

    fn tile(pixels: &[u8; 6]) -> GrayTile<'_> {
        GrayTile::new(2, 3, pixels).unwrap()
    }

    #[test]
    fn tiles_stand_row_by_row_and_the_last_row_is_filled_up_with_the_gap_level() {
        let picture = Grid::new(2).gap(1).gap_level(99).draw(&[tile(&A), tile(&B), tile(&C)]).unwrap();
        assert_eq!(picture.dimensions(), (7, 5));
        #[rustfmt::skip]
        let expected = [
             1,  2,  3, 99, 11, 12, 13,
             4,  5,  6, 99, 14, 15, 16,
            99, 99, 99, 99, 99, 99, 99,
            21, 22, 23, 99, 99, 99, 99,
            24, 25, 26, 99, 99, 99, 99,
        ];
        assert_eq!(picture.as_raw(), &expected);
    }

    #[test]
    fn upscaling_repeats_pixels_and_leaves_the_gap_alone() {
        let picture = Grid::new(1).upscale(2).gap(1).gap_level(0).draw(&[tile(&A), tile(&B)]).unwrap();
        #[rustfmt::skip]
        let expected = [
             1,  1,  2,  2,  3,  3,
             1,  1,  2,  2,  3,  3,
             4,  4,  5,  5,  6,  6,
             4,  4,  5,  5,  6,  6,
             0,  0,  0,  0,  0,  0,
            11, 11, 12, 12, 13, 13,
            11, 11, 12, 12, 13, 13,
            14, 14, 15, 15, 16, 16,
            14, 14, 15, 15, 16, 16,
        ];
        assert_eq!(picture.dimensions(), (6, 9));
        assert_eq!(picture.as_raw(), &expected);
    }

    #[test]
    fn columns_without_tiles_keep_their_place() {
        let picture = Grid::new(3).gap(0).gap_level(7).draw(&[tile(&A)]).unwrap();
        assert_eq!(picture.dimensions(), (9, 2));
        assert_eq!(picture.as_raw()[..9], [1, 2, 3, 7, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn a_tile_of_another_size_is_named() {
        let turned = GrayTile::new(3, 2, &B).unwrap();
        let error = Grid::new(2).draw(&[tile(&A), tile(&B), turned]).unwrap_err();
        assert!(matches!(error, VizError::TileSize { index: 2, expected: (2, 3), found: (3, 2) }));
        assert_eq!(error.to_string(), "tile 2 has 3 x 2 pixels, tile 0 has 2 x 3");
    }

    #[test]
    fn a_grid_of_nothing_is_refused() {
        assert!(matches!(Grid::new(2).draw(&[]), Err(VizError::EmptyGrid)));
        assert!(matches!(Grid::new(0).draw(&[tile(&A)]), Err(VizError::ZeroColumns)));
        assert!(matches!(Grid::new(2).upscale(0).draw(&[tile(&A)]), Err(VizError::ZeroUpscale)));
        assert!(matches!(Grid::new(2).layout(2, 0, 3), Err(VizError::EmptyTile { rows: 0, cols: 3 })));
    }

    #[test]
    fn the_limit_is_exact_and_sizes_never_overflow() {
        let layout = Grid::new(2).gap(0).layout(4, 4096, 4096).unwrap();
        assert_eq!(u64::from(layout.width()) * u64::from(layout.height()), MAX_GRID_PIXELS);
        let over = Grid::new(2).gap(0).layout(4, 4096, 4097).unwrap_err();
        assert!(matches!(over, VizError::GridTooLarge { width: 8194, height: 8192, .. }));

        let huge = Grid::new(usize::MAX).upscale(u32::MAX).gap(u32::MAX).draw(&[tile(&A)]).unwrap_err();
        assert!(matches!(huge, VizError::GridTooLarge { width: u64::MAX, .. }));
        let wide_gap = Grid::new(1).gap(u32::MAX).layout(2, 1, 1).unwrap_err();
        assert!(matches!(wide_gap, VizError::GridTooLarge { .. }));
        // A gap that no two tiles share takes no room, however large it is.
        assert_eq!(Grid::new(1).gap(u32::MAX).draw(&[tile(&A)]).unwrap().as_raw(), &A);
    }

    /// Columns and rows that hold pixels darker than the page, among those given.
    fn inked(
        picture: &GrayImage,
        xs: std::ops::Range<u32>,
        ys: std::ops::Range<u32>,
    ) -> (Vec<u32>, Vec<u32>) {
        let is_dark = |x: u32, y: u32| picture.get_pixel(x, y).0[0] < 128;
        let columns = xs.clone().filter(|x| ys.clone().any(|y| is_dark(*x, y))).collect();
        (columns, ys.clone().filter(|y| xs.clone().any(|x| is_dark(x, *y))).collect())
    }

    #[test]
    fn labels_stand_beside_their_row_and_above_their_column_and_move_no_tile() {
        let light = [200; 24 * 24];
        let tiles = vec![GrayTile::new(24, 24, &light).unwrap(); 6];
        let plain = Grid::new(3).upscale(2).gap(4);
        let grid = plain.clone().row_labels(["up", ""]).column_labels(["", "b", ""]);
        let (before, layout) = (plain.layout(6, 24, 24).unwrap(), grid.layout(6, 24, 24).unwrap());
        let picture = grid.draw(&tiles).unwrap();
        let (left, top) = layout.margins();
        assert_eq!(picture.dimensions(), (before.width() + left, before.height() + top));
        for i in 0..6 {
            let ((x, y), (bx, by)) = (layout.origin(i).unwrap(), before.origin(i).unwrap());
            assert_eq!((x, y), (bx + left, by + top));
        }

        let (columns, rows) = inked(&picture, 0..left, 0..picture.height());
        assert!(
            columns.len() > 8 && columns.iter().all(|x| (4..left - 4).contains(x)),
            "{columns:?} of {left}"
        );
        assert!(rows.len() > 8 && rows.iter().all(|y| (top + 12..top + 36).contains(y)), "{rows:?}");
        let (columns, rows) = inked(&picture, left..picture.width(), 0..top);
        let second = layout.origin(1).unwrap().0;
        assert!(
            !columns.is_empty() && columns.iter().all(|x| (second + 16..second + 32).contains(x)),
            "{columns:?}"
        );
        assert!(rows.iter().all(|y| (1..top - 4).contains(y)), "{rows:?}");
        assert!(picture.pixels().any(|pixel| *pixel == INK_LEVEL));
        let tile_pixels = picture.pixels().filter(|pixel| pixel.0 == [200]).count();
        assert!(tile_pixels >= 6 * 48 * 48);
    }

    #[test]
    fn labels_that_cannot_be_drawn_are_refused() {
        let tiles = [tile(&A), tile(&B), tile(&C)];
        let error = Grid::new(2).row_labels(["a"]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::LabelCount { what: "rows", expected: 2, found: 1 }), "{error}");
        let error = Grid::new(2).column_labels(["a"; 3]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::LabelCount { what: "columns", expected: 2, found: 3 }), "{error}");
        let error = Grid::new(2).row_labels(["a", "two\nlines"]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::Character { found: '\n', .. }), "{error}");
        let error = Grid::new(2).row_labels(["a", "\u{4e09}"]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::NoGlyph { found: '\u{4e09}', .. }), "{error}");
        let error = Grid::new(2).upscale(10).column_labels(["wide label", ""]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::LabelTooWide { room: 31, .. }), "{error}");
        let error =
            Grid::new(2).upscale(10).row_labels(["w".repeat(100), String::new()]).draw(&tiles).unwrap_err();
        assert!(matches!(error, VizError::LabelTooWide { .. }), "{error}");
    }

    #[test]
    fn parts_are_white_and_gaps_are_not() {
        let picture = Grid::new(2).gap(1).gap_level(9).part_after(0, 2).part_after(1, 50);
        let picture = picture.part_after(0, 3).draw(&[tile(&A), tile(&B), tile(&C)]).unwrap();
        #[rustfmt::skip]
        let expected = [
             1,  2,  3, 255, 255, 255, 11, 12, 13,
             4,  5,  6, 255, 255, 255, 14, 15, 16,
             9,  9,  9, 255, 255, 255,  9,  9,  9,
            21, 22, 23, 255, 255, 255,  9,  9,  9,
            24, 25, 26, 255, 255, 255,  9,  9,  9,
        ];
        assert_eq!(picture.dimensions(), (9, 5));
        assert_eq!(picture.as_raw(), &expected);
        let huge = Grid::new(2).part_after(0, u32::MAX).draw(&[tile(&A)]).unwrap_err();
        assert!(matches!(huge, VizError::GridTooLarge { .. }));
    }

    #[test]
    fn a_picture_of_no_pixels_is_no_png() {
        assert!(matches!(png_bytes(&GrayImage::new(0, 2)), Err(VizError::Png(_))));
    }

    #[test]
    fn png_decodes_to_the_same_pixels_and_is_the_same_each_time() {
        let picture = Grid::new(2).upscale(3).draw(&[tile(&A), tile(&B), tile(&C)]).unwrap();
        let bytes = png_bytes(&picture).unwrap();
        assert_eq!(bytes, png_bytes(&picture).unwrap());
        let decoded = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap();
        assert_eq!(decoded.color(), image::ColorType::L8);
        assert_eq!(decoded.into_luma8(), picture);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_pixel_is_where_the_layout_says_and_the_rest_is_gap(
            (rows, cols, count) in (1usize..6, 1usize..6, 1usize..12),
            (columns, upscale, gap) in (1usize..6, 1u32..4, 0u32..4),
            seed in any::<u8>(),
        ) {
            // Levels 0 to 250, so that the gaps' 255 is no tile's pixel.
            let pixels: Vec<u8> = (0..count * rows * cols)
                .map(|i| ((i * 37 + usize::from(seed)) % 251) as u8)
                .collect();
            let tiles: Vec<_> =
                pixels.chunks(rows * cols).map(|p| GrayTile::new(rows, cols, p).unwrap()).collect();
            let grid = Grid::new(columns).upscale(upscale).gap(gap);
            let layout = grid.layout(count, rows, cols).unwrap();
            let picture = grid.draw(&tiles).unwrap();
            prop_assert_eq!(picture.dimensions(), (layout.width(), layout.height()));

            for (index, tile) in tiles.iter().enumerate() {
                let (left, top) = layout.origin(index).unwrap();
                for y in 0..rows as u32 * upscale {
                    for x in 0..cols as u32 * upscale {
                        let level = tile.row((y / upscale) as usize).unwrap()[(x / upscale) as usize];
                        prop_assert_eq!(picture.get_pixel(left + x, top + y).0, [level]);
                    }
                }
            }
            let drawn = picture.pixels().filter(|pixel| pixel.0 != [255]).count();
            prop_assert_eq!(drawn, pixels.len() * (upscale * upscale) as usize);
            prop_assert_eq!(layout.origin(count), None);
        }
    }
}
