//! Numbers to pictures: grids of images as PNG, curves and scattered points as SVG and PNG.
//!
//! The crate knows neither tensors nor datasets: a picture is made of slices of pixels and pairs of numbers. It
//! writes no files either. [`png_bytes`], `to_svg` and `to_png_bytes` return what the file is to hold, and the caller
//! decides where and how it is written. The same input gives the same bytes, and no font has to be installed to
//! make a picture: an SVG names the generic family `sans-serif` and its viewer supplies the glyphs, and what becomes
//! pixels is drawn with a font that the crate carries.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `pixel.rs` | [`GrayTile`], one image to be drawn, and the rounding of brightness to a byte |
//! | `signed.rs` | [`SignedTile`], one image of signed weights, and a grid of them in colour with its scale |
//! | `grid.rs` | [`Grid`], tiles row by row with labels; [`GridLayout`], where each of them lies; [`png_bytes`] |
//! | `curve.rs` | [`LineChart`], named series against two axes, with reference levels |
//! | `scatter.rs` | [`ScatterChart`], points coloured by class, panels side by side |
//! | `chart.rs` | what both charts share: sizes, axes, and the way to SVG and PNG |
//! | `axis.rs` | ranges, ticks and their labels |
//! | `raster.rs` | paths, discs and text as pixels, and the plotting library's backend for PNG |
//! | `text.rs` | the font, what text may be drawn, and how wide it is |
//! | `palette.rs` | the colours, told apart by colour-blind readers too |
//!
//! Two digits of 2 x 2 pixels side by side, and a curve:
//!
//! ```
//! use ae_viz::{Grid, GrayTile, LineChart, png_bytes};
//!
//! let tiles = [GrayTile::new(2, 2, &[0, 255, 255, 0])?, GrayTile::from_unit(2, 2, &[0.0, 0.5, 1.0, 0.5])?];
//! let picture = Grid::new(2).upscale(3).gap(2).draw(&tiles)?;
//! assert_eq!(picture.dimensions(), (14, 6));
//! assert!(png_bytes(&picture)?.starts_with(b"\x89PNG"));
//!
//! let svg = LineChart::new("Loss", "epoch", "loss (nats a pixel)")
//!     .series("train", [(1.0, 0.18), (2.0, 0.12)])
//!     .to_svg()?;
//! assert!(svg.starts_with("<svg"));
//! # Ok::<(), ae_viz::VizError>(())
//! ```

mod axis;
mod chart;
mod curve;
mod error;
mod grid;
mod palette;
mod pixel;
mod raster;
mod scatter;
mod signed;
mod text;

pub use curve::LineChart;
pub use error::VizError;
pub use grid::{Grid, GridLayout, MAX_GRID_PIXELS, png_bytes};
pub use image::{GrayImage, RgbImage};
pub use pixel::{GrayTile, to_level};
pub use scatter::ScatterChart;
pub use signed::{SignedScale, SignedTile};
