//! Tables as rows: what each column is taken for, and what is said of tables that can't be read.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::error::Error;
use std::fs;
use std::io::{Cursor, Write};

use ae_data::{
    BadCell, ElementKind, Form, Limits, LoadError, ReadOptions, Samples, Shape, Source, SourceKind,
    TableErrorKind, Values, open_source, stream_source,
};
use flate2::Compression;
use flate2::write::GzEncoder;

fn open(text: impl Into<Vec<u8>>, form: &Form) -> Result<Box<dyn Source>, LoadError> {
    let options = ReadOptions { form: form.clone(), ..ReadOptions::default() };
    stream_source(Cursor::new(text.into()), "t.csv", &options)
}

/// All rows, and the form that was settled.
fn read(text: &str, form: &Form) -> (Samples, Form) {
    let mut source = open(text, form).unwrap();
    let rows = source.next_chunk(usize::MAX).unwrap();
    assert_eq!(rows.len(), source.len());
    (rows, source.form().clone())
}

fn floats(rows: &Samples) -> &[f32] {
    match rows.values() {
        Values::Floats(floats) => floats,
        Values::Bytes(bytes) => panic!("bytes: {bytes:?}"),
    }
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", chain(source)))
}

fn refusal(text: impl Into<Vec<u8>>, form: &Form) -> TableErrorKind {
    match open(text, form).map(|source| source.form().clone()) {
        Err(LoadError::Table(error)) => {
            assert_eq!(error.path.to_str(), Some("t.csv"));
            error.source
        }
        other => panic!("expected Table, got {other:?}"),
    }
}

fn bad_cells(text: &str, form: &Form) -> Vec<BadCell> {
    match refusal(text, form) {
        TableErrorKind::Cells { cells, .. } => cells,
        other => panic!("expected Cells, got {other:?}"),
    }
}

fn named(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&name| name.to_owned()).collect()
}

fn with_class(column: &str) -> Form {
    Form { class_column: Some(column.to_owned()), ..Form::default() }
}

#[test]
fn every_common_way_to_write_a_table_is_the_same_table() {
    let expected = [1.5, -2.0, 300.0, 0.25];
    for text in [
        "a,b\n1.5,-2\n300,.25\n",
        "a,b\n1.5,-2\n300,.25",
        "a,b\r\n1.5,-2\r\n300,.25\r\n",
        "\u{feff}a,b\n1.5,-2\n300,.25\n",
        "a\tb\n1.5\t-2\n300\t0.25\n",
        "a;b\n1.5;-2\n3e2;+.25\n",
        "\n\na,b\n\n1.5,-2\n\r\n\n300,.25\n\n",
        "\"a\",\"b\"\n\"1.5\",\"-2\"\n 300 ,\t.25 \n",
    ] {
        let (rows, form) = read(text, &Form::default());
        assert_eq!(floats(&rows), expected, "{text:?}");
        assert_eq!((rows.shape(), form.kind), (Shape::list(2), Some(SourceKind::Table)));
        assert_eq!((form.columns, form.elements), (named(&["a", "b"]), Some(ElementKind::Floats)));
        assert_eq!((rows.labels(), rows.names()), (None, None));
    }
    let (rows, form) = read("1.5,-2\n300,.25", &Form::default());
    assert_eq!((floats(&rows), form.columns), (&expected[..], vec![]));
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let (rows, form) = read("a,b\n", &Form::default());
    assert!(rows.is_empty());
    assert_eq!(form.shape(), Some(Shape::list(2)));
}

/// As the data set of Fisher's irises is handed round: text classes, quoted names, classes last.
#[test]
fn text_classes_are_numbered_in_sorted_order() {
    let text = "\"sepal length (cm)\",petal,class\n5.1,.2,setosa\n7,1.4,virginica\n6.4,1.5,setosa\n6,1,\"Iris, v.\"\n";
    let (rows, form) = read(text, &Form::default());
    assert_eq!(form.classes, ["Iris, v.", "setosa", "virginica"]);
    assert_eq!(rows.labels(), Some(&[1, 2, 1, 0][..]));
    assert_eq!(form.class_column.as_deref(), Some("class"));
    assert_eq!(form.columns, ["sepal length (cm)", "petal"]);
    // The recorded form numbers the classes of a part of the rows in the same way, and knows no others.
    let (rows, again) = read("class,petal,sepal length (cm)\nvirginica,1,2\n", &form);
    assert_eq!((rows.labels(), floats(&rows)), (Some(&[2][..]), &[2.0, 1.0][..]));
    assert_eq!((form.class_at, again.class_at), (2, 0));
    assert_eq!(Form { class_at: 2, ..again }, form);
    let cells = bad_cells("class,petal,sepal length (cm)\nrose,1,2\n", &form);
    assert_eq!((cells[0].column, &cells[0].found[..]), (0, "\"rose\""));
    assert_eq!(cells[0].expected, r#"one of the classes "Iris, v.", "setosa", "virginica""#);
    let (rows, without) = read("petal,sepal length (cm)\n1,2\n", &form);
    assert_eq!(
        (rows.labels(), &without),
        (None, &form),
        "the class is not forgotten, and no other column is it"
    );
    // Nor is anything in the way of a file of the numbers alone.
    let (rows, _) = read("1,2\n", &form);
    assert_eq!((rows.labels(), floats(&rows)), (None, &[1.0, 2.0][..]));
}

#[test]
fn whole_classes_are_the_labels() {
    let (rows, form) = read("x,y\n1,-7\n2, 300\n3,+2147483647\n", &with_class("y"));
    assert_eq!(rows.labels(), Some(&[-7, 300, i32::MAX][..]));
    assert_eq!((form.classes, form.class_column.as_deref()), (vec![], Some("y")));
    let (rows, form) = read("x,label\n1,7\n2,2147483648\n", &Form::default());
    assert_eq!((rows.labels(), form.classes), (Some(&[1, 0][..]), named(&["2147483648", "7"])));
    let (rows, form) = read("3,1,2\n4,5,6\n", &with_class("0"));
    assert_eq!((rows.labels(), floats(&rows)), (Some(&[3, 4][..]), &[1.0, 2.0, 5.0, 6.0][..]));
    assert_eq!((form.class_column.as_deref(), form.columns.len()), (Some("0"), 0));
    let (rows, _) = read("1,2\n", &form);
    assert_eq!((rows.labels(), floats(&rows)), (None, &[1.0, 2.0][..]));
    let cells = bad_cells("x,label\n1,\n", &Form::default());
    assert_eq!((&cells[0].expected[..], &cells[0].found[..]), ("a class", "nothing"));
}

#[test]
fn more_classes_than_can_be_are_refused_where_they_are_text() {
    let lines =
        |prefix: &str| (0..40_000).fold("x,label\n".to_owned(), |text, n| text + &format!("1,{prefix}{n}\n"));
    let (rows, _) = read(&lines(""), &Form::default());
    assert_eq!(rows.labels().map(|labels| labels[39_999]), Some(39_999));
    let cells = bad_cells(&lines("c"), &Form::default());
    assert_eq!((cells[0].row, &cells[0].found[..]), (32_768, "\"c32768\""));
}

#[test]
fn a_column_called_name_or_file_names_the_rows() {
    let (rows, form) = read("x,File,y\n1,a.png,2\n3,7,4\n", &Form::default());
    assert_eq!(rows.names(), Some(&named(&["a.png", "7"])[..]));
    assert_eq!((floats(&rows), form.columns), (&[1.0, 2.0, 3.0, 4.0][..], named(&["x", "y"])));
}

#[test]
fn a_source_says_whether_its_rows_have_names_and_labels() {
    for (text, names, labels) in
        [("x,y\n1,2\n", false, false), ("x,class\n1,a\n", false, true), ("name,x\n", true, false)]
    {
        let mut source = open(text, &Form::default()).unwrap();
        assert_eq!((source.has_names(), source.has_labels()), (names, labels), "{text:?}");
        let rows = source.next_chunk(9).unwrap();
        assert_eq!((rows.names().is_some(), rows.labels().is_some()), (names, labels), "{text:?}");
    }
}

#[test]
fn dropped_columns_are_gone_by_name_and_by_number() {
    let form = Form { drop_columns: named(&["city", "0"]), ..Form::default() };
    let (rows, settled) = read("id,x,city,y\n#1,1,Paris,2\n", &form);
    assert_eq!((floats(&rows), &settled.columns[..]), (&[1.0, 2.0][..], &named(&["x", "y"])[..]));
    assert_eq!(settled.drop_columns, form.drop_columns);
    let missing = refusal("id,x\n1,2\n", &form).to_string();
    assert_eq!(missing, r#"there is no column "city", but "id", "x""#);
    let missing = chain(&open("id,x\n1,2\n", &with_class("kind")).map(|_| ()).unwrap_err());
    assert_eq!(missing, r#"cannot read the table t.csv: there is no column "kind", but "id", "x""#);
}

#[test]
fn all_columns_that_are_no_numbers_are_told_at_once() {
    let text = "id,city,x,note\n1,Paris,2,\n\n2,Rome,3,\"a\nb\"\n3,Oslo,inf,5\n";
    let error = chain(&open(text, &Form::default()).map(|_| ()).unwrap_err());
    assert_eq!(
        error,
        "cannot read the table t.csv: line 2 (row 0), column 1 \"city\": expected a number, found \"Paris\"; 3 columns \
         have such cells; --drop-columns city,x,note leaves out what is no number"
    );
    let cells = bad_cells(text, &Form::default());
    let places: Vec<_> = cells.iter().map(|cell| (cell.line, cell.row, cell.column)).collect();
    assert_eq!(places, [(2, 0, 1), (6, 2, 2), (2, 0, 3)]);
    assert_eq!((&cells[1].expected[..], &cells[2].found[..]), ("a finite 32-bit number", "nothing"));
    let first = refusal("a,b\n1,x\ny,2\n", &Form::default()).to_string();
    assert!(first.starts_with("line 2 (row 0), column 1 \"b\": "), "{first}");
    // What is said to leave out is what has to be left out.
    let dropped = Form { drop_columns: named(&["city", "x", "note"]), ..Form::default() };
    assert_eq!(floats(&read(text, &dropped).0), [1.0, 2.0, 3.0]);
    // Later there is nothing to leave out.
    let recorded = Form { columns: named(&["x"]), ..Form::default() };
    assert!(!refusal(text, &recorded).to_string().contains("--drop-columns"));
    let unnamed = refusal("1,2\n3,a b\n", &Form::default()).to_string();
    assert!(
        unnamed.starts_with("line 2 (row 1), column 1: ") && unnamed.contains("--drop-columns 1 "),
        "{unnamed}"
    );
    let spaced = refusal("a,b b,\"c,d\"\n3,c,d\n", &Form::default()).to_string();
    assert!(spaced.contains("--drop-columns \"b b,2\" "), "{spaced}");
}

#[test]
fn more_bad_columns_than_a_message_can_hold_are_given_up() {
    let line = |cell: &str| vec![cell; 100].join(",") + "\n";
    match refusal([line("a"), line("b"), line("1")].concat(), &Form::default()) {
        TableErrorKind::Cells { cells, more: true, droppable: true } => assert_eq!(cells.len(), 64),
        other => panic!("expected 64 columns and more, got {other:?}"),
    }
}

#[test]
fn a_decimal_comma_is_told_and_not_guessed() {
    let said = refusal("a;b\n1,5;2\n", &Form::default()).to_string();
    assert!(
        said.contains("a number with a decimal point (a comma is not read as one), found \"1,5\""),
        "{said}"
    );
    let cells = bad_cells("1;2\n1,5;2\n", &Form::default());
    assert_eq!((cells[0].line, cells[0].column), (2, 0));
}

#[test]
fn lines_are_counted_as_editors_count_them() {
    for (text, line) in [
        ("1,2\nx,2\n", 2),
        ("1,2\r\nx,2\r\n", 2),
        ("1,2\r\nx,2", 2),
        ("1,2\nx,2", 2),
        ("\n\na,b\n\n\nx,2\n1,2\n", 6),
        ("\r\n\r\na,b\r\n\r\n\r\nx,2\r\n1,2\r\n", 6),
        ("\"a\nb\",c\n\"x\ny\",2\n", 3),
        ("\"a\r\nb\",c\r\n\"x\r\ny\",2\r\n", 3),
    ] {
        assert_eq!(bad_cells(text, &Form::default())[0].line, line, "{text:?}");
    }
}

#[test]
fn lines_of_other_lengths_and_encodings_are_refused_with_the_line() {
    let none = Form::default();
    for text in ["a,b\n1,2\n3\n", "a,b\n1,2\n1,2,3\n", "a,b\n1,2\n\"1,2\n3,4\n"] {
        let found = if text.contains("2,3") { 3 } else { 1 };
        match refusal(text, &none) {
            TableErrorKind::Ragged { line: 3, found: is, expected: 2 } => assert_eq!(is, found),
            other => panic!("expected Ragged, got {other:?}"),
        }
    }
    let said = refusal("a,b\n1,2\n3\n", &none).to_string();
    assert_eq!(said, "line 3 has 1 column(s), the first has 2");
    // Two halves of a character in two cells are no character.
    for latin in [&b"caf\xe9,1"[..], b"\xc3,\xa9", b"1,\xff"] {
        let long = [&b"name,x\n"[..], &b"a,1\n".repeat(200), latin, b"\n"].concat();
        assert!(matches!(refusal(long, &none), TableErrorKind::Utf8 { line: 202 }));
    }
}

/// `(header, first line)` of 4 pixels each, as the two sets of Kaggle and that of pjreddie have them.
#[test]
fn pixels_are_bytes_where_they_look_like_pixels() {
    let none = Form::default();
    let square = Form::default().with_shape(Shape::picture(2, 2));
    for (text, form) in [
        ("label,pixel0,pixel1,pixel2,pixel3\n5,0,9,255,1\n", &none),
        ("label,1x1,1x2,2x1,2x2\n5,0,9,255,1\n", &none),
        ("label,a,b,c,d\n5,0,9,255,1\n", &square),
        ("5,0,9,255,1\n", &with_class("0")),
        ("label,pixel0,pixel1,pixel2,pixel3\n5,0,9,255,1\n", &square),
    ] {
        let (rows, settled) = read(text, form);
        assert_eq!(rows.bytes(), Some(&[0, 9, 255, 1][..]), "{text}");
        assert_eq!(rows.labels(), Some(&[5][..]));
        assert_eq!(settled.elements, Some(ElementKind::Bytes));
        let shape = if form.size.is_some() { Shape::picture(2, 2) } else { Shape::list(4) };
        assert_eq!(rows.shape(), shape);
    }
}

#[test]
fn numbers_that_do_not_look_like_pixels_are_floats() {
    let floats_of = |text: &str, form: &Form| floats(&read(text, form).0).to_vec();
    let none = Form::default();
    assert_eq!(floats_of("a,b\n0,255\n", &none), [0.0, 255.0]);
    assert_eq!(floats_of("pixel0,b\n0,255\n", &none), [0.0, 255.0]);
    assert_eq!(floats_of("superpixel0,pixel1\n0,255\n", &none), [0.0, 255.0]);
    assert_eq!(floats_of("pixel0,x1\n0,255\n", &none), [0.0, 255.0]);
    // Grades from 0 to 16, a number too large, one that is not whole, one below, and a zero with a sign.
    for (text, last) in [("17,16.5\n", 16.5), ("0,16\n", 16.0), ("17,256\n", 256.0), ("17,-1\n", -1.0)] {
        assert_eq!(floats_of(text, &none)[1], last);
    }
    assert!(floats_of("17,-0\n", &none)[1].is_sign_negative());
    assert_eq!(read("0,17\n", &none).0.bytes(), Some(&[0, 17][..]));
    let one_line = Form::default().with_shape(Shape::list(2));
    assert_eq!(floats_of("a,b\n0,255\n", &one_line), [0.0, 255.0]);
    // A later file of darker pictures is read as the first was, and one of floats as floats.
    let bytes = Form { elements: Some(ElementKind::Bytes), ..Form::default() };
    assert_eq!(read("a,b\n0,1\n", &bytes).0.bytes(), Some(&[0, 1][..]));
    let given = Form { elements: Some(ElementKind::Floats), ..Form::default() };
    assert_eq!(floats_of("0,255\n", &given), [0.0, 255.0]);
    let cells = bad_cells("a,b\n0,255\n7,256\n0.5,1\n", &bytes);
    let told: Vec<_> = cells.iter().map(|cell| (cell.line, cell.column, &cell.found[..])).collect();
    assert_eq!(told, [(4, 0, "\"0.5\""), (3, 1, "\"256\"")]);
    assert_eq!(cells[0].expected, "a whole number from 0 to 255");
}

#[test]
fn another_number_of_columns_than_the_shape_has_is_refused() {
    let square = Form::default().with_shape(Shape::picture(2, 2));
    let refused = open("1,2,3\n", &square).map(|_| ()).unwrap_err();
    assert_eq!(chain(&refused), "cannot use t.csv: rows are 3, 2 x 2 is needed");
    let colour = Shape { channels: 3, rows: 1, cols: 1 };
    assert_eq!(read("1,2,3\n", &Form::default().with_shape(colour)).0.shape(), colour);
}

#[test]
fn a_file_packed_or_not_is_read_in_chunks_as_a_stream_is() {
    let mut text = "name,label,x\n".to_owned();
    (0..1000).for_each(|n| text += &format!("r{n},{},{n}.5\n", n % 7));
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let (whole, form) = read(&text, &Form::default());
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("t.csv", text.into_bytes()), ("t.csv.gz", packed.finish().unwrap())] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut source = open_source(&path, &ReadOptions::default()).unwrap();
        assert_eq!((source.len(), source.form()), (1000, &form));
        for first in [0, 300, 600, 900] {
            let chunk = source.next_chunk(300).unwrap();
            let indices: Vec<u32> = (first..1000.min(first + 300)).collect();
            assert_eq!(chunk, whole.select(&indices).unwrap());
        }
        assert!(source.next_chunk(300).unwrap().is_empty());
    }
}

#[test]
fn a_file_that_changes_between_its_two_readings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let before = "name,label,x\na,cat,0.5\nb,dog,2\n";
    for after in [
        "name,label,x\na,cat,0.5\n",
        "name,label,x\na,cat,0.5\nb,dog,2\nc,cat,3\n",
        "name,label,x\na,cat,0.5\nb,dog,two\n",
        "name,label,x\na,cat,0.5\nb,rat,2\n",
        "name,label,x\na,cat,0.5\nb,dog,2.0\n",
        "name,label\na,cat\nb,dog\n",
        "x\n1\n2\n",
        "1",
        "",
    ] {
        fs::write(&path, before).unwrap();
        let mut source = open_source(&path, &ReadOptions::default()).unwrap();
        fs::write(&path, after).unwrap();
        match source.next_chunk(10) {
            Err(LoadError::Table(error)) => {
                assert_eq!(error.path, path);
                assert!(matches!(error.source, TableErrorKind::Changed), "{after:?}: {error:?}");
            }
            other => panic!("{after:?}: expected Table, got {other:?}"),
        }
    }
}

#[test]
fn limits_bound_a_chunk_of_a_file_and_the_text_of_a_stream() {
    let text = "name,x\n".to_owned() + &"aaaa,0.5\n".repeat(100);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, &text).unwrap();
    let limited = |max_bytes| ReadOptions { limits: Limits { max_bytes }, ..ReadOptions::default() };
    let mut source = open_source(&path, &limited(40)).unwrap();
    assert_eq!(source.next_chunk(10).unwrap().len(), 10);
    let refused = source.next_chunk(11);
    assert!(matches!(refused, Err(LoadError::Limit { rows: 11, bytes: 44, limit: 40, .. })), "{refused:?}");
    assert_eq!(source.next_chunk(0).unwrap().len(), 1);
    fs::write(&path, text.replace("aaaa", &"a".repeat(41))).unwrap();
    let refused = open_source(&path, &limited(40)).unwrap().next_chunk(1);
    assert!(matches!(refused, Err(LoadError::Limit { bytes: 41, .. })), "{refused:?}");

    let bytes = text.len() as u64;
    let stream = |limit| stream_source(Cursor::new(text.clone()), "t.csv", &limited(limit));
    assert_eq!(stream(bytes).unwrap().next_chunk(100).unwrap().len(), 100);
    match stream(bytes - 1).map(|_| ()) {
        Err(LoadError::Table(error)) => {
            assert!(matches!(error.source, TableErrorKind::Held { limit } if limit == bytes - 1));
        }
        other => panic!("expected Held, got {other:?}"),
    }
}

#[test]
fn gzip_that_is_damaged_is_found_out_with_the_last_row() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all("1,2\n".repeat(1000).as_bytes()).unwrap();
    let mut packed = packed.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv.gz");
    fs::write(&path, &packed).unwrap();
    let mut source = open_source(&path, &ReadOptions::default()).unwrap();
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    fs::write(&path, &packed).unwrap();
    assert_eq!(source.next_chunk(999).unwrap().len(), 999);
    assert!(matches!(source.next_chunk(1), Err(LoadError::Open(_))));
    let said = chain(&open(packed, &Form::default()).map(|_| ()).unwrap_err());
    assert!(said.starts_with("cannot open t.csv: its gzip stream cannot be decompressed"), "{said}");
}
