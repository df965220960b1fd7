//! The names by which MNIST and its relatives are known: of files in a folder, and of arrays in an archive.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{DataError, LoadError};
use crate::folder::Part;

/// How the files of a kind of set are called: a prefix, the part, what is in it, and perhaps `.gz`; of several names the one
/// to prefer first.
#[derive(Debug)]
struct Kind {
    prefixes: &'static [&'static str],
    /// What the test part is called; the other is `train`.
    test: &'static [&'static str],
    images: &'static [&'static str],
    labels: &'static [&'static str],
}

const IMAGES: &[&str] = &["images-idx3-ubyte", "images.idx3-ubyte"];
const LABELS: &[&str] = &["labels-idx1-ubyte", "labels.idx1-ubyte"];

const KINDS: [Kind; 4] = [
    // MNIST, and those that took its names: Fashion-MNIST, Kuzushiji-MNIST.
    Kind { prefixes: &[""], test: &["t10k", "test"], images: IMAGES, labels: LABELS },
    Kind {
        prefixes: &[
            "emnist-byclass-",
            "emnist-bymerge-",
            "emnist-balanced-",
            "emnist-letters-",
            "emnist-digits-",
            "emnist-mnist-",
        ],
        test: &["test"],
        images: IMAGES,
        labels: LABELS,
    },
    // Eight numbers a digit, of which the first is the label.
    Kind {
        prefixes: &["qmnist-"],
        test: &["test"],
        images: IMAGES,
        labels: &["labels-idx2-int", "labels.idx2-int"],
    },
    // Kuzushiji-MNIST as NumPy has it, and Kuzushiji-49.
    Kind { prefixes: &["kmnist-", "k49-"], test: &["test"], images: &["imgs.npz"], labels: &["labels.npz"] },
];

/// The names that the images and the labels of a part may have in an archive: Keras' and MedMNIST's.
pub(crate) fn array_names(part: Part) -> [&'static [&'static str]; 2] {
    match part {
        Part::Train => [&["x_train", "train_images"], &["y_train", "train_labels"]],
        Part::Test => [&["x_test", "test_images"], &["y_test", "test_labels"]],
    }
}

/// A set: its kind, and the prefix of its files.
type Set = (&'static Kind, &'static str);

/// The files of the one set in a folder.
#[derive(Debug)]
pub(crate) struct SetFiles {
    folder: PathBuf,
    /// Nothing if no file has a known name.
    set: Option<Set>,
}

impl SetFiles {
    /// Finds out which set it is, by the names alone.
    ///
    /// # Errors
    /// [`LoadError::Folder`], or [`LoadError::Content`] if there are files of two sets.
    pub(crate) fn of(folder: &Path) -> Result<Self, LoadError> {
        fs::read_dir(folder).map_err(|source| LoadError::Folder { folder: folder.to_owned(), source })?;
        let sets = KINDS.iter().flat_map(|kind| kind.prefixes.iter().map(move |&prefix| (kind, prefix)));
        let mut found = sets.filter_map(|set| Some((set, find(folder, &all_names(set))?)));
        let first = found.next();
        if let (Some((_, one)), Some((_, other))) = (&first, found.next()) {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let expected = "those of one set, any other's in a folder of its own";
            let both = format!("{} beside {}", name(one), name(&other));
            let source = DataError::argument("files of a folder", expected, both);
            return Err(LoadError::Content { path: folder.to_owned(), source });
        }
        Ok(Self { folder: folder.to_owned(), set: first.map(|(set, _)| set) })
    }

    /// The file of a part's images.
    ///
    /// # Errors
    /// [`LoadError::Missing`].
    pub(crate) fn images(&self, part: Part) -> Result<PathBuf, LoadError> {
        let path = self.set.and_then(|set| find(&self.folder, &names(set, part, set.0.images)));
        path.ok_or_else(|| LoadError::Missing {
            folder: self.folder.clone(),
            what: part.what(),
            names: self.looked_for(part),
        })
    }

    /// The file of a part's labels, if it has one.
    pub(crate) fn labels(&self, part: Part) -> Option<PathBuf> {
        let set = self.set?;
        find(&self.folder, &names(set, part, set.0.labels))
    }

    /// Names of images without `.gz`; of each kind of set the first where the set is not known.
    fn looked_for(&self, part: Part) -> Vec<String> {
        match self.set {
            Some(set) => names(set, part, set.0.images).into_iter().step_by(2).collect(),
            None => KINDS
                .iter()
                .map(|kind| names((kind, kind.prefixes[0]), part, kind.images).swap_remove(0))
                .collect(),
        }
    }
}

fn all_names(set: Set) -> Vec<String> {
    let parts = [Part::Train, Part::Test].into_iter();
    parts
        .flat_map(|part| [names(set, part, set.0.images), names(set, part, set.0.labels)])
        .flatten()
        .collect()
}

/// The names that a file may have, the one to prefer first, each plain and then gzipped.
fn names((kind, prefix): Set, part: Part, contents: &[&str]) -> Vec<String> {
    let parts = match part {
        Part::Train => &["train"],
        Part::Test => kind.test,
    };
    let mut names = Vec::new();
    for part in parts {
        for content in contents {
            names.extend(["", ".gz"].map(|packed| format!("{prefix}{part}-{content}{packed}")));
        }
    }
    names
}

/// The first name that is a file, else the first that is there at all, so that what is wrong with it is said.
///
/// Some archives unpack each file into a folder of the same name beside a sound copy: files come first.
fn find(folder: &Path, names: &[String]) -> Option<PathBuf> {
    let paths = || names.iter().map(|name| folder.join(name));
    paths().find(|path| path.is_file()).or_else(|| paths().find(|path| fs::symlink_metadata(path).is_ok()))
}
