//! Which column of a table is what.

use std::collections::{HashMap, HashSet, VecDeque};

use csv::ByteRecord;

use super::cell::Number;
use super::error::{TableErrorKind, quoted};
use crate::form::{Form, SourceKind};

/// What a header calls the column of classes, if nobody says which it is.
const CLASS: [&str; 2] = ["label", "class"];

/// What a header calls the column of names; an index that was written with a table has no name, if it is the first column.
const NAMES: [&str; 2] = ["name", "file"];

/// From how many numbers on a line that counts them from 0 is a header, and not a row that happens to.
const COUNTED: usize = 4;

/// Which columns of a file are what, by their numbers from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// What the first line calls all columns, if it is a header.
    pub(super) header: Option<Vec<String>>,
    /// The numbers of a row, in its order; at least one.
    pub(super) values: Vec<usize>,
    /// The class of a row.
    pub(super) class: Option<usize>,
    /// The name of a row.
    pub(super) names: Option<usize>,
}

impl Columns {
    /// Settles it by the first line, and by what is asked for.
    pub(super) fn of(first: &ByteRecord, form: &Form) -> Result<Self, TableErrorKind> {
        let cells: Vec<&str> = first.iter().map(|cell| str::from_utf8(cell).unwrap_or_default()).collect();
        let names = Names { cells: &cells, header: is_header(&cells, form) };
        let selected = match form.columns.is_empty() {
            true => None,
            false => Some(names.select(&form.columns)?),
        };
        let class = names.class(form, selected.as_deref())?;
        let mut taken: HashSet<usize> = class.into_iter().collect();
        match &selected {
            Some(values) => taken.extend(values),
            None => taken.extend(names.dropped(form)?),
        }
        let row_names = names.called(&NAMES, &taken).or_else(|| names.index(&taken));
        taken.extend(row_names);
        let values = selected.unwrap_or_else(|| (0..cells.len()).filter(|at| !taken.contains(at)).collect());
        if values.is_empty() {
            return Err(TableErrorKind::NoNumbers);
        }
        let header = names.header.then(|| cells.iter().map(|&cell| cell.to_owned()).collect());
        Ok(Self { header, values, class, names: row_names })
    }

    /// Whether there is a header by a guess that may be wrong.
    pub(super) fn is_guess(&self, form: &Form) -> bool {
        let cells: Vec<&str> = self.header.iter().flatten().map(|cell| &cell[..]).collect();
        cells.first().is_some_and(|first| !first.is_empty()) && is_counted(&cells, form)
    }

    /// How many numbers of a row stand before its class.
    pub(super) fn before_class(&self) -> usize {
        self.class.map_or(0, |class| self.values.iter().filter(|&&at| at < class).count())
    }

    /// What the header calls a column.
    pub(super) fn name(&self, column: usize) -> Option<&str> {
        Some(&self.header.as_ref()?[column])
    }

    /// What the header calls the numbers of a row; empty without one.
    pub(super) fn value_names(&self) -> Vec<String> {
        self.values.iter().filter_map(|&at| self.name(at)).map(str::to_owned).collect()
    }
}

/// Whether earlier rows have settled the form, so that what it says of other columns is no wish of now.
pub(super) fn is_recorded(form: &Form) -> bool {
    form.kind == Some(SourceKind::Table) || !form.columns.is_empty()
}

/// Whether the first line names the columns. Where the form does not say it, it does if a cell is text where a number would
/// be, in a column that is not the class or left out by its number; if it holds all the names by which the form calls the
/// numbers of a row; or if it counts the columns of a table that nobody has read yet.
fn is_header(cells: &[&str], form: &Form) -> bool {
    if let Some(said) = form.header {
        return said;
    }
    let others = form.class_column.iter().chain(&form.drop_columns);
    let exempt: HashSet<usize> = others.filter_map(|name| name.parse().ok()).collect();
    let there: HashSet<&str> = cells.iter().copied().collect();
    let is_text = |cell: &str| !cell.trim().is_empty() && Number::read(cell.as_bytes()) == Err("a number");
    cells.iter().enumerate().any(|(at, cell)| !exempt.contains(&at) && is_text(cell))
        || is_counted(cells, form)
        || !form.columns.is_empty() && form.columns.iter().all(|name| there.contains(&name[..]))
}

/// Whether cells are `0,1,2,..`, perhaps behind an empty one, which no row may have: so pandas names columns that have no
/// names. It is a guess, since a row may be like that.
fn is_counted(cells: &[&str], form: &Form) -> bool {
    let (counted, at_least) = match cells {
        ["", counted @ ..] => (counted, 1),
        counted => (counted, COUNTED),
    };
    let counts = counted.iter().enumerate().all(|(at, cell)| *cell == at.to_string());
    counts && counted.len() >= at_least && form.header.is_none() && !is_recorded(form)
}

/// The first line, as names if it is a header.
struct Names<'a> {
    cells: &'a [&'a str],
    header: bool,
}

impl Names<'_> {
    /// The columns of a name, or else the one of this number.
    fn find(&self, name: &str) -> Vec<usize> {
        let cells = self.cells.iter().enumerate().filter(|_| self.header);
        let named: Vec<usize> = cells.filter(|&(_, &cell)| cell == name).map(|(at, _)| at).collect();
        match name.parse() {
            Ok(number) if named.is_empty() && number < self.cells.len() => vec![number],
            _ => named,
        }
    }

    /// The columns of exactly these names, each as often as the file has it; without a header all columns, if as many.
    fn select(&self, wanted: &[String]) -> Result<Vec<usize>, TableErrorKind> {
        if !self.header {
            return match self.cells.len() == wanted.len() {
                true => Ok((0..wanted.len()).collect()),
                false => Err(self.missing(wanted.to_vec())),
            };
        }
        let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
        for (at, cell) in self.cells.iter().enumerate() {
            places.entry(cell).or_default().push_back(at);
        }
        let (mut values, mut missing) = (Vec::with_capacity(wanted.len()), Vec::new());
        for name in wanted {
            match places.get_mut(&name[..]).and_then(VecDeque::pop_front) {
                Some(at) => values.push(at),
                None => missing.push(name.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(self.missing(missing));
        }
        match wanted.iter().find(|name| places.get(&name[..]).is_some_and(|left| !left.is_empty())) {
            Some(name) => {
                let found = self.find(name).len();
                let expected = wanted.iter().filter(|other| *other == name).count();
                Err(TableErrorKind::Ambiguous { name: name.clone(), found, expected })
            }
            None => Ok(values),
        }
    }

    /// The column of classes: the one that is asked for, or else the first that is usually called so.
    fn class(&self, form: &Form, selected: Option<&[usize]>) -> Result<Option<usize>, TableErrorKind> {
        let Some(name) = &form.class_column else {
            let dropped = form.drop_columns.iter().flat_map(|name| self.find(name));
            let others: HashSet<usize> =
                selected.unwrap_or_default().iter().copied().chain(dropped).collect();
            return Ok(self.called(&CLASS, &others));
        };
        match self.find(name)[..] {
            _ if is_recorded(form) && self.is_rows_alone(form) => Ok(None),
            [at] if selected.is_none_or(|values| !values.contains(&at)) => Ok(Some(at)),
            [] if !is_recorded(form) => Err(self.missing(vec![name.clone()])),
            [] | [_] => Ok(None),
            ref several => {
                Err(TableErrorKind::Ambiguous { name: name.clone(), found: several.len(), expected: 1 })
            }
        }
    }

    /// Whether columns without names are just as many as a row has numbers, so that there is no class among them.
    fn is_rows_alone(&self, form: &Form) -> bool {
        let dropped = form.drop_columns.iter().filter(|name| !self.find(name).is_empty()).count();
        !self.header
            && form.shape().is_some_and(|shape| shape.numbers().saturating_add(dropped) == self.cells.len())
    }

    /// The columns that are left out: every one of a name.
    fn dropped(&self, form: &Form) -> Result<Vec<usize>, TableErrorKind> {
        let (there, missing): (Vec<_>, Vec<_>) =
            form.drop_columns.iter().map(|name| (name, self.find(name))).partition(|(_, at)| !at.is_empty());
        match missing.is_empty() || is_recorded(form) {
            true => Ok(there.into_iter().flat_map(|(_, at)| at).collect()),
            false => Err(self.missing(missing.into_iter().map(|(name, _)| name.clone()).collect())),
        }
    }

    /// The first column of one of these names, in any case, that is nothing else.
    fn called(&self, names: &[&str], others: &HashSet<usize>) -> Option<usize> {
        let is_called = |cell: &str| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name));
        let mut cells = self.cells.iter().enumerate().filter(|_| self.header);
        cells.find(|(at, cell)| !others.contains(at) && is_called(cell)).map(|(at, _)| at)
    }

    /// The first column, if a header has no name for it and it is nothing else.
    fn index(&self, others: &HashSet<usize>) -> Option<usize> {
        let unnamed = self.header && self.cells[0].trim().is_empty() && self.cells.len() > 1;
        (unnamed && !others.contains(&0)).then_some(0)
    }

    fn missing(&self, missing: Vec<String>) -> TableErrorKind {
        let there = match self.header {
            true => quoted(&self.cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>()),
            false => format!("{} columns without names", self.cells.len()),
        };
        TableErrorKind::Missing { missing, there }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(columns: &[&str], class: Option<&str>, dropped: &[&str]) -> Form {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let class_column = class.map(str::to_owned);
        Form { columns: owned(columns), class_column, drop_columns: owned(dropped), ..Form::default() }
    }

    fn columns(first: &[&str], form: &Form) -> Result<Columns, TableErrorKind> {
        Columns::of(&ByteRecord::from(first.to_vec()), form)
    }

    /// Whether there is a header, the values, the class and the names.
    fn found(first: &[&str], form: &Form) -> (bool, Vec<usize>, Option<usize>, Option<usize>) {
        let found = columns(first, form).unwrap();
        (found.header.is_some(), found.values, found.class, found.names)
    }

    #[test]
    fn text_where_numbers_would_be_is_a_header() {
        let none = form(&[], None, &[]);
        assert_eq!(found(&["1", " 2.5", "-3e4"], &none), (false, vec![0, 1, 2], None, None));
        assert_eq!(found(&["x", "2"], &none), (true, vec![0, 1], None, None));
        // A missing number, or one that is too large, is no name.
        assert_eq!(found(&["", "2", "nan", "1e99"], &none), (false, vec![0, 1, 2, 3], None, None));
        assert_eq!(found(&["cat", "2"], &form(&[], Some("0"), &[])), (false, vec![1], Some(0), None));
        assert_eq!(found(&["a.png", "2"], &form(&[], None, &["0"])), (false, vec![1], None, None));
        assert_eq!(found(&["kind", "2"], &form(&[], Some("kind"), &[])), (true, vec![1], Some(0), None));
        assert_eq!(found(&["id", "2"], &form(&[], None, &["id"])), (true, vec![1], None, None));
        assert_eq!(found(&["1", "2"], &form(&["2", "1"], None, &[])), (true, vec![1, 0], None, None));
        assert_eq!(found(&["1", "7"], &form(&["2", "1"], None, &[])), (false, vec![0, 1], None, None));
        // A number that is also a name is the name.
        assert_eq!(found(&["x", "0", "y"], &form(&[], None, &["0"])), (true, vec![0, 2], None, None));
    }

    #[test]
    fn classes_and_names_have_usual_names() {
        let none = form(&[], None, &[]);
        assert_eq!(found(&["x", "Label", " FILE", "class"], &none), (true, vec![0, 3], Some(1), Some(2)));
        assert_eq!(found(&["species", "x", "target"], &none), (true, vec![0, 1, 2], None, None));
        assert_eq!(found(&["x", "label"], &form(&[], None, &["label"])), (true, vec![0], None, None));
        assert_eq!(
            found(&["x", "label", "y"], &form(&[], Some("y"), &[])),
            (true, vec![0, 1], Some(2), None)
        );
        assert_eq!(found(&["x", "name"], &form(&[], Some("name"), &[])), (true, vec![0], Some(1), None));
        assert_eq!(
            found(&["name", "label"], &form(&["label", "name"], None, &[])),
            (true, vec![1, 0], None, None)
        );
    }

    #[test]
    fn what_pandas_writes_is_read_as_it_was_meant() {
        let none = form(&[], None, &[]);
        assert_eq!(found(&["0", "1", "2", "3"], &none), (true, vec![0, 1, 2, 3], None, None));
        assert_eq!(found(&["", "0", "1"], &none), (true, vec![1, 2], None, Some(0)));
        assert_eq!(found(&["", "a", "b"], &none), (true, vec![1, 2], None, Some(0)));
        assert_eq!(found(&["", "0", "1"], &form(&[], Some("1"), &[])), (true, vec![1], Some(2), Some(0)));
        assert_eq!(found(&["", "a"], &form(&["a"], None, &[])), (true, vec![1], None, Some(0)));
        // It may be said, and a run whose table had no header knows.
        let said = |header| Form { header: Some(header), ..form(&[], None, &[]) };
        assert_eq!(found(&["0", "1", "2", "3"], &said(false)), (false, vec![0, 1, 2, 3], None, None));
        assert_eq!(found(&["1.5", "2"], &said(true)), (true, vec![0, 1], None, None));
        let recorded = Form { kind: Some(SourceKind::Table), ..form(&[], None, &[]) };
        assert_eq!(found(&["0", "1", "2", "3"], &recorded), (false, vec![0, 1, 2, 3], None, None));
        // So few may be a row, and so may what counts otherwise.
        assert_eq!(found(&["0", "1", "2"], &none), (false, vec![0, 1, 2], None, None));
        assert_eq!(found(&["1", "2", "3", "4"], &none), (false, vec![0, 1, 2, 3], None, None));
        assert_eq!(found(&["0", "1", "2", "3.0"], &none), (false, vec![0, 1, 2, 3], None, None));
        // A name of its own goes first.
        assert_eq!(found(&["", "a", "name"], &none), (true, vec![0, 1], None, Some(2)));
    }

    #[test]
    fn a_form_picks_columns_by_name_in_its_order() {
        let two = form(&["b", "a"], Some("kind"), &["gone"]);
        assert_eq!(found(&["a", "x", "b"], &two), (true, vec![2, 0], None, None));
        assert_eq!(found(&["a", "kind", "b", "name"], &two), (true, vec![2, 0], Some(1), Some(3)));
        assert_eq!(found(&["1", "2"], &two), (false, vec![0, 1], None, None));
        let missing = columns(&["a", "c"], &two).unwrap_err().to_string();
        assert_eq!(missing, r#"there is no column "b", but "a", "c""#);
        let unnamed = columns(&["1", "2", "3"], &two).unwrap_err().to_string();
        assert_eq!(unnamed, r#"there is no column "b", "a", but 3 columns without names"#);
    }

    #[test]
    fn a_name_twice_is_two_columns_unless_one_is_asked_for() {
        assert_eq!(found(&["a", "a", "b"], &form(&[], None, &[])), (true, vec![0, 1, 2], None, None));
        assert_eq!(found(&["a", "a", "b"], &form(&[], None, &["a"])), (true, vec![2], None, None));
        assert_eq!(
            found(&["a", "b", "a"], &form(&["a", "a", "b"], None, &[])),
            (true, vec![0, 2, 1], None, None)
        );
        for form in [form(&["a", "b"], None, &[]), form(&[], Some("a"), &[])] {
            let refused = columns(&["a", "a", "b"], &form).unwrap_err();
            assert!(
                matches!(&refused, TableErrorKind::Ambiguous { name, found: 2, expected: 1 } if name == "a")
            );
        }
    }

    #[test]
    fn what_is_asked_for_must_be_there_when_it_is_asked_for() {
        for form in [form(&[], Some("y"), &[]), form(&[], None, &["y"]), form(&[], Some("2"), &[])] {
            assert!(matches!(columns(&["x", "z"], &form), Err(TableErrorKind::Missing { .. })), "{form:?}");
            let recorded = Form { kind: Some(SourceKind::Table), ..form };
            assert_eq!(found(&["x", "z"], &recorded), (true, vec![0, 1], None, None));
        }
        // Without names, the class is there if there is one column more than numbers.
        let recorded = Form { kind: Some(SourceKind::Table), ..form(&[], Some("0"), &[]) };
        let recorded = recorded.with_shape(crate::Shape::list(2));
        assert_eq!(found(&["1", "2", "3"], &recorded), (false, vec![1, 2], Some(0), None));
        assert_eq!(found(&["1", "2"], &recorded), (false, vec![0, 1], None, None));
        let vast = crate::Shape { channels: usize::MAX, rows: usize::MAX, cols: 2 };
        let vast = Form { drop_columns: vec!["1".to_owned()], ..recorded.with_shape(vast) };
        assert_eq!(found(&["1", "2", "3"], &vast), (false, vec![2], Some(0), None));
        assert!(matches!(columns(&["cat"], &form(&[], Some("0"), &[])), Err(TableErrorKind::NoNumbers)));
    }
}
