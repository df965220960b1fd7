//! Lists of files in words.

use std::fmt::Display;

/// As many as are named.
const NAMED: usize = 3;

/// A number and what there are so many of.
pub(crate) fn entries(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The first few of a list, and how many more there are.
pub(crate) fn first_of(list: &[impl Display]) -> String {
    let mut named: Vec<String> = list.iter().take(NAMED).map(ToString::to_string).collect();
    if list.len() > NAMED {
        named.push(format!("and {} more", list.len() - NAMED));
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_named_and_the_others_counted() {
        assert_eq!(first_of(&["a"]), "a");
        assert_eq!(first_of(&["a", "b", "c"]), "a, b, c");
        assert_eq!(first_of(&["a", "b", "c", "d", "e"]), "a, b, c, and 2 more");
        assert_eq!(
            (entries(1, "file", "files"), entries(2, "file", "files")),
            ("1 file".into(), "2 files".into())
        );
    }
}
