//! MNIST's 10,000 test images through the codec, with a 784-32-784 autoencoder after one epoch: from pixels to the
//! bytes of an `.aez` file and back, and the entropy coder's own share. Throughput is in bytes of raw pixels.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;

use ae_codec::{Damage, Extras, Header, Options, Reader, Writer, compress, decode, decompress};
use ae_data::{Limits, open_folder};
use ae_net::{Description, Network, Team};
use ae_train::{TrainParams, Trainer};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn codec(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let images = open_folder(&data, &Limits::default()).expect("data/mnist is committed");
    let test = &images.test;
    let mut network = Network::draw(&Description::dense(784, &[], 32), 0).expect("the recipe's sizes");
    let config = TrainParams { epochs: 1, ..TrainParams::default() }.check().expect("the recipe's settings");
    let team = Team::new(2).expect("threads");
    let mut trainer = Trainer::fused(&mut network, &images, config, team).expect("images of its size");
    trainer.train(&mut |_| ()).expect("the recipe learns");
    drop(trainer);
    let header = Header { images: test.len(), channels: 1, rows: 28, cols: 28, model: network.identity() };
    let compress = |team: &Team| {
        compress(team, &network, test.bytes().expect("MNIST is bytes"), (1, 28, 28), Options::default())
            .expect("images of its size")
    };
    let decompress =
        |team: &Team, file: &[u8]| decompress(team, file, Some(&network)).expect("a file of ours");

    let mut group = criterion.benchmark_group("codec/shallow-32/10000");
    group
        .throughput(Throughput::Bytes(test.bytes().expect("MNIST is bytes").len() as u64))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20);
    for threads in [1, 2] {
        let team = Team::new(threads).expect("threads");
        let file = compress(&team);
        group.bench_function(format!("compress/{threads}"), |bencher| {
            bencher.iter(|| compress(black_box(&team)))
        });
        group.bench_function(format!("decompress/{threads}"), |bencher| {
            bencher.iter(|| decompress(&team, black_box(&file)));
        });
    }
    let file = compress(&Team::new(1).expect("a thread"));
    let mut reader = Reader::new(Cursor::new(&file), Damage::Refuse).expect("a file of ours");
    let coding = reader.coding().clone();
    let symbols: Vec<i32> =
        (0..reader.blocks()).flat_map(|block| reader.block(block).expect("a file of ours").symbols).collect();
    group.bench_function("pack", |bencher| {
        bencher.iter(|| {
            let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding.clone(), None)
                .expect("sizes that fit");
            writer.push(black_box(&symbols), &[], &[]).expect("whole codes");
            writer.finish().expect("memory")
        });
    });
    group.bench_function("unpack", |bencher| {
        bencher.iter(|| decode(black_box(&file)).expect("a file of ours"))
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
