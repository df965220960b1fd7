//! One fused training step on random images of growing density, its first layer over lists of nonzero pixels and over
//! all pixels: where the two take as long, the engine changes from one to the other.

use std::iter::repeat_with;
use std::time::{Duration, Instant};

use ae_net::{
    Adam, Code, Dense, Description, Learner, Loss, Network, Rows, SparseRows, Stack, Targets, Team,
};
use criterion::{Criterion, criterion_group, criterion_main};

const PIXELS: usize = 784;
/// Enough that they don't stay in the caches between epochs.
const IMAGES: u32 = 6_000;
const THREADS: usize = 2;

fn densities(criterion: &mut Criterion) {
    let network = |hidden: &[usize], code| {
        Network::draw(&Description::dense(PIXELS, hidden, code), 0).expect("sizes in range")
    };
    let (shallow, deep) = (network(&[], 32), network(&[512, 128], 2));
    for percent in [10, 20, 25, 30, 40, 60] {
        let pixels = images(percent);
        step(criterion, "shallow-32/batch-64", percent, &pixels, &shallow.layers(), 64);
        step(criterion, "deep-2/batch-128", percent, &pixels, &deep.layers(), 128);
    }
}

/// Images of which so many pixels in a hundred are not black.
fn images(percent: u64) -> Vec<u8> {
    let mut state = 1_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let pixel = || if draw() % 100 < percent { 1 + (draw() % 255) as u8 } else { 0 };
    repeat_with(pixel).take(IMAGES as usize * PIXELS).collect()
}

fn step(
    criterion: &mut Criterion,
    name: &str,
    percent: u64,
    pixels: &[u8],
    layers: &[Dense],
    batch_size: usize,
) {
    let set = SparseRows::from_bytes(pixels, PIXELS).expect("whole rows");
    let mut group = criterion.benchmark_group(format!("density/{name}"));
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    for (kind, sparse) in [("sparse", true), ("dense", false)] {
        let team = Team::new(THREADS).expect("threads");
        let stack = Stack::new(layers).expect("a preset");
        let mut learner = Learner::new(stack, Loss::BceWithLogits, Adam::default(), batch_size, team.clone())
            .expect("the defaults");
        let order: Vec<u32> = (0..IMAGES).collect();
        let bytes = Rows::bytes(pixels, PIXELS).expect("whole rows");
        let inputs = if sparse { Rows::sparse(&set) } else { bytes };
        group.bench_function(format!("{kind}/{percent}"), |bencher| {
            bencher.iter_custom(|count| {
                let started = Instant::now();
                team.enter(|| {
                    for rows in order.chunks_exact(batch_size).cycle().take(count as usize) {
                        let [inputs, targets] =
                            [inputs, bytes].map(|set| set.pick(rows).expect("rows of the set"));
                        learner.step(inputs, Targets::Rows(targets), Code::Plain).expect("a batch that fits");
                    }
                });
                started.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, densities);
criterion_main!(benches);
