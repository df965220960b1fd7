//! Curves against two axes, linear or logarithmic, as a picture of 800 x 500 pixels.

use plotters::prelude::*;

use crate::axis::{Axis, Scale};
use crate::chart::{
    self, Canvas, Drawing, Drawn, EDGE, FINE, Frame, LABEL_SIZE, LINE_HEIGHT, Mark, Plot, TITLE_SIZE,
    X_AXIS_ROOM, beside, check_value, fine,
};
use crate::palette::SERIES_COLOURS;
use crate::{VizError, text};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 500.0;

/// Length of the stroke that stands before a name in the legend.
const SWATCH: f64 = 26.0;
/// Length of the line from a reference level to its name beside the plot.
const LEADER: f64 = 14.0;
/// The most room that names of reference lines may take from the plot.
const MAX_REFERENCE_ROOM: f64 = 240.0;

const MAX_REFERENCES: usize = 8;
/// Joined points are marked too if there are up to this many of them.
const MAX_MARKED_POINTS: usize = 20;
const MARK_RADIUS: f64 = 3.5;

const REFERENCE: RGBColor = RGBColor(0x55, 0x55, 0x55);

#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    joined: bool,
}

impl Series {
    fn is_marked(&self) -> bool {
        !self.joined || self.points.len() <= MAX_MARKED_POINTS
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Reference {
    label: String,
    value: f64,
}

/// Named series of points, joined by lines or not, and reference levels that they are compared with.
///
/// Colours are told apart by colour-blind readers. A line of at most 20 points has its points marked, so one point
/// alone is seen too. Both ranges follow the data and hold every point and every reference level; where all
/// values are equal they reach a little to both sides. If all x are whole numbers (epochs, say), so are the ticks.
///
/// Labels are single lines; say the unit in them. What has no room is an error, never cut off.
///
/// ```
/// use ae_viz::LineChart;
///
/// let svg = LineChart::new("Training on MNIST", "epoch", "binary cross-entropy (nats a pixel)")
///     .series("training images", [(1.0, 0.184), (2.0, 0.121), (3.0, 0.104)])
///     .series("test images", [(1.0, 0.133), (2.0, 0.109), (3.0, 0.099)])
///     .reference("mean image", 0.2625)
///     .reference("entropy floor", 0.0581)
///     .to_svg()?;
/// assert!(svg.contains("entropy floor"));
/// # Ok::<(), ae_viz::VizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    log_x: bool,
    log_y: bool,
    series: Vec<Series>,
    references: Vec<Reference>,
}

impl LineChart {
    /// A chart without series yet.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            log_x: false,
            log_y: false,
            series: Vec::new(),
            references: Vec::new(),
        }
    }

    /// Adds a series of `(x, y)` points, joined in the order given; at most 7 series in a chart.
    pub fn series(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(name, points, true)
    }

    /// Adds a series of `(x, y)` points that are marked but not joined; it counts among the 7 as well.
    ///
    /// ```
    /// let chart = ae_viz::LineChart::new("Rate and distortion", "bytes an image", "PSNR (dB)")
    ///     .series("32 codes", [(12.8, 19.6), (15.7, 19.9), (21.9, 20.1)])
    ///     .points("JPEG, quality 1", [(39.0, 18.9)])
    ///     .log_x();
    /// assert!(chart.to_svg()?.contains("<circle"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(name, points, false)
    }

    fn with(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
        joined: bool,
    ) -> Self {
        self.series.push(Series { name: name.into(), points: points.into_iter().collect(), joined });
        self
    }

    /// Adds a dashed horizontal line at `value`, named beside the plot; at most 8 in a chart.
    pub fn reference(mut self, label: impl Into<String>, value: f64) -> Self {
        self.references.push(Reference { label: label.into(), value });
        self
    }

    /// Makes the y axis logarithmic, for losses that fall over several decades.
    ///
    /// ```
    /// let mse = [(1.0, 0.2), (2.0, 0.02), (3.0, 0.002)];
    /// let svg = ae_viz::LineChart::new("Error", "epoch", "MSE").series("test", mse).log_y().to_svg()?;
    /// assert!(svg.contains("0.01\n</text>"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn log_y(self) -> Self {
        Self { log_y: true, ..self }
    }

    /// Makes the x axis logarithmic, for sizes and rates that span several factors of two.
    pub fn log_x(self) -> Self {
        Self { log_x: true, ..self }
    }

    /// Draws the chart: an SVG document of 800 x 500 pixels, the same bytes for the same chart.
    ///
    /// # Errors
    /// - [`VizError::NoSeries`], [`VizError::EmptySeries`], [`VizError::TooMany`]: nothing to draw, or too much
    /// - [`VizError::Value`], [`VizError::NotPositive`]: a coordinate that the axis cannot show
    /// - [`VizError::Character`], [`VizError::LabelTooWide`]: a label that is not one line, or has no room
    /// - [`VizError::Plot`] if the plotting library fails
    ///
    /// ```
    /// use ae_viz::{LineChart, VizError};
    ///
    /// let diverged = LineChart::new("Loss", "epoch", "nats").series("train", [(1.0, 0.2), (2.0, f64::NAN)]);
    /// assert!(matches!(diverged.to_svg(), Err(VizError::Value { index: 1, .. })));
    /// ```
    pub fn to_svg(&self) -> Result<String, VizError> {
        chart::svg(Laid::out(self)?)
    }

    /// Draws the chart as a PNG file: 1600 x 1000 pixels of 8-bit RGB, of the same look as the SVG.
    ///
    /// No font is needed on the machine, the crate carries one.
    ///
    /// # Errors
    /// As [`LineChart::to_svg`]; [`VizError::NoGlyph`] for a label with a character that the crate's font lacks,
    /// [`VizError::Png`] if the encoder fails.
    ///
    /// ```
    /// let chart = ae_viz::LineChart::new("Loss", "epoch", "nats").series("train", [(1.0, 0.2), (2.0, 0.1)]);
    /// assert!(chart.to_png_bytes()?.starts_with(b"\x89PNG"));
    /// # Ok::<(), ae_viz::VizError>(())
    /// ```
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, VizError> {
        chart::png(Laid::out(self)?)
    }

    fn check_values(&self) -> Result<(), VizError> {
        if self.series.is_empty() {
            return Err(VizError::NoSeries);
        }
        let counts = [
            ("series", self.series.len(), SERIES_COLOURS.len()),
            ("reference lines", self.references.len(), MAX_REFERENCES),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                return Err(VizError::TooMany { what, count, limit });
            }
        }
        for Series { name, points, .. } in &self.series {
            if points.is_empty() {
                return Err(VizError::EmptySeries { name: name.clone() });
            }
            for (index, &(x, y)) in points.iter().enumerate() {
                check_on_axis(name, index, x, self.log_x)?;
                check_on_axis(name, index, y, self.log_y)?;
            }
        }
        self.references.iter().try_for_each(|line| check_on_axis(&line.label, 0, line.value, self.log_y))
    }

    fn draw_series<B: DrawingBackend>(&self, plot: &mut Plot<'_, B>) -> Drawn<B> {
        let x_ends = plot.x_range();
        for line in &self.references {
            let ends = [(x_ends.start, line.value), (x_ends.end, line.value)];
            let stroke = REFERENCE.stroke_width(FINE);
            plot.draw_series(DashedLineSeries::new(ends, fine(6.0), fine(4.0), stroke))?;
        }
        for (series, colour) in self.series.iter().zip(colours()) {
            if series.joined {
                let stroke = colour.stroke_width(2 * FINE);
                plot.draw_series(LineSeries::new(series.points.iter().copied(), stroke))?;
            }
            if series.is_marked() {
                let mark = |&point| Circle::new(point, fine(MARK_RADIUS), colour.filled());
                plot.draw_series(series.points.iter().map(mark))?;
            }
        }
        Ok(())
    }

    /// Names the reference lines to the right of the plot, each as near its line as the others leave room.
    fn draw_reference_names<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        plot: &Plot<'_, B>,
        Frame { right, bottom, .. }: Frame,
    ) -> Drawn<B> {
        let end = plot.x_range().end;
        let height = |line: &Reference| plot.backend_coord(&(end, line.value)).1;
        let mut lines: Vec<_> = self.references.iter().map(|line| (height(line), line)).collect();
        lines.sort_by_key(|(height, _)| *height);
        let heights: Vec<i32> = lines.iter().map(|(height, _)| *height).collect();
        let places = spread(&heights, fine(LINE_HEIGHT), fine(bottom));
        for ((height, line), place) in lines.into_iter().zip(places) {
            let leader = vec![(fine(right), height), (fine(right + LEADER), place)];
            canvas.draw(&PathElement::new(leader, REFERENCE.stroke_width(FINE)))?;
            canvas.draw_text(&line.label, &beside(), (fine(right + LEADER + 4.0), place))?;
        }
        Ok(())
    }
}

/// A chart whose values are checked, and where each of its parts lies, in pixels from the top-left corner.
struct Laid<'a> {
    chart: &'a LineChart,
    axes: (Axis, Axis),
    frame: Frame,
    /// Where each entry begins, and its middle line.
    legend: Vec<(f64, f64)>,
}

impl<'a> Laid<'a> {
    /// Gives every label its room, the plot what is left.
    fn out(chart: &'a LineChart) -> Result<Self, VizError> {
        chart.check_values()?;
        let points = || chart.series.iter().flat_map(|series| &series.points);
        let whole = points().all(|point| point.0.fract() == 0.0);
        let x_scale = if chart.log_x { Scale::Log } else { Scale::Linear { whole } };
        let mut x = Axis::new(x_scale, points().map(|point| point.0), 0.02, 10);
        let y_scale = if chart.log_y { Scale::Log } else { Scale::Linear { whole: false } };
        let levels = chart.references.iter().map(|line| line.value);
        let y = Axis::new(y_scale, points().map(|point| point.1).chain(levels), 0.05, 7);

        let left = EDGE + chart::y_axis_room(&y);
        let mut right = WIDTH - chart::x_axis_overhang(&x).max(EDGE);
        for Reference { label, .. } in &chart.references {
            text::check(label, LABEL_SIZE, MAX_REFERENCE_ROOM)?;
            right = right.min(WIDTH - EDGE - text::width(label, LABEL_SIZE) - LEADER - 4.0);
        }
        x.thin_out(right - left);

        let across = WIDTH - EDGE - left;
        text::check(&chart.title, TITLE_SIZE, across)?;
        let mut legend = Vec::with_capacity(chart.series.len());
        let (mut entry_x, mut entry_y) = (left, EDGE + TITLE_SIZE + LINE_HEIGHT);
        for Series { name, .. } in &chart.series {
            text::check(name, LABEL_SIZE, across - SWATCH - 8.0)?;
            let width = SWATCH + 8.0 + text::width(name, LABEL_SIZE);
            if entry_x > left && entry_x + width > WIDTH - EDGE {
                (entry_x, entry_y) = (left, entry_y + LINE_HEIGHT);
            }
            legend.push((entry_x, entry_y));
            entry_x += width + EDGE;
        }

        let top = entry_y + LINE_HEIGHT;
        let bottom = HEIGHT - EDGE - X_AXIS_ROOM;
        text::check(&chart.x_label, LABEL_SIZE, right - left)?;
        text::check(&chart.y_label, LABEL_SIZE, bottom - top)?;
        let frame = Frame { outer_left: EDGE, left, right, top, bottom };
        Ok(Self { chart, axes: (x, y), frame, legend })
    }
}

impl Drawing for Laid<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn labels(&self) -> impl Iterator<Item = &str> {
        let LineChart { title, x_label, y_label, series, references, .. } = self.chart;
        let names = series.iter().map(|series| series.name.as_str());
        let levels = references.iter().map(|line| line.label.as_str());
        [title.as_str(), x_label, y_label].into_iter().chain(names).chain(levels)
    }

    fn draw<B: DrawingBackend>(self, canvas: &Canvas<B>) -> Drawn<B, Vec<Mark>> {
        let Self { chart, axes, frame, legend } = self;
        canvas.fill(&WHITE)?;
        let mut plot = chart::axes(canvas, frame, axes, (&chart.x_label, &chart.y_label))?;
        chart.draw_series(&mut plot)?;
        canvas.draw_text(&chart.title, &chart::heading(TITLE_SIZE), (fine(frame.left), fine(EDGE)))?;
        for ((series, colour), (start, middle)) in chart.series.iter().zip(colours()).zip(legend) {
            let (start, end, middle) = (fine(start), fine(start + SWATCH), fine(middle));
            if series.joined {
                let swatch = vec![(start, middle), (end, middle)];
                canvas.draw(&PathElement::new(swatch, colour.stroke_width(2 * FINE)))?;
            }
            if series.is_marked() {
                canvas.draw(&Circle::new(((start + end) / 2, middle), fine(MARK_RADIUS), colour.filled()))?;
            }
            canvas.draw_text(&series.name, &beside(), (end + fine(8.0), middle))?;
        }
        chart.draw_reference_names(canvas, &plot, frame)?;
        Ok(Vec::new())
    }
}

fn check_on_axis(name: &str, index: usize, value: f64, logarithmic: bool) -> Result<(), VizError> {
    check_value(name, index, value)?;
    if logarithmic && value <= 0.0 {
        return Err(VizError::NotPositive { name: name.to_owned(), index, value });
    }
    Ok(())
}

fn colours() -> impl Iterator<Item = RGBColor> {
    SERIES_COLOURS.iter().copied().map(chart::colour)
}

/// Moves ascending `levels` apart by at least `distance`, each as near its own as those above it leave room, the
/// last not below `bottom`.
fn spread(levels: &[i32], distance: i32, bottom: i32) -> Vec<i32> {
    let mut places = levels.to_vec();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + distance);
    }
    let mut lowest = bottom;
    for place in places.iter_mut().rev() {
        *place = lowest.min(*place);
        lowest = *place - distance;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::read::{numbers, polylines, text_outside};

    fn chart() -> LineChart {
        LineChart::new("Loss", "epoch", "loss (nats a pixel)")
    }

    #[test]
    fn the_same_chart_is_the_same_bytes() {
        let draw =
            || chart().series("a", [(1.0, 0.3), (2.0, 0.1)]).reference("floor", 0.058).to_svg().unwrap();
        assert_eq!(draw(), draw());
        assert!(draw().starts_with("<svg width=\"800\" height=\"500\""));
        assert!(draw().contains("viewBox=\"0 0 8000 5000\""));
    }

    #[test]
    fn x_grows_to_the_right_and_y_upwards() {
        let svg = chart().series("a", [(1.0, 0.3), (2.0, 0.1), (4.0, 0.2)]).to_svg().unwrap();
        let lines = polylines(&svg, "#0072B2");
        let [x1, y1, x2, y2, x3, y3] = lines[0][..] else { panic!("three points make a line: {lines:?}") };
        assert!(x1 < x2 && x2 < x3, "{lines:?}");
        assert!(y1 < y3 && y3 < y2, "SVG counts y downwards: {lines:?}");
        assert!(((x3 - x2) / (x2 - x1) - 2.0).abs() < 0.01 && ((y2 - y1) / (y2 - y3) - 2.0).abs() < 0.01);
    }

    #[test]
    fn a_logarithmic_axis_gives_equal_ratios_equal_heights() {
        let svg = chart().log_y().series("a", [(0.0, 1.0), (1.0, 0.1), (2.0, 0.01)]).to_svg().unwrap();
        let lines = polylines(&svg, "#0072B2");
        let [_, y1, _, y2, _, y3] = lines[0][..] else { panic!("three points make a line: {lines:?}") };
        assert!((y2 - y1 - (y3 - y2)).abs() <= 2.0 && y2 > y1, "{lines:?}");
    }

    #[test]
    fn a_single_point_is_marked_and_a_constant_series_has_a_range() {
        let one = chart().series("a", [(1.0, 0.186)]).to_svg().unwrap();
        assert_eq!(one.matches("<circle").count(), 2, "the point and its mark in the legend");
        let constant = chart().series("a", (0..50).map(|x| (f64::from(x), 0.0))).to_svg().unwrap();
        assert_eq!(constant.matches("<circle").count(), 0);
        let ys: Vec<f64> = polylines(&constant, "#0072B2")[0].chunks(2).map(|point| point[1]).collect();
        assert!(ys.len() == 50 && ys.iter().all(|y| *y == ys[0] && (1000.0..4400.0).contains(y)), "{ys:?}");
    }

    #[test]
    fn points_are_marked_and_not_joined_however_many() {
        let svg = chart().points("a", (0..50).map(|x| (f64::from(x), 0.1))).to_svg().unwrap();
        assert_eq!(svg.matches("<circle").count(), 51);
        assert!(polylines(&svg, "#0072B2").is_empty());
    }

    #[test]
    fn a_logarithmic_x_axis_gives_equal_ratios_equal_widths_and_no_label_on_another() {
        let points = [(10.0, 1.0), (20.0, 2.0), (40.0, 3.0)];
        let svg = chart().log_x().series("a", points).to_svg().unwrap();
        let lines = polylines(&svg, "#0072B2");
        let [x1, _, x2, _, x3, _] = lines[0][..] else { panic!("three points make a line: {lines:?}") };
        assert!(x1 < x2 && (x2 - x1 - (x3 - x2)).abs() <= 2.0, "{lines:?}");

        let zero = chart().log_x().series("a", [(0.0, 0.2)]).to_svg().unwrap_err();
        assert!(matches!(zero, VizError::NotPositive { index: 0, .. }));
    }

    #[test]
    fn a_png_is_twice_as_wide_and_shows_what_the_svg_shows() {
        let chart = chart().series("a", [(1.0, 0.3), (2.0, 0.1), (4.0, 0.2)]);
        let png = chart.to_png_bytes().unwrap();
        let picture = image::load_from_memory(&png).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (1600, 1000));
        // Each marked point of the SVG is a disc of its colour in the PNG.
        let svg = chart.to_svg().unwrap();
        let (xs, ys): (Vec<f64>, Vec<f64>) =
            (numbers(&svg, &["cx"]).collect(), numbers(&svg, &["cy"]).collect());
        assert_eq!(xs.len(), 4);
        for (x, y) in xs.into_iter().zip(ys) {
            assert_eq!(picture.get_pixel((x / 5.0) as u32, (y / 5.0) as u32).0, SERIES_COLOURS[0]);
        }
        let error = LineChart::new("\u{4e09}", "", "").series("", [(0.0, 0.0)]).to_png_bytes().unwrap_err();
        assert!(matches!(error, VizError::NoGlyph { found: '\u{4e09}', .. }), "{error}");
    }

    #[test]
    fn a_reference_line_is_level_across_the_plot_and_widens_the_range() {
        let svg = chart().series("a", [(1.0, 0.2), (2.0, 0.19)]).reference("floor", 0.05).to_svg().unwrap();
        let dashes = polylines(&svg, "#555555");
        assert!(dashes.len() > 10, "dashed: {dashes:?}");
        let level = dashes[0][1];
        assert!(dashes.iter().all(|dash| dash.chunks(2).all(|point| (point[1] - level).abs() <= 1.0)));
        assert!(polylines(&svg, "#0072B2")[0][3] < level, "0.19 lies above 0.05");
    }

    #[test]
    fn series_that_cannot_be_drawn_are_named() {
        assert!(matches!(chart().to_svg(), Err(VizError::NoSeries)));
        let empty = chart().series("a", [(1.0, 1.0)]).series("test", []).to_svg().unwrap_err();
        assert!(matches!(empty, VizError::EmptySeries { name } if name == "test"));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e300] {
            for point in [(bad, 0.1), (2.0, bad)] {
                let error = chart().series("train", [(1.0, 0.2), point]).to_svg().unwrap_err();
                assert!(
                    matches!(&error, VizError::Value { name, index: 1, .. } if name == "train"),
                    "{error}"
                );
            }
            let error = chart().series("train", [(1.0, 0.2)]).reference("floor", bad).to_svg().unwrap_err();
            assert!(matches!(&error, VizError::Value { name, .. } if name == "floor"), "{error}");
        }
        let zero = chart().log_y().series("train", [(1.0, 0.2), (2.0, 0.0)]).to_svg().unwrap_err();
        assert!(matches!(zero, VizError::NotPositive { index: 1, .. }));
        chart().log_y().series("x may be 0", [(0.0, 0.2)]).to_svg().unwrap();
    }

    #[test]
    fn more_than_can_be_told_apart_is_refused() {
        let series = |n| (0..n).fold(chart(), |chart, i| chart.series(i.to_string(), [(0.0, f64::from(i))]));
        series(7).to_svg().unwrap();
        let error = series(8).to_svg().unwrap_err();
        assert!(matches!(error, VizError::TooMany { what: "series", count: 8, limit: 7 }));
        let lines = (0..9).fold(series(1), |chart, i| chart.reference(i.to_string(), f64::from(i)));
        assert!(matches!(
            lines.to_svg(),
            Err(VizError::TooMany { what: "reference lines", count: 9, limit: 8 })
        ));
    }

    #[test]
    fn every_label_has_to_fit_and_be_one_line() {
        let long = "w".repeat(80);
        let with = |title: &str, x: &str, y: &str, series: &str, reference: &str| {
            let chart = LineChart::new(title, x, y).series(series, [(1.0, 0.2)]).reference(reference, 0.1);
            chart.to_svg()
        };
        with("t", "x", "y", "s", "r").unwrap();
        for bad in [long.as_str(), "two\nlines"] {
            let charts = [
                with(bad, "x", "y", "s", "r"),
                with("t", bad, "y", "s", "r"),
                with("t", "x", bad, "s", "r"),
                with("t", "x", "y", bad, "r"),
                with("t", "x", "y", "s", bad),
            ];
            for (place, drawn) in charts.into_iter().enumerate() {
                let error = drawn.unwrap_err();
                let expected = if bad == long { "wide" } else { "character" };
                assert!(error.to_string().contains(expected), "place {place}: {error}");
            }
        }
    }

    #[test]
    fn markup_in_labels_is_escaped() {
        let svg = LineChart::new("a < b & \"c\"", "", "").series("<svg>", [(1.0, 1.0)]).to_svg().unwrap();
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;") && svg.contains("&lt;svg&gt;"));
        assert_eq!(svg.matches("<svg").count(), 1);
    }

    #[test]
    fn names_keep_their_distance_and_their_order() {
        assert_eq!(spread(&[], 20, 100), []);
        assert_eq!(spread(&[10, 50], 20, 100), [10, 50]);
        assert_eq!(spread(&[10, 15, 18], 20, 100), [10, 30, 50]);
        assert_eq!(spread(&[90, 95, 98], 20, 100), [60, 80, 100]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_drawn_outside_the_picture(
            series in prop::collection::vec(
                prop::collection::vec((-1e300f64..1e300, prop_oneof![0.0f64..1.0, -1e300f64..1e300]), 1..30), 1..8),
            references in prop::collection::vec(prop_oneof![0.0f64..1.0, -1e300f64..1e300], 0..9),
            (log_x, log_y) in any::<(bool, bool)>(),
        ) {
            let mut chart = LineChart { log_x, log_y, ..chart() };
            let positive = |value: f64, log| if log { value.abs().max(1e-300) } else { value };
            for (i, points) in series.into_iter().enumerate() {
                let points = points.into_iter().map(|(x, y)| (positive(x, log_x), positive(y, log_y)));
                let name = format!("series {i} of a run");
                chart = if i % 3 == 2 { chart.points(name, points) } else { chart.series(name, points) };
            }
            for value in references {
                chart = chart.reference(format!("level {value:.3e}"), positive(value, log_y));
            }
            let svg = chart.to_svg().unwrap();
            for x in numbers(&svg, &["x", "x1", "x2", "cx"]) {
                prop_assert!((0.0..=8000.0).contains(&x));
            }
            for y in numbers(&svg, &["y", "y1", "y2", "cy"]) {
                prop_assert!((0.0..=5000.0).contains(&y));
            }
            prop_assert_eq!(text_outside(&svg, (WIDTH, HEIGHT)), None);
            let points: Vec<f64> = numbers(&svg, &["points"]).collect();
            for point in points.chunks(2) {
                prop_assert!((0.0..=8000.0).contains(&point[0]) && (0.0..=5000.0).contains(&point[1]));
            }
        }
    }
}
