//! Numbers to pictures: grids of images as PNG, curves and scattered points as SVG and PNG.
//!
//! The crate knows neither tensors nor datasets: a picture is made of slices of pixels and pairs of numbers. It
//! writes no files either. [`png_bytes`], `to_svg` and `to_png_bytes` return what the file is to hold, and the caller
//! decides where and how it is written. The same input gives the same bytes, and no font has to be installed: an SVG
//! names the family `sans-serif` for its viewer to find, and what becomes pixels is drawn with a font of the crate.
//!
//! [`Grid`] sets images side by side, grey ([`GrayTile`]) or of signed numbers in colour ([`SignedTile`]).
//! [`LineChart`] and [`ScatterChart`] lay their parts out as a list of plain shapes, of which two small back ends make
//! an SVG document and a PNG file.
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

mod apart;
mod axis;
mod chart;
mod curve;
mod error;
mod grid;
mod palette;
mod pixel;
mod raster;
mod scatter;
mod shape;
mod signed;
mod svg;
mod text;

pub use curve::LineChart;
pub use error::VizError;
pub use grid::{Grid, MAX_GRID_PIXELS};
pub use image::{GrayImage, RgbImage};
pub use pixel::{GrayTile, to_level};
pub use raster::png_bytes;
pub use scatter::ScatterChart;
pub use signed::{SignedScale, SignedTile};
