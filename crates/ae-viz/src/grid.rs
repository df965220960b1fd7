//! Tiles in rows and columns: `n` images of `(rows, cols)` pixels to one grey picture, and that to PNG bytes.
//!
//! Tile `i` stands in row `i / columns`, column `i % columns`. Each of its pixels becomes a square of
//! `upscale x upscale`; `gap` pixels of one grey level lie between neighbours, none around the edge, so a picture
//! of `c` columns is `c * cols * upscale + (c - 1) * gap` pixels wide. Cells left over in the last row have the
//! level of the gaps.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder};

use crate::{GrayTile, VizError};

/// The most pixels a grid may have, as many as a square of 8,192 x 8,192 (64 MiB).
pub const MAX_GRID_PIXELS: u64 = 1 << 26;

/// How tiles are set out: columns, scale and gaps.
///
/// Defaults: pixels drawn 1 : 1, white gaps of 1 pixel.
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
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: usize,
    upscale: u32,
    gap: u32,
    gap_level: u8,
}

impl Grid {
    /// A grid of `columns` columns, and of as many rows as the tiles need.
    pub fn new(columns: usize) -> Self {
        Self { columns, upscale: 1, gap: 1, gap_level: 255 }
    }

    /// Draws each pixel of a tile as a square of `pixels x pixels`.
    pub fn upscale(self, pixels: u32) -> Self {
        Self { upscale: pixels, ..self }
    }

    /// Leaves `pixels` between neighbours; 0 lets them touch.
    pub fn gap(self, pixels: u32) -> Self {
        Self { gap: pixels, ..self }
    }

    /// Fills the gaps, and cells without a tile, with this grey: 0 is black, 255 white.
    pub fn gap_level(self, level: u8) -> Self {
        Self { gap_level: level, ..self }
    }

    /// Where `count` tiles of `rows x cols` pixels will lie, without drawing them.
    ///
    /// # Errors
    /// [`VizError::EmptyGrid`] for no tiles, [`VizError::EmptyTile`] for tiles without pixels,
    /// [`VizError::ZeroColumns`], [`VizError::ZeroUpscale`], and [`VizError::GridTooLarge`] over
    /// [`MAX_GRID_PIXELS`].
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
        let height = self.extent(count.div_ceil(self.columns), rows);
        let width = self.extent(self.columns, cols);
        // Neither factor is 0, so a product under the limit also proves that each of them fits in a u32.
        if width.saturating_mul(height) > MAX_GRID_PIXELS {
            return Err(VizError::GridTooLarge { width, height, limit: MAX_GRID_PIXELS });
        }
        Ok(GridLayout {
            count,
            columns: self.columns as u32,
            // A gap that no two tiles share may be of any size, and is never stepped over.
            pitch: (
                (cols as u32 * self.upscale).saturating_add(self.gap),
                (rows as u32 * self.upscale).saturating_add(self.gap),
            ),
            width: width as u32,
            height: height as u32,
        })
    }

    /// Pixels along `n` tiles of `size` pixels and the gaps between them, at most `u64::MAX`.
    fn extent(&self, n: usize, size: usize) -> u64 {
        let tiles = (n as u64).saturating_mul(size as u64).saturating_mul(self.upscale.into());
        tiles.saturating_add((n as u64 - 1).saturating_mul(self.gap.into()))
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
        let expected = tiles.first().map(|tile| (tile.rows(), tile.cols())).ok_or(VizError::EmptyGrid)?;
        for (index, tile) in tiles.iter().enumerate() {
            let found = (tile.rows(), tile.cols());
            if found != expected {
                return Err(VizError::TileSize { index, expected, found });
            }
        }
        let layout = self.layout(tiles.len(), expected.0, expected.1)?;
        let (width, upscale) = (layout.width as usize, self.upscale as usize);
        let mut pixels = vec![self.gap_level; width * layout.height as usize];
        let mut line = Vec::with_capacity(expected.1 * upscale);
        for (index, tile) in tiles.iter().enumerate() {
            let (left, top) = layout.origin(index).expect("the layout was made for as many tiles");
            for row in 0..tile.rows() {
                line.clear();
                let levels = tile.row(row).expect("row is below the tile's rows");
                line.extend(levels.iter().flat_map(|&level| std::iter::repeat_n(level, upscale)));
                for y in top as usize + row * upscale..top as usize + (row + 1) * upscale {
                    let start = y * width + left as usize;
                    pixels[start..start + line.len()].copy_from_slice(&line);
                }
            }
        }
        Ok(GrayImage::from_raw(layout.width, layout.height, pixels)
            .expect("the buffer was made width * height long"))
    }
}

/// Where each tile of a [`Grid`] lies in the picture; coordinates count from the top-left pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridLayout {
    count: usize,
    columns: u32,
    pitch: (u32, u32),
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
        (index < self.count).then(|| {
            // The picture has a pixel for each tile and at most 2^26 of them, so an index fits in a u32.
            let index = index as u32;
            (index % self.columns * self.pitch.0, index / self.columns * self.pitch.1)
        })
    }
}

/// The picture as a PNG file of 8-bit grey, best compression.
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
pub fn png_bytes(picture: &GrayImage) -> Result<Vec<u8>, VizError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::L8)
        .map_err(VizError::Png)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
