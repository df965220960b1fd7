//! Codes and reconstructions of MNIST's 10,000 test images, images a second.

use std::hint::black_box;
use std::path::Path;

use ae_data::{ImageSet, Limits, open_folder};
use ae_dense::{Inputs, Stack, Team};
use ae_model::{Deep, DenseStack, Shallow};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn encode(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let test = open_folder(&data, &Limits::default()).expect("data/mnist is committed").test;
    let shallow = Shallow::<784, 32>::build(0).expect("memory");
    let deep = Deep::<784, 512, 128, 2>::build(0).expect("memory");
    passes(criterion, "shallow-32/10000", &test, &Stack::new(&shallow.layers()).expect("a preset"));
    passes(criterion, "deep-2/10000", &test, &Stack::new(&deep.layers()).expect("a preset"));
}

/// The first half of a stack, and all of it.
fn passes(criterion: &mut Criterion, name: &str, test: &ImageSet, stack: &Stack) {
    let rows: Vec<u32> = (0..test.len() as u32).collect();
    let images = Inputs::Bytes { pixels: test.pixels(), rows: &rows };
    let layers = stack.layers();

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(test.len() as u64)).sampling_mode(SamplingMode::Flat);
    for (what, depth) in [("encode", layers.len() / 2), ("reconstruct", layers.len())] {
        for threads in [1, 2] {
            let team = Team::new(threads).expect("threads");
            let mut out = vec![0.0; test.len() * layers[depth - 1].outputs()];
            group.bench_function(format!("{what}/{threads}"), |bencher| {
                bencher.iter(|| {
                    stack.forward(&team, 0..depth, black_box(images), &mut out).expect("the test set")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
