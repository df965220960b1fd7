//! Weights that the user has named.

use std::io::{self, Write};
use std::path::Path;

use ae_net::{Description, Imported, Network};
use anyhow::Result;

/// Loads them, and says where they have names of their own.
pub(crate) fn import(path: &Path, description: &Description) -> Result<Network> {
    let Imported { network, renamed } = Network::import(path, description)?;
    tell_renamed(path, &renamed);
    Ok(network)
}

/// Says what was taken for what, where a file has names of its own.
fn tell_renamed(path: &Path, renamed: &[(String, String)]) {
    const SHOWN: usize = 4;
    if renamed.is_empty() {
        return;
    }
    let shown = renamed.iter().take(SHOWN);
    let shown = shown.map(|(ours, theirs)| format!("{ours} is taken from {}", theirs.escape_debug()));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = match renamed.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more likewise"),
    };
    let _ = writeln!(io::stderr(), "note: {} has other names: {shown}{more}", path.display());
}
