//! Four dense layers with ReLU between them: seven modules, one more than dfdx's tuples hold.
//!
//! The layers are named by the places they would have in a tuple, `0`, `2`, `4` and `6`, so that a file of their
//! weights is one of PyTorch's `nn.Sequential` like any other.

use dfdx::nn::{Module, ModuleVisitor, TensorCollection, modules};
use dfdx::shapes::{Const, Dtype};
use dfdx::tensor::{Cpu, CpuError, Tape};
use dfdx::tensor_ops::Device;

use crate::{Batch, DenseStack, LayerSpec, TypedNetwork};

/// `A -> B, relu -> C, relu -> D, relu -> E`; generic in number type and device as far as dfdx's traits ask.
///
/// # Example
/// ```
/// use ae_model::{Autoencoder, Four, Linear, batch};
///
/// let model = Autoencoder::<Four<6, 5, 4, 3, 2>, (Linear<2, 6>,)>::build(0)?;
/// assert_eq!(model.encode(batch(&[0.5; 6])?)?.as_vec().len(), 2);
/// # Ok::<(), ae_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Four<
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
    T: Dtype = f32,
    Dev: Device<T> = Cpu,
> {
    /// The first layer.
    pub first: modules::Linear<A, B, T, Dev>,
    /// The second layer.
    pub second: modules::Linear<B, C, T, Dev>,
    /// The third layer.
    pub third: modules::Linear<C, D, T, Dev>,
    /// The last layer, without an activation.
    pub last: modules::Linear<D, E, T, Dev>,
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize>
    TensorCollection<f32, Cpu> for Four<A, B, C, D, E>
{
    type To<T2: Dtype, Dev2: Device<T2>> = Four<A, B, C, D, E, T2, Dev2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, Cpu>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("0", |m| &m.first, |m| &mut m.first),
                Self::module("2", |m| &m.second, |m| &mut m.second),
                Self::module("4", |m| &m.third, |m| &mut m.third),
                Self::module("6", |m| &m.last, |m| &mut m.last),
            ),
            |(first, second, third, last)| Four { first, second, third, last },
        )
    }
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize> TypedNetwork
    for Four<A, B, C, D, E>
{
    type In = Const<A>;
    type Out = Const<E>;

    fn specs() -> Vec<LayerSpec> {
        let linear = |inputs, outputs| LayerSpec::Linear { inputs, outputs };
        let relu = || LayerSpec::Relu;
        vec![linear(A, B), relu(), linear(B, C), relu(), linear(C, D), relu(), linear(D, E)]
    }

    fn compute<T: Tape<f32, Cpu>>(&self, x: Batch<Const<A>, T>) -> Result<Batch<Const<E>, T>, CpuError> {
        let h = self.first.try_forward(x)?.try_relu()?;
        let h = self.second.try_forward(h)?.try_relu()?;
        let h = self.third.try_forward(h)?.try_relu()?;
        self.last.try_forward(h)
    }
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize> DenseStack
    for Four<A, B, C, D, E>
{
}
