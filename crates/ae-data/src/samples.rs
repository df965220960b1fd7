//! A set of rows of one shape, with or without names and labels, whose counts are proven to agree.

use crate::error::DataError;
use crate::idx::{Elements, IdxArray};
use crate::labels::labels_to_idx;
use crate::order::{Purpose, countable, permutation};
use crate::shape::Shape;

/// The numbers of a set, row after row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Bytes: of a picture 0 is black and 255 white, or full red, green or blue.
    Bytes(Vec<u8>),
    /// Numbers of any size.
    Floats(Vec<f32>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Values {
    /// The memory that they take.
    pub fn memory_bytes(&self) -> u64 {
        match self {
            Self::Bytes(values) => values.len() as u64,
            Self::Floats(values) => size_of_val(&values[..]) as u64,
        }
    }
}

impl From<Vec<u8>> for Values {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<f32>> for Values {
    fn from(floats: Vec<f32>) -> Self {
        Self::Floats(floats)
    }
}

/// Rows of one shape: pictures, lines of a table, stretches of a series. Each may have a name, such as its file's, and a
/// label, any whole number, that says which class it is of.
///
/// Numbers are stored row after row: channel after channel, each from its top-left number to the right. A set may be
/// empty; a row has at least one number.
///
/// # Example
/// ```
/// use ae_data::{Samples, Shape};
/// let two = Samples::new(Shape::picture(1, 2), vec![0_u8, 9, 255, 7])?.with_labels(vec![300, -1])?;
/// assert_eq!((two.len(), two.labels()), (2, Some(&[300, -1][..])));
/// assert_eq!(two.select(&[1])?.bytes(), Some(&[255, 7][..]));
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    shape: Shape,
    values: Values,
    names: Option<Vec<String>>,
    labels: Option<Vec<i32>>,
}

/// Rows to train on, and rows to test with.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Rows to train on.
    pub train: Samples,
    /// Rows kept apart.
    pub test: Samples,
}

impl Samples {
    /// A set of as many rows as there are numbers for.
    ///
    /// # Errors
    /// [`DataError::ZeroSize`] if a row would have no numbers, [`DataError::Argument`] if they are no whole number of rows.
    pub fn new(shape: impl Into<Shape>, values: impl Into<Values>) -> Result<Self, DataError> {
        let (shape, values) = (shape.into().check()?, values.into());
        // A row too large to count is larger than any buffer: only an empty one is a whole number of them.
        if !values.len().is_multiple_of(shape.numbers()) {
            let expected = format!("a whole number of rows of {shape}");
            return Err(DataError::argument("numbers", expected, values.len()));
        }
        Ok(Self { shape, values, names: None, labels: None })
    }

    /// The same rows with these labels, one a row.
    ///
    /// # Errors
    /// [`DataError::LabelCount`] if there is not one for each row.
    pub fn with_labels(self, labels: Vec<i32>) -> Result<Self, DataError> {
        match self.len() {
            images if images != labels.len() => Err(DataError::LabelCount { images, labels: labels.len() }),
            _ => Ok(Self { labels: Some(labels), ..self }),
        }
    }

    /// The same rows with these names, one a row.
    ///
    /// # Errors
    /// [`DataError::Argument`] if there is not one for each row.
    pub fn with_names(self, names: Vec<String>) -> Result<Self, DataError> {
        match self.len() {
            rows if rows != names.len() => Err(DataError::argument("names", rows, names.len())),
            _ => Ok(Self { names: Some(names), ..self }),
        }
    }

    /// The same rows, in which every number is another.
    ///
    /// # Errors
    /// [`DataError::Argument`] if there are not as many.
    pub(crate) fn with_values(self, values: impl Into<Values>) -> Result<Self, DataError> {
        let values = values.into();
        match self.values.len() {
            numbers if numbers != values.len() => Err(DataError::argument("numbers", numbers, values.len())),
            _ => Ok(Self { values, ..self }),
        }
    }

    /// A set of grey pictures as an array of `(images, rows, cols)` unsigned bytes and, if it has labels, one of
    /// `(images)`, as [`labels_to_idx`] makes it.
    ///
    /// # Errors
    /// [`DataError::Argument`] if they are in colour or no bytes, or if a size does not fit the format's 32 bits.
    pub fn into_idx(self) -> Result<(IdxArray, Option<IdxArray>), DataError> {
        let (len, Shape { channels, rows, cols }) = (self.len(), self.shape);
        let (1, Values::Bytes(pixels)) = (channels, self.values) else {
            return Err(DataError::argument("rows for an IDX file of images", "grey bytes", self.shape));
        };
        let pixels = IdxArray::new(vec![len, rows, cols], Elements::U8(pixels))?;
        Ok((pixels, self.labels.as_deref().map(labels_to_idx).transpose()?))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What a row is.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Numbers in a row, at least 1.
    pub fn width(&self) -> usize {
        self.shape.numbers()
    }

    /// All numbers, row after row.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// All numbers where they are bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.values {
            Values::Bytes(bytes) => Some(bytes),
            Values::Floats(_) => None,
        }
    }

    /// The labels, one a row, if the set has any.
    pub fn labels(&self) -> Option<&[i32]> {
        self.labels.as_deref()
    }

    /// The names, one a row, if the set has any.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Takes the rows of another set, of the same shape and kind, behind its own.
    pub(crate) fn append(&mut self, more: Samples) {
        match (&mut self.values, more.values) {
            (Values::Bytes(values), Values::Bytes(more)) => values.extend(more),
            (Values::Floats(values), Values::Floats(more)) => values.extend(more),
            _ => unreachable!("the chunks of a source are all of one kind"),
        }
        if let (Some(names), Some(more)) = (&mut self.names, more.names) {
            names.extend(more);
        }
        if let (Some(labels), Some(more)) = (&mut self.labels, more.labels) {
            labels.extend(more);
        }
    }

    /// The rows at `indices`, in that order, with their names and labels; an index may come more than once.
    ///
    /// # Errors
    /// [`DataError::Argument`] if an index is beyond the last row.
    pub fn select(&self, indices: &[u32]) -> Result<Samples, DataError> {
        if let Some(index) = indices.iter().find(|&&index| index as usize >= self.len()) {
            return Err(DataError::argument("index of a row", format!("below {}", self.len()), index));
        }
        let width = self.width();
        let values = match &self.values {
            Values::Bytes(values) => Values::Bytes(selected(values, width, indices)),
            Values::Floats(values) => Values::Floats(selected(values, width, indices)),
        };
        let names = self.names.as_ref();
        let names = names.map(|names| indices.iter().map(|&index| names[index as usize].clone()).collect());
        let labels = self.labels.as_ref();
        let labels = labels.map(|labels| indices.iter().map(|&index| labels[index as usize]).collect());
        Ok(Samples { shape: self.shape, values, names, labels })
    }

    /// Keeps a tenth of the rows, rounded down but at least one, apart for testing.
    ///
    /// Which ones is decided by the seed alone: the last tenth of a shuffle. Both parts keep the rows in the order they
    /// had.
    ///
    /// # Errors
    /// [`DataError::TooFewToSplit`] with fewer than 2 rows, [`DataError::Argument`] with more than `u32::MAX`.
    pub fn hold_out_tenth(&self, seed: u64) -> Result<Split, DataError> {
        let [train, test] = hold_out_tenth(self.len(), seed)?;
        Ok(Split { train: self.select(&train)?, test: self.select(&test)? })
    }

    /// Proves that the rows are of the shape that a model takes.
    ///
    /// # Errors
    /// [`DataError::Shape`] with both.
    pub fn require_shape(&self, expected: Shape) -> Result<(), DataError> {
        require_shape(self.shape, expected)
    }

    /// Share of the numbers that are not 0, in `[0, 1]`; 0 for an empty set.
    ///
    /// MNIST's is about 0.19: whether a sparse product pays is decided from this, never from a set's name.
    pub fn density(&self) -> f64 {
        let lit = match &self.values {
            Values::Bytes(values) => values.iter().filter(|&&value| value != 0).count(),
            Values::Floats(values) => values.iter().filter(|&&value| value != 0.0).count(),
        };
        lit as f64 / self.values.len().max(1) as f64
    }
}

fn selected<T: Copy>(values: &[T], width: usize, indices: &[u32]) -> Vec<T> {
    let mut rows = Vec::with_capacity(indices.len().saturating_mul(width));
    for &index in indices {
        rows.extend_from_slice(&values[index as usize * width..][..width]);
    }
    rows
}

/// Which of so many rows [`Samples::hold_out_tenth`] keeps for training and which for testing, ascending.
///
/// # Errors
/// As there.
pub fn hold_out_tenth(rows: usize, seed: u64) -> Result<[Vec<u32>; 2], DataError> {
    if rows < 2 {
        return Err(DataError::TooFewToSplit { images: rows });
    }
    let mut train = permutation(countable("rows to split", rows)?, Purpose::HoldOut, seed, 0);
    let mut test = train.split_off(rows - (rows / 10).max(1));
    train.sort_unstable();
    test.sort_unstable();
    Ok([train, test])
}

/// Proves that rows are of the shape that is expected.
pub(crate) fn require_shape(shape: Shape, expected: Shape) -> Result<(), DataError> {
    if shape == expected { Ok(()) } else { Err(DataError::Shape { shape, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{ElementKind, Form};
    use crate::labels::labels_from_idx;

    /// Images of 2 rows and 3 columns, so that the two cannot be swapped unseen; image `i` holds `i` six times.
    fn numbered(images: u8) -> Samples {
        let pixels: Vec<u8> = (0..images).flat_map(|image| [image; 6]).collect();
        Samples::new((2, 3), pixels).unwrap().with_labels((0..images.into()).collect()).unwrap()
    }

    #[test]
    fn counts_follow_from_the_pixels() {
        let set = numbered(4);
        assert_eq!((set.len(), set.shape(), set.width()), (4, Shape::picture(2, 3), 6));
        assert_eq!(set.bytes().map(|bytes| bytes.len()), Some(24));
        assert_eq!(set.labels(), Some(&[0, 1, 2, 3][..]));
    }

    #[test]
    fn an_empty_set_is_a_set() {
        let set = Samples::new((2, 3), Vec::<u8>::new()).unwrap().with_labels(vec![]).unwrap();
        assert!(set.is_empty());
        assert_eq!((set.len(), set.density()), (0, 0.0));
    }

    #[test]
    fn sizes_and_counts_that_do_not_fit_are_refused() {
        let new = |rows, cols, pixels| Samples::new((rows, cols), vec![0_u8; pixels]);
        let zero = |rows, cols| Err(DataError::ZeroSize { shape: Shape::picture(rows, cols) });
        assert_eq!((new(0, 3, 0), new(2, 0, 0)), (zero(0, 3), zero(2, 0)));
        let uneven = |rows, cols, pixels| {
            let expected = format!("a whole number of rows of {rows} x {cols}");
            Err(DataError::argument("numbers", expected, pixels))
        };
        assert_eq!((new(2, 3, 7), new(2, 3, 1)), (uneven(2, 3, 7), uneven(2, 3, 1)));
        for (pixels, images, labels) in [(12, 2, 3), (0, 0, 1)] {
            let labelled = new(2, 3, pixels).and_then(|set| set.with_labels(vec![0; labels]));
            assert_eq!(labelled, Err(DataError::LabelCount { images, labels }));
            assert!(new(2, 3, pixels).and_then(|set| set.with_names(vec![String::new(); labels])).is_err());
        }
        let huge = Samples::new((usize::MAX, 2), vec![0.5_f32; 2]);
        assert!(matches!(huge, Err(DataError::Argument { .. })));
    }

    #[test]
    fn from_idx_and_back_is_identity() {
        let (images, labels) = numbered(4).into_idx().unwrap();
        assert_eq!(images.dims(), [4, 2, 3]);
        assert_eq!(labels.as_ref().unwrap().dims(), [4]);
        assert_eq!(Samples::from_idx(images, &Form::default()), Ok(Samples { labels: None, ..numbered(4) }));
        assert_eq!(labels.map(labels_from_idx), Some(Ok(vec![0, 1, 2, 3])));
    }

    #[test]
    fn any_elements_and_sizes_are_rows() {
        let form = Form::default();
        let of = |dims: &[usize], elements| {
            Samples::from_idx(IdxArray::new(dims.to_vec(), elements).unwrap(), &form)
        };
        let signed = of(&[2, 1, 2], Elements::I8(vec![-1, 0, 1, 2])).unwrap();
        assert_eq!(signed, Samples::new((1, 2), vec![-1.0_f32, 0.0, 1.0, 2.0]).unwrap());
        let single = of(&[2], Elements::F64(vec![0.5, -1e9])).unwrap();
        assert_eq!((single.shape(), single.values()), (Shape::list(1), &Values::Floats(vec![0.5, -1e9])));
        let colour = of(&[1, 1, 2, 3], Elements::U8(vec![1, 2, 3, 4, 5, 6])).unwrap();
        // One channel of 2 x 3, as what comes first is a number of channels.
        assert_eq!(colour.shape(), Shape::picture(2, 3));
        let lone = of(&[], Elements::U8(vec![1])).unwrap_err().to_string();
        assert_eq!(
            lone,
            "expected rows of numbers, in at least 1 dimension, found 0 dimensions of unsigned bytes"
        );
        let infinite = of(&[2, 2], Elements::F64(vec![0.0, 1.0, 2.0, 1e39])).unwrap_err();
        assert!(matches!(infinite, DataError::NotFinite { row: 1, column: 1, .. }), "{infinite}");
        let bytes = Form { elements: Some(ElementKind::Bytes), ..Form::default() };
        let floats = IdxArray::new(vec![1, 2], Elements::F32(vec![0.0, 1.0])).unwrap();
        let refused = Samples::from_idx(floats, &bytes).unwrap_err().to_string();
        assert_eq!(refused, "its numbers are no bytes, bytes are needed");
    }

    #[test]
    fn select_takes_labels_along() {
        let set = numbered(4).select(&[3, 1, 3]).unwrap();
        assert_eq!(set.labels(), Some(&[3, 1, 3][..]));
        assert_eq!(set.bytes().map(|bytes| &bytes[6..12]), Some(&[1; 6][..]));
        let beyond = numbered(4).select(&[0, 4]).unwrap_err();
        assert_eq!(beyond.to_string(), "index of a row: expected below 4, found 4");
        assert!(numbered(4).select(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_tenth_is_held_out() {
        for (images, held_out) in [(2, 1), (9, 1), (19, 1), (20, 2), (250, 25)] {
            let split = numbered(images).hold_out_tenth(7).unwrap();
            assert_eq!(split.test.len(), held_out, "of {images}");
            let train = split.train.labels().unwrap();
            let test = split.test.labels().unwrap();
            assert!(train.is_sorted() && test.is_sorted());
            let mut all = [train, test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..images.into()).collect::<Vec<i32>>());
            assert_eq!(split.test.bytes().map(|bytes| &bytes[..6]), Some(&[test[0] as u8; 6][..]));
        }
    }

    #[test]
    fn the_seed_alone_decides_what_is_held_out() {
        let held_out = |seed| numbered(200).hold_out_tenth(seed).unwrap().test;
        assert_eq!(held_out(0), held_out(0));
        assert_ne!(held_out(0), held_out(1));
        // As order.rs defines it: the last two of this seed's permutation of twenty.
        assert_eq!(numbered(20).hold_out_tenth(0).unwrap().test.labels(), Some(&[11, 19][..]));
    }

    #[test]
    fn one_image_cannot_be_split() {
        assert_eq!(numbered(1).hold_out_tenth(0), Err(DataError::TooFewToSplit { images: 1 }));
        assert_eq!(numbered(0).hold_out_tenth(0), Err(DataError::TooFewToSplit { images: 0 }));
    }

    #[test]
    fn another_shape_is_refused_with_both() {
        assert_eq!(numbered(1).require_shape(Shape::picture(2, 3)), Ok(()));
        let refused = numbered(1).require_shape((3, 2, 2).into()).unwrap_err();
        assert_eq!(refused.to_string(), "rows are 2 x 3, 3 x 2 x 2 is needed");
    }

    #[test]
    fn density_is_the_share_of_bytes_that_are_not_zero() {
        let set = Samples::new((1, 4), vec![0_u8, 1, 0, 255, 0, 0, 0, 9]).unwrap();
        assert_eq!(set.density(), 3.0 / 8.0);
    }
}
