//! Models that are nothing but dense layers, to and from [`ae_net`]'s network.

use std::iter::zip;

use ae_net::{Activation, AsNetwork, Dense, LayerSpec, NamedTensor, NetError, Network, Outputs};
use dfdx::nn::modules::{ReLU, Sigmoid};

use crate::error::argument;
use crate::{Autoencoder, ModelError, Parameters, Pointwise, TypedNetwork};

/// A [`Pointwise`] module that [`ae_net`] computes too: its spec is `relu` or `sigmoid`.
pub trait DenseActivation: Pointwise {}

impl DenseActivation for ReLU {}

impl DenseActivation for Sigmoid {}

/// A network of nothing but dense layers, which it lends to whoever computes with them.
///
/// Its specs are `linear`, `relu` and `sigmoid`, and its tensors are a weight and a bias for each `linear`, in order.
pub trait DenseStack: TypedNetwork {
    /// Copies of the layers, first to last; an activation is part of the layer before it.
    ///
    /// # Errors
    /// [`NetError::Argument`] if the network is not what this trait promises; those of this crate are.
    fn layers(&self) -> Result<Vec<Dense>, NetError> {
        let mut tensors = self.parameters().into_iter().map(|tensor| tensor.values);
        let mut layers: Vec<Dense> = Vec::new();
        for spec in Self::specs() {
            let activation = match spec {
                LayerSpec::Linear { inputs, .. } => {
                    let (weight, bias) = (tensors.next(), tensors.next());
                    let (weight, bias) = (weight.unwrap_or_default(), bias.unwrap_or_default());
                    layers.push(Dense::new(inputs, weight, bias, Activation::Linear)?);
                    continue;
                }
                LayerSpec::Relu => Activation::Relu,
                LayerSpec::Sigmoid => Activation::Sigmoid,
                other => return Err(argument("a layer", "linear, relu or sigmoid", other)),
            };
            let Some(layer) = layers.pop() else {
                return Err(argument("the first layer", "linear", spec));
            };
            layers.push(layer.with_activation(activation));
        }
        match tensors.next() {
            None => Ok(layers),
            Some(_) => Err(argument("tensors", "a weight and a bias a layer", "more")),
        }
    }

    /// Takes over the weights and biases of `layers`.
    ///
    /// All is checked first: on an error the network is as it was.
    ///
    /// # Errors
    /// [`NetError::Argument`] if sizes or activations are not those of [`DenseStack::layers`], or for a NaN or an
    /// infinity.
    fn set_layers(&mut self, layers: &[Dense]) -> Result<(), NetError> {
        let tensors = tensors_from(self, layers)?;
        self.set_parameters(&tensors).map_err(misfit)
    }
}

fn misfit(error: impl ToString) -> NetError {
    argument("weights", "those of the model, all finite", error)
}

/// The tensors of a stack with the values of other layers, which have to fit.
fn tensors_from(stack: &impl DenseStack, layers: &[Dense]) -> Result<Vec<NamedTensor>, NetError> {
    let own = stack.layers()?;
    if own.len() != layers.len() {
        return Err(argument("dense layers", own.len(), layers.len()));
    }
    for (index, (own, layer)) in zip(&own, layers).enumerate() {
        let words =
            |layer: &Dense| format!("{} -> {} {:?}", layer.inputs(), layer.outputs(), layer.activation());
        if words(own) != words(layer) {
            return Err(argument("dense layer", format!("{} as number {index}", words(own)), words(layer)));
        }
    }
    let mut tensors = stack.parameters();
    let values = layers.iter().flat_map(|layer| [layer.weight(), layer.bias()]);
    for (tensor, values) in zip(&mut tensors, values) {
        tensor.values = values.to_vec();
        tensor.require_finite().map_err(misfit)?;
    }
    Ok(tensors)
}

impl<E: DenseStack, D: DenseStack<In = E::Out, Out = E::In>> Autoencoder<E, D> {
    /// The model that a network is.
    ///
    /// # Errors
    /// [`ModelError::Net`] if its sizes or activations are not those of this type, its outputs are no logits, or a
    /// weight is a NaN or an infinity.
    pub fn from_network(network: &Network) -> Result<Self, ModelError> {
        let mut model = Self::build(0)?;
        model.set_network(network)?;
        Ok(model)
    }
}

impl<E: DenseStack, D: DenseStack<In = E::Out, Out = E::In>> AsNetwork for Autoencoder<E, D> {
    fn network(&self) -> Result<Network, NetError> {
        Network::new(&self.encoder.layers()?, &self.decoder.layers()?, Outputs::Logits)
    }

    fn set_network(&mut self, network: &Network) -> Result<(), NetError> {
        if network.outputs() != Outputs::Logits {
            return Err(argument("outputs", "logits", format!("{:?}", network.outputs())));
        }
        let layers = network.layers();
        let (encoder, decoder) = layers.split_at(network.encoder_layers());
        // Both halves before either is touched.
        let (encoder, decoder) =
            (tensors_from(&self.encoder, encoder)?, tensors_from(&self.decoder, decoder)?);
        self.encoder.set_parameters(&encoder).map_err(misfit)?;
        self.decoder.set_parameters(&decoder).map_err(misfit)
    }
}
