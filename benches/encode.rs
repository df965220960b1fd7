//! Codes and reconstructions of MNIST's 10,000 test images, images a second.

use std::hint::black_box;
use std::path::Path;

use ae_data::{Limits, Samples, open_folder};
use ae_net::{Description, Network, Rows, Team};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn encode(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let test = open_folder(&data, &Limits::default()).expect("data/mnist is committed").test;
    let network = |hidden: &[usize], code| {
        Network::draw(&Description::dense(784, hidden, code), 0).expect("sizes in range")
    };
    passes(criterion, "shallow-32/10000", &test, &network(&[], 32));
    passes(criterion, "deep-2/10000", &test, &network(&[512, 128], 2));
}

/// Codes alone, and codes and outputs.
fn passes(criterion: &mut Criterion, name: &str, test: &Samples, network: &Network) {
    let images = Rows::bytes(test.bytes().expect("MNIST is bytes"), test.width()).expect("whole rows");
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(test.len() as u64)).sampling_mode(SamplingMode::Flat);
    for threads in [1, 2] {
        let team = Team::new(threads).expect("threads");
        let (mut codes, mut outputs) = (Vec::new(), Vec::new());
        group.bench_function(format!("encode/{threads}"), |bencher| {
            bencher.iter(|| network.encode_into(&team, black_box(images), &mut codes).expect("the test set"));
        });
        group.bench_function(format!("reconstruct/{threads}"), |bencher| {
            bencher.iter(|| {
                network.encode_into(&team, black_box(images), &mut codes).expect("the test set");
                let codes = Rows::values(&codes, network.code_size()).expect("whole codes");
                network.decoder().outputs_into(&team, codes, &mut outputs).expect("codes of its size");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
