//! The images that a command looks at: those of the run, proven to be so, or others that the user has named.

use std::cell::{Cell, OnceCell, RefCell};

use ae_data::{Part, Samples, Split};
use ae_train::{SetRecord, TrainedOn, labels_sha256};
use anyhow::{Context, Result, ensure};

use crate::data::{DataArgs, Images};
use crate::output::say;
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
    /// What was found out of both parts together.
    notes: RefCell<Vec<String>>,
}

/// What has been found out of the images of a part.
enum Found {
    /// They are the run's own.
    Own,
    /// They are others, and all are used: none of them, as far as is known, did the run train on.
    Others { known: bool },
    /// They are others, some of which the run was trained on: how many there are, the numbers of the rest, and the rest.
    Rest { of: usize, rows: Vec<u32>, images: Samples },
}

impl Run {
    /// The images that the flags name, or those that the run was trained on; of the run's size.
    pub(crate) fn images(&self, args: &DataArgs) -> RunImages<'_> {
        let named = args.source();
        let source = named.clone().unwrap_or_else(|| self.record.data.source_of(self.folder.path()));
        let (read, scaling) = (args.read.clone(), self.scaling().cloned());
        let images = Images::new(source, self.record.config.seed, read, self.form(), scaling);
        let (named, parts, other_labels) = (named.is_some(), Default::default(), Default::default());
        RunImages { run: self, images, named, parts, other_labels, notes: RefCell::default() }
    }

    /// Those that it has just been trained on.
    pub(crate) fn images_at_hand(&self, split: Split) -> RunImages<'_> {
        let (source, seed) = (self.record.data.source.clone(), self.record.config.seed);
        let images = Images::loaded(source, seed, self.form(), split);
        let parts = [Found::Own, Found::Own].map(OnceCell::from);
        let (other_labels, notes) = Default::default();
        RunImages { run: self, images, named: false, parts, other_labels, notes }
    }
}

impl RunImages<'_> {
    /// Whether a flag has named them.
    pub(crate) fn are_named(&self) -> bool {
        self.named
    }

    /// The training images; labels may not be with them.
    pub(crate) fn train(&self) -> Result<&Samples> {
        self.part(Part::Train)
    }

    /// The test images, at least one; labels may not be with them.
    pub(crate) fn test(&self) -> Result<&Samples> {
        self.part(Part::Test)
    }

    /// The labels of the training or of the test images, if there are any.
    pub(crate) fn labels(&self, part: Part) -> Result<Option<Vec<i32>>> {
        let found = self.found(part)?;
        let recorded = self.recorded(part).labels_sha256.as_ref();
        let name = self.images.name(part);
        let Some(labels) = self.at_hand(self.images.labels(part))? else {
            ensure!(
                self.named || recorded.is_none(),
                "the labels of {name} are gone, and {} has some; --data or --images, where it names them, takes them without",
                self.run.folder.record_path().display()
            );
            return Ok(None);
        };
        let now = labels_sha256(&labels);
        let own = recorded.is_none_or(|recorded| *recorded == now);
        ensure!(
            own || self.named,
            "the labels of {name} are not those that {} names: SHA-256 {now}, of the run {}; --data or --images, where it \
             names them, takes them as they are",
            self.run.folder.record_path().display(),
            recorded.map_or("none", String::as_str),
        );
        self.other_labels[part as usize].set(!own && matches!(found, Found::Own));
        Ok(Some(match found {
            Found::Rest { rows, .. } => rows.iter().map(|&row| labels[row as usize]).collect(),
            Found::Own | Found::Others { .. } => labels,
        }))
    }

    /// Both parts, with their labels if both have any, for what is fitted to the one and measured on the other: where they are not
    /// the run's own, no image is in both.
    pub(crate) fn labelled(&self) -> Result<Split> {
        let (train, test) = (self.train()?.clone(), self.test()?.clone());
        let split = match (self.labels(Part::Train)?, self.labels(Part::Test)?) {
            (Some(train_labels), Some(test_labels)) => {
                Split { train: train.with_labels(train_labels)?, test: test.with_labels(test_labels)? }
            }
            _ => Split { train, test },
        };
        let apart = TrainedOn::of(&split.train).others(&split.test);
        let (all, both) = (split.test.len(), split.test.len() - apart.len());
        let own = |part| matches!(self.found(part), Ok(Found::Own));
        if both == 0 {
            return Ok(split);
        }
        if own(Part::Train) && own(Part::Test) {
            self.notes.borrow_mut().push(format!("{both} of {all} test images are training images too"));
            return Ok(split);
        }
        let name = self.images.name(Part::Test);
        ensure!(!apart.is_empty(), "every one of {name} is a training image: nothing is left to test with");
        self.notes.borrow_mut().push(format!("left out: {both} of {all} test images, training images too"));
        Ok(Split { test: split.test.select(&apart)?, ..split })
    }

    /// What was used that is not the run's own, or is in both parts, a line each.
    pub(crate) fn others(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.run.others().into_iter().collect();
        for part in [Part::Train, Part::Test] {
            let name = self.images.name(part);
            match self.parts[part as usize].get() {
                Some(Found::Own) if self.other_labels[part as usize].get() => {
                    lines.push(format!("not the run's own: the labels of {name}"));
                }
                None | Some(Found::Own) => {}
                Some(Found::Others { known: true }) => lines.push(format!("not the run's own: {name}")),
                Some(Found::Others { known: false }) => lines.push(format!(
                    "not the run's own: {name}; the run's record does not say whether it was trained on some of them"
                )),
                Some(Found::Rest { of, rows, .. }) => lines.push(format!(
                    "not the run's own: {name}, without {} of {of} that the run was trained on",
                    of - rows.len()
                )),
            }
        }
        lines.extend(self.notes.borrow().iter().cloned());
        lines.extend(self.images.notes());
        lines
    }

    /// Says so.
    pub(crate) fn tell_others(&self) {
        self.others().iter().for_each(|other| say!("{other}"));
    }

    /// Whether any of what was used is not the run's own.
    pub(crate) fn are_others(&self) -> bool {
        let others = |part: &OnceCell<Found>| part.get().is_some_and(|found| !matches!(found, Found::Own));
        self.run.others().is_some()
            || self.parts.iter().any(others)
            || self.other_labels.iter().any(Cell::get)
    }

    fn part(&self, part: Part) -> Result<&Samples> {
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
            .require_shape(recorded.shape())
            .with_context(|| format!("{name} are not of the run's shape"))?;
        ensure!(!images.is_empty(), "{name}: there are none");
        match part {
            Part::Train => Ok(Found::Others { known: true }),
            Part::Test => self.without_trained_on(images),
        }
    }

    /// Other test images, but those that the run was trained on.
    fn without_trained_on(&self, images: &Samples) -> Result<Found> {
        let name = self.images.name(Part::Test);
        let trained_on = self.run.folder.trained_on(&self.run.record);
        let Some(trained_on) = trained_on.with_context(|| self.run.written_again())? else {
            return Ok(Found::Others { known: false });
        };
        let rest = trained_on.others(images);
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
