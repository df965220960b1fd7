//! The kernels' gradients on random stacks are those of dfdx's tape.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use ae_model::dfdx::prelude::{
    AsArray, Axes2, Axis, Backward, BroadcastTo, Cpu, Gradients, HasShape, MeanTo, OwnedTape, PermuteTo,
    PutTape, SplitTape, SumTo, Tensor, TensorFromVec, Trace, TryMatMul,
};
use ae_net::{Activation, Adam, Code, Dense, Learner, Loss, Rounded, Rows, SparseRows, Stack, Targets, Team};
use proptest::prelude::*;

type Tape = OwnedTape<f32, Cpu>;

/// A layer as tensors of dfdx, at sizes known at run time.
struct Layer {
    weight: Tensor<(usize, usize), f32, Cpu>,
    bias: Tensor<(usize,), f32, Cpu>,
    activation: Activation,
}

impl Layer {
    fn of(dense: &Dense) -> Self {
        let cpu = Cpu::default();
        Self {
            weight: cpu.tensor_from_vec(dense.weight().to_vec(), (dense.outputs(), dense.inputs())),
            bias: cpu.tensor_from_vec(dense.bias().to_vec(), (dense.outputs(),)),
            activation: dense.activation(),
        }
    }

    /// As dfdx's own `Linear` does it.
    fn forward(&self, x: Tensor<(usize, usize), f32, Cpu, Tape>) -> Tensor<(usize, usize), f32, Cpu, Tape> {
        let sums = x.matmul(self.weight.retaped::<Tape>().permute::<_, Axes2<1, 0>>());
        let shape = *sums.shape();
        let sums = self.bias.retaped::<Tape>().broadcast_like::<_, Axis<0>>(&shape) + sums;
        match self.activation {
            Activation::Linear => sums,
            Activation::Relu => sums.relu(),
            Activation::Sigmoid => sums.sigmoid(),
        }
    }
}

/// Loss and gradients of `layers` by dfdx's tape: weight and bias of each layer in turn. A rounded code's price is
/// in the gradients, not in the loss.
fn by_tape(
    layers: &[Dense],
    x: &[f32],
    targets: &[f32],
    rows: usize,
    code: Code<'_>,
) -> (f64, Vec<Vec<f32>>) {
    let cpu = Cpu::default();
    let layers: Vec<_> = layers.iter().map(Layer::of).collect();
    let mut gradients = Gradients::leaky();
    for layer in &layers {
        gradients.try_alloc_for(&layer.weight).unwrap();
        gradients.try_alloc_for(&layer.bias).unwrap();
    }
    let mut y = cpu.tensor_from_vec(x.to_vec(), (rows, x.len() / rows)).traced(gradients);
    let mut priced = None;
    for (index, layer) in layers.iter().enumerate() {
        y = layer.forward(y);
        if let Code::Rounded(Rounded { layer, noise, price }) = code
            && layer == index
        {
            let (plain, tape) = y.split_tape();
            let bits =
                (plain.clone().put_tape(tape).square() * 12.0 + 1.0).ln() * (0.5 / std::f32::consts::LN_2);
            let (sum, tape) = (bits.sum() * (price / targets.len() as f32)).split_tape();
            priced = Some(sum);
            y = plain.put_tape(tape) + cpu.tensor_from_vec(noise.to_vec(), (rows, noise.len() / rows));
        }
    }
    let targets = cpu.tensor_from_vec(targets.to_vec(), (rows, targets.len() / rows));
    let loss = y.bce_with_logits(targets).mean();
    let value = f64::from(loss.array());
    let gradients = match priced {
        Some(priced) => (loss + priced).backward(),
        None => loss.backward(),
    };
    let of = |layer: &Layer| [gradients.get(&layer.weight).as_vec(), gradients.get(&layer.bias).as_vec()];
    (value, layers.iter().flat_map(of).collect())
}

/// What a property runs on. Sizes are small and mostly odd, so that no vector is ever full.
#[derive(Debug, Clone)]
struct Case {
    layers: Vec<Dense>,
    bytes: Vec<u8>,
    rows: usize,
    /// A layer with a bottleneck behind it, and the noise there.
    through: Option<(usize, Vec<f32>)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = proptest::collection::vec(1_usize..40, 2..=6);
    let activation = prop_oneof![Just(Activation::Linear), Just(Activation::Relu), Just(Activation::Sigmoid)];
    let activations = proptest::collection::vec(activation, 5);
    let through = proptest::option::of(0_usize..4);
    (sizes, activations, 1_usize..40, any::<bool>(), through, any::<u64>()).prop_map(
        |(sizes, activations, rows, saturated, through, seed)| {
            let mut state = seed | 1;
            let mut bits = move || {
                // Xorshift (Marsaglia 2003): a case is rebuilt from the seed that proptest prints.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state >> 33
            };
            let count = sizes.len() - 1;
            let layers = (0..count)
                .map(|layer| {
                    let (inputs, outputs) = (sizes[layer], sizes[layer + 1]);
                    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
                    let mut draw = |limit: f32| (bits() as f32 / (1_u64 << 30) as f32 - 1.0) * limit;
                    let weight = (0..inputs * outputs).map(|_| draw(limit)).collect();
                    let mut bias: Vec<f32> = (0..outputs).map(|_| draw(0.3)).collect();
                    let last = layer + 1 == count;
                    if last && saturated {
                        for (unit, bias) in bias.iter_mut().enumerate() {
                            *bias += [0.0, 100.0, -100.0][unit % 3];
                        }
                    }
                    // The last layer gives logits.
                    let activation = if last { Activation::Linear } else { activations[layer] };
                    Dense::new(inputs, weight, bias, activation).unwrap()
                })
                .collect();
            let bytes = (0..rows * (sizes[0] + sizes[count]))
                .map(|_| if bits() % 4 == 0 { (bits() % 256) as u8 } else { 0 })
                .collect();
            let through = through.filter(|layer| layer + 1 < count).map(|layer| {
                let noise = (0..rows * sizes[layer + 1]).map(|_| bits() as f32 / (1_u64 << 31) as f32 - 0.5);
                (layer, noise.collect())
            });
            Case { layers, bytes, rows, through }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn fused_gradients_are_the_tapes(Case { layers, bytes, rows, through } in cases()) {
        let width = layers[0].inputs();
        let (input_bytes, target_bytes) = bytes.split_at(rows * width);
        let rows_of = |bytes, width| Rows::bytes(bytes, width).unwrap();
        let targets = rows_of(target_bytes, layers[layers.len() - 1].outputs());
        let x = rows_of(input_bytes, width).to_values();
        let code = through.as_ref().map_or(Code::Plain, |(layer, noise)| {
            Code::Rounded(Rounded { layer: *layer, noise, price: 0.3 })
        });
        let (expected_loss, expected) = by_tape(&layers, &x, &targets.to_values(), rows, code);

        let team = Team::new(2).unwrap();
        let stack = Stack::new(&layers).unwrap();
        let mut learner = Learner::new(stack, Loss::BceWithLogits, Adam::default(), rows, team).unwrap();
        let set = SparseRows::from_bytes(input_bytes, width).unwrap();
        for inputs in [Rows::values(&x, width).unwrap(), rows_of(input_bytes, width), Rows::sparse(&set)] {
            let (loss, gradients) = learner.gradients(inputs, Targets::Rows(targets), code).unwrap();
            prop_assert!((loss - expected_loss).abs() <= 1e-5 + 1e-4 * expected_loss, "{loss} {expected_loss}");
            let found = gradients.into_iter().flat_map(|layer| [layer.weight, layer.bias]);
            for (tensor, (found, expected)) in found.zip(&expected).enumerate() {
                prop_assert_eq!(found.len(), expected.len());
                for (a, b) in found.iter().zip(expected) {
                    prop_assert!((a - b).abs() <= 1e-5 + 1e-4 * b.abs(), "tensor {tensor}: {a}, the tape has {b}");
                }
            }
        }
    }
}
