//! The thin layer that opens files: plain or gzipped, told apart by content, never by name.

use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{IdxError, OpenError, OpenErrorKind};
use crate::idx::{self, IdxArray, IdxHeader};
use crate::limits::Limits;

/// The first two bytes of a gzip file (RFC 1952, section 2.3.1); an IDX file's are zero.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A gzip file that promises more is unpacked once to count what is there, before it is unpacked to keep it:
/// refusing it takes no memory, reading it twice as long. MNIST's training images are just below.
const UNCOUNTED_BYTES: u64 = 48 << 20;

/// Opens an IDX file, plain or gzipped.
///
/// A gzipped file is read to its end, every member of it, so that its checksums are compared. Where it promises
/// more than 48 MiB it is read twice, the first time to see whether it keeps the promise, so that refusing any file
/// takes less than 100 MiB of memory.
///
/// # Errors
/// [`OpenError`] names the file. Its kind says whether the file is missing, is no regular file (folders,
/// devices and pipes are refused without being opened), is a broken gzip stream, or is no IDX array within
/// `limits`.
pub fn open(path: &Path, limits: &Limits) -> Result<IdxArray, OpenError> {
    open_file(path, limits).map_err(|source| OpenError { path: path.to_owned(), source })
}

fn open_file(path: &Path, limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    let (file, length) = ae_file::open(path)?;
    read_content(BufReader::with_capacity(64 << 10, file), length, limits)
}

/// What [`open`] does, for the bytes of a file that are already in memory.
///
/// # Errors
/// [`OpenErrorKind::Gzip`] or [`OpenErrorKind::Format`].
pub fn open_bytes(bytes: &[u8], limits: &Limits) -> Result<IdxArray, OpenErrorKind> {
    read_content(Cursor::new(bytes), bytes.len() as u64, limits)
}

fn read_content(
    mut reader: impl BufRead + Seek,
    length: u64,
    limits: &Limits,
) -> Result<IdxArray, OpenErrorKind> {
    if !begins_gzip(&mut reader)? {
        return idx::read_sized(reader, Some(length), limits);
    }
    read_gzip(reader, length, limits).map_err(in_gzip)
}

/// What an error in unpacked content is to whoever knows that it was packed.
pub(crate) fn in_gzip(error: OpenErrorKind) -> OpenErrorKind {
    match error {
        OpenErrorKind::File(ae_file::ReadError::Io(source)) => OpenErrorKind::Gzip(source),
        OpenErrorKind::Format(IdxError::Magic { found, .. }) if found >> 16 == 0x1f8b => packed_twice(),
        OpenErrorKind::Foreign(Some(kind)) if kind.is_gzip() => packed_twice(),
        error => error,
    }
}

fn packed_twice() -> OpenErrorKind {
    let twice = "it was packed twice; unpack it once with `gunzip`";
    OpenErrorKind::Gzip(io::Error::new(io::ErrorKind::InvalidData, twice))
}

/// Whether the content is gzip; afterwards the reader stands where the content begins.
fn begins_gzip(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut start = [0; 2];
    idx::fill(reader, &mut start)?;
    reader.rewind()?;
    Ok(start == GZIP_MAGIC)
}

fn read_gzip(
    mut packed: impl BufRead + Seek,
    length: u64,
    limits: &Limits,
) -> Result<IdxArray, OpenErrorKind> {
    let mut decoder = MultiGzDecoder::new(&mut packed);
    let header = IdxHeader::read(&mut decoder, None)?;
    header.require_within(limits)?;
    header.require_packable(length)?;
    let promised = header.data_bytes;
    if promised <= UNCOUNTED_BYTES {
        return idx::read_data(decoder, header);
    }
    // How much is there is known only once all of it has been unpacked, and nothing is kept until it is known.
    let actual = io::copy(&mut decoder.take(promised + 1), &mut io::sink())?;
    if actual < promised {
        return Err(IdxError::Length { promised, actual }.into());
    }
    if actual > promised {
        return Err(IdxError::Trailing { promised }.into());
    }
    packed.rewind()?;
    let mut decoder = MultiGzDecoder::new(packed);
    io::copy(&mut decoder.by_ref().take(header.header_bytes()), &mut io::sink())?;
    idx::read_data(decoder, header)
}
