//! The two engines compute the same thing: gradients on random stacks, losses and weights on whole runs.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::num::NonZeroUsize;
use std::path::Path;

use ae_data::{ImageSet, Limits, Split, open_folder};
use ae_dense::{
    Activation, Adam, Bottleneck, Dense, Inputs, Learner, Loss, SparseRows, Stack, Targets, Team,
};
use ae_model::dfdx::prelude::{
    AsArray, Axes2, Axis, Backward, BroadcastTo, Cpu, Gradients, HasShape, MeanTo, OwnedTape, PermuteTo,
    PutTape, SplitTape, SumTo, Tensor, TensorFromVec, Trace, TryMatMul,
};
use ae_model::{Autoencoder, AutoencoderStack, Deep, Deeper, DenseStack, Network, Parameters, Shallow};
use ae_train::{EpochOrder, Event, TrainParams, Trainer};
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

/// Loss and gradients of `layers` by dfdx's tape: weight and bias of each layer in turn. A bottleneck's price is
/// in the gradients, not in the loss.
fn by_tape(
    layers: &[Dense],
    x: &[f32],
    targets: &[f32],
    rows: usize,
    through: Option<Bottleneck<'_>>,
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
        if let Some(Bottleneck { layer, noise, price }) = through
            && layer == index
        {
            let (code, tape) = y.split_tape();
            let bits =
                (code.clone().put_tape(tape).square() * 12.0 + 1.0).ln() * (0.5 / std::f32::consts::LN_2);
            let (sum, tape) = (bits.sum() * (price / targets.len() as f32)).split_tape();
            priced = Some(sum);
            y = code.put_tape(tape) + cpu.tensor_from_vec(noise.to_vec(), (rows, noise.len() / rows));
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
        let scaled = |bytes: &[u8]| -> Vec<f32> {
            bytes.iter().map(|&byte| f32::from(byte) * ae_data::PIXEL_SCALE).collect()
        };
        let (x, targets) = (scaled(input_bytes), scaled(target_bytes));
        let through = through.as_ref().map(|(layer, noise)| Bottleneck { layer: *layer, noise, price: 0.3 });
        let (expected_loss, expected) = by_tape(&layers, &x, &targets, rows, through);

        let team = Team::new(2).unwrap();
        let stack = Stack::new(&layers).unwrap();
        let mut learner = Learner::new(stack, Loss::BceWithLogits, Adam::default(), rows, team).unwrap();
        let all: Vec<u32> = (0..rows as u32).collect();
        let set = SparseRows::from_bytes(input_bytes, width).unwrap();
        let targets = Targets::Bytes { pixels: target_bytes, rows: &all };
        for inputs in [
            Inputs::Dense(&x),
            Inputs::Bytes { pixels: input_bytes, rows: &all },
            Inputs::Sparse { set: &set, rows: &all },
        ] {
            let (loss, gradients) = match through {
                Some(bottleneck) => learner.gradients_through(inputs, targets, bottleneck).unwrap(),
                None => learner.gradients(inputs, targets).unwrap(),
            };
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

/// The first images of MNIST.
fn mnist(train: u32, test: u32) -> Split {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let split = open_folder(&folder, &Limits::default()).unwrap();
    let first = |set: &ImageSet, count: u32| set.select(&(0..count).collect::<Vec<_>>()).unwrap();
    Split { train: first(&split.train, train), test: first(&split.test, test) }
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

fn sequential(epochs: u64) -> TrainParams {
    TrainParams { epochs, order: EpochOrder::Sequential, ..TrainParams::default() }
}

/// The loss of every step, and of the test set after every epoch.
fn losses(trainer: &mut Trainer<'_>) -> (Vec<f64>, Vec<f64>) {
    let (mut steps, mut epochs) = (Vec::new(), Vec::new());
    trainer
        .train(&mut |event| match event {
            Event::Step { bce, .. } => steps.push(bce),
            Event::Epoch(record) => epochs.extend([record.test_bce, record.test_mse]),
            _ => panic!("an event unknown to this test: {event:?}"),
        })
        .unwrap();
    (steps, epochs)
}

/// Trains two copies of a model on 64 real images a step, one on each engine.
fn follow<E, D>(mut model: Autoencoder<E, D>, steps: u32, params: TrainParams, inputs: &str)
where
    E: Network + DenseStack + Clone + Send + Sync,
    D: Network<In = E::Out, Out = E::In> + DenseStack + Clone + Send + Sync,
{
    let steps_an_epoch = steps / params.epochs as u32;
    let split = mnist(steps_an_epoch * 64, 64);
    let config = params.check().unwrap();
    let mut copy = model.clone();
    let mut fused = Trainer::fused(&mut model, &split, config, threads(2)).unwrap();
    let mut tape = Trainer::autodiff(&mut copy, &split, config, threads(2)).unwrap();
    assert_eq!((fused.engine(), fused.inputs()), ("fused", inputs));
    let (found, found_after) = losses(&mut fused);
    let (expected, expected_after) = losses(&mut tape);
    let last = steps as usize - 1;
    assert_eq!(found.len(), last + 1);
    for (step, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= 1e-5, "step {step}: fused {a}, tape {b}");
    }
    for (a, b) in found_after.iter().zip(&expected_after) {
        assert!((a - b).abs() <= 1e-5, "after an epoch: fused {a}, tape {b}");
    }
    assert!(found[last] < 0.7 * found[0], "nothing was learned: {} to {}", found[0], found[last]);

    let (a, b) = (fused.adam_state(), tape.adam_state());
    assert_eq!((a.t, b.t), (steps.into(), steps.into()));
    assert!(a.moments.keys().eq(b.moments.keys()), "{:?} {:?}", a.moments.keys(), b.moments.keys());
    for (name, expected) in &b.moments {
        let found = &a.moments[name];
        for (a, b) in [(&found.m, &expected.m), (&found.v, &expected.v)] {
            assert_eq!(a.len(), b.len(), "{name}");
            let far = a.iter().zip(b.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far <= 1e-5, "{name}: {far}");
        }
    }
}

#[test]
fn the_shallow_preset_follows_the_tape_for_200_steps() {
    follow(Shallow::<784, 32>::build(0).unwrap(), 200, sequential(2), "sparse");
}

#[test]
fn the_deep_preset_follows_the_tape_for_200_steps() {
    follow(Deep::<784, 64, 32, 8>::build(0).unwrap(), 200, sequential(2), "sparse");
}

#[test]
fn noise_and_mask_reach_both_engines() {
    let (noise, mask) = (0.5, 0.5);
    let deep = Deep::<784, 64, 32, 8>::build(0).unwrap();
    follow(Shallow::<784, 32>::build(0).unwrap(), 60, TrainParams { noise, ..sequential(2) }, "dense");
    follow(Shallow::<784, 32>::build(0).unwrap(), 60, TrainParams { mask, ..sequential(2) }, "sparse");
    follow(deep.clone(), 60, TrainParams { mask, ..sequential(2) }, "sparse");
    follow(deep, 60, TrainParams { noise, mask, ..sequential(2) }, "dense");
}

#[test]
fn a_rate_and_a_decay_reach_both_engines() {
    let deeper = Deeper::<784, 64, 48, 32, 8>::build(0).unwrap();
    follow(deeper.clone(), 120, TrainParams { rate: 0.5, ..sequential(2) }, "sparse");
    follow(deeper, 120, TrainParams { rate: 0.5, noise: 0.5, decay: 1.0, ..sequential(4) }, "dense");
    follow(
        Shallow::<784, 32>::build(0).unwrap(),
        60,
        TrainParams { rate: 0.1, mask: 0.5, ..sequential(2) },
        "sparse",
    );
}

/// What is said to cost nothing is not touched, and what costs more is spread less.
#[test]
fn a_price_holds_the_codes_together() {
    let split = mnist(2_560, 256);
    let spread = |rate| {
        let mut model = Deep::<784, 64, 32, 8>::build(0).unwrap();
        let config = TrainParams { rate, ..sequential(4) }.check().unwrap();
        Trainer::fused(&mut model, &split, config, threads(2)).unwrap().train(&mut |_| {}).unwrap();
        let pixels: Vec<f32> =
            split.test.pixels().iter().map(|&p| f32::from(p) * ae_data::PIXEL_SCALE).collect();
        let codes = model.encode(ae_model::batch(&pixels).unwrap()).unwrap().as_vec();
        codes.iter().map(|y| f64::from(y * y)).sum::<f64>() / codes.len() as f64
    };
    let (cheap, dear) = (spread(0.01), spread(3.0));
    assert!(cheap > 1.0 && dear < 0.3 * cheap, "{cheap} {dear}");
}

#[test]
fn targets_stay_clean() {
    // From weights of zero every pixel is answered with 1/2, which costs ln 2 whatever the target; after one
    // step the decoder's biases alone have moved, each up where its target pixel is above 1/2 and down else.
    let images = ImageSet::new(2, 2, vec![255, 0, 255, 0], None).unwrap();
    let split = Split { train: images.clone(), test: images };
    let params = TrainParams { noise: 2.0, mask: 0.5, ..sequential(1) };
    let zeros = || {
        let mut model = Shallow::<4, 2>::build(0).unwrap();
        let mut tensors = model.parameters();
        tensors.iter_mut().for_each(|tensor| tensor.values.fill(0.0));
        model.set_parameters(&tensors).unwrap();
        model
    };
    let (mut fused, mut tape) = (zeros(), zeros());
    let config = params.check().unwrap();
    Trainer::fused(&mut fused, &split, config, threads(1)).unwrap().train(&mut |_| {}).unwrap();
    Trainer::autodiff(&mut tape, &split, config, threads(1)).unwrap().train(&mut |_| {}).unwrap();
    for model in [fused, tape] {
        let tensors = model.parameters();
        let bias = &tensors.iter().find(|tensor| tensor.name == "decoder.0.bias").unwrap().values;
        for (bias, expected) in bias.iter().zip([1e-3, -1e-3, 1e-3, -1e-3]) {
            assert!((bias - expected).abs() < 1e-6, "{bias}, not {expected}");
        }
    }
}

#[test]
fn what_is_restored_is_scored_against_the_whole_image() {
    let split = mnist(640, 1_100);
    let run = |params: TrainParams, tape: bool| {
        let mut model = Shallow::<784, 16>::build(0).unwrap();
        let config = params.check().unwrap();
        let mut trainer = if tape {
            Trainer::autodiff(&mut model, &split, config, threads(1)).unwrap()
        } else {
            Trainer::fused(&mut model, &split, config, threads(2)).unwrap()
        };
        trainer.train(&mut |_| {}).unwrap()
    };
    assert_eq!(run(sequential(1), false).restored, None);

    let noisy = TrainParams { noise: 0.5, learning_rate: 0.01, ..sequential(8) };
    let history = run(noisy, false);
    let (test, found) = (history.test, history.restored.unwrap());
    // What Gaussian noise of 0.5 costs MNIST's test images by another program, in another library.
    assert!((found.damaged_mse - 0.1156).abs() < 5e-4, "{found:?}");
    assert!((found.psnr_db - ae_train::psnr_db(found.mse)).abs() < 1e-12);
    assert!(found.mse < found.damaged_mse && found.mse != test.mse, "{found:?}, clean {test:?}");
    let by_tape = run(noisy, true).restored.unwrap();
    assert_eq!(by_tape.damaged_mse, found.damaged_mse);
    assert!((by_tape.mse - found.mse).abs() < 1e-6, "{by_tape:?} {found:?}");

    // Every masked pixel costs its square, and half of them are masked.
    let masked = run(TrainParams { mask: 0.5, ..sequential(1) }, false).restored.unwrap();
    let squares: f64 = split.test.pixels().iter().map(|&byte| (f64::from(byte) / 255.0).powi(2)).sum();
    let expected = 0.5 * squares / split.test.pixels().len() as f64;
    assert!((masked.damaged_mse - expected).abs() < 0.01 * expected, "{masked:?}, not {expected}");
}

#[test]
fn any_number_of_threads_trains_the_same_bits() {
    let split = mnist(1_000, 100);
    let train = |count, noise, mask, rate| {
        let mut model = Shallow::<784, 32>::build(0).unwrap();
        let config = TrainParams { epochs: 2, noise, mask, rate, ..TrainParams::default() }.check().unwrap();
        let history =
            Trainer::fused(&mut model, &split, config, threads(count)).unwrap().train(&mut |_| {}).unwrap();
        (model.identity(), history.train, history.test, history.restored)
    };
    let mut identities = vec![Shallow::<784, 32>::build(0).unwrap().identity()];
    for (noise, mask, rate) in
        [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.5, 0.5, 0.0), (0.0, 0.0, 0.1)]
    {
        let one = train(1, noise, mask, rate);
        for count in [2, 3, 7] {
            let found = train(count, noise, mask, rate);
            assert_eq!(found, one, "{count} threads, noise {noise}, mask {mask}, rate {rate}");
        }
        assert!(!identities.contains(&one.0), "training must move the weights, and corruption elsewhere");
        identities.push(one.0);
    }
}

#[test]
fn the_model_has_the_trained_weights_afterwards() {
    let split = mnist(640, 64);
    let mut model = Shallow::<784, 16>::build(0).unwrap();
    let before = model.parameters();
    let config = sequential(1).check().unwrap();
    let history = Trainer::fused(&mut model, &split, config, threads(1)).unwrap().train(&mut |_| {}).unwrap();
    assert_ne!(model.parameters(), before);

    // An engine that starts from these weights and does not move them scores what the run ended with.
    let still = TrainParams { learning_rate: 1e-30, ..sequential(1) }.check().unwrap();
    let mut copy = model.clone();
    let again = Trainer::autodiff(&mut copy, &split, still, threads(1)).unwrap().train(&mut |_| {}).unwrap();
    assert!((again.test.bce - history.test.bce).abs() < 1e-6);
    assert!((again.test.mse - history.test.mse).abs() < 1e-6);
    assert_eq!(again.test.dead_units, history.test.dead_units);
    assert_eq!(model.encoder_layers(), 1);
}

#[test]
fn bright_images_are_read_dense_and_dark_ones_sparse() {
    for (value, expected) in [(255, "dense"), (0, "sparse")] {
        let images = ImageSet::new(4, 4, vec![value; 16 * 8], None).unwrap();
        let split = Split { train: images.clone(), test: images };
        let mut model = Shallow::<16, 8>::build(0).unwrap();
        let config = sequential(1).check().unwrap();
        let trainer = Trainer::fused(&mut model, &split, config, threads(1)).unwrap();
        assert_eq!(trainer.inputs(), expected);
        drop(trainer);
        for (noise, mask, expected) in [(0.0, 0.5, expected), (0.5, 0.0, "dense"), (0.5, 0.5, "dense")] {
            let config = TrainParams { noise, mask, ..sequential(1) }.check().unwrap();
            let trainer = Trainer::fused(&mut model, &split, config, threads(1)).unwrap();
            assert_eq!(trainer.inputs(), expected, "noise {noise}, mask {mask}");
        }
    }
}
