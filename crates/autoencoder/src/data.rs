//! From the data flags to images.

use std::path::PathBuf;

use ae_data::{Limits, Split, open_folder, open_images};
use ae_train::DataSource;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::paths::default_folder;

/// Where the images are.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// Folder with the four IDX files of MNIST, gzipped or not [default: data/mnist, or the run's own]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["images", "test_images"])]
    pub(crate) data: Option<PathBuf>,
    /// One IDX file of training images, gzipped or not
    #[arg(long, value_name = "FILE")]
    pub(crate) images: Option<PathBuf>,
    /// One IDX file of test images [default: the last tenth of --images, by seed]
    #[arg(long, value_name = "FILE", requires = "images")]
    pub(crate) test_images: Option<PathBuf>,
}

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

/// What is trained on where nothing is named: MNIST, as it lies in the repository.
pub(crate) fn mnist() -> Result<DataSource> {
    let folder = default_folder("data/mnist");
    ensure!(
        folder.is_dir(),
        "no images are named, and there is no data/mnist here: --images FILE takes images of one size, --data DIR \
         a folder with MNIST's four files",
    );
    Ok(DataSource::Folder(folder))
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
