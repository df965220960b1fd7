//! Weights files of every kind that is refused, and that a model is left alone by all of them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod common;

use std::fs;
use std::path::Path;

use ae_model::ae_net::Network;
use ae_model::dfdx::nn::modules::Tanh;
use ae_model::{Autoencoder, Linear, ModelError, Parameters, Shallow, WeightsError, WeightsFile};
use common::{METADATA, Small, file_of, raw, small};
use proptest::prelude::*;
use safetensors::tensor::Dtype;

/// The longest file and the longest header that are read.
const MAX_FILE_BYTES: u64 = 1 << 30;
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// A file of any header and data.
fn forged(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// The fault that `bytes` is refused for, after seeing that it leaves a model alone, through a path too, and that the
/// network of run-time sizes refuses it in the same words.
fn refused(bytes: &[u8]) -> WeightsError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.safetensors");
    fs::write(&path, bytes).unwrap();
    let mut model = small(0);
    let before = model.parameters();
    let error = model.load_from(&path).unwrap_err();
    assert_eq!(model.parameters(), before, "{error}");
    let ModelError::Weights(WeightsError::Load { path: named, source }) = error else { panic!("{error:?}") };
    assert_eq!(named, path);
    assert_eq!(source.to_string(), Small::from_bytes(bytes).unwrap_err().to_string());
    match Network::load_as(&path, &Small::description()) {
        Err(WeightsError::Load { source: again, .. }) => assert_eq!(again.to_string(), source.to_string()),
        other => panic!("{other:?}"),
    }
    *source
}

/// A tensor refused for what it is.
#[track_caller]
fn assert_tensor(error: &WeightsError, tensor: &str, ours: &str, theirs: &str) {
    let matches = matches!(error, WeightsError::Tensor { name, expected, found }
        if name == tensor && expected == ours && found == theirs);
    assert!(matches, "{error}");
}

#[test]
fn every_strict_prefix_is_refused() {
    let bytes = small(0).to_bytes().unwrap();
    assert!(Small::from_bytes(&bytes).is_ok());
    for end in 0..bytes.len() {
        let error = Small::from_bytes(&bytes[..end]).unwrap_err();
        let ModelError::Weights(error) = error else { panic!("{end}: {error}") };
        match error {
            WeightsError::Format { .. } | WeightsError::DataLength { .. } => {}
            WeightsError::Foreign(kind) if end == 0 => assert_eq!(kind.name(), "an empty file"),
            error => panic!("{end}: {error}"),
        }
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = small(0).to_bytes().unwrap();
    bytes.push(0);
    assert!(matches!(refused(&bytes), WeightsError::DataLength { promised: 180, actual: 181 }));
}

/// Most flips are refused. Those that are not leave a sound file of a sound model: a space of the padding
/// became a tab, or the metadata's key another key, which we do not read.
#[test]
fn no_flip_of_a_header_bit_panics_or_half_loads() {
    let good = small(0);
    let bytes = good.to_bytes().unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut taken = 0;
    for place in 0..8 + length {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << bit;
            let mut model = small(1);
            let before = model.parameters();
            match Small::from_bytes(&bytes) {
                Ok(loaded) => {
                    taken += 1;
                    assert_eq!(loaded.identity(), good.identity(), "byte {place}, bit {bit}");
                }
                Err(_) => {
                    let mut file = tempfile::NamedTempFile::new().unwrap();
                    std::io::Write::write_all(&mut file, &bytes).unwrap();
                    model.load_from(file.path()).unwrap_err();
                    assert_eq!(model.parameters(), before, "byte {place}, bit {bit}");
                }
            }
        }
    }
    assert!(taken < 200, "{taken} flips of {} were taken", 8 * (8 + length));
}

#[test]
fn a_missing_tensor_is_named() {
    for gone in 0..4 {
        let mut tensors = raw(&small(1));
        let (name, ..) = tensors.remove(gone);
        let error = refused(&file_of(&tensors, Some(METADATA)));
        assert_tensor(&error, &name, "a tensor of this name", "none");
    }
}

#[test]
fn an_extra_tensor_is_named() {
    for extra in ["encoder.2.weight", "decoder.0.scale", "optimizer", ""] {
        let mut tensors = raw(&small(1));
        tensors.push((extra.to_owned(), Dtype::F32, vec![1], vec![0; 4]));
        let error = refused(&file_of(&tensors, Some(METADATA)));
        assert_tensor(&error, extra, "no tensor of this name", "one");
    }
}

#[test]
fn a_misshaped_tensor_is_named_with_both_shapes() {
    for (tensor, shape) in [(0, vec![6, 3]), (0, vec![18]), (0, vec![3, 6, 1]), (1, vec![1, 3])] {
        let mut tensors = raw(&small(1));
        let expected = std::mem::replace(&mut tensors[tensor].2, shape.clone());
        let error = refused(&file_of(&tensors, Some(METADATA)));
        assert_tensor(&error, &tensors[tensor].0, &format!("shape {expected:?}"), &format!("{shape:?}"));
    }
}

#[test]
fn another_dtype_is_named() {
    let mut tensors = raw(&small(1));
    tensors[3].1 = Dtype::I32;
    let error = refused(&file_of(&tensors, Some(METADATA)));
    assert_eq!(error.to_string(), "tensor decoder.0.bias: expected dtype F32, found I32");
    tensors[3].1 = Dtype::F64;
    tensors[3].3 = [0; 48].to_vec();
    let error = refused(&file_of(&tensors, Some(METADATA)));
    assert_eq!(error.to_string(), "tensor decoder.0.bias: expected dtype F32, found F64");
}

#[test]
fn a_value_that_is_no_number_is_found_in_reading_and_in_writing() {
    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut tensors = raw(&small(1));
        tensors[2].3[17 * 4..].copy_from_slice(&poison.to_le_bytes());
        let error = refused(&file_of(&tensors, Some(METADATA)));
        assert!(
            matches!(&error, WeightsError::NotFinite { name, index: 17, value }
                if name == "decoder.0.weight" && value.to_bits() == poison.to_bits()),
            "{error}"
        );
        let mut model = small(1);
        model.decoder.0.bias.copy_from(&[0.0, 0.0, 0.0, 0.0, poison, 0.0]);
        let error = model.to_bytes().unwrap_err();
        assert!(matches!(error, ModelError::Weights(WeightsError::NotFinite { index: 4, .. })), "{error}");
        let folder = tempfile::tempdir().unwrap();
        assert!(model.save(folder.path().join("w")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn another_network_is_told_apart_even_where_all_shapes_agree() {
    type Tanhs = Autoencoder<(Linear<6, 3>, Tanh), (Linear<3, 6>,)>;
    let error = refused(&Tanhs::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(
        error.to_string(),
        "another network: encoder: expected linear 6 -> 3, relu, found linear 6 -> 3, tanh"
    );
    let error = refused(&Shallow::<6, 4>::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(error.to_string(), "another network: code size: expected 3, found 4");
    let error = refused(&Shallow::<5, 3>::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(error.to_string(), "another network: pixel count: expected 6, found 5");
}

#[test]
fn metadata_that_is_not_ours_or_lies_is_refused() {
    let with = |metadata: &str| refused(&file_of(&raw(&small(1)), Some(metadata)));
    for broken in
        ["", "{}", "7", "{", &METADATA.replace("relu", "gelu"), &METADATA.replace("pixels", "pixel")]
    {
        let error = with(broken);
        assert!(matches!(error, WeightsError::Metadata { .. }), "{broken}: {error}");
    }
    let error = with(&METADATA.replace(r#""format":1"#, r#""format":2,"news":[]"#));
    assert!(matches!(error, WeightsError::FormatVersion { found: 2, supported: 1 }), "{error}");
    let error = with(&METADATA.replace(r#""code":3"#, r#""code":4"#));
    let unmet = |half, expected: usize, found: usize| {
        format!(
            "another network: the {half}'s layers: expected {expected} values between them, found {found} values between them"
        )
    };
    assert_eq!(error.to_string(), unmet("encoder", 4, 3));
    let error = with(&METADATA.replace(r#""inputs":3"#, r#""inputs":18446744073709551615"#));
    assert_eq!(error.to_string(), unmet("decoder", 3, usize::MAX));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(with(&deep), WeightsError::Metadata { .. }));
}

#[test]
fn headers_that_lie_are_refused_without_a_large_allocation() {
    let huge = u64::MAX.to_le_bytes();
    assert!(matches!(refused(&huge), WeightsError::Limit { what: "header", found: u64::MAX, .. }));
    let over = (MAX_HEADER_BYTES + 1).to_le_bytes();
    assert!(matches!(refused(&over), WeightsError::Limit { what: "header", limit: MAX_HEADER_BYTES, .. }));
    assert!(matches!(refused(&MAX_HEADER_BYTES.to_le_bytes()), WeightsError::Format { .. }));
    for header in ["", "null", "[]", "{", r#"{"a":1}"#, "\u{0}"] {
        assert!(matches!(refused(&forged(header, &[])), WeightsError::Format { .. }), "{header}");
    }
    let not_utf8 = [&1u64.to_le_bytes()[..], &[0xff]].concat();
    assert!(matches!(refused(&not_utf8), WeightsError::Format { .. }));

    let tensor = |name: &str, shape: &str, start: u64, end: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let promised = forged(&format!("{{{}}}", tensor("a", "[1000000000000]", 0, 4_000_000_000_000)), &[0; 4]);
    assert!(matches!(
        refused(&promised),
        WeightsError::DataLength { promised: 4_000_000_000_000, actual: 4 }
    ));
    for (shape, start, end) in [
        ("[1]", 0, 8),
        ("[3]", 0, 8),
        ("[2]", 8, 0),
        ("[4294967296,4294967296]", 0, 8),
        ("[18446744073709551615]", 0, 8),
        ("[2]", 4, 8),
    ] {
        let bytes = forged(&format!("{{{}}}", tensor("a", shape, start, end)), &[0; 8]);
        let error = refused(&bytes);
        assert!(
            matches!(error, WeightsError::Format { .. } | WeightsError::DataLength { .. }),
            "{shape}: {error}"
        );
    }
}

/// Tensors end to end whose lengths add up to 2^64 less a little, so that data and header together
/// wrap round to the length of the file: safetensors 0.8 alone would panic, or take it.
#[test]
fn lengths_that_overflow_when_added_are_refused() {
    let largest: u64 = (1 << 61) - 4;
    let mut entries = Vec::new();
    let mut end = 0u64;
    for i in 0..9 {
        let length = largest.min(u64::MAX - 15 - end);
        let length = length - length % 4;
        entries.push(format!(
            r#""t{i}":{{"dtype":"F32","shape":[{}],"data_offsets":[{end},{}]}}"#,
            length / 4,
            end + length
        ));
        end += length;
    }
    assert!(end > u64::MAX - 100, "{end}");
    let error = refused(&forged(&format!("{{{}}}", entries.join(",")), &[0; 8]));
    assert!(matches!(error, WeightsError::DataLength { actual: 8, .. }), "{error}");
}

fn refusal(path: &Path) -> WeightsError {
    match Small::load(path) {
        Err(ModelError::Weights(WeightsError::Load { path: named, source })) if named == path => *source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |path: &Path, words: &str| {
        let error = refusal(path);
        assert!(matches!(error, WeightsError::Read(_)) && error.to_string().contains(words), "{error}");
    };
    refuse(folder.path(), "it is a folder");
    refuse(&folder.path().join("none"), "No such file");
    #[cfg(unix)]
    {
        refuse(Path::new("/dev/zero"), "it is not a regular file");
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        refuse(&pipe, "it is not a regular file");
    }
}

/// A gibibyte that takes no room on the disk, and none in memory either: of a file only the header and the model's
/// own tensors are read.
#[test]
fn a_long_file_is_judged_by_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let values = (MAX_FILE_BYTES - 1_000) / 4;
    let data_bytes = 4 * values;
    let header = format!(
        r#"{{"encoder.0.weight":{{"dtype":"F32","shape":[{values}],"data_offsets":[0,{data_bytes}]}}}}"#
    );
    fs::write(&path, forged(&header, &[])).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let length = 8 + header.len() as u64 + data_bytes;
    if file.set_len(length).is_err() {
        return; // a file system without sparse files
    }
    let description = WeightsFile::load(&path, |file| Ok(file.description().cloned())).unwrap();
    assert_eq!(description, None);
    assert_tensor(&refusal(&path), "encoder.0.weight", "shape [3, 6]", &format!("[{values}]"));
    file.set_len(length - 1).unwrap();
    assert!(
        matches!(refusal(&path), WeightsError::DataLength { promised, actual } if actual == promised - 1)
    );
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    assert!(matches!(refusal(&path), WeightsError::Limit { what: "a file", limit: MAX_FILE_BYTES, .. }));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Small::from_bytes(&bytes).is_err());
    }

    #[test]
    fn arbitrary_changes_never_panic(
        place in any::<prop::sample::Index>(),
        new in prop::collection::vec(any::<u8>(), 0..12),
        removed in 0usize..12,
    ) {
        let mut bytes = small(0).to_bytes().unwrap();
        let start = place.index(bytes.len());
        let end = (start + removed).min(bytes.len());
        bytes.splice(start..end, new);
        if let Ok(model) = Small::from_bytes(&bytes) {
            for tensor in model.parameters() {
                prop_assert!(tensor.values.iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn arbitrary_metadata_never_panics(json in r#"\{"code":[0-9]{1,3},"(encoder|decoder)":\[("relu"|\{"linear":\{"inputs":[0-9]{1,20},"outputs":[0-9]{1,20}\}\}|\{"other":"[a-z]*"\}){0,2}\],"format":[0-3],"pixels":[0-9]{1,20}\}"#) {
        prop_assert!(Small::from_bytes(&file_of(&raw(&small(1)), Some(&json))).is_err());
    }
}
