//! Little-endian numbers out of a slice, one after the other.

use crate::AezError;

/// What is left of a part of a file.
pub(crate) struct Bytes<'a> {
    what: &'static str,
    whole: usize,
    left: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, whole: bytes.len(), left: bytes }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], AezError> {
        let Some((first, left)) = self.left.split_first_chunk() else {
            let needed = (self.whole - self.left.len() + N) as u64;
            return Err(AezError::Length { what: self.what, needed, actual: self.whole as u64 });
        };
        self.left = left;
        Ok(*first)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, AezError> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, AezError> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, AezError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    /// Everything that has not been taken.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.left
    }
}
