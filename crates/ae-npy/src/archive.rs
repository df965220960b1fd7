//! `.npz` files: zip archives of arrays, of which one is wanted.

use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};

use crate::error::NpyErrorKind;

/// Names in a message.
const NAMED: usize = 12;

/// Whether a file that starts so is a zip archive, an empty one included.
pub(crate) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// What `read` makes of the only array in an archive, whose bytes it gets unpacked, and is told at their end if they
/// are not the ones that were packed.
pub(crate) fn read_only_array<T>(
    archive: &[u8],
    read: impl FnOnce(&mut dyn Read) -> Result<T, NpyErrorKind>,
) -> Result<T, NpyErrorKind> {
    let broken = |error: rawzip::Error| NpyErrorKind::Archive { reason: error.to_string() };
    let archive = ZipArchive::from_slice(archive).map_err(broken)?;
    let (mut entries, mut count, mut names, mut only) = (archive.entries(), 0_u64, Vec::new(), None);
    while let Some(entry) = entries.next_entry().map_err(broken)? {
        count += 1;
        if names.len() < NAMED {
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            // Whoever made the archive chose it: no line breaks, and not 64 KiB.
            names.push(name.trim_end_matches(".npy").escape_debug().take(60).collect::<String>());
        }
        only = Some(entry);
    }
    let (Some(entry), 1) = (only, count) else {
        return Err(NpyErrorKind::Archive { reason: not_one(count, &names) });
    };
    let packed = archive.get_entry(entry.wayfinder()).map_err(broken)?;
    let unpacked: Box<dyn Read> = match entry.compression_method() {
        CompressionMethod::STORE => Box::new(packed.data()),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed.data())),
        other => {
            let reason = format!("its array is packed by method {other} (numpy.savez stores and deflates)");
            return Err(NpyErrorKind::Archive { reason });
        }
    };
    read(&mut packed.verifying_reader(unpacked)).map_err(|error| match error {
        // No disk is read here: it is the archive.
        NpyErrorKind::File(error) => NpyErrorKind::Archive { reason: error.to_string() },
        error => error,
    })
}

fn not_one(count: u64, names: &[String]) -> String {
    if count == 0 {
        return "it is empty".to_owned();
    }
    let more = count.saturating_sub(names.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "it holds {count} arrays: {}{more}; save the one that has the codes: \
         numpy.save('codes.npy', numpy.load(FILE)[NAME])",
        names.join(", ")
    )
}
