//! Image sets from the `mnist` crate, for programs that already hold its type.

use mnist::Mnist;

use crate::error::DataError;
use crate::samples::Samples;

const SIDE: usize = 28;
/// Length of a one-hot vector.
const CLASSES: usize = 10;

/// The three parts of an [`mnist::Mnist`], each 28 x 28 pixels and labelled.
///
/// # Example
/// ```
/// # use mnist::Mnist;
/// let mnist = Mnist {
///     trn_img: vec![0; 2 * 784],
///     trn_lbl: vec![3, 9],
///     val_img: vec![],
///     val_lbl: vec![],
///     tst_img: vec![255; 784],
///     tst_lbl: vec![0],
/// };
/// let sets = ae_data::MnistSets::try_from(&mnist)?;
/// assert_eq!((sets.train.len(), sets.validation.len(), sets.test.len()), (2, 0, 1));
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MnistSets {
    /// Images to train on.
    pub train: Samples,
    /// Images to steer training by; empty unless the builder was asked for some.
    pub validation: Samples,
    /// Images to test with.
    pub test: Samples,
}

impl TryFrom<&Mnist> for MnistSets {
    type Error = DataError;

    /// Copies the images and labels out of an [`Mnist`].
    ///
    /// # Errors
    /// [`DataError::Argument`] if the labels are one-hot vectors or the pixels no whole number of images,
    /// [`DataError::LabelCount`] if there is not one label for each image.
    fn try_from(mnist: &Mnist) -> Result<Self, DataError> {
        Ok(MnistSets {
            train: labelled(&mnist.trn_img, &mnist.trn_lbl)?,
            validation: labelled(&mnist.val_img, &mnist.val_lbl)?,
            test: labelled(&mnist.tst_img, &mnist.tst_lbl)?,
        })
    }
}

fn labelled(pixels: &[u8], labels: &[u8]) -> Result<Samples, DataError> {
    let images = pixels.len() / (SIDE * SIDE);
    if images > 0 && labels.len() == images * CLASSES {
        let expected = format!("{images} digits (label_format_digit)");
        return Err(DataError::argument("labels", expected, format!("{} of one-hot vectors", labels.len())));
    }
    Samples::new((SIDE, SIDE), pixels.to_vec())
        .and_then(|set| set.with_labels(labels.iter().map(|&label| label.into()).collect()))
}
