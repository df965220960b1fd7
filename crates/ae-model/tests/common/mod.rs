//! One small model, and files of its tensors with anything changed.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashMap;

use ae_model::{Parameters, Shallow};
use safetensors::tensor::{Dtype, TensorView};

pub(crate) type Small = Shallow<6, 3>;

pub(crate) fn small(seed: u64) -> Small {
    Small::build(seed).unwrap()
}

/// A tensor as it stands in a file: name, dtype, shape, bytes.
pub(crate) type Raw = (String, Dtype, Vec<usize>, Vec<u8>);

pub(crate) fn raw(model: &Small) -> Vec<Raw> {
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let tensors = model.parameters().into_iter();
    tensors.map(|t| (t.name, Dtype::F32, t.shape, bytes(&t.values))).collect()
}

pub(crate) fn file_of(tensors: &[Raw], metadata: Option<&str>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name, TensorView::new(*dtype, shape.clone(), data).expect("the test's own tensors are sound"))
    });
    let metadata = metadata.map(|json| HashMap::from([("autoencoder".to_owned(), json.to_owned())]));
    safetensors::serialize(views, metadata).unwrap()
}

pub(crate) const METADATA: &str = concat!(
    r#"{"code":3,"decoder":[{"linear":{"inputs":3,"outputs":6}}],"#,
    r#""encoder":[{"linear":{"inputs":6,"outputs":3}},"relu"],"format":1,"pixels":6}"#,
);
