//! The writing half: a header, then values.

use std::io::{self, Write};

use npyz::{DType, WriteOptions, WriterBuilder};

use crate::arrange::Arrangement;
use crate::form::{ElementKind, Layout};
use crate::samples::Values;
use crate::shape::Shape;

/// Values are turned into bytes this many at a time.
const CHUNK_VALUES: usize = 16 << 10;

/// What an array's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Little-endian 32-bit floats, `<f4`.
    F32,
    /// Unsigned bytes, `|u1`.
    U8,
    /// Little-endian 32-bit integers, `<i4`.
    I32,
}

impl Element {
    pub(crate) fn dtype(self) -> DType {
        let name = match self {
            Self::F32 => "<f4",
            Self::U8 => "|u1",
            Self::I32 => "<i4",
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
    write_elements(&mut out, values, f32::to_le_bytes)
}

/// Writes what stands before so many rows of a shape: [`Element::U8`] for bytes, else [`Element::F32`].
///
/// The array is `(count, cols)` for lists, `(count, rows, cols)` for one channel, else `(count, channels, rows, cols)`; with
/// a layout it has four sizes in any case, in the layout's order. With the shape and the layout of a source's
/// [`form`](crate::Source::form), that is how its rows stood there.
///
/// # Errors
/// Whatever the writer answers.
///
/// # Example
/// ```
/// use ae_data::npy::{write_rows, write_rows_header};
/// use ae_data::{ElementKind, Layout, ReadOptions, Shape, stream_source};
///
/// // Two pictures of 2 x 1 pixels in colour: planes here, pixels side by side in the file.
/// let (shape, layout) = (Shape { channels: 3, rows: 2, cols: 1 }, Some(Layout::Hwc));
/// let planes = vec![1_u8, 2, 10, 20, 100, 200, 3, 4, 30, 40, 50, 60].into();
/// let mut file = Vec::new();
/// write_rows_header(&mut file, ElementKind::Bytes, 2, shape, layout)?;
/// write_rows(&mut file, &planes, shape, layout)?;
/// assert!(file.ends_with(&[1, 10, 100, 2, 20, 200, 3, 30, 50, 4, 40, 60]));
///
/// let mut source = stream_source(std::io::Cursor::new(file), "a stream", &ReadOptions::default())?;
/// assert_eq!((source.form().shape(), source.form().layout), (Some(shape), layout));
/// assert_eq!(source.next_chunk(2)?.values(), &planes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_rows_header(
    out: impl Write,
    elements: ElementKind,
    count: usize,
    shape: Shape,
    layout: Option<Layout>,
) -> io::Result<()> {
    let element = match elements {
        ElementKind::Bytes => Element::U8,
        ElementKind::Floats => Element::F32,
    };
    let sizes = Arrangement { shape, layout }.sizes(count);
    let sizes: Vec<u64> = sizes.into_iter().map(|size| size as u64).collect();
    write_header(out, element, &sizes)
}

/// Writes whole rows, as many at a time as there are, of the shape and the layout that [`write_rows_header`] was given.
///
/// # Errors
/// Whatever the writer answers, and `InvalidInput` if they are no whole number of rows, of which none is then written.
pub fn write_rows(
    mut out: impl Write,
    values: &Values,
    shape: Shape,
    layout: Option<Layout>,
) -> io::Result<()> {
    if !values.len().is_multiple_of(shape.numbers()) {
        let fault = format!("{} numbers are no whole number of rows of {shape}", values.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
    }
    let rows = Arrangement { shape, layout };
    match values {
        Values::Bytes(bytes) => out.write_all(&rows.by_pixels(bytes)),
        Values::Floats(floats) => write_values(out, &rows.by_pixels(floats)),
    }
}

/// Writes a whole file of labels, `(labels)`: [`Element::U8`] where all are from 0 to 255, else [`Element::I32`].
///
/// # Errors
/// Whatever the writer answers.
///
/// # Example
/// ```
/// let mut file = Vec::new();
/// ae_data::npy::write_labels(&mut file, &[7, 300])?;
/// assert!(file.ends_with(&[7, 0, 0, 0, 44, 1, 0, 0]));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_labels(mut out: impl Write, labels: &[i32]) -> io::Result<()> {
    let bytes = labels.iter().all(|label| u8::try_from(*label).is_ok());
    write_header(&mut out, if bytes { Element::U8 } else { Element::I32 }, &[labels.len() as u64])?;
    if bytes {
        write_elements(&mut out, labels, |label| [label as u8])
    } else {
        write_elements(&mut out, labels, i32::to_le_bytes)
    }
}

fn write_elements<T: Copy, const SIZE: usize>(
    out: &mut impl Write,
    elements: &[T],
    encode: impl Fn(T) -> [u8; SIZE],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(SIZE * elements.len().min(CHUNK_VALUES));
    for chunk in elements.chunks(CHUNK_VALUES) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|&element| encode(element)));
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
            (Element::I32, &[12], "{'descr': '<i4', 'fortran_order': False, 'shape': (12, ), }"),
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
    fn labels_are_as_wide_as_they_have_to_be() {
        let written = |labels: &[i32]| {
            let mut bytes = Vec::new();
            write_labels(&mut bytes, labels).unwrap();
            let data = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            (String::from_utf8_lossy(&bytes[11..22]).into_owned(), bytes[data..].to_vec())
        };
        let narrow = "'descr': '|".to_owned();
        assert_eq!(written(&[]), (narrow.clone(), vec![]));
        let all: Vec<i32> = (0..=255).cycle().take(CHUNK_VALUES + 300).collect();
        let bytes: Vec<u8> = all.iter().map(|&label| label as u8).collect();
        assert_eq!(written(&all), (narrow, bytes));
        for wide in [-1, 256, i32::MIN, i32::MAX] {
            let four = [&3_i32.to_le_bytes()[..], &wide.to_le_bytes()].concat();
            assert_eq!(written(&[3, wide]), ("'descr': '<".to_owned(), four));
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
