//! Numbers to pictures: grids of images as PNG, curves and scattered points as SVG and PNG.
//!
//! The crate knows neither tensors nor datasets: a picture is made of slices of pixels and pairs of numbers. It
//! writes no files either. [`png_bytes`], `to_svg` and `to_png_bytes` return what the file is to hold, and the caller
//! decides where and how it is written. The same input gives the same bytes, and no font has to be installed: an SVG
//! names the family `sans-serif` for its viewer to find, and what becomes pixels is drawn with a font of the crate.
//!
//! [`Grid`] sets images side by side, grey or in colour ([`Tile`]), or of signed numbers ([`SignedTile`]). [`LineChart`],
//! [`SmallMultiples`] and [`ScatterChart`] lay their parts out as a list of plain shapes, of which two small back ends make
//! an SVG document and a PNG file. [`ThumbnailChart`] sets images at their points, as PNG only.
//!
//! What has no room or cannot be drawn is an error where the caller wrote it, such as a title. Names that come from
//! elsewhere, as those of files do, are cut and have `?` for what the font lacks: those of panels, columns and ticks are by
//! themselves, and [`label_of`] makes a label of any other.

mod apart;
mod axis;
mod chart;
mod curve;
mod error;
mod grid;
mod multiples;
mod palette;
mod raster;
mod scatter;
mod shape;
mod signed;
mod svg;
mod text;
mod thumbnails;
mod tile;

pub use curve::LineChart;
pub use error::VizError;
pub use grid::{Grid, MAX_GRID_PIXELS};
pub use image::DynamicImage;
pub use multiples::SmallMultiples;
pub use raster::png_bytes;
pub use scatter::ScatterChart;
pub use signed::{SignedScale, SignedTile};
pub use text::label_of;
pub use thumbnails::ThumbnailChart;
pub use tile::Tile;
