//! Names of pictures: paths within a folder, `/` between folders.

/// Why a name can't be one, if it can't: the same for names that are read and names that are written, so that what was read
/// can be written again, and nothing is written outside the folder, on any system.
pub(crate) fn fault(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    if name.contains(char::is_control) {
        Some("it has a control character")
    } else if name.contains('\\') {
        Some("it has a backslash, which some systems take for a new folder")
    } else if bytes.get(1) == Some(&b':') && bytes[0].is_ascii_alphabetic() {
        Some("it begins with a drive letter")
    } else if name.split('/').any(str::is_empty) {
        Some("it is empty, an absolute path, or has an empty part")
    } else if name.split('/').any(|part| part.starts_with('.')) {
        Some("a part of it begins with a dot, which leads elsewhere or is hidden")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_faulty() {
        for name in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a/./b",
            ".hidden",
            "a/.git/b",
            "a\\b",
            "..\\a",
            "C:",
            "C:/a",
            "c:a",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "\\\\server\\a",
        ] {
            assert!(fault(name).is_some(), "{name:?}");
        }
        for name in
            ["a", "a.png", "a/b/c.jpg", "a..b", "a...", "12:30.png", "1:a", "ä ö/ü.png", "a b", "%2e%2e", "~"]
        {
            assert_eq!(fault(name), None, "{name:?}");
        }
    }
}
