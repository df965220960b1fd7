//! What a half of a model is made of: dfdx's dense layers and activations, or any module of one's own.

use ae_net::LayerSpec;
use dfdx::nn::modules::{ReLU, Sigmoid, Tanh};
use dfdx::nn::{Module, TensorCollection, ZeroSizedModule};
use dfdx::shapes::{Const, ConstDim, HasShape};
use dfdx::tensor::{Cpu, CpuError, NoneTape, OwnedTape, Tape, Tensor, TensorFromVec};

use crate::ModelError;
use crate::error::argument;

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
/// [`ModelError::Net`] if `values` is not a whole number of rows, or none.
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
    if values.is_empty() || N::SIZE == 0 || !values.len().is_multiple_of(N::SIZE) {
        let expected = format!("one or more rows of {} values", N::SIZE);
        return Err(argument("a batch", expected, format!("{} values", values.len())).into());
    }
    Ok(Cpu::default().try_tensor_from_vec(values.to_vec(), (values.len() / N::SIZE, N::default()))?)
}

/// A dfdx module that turns `(B, In)` into `(B, Out)`, with and without a tape: an encoder or a decoder.
///
/// Implemented for the tuples `(L,)`, `(L, F)`, `(L, L)`, `(L, F, L)` and on to `(L, F, L, F, L, F)`, the
/// longest that dfdx has, each `L` a [`Linear`] and each `F` a [`Pointwise`] activation; and for
/// [`Four`](crate::Four) dense layers. A module of one's own needs dfdx's `TensorCollection` and this.
pub trait TypedNetwork: TensorCollection<f32, Cpu, To<f32, Cpu> = Self> {
    /// Values in a row of its input.
    type In: ConstDim;
    /// Values in a row of its output.
    type Out: ConstDim;

    /// The layers, first to last, as they are written into a weights file.
    fn specs() -> Vec<LayerSpec>;

    /// Computes one row or more; of a module that is dfdx's `Module` too, its `try_forward`.
    ///
    /// # Errors
    /// What dfdx says, if memory runs out.
    fn compute<T: Tape<f32, Cpu>>(&self, x: Batch<Self::In, T>) -> Result<Batch<Self::Out, T>, CpuError>;

    /// Computes the network; with [`Traced`] rows it records how, for gradients.
    ///
    /// # Shapes
    /// - `x`: `(B, In)`, any `B` from 1
    /// - returns `(B, Out)`
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    fn apply<T: Tape<f32, Cpu>>(&self, x: Batch<Self::In, T>) -> Result<Batch<Self::Out, T>, ModelError> {
        // dfdx panics on a tensor without elements.
        match x.shape().0 {
            0 => Err(argument("a batch", "one or more rows", 0).into()),
            _ => Ok(self.compute(x)?),
        }
    }
}

/// A module without parameters that keeps the shape of its input: what may follow a [`Linear`].
pub trait Pointwise: ZeroSizedModule {
    /// How it is written into a weights file.
    fn spec() -> LayerSpec;

    /// Computes it.
    ///
    /// # Errors
    /// What dfdx says, if memory runs out.
    fn activate<N: ConstDim, T: Tape<f32, Cpu>>(x: Batch<N, T>) -> Result<Batch<N, T>, CpuError>;
}

macro_rules! pointwise {
    ($($module:ident $spec:ident $function:ident),+) => {
        $(impl Pointwise for $module {
            fn spec() -> LayerSpec {
                LayerSpec::$spec
            }

            fn activate<N: ConstDim, T: Tape<f32, Cpu>>(x: Batch<N, T>) -> Result<Batch<N, T>, CpuError> {
                x.$function()
            }
        })+
    };
}

pointwise!(ReLU Relu try_relu, Sigmoid Sigmoid try_sigmoid, Tanh Tanh try_tanh);

/// A module in its place in a tuple, from rows of `I` values to rows of `O`.
trait Part<I: ConstDim, O: ConstDim> {
    fn spec() -> LayerSpec;

    fn pass<T: Tape<f32, Cpu>>(&self, x: Batch<I, T>) -> Result<Batch<O, T>, CpuError>;
}

impl<const I: usize, const O: usize> Part<Const<I>, Const<O>> for Linear<I, O> {
    fn spec() -> LayerSpec {
        const { assert!(I > 0 && O > 0, "a dense layer needs inputs and outputs") };
        LayerSpec::Linear { inputs: I, outputs: O }
    }

    fn pass<T: Tape<f32, Cpu>>(&self, x: Batch<Const<I>, T>) -> Result<Batch<Const<O>, T>, CpuError> {
        self.try_forward(x)
    }
}

impl<F: Pointwise, N: ConstDim> Part<N, N> for F {
    fn spec() -> LayerSpec {
        F::spec()
    }

    fn pass<T: Tape<f32, Cpu>>(&self, x: Batch<N, T>) -> Result<Batch<N, T>, CpuError> {
        F::activate(x)
    }
}

/// A network of one shape of tuple: its widths, its activations, and its modules, each with its place and the widths
/// it stands between. It is a [`DenseStack`](crate::DenseStack) if its activations allow it.
macro_rules! network {
    ($first:ident $(, $inner:ident)* => $last:ident; $($act:ident),*; $($place:tt $module:ty: $from:ident $to:ident),+) => {
        impl<const $first: usize, $(const $inner: usize,)* const $last: usize, $($act: Pointwise),*> TypedNetwork
            for ($($module,)+)
        {
            type In = Const<$first>;
            type Out = Const<$last>;

            fn specs() -> Vec<LayerSpec> {
                vec![$(<$module as Part<Const<$from>, Const<$to>>>::spec()),+]
            }

            fn compute<T: Tape<f32, Cpu>>(
                &self,
                x: Batch<Const<$first>, T>,
            ) -> Result<Batch<Const<$last>, T>, CpuError> {
                $(let x = Part::<Const<$from>, Const<$to>>::pass(&self.$place, x)?;)+
                Ok(x)
            }
        }

        impl<const $first: usize, $(const $inner: usize,)* const $last: usize, $($act),*> crate::DenseStack
            for ($($module,)+)
        where
            $($act: crate::DenseActivation,)*
        {
        }
    };
}

network!(A => B;; 0 Linear<A, B>: A B);
network!(A => B; F; 0 Linear<A, B>: A B, 1 F: B B);
network!(A, B => C;; 0 Linear<A, B>: A B, 1 Linear<B, C>: B C);
network!(A, B => C; F; 0 Linear<A, B>: A B, 1 F: B B, 2 Linear<B, C>: B C);
network!(A, B => C; F, G; 0 Linear<A, B>: A B, 1 F: B B, 2 Linear<B, C>: B C, 3 G: C C);
network!(A, B, C => D; F, G;
    0 Linear<A, B>: A B, 1 F: B B, 2 Linear<B, C>: B C, 3 G: C C, 4 Linear<C, D>: C D);
network!(A, B, C => D; F, G, H;
    0 Linear<A, B>: A B, 1 F: B B, 2 Linear<B, C>: B C, 3 G: C C, 4 Linear<C, D>: C D, 5 H: D D);
