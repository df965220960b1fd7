//! Tables as text: a file and a stream, at once and in chunks, are read alike, and what is read is written and read again.

use std::io::Cursor;

use ae_data::{
    ElementKind, Form, ReadOptions, Samples, SourceKind, TableHead, TableWriter, WriteError, stream_source,
};

use crate::gzip::packed;
use crate::rows::{LIMITS, in_chunks, read, same, told};
use crate::scratch::with_file;

/// Reads a table of `bytes`, with nothing said of it and with something.
///
/// # Panics
/// If ways to read it differ, or accepted rows are others once they have been written.
pub fn run(bytes: &[u8]) -> bool {
    with_file("table.csv", bytes, |path| {
        let accepted = [Form::default(), asked(bytes.len())].map(|form| {
            let options = ReadOptions { form, limits: LIMITS, ..ReadOptions::default() };
            let Some((form, samples)) = read(path, bytes, &options) else { return false };
            if form.kind == Some(SourceKind::Table) {
                assert_written(form, &samples);
            }
            true
        });
        accepted.contains(&true)
    })
}

/// What may be asked of a table: classes, columns, a shape, a kind of numbers; and what an earlier one has settled.
fn asked(which: usize) -> Form {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let class = |name: &str| Some(name.to_owned());
    let forms = [
        Form { class_column: class("0"), ..Form::default() },
        Form { class_column: class("kind"), classes: names(&["b", "a"]), ..Form::default() },
        Form { drop_columns: names(&["1", "id"]), ..Form::default() },
        Form { columns: names(&["y", "x"]), class_column: class("kind"), ..Form::default() },
        Form { channels: Some(1), size: Some([2, 2]), ..Form::default() },
        Form { elements: Some(ElementKind::Bytes), ..Form::default() },
        Form { elements: Some(ElementKind::Floats), ..Form::default() },
        Form {
            kind: Some(SourceKind::Table),
            class_column: class("1"),
            size: Some([1, 2]),
            ..Form::default()
        },
    ];
    forms[which % forms.len()].clone()
}

/// With the header and the classes that they had.
fn assert_written(form: Form, samples: &Samples) {
    let columns = form.columns.clone();
    let head = TableHead {
        // Without a header there is no place for names.
        names: samples.names().is_some() && !columns.is_empty(),
        class: form.class_column.clone().filter(|_| samples.labels().is_some()),
        class_at: form.class_at,
        columns,
    };
    let several = {
        let called = |name: &str| head.columns.iter().any(|column| column == name);
        let class = head.class.as_deref().filter(|_| !head.columns.is_empty());
        head.names && (called("name") || class == Some("name")) || class.is_some_and(called)
    };
    let mut writer = match TableWriter::new(Vec::new(), head) {
        Ok(writer) => writer,
        Err(WriteError::Images(_)) if several => return,
        Err(error) => panic!("read, but not to be written: {}", told(&error)),
    };
    let classes = samples.labels().map(|labels| form.class_names(labels));
    let written = writer.write(samples.names(), classes.as_deref(), samples.values(), samples.width());
    written.expect("what was read can be written");
    let text = writer.finish().expect("a vector takes all that is written");
    let options = ReadOptions { form, limits: LIMITS, ..ReadOptions::default() };
    let again = stream_source(Cursor::new(text), "memory", &options).and_then(|source| in_chunks(source, 3));
    match again {
        Ok(Some((found, again))) => {
            assert_eq!(found, options.form);
            assert!(same(&again, samples), "other rows than were written");
        }
        // Their text may be longer than the one that they came from.
        Ok(None) => {}
        Err(error) => panic!("written, but not to be read: {}", told(&error)),
    }
}

/// Tables with headers and without, of bytes and floats, classes and names, in each separation, and broken ones.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let pixels = "label,1x1,1x2,2x1,2x2\n7,0,255,3,9\n2,17,0,0,1\n";
    vec![
        ("pixels", text(pixels)),
        ("packed", packed(pixels.as_bytes())),
        ("floats", text("x,y\n0.1,-2.5\n1e-45,3.4028235e38\n-0,16777217\n")),
        ("no-header", text("1,2,3,4\r\n250,0,7,1\r\n")),
        ("one-column", text("5\n6\n7")),
        ("tabs", text("x\tkind\ty\n1\ta\t2\n3\tb\t4\n")),
        ("semicolons", text("id;x;y\n9;1.5;2\n8;-1;0\n")),
        ("classes-alone", text("cat,1,2\n\"dog, big\",3,4\ncat,5,6\n")),
        ("names", text("name,kind,x,y\na/1.png,a,1,2\n\"b \"\"2\"\"\n\",b,3,4\n")),
        ("mark", [b"\xef\xbb\xbf", pixels.as_bytes()].concat()),
        ("doubled", text("x,x,y,kind\n1,2,3,a\n4,5,6,b\n")),
        ("no-rows", text("x,y\n")),
        ("blank-lines", text("\n\nx,y\n\n1,2\n\n3,4\n\n\n")),
        ("quoted", text("\"x\ny\",\"\"\"z\",kind\n\"1\",\"2\",\"b\"\n")),
        ("ragged", text("x,y\n1,2\n3\n")),
        ("missing", text("x,y\n1,\n,2\n")),
        ("not-finite", text("x,y\n1,nan\ninf,1e39\n")),
        ("decimal-commas", text("x;y\n1,5;2\n")),
        ("open-quote", text("x,y\n1,\"2\n3,4\n")),
        ("latin-1", b"gr\xf6\xdfe,y\n1,2\n".to_vec()),
        ("no-numbers", text("label\n1\n2\n")),
        ("long-cell", text(&format!("x\n{}\n", "1".repeat(513)))),
        ("wide", text(&format!("{}\n", "7,".repeat(2000)))),
        ("bomb", packed(&b"1,2\n".repeat(1 << 14))),
    ]
}
