//! A model's tensors by name, as flat numbers: what is saved, restored and optimised.
//!
//! The names are those of PyTorch's `nn.Sequential`: a module's place in its tuple, then the tensor.

use std::collections::BTreeMap;
use std::convert::Infallible;

use ae_net::{NamedTensor, WeightsError};
use dfdx::nn::{RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor};
use dfdx::nn::{ViewTensorMut, ViewTensorName, ViewTensorRef};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Cpu, CpuError, Gradients, Tensor};

use crate::ModelError;

/// Reading and replacing all tensors of a model; every dfdx module on the CPU has it.
pub trait Parameters {
    /// Copies of all tensors, in the order of the model's layers.
    fn parameters(&self) -> Vec<NamedTensor>;

    /// Takes over the values of `tensors`, in any order.
    ///
    /// All is checked first: on an error the model is as it was.
    ///
    /// # Errors
    /// [`WeightsError::Tensor`] if names or sizes are not exactly those of [`Parameters::parameters`],
    /// [`WeightsError::NotFinite`] for a NaN or an infinity.
    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError>;
}

impl<M: TensorCollection<f32, Cpu, To<f32, Cpu> = M>> Parameters for M {
    fn parameters(&self) -> Vec<NamedTensor> {
        let mut reader = Reader { tensors: Vec::new() };
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: (self, String::new()), f: &mut reader });
        reader.tensors
    }

    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError> {
        let tensors = by_name(&self.parameters(), tensors)?;
        let mut writer = Writer { tensors };
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: (self, String::new()), f: &mut writer });
        Ok(())
    }
}

/// Values by the names of their tensors, which have to be those of `own`.
fn by_name<'a>(
    own: &[NamedTensor],
    tensors: &'a [NamedTensor],
) -> Result<BTreeMap<&'a str, &'a [f32]>, WeightsError> {
    let mut found = BTreeMap::new();
    for tensor in tensors {
        if found.insert(tensor.name.as_str(), tensor).is_some() {
            return Err(WeightsError::tensor(&tensor.name, "one tensor of this name", "two"));
        }
    }
    let mut values = BTreeMap::new();
    for NamedTensor { name, shape, values: own } in own {
        let Some(tensor) = found.remove(name.as_str()) else {
            return Err(WeightsError::tensor(name, "a tensor of this name", "none"));
        };
        if tensor.shape != *shape {
            let (expected, found) = (format!("shape {shape:?}"), format!("{:?}", tensor.shape));
            return Err(WeightsError::tensor(name, expected, found));
        }
        if tensor.values.len() != own.len() {
            let (expected, found) = (format!("{} values", own.len()), tensor.values.len());
            return Err(WeightsError::tensor(name, expected, found));
        }
        tensor.require_finite()?;
        values.insert(tensor.name.as_str(), &tensor.values[..]);
    }
    match found.pop_first() {
        Some((name, _)) => Err(WeightsError::tensor(name, "no tensor of this name", "one")),
        None => Ok(values),
    }
}

/// Hands every tensor that is trained to `update`, with its name and its gradient, and puts back what
/// `update` makes of it: one step of any optimiser.
///
/// A tensor that the loss did not touch has a gradient of zeros.
///
/// # Shapes
/// - the two slices: row-major, of the tensor's length; the first is changed in place
///
/// # Errors
/// [`ModelError::Device`] if memory runs out.
pub fn update_parameters<M: TensorCollection<f32, Cpu, To<f32, Cpu> = M>>(
    model: &mut M,
    gradients: &mut Gradients<f32, Cpu>,
    update: impl FnMut(&str, &mut [f32], &[f32]),
) -> Result<(), ModelError> {
    let mut updater = Updater { gradients, update };
    M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut updater })?;
    Ok(())
}

struct Reader {
    tensors: Vec<NamedTensor>,
}

impl TensorVisitor<f32, Cpu> for Reader {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = Infallible;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Infallible> {
        let shape = tensor.shape().concrete().into();
        self.tensors.push(NamedTensor { name, shape, values: tensor.as_vec() });
        Ok(None)
    }
}

struct Writer<'a> {
    tensors: BTreeMap<&'a str, &'a [f32]>,
}

impl TensorVisitor<f32, Cpu> for Writer<'_> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = Infallible;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&mut Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Infallible> {
        // In place, because gradients and optimisers know a tensor by its identity.
        tensor.copy_from(self.tensors[name.as_str()]);
        Ok(None)
    }
}

struct Updater<'a, F> {
    gradients: &'a mut Gradients<f32, Cpu>,
    update: F,
}

impl<F: FnMut(&str, &mut [f32], &[f32])> TensorVisitor<f32, Cpu> for Updater<'_, F> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&mut Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        if options.do_gradient_update {
            let mut values = tensor.as_vec();
            (self.update)(&name, &mut values, self.gradients.get_or_alloc_mut(tensor)?);
            tensor.copy_from(&values);
        }
        Ok(None)
    }
}
