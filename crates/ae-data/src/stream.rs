//! Images a few at a time, for sets larger than memory: read from a file, written to whatever takes bytes.

use std::fmt;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{DataError, IdxError, LoadError, OpenError, OpenErrorKind, WriteError};
use crate::idx::{self, ElementType, IdxHeader};
use crate::images::{IMAGES, require_size};
use crate::limits::Limits;
use crate::open::{GZIP_MAGIC, in_gzip};

/// Reads a file of images from first to last, plain or gzipped, a chunk at a time.
///
/// All chunks together are what [`open_images`](crate::open_images) gives at once. [`Limits`] bound a chunk, not
/// the file.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("five.idx");
/// use ae_data::{ImageReader, ImageWriter, Limits};
///
/// let mut writer = ImageWriter::new(std::fs::File::create(&path)?, 5, 1, 2)?; // five images of 1 x 2 pixels
/// writer.write(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])?;
/// writer.finish()?;
///
/// let mut reader = ImageReader::open(&path, &Limits::default())?;
/// let mut pixels = Vec::new();
/// assert_eq!(reader.next_chunk(3, &mut pixels)?, 3);
/// assert_eq!(pixels, [0, 1, 2, 3, 4, 5]);
/// assert_eq!(reader.next_chunk(3, &mut pixels)?, 2);
/// assert_eq!(pixels, [6, 7, 8, 9]);
/// assert_eq!(reader.next_chunk(3, &mut pixels)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ImageReader {
    path: PathBuf,
    content: Content,
    limits: Limits,
    images: usize,
    rows: usize,
    cols: usize,
    left: usize,
    ended: bool,
}

impl ImageReader {
    /// Opens a file and reads its header.
    ///
    /// A plain file has been found as long as its header says; a gzipped one is known to be sound only when
    /// its last chunk has come, and is refused here if no gzip file of its length could be.
    ///
    /// # Errors
    /// [`LoadError::Open`] as [`open`](crate::open()) gives it, [`LoadError::Content`] if the array is not of
    /// `(images, rows, cols)` unsigned bytes, or its images have no pixels.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, LoadError> {
        let opened = ae_file::open(path);
        let (file, length) =
            opened.map_err(|error| OpenError { path: path.to_owned(), source: error.into() })?;
        Self::begin(file, Some(length), path.to_owned(), limits)
    }

    /// Reads the header of images that come from a stream, plain or gzipped, and of any length: standard input, a pipe.
    ///
    /// `name` stands in errors where a file's path would. A stream is known to be as long as its header says only when its
    /// last chunk has come.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Example
    /// ```
    /// use ae_data::{ImageReader, Limits};
    ///
    /// let bytes: &[u8] = &[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]; // one image of 1 x 2 pixels
    /// let mut reader = ImageReader::from_stream(bytes, "standard input", &Limits::default())?;
    /// let mut pixels = Vec::new();
    /// assert_eq!(reader.next_chunk(10, &mut pixels)?, 1);
    /// assert_eq!(pixels, [7, 9]);
    /// # Ok::<(), ae_data::LoadError>(())
    /// ```
    pub fn from_stream(
        stream: impl Read + Send + 'static,
        name: impl Into<PathBuf>,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        Self::begin(stream, None, name.into(), limits)
    }

    fn begin(
        stream: impl Read + Send + 'static,
        length: Option<u64>,
        path: PathBuf,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let failed = |source| OpenError { path: path.clone(), source };
        let mut content = Content::detect(stream).map_err(|error| failed(error.into()))?;
        let header = content.header(length).map_err(failed)?;
        let [images, rows, cols] =
            image_dims(&header).map_err(|source| LoadError::Content { path: path.clone(), source })?;
        Ok(Self { path, content, limits: *limits, images, rows, cols, left: images, ended: false })
    }

    /// Number of images in the file, as its header says.
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there are no images in the file.
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// Rows an image, at least 1.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns an image, at least 1.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Proves that the images are of the size a model takes.
    ///
    /// # Errors
    /// [`DataError::ImageSize`] with both sizes.
    pub fn require_size(&self, rows: usize, cols: usize) -> Result<(), DataError> {
        require_size((self.rows, self.cols), (rows, cols))
    }

    /// Puts the next images into `pixels`, in place of what it held, and says how many: `images` of them (0 counts
    /// as 1), fewer at the file's end, 0 after it.
    ///
    /// With the last image, the file has been read to its end: nothing follows, and the checksums of a gzipped
    /// one are right. Memory follows the bytes that have come, never the header's promise.
    ///
    /// # Errors
    /// [`LoadError::Open`] if the chunk is larger than the limit, the file cannot be read or decompressed, ends
    /// too soon, or goes on after the last image.
    pub fn next_chunk(&mut self, images: usize, pixels: &mut Vec<u8>) -> Result<usize, LoadError> {
        let read = self.read_chunk(images, pixels).map_err(|error| self.content.of_content(error));
        read.map_err(|source| OpenError { path: self.path.clone(), source }.into())
    }

    fn read_chunk(&mut self, images: usize, pixels: &mut Vec<u8>) -> Result<usize, OpenErrorKind> {
        pixels.clear();
        let images = images.max(1).min(self.left);
        // No more than the header's product, which is known to be countable.
        let wanted = (images * self.rows * self.cols) as u64;
        if wanted > self.limits.max_bytes {
            return Err(IdxError::Limit { asked: wanted, limit: self.limits.max_bytes }.into());
        }
        let read = (&mut self.content.reader).take(wanted).read_to_end(pixels)? as u64;
        if read < wanted {
            let per_image = (self.rows * self.cols) as u64;
            let before = (self.images - self.left) as u64 * per_image;
            return Err(
                IdxError::Length { promised: self.images as u64 * per_image, actual: before + read }.into()
            );
        }
        self.left -= images;
        if self.left == 0 && !self.ended {
            // Asking once more also makes a decompressor check its checksum, which stands after the data.
            if idx::fill(&mut self.content.reader, &mut [0])? != 0 {
                let promised = (self.images * self.rows * self.cols) as u64;
                return Err(IdxError::Trailing { promised }.into());
            }
            self.ended = true;
        }
        Ok(images)
    }
}

fn image_dims(header: &IdxHeader) -> Result<[usize; 3], DataError> {
    let (element_type, rank) = (header.element_type, header.dims.len());
    match header.dims[..] {
        [images, rows, cols] if element_type == ElementType::U8 => {
            let (rows, cols) = (rows as usize, cols as usize);
            if rows == 0 || cols == 0 {
                return Err(DataError::ZeroSize { rows, cols });
            }
            Ok([images as usize, rows, cols])
        }
        _ => Err(DataError::Kind { expected: IMAGES, rank, element_type }),
    }
}

/// A stream's bytes, decompressed where they are gzipped.
struct Content {
    reader: Box<dyn Read + Send>,
    gzip: bool,
}

impl Content {
    /// Tells by the first two bytes, without going back, as a pipe cannot.
    fn detect(mut stream: impl Read + Send + 'static) -> io::Result<Self> {
        let mut start = [0; GZIP_MAGIC.len()];
        let read = idx::fill(&mut stream, &mut start)? as u64;
        let whole = BufReader::with_capacity(64 << 10, Cursor::new(start).take(read).chain(stream));
        Ok(if start == GZIP_MAGIC {
            Self { reader: Box::new(MultiGzDecoder::new(whole)), gzip: true }
        } else {
            Self { reader: Box::new(whole), gzip: false }
        })
    }

    /// Reads the header, and holds it to the length of the whole stream where that is known.
    fn header(&mut self, length: Option<u64>) -> Result<IdxHeader, OpenErrorKind> {
        if self.gzip {
            let header = IdxHeader::read(&mut self.reader, None).map_err(in_gzip)?;
            length.map_or(Ok(()), |length| header.require_packable(length))?;
            return Ok(header);
        }
        let header = IdxHeader::read(&mut self.reader, length)?;
        length.map_or(Ok(()), |length| header.require_length(length))?;
        Ok(header)
    }

    /// An error met while reading, given what the content is.
    fn of_content(&self, error: OpenErrorKind) -> OpenErrorKind {
        if self.gzip { in_gzip(error) } else { error }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("gzip", &self.gzip).finish_non_exhaustive()
    }
}

/// Writes images of a known number and size, as many at a time as there are: an IDX array of `(images, rows,
/// cols)` unsigned bytes.
///
/// [`ImageReader`] has an example.
#[derive(Debug)]
pub struct ImageWriter<W> {
    writer: W,
    promised: u64,
    written: u64,
}

impl<W: Write> ImageWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`WriteError::Images`] if a size does not fit the format's 32 bits or the pixels cannot be counted,
    /// [`WriteError::Io`] if the writer fails.
    pub fn new(mut writer: W, images: usize, rows: usize, cols: usize) -> Result<Self, WriteError> {
        let header = IdxHeader::of(ElementType::U8, &[images, rows, cols])?;
        header.write(&mut writer).map_err(WriteError::Io)?;
        Ok(Self { writer, promised: header.data_bytes, written: 0 })
    }

    /// Writes the next pixels: image after image, each row-major with the top-left pixel first.
    ///
    /// # Errors
    /// [`WriteError::Images`] if there are more pixels than were promised, of which none is then written;
    /// [`WriteError::Io`] if the writer fails.
    pub fn write(&mut self, pixels: &[u8]) -> Result<(), WriteError> {
        let actual = self.written + pixels.len() as u64;
        if actual > self.promised {
            return Err(DataError::argument("pixels", format!("at most {}", self.promised), actual).into());
        }
        self.writer.write_all(pixels).map_err(WriteError::Io)?;
        self.written = actual;
        Ok(())
    }

    /// Gives the writer back, unflushed, once all pixels are written.
    ///
    /// # Errors
    /// [`WriteError::Images`] if there are fewer pixels than were promised.
    pub fn finish(self) -> Result<W, WriteError> {
        if self.written < self.promised {
            return Err(DataError::argument("pixels", self.promised, self.written).into());
        }
        Ok(self.writer)
    }
}
