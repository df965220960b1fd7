//! Where things are when the user does not say.

use std::env;
use std::path::{Path, PathBuf};

use crate::cli::PresetName;

/// A path of the workspace's own, such as `data/mnist`: relative where the command runs in the
/// workspace's root, so that it prints short, and absolute elsewhere, so that it is still found.
pub(crate) fn in_workspace(relative: &str) -> PathBuf {
    // Cargo sets the variable for what it runs; a binary started by hand looks where it stands.
    let root = env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|package| Path::new(&package).parent().map(Path::to_owned));
    match (root, env::current_dir()) {
        (Some(root), Ok(here)) if root != here => root.join(relative),
        _ => PathBuf::from(relative),
    }
}

/// The folder that a run of this preset and code size has by default.
pub(crate) fn run_folder(preset: PresetName, code: usize) -> PathBuf {
    in_workspace(&format!("runs/{}-{code}", preset.name()))
}
