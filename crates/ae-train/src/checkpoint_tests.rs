use ae_net::{NamedTensor, Outputs};

use super::*;
use crate::{ConfigError, DataRecord, DataSource, SetRecord, TrainParams};

/// The checkpoint of a tiny run after five of its eight steps.
pub(crate) fn small() -> Checkpoint {
    let set =
        SetRecord { images: 11, channels: 1, rows: 1, cols: 2, sha256: "ab".repeat(32), labels_sha256: None };
    let settings = RunSettings {
        preset: "shallow".to_owned(),
        hidden: None,
        pixels: 2,
        code: 1,
        outputs: Outputs::Logits,
        init: Some("weights.safetensors".into()),
        config: TrainParams { epochs: 2, batch_size: 3, learning_rate: 0.1, ..TrainParams::default() },
        engine: "fused".to_owned(),
        threads: 2,
        data: DataRecord {
            source: DataSource::Folder("data".into()),
            from: None,
            form: ae_data::Form::default(),
            scaling: None,
            train: set.clone(),
            test: set,
        },
    };
    let tensor = |name: &str, shape: &[usize], values: &[f32]| NamedTensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let parameters = vec![
        tensor("encoder.0.weight", &[1, 2], &[0.1, -0.0]),
        tensor("decoder.0.bias", &[2], &[1e-40, 3.0]),
    ];
    let moments = |m: [f32; 2], v: [f32; 2]| Moments { m: m.to_vec(), v: v.to_vec() };
    let adam = AdamState {
        t: 5,
        moments: BTreeMap::from([
            ("encoder.0.weight".to_owned(), moments([-0.5, 0.25], [0.0, f32::INFINITY])),
            ("decoder.0.bias".to_owned(), moments([1.0 / 3.0, -0.0], [f32::MIN_POSITIVE, 7e-39])),
        ]),
    };
    let row = EpochRecord {
        epoch: 1,
        train_loss: 0.1 + 0.2,
        test_loss: 1.0 / 3.0,
        test_mse: 0.0,
        test_psnr_db: f64::INFINITY,
        dead_units: 1,
        wall_s: 5e-324,
    };
    let mean = Mean { sum: 0.123_456_789_012_345_67 * 3.0, items: 3 };
    let progress = Progress { epochs: vec![row], steps: 1, mean, epoch_s: 0.7, wall_s: 1e300 };
    Checkpoint::new(settings, parameters, adam, progress)
}

fn bits(checkpoint: &Checkpoint) -> Vec<u32> {
    let moments = checkpoint.adam.moments.values().flat_map(|moments| [&moments.m, &moments.v]);
    let all = checkpoint.parameters.iter().map(|tensor| &tensor.values).chain(moments);
    all.flatten().map(|value| value.to_bits()).collect()
}

#[test]
fn every_bit_survives_the_file_and_one_state_gives_one_file() {
    let checkpoint = small();
    let bytes = checkpoint.to_bytes().unwrap();
    let back = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(back, checkpoint);
    assert_eq!(bits(&back), bits(&checkpoint), "also the sign of a zero");
    assert_eq!(back.progress.mean.sum.to_bits(), checkpoint.progress.mean.sum.to_bits());
    for _ in 0..20 {
        assert_eq!(back.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn a_state_before_the_first_step_survives_too() {
    let mut checkpoint = small();
    checkpoint.adam = AdamState::default();
    checkpoint.progress = Progress::default();
    let Checkpoint { settings, parameters, adam, progress } = checkpoint;
    let checkpoint = Checkpoint::new(settings, parameters, adam, progress);
    assert_eq!(checkpoint.adam.moments["decoder.0.bias"].m, [0.0, 0.0]);
    assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap(), checkpoint);
}

#[test]
fn every_flipped_bit_and_every_prefix_is_refused() {
    let good = small().to_bytes().unwrap();
    assert!(good.len() > 1_000);
    let mut bytes = good.clone();
    for at in 0..bytes.len() {
        for flip in [1, 0x10, 0x80, 0xff] {
            bytes[at] ^= flip;
            let found = Checkpoint::from_bytes(&bytes);
            assert!(matches!(found, Err(CheckpointError::Checksum)), "byte {at}: {found:?}");
            bytes[at] ^= flip;
        }
    }
    for length in 0..good.len() {
        let found = Checkpoint::from_bytes(&good[..length]);
        assert!(matches!(found, Err(CheckpointError::Checksum)), "{length} bytes: {found:?}");
    }
    for extra in [&[0][..], &[0; 32], &good] {
        let found = Checkpoint::from_bytes(&[&good, extra].concat());
        assert!(found.is_err(), "{} bytes behind the end", extra.len());
    }
    Checkpoint::from_bytes(&bytes).unwrap();
}

/// The checksum is no secret: whoever changes a file can put the right one under it. What is read then is
/// refused, or is a checkpoint that says what the changed bytes say.
#[test]
fn a_right_checksum_under_wrong_bytes_is_not_enough() {
    let good = small().to_bytes().unwrap();
    let mut refused = 0;
    let mut try_one = |mut bytes: Vec<u8>| {
        seal(&mut bytes);
        match Checkpoint::from_bytes(&bytes) {
            // Written again it is the same file, so every byte of it was read, and none of them was made up.
            Ok(found) => assert!(same_content(&found.to_bytes().unwrap(), &bytes)),
            Err(_) => refused += 1,
        }
    };
    for at in 0..good.len() - CHECKSUM_BYTES {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            try_one(bytes);
        }
    }
    for length in 0..good.len() {
        try_one(good[..length].to_vec());
    }
    assert!(refused > good.len(), "{refused}");
}

/// The same header but for spelling, and the same tensors.
fn same_content(a: &[u8], b: &[u8]) -> bool {
    let [mut a, mut b] = [a, b].map(|bytes| TensorFile::parse(bytes).unwrap());
    let json =
        |file: &Bytes<'_>| -> Value { serde_json::from_str(file.metadata(METADATA_KEY).unwrap()).unwrap() };
    let names = a.names();
    // The checksum covers the header, and so its spelling; the history is a text, which may be spelt otherwise.
    let read_alike = |name: &&String| ![CHECKSUM, HISTORY].contains(&name.as_str());
    json(&a) == json(&b)
        && names == b.names()
        && names.iter().filter(read_alike).all(|n| a.bytes(n).unwrap() == b.bytes(n).unwrap())
}

#[test]
fn each_way_to_be_wrong_has_its_error() {
    type Change = fn(&mut Checkpoint);
    let refused = |change: Change| {
        let mut checkpoint = small();
        change(&mut checkpoint);
        // Nothing of the kind is written, either.
        checkpoint.to_bytes().unwrap_err()
    };
    let state = |change, name: &str, should: &str, is: &str| match refused(change) {
        CheckpointError::State { what, expected, found } => {
            assert_eq!((what, &*expected, &*found), (name, should, is));
        }
        other => panic!("{name}: {other}"),
    };
    state(|c| c.adam.t = 6, "Adam's steps", "5", "6");
    state(|c| c.progress.steps = 5, "steps of the epoch", "at most 4", "5");
    state(|c| c.progress.steps = 2, "Adam's steps", "6", "5");
    state(|c| c.progress.epochs[0].epoch = 2, "the number of an epoch", "1", "2");
    state(|c| c.settings.config.epochs = 1, "steps of the epoch", "at most 0", "1");
    state(
        |c| {
            let row = c.progress.epochs[0];
            c.progress.epochs.extend([2, 3].map(|epoch| EpochRecord { epoch, ..row }));
        },
        "finished epochs",
        "at most 2",
        "3",
    );
    let from_0 = "a finite number from 0";
    state(|c| c.progress.mean.sum = f64::NAN, "the epoch's losses", from_0, "NaN");
    state(|c| c.progress.epoch_s = -1.0, "seconds of the epoch", from_0, "-1");
    state(|c| c.progress.wall_s = f64::INFINITY, "seconds of the run", from_0, "inf");
    fn bias(checkpoint: &mut Checkpoint) -> &mut Moments {
        checkpoint.adam.moments.get_mut("decoder.0.bias").unwrap()
    }
    let moment = |change, tensor: &str| match refused(change) {
        CheckpointError::Tensors(WeightsError::NotFinite { name, index: 1, .. }) => assert_eq!(name, tensor),
        other => panic!("{tensor}: {other}"),
    };
    moment(|c| bias(c).m[1] = f32::INFINITY, "adam.m.decoder.0.bias");
    moment(|c| bias(c).v[1] = f32::NAN, "adam.v.decoder.0.bias");
    assert!(matches!(
        refused(|c| bias(c).v[1] = -1.0),
        CheckpointError::Tensors(WeightsError::Tensor { name, .. }) if name == "adam.v.decoder.0.bias"
    ));
    assert!(matches!(
        refused(|c| c.parameters[1].values[0] = f32::NAN),
        CheckpointError::Tensors(WeightsError::NotFinite { index: 0, .. })
    ));
    assert!(matches!(
        refused(|c| c.settings.config.learning_rate = 0.0),
        CheckpointError::Config(ConfigError { what: "learning rate", .. })
    ));
}

#[test]
fn files_of_tensors_that_are_no_checkpoints_are_refused() {
    let sealed = |tensors: &[(&str, Dtype, &[usize], &[u8])], json: Option<&str>| {
        let sum = ("sha256", Dtype::U8, &[32][..], &[0; 32][..]);
        let all = tensors.iter().chain([&sum]);
        let views = all.map(|(name, dtype, shape, data)| {
            (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap())
        });
        let metadata = json.map(|json| HashMap::from([("checkpoint".to_owned(), json.to_owned())]));
        let mut bytes = safetensors::serialize(views, metadata).unwrap();
        seal(&mut bytes);
        Checkpoint::from_bytes(&bytes).unwrap_err()
    };
    assert!(matches!(sealed(&[], None), CheckpointError::State { what: "the metadata", .. }));
    assert!(matches!(sealed(&[], Some("{")), CheckpointError::Metadata { .. }));
    assert!(matches!(sealed(&[], Some("{}")), CheckpointError::Metadata { .. }));
    assert!(matches!(
        sealed(&[], Some(r#"{"format": 2, "new": []}"#)),
        CheckpointError::FormatVersion { found: 2, supported: 1 }
    ));
    let json = small().header().unwrap();
    let extra = json.replacen('{', r#"{"more": 1, "#, 1);
    assert!(matches!(sealed(&[], Some(&extra)), CheckpointError::Metadata { .. }));
    // Tensors by what is wrong with them: the expected thing, and what is there.
    let tensor = |error| match error {
        CheckpointError::Tensors(WeightsError::Tensor { name, expected, found }) => (name, expected, found),
        other => panic!("{other}"),
    };
    let missing = |error| {
        let (name, expected, found) = tensor(error);
        assert_eq!((&*expected, &*found), ("a tensor of this name", "none"));
        name
    };
    assert_eq!(missing(sealed(&[], Some(&json))), "history");
    let history = ("history", Dtype::U8, &[0][..], &[][..]);
    let weight = ("w", Dtype::F32, &[1][..], &[0; 4][..]);
    let (m, v) =
        (("adam.m.w", Dtype::F32, &[1][..], &[0; 4][..]), ("adam.v.w", Dtype::F32, &[1][..], &[0; 4][..]));
    assert_eq!(missing(sealed(&[history, weight], Some(&json))), "adam.m.w");
    assert_eq!(missing(sealed(&[history, weight, m], Some(&json))), "adam.v.w");
    let wrong = |tensors: &[(&str, Dtype, &[usize], &[u8])]| {
        let (name, expected, found) = tensor(sealed(tensors, Some(&json)));
        format!("{name}: {expected}, {found}")
    };
    assert_eq!(wrong(&[history, m, v]), "adam.m.w: no tensor of this name, one");
    let wide = ("adam.v.w", Dtype::F32, &[2][..], &[0; 8][..]);
    assert_eq!(wrong(&[history, weight, m, wide]), "adam.v.w: shape [1], [2]");
    let halves = ("w", Dtype::F16, &[1][..], &[0; 2][..]);
    assert_eq!(wrong(&[history, halves, m, v]), "w: dtype F32, F16");
    let floats = ("history", Dtype::F32, &[1][..], &[0; 4][..]);
    assert_eq!(wrong(&[floats]), "history: dtype U8, F32");
    let words = ("history", Dtype::U8, &[14][..], &b"epoch\nno epoch"[..]);
    assert!(matches!(sealed(&[words], Some(&json)), CheckpointError::History { .. }));
    assert!(matches!(
        sealed(&[history, weight, m, v], Some(&json)),
        CheckpointError::State { what: "the epoch under way", .. }
    ));
}

/// A header without hidden layers and a folder of the images is what was written before they were kept.
#[test]
fn newer_settings_are_kept_and_need_not_be_there() {
    let header = small().header().unwrap();
    assert!(!header.contains("hidden") && !header.contains("from"), "{header}");
    let mut newer = small();
    newer.settings.hidden = Some(vec![3, 2]);
    newer.settings.data.from = Some("../..".into());
    let bytes = newer.to_bytes().unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), newer);
}
