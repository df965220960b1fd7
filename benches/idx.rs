//! Reading IDX: the 60,000 training images of MNIST, in decompressed bytes a second.
//!
//! `parse` takes them from memory, `open_gzip` from the committed file (which the system has cached by then).

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use ae_data::{Limits, idx, open};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flate2::read::GzDecoder;

fn read_train_images(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist/train-images-idx3-ubyte.gz");
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(&path).expect("data/mnist is committed"))
        .read_to_end(&mut bytes)
        .expect("the committed file is sound");
    let limits = Limits::default();

    let mut group = criterion.benchmark_group("idx/60000x28x28");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    // A call takes tens of milliseconds: a fixed number of them a sample is enough.
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    group.bench_function("parse", |bencher| {
        bencher.iter(|| idx::parse(black_box(&bytes), &limits).expect("a sound file"));
    });
    group.bench_function("open_gzip", |bencher| {
        bencher.iter(|| open(black_box(&path), &limits).expect("a sound file"));
    });
    group.finish();
}

criterion_group!(benches, read_train_images);
criterion_main!(benches);
