//! Reading people's own files, each loaded whole by `load`, in rows a second.
//!
//! The files are written once, into `target/tmp/readers`, and stay there: `readers.py` reads the same ones with Pillow, NumPy
//! and pandas, and prints both side by side. The system has them cached by then.

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ae_data::npy::{write_rows, write_rows_header};
use ae_data::{
    ElementKind, IdxWriter, Layout, Limits, ReadOptions, Shape, TableHead, TableWriter, Values, load,
    open_folder,
};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

const PICTURES: usize = 5_000;
const SHAPE: Shape = Shape { channels: 3, rows: 64, cols: 64 };
/// Where arrays have the channels.
const LAYOUT: Option<Layout> = Some(Layout::Hwc);
const DIGITS: usize = 20_000;
const MEASURED: usize = 100_000;
const MEASURES: usize = 30;

/// Each with its number of rows.
const FILES: [(&str, usize); 7] = [
    ("pictures", PICTURES),
    ("pictures.idx", PICTURES),
    ("pictures_u8.npy", PICTURES),
    ("pictures_f32.npy", PICTURES),
    ("pictures_u8.npz", PICTURES),
    ("digits.csv", DIGITS),
    ("measured.csv", MEASURED),
];

type Written = Result<(), Box<dyn Error>>;

fn readers(criterion: &mut Criterion) {
    let folder = folder().expect("the target folder can be written to");
    let options = ReadOptions::default();
    let mut group = criterion.benchmark_group("readers");
    // A call takes from tens to hundreds of milliseconds: a fixed number of them a sample is enough.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, rows) in FILES {
        let path = folder.join(name);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(name, |bencher| {
            assert_eq!(load(&path, &options).expect("a sound file").samples.len(), rows);
            bencher.iter(|| load(black_box(&path), &options).expect("a sound file"));
        });
    }
    group.finish();
}

/// The folder of the files, which takes its name once all are in it.
fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (folder, unfinished) = (target.join("readers"), target.join("readers.unfinished"));
    if !folder.exists() {
        fs::create_dir_all(&unfinished)?;
        write_pictures(&unfinished)?;
        write_digits(&unfinished.join("digits.csv"))?;
        write_measured(&unfinished.join("measured.csv"))?;
        fs::rename(&unfinished, &folder)?;
    }
    Ok(folder)
}

/// The same pictures in all formats of pictures.
fn write_pictures(folder: &Path) -> Written {
    let planes = pictures();
    let mut idx = IdxWriter::new(create(&folder.join("pictures.idx"))?, PICTURES, SHAPE, None)?;
    idx.write(&planes)?;
    idx.finish()?.flush()?;

    let floats = planes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let mut file = create(&folder.join("pictures_f32.npy"))?;
    write_rows_header(&mut file, ElementKind::Floats, PICTURES, SHAPE, LAYOUT)?;
    write_rows(&mut file, &Values::Floats(floats), SHAPE, LAYOUT)?;
    file.flush()?;

    let mut array = Vec::new();
    write_rows_header(&mut array, ElementKind::Bytes, PICTURES, SHAPE, LAYOUT)?;
    let header = array.len();
    write_rows(&mut array, &Values::Bytes(planes), SHAPE, LAYOUT)?;
    fs::write(folder.join("pictures_u8.npy"), &array)?;
    write_archive(&folder.join("pictures_u8.npz"), &array)?;
    write_png(&folder.join("pictures"), &array[header..])
}

/// As `numpy.savez_compressed` writes an array.
fn write_archive(path: &Path, array: &[u8]) -> Written {
    let mut archive = ZipArchiveWriter::new(create(path)?);
    let (mut entry, config) =
        archive.new_file("pictures.npy").compression_method(CompressionMethod::DEFLATE).start()?;
    let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
    writer.write_all(array)?;
    let (encoder, descriptor) = writer.finish()?;
    encoder.finish()?;
    entry.finish(descriptor)?;
    archive.finish()?.flush()?;
    Ok(())
}

/// As most programs write PNG: filters chosen line by line, deflated at level 6.
fn write_png(folder: &Path, pixels: &[u8]) -> Written {
    fs::create_dir_all(folder)?;
    for (place, picture) in pixels.chunks_exact(SHAPE.numbers()).enumerate() {
        let file = create(&folder.join(format!("{place:05}.png")))?;
        PngEncoder::new_with_quality(file, CompressionType::Level(6), FilterType::Adaptive).write_image(
            picture,
            SHAPE.cols as u32,
            SHAPE.rows as u32,
            ExtendedColorType::Rgb8,
        )?;
    }
    Ok(())
}

/// Images of MNIST as a table, as Kaggle has it.
fn write_digits(path: &Path) -> Written {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let all = open_folder(&data, &Limits::default())?.train;
    let digits = all.select(&(0..DIGITS as u32).collect::<Vec<_>>())?;
    let head = TableHead {
        class: Some("label".into()),
        columns: (0..digits.width()).map(|pixel| format!("pixel{pixel}")).collect(),
        ..TableHead::default()
    };
    let classes: Vec<String> = digits.labels().into_iter().flatten().map(i32::to_string).collect();
    let mut table = TableWriter::new(create(path)?, head)?;
    table.write(None, Some(&classes), digits.values(), digits.width())?;
    Ok(table.finish()?.flush()?)
}

/// Numbers of up to nine digits, as 32-bit floats have them, each column of another size.
fn write_measured(path: &Path) -> Written {
    let columns = (0..MEASURES).map(|column| format!("measure{column}")).collect();
    let mut draw = draws();
    let size = |column: usize| 10_f32.powi((column % 7) as i32 - 3);
    let row = |_| std::array::from_fn::<_, MEASURES, _>(|column| size(column) * (draw() - 0.5));
    let values = (0..MEASURED).flat_map(row).collect();
    let mut table = TableWriter::new(create(path)?, TableHead { columns, ..TableHead::default() })?;
    table.write(None, None, &Values::Floats(values), MEASURES)?;
    Ok(table.finish()?.flush()?)
}

/// Waves of several lengths and some noise, which take as much as photographs when they are compressed.
fn pictures() -> Vec<u8> {
    let mut draw = draws();
    let mut planes = Vec::with_capacity(PICTURES * SHAPE.numbers());
    for _ in 0..PICTURES * SHAPE.channels {
        let [across, down, phase] = std::array::from_fn(|_| draw());
        for row in 0..SHAPE.rows {
            for col in 0..SHAPE.cols {
                let along = 0.3 * (across * col as f32 + down * row as f32) + 6.0 * phase;
                planes.push((128.0 + 100.0 * along.sin() + 3.0 * (draw() - 0.5)) as u8);
            }
        }
    }
    planes
}

/// Numbers from 0 to 1, the same each time.
fn draws() -> impl FnMut() -> f32 {
    let mut state = 1_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    }
}

fn create(path: &Path) -> std::io::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path)?))
}

criterion_group!(benches, readers);
criterion_main!(benches);
