//! A set of grey images of one size, with or without labels, whose counts are proven to agree.

use crate::error::DataError;
use crate::idx::{Elements, IdxArray};
use crate::labels::{labels_from_idx, labels_to_idx};
use crate::order::{Purpose, countable, permutation};

/// Images of one size as bytes, 0 black and 255 white, and optionally one label each, any whole number.
///
/// Pixels are stored image after image, each row-major with the top-left pixel first. A set may be empty; an
/// image has at least one pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    rows: usize,
    cols: usize,
    pixels: Vec<u8>,
    labels: Option<Vec<i32>>,
}

/// Images to train on, and images to test with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Images to train on.
    pub train: ImageSet,
    /// Images kept apart.
    pub test: ImageSet,
}

/// What an array of images is, for whoever finds another.
pub(crate) const IMAGES: &str = "images in 3 dimensions of unsigned bytes";

impl ImageSet {
    /// A set of `pixels.len() / (rows * cols)` images.
    ///
    /// # Errors
    /// [`DataError::ZeroSize`] if `rows` or `cols` is 0, [`DataError::Argument`] if the pixels are no whole number of
    /// images, [`DataError::LabelCount`] if there are labels and not one for each image.
    pub fn new(
        rows: usize,
        cols: usize,
        pixels: Vec<u8>,
        labels: Option<Vec<i32>>,
    ) -> Result<Self, DataError> {
        if rows == 0 || cols == 0 {
            return Err(DataError::ZeroSize { rows, cols });
        }
        // An image too large to count is larger than any buffer: only an empty one is a whole number of them.
        if !rows.checked_mul(cols).is_some_and(|size| pixels.len().is_multiple_of(size)) {
            let expected = format!("a whole number of images of {rows} x {cols}");
            return Err(DataError::argument("pixels", expected, pixels.len()));
        }
        let set = ImageSet { rows, cols, pixels, labels: None };
        match labels {
            Some(labels) => set.with_labels(labels),
            None => Ok(set),
        }
    }

    /// A set from an array of `(images, rows, cols)` unsigned bytes and, if given, one of labels, in a form that
    /// [`open_labels`](crate::open_labels) takes.
    ///
    /// # Errors
    /// [`DataError::Kind`] if an array is of another element type or rank, else as [`ImageSet::new`].
    pub fn from_idx(images: IdxArray, labels: Option<IdxArray>) -> Result<Self, DataError> {
        let element_type = images.element_type();
        let (dims, elements) = images.into_parts();
        let (&[_, rows, cols], Elements::U8(pixels)) = (&dims[..], elements) else {
            return Err(DataError::Kind { expected: IMAGES, rank: dims.len(), element_type });
        };
        ImageSet::new(rows, cols, pixels, labels.map(labels_from_idx).transpose()?)
    }

    /// The same images with these labels, one an image.
    ///
    /// # Errors
    /// [`DataError::LabelCount`] if there is not one for each image.
    ///
    /// # Example
    /// ```
    /// let pair = ae_data::ImageSet::new(1, 1, vec![0, 255], None)?;
    /// assert_eq!(pair.with_labels(vec![300, -1])?.labels(), Some(&[300, -1][..]));
    /// # Ok::<(), ae_data::DataError>(())
    /// ```
    pub fn with_labels(self, labels: Vec<i32>) -> Result<Self, DataError> {
        match self.len() {
            images if images != labels.len() => Err(DataError::LabelCount { images, labels: labels.len() }),
            _ => Ok(ImageSet { labels: Some(labels), ..self }),
        }
    }

    /// The set as an array of `(images, rows, cols)` unsigned bytes and, if it has labels, one of `(images)`, as
    /// [`labels_to_idx`] makes it.
    ///
    /// # Errors
    /// [`DataError::Argument`] if a size does not fit the format's 32 bits.
    pub fn into_idx(self) -> Result<(IdxArray, Option<IdxArray>), DataError> {
        let pixels = IdxArray::new(vec![self.len(), self.rows, self.cols], Elements::U8(self.pixels))?;
        Ok((pixels, self.labels.as_deref().map(labels_to_idx).transpose()?))
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.pixels_per_image()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Rows an image, at least 1.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns an image, at least 1.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Pixels an image: rows times columns, at least 1.
    pub fn pixels_per_image(&self) -> usize {
        self.rows * self.cols
    }

    /// All pixels, image after image.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The labels, one an image, if the set has any.
    pub fn labels(&self) -> Option<&[i32]> {
        self.labels.as_deref()
    }

    /// The pixels of one image, the first being 0; `None` beyond the last.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        let size = self.pixels_per_image();
        let start = index.checked_mul(size)?;
        self.pixels.get(start..start.checked_add(size)?)
    }

    /// The images at `indices`, in that order, with their labels; an index may come more than once.
    ///
    /// # Errors
    /// [`DataError::Argument`] if an index is beyond the last image.
    pub fn select(&self, indices: &[u32]) -> Result<ImageSet, DataError> {
        let mut pixels = Vec::with_capacity(indices.len().saturating_mul(self.pixels_per_image()));
        for &index in indices {
            let image = self.image(index as usize).ok_or_else(|| {
                DataError::argument("index of an image", format!("below {}", self.len()), index)
            })?;
            pixels.extend_from_slice(image);
        }
        let labels =
            self.labels.as_ref().map(|labels| indices.iter().map(|&index| labels[index as usize]).collect());
        Ok(ImageSet { rows: self.rows, cols: self.cols, pixels, labels })
    }

    /// Keeps a tenth of the images, rounded down but at least one, apart for testing.
    ///
    /// Which ones is decided by the seed alone: the last tenth of a shuffle. Both parts keep the images in the
    /// order they had.
    ///
    /// # Errors
    /// [`DataError::TooFewToSplit`] with fewer than 2 images, [`DataError::Argument`] with more than `u32::MAX`.
    pub fn hold_out_tenth(&self, seed: u64) -> Result<Split, DataError> {
        let [train, test] = hold_out_tenth(self.len(), seed)?;
        Ok(Split { train: self.select(&train)?, test: self.select(&test)? })
    }

    /// Proves that the images are of the size a model takes.
    ///
    /// # Errors
    /// [`DataError::ImageSize`] with both sizes.
    pub fn require_size(&self, rows: usize, cols: usize) -> Result<(), DataError> {
        require_size((self.rows, self.cols), (rows, cols))
    }

    /// Share of the pixels that are not 0, in `[0, 1]`; 0 for an empty set.
    ///
    /// MNIST's is about 0.19: whether a sparse product pays is decided from this, never from a set's name.
    pub fn density(&self) -> f64 {
        if self.pixels.is_empty() {
            return 0.0;
        }
        let lit = self.pixels.iter().filter(|&&pixel| pixel != 0).count();
        lit as f64 / self.pixels.len() as f64
    }
}

/// Which of so many images [`ImageSet::hold_out_tenth`] keeps for training and which for testing, ascending.
///
/// # Errors
/// As there.
pub fn hold_out_tenth(images: usize, seed: u64) -> Result<[Vec<u32>; 2], DataError> {
    if images < 2 {
        return Err(DataError::TooFewToSplit { images });
    }
    let mut train = permutation(countable("images to split", images)?, Purpose::HoldOut, seed, 0);
    let mut test = train.split_off(images - (images / 10).max(1));
    train.sort_unstable();
    test.sort_unstable();
    Ok([train, test])
}

/// Proves that images of `(rows, cols)` are of the size that is expected.
pub(crate) fn require_size(
    (rows, cols): (usize, usize),
    (expected_rows, expected_cols): (usize, usize),
) -> Result<(), DataError> {
    if (rows, cols) == (expected_rows, expected_cols) {
        return Ok(());
    }
    Err(DataError::ImageSize { rows, cols, expected_rows, expected_cols })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::ElementType;

    /// Images of 2 rows and 3 columns, so that the two cannot be swapped unseen; image `i` holds `i` six times.
    fn numbered(images: u8) -> ImageSet {
        let pixels = (0..images).flat_map(|image| [image; 6]).collect();
        ImageSet::new(2, 3, pixels, Some((0..images.into()).collect())).unwrap()
    }

    #[test]
    fn counts_follow_from_the_pixels() {
        let set = numbered(4);
        assert_eq!((set.len(), set.rows(), set.cols(), set.pixels_per_image()), (4, 2, 3, 6));
        assert_eq!(set.image(3), Some(&[3; 6][..]));
        assert_eq!(set.image(4), None);
        assert_eq!(set.image(usize::MAX), None);
        assert_eq!(set.labels(), Some(&[0, 1, 2, 3][..]));
    }

    #[test]
    fn an_empty_set_is_a_set() {
        let set = ImageSet::new(2, 3, vec![], Some(vec![])).unwrap();
        assert!(set.is_empty());
        assert_eq!((set.len(), set.density(), set.image(0)), (0, 0.0, None));
    }

    #[test]
    fn sizes_and_counts_that_do_not_fit_are_refused() {
        let new = |rows, cols, pixels, labels: Option<usize>| {
            ImageSet::new(rows, cols, vec![0; pixels], labels.map(|labels| vec![0; labels])).map(|_| ())
        };
        assert_eq!(new(0, 3, 0, None), Err(DataError::ZeroSize { rows: 0, cols: 3 }));
        assert_eq!(new(2, 0, 0, None), Err(DataError::ZeroSize { rows: 2, cols: 0 }));
        let uneven = |rows, cols, pixels| {
            let expected = format!("a whole number of images of {rows} x {cols}");
            Err(DataError::argument("pixels", expected, pixels))
        };
        assert_eq!(new(2, 3, 7, None), uneven(2, 3, 7));
        assert_eq!(new(2, 3, 12, Some(3)), Err(DataError::LabelCount { images: 2, labels: 3 }));
        assert_eq!(new(2, 3, 0, Some(1)), Err(DataError::LabelCount { images: 0, labels: 1 }));
        let huge = usize::MAX;
        assert_eq!(new(huge, 2, 0, None), uneven(huge, 2, 0));
    }

    #[test]
    fn from_idx_and_back_is_identity() {
        let (images, labels) = numbered(4).into_idx().unwrap();
        assert_eq!(images.dims(), [4, 2, 3]);
        assert_eq!(labels.as_ref().unwrap().dims(), [4]);
        assert_eq!(ImageSet::from_idx(images, labels), Ok(numbered(4)));
    }

    #[test]
    fn from_idx_wants_unsigned_bytes_of_the_right_rank() {
        let images = || IdxArray::new(vec![1, 2, 3], Elements::U8(vec![0; 6])).unwrap();
        let refused = |images| match ImageSet::from_idx(images, None) {
            Err(DataError::Kind { expected: IMAGES, rank, element_type }) => (rank, element_type),
            other => panic!("expected Kind, got {other:?}"),
        };
        let signed = IdxArray::new(vec![1, 2, 3], Elements::I8(vec![0; 6])).unwrap();
        assert_eq!(refused(signed), (3, ElementType::I8));
        let flat = IdxArray::new(vec![6], Elements::U8(vec![0; 6])).unwrap();
        assert_eq!(refused(flat), (1, ElementType::U8));
        let found = ImageSet::from_idx(images(), Some(images())).unwrap_err().to_string();
        assert_eq!(
            found,
            "expected labels in 1 or 2 dimensions of whole numbers, found 3 dimensions of unsigned bytes"
        );
        let two = IdxArray::new(vec![2], Elements::U8(vec![0; 2])).unwrap();
        let refused = Err(DataError::LabelCount { images: 1, labels: 2 });
        assert_eq!(ImageSet::from_idx(images(), Some(two)), refused);
    }

    #[test]
    fn select_takes_labels_along() {
        let set = numbered(4).select(&[3, 1, 3]).unwrap();
        assert_eq!(set.labels(), Some(&[3, 1, 3][..]));
        assert_eq!(set.image(1), Some(&[1; 6][..]));
        let beyond = numbered(4).select(&[0, 4]).unwrap_err();
        assert_eq!(beyond.to_string(), "index of an image: expected below 4, found 4");
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
            assert_eq!(split.test.image(0), Some(&[test[0] as u8; 6][..]));
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
    fn another_size_is_refused_with_both() {
        assert_eq!(numbered(1).require_size(2, 3), Ok(()));
        assert_eq!(
            numbered(1).require_size(3, 2),
            Err(DataError::ImageSize { rows: 2, cols: 3, expected_rows: 3, expected_cols: 2 })
        );
    }

    #[test]
    fn density_is_the_share_of_bytes_that_are_not_zero() {
        let set = ImageSet::new(1, 4, vec![0, 1, 0, 255, 0, 0, 0, 9], None).unwrap();
        assert_eq!(set.density(), 3.0 / 8.0);
    }
}
