use super::*;
use crate::DataSource;

/// The checkpoint of a tiny run after five of its eight steps.
pub(crate) fn small() -> Checkpoint {
    let set = SetRecord { images: 11, rows: 1, cols: 2, sha256: "ab".repeat(32) };
    let settings = RunSettings {
        preset: "shallow".to_owned(),
        pixels: 2,
        code: 1,
        init: Some("weights.safetensors".into()),
        config: TrainParams { epochs: 2, batch_size: 3, learning_rate: 0.1, ..TrainParams::default() },
        engine: "fused".to_owned(),
        threads: 2,
        data: DataRecord { source: DataSource::Folder("data".into()), train: set.clone(), test: set },
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
        train_bce: 0.1 + 0.2,
        test_bce: 1.0 / 3.0,
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
    let json = |file: &TensorFile<io::Cursor<&[u8]>>| -> Value {
        serde_json::from_str(file.metadata(METADATA_KEY).unwrap()).unwrap()
    };
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
    let count = |change, name: &str, should: u64, is: u64| match refused(change) {
        CheckpointError::Count { what, expected, found } => {
            assert_eq!((what, expected, found), (name, should, is));
        }
        other => panic!("{name}: {other}"),
    };
    count(|c| c.adam.t = 6, "Adam's steps", 5, 6);
    count(|c| c.progress.steps = 5, "steps of the epoch", 4, 5);
    count(|c| c.progress.steps = 2, "Adam's steps", 6, 5);
    count(|c| c.progress.epochs[0].epoch = 2, "the number of an epoch", 1, 2);
    count(|c| c.settings.config.epochs = 1, "steps of the epoch", 0, 1);
    count(
        |c| {
            let row = c.progress.epochs[0];
            c.progress.epochs.extend([2, 3].map(|epoch| EpochRecord { epoch, ..row }));
        },
        "finished epochs",
        2,
        3,
    );
    let number = |change| matches!(refused(change), CheckpointError::Number { .. });
    assert!(number(|c| c.progress.mean.sum = f64::NAN));
    assert!(number(|c| c.progress.epoch_s = -1.0));
    assert!(number(|c| c.progress.wall_s = f64::INFINITY));
    let moment = |change, tensor: &str| match refused(change) {
        CheckpointError::Moment { name, index: 1, .. } => assert_eq!(name, tensor),
        other => panic!("{tensor}: {other}"),
    };
    moment(
        |c| c.adam.moments.get_mut("decoder.0.bias").unwrap().m[1] = f32::INFINITY,
        "adam.m.decoder.0.bias",
    );
    moment(|c| c.adam.moments.get_mut("decoder.0.bias").unwrap().v[1] = -1.0, "adam.v.decoder.0.bias");
    moment(
        |c| c.adam.moments.get_mut("decoder.0.bias").unwrap().v[1] = f32::NAN,
        "adam.v.decoder.0.bias",
    );
    assert!(matches!(
        refused(|c| c.parameters[1].values[0] = f32::NAN),
        CheckpointError::Tensors(ModelError::NotFinite { index: 0, .. })
    ));
    assert!(matches!(
        refused(|c| c.settings.config.learning_rate = 0.0),
        CheckpointError::Config(ConfigError::LearningRate { .. })
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
    assert!(matches!(sealed(&[], None), CheckpointError::NotACheckpoint));
    assert!(matches!(sealed(&[], Some("{")), CheckpointError::Metadata { .. }));
    assert!(matches!(sealed(&[], Some("{}")), CheckpointError::Metadata { .. }));
    assert!(matches!(
        sealed(&[], Some(r#"{"format": 2, "new": []}"#)),
        CheckpointError::FormatVersion { found: 2, supported: 1 }
    ));
    let json = small().header().unwrap();
    let extra = json.replacen('{', r#"{"more": 1, "#, 1);
    assert!(matches!(sealed(&[], Some(&extra)), CheckpointError::Metadata { .. }));
    let missing = |error| match error {
        CheckpointError::Tensors(ModelError::MissingTensor { name }) => name,
        other => panic!("{other}"),
    };
    assert_eq!(missing(sealed(&[], Some(&json))), "history");
    let history = ("history", Dtype::U8, &[0][..], &[][..]);
    let weight = ("w", Dtype::F32, &[1][..], &[0; 4][..]);
    let (m, v) = (
        ("adam.m.w", Dtype::F32, &[1][..], &[0; 4][..]),
        ("adam.v.w", Dtype::F32, &[1][..], &[0; 4][..]),
    );
    assert_eq!(missing(sealed(&[history, weight], Some(&json))), "adam.m.w");
    assert_eq!(missing(sealed(&[history, weight, m], Some(&json))), "adam.v.w");
    assert!(matches!(
        sealed(&[history, m, v], Some(&json)),
        CheckpointError::Tensors(ModelError::ExtraTensor { name }) if name == "adam.m.w"
    ));
    let wide = ("adam.v.w", Dtype::F32, &[2][..], &[0; 8][..]);
    assert!(matches!(
        sealed(&[history, weight, m, wide], Some(&json)),
        CheckpointError::Tensors(ModelError::TensorShape { name, .. }) if name == "adam.v.w"
    ));
    let halves = ("w", Dtype::F16, &[1][..], &[0; 2][..]);
    assert!(matches!(
        sealed(&[history, halves, m, v], Some(&json)),
        CheckpointError::Tensors(ModelError::TensorDtype { name, .. }) if name == "w"
    ));
    let floats = ("history", Dtype::F32, &[1][..], &[0; 4][..]);
    assert!(
        matches!(sealed(&[floats], Some(&json)), CheckpointError::Dtype { name, .. } if name == "history")
    );
    let words = ("history", Dtype::U8, &[14][..], &b"epoch\nno epoch"[..]);
    assert!(matches!(sealed(&[words], Some(&json)), CheckpointError::History { .. }));
    assert!(matches!(
        sealed(&[history, weight, m, v], Some(&json)),
        CheckpointError::Count { what: "the epoch under way", expected: 1, found: 2 }
    ));
}
