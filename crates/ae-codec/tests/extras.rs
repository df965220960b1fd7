//! What files carry beside codes and labels: channels, names, names of classes, a text. What goes in comes out, files without
//! it stay what they were, and what a file says of it is not believed.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::io::Cursor;

use ae_codec::{
    AezError, BlockError, Coding, Damage, Extras, Header, MAX_FORM_BYTES, MAX_NAMES, Options, Quantiser,
    Reader, WeightBits, Writer, compress, decode, decompress,
};
use ae_net::{Description, Network, Team};

use common::{MODEL, Zeros, case, deflated, description, full_case, names, noise};

fn reader(bytes: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::new(Cursor::new(bytes), Damage::Refuse).unwrap()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn all_of_it_comes_back() {
    let case = full_case();
    let decoded = decode(&case.bytes).unwrap();
    assert_eq!((decoded.header, &decoded.extras), (case.header, &case.extras));
    assert_eq!((decoded.labels, &decoded.names), (case.labels, &case.names));
    assert_eq!(decoded.decoder.unwrap().pixels(), 3 * 2 * 3);
    let names = case.names.unwrap();
    let mut reader = reader(&case.bytes);
    assert_eq!((reader.header().channels, reader.extras()), (3, &case.extras));
    for number in (0..3).rev() {
        let block = reader.block(number).unwrap();
        let end = names.len().min(block.first + 512);
        assert_eq!(block.names.unwrap(), names[block.first..end]);
        assert_eq!(block.symbols, case.symbols[2 * block.first..2 * end]);
    }
}

#[test]
fn images_in_colour_come_back_with_their_names() {
    let (team, pixels) = (Team::new(1).unwrap(), 3 * 2 * 5);
    let network = Network::draw(&Description::dense(pixels, &[5], 4), 0).unwrap();
    let images: Vec<u8> = noise(600 * pixels, 11).into_iter().map(|x| (x.abs() * 256.0) as u8).collect();
    let (names, classes) = (names(600), owned(&["cat", "dog"]));
    let (names, classes, form) = (Some(&names[..]), &classes[..], Some("{}"));
    let inside = Some(WeightBits::Eight);
    let plain = Options { inside, ..Options::default() };
    let options = Options { names, classes, form, ..plain };
    let file = compress(&team, &network, &images, (3, 2, 5), options).unwrap();
    let back = decompress(&team, &file, None).unwrap();
    assert_eq!((back.channels, back.rows, back.cols), (3, 2, 5));
    assert_eq!((back.names.as_deref(), &back.classes[..], back.form.as_deref()), (names, classes, form));
    // Nothing of it has a part in the images.
    let file = compress(&team, &network, &images, (1, 6, 5), plain).unwrap();
    let grey = decompress(&team, &file, None).unwrap();
    assert!(grey.pixels == back.pixels);
    assert_eq!((grey.names, grey.classes, grey.form), (None, vec![], None));
    let error = compress(&team, &network, &images, (2, 3, 4), plain).unwrap_err().to_string();
    assert_eq!(error, "pixels of an image: expected 30, found 24");
}

#[test]
fn the_same_names_are_the_same_bytes_however_they_are_handed_over() {
    let case = full_case();
    let (labels, names) = (case.labels.unwrap(), case.names.unwrap());
    let coding = decode_coding(&case.bytes);
    for slice in [1, 7, 512, 513] {
        let decoder = common::decoder(2, 18);
        let inside = Some((&decoder, WeightBits::Eight));
        let mut writer = Writer::new(Vec::new(), case.header, &case.extras, coding.clone(), inside).unwrap();
        let tags = labels.chunks(slice).zip(names.chunks(slice));
        for (symbols, (labels, names)) in case.symbols.chunks(2 * slice).zip(tags) {
            writer.push(symbols, labels, names).unwrap();
        }
        assert!(writer.finish().unwrap() == case.bytes, "slices of {slice}");
    }
}

fn decode_coding(bytes: &[u8]) -> Coding {
    reader(bytes).coding().clone()
}

/// What an earlier version of the program can't read it refuses by a flag, and no file without need of one has it.
#[test]
fn flags_say_what_is_carried_and_sizes_what_it_takes() {
    let written = |channels, extras: &Extras| {
        let header = Header { images: 0, channels, rows: 2, cols: 3, model: MODEL };
        let coding = Coding::fit(Quantiser::uniform(2, 0.5).unwrap(), &[], None).unwrap();
        Writer::new(Vec::new(), header, extras, coding, None).unwrap().finish().unwrap()
    };
    let none = Extras::default();
    let plain = written(1, &none);
    assert_eq!(plain[6..8], [4, 0]);
    let sizes = reader(&plain).sizes();
    assert_eq!((sizes.description, sizes.names), (0, 0));
    let classes = owned(&["cat"]);
    for (flags, channels, extras) in [
        (12, 3, none.clone()),
        (12, 1, Extras { classes, ..none.clone() }),
        (12, 1, Extras { form: Some("{}".to_owned()), ..none.clone() }),
        (20, 1, Extras { named: true, ..none.clone() }),
    ] {
        let bytes = written(channels, &extras);
        assert_eq!(bytes[6..8], [flags, 0]);
        let reader = reader(&bytes);
        assert_eq!((reader.header().channels, reader.extras()), (channels, &extras));
        let sizes = reader.sizes();
        assert_eq!((sizes.total(), sizes.names), (bytes.len() as u64, 0));
        assert_eq!(sizes.description, (bytes.len() - plain.len()) as u64);
    }
    let full = full_case().bytes;
    let (sizes, names) = (reader(&full).sizes(), deflated_names(&full));
    assert_eq!((sizes.total(), sizes.names), (full.len() as u64, names));
}

/// Bytes of names as the blocks themselves say, one after the other.
fn deflated_names(bytes: &[u8]) -> u64 {
    let sizes = reader(bytes).sizes();
    let mut at = (sizes.header + sizes.description + sizes.tables + sizes.decoder) as usize;
    let mut names = 0;
    for _ in 0..3 {
        let mut next = || {
            let mut number = 0;
            for shift in [0, 7, 14] {
                at += 1;
                number |= usize::from(bytes[at - 1] & 0x7f) << shift;
                if bytes[at - 1] < 0x80 {
                    break;
                }
            }
            number
        };
        let (integers, packed) = (next(), next());
        names += packed as u64;
        at += 4 + integers + packed;
    }
    names
}

#[test]
fn numbered_names_cost_a_fraction_of_a_byte() {
    let named = |name: fn(usize) -> String| {
        let names: Vec<String> = (0..10_000).map(name).collect();
        let header = Header { images: names.len(), channels: 1, rows: 1, cols: 1, model: MODEL };
        let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[], None).unwrap();
        let extras = Extras { named: true, ..Extras::default() };
        let mut writer = Writer::new(Vec::new(), header, &extras, coding, None).unwrap();
        writer.push(&vec![0; names.len()], &[], &names).unwrap();
        reader(&writer.finish().unwrap()).sizes().names as f64 / 1e4
    };
    let numbered = named(|number| format!("train/cat/cat.{number}.jpg"));
    assert!(numbered < 0.3, "{numbered} bytes a name");
    // Next to nothing is shared, and 8 letters of 16 are 4 bytes.
    let hashes = named(|number| format!("{:08x}", crc32fast::hash(&number.to_le_bytes())));
    assert!(hashes < 5.5, "{hashes} bytes a name");
    println!("{numbered} and {hashes} bytes a name");
}

/// Two blocks of two images each, put together without the writer.
fn by_hand() -> Zeros {
    let names = deflated(b"\0cat/1.png\n\x04kitten.png\n");
    let description = description(3, 2, b"\0cat\n\0dog\n{\"a\":\n1}");
    Zeros { images: 4, block_images: 2, cols: 5, description: Some(description), names: Some(names) }
}

#[test]
fn a_file_made_by_hand_is_read_as_the_format_is_described() {
    // No decoder of so many pixels is inside.
    let error = decode(&by_hand().bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the decoder's pixels an image: expected 15, found 5");
    let one = description(1, 2, b"\0cat\n\0dog\n{\"a\":\n1}");
    let decoded = decode(&Zeros { description: Some(one), ..by_hand() }.bytes()).unwrap();
    assert_eq!(decoded.names, Some(owned(&["cat/1.png", "cat/kitten.png"].repeat(2))));
    let extras =
        Extras { named: true, classes: owned(&["cat", "dog"]), form: Some("{\"a\":\n1}".to_owned()) };
    assert_eq!(decoded.extras, extras);
}

#[test]
fn descriptions_that_lie_are_refused_each_by_its_name() {
    let refused =
        |part: Vec<u8>| decode(&Zeros { description: Some(part), ..by_hand() }.bytes()).unwrap_err();
    let said = |channels, classes, text: &[u8]| refused(description(channels, classes, text)).to_string();
    assert_eq!(said(0, 0, b""), "the description's channels: expected at least 1, found 0");
    let most = "the description's pixels an image: expected at most 4194304, found";
    assert_eq!(said(838_861, 0, b""), format!("{most} 4194305"));
    assert_eq!(said(u32::MAX, 0, b""), format!("{most} 21474836475"));
    let names = "the description's names of classes: expected";
    assert_eq!(said(1, 3, b"\0a\n\0b\n"), format!("{names} 3 names, found 2"));
    assert_eq!(said(1, 1, b"\0\x07\n"), format!("{names} no control characters, found '\\u{{7}}' in name 0"));
    assert_eq!(said(1, u32::MAX, b""), "the description's classes: expected at most 65536, found 4294967295");
    let long = vec![b' '; MAX_FORM_BYTES + 1];
    assert_eq!(said(1, 0, &long), "the description's bytes of form: expected at most 65536, found 65537");
    assert!(said(1, 0, b"\xff").starts_with("the description's form: expected a text in UTF-8, found "));
    // Its own length: nothing, too little, more than there is; then all of it but for the checksum, cut short.
    let with_length = |length: u32| {
        let mut part = description(1, 0, b"{}");
        part[..4].copy_from_slice(&length.to_le_bytes());
        refused(part)
    };
    let what = |error| match error {
        AezError::Length { what, needed, .. } => (what, needed),
        error => panic!("{error}"),
    };
    assert_eq!(what(with_length(0)), ("the description", 4));
    assert_eq!(what(with_length(u32::MAX)), ("the description", u32::MAX.into()));
    assert!(matches!(with_length(15), AezError::Checksum { what: "the description", .. }));
    for length in 4..12_u32 {
        let part = [length + 4, 1, 0].map(u32::to_le_bytes).as_flattened()[..length as usize].to_vec();
        assert_eq!(what(refused(common::with_checksum(part))).0, "the description", "{length} bytes");
    }
}

#[test]
fn names_that_lie_cost_their_block() {
    let one = Zeros { description: None, ..by_hand() };
    let refused = |packed: Vec<u8>| match decode(&Zeros { names: Some(packed), ..one.clone() }.bytes()) {
        Err(AezError::Block {
            block: 0,
            first: 0,
            last: 1,
            source: BlockError::Names { expected, found },
        }) => {
            format!("{expected}: {found}")
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(deflated(b"\0a\n")), "2 names: 1");
    assert_eq!(refused(deflated(b"\0a\n\0b\n\0c\n")), "2 names: 3 bytes more");
    assert_eq!(refused(deflated(b"\0a\n\0\x7f\n")), "no control characters: '\\u{7f}' in name 1");
    assert!(refused(b"no deflate".to_vec()).starts_with("a deflate stream: "));
    assert_eq!(refused(Vec::new()), "a deflate stream: incomplete deflate stream");
    assert_eq!(refused(deflated(b"")), "2 names: 0");
    // A block of as many names as no block may hold.
    let many = Zeros { images: 1, block_images: MAX_NAMES as u32 + 1, ..one };
    let error = decode(&many.bytes()).unwrap_err().to_string();
    assert_eq!(error, "the header's images a block: expected at most 65536, found 65537");
}

#[test]
fn what_no_file_can_hold_is_refused() {
    let coding = || Coding::fit(Quantiser::uniform(2, 1.0).unwrap(), &[], None).unwrap();
    let header = Header { images: 2, channels: 3, rows: 2, cols: 3, model: MODEL };
    let new = |header, extras: &Extras| Writer::new(Vec::new(), header, extras, coding(), None);
    let none = Extras::default();
    let pixels = |channels| new(Header { channels, ..header }, &none).unwrap_err().to_string();
    assert_eq!(pixels(0), "pixels: expected 1 to 4194304, found 0");
    assert_eq!(pixels(usize::MAX), format!("pixels: expected 1 to 4194304, found {}", usize::MAX));
    let extras = |extras| new(header, &extras).unwrap_err().to_string();
    let form = |form: String| extras(Extras { form: Some(form), ..Extras::default() });
    assert_eq!(form(String::new()), "bytes of the form: expected 1 to 65536, found 0");
    assert_eq!(form(" ".repeat(65_537)), "bytes of the form: expected 1 to 65536, found 65537");
    let classes = |classes| extras(Extras { classes, ..Extras::default() });
    assert_eq!(classes(vec![String::new(); 65_537]), "classes: expected at most 65536, found 65537");
    let together = "names of classes: expected at most 4194304 bytes together, found more";
    assert_eq!(classes(vec!["n".repeat(4_000); 1_100]), together);
    let control = classes(owned(&["cat", "d\tog"]));
    assert_eq!(control, "names of classes: expected no control characters, found '\\t' in name 1");

    let named = Extras { named: true, ..none.clone() };
    let mut writer = new(header, &named).unwrap();
    let mut refused = |names: &[&str]| writer.push(&[0; 4], &[], &owned(names)).unwrap_err().to_string();
    assert_eq!(refused(&[]), "names: expected 2, found 0");
    assert_eq!(refused(&["a", "b\n"]), "names: expected no control characters, found '\\n' in name 1");
    let long = "n".repeat(4_097);
    assert_eq!(
        refused(&["a", &long]),
        "names: expected at most 4096 bytes a name, found 4097 bytes in name 1"
    );
    writer.push(&[0; 4], &[], &owned(&[&long[1..], "same"])).unwrap();
    assert_eq!(decode(&writer.finish().unwrap()).unwrap().names.unwrap()[0], long[1..]);
    let mut writer = new(header, &none).unwrap();
    let error = writer.push(&[0; 4], &[], &owned(&["a", "b"])).unwrap_err().to_string();
    assert_eq!(error, "names: expected 0, found 2");
}

/// The largest that may be written can be read.
#[test]
fn as_much_as_may_be_carried_comes_back() {
    // 62 bytes and two for each are 2^22.
    let mut classes: Vec<String> = (0..MAX_NAMES).map(|number| format!("{number:062}")).collect();
    let form = "x".repeat(MAX_FORM_BYTES);
    // The form is counted in.
    classes.truncate(classes.len() - MAX_FORM_BYTES / 64);
    let extras = Extras { named: true, classes, form: Some(form) };
    let header = Header { images: 513, channels: 1 << 22, rows: 1, cols: 1, model: MODEL };
    let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[], None).unwrap();
    let mut writer = Writer::new(Vec::new(), header, &extras, coding, None).unwrap();
    // Names that share nothing and hardly can be packed.
    let letter = |number: f32| char::from(b'0' + (number.abs() * 64.0) as u8);
    let names: Vec<String> =
        noise(513 * 4_096, 5).chunks(4_096).map(|name| name.iter().map(|&n| letter(n)).collect()).collect();
    writer.push(&[0; 513], &[], &names).unwrap();
    let decoded = decode(&writer.finish().unwrap()).unwrap();
    assert!(decoded.extras == extras && decoded.names == Some(names) && decoded.header == header);
    assert_eq!(case(1, 2, false, None).extras, Extras::default());
}
