//! The thin layer that opens files: plain or gzipped, told apart by content, never by name.

use std::fs::{self, File, Metadata};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{OpenError, OpenErrorKind, ReadError};
use crate::idx::{self, IdxArray};
use crate::limits::Limits;

/// The first two bytes of a gzip file (RFC 1952, section 2.3.1); an IDX file's are zero.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Opens an IDX file, plain or gzipped.
///
/// A gzipped file is read to its end, every member of it, so that its checksums are compared.
///
/// # Errors
/// [`OpenError`] names the file. Its kind says whether the file is missing, is no regular file (folders,
/// devices and pipes are refused without being opened), is a broken gzip stream, or is no IDX array within
/// `limits`.
pub fn open(path: &Path, limits: &Limits) -> Result<IdxArray, OpenError> {
    open_file(path, limits).map_err(|source| OpenError { path: path.to_owned(), source })
}

fn open_file(path: &Path, limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    let (file, length) = open_regular(path)?;
    read_content(file, length, limits)
}

/// A file that is a regular one, and its length.
pub(crate) fn open_regular(path: &Path) -> Result<(BufReader<File>, u64), OpenErrorKind> {
    // Opening a pipe waits for a writer, so what it is must be known first; and as it may be replaced in
    // between, what was opened is asked again.
    require_regular(&fs::metadata(path).map_err(OpenErrorKind::Io)?)?;
    let file = File::open(path).map_err(OpenErrorKind::Io)?;
    let metadata = file.metadata().map_err(OpenErrorKind::Io)?;
    require_regular(&metadata)?;
    Ok((BufReader::with_capacity(64 << 10, file), metadata.len()))
}

fn require_regular(metadata: &Metadata) -> Result<(), OpenErrorKind> {
    match metadata {
        metadata if metadata.is_dir() => Err(OpenErrorKind::Folder),
        metadata if metadata.is_file() => Ok(()),
        _ => Err(OpenErrorKind::NotRegular),
    }
}

/// What [`open`] does, for the bytes of a file that are already in memory.
///
/// # Errors
/// [`OpenErrorKind::Gzip`] or [`OpenErrorKind::Format`].
pub fn open_bytes(bytes: &[u8], limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    read_content(bytes, bytes.len() as u64, limits)
}

fn read_content(mut reader: impl BufRead, length: u64, limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    let mut start = [0; 2];
    let read = idx::fill(&mut reader, &mut start).map_err(OpenErrorKind::Io)?;
    let whole = start[..read].chain(reader);
    if start == GZIP_MAGIC {
        idx::read(MultiGzDecoder::new(whole), limits).map_err(|error| match error {
            ReadError::Io(source) => OpenErrorKind::Gzip(source),
            ReadError::Format(source) => OpenErrorKind::Format(source),
        })
    } else {
        idx::read_sized(whole, Some(length), limits).map_err(|error| match error {
            ReadError::Io(source) => OpenErrorKind::Io(source),
            ReadError::Format(source) => OpenErrorKind::Format(source),
        })
    }
}
