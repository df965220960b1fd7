//! Codes and reconstructions of MNIST's 10,000 test images by a 784-32-784 autoencoder, images a second.

use std::hint::black_box;
use std::path::Path;

use ae_data::{Limits, open_folder};
use ae_dense::{Inputs, Stack, Team};
use ae_model::{DenseStack, Shallow};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn encode(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let test = open_folder(&data, &Limits::default()).expect("data/mnist is committed").test;
    let model = Shallow::<784, 32>::build(0).expect("memory");
    let stack = Stack::new(&model.layers()).expect("a preset");
    let rows: Vec<u32> = (0..test.len() as u32).collect();
    let images = Inputs::Bytes { pixels: test.pixels(), rows: &rows };

    let mut group = criterion.benchmark_group("shallow-32/10000");
    group.throughput(Throughput::Elements(test.len() as u64)).sampling_mode(SamplingMode::Flat);
    for (what, layers, outputs) in [("encode", 0..1, 32), ("reconstruct", 0..2, 784)] {
        for threads in [1, 2] {
            let team = Team::new(threads).expect("threads");
            let mut out = vec![0.0; test.len() * outputs];
            group.bench_function(format!("{what}/{threads}"), |bencher| {
                bencher.iter(|| {
                    stack.forward(&team, layers.clone(), black_box(images), &mut out).expect("the test set")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
