//! What stands before an array's elements, under suspicion.

use std::io::{self, Read};

use ae_file::Kind;
use npyz::{NpyHeader, Order};

use crate::error::NpyErrorKind;
use crate::float::Float;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read. NumPy reads no longer ones either.
const MAX_HEADER_BYTES: u64 = 10_000;
/// A header of ours opens two; each level costs the parser stack, and time that doubles.
const MOST_BRACKETS: usize = 8;
/// Sizes of fewer digits than this, all together, multiply to fewer than 2^64 even if they are hexadecimal.
const MOST_DIGITS: usize = 15;

/// An array of codes, as its header describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Array {
    pub(crate) float: Float,
    pub(crate) images: usize,
    /// Numbers a code.
    pub(crate) code: usize,
    /// Whether the first numbers of all codes stand first, then all second ones: Fortran order.
    pub(crate) by_columns: bool,
    /// Bytes of the header.
    pub(crate) header_bytes: u64,
    /// Bytes of the elements.
    pub(crate) data_bytes: u64,
}

impl Array {
    /// Reads the header of an array that must be codes of `code` numbers.
    pub(crate) fn read(source: &mut impl Read, code: usize) -> Result<Self, NpyErrorKind> {
        let (header, header_bytes) = read_header(source)?;
        let float = Float::of(&header.dtype())?;
        let wrong_shape = || NpyErrorKind::Shape { found: header.shape().to_vec(), code };
        let images = match *header.shape() {
            _ if code == 0 => return Err(wrong_shape()),
            [images, width] if width == code as u64 => images,
            [width] if width == code as u64 => 1,
            [images] if code == 1 => images,
            _ => return Err(wrong_shape()),
        };
        let bytes =
            images.checked_mul(code as u64).and_then(|values| values.checked_mul(float.bytes() as u64));
        let data_bytes = bytes.ok_or_else(wrong_shape)?;
        let images = usize::try_from(images).map_err(|_| wrong_shape())?;
        // A single row or column is the same in either order.
        let by_columns = header.order() == Order::Fortran && images > 1 && code > 1;
        Ok(Self { float, images, code, by_columns, header_bytes, data_bytes })
    }
}

/// The header, and the bytes it takes.
fn read_header(source: &mut impl Read) -> Result<(NpyHeader, u64), NpyErrorKind> {
    let mut header = Vec::new();
    let mut more = |header: &mut Vec<u8>, bytes: u64| -> io::Result<bool> {
        Ok(source.take(bytes).read_to_end(header)? as u64 == bytes)
    };
    let refused = |reason: &str| Err(NpyErrorKind::Header { reason: reason.to_owned() });
    if !more(&mut header, 8)? || !header.starts_with(MAGIC) {
        more(&mut header, Kind::START_BYTES as u64)?;
        return Err(NpyErrorKind::Foreign(Kind::of(&header)));
    }
    let (major, minor) = (header[6], header[7]);
    let length_bytes = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => return refused(&format!("version {major}.{minor} is not known (known: 1.0, 2.0, 3.0)")),
    };
    if !more(&mut header, length_bytes)? {
        return refused("it is cut short");
    }
    let length = header[8..].iter().rev().fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > MAX_HEADER_BYTES {
        return refused(&format!("it is {length} bytes long, {MAX_HEADER_BYTES} are the most"));
    }
    let dict = header.len();
    if !more(&mut header, length)? {
        return refused("it is cut short");
    }
    require_harmless(&header[dict..])?;
    let parsed = NpyHeader::from_reader(&header[..]).map_err(|error| {
        // A parser's message is a drawing of several lines, the first of which says what was done.
        let message = error.to_string();
        NpyErrorKind::Header { reason: message.lines().next().unwrap_or_default().trim().to_owned() }
    })?;
    Ok((parsed, header.len() as u64))
}

/// `npyz` recurses into brackets without a bound, and multiplies sizes without a check.
fn require_harmless(dict: &[u8]) -> Result<(), NpyErrorKind> {
    let refused = |reason: &str| Err(NpyErrorKind::Header { reason: reason.to_owned() });
    if dict.iter().filter(|byte| b"([{".contains(byte)).count() > MOST_BRACKETS {
        return refused("it nests too deeply for an array of numbers");
    }
    let words = dict.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let digits: usize =
        words.filter(|word| word.first().is_some_and(u8::is_ascii_digit)).map(<[u8]>::len).sum();
    if digits > MOST_DIGITS {
        return refused("its sizes are too large for any file");
    }
    Ok(())
}
