//! Layers: what a network is made of, how it describes itself, and how it shows its dense layers.
//!
//! A [`Network`] is a dfdx module from rows of `In` values to rows of `Out` values. It is implemented
//! here for tuples of [`Linear`] layers and activations, and can be implemented for any other module.

use std::fmt;
use std::slice;

use ae_dense::{Activation, Dense};
use dfdx::nn::modules::{ReLU, Sigmoid, Tanh};
use dfdx::nn::{Module, TensorCollection, ZeroSizedModule};
use dfdx::shapes::{Const, ConstDim, HasShape};
use dfdx::tensor::{Cpu, CpuError, NoneTape, OwnedTape, Tensor, TensorFromVec};
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// `B` rows of `N` values, `B` known at run time: the input or output of a network.
///
/// `T` is the tape: [`NoneTape`] by default, [`Traced`] where gradients are wanted.
pub type Batch<N, T = NoneTape> = Tensor<(usize, N), f32, Cpu, T>;

/// The tape that gradients are computed from.
pub type Traced = OwnedTape<f32, Cpu>;

/// dfdx's dense layer, `y = x weight^T + bias`, weight `(O, I)`, in the one number type used here.
pub type Linear<const I: usize, const O: usize> = dfdx::nn::modules::Linear<I, O, f32, Cpu>;

/// Rows of `N` values, one after the other, as a tensor.
///
/// # Shapes
/// - `values`: `B * N`, row-major, `B` at least 1
/// - returns `(B, N)`
///
/// `N` is usually found by the compiler, from the model that the batch is handed to.
///
/// # Errors
/// [`ModelError::BatchLength`] if `values` is not a whole number of rows, [`ModelError::EmptyBatch`]
/// if there is none.
///
/// # Example
/// ```
/// use ae_model::{Batch, batch, dfdx::shapes::Const};
///
/// let rows: Batch<Const<3>> = batch(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(rows.as_vec().len() / 3, 2);
/// assert!(batch::<Const<4>>(&[0.0; 6]).is_err());
/// # Ok::<(), ae_model::ModelError>(())
/// ```
pub fn batch<N: ConstDim>(values: &[f32]) -> Result<Batch<N>, ModelError> {
    let row = N::SIZE;
    if row == 0 || !values.len().is_multiple_of(row) {
        return Err(ModelError::BatchLength { values: values.len(), row });
    }
    if values.is_empty() {
        return Err(ModelError::EmptyBatch);
    }
    Ok(Cpu::default().try_tensor_from_vec(values.to_vec(), (values.len() / row, N::default()))?)
}

/// The sizes of a network, apart from [`Network`] so that its bounds can name them.
pub trait Sizes {
    /// Values in a row of its input.
    type In: ConstDim;
    /// Values in a row of its output.
    type Out: ConstDim;
}

/// A dfdx module that turns `(B, In)` into `(B, Out)`, with and without a tape: an encoder or a decoder.
///
/// Implemented for the tuples `(L,)`, `(L, F)`, `(L, L)`, `(L, F, L)` and on to `(L, F, L, F, L, F)`, the
/// longest that dfdx has, each `L` a [`Linear`] and each `F` a [`Pointwise`] activation; and for
/// [`Four`](crate::Four) dense layers. A module of one's own needs dfdx's `TensorCollection` and `Module`, [`Sizes`], and [`Network::specs`].
pub trait Network: Sizes
    + TensorCollection<f32, Cpu, To<f32, Cpu> = Self>
    + Module<Batch<<Self as Sizes>::In>, Output = Batch<<Self as Sizes>::Out>, Error = CpuError>
    + Module<Batch<<Self as Sizes>::In, Traced>, Output = Batch<<Self as Sizes>::Out, Traced>, Error = CpuError>
{
    /// The layers, first to last, as they are written into a weights file.
    fn specs() -> Vec<LayerSpec>;

    /// Computes the network.
    ///
    /// # Shapes
    /// - `x`: `(B, In)`, any `B` from 1
    /// - returns `(B, Out)`
    ///
    /// # Errors
    /// [`ModelError::EmptyBatch`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    fn apply(&self, x: Batch<Self::In>) -> Result<Batch<Self::Out>, ModelError> {
        check_rows(&x)?;
        Ok(self.try_forward(x)?)
    }

    /// Computes the network and records how, for gradients.
    ///
    /// # Shapes
    /// As [`Network::apply`].
    ///
    /// # Errors
    /// As [`Network::apply`].
    fn apply_traced(&self, x: Batch<Self::In, Traced>) -> Result<Batch<Self::Out, Traced>, ModelError> {
        check_rows(&x)?;
        Ok(self.try_forward(x)?)
    }
}

/// dfdx panics on a tensor without elements.
fn check_rows<N: ConstDim, T>(x: &Batch<N, T>) -> Result<(), ModelError> {
    if x.shape().0 == 0 { Err(ModelError::EmptyBatch) } else { Ok(()) }
}

/// One layer of a network, without its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum LayerSpec {
    /// `y = weight x + bias`.
    Linear {
        /// Values in a row of its input.
        inputs: usize,
        /// Values in a row of its output.
        outputs: usize,
    },
    /// `max(0, x)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// Any other module, known by the name its author gives it.
    Other(String),
}

impl fmt::Display for LayerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { inputs, outputs } => write!(f, "linear {inputs} -> {outputs}"),
            Self::Relu => f.write_str("relu"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Tanh => f.write_str("tanh"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// Layers in words, for messages: `linear 784 -> 32, relu`.
pub(crate) fn in_words(layers: Option<&[LayerSpec]>) -> String {
    match layers {
        None => "absent".to_owned(),
        Some(layers) => layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// A module without parameters that keeps the shape of its input: what may follow a [`Linear`].
pub trait Pointwise: ZeroSizedModule {
    /// How it is written into a weights file.
    fn spec() -> LayerSpec;
}

/// A [`Pointwise`] module that `ae-dense` computes too.
pub trait DenseActivation: Pointwise {
    /// Its name there.
    const ACTIVATION: Activation;
}

impl Pointwise for ReLU {
    fn spec() -> LayerSpec {
        LayerSpec::Relu
    }
}

impl DenseActivation for ReLU {
    const ACTIVATION: Activation = Activation::Relu;
}

impl Pointwise for Sigmoid {
    fn spec() -> LayerSpec {
        LayerSpec::Sigmoid
    }
}

impl DenseActivation for Sigmoid {
    const ACTIVATION: Activation = Activation::Sigmoid;
}

impl Pointwise for Tanh {
    fn spec() -> LayerSpec {
        LayerSpec::Tanh
    }
}

/// A model that is nothing but dense layers, and how it lends them to whoever computes with them.
pub trait DenseStack {
    /// Copies of the layers, first to last; an activation is part of the layer before it.
    fn layers(&self) -> Vec<Dense>;

    /// Takes over the weights and biases of `layers`.
    ///
    /// All is checked first: on an error the model is as it was.
    ///
    /// # Errors
    /// [`ModelError::LayerCount`], [`ModelError::Layer`] if sizes or activations are not those of
    /// [`DenseStack::layers`], [`ModelError::NotFinite`] for a NaN or an infinity.
    fn set_layers(&mut self, layers: &[Dense]) -> Result<(), ModelError>;
}

/// A [`DenseStack`] of an encoder and a decoder: where the code is.
pub trait AutoencoderStack: DenseStack {
    /// How many of [`DenseStack::layers`], from the first, are the encoder: the output of the last
    /// of them is the code, and the rest is the decoder.
    fn encoder_layers(&self) -> usize;
}

/// A part of a stack: a linear map, or the activation that belongs to the one before it.
pub trait DensePart {
    /// Adds itself to the layers before it.
    fn append_to(&self, layers: &mut Vec<Dense>);

    /// Takes its numbers from the front of `layers`, which the caller has checked.
    fn take_from(&mut self, layers: &mut slice::Iter<'_, Dense>);
}

impl<const I: usize, const O: usize> DensePart for Linear<I, O> {
    fn append_to(&self, layers: &mut Vec<Dense>) {
        const { assert!(I > 0 && O > 0, "a dense layer needs inputs and outputs") };
        let layer = Dense::new(I, self.weight.as_vec(), self.bias.as_vec(), Activation::Linear);
        layers.push(layer.expect("the tensors' types fix their lengths"));
    }

    fn take_from(&mut self, layers: &mut slice::Iter<'_, Dense>) {
        let layer = layers.next().expect("the caller has counted the layers");
        self.weight.copy_from(layer.weight());
        self.bias.copy_from(layer.bias());
    }
}

impl<A: DenseActivation> DensePart for A {
    fn append_to(&self, layers: &mut Vec<Dense>) {
        let layer = layers.pop().expect("in every stack an activation follows a linear map");
        layers.push(layer.with_activation(A::ACTIVATION));
    }

    fn take_from(&mut self, _: &mut slice::Iter<'_, Dense>) {}
}

/// Refuses `found` unless it fits into the place of `expected`.
pub(crate) fn check_layers(expected: &[Dense], found: &[Dense]) -> Result<(), ModelError> {
    if expected.len() != found.len() {
        return Err(ModelError::LayerCount { expected: expected.len(), found: found.len() });
    }
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let kind = |layer: &Dense| (layer.inputs(), layer.outputs(), layer.activation());
        if kind(expected) != kind(found) {
            let words =
                |layer: &Dense| format!("{} -> {} {:?}", layer.inputs(), layer.outputs(), layer.activation());
            return Err(ModelError::Layer { index, expected: words(expected), found: words(found) });
        }
        for (what, values) in [("weight", found.weight()), ("bias", found.bias())] {
            check_finite(&format!("{index}.{what}"), values)?;
        }
    }
    Ok(())
}

/// Refuses a NaN or an infinity.
pub(crate) fn check_finite(name: &str, values: &[f32]) -> Result<(), ModelError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(ModelError::NotFinite { name: name.to_owned(), index, value: values[index] }),
    }
}

/// A layer's spec, told from its type.
trait Spec {
    fn spec_of() -> LayerSpec;
}

impl<const I: usize, const O: usize> Spec for Linear<I, O> {
    fn spec_of() -> LayerSpec {
        LayerSpec::Linear { inputs: I, outputs: O }
    }
}

impl<A: Pointwise> Spec for A {
    fn spec_of() -> LayerSpec {
        A::spec()
    }
}

/// Implements the traits of this file for one shape of tuple: its sizes, then its modules with their
/// places; an activation says which size it works on.
macro_rules! stack {
    ($first:ident $(, $inner:ident)* => $last:ident: $($module:ty = $place:tt),+ $(; $act:ident on $width:ident)*) => {
        impl<const $first: usize, $(const $inner: usize,)* const $last: usize, $($act),*> Sizes
            for ($($module,)+)
        where
            $($act: Pointwise,)*
        {
            type In = Const<$first>;
            type Out = Const<$last>;
        }

        impl<const $first: usize, $(const $inner: usize,)* const $last: usize, $($act),*> Network
            for ($($module,)+)
        where
            $($act: Pointwise
                + Module<Batch<Const<$width>>, Output = Batch<Const<$width>>, Error = CpuError>
                + Module<Batch<Const<$width>, Traced>, Output = Batch<Const<$width>, Traced>, Error = CpuError>,)*
        {
            fn specs() -> Vec<LayerSpec> {
                vec![$(<$module as Spec>::spec_of()),+]
            }
        }

        impl<const $first: usize, $(const $inner: usize,)* const $last: usize, $($act),*> DenseStack
            for ($($module,)+)
        where
            $($act: DenseActivation,)*
        {
            fn layers(&self) -> Vec<Dense> {
                let mut layers = Vec::new();
                $(self.$place.append_to(&mut layers);)+
                layers
            }

            fn set_layers(&mut self, layers: &[Dense]) -> Result<(), ModelError> {
                check_layers(&self.layers(), layers)?;
                let mut layers = layers.iter();
                $(self.$place.take_from(&mut layers);)+
                Ok(())
            }
        }
    };
}

stack!(A => B: Linear<A, B> = 0);
stack!(A => B: Linear<A, B> = 0, F = 1; F on B);
stack!(A, B => C: Linear<A, B> = 0, Linear<B, C> = 1);
stack!(A, B => C: Linear<A, B> = 0, F = 1, Linear<B, C> = 2; F on B);
stack!(A, B => C: Linear<A, B> = 0, F = 1, Linear<B, C> = 2, G = 3; F on B; G on C);
stack!(A, B, C => D: Linear<A, B> = 0, F = 1, Linear<B, C> = 2, G = 3, Linear<C, D> = 4; F on B; G on C);
stack!(A, B, C => D: Linear<A, B> = 0, F = 1, Linear<B, C> = 2, G = 3, Linear<C, D> = 4, H = 5;
    F on B; G on C; H on D);
