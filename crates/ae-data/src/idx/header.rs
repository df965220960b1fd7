//! What stands before the elements: read under suspicion, or made of sizes that fit it.

use std::io::{self, Read, Write};

use ae_file::Kind;

use super::{ElementType, fill};
use crate::error::{DataError, IdxError, OpenErrorKind};
use crate::limits::Limits;

/// What stands before the elements: their type and the sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdxHeader {
    /// What one element is.
    pub(crate) element_type: ElementType,
    /// The sizes, slowest dimension first.
    pub(crate) dims: Vec<u32>,
    /// Elements that should follow.
    pub(crate) elements: usize,
    /// Their bytes.
    pub(crate) data_bytes: u64,
}

impl IdxHeader {
    /// Reads a header and leaves the reader at the first element; `total_bytes` is the length of the whole input where
    /// it is known.
    ///
    /// Says nothing about the elements: whether they are there, and whether they are within some limit, is for
    /// whoever reads them to find out.
    ///
    /// # Errors
    /// [`OpenErrorKind::File`] if the reader fails; as [`OpenErrorKind::Format`], [`IdxError::HeaderLength`],
    /// [`IdxError::Magic`], [`IdxError::ElementType`], [`IdxError::ByteOrder`] or [`IdxError::Overflow`].
    pub(crate) fn read(mut reader: impl Read, total_bytes: Option<u64>) -> Result<Self, OpenErrorKind> {
        let mut magic = [0; 4];
        let read = fill(&mut reader, &mut magic)?;
        if read < magic.len() {
            return Err(IdxError::HeaderLength { needed: 4, actual: read as u64 }.into());
        }
        let [0, 0, code, rank] = magic else {
            return Err(what_else(magic, reader)?.into());
        };
        let element_type = ElementType::from_code(code).ok_or(IdxError::ElementType { code })?;

        let mut sizes = vec![0; 4 * usize::from(rank)];
        let read = fill(&mut reader, &mut sizes)?;
        if read < sizes.len() {
            return Err(
                IdxError::HeaderLength { needed: 4 + sizes.len() as u64, actual: 4 + read as u64 }.into()
            );
        }
        let dims: Vec<u32> = sizes.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size)).collect();
        if let Some(total) = total_bytes {
            let data = total.saturating_sub(4 + sizes.len() as u64);
            let fits = |dims: &[u32]| count(element_type, dims).is_some_and(|(_, bytes)| bytes == data);
            let swapped: Vec<u32> = dims.iter().map(|size| size.swap_bytes()).collect();
            if !fits(&dims) && fits(&swapped) {
                return Err(IdxError::ByteOrder { element_type, dims: swapped }.into());
            }
        }
        Ok(IdxHeader::new(element_type, dims)?)
    }

    /// The header of an array of these sizes.
    ///
    /// # Errors
    /// [`DataError::Argument`] with more than 255 dimensions, if a size is beyond 32 bits, or if the bytes cannot be
    /// counted.
    pub(crate) fn of(element_type: ElementType, dims: &[usize]) -> Result<Self, DataError> {
        IdxHeader::new(element_type, header_sizes(dims)?).map_err(|_| {
            let expected = "fewer bytes than overflow the address space";
            DataError::argument("dimensions of an IDX array", expected, format!("{dims:?}"))
        })
    }

    /// Writes the header; the elements follow it.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub(crate) fn write(&self, mut writer: impl Write) -> io::Result<()> {
        let rank = u8::try_from(self.dims.len()).expect("a header has at most 255 sizes");
        writer.write_all(&[0, 0, self.element_type.code(), rank])?;
        self.dims.iter().try_for_each(|size| writer.write_all(&size.to_be_bytes()))
    }

    fn new(element_type: ElementType, dims: Vec<u32>) -> Result<Self, IdxError> {
        match count(element_type, &dims) {
            Some((elements, data_bytes)) => Ok(IdxHeader { element_type, dims, elements, data_bytes }),
            None => Err(IdxError::Overflow { dims }),
        }
    }

    /// Bytes of the header itself.
    pub(crate) fn header_bytes(&self) -> u64 {
        4 + 4 * self.dims.len() as u64
    }

    pub(crate) fn require_within(&self, limits: &Limits) -> Result<(), IdxError> {
        match self.data_bytes {
            asked if asked > limits.max_bytes => Err(IdxError::Limit { asked, limit: limits.max_bytes }),
            _ => Ok(()),
        }
    }

    /// Refuses a promise that an input of so many bytes, header and all, does not keep.
    pub(crate) fn require_length(&self, total_bytes: u64) -> Result<(), IdxError> {
        match (self.data_bytes, total_bytes.saturating_sub(self.header_bytes())) {
            (promised, actual) if actual != promised => Err(IdxError::Length { promised, actual }),
            _ => Ok(()),
        }
    }

    /// Refuses a promise that so many bytes of gzip cannot keep.
    pub(crate) fn require_packable(&self, packed: u64) -> Result<(), IdxError> {
        // Deflate's shortest codes, for a length and for a distance, are one bit each, and the longest length is
        // 258 bytes (RFC 1951, 3.2.5).
        const MOST_UNPACKED: u64 = 258 * 8 / 2;
        match self.data_bytes {
            promised if promised > packed.saturating_mul(MOST_UNPACKED) => {
                Err(IdxError::Packed { promised, packed })
            }
            _ => Ok(()),
        }
    }
}

/// What an input is that does not begin with two zero bytes, as far as its beginning tells.
fn what_else(magic: [u8; 4], mut reader: impl Read) -> Result<IdxError, OpenErrorKind> {
    let mut start = [0; Kind::START_BYTES];
    start[..4].copy_from_slice(&magic);
    let start_bytes = 4 + fill(&mut reader, &mut start[4..])?;
    let kind = Kind::of(&start[..start_bytes]);
    Ok(match (magic, ElementType::from_code(magic[1])) {
        ([rank @ 1..=8, _, 0, 0], Some(element_type)) if kind.is_none() => {
            let sizes = start[4..start_bytes].as_chunks().0.iter().take(rank.into());
            IdxError::ByteOrder { element_type, dims: sizes.map(|&size| u32::from_le_bytes(size)).collect() }
        }
        _ => IdxError::Magic { found: u32::from_be_bytes(magic), kind },
    })
}

/// How many elements an array has, and how many bytes they take; `None` if either cannot be counted.
fn count(element_type: ElementType, dims: &[u32]) -> Option<(usize, u64)> {
    let elements = checked_product(dims.iter().map(|&size| size as usize))?;
    Some((elements, elements.checked_mul(element_type.size())? as u64))
}

/// The sizes as a header holds them.
pub(super) fn header_sizes(dims: &[usize]) -> Result<Vec<u32>, DataError> {
    if dims.len() > usize::from(u8::MAX) {
        return Err(DataError::argument("dimensions of an IDX array", "at most 255", dims.len()));
    }
    dims.iter()
        .enumerate()
        .map(|(axis, &size)| {
            u32::try_from(size).map_err(|_| {
                let found = format!("{size} in dimension {axis}");
                DataError::argument("a size of an IDX array", "at most 4294967295", found)
            })
        })
        .collect()
}

/// The product of the sizes, 0 if any is 0 however large the others are; `None` if it cannot be counted.
pub(super) fn checked_product(mut dims: impl Iterator<Item = usize> + Clone) -> Option<usize> {
    if dims.clone().any(|size| size == 0) {
        return Some(0);
    }
    dims.try_fold(1_usize, usize::checked_mul)
}
