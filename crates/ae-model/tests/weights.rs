//! Weights files: what is written, what comes back, and the halves; `damage.rs` has what is refused.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod common;

use std::error::Error;
use std::fs;

use ae_model::{
    AsNetwork, Deep, Deeper, Description, ModelError, NamedTensor, Parameters, ShallowDecoder,
    ShallowEncoder, WeightsError, WeightsFile, WeightsId, ae_net::Network, load_decoder, load_encoder,
    save_decoder, save_encoder,
};
use common::{METADATA, Small, file_of, raw, small};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

/// What is wrong with the file that could not be loaded.
fn source(error: ModelError) -> String {
    error.source().unwrap().to_string()
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

    let message = source(load_decoder::<ShallowDecoder<6, 3>>(&encoder_file).unwrap_err());
    assert!(message.contains("decoder: expected linear 3 -> 6, found absent"), "{message}");
    let message = source(load_encoder::<ShallowEncoder<6, 3>>(&decoder_file).unwrap_err());
    assert!(message.contains("encoder: expected linear 6 -> 3, relu, found absent"), "{message}");
    let message = source(Small::load(&encoder_file).unwrap_err());
    assert!(message.contains("decoder: expected linear 3 -> 6, found absent"), "{message}");
    let message = source(load_encoder::<ShallowEncoder<6, 2>>(&whole).unwrap_err());
    assert!(message.contains("code size: expected 2, found 3"), "{message}");
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
    let error = load_encoder::<ShallowEncoder<6, 3>>(&path).unwrap_err();
    assert_eq!(source(error), "tensor classifier.weight: expected no tensor of this name, found one");
}

#[test]
fn a_file_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let said = || WeightsFile::load(&path, |file| Ok(file.description().cloned()));
    Deep::<784, 40, 20, 2>::build(0).unwrap().save(&path).unwrap();
    assert_eq!(said().unwrap(), Some(Deep::<784, 40, 20, 2>::description()));
    assert_eq!(said().unwrap(), Some(Description::dense(784, &[40, 20], 2)));
    Deeper::<6, 5, 4, 3, 2>::build(0).unwrap().save(&path).unwrap();
    assert_eq!(said().unwrap(), Some(Description::dense(6, &[5, 4, 3], 2)));

    save_encoder(&small(0).encoder, &path).unwrap();
    assert_eq!(said().unwrap(), Some(Description { decoder: None, ..Small::description() }));
    save_decoder(&small(0).decoder, &path).unwrap();
    assert_eq!(said().unwrap(), Some(Description { encoder: None, ..Small::description() }));

    fs::write(&path, file_of(&raw(&small(0)), None)).unwrap();
    assert_eq!(said().unwrap(), None);
    fs::write(&path, b"not weights").unwrap();
    assert!(matches!(said(), Err(WeightsError::Load { .. })));
}

/// One file for both: what either writes the other reads, and writes again to the byte.
#[test]
fn the_file_is_the_networks_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    small(3).save(&path).unwrap();
    let network = Network::load(&path).unwrap();
    assert_eq!(network.identity(), small(3).identity());
    assert_eq!(network.to_bytes().unwrap(), small(3).to_bytes().unwrap());
    small(4).network().unwrap().save(&path).unwrap();
    assert_eq!(Small::load(&path).unwrap().parameters(), small(4).parameters());
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
fn a_failed_save_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    small(0).save(&path).unwrap();
    let mut broken = small(1);
    broken.encoder.0.bias.copy_from(&[f32::NAN; 3]);
    broken.save(&path).unwrap_err();
    assert_eq!(Small::load(&path).unwrap().identity(), small(0).identity());
    for place in [folder.path().to_owned(), path.join("below")] {
        let error = small(0).save(place).unwrap_err();
        assert!(matches!(error, ModelError::Weights(WeightsError::Save { .. })), "{error}");
    }
}
