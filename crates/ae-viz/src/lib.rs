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
