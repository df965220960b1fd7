//! MNIST's 10,000 test images through the codec, with a 784-32-784 autoencoder after one epoch: from pixels to the
//! bytes of an `.aez` file and back, and the entropy coder's own share. Throughput is in bytes of raw pixels.

use std::hint::black_box;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::Path;

use ae_codec::{Coding, Damage, Header, ModelId, Quality, Quantiser, Reader, Writer, decode};
use ae_data::{Limits, open_folder};
use ae_dense::{Stack, Team};
use ae_eval::{Coder, Outputs, Reconstruction, Rows};
use ae_model::{DenseStack, Shallow};
use ae_train::{TrainParams, Trainer};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn codec(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let images = open_folder(&data, &Limits::default()).expect("data/mnist is committed");
    let test = &images.test;
    let mut model = Shallow::<784, 32>::build(0).expect("memory");
    let config = TrainParams { epochs: 1, ..TrainParams::default() }.check().expect("the recipe's settings");
    let two = NonZeroUsize::new(2).expect("two");
    let mut trainer = Trainer::fused(&mut model, &images, config, two).expect("images of its size");
    trainer.train(&mut |_| ()).expect("the recipe learns");
    drop(trainer);
    let stack = Stack::new(&model.layers()).expect("a preset");
    let coder = Coder::new(stack, 1, Outputs::Logits).expect("a preset");
    let own =
        Reconstruction::measure(&Team::new(2).expect("threads"), &coder, Rows::from(test), test.pixels());
    let own_mse = own.expect("images of its size").mse;
    let header = Header { images: test.len(), rows: 28, cols: 28, model: ModelId([0; 32]) };

    let write = |coding: &Coding, symbols: &[i32]| {
        let mut writer = Writer::new(Vec::new(), header, coding.clone(), None).expect("sizes that fit");
        writer.push(symbols, &[]).expect("whole codes");
        writer.finish().expect("memory")
    };
    let compress = |team: &Team| {
        let codes = coder.encode(team, Rows::from(test)).expect("images of its size");
        let quantiser = Quantiser::matched(team, coder.decoder(), &codes, own_mse, Quality::default());
        let coding = Coding::fit(quantiser.expect("finite codes"), &codes, None).expect("finite codes");
        let mut symbols = Vec::new();
        coding.quantiser().symbols(&codes, &mut symbols).expect("finite codes");
        write(&coding, &symbols)
    };
    let decompress = |team: &Team, file: &[u8]| {
        let decoded = decode(file).expect("a file of ours");
        coder.decoder().brightness(team, &decoded.codes).expect("codes of its size")
    };

    let mut group = criterion.benchmark_group("codec/shallow-32/10000");
    group
        .throughput(Throughput::Bytes(test.pixels().len() as u64))
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
    group.bench_function("pack", |bencher| bencher.iter(|| write(&coding, black_box(&symbols))));
    group.bench_function("unpack", |bencher| {
        bencher.iter(|| decode(black_box(&file)).expect("a file of ours"))
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
