//! What stands before an array's elements, under suspicion.

use std::io::{self, Read};

use ae_file::Kind;
use npyz::{NpyHeader, Order};

use super::dtype::Dtype;
use super::error::{MAX_BYTES, NpyError};
use crate::error::OpenErrorKind;
use crate::limits::Limits;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read. NumPy reads no longer ones either.
const MAX_HEADER_BYTES: u64 = 10_000;
/// A header of ours opens two; each level costs the parser stack, and time that doubles.
const MOST_BRACKETS: usize = 8;
/// Sizes of fewer digits than this, all together, multiply to fewer than 2^64 even if they are hexadecimal.
const MOST_DIGITS: usize = 15;

/// Whether a file that starts so is an array.
pub(crate) fn is_npy(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// An array, as its header describes it.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) dtype: Dtype,
    /// At least one: the number of rows, then the sizes of a row.
    pub(crate) sizes: Vec<usize>,
    /// Whether the first numbers of all rows stand first, then all second ones: Fortran order.
    pub(crate) by_columns: bool,
    /// Bytes of the header.
    pub(crate) header_bytes: u64,
    /// Bytes of a row's elements.
    pub(crate) row_bytes: usize,
    /// Bytes of all elements.
    pub(crate) data_bytes: u64,
}

impl Header {
    /// Reads the header of an array of rows, and leaves the source at the first element.
    pub(crate) fn read(source: &mut impl Read) -> Result<Self, OpenErrorKind> {
        let (header, header_bytes) = read_header(source)?;
        let dtype = Dtype::of(&header.dtype())?;
        let too_large = || refused("its sizes are too large for any file");
        let sizes: Result<Vec<usize>, _> = header.shape().iter().map(|&size| size.try_into()).collect();
        let sizes = sizes.map_err(|_| too_large())?;
        let Some((rows, row)) = sizes.split_first() else {
            return Err(refused("it is one lone number, rows of numbers have at least 1 dimension").into());
        };
        let row_bytes = row.iter().try_fold(dtype.bytes(), |bytes, &size| bytes.checked_mul(size));
        let row_bytes = row_bytes.ok_or_else(too_large)?;
        let data_bytes = rows.checked_mul(row_bytes).ok_or_else(too_large)? as u64;
        // Where only one size is more than 1, either order is the same.
        let by_columns =
            header.order() == Order::Fortran && sizes.iter().filter(|&&size| size > 1).count() > 1;
        Ok(Self { dtype, sizes, by_columns, header_bytes, row_bytes, data_bytes })
    }

    /// Reads all elements into memory, to the end of the source.
    pub(crate) fn read_elements(&self, source: impl Read, limits: Limits) -> Result<Vec<u8>, OpenErrorKind> {
        let (promised, limit) = (self.data_bytes, limits.max_bytes.min(MAX_BYTES));
        if promised > limit {
            return Err(NpyError::Limit { found: promised, limit }.into());
        }
        let mut bytes = Vec::new();
        source.take(promised + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 {
            actual if actual != promised => Err(NpyError::Length { promised, actual }.into()),
            _ => Ok(bytes),
        }
    }
}

/// The header, and the bytes it takes.
fn read_header(source: &mut impl Read) -> Result<(NpyHeader, u64), OpenErrorKind> {
    let mut header = Vec::new();
    let mut more = |header: &mut Vec<u8>, bytes: u64| -> io::Result<bool> {
        Ok(source.take(bytes).read_to_end(header)? as u64 == bytes)
    };
    if !more(&mut header, 8)? || !header.starts_with(MAGIC) {
        more(&mut header, Kind::START_BYTES as u64)?;
        return Err(refused(&what_else(&header)).into());
    }
    let (major, minor) = (header[6], header[7]);
    let length_bytes = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => {
            let reason = format!("version {major}.{minor} is not known (known: 1.0, 2.0, 3.0)");
            return Err(refused(&reason).into());
        }
    };
    if !more(&mut header, length_bytes)? {
        return Err(refused("it is cut short").into());
    }
    let length = header[8..].iter().rev().fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > MAX_HEADER_BYTES {
        return Err(refused(&format!("it is {length} bytes long, {MAX_HEADER_BYTES} are the most")).into());
    }
    let dict = header.len();
    if !more(&mut header, length)? {
        return Err(refused("it is cut short").into());
    }
    require_harmless(&header[dict..])?;
    let parsed = NpyHeader::from_reader(&header[..]).map_err(|error| {
        // A parser's message is a drawing of several lines, the first of which says what was done.
        let message = error.to_string();
        refused(&format!("it is not understood: {}", message.lines().next().unwrap_or_default().trim()))
    })?;
    Ok((parsed, header.len() as u64))
}

/// `npyz` recurses into brackets without a bound, and multiplies sizes without a check.
fn require_harmless(dict: &[u8]) -> Result<(), NpyError> {
    if dict.iter().filter(|byte| b"([{".contains(byte)).count() > MOST_BRACKETS {
        return Err(refused("it nests too deeply for an array of numbers"));
    }
    let words = dict.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let digits: usize =
        words.filter(|word| word.first().is_some_and(u8::is_ascii_digit)).map(<[u8]>::len).sum();
    if digits > MOST_DIGITS {
        return Err(refused("its sizes are too large for any file"));
    }
    Ok(())
}

/// What content is that is not what it should be.
pub(super) fn what_else(start: &[u8]) -> String {
    match Kind::of(start) {
        Some(kind) => format!("it is none, but {kind}"),
        None => "it is none, but nothing that is known here".to_owned(),
    }
}

fn refused(reason: &str) -> NpyError {
    NpyError::Header { reason: reason.to_owned() }
}
