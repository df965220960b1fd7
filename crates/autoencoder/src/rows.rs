//! Rows of a file, a folder or standard input, a chunk at a time, as a run's network reads them.

use std::io;
use std::path::{Path, PathBuf};

use ae_data::{Form, Limits, LoadError, Samples, Source, open_labels, open_source, stream_source};
use anyhow::{Context, Result};

use crate::form::ReadArgs;
use crate::output::say;
use crate::progress::Stages;
use crate::run::Run;
use crate::standard::is_standard;

/// Numbers that are in memory at once, about: some megabytes of them. No result depends on it.
pub(crate) fn rows_at_once(numbers: usize) -> usize {
    ((1 << 22) / numbers).clamp(1, 1 << 12)
}

/// Rows that suit a run.
pub(crate) struct RunRows<'a> {
    source: Box<dyn Source>,
    run: &'a Run,
    /// Of a file of labels.
    labels: Option<Vec<i32>>,
    at_once: usize,
    read: usize,
}

impl<'a> RunRows<'a> {
    /// Opens rows of the run's shape, and reads a label for each if there is a file of them; `verb` says what for.
    pub(crate) fn open(
        run: &'a Run,
        path: &Path,
        labels_path: Option<&Path>,
        read: &ReadArgs,
        verb: &str,
    ) -> Result<Self> {
        let stages = Stages::begun("opening");
        let options = read.options(run.form(), &stages);
        let source = match is_standard(path) {
            true => stream_source(io::stdin(), "standard input", &options),
            false => open_source(path, &options),
        };
        drop(stages);
        let source = source.with_context(|| format!("cannot {verb} {}", path.display()))?;
        let labels = match labels_path {
            None => None,
            Some(labels_path) => {
                let labels = open_labels(labels_path, &Limits::default())?;
                require_labels(path, source.len(), labels_path, labels.len())?;
                Some(labels)
            }
        };
        let at_once = rows_at_once(run.shape().numbers());
        Ok(Self { source, run, labels, at_once, read: 0 })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether each has a name.
    pub(crate) fn has_names(&self) -> bool {
        self.source.has_names()
    }

    /// Whether each has a label, in a file of labels or by itself.
    pub(crate) fn has_labels(&self) -> bool {
        self.labels.is_some() || self.source.has_labels()
    }

    /// How they stand in their file.
    pub(crate) fn form(&self) -> &Form {
        self.source.form()
    }

    /// The next of them, scaled, with their labels; none at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Samples> {
        let mut chunk = self.source.next_chunk(self.at_once)?;
        let (first, end) = (self.read, self.read + chunk.len());
        self.read = end;
        if let Some(labels) = &self.labels {
            chunk = chunk.with_labels(labels[first..end].to_vec())?;
        }
        match self.run.scaling() {
            Some(scaling) => Ok(scaling.apply(chunk)?),
            None => Ok(chunk),
        }
    }

    /// Says what a user should know of the source.
    pub(crate) fn tell_notes(&self) {
        self.source.notes().iter().for_each(|note| say!("{note}"));
    }
}

fn require_labels(path: &Path, images: usize, labels_path: &Path, labels: usize) -> Result<(), LoadError> {
    if labels == images {
        return Ok(());
    }
    let (images_path, labels_path): (PathBuf, PathBuf) = (path.to_owned(), labels_path.to_owned());
    Err(LoadError::Counts { images_path, images, labels_path, labels })
}
