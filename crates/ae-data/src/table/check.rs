//! The first reading of a table: every cell is checked, and nothing is kept but what was learned.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::cell::{MAX_CELL_BYTES, Number, shown};
use super::columns::{Columns, is_recorded};
use super::error::{BadCell, TableErrorKind, quoted};
use super::records::Records;
use crate::error::LoadError;
use crate::form::{ElementKind, Form};

/// Columns with bad cells after which no more are looked for.
const MOST_BAD: usize = 64;

/// Classes that are told apart at most: more than the largest set of pictures in common use has (ImageNet, 21,841).
const MOST_CLASSES: usize = 1 << 15;

/// What all rows of a table say.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) rows: usize,
    pub(super) elements: ElementKind,
    /// The names of the classes, in the order of their labels; empty where the cells are the labels.
    pub(super) classes: Vec<String>,
}

/// Reads all rows; the first record has been read, and is one of them if there is no header.
pub(super) fn check(records: &mut Records, columns: &Columns, form: &Form) -> Result<Checked, LoadError> {
    let mut check = Check {
        columns,
        bytes_wanted: form.elements == Some(ElementKind::Bytes),
        rows: 0,
        whole: true,
        largest: 0,
        bad: BTreeMap::new(),
        classes: Classes::new(&form.classes),
    };
    let mut more = columns.header.is_none() || records.next()?;
    while more && check.bad.len() <= MOST_BAD {
        check.row(records);
        more = records.next()?;
    }
    if !check.bad.is_empty() {
        let mut cells: Vec<BadCell> = check.bad.into_values().collect();
        cells.truncate(MOST_BAD);
        return Err(records.refused(TableErrorKind::Cells { cells, more, droppable: !is_recorded(form) }));
    }
    Ok(Checked { rows: check.rows, elements: check.elements(form), classes: check.classes.into_names() })
}

struct Check<'a> {
    columns: &'a Columns,
    bytes_wanted: bool,
    rows: usize,
    /// Whether all numbers so far are whole and from 0 to 255, and the largest of those that are.
    whole: bool,
    largest: u8,
    /// The first bad cell of each column that has one.
    bad: BTreeMap<usize, BadCell>,
    classes: Classes,
}

impl Check<'_> {
    fn row(&mut self, records: &Records) {
        let record = records.record();
        for &column in &self.columns.values {
            match Number::read(&record[column]) {
                Ok(Number::Byte(byte)) => self.largest = self.largest.max(byte),
                Ok(Number::Float(_)) if self.bytes_wanted => {
                    self.note(records, column, "a whole number from 0 to 255".into());
                }
                Ok(Number::Float(_)) => self.whole = false,
                Err(expected) => self.note(records, column, expected.into()),
            }
        }
        if let Some(column) = self.columns.class
            && let Err(expected) = self.classes.add(&record[column])
        {
            self.note(records, column, expected);
        }
        self.rows += 1;
    }

    fn note(&mut self, records: &Records, column: usize, expected: Cow<'static, str>) {
        self.bad.entry(column).or_insert_with(|| BadCell {
            line: records.line(),
            row: self.rows,
            column,
            name: self.columns.name(column).map(str::to_owned),
            found: shown(&records.record()[column]),
            expected,
        });
    }

    /// What the form says, or else bytes where the numbers could be pixels and nothing speaks against it.
    fn elements(&self, form: &Form) -> ElementKind {
        let in_lines = form.size.is_some_and(|[rows, _]| rows > 1);
        let pixels = || in_lines || self.columns.value_names().iter().all(|name| is_pixel(name));
        form.elements.unwrap_or(match self.whole && self.largest > 16 && pixels() {
            true => ElementKind::Bytes,
            false => ElementKind::Floats,
        })
    }
}

/// Whether a column is called as a pixel usually is: `pixel0`, or `1x1` by row and column.
fn is_pixel(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.starts_with("pixel")
        || name.split_once('x').is_some_and(|(row, column)| is_number(row) && is_number(column))
}

/// What the cells of the class column are, as far as they have been read.
struct Classes {
    /// Whether the form names the classes, so that there can be no others.
    given: Option<Vec<String>>,
    /// Whether all are whole numbers.
    whole: bool,
    /// The different ones, unless they are too many.
    found: BTreeSet<String>,
}

impl Classes {
    fn new(given: &[String]) -> Self {
        let given = Some(given.to_vec()).filter(|given| !given.is_empty());
        Self { given, whole: true, found: BTreeSet::new() }
    }

    /// # Errors
    /// What was expected instead.
    fn add(&mut self, cell: &[u8]) -> Result<(), Cow<'static, str>> {
        let class = str::from_utf8(cell).unwrap_or_default();
        if class.trim().is_empty() {
            return Err("a class".into());
        }
        if class.len() > MAX_CELL_BYTES {
            return Err("a class of at most 512 bytes".into());
        }
        let seen = self.found.contains(class);
        if let Some(given) = &self.given
            && !seen
            && !given.iter().any(|name| name == class)
        {
            return Err(format!("one of the classes {}", quoted(given)).into());
        }
        self.whole &= label(class).is_some();
        if !seen && self.found.len() <= MOST_CLASSES {
            self.found.insert(class.to_owned());
        }
        match self.whole || self.found.len() <= MOST_CLASSES {
            true => Ok(()),
            false => Err("whole numbers, or at most 32,768 different classes".into()),
        }
    }

    fn into_names(self) -> Vec<String> {
        match self.given {
            Some(given) => given,
            None if self.whole => Vec::new(),
            None => self.found.into_iter().collect(),
        }
    }
}

/// The label that a cell of a whole number is.
pub(super) fn label(cell: &str) -> Option<i32> {
    cell.trim().parse().ok()
}
