//! A set of grey images of one size, with or without labels, whose counts are proven to agree.

use crate::error::DataError;
use crate::idx::{Elements, IdxArray};
use crate::order::{Purpose, countable, permutation};

/// Images of one size as bytes, 0 black and 255 white, and optionally one label each.
///
/// Pixels are stored image after image, each row-major with the top-left pixel first. A set may be empty; an
/// image has at least one pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    rows: usize,
    cols: usize,
    pixels: Vec<u8>,
    labels: Option<Vec<u8>>,
}

/// Images to train on, and images to test with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Images to train on.
    pub train: ImageSet,
    /// Images kept apart.
    pub test: ImageSet,
}

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
        labels: Option<Vec<u8>>,
    ) -> Result<Self, DataError> {
        if rows == 0 || cols == 0 {
            return Err(DataError::ZeroSize { rows, cols });
        }
        // An image too large to count is larger than any buffer: only an empty one is a whole number of them.
        let per_image = rows.checked_mul(cols);
        let images = match per_image {
            Some(size) if pixels.len().is_multiple_of(size) => pixels.len() / size,
            _ => {
                let expected = format!("a whole number of images of {rows} x {cols}");
                return Err(DataError::argument("pixels", expected, pixels.len()));
            }
        };
        match labels {
            Some(labels) if labels.len() != images => {
                Err(DataError::LabelCount { images, labels: labels.len() })
            }
            labels => Ok(ImageSet { rows, cols, pixels, labels }),
        }
    }

    /// A set from an array of `(images, rows, cols)` unsigned bytes and, if given, one of `(images)`.
    ///
    /// # Errors
    /// [`DataError::Kind`] if an array is of another element type or rank, else as [`ImageSet::new`].
    pub fn from_idx(images: IdxArray, labels: Option<IdxArray>) -> Result<Self, DataError> {
        let (dims, pixels) = unsigned_bytes::<3>(images)?;
        let [_, rows, cols] = dims;
        let set = ImageSet::new(rows, cols, pixels, None)?;
        match labels {
            Some(labels) => set.with_labels(labels),
            None => Ok(set),
        }
    }

    /// The same images, labelled by an array of `(images)` unsigned bytes.
    ///
    /// # Errors
    /// [`DataError::Kind`] if the array is of another element type or rank, [`DataError::LabelCount`] if it does
    /// not hold one label for each image.
    pub fn with_labels(self, labels: IdxArray) -> Result<Self, DataError> {
        let (_, labels) = unsigned_bytes::<1>(labels)?;
        ImageSet::new(self.rows, self.cols, self.pixels, Some(labels))
    }

    /// The set as arrays of `(images, rows, cols)` and, if it has labels, `(images)` unsigned bytes.
    ///
    /// # Errors
    /// [`DataError::Argument`] if a size does not fit the format's 32 bits.
    pub fn into_idx(self) -> Result<(IdxArray, Option<IdxArray>), DataError> {
        let images = self.len();
        let pixels = IdxArray::new(vec![images, self.rows, self.cols], Elements::U8(self.pixels))?;
        let labels =
            self.labels.map(|labels| IdxArray::new(vec![images], Elements::U8(labels))).transpose()?;
        Ok((pixels, labels))
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
    pub fn labels(&self) -> Option<&[u8]> {
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
        let images = self.len();
        if images < 2 {
            return Err(DataError::TooFewToSplit { images });
        }
        let count = countable("images to split", images)?;
        let mut order = permutation(count, Purpose::HoldOut, seed, 0);
        let held_out = (images / 10).max(1);
        let (train, test) = order.split_at_mut(images - held_out);
        train.sort_unstable();
        test.sort_unstable();
        Ok(Split { train: self.select(train)?, test: self.select(test)? })
    }

    /// Proves that the images are of the size a model takes.
    ///
    /// # Errors
    /// [`DataError::ImageSize`] with both sizes.
    pub fn require_size(&self, rows: usize, cols: usize) -> Result<(), DataError> {
        require_size((self.rows, self.cols), (rows, cols))
    }

    /// Proves that every label, if there are any, is below `classes`.
    ///
    /// # Errors
    /// [`DataError::Label`] with the first that is not.
    pub(crate) fn check_labels(&self, classes: u8) -> Result<(), DataError> {
        let labels = self.labels().unwrap_or_default();
        match labels.iter().position(|&value| value >= classes) {
            Some(index) => Err(DataError::Label { index, value: labels[index], classes }),
            None => Ok(()),
        }
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

/// The sizes and the bytes of an array that must hold unsigned bytes in `RANK` dimensions.
pub(crate) fn unsigned_bytes<const RANK: usize>(
    array: IdxArray,
) -> Result<([usize; RANK], Vec<u8>), DataError> {
    let element_type = array.element_type();
    let (dims, elements) = array.into_parts();
    match (<[usize; RANK]>::try_from(dims.as_slice()), elements) {
        (Ok(dims), Elements::U8(bytes)) => Ok((dims, bytes)),
        _ => Err(DataError::Kind { expected_rank: RANK, rank: dims.len(), element_type }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::ElementType;

    /// Images of 2 rows and 3 columns, so that the two cannot be swapped unseen; image `i` holds `i` six times.
    fn numbered(images: u8) -> ImageSet {
        let pixels = (0..images).flat_map(|image| [image; 6]).collect();
        ImageSet::new(2, 3, pixels, Some((0..images).collect())).unwrap()
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
        let signed = IdxArray::new(vec![1, 2, 3], Elements::I8(vec![0; 6])).unwrap();
        assert_eq!(
            ImageSet::from_idx(signed, None),
            Err(DataError::Kind { expected_rank: 3, rank: 3, element_type: ElementType::I8 })
        );
        let flat = IdxArray::new(vec![6], Elements::U8(vec![0; 6])).unwrap();
        assert_eq!(
            ImageSet::from_idx(flat, None),
            Err(DataError::Kind { expected_rank: 3, rank: 1, element_type: ElementType::U8 })
        );
        assert_eq!(
            ImageSet::from_idx(images(), Some(images())),
            Err(DataError::Kind { expected_rank: 1, rank: 3, element_type: ElementType::U8 })
        );
        let wide = IdxArray::new(vec![1], Elements::I32(vec![0])).unwrap();
        assert_eq!(
            ImageSet::from_idx(images(), Some(wide)),
            Err(DataError::Kind { expected_rank: 1, rank: 1, element_type: ElementType::I32 })
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
            assert_eq!(all, (0..images).collect::<Vec<u8>>());
            assert_eq!(split.test.image(0), Some(&[test[0]; 6][..]));
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
    fn the_first_label_outside_the_classes_is_named() {
        assert_eq!(numbered(10).check_labels(10), Ok(()));
        assert_eq!(
            numbered(12).check_labels(10),
            Err(DataError::Label { index: 10, value: 10, classes: 10 })
        );
        assert_eq!(ImageSet::new(1, 1, vec![255], None).unwrap().check_labels(10), Ok(()));
    }

    #[test]
    fn density_is_the_share_of_bytes_that_are_not_zero() {
        let set = ImageSet::new(1, 4, vec![0, 1, 0, 255, 0, 0, 0, 9], None).unwrap();
        assert_eq!(set.density(), 3.0 / 8.0);
    }
}
