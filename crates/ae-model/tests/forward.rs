//! What models compute, against plain loops in f64, at any batch size.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use ae_model::ae_net::{Activation, Dense, NetError};
use ae_model::dfdx::nn::modules::{ReLU, Sigmoid};
use ae_model::dfdx::shapes::Const;
use ae_model::dfdx::tensor::{Cpu, TensorFromVec, Trace};
use ae_model::{Autoencoder, Deep, Deeper, DenseStack, Linear, ModelError, Parameters, Shallow, batch};

/// Numbers in [0, 1) without a pattern that a matrix product could hide in.
fn pixels(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * i + 31 * i) % 997) as f32 / 997.0).collect()
}

/// Weights and biases that are all different from zero.
fn unsettled<M: Parameters>(mut model: M) -> M {
    let mut tensors = model.parameters();
    for tensor in &mut tensors {
        for (i, value) in tensor.values.iter_mut().enumerate() {
            *value += 0.01 * ((i % 13) as f32 - 6.5);
        }
    }
    model.set_parameters(&tensors).unwrap();
    model
}

fn plain(layers: &[Dense], x: &[f32]) -> Vec<f64> {
    x.chunks_exact(layers[0].inputs())
        .flat_map(|row| {
            let mut row: Vec<f64> = row.iter().copied().map(f64::from).collect();
            for layer in layers {
                row = layer
                    .weight()
                    .chunks_exact(layer.inputs())
                    .zip(layer.bias())
                    .map(|(weight, &bias)| {
                        let dot: f64 = weight.iter().zip(&row).map(|(&w, x)| f64::from(w) * x).sum();
                        let sum = dot + f64::from(bias);
                        match layer.activation() {
                            Activation::Linear => sum,
                            Activation::Relu => sum.max(0.0),
                            Activation::Sigmoid => 1.0 / (1.0 + (-sum).exp()),
                        }
                    })
                    .collect();
            }
            row
        })
        .collect()
}

fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let diff = (f64::from(found) - expected).abs();
        // In this form a NaN fails.
        assert!(diff <= 2e-6 + 1e-5 * expected.abs(), "{what}[{i}]: {found}, expected {expected}");
    }
}

fn check<E, D>(model: &Autoencoder<E, D>)
where
    E: DenseStack,
    D: DenseStack<In = E::Out, Out = E::In>,
{
    let (encoder, decoder) = (model.encoder.layers().unwrap(), model.decoder.layers().unwrap());
    for rows in [1, 64, 130] {
        let x = pixels(rows * encoder[0].inputs());
        let z = plain(&encoder, &x);
        let code = model.encode(batch(&x).unwrap()).unwrap().as_vec();
        assert_close(&format!("code of {rows}"), &code, &z);
        assert!(code.iter().any(|&v| v != 0.0));

        let logits = plain(&decoder, &code);
        let z = batch(&code).unwrap();
        assert_close(&format!("logits of {rows}"), &model.decode_logits(z).unwrap().as_vec(), &logits);
        let brightness: Vec<f64> = logits.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect();
        let rebuilt = model.reconstruct(batch(&x).unwrap()).unwrap().as_vec();
        assert_close(&format!("reconstruction of {rows}"), &rebuilt, &brightness);
    }
}

#[test]
fn shallow_computes_what_a_plain_loop_computes() {
    check(&unsettled(Shallow::<784, 32>::build(0).unwrap()));
}

#[test]
fn deep_computes_what_a_plain_loop_computes() {
    check(&unsettled(Deep::<30, 20, 10, 5>::build(0).unwrap()));
}

#[test]
fn deeper_computes_what_a_plain_loop_computes() {
    check(&unsettled(Deeper::<30, 24, 20, 10, 5>::build(0).unwrap()));
}

#[test]
fn every_shape_of_tuple_computes_what_its_dense_layers_compute() {
    type One = (Linear<7, 5>,);
    type Sigmoids = (Linear<5, 6>, Sigmoid, Linear<6, 4>, ReLU, Linear<4, 7>, Sigmoid);
    check(&unsettled(Autoencoder::<One, Sigmoids>::build(0).unwrap()));
    type Two = (Linear<7, 5>, Linear<5, 3>);
    type Four = (Linear<3, 6>, ReLU, Linear<6, 7>, Sigmoid);
    check(&unsettled(Autoencoder::<Two, Four>::build(0).unwrap()));
    type Pair = (Linear<7, 5>, Sigmoid);
    type Three = (Linear<5, 6>, ReLU, Linear<6, 7>);
    check(&unsettled(Autoencoder::<Pair, Three>::build(0).unwrap()));
}

/// dfdx itself panics on such a tensor, so it must not get that far.
#[test]
fn a_batch_of_no_rows_is_refused() {
    let refused = |error: ModelError| {
        assert!(matches!(&error, ModelError::Net(NetError::Argument { what: "a batch", .. })), "{error}");
    };
    refused(batch::<Const<6>>(&[]).unwrap_err());
    let model = Shallow::<6, 3>::build(0).unwrap();
    let none = || Cpu::default().tensor_from_vec(vec![], (0, Const::<6>));
    refused(model.reconstruct(none()).unwrap_err());
    refused(model.forward_logits(none().leaky_traced()).unwrap_err());
}

#[test]
fn a_part_of_a_row_is_no_batch() {
    let model = Shallow::<6, 3>::build(0).unwrap();
    for values in [1, 5, 7, 11] {
        let error = batch(&vec![0.0; values]).and_then(|x| model.encode(x)).unwrap_err();
        let expected = format!("a batch: expected one or more rows of 6 values, found {values} values");
        assert_eq!(error.to_string(), expected);
    }
}
