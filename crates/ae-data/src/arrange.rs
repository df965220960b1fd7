//! How the rows of an array are to be seen: which of its sizes are channels, rows and columns.

use std::borrow::Cow;

use crate::error::DataError;
use crate::form::{Form, Layout};
use crate::shape::Shape;

/// Sizes that the channels of a picture have: grey, colour, colour with transparency.
const CHANNELS: [usize; 3] = [1, 3, 4];

/// What a row of an array is, and where its channels stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrangement {
    pub(crate) shape: Shape,
    /// Of rows in three dimensions.
    pub(crate) layout: Option<Layout>,
}

impl Arrangement {
    /// Of rows of these sizes, by what a form says, or else by what they usually are: one size is a list, two are a
    /// picture's rows and columns; of three the channels are the last if only the last is a number of channels, else the
    /// first.
    ///
    /// A form that states a shape of as many numbers is believed for plain lists and in more dimensions than three; and a
    /// form of plain lists for anything.
    ///
    /// # Errors
    /// [`DataError::Shape`] if the form states another shape, [`DataError::ZeroSize`], or [`DataError::Argument`] in more
    /// dimensions than can be guessed.
    pub(crate) fn of(sizes: &[usize], form: &Form) -> Result<Self, DataError> {
        let numbers = sizes.iter().fold(1_usize, |product, &size| product.saturating_mul(size));
        let stated = form.shape().filter(|shape| shape.numbers() == numbers);
        let (shape, layout) = match (sizes, stated) {
            (_, Some(stated)) if stated.is_list() => (stated, None),
            (&[rows, cols], _) => (Shape::picture(rows, cols), None),
            (&[a, b, c], _) => {
                let usual = match CHANNELS.contains(&c) && !CHANNELS.contains(&a) {
                    true => Layout::Hwc,
                    false => Layout::Chw,
                };
                let layout = form.layout.unwrap_or(usual);
                let shape = match layout {
                    Layout::Chw => Shape { channels: a, rows: b, cols: c },
                    Layout::Hwc => Shape { channels: c, rows: a, cols: b },
                };
                (shape, Some(layout))
            }
            (_, Some(stated)) => (stated, None),
            (&[], _) => (Shape::list(1), None),
            (&[numbers], _) => (Shape::list(numbers), None),
            _ => {
                let expected = "at most 3, or a shape of as many numbers (--shape)";
                return Err(DataError::argument("sizes of a row", expected, format!("{sizes:?}")));
            }
        };
        form.require(shape.check()?)?;
        Ok(Self { shape, layout })
    }

    /// Brings whole rows into the order of their planes, where they have another.
    pub(crate) fn by_planes<T: Copy>(&self, mut values: Vec<T>) -> Vec<T> {
        let Shape { channels, rows, cols } = self.shape;
        if self.layout != Some(Layout::Hwc) || channels == 1 {
            return values;
        }
        let mut planes = Vec::with_capacity(channels * rows * cols);
        for row in values.chunks_exact_mut(channels * rows * cols) {
            planes.clear();
            for channel in 0..channels {
                planes.extend(row.chunks_exact(channels).map(|pixel| pixel[channel]));
            }
            row.copy_from_slice(&planes);
        }
        values
    }

    /// Brings whole rows from the order of their planes back into the one that they have in the array.
    pub(crate) fn by_pixels<'a, T: Copy>(&self, values: &'a [T]) -> Cow<'a, [T]> {
        let Shape { channels, rows, cols } = self.shape;
        if self.layout != Some(Layout::Hwc) || channels == 1 || values.is_empty() {
            return values.into();
        }
        let mut pixels = Vec::with_capacity(values.len());
        for row in values.chunks_exact(channels * rows * cols) {
            for pixel in 0..rows * cols {
                pixels.extend(row[pixel..].iter().step_by(rows * cols));
            }
        }
        pixels.into()
    }

    /// The sizes of an array of so many rows.
    pub(crate) fn sizes(&self, count: usize) -> Vec<usize> {
        let Shape { channels, rows, cols } = self.shape;
        match (self.layout, channels, rows) {
            (Some(Layout::Hwc), ..) => vec![count, rows, cols, channels],
            (None, 1, 1) => vec![count, cols],
            (None, 1, _) => vec![count, rows, cols],
            _ => vec![count, channels, rows, cols],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn arranged(sizes: &[usize], form: &Form) -> (Shape, Option<Layout>) {
        let found = Arrangement::of(sizes, form).unwrap();
        (found.shape, found.layout)
    }

    #[test]
    fn sizes_are_what_they_usually_are() {
        let form = Form::default();
        let colour = Shape { channels: 3, rows: 32, cols: 48 };
        assert_eq!(arranged(&[], &form), (Shape::list(1), None));
        assert_eq!(arranged(&[784], &form), (Shape::list(784), None));
        assert_eq!(arranged(&[28, 27], &form), (Shape::picture(28, 27), None));
        assert_eq!(arranged(&[3, 32, 48], &form), (colour, Some(Layout::Chw)));
        assert_eq!(arranged(&[32, 48, 3], &form), (colour, Some(Layout::Hwc)));
        // Three rows of 32 pixels in colour, or three channels of 32 x 3: a form has to say so.
        assert_eq!(arranged(&[3, 32, 3], &form).1, Some(Layout::Chw));
        let said = Form { layout: Some(Layout::Hwc), ..form };
        assert_eq!(arranged(&[3, 32, 3], &said).0, Shape { channels: 3, rows: 3, cols: 32 });
    }

    #[test]
    fn a_stated_shape_is_believed_if_it_has_as_many_numbers() {
        let square = Form::default().with_shape(Shape::picture(28, 28));
        assert_eq!(arranged(&[784], &square).0, Shape::picture(28, 28));
        assert_eq!(arranged(&[7, 7, 4, 4], &square).0, Shape::picture(28, 28));
        let refused = Arrangement::of(&[783], &square).unwrap_err();
        assert_eq!(refused, DataError::Shape { shape: Shape::list(783), expected: Shape::picture(28, 28) });
        assert!(Arrangement::of(&[28, 27], &square).is_err());
        // As many numbers, and turned.
        assert!(Arrangement::of(&[56, 14], &square).is_err());
        let list = Form::default().with_shape(Shape::list(784));
        assert_eq!(arranged(&[28, 28], &list).0, Shape::list(784));
        assert_eq!(arranged(&[1, 28, 28], &list), (Shape::list(784), None));
        assert!(matches!(Arrangement::of(&[7, 7, 4, 4], &Form::default()), Err(DataError::Argument { .. })));
        assert_eq!(
            Arrangement::of(&[3, 0, 4], &Form::default()).unwrap_err().to_string(),
            "rows of 3 x 0 x 4 hold nothing"
        );
        assert!(Arrangement::of(&[usize::MAX, 2], &square).is_err());
    }

    #[test]
    fn pixels_of_colours_side_by_side_become_planes() {
        let rows =
            Arrangement::of(&[1, 2, 3], &Form { layout: Some(Layout::Hwc), ..Form::default() }).unwrap();
        assert_eq!(
            rows.by_planes(vec![1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]),
            [1, 4, 2, 5, 3, 6, 10, 40, 20, 50, 30, 60]
        );
    }

    proptest! {
        #[test]
        fn planes_become_the_pixels_that_they_were(
            sizes in prop::array::uniform3(1_usize..5),
            layout in prop::sample::select(&[Layout::Chw, Layout::Hwc][..]),
            values in prop::collection::vec(any::<u16>(), 0..300),
        ) {
            let form = Form { layout: Some(layout), ..Form::default() };
            let rows = Arrangement::of(&sizes, &form).unwrap();
            let count = values.len() / rows.shape.numbers();
            let values = &values[..count * rows.shape.numbers()];
            let planes = rows.by_planes(values.to_vec());
            prop_assert_eq!(&rows.by_pixels(&planes)[..], values);
            prop_assert_eq!(&rows.sizes(count)[1..], sizes);
        }
    }
}
