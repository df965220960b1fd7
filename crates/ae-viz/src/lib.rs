//! Numbers to pictures: grids of grey images as PNG, curves as SVG.
//!
//! The crate knows neither tensors nor datasets: a picture is made of slices of pixels and pairs of numbers. It
//! writes no files either. [`png_bytes`] and [`LineChart::to_svg`] return what the file is to hold, and the caller
//! decides where and how it is written. The same input gives the same bytes, and no font has to be installed to
//! make a picture: an SVG names the generic family `sans-serif` and its viewer supplies the glyphs.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `pixel.rs` | [`GrayTile`], one image to be drawn, and the rounding of brightness to a byte |
//! | `grid.rs` | [`Grid`], tiles row by row; [`GridLayout`], where each of them lies; [`png_bytes`] |
//! | `curve.rs` | [`LineChart`], named series against two axes, with reference levels |
//! | `axis.rs` | ranges, ticks and their labels |
//! | `text.rs` | what text may be drawn, and about how wide it is |
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
mod curve;
mod error;
mod grid;
mod palette;
mod pixel;
mod text;

pub use curve::LineChart;
pub use error::VizError;
pub use grid::{Grid, GridLayout, MAX_GRID_PIXELS, png_bytes};
pub use image::GrayImage;
pub use pixel::{GrayTile, to_level};
