//! Files that NumPy 2.4.6 wrote: `numpy/make_fixtures.py` stands beside them.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::fs;
use std::path::Path;

use common::{bits, open, values};

const CODES: [f32; 12] =
    [0.5, -1.25, 65504.0, 5.960_464_5e-8, -0.0, 3.0, 0.333_251_95, 7.0, -2048.0, 1.0, 2.0, 1024.0];

#[test]
fn every_form_is_the_same_codes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy");
    let (mut read, mut refused) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".py") {
            continue;
        }
        match open(&fs::read(&path).unwrap(), 3) {
            Ok(mut reader) => {
                let expected = if name == "one.npy" { &CODES[3..6] } else { &CODES };
                assert_eq!(bits(&values(&mut reader, 3).unwrap()), bits(expected), "{name}");
                read += 1;
            }
            Err(error) => refused.push((name, error.to_string())),
        }
    }
    refused.sort();
    assert_eq!(read, 15);
    let [(integers, elements), (two, arrays)] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((&integers[..], &two[..]), ("integers.npy", "two.npz"));
    assert!(
        elements.contains("its elements are '<i8'") && elements.contains("astype('float32')"),
        "{elements}"
    );
    assert!(arrays.contains("it holds 2 arrays: codes, labels"), "{arrays}");
}
