//! Files as people have them, small: folders of pictures, arrays, archives, tables, IDX.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use ae_data::npy::{Element, write_header, write_labels, write_values};
use ae_data::{Elements, IdxArray, Shape, Values, idx};
use image::{GrayImage, RgbImage};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::fixture::write_idx;

/// Few, as each is drawn and measured by.
const CLASSES: i32 = 3;

pub(crate) const fn colour(rows: usize, cols: usize) -> Shape {
    Shape { channels: 3, rows, cols }
}

/// Bytes of rows of `numbers`, plane after plane; no two of the first 200 rows are alike.
pub(crate) fn bytes(rows: std::ops::Range<usize>, numbers: usize) -> Vec<u8> {
    let pixel = |row: usize, at: usize| (row * 16 + at * (row % 13 + 1)) % 256;
    rows.flat_map(|row| (0..numbers).map(move |at| pixel(row, at) as u8)).collect()
}

/// A picture, grey or in colour, from its planes; in the format that the name ends in.
pub(crate) fn write_picture(path: &Path, shape: Shape, planes: &[u8]) {
    let (width, height, plane) = (shape.cols as u32, shape.rows as u32, shape.rows * shape.cols);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if shape.channels == 1 {
        return GrayImage::from_raw(width, height, planes.to_vec()).unwrap().save(path).unwrap();
    }
    let pixel = |at: usize| image::Rgb([planes[at], planes[plane + at], planes[2 * plane + at]]);
    RgbImage::from_fn(width, height, |x, y| pixel((y * width + x) as usize)).save(path).unwrap();
}

/// A folder of `count` pictures of [`bytes`], called `00.png` and so on, one after the other in the sub-folders.
pub(crate) fn write_pictures(folder: &Path, classes: &[&str], count: usize, shape: Shape) {
    for row in 0..count {
        let class = classes.get(row % classes.len().max(1)).unwrap_or(&"");
        let path = folder.join(class).join(format!("{row:02}.png"));
        write_picture(&path, shape, &bytes(row..row + 1, shape.numbers()));
    }
}

pub(crate) fn npy_bytes(sizes: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    write_header(&mut file, Element::U8, &sizes.iter().map(|&size| size as u64).collect::<Vec<_>>()).unwrap();
    [&file, bytes].concat()
}

pub(crate) fn npy_floats(sizes: &[usize], floats: &[f32]) -> Vec<u8> {
    let mut file = Vec::new();
    write_header(&mut file, Element::F32, &sizes.iter().map(|&size| size as u64).collect::<Vec<_>>())
        .unwrap();
    write_values(&mut file, floats).unwrap();
    file
}

pub(crate) fn npy_labels(labels: &[i32]) -> Vec<u8> {
    let mut file = Vec::new();
    write_labels(&mut file, labels).unwrap();
    file
}

/// A zip archive: of arrays, as `numpy.savez` makes it, where names end in `.npy`.
pub(crate) fn write_zip(path: &Path, files: &[(&str, Vec<u8>)]) {
    let mut archive = ZipArchiveWriter::new(File::create(path).unwrap());
    for (name, content) in files {
        let file = archive.new_file(name).compression_method(CompressionMethod::STORE);
        let (mut entry, config) = file.start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
}

/// Keras' `mnist.npz`, but for the number of its pictures.
pub(crate) fn write_keras(path: &Path, train: usize, test: usize) {
    let labels = |count: usize| npy_labels(&Vec::from_iter((0..count as i32).map(|row| row % CLASSES)));
    let images = |rows: std::ops::Range<usize>| npy_bytes(&[rows.len(), 28, 28], &bytes(rows, 784));
    let arrays = [
        ("x_train.npy", images(0..train)),
        ("y_train.npy", labels(train)),
        ("x_test.npy", images(train..train + test)),
        ("y_test.npy", labels(test)),
    ];
    write_zip(path, &arrays);
}

/// An IDX file of any elements.
pub(crate) fn write_idx_of(path: &Path, dims: &[usize], elements: Elements) {
    idx::write(&IdxArray::new(dims.to_vec(), elements).unwrap(), File::create(path).unwrap()).unwrap();
}

/// The four files of a relative of MNIST, under a prefix; QMNIST's labels are eight numbers each.
pub(crate) fn write_relative(folder: &Path, prefix: &str) {
    fs::create_dir_all(folder).unwrap();
    for (part, rows) in [("train", 0..40), ("test", 40..52)] {
        let count = rows.len();
        let images = folder.join(format!("{prefix}-{part}-images-idx3-ubyte"));
        write_idx(&images, &[count, 28, 28], bytes(rows, 784));
        let label = |row: usize| row as i32 % CLASSES;
        if prefix == "qmnist" {
            let labels = (0..count).flat_map(|row| [label(row), 0, 1, 2, 3, 4, 5, 6]).collect();
            let path = folder.join("qmnist-".to_owned() + part + "-labels-idx2-int");
            write_idx_of(&path, &[count, 8], Elements::I32(labels));
        } else {
            let labels = (0..count).map(|row| label(row) as u8).collect();
            write_idx(&folder.join(format!("{prefix}-{part}-labels-idx1-ubyte")), &[count], labels);
        }
    }
}

/// A table: a header, if there is one, and a line a row.
pub(crate) fn write_table(path: &Path, header: Option<&str>, lines: impl IntoIterator<Item = String>) {
    let lines = header.map(str::to_owned).into_iter().chain(lines);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, lines.map(|line| line + "\n").collect::<String>()).unwrap();
}

/// Numbers with commas between them.
pub(crate) fn joined(numbers: impl IntoIterator<Item = impl ToString>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

/// Rows of pixels as Kaggle has MNIST: `label,pixel0,..`, or without the label.
pub(crate) fn write_kaggle(path: &Path, rows: std::ops::Range<usize>, labelled: bool) {
    let pixels = joined((0..784).map(|pixel| format!("pixel{pixel}")));
    let header = if labelled { format!("label,{pixels}") } else { pixels };
    let line = |row: usize| {
        let pixels = joined(bytes(row..row + 1, 784));
        if labelled { format!("{},{pixels}", row as i32 % CLASSES) } else { pixels }
    };
    write_table(path, Some(&header), rows.map(line));
}

/// The paths of all files in a folder, sorted.
pub(crate) fn files_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            true => found.extend(files_in(&path).iter().map(|file| format!("{name}/{file}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

/// Rows and columns of each picture in a folder, and whether it is grey.
pub(crate) fn picture_kinds(folder: &Path) -> Vec<(u32, u32, bool)> {
    let open = |name: &String| {
        let picture = image::open(folder.join(name)).unwrap();
        (picture.height(), picture.width(), picture.color() == image::ColorType::L8)
    };
    files_in(folder).iter().map(open).collect()
}

/// The numbers of a table's rows, without its header and what is no number.
pub(crate) fn numbers(table: &str) -> Vec<Vec<f32>> {
    let cells = |line: &str| line.split(',').filter_map(|cell| cell.parse().ok()).collect::<Vec<_>>();
    table.lines().map(cells).filter(|row| !row.is_empty()).collect()
}

/// All rows of a file or folder, as it stands there.
pub(crate) fn values(path: &Path) -> Values {
    ae_data::load(path, &ae_data::ReadOptions::default()).unwrap().samples.values().clone()
}
