//! How far each part of a training step is from what the machine can do.
//!
//! Prints a table a model: for each part its time a step, and that over its limit, the longest of what its multiplications,
//! its divisions and roots, and its bytes take at the machine's peaks, which are measured first, in the same run. `cargo
//! bench -p ae-benches --features clocks --bench parts`.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "parts/peaks.rs"]
mod peaks;

use std::path::Path;
use std::time::Instant;

use ae_data::{BatchPlan, Limits, Order, Samples, open_folder};
use ae_net::clocks::{self, Part};
use ae_net::{Adam, Code, Description, Learner, Loss, Network, Rows, SparseRows, Stack, Targets, Team};

use crate::peaks::Peaks;

/// Runs of which the median is taken, and steps in each.
const RUNS: usize = 15;
const STEPS: usize = 200;

fn main() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let train = open_folder(&data, &Limits::default()).expect("data/mnist is committed").train;
    for threads in [1, 2] {
        let peaks = Peaks::measure(threads);
        println!("{threads} thread(s), at its peak: {peaks}");
        for (name, hidden, code, batch) in [("shallow-32", &[][..], 32, 64), ("deep-2", &[512, 128], 2, 128)]
        {
            let network = Network::draw(&Description::dense(784, hidden, code), 0).expect("sizes in range");
            let sizes: Vec<usize> =
                std::iter::once(784).chain(network.layers().iter().map(|layer| layer.outputs())).collect();
            let (step, parts) = measure(&network, &train, batch, threads);
            println!(
                "\n| {name}, batch {batch}, {threads} thread(s) | us | limit, us | times its limit | bound by |"
            );
            println!("| --- | ---: | ---: | ---: | --- |");
            let nonzero = train.density() * 784.0;
            for (part, took) in Part::ALL.into_iter().zip(parts) {
                let (limit, bound) = Needs::of(part, &sizes, batch as f64, nonzero).limit(&peaks);
                let (took, limit) = (took * 1e6, limit * 1e6);
                println!("| {part:?} | {took:.1} | {limit:.1} | {:.2} | {bound} |", took / limit);
            }
            let rest = step * threads as f64 - parts.iter().sum::<f64>();
            println!("| waiting, and what is between parts | {:.1} | | | |", rest * 1e6);
            println!("| the step, of so many threads | {:.1} | | | |\n", step * 1e6);
        }
    }
}

/// Seconds of a step, and of each part of it summed over the threads.
type Run = (f64, [f64; Part::ALL.len()]);

/// The medians of some runs.
fn measure(network: &Network, train: &Samples, batch: usize, threads: usize) -> Run {
    let team = Team::new(threads).expect("threads");
    let stack = Stack::new(&network.layers()).expect("a network");
    let adam = Adam::default();
    let mut learner =
        Learner::new(stack, Loss::BceWithLogits, adam, batch, team.clone()).expect("the defaults");
    let nonzero = SparseRows::from_bytes(train.bytes().expect("MNIST is bytes"), 784).expect("whole rows");
    let order = BatchPlan::new(train.len(), batch, Order::Shuffled { seed: 0 }).expect("images").epoch(1);
    let bytes = Rows::bytes(train.bytes().expect("MNIST is bytes"), 784).expect("whole rows");
    let whole = |rows: &&[u32]| rows.len() == batch;
    let mut batches = order.batches().filter(whole).cycle();
    let mut runs = Vec::new();
    team.enter(|| {
        for _ in 0..=RUNS {
            clocks::reset();
            let begun = Instant::now();
            for rows in batches.by_ref().take(STEPS) {
                let [inputs, targets] =
                    [Rows::sparse(&nonzero), bytes].map(|set| set.pick(rows).expect("rows of the set"));
                learner.step(inputs, Targets::Rows(targets), Code::Plain).expect("a batch that fits");
            }
            let step = begun.elapsed().as_secs_f64() / STEPS as f64;
            runs.push((step, Part::ALL.map(|part| clocks::spent(part) / STEPS as f64)));
        }
    });
    runs.remove(0); // in which caches fill
    let median = |of: &dyn Fn(&Run) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (median(&|run| run.0), std::array::from_fn(|part| median(&|run| run.1[part])))
}

/// What a part has to do in a step.
#[derive(Default)]
struct Needs {
    /// Multiplications, most with an addition.
    products: f64,
    divisions: f64,
    roots: f64,
    /// Bytes read, from a memory of so many.
    read: (f64, f64),
    /// Bytes read and written again, in a memory of so many.
    updated: (f64, f64),
    /// Bytes read from all over the memory.
    scattered: f64,
}

impl Needs {
    /// Of layers between `sizes`, with `nonzero` of an image's pixels not black.
    fn of(part: Part, sizes: &[usize], batch: f64, nonzero: f64) -> Self {
        const FLOAT: f64 = 4.0;
        let layers: Vec<_> = sizes.windows(2).map(|pair| (pair[0] as f64, pair[1] as f64)).collect();
        let (pixels, first) = layers[0];
        let weights =
            |layers: &[(f64, f64)]| layers.iter().map(|(inputs, outputs)| inputs * outputs).sum::<f64>();
        let outputs: f64 = layers.iter().map(|layer| layer.1).sum();
        let (all, later, listed) = (weights(&layers), weights(&layers[1..]), batch * nonzero * first);
        let logits = batch * pixels;
        match part {
            Part::Reading => Self { scattered: batch * (pixels + 3.0 * nonzero), ..Self::default() },
            Part::ListProduct => {
                Self { products: listed, read: (listed * FLOAT, pixels * first * FLOAT), ..Self::default() }
            }
            Part::Product | Part::Backward | Part::Gradient => {
                Self { products: batch * later, read: (later * FLOAT, later * FLOAT), ..Self::default() }
            }
            // By the formulas in kernels/loss.rs and kernels/activation.rs.
            Part::Loss => Self {
                products: 15.0 * logits,
                divisions: logits,
                updated: (logits * FLOAT, logits * FLOAT),
                ..Self::default()
            },
            Part::Cutting => Self { read: (batch * nonzero * 2.0, batch * nonzero * 2.0), ..Self::default() },
            Part::ListGradient => {
                Self { products: listed, updated: (listed * FLOAT, 16e3), ..Self::default() }
            }
            Part::Bias => {
                Self { read: (batch * outputs * FLOAT, batch * outputs * FLOAT), ..Self::default() }
            }
            Part::Adam => Self {
                products: 7.0 * all,
                divisions: all,
                roots: all,
                updated: (3.0 * all * FLOAT, 3.0 * all * FLOAT),
                ..Self::default()
            },
        }
    }

    /// Seconds at the machine's peaks, and what bounds them. Peaks are of one thread: parts are summed over threads too.
    fn limit(&self, peaks: &Peaks) -> (f64, &'static str) {
        [
            (self.products / peaks.products, "multiplications"),
            (self.divisions / peaks.divisions + self.roots / peaks.roots, "divisions and roots"),
            (self.read.0 / peaks.reading(self.read.1), "reading"),
            (self.updated.0 / peaks.updating(self.updated.1), "updating"),
            (self.scattered / peaks.scattered, "memory"),
        ]
        .into_iter()
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .expect("five of them")
    }
}
