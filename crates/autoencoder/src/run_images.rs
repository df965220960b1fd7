//! The images that a command looks at: those of the run, proven to be so, or others that the user has named.

use std::cell::{Cell, OnceCell};

use ae_data::{ImageSet, Part, Split};
use ae_train::{SetRecord, labels_sha256};
use anyhow::{Context, Result, ensure};

use crate::data::{DataArgs, Images};
use crate::run::Run;

/// The images of one run.
///
/// Where no flag names images, they are the run's own, and anything else in their place is an error. Where flags do, they
/// may be others: then those that the run was trained on are left out of the test images, and
/// [`others`](Self::others) says what was looked at.
pub(crate) struct RunImages<'a> {
    run: &'a Run,
    images: Images,
    /// Whether a flag has named them.
    named: bool,
    parts: [OnceCell<Found>; 2],
    /// Whether labels of the run's own images have been found to be others.
    other_labels: [Cell<bool>; 2],
}

/// What has been found out of the images of a part.
enum Found {
    /// They are the run's own.
    Own,
    /// They are others, and all are used: none of them, as far as is known, did the run train on.
    Others { known: bool },
    /// They are others, some of which the run was trained on: how many there are, the numbers of the rest, and the rest.
    Rest { of: usize, rows: Vec<u32>, images: ImageSet },
}

impl Run {
    /// The images that the flags name, or those that the run was trained on; of the run's size.
    pub(crate) fn images(&self, args: &DataArgs) -> RunImages<'_> {
        let named = args.source();
        let source = named.clone().unwrap_or_else(|| self.record.data.source_of(self.folder.path()));
        let images = Images::new(source, self.record.config.seed);
        let (named, parts, other_labels) = (named.is_some(), Default::default(), Default::default());
        RunImages { run: self, images, named, parts, other_labels }
    }

    /// Those that it has just been trained on.
    pub(crate) fn images_at_hand(&self, split: Split) -> RunImages<'_> {
        let images = Images::loaded(self.record.data.source.clone(), self.record.config.seed, split);
        let parts = [Found::Own, Found::Own].map(OnceCell::from);
        RunImages { run: self, images, named: false, parts, other_labels: Default::default() }
    }
}

impl RunImages<'_> {
    /// Whether a flag has named them.
    pub(crate) fn are_named(&self) -> bool {
        self.named
    }

    /// The training images; labels may not be with them.
    pub(crate) fn train(&self) -> Result<&ImageSet> {
        self.part(Part::Train)
    }

    /// The test images, at least one; labels may not be with them.
    pub(crate) fn test(&self) -> Result<&ImageSet> {
        self.part(Part::Test)
    }

    /// The labels of the training or of the test images, if there are any.
    pub(crate) fn labels(&self, part: Part) -> Result<Option<Vec<i32>>> {
        let found = self.found(part)?;
        let Some(labels) = self.at_hand(self.images.labels(part))? else { return Ok(None) };
        let recorded = self.recorded(part).labels_sha256.as_ref();
        let own = recorded.is_none_or(|recorded| *recorded == labels_sha256(&labels));
        ensure!(
            own || self.named,
            "the labels of {} are not those that they had when {} was trained; --data or --images, where it names them, \
             takes them as they are",
            self.images.name(part),
            self.run.folder.path().display()
        );
        self.other_labels[part as usize].set(!own && matches!(found, Found::Own));
        Ok(Some(match found {
            Found::Rest { rows, .. } => rows.iter().map(|&row| labels[row as usize]).collect(),
            Found::Own | Found::Others { .. } => labels,
        }))
    }

    /// Both parts, with their labels if both have any, and what of it is not the run's own.
    pub(crate) fn labelled(self) -> Result<(Split, Vec<String>)> {
        let labels = (self.labels(Part::Train)?, self.labels(Part::Test)?);
        let others = self.others();
        let Self { images, parts: [_, test], .. } = self;
        let mut split = images.into_split()?;
        if let Some(Found::Rest { images, .. }) = test.into_inner() {
            split.test = images;
        }
        if let (Some(train), Some(test)) = labels {
            split.train = split.train.with_labels(train)?;
            split.test = split.test.with_labels(test)?;
        }
        Ok((split, others))
    }

    /// What was looked at that is not the run's own, a line each.
    pub(crate) fn others(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for part in [Part::Train, Part::Test] {
            let name = self.images.name(part);
            match self.parts[part as usize].get() {
                Some(Found::Own) if self.other_labels[part as usize].get() => {
                    lines.push(format!("not the run's own: the labels of {name}"));
                }
                None | Some(Found::Own) => {}
                Some(Found::Others { known: true }) => lines.push(format!("not the run's own: {name}")),
                Some(Found::Others { known: false }) => lines.push(format!(
                    "not the run's own: {name}; its record does not say whether it was trained on some of them"
                )),
                Some(Found::Rest { of, rows, .. }) => lines.push(format!(
                    "not the run's own: {name}, without {} of {of} that the run was trained on",
                    of - rows.len()
                )),
            }
        }
        lines
    }

    fn part(&self, part: Part) -> Result<&ImageSet> {
        match self.found(part)? {
            Found::Rest { images, .. } => Ok(images),
            Found::Own | Found::Others { .. } => self.images.part(part),
        }
    }

    fn found(&self, part: Part) -> Result<&Found> {
        if let Some(found) = self.parts[part as usize].get() {
            return Ok(found);
        }
        let found = self.find(part)?;
        Ok(self.parts[part as usize].get_or_init(|| found))
    }

    /// Says where what can't be read was looked for, and how to name it.
    fn at_hand<T>(&self, read: Result<T>) -> Result<T> {
        if self.named {
            return read;
        }
        read.with_context(|| {
            let record = self.run.folder.record_path();
            format!(
                "{} names these images; --data or --images names them where they are now",
                record.display()
            )
        })
    }

    fn find(&self, part: Part) -> Result<Found> {
        let record_path = self.run.folder.record_path();
        let name = self.images.name(part);
        let images = self.at_hand(self.images.part(part))?;
        let recorded = self.recorded(part);
        let now = SetRecord::of(images);
        if now.same_images(recorded) {
            return Ok(Found::Own);
        }
        ensure!(
            self.named,
            "{name} are not those that {} names: {now}, of the run {recorded}; --data or --images, where it names them, \
             takes them as others",
            record_path.display(),
        );
        images
            .require_size(recorded.rows, recorded.cols)
            .with_context(|| format!("{name} are not of the run's size"))?;
        match part {
            Part::Train => Ok(Found::Others { known: true }),
            Part::Test => self.without_trained_on(images),
        }
    }

    /// Other test images, but those that the run was trained on.
    fn without_trained_on(&self, images: &ImageSet) -> Result<Found> {
        let name = self.images.name(Part::Test);
        ensure!(!images.is_empty(), "{name}: there are none");
        let Some(trained_on) = self.run.folder.trained_on(&self.run.record)? else {
            return Ok(Found::Others { known: false });
        };
        let pixels = images.pixels().chunks_exact(images.pixels_per_image());
        let rest: Vec<u32> =
            (0..).zip(pixels).filter(|(_, image)| !trained_on.contains(image)).map(|(row, _)| row).collect();
        ensure!(
            !rest.is_empty(),
            "the run was trained on every one of {name}: nothing is left to test it with"
        );
        if rest.len() == images.len() {
            return Ok(Found::Others { known: true });
        }
        Ok(Found::Rest { of: images.len(), images: images.select(&rest)?, rows: rest })
    }

    fn recorded(&self, part: Part) -> &SetRecord {
        match part {
            Part::Train => &self.run.record.data.train,
            Part::Test => &self.run.record.data.test,
        }
    }
}
