//! Where rows come from: one trait for all kinds of files and folders, and what opens the right one.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ae_file::Kind;

use crate::content::Content;
use crate::error::{LoadError, OpenErrorKind};
use crate::form::{ElementKind, Form};
use crate::idx;
use crate::idx_source::{IdxSource, settled};
use crate::limits::Limits;
use crate::npy::{NpySource, is_npy, is_zip};
use crate::open::open;
use crate::pictures::PictureSource;
use crate::samples::Samples;
use crate::shape::Shape;
use crate::table::{TableSource, is_table};

/// Rows in a fixed order, read from first to last, a chunk at a time: sets larger than memory too.
pub trait Source: Send {
    /// How the rows stand there, with nothing left open but what does not apply.
    fn form(&self) -> &Form;

    /// Number of rows.
    fn len(&self) -> usize;

    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next rows: `rows` of them (0 counts as 1), fewer at the end, none after it. With the last of them the source has
    /// been read to its end, and all that can be found out there has been found right.
    ///
    /// # Errors
    /// [`LoadError`], naming the file at fault and where in it.
    fn next_chunk(&mut self, rows: usize) -> Result<Samples, LoadError>;

    /// Whether each row has a name.
    fn has_names(&self) -> bool {
        false
    }

    /// Whether each row has a label.
    fn has_labels(&self) -> bool {
        false
    }

    /// What a user should know of it, a line each: files that were left out, say.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How a source is opened and read.
#[derive(Clone, Default)]
pub struct ReadOptions {
    /// What is known of it, or asked for.
    pub form: Form,
    /// How much of it may be in memory at once.
    pub limits: Limits,
    /// The name of the array that is meant, where an archive holds several.
    pub array: Option<String>,
    /// Whether pictures that can't be used are left out, instead of refusing the folder.
    pub skip_broken: bool,
    /// Is told how far it is, by any thread.
    pub told: Option<Arc<dyn Fn(Reading) + Send + Sync>>,
}

impl ReadOptions {
    pub(crate) fn tell(&self, reading: Reading) {
        if let Some(told) = &self.told {
            told(reading);
        }
    }
}

/// How far a source has been opened or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// So many files of a folder have been looked at, of so many.
    LookedAt(usize, usize),
    /// Rows are about to be read into memory.
    Rows {
        /// How many.
        rows: usize,
        /// Bytes of memory that they take.
        bytes: u64,
        /// Bytes that they may take.
        limit: u64,
    },
    /// So many rows have been read into memory, of so many.
    Read(usize, usize),
}

/// Opens a file of rows, whatever it is, by its content; or a folder of pictures.
///
/// # Errors
/// [`LoadError`], naming the file and what is wrong with it, or what it is if it is none that can be read.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("five.idx");
/// use ae_data::{IdxWriter, ReadOptions, Shape, open_source};
///
/// let mut writer = IdxWriter::new(std::fs::File::create(&path)?, 5, Shape::list(2), None)?; // five rows of two numbers
/// writer.write(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])?;
/// writer.finish()?;
///
/// let mut source = open_source(&path, &ReadOptions::default())?;
/// assert_eq!(source.next_chunk(3)?.bytes(), Some(&[0, 1, 2, 3, 4, 5][..]));
/// assert_eq!(source.next_chunk(3)?.bytes(), Some(&[6, 7, 8, 9][..]));
/// assert!(source.next_chunk(3)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_source(path: &Path, options: &ReadOptions) -> Result<Box<dyn Source>, LoadError> {
    if path.is_dir() {
        return Ok(Box::new(PictureSource::open(path, options)?));
    }
    of_content(Content::open(path)?, options)
}

/// The same of what comes from a stream, such as standard input; `name` stands in errors where a file's path would.
///
/// # Errors
/// As [`open_source`].
///
/// # Example
/// ```
/// use ae_data::{ReadOptions, stream_source};
///
/// let bytes: &[u8] = &[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]; // one picture of 1 x 2 pixels
/// let mut source = stream_source(bytes, "standard input", &ReadOptions::default())?;
/// assert_eq!(source.next_chunk(10)?.bytes(), Some(&[7, 9][..]));
/// # Ok::<(), ae_data::LoadError>(())
/// ```
pub fn stream_source(
    stream: impl Read + Send + 'static,
    name: impl Into<PathBuf>,
    options: &ReadOptions,
) -> Result<Box<dyn Source>, LoadError> {
    of_content(Content::of_stream(stream, name.into())?, options)
}

/// A set in memory, and what was found out while it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Its rows.
    pub samples: Samples,
    /// How they stand in their source.
    pub form: Form,
    /// What a user should know of it, a line each.
    pub notes: Vec<String>,
}

/// Reads all rows of a file, whatever it is, or of a folder of pictures, into memory.
///
/// What they will take is known before they are read, and held against the limit. An IDX file is refused in less than 100 MiB,
/// as [`open`](crate::open()) does.
///
/// # Errors
/// As [`open_source`] and [`Source::next_chunk`], and [`LoadError::Limit`].
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("two.idx");
/// # std::fs::write(&path, [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9])?;
/// use ae_data::{ReadOptions, Shape, load};
/// let two = load(&path, &ReadOptions::default())?;
/// assert_eq!((two.samples.len(), two.form.shape()), (2, Some(Shape::list(1))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(path: &Path, options: &ReadOptions) -> Result<Loaded, LoadError> {
    if path.is_dir() {
        return load_from(&mut *open_source(path, options)?, path, options);
    }
    let content = Content::open(path)?;
    if !idx::begins_idx(content.start()) {
        return load_from(&mut *of_content(content, options)?, path, options);
    }
    tell_rows(&IdxSource::new(content, &options.form, options.limits)?, options);
    let array = open(path, &options.limits)?;
    let refused = |source| LoadError::Content { path: path.to_owned(), source };
    let form = settled(array.dims(), array.element_type(), &options.form).map_err(refused)?.0;
    let samples = Samples::from_idx(array, &options.form).map_err(refused)?;
    Ok(Loaded { samples, form, notes: Vec::new() })
}

/// Tells what the rows of a source will take in memory.
fn tell_rows(source: &dyn Source, options: &ReadOptions) -> u64 {
    let width = source.form().shape().map_or(1, Shape::numbers);
    let size = match source.form().elements {
        Some(ElementKind::Bytes) => 1,
        _ => size_of::<f32>() as u64,
    };
    let bytes = (source.len() as u64).saturating_mul(width as u64).saturating_mul(size);
    options.tell(Reading::Rows { rows: source.len(), bytes, limit: options.limits.max_bytes });
    bytes
}

fn load_from(source: &mut dyn Source, path: &Path, options: &ReadOptions) -> Result<Loaded, LoadError> {
    /// Numbers at a time, about.
    const AT_ONCE: usize = 1 << 18;
    let width = source.form().shape().map_or(1, Shape::numbers);
    let (bytes, limit) = (tell_rows(source, options), options.limits.max_bytes);
    if bytes > limit {
        return Err(LoadError::Limit { path: path.to_owned(), rows: source.len(), bytes, limit });
    }
    let mut samples = source.next_chunk(AT_ONCE / width)?;
    loop {
        options.tell(Reading::Read(samples.len(), source.len()));
        let more = source.next_chunk(AT_ONCE / width)?;
        if more.is_empty() {
            return Ok(Loaded { samples, form: source.form().clone(), notes: source.notes() });
        }
        samples.append(more);
    }
}

fn of_content(content: Content, options: &ReadOptions) -> Result<Box<dyn Source>, LoadError> {
    if is_npy(content.start()) || is_zip(content.start()) {
        return Ok(Box::new(NpySource::new(content, options)?));
    }
    if is_table(content.start()) {
        return Ok(Box::new(TableSource::new(content, options)?));
    }
    if !idx::begins_idx(content.start()) {
        return Err(content.failed(OpenErrorKind::Foreign(Kind::of(content.start()))));
    }
    Ok(Box::new(IdxSource::new(content, &options.form, options.limits)?))
}
