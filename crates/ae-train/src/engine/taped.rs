//! What the tape needs of a model, whether its sizes are types or known at run time.

use ae_model::dfdx::nn::ZeroGrads;
use ae_model::dfdx::shapes::{Axes2, Axis, ConstDim, HasShape, Shape};
use ae_model::dfdx::tensor::{Cpu, CpuError, Gradients, Tape, Tensor, TensorFromVec};
use ae_model::dfdx::tensor_ops::{BroadcastTo, PermuteTo, RealizeTo, TryAdd, TryMatMul};
use ae_model::{
    Autoencoder, Batch, ModelError, Parameters, Traced, TypedNetwork, WeightsError, update_parameters,
};
use ae_net::{Activation, AsNetwork, Dense, LayerValues, NamedTensor, NetError, Network, Outputs};

use super::{by_layer, loss_of};
use crate::TrainError;

/// A model that [`Trainer::autodiff`](crate::Trainer::autodiff) trains: an [`Autoencoder`] of any two dfdx modules, or
/// a [`Network`] of sizes known at run time. The two give the same bits where they are the same network.
pub trait Differentiable: Send {
    /// The model as the engine sees it.
    #[doc(hidden)]
    fn on_tape(&mut self) -> Result<Box<dyn Taped + '_>, TrainError>;
}

/// What one step of the engine asks of a model; widths are checked where a batch is made.
pub trait Taped: Send + Sync {
    /// Values in an image, and in a code.
    fn sizes(&self) -> (usize, usize);

    /// How outputs are read.
    fn outputs(&self) -> Outputs;

    /// Gradients of 0 for all parameters.
    fn gradients(&self) -> Result<Gradients<f32, Cpu>, ModelError>;

    /// `(B, PIXELS)` to `(B, CODE)`, on the tape.
    fn encode(&self, x: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError>;

    /// `(B, CODE)` to outputs `(B, PIXELS)`, on the tape.
    fn decode(&self, z: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError>;

    /// Codes `(B, CODE)` and outputs `(B, PIXELS)` of images `(B, PIXELS)`.
    fn forward(&self, x: Batch<usize>) -> Result<(Vec<f32>, Vec<f32>), ModelError>;

    /// Hands every parameter, by name, and its gradient to an optimiser.
    fn update(&mut self, gradients: &mut Gradients<f32, Cpu>, by: Update<'_>) -> Result<(), ModelError>;

    /// Copies of the parameters, first layer first.
    fn parameters(&self) -> Vec<NamedTensor>;

    /// Takes over parameters; on an error they are as they were.
    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError>;

    /// Gives the parameters to whoever owns the model, if they are not there.
    fn write_back(&mut self) -> Result<(), NetError>;
}

/// Changes a parameter's values, by its name and its gradient.
pub(crate) type Update<'a> = &'a mut dyn FnMut(&str, &mut [f32], &[f32]);

impl<E, D> Differentiable for Autoencoder<E, D>
where
    E: TypedNetwork + Send + Sync,
    D: TypedNetwork<In = E::Out, Out = E::In> + Send + Sync,
{
    fn on_tape(&mut self) -> Result<Box<dyn Taped + '_>, TrainError> {
        Ok(Box::new(Typed(self)))
    }
}

impl Differentiable for Network {
    fn on_tape(&mut self) -> Result<Box<dyn Taped + '_>, TrainError> {
        loss_of(self.outputs())?;
        Ok(Box::new(Layers::of(self).map_err(ModelError::from)?))
    }
}

/// A model whose sizes are types; it is trained where it lies.
struct Typed<'a, E, D>(&'a mut Autoencoder<E, D>);

/// A batch as a network of compile-time sizes takes it.
fn narrow<N: ConstDim, T: Tape<f32, Cpu>>(x: Batch<usize, T>) -> Batch<N, T> {
    x.try_realize().unwrap_or_else(|_| unreachable!("rows were made as wide as the model takes them"))
}

fn widen<N: ConstDim, T: Tape<f32, Cpu>>(x: Batch<N, T>) -> Batch<usize, T> {
    x.try_realize().unwrap_or_else(|_| unreachable!("every width is a number"))
}

impl<E, D> Taped for Typed<'_, E, D>
where
    E: TypedNetwork + Send + Sync,
    D: TypedNetwork<In = E::Out, Out = E::In> + Send + Sync,
{
    fn sizes(&self) -> (usize, usize) {
        (E::In::SIZE, E::Out::SIZE)
    }

    fn outputs(&self) -> Outputs {
        Outputs::Logits
    }

    fn gradients(&self) -> Result<Gradients<f32, Cpu>, ModelError> {
        Ok(self.0.try_alloc_grads()?)
    }

    fn encode(&self, x: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError> {
        Ok(widen(self.0.encoder.apply(narrow(x))?))
    }

    fn decode(&self, z: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError> {
        Ok(widen(self.0.decoder.apply(narrow(z))?))
    }

    fn forward(&self, x: Batch<usize>) -> Result<(Vec<f32>, Vec<f32>), ModelError> {
        let codes = self.0.encode(narrow(x))?;
        Ok((codes.as_vec(), self.0.decode_logits(codes)?.as_vec()))
    }

    fn update(&mut self, gradients: &mut Gradients<f32, Cpu>, by: Update<'_>) -> Result<(), ModelError> {
        update_parameters(self.0, gradients, by)
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        self.0.parameters()
    }

    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError> {
        self.0.set_parameters(tensors)
    }

    fn write_back(&mut self) -> Result<(), NetError> {
        Ok(())
    }
}

/// A network's layers as tensors of dfdx.
struct Layers<'a> {
    network: &'a mut Network,
    layers: Vec<Layer>,
    /// Of weight and bias of each layer.
    names: Vec<String>,
}

struct Layer {
    /// `(outputs, inputs)`
    weight: Batch<usize>,
    bias: Tensor<(usize,), f32, Cpu>,
    activation: Activation,
}

impl Layer {
    fn of(dense: &Dense) -> Result<Self, CpuError> {
        let (cpu, outputs) = (Cpu::default(), dense.outputs());
        Ok(Self {
            weight: cpu.try_tensor_from_vec(dense.weight().to_vec(), (outputs, dense.inputs()))?,
            bias: cpu.try_tensor_from_vec(dense.bias().to_vec(), (outputs,))?,
            activation: dense.activation(),
        })
    }

    /// What dfdx's `Linear` and the activation behind it do, in their order: the bits are theirs.
    fn apply<T: Tape<f32, Cpu>>(&self, x: Batch<usize, T>) -> Result<Batch<usize, T>, ModelError> {
        let sums = x.try_matmul(self.weight.retaped::<T>().try_permute::<_, Axes2<1, 0>>()?)?;
        let shape = *sums.shape();
        let sums = sums.try_add(self.bias.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape)?)?;
        Ok(match self.activation {
            Activation::Linear => sums,
            Activation::Relu => sums.try_relu()?,
            Activation::Sigmoid => sums.try_sigmoid()?,
        })
    }

    fn values(&self) -> LayerValues {
        LayerValues { weight: self.weight.as_vec(), bias: self.bias.as_vec() }
    }
}

impl<'a> Layers<'a> {
    fn of(network: &'a mut Network) -> Result<Self, CpuError> {
        let layers = network.layers().iter().map(Layer::of).collect::<Result<_, _>>()?;
        let names = network.tensors().into_iter().map(|tensor| tensor.name).collect();
        Ok(Self { network, layers, names })
    }

    fn halves(&self) -> (&[Layer], &[Layer]) {
        self.layers.split_at(self.network.encoder_layers())
    }
}

fn apply<T: Tape<f32, Cpu>>(layers: &[Layer], x: Batch<usize, T>) -> Result<Batch<usize, T>, ModelError> {
    layers.iter().try_fold(x, |x, layer| layer.apply(x))
}

impl Taped for Layers<'_> {
    fn sizes(&self) -> (usize, usize) {
        (self.network.pixels(), self.network.code_size())
    }

    fn outputs(&self) -> Outputs {
        self.network.outputs()
    }

    fn gradients(&self) -> Result<Gradients<f32, Cpu>, ModelError> {
        let mut gradients = Gradients::leaky();
        for Layer { weight, bias, .. } in &self.layers {
            gradients.try_alloc_for(weight)?;
            gradients.try_alloc_for(bias)?;
        }
        Ok(gradients)
    }

    fn encode(&self, x: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError> {
        apply(self.halves().0, x)
    }

    fn decode(&self, z: Batch<usize, Traced>) -> Result<Batch<usize, Traced>, ModelError> {
        apply(self.halves().1, z)
    }

    fn forward(&self, x: Batch<usize>) -> Result<(Vec<f32>, Vec<f32>), ModelError> {
        let codes = apply(self.halves().0, x)?;
        Ok((codes.as_vec(), apply(self.halves().1, codes)?.as_vec()))
    }

    fn update(&mut self, gradients: &mut Gradients<f32, Cpu>, by: Update<'_>) -> Result<(), ModelError> {
        for (Layer { weight, bias, .. }, names) in self.layers.iter_mut().zip(self.names.chunks_exact(2)) {
            update(&names[0], weight, gradients, by)?;
            update(&names[1], bias, gradients, by)?;
        }
        Ok(())
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        self.network.name_values(&self.layers.iter().map(Layer::values).collect::<Vec<_>>())
    }

    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError> {
        for (layer, values) in self.layers.iter_mut().zip(by_layer(self.network, tensors)?) {
            layer.weight.copy_from(&values.weight);
            layer.bias.copy_from(&values.bias);
        }
        Ok(())
    }

    fn write_back(&mut self) -> Result<(), NetError> {
        let dense = |layer: &Layer| {
            let (LayerValues { weight, bias }, inputs) = (layer.values(), layer.weight.shape().1);
            Dense::new(inputs, weight, bias, layer.activation)
        };
        let layers = self.layers.iter().map(dense).collect::<Result<Vec<_>, _>>()?;
        let trained = self.network.with_layers(&layers)?;
        self.network.set_network(&trained)
    }
}

fn update<S: Shape>(
    name: &str,
    tensor: &mut Tensor<S, f32, Cpu>,
    gradients: &mut Gradients<f32, Cpu>,
    by: Update<'_>,
) -> Result<(), ModelError> {
    let mut values = tensor.as_vec();
    by(name, &mut values, gradients.get_or_alloc_mut(tensor)?);
    tensor.copy_from(&values);
    Ok(())
}
