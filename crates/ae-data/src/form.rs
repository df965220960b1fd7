//! What is known of a source before its rows are read, and what is asked of it.

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::shape::Shape;

/// How rows stand in files: what a caller says of it, and in the end what was found out.
///
/// A source fills in what is left open, so that its own [`form`](crate::Source::form) has all of it. Kept with a run, that
/// form reads other files in the same way, or refuses them, and says how to write what comes back.
///
/// # Example
/// ```
/// use ae_data::{Form, Shape};
/// let form = Form { size: Some([28, 28]), ..Form::default() };
/// assert_eq!(form.shape(), None); // how many channels?
/// assert_eq!(Form { channels: Some(1), ..form }.shape(), Some(Shape::picture(28, 28)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Form {
    /// What kind of source it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SourceKind>,
    /// Planes of a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Lines and columns of a plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// Whether numbers are bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<ElementKind>,
    /// Where in an array of four dimensions the channels are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// How pictures of another shape than [`size`](Self::size) are brought to it.
    #[serde(skip_serializing_if = "is_default")]
    pub fit: Fit,
    /// What shows through transparent pictures, and around those that are padded: red, green and blue.
    #[serde(skip_serializing_if = "is_white")]
    pub background: Background,
    /// Whether a table's first line names its columns, where somebody has said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// The names of a table's columns that are numbers of a row, in the order in which rows have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The column of a table that says which class a row is of, where there is one: its name, or its number from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_column: Option<String>,
    /// How many of a row's numbers stand before its class in a table.
    #[serde(skip_serializing_if = "is_default")]
    pub class_at: usize,
    /// Columns of a table that are left out: their names, or their numbers from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// The names of the classes: label `n` stands for the one at place `n`. Empty where labels are what a file says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl Form {
    /// The shape of a row, where all of it is known.
    pub fn shape(&self) -> Option<Shape> {
        let (channels, [rows, cols]) = (self.channels?, self.size?);
        Some(Shape { channels, rows, cols })
    }

    /// The same with a shape.
    #[must_use]
    pub fn with_shape(self, Shape { channels, rows, cols }: Shape) -> Self {
        Self { channels: Some(channels), size: Some([rows, cols]), ..self }
    }

    /// Refuses rows of another shape than what is said of it, as far as anything is.
    pub(crate) fn require(&self, shape: Shape) -> Result<(), DataError> {
        let expected = Shape {
            channels: self.channels.unwrap_or(shape.channels),
            rows: self.size.map_or(shape.rows, |[rows, _]| rows),
            cols: self.size.map_or(shape.cols, |[_, cols]| cols),
        };
        crate::samples::require_shape(shape, expected)
    }

    /// Refuses bytes where other numbers were found before, and the other way round.
    pub(crate) fn require_elements(&self, found: ElementKind) -> Result<(), DataError> {
        match self.elements {
            Some(expected) if expected != found => Err(DataError::Elements { found }),
            _ => Ok(()),
        }
    }

    /// The name of the class that a label stands for.
    pub fn class_name(&self, label: i32) -> String {
        let named = usize::try_from(label).ok().and_then(|place| self.classes.get(place));
        named.cloned().unwrap_or_else(|| label.to_string())
    }

    /// The names of the classes that labels stand for.
    pub fn class_names(&self, labels: &[i32]) -> Vec<String> {
        labels.iter().map(|&label| self.class_name(label)).collect()
    }

    /// The label of the class of this name, or the whole number that it is.
    pub fn label_of(&self, class: &str) -> Option<i32> {
        match self.classes.iter().position(|name| name == class) {
            Some(place) => i32::try_from(place).ok(),
            None => class.parse().ok(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_white(background: &Background) -> bool {
    is_default(background)
}

/// Kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// An IDX file.
    Idx,
    /// A folder of pictures.
    Pictures,
    /// A NumPy array, alone or in an archive.
    Npy,
    /// A table as text.
    Table,
}

/// What a row's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ElementKind {
    /// Whole numbers from 0 to 255.
    Bytes,
    /// Numbers of any size.
    Floats,
}

/// Where in an array of four dimensions the channels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `(N, channels, rows, columns)`, as PyTorch has pictures.
    Chw,
    /// `(N, rows, columns, channels)`, as NumPy, Keras and picture files have them.
    Hwc,
}

/// How a picture is brought to a size of another shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// It covers the size, and what stands out at two of its edges is cut off.
    #[default]
    Fill,
    /// It lies within the size, and the background is at two of its edges.
    Pad,
    /// It is stretched.
    Stretch,
}

/// Red, green and blue; white, unless something else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background(pub [u8; 3]);

impl Default for Background {
    fn default() -> Self {
        Self([255; 3])
    }
}
