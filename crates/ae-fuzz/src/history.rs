//! `history.csv`: an accepted table is written and read again, to the last bit.

use std::path::Path;

use ae_train::{EpochRecord, RunFolder};

use crate::run_record::MNIST;
use crate::scratch::with_file;

/// Reads a run folder whose `history.csv` is `bytes`.
///
/// # Panics
/// If an accepted table is another once it has been written.
pub fn run(bytes: &[u8]) -> bool {
    let Some(rows) = with_file("history.csv", bytes, read) else { return false };
    let again = written(&rows);
    let back = with_file("history.csv", &again, read).expect("it was written by us");
    // Of the rows themselves, one with a NaN would differ from itself.
    assert!(written(&back) == again, "another table than was written");
    true
}

fn read(path: &Path) -> Option<Vec<EpochRecord>> {
    let folder = path.parent().expect("a file is in a folder");
    // A folder without a record is no run; of one without hashes, any history may be.
    with_file("run.json", MNIST.as_bytes(), |_| {
        let folder = RunFolder::open(folder).expect("there is a run.json");
        folder.history(&folder.record().expect("it is one that we write")).ok()
    })
}

fn written(rows: &[EpochRecord]) -> Vec<u8> {
    if rows.is_empty() {
        return HEADER.into();
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.serialize(row).expect("a row of numbers has a form");
    }
    table.into_inner().expect("a vector takes all that is written")
}

const HEADER: &str = "epoch,train_bce,test_bce,test_mse,test_psnr_db,dead_units,wall_s\n";

/// Tables of one row and of several, with columns of other versions, and broken ones.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let header = HEADER;
    let row = "1,0.30000000000000004,1e-17,0.25,6.0206,3,0.5\n";
    let table = |rows: &[&str]| [header, &rows.concat()].concat().into_bytes();
    vec![
        ("one", table(&[row])),
        ("three", table(&[row, "2,0.1,0.1,0.01,20,0,5e-1\n", "3,0.1,0.1,0,inf,0,0.5\n"])),
        ("nan", table(&["1,NaN,-inf,-0,+1.,0,.5\n"])),
        (
            "other-columns",
            b"new,epoch,wall_s,dead_units,test_psnr_db,test_mse,test_loss,train_loss\nx,1,1,1,1,1,1,1\n"
                .into(),
        ),
        ("carriage-returns", [header, row].concat().replace('\n', "\r\n").into_bytes()),
        ("no-rows", table(&[])),
        ("nothing", Vec::new()),
        ("mark", [b"\xef\xbb\xbf", &table(&[row])[..]].concat()),
        ("short-row", table(&["1,0.2\n"])),
        ("quotes", table(&["\"1\",\"0.2\n\",1,1,1,1,1\n"])),
        ("commas", table(&[&",".repeat(1500)])),
        ("vast-numbers", table(&["18446744073709551616,1e999,1,1,1,-1,1\n"])),
        ("not-utf-8", [header.as_bytes(), b"1,\xff,1,1,1,1,1\n"].concat()),
    ]
}
