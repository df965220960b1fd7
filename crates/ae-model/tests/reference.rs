//! Values and gradients against PyTorch: `reference/make_reference.py` made the numbers, in float64.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ae_model::dfdx::losses::binary_cross_entropy_with_logits_loss;
use ae_model::dfdx::nn::ZeroGrads;
use ae_model::dfdx::shapes::Const;
use ae_model::dfdx::tensor::Trace;
use ae_model::dfdx::tensor_ops::Backward;
use ae_model::{
    Autoencoder, Batch, Deep, Deeper, Parameters, Shallow, TypedNetwork, batch, update_parameters,
};

const PIXELS: usize = 6;

#[derive(serde::Deserialize)]
struct Reference {
    x: Vec<f32>,
    code: Vec<f64>,
    logits: Vec<f64>,
    reconstruction: Vec<f64>,
    loss: f64,
    gradients: BTreeMap<String, Vec<f64>>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn reference(name: &str) -> Reference {
    let json = std::fs::read_to_string(file("reference.json")).unwrap();
    let mut all: BTreeMap<String, Reference> = serde_json::from_str(&json).unwrap();
    all.remove(name).expect("reference.json has this model")
}

fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(!found.is_empty(), "{what}");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let diff = (f64::from(found) - expected).abs();
        // In this form a NaN fails.
        assert!(diff <= 1e-6 + 1e-5 * expected.abs(), "{what}[{i}]: {found}, PyTorch says {expected}");
    }
}

fn check<E, D>(model: &mut Autoencoder<E, D>, expected: &Reference)
where
    E: TypedNetwork<In = Const<PIXELS>>,
    D: TypedNetwork<In = E::Out, Out = Const<PIXELS>>,
{
    let x: Batch<Const<PIXELS>> = batch(&expected.x).unwrap();
    let code = model.encode(x.clone()).unwrap();
    assert_close("code", &code.as_vec(), &expected.code);
    assert_close("logits", &model.decode_logits(code.clone()).unwrap().as_vec(), &expected.logits);
    assert_close("decode", &model.decode(code).unwrap().as_vec(), &expected.reconstruction);
    assert_close("reconstruct", &model.reconstruct(x.clone()).unwrap().as_vec(), &expected.reconstruction);

    let logits = model.forward_logits(x.clone().traced(model.alloc_grads())).unwrap();
    assert_close("traced logits", &logits.as_vec(), &expected.logits);
    let loss = binary_cross_entropy_with_logits_loss(logits, x);
    assert_close("loss", &loss.as_vec(), &[expected.loss]);

    let mut gradients = loss.try_backward().unwrap();
    let mut found = BTreeMap::new();
    update_parameters(model, &mut gradients, |name, _, gradient| {
        found.insert(name.to_owned(), gradient.to_vec());
    })
    .unwrap();
    assert!(found.keys().eq(expected.gradients.keys()), "{:?}", found.keys());
    for (name, gradient) in &found {
        assert_close(name, gradient, &expected.gradients[name]);
    }
}

#[test]
fn shallow_agrees_with_pytorch_from_weights_that_pytorch_wrote() {
    let mut model = Shallow::<PIXELS, 3>::load(file("shallow.safetensors")).unwrap();
    check(&mut model, &reference("shallow"));
}

#[test]
fn deep_agrees_with_pytorch_from_weights_that_pytorch_wrote() {
    let mut model = Deep::<PIXELS, 5, 4, 2>::load(file("deep.safetensors")).unwrap();
    check(&mut model, &reference("deep"));
}

#[test]
fn deeper_agrees_with_pytorch_from_weights_that_pytorch_wrote() {
    let mut model = Deeper::<PIXELS, 5, 4, 3, 2>::load(file("deeper.safetensors")).unwrap();
    check(&mut model, &reference("deeper"));
}

/// PyTorch has loaded these bytes with `strict=True`; see the script. `AE_BLESS=1` writes them anew.
#[test]
fn pytorch_agrees_from_weights_that_we_wrote() {
    let mut model = Shallow::<PIXELS, 3>::build(0).unwrap();
    if std::env::var_os("AE_BLESS").is_some() {
        model.save(file("ours.safetensors")).unwrap();
    }
    let golden = std::fs::read(file("ours.safetensors")).unwrap();
    assert_eq!(model.to_bytes().unwrap(), golden);
    check(&mut model, &reference("ours"));
}

#[test]
fn an_update_lands_in_the_tensor_it_names_and_nowhere_else() {
    let expected = reference("shallow");
    let mut model = Shallow::<PIXELS, 3>::load(file("shallow.safetensors")).unwrap();
    let before = model.parameters();
    let x: Batch<Const<PIXELS>> = batch(&expected.x).unwrap();
    let logits = model.forward_logits(x.clone().traced(model.alloc_grads())).unwrap();
    let mut gradients = binary_cross_entropy_with_logits_loss(logits, x).try_backward().unwrap();
    update_parameters(&mut model, &mut gradients, |name, values, gradient| {
        if name == "decoder.0.bias" {
            for (value, gradient) in values.iter_mut().zip(gradient) {
                *value -= gradient;
            }
        }
    })
    .unwrap();
    for (before, after) in before.iter().zip(model.parameters()) {
        assert_eq!(before.name, after.name);
        if after.name == "decoder.0.bias" {
            let step: Vec<f32> = before.values.iter().zip(&after.values).map(|(b, a)| b - a).collect();
            assert_close("step", &step, &expected.gradients["decoder.0.bias"]);
        } else {
            assert_eq!(before.values, after.values, "{}", after.name);
        }
    }
}
