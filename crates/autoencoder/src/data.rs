//! From the data flags to images.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use ae_data::{
    DataError, ImageSet, Limits, Part, Split, hold_out_tenth, open_folder_labels, open_folder_part,
    open_images, open_labels,
};
use ae_train::DataSource;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::paths::default_folder;
use crate::progress::Stages;
use crate::standard::file;

/// Where the images are.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// Folder with the four IDX files of MNIST, gzipped or not [default: data/mnist, or the run's own]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["images", "test_images"])]
    pub(crate) data: Option<PathBuf>,
    /// One IDX file of training images, gzipped or not
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) images: Option<PathBuf>,
    /// IDX file with a class for each of --images, any whole number
    #[arg(long, value_name = "FILE", requires = "images", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
    /// One IDX file of test images [default: the last tenth of --images, by seed]
    #[arg(long, value_name = "FILE", requires = "images", value_parser = file())]
    pub(crate) test_images: Option<PathBuf>,
    /// IDX file with a class for each of --test-images
    #[arg(long, value_name = "FILE", requires = "test_images", value_parser = file())]
    pub(crate) test_labels: Option<PathBuf>,
}

impl DataArgs {
    /// What the flags name, or nothing if they name nothing.
    pub(crate) fn source(&self) -> Option<DataSource> {
        match (&self.data, &self.images) {
            (Some(folder), _) => Some(DataSource::Folder(folder.clone())),
            (None, Some(images)) => Some(DataSource::Files {
                images: images.clone(),
                labels: self.labels.clone(),
                test: self.test_images.clone(),
                test_labels: self.test_labels.clone(),
            }),
            (None, None) => None,
        }
    }

    /// All that they name.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let Self { data, images, labels, test_images, test_labels } = self;
        [data, images, labels, test_images, test_labels].into_iter().flatten()
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

/// Images from where they come, each part read when it is first asked for, and its labels only where they are used.
pub(crate) struct Images {
    source: DataSource,
    /// Says which are held out where there is no test file.
    seed: u64,
    parts: [OnceCell<ImageSet>; 2],
}

impl Images {
    pub(crate) fn new(source: DataSource, seed: u64) -> Self {
        Self { source, seed, parts: Default::default() }
    }

    /// Images that have been read from there.
    pub(crate) fn loaded(source: DataSource, seed: u64, Split { train, test }: Split) -> Self {
        Self { source, seed, parts: [train, test].map(OnceCell::from) }
    }

    /// The images of a part.
    pub(crate) fn part(&self, part: Part) -> Result<&ImageSet> {
        if let Some(images) = self.parts[part as usize].get() {
            return Ok(images);
        }
        let _shown = Stages::begun("reading images");
        let limits = Limits::default();
        let images = match &self.source {
            DataSource::Folder(folder) => open_folder_part(folder, part, &limits)?,
            DataSource::Files { images, test, .. } => match (part, test) {
                (Part::Train, Some(_)) => open_images(images, &limits)?,
                (Part::Test, Some(test)) => open_images(test, &limits)?,
                (part, None) => {
                    let split = open_images(images, &limits)?
                        .hold_out_tenth(self.seed)
                        .with_context(|| format!("cannot hold out test images of {}", images.display()))?;
                    let (asked, other) = match part {
                        Part::Train => (split.train, split.test),
                        Part::Test => (split.test, split.train),
                    };
                    let _ = self.parts[1 - part as usize].set(other);
                    asked
                }
            },
        };
        Ok(self.parts[part as usize].get_or_init(|| images))
    }

    /// The labels of a part, one an image, if there are any.
    pub(crate) fn labels(&self, part: Part) -> Result<Option<Vec<i32>>> {
        let limits = Limits::default();
        let count = self.part(part)?.len();
        let labels = match &self.source {
            DataSource::Folder(folder) => open_folder_labels(folder, part, &limits)?,
            DataSource::Files { labels, test: None, .. } => {
                labels.as_deref().map(|path| self.held_out_labels(path, part)).transpose()?
            }
            DataSource::Files { labels, test: Some(_), test_labels, .. } => {
                let path = match part {
                    Part::Train => labels,
                    Part::Test => test_labels,
                };
                path.as_deref().map(|path| open_labels(path, &limits)).transpose()?
            }
        };
        match labels {
            Some(labels) if labels.len() != count => {
                let refused = DataError::LabelCount { images: count, labels: labels.len() };
                Err(refused).with_context(|| self.labels_name(part))
            }
            labels => Ok(labels),
        }
    }

    /// What is to be called the labels of a part.
    fn labels_name(&self, part: Part) -> String {
        let name = self.name(part);
        match (&self.source, part) {
            (DataSource::Files { labels: Some(labels), .. }, Part::Train)
            | (DataSource::Files { labels: Some(labels), test: None, .. }, Part::Test)
            | (DataSource::Files { test_labels: Some(labels), .. }, Part::Test) => {
                format!("{} as the labels of {name}", labels.display())
            }
            _ => format!("the labels of {name}"),
        }
    }

    /// The labels of a part, of a file of labels for both.
    fn held_out_labels(&self, path: &Path, part: Part) -> Result<Vec<i32>> {
        let labels = open_labels(path, &Limits::default())?;
        let images = self.part(Part::Train)?.len() + self.part(Part::Test)?.len();
        if labels.len() != images {
            let refused = DataError::LabelCount { images, labels: labels.len() };
            return Err(refused).with_context(|| self.labels_name(part));
        }
        let [train, test] = hold_out_tenth(images, self.seed)?;
        let rows = match part {
            Part::Train => train,
            Part::Test => test,
        };
        Ok(rows.into_iter().map(|row| labels[row as usize]).collect())
    }

    /// Both parts.
    pub(crate) fn into_split(self) -> Result<Split> {
        for part in [Part::Train, Part::Test] {
            self.part(part)?;
        }
        let [train, test] = self.parts.map(|part| part.into_inner().expect("both were just read"));
        Ok(Split { train, test })
    }

    /// What is to be called the images of a part.
    pub(crate) fn name(&self, part: Part) -> String {
        let kind = match part {
            Part::Train => "training",
            Part::Test => "test",
        };
        match (&self.source, part) {
            (DataSource::Folder(folder), _) => format!("the {kind} images in {}", folder.display()),
            (DataSource::Files { images, test: None, .. }, Part::Test) => {
                format!("the test images held out of {}", images.display())
            }
            (DataSource::Files { test: Some(test), .. }, Part::Test) => {
                format!("the test images in {}", test.display())
            }
            (DataSource::Files { images, .. }, Part::Train) => {
                format!("the training images in {}", images.display())
            }
        }
    }
}
