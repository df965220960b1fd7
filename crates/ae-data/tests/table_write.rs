//! Tables written, read again, cut short and spoilt.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::collections::BTreeSet;
use std::io::{self, Cursor, Write};

use ae_data::{
    DataError, ElementKind, Form, LoadError, ReadOptions, Samples, Shape, TableHead, TableWriter, Values,
    WriteError, stream_source,
};
use proptest::prelude::*;

/// Rows as they are written: names, classes, and numbers of `head.columns.len()` columns.
#[derive(Debug, Clone)]
struct Table {
    head: TableHead,
    names: Option<Vec<String>>,
    classes: Option<Vec<String>>,
    values: Values,
    width: usize,
}

impl Table {
    /// The text, written a few rows at a time.
    fn written(&self) -> Vec<u8> {
        let mut writer = TableWriter::new(Vec::new(), self.head.clone()).unwrap();
        let rows = self.values.len() / self.width;
        for first in (0..rows).step_by(3) {
            let rows = first..rows.min(first + 3);
            let numbers = rows.start * self.width..rows.end * self.width;
            let values = match &self.values {
                Values::Bytes(bytes) => Values::Bytes(bytes[numbers].to_vec()),
                Values::Floats(floats) => Values::Floats(floats[numbers].to_vec()),
            };
            let names = self.names.as_ref().map(|names| &names[rows.clone()]);
            let classes = self.classes.as_ref().map(|classes| &classes[rows.clone()]);
            writer.write(names, classes, &values, self.width).unwrap();
        }
        writer.finish().unwrap()
    }

    fn form(&self) -> Form {
        let elements = match self.values {
            Values::Bytes(_) => ElementKind::Bytes,
            Values::Floats(_) => ElementKind::Floats,
        };
        let (columns, class_column) = (self.head.columns.clone(), self.head.class.clone());
        Form { columns, class_column, elements: Some(elements), ..Form::default() }
    }
}

fn read(text: Vec<u8>, form: Form) -> Result<(Samples, Form), LoadError> {
    let mut source =
        stream_source(Cursor::new(text), "t.csv", &ReadOptions { form, ..ReadOptions::default() })?;
    let rows = source.next_chunk(usize::MAX)?;
    Ok((rows, source.form().clone()))
}

fn bits(values: &Values) -> Vec<u32> {
    match values {
        Values::Bytes(bytes) => bytes.iter().map(|&byte| byte.into()).collect(),
        Values::Floats(floats) => floats.iter().map(|float| float.to_bits()).collect(),
    }
}

/// Text with all that a table has a meaning for, and without other control characters.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '"', ',', ';', '\t', '\n', '\r', '\u{feff}', ' ', '#', '[', '\'', 'é', '1',
    ]);
    let char = prop_oneof![special, any::<char>().prop_filter("no control", |c| !c.is_control())];
    prop::collection::vec(char, 0..6).prop_map(String::from_iter)
}

fn values(numbers: usize) -> impl Strategy<Value = Values> {
    let float = any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |float| float.is_finite());
    let float = prop_oneof![float, (-300_i16..300).prop_map(f32::from)];
    prop_oneof![
        prop::collection::vec(float, numbers).prop_map(Values::Floats),
        prop::collection::vec(any::<u8>(), numbers).prop_map(Values::Bytes),
    ]
}

prop_compose! {
    fn tables()(rows in 0_usize..8, columns in prop::collection::vec(text(), 1..5))(
        names in prop::option::of(prop::collection::vec(text(), rows)),
        classes in prop::option::of(prop::collection::vec("[a-c]\"?[ ,\n\u{e9}]?", rows)),
        values in values(rows * columns.len()),
        class in Just("which, \"one\"".to_owned()),
        class_at in 0..=columns.len(),
        mut columns in Just(columns),
    ) -> Table {
        // Alone, nothing but blanks is no text, and a lone name may begin as something else does.
        columns[0].insert(0, 'x');
        let width = columns.len();
        let class_at = if classes.is_some() { class_at } else { 0 };
        let head = TableHead { names: names.is_some(), class: classes.is_some().then_some(class), class_at, columns };
        Table { head, names, classes, values, width }
    }
}

proptest! {
    #[test]
    fn a_table_is_read_as_it_was_written(table in tables()) {
        let (rows, form) = read(table.written(), table.form()).unwrap();
        prop_assert_eq!(bits(rows.values()), bits(&table.values));
        prop_assert_eq!(rows.shape(), Shape::list(table.width));
        prop_assert_eq!(rows.names().map(<[String]>::to_vec), table.names.clone());
        let classes = rows.labels().map(|labels| labels.iter().map(|&label| form.class_name(label)).collect());
        prop_assert_eq!(classes, table.classes.clone());
        prop_assert_eq!((&form.columns, form.class_at), (&table.head.columns, table.head.class_at));
        // Without a word about columns too.
        let class_column = table.head.class.clone();
        let little = Form { class_column, elements: form.elements, ..Form::default() };
        let (again, found) = read(table.written(), little).unwrap();
        prop_assert_eq!((again, &found.columns), (rows, &table.head.columns));
    }

    #[test]
    fn what_is_cut_or_spoilt_is_rows_or_an_error(
        table in tables(),
        cut in any::<prop::sample::Index>(),
        spoilt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        recorded in any::<bool>(),
    ) {
        let mut text = table.written();
        for (at, byte) in spoilt {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text.truncate(cut.index(text.len() + 1));
        let form = if recorded { table.form() } else { Form::default() };
        if let Ok((rows, form)) = read(text, form) {
            prop_assert_eq!(form.shape(), Some(rows.shape()));
            let finite = match rows.values() {
                Values::Bytes(_) => true,
                Values::Floats(floats) => floats.iter().all(|float| float.is_finite()),
            };
            prop_assert!(finite);
        }
    }

    #[test]
    fn any_text_is_rows_or_an_error(text in "[0-9a,;\t\"\r\n. -]{0,60}", class in prop::option::of("[0-3a]")) {
        let form = Form { class_column: class, ..Form::default() };
        if let Ok((rows, form)) = read(text.into_bytes(), form) {
            prop_assert_eq!(form.class_column.is_some(), rows.labels().is_some());
        }
    }
}

fn head(names: bool, class: Option<&str>, columns: &[&str]) -> TableHead {
    let columns = columns.iter().map(|&name| name.to_owned()).collect();
    TableHead { names, class: class.map(str::to_owned), class_at: 0, columns }
}

fn written(head: TableHead, values: Values, width: usize) -> Result<String, WriteError> {
    let mut writer = TableWriter::new(Vec::new(), head)?;
    writer.write(None, None, &values, width)?;
    Ok(String::from_utf8(writer.finish()?).unwrap())
}

#[test]
fn numbers_are_as_short_as_they_can_be() {
    let floats = vec![0.0, -0.0, 1.0, 0.1, -2.5, 16_777_216.0, 1e15, 3.402_823_5e38, 1e-5, 1e-6, 1e-45];
    let text = written(TableHead::default(), Values::Floats(floats), 11).unwrap();
    assert_eq!(text, "0,-0,1,0.1,-2.5,16777216,1000000000000000,3.4028235e38,0.00001,1e-6,1e-45\n");
    let text = written(head(false, None, &["a,b", "c"]), Values::Bytes(vec![0, 255, 7, 8]), 2).unwrap();
    assert_eq!(text, "\"a,b\",c\n0,255\n7,8\n");
}

/// A header of nothing that another separator or another kind of file could be seen in.
#[test]
fn a_header_that_would_mislead_is_quoted() {
    for (columns, line) in [
        (["a\tb", "c"], "\"a\tb\",\"c\"\n"),
        (["a;b", "c"], "a;b,c\n"),
        (["[1", "2]"], "\"[1\",\"2]\"\n"),
        (["%PDF-", "x"], "\"%PDF-\",\"x\"\n"),
    ] {
        assert_eq!(written(head(false, None, &columns), Values::Bytes(vec![]), 2).unwrap(), line);
    }
    assert_eq!(written(head(false, None, &["a;b"]), Values::Bytes(vec![]), 1).unwrap(), "\"a;b\"\n");
}

#[test]
fn a_class_stands_where_it_stood_with_or_without_a_header() {
    for (columns, first) in [(&["x", "y"][..], "x,kind,y\n"), (&[], "")] {
        let head = TableHead { class_at: 1, ..head(false, Some("kind"), columns) };
        let mut writer = TableWriter::new(Vec::new(), head).unwrap();
        let classes = ["a".to_owned(), "b".to_owned()];
        writer.write(None, Some(&classes), &Values::Bytes(vec![1, 2, 3, 4]), 2).unwrap();
        assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap(), first.to_owned() + "1,a,2\n3,b,4\n");
    }
    let beyond = TableHead { class_at: 3, ..head(false, Some("kind"), &["x", "y"]) };
    assert!(TableWriter::new(Vec::new(), beyond).is_err());
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_of_it_is_written() {
    for (names, class, columns) in [
        (true, None, &[][..]),
        (true, None, &["x", "name"]),
        (true, Some("name"), &["x"]),
        (false, Some("x"), &["x"]),
    ] {
        let refused = TableWriter::new(Vec::new(), head(names, class, columns));
        assert!(matches!(refused, Err(WriteError::Images(DataError::Argument { .. }))), "{columns:?}");
    }
    let two = ["a".to_owned(), "b".to_owned()];
    let mut writer = TableWriter::new(Vec::new(), head(true, Some("c"), &["x", "y"])).unwrap();
    let four = Values::Floats(vec![1.0, 2.0, 3.0, 4.0]);
    let unequal = [
        writer.write(None, Some(&two), &four, 2),
        writer.write(Some(&two), None, &four, 2),
        writer.write(Some(&two[..1]), Some(&two), &four, 2),
        writer.write(Some(&two), Some(&two), &four, 4),
        writer.write(Some(&two), Some(&two), &four, 0),
        writer.write(Some(&two), Some(&two), &Values::Bytes(vec![1, 2, 3]), 2),
    ];
    let kinds: BTreeSet<String> =
        unequal.into_iter().map(|refused| refused.unwrap_err().to_string()).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    let refused = writer.write(Some(&two), Some(&two), &Values::Floats(vec![1.0, 2.0, 3.0, f32::NAN]), 2);
    assert!(matches!(refused, Err(WriteError::Images(DataError::NotFinite { row: 1, column: 1, .. }))));
    writer.write(Some(&two), Some(&two), &four, 2).unwrap();
    assert_eq!(writer.finish().unwrap(), b"name,c,x,y\na,a,1,2\nb,b,3,4\n");
    assert!(written(TableHead::default(), four.clone(), 0).is_err());
    // No names are not names for no row.
    let mut writer = TableWriter::new(Vec::new(), TableHead::default()).unwrap();
    assert!(writer.write(Some(&[]), None, &four, 2).is_err());
}

/// A disk that is full after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_wherever_it_is_full() {
    for room in [0, 4, 5000, 50_000] {
        let fill = || -> Result<Full, WriteError> {
            let mut writer = TableWriter::new(Full(room), head(false, None, &["x"]))?;
            writer.write(None, None, &Values::Bytes(vec![255; 20_000]), 1)?;
            writer.finish()
        };
        match fill() {
            Err(WriteError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("{room} bytes were room enough"),
        }
    }
}
