//! The writing half: a header, then values.

use std::io::{self, Write};

use npyz::{DType, WriteOptions, WriterBuilder};

/// Values are turned into bytes this many at a time.
const CHUNK_VALUES: usize = 16 << 10;

/// What an array's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Little-endian 32-bit floats, `<f4`.
    F32,
    /// Unsigned bytes, `|u1`.
    U8,
}

impl Element {
    pub(crate) fn dtype(self) -> DType {
        let name = match self {
            Self::F32 => "<f4",
            Self::U8 => "|u1",
        };
        DType::new_scalar(name.parse().expect("a name that NumPy gives"))
    }
}

/// Writes what stands before the elements of an array in C order, as NumPy writes it.
///
/// # Errors
/// Whatever the writer answers.
pub fn write_header(out: impl Write, element: Element, shape: &[u64]) -> io::Result<()> {
    let options = WriteOptions::new_header_only().dtype(element.dtype()).shape(shape);
    options.writer(out).write_header_only()?;
    Ok(())
}

/// Writes values as elements of an array of [`Element::F32`], bit for bit.
///
/// # Errors
/// Whatever the writer answers.
pub fn write_values(mut out: impl Write, values: &[f32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * values.len().min(CHUNK_VALUES));
    for chunk in values.chunks(CHUNK_VALUES) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_as_numpy_wants_them() {
        for (element, shape, dict) in [
            (
                Element::F32,
                &[10_000, 32][..],
                "{'descr': '<f4', 'fortran_order': False, 'shape': (10000, 32, ), }",
            ),
            (Element::U8, &[12], "{'descr': '|u1', 'fortran_order': False, 'shape': (12, ), }"),
        ] {
            let mut bytes = Vec::new();
            write_header(&mut bytes, element, shape).unwrap();
            assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
            assert!(bytes.len().is_multiple_of(16) && bytes.ends_with(b"\n"));
            assert_eq!(str::from_utf8(&bytes[10..]).unwrap().trim_end(), dict);
        }
    }

    #[test]
    fn values_of_many_chunks_are_all_written() {
        let values: Vec<f32> = (0..2 * CHUNK_VALUES + 3).map(|i| i as f32).collect();
        let mut bytes = Vec::new();
        write_values(&mut bytes, &values).unwrap();
        let back: Vec<f32> = bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect();
        assert_eq!(back, values);
    }
}
