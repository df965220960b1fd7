//! The records of a table, one at a time, none of which may take more memory than is decent.

use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::error::{TableError, TableErrorKind};
use crate::content::Content;
use crate::error::LoadError;

const BUFFER_BYTES: usize = 64 << 10;

/// So much that the buffer of a record, which doubles, does not come to more than 64 MiB with what is read ahead.
const MAX_RECORD_BYTES: usize = (64 << 20) - 2 * BUFFER_BYTES;
const MAX_COLUMNS: usize = 1_000_000;
const COLUMNS: &str = "1,000,000 columns";

/// The records of a table, all with as many cells as the first, in UTF-8.
pub(super) struct Records {
    reader: Reader<Text>,
    record: ByteRecord,
    /// Cells of the first record.
    columns: Option<usize>,
}

impl Records {
    /// `keep` bounds the bytes of text that [`into_text`](Self::into_text) gives back; without it none are kept.
    pub(super) fn new(content: Content, delimiter: u8, keep: Option<u64>) -> Self {
        let kept = keep.map(|limit| (Vec::new(), limit));
        let text = Text {
            content,
            delimiter,
            bytes: 0,
            record_bytes: 0,
            delimiters: 0,
            returns: false,
            kept,
            refused: None,
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(text);
        Self { reader, record: ByteRecord::new(), columns: None }
    }

    /// Reads the next record, and says whether there was one.
    pub(super) fn next(&mut self) -> Result<bool, LoadError> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => return Ok(false),
            Ok(true) => self.reader.get_mut().start_record(),
            Err(error) => return Err(self.failed(error)),
        }
        let found = self.record.len();
        if found > MAX_COLUMNS {
            return Err(self.refused(TableErrorKind::Long { line: self.line(), limit: COLUMNS }));
        }
        let expected = *self.columns.get_or_insert(found);
        if found != expected {
            return Err(self.refused(TableErrorKind::Ragged { line: self.line(), found, expected }));
        }
        let ascii = self.record.as_slice().is_ascii();
        if !ascii && self.record.iter().any(|cell| str::from_utf8(cell).is_err()) {
            return Err(self.refused(TableErrorKind::Utf8 { line: self.line() }));
        }
        Ok(true)
    }

    /// The record that was read last.
    pub(super) fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// The line on which it begins. One too small only in files that mix line ends, or after blank lines before a last
    /// line without an end.
    pub(super) fn line(&self) -> u64 {
        let within = self.record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
        // The reader stops behind a line's `\n`, but between `\r` and `\n`.
        let end = u64::from(!self.reader.get_ref().returns);
        self.line_before().max(self.reader.position().line().saturating_sub(within + end))
    }

    /// The line on which the reader began to look for it.
    fn line_before(&self) -> u64 {
        self.record.position().map_or(1, |position| position.line())
    }

    /// Bytes of text that have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.get_ref().bytes
    }

    /// The text, if it was kept.
    pub(super) fn into_text(self) -> Option<Vec<u8>> {
        self.reader.into_inner().kept.map(|(text, _)| text)
    }

    fn path(&self) -> &Path {
        self.reader.get_ref().content.path()
    }

    /// What is wrong, said of this table.
    pub(super) fn refused(&self, source: TableErrorKind) -> LoadError {
        TableError { path: self.path().to_owned(), source }.into()
    }

    fn failed(&mut self, error: csv::Error) -> LoadError {
        let line = self.line_before();
        match self.reader.get_mut().refused.take() {
            Some(Refused::Long(limit)) => self.refused(TableErrorKind::Long { line, limit }),
            Some(Refused::Held(limit)) => self.refused(TableErrorKind::Held { limit }),
            None => {
                let error = match error.into_kind() {
                    csv::ErrorKind::Io(error) => error,
                    other => io::Error::other(format!("{other:?}")),
                };
                self.reader.get_ref().content.failed(error.into())
            }
        }
    }
}

/// What the reader of records reads, which holds a record whole: it comes to an end before that is too much.
struct Text {
    content: Content,
    delimiter: u8,
    /// Bytes read so far.
    bytes: u64,
    /// Bytes since the last record that are sure to be of the next one, and delimiters among them.
    record_bytes: usize,
    delimiters: usize,
    /// Whether lines end in `\r\n`.
    returns: bool,
    /// What was read, and how much of it there may be.
    kept: Option<(Vec<u8>, u64)>,
    /// Why it came to an end before its time.
    refused: Option<Refused>,
}

/// Why no more is read.
enum Refused {
    /// One record of more than this.
    Long(&'static str),
    /// More bytes than may be kept.
    Held(u64),
}

impl Text {
    /// The last record is read: what comes belongs to another.
    fn start_record(&mut self) {
        (self.record_bytes, self.delimiters) = (0, 0);
    }

    fn refuse(&mut self, refused: Refused) -> io::Result<usize> {
        self.refused = Some(refused);
        Err(io::ErrorKind::InvalidData.into())
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // More is only asked for when all that came before is used up, so that it was all of this record.
        if self.record_bytes > MAX_RECORD_BYTES {
            return self.refuse(Refused::Long("64 MiB"));
        }
        if self.delimiters > MAX_COLUMNS {
            return self.refuse(Refused::Long(COLUMNS));
        }
        let read = self.content.read(buffer)?;
        let new = &buffer[..read];
        self.bytes += read as u64;
        self.record_bytes += read;
        self.delimiters += new.iter().filter(|&&byte| byte == self.delimiter).count();
        self.returns |= new.contains(&b'\r');
        if let Some((text, limit)) = &mut self.kept {
            if (text.len() + read) as u64 > *limit {
                let limit = *limit;
                return self.refuse(Refused::Held(limit));
            }
            text.extend_from_slice(new);
        }
        Ok(read)
    }
}
