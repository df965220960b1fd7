//! From the data flags to images.

use ae_data::{Limits, Split, open_folder, open_images};
use ae_train::DataSource;
use anyhow::{Context, Result, ensure};

use crate::cli::DataArgs;
use crate::paths::in_workspace;

impl DataArgs {
    /// What the flags name, or nothing if they name nothing.
    pub(crate) fn source(&self) -> Option<DataSource> {
        match (&self.data, &self.images) {
            (Some(folder), _) => Some(DataSource::Folder(folder.clone())),
            (None, Some(images)) => {
                Some(DataSource::Files { images: images.clone(), test: self.test_images.clone() })
            }
            (None, None) => None,
        }
    }
}

/// The images in the repository.
pub(crate) fn mnist() -> DataSource {
    DataSource::Folder(in_workspace("data/mnist"))
}

/// Reads training and test images; `seed` says which are held out where there is no test file.
pub(crate) fn load(source: &DataSource, seed: u64) -> Result<Split> {
    let limits = Limits::default();
    let split = match source {
        DataSource::Folder(folder) => open_folder(folder, &limits)?,
        DataSource::Files { images, test: Some(test) } => {
            Split { train: open_images(images, &limits)?, test: open_images(test, &limits)? }
        }
        DataSource::Files { images, test: None } => open_images(images, &limits)?
            .hold_out_tenth(seed)
            .with_context(|| format!("cannot hold out test images of {}", images.display()))?,
    };
    let (train, test) = (&split.train, &split.test);
    ensure!(
        (train.rows(), train.cols()) == (test.rows(), test.cols()),
        "training images of {} x {} pixels, test images of {} x {}",
        train.rows(),
        train.cols(),
        test.rows(),
        test.cols(),
    );
    Ok(split)
}
