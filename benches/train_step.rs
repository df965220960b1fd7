//! One training step on MNIST, images a second: each engine, and the products of a step alone.
//!
//! The rows of one run belong together: read ratios, not times. `fused/*/1` over `products/gemm` says what
//! everything around the products costs (below 1, the kernels beat the library); `fused/*/2` over `fused/*/1`, what the
//! second thread is worth; `autodiff` over `fused`, what deriving by hand is worth.

use std::iter::zip;
use std::path::Path;
use std::time::{Duration, Instant};

use ae_data::{BatchPlan, Limits, Order, Samples, Split, open_folder};
use ae_net::{Adam, Code, Description, Learner, Loss, Network, Rows, SparseRows, Stack, Targets, Team};
use ae_train::{EpochOrder, Event, TrainParams, Trainer};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn steps(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let images = open_folder(&data, &Limits::default()).expect("data/mnist is committed");
    let network = |hidden: &[usize], code| {
        Network::draw(&Description::dense(784, hidden, code), 0).expect("sizes in range")
    };
    step(criterion, "shallow-32/batch-64", &images, 64, &network(&[], 32));
    step(criterion, "deep-2/batch-128", &images, 128, &network(&[512, 128], 2));
}

fn step(criterion: &mut Criterion, name: &str, images: &Split, batch_size: usize, network: &Network) {
    let mut group = criterion.benchmark_group(format!("train_step/{name}"));
    group
        .throughput(Throughput::Elements(batch_size as u64))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(30);

    let sizes: Vec<usize> =
        std::iter::once(784).chain(network.layers().iter().map(|l| l.outputs())).collect();
    let mut products = Products::new(&sizes, batch_size);
    group.bench_function("products/gemm/1", |bencher| bencher.iter(|| products.run()));

    let nonzero =
        SparseRows::from_bytes(images.train.bytes().expect("MNIST is bytes"), 784).expect("whole rows");
    for threads in [1, 2] {
        for (kind, nonzero) in [("sparse", Some(&nonzero)), ("dense", None)] {
            let team = Team::new(threads).expect("threads");
            let stack = Stack::new(&network.layers()).expect("a preset");
            let mut learner =
                Learner::new(stack, Loss::BceWithLogits, Adam::default(), batch_size, team.clone())
                    .expect("the defaults");
            group.bench_function(format!("fused/{kind}/{threads}"), |bencher| {
                bencher.iter_custom(|count| {
                    team.enter(|| fused_steps(&mut learner, &images.train, nonzero, batch_size, count))
                });
            });
        }
    }
    for threads in [1, 2] {
        group.bench_function(format!("autodiff/dense/{threads}"), |bencher| {
            bencher.iter_custom(|count| autodiff_steps(network.clone(), images, batch_size, threads, count));
        });
    }
    group.finish();
}

/// Time of `count` steps, in the order that training visits the images.
fn fused_steps(
    learner: &mut Learner,
    images: &Samples,
    nonzero: Option<&SparseRows>,
    batch_size: usize,
    count: u64,
) -> Duration {
    let plan =
        BatchPlan::new(images.len(), batch_size, Order::Shuffled { seed: 0 }).expect("images, batches");
    let order = plan.epoch(1);
    let bytes = Rows::bytes(images.bytes().expect("MNIST is bytes"), images.width()).expect("whole rows");
    let inputs = nonzero.map_or(bytes, Rows::sparse);
    let whole = |rows: &&[u32]| rows.len() == batch_size;
    let started = Instant::now();
    for rows in order.batches().filter(whole).cycle().take(count as usize) {
        let [inputs, targets] = [inputs, bytes].map(|set| set.pick(rows).expect("rows of the set"));
        learner.step(inputs, Targets::Rows(targets), Code::Plain).expect("a batch that fits");
    }
    started.elapsed()
}

/// Time of `count` steps of a trainer, evaluation not included.
fn autodiff_steps(
    mut network: Network,
    images: &Split,
    batch_size: usize,
    threads: usize,
    count: u64,
) -> Duration {
    // The trainer visits each image once, so it gets as many as the steps need.
    let rows: Vec<u32> = (0..images.train.len() as u32).cycle().take(count as usize * batch_size).collect();
    let train = images.train.select(&rows).expect("rows of the set");
    let split = Split { test: train.select(&[0]).expect("a first image"), train };
    let config =
        TrainParams { epochs: 1, batch_size, order: EpochOrder::Sequential, ..TrainParams::default() }
            .check()
            .expect("settings in range");
    let team = Team::new(threads).expect("threads");
    let mut trainer = Trainer::autodiff(&mut network, &split, config, team).expect("a preset");
    let started = Instant::now();
    let mut elapsed = Duration::ZERO;
    trainer
        .train(&mut |event| {
            if let Event::Step { .. } = event {
                elapsed = started.elapsed();
            }
        })
        .expect("a finite loss");
    elapsed
}

/// The matrix products of a step and nothing else, by the `gemm` crate: forward, backward and weight gradient of
/// each layer but for the first layer's input gradient, one call each over the whole batch, in a step's order.
struct Products {
    rows: usize,
    /// `(rows, size)` for each size of the stack.
    activations: Vec<Vec<f32>>,
    deltas: Vec<Vec<f32>>,
    /// `(outputs, inputs)` for each layer.
    weights: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
}

impl Products {
    fn new(sizes: &[usize], rows: usize) -> Self {
        let activations: Vec<_> = sizes.iter().map(|size| vec![0.5; size * rows]).collect();
        let weights: Vec<_> =
            zip(sizes, &sizes[1..]).map(|(inputs, outputs)| vec![0.01; inputs * outputs]).collect();
        Self { rows, deltas: activations.clone(), activations, gradients: weights.clone(), weights }
    }

    fn run(&mut self) {
        let rows = self.rows;
        let size = |values: &Vec<f32>| values.len() / rows;
        for layer in 0..self.weights.len() {
            let (before, after) = self.activations.split_at_mut(layer + 1);
            let (x, z) = (&before[layer], &mut after[0]);
            let (inputs, outputs) = (size(x), size(z));
            let weight = View { values: &self.weights[layer], row: 1, column: inputs };
            product(z, [rows, inputs, outputs], View { values: x, row: inputs, column: 1 }, weight);
        }
        for layer in (0..self.weights.len()).rev() {
            let (before, after) = self.deltas.split_at_mut(layer + 1);
            let (dx, dz) = (&mut before[layer], &after[0]);
            let (inputs, outputs) = (size(dx), size(dz));
            if layer > 0 {
                let weight = View { values: &self.weights[layer], row: inputs, column: 1 };
                product(dx, [rows, outputs, inputs], View { values: dz, row: outputs, column: 1 }, weight);
            }
            let (dz, x) = (View { values: dz, row: 1, column: outputs }, &self.activations[layer]);
            let x = View { values: x, row: inputs, column: 1 };
            product(&mut self.gradients[layer], [outputs, rows, inputs], dz, x);
        }
    }
}

/// A matrix, by the distances between neighbours in a column and in a row.
struct View<'a> {
    values: &'a [f32],
    row: usize,
    column: usize,
}

/// `out = a b`, with `a: (m, k)`, `b: (k, n)`, `out: (m, n)` row-major, on one thread.
#[allow(unsafe_code, reason = "gemm takes pointers; the lengths are checked before")]
fn product(out: &mut [f32], [m, k, n]: [usize; 3], a: View<'_>, b: View<'_>) {
    assert_eq!((out.len(), a.values.len(), b.values.len()), (m * n, m * k, k * n));
    for (view, [rows, columns]) in [(&a, [m, k]), (&b, [k, n])] {
        assert_eq!((rows - 1) * view.row + (columns - 1) * view.column, rows * columns - 1);
    }
    // SAFETY: the last element of each matrix is the last of its slice, by the assertions above, and no element
    // lies before the first; `out` is borrowed mutably, so it overlaps neither.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.values.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.values.as_ptr(),
            b.column as isize,
            b.row as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
