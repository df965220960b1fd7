//! `run.json`: an accepted record is written and read again, to the last bit.

use std::path::Path;

use ae_train::{RunFolder, RunRecord};

use crate::scratch::with_file;

/// Reads a run folder whose `run.json` is `bytes`.
///
/// # Panics
/// If an accepted record is another once it has been written.
pub fn run(bytes: &[u8]) -> bool {
    let Some(record) = with_file("run.json", bytes, read) else { return false };
    let again = serde_json::to_vec_pretty(&record).expect("a record of text and numbers has a form");
    let back = with_file("run.json", &again, read).expect("it was written by us");
    assert_eq!(back, record);
    true
}

fn read(path: &Path) -> Option<RunRecord> {
    let folder = path.parent().expect("a file is in a folder");
    RunFolder::open(folder).expect("there is a run.json").record().ok()
}

/// Records of a run on MNIST and of a noisy one on a file, and things that are no records.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mnist = MNIST.to_owned();
    let noisy = mnist
        .replace(r#"{"folder":"data/mnist"}"#, r#"{"files":{"images":"mine.idx","test":null}}"#)
        .replace(r#""noise":0.0"#, r#""noise":0.5"#)
        .replace(r#""wall_s""#, r#""restored":{"damaged_mse":0.1156,"mse":0.0206,"psnr_db":null},"wall_s""#)
        .replace(r#""code":32"#, r#""code":32,"init":"caf\u00e9/model.safetensors""#);
    let judged = mnist.replace(
        r#""wall_s""#,
        concat!(
            r#""pca":{"mse":0.015,"psnr_db":null},"verdicts":[{"finding":{"worse_than_pca":{"margin_db":8.4}},"#,
            r#""remedy":{"learning_rate":0.001}},{"finding":"same_images","remedy":"more_images"},"#,
            r#"{"finding":{"dead_units":{"dead":4,"code":32}},"remedy":{"hidden":[128,64]}}],"wall_s""#,
        ),
    );
    let hashed = mnist
        .replace(r#""rows":28"#, r#""labels_sha256":"0a","rows":28"#)
        .replace(r#""wall_s""#, r#""files":{"history.csv":"0b","trained-on.bin":"0c"},"wall_s""#);
    let table = mnist.replace(
        r#"},"train":{"images":60000,"rows":28"#,
        concat!(
            r#"},"form":{"kind":"table","channels":1,"size":[1,2],"elements":"floats","columns":["x","y"],"#,
            r#""class_column":"kind","class_at":1,"drop_columns":["id"],"classes":["a","b"]},"#,
            r#""scaling":{"method":"standard","together":1,"offsets":[0.1,-1e300],"units":[1e-3,2.0]},"#,
            r#""train":{"images":60000,"rows":1"#
        ),
    );
    let pictures = mnist.replace(
        r#"},"train":{"images":60000,"rows":28"#,
        concat!(
            r#"},"from":"../..","form":{"kind":"pictures","channels":3,"size":[4,5],"elements":"bytes","fit":"pad","#,
            r#""background":[9,99,199],"classes":["a"]},"scaling":{"method":"minmax","together":20,"#,
            r#""offsets":[0,0,0],"units":[255,255,255]},"train":{"images":60000,"channels":3,"rows":28"#
        ),
    );
    let no_unit = table.replace("2.0]", "0]");
    let deep = format!("{{\"format\":1,\"more\":{}", "[".repeat(500));
    vec![
        ("newer", mnist.replacen(":1", ":2", 1).into_bytes()),
        (
            "vast-numbers",
            mnist.replace("60000", "18446744073709551615").replace("0.0925", "1e999").into_bytes(),
        ),
        ("not-utf-8", [b"{\"format\":1,\"version\":\"\xff\xfe\"", mnist.as_bytes()].concat()),
        ("table", table.into_bytes()),
        ("pictures", pictures.into_bytes()),
        ("no-unit", no_unit.into_bytes()),
        ("noisy", noisy.into_bytes()),
        ("judged", judged.into_bytes()),
        ("hashed", hashed.into_bytes()),
        ("deep", deep.into_bytes()),
        ("mark", [b"\xef\xbb\xbf", mnist.as_bytes()].concat()),
        ("no-epochs", mnist.replace(r#""last_epoch_train_bce":0.0925,"#, "").into_bytes()),
        ("mnist", mnist.into_bytes()),
    ]
}

pub(crate) const MNIST: &str = concat!(
    r#"{"format":1,"version":"0.1.0","model":{"preset":"shallow","pixels":784,"code":32,"identity":"ab01"},"#,
    r#""config":{"epochs":50,"batch_size":64,"learning_rate":0.001,"seed":0,"order":"shuffled","noise":0.0,"#,
    r#""mask":0.0},"engine":{"name":"fused","threads":2,"inputs":"sparse","density":0.19118},"#,
    r#""data":{"source":{"folder":"data/mnist"},"train":{"images":60000,"rows":28,"cols":28,"sha256":"00"},"#,
    r#""test":{"images":10000,"rows":28,"cols":28,"sha256":"ff"}},"baselines":{"mean_image_bce":0.2625,"#,
    r#""mean_image_mse":0.06747,"entropy_floor_bce":0.05808},"last_epoch_train_bce":0.0925,"#,
    r#""train":{"images":60000,"bce":0.0925,"mse":0.00988,"psnr_db":20.05,"dead_units":0},"#,
    r#""test":{"images":10000,"bce":0.0915,"mse":0.00961,"psnr_db":20.17,"dead_units":0},"#,
    r#""wall_s":3.5,"images_per_s":900000.0}"#,
);
