//! What a file is that is not what it should be, by its first bytes.

use std::fmt;

/// What a file is, for the message that it is not what was asked for; written out, it is a name and what to do.
///
/// # Example
/// ```
/// let kind = ae_file::Kind::of(b"PK\x03\x04\x14\0\0\0").expect("a zip archive begins so");
/// assert_eq!(kind.to_string(), "a zip archive (.zip, .npz, .pt, .docx): unpack it with `unzip`");
/// assert_eq!(ae_file::Kind::of(&[0; 8]), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    advice: &'static str,
}

impl Kind {
    /// As many bytes of a file's beginning as are looked at.
    pub const START_BYTES: usize = 512;

    /// What it is, without what to do.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Whether it is plain text: a table, perhaps.
    pub fn is_text(self) -> bool {
        self == TEXT
    }

    /// Whether it is packed by gzip.
    pub fn is_gzip(self) -> bool {
        self.name == "a gzip file"
    }

    /// The kind of a file that begins with `start`: its first [`START_BYTES`](Self::START_BYTES), or all of it if it is
    /// shorter. `None` if nothing known begins so.
    pub fn of(start: &[u8]) -> Option<Kind> {
        let start = &start[..start.len().min(Self::START_BYTES)];
        let listed =
            KINDS.iter().find(|(at, bytes, _)| start.get(*at..).is_some_and(|s| s.starts_with(bytes)));
        if let Some(&(_, _, kind)) = listed {
            return Some(kind);
        }
        match start {
            [] => Some(kind("an empty file", "nothing was ever written to it, or it was cut short")),
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(picture("a BMP picture")),
            [0, 0, 0x08 | 0x09 | 0x0B..=0x0E, 1..=8, ..] => Some(IDX),
            // Protocols 2 to 5; the older ones are text.
            [0x80, 2..=5, ..] => Some(PICKLE),
            // The length of a JSON object, little-endian, below 128 MiB, then the object.
            [_, _, _, 0..8, 0, 0, 0, 0, b'{', b'"', ..] => Some(SAFETENSORS),
            _ => of_text(start),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.advice)
    }
}

const fn kind(name: &'static str, advice: &'static str) -> Kind {
    Kind { name, advice }
}

const fn picture(name: &'static str) -> Kind {
    kind(name, "pictures are read from a folder, so name the one that it is in")
}

/// Where bytes stand, which they are, and what a file with them is; the first that fits counts.
const KINDS: &[(usize, &[u8], Kind)] = &[
    (0, b"\x89PNG", picture("a PNG picture")),
    (0, b"\xff\xd8\xff", picture("a JPEG picture")),
    (0, b"GIF8", picture("a GIF picture")),
    (0, b"II*\0", picture("a TIFF picture")),
    (0, b"MM\0*", picture("a TIFF picture")),
    (8, b"WEBPVP8", picture("a WebP picture")),
    (0, b"PK\x03\x04", kind("a zip archive (.zip, .npz, .pt, .docx)", "unpack it with `unzip`")),
    (0, b"PK\x05\x06", kind("an empty zip archive", "there is nothing in it; get the file again")),
    (0, b"\x1f\x8b", kind("a gzip file", "unpack it with `gunzip`")),
    (0, b"7z\xbc\xaf\x27\x1c", kind("a 7z archive", "unpack it with `7z x`")),
    (0, b"\xfd7zXZ\0", kind("an xz file", "unpack it with `unxz`")),
    (0, b"\x28\xb5\x2f\xfd", kind("a zstd file", "unpack it with `unzstd`")),
    (0, b"BZh", kind("a bzip2 file", "unpack it with `bunzip2`")),
    (257, b"ustar", kind("a tar archive", "unpack it with `tar -xf`")),
    (
        0,
        b"\x93NUMPY",
        kind("a NumPy array (.npy)", "it is read where rows, codes or labels are asked for, not here"),
    ),
    (
        0,
        b"\x89HDF",
        kind("an HDF5 file", "save what is in it in the format asked for (Python: h5py reads it)"),
    ),
    (0, b"%PDF", kind("a PDF document", "it holds no array; the data must be another file")),
    (0, b"\x89AEZ", kind("an .aez file", "decompress it to images first")),
    (
        0,
        b"version https://git-lfs",
        kind("a Git LFS pointer, not the file that it stands for", "`git lfs pull` downloads the file"),
    ),
];

const IDX: Kind = kind("an IDX file", "it is read where rows or labels are asked for, not here");
const TEXT: Kind = kind("a text file, CSV perhaps", "tables are read where rows are asked for, not here");
const SAFETENSORS: Kind = kind("a safetensors file", "it is read where weights are asked for, not here");
const PICKLE: Kind = kind(
    "a Python pickle (also what older torch.save writes)",
    "it can run any program when it is opened, so it is not read; save what is in it in the format asked for",
);

/// Text is UTF-8 without control characters, though the last character may be cut off.
fn of_text(start: &[u8]) -> Option<Kind> {
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => str::from_utf8(&start[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() || text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let begins = |tag: &str| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    Some(if begins("<!doctype html") || begins("<html") {
        kind(
            "a web page",
            "the page was saved in place of the file that it leads to; download the file itself",
        )
    } else if text.starts_with(['{', '[']) {
        kind("a JSON file", "save the numbers in it in the format asked for (Python: numpy)")
    } else {
        TEXT
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beginnings as they were written by Pillow, NumPy, h5py, py7zr, safetensors, Python's pickle and tarfile, and the
    /// programs that a kind's advice names.
    #[test]
    fn what_other_programs_write_is_named() {
        let mut tar = [0; START];
        tar[..14].copy_from_slice(b"././@PaxHeader");
        tar[257..265].copy_from_slice(b"ustar\x0000");
        for (start, name) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "a PNG picture"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG picture"),
            (b"GIF87a\x08\0\x08\0", "a GIF picture"),
            (b"BMv\x04\0\0\0\0\0\x006\x04\0\0", "a BMP picture"),
            (b"II*\0\x08\0\0\0\t\0", "a TIFF picture"),
            (b"RIFF.\0\0\0WEBPVP8 \"\0", "a WebP picture"),
            (b"PK\x03\x04-\0\0\0\0\0", "a zip archive (.zip, .npz, .pt, .docx)"),
            (b"PK\x05\x06\0\0\0\0", "an empty zip archive"),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "a gzip file"),
            (b"7z\xbc\xaf'\x1c\0\x04", "a 7z archive"),
            (b"\xfd7zXZ\0\0\x04", "an xz file"),
            (b"(\xb5/\xfd\x04X)\0\0hello", "a zstd file"),
            (b"BZh91AY&SY\x191", "a bzip2 file"),
            (&tar, "a tar archive"),
            (b"\x93NUMPY\x01\0v\0{'descr': '<f8'", "a NumPy array (.npy)"),
            (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
            (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
            (b"\x80\x02}q\0X\x01\0\0\0", PICKLE.name),
            (b"\x80\x05\x95\xa4\0\0\0\0\0\0\0", PICKLE.name),
            (b"8\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F", "a safetensors file"),
            (b"\x89AEZ\x01\0", "an .aez file"),
            (&[0, 0, 8, 3, 0, 0, 234, 96], "an IDX file"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid",
                "a Git LFS pointer, not the file that it stands for",
            ),
            (b"\xef\xbb\xbf \n<!DOCTYPE HTML>", "a web page"),
            (b"<html lang=\"en\">", "a web page"),
            (b"{\"a\": [1, 2]}", "a JSON file"),
            (b"label,1x1,1x2\r\n5,0,0\r\n", "a text file, CSV perhaps"),
            (b"", "an empty file"),
        ] {
            assert_eq!(Kind::of(start).map(|kind| kind.name), Some(name), "{start:?}");
        }
    }

    #[test]
    fn what_begins_like_nothing_known_has_no_kind() {
        for start in [
            &b" \n"[..],
            b"\0\0\0\0",
            b"\x89PN",
            b"RIFF\0\0\0\0WAVEfmt ",
            b"caf\xe9s",
            b"a\x07b",
            &[3, 8, 0, 0],
        ] {
            assert_eq!(Kind::of(start), None, "{start:?}");
        }
        // A longer object than any file of weights begins with.
        assert_eq!(Kind::of(b"\0\0\0\x08\0\0\0\0{\"w\""), None);
    }

    /// A character that the last of the bytes looked at cuts in two does not make a text something else, and what
    /// comes later is not looked at.
    #[test]
    fn a_text_is_a_text_wherever_it_is_cut() {
        let mut text = "é".repeat(START).into_bytes();
        for length in 2..=START {
            assert_eq!(Kind::of(&text[..length]), Kind::of(b"1 2 3"), "{length}");
        }
        text[START..].fill(0);
        assert_eq!(Kind::of(&text), Kind::of(b"1 2 3"));
    }

    const START: usize = Kind::START_BYTES;
}
