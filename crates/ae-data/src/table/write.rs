//! Rows written as a table.

use std::io::{self, Write};
use std::ops::Range;

use ae_file::Kind;
use csv::{QuoteStyle, Writer, WriterBuilder};

use super::{delimiter, is_table};
use crate::error::{DataError, WriteError};
use crate::samples::Values;

/// What the column of names is called.
const NAME: &str = "name";

/// What stands in a table beside the numbers of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableHead {
    /// Whether rows have names, in a first column called `name`.
    pub names: bool,
    /// What the column of the rows' classes is called, if there is one.
    pub class: Option<String>,
    /// How many of a row's numbers stand before its class.
    pub class_at: usize,
    /// What the columns of numbers are called. Empty for a table without a header, which has no names either.
    pub columns: Vec<String>,
}

/// Writes rows as a comma-separated table, as many at a time as there are. Bytes are whole numbers; floats are the shortest
/// text that is read back to the same 32 bits.
///
/// Read again with the [`Form`](crate::Form) that has the same columns, class column and elements, the rows are what they
/// were; so they are without it where no column of numbers is called as a column of names or classes is.
///
/// # Example
/// ```
/// use ae_data::{ReadOptions, TableHead, TableWriter, Values, stream_source};
///
/// let columns = vec!["height".to_owned(), "width".to_owned()];
/// let head = TableHead { class: Some("label".to_owned()), columns, ..TableHead::default() };
/// let mut table = TableWriter::new(Vec::new(), head)?;
/// table.write(None, Some(&["cat".to_owned()]), &Values::Floats(vec![0.1, -3.0]), 2)?; // one row of two numbers
/// let text = table.finish()?;
/// assert_eq!(text, b"label,height,width\ncat,0.1,-3\n");
///
/// let mut source = stream_source(std::io::Cursor::new(text), "memory", &ReadOptions::default())?;
/// assert_eq!(source.form().class_name(0), "cat");
/// assert_eq!(source.next_chunk(1)?.values(), &Values::Floats(vec![0.1, -3.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableWriter<W: Write> {
    writer: Writer<W>,
    head: TableHead,
    /// The text of one number.
    number: Vec<u8>,
}

impl<W: Write> TableWriter<W> {
    /// Writes the header, if there is one.
    ///
    /// # Errors
    /// [`WriteError::Images`] if names are to be without a header, names or classes are called as another column is, or the
    /// class stands behind more numbers than there are; [`WriteError::Io`] if the writer fails.
    pub fn new(mut out: W, head: TableHead) -> Result<Self, WriteError> {
        if head.columns.is_empty() && head.names {
            let expected = "names for the columns of numbers too";
            return Err(DataError::argument("a column of names", expected, "none").into());
        }
        let mut titles: Vec<&str> = head.columns.iter().map(|name| &name[..]).collect();
        if let Some(class) = &head.class
            && !titles.is_empty()
        {
            if head.class_at > titles.len() {
                let expected = format!("at most {}", titles.len());
                return Err(DataError::argument("numbers before the class", expected, head.class_at).into());
            }
            titles.insert(head.class_at, class);
        }
        if head.names {
            titles.insert(0, NAME);
        }
        for name in head.class.as_deref().into_iter().chain(head.names.then_some(NAME)) {
            if titles.iter().filter(|title| **title == name).count() > 1 {
                let expected = format!("one column called {name:?}");
                return Err(DataError::argument("names of columns", expected, "several").into());
            }
        }
        if !titles.is_empty() {
            out.write_all(&header(&titles).map_err(WriteError::Io)?).map_err(WriteError::Io)?;
        }
        Ok(Self { writer: Writer::from_writer(out), head, number: Vec::new() })
    }

    /// Writes the next rows, each of `width` numbers.
    ///
    /// # Errors
    /// [`WriteError::Images`] if `width` is 0 or not the number of columns, if the numbers are no whole number of rows, if a
    /// float is not finite, or if there is not a name and a class for each row where the head has them, and none where it
    /// hasn't; nothing is written then. [`WriteError::Io`] if the writer fails.
    pub fn write(
        &mut self,
        names: Option<&[String]>,
        classes: Option<&[String]>,
        values: &Values,
        width: usize,
    ) -> Result<(), WriteError> {
        let rows = self.rows(values, width)?;
        require_one_each("names", names, self.head.names, rows)?;
        require_one_each("classes", classes, self.head.class.is_some(), rows)?;
        for row in 0..rows {
            if let Some(names) = names {
                self.writer.write_field(&names[row]).map_err(io_error)?;
            }
            let (start, end) = (row * width, (row + 1) * width);
            let class_at = start + self.head.class_at.min(width);
            self.write_numbers(values, start..class_at)?;
            if let Some(classes) = classes {
                self.writer.write_field(&classes[row]).map_err(io_error)?;
            }
            self.write_numbers(values, class_at..end)?;
            self.writer.write_record(None::<&[u8]>).map_err(io_error)?;
        }
        Ok(())
    }

    fn write_numbers(&mut self, values: &Values, range: Range<usize>) -> Result<(), WriteError> {
        for at in range {
            self.number.clear();
            write_number(&mut self.number, values, at).map_err(WriteError::Io)?;
            self.writer.write_field(&self.number).map_err(io_error)?;
        }
        Ok(())
    }

    /// Gives the writer back, once all that was written has reached it.
    ///
    /// # Errors
    /// [`WriteError::Io`] if the writer fails.
    pub fn finish(self) -> Result<W, WriteError> {
        self.writer.into_inner().map_err(|error| WriteError::Io(error.into_error()))
    }

    /// How many rows the numbers are.
    fn rows(&self, values: &Values, width: usize) -> Result<usize, DataError> {
        let columns = if self.head.columns.is_empty() { width } else { self.head.columns.len() };
        if width == 0 || width != columns {
            return Err(DataError::argument("numbers of a row", columns.max(1), width));
        }
        if !values.len().is_multiple_of(width) {
            return Err(DataError::argument(
                "numbers",
                format!("a whole number of rows of {width}"),
                values.len(),
            ));
        }
        if let Values::Floats(floats) = values
            && let Some(at) = floats.iter().position(|float| !float.is_finite())
        {
            let (row, column) = (at / width, at % width);
            return Err(DataError::NotFinite { row, column, found: floats[at].to_string() });
        }
        Ok(values.len() / width)
    }
}

/// Refuses to write names or classes where there are none, or not one for each row.
fn require_one_each(
    what: &'static str,
    given: Option<&[String]>,
    wanted: bool,
    rows: usize,
) -> Result<(), DataError> {
    let (found, expected) = (given.map_or(0, <[String]>::len), if wanted { rows } else { 0 });
    match found == expected && (given.is_some() == wanted || rows == 0) {
        true => Ok(()),
        false => Err(DataError::argument(what, expected, found)),
    }
}

/// The first line; all in quotes if it would not be taken for that of a comma-separated table otherwise.
fn header(titles: &[&str]) -> io::Result<Vec<u8>> {
    let line = |quotes| {
        let mut writer = WriterBuilder::new().quote_style(quotes).from_writer(Vec::new());
        writer.write_record(titles)?;
        writer.into_inner().map_err(|error| error.into_error())
    };
    let plain = line(QuoteStyle::Necessary)?;
    // A reader looks no further either.
    let start = &plain[..plain.len().min(Kind::START_BYTES)];
    if is_table(start) && delimiter(start) == b',' {
        return Ok(plain);
    }
    line(QuoteStyle::Always)
}

/// The shortest text of a number, with an exponent where there would be many zeros.
fn write_number(out: &mut Vec<u8>, values: &Values, at: usize) -> io::Result<()> {
    match values {
        Values::Bytes(bytes) => write!(out, "{}", bytes[at]),
        Values::Floats(floats) => match floats[at] {
            float if float == 0.0 || (1e-5..1e16).contains(&float.abs()) => write!(out, "{float}"),
            float => write!(out, "{float:e}"),
        },
    }
}

fn io_error(error: csv::Error) -> WriteError {
    WriteError::Io(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        // Rows of different lengths and text that is no UTF-8 are not written.
        other => io::Error::other(format!("{other:?}")),
    })
}
