//! A file or a stream as the bytes that it means: decompressed where it is gzipped, which is told by its content.

use std::fmt;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use ae_file::Kind;
use flate2::bufread::MultiGzDecoder;

use crate::error::{LoadError, OpenError, OpenErrorKind};
use crate::idx::fill;
use crate::open::{GZIP_MAGIC, in_gzip};

/// Bytes to be read from first to last, and what is known of them before.
pub(crate) struct Content {
    reader: Box<dyn Read + Send>,
    /// The first of them, which the reader gives too.
    start: Vec<u8>,
    /// What errors call it.
    path: PathBuf,
    /// Bytes of the file, packed if it is; nothing of a stream.
    length: Option<u64>,
    gzip: bool,
}

impl Content {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self, LoadError> {
        let refused = |source: OpenErrorKind| OpenError { path: path.to_owned(), source };
        let (file, length) = ae_file::open(path).map_err(|error| refused(error.into()))?;
        Self::detect(file, path.to_owned(), Some(length))
    }

    /// What comes from a stream of any length; `name` stands in errors where a file's path would.
    pub(crate) fn of_stream(stream: impl Read + Send + 'static, name: PathBuf) -> Result<Self, LoadError> {
        Self::detect(stream, name, None)
    }

    /// Tells by the first bytes, without going back, as a pipe cannot.
    fn detect(
        mut stream: impl Read + Send + 'static,
        path: PathBuf,
        length: Option<u64>,
    ) -> Result<Self, LoadError> {
        let mut magic = [0; GZIP_MAGIC.len()];
        let begin = fill(&mut stream, &mut magic);
        let (begin, failed) = match begin {
            Ok(begin) => (begin as u64, None),
            Err(error) => (0, Some(error)),
        };
        let whole = BufReader::with_capacity(64 << 10, Cursor::new(magic).take(begin).chain(stream));
        let gzip = magic == GZIP_MAGIC;
        let reader: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let mut content = Self { reader, start: Vec::new(), path, length, gzip };
        let mut start = vec![0; Kind::START_BYTES];
        let read = failed.map_or_else(|| fill(&mut content.reader, &mut start), Err);
        let read = read.map_err(|error| content.failed(error.into()))?;
        start.truncate(read);
        content.start.clone_from(&start);
        let rest = std::mem::replace(&mut content.reader, Box::new(io::empty()));
        content.reader = Box::new(Cursor::new(start).chain(rest));
        Ok(content)
    }

    /// The first bytes, fewer than [`Kind::START_BYTES`] only where there are no more.
    pub(crate) fn start(&self) -> &[u8] {
        &self.start
    }

    /// What errors call it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that there are, where that is known before they are read: of a file that is not packed.
    pub(crate) fn plain_bytes(&self) -> Option<u64> {
        self.length.filter(|_| !self.gzip)
    }

    /// Bytes of the file where it is packed.
    pub(crate) fn packed_bytes(&self) -> Option<u64> {
        self.length.filter(|_| self.gzip)
    }

    /// What is wrong with it, said of what it is.
    pub(crate) fn failed(&self, error: OpenErrorKind) -> LoadError {
        let source = if self.gzip { in_gzip(error) } else { error };
        OpenError { path: self.path.clone(), source }.into()
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("path", &self.path).field("gzip", &self.gzip).finish_non_exhaustive()
    }
}
