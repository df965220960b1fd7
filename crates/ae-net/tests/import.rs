//! Weights under other names, of other floats, and in other files: what is evident is taken, all else refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_net::{Description, Imported, NamedTensor, Network, WeightsError};
use proptest::prelude::*;
use proptest::sample::subsequence;
use safetensors::tensor::{Dtype, TensorView};

/// Layers of six shapes.
fn distinct() -> Description {
    Description::dense(6, &[5, 4], 2)
}

/// Two pairs of layers of the same shape: (4, 4) in either half.
fn alike() -> Description {
    Description::dense(6, &[4, 4], 2)
}

/// What safetensors writes of tensors of one kind, without metadata.
fn file(tensors: &[(String, Vec<usize>, Vec<u8>)], dtype: Dtype) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| (name, TensorView::new(dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn import(bytes: &[u8], description: &Description) -> Result<Imported, WeightsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    std::fs::write(&path, bytes).unwrap();
    Network::import(&path, description).map_err(|error| match error {
        WeightsError::Load { path: named, source } if named == path => *source,
        other => panic!("{other}"),
    })
}

fn network(description: &Description) -> Network {
    Network::draw(description, 7).unwrap()
}

/// The file in which the layers of a network, in order, have these stems.
fn renamed(network: &Network, stems: &[&str]) -> Vec<u8> {
    let tensors = network.tensors();
    assert_eq!(tensors.len(), 2 * stems.len());
    let named = tensors.into_iter().enumerate().map(|(at, NamedTensor { name, shape, values })| {
        let end = name.rsplit('.').next().unwrap();
        (format!("{}.{end}", stems[at / 2]), shape, ae_net::float_bytes(&values))
    });
    file(&named.collect::<Vec<_>>(), Dtype::F32)
}

const OURS: [&str; 6] = ["encoder.0", "encoder.2", "encoder.4", "decoder.0", "decoder.2", "decoder.4"];

/// Stems of all six layers behind a prefix.
fn behind(prefix: &str) -> Vec<String> {
    OURS.iter().map(|stem| format!("{prefix}{stem}")).collect()
}

fn as_strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[test]
fn evident_names_are_taken_and_told() {
    let counted: Vec<String> = (0..6).map(|at| (2 * at).to_string()).collect();
    let named = ["enc1", "enc2", "code", "dec1", "dec2", "out"].map(str::to_owned).to_vec();
    // Of shapes that tell all apart, names may say anything.
    let misled = ["out", "decoder.0", "a.1", "1", "encoder.0", "x"].map(str::to_owned).to_vec();
    let halves = ["enc.net.0", "enc.net.2", "enc.net.4", "dec.net.0", "dec.net.2", "dec.net.4"];
    let halves = halves.map(str::to_owned).to_vec();
    for (stems, description, evident) in [
        (behind(""), alike(), true),
        (behind("module."), alike(), true),
        (behind("_orig_mod."), alike(), true),
        (behind("model.module."), alike(), true),
        // `10` comes after `8`.
        (counted.clone(), alike(), true),
        (counted.iter().map(|number| format!("net.{number}")).collect(), alike(), true),
        (halves.clone(), alike(), true),
        (halves.iter().map(|stem| stem.replace("dec", "a")).collect(), alike(), true),
        (named.clone(), distinct(), true),
        (misled.clone(), distinct(), true),
        (named, alike(), false),
        (misled, alike(), false),
        (behind("my_"), Description::dense(4, &[4, 4], 4), true),
        (counted.iter().map(|number| format!("fc{number}")).collect(), alike(), false),
        // In the order of their numbers they are of other shapes.
        (counted.iter().rev().cloned().collect(), alike(), false),
        (["1", "2", "03", "3", "4", "5"].map(str::to_owned).to_vec(), alike(), false),
        (["a.0", "a.2", "b.0", "b.2", "c.0", "c.2"].map(str::to_owned).to_vec(), alike(), false),
        // Either half may be the encoder.
        (halves, Description::dense(4, &[4, 4], 4), false),
        (behind("module."), Description::dense(4, &[4, 4], 4), true),
    ] {
        let network = network(&description);
        match import(&renamed(&network, &as_strs(&stems)), &description) {
            Ok(found) => {
                assert!(evident, "{stems:?}");
                assert_eq!(found.network.identity(), network.identity(), "{stems:?}");
                let told = OURS.map(str::to_owned).into_iter().zip(stems);
                let told: Vec<_> = told.filter(|(ours, theirs)| ours != theirs).collect();
                assert_eq!(found.renamed, told);
            }
            Err(error) => {
                assert!(!evident && matches!(error, WeightsError::Names { .. }), "{stems:?}: {error}");
            }
        }
    }
}

/// Names that are ours are believed: shapes of other layers under them are a mistake, not a riddle.
#[test]
fn our_names_on_other_layers_are_refused() {
    for prefix in ["", "module."] {
        let mut stems = behind(prefix);
        stems.swap(0, 5);
        let error = import(&renamed(&network(&distinct()), &as_strs(&stems)), &distinct()).unwrap_err();
        assert!(matches!(error, WeightsError::Names { .. }), "{error}");
    }
}

/// As Keras has them: weights (inputs, outputs), whose shapes alone are those of each other's places.
#[test]
fn transposed_weights_are_refused() {
    let zeros = |name: &str, shape: &[usize]| {
        (name.to_owned(), shape.to_vec(), vec![0; 4 * shape.iter().product::<usize>()])
    };
    let tensors = [
        zeros("a.weight", &[6, 2]),
        zeros("a.bias", &[2]),
        zeros("b.weight", &[2, 6]),
        zeros("b.bias", &[6]),
    ];
    let error = import(&file(&tensors, Dtype::F32), &Description::dense(6, &[], 2)).unwrap_err();
    assert!(matches!(error, WeightsError::Names { .. }), "{error}");
}

proptest! {
    #[test]
    fn layers_of_different_shapes_are_told_apart_by_any_names(
        sizes in subsequence((2..40).collect::<Vec<usize>>(), 4).prop_shuffle(),
        stems in prop::collection::hash_set("[a-z0-9_.]{0,9}", 6),
    ) {
        // The code is smaller than the images, as the shapes of both halves are only then the same nowhere.
        let description = Description::dense(sizes[0], &sizes[1..3], sizes[3]);
        let network = network(&description);
        let stems: Vec<String> = stems.into_iter().collect();
        let found = import(&renamed(&network, &as_strs(&stems)), &description).unwrap();
        prop_assert_eq!(found.network.identity(), network.identity());
    }
}

#[test]
fn what_is_missing_or_too_much_is_listed_and_the_list_ends() {
    let network = network(&distinct());
    let sound: Vec<_> = network
        .tensors()
        .into_iter()
        .map(|tensor| (tensor.name, tensor.shape, ae_net::float_bytes(&tensor.values)))
        .collect();
    let said = |tensors: &[_]| import(&file(tensors, Dtype::F32), &distinct()).unwrap_err().to_string();
    assert!(import(&file(&sound, Dtype::F32), &distinct()).is_ok());

    let less = said(&sound[1..]);
    let expected = "expected encoder.0.weight (5, 6), encoder.0.bias (5), ";
    assert!(
        less.contains(expected) && less.contains("found ") && less.contains("decoder.4.bias (6)"),
        "{less}"
    );
    let mut more = sound.clone();
    more.push(("temper\nature".to_owned(), vec![], vec![0; 4]));
    let more = said(&more);
    assert!(more.contains("found ") && more.contains(" and 1 more") && !more.contains('\n'), "{more}");
    let mut bias = sound.clone();
    bias.push(("other.bias".to_owned(), vec![5], vec![0; 20]));
    assert!(said(&bias).contains(" and 1 more"));
    assert!(said(&[]).contains("found none"), "{}", said(&[]));
    let many: Vec<_> =
        (0..99).map(|at| (format!("{at}{}", "long".repeat(999)), vec![1; 30], vec![0; 4])).collect();
    let many = said(&many);
    assert!(many.contains(" and 87 more") && many.len() < 2_500, "{} bytes", many.len());
}

#[test]
fn floats_of_other_sizes_become_ours() {
    let description = Description::dense(2, &[], 1);
    // Two weights each way: what they are is told by their sum alone, so all are 1.5 but the first.
    let bytes = |dtype| -> (Vec<u8>, Vec<u8>) {
        match dtype {
            Dtype::F16 => (0x3555_u16.to_le_bytes().to_vec(), 0x3e00_u16.to_le_bytes().to_vec()),
            Dtype::BF16 => (0x3eab_u16.to_le_bytes().to_vec(), 0x3fc0_u16.to_le_bytes().to_vec()),
            Dtype::F64 => (0.1_f64.to_le_bytes().to_vec(), 1.5_f64.to_le_bytes().to_vec()),
            Dtype::I32 => (1_i32.to_le_bytes().to_vec(), 1_i32.to_le_bytes().to_vec()),
            other => panic!("{other:?}"),
        }
    };
    let tensors = |first: &[u8], other: &[u8]| {
        let tensor = |name: &str, shape: &[usize]| {
            (name.to_owned(), shape.to_vec(), other.repeat(shape.iter().product()))
        };
        let mut tensors =
            vec![tensor("0.weight", &[1, 2]), tensor("0.bias", &[1]), tensor("2.weight", &[2, 1])];
        tensors.push(tensor("2.bias", &[2]));
        tensors[0].2[..first.len()].copy_from_slice(first);
        tensors
    };
    for (dtype, value) in [(Dtype::F16, 0.333_251_95_f32), (Dtype::BF16, 0.333_984_38), (Dtype::F64, 0.1)] {
        let (first, other) = bytes(dtype);
        let found = import(&file(&tensors(&first, &other), dtype), &description).unwrap().network;
        let values: Vec<f32> = found.tensors().into_iter().flat_map(|tensor| tensor.values).collect();
        assert_eq!(values, [value, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5], "{dtype:?}");
    }
    let (first, other) = bytes(Dtype::I32);
    let error = import(&file(&tensors(&first, &other), Dtype::I32), &description).unwrap_err();
    assert!(error.to_string().contains("expected dtype F32, F64, F16 or BF16, found I32"), "{error}");
    let (_, other) = bytes(Dtype::F64);
    let vast = import(&file(&tensors(&1e300_f64.to_le_bytes(), &other), Dtype::F64), &description);
    let error = vast.unwrap_err();
    assert!(
        matches!(&error, WeightsError::NotFinite { name, index: 0, .. } if name == "0.weight"),
        "{error}"
    );
}

/// A file that says what it is has to be that: its names are ours.
#[test]
fn a_file_of_ours_has_to_be_as_described() {
    let network = network(&distinct());
    let found = import(&network.to_bytes().unwrap(), &distinct()).unwrap();
    assert_eq!((found.network.identity(), found.renamed), (network.identity(), vec![]));
    let error = import(&network.to_bytes().unwrap(), &alike()).unwrap_err();
    assert!(matches!(error, WeightsError::Network { what: "encoder", .. }), "{error}");
}

#[test]
fn what_is_no_safetensors_file_is_named() {
    for (bytes, said) in [
        (&b"PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0"[..], "but a zip archive (.zip, .npz, .pt, .docx): "),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "but a Python pickle"),
        (b"\x93NUMPY\x01\0v\0", "but a NumPy array (.npy): "),
        (b"{\"encoder.0.weight\": 1}", "but a JSON file: "),
        (b"version https://git-lfs.github.com/spec/v1\n", "but a Git LFS pointer"),
    ] {
        let error = import(bytes, &distinct()).unwrap_err();
        assert!(matches!(error, WeightsError::Foreign(_)), "{error}");
        let error = error.to_string();
        assert!(error.contains(said), "{error}");
        assert!(
            error.contains("safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"),
            "{error}"
        );
        assert!(matches!(Network::from_bytes(bytes), Err(WeightsError::Foreign(_))), "{error}");
    }
    // One that is only too long a header, or cut short, is still told as that.
    let long = [&(2_u64 << 20).to_le_bytes()[..], b"{\"a\": "].concat();
    assert!(matches!(import(&long, &distinct()), Err(WeightsError::Limit { .. })));
    let good = network(&distinct()).to_bytes().unwrap();
    assert!(matches!(import(&good[..good.len() - 1], &distinct()), Err(WeightsError::DataLength { .. })));
    assert!(matches!(import(&good[..50], &distinct()), Err(WeightsError::Format { .. })));
}
