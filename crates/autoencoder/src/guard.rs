//! Where a command may write: never over what it reads, another output, or a file of a run.

use std::fs;
use std::path::{Path, PathBuf};

use ae_train::RunFolder;
use anyhow::{Error, Result, ensure};

use crate::output::BadArgument;
use crate::standard::{self, is_standard};

/// Proves, before any work, that no output takes the place of an input, of another output, or of a file of a run, by
/// whatever names and links they are called; that none lies in a folder that is read; and that none is a folder.
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
        require_apart(output, &inputs)?;
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

/// Proves that a folder for pictures can be made at a path: nothing is there, or an empty folder; and that it is apart from all
/// that is read.
pub(crate) fn require_new_folder(
    path: &Path,
    inputs: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<()> {
    let inputs: Vec<_> = inputs.into_iter().collect();
    let name = path.display();
    if let Ok(mut files) = fs::read_dir(path) {
        ensure!(files.next().is_none(), "{name} is a folder with something in it: name a new one");
    } else {
        ensure!(fs::symlink_metadata(path).is_err(), "{name} is there, and is no folder");
    }
    require_apart(path, &inputs)
}

/// Proves that an output does not lie in a folder that is read.
pub(crate) fn require_apart(output: &Path, inputs: &[impl AsRef<Path>]) -> Result<()> {
    if is_standard(output) {
        return Ok(());
    }
    for input in inputs.iter().map(AsRef::as_ref).filter(|input| input.is_dir()) {
        let Ok(folder) = fs::canonicalize(input) else { continue };
        ensure!(
            !place(output).starts_with(&folder),
            "{} lies in {}, which is read: name a place outside of it",
            output.display(),
            folder.display()
        );
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

/// A file's place with every link on the way to its folder followed, whether or not the file is there, or all folders on
/// the way.
fn place(path: &Path) -> PathBuf {
    let Some(name) = path.file_name() else { return path.to_owned() };
    let folder = ae_file::folder_of(path);
    fs::canonicalize(folder).unwrap_or_else(|_| place(folder)).join(name)
}

/// A format that files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Aez,
    Csv,
    Idx,
    Npy,
    /// A folder of pictures.
    Pictures,
    Png,
}

impl Format {
    /// The endings of its files, without the dot and in lower case, the usual one first.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Aez => &["aez"],
            Self::Csv => &["csv"],
            // The names of MNIST's files end so, after a dot or a dash.
            Self::Idx => &["idx", "idx1-ubyte", "idx3-ubyte"],
            Self::Npy => &["npy"],
            Self::Pictures => &[],
            Self::Png => &["png"],
        }
    }

    /// The format that a file's name asks for, of those that can be written; a name without an ending asks for the only
    /// one.
    pub(crate) fn of(path: &Path, written: &[Self]) -> Result<Self> {
        match path.extension() {
            None if written.len() == 1 => Ok(written[0]),
            None => Err(Self::none(path, written)),
            Some(ending) => {
                let ending = ending.to_string_lossy().to_lowercase();
                let found = written.iter().find(|format| format.endings().contains(&ending.as_str()));
                found.copied().ok_or_else(|| Self::none(path, written))
            }
        }
    }

    /// The same where a name without an ending asks for the first; for a folder if it leads to one, or says so by a slash at
    /// its end; and standard output for the first that is a stream.
    pub(crate) fn or_first(path: &Path, written: &[Self]) -> Result<Self> {
        let is_folder = path.is_dir() || path.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
        let found = if is_standard(path) {
            written.iter().find(|&&format| format != Self::Pictures)
        } else if is_folder {
            written.iter().find(|&&format| format == Self::Pictures)
        } else if path.extension().is_none() {
            written.first()
        } else {
            return Self::of(path, written);
        };
        found.copied().ok_or_else(|| Self::none(path, written))
    }

    fn none(path: &Path, written: &[Self]) -> Error {
        let endings = written.iter().filter_map(|format| format.endings().first());
        let mut expected = endings.map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(" or ");
        if written.contains(&Self::Pictures) {
            expected += ", or the name of a folder, which has none";
        }
        BadArgument(format!("{}: expected a name that ends in {expected}", path.display())).into()
    }
}
