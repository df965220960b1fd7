//! Folders of pictures: read as rows, and written from them.

mod error;
mod fit;
mod list;
mod name;
mod notes;
mod parallel;
mod picture;
mod settle;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::LoadError;
use crate::form::Form;
use crate::samples::Samples;
use crate::source::{ReadOptions, Reading, Source};
use fit::Target;
use list::{Listing, MAX_ENTRIES, list};
use notes::{entries, first_of};
use parallel::in_parallel;
use picture::{Facts, Part, Picture, Reason};

pub use error::{PicturesError, WritePicturesError};
pub use list::UnusablePicture;
pub use writer::PictureWriter;

/// The pictures of a folder and of all folders in it, as rows of bytes.
///
/// **Which files.** PNG, JPEG, GIF, BMP, TIFF and WebP files, told by their content, of at most 2^26 pixels. Other files are
/// left out and [noted](Source::notes), hidden ones silently. A link is followed to a file within the folder, else left out
/// and noted. The order is that of the paths, compared folder by folder by their bytes. A row's name is its picture's path
/// within the folder, `/` between folders.
///
/// **Which can't be used.** Broken ones, those with several frames or pages, in inks (CMYK) or floats, and those whose names
/// are not UTF-8 or could not be written everywhere. They are an error, unless [`ReadOptions::skip_broken`] says to leave them
/// out. Opening a folder reads headers only, so damaged pixels are an error of [`next_chunk`](Source::next_chunk); with
/// `skip_broken` opening it decodes everything once, which takes as long as reading it, so that the number of rows is right.
///
/// **Classes.** If all pictures are in sub-folders, the first folder of each path is its class, as in torchvision's
/// `ImageFolder`. Labels count the classes in the order of their bytes, or say where a class is in [`Form::classes`] if it has
/// any. If no picture is in a sub-folder, or only some are, there are no labels.
///
/// **Pixels.** They are turned as their EXIF data say. 16 bits become 8 by `(value + 128) / 257`, rounded down, which is the
/// nearest. Transparency is laid onto [`Form::background`], by `(a * pixel + (255 - a) * background) / 255` to the nearest.
/// [`Form::channels`] are 1 or 3; left open, 1 if all pictures are stored as grey, where a palette counts as colour. Grey is
/// the Rec. 709 luma of the stored numbers, `0.2126 r + 0.7152 g + 0.0722 b`, to the nearest. Colour profiles are not looked
/// at. A picture that is not of [`Form::size`] is resampled, by a Catmull-Rom cubic that averages where it gets smaller, as
/// [`Form::fit`] says; one that is stays as it is, bit by bit. With no size asked for, all must have one.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// use ae_data::{PictureSource, ReadOptions, Shape, Source};
///
/// let path = folder.path().join("pictures");
/// for class in ["cats", "dogs"] {
///     std::fs::create_dir_all(path.join(class))?;
///     image::RgbImage::new(3, 2).save(path.join(class).join("1.png"))?; // 3 columns, 2 rows
/// }
/// let mut pictures = PictureSource::open(&path, &ReadOptions::default())?;
/// assert_eq!(pictures.form().shape(), Some(Shape { channels: 3, rows: 2, cols: 3 }));
/// let rows = pictures.next_chunk(10)?;
/// assert_eq!((rows.names(), rows.labels()), (Some(&["cats/1.png".into(), "dogs/1.png".into()][..]), Some(&[0, 1][..])));
/// assert_eq!(pictures.form().classes, ["cats", "dogs"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PictureSource {
    folder: PathBuf,
    form: Form,
    target: Target,
    max_bytes: u64,
    pictures: Vec<(String, Facts)>,
    labels: Option<Vec<i32>>,
    notes: Vec<String>,
    /// The picture that comes next.
    next: usize,
}

impl PictureSource {
    /// Lists a folder and looks at its pictures, on all threads; `told` hears of each.
    ///
    /// # Errors
    /// [`LoadError::Folder`] if a folder can't be listed, [`LoadError::Content`] if the form asks for what pictures can't be
    /// brought to, [`LoadError::Pictures`] for the rest: no pictures or too many files, pictures that can't be used, several
    /// sizes, an unknown class.
    pub fn open(folder: &Path, options: &ReadOptions) -> Result<Self, LoadError> {
        let impossible = |source| LoadError::Content { path: folder.to_owned(), source };
        settle::require_possible(&options.form).map_err(impossible)?;
        let mut listing = list(folder, MAX_ENTRIES)?;
        let pictures = look_at_all(folder, &mut listing, options);
        let mut notes = notes_of(&listing);
        if !listing.unusable.is_empty() && (pictures.is_empty() || !options.skip_broken) {
            let (folder, unusable) = (folder.to_owned(), listing.unusable);
            return Err(PicturesError::Unusable { folder, unusable, usable: pictures.len() }.into());
        }
        if pictures.is_empty() {
            return Err(
                PicturesError::None { folder: folder.to_owned(), others: listing.others.len() }.into()
            );
        }
        let mut form = settle::settled(&options.form, &pictures)?;
        let labels = settle::labels(&pictures, &mut form.classes)?;
        if labels.is_none() && pictures.iter().any(|(name, _)| name.contains('/')) {
            notes.push("no classes: some pictures are in sub-folders and some are not".into());
        }
        let shape = form.shape().expect("channels and size are settled");
        let target = Target { shape, fit: form.fit, background: form.background.0 };
        let (folder, max_bytes) = (folder.to_owned(), options.limits.max_bytes);
        Ok(Self { folder, form, target, max_bytes, pictures, labels, notes, next: 0 })
    }

    /// Decodes a picture into its row.
    fn decode(&self, name: &str, before: Facts, row: &mut [u8]) -> Result<(), Reason> {
        let rows_needed = self.target.shape.rows;
        before.within_budget(rows_needed, || {
            let picture = Picture::open(&self.folder.join(name), Part::Whole, rows_needed)?;
            let picture =
                picture.ok_or_else(|| Reason("it has changed, and is no picture any more".into()))?;
            let (before, now) = (before.size(), picture.facts.size());
            if now != before {
                return Err(Reason(format!("it has changed: it was {before}, and is {now}")));
            }
            self.target.write(picture.decode()?, row);
            Ok(())
        })
    }
}

impl Source for PictureSource {
    fn form(&self) -> &Form {
        &self.form
    }

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn has_names(&self) -> bool {
        true
    }

    fn has_labels(&self) -> bool {
        self.labels.is_some()
    }

    fn next_chunk(&mut self, rows: usize) -> Result<Samples, LoadError> {
        let chunk = self.next..self.pictures.len().min(self.next.saturating_add(rows.max(1)));
        let width = self.target.shape.numbers();
        let numbers = chunk.len().saturating_mul(width);
        if numbers as u64 > self.max_bytes {
            let (path, rows, limit) = (self.folder.clone(), chunk.len(), self.max_bytes);
            return Err(LoadError::Limit { path, rows, bytes: numbers as u64, limit });
        }
        let mut values = vec![0; numbers];
        let pictures = &self.pictures[chunk.clone()];
        let decoded =
            in_parallel(pictures.iter().zip(values.chunks_exact_mut(width)), |((name, facts), row)| {
                let refused =
                    |Reason(reason)| PicturesError::Picture { path: self.folder.join(name), reason };
                self.decode(name, *facts, row).map_err(refused)
            });
        decoded.into_iter().collect::<Result<(), _>>()?;
        let agree = "one row, name and label a picture";
        let names = pictures.iter().map(|(name, _)| name.clone()).collect();
        let mut samples =
            Samples::new(self.target.shape, values).expect(agree).with_names(names).expect(agree);
        if let Some(labels) = &self.labels {
            samples = samples.with_labels(labels[chunk.clone()].to_vec()).expect(agree);
        }
        self.next = chunk.end;
        Ok(samples)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// Takes the files out of a listing: those that are pictures are the result, what else they are goes back into it.
fn look_at_all(folder: &Path, listing: &mut Listing, options: &ReadOptions) -> Vec<(String, Facts)> {
    let files = std::mem::take(&mut listing.files);
    let (all, done) = (files.len(), AtomicUsize::new(0));
    let rows_needed = options.form.size.map_or(0, |[rows, _]| rows);
    let looked = in_parallel(files.iter(), |name| {
        let found = look_at(&folder.join(name), options.skip_broken, rows_needed);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        options.tell(Reading::LookedAt(done, all));
        found
    });
    let mut pictures = Vec::with_capacity(all);
    for (name, found) in files.into_iter().zip(looked) {
        match found {
            Ok(Some(facts)) => pictures.push((name, facts)),
            Ok(None) => listing.others.push(name),
            Err(Reason(reason)) => listing.unusable.push(UnusablePicture { name, reason }),
        }
    }
    pictures
}

fn look_at(path: &Path, decode: bool, rows_needed: usize) -> Result<Option<Facts>, Reason> {
    let Some(Picture { facts, .. }) = Picture::open(path, Part::Header, rows_needed)? else {
        return Ok(None);
    };
    if decode {
        facts.within_budget(rows_needed, || {
            let picture = Picture::open(path, Part::Whole, rows_needed)?;
            picture.map(Picture::decode).transpose().map(drop)
        })?;
    }
    Ok(Some(facts))
}

/// What was left out, a line each kind.
fn notes_of(Listing { others, links, unusable, .. }: &Listing) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |count, one: &str, many: &str, first| {
        if count > 0 {
            notes.push(format!("{} left out: {first}", entries(count, one, many)));
        }
    };
    note(others.len(), "file is no picture and was", "files are no pictures and were", first_of(others));
    let (one, many) = ("link leads", "links lead");
    let to = "to a folder, out of the folder or nowhere, and";
    note(links.len(), &format!("{one} {to} was"), &format!("{many} {to} were"), first_of(links));
    note(
        unusable.len(),
        "picture can't be used and was",
        "pictures can't be used and were",
        first_of(unusable),
    );
    notes
}
