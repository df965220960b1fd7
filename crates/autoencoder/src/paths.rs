//! Where things are when the user does not say, and how a run finds its data again.

use std::env;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::presets::Preset;

/// A folder that a name such as `data/mnist` or `runs` stands for: the one in the folder that one stands in, or else the
/// one in the checkout around it, if there is one.
pub(crate) fn default_folder(name: &str) -> PathBuf {
    let here = PathBuf::from(name);
    if here.is_dir() {
        return here;
    }
    let is_checkout =
        |folder: &&Path| folder.join("data/mnist").is_dir() && folder.join("Cargo.lock").is_file();
    match env::current_dir() {
        Ok(current) => match current.ancestors().find(is_checkout) {
            Some(root) if root != current => root.join(name),
            _ => here,
        },
        Err(_) => here,
    }
}

/// The folder that a run has by default, by its preset, its hidden layers where they are not the preset's own, and
/// its code size.
pub(crate) fn run_folder(preset: Preset, hidden: Option<&[usize]>, code: usize) -> PathBuf {
    let hidden = hidden.unwrap_or_default().iter().map(|units| format!("-{units}")).collect::<String>();
    default_folder("runs").join(format!("{}{hidden}-{code}", preset.name()))
}

/// The way from a folder that may not be there yet to the folder one stands in, where there is one without a drive's
/// name: what a run notes, so that its data is found from anywhere.
pub(crate) fn way_here_from(folder: &Path) -> io::Result<Option<PathBuf>> {
    let here = env::current_dir()?.canonicalize()?;
    let mut existing = std::path::absolute(folder)?;
    let mut rest = Vec::new();
    while !existing.exists() {
        rest.extend(existing.file_name().map(ToOwned::to_owned));
        if !existing.pop() {
            return Ok(None);
        }
    }
    let mut folder = existing.canonicalize()?;
    folder.extend(rest.iter().rev());
    let shared = here.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return Ok(None);
    }
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(here.components().skip(shared)).collect();
    Ok(Some(if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }))
}
