//! Losses and gradients: the formulas against finite differences, the kernels against the formulas.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use ae_net::reference::{Gradients, Layer, LayerGradient, RoundedCode, Target, forward, gradients, loss};
use ae_net::{Activation, Adam, Code, Dense, Learner, Loss, Rounded, Rows, SparseRows, Stack, Targets, Team};
use common::{Rng, bits, gradient_fault, wide};
use proptest::prelude::*;

const LOSSES: [Loss; 3] = [Loss::BceWithLogits, Loss::Mse, Loss::SoftmaxCrossEntropy];
const ACTIVATIONS: [Activation; 3] = [Activation::Linear, Activation::Relu, Activation::Sigmoid];

/// The gradient of the `f64` formulas is their slope, by central differences, for every parameter.
#[test]
fn formulas_agree_with_finite_differences() {
    let mut rng = Rng(5);
    for loss in LOSSES {
        for last in ACTIVATIONS {
            let layers = rng.layers(&[3, 4, 5, 4], &[Activation::Sigmoid, Activation::Relu, last]);
            let layers: Vec<_> = layers.iter().map(Layer::from).collect();
            let data: Vec<(Vec<f64>, Vec<f64>)> = (0..3)
                .map(|_| {
                    let mut wide = |n| rng.values(n, 1.0).into_iter().map(f64::from).collect::<Vec<_>>();
                    (wide(3), wide(4).into_iter().map(f64::abs).collect())
                })
                .collect();
            let rows = || -> Vec<_> {
                let want = |row: usize| match loss {
                    Loss::SoftmaxCrossEntropy => Target::Class(row + 1),
                    _ => Target::Values(&data[row].1),
                };
                (0..3).map(|row| (&data[row].0[..], want(row))).collect()
            };
            let noise = wide(&rng.values(3 * 5, 0.5));
            let behind = |layer| Some(RoundedCode { layer, noise: &noise, price: 0.3 });
            for through in [None, behind(0), behind(1)] {
                let at = gradients(&layers, loss, &rows(), through);
                const H: f64 = 1e-5;
                assert!(at.nearest_kink > 10.0 * H, "a ReLU's kink is too near for this seed");
                for (index, LayerGradient { weight, bias }) in at.layers.iter().enumerate() {
                    for place in 0..weight.len() + bias.len() {
                        let moved = |by: f64| {
                            let mut layers = layers.clone();
                            match place.checked_sub(weight.len()) {
                                None => layers[index].weight[place] += by,
                                Some(place) => layers[index].bias[place] += by,
                            }
                            gradients(&layers, loss, &rows(), through).minimised
                        };
                        let slope = (moved(H) - moved(-H)) / (2.0 * H);
                        let found = *weight.iter().chain(bias).nth(place).unwrap();
                        let within = (found - slope).abs() <= 1e-8 + 1e-6 * slope.abs();
                        assert!(within, "{loss:?}, {last:?}, layer {index}, {place}: {found}, slope {slope}");
                    }
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    sizes: Vec<usize>,
    activations: Vec<Activation>,
    batch: usize,
    loss: Loss,
    /// Some of the last layer's biases are +-100.
    saturated: bool,
    /// Behind which layer there is a bottleneck, if there are two layers and one is asked for.
    through: Option<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    // Mostly narrow, at times wider than a strip, a lane or a shard.
    let size = prop_oneof![4 => 1usize..=12, 2 => 13usize..=70, 1 => 120usize..=140];
    (1usize..=5)
        .prop_flat_map(move |depth| {
            (
                any::<u64>(),
                prop::collection::vec(size.clone(), depth + 1),
                prop::collection::vec(prop::sample::select(&ACTIVATIONS), depth),
                prop_oneof![1usize..=5, 15usize..=17, 30usize..=70],
                prop::sample::select(&LOSSES),
                any::<bool>(),
                prop::option::of(0..depth.max(2) - 1),
            )
        })
        .prop_map(|(seed, sizes, mut activations, batch, loss, saturated, through)| {
            if loss != Loss::Mse {
                *activations.last_mut().unwrap() = Activation::Linear;
            }
            let through = through.filter(|_| activations.len() > 1);
            let saturated = saturated && loss != Loss::Mse;
            Case { seed, sizes, activations, batch, loss, saturated, through }
        })
}

/// The case's stack.
fn stack_of(case: &Case, rng: &mut Rng) -> Stack {
    let mut layers = rng.layers(&case.sizes, &case.activations);
    if case.saturated {
        let last = layers.pop().unwrap();
        let mut bias = last.bias().to_vec();
        for bias in &mut bias {
            match rng.below(3) {
                0 => *bias += 100.0,
                1 => *bias -= 100.0,
                _ => {}
            }
        }
        let last = Dense::new(last.inputs(), last.weight().to_vec(), bias, last.activation()).unwrap();
        layers.push(last);
    }
    Stack::new(&layers).unwrap()
}

/// What a bottleneck costs, and noise for it.
const PRICE: f32 = 0.25;

fn noise_of(case: &Case, rng: &mut Rng) -> Vec<f32> {
    case.through.map_or(vec![], |layer| rng.values(case.batch * case.sizes[layer + 1], 0.5))
}

/// The formulas, through the case's bottleneck, and by how much rounding to `f32` may move their loss.
fn reference_of(
    case: &Case,
    layers: &[Layer],
    rows: &[(&[f64], Target<'_>)],
    noise: &[f32],
) -> (Gradients, f64) {
    let noise = wide(noise);
    let through = case.through.map(|layer| RoundedCode { layer, noise: &noise, price: PRICE.into() });
    let of_rows: f64 = rows.iter().map(|(x, target)| loss_rounding(case.loss, layers, x, *target)).sum();
    let outputs = layers.last().unwrap().bias.len();
    let count = if case.loss == Loss::SoftmaxCrossEntropy { 1 } else { outputs };
    (gradients(layers, case.loss, rows, through), of_rows / (rows.len() * count) as f64)
}

/// What rounding does to the sums of each layer, and these to the loss of one row, not yet divided. A sum of `n` terms is off
/// by at most `4 sqrt(n) 2^-24` of their magnitudes with a probability of 0.999 (Higham and Mary, A New Approach to
/// Probabilistic Rounding Error Analysis, 2019, theorem 2.4), and in practice by far less.
fn loss_rounding(kind: Loss, layers: &[Layer], x: &[f64], target: Target<'_>) -> f64 {
    let steps = forward(layers, x);
    let mut errors = vec![0.0; x.len()];
    for (layer, step) in layers.iter().zip(&steps) {
        let share = 4.0 * (layer.inputs as f64 + 1.0).sqrt() * 2f64.powi(-24);
        errors = (0..layer.bias.len())
            .map(|o| {
                let weights = &layer.weight[o * layer.inputs..][..layer.inputs];
                let terms = weights.iter().zip(&step.inputs).map(|(w, x)| (w * x).abs()).sum::<f64>();
                // No activation is steeper than 1.
                let before = weights.iter().zip(&errors).map(|(w, error)| w.abs() * error).sum::<f64>();
                share * (layer.bias[o].abs() + terms) + before
            })
            .collect();
    }
    let (_, slopes) = loss(kind, &steps.last().unwrap().outputs, target);
    slopes.iter().zip(errors).map(|(slope, error)| slope.abs() * error).sum()
}

/// Runs the kernels on the inputs and targets and holds them against the reference.
fn hold(
    case: &Case,
    stack: &Stack,
    inputs: Rows<'_>,
    targets: Targets<'_>,
    noise: &[f32],
    (expected, of_rounding): &(Gradients, f64),
) -> Result<(), TestCaseError> {
    let team = Team::new(1).unwrap();
    let mut learner =
        Learner::new(stack.clone(), case.loss, Adam::default(), case.batch, team.clone()).unwrap();
    let code =
        case.through.map_or(Code::Plain, |layer| Code::Rounded(Rounded { layer, noise, price: PRICE }));
    let (loss, gradients) = learner.gradients(inputs, targets, code).unwrap();
    let mut losses = vec![loss];
    if case.through.is_none() {
        losses.push(stack.loss(&team, case.loss, inputs, targets).unwrap());
    }
    for loss in losses {
        let within = (loss - expected.loss).abs() <= 1e-7 + 1e-6 * expected.loss.abs() + of_rounding;
        prop_assert!(within, "loss {loss}, expected {} ({inputs:?})", expected.loss);
    }
    let fault = gradient_fault(&gradients, &expected.layers);
    prop_assert!(fault.is_none(), "{}", fault.unwrap());
    prop_assert_eq!(bits(learner.stack()), bits(stack));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Inputs as `f32`, targets of every kind the loss takes.
    #[test]
    fn kernels_agree_with_formulas_on_dense_inputs(case in cases()) {
        let mut rng = Rng(case.seed);
        let stack = stack_of(&case, &mut rng);
        let noise = noise_of(&case, &mut rng);
        let layers: Vec<_> = stack.layers().iter().map(Layer::from).collect();
        let x = rng.values(case.batch * stack.inputs(), 1.0);
        let x_wide = wide(&x);
        let x_of = |row: usize| &x_wide[row * stack.inputs()..][..stack.inputs()];
        let inputs = Rows::values(&x, stack.inputs()).unwrap();
        let n = stack.outputs();
        if case.loss == Loss::SoftmaxCrossEntropy {
            let labels: Vec<u32> = (0..40).map(|_| rng.below(n) as u32).collect();
            let rows: Vec<u32> = (0..case.batch).map(|_| rng.below(40) as u32).collect();
            let class = |row: usize| Target::Class(labels[rows[row] as usize] as usize);
            let wanted: Vec<_> = (0..case.batch).map(|row| (x_of(row), class(row))).collect();
            let expected = reference_of(&case, &layers, &wanted, &noise);
            prop_assume!(expected.0.nearest_kink > 1e-5);
            hold(&case, &stack, inputs, Targets::Classes { labels: &labels, rows: &rows }, &noise, &expected)?;
        } else {
            let t: Vec<f32> = rng.values(case.batch * n, 1.0).into_iter().map(f32::abs).collect();
            let t_wide = wide(&t);
            let wanted: Vec<_> =
                (0..case.batch).map(|row| (x_of(row), Target::Values(&t_wide[row * n..][..n]))).collect();
            let expected = reference_of(&case, &layers, &wanted, &noise);
            prop_assume!(expected.0.nearest_kink > 1e-5);
            let targets = Targets::Rows(Rows::values(&t, n).unwrap());
            hold(&case, &stack, inputs, targets, &noise, &expected)?;
            // The same rows, picked from among others.
            let order: Vec<u32> = (0..case.batch as u32).rev().collect();
            let turned = |values: &[f32], width: usize| values.chunks(width).rev().flatten().copied().collect::<Vec<_>>();
            let (x, t) = (turned(&x, stack.inputs()), turned(&t, n));
            let inputs = Rows::values(&x, stack.inputs()).unwrap().pick(&order).unwrap();
            let targets = Targets::Rows(Rows::values(&t, n).unwrap().pick(&order).unwrap());
            hold(&case, &stack, inputs, targets, &noise, &expected)?;
        }
    }

    /// Byte inputs, as bytes and as lists, against byte targets.
    #[test]
    fn kernels_agree_with_formulas_on_bytes(mut case in cases()) {
        if case.loss == Loss::SoftmaxCrossEntropy {
            case.loss = Loss::BceWithLogits;
        }
        let mut rng = Rng(case.seed);
        let stack = stack_of(&case, &mut rng);
        let noise = noise_of(&case, &mut rng);
        let layers: Vec<_> = stack.layers().iter().map(Layer::from).collect();
        let (width, n) = (stack.inputs(), stack.outputs());
        let pixels = rng.bytes(50 * width);
        let answers = rng.bytes(50 * n);
        let rows: Vec<u32> = (0..case.batch).map(|_| rng.below(50) as u32).collect();
        let value = |&byte: &u8| f64::from(f32::from(byte) * (1.0 / 255.0));
        let answer_values: Vec<f64> = answers.iter().map(value).collect();
        let pixel_values: Vec<f64> = pixels.iter().map(value).collect();
        let wanted: Vec<_> = rows
            .iter()
            .map(|&row| {
                let row = row as usize;
                (&pixel_values[row * width..][..width], Target::Values(&answer_values[row * n..][..n]))
            })
            .collect();
        let expected = reference_of(&case, &layers, &wanted, &noise);
        prop_assume!(expected.0.nearest_kink > 1e-5);
        let set = SparseRows::from_bytes(&pixels, width).unwrap();
        let targets = Targets::Rows(Rows::bytes(&answers, n).unwrap().pick(&rows).unwrap());
        for inputs in [Rows::bytes(&pixels, width).unwrap(), Rows::sparse(&set)] {
            hold(&case, &stack, inputs.pick(&rows).unwrap(), targets, &noise, &expected)?;
        }
    }
}

#[test]
fn a_nan_anywhere_makes_the_loss_nan_and_leaves_the_stack_alone() {
    let mut rng = Rng(9);
    for loss in LOSSES {
        for hidden in ACTIVATIONS {
            for nan in [f32::NAN, f32::from_bits(0xffc0_0123)] {
                let stack = rng.stack(&[3, 40, 40], &[hidden, Activation::Linear]);
                let mut learner =
                    Learner::new(stack.clone(), loss, Adam::default(), 2, Team::new(1).unwrap()).unwrap();
                let mut x = rng.values(6, 1.0);
                x[4] = nan;
                let t = [0.5; 80];
                let targets = match loss {
                    Loss::SoftmaxCrossEntropy => Targets::Classes { labels: &[1, 2], rows: &[0, 1] },
                    _ => Targets::Rows(Rows::values(&t, 40).unwrap()),
                };
                let found = learner.step(Rows::values(&x, 3).unwrap(), targets, Code::Plain).unwrap();
                assert!(found.is_nan(), "{loss:?} behind {hidden:?}: {found}");
                assert_eq!(bits(learner.stack()), bits(&stack));
                assert_eq!(learner.moments().steps, 0);
            }
        }
    }
}

/// More factors than one product holds, each 1 or 2: it neither overflows nor drifts.
#[test]
fn many_factors_of_two_and_of_one() {
    let n = 3000;
    let team = Team::new(1).unwrap();
    for (bias, target, expected) in
        [(0.0, 0.5, std::f64::consts::LN_2), (100.0, 1.0, 0.0), (-100.0, 0.0, 0.0), (100.0, 0.0, 100.0)]
    {
        let layer = Dense::new(1, vec![0.0; n], vec![bias; n], Activation::Linear).unwrap();
        let stack = Stack::new(&[layer]).unwrap();
        let t = vec![target; n * 40];
        let (x, t) = (Rows::values(&[1.0; 40], 1).unwrap(), Rows::values(&t, n).unwrap());
        let loss = stack.loss(&team, Loss::BceWithLogits, x, Targets::Rows(t)).unwrap();
        assert!((loss - expected).abs() <= 1e-6 * expected, "{bias} against {target}: {loss}");
    }
}
