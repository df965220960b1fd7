//! Tables as text: comma-, tab- or semicolon-separated, with or without a header, as
//! [`open_source`](crate::open_source) reads them and [`TableWriter`] writes them.
//!
//! **Text** is UTF-8 as RFC 4180 has it: cells may stand in quotes, lines end in `\n` or `\r\n`, empty lines count
//! for nothing. A tab in the first line makes it tab-separated; else a semicolon and no comma make it
//! semicolon-separated. Numbers are read as [`f32::from_str`](std::str::FromStr) does, to the nearest of 32 bits,
//! with spaces around them; they are finite, and none is missing. A table has at most 1,000,000 columns, 64 MiB in a
//! line, 512 bytes in a number or a class, and 32,768 classes that are text.
//!
//! **Header.** `header` of the form says whether the first line is one. Otherwise it is if a cell of it is text, other than in
//! the columns that are the class, or left out, by their numbers; if it holds all the names in `columns` of the form; or, in
//! a table that nobody has read yet, if it counts four columns or more from 0, as pandas writes a table without names. The
//! last is a guess, and said.
//!
//! **Columns.** `columns` of the form, where there are any, are picked by name in that order, and nothing else is
//! asked of the file. Otherwise all columns are numbers, in the order of the file, but these: those to be left out;
//! the class, which is `class_column`, or else the first column called `label` or `class`; and the names of rows,
//! which is the first column called `name` or `file` (in any case), or else the first of all if a header has no name for
//! it, as pandas and R write an index. Several columns of one name are told apart by
//! their order; only asking for some of them is an error. The class and the columns to be left out must be there when
//! they are asked for; a form that another table has settled reads tables without them too.
//!
//! **Classes** that are all whole numbers are the labels. Others are numbered in sorted order, or as the form lists
//! them.
//!
//! **Bytes or numbers of any size.** What the form says. If it says nothing, rows are bytes when all numbers are whole
//! and from 0 to 255, one is above 16, and they look like pixels: the form gives a size of several lines, or no line
//! names columns, or all names of columns of numbers are like `pixel7` or `3x28`.

mod cell;
mod check;
mod columns;
mod error;
mod records;
mod write;

use std::collections::HashMap;
use std::io::Cursor;
use std::path::PathBuf;

use ae_file::Kind;
use csv::ByteRecord;

use self::cell::Number;
use self::check::{check, label};
use self::columns::Columns;
pub use self::error::{BadCell, TableError, TableErrorKind};
use self::records::Records;
pub use self::write::{TableHead, TableWriter};
use crate::arrange::Arrangement;
use crate::content::Content;
use crate::error::{DataError, LoadError};
use crate::form::{ElementKind, Form, SourceKind};
use crate::limits::Limits;
use crate::samples::{Samples, Values};
use crate::shape::Shape;
use crate::source::{ReadOptions, Source};

/// A table, checked from end to end when it is opened, and then read once more.
///
/// A stream, which can't be read twice, is held as text, and [`Limits`] bound that; of a file they bound a chunk.
pub(crate) struct TableSource {
    path: PathBuf,
    /// The text of a stream, until it is read.
    text: Option<Vec<u8>>,
    delimiter: u8,
    columns: Columns,
    form: Form,
    /// Whether the header was guessed.
    guessed: bool,
    shape: Shape,
    elements: ElementKind,
    /// Labels of the classes that are text.
    labels: HashMap<String, i32>,
    limits: Limits,
    rows: usize,
    left: usize,
    /// Bytes of text that were read at opening.
    bytes: u64,
    /// The second reading.
    records: Option<Records>,
}

/// Whether content that begins so is a table, by what it isn't: something else that is known.
pub(crate) fn is_table(start: &[u8]) -> bool {
    Kind::of(start).is_some_and(|kind| kind.is_text())
}

impl TableSource {
    pub(crate) fn new(content: Content, options: &ReadOptions) -> Result<Self, LoadError> {
        let (form, limits) = (&options.form, options.limits);
        let path = content.path().to_owned();
        let delimiter = delimiter(content.start());
        let is_stream = content.plain_bytes().or(content.packed_bytes()).is_none();
        let mut records = Records::new(content, delimiter, is_stream.then_some(limits.max_bytes));
        if !records.next()? {
            return Err(records.refused(TableErrorKind::NoNumbers));
        }
        let columns = Columns::of(records.record(), form).map_err(|error| records.refused(error))?;
        let guessed = columns.is_guess(form);
        let arrangement = Arrangement::of(&[columns.values.len()], form)
            .map_err(|source| LoadError::Content { path: path.clone(), source })?;
        let checked = check(&mut records, &columns, form)?;
        let class_name = |at: usize| columns.name(at).map_or(at.to_string(), str::to_owned);
        let labels = checked.classes.iter().cloned().zip(0..).collect();
        let form = Form {
            kind: Some(SourceKind::Table),
            elements: Some(checked.elements),
            layout: None,
            columns: columns.value_names(),
            // A table without the class that others had does not make another column the class.
            class_column: columns.class.map(class_name).or_else(|| form.class_column.clone()),
            class_at: if columns.class.is_some() { columns.before_class() } else { form.class_at },
            classes: checked.classes,
            ..form.clone().with_shape(arrangement.shape)
        };
        Ok(Self {
            path,
            bytes: records.bytes(),
            text: records.into_text(),
            delimiter,
            columns,
            form,
            guessed,
            shape: arrangement.shape,
            elements: checked.elements,
            labels,
            limits,
            rows: checked.rows,
            left: checked.rows,
            records: None,
        })
    }

    /// Begins the second reading, behind the header.
    fn reopen(&mut self) -> Result<Records, LoadError> {
        let content = match self.text.take() {
            Some(text) => Content::of_stream(Cursor::new(text), self.path.clone())?,
            None => Content::open(&self.path)?,
        };
        let mut records = Records::new(content, self.delimiter, None);
        if self.columns.header.is_some() {
            records.next()?;
        }
        Ok(records)
    }

    /// Reads so many rows, which are there unless the file was changed, and with the last of them looks for its end.
    fn read_chunk(&mut self, records: &mut Records, rows: usize) -> Result<Samples, LoadError> {
        let numbers = rows * self.shape.numbers();
        let mut values = match self.elements {
            ElementKind::Bytes => Values::Bytes(Vec::with_capacity(numbers)),
            ElementKind::Floats => Values::Floats(Vec::with_capacity(numbers)),
        };
        let mut labels = self.columns.class.map(|_| Vec::with_capacity(rows));
        let mut names = self.columns.names.map(|_| Vec::with_capacity(rows));
        let mut name_bytes = 0;
        for _ in 0..rows {
            let row = if records.next()? { self.read_row(records.record(), &mut values) } else { None };
            let (label, name) = row.ok_or_else(|| records.refused(TableErrorKind::Changed))?;
            name_bytes += name.len() as u64;
            self.require_room(rows, name_bytes)?;
            names.iter_mut().for_each(|names| names.push(name.to_owned()));
            labels.iter_mut().for_each(|labels| labels.push(label));
        }
        self.left -= rows;
        if self.left == 0 && (records.next()? || records.bytes() != self.bytes) {
            return Err(records.refused(TableErrorKind::Changed));
        }
        samples(self.shape, values, names, labels)
            .map_err(|source| LoadError::Content { path: self.path.clone(), source })
    }

    /// Puts a row's numbers behind the others, and gives its label and name, 0 and nothing where it has none. Nothing
    /// comes back if a cell is not what it was at opening.
    fn read_row<'a>(&self, record: &'a ByteRecord, values: &mut Values) -> Option<(i32, &'a str)> {
        let Columns { values: columns, class, names, .. } = &self.columns;
        match values {
            Values::Bytes(bytes) => {
                for &column in columns {
                    let Ok(Number::Byte(byte)) = Number::read(record.get(column)?) else { return None };
                    bytes.push(byte);
                }
            }
            Values::Floats(floats) => {
                for &column in columns {
                    floats.push(Number::read(record.get(column)?).ok()?.into());
                }
            }
        }
        let text = |column: usize| str::from_utf8(record.get(column)?).ok();
        let label = class.map_or(Some(0), |column| self.label(text(column)?))?;
        Some((label, names.map_or(Some(""), text)?))
    }

    fn label(&self, class: &str) -> Option<i32> {
        if self.form.classes.is_empty() { label(class) } else { self.labels.get(class).copied() }
    }

    fn require_room(&self, rows: usize, bytes: u64) -> Result<(), LoadError> {
        match self.limits.max_bytes {
            limit if bytes > limit => Err(LoadError::Limit { path: self.path.clone(), rows, bytes, limit }),
            _ => Ok(()),
        }
    }
}

impl Source for TableSource {
    fn form(&self) -> &Form {
        &self.form
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn has_names(&self) -> bool {
        self.columns.names.is_some()
    }

    fn has_labels(&self) -> bool {
        self.columns.class.is_some()
    }

    fn notes(&self) -> Vec<String> {
        let guess =
            "the first line counts from 0, and is taken for the names of columns; --header no makes it a row";
        self.guessed.then(|| guess.to_owned()).into_iter().collect()
    }

    fn next_chunk(&mut self, rows: usize) -> Result<Samples, LoadError> {
        let rows = rows.max(1).min(self.left);
        let size = match self.elements {
            ElementKind::Bytes => size_of::<u8>(),
            ElementKind::Floats => size_of::<f32>(),
        };
        self.require_room(rows, (rows as u64).saturating_mul((self.shape.numbers() * size) as u64))?;
        let mut records = match self.records.take() {
            Some(records) => records,
            None => self.reopen()?,
        };
        let chunk = self.read_chunk(&mut records, rows);
        self.records = Some(records);
        chunk
    }
}

/// Rows with the names and labels that there are.
fn samples(
    shape: Shape,
    values: Values,
    names: Option<Vec<String>>,
    labels: Option<Vec<i32>>,
) -> Result<Samples, DataError> {
    let mut rows = Samples::new(shape, values)?;
    if let Some(names) = names {
        rows = rows.with_names(names)?;
    }
    if let Some(labels) = labels {
        rows = rows.with_labels(labels)?;
    }
    Ok(rows)
}

/// What separates cells, by the first line that is not empty, as far as it is in `start`.
fn delimiter(start: &[u8]) -> u8 {
    let (mut quoted, mut begun) = (false, false);
    let mut counts = [(b'\t', 0), (b',', 0), (b';', 0)];
    for &byte in start {
        match byte {
            b'\n' | b'\r' if begun && !quoted => break,
            b'\n' | b'\r' => {}
            b'"' => (quoted, begun) = (!quoted, true),
            _ => begun = true,
        }
        for (delimiter, count) in &mut counts {
            *count += usize::from(byte == *delimiter && !quoted);
        }
    }
    let found = counts.iter().find(|(_, count)| *count > 0);
    found.map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_separates_cells() {
        for (start, found) in [
            ("1,2;3", b','),
            ("1;2;3", b';'),
            ("1,2\t3;4", b'\t'),
            ("7", b','),
            ("7\n1;2", b','),
            ("\r\n\n1;2\r\n3,4", b';'),
            ("\"a,b\tc\";2", b';'),
            ("\"a\"\"\t\n,\";2", b';'),
            ("\u{feff}a;b", b';'),
        ] {
            assert_eq!(delimiter(start.as_bytes()) as char, found as char, "{start:?}");
        }
    }

    #[test]
    fn tables_are_told_from_other_text() {
        for table in ["1", "label,1x1,1x2\r\n5,0,0\r\n", "\u{feff}x\ty", "\"[a]\",{b}", "größe;x", "\n\n1,2"]
        {
            assert!(is_table(table.as_bytes()), "{table:?}");
        }
        for other in ["", "\n", "[1, 2]", "{\"a\": 1}", "<html>", "%PDF-1.7", "BZh91AY", "1,2\0", "\u{1b}[1m"]
        {
            assert!(!is_table(other.as_bytes()), "{other:?}");
        }
        assert!(!is_table(b"caf\xe9,1"));
    }
}
