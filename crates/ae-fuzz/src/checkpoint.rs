//! Checkpoints: an accepted one is written again with the same settings and the same tensors, to the last bit.

use std::io::Cursor;

use ae_net::TensorFile;
use ae_train::Checkpoint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Reads `bytes` as they are, with the right checksum under them, and with the right length before their header too.
///
/// # Panics
/// If an accepted checkpoint is another once it has been written.
pub fn run(bytes: &[u8]) -> bool {
    let accepted = try_file(bytes);
    // Whoever damages a file can put the right checksum under it, and the reader is not to rely on it.
    let accepted = try_file(&sealed(bytes.to_vec())) || accepted;
    let rest = bytes.get(8..).unwrap_or(bytes);
    let end = rest.windows(3).position(|three| three == b"]}}").map_or(rest.len(), |at| at + 3);
    let (header, data) = rest.split_at(end);
    // safetensors fills a header up with spaces.
    let data = &data[data.iter().take_while(|&&byte| byte == b' ').count()..];
    try_file(&forged(header, data)) || accepted
}

fn try_file(bytes: &[u8]) -> bool {
    let Ok(checkpoint) = Checkpoint::from_bytes(bytes) else { return false };
    let again = checkpoint.to_bytes().expect("what was read can be written");
    let back = Checkpoint::from_bytes(&again).expect("it was written by us");
    assert_eq!(back.settings(), checkpoint.settings());
    assert_eq!((back.steps(), back.epochs().len()), (checkpoint.steps(), checkpoint.epochs().len()));
    assert_eq!(back.weights(), checkpoint.weights());
    // Of the finished epochs themselves, one with a NaN would differ from itself.
    assert!(back.to_bytes().is_ok_and(|bytes| bytes == again), "the same checkpoint, other bytes");

    let [mut file, mut again] = [bytes, &again].map(|bytes| TensorFile::parse(bytes).expect("it was read"));
    let mut names = file.names();
    names.sort();
    let mut ours = again.names();
    ours.sort();
    assert_eq!(names, ours);
    assert_eq!(progress(&again), progress(&file));
    // The history is a text, which may be spelt otherwise, and the checksum is another then.
    for name in names.iter().filter(|name| !["history", "sha256"].contains(&name.as_str())) {
        let [bytes, again] = [&mut file, &mut again].map(|file| file.bytes(name).expect("it was listed"));
        assert!(again == bytes, "{name}: other bytes");
    }
    true
}

/// How far the metadata say that the run has come: `1` may be written again as `1.0`.
fn progress(file: &TensorFile<Cursor<&[u8]>>) -> [Option<u64>; 6] {
    let json = file.metadata("checkpoint").expect("a checkpoint was read of it");
    let json: Value = serde_json::from_str(json).expect("as above");
    ["adam_steps", "epoch", "steps", "bce_sum", "epoch_s", "wall_s"]
        .map(|key| json[key].as_f64().map(f64::to_bits))
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some((content, checksum)) = bytes.split_last_chunk_mut::<32>() {
        checksum.copy_from_slice(&Sha256::digest(content));
    }
    bytes
}

fn forged(header: &[u8], data: &[u8]) -> Vec<u8> {
    sealed([&(header.len() as u64).to_le_bytes()[..], header, data].concat())
}

/// The metadata of a run of eight steps in two epochs that has done `steps` of them.
fn header(steps: u64) -> Value {
    let set = json!({"images": 11, "rows": 1, "cols": 2, "sha256": "ab".repeat(32)});
    json!({
        "format": 1,
        "run": {
            "preset": "shallow", "pixels": 2, "code": 1, "engine": "fused", "threads": 2,
            "config": {
                "epochs": 2, "batch_size": 3, "learning_rate": 0.1, "seed": 7, "order": "shuffled", "noise": 0.5,
                "mask": 0.25, "rate": 0.0, "decay": 0.0,
            },
            "data": {"source": {"folder": "data"}, "train": set, "test": set},
        },
        "adam_steps": steps, "epoch": steps / 4 + 1, "steps": steps % 4,
        "bce_sum": 0.1, "epoch_s": 0.25, "wall_s": 1e300,
    })
}

/// A tensor's name, its values' type and size, and its bytes.
type Tensor<'a> = (&'a str, &'a str, usize, Vec<u8>);

/// The file of one parameter, of two values, with its moments and finished epochs.
fn tensors<'a>(values: [f32; 6], history: &str) -> Vec<Tensor<'a>> {
    let names = ["adam.m.w", "adam.v.w", "w"].into_iter();
    let bytes = |pair: &[f32]| pair.iter().flat_map(|value| value.to_le_bytes()).collect();
    let floats = names.zip(values.chunks(2)).map(|(name, pair)| (name, "F32", 4, bytes(pair)));
    let text = history.as_bytes().to_vec();
    floats.chain([("history", "U8", 1, text), ("sha256", "U8", 1, vec![0; 32])]).collect()
}

fn file(header: &Value, tensors: &[Tensor<'_>]) -> Vec<u8> {
    let mut entries = json!({"__metadata__": {"checkpoint": header.to_string()}});
    let mut data = Vec::new();
    for (name, dtype, size, bytes) in tensors {
        let start = data.len();
        data.extend(bytes);
        entries[*name] =
            json!({"dtype": dtype, "shape": [bytes.len() / size], "data_offsets": [start, data.len()]});
    }
    forged(entries.to_string().as_bytes(), &data)
}

/// Checkpoints of a run at its start, under way and finished, and things that no run can have come to.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let columns = "epoch,train_bce,test_bce,test_mse,test_psnr_db,dead_units,wall_s\n";
    let rows = ["1,0.30000000000000004,1e-17,0,inf,1,5e-324\n", "2,0.1,NaN,0.25,-6.0,0,0.5\n"];
    let (one, two) = ([columns, rows[0]].concat(), [columns, rows[0], rows[1]].concat());
    let values = [0.5, -0.0, 1e-40, f32::INFINITY, 0.1, 3.0];
    let at = |steps: u64, history: &str| file(&header(steps), &tensors(values, history));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut header = header(5);
        change(&mut header);
        file(&header, &tensors(values, &one))
    };
    let of = |change: &dyn Fn(&mut Vec<Tensor<'_>>)| {
        let mut tensors = tensors(values, &one);
        change(&mut tensors);
        file(&header(5), &tensors)
    };
    let good = at(5, &one);
    let mut cut = good.clone();
    cut.truncate(good.len() - 50);
    vec![
        ("start", at(0, "")),
        ("epoch-done", at(4, &one)),
        ("finished", at(8, &two)),
        ("init", with(&|header| header["run"]["init"] = json!("caf\u{e9}/model.safetensors"))),
        (
            "files",
            with(&|header| {
                header["run"]["data"]["source"] = json!({"files": {"images": "a.idx", "test": null}})
            }),
        ),
        ("newer", with(&|header| header["format"] = json!(2))),
        ("vast-steps", with(&|header| header["adam_steps"] = json!(u64::MAX))),
        ("vast-set", with(&|header| header["run"]["data"]["train"]["images"] = json!(u64::MAX))),
        ("negative-time", with(&|header| header["wall_s"] = json!(-1.0))),
        ("no-epochs", with(&|header| header["run"]["config"]["epochs"] = json!(0))),
        ("more", with(&|header| header["more"] = json!([[1]]))),
        ("ahead", at(5, &two)),
        ("long-line", at(5, &[&one[..], &",".repeat(1500)].concat())),
        ("no-moment", of(&|tensors| drop(tensors.remove(0)))),
        ("other-shape", of(&|tensors| tensors[1].3.extend([0; 4]))),
        ("moment-alone", of(&|tensors| drop(tensors.remove(2)))),
        ("nan", of(&|tensors| tensors[2].3[..4].copy_from_slice(&f32::NAN.to_le_bytes()))),
        ("halves", of(&|tensors| (tensors[0].1, tensors[0].2) = ("F16", 2))),
        ("history-of-floats", of(&|tensors| tensors[3] = ("history", "F32", 4, vec![0; 8]))),
        ("cut", cut),
        ("good", good),
    ]
}
