//! What can be wrong with numbers that are to become a picture.

/// An error from drawing: nearly always in what was to be drawn, and the message says which part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VizError {
    /// The pixels of a tile are not as many as its rows and columns say.
    #[error("a tile of {rows} x {cols} pixels cannot be made of {found} pixels")]
    PixelCount {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
        /// Pixels given.
        found: usize,
    },
    /// A tile has no rows or no columns.
    #[error("a tile of {rows} x {cols} pixels has nothing to draw")]
    EmptyTile {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
    },
    /// A pixel is NaN or infinite; black or white would hide that the model which made it has failed.
    #[error("pixel {index} is {value}, not a finite brightness")]
    NonFinitePixel {
        /// Position of the pixel, row by row from 0.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A grid without tiles.
    #[error("a grid needs at least one tile")]
    EmptyGrid,
    /// A grid of no columns.
    #[error("a grid needs at least one column")]
    ZeroColumns,
    /// A grid whose pixels would be drawn 0 pixels wide.
    #[error("a grid cannot be scaled up by 0")]
    ZeroUpscale,
    /// A tile differs in size from the first one.
    #[error("tile {index} has {} x {} pixels, tile 0 has {} x {}", .found.0, .found.1, .expected.0, .expected.1)]
    TileSize {
        /// Position of the tile, from 0.
        index: usize,
        /// Rows and columns of the first tile.
        expected: (usize, usize),
        /// Rows and columns of this one.
        found: (usize, usize),
    },
    /// A grid over [`MAX_GRID_PIXELS`](crate::MAX_GRID_PIXELS).
    #[error("a grid of {width} x {height} pixels is over the limit of {limit} pixels")]
    GridTooLarge {
        /// Width in pixels, `u64::MAX` where it is more.
        width: u64,
        /// Height in pixels, `u64::MAX` where it is more.
        height: u64,
        /// Most pixels that a grid may have.
        limit: u64,
    },
    /// The PNG encoder failed.
    #[error("cannot encode the picture as PNG")]
    Png(#[source] image::ImageError),
    /// A chart without series.
    #[error("a chart needs at least one series")]
    NoSeries,
    /// A series without points.
    #[error("series \"{name}\" has no points")]
    EmptySeries {
        /// The series.
        name: String,
    },
    /// More series, reference lines, classes or panels than a reader can tell apart.
    #[error("{count} {what} in one chart, at most {limit} can be told apart")]
    TooMany {
        /// What there is too much of: "series", "reference lines", "classes" or "panels".
        what: &'static str,
        /// How many were given.
        count: usize,
        /// How many are drawn at most.
        limit: usize,
    },
    /// A coordinate is NaN, infinite or beyond 1e300, which no axis can show.
    #[error("point {index} of \"{name}\" holds {value}, which is not finite or is beyond {limit:e}")]
    Value {
        /// The series, reference line or panel.
        name: String,
        /// Position of the point in its series or panel, from 0; 0 for a reference line.
        index: usize,
        /// The coordinate.
        value: f64,
        /// The largest magnitude an axis shows.
        limit: f64,
    },
    /// A value that is not above 0 on a logarithmic axis.
    #[error("point {index} of \"{name}\" is at {value}, and a logarithmic axis shows only values above 0")]
    NotPositive {
        /// The series or reference line.
        name: String,
        /// Position of the point in its series, from 0; 0 for a reference line.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A label with a line break or another character that a line of text in an SVG cannot hold.
    #[error("label {label:?} holds the character {found:?}, which one line of text cannot show")]
    Character {
        /// The label.
        label: String,
        /// The first such character.
        found: char,
    },
    /// A label that would be cut off.
    #[error("label \"{label}\" is about {width} pixels wide, there is room for {room}")]
    LabelTooWide {
        /// The label.
        label: String,
        /// Its estimated width in pixels.
        width: u32,
        /// The pixels there are.
        room: u32,
    },
    /// A label of a picture made of pixels holds a character that the crate's font lacks.
    #[error("label {label:?} holds the character {found:?}, which the font of the pictures lacks")]
    NoGlyph {
        /// The label.
        label: String,
        /// The first such character.
        found: char,
    },
    /// Labels of a grid that are not as many as its rows or columns.
    #[error("{found} labels for {expected} {what} of a grid")]
    LabelCount {
        /// What they stand beside: "rows" or "columns".
        what: &'static str,
        /// Rows or columns of the grid.
        expected: usize,
        /// Labels given.
        found: usize,
    },
    /// A weight that is NaN or infinite has no colour.
    #[error("weight {index} is {value}, not a finite number")]
    NonFiniteWeight {
        /// Position of the weight, row by row from 0.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A scatter chart without panels.
    #[error("a scatter chart needs at least one panel")]
    NoPanels,
    /// A panel without points.
    #[error("panel \"{panel}\" has no points")]
    EmptyPanel {
        /// Title of the panel.
        panel: String,
    },
    /// A panel whose points and classes are not as many as each other.
    #[error("panel \"{panel}\" has {points} points, but the classes of {classes}")]
    PointsAndClasses {
        /// Title of the panel.
        panel: String,
        /// Points given.
        points: usize,
        /// Classes given.
        classes: usize,
    },
    /// A class that the chart gives no name and so no colour.
    #[error("point {index} of \"{panel}\" is of class {class}, the chart names {classes} classes")]
    Class {
        /// Title of the panel.
        panel: String,
        /// Position of the point in its panel, from 0.
        index: usize,
        /// Its class.
        class: u8,
        /// Classes that the chart names; the largest class is one less.
        classes: usize,
    },
    /// The plotting library failed.
    #[error("cannot draw the chart")]
    Plot(#[source] Box<dyn std::error::Error + Send + Sync>),
}
