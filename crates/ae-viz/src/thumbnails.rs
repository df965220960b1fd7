//! Pictures at their points in two dimensions: what lies where in a plane of codes, seen at once. PNG only.

use crate::axis::{Axis, Scale};
use crate::chart::{
    EDGE, Frame, LABEL_SIZE, LINE_HEIGHT, Plot, TITLE_SIZE, X_AXIS_ROOM, check_value, heading, y_axis_room,
};
use crate::error::check_count;
use crate::palette::MESH;
use crate::raster::{self, ZOOM};
use crate::shape::Drawing;
use crate::tile::{self, Cells};
use crate::{Tile, VizError};

/// Side of the square that the points lie in, in pixels of the drawing.
const PANEL: f64 = 640.0;
/// Side of a picture, in pixels of the file: twenty times twenty fill the square.
const SIDE: u32 = 64;
/// Width of the edge that parts a picture from those below, in pixels of the file.
const EDGE_WIDTH: u64 = 2;
const MAX_TILES: usize = 1000;

/// Pictures placed by their middles at points, such as images at their codes of two numbers.
///
/// Pictures are drawn about 64 pixels wide in a square of 1280, in the order given. One that would lie over
/// more than half of an earlier one is left out; the chart says how many are shown.
///
/// ```
/// use ae_viz::{ThumbnailChart, Tile};
///
/// let pixels = [0, 255, 255, 0];
/// let chart = ThumbnailChart::new("Test images at their codes", "code 1", "code 2")
///     .tile((0.1, 2.0), Tile::new(1, 2, 2, &pixels)?)
///     .tile((0.3, 2.1), Tile::new(1, 2, 2, &pixels)?);
/// assert!(chart.to_png_bytes()?.starts_with(b"\x89PNG"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ThumbnailChart<'a> {
    title: String,
    x_label: String,
    y_label: String,
    tiles: Vec<((f64, f64), Tile<'a>)>,
}

impl<'a> ThumbnailChart<'a> {
    /// A chart without pictures yet.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self { title: title.into(), x_label: x_label.into(), y_label: y_label.into(), tiles: Vec::new() }
    }

    /// Adds a picture at `(x, y)`; at most 1,000, of one size.
    pub fn tile(mut self, point: (f64, f64), tile: Tile<'a>) -> Self {
        self.tiles.push((point, tile));
        self
    }

    /// Draws the chart as a PNG file of 8-bit RGB.
    ///
    /// # Errors
    /// [`VizError::Argument`] for no pictures or too many, one whose rows and columns are not those of the first, a
    /// coordinate that no axis shows, and a label that cannot be drawn or has no room; [`VizError::Png`] if the encoder
    /// fails.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        let cells = self.check()?;
        let plot = self.plot(&cells);
        let corners = self.corners(&plot, &cells);
        let shown = corners.iter().flatten().count();

        let Frame { left, right, top, bottom } = plot.frame;
        let note = format!("{shown} of {} pictures, none over more than half of another", self.tiles.len());
        let mut shapes = vec![
            heading(&self.title, TITLE_SIZE, PANEL, (left, EDGE))?,
            heading(&note, LABEL_SIZE, PANEL, (left, top - LINE_HEIGHT - 4.0))?,
        ];
        plot.draw_axes(&mut shapes, &self.x_label, &self.y_label)?;
        let drawing = Drawing { width: right + EDGE, height: bottom + X_AXIS_ROOM + EDGE, shapes };
        let mut picture = raster::picture(&drawing)?;
        for ((_, tile), corner) in self.tiles.iter().zip(corners) {
            if let Some((x, y)) = corner {
                let (columns, rows) = (
                    x - EDGE_WIDTH..x + cells.width() + EDGE_WIDTH,
                    y - EDGE_WIDTH..y + cells.height() + EDGE_WIDTH,
                );
                raster::fill(&mut picture, columns, rows, MESH);
                cells.paint(&mut picture, (x, y), |cell| tile.colour(cell));
            }
        }
        raster::png_bytes(&picture.into())
    }

    /// Checks the pictures and their points, and says how each picture is drawn.
    fn check(&self) -> Result<Cells, VizError> {
        check_count("pictures of a chart", 1..=MAX_TILES, self.tiles.len())?;
        let size = tile::common_size(self.tiles.iter().map(|(_, tile)| tile.size()))?;
        for (index, &((x, y), _)) in self.tiles.iter().enumerate() {
            let what = format_args!("point {index}");
            check_value(what, x, false).and_then(|()| check_value(what, y, false))?;
        }
        Ok(tile::Scale::Side(SIDE..=SIDE).cells(size))
    }

    /// The axes, whose ranges leave room for half a picture on every side.
    fn plot(&self, cells: &Cells) -> Plot {
        let axis = |side: u64, number: fn(&(f64, f64)) -> f64| {
            let half = (side as f64 / 2.0 + EDGE_WIDTH as f64 + 1.0) / ZOOM;
            let values = self.tiles.iter().map(|(point, _)| number(point));
            Axis::new(Scale::Linear { whole: false }, values, half / (PANEL - 2.0 * half), 9)
        };
        let mut x = axis(cells.width(), |point| point.0);
        x.thin_out(PANEL);
        let y = axis(cells.height(), |point| point.1);
        let (left, top) = ((EDGE + y_axis_room(&y)).ceil(), EDGE + TITLE_SIZE + LINE_HEIGHT + 16.0);
        Plot { frame: Frame { left, right: left + PANEL, top, bottom: top + PANEL }, x, y }
    }

    /// Where the top-left corner of each picture lies in the file, none of one that would lie over more than half of
    /// an earlier one.
    fn corners(&self, plot: &Plot, cells: &Cells) -> Vec<Option<(u64, u64)>> {
        let (width, height) = (cells.width(), cells.height());
        let mut kept: Vec<(u64, u64)> = Vec::new();
        let mut corner = |&(point, _): &((f64, f64), Tile<'a>)| {
            let (x, y) = plot.place(point);
            let start = |middle: f64, side: u64| (middle * ZOOM - side as f64 / 2.0).round() as u64;
            let (x, y) = (start(x, width), start(y, height));
            let common = |other: &(u64, u64)| {
                width.saturating_sub(x.abs_diff(other.0)) * height.saturating_sub(y.abs_diff(other.1))
            };
            let is_free = kept.iter().all(|other| 2 * common(other) <= width * height);
            is_free.then(|| {
                kept.push((x, y));
                (x, y)
            })
        };
        self.tiles.iter().map(&mut corner).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart<'a>(points: &[(f64, f64)], tile: &Tile<'a>) -> ThumbnailChart<'a> {
        points.iter().fold(ThumbnailChart::new("", "x", "y"), |chart, &point| chart.tile(point, *tile))
    }

    #[test]
    fn pictures_lie_with_their_middles_at_their_points_within_the_frame() {
        let pixels = [90; 16 * 8];
        let points = [(0.0, 0.0), (3.0, 1.0), (1.0, 2.0), (3.0, 2.0)];
        let chart = chart(&points, &Tile::new(1, 16, 8, &pixels).unwrap());
        let cells = chart.check().unwrap();
        let plot = chart.plot(&cells);
        assert_eq!((cells.width(), cells.height()), (32, 64));
        let Frame { left, right, top, bottom } = plot.frame;
        for (point, corner) in points.into_iter().zip(chart.corners(&plot, &cells)) {
            let (x, y) = corner.map(|(x, y)| (x as f64, y as f64)).unwrap();
            let place = plot.place(point);
            assert!((x + 16.0 - 2.0 * place.0).abs() <= 0.5 && (y + 32.0 - 2.0 * place.1).abs() <= 0.5);
            assert!(2.0 * left <= x && x + 32.0 <= 2.0 * right && 2.0 * top <= y && y + 64.0 <= 2.0 * bottom);
        }
        let picture = image::load_from_memory(&chart.to_png_bytes().unwrap()).unwrap().into_rgb8();
        for point in points {
            let (x, y) = plot.place(point);
            let at = |dx: f64, dy: f64| picture.get_pixel((2.0 * x + dx) as u32, (2.0 * y + dy) as u32).0;
            assert_eq!([at(0.0, 0.0), at(-14.0, 30.0), at(14.0, -30.0)], [[90; 3]; 3]);
            assert_ne!(at(18.5, 0.0), [90; 3]);
        }
    }

    #[test]
    fn a_picture_over_more_than_half_of_an_earlier_one_is_left_out() {
        let pixels = [90; 64 * 64];
        let ends = [(0.0, 0.0), (1209.0, 1209.0)];
        let with = |x: f64, y: f64| {
            let points = [ends[0], ends[1], (x, y), (x, y)];
            let chart = chart(&points, &Tile::new(1, 64, 64, &pixels).unwrap());
            let cells = chart.check().unwrap();
            let plot = chart.plot(&cells);
            chart.corners(&plot, &cells).iter().map(Option::is_some).collect::<Vec<_>>()
        };
        // One unit is one pixel of the file.
        assert_eq!(with(31.0, 0.0), [true, true, false, false]);
        assert_eq!(with(33.0, 0.0), [true, true, true, false]);
        assert_eq!(with(0.0, 33.0), [true, true, true, false]);
        assert_eq!(with(15.0, 15.0), [true, true, false, false]);
        assert_eq!(with(22.0, 22.0), [true, true, true, false]);
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let fault = |chart: ThumbnailChart<'_>| chart.to_png_bytes().unwrap_err().to_string();
        let (tile, turned) = (Tile::new(1, 1, 2, &[1, 2]).unwrap(), Tile::new(1, 2, 1, &[1, 2]).unwrap());
        assert_eq!(fault(chart(&[], &tile)), "pictures of a chart: expected 1 to 1000, found 0");
        let error = fault(chart(&vec![(0.0, 0.0); 1001], &tile));
        assert_eq!(error, "pictures of a chart: expected 1 to 1000, found 1001");
        let error = fault(chart(&[(0.0, 0.0)], &tile).tile((1.0, 1.0), turned));
        assert_eq!(error, "tile 1: expected 1 x 2 pixels, as tile 0 has, found 2 x 1");
        let error = fault(chart(&[(0.0, 0.0), (0.0, f64::NAN)], &tile));
        assert_eq!(error, "point 1: expected a number of at most 1e300 in magnitude, found NaN");
        let foreign = ThumbnailChart::new("\u{4e09}", "", "").tile((0.0, 0.0), tile);
        assert!(fault(foreign).contains("expected characters that the font"));
    }
}
