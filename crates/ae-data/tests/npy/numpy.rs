//! Files that NumPy 2.4.6 wrote: `fixtures/make_fixtures.py` stands beside them.

use std::fs;

use ae_data::{ReadOptions, Shape, Values, open_labels};

use crate::common::{chain, codes, fixtures, float_bits, read};

const CODES: [f32; 12] =
    [0.5, -1.25, 65504.0, 5.960_464_5e-8, -0.0, 3.0, 0.333_251_95, 7.0, -2048.0, 1.0, 2.0, 1024.0];

#[test]
fn every_form_is_the_same_codes() {
    let (mut same, mut others) = (0, Vec::new());
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match name.as_str() {
            "make_fixtures.py" => continue,
            "integers.npy" | "two.npz" => {
                others.push(name);
                continue;
            }
            _ => {}
        }
        let found = read(&fs::read(&path).unwrap(), &codes(3), 3).unwrap();
        let expected = if name == "one.npy" { &CODES[3..6] } else { &CODES };
        assert_eq!(float_bits(found.floats()), float_bits(expected), "{name}");
        same += 1;
    }
    assert_eq!((same, others.len()), (15, 2));
}

#[test]
fn integers_are_floats() {
    let integers = read(&fs::read(fixtures().join("integers.npy")).unwrap(), &codes(3), 3).unwrap();
    assert_eq!(integers.floats(), (0_u8..12).map(f32::from).collect::<Vec<f32>>());
}

#[test]
fn of_two_arrays_one_is_named() {
    let two = fs::read(fixtures().join("two.npz")).unwrap();
    let error = chain(&read(&two, &codes(3), 3).unwrap_err());
    assert!(error.contains("it holds 2 arrays: codes, labels; --array NAME says"), "{error}");
    for name in ["codes", "codes.npy"] {
        let options = ReadOptions { array: Some(name.to_owned()), ..codes(3) };
        assert_eq!(float_bits(read(&two, &options, 3).unwrap().floats()), float_bits(&CODES));
    }
    let labels = ReadOptions { array: Some("labels".to_owned()), ..ReadOptions::default() };
    let labels = read(&two, &labels, 3).unwrap();
    assert_eq!((labels.shape(), &labels.values), (Shape::list(1), &Values::Floats(vec![0.0, 1.0, 2.0, 3.0])));
    // Which of them are labels can't be said there.
    assert!(open_labels(&fixtures().join("two.npz"), &Default::default()).is_err());
}
