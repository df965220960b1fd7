//! From the data flags to samples.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use ae_data::{
    DataError, Form, Limits, Loaded, Part, ReadOptions, Samples, Scaling, Split, hold_out_tenth, load,
    load_part, open_folder_labels, open_labels,
};
use ae_train::DataSource;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::form::ReadArgs;
use crate::paths::default_folder;
use crate::progress::Stages;
use crate::standard::file;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// A training and a test part together: a folder with the four IDX files of MNIST or of a relative, gzipped or not; a
    /// folder with train/ and test/, each a folder of pictures; or an .npz such as Keras' mnist.npz [default: data/mnist,
    /// or the run's own]
    #[arg(long, value_name = "FOLDER|FILE", conflicts_with_all = ["images", "test_images"])]
    pub(crate) data: Option<PathBuf>,
    /// Training rows: a folder of pictures, whose sub-folders are classes; an IDX file, .npy, .npz, CSV or TSV; all but
    /// folders gzipped or not
    #[arg(long, value_name = "FOLDER|FILE", value_parser = file())]
    pub(crate) images: Option<PathBuf>,
    /// A file with a class for each of --images, any whole number: IDX, .npy or .npz
    #[arg(long, value_name = "FILE", requires = "images", value_parser = file())]
    pub(crate) labels: Option<PathBuf>,
    /// Test rows, of the kind of --images [default: a tenth of --images, by seed]
    #[arg(long, value_name = "FOLDER|FILE", requires = "images", value_parser = file())]
    pub(crate) test_images: Option<PathBuf>,
    /// A file with a class for each of --test-images
    #[arg(long, value_name = "FILE", requires = "test_images", value_parser = file())]
    pub(crate) test_labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
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
        let Self { data, images, labels, test_images, test_labels, read: _ } = self;
        [data, images, labels, test_images, test_labels].into_iter().flatten()
    }
}

/// What is trained on where nothing is named: MNIST, as it lies in the repository.
pub(crate) fn mnist() -> Result<DataSource> {
    let folder = default_folder("data/mnist");
    ensure!(
        folder.is_dir(),
        "no data is named, and there is no data/mnist here: --images takes a folder of pictures or a file of rows, --data a \
         folder with MNIST's four files",
    );
    Ok(DataSource::Folder(folder))
}

/// Where pictures may be looked for, in which a run's own figures would be found the next time.
pub(crate) fn picture_folders(source: &DataSource) -> Vec<PathBuf> {
    match source {
        DataSource::Folder(folder) => ["train", "test", "val"].map(|part| folder.join(part)).to_vec(),
        DataSource::Files { images, test, .. } => [images].into_iter().chain(test).cloned().collect(),
    }
}

/// Samples from where they come, each part read when it is first asked for, and label files only where they are used.
pub(crate) struct Images {
    source: DataSource,
    /// Says which are held out where there is no test file.
    seed: u64,
    read: ReadArgs,
    /// How they stand in their files: what is known of it before, and all of it once a part has been read.
    form: RefCell<Form>,
    scaling: Option<Scaling>,
    parts: [OnceCell<Samples>; 2],
    notes: RefCell<Vec<String>>,
}

impl Images {
    /// Those of a source, read as `form` says, and then scaled.
    pub(crate) fn new(
        source: DataSource,
        seed: u64,
        read: ReadArgs,
        form: Form,
        scaling: Option<Scaling>,
    ) -> Self {
        let (parts, notes) = Default::default();
        Self { source, seed, read, form: RefCell::new(form), scaling, parts, notes }
    }

    /// Samples that have been read from there.
    pub(crate) fn loaded(source: DataSource, seed: u64, form: Form, Split { train, test }: Split) -> Self {
        let parts = [train, test].map(OnceCell::from);
        let (read, notes) = Default::default();
        Self { source, seed, read, form: RefCell::new(form), scaling: None, parts, notes }
    }

    /// The samples of a part.
    pub(crate) fn part(&self, part: Part) -> Result<&Samples> {
        if let Some(images) = self.parts[part as usize].get() {
            return Ok(images);
        }
        let stages = Stages::begun("reading");
        let options = self.read.options(self.form.borrow().clone(), &stages);
        let samples = match &self.source {
            DataSource::Folder(folder) => self.noted(load_part(folder, part, &options)?),
            DataSource::Files { images, test, .. } => match (part, test) {
                (Part::Train, Some(_)) => self.noted(load(images, &options)?),
                (Part::Test, Some(test)) => self.noted(load(test, &options)?),
                (part, None) => {
                    let (asked, other) = self.held_out(images, part, &options)?;
                    let _ = self.parts[1 - part as usize].set(other);
                    asked
                }
            },
        };
        let samples = self.scaled(samples)?;
        Ok(self.parts[part as usize].get_or_init(|| samples))
    }

    /// A part of one file, and the other.
    fn held_out(&self, path: &Path, part: Part, options: &ReadOptions) -> Result<(Samples, Samples)> {
        let all = self.noted(load(path, options)?);
        let split = all
            .hold_out_tenth(self.seed)
            .with_context(|| format!("cannot hold out test images of {}", path.display()))?;
        match part {
            Part::Train => Ok((split.train, self.scaled(split.test)?)),
            Part::Test => Ok((split.test, self.scaled(split.train)?)),
        }
    }

    /// What was found out while a part was read is what the next one is read by.
    fn noted(&self, Loaded { samples, form, notes }: Loaded) -> Samples {
        self.form.replace(form);
        self.notes.borrow_mut().extend(notes);
        samples
    }

    fn scaled(&self, samples: Samples) -> Result<Samples> {
        match &self.scaling {
            Some(scaling) => Ok(scaling.apply(samples)?),
            None => Ok(samples),
        }
    }

    /// How they stand in their files, as far as it is known.
    pub(crate) fn form(&self) -> Form {
        self.form.borrow().clone()
    }

    /// What a user should know of the files that were read.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// The labels of a part, one a sample, if there are any.
    pub(crate) fn labels(&self, part: Part) -> Result<Option<Vec<i32>>> {
        let limits = Limits::default();
        let samples = self.part(part)?;
        let labels = match &self.source {
            DataSource::Folder(folder) if samples.labels().is_none() && folder.is_dir() => {
                open_folder_labels(folder, part, &limits)?
            }
            DataSource::Files { labels: Some(path), test: None, .. } => {
                Some(self.held_out_labels(path, part)?)
            }
            DataSource::Files { labels, test: Some(_), test_labels, .. } => {
                let path = match part {
                    Part::Train => labels,
                    Part::Test => test_labels,
                };
                path.as_deref().map(|path| open_labels(path, &limits)).transpose()?
            }
            _ => None,
        };
        match labels.or_else(|| samples.labels().map(<[i32]>::to_vec)) {
            Some(labels) if labels.len() != samples.len() => {
                let refused = DataError::LabelCount { images: samples.len(), labels: labels.len() };
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
