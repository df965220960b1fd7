//! Four dense layers with ReLU between them: seven modules, one more than dfdx's tuples hold.
//!
//! The layers are named by the places they would have in a tuple, `0`, `2`, `4` and `6`, so that a file of their
//! weights is one of PyTorch's `nn.Sequential` like any other.

use ae_dense::Dense;
use dfdx::nn::modules::{self, ReLU};
use dfdx::nn::{Module, ModuleVisitor, TensorCollection};
use dfdx::shapes::{Const, Dtype};
use dfdx::tensor::{Cpu, CpuError, Tape, Tensor};
use dfdx::tensor_ops::Device;

use crate::ModelError;
use crate::layers::{DensePart, DenseStack, LayerSpec, Network, Sizes, check_layers};

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

type Rows<const N: usize, T> = Tensor<(usize, Const<N>), f32, Cpu, T>;

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize, T: Tape<f32, Cpu>>
    Module<Rows<A, T>> for Four<A, B, C, D, E>
{
    type Output = Rows<E, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Rows<A, T>) -> Result<Rows<E, T>, CpuError> {
        let h = ReLU.try_forward(self.first.try_forward(x)?)?;
        let h = ReLU.try_forward(self.second.try_forward(h)?)?;
        let h = ReLU.try_forward(self.third.try_forward(h)?)?;
        self.last.try_forward(h)
    }
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize> Sizes
    for Four<A, B, C, D, E>
{
    type In = Const<A>;
    type Out = Const<E>;
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize> Network
    for Four<A, B, C, D, E>
{
    fn specs() -> Vec<LayerSpec> {
        let linear = |inputs, outputs| LayerSpec::Linear { inputs, outputs };
        let relu = || LayerSpec::Relu;
        vec![linear(A, B), relu(), linear(B, C), relu(), linear(C, D), relu(), linear(D, E)]
    }
}

impl<const A: usize, const B: usize, const C: usize, const D: usize, const E: usize> DenseStack
    for Four<A, B, C, D, E>
{
    fn layers(&self) -> Vec<Dense> {
        let mut layers = Vec::new();
        let Self { first, second, third, last } = self;
        let parts: [&dyn DensePart; 7] = [first, &ReLU, second, &ReLU, third, &ReLU, last];
        for part in parts {
            part.append_to(&mut layers);
        }
        layers
    }

    fn set_layers(&mut self, layers: &[Dense]) -> Result<(), ModelError> {
        check_layers(&self.layers(), layers)?;
        let mut layers = layers.iter();
        let Self { first, second, third, last } = self;
        let parts: [&mut dyn DensePart; 4] = [first, second, third, last];
        for part in parts {
            part.take_from(&mut layers);
        }
        Ok(())
    }
}
