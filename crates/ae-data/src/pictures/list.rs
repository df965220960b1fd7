//! What is in a folder of pictures.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::error::LoadError;
use crate::pictures::error::PicturesError;
use crate::pictures::name;

/// More entries than this are not listed: as many take about half a gigabyte.
pub(crate) const MAX_ENTRIES: usize = 4_000_000;

/// A picture that can't be used, and why; written out, it is both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusablePicture {
    /// The path within the folder; characters that could harm a terminal are escaped.
    pub name: String,
    /// What is wrong with it, said of "it".
    pub reason: String,
}

impl fmt::Display for UnusablePicture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.name, self.reason)
    }
}

/// What was found, each part in the order of [`by_parts`].
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Regular files, also behind links that stay in the folder: their paths within it, `/` between folders.
    pub(crate) files: Vec<String>,
    /// Pipes and devices, which are not opened.
    pub(crate) others: Vec<String>,
    /// Links that are not followed: those to folders, which may lead in a circle, and those that lead out or nowhere.
    pub(crate) links: Vec<String>,
    /// Files and folders whose names can't be names of pictures.
    pub(crate) unusable: Vec<UnusablePicture>,
}

/// Lists a folder with all folders in it, except what is hidden: what has a name that begins with a dot.
pub(crate) fn list(folder: &Path, limit: usize) -> Result<Listing, LoadError> {
    let refused = |folder: &Path| {
        let folder = folder.to_owned();
        move |source| LoadError::Folder { folder, source }
    };
    let root = fs::canonicalize(folder).map_err(refused(folder))?;
    let (mut found, mut seen, mut folders) = (Listing::default(), 0, vec![String::new()]);
    while let Some(within) = folders.pop() {
        let path = folder.join(&within);
        for entry in fs::read_dir(&path).map_err(refused(&path))? {
            let entry = entry.map_err(refused(&path))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            seen += 1;
            if seen > limit {
                return Err(PicturesError::TooMany { folder: folder.to_owned(), limit }.into());
            }
            match name_of(&within, &entry.file_name()) {
                Ok(name) => found.add(&entry, name, &root, &mut folders).map_err(refused(&path))?,
                Err(unusable) => found.unusable.push(unusable),
            }
        }
    }
    for names in [&mut found.files, &mut found.others, &mut found.links] {
        names.sort_unstable_by(|a, b| by_parts(a, b));
    }
    found.unusable.sort_unstable_by(|a, b| by_parts(&a.name, &b.name));
    Ok(found)
}

impl Listing {
    fn add(
        &mut self,
        entry: &DirEntry,
        name: String,
        root: &Path,
        folders: &mut Vec<String>,
    ) -> std::io::Result<()> {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folders.push(name);
        } else if kind.is_file() || (kind.is_symlink() && leads_to_a_file_in(root, entry.path())) {
            self.files.push(name);
        } else if kind.is_symlink() {
            self.links.push(name);
        } else {
            self.others.push(name);
        }
        Ok(())
    }
}

fn leads_to_a_file_in(root: &Path, link: PathBuf) -> bool {
    fs::canonicalize(link).is_ok_and(|target| target.starts_with(root) && target.is_file())
}

/// The path of an entry of the folder `within`.
fn name_of(within: &str, entry: &OsStr) -> Result<String, UnusablePicture> {
    let path = |name: &str| if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
    let Some(name) = entry.to_str() else {
        let name = entry.to_string_lossy().escape_debug().to_string();
        return Err(UnusablePicture { name: path(&name), reason: "its name is not UTF-8".into() });
    };
    match name::fault(&path(name)) {
        Some(fault) => Err(UnusablePicture {
            name: path(&name.escape_debug().to_string()),
            reason: format!("its name can't be used: {fault}"),
        }),
        None => Ok(path(name)),
    }
}

/// Compares paths part by part, each by its bytes: whatever the system's language, and whatever order it lists files in.
fn by_parts(a: &str, b: &str) -> std::cmp::Ordering {
    a.split('/').cmp(b.split('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ordered_part_by_part() {
        // As whole strings, "a b/1" would come first, since a blank is before a slash.
        let mut names = ["b", "a b/1", "a/2", "ä", "a/10", "a.png", "Z"];
        names.sort_by(|a, b| by_parts(a, b));
        assert_eq!(names, ["Z", "a/10", "a/2", "a b/1", "a.png", "b", "ä"]);
    }

    #[test]
    fn more_entries_than_the_limit_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        for name in ["1", "2", "a/3", ".hidden"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(list(folder.path(), 4).unwrap().files, ["1", "2", "a/3"]);
        let refused = list(folder.path(), 3).unwrap_err();
        assert!(matches!(refused, LoadError::Pictures(PicturesError::TooMany { limit: 3, .. })), "{refused}");
    }
}
