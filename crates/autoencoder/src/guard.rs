//! Where a command may write: never over what it reads, another output, or a file of a run.

use std::fs;
use std::path::{Path, PathBuf};

use ae_train::RunFolder;
use anyhow::{Result, ensure};

use crate::output::BadArgument;
use crate::standard::{self, is_standard};

/// Proves, before any work, that no output takes the place of an input, of another output, or of a file of a run, by
/// whatever names and links they are called, and that none is a folder.
pub(crate) fn require_places(
    outputs: &[impl AsRef<Path>],
    inputs: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<()> {
    let inputs: Vec<_> = inputs.into_iter().collect();
    for (at, output) in outputs.iter().map(AsRef::as_ref).enumerate() {
        let name = output.display();
        if is_standard(output) {
            standard::take();
        } else {
            require_file(output)?;
        }
        for input in inputs.iter().map(AsRef::as_ref).filter(|input| !is_standard(input)) {
            ensure!(
                !is_same(output, input),
                "{} would be overwritten by what is made of it",
                input.display()
            );
        }
        if let Some(other) = outputs[..at].iter().map(AsRef::as_ref).find(|other| is_same(output, other)) {
            let problem = format!("{name} and {}: two outputs, and one file", other.display());
            return Err(BadArgument(problem).into());
        }
        ensure!(!RunFolder::owns(output), "{name} is a file of a run, and would be lost");
    }
    Ok(())
}

/// Proves that what is at a path, if anything is, can be replaced by a file.
fn require_file(path: &Path) -> Result<()> {
    let name = path.display();
    match fs::metadata(path) {
        Ok(there) => {
            ensure!(!there.is_dir(), "{name} is a folder: name a file in it");
            ensure!(there.is_file(), "{name} is not a regular file");
        }
        Err(_) => ensure!(fs::symlink_metadata(path).is_err(), "{name} is a link to nothing"),
    }
    Ok(())
}

/// Proves that weights to start from are no file of the run that a new one in `folder` would take the place of.
pub(crate) fn require_kept(init: &Path, folder: &Path) -> Result<()> {
    let file = fs::canonicalize(init).unwrap_or_else(|_| init.to_owned());
    let lost = RunFolder::owns(&file) && file.parent().is_some_and(|parent| is_same(parent, folder));
    ensure!(
        !lost,
        BadArgument(format!(
            "--init {} is a file of the run that would be replaced: name another folder with --run",
            init.display()
        ))
    );
    Ok(())
}

/// Whether two paths lead to one file, or would once it is there.
fn is_same(a: &Path, b: &Path) -> bool {
    // To compare files is to open them, and a pipe would be waited for.
    let are_files = a.is_file() && b.is_file();
    if are_files { same_file::is_same_file(a, b).unwrap_or(false) } else { place(a) == place(b) }
}

/// A file's place with every link on the way to its folder followed, whether or not the file is there.
fn place(path: &Path) -> PathBuf {
    let Some(name) = path.file_name() else { return path.to_owned() };
    let folder = ae_file::folder_of(path);
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()).join(name)
}

/// A format that files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Aez,
    Idx,
    Npy,
    Png,
}

impl Format {
    /// The endings of its files, without the dot and in lower case, the usual one first.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Aez => &["aez"],
            // The names of MNIST's files end so, after a dot or a dash.
            Self::Idx => &["idx", "idx1-ubyte", "idx3-ubyte"],
            Self::Npy => &["npy"],
            Self::Png => &["png"],
        }
    }

    /// The format that a file's name asks for, of those that can be written; a name without an ending asks for the only
    /// one.
    pub(crate) fn of(path: &Path, written: &[Self]) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let found = match &ending {
            Some(ending) => written.iter().find(|format| format.endings().contains(&ending.as_str())),
            None if written.len() == 1 => written.first(),
            None => None,
        };
        found.copied().ok_or_else(|| {
            let expected: Vec<_> = written.iter().map(|format| format!(".{}", format.endings()[0])).collect();
            let expected = expected.join(" or ");
            BadArgument(format!("{}: expected a name that ends in {expected}", path.display())).into()
        })
    }
}
