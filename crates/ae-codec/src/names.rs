//! Names as they stand in a file: one after the other, each by what it does not share with the one before, packed by deflate
//! (RFC 1951).
//!
//! Files of a set are often called alike, and numbered. What a name shares with the one before is one number then, the same
//! for nearly all, and deflate makes next to nothing of it: 0.2 bytes a name, where the names themselves take 2.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Bytes that a name may have.
pub const MAX_NAME_BYTES: usize = 1 << 12;
/// Bytes that the names of a block may have together, two more for each counted in; and those of a file's classes, with the
/// text about its form.
pub const MAX_TEXT_BYTES: usize = 1 << 22;

/// Ends a name, and so is in none.
const END: u8 = b'\n';
/// What one byte can say of a name is shared with the one before.
const MOST_SHARED: usize = u8::MAX as usize;

/// What names have to be, and what these are.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Refused {
    pub(crate) fn new(expected: impl ToString, found: impl ToString) -> Self {
        Self { expected: expected.to_string(), found: found.to_string() }
    }
}

/// Refuses what is no name.
pub(crate) fn check_each(names: &[String]) -> Result<(), Refused> {
    names.iter().enumerate().try_for_each(|(index, name)| check_name(index, name))
}

/// Refuses names that are more than a part of a file may hold, with the bytes behind them. Those of a block that is written
/// never are: 512 of them.
pub(crate) fn check_together(names: &[String], rest: &[u8]) -> Result<(), Refused> {
    check_total(names.iter().map(|name| most_bytes(name)).sum::<usize>() + rest.len())
}

/// What a name takes before it is packed, at most.
fn most_bytes(name: &str) -> usize {
    name.len() + 2
}

fn check_name(index: usize, name: &str) -> Result<(), Refused> {
    if name.len() > MAX_NAME_BYTES {
        let found = format_args!("{} bytes in name {index}", name.len());
        return Err(Refused::new(format_args!("at most {MAX_NAME_BYTES} bytes a name"), found));
    }
    match name.chars().find(|letter| letter.is_control()) {
        Some(letter) => {
            let found = format_args!("{letter:?} in name {index}");
            Err(Refused::new("no control characters", found))
        }
        None => Ok(()),
    }
}

fn check_total(bytes: usize) -> Result<(), Refused> {
    match bytes {
        0..=MAX_TEXT_BYTES => Ok(()),
        _ => Err(Refused::new(format_args!("at most {MAX_TEXT_BYTES} bytes together"), "more")),
    }
}

/// Memory that names take.
pub(crate) fn memory(names: &[String]) -> u64 {
    names.iter().map(|name| (size_of::<String>() + name.len()) as u64).sum()
}

/// Names that were checked, and then bytes of any kind.
pub(crate) fn pack(names: &[String], rest: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut before: &[u8] = &[];
    for name in names.iter().map(String::as_bytes) {
        let pairs = before.iter().zip(name).take(MOST_SHARED);
        let shared = pairs.take_while(|(before, now)| before == now).count();
        text.push(shared as u8);
        text.extend(&name[shared..]);
        text.push(END);
        before = name;
    }
    text.extend(rest);
    deflated(&text).expect("a vector takes whatever is written")
}

fn deflated(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text)?;
    packed.finish()
}

/// So many names, with nothing behind them.
pub(crate) fn unpack_alone(packed: &[u8], count: usize) -> Result<Vec<String>, Refused> {
    let (names, rest) = unpack(packed, count)?;
    match rest.len() {
        0 => Ok(names),
        more => Err(Refused::new(format_args!("{count} names"), format_args!("{more} bytes more"))),
    }
}

/// So many names, and the bytes that follow them.
///
/// `count` is at most [`MAX_NAMES`](crate::MAX_NAMES). Then it takes no more than some 30 MiB, whatever the text says: besides
/// its own bytes, [`MAX_TEXT_BYTES`] for all of them, a name has 255 of the one before.
pub(crate) fn unpack(packed: &[u8], count: usize) -> Result<(Vec<String>, Vec<u8>), Refused> {
    let mut text = inflated(packed)?;
    let (mut names, mut bytes) = (Vec::<String>::new(), 0);
    let mut left = &text[..];
    while names.len() < count {
        let ended = left.split_first().and_then(|(&shared, new)| {
            let end = new.iter().position(|&byte| byte == END)?;
            Some((usize::from(shared), &new[..end], &new[end + 1..]))
        });
        let Some((shared, new, rest)) = ended else {
            return Err(Refused::new(format_args!("{count} names"), names.len()));
        };
        let name = joined(names.last(), shared, new)
            .ok_or_else(|| Refused::new("names in UTF-8", format_args!("none in name {}", names.len())))?;
        check_name(names.len(), &name)?;
        bytes += most_bytes(&name);
        names.push(name);
        left = rest;
    }
    check_total(bytes + left.len())?;
    let read = text.len() - left.len();
    Ok((names, text.split_off(read)))
}

/// What a name shares with the one before, and what it does not.
fn joined(before: Option<&String>, shared: usize, new: &[u8]) -> Option<String> {
    let shared = before.map_or(&[][..], |name| name.as_bytes()).get(..shared)?;
    String::from_utf8([shared, new].concat()).ok()
}

/// Grown as it comes, as far as it may.
fn inflated(packed: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut text = Vec::new();
    let mut stream = DeflateDecoder::new(packed);
    let read = stream.by_ref().take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut text);
    read.map_err(|error| Refused::new("a deflate stream", error))?;
    check_total(text.len())?;
    match stream.into_inner().len() {
        0 => Ok(text),
        more => Err(Refused::new("a deflate stream alone", format_args!("{more} bytes more"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What is wrong with a text of so many names, before it is packed.
    fn refused(text: &[u8], count: usize) -> String {
        let Refused { expected, found } = unpack_alone(&deflated(text).unwrap(), count).unwrap_err();
        format!("{expected}: {found}")
    }

    #[test]
    fn a_name_is_what_it_shares_with_the_one_before_and_the_rest_of_it() {
        let names = owned(&["cat/1.png", "cat/12.png", "", "ä", "ö", "ö"]);
        // The first byte of both letters is the same.
        let text = [&b"\0cat/1.png\n\x052.png\n\0\n\0\xc3\xa4\n\x01\xb6\n\x02\n"[..], b"more"].concat();
        assert_eq!(inflated(&pack(&names, b"more")).unwrap(), text);
        assert_eq!(unpack(&deflated(&text).unwrap(), 6).unwrap(), (names, b"more".to_vec()));
        // One byte says how much is shared: 255 at most, and so 10 too, which would end a name.
        for length in [9, 10, 11, 255, 256, MAX_NAME_BYTES] {
            let names = vec!["n".repeat(length); 3];
            assert_eq!(unpack_alone(&pack(&names, &[]), 3).unwrap(), names);
        }
    }

    #[test]
    fn what_are_no_names_is_refused_and_why_is_said() {
        assert_eq!(refused(b"\0a\n", 2), "2 names: 1");
        assert_eq!(refused(b"\0a\n\0b", 2), "2 names: 1");
        assert_eq!(refused(b"", 1), "1 names: 0");
        assert_eq!(refused(b"\0a\n\0b\n", 1), "1 names: 3 bytes more");
        assert_eq!(refused(b"\x01a\n", 1), "names in UTF-8: none in name 0");
        assert_eq!(refused(b"\0a\n\x02b\n", 2), "names in UTF-8: none in name 1");
        assert_eq!(refused(b"\0\xff\n", 1), "names in UTF-8: none in name 0");
        assert_eq!(refused(b"\0a\n\0\x1b[2J\n", 2), "no control characters: '\\u{1b}' in name 1");
        let long = [&[0], &[b'n'; MAX_NAME_BYTES + 1][..], b"\n"].concat();
        assert_eq!(refused(&long, 1), "at most 4096 bytes a name: 4097 bytes in name 0");
        let cut = pack(&owned(&["some name", "and another"]), &[]);
        for length in 0..cut.len() {
            assert!(unpack_alone(&cut[..length], 2).is_err(), "{length} bytes");
        }
        let Refused { expected, found } = unpack_alone(&[&cut[..], b"x"].concat(), 2).unwrap_err();
        assert_eq!((&*expected, &*found), ("a deflate stream alone", "1 bytes more"));
    }

    #[test]
    fn names_may_take_so_much_together_and_no_more() {
        // 2,048 bytes a name, two more counted in: 2,048 names are the limit.
        let mut names = vec!["n".repeat(2_046); 2_048];
        names.iter_mut().enumerate().for_each(|(index, name)| name.replace_range(..4, &format!("{index:4}")));
        check_together(&names, &[]).unwrap();
        assert_eq!(unpack_alone(&pack(&names, &[]), names.len()).unwrap(), names);
        assert!(check_together(&names, b"x").is_err());
        let expected = "at most 4194304 bytes together";
        assert_eq!(unpack(&pack(&names, b"x"), names.len()).unwrap_err().expected, expected);
        // Little text, and many names that share nearly all of it.
        let text = [&[0], &[b'n'; 255][..], b"\n", &b"\xff\n".repeat(20_000)].concat();
        assert_eq!(refused(&text, 20_001), format!("{expected}: more"));
        // A few kilobytes that unpack to any number.
        assert_eq!(refused(&vec![0; MAX_TEXT_BYTES + 1], 1), format!("{expected}: more"));
    }

    proptest! {
        #[test]
        fn any_names_come_back(
            names in prop::collection::vec("[ab/ä\u{200d}ほ]{0,6}|\\PC{0,9}", 0..30),
            rest in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            check_each(&names).unwrap();
            prop_assert_eq!(unpack(&pack(&names, &rest), names.len()).unwrap(), (names, rest));
        }

        /// What is accepted of any text is names, which come back.
        #[test]
        fn any_text_is_names_or_refused(
            text in prop::collection::vec(prop_oneof![0..4_u8, Just(b'\n'), any::<u8>()], 0..40),
            count in 0..6_usize,
        ) {
            if let Ok((names, rest)) = unpack(&deflated(&text).unwrap(), count) {
                check_each(&names).unwrap();
                prop_assert_eq!(unpack(&pack(&names, &rest), count).unwrap(), (names, rest));
            }
            let _ = unpack(&text, count);
        }
    }
}
