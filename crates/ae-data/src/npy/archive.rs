//! `.npz` files: zip archives of arrays.

use std::io::Read;
use std::path::PathBuf;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use super::error::{MAX_BYTES, NpyError};
use super::header::{Header, what_else};
use super::reader::ArrayReader;
use crate::content::Content;
use crate::error::{LoadError, OpenError, OpenErrorKind};
use crate::limits::Limits;

/// Names in a message.
const NAMED: usize = 12;

/// Whether a file that starts so is a zip archive, an empty one included.
pub(crate) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// An archive in memory. Its arrays are the files in it whose names end in `.npy`, and are called without that.
pub(crate) struct Archive {
    path: PathBuf,
    zip: ZipSliceArchive<Vec<u8>>,
    limits: Limits,
}

/// What the directory says of arrays, those of one name if one is wanted.
struct Found {
    /// Where the last of those that are meant is, and how it is packed.
    entry: Option<(ZipArchiveEntryWayfinder, CompressionMethod)>,
    /// How many are meant.
    meant: u64,
    /// How many there are.
    arrays: u64,
    /// The first names.
    names: Vec<String>,
}

impl Archive {
    /// Reads an archive to its end; the arrays stay packed.
    pub(crate) fn read(mut content: Content, limits: Limits) -> Result<Self, LoadError> {
        let zip = read_zip(&mut content, limits).map_err(|error| content.failed(error))?;
        Ok(Self { path: content.path().to_owned(), zip, limits })
    }

    /// Unpacks the array of this name, with or without `.npy`; or the only one, if no name is given.
    pub(crate) fn array(&self, name: Option<&str>) -> Result<ArrayReader, LoadError> {
        match self.unpack(name) {
            Ok((header, elements)) => Ok(ArrayReader::held(&self.path, header, elements)),
            Err(error) => Err(self.refused(error)),
        }
    }

    /// The first of these names that an array has.
    pub(crate) fn first_of<'a>(&self, names: &[&'a str]) -> Result<Option<&'a str>, LoadError> {
        for &name in names {
            if self.find(Some(name)).map_err(|error| self.refused(error.into()))?.meant > 0 {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Says that it has none of these arrays.
    pub(crate) fn lacks(&self, what: &str, names: &[&str]) -> LoadError {
        let error = self.find(None).map_or_else(
            |error| error,
            |found| {
                let reason = format!("it holds no {what} ({}), but {}", names.join(" or "), found.listed());
                NpyError::Archive { reason }
            },
        );
        self.refused(error.into())
    }

    fn refused(&self, source: OpenErrorKind) -> LoadError {
        OpenError { path: self.path.clone(), source }.into()
    }

    fn unpack(&self, name: Option<&str>) -> Result<(Header, Vec<u8>), OpenErrorKind> {
        let name = name.map(|name| name.strip_suffix(".npy").unwrap_or(name));
        let found = self.find(name)?;
        let (Some((place, method)), 1) = (found.entry, found.meant) else {
            return Err(NpyError::Archive { reason: found.not_one(name) }.into());
        };
        let packed = self.zip.get_entry(place).map_err(broken)?;
        let unpacked: Box<dyn Read> = match method {
            CompressionMethod::STORE => Box::new(packed.data()),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed.data())),
            other => {
                let reason =
                    format!("the array is packed by method {other} (numpy.savez stores and deflates)");
                return Err(NpyError::Archive { reason }.into());
            }
        };
        // Tells at the end if the bytes are not the ones that were packed.
        let mut entry = packed.verifying_reader(unpacked);
        let read = Header::read(&mut entry).and_then(|header| {
            header.read_elements(&mut entry, self.limits).map(|elements| (header, elements))
        });
        read.map_err(|error| match error {
            // No disk is read here: it is the archive.
            OpenErrorKind::File(error) => NpyError::Archive { reason: error.to_string() }.into(),
            error => error,
        })
    }

    fn find(&self, wanted: Option<&str>) -> Result<Found, NpyError> {
        let mut found = Found { entry: None, meant: 0, arrays: 0, names: Vec::new() };
        let mut entries = self.zip.entries();
        while let Some(entry) = entries.next_entry().map_err(broken)? {
            let path = entry.file_path();
            let Some(name) = path.as_bytes().strip_suffix(b".npy") else { continue };
            found.arrays += 1;
            if found.names.len() < NAMED {
                let name = String::from_utf8_lossy(name);
                // Whoever made the archive chose it: no line breaks, and not 64 KiB.
                found.names.push(name.escape_debug().take(60).collect());
            }
            if wanted.is_none_or(|wanted| wanted.as_bytes() == name) {
                found.meant += 1;
                found.entry = Some((entry.wayfinder(), entry.compression_method()));
            }
        }
        Ok(found)
    }
}

impl Found {
    fn not_one(&self, wanted: Option<&str>) -> String {
        match wanted {
            Some(name) if self.meant > 1 => format!("it holds {} arrays of the name {name}", self.meant),
            Some(name) => format!("it holds no array {name}, but {}", self.listed()),
            None if self.arrays == 0 => {
                "it holds no array, which is a file whose name ends in .npy: unpack it with `unzip`"
                    .to_owned()
            }
            None => {
                format!("it holds {}; --array NAME says which is meant (ReadOptions::array)", self.listed())
            }
        }
    }

    fn listed(&self) -> String {
        let more = match self.arrays - self.names.len() as u64 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match self.arrays {
            0 => "none at all".to_owned(),
            1 => format!("1 array: {}", self.names.join(", ")),
            arrays => format!("{arrays} arrays: {}{more}", self.names.join(", ")),
        }
    }
}

fn read_zip(content: &mut Content, limits: Limits) -> Result<ZipSliceArchive<Vec<u8>>, OpenErrorKind> {
    if !is_zip(content.start()) {
        return Err(NpyError::Archive { reason: what_else(content.start()) }.into());
    }
    let limit = limits.max_bytes.min(MAX_BYTES);
    let mut bytes = Vec::new();
    let too_long = content.plain_bytes().is_some_and(|length| length > limit)
        || content.take(limit + 1).read_to_end(&mut bytes)? as u64 > limit;
    if too_long {
        let reason =
            format!("it is longer than the {limit} bytes that are held: save the array alone (numpy.save)");
        return Err(NpyError::Archive { reason }.into());
    }
    Ok(ZipArchive::from_slice(bytes).map_err(broken)?)
}

fn broken(error: rawzip::Error) -> NpyError {
    NpyError::Archive { reason: error.to_string() }
}
