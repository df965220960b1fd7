//! IDX files written a few rows at a time, for sets larger than memory.

use std::io::Write;

use crate::arrange::Arrangement;
use crate::error::{DataError, WriteError};
use crate::form::Layout;
use crate::idx::{ElementType, IdxHeader};
use crate::shape::Shape;

/// Writes rows of bytes of a known number and shape, as many at a time as there are: an IDX array of `(rows, ..)` unsigned
/// bytes, with as many further sizes as the shape needs; with a layout three of them in any case, in the layout's order.
///
/// # Example
/// ```
/// use ae_data::{Form, IdxWriter, Limits, Samples, Shape, open_bytes};
/// let mut file = IdxWriter::new(Vec::new(), 2, Shape::picture(1, 2), None)?; // two pictures of 1 x 2 pixels
/// file.write(&[0, 1, 2, 3])?;
/// let array = open_bytes(&file.finish()?, &Limits::default())?;
/// assert_eq!(array.dims(), [2, 2]); // one line of two pixels is a plain list
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IdxWriter<W> {
    writer: W,
    rows: Arrangement,
    promised: u64,
    written: u64,
}

impl<W: Write> IdxWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`WriteError::Images`] if a size does not fit the format's 32 bits or the pixels cannot be counted,
    /// [`WriteError::Io`] if the writer fails.
    pub fn new(mut writer: W, rows: usize, shape: Shape, layout: Option<Layout>) -> Result<Self, WriteError> {
        let arrangement = Arrangement { shape, layout };
        let header = IdxHeader::of(ElementType::U8, &arrangement.sizes(rows))?;
        header.write(&mut writer).map_err(WriteError::Io)?;
        Ok(Self { writer, rows: arrangement, promised: header.data_bytes, written: 0 })
    }

    /// Writes the next rows, each channel after channel.
    ///
    /// # Errors
    /// [`WriteError::Images`] if they are no whole number of rows, or more than were promised, of which none is then
    /// written; [`WriteError::Io`] if the writer fails.
    pub fn write(&mut self, pixels: &[u8]) -> Result<(), WriteError> {
        let (width, left) = (self.rows.shape.numbers(), self.promised - self.written);
        if !pixels.len().is_multiple_of(width) || pixels.len() as u64 > left {
            let expected = format!("whole rows of {width}, at most {left}");
            return Err(DataError::argument("pixels", expected, pixels.len()).into());
        }
        self.writer.write_all(&self.rows.by_pixels(pixels)).map_err(WriteError::Io)?;
        self.written += pixels.len() as u64;
        Ok(())
    }

    /// Gives the writer back, unflushed, once all pixels are written.
    ///
    /// # Errors
    /// [`WriteError::Images`] if there are fewer pixels than were promised.
    pub fn finish(self) -> Result<W, WriteError> {
        if self.written < self.promised {
            return Err(DataError::argument("pixels", self.promised, self.written).into());
        }
        Ok(self.writer)
    }
}
