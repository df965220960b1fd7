//! A model's tensors by name, as flat numbers: what is saved, restored and optimised.
//!
//! The names are those of PyTorch's `nn.Sequential`: a module's place in its tuple, then the tensor.

use std::collections::BTreeMap;

use dfdx::nn::{RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor};
use dfdx::nn::{ViewTensorMut, ViewTensorName, ViewTensorRef};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Cpu, CpuError, Gradients, Tensor};

use crate::ModelError;
use crate::layers::check_finite;

/// One tensor of a model, copied out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// As PyTorch names it: `encoder.0.weight`.
    pub name: String,
    /// Sizes, outermost first; a layer's weight is `(outputs, inputs)`.
    pub shape: Vec<usize>,
    /// Row-major; as many as the product of `shape`.
    pub values: Vec<f32>,
}

/// Reading and replacing all tensors of a model; every dfdx module on the CPU has it.
pub trait Parameters {
    /// Copies of all tensors, in the order of the model's layers.
    fn parameters(&self) -> Vec<NamedTensor>;

    /// Takes over the values of `tensors`, in any order.
    ///
    /// All is checked first: on an error the model is as it was.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`], [`ModelError::ExtraTensor`] or [`ModelError::DuplicateTensor`] if
    /// the names are not exactly those of [`Parameters::parameters`]; [`ModelError::TensorShape`] or
    /// [`ModelError::TensorLength`] if the sizes are not; [`ModelError::NotFinite`] for a NaN or an infinity.
    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), ModelError>;
}

impl<M: TensorCollection<f32, Cpu, To<f32, Cpu> = M>> Parameters for M {
    fn parameters(&self) -> Vec<NamedTensor> {
        let mut reader = Reader { tensors: Vec::new() };
        match M::iter_tensors(&mut RecursiveWalker { m: (self, String::new()), f: &mut reader }) {
            Ok(_) => reader.tensors,
            Err(never) => match never {},
        }
    }

    fn set_parameters(&mut self, tensors: &[NamedTensor]) -> Result<(), ModelError> {
        let mut by_name = BTreeMap::new();
        for tensor in tensors {
            if by_name.insert(tensor.name.as_str(), tensor).is_some() {
                return Err(ModelError::DuplicateTensor { name: tensor.name.clone() });
            }
        }
        let mut checker = Checker { unseen: by_name.clone() };
        M::iter_tensors(&mut RecursiveWalker { m: (&*self, String::new()), f: &mut checker })?;
        if let Some((name, _)) = checker.unseen.pop_first() {
            return Err(ModelError::ExtraTensor { name: name.to_owned() });
        }
        let mut writer = Writer { tensors: by_name };
        match M::iter_tensors(&mut RecursiveWalker { m: (self, String::new()), f: &mut writer }) {
            Ok(_) => Ok(()),
            Err(never) => match never {},
        }
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

/// An error that cannot happen.
enum Never {}

fn shape_of<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> Vec<usize> {
    tensor.shape().concrete().into()
}

struct Reader {
    tensors: Vec<NamedTensor>,
}

impl TensorVisitor<f32, Cpu> for Reader {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = Never;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Never> {
        self.tensors.push(NamedTensor { name, shape: shape_of(tensor), values: tensor.as_vec() });
        Ok(None)
    }
}

/// Compares the model with a list of tensors; what it leaves in `unseen` has no place in the model.
struct Checker<'a> {
    unseen: BTreeMap<&'a str, &'a NamedTensor>,
}

impl TensorVisitor<f32, Cpu> for Checker<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = ModelError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, ModelError> {
        let Some(found) = self.unseen.remove(name.as_str()) else {
            return Err(ModelError::MissingTensor { name });
        };
        let shape = shape_of(tensor);
        if found.shape != shape {
            return Err(ModelError::TensorShape { name, expected: shape, found: found.shape.clone() });
        }
        let expected = tensor.shape().num_elements();
        if found.values.len() != expected {
            return Err(ModelError::TensorLength { name, expected, found: found.values.len() });
        }
        check_finite(&name, &found.values)?;
        Ok(None)
    }
}

struct Writer<'a> {
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
}

impl TensorVisitor<f32, Cpu> for Writer<'_> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = Never;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&mut Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Never> {
        // In place, because gradients and optimisers know a tensor by its identity.
        tensor.copy_from(&self.tensors[name.as_str()].values);
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
