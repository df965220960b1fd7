//! Why a table can't be read.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::PathBuf;

/// A table that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the table {}", .path.display())]
pub struct TableError {
    /// The file, or what a stream is called.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: TableErrorKind,
}

/// What is wrong with a table. Lines count from 1, as editors count them; rows and columns from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// Cells that are not what their columns need.
    #[error("{}", told(cells, *more, *droppable))]
    Cells {
        /// The first of each column that has any, in the order of the columns.
        cells: Vec<BadCell>,
        /// Whether there are so many such columns that the search was given up.
        more: bool,
        /// Whether columns may still be left out: not where earlier rows have settled which are used.
        droppable: bool,
    },
    /// A line of fewer or more columns than the first.
    #[error("line {line} has {found} column(s), the first has {expected}")]
    Ragged {
        /// The line.
        line: u64,
        /// Its columns.
        found: usize,
        /// The columns of the first line.
        expected: usize,
    },
    /// A line so long that it is not held.
    #[error("line {line} goes on for more than {limit}, perhaps as a quote in it is never closed")]
    Long {
        /// The line.
        line: u64,
        /// What is allowed.
        limit: &'static str,
    },
    /// Text in another encoding.
    #[error("line {line} is not UTF-8; save the table as UTF-8")]
    Utf8 {
        /// The line.
        line: u64,
    },
    /// Columns that are asked for and are not there.
    #[error("there is no column {}, but {there}", quoted(missing))]
    Missing {
        /// Those asked for.
        missing: Vec<String>,
        /// The columns there are, in words.
        there: String,
    },
    /// A name that does not tell which column is meant.
    #[error("{found} columns are called {name:?}, {expected} expected; give each a name of its own")]
    Ambiguous {
        /// The name.
        name: String,
        /// Columns of this name.
        found: usize,
        /// Columns of this name that were asked for.
        expected: usize,
    },
    /// Nothing is left that could be the numbers of a row.
    #[error("it has no column of numbers")]
    NoNumbers,
    /// A stream of more text than may be in memory: it can't be read twice otherwise.
    #[error(
        "a table from a stream is held in memory, and more than {limit} bytes came; save it to a file first"
    )]
    Held {
        /// The caller's limit.
        limit: u64,
    },
    /// Another text was found than at opening.
    #[error("it was changed while it was read")]
    Changed,
}

/// A cell that is not what its column needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// The line on which its row begins, the first being 1.
    pub line: u64,
    /// Its row, the first after the header being 0.
    pub row: usize,
    /// Its column, the first of the file being 0.
    pub column: usize,
    /// What the header calls the column.
    pub name: Option<String>,
    /// What stands there, escaped and cut.
    pub found: String,
    /// What was needed.
    pub expected: Cow<'static, str>,
}

impl BadCell {
    /// What `--drop-columns` calls the column, in a list with commas.
    fn column_name(&self) -> String {
        let name = self.name.clone().filter(|name| !name.is_empty() && !name.contains(','));
        name.unwrap_or_else(|| self.column.to_string())
    }
}

/// The first bad cell, and all columns that have one, as a command line takes them.
fn told(cells: &[BadCell], more: bool, droppable: bool) -> String {
    let mut said = String::new();
    let Some(first) = cells.iter().min_by_key(|cell| (cell.row, cell.column)) else { return said };
    let BadCell { line, row, column, name, found, expected } = first;
    let name = name.as_ref().map_or(String::new(), |name| format!(" {name:?}"));
    // Writing to a string can't fail.
    let _ =
        write!(said, "line {line} (row {row}), column {column}{name}: expected {expected}, found {found}");
    if cells.len() > 1 {
        let and_more = if more { " or more" } else { "" };
        let _ = write!(said, "; {}{and_more} columns have such cells", cells.len());
    }
    if droppable {
        let columns: Vec<String> = cells.iter().map(BadCell::column_name).collect();
        let columns = columns.join(",");
        let plain = columns.chars().all(|c| c.is_alphanumeric() || "_-.,".contains(c));
        let columns = if plain { columns } else { format!("{columns:?}") };
        let _ = write!(said, "; --drop-columns {columns} leaves out what is no number");
    }
    said
}

/// Names in quotes, cut where they are many.
pub(super) fn quoted(names: &[String]) -> String {
    const MOST: usize = 20;
    let mut said: Vec<String> = names.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    if names.len() > MOST {
        said.push(format!("{} more", names.len() - MOST));
    }
    said.join(", ")
}
