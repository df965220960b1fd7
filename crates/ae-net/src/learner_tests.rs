//! What the learner's public face does not show: other instruction sets than this machine's best.

use super::*;
use crate::kernels::testing::architectures;
use crate::{Activation, SparseRows};

/// Numbers without pattern, from a fixed start.
fn noise(count: usize, state: &mut u32) -> Vec<f32> {
    let next = || {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// The integration tests hold this machine's best instruction set against `f64`; here all others
/// that it has are held against that one.
#[test]
fn instruction_sets_agree() {
    let mut state = 7;
    let mut dense = |inputs: usize, outputs: usize, activation| {
        let weight = noise(inputs * outputs, &mut state).into_iter().map(|w| w * 0.2).collect();
        Dense::new(inputs, weight, noise(outputs, &mut state), activation).unwrap()
    };
    let layers = [
        dense(150, 35, Activation::Relu),
        dense(35, 3, Activation::Sigmoid),
        dense(3, 50, Activation::Linear),
    ];
    let pixels: Vec<u8> = noise(150 * 40, &mut state).iter().map(|x| (x.max(0.0) * 255.0) as u8).collect();
    let set = SparseRows::from_bytes(&pixels, 150).unwrap();
    let rows: Vec<u32> = (0..37).collect();
    let targets: Vec<f32> = noise(37 * 50, &mut state).into_iter().map(f32::abs).collect();
    let labels = [3; 40];
    for loss in [Loss::BceWithLogits, Loss::Mse, Loss::SoftmaxCrossEntropy] {
        let targets = match loss {
            Loss::SoftmaxCrossEntropy => Targets::Classes { labels: &labels, rows: &rows },
            _ => Targets::Rows(Rows::values(&targets, 50).unwrap()),
        };
        let (bytes, lists) = (Rows::bytes(&pixels, 150).unwrap(), Rows::sparse(&set));
        for inputs in [bytes.pick(&rows).unwrap(), lists.pick(&rows).unwrap()] {
            let results: Vec<_> = architectures()
                .into_iter()
                .map(|arch| {
                    let stack = Stack::new(&layers).unwrap();
                    let team = Team::new(1).unwrap();
                    let mut learner = Learner::new(stack, loss, Adam::default(), 37, team).unwrap();
                    learner.arch = arch;
                    let (mean, gradient) = learner.gradients(inputs, targets, Code::Plain).unwrap();
                    for _ in 0..3 {
                        learner.step(inputs, targets, Code::Plain).unwrap();
                    }
                    let flat = |layers: &[LayerValues]| -> Vec<f32> {
                        layers.iter().flat_map(|layer| [&layer.weight[..], &layer.bias].concat()).collect()
                    };
                    (mean, flat(&gradient), flat(&learner.moments().second))
                })
                .collect();
            let close = |a: &[f32], b: &[f32]| {
                assert_eq!(a.len(), b.len());
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 + 1e-5 * b.abs())
            };
            for (mean, gradient, second) in &results[1..] {
                assert!((mean - results[0].0).abs() <= 1e-6 * mean, "{loss:?}: {mean}, {}", results[0].0);
                assert!(close(gradient, &results[0].1), "{loss:?}: gradients differ");
                assert!(close(second, &results[0].2), "{loss:?}: moments differ");
            }
        }
    }
}
