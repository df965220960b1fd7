//! A network of one's own: four dense layers a side, more than dfdx's tuples hold, with the names that
//! PyTorch gives an `nn.Sequential` of them.

use ae_model::dfdx::nn::modules::{self, Tanh};
use ae_model::dfdx::nn::{Module, ModuleVisitor, TensorCollection};
use ae_model::dfdx::shapes::{Const, Dtype};
use ae_model::dfdx::tensor::{Cpu, CpuError, Tape};
use ae_model::dfdx::tensor_ops::Device;
use ae_model::{
    AsNetwork, Autoencoder, Batch, DenseStack, LayerSpec, ModelError, Parameters, Shallow, TypedNetwork,
    WeightsError, batch,
};

/// `A -> B, tanh -> B, tanh -> B, gate -> C`; generic as far as dfdx's traits ask.
#[derive(Clone, Debug)]
struct Four<const A: usize, const B: usize, const C: usize, T: Dtype = f32, Dev: Device<T> = Cpu> {
    first: modules::Linear<A, B, T, Dev>,
    second: modules::Linear<B, B, T, Dev>,
    third: modules::Linear<B, B, T, Dev>,
    last: modules::Linear<B, C, T, Dev>,
}

impl<const A: usize, const B: usize, const C: usize> TensorCollection<f32, Cpu> for Four<A, B, C> {
    type To<T2: Dtype, Dev2: Device<T2>> = Four<A, B, C, T2, Dev2>;

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

impl<const A: usize, const B: usize, const C: usize> TypedNetwork for Four<A, B, C> {
    type In = Const<A>;
    type Out = Const<C>;

    fn specs() -> Vec<LayerSpec> {
        let linear = |inputs, outputs| LayerSpec::Linear { inputs, outputs };
        vec![
            linear(A, B),
            LayerSpec::Tanh,
            linear(B, B),
            LayerSpec::Tanh,
            linear(B, B),
            LayerSpec::Other("square".to_owned()),
            linear(B, C),
        ]
    }

    fn compute<T: Tape<f32, Cpu>>(&self, x: Batch<Const<A>, T>) -> Result<Batch<Const<C>, T>, CpuError> {
        let h = Tanh.try_forward(self.first.try_forward(x)?)?;
        let h = Tanh.try_forward(self.second.try_forward(h)?)?;
        self.last.try_forward(self.third.try_forward(h)?.try_square()?)
    }
}

type Model = Autoencoder<Four<6, 5, 2>, Four<2, 4, 6>>;

#[test]
fn it_is_built_computed_saved_and_loaded_like_any_other() {
    let model = Model::build(1).unwrap();
    let names: Vec<_> = model.parameters().into_iter().map(|tensor| tensor.name).collect();
    assert_eq!(names[..3], ["encoder.0.weight", "encoder.0.bias", "encoder.2.weight"]);
    assert_eq!(names[14..], ["decoder.6.weight", "decoder.6.bias"]);

    let x: Batch<Const<6>> = batch(&[0.25; 3 * 6]).unwrap();
    let rebuilt = model.reconstruct(x.clone()).unwrap().as_vec();
    assert_eq!(rebuilt.len(), 3 * 6);
    let copy = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(copy.reconstruct(x).unwrap().as_vec(), rebuilt);
    assert_ne!(Model::build(2).unwrap().identity(), model.identity());
}

#[test]
fn its_file_is_not_taken_for_another_models() {
    let bytes = Model::build(1).unwrap().to_bytes().unwrap();
    let error = Shallow::<6, 2>::from_bytes(&bytes).unwrap_err();
    let expected = "found linear 6 -> 5, tanh, linear 5 -> 5, tanh, linear 5 -> 5, square, linear 5 -> 2";
    assert!(matches!(error, ModelError::Weights(WeightsError::Network { what: "encoder", .. })));
    assert!(error.to_string().contains(expected), "{error}");
}

impl<const A: usize, const B: usize, const C: usize> DenseStack for Four<A, B, C> {}

/// Whoever says that a module is dense layers alone is not believed.
#[test]
fn it_is_no_network_of_dense_layers() {
    let mut model = Model::build(1).unwrap();
    let error = model.network().unwrap_err();
    assert_eq!(error.to_string(), "a layer: expected linear, relu or sigmoid, found tanh");
    let before = model.parameters();
    model.set_network(&Shallow::<6, 2>::build(0).unwrap().network().unwrap()).unwrap_err();
    assert_eq!(model.parameters(), before);
}
