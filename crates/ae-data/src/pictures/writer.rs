//! Folders of pictures, written from rows.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ae_file::NewFolder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::error::DataError;
use crate::pictures::error::WritePicturesError;
use crate::pictures::name;
use crate::pictures::parallel::in_parallel;
use crate::shape::Shape;

/// Writes rows of bytes as a new folder of PNG files, 8-bit grey or RGB, which [`PictureSource`](crate::PictureSource) reads
/// back as the same bytes.
///
/// The folder is there with all its pictures, or it is not there; a writer that is dropped before leaves nothing.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// use ae_data::{PictureWriter, Shape};
///
/// let path = folder.path().join("pictures");
/// let mut writer = PictureWriter::new(&path, 3, Shape::picture(1, 2))?; // three grey pictures of 1 x 2 pixels
/// writer.write(Some(&["cats/a.jpg".into(), "b.png".into()]), &[0, 1, 2, 3])?;
/// writer.write(None, &[4, 5])?;
/// writer.finish()?;
/// assert_eq!(image::open(path.join("cats/a.jpg.png"))?.into_luma8().into_raw(), [0, 1]);
/// assert_eq!(image::open(path.join("00002.png"))?.into_luma8().into_raw(), [4, 5]); // a row without a name has a number
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PictureWriter {
    target: PathBuf,
    folder: NewFolder,
    shape: Shape,
    promised: usize,
    written: usize,
}

impl PictureWriter {
    /// Makes ready for `rows` rows of a shape of one channel or three. The folder must not exist, or be empty; the folder that
    /// it is to be in must exist.
    ///
    /// # Errors
    /// [`WritePicturesError::Rows`] for another shape, [`WritePicturesError::Occupied`], [`WritePicturesError::Io`].
    pub fn new(folder: &Path, rows: usize, shape: Shape) -> Result<Self, WritePicturesError> {
        let shape = shape.check()?;
        if shape.channels != 1 && shape.channels != 3 {
            return Err(
                DataError::argument("rows for pictures", "1 channel (grey) or 3 (colour)", shape).into()
            );
        }
        if shape.rows.max(shape.cols) > i32::MAX as usize {
            return Err(
                DataError::argument("rows for pictures", "sides that a PNG file can have", shape).into()
            );
        }
        let new = NewFolder::new(folder).map_err(not_made(folder))?;
        Ok(Self { target: folder.to_owned(), folder: new, shape, promised: rows, written: 0 })
    }

    /// Writes the next rows: each channel after channel, under its name, or under its number if there are no names.
    ///
    /// A name is a path in the folder, `/` between folders. One that does not end in `.png` gets it appended.
    ///
    /// # Errors
    /// [`WritePicturesError::Name`] for a name that leads out of the folder, that some system could not have, or that another
    /// row has; [`WritePicturesError::Rows`] for more rows than were promised or as many names as there are not rows;
    /// [`WritePicturesError::Io`]. After an error the folder can't be finished.
    pub fn write(&mut self, names: Option<&[String]>, rows: &[u8]) -> Result<(), WritePicturesError> {
        let (width, left) = (self.shape.numbers(), self.promised - self.written);
        if !rows.len().is_multiple_of(width) || rows.len() / width > left {
            let expected = format!("whole rows of {width}, at most {left}");
            return Err(DataError::argument("bytes of pictures", expected, rows.len()).into());
        }
        let count = rows.len() / width;
        let names: Vec<String> = match names {
            Some(names) if names.len() != count => {
                return Err(DataError::argument("names of pictures", count, names.len()).into());
            }
            Some(names) => names.iter().map(|name| file_name(name)).collect::<Result<_, _>>()?,
            None => (self.written..self.written + count).map(|row| numbered(row, self.promised)).collect(),
        };
        let written =
            in_parallel(rows.chunks_exact(width).zip(&names), |(row, name)| self.write_one(name, row));
        written.into_iter().collect::<Result<(), _>>()?;
        self.written += count;
        Ok(())
    }

    fn write_one(&self, name: &str, row: &[u8]) -> Result<(), WritePicturesError> {
        let path = self.folder.path().join(name);
        let written = fs::create_dir_all(ae_file::folder_of(&path))
            .and_then(|()| File::create_new(&path))
            .and_then(|mut file| file.write_all(&png(row, self.shape)?).and_then(|()| file.sync_all()));
        written.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                WritePicturesError::Name { name: name.to_owned(), reason: "another row has it" }
            }
            _ => failed(&self.target.join(name))(error),
        })
    }

    /// Gives the folder its name, once all rows are written and on the disk.
    ///
    /// # Errors
    /// [`WritePicturesError::Rows`] if there are fewer rows than were promised, [`WritePicturesError::Occupied`] if something
    /// has taken the folder's place, [`WritePicturesError::Io`].
    pub fn finish(self) -> Result<(), WritePicturesError> {
        if self.written < self.promised {
            return Err(DataError::argument("rows for pictures", self.promised, self.written).into());
        }
        self.folder.finish().map_err(not_made(&self.target))
    }
}

/// Why there is no folder.
fn not_made(folder: &Path) -> impl Fn(io::Error) -> WritePicturesError {
    move |error| match error.kind() {
        io::ErrorKind::AlreadyExists => WritePicturesError::Occupied { folder: folder.to_owned() },
        _ => failed(folder)(error),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> WritePicturesError {
    let path = path.to_owned();
    move |source| WritePicturesError::Io { path: path.clone(), source }
}

fn file_name(name: &str) -> Result<String, WritePicturesError> {
    if let Some(reason) = name::fault(name) {
        return Err(WritePicturesError::Name { name: name.to_owned(), reason });
    }
    let is_png = name.len() > 4 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b".png");
    Ok(if is_png { name.to_owned() } else { format!("{name}.png") })
}

/// The name of a row by its number, of as many digits as the last of all rows needs, at least five.
fn numbered(row: usize, rows: usize) -> String {
    let digits = rows.saturating_sub(1).to_string().len().max(5);
    format!("{row:0digits$}.png")
}

fn png(row: &[u8], shape: Shape) -> io::Result<Vec<u8>> {
    let Shape { channels, rows, cols } = shape;
    let mut pixels = Vec::new();
    let (pixels, colour) = match channels {
        1 => (row, ExtendedColorType::L8),
        _ => {
            pixels.reserve_exact(row.len());
            pixels.extend(
                (0..rows * cols).flat_map(|at| (0..channels).map(move |c| row[c * rows * cols + at])),
            );
            (&pixels[..], ExtendedColorType::Rgb8)
        }
    };
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(pixels, cols as u32, rows as u32, colour)
        .map_err(io::Error::other)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_wide_enough_for_the_last() {
        assert_eq!([numbered(0, 0), numbered(7, 100_000)], ["00000.png", "00007.png"]);
        assert_eq!([numbered(7, 100_001), numbered(100_000, 100_001)], ["000007.png", "100000.png"]);
    }

    #[test]
    fn a_name_ends_in_png() {
        let named =
            ["a.png", "a.PnG", "a.jpg", "a", "a.png/b", "png", "ä.png"].map(|name| file_name(name).unwrap());
        assert_eq!(named, ["a.png", "a.PnG", "a.jpg.png", "a.png", "a.png/b.png", "png.png", "ä.png"]);
    }
}
