//! The reading half: a header under suspicion, then values a chunk at a time.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use npyz::{DType, NpyHeader, Order};

use crate::error::{NpyError, NpyErrorKind};
use crate::write::Element;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read. NumPy reads no longer ones either.
pub(crate) const MAX_HEADER_BYTES: u64 = 10_000;
/// A header of ours opens two; each level costs the parser stack, and time that doubles.
const MOST_BRACKETS: usize = 8;
/// Sizes of fewer digits than this, all together, multiply to fewer than 2^64 even if they are hexadecimal.
const MOST_DIGITS: usize = 15;

/// Reads a file of codes from first to last, a chunk at a time. The crate's documentation has an example.
#[derive(Debug)]
pub struct CodeReader {
    path: PathBuf,
    file: BufReader<File>,
    images: usize,
    code: usize,
    read: usize,
    bytes: Vec<u8>,
}

impl CodeReader {
    /// Opens a file that must hold codes of `code` numbers, at least 1; its length has then been found right.
    ///
    /// # Errors
    /// [`NpyError`] with any [`NpyErrorKind`] but `NonFinite`.
    pub fn open(path: &Path, code: usize) -> Result<Self, NpyError> {
        let failed = |source| NpyError { path: path.to_owned(), source };
        let (file, length) = ae_file::open(path).map_err(|error| failed(error.into()))?;
        let mut file = BufReader::new(file);
        let (header, header_bytes) = read_header(&mut file).map_err(failed)?;
        let images = images(&header, code, length.saturating_sub(header_bytes)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, images, code, read: 0, bytes: Vec::new() })
    }

    /// Number of codes in the file.
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there are no codes in the file.
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// Puts the next codes into `codes`, in place of what it held, and says how many: `images` of them (0 counts as
    /// 1), fewer at the file's end, 0 after it.
    ///
    /// # Errors
    /// [`NpyError`] with [`NpyErrorKind::NonFinite`] or [`NpyErrorKind::File`], the latter also where the file has
    /// become shorter since.
    pub fn next_chunk(&mut self, images: usize, codes: &mut Vec<f32>) -> Result<usize, NpyError> {
        self.read_chunk(images, codes).map_err(|source| NpyError { path: self.path.clone(), source })
    }

    fn read_chunk(&mut self, images: usize, codes: &mut Vec<f32>) -> Result<usize, NpyErrorKind> {
        let images = images.max(1).min(self.images - self.read);
        // No more than the file's length, which was counted.
        self.bytes.resize(images * self.code * 4, 0);
        self.file.read_exact(&mut self.bytes)?;
        codes.clear();
        codes.extend(self.bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)));
        if let Some(at) = codes.iter().position(|value| !value.is_finite()) {
            let (row, column) = (self.read + at / self.code, at % self.code);
            return Err(NpyErrorKind::NonFinite { row, column, value: codes[at] });
        }
        self.read += images;
        Ok(images)
    }
}

/// The header, and the bytes it takes.
fn read_header(file: &mut impl Read) -> Result<(NpyHeader, u64), NpyErrorKind> {
    let mut header = Vec::new();
    let mut more = |header: &mut Vec<u8>, bytes: u64| -> io::Result<bool> {
        Ok(file.take(bytes).read_to_end(header)? as u64 == bytes)
    };
    if !more(&mut header, 8)? || !header.starts_with(MAGIC) {
        return Err(NpyErrorKind::Magic);
    }
    let (major, minor) = (header[6], header[7]);
    let length_bytes = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => return Err(NpyErrorKind::Version { major, minor }),
    };
    if !more(&mut header, length_bytes)? {
        return Err(NpyErrorKind::HeaderCut);
    }
    let length = header[8..].iter().rev().fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > MAX_HEADER_BYTES {
        return Err(NpyErrorKind::HeaderLength { found: length });
    }
    let dict = header.len();
    if !more(&mut header, length)? {
        return Err(NpyErrorKind::HeaderCut);
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

/// Number of codes, if the header and the `actual` bytes after it are what is needed.
fn images(header: &NpyHeader, code: usize, actual: u64) -> Result<usize, NpyErrorKind> {
    if header.dtype() != Element::F32.dtype() {
        let found = match header.dtype() {
            DType::Plain(name) => format!("'{name}'"),
            _ => "structures".to_owned(),
        };
        return Err(NpyErrorKind::ElementType { found });
    }
    if header.order() != Order::C {
        return Err(NpyErrorKind::FortranOrder);
    }
    let wrong_shape = || NpyErrorKind::Shape { found: header.shape().to_vec(), code };
    let &[images, width] = header.shape() else { return Err(wrong_shape()) };
    if width != code as u64 || code == 0 {
        return Err(wrong_shape());
    }
    let promised =
        images.checked_mul(width).and_then(|values| values.checked_mul(4)).ok_or_else(wrong_shape)?;
    if actual != promised {
        return Err(NpyErrorKind::Length { promised, actual });
    }
    usize::try_from(images).map_err(|_| wrong_shape())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::{write_header, write_values};
    use ae_file::ReadError;
    use proptest::prelude::*;

    fn npy(version: u8, dict: &[u8], data: &[u8]) -> Vec<u8> {
        let length = dict.len() as u32;
        let length =
            if version == 1 { length.to_le_bytes()[..2].to_vec() } else { length.to_le_bytes().to_vec() };
        [MAGIC, &[version, 0], &length, dict, data].concat()
    }

    fn open(bytes: &[u8], code: usize) -> Result<CodeReader, NpyErrorKind> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.npy");
        std::fs::write(&path, bytes).unwrap();
        CodeReader::open(&path, code).map_err(|error| {
            assert_eq!(error.path, path);
            error.source
        })
    }

    const GOOD: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
    const DATA: &[u8] = &[0; 24];

    fn refused(dict: &str) -> String {
        open(&npy(1, dict.as_bytes(), DATA), 2).unwrap_err().to_string()
    }

    #[test]
    fn headers_of_every_version_and_any_order_of_keys_are_read() {
        for version in [1, 2, 3] {
            assert_eq!(open(&npy(version, GOOD.as_bytes(), DATA), 2).unwrap().len(), 3);
        }
        let other = r#"{"shape":(3,2),"fortran_order":False,"descr":"<f4"}"#;
        assert_eq!(open(&npy(1, other.as_bytes(), DATA), 2).unwrap().len(), 3);
        let none = GOOD.replace('3', "0");
        assert_eq!(open(&npy(1, none.as_bytes(), &[]), 2).unwrap().len(), 0);
    }

    #[test]
    fn each_fault_is_named() {
        for (found, replaced, said) in [
            ("<f4", ">f4", "its elements are '>f4'"),
            ("<f4", "<f8", "its elements are '<f8'"),
            ("<f4", "<i4", "its elements are '<i4'"),
            ("<f4", "|O", "its elements are '|O'"),
            ("<f4", "<f3", "not understood"),
            ("'<f4'", "[('a', '<f4')]", "its elements are structures"),
            ("'<f4'", "4", "not understood"),
            ("False", "True", "Fortran order"),
            ("False", "0", "not understood"),
            ("(3, 2)", "(6,)", "its shape is [6], (images, 2) is needed"),
            ("(3, 2)", "(2, 3)", "its shape is [2, 3]"),
            ("(3, 2)", "(3, 2, 1)", "its shape is [3, 2, 1]"),
            ("(3, 2)", "()", "its shape is []"),
            ("(3, 2)", "(-3, 2)", "not understood"),
            ("(3, 2)", "(3.0, 2)", "not understood"),
            ("(3, 2)", "(4, 2)", "promises 32 bytes of data, 24 are there"),
            ("(3, 2)", "(2, 2)", "promises 16 bytes of data, 24 are there"),
            ("(3, 2)", "(99999999999999, 2)", "promises 799999999999992 bytes of data, 24 are there"),
            ("(3, 2)", "(18446744073709551615, 2)", "its sizes are too large"),
            ("(3, 2)", "(4294967296, 4294967296, 0)", "its sizes are too large"),
            ("(3, 2)", "(0xFFFFFFFFFFFF, 0xFFFFFFFFFFFF)", "its sizes are too large"),
            ("'shape'", "'form'", "not understood"),
            ("{", "", "not understood"),
        ] {
            assert!(GOOD.contains(found));
            let error = refused(&GOOD.replace(found, replaced));
            assert!(error.contains(said) && !error.contains('\n'), "{replaced}: {error}");
        }
    }

    #[test]
    fn deep_brackets_do_not_reach_the_parser() {
        let deep = format!("{}{}", "(".repeat(4_900), ")".repeat(4_900));
        let error = refused(&GOOD.replace("(3, 2)", &deep));
        assert!(error.contains("nests too deeply"), "{error}");
        // As deep as is let through: the parser's work must not explode.
        let deep = format!("{}3{}", "(".repeat(7), ")".repeat(7));
        assert!(refused(&GOOD.replace("(3, 2)", &deep)).contains("not understood"));
    }

    #[test]
    fn a_long_header_is_refused_before_it_is_read() {
        let lie = [MAGIC, &[2, 0], &u32::MAX.to_le_bytes(), b"{}"].concat();
        assert!(matches!(open(&lie, 2), Err(NpyErrorKind::HeaderLength { found: 0xffff_ffff })));
        let cut = [MAGIC, &[1, 0, 200, 0], b"{}"].concat();
        assert!(matches!(open(&cut, 2), Err(NpyErrorKind::HeaderCut)));
        assert!(matches!(open(&npy(4, b"{}", b""), 2), Err(NpyErrorKind::Version { major: 4, minor: 0 })));
    }

    #[test]
    fn codes_of_no_numbers_are_no_codes() {
        let none = GOOD.replace("(3, 2)", "(3, 0)");
        let refused = open(&npy(1, none.as_bytes(), &[]), 0);
        assert!(matches!(refused, Err(NpyErrorKind::Shape { code: 0, .. })), "{refused:?}");
    }

    #[test]
    fn what_is_not_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| CodeReader::open(path, 2).unwrap_err().source;
        assert!(matches!(kind(folder.path()), NpyErrorKind::File(ReadError::Folder)));
        assert!(matches!(kind(&folder.path().join("none")), NpyErrorKind::File(ReadError::Io(_))));
        #[cfg(unix)]
        {
            assert!(matches!(kind(Path::new("/dev/zero")), NpyErrorKind::File(ReadError::NotRegular)));
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            assert!(matches!(kind(&pipe), NpyErrorKind::File(ReadError::NotRegular)));
        }
    }

    #[test]
    fn every_strict_prefix_and_every_longer_file_is_an_error() {
        let good = npy(1, GOOD.as_bytes(), DATA);
        for length in 0..good.len() {
            assert!(open(&good[..length], 2).is_err(), "{length} bytes");
        }
        assert!(matches!(
            open(&[&good[..], b"x"].concat(), 2),
            Err(NpyErrorKind::Length { promised: 24, actual: 25 })
        ));
    }

    #[test]
    fn chunks_are_all_the_values_in_order() {
        let values = [0.5, -1.0, 2.0, f32::MIN_POSITIVE, -0.0, f32::MAX];
        let mut bytes = Vec::new();
        write_header(&mut bytes, Element::F32, &[3, 2]).unwrap();
        write_values(&mut bytes, &values).unwrap();
        let mut reader = open(&bytes, 2).unwrap();
        let (mut all, mut chunk) = (Vec::new(), vec![9.0; 5]);
        for expected in [2, 1, 0, 0] {
            assert_eq!(reader.next_chunk(2, &mut chunk).unwrap(), expected);
            assert_eq!(chunk.len(), 2 * expected);
            all.extend_from_slice(&chunk);
        }
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&all), bits(&values));
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let mut bytes = Vec::new();
        write_header(&mut bytes, Element::F32, &[3, 2]).unwrap();
        write_values(&mut bytes, &[0.0, 1.0, 2.0, 3.0, 4.0, f32::NAN]).unwrap();
        let mut reader = open(&bytes, 2).unwrap();
        let mut chunk = Vec::new();
        reader.next_chunk(2, &mut chunk).unwrap();
        let refused = reader.next_chunk(2, &mut chunk).unwrap_err();
        assert!(matches!(refused.source, NpyErrorKind::NonFinite { row: 2, column: 1, .. }), "{refused:?}");
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(
            changes in prop::collection::vec((0..GOOD.len(), any::<u8>()), 0..4),
            inserted in "[-(){}\\[\\]'\"\\\\:,.0-9a-fjx_uUNTFe<>|+ #\n]{0,12}",
            at in 0..GOOD.len(),
        ) {
            let mut dict = GOOD.as_bytes().to_vec();
            for (at, byte) in changes {
                dict[at] = byte;
            }
            dict.splice(at..at, inserted.bytes());
            let _ = read_header(&mut &npy(1, &dict, &[])[..]).map(|(header, _)| images(&header, 2, 24));
        }
    }
}
