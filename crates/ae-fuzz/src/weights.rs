//! Weights files: bytes and files are judged alike, and an accepted network is finite and becomes its own file.

use std::mem::discriminant;
use std::path::Path;

use ae_net::{Description, Network, WeightsError};

use crate::scratch::with_file;

/// Pixels and code of a network small enough that most of a file is header.
const SMALL: (usize, usize) = (6, 3);

/// Bytes of its tensors.
const DATA_BYTES: usize = 180;

/// Loads a network from `bytes`, and from a file of which they are the header.
///
/// # Panics
/// If bytes and file are judged differently, or an accepted network is not finite or not the same once written.
pub fn run(bytes: &[u8]) -> bool {
    let accepted = try_file(bytes);
    // The header's length is mostly wrong by now, and little gets past it.
    let header = bytes.get(8..).unwrap_or(bytes);
    let header = &header[..header.iter().rposition(|&byte| byte == b'}').map_or(header.len(), |at| at + 1)];
    try_file(&forged(header, &[0; DATA_BYTES])) || accepted
}

fn try_file(bytes: &[u8]) -> bool {
    let loaded = Network::from_bytes(bytes);
    with_file("model.safetensors", bytes, |path| {
        match (&loaded, Network::load(path)) {
            (Ok(network), Ok(same)) => assert_eq!(same.identity(), network.identity()),
            (Err(error), Err(WeightsError::Load { path: named, source })) => {
                // Which of several tensors safetensors names depends on a hash map's order.
                assert_eq!(
                    (named.as_path(), discriminant(&*source)),
                    (path, discriminant(error)),
                    "{source}"
                );
            }
            (bytes, file) => panic!("{:?} of bytes, {:?} of a file", bytes.as_ref().err(), file.err()),
        }
    });
    // What says nothing of itself has to be described, and may have other names.
    let small = Description::dense(SMALL.0, &[], SMALL.1);
    let import = |path: &Path| Network::import(path, &small).map(|found| found.network);
    let Ok(network) = loaded.or_else(|_| with_file("model.safetensors", bytes, import)) else { return false };
    let values = network.tensors().into_iter().flat_map(|tensor| tensor.values);
    assert!(values.into_iter().all(f32::is_finite));
    let written = network.to_bytes().expect("its values are finite");
    let again = Network::from_bytes(&written).expect("it was written by us");
    assert_eq!(again.identity(), network.identity());
    assert!(again.to_bytes().is_ok_and(|bytes| bytes == written), "the same network, other bytes");
    true
}

/// The header of the small network's tensors in 16 bits.
const HALVES: &str = concat!(
    r#"{"module.decoder.0.bias":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},"#,
    r#""module.decoder.0.weight":{"dtype":"F16","shape":[6,3],"data_offsets":[12,48]},"#,
    r#""module.encoder.0.bias":{"dtype":"BF16","shape":[3],"data_offsets":[48,54]},"#,
    r#""module.encoder.0.weight":{"dtype":"BF16","shape":[3,6],"data_offsets":[54,90]}}"#,
);

fn forged(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header, data].concat()
}

/// Files of a whole model with our metadata and without, of a half, of another model, and ones that lie.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let bytes = |pixels, code| {
        let network = Network::draw(&Description::dense(pixels, &[], code), 0);
        network.and_then(|network| network.to_bytes()).expect("a small network can be drawn and written")
    };
    let good = bytes(SMALL.0, SMALL.1);
    let header_bytes = usize::from(u16::from_le_bytes([good[0], good[1]]));
    let (header, data) = (&good[8..8 + header_bytes], &good[8 + header_bytes..]);
    let header = String::from_utf8_lossy(header).into_owned();
    let start = header.find(r#""decoder.0.bias""#).unwrap_or_default();
    let plain = format!("{{{}", &header[start..]);
    let other = bytes(5, 2);
    let mut nan = good.clone();
    nan.splice(good.len() - 4.., f32::NAN.to_le_bytes());
    let with = |from: &str, to: &str| forged(header.replace(from, to).as_bytes(), data);
    vec![
        ("plain", forged(plain.as_bytes(), data)),
        ("renamed", forged(plain.replace("encoder.0", "0").replace("decoder.0", "2").as_bytes(), data)),
        ("f16", forged(HALVES.as_bytes(), &data[..90])),
        ("i32", with("F32", "I32")),
        ("tanh", with("relu", "tanh")),
        ("format-2", with(r#"\"format\":1"#, r#"\"format\":2"#)),
        ("vast-shape", with("[3,6]", "[4294967296,4294967296]")),
        ("vast-offset", with("108,180", "108,18446744073709551615")),
        ("deep", forged(format!("{{\"a\":{}", "[".repeat(300)).as_bytes(), &[])),
        ("vast-header", [&[0xff; 7][..], &[0x7f], b"{}"].concat()),
        ("cut", good[..good.len() - 1].to_vec()),
        ("nan", nan),
        ("other", other),
        ("good", good),
    ]
}
