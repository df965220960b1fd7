//! A small data set on disk, and the program run on it as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ae_data::{Elements, IdxArray, idx};
use ae_net::{NamedTensor, Network, float_bytes};
use tempfile::TempDir;

/// A folder that is removed at the end of the test, with the four files of a small digit-like set.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let fixture = Self { folder };
        fs::create_dir(fixture.data()).unwrap();
        for (stem, count) in [("train", 40), ("t10k", 12)] {
            let images = fixture.data().join(format!("{stem}-images-idx3-ubyte"));
            write_idx(&images, &[count, 28, 28], pixels(count, 28 * 28));
            let labels = (0..count).map(|i| (i % 10) as u8).collect();
            write_idx(&fixture.data().join(format!("{stem}-labels-idx1-ubyte")), &[count], labels);
        }
        fixture
    }

    /// A path inside the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder with the four files.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The program, to be run in the folder, so that the defaults lie in it too.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ae"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it, and expects it to end well; returns what it printed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it, and expects exit code `code`, nothing but one line on stderr, and no panic; returns
    /// that line.
    pub(crate) fn fail(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
        assert!(errors.starts_with("error: "), "{errors}");
        errors
    }
}

/// Whether a line is one of the table of epochs, `3/50` and so on.
pub(crate) fn is_epoch(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|first| first.contains('/'))
}

/// Blurred bars at places that differ from image to image: many zeros, some greys, as in handwriting.
pub(crate) fn pixels(count: usize, size: usize) -> Vec<u8> {
    (0..count * size)
        .map(|at| {
            let (image, pixel) = (at / size, at % size);
            match (pixel + 7 * image) % 28 {
                10 | 14 => 128,
                11..=13 => 255,
                _ => 0,
            }
        })
        .collect()
}

/// A weights file without metadata, in which a network's layers have these stems.
pub(crate) fn write_renamed(path: &Path, network: &Network, stems: &[&str]) {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (at, NamedTensor { name, shape, values }) in network.tensors().into_iter().enumerate() {
        let (stem, end) = (stems[at / 2], name.rsplit('.').next().unwrap());
        let start = data.len();
        data.extend(float_bytes(&values));
        let end_of_data = data.len();
        entries.push(format!(
            r#""{stem}.{end}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end_of_data}]}}"#
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    fs::write(path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()).unwrap();
}

pub(crate) fn write_idx(path: &Path, dims: &[usize], bytes: Vec<u8>) {
    let array = IdxArray::new(dims.to_vec(), Elements::U8(bytes)).unwrap();
    idx::write(&array, fs::File::create(path).unwrap()).unwrap();
}
