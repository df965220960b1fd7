//! Weights files: what is written, and every kind of file that is refused.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use ae_model::dfdx::nn::modules::Tanh;
use ae_model::{
    Autoencoder, Deep, Deeper, Four, Linear, MAX_FILE_BYTES, MAX_HEADER_BYTES, ModelError, NamedTensor,
    Parameters, Preset, Shallow, ShallowDecoder, ShallowEncoder, WeightsId, load_decoder, load_encoder, peek,
    save_decoder, save_encoder,
};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

type Small = Shallow<6, 3>;

fn small(seed: u64) -> Small {
    Small::build(seed).unwrap()
}

/// A tensor as it stands in a file: name, dtype, shape, bytes.
type Raw = (String, Dtype, Vec<usize>, Vec<u8>);

fn raw(model: &Small) -> Vec<Raw> {
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let tensors = model.parameters().into_iter();
    tensors.map(|t| (t.name, Dtype::F32, t.shape, bytes(&t.values))).collect()
}

fn file_of(tensors: &[Raw], metadata: Option<&str>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name, TensorView::new(*dtype, shape.clone(), data).expect("the test's own tensors are sound"))
    });
    let metadata = metadata.map(|json| HashMap::from([("autoencoder".to_owned(), json.to_owned())]));
    safetensors::serialize(views, metadata).unwrap()
}

/// A file of any header and data.
fn forged(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

const METADATA: &str = concat!(
    r#"{"code":3,"decoder":[{"linear":{"inputs":3,"outputs":6}}],"#,
    r#""encoder":[{"linear":{"inputs":6,"outputs":3}},"relu"],"format":1,"pixels":6}"#,
);

/// The fault that `bytes` is refused for, after seeing that it leaves a model alone, through a path too.
fn refused(bytes: &[u8]) -> ModelError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.safetensors");
    fs::write(&path, bytes).unwrap();
    let mut model = small(0);
    let before = model.parameters();
    let error = model.load_from(&path).unwrap_err();
    assert_eq!(model.parameters(), before, "{error}");
    match error {
        ModelError::Load { path: named, source } => {
            assert_eq!(named, path);
            assert_eq!(source.to_string(), Small::from_bytes(bytes).unwrap_err().to_string());
            *source
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_bytes_are_as_documented() {
    let model = small(5);
    let bytes = model.to_bytes().unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    let expected = format!(
        concat!(
            r#"{{"__metadata__":{{"autoencoder":{}}},"#,
            r#""decoder.0.bias":{{"dtype":"F32","shape":[6],"data_offsets":[0,24]}},"#,
            r#""decoder.0.weight":{{"dtype":"F32","shape":[6,3],"data_offsets":[24,96]}},"#,
            r#""encoder.0.bias":{{"dtype":"F32","shape":[3],"data_offsets":[96,108]}},"#,
            r#""encoder.0.weight":{{"dtype":"F32","shape":[3,6],"data_offsets":[108,180]}}}}"#,
        ),
        serde_json::to_string(METADATA).unwrap()
    );
    assert_eq!(header.trim_end(), expected);
    assert_eq!((length % 8, bytes.len()), (0, 8 + length + 180));
    let first_weight = f32::from_le_bytes(bytes[8 + length + 108..][..4].try_into().unwrap());
    assert_eq!(first_weight, model.parameters()[0].values[0]);
}

#[test]
fn the_metadata_has_sorted_keys_at_every_depth() {
    let bytes = Deep::<6, 5, 4, 2>::build(0).unwrap().to_bytes().unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata.len(), 1);
    // `Value` keeps its keys sorted.
    let sorted: serde_json::Value = serde_json::from_str(&metadata["autoencoder"]).unwrap();
    assert_eq!(metadata["autoencoder"], sorted.to_string());
}

#[test]
fn saved_and_loaded_is_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = Deep::<6, 5, 4, 2>::build(9).unwrap();
    model.save(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), model.to_bytes().unwrap());

    let mut loaded = Deep::<6, 5, 4, 2>::load(&path).unwrap();
    assert_eq!(loaded.parameters(), model.parameters());
    loaded = Deep::build(0).unwrap();
    loaded.load_from(&path).unwrap();
    assert_eq!(loaded.parameters(), model.parameters());
    assert_eq!(loaded.to_bytes().unwrap(), model.to_bytes().unwrap());
    assert_ne!(Deep::<6, 5, 4, 2>::build(0).unwrap().to_bytes().unwrap(), model.to_bytes().unwrap());
}

#[test]
fn four_layers_a_side_are_named_as_in_a_sequential_and_come_back() {
    let model = Deeper::<6, 5, 4, 3, 2>::build(9).unwrap();
    let names: Vec<_> = model.parameters().into_iter().map(|tensor| tensor.name).collect();
    let expected: Vec<_> = ["encoder", "decoder"]
        .iter()
        .flat_map(|half| {
            [0, 2, 4, 6].map(|place| [format!("{half}.{place}.weight"), format!("{half}.{place}.bias")])
        })
        .flatten()
        .collect();
    assert_eq!(names, expected);
    let loaded = Deeper::<6, 5, 4, 3, 2>::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.parameters(), model.parameters());
    assert_eq!(loaded.identity(), model.identity());
}

#[test]
fn either_half_loads_from_the_whole_or_from_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, encoder_file, decoder_file] = ["w", "e", "d"].map(|name| folder.path().join(name));
    let model = small(4);
    model.save(&whole).unwrap();
    save_encoder(&model.encoder, &encoder_file).unwrap();
    save_decoder(&model.decoder, &decoder_file).unwrap();
    for path in [&whole, &encoder_file] {
        let encoder: ShallowEncoder<6, 3> = load_encoder(path).unwrap();
        assert_eq!(encoder.parameters(), model.encoder.parameters());
    }
    for path in [&whole, &decoder_file] {
        let decoder: ShallowDecoder<6, 3> = load_decoder(path).unwrap();
        assert_eq!(decoder.parameters(), model.decoder.parameters());
    }

    let source = |error: ModelError| error.source().unwrap().to_string();
    let message = source(load_decoder::<ShallowDecoder<6, 3>>(&encoder_file).unwrap_err());
    assert!(message.contains("the decoder is absent in the file"), "{message}");
    let message = source(load_encoder::<ShallowEncoder<6, 3>>(&decoder_file).unwrap_err());
    assert!(message.contains("the encoder is absent in the file"), "{message}");
    let message = source(Small::load(&encoder_file).unwrap_err());
    assert!(message.contains("the decoder is absent in the file"), "{message}");
    let message = source(load_encoder::<ShallowEncoder<6, 2>>(&whole).unwrap_err());
    assert!(message.contains("the code size is 3 in the file, 2 in this model"), "{message}");
}

#[test]
fn a_half_asks_nothing_of_the_other_halfs_tensors_but_of_all_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let mut tensors = raw(&small(4));
    tensors.retain(|(name, ..)| name != "decoder.0.bias");
    fs::write(&path, file_of(&tensors, Some(METADATA))).unwrap();
    load_encoder::<ShallowEncoder<6, 3>>(&path).unwrap();
    tensors.push(("classifier.weight".into(), Dtype::F32, vec![0], vec![]));
    fs::write(&path, file_of(&tensors, Some(METADATA))).unwrap();
    let Err(ModelError::Load { source, .. }) = load_encoder::<ShallowEncoder<6, 3>>(&path) else { panic!() };
    assert!(matches!(*source, ModelError::ExtraTensor { name } if name == "classifier.weight"));
}

#[test]
fn peek_says_what_a_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    Deep::<784, 40, 20, 2>::build(0).unwrap().save(&path).unwrap();
    let found = peek(&path).unwrap().unwrap();
    assert_eq!(found, Deep::<784, 40, 20, 2>::architecture());
    assert_eq!((found.pixels, found.code, found.preset()), (784, 2, Some(Preset::Deep)));
    Deeper::<6, 5, 4, 3, 2>::build(0).unwrap().save(&path).unwrap();
    assert_eq!(peek(&path).unwrap().unwrap().preset(), Some(Preset::Deeper));
    type Crooked = Autoencoder<Four<6, 5, 4, 3, 2>, Four<2, 3, 5, 5, 6>>;
    assert_eq!(Crooked::architecture().preset(), None);

    save_encoder(&small(0).encoder, &path).unwrap();
    let found = peek(&path).unwrap().unwrap();
    assert_eq!((found.pixels, found.code, found.preset(), &found.decoder), (6, 3, None, &None));

    fs::write(&path, file_of(&raw(&small(0)), None)).unwrap();
    assert_eq!(peek(&path).unwrap(), None);
    fs::write(&path, b"not weights").unwrap();
    assert!(matches!(peek(&path), Err(ModelError::Load { .. })));
}

#[test]
fn a_file_without_our_metadata_is_judged_by_its_tensors() {
    let model = small(8);
    let loaded = Small::from_bytes(&file_of(&raw(&model), None)).unwrap();
    assert_eq!(loaded.identity(), model.identity());
}

#[test]
fn identity_is_of_names_shapes_and_values_in_any_order() {
    let tensor = |name: &str, shape: &[usize], values: &[f32]| NamedTensor {
        name: name.to_owned(),
        shape: shape.to_owned(),
        values: values.to_owned(),
    };
    let (a, b) = (tensor("a", &[2, 1], &[1.0, -2.0]), tensor("b", &[1], &[0.5]));
    let id = WeightsId::of(&[a.clone(), b.clone()]);
    assert_eq!(WeightsId::of(&[b.clone(), a.clone()]), id);
    // The SHA-256 of the bytes that the documentation lists, from another implementation.
    assert_eq!(id.to_string(), "21c3d875c7f225e802056d0ad8063e20d1bc047228543db7c11e66a4dd95d6d2");
    for other in [
        tensor("A", &[2, 1], &[1.0, -2.0]),
        tensor("a", &[1, 2], &[1.0, -2.0]),
        tensor("a", &[2], &[1.0, -2.0]),
        tensor("a", &[2, 1], &[1.0, -2.0000002]),
    ] {
        assert_ne!(WeightsId::of(&[other, b.clone()]), id);
    }
}

#[test]
fn every_strict_prefix_is_refused() {
    let bytes = small(0).to_bytes().unwrap();
    assert!(Small::from_bytes(&bytes).is_ok());
    for end in 0..bytes.len() {
        let error = Small::from_bytes(&bytes[..end]).unwrap_err();
        assert!(matches!(error, ModelError::Format { .. } | ModelError::DataLength { .. }), "{end}: {error}");
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = small(0).to_bytes().unwrap();
    bytes.push(0);
    assert!(matches!(refused(&bytes), ModelError::DataLength { promised: 180, actual: 181 }));
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
        assert!(matches!(&error, ModelError::MissingTensor { name: found } if *found == name), "{error}");
    }
}

#[test]
fn an_extra_tensor_is_named() {
    for extra in ["encoder.2.weight", "decoder.0.scale", "optimizer", ""] {
        let mut tensors = raw(&small(1));
        tensors.push((extra.to_owned(), Dtype::F32, vec![1], vec![0; 4]));
        let error = refused(&file_of(&tensors, Some(METADATA)));
        assert!(matches!(&error, ModelError::ExtraTensor { name } if name == extra), "{error}");
    }
}

#[test]
fn a_misshaped_tensor_is_named_with_both_shapes() {
    for (tensor, shape) in [(0, vec![6, 3]), (0, vec![18]), (0, vec![3, 6, 1]), (1, vec![1, 3])] {
        let mut tensors = raw(&small(1));
        let expected = std::mem::replace(&mut tensors[tensor].2, shape.clone());
        match refused(&file_of(&tensors, Some(METADATA))) {
            ModelError::TensorShape { name, expected: ours, found } => {
                assert_eq!((name, ours, found), (tensors[tensor].0.clone(), expected, shape));
            }
            other => panic!("{other}"),
        }
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
            matches!(&error, ModelError::NotFinite { name, index: 17, value }
                if name == "decoder.0.weight" && value.to_bits() == poison.to_bits()),
            "{error}"
        );
        let mut model = small(1);
        model.decoder.0.bias.copy_from(&[0.0, 0.0, 0.0, 0.0, poison, 0.0]);
        assert!(matches!(model.to_bytes(), Err(ModelError::NotFinite { index: 4, .. })));
        let folder = tempfile::tempdir().unwrap();
        assert!(model.save(folder.path().join("w")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn another_architecture_is_told_apart_even_where_all_shapes_agree() {
    type Tanhs = Autoencoder<(Linear<6, 3>, Tanh), (Linear<3, 6>,)>;
    let error = refused(&Tanhs::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(
        error.to_string(),
        "another architecture: the encoder is linear 6 -> 3, tanh in the file, linear 6 -> 3, relu in this model"
    );
    let error = refused(&Shallow::<6, 4>::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(error.to_string(), "another architecture: the code size is 4 in the file, 3 in this model");
    let error = refused(&Shallow::<5, 3>::build(0).unwrap().to_bytes().unwrap());
    assert_eq!(error.to_string(), "another architecture: the pixel count is 5 in the file, 6 in this model");
}

#[test]
fn metadata_that_is_not_ours_or_lies_is_refused() {
    let with = |metadata: &str| refused(&file_of(&raw(&small(1)), Some(metadata)));
    for broken in
        ["", "{}", "7", "{", &METADATA.replace("relu", "gelu"), &METADATA.replace("pixels", "pixel")]
    {
        let error = with(broken);
        assert!(matches!(error, ModelError::Metadata { .. }), "{broken}: {error}");
    }
    let error = with(&METADATA.replace(r#""format":1"#, r#""format":2,"news":[]"#));
    assert!(matches!(error, ModelError::FormatVersion { found: 2, supported: 1 }), "{error}");
    let error = with(&METADATA.replace(r#""code":3"#, r#""code":4"#));
    assert!(matches!(error, ModelError::Inconsistent { half: "encoder", expected: 4, found: 3 }), "{error}");
    let error = with(&METADATA.replace(r#""inputs":3"#, r#""inputs":18446744073709551615"#));
    assert!(
        matches!(error, ModelError::Inconsistent { half: "decoder", expected: 3, found: usize::MAX }),
        "{error}"
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(with(&deep), ModelError::Metadata { .. }));
}

#[test]
fn headers_that_lie_are_refused_without_a_large_allocation() {
    let huge = u64::MAX.to_le_bytes();
    assert!(matches!(refused(&huge), ModelError::HeaderTooLarge { found: u64::MAX, .. }));
    let over = (MAX_HEADER_BYTES + 1).to_le_bytes();
    assert!(matches!(refused(&over), ModelError::HeaderTooLarge { limit: MAX_HEADER_BYTES, .. }));
    assert!(matches!(refused(&MAX_HEADER_BYTES.to_le_bytes()), ModelError::Format { .. }));
    for header in ["", "null", "[]", "{", r#"{"a":1}"#, "\u{0}"] {
        assert!(matches!(refused(&forged(header, &[])), ModelError::Format { .. }), "{header}");
    }
    let not_utf8 = [&1u64.to_le_bytes()[..], &[0xff]].concat();
    assert!(matches!(refused(&not_utf8), ModelError::Format { .. }));

    let tensor = |name: &str, shape: &str, start: u64, end: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let promised = forged(&format!("{{{}}}", tensor("a", "[1000000000000]", 0, 4_000_000_000_000)), &[0; 4]);
    assert!(matches!(refused(&promised), ModelError::DataLength { promised: 4_000_000_000_000, actual: 4 }));
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
            matches!(error, ModelError::Format { .. } | ModelError::DataLength { .. }),
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
    assert!(matches!(error, ModelError::DataLength { actual: 8, .. }), "{error}");
}

fn refusal(path: &Path) -> ModelError {
    match Small::load(path) {
        Err(ModelError::Load { path: named, source }) if named == path => *source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(folder.path()), ModelError::NotAFile));
    assert!(matches!(refusal(&folder.path().join("none")), ModelError::Read { .. }));
    #[cfg(unix)]
    {
        assert!(matches!(refusal(Path::new("/dev/zero")), ModelError::NotAFile));
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(refusal(&pipe), ModelError::NotAFile));
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
    assert_eq!(peek(&path).unwrap(), None);
    assert!(matches!(refusal(&path), ModelError::TensorShape { name, .. } if name == "encoder.0.weight"));
    file.set_len(length - 1).unwrap();
    assert!(matches!(refusal(&path), ModelError::DataLength { promised, actual } if actual == promised - 1));
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    assert!(matches!(refusal(&path), ModelError::FileTooLarge { limit: MAX_FILE_BYTES }));
}

#[test]
fn a_failed_save_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    small(0).save(&path).unwrap();
    let mut broken = small(1);
    broken.encoder.0.bias.copy_from(&[f32::NAN; 3]);
    broken.save(&path).unwrap_err();
    assert_eq!(Small::load(&path).unwrap().identity(), small(0).identity());
    assert!(matches!(small(0).save(folder.path()), Err(ModelError::Save { .. })));
    assert!(matches!(small(0).save(path.join("below")), Err(ModelError::Save { .. })));
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
