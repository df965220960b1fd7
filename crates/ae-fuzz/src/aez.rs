//! `.aez` files: strict and salvaging readers agree, and accepted images are written again in the same bytes.

use std::io::Cursor;

use ae_codec::entropy::{Table, pack};
use ae_codec::{
    AezError, Block, CodecError, Coding, Damage, Header, MAX_SYMBOL, Quality, Quantiser, Reader, Sizes,
    WeightBits, Writer, decode,
};
use ae_net::{Activation, Decoder, Dense, Outputs, Rows, Team, WeightsId};

/// Numbers that are looked at, at most: a block of a few bytes may hold millions that are all alike.
const MOST: usize = 1 << 11;

/// Bytes of the header, and those before its checksum.
const HEADER: usize = 72;
const STATED: usize = 68;
const CHECKSUM: usize = 4;
const TRAILER: usize = 12;

/// Reads `bytes` as they are, with checksums mended, and with the lengths of parts and blocks mended too.
///
/// # Panics
/// If what is said of the images does not agree with them, if strict and salvaging readers differ, or if accepted images are
/// others once they have been written.
pub fn run(bytes: &[u8]) -> bool {
    let accepted = try_file(bytes);
    // Little gets past checksums that are wrong.
    let accepted = try_file(&sealed(bytes)) || accepted;
    try_file(&framed(bytes)) || accepted
}

/// What a reader makes of a file.
#[derive(PartialEq)]
struct Contents {
    header: Header,
    coding: Coding,
    sizes: Sizes,
    block_images: usize,
    /// The first ones; what is wrong with one in words.
    blocks: Vec<Result<Block, String>>,
    /// Whether these are all.
    all: bool,
    decoder_inside: bool,
}

fn try_file(bytes: &[u8]) -> bool {
    let salvaged = read(bytes, Damage::Skip);
    let contents = match (read(bytes, Damage::Refuse), salvaged) {
        (Ok(strict), Ok(salvaged)) => {
            assert!(salvaged == strict, "a sound index, but another file without it");
            strict
        }
        (Err(strict), Err(salvaged)) => {
            assert_eq!(strict.to_string(), salvaged.to_string());
            return false;
        }
        (Err(strict), Ok(_)) => {
            let index = strict.to_string().starts_with("the index") || matches!(strict, AezError::End { .. });
            assert!(index, "refused and salvaged, but its index is not damaged: {strict}");
            return false;
        }
        (Ok(_), Err(salvaged)) => panic!("accepted, but nothing to salvage: {salvaged}"),
    };
    assert_eq!(contents.sizes.total(), bytes.len() as u64);
    assert_eq!(contents.decoder_inside, bytes[6] & 2 != 0);
    if !contents.all {
        return true;
    }
    let whole: Result<Vec<Block>, String> = contents.blocks.iter().cloned().collect();
    match (whole, decode(bytes)) {
        (Ok(blocks), Ok(decoded)) => {
            let (symbols, labels) = joined(&blocks);
            let mut codes = Vec::new();
            let quantiser = contents.coding.quantiser();
            quantiser.codes(&symbols, &mut codes).expect("blocks hold whole codes");
            assert_eq!((decoded.header, bits(&decoded.codes)), (contents.header, bits(&codes)));
            assert_eq!(decoded.labels, contents.coding.labelled().then(|| labels.clone()));
            if let Some(decoder) = &decoded.decoder {
                check_images(decoder, &codes);
            }
            check_written(bytes, &contents, decoded.decoder.as_ref(), &symbols, &labels);
            true
        }
        (Err(lost), Err(error)) => {
            assert!(lost.starts_with(&error.to_string()), "{lost}, but then {error}");
            false
        }
        (blocks, decoded) => panic!("blocks read: {:?}, decoded: {:?}", blocks.map(drop), decoded.map(drop)),
    }
}

fn read(bytes: &[u8], damage: Damage) -> Result<Contents, AezError> {
    let mut reader = Reader::new(Cursor::new(bytes), damage)?;
    let (header, coding) = (*reader.header(), reader.coding().clone());
    let units = coding.quantiser().units();
    assert!(coding.quantiser().steps().iter().all(|step| (1e-30..=1e30).contains(step)));
    let decoder_inside = reader.decoder().is_some_and(|decoder| {
        assert_eq!((decoder.code_size(), decoder.pixels()), (units, header.rows * header.cols));
        true
    });
    let (count, each) = (reader.blocks(), reader.block_images());
    assert_eq!(count, header.images.div_ceil(each));
    assert!(matches!(reader.block(count), Err(AezError::Value { .. })));
    let most = MOST / (units + 1);
    let taken = if header.images <= most { count } else { most / each };
    let mut blocks = Vec::new();
    for number in 0..taken {
        let images = number * each..header.images.min((number + 1) * each);
        blocks.push(match reader.block(number) {
            Ok(block) => {
                let labels = if coding.labelled() { images.len() } else { 0 };
                assert_eq!(
                    (block.first, block.symbols.len(), block.labels.len()),
                    (images.start, images.len() * units, labels)
                );
                assert!(block.symbols.iter().all(|symbol| (-MAX_SYMBOL..=MAX_SYMBOL).contains(symbol)));
                Ok(block)
            }
            Err(AezError::Block { block, first, last, source }) => {
                assert_eq!((block, first..last + 1), (number, images));
                Err(format!("block {block}, images {first} to {last}, is lost: {source}"))
            }
            Err(AezError::Missing { block, first, .. }) => {
                // The first of all that are missing is named.
                assert!(block <= number && first == block * each);
                Err(format!("block {block}, image {first} on, is missing"))
            }
            Err(error) => panic!("bytes in memory, but: {error:?}"),
        });
    }
    let (sizes, all) = (reader.sizes(), taken == count);
    Ok(Contents { header, coding, sizes, block_images: each, blocks, all, decoder_inside })
}

fn joined(blocks: &[Block]) -> (Vec<i32>, Vec<i32>) {
    let symbols = blocks.iter().flat_map(|block| &block.symbols).copied().collect();
    (symbols, blocks.iter().flat_map(|block| &block.labels).copied().collect())
}

/// As they are compared: a NaN is a NaN, and zeros have signs.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { u32::MAX } else { value.to_bits() }).collect()
}

/// A code's image does not depend on what stands beside it.
fn check_images(decoder: &Decoder, codes: &[f32]) {
    if decoder.pixels() * decoder.code_size() > MOST {
        return;
    }
    let team = Team::new(1).expect("one thread is there already");
    let few = &codes[..codes.len().min(3 * decoder.code_size())];
    let images = |codes: &[f32]| {
        let codes = Rows::values(codes, decoder.code_size()).expect("whole codes");
        decoder.decode(&team, codes).expect("codes of its size")
    };
    let alone = few.chunks(decoder.code_size()).map(images);
    let images = images(few);
    assert_eq!(bits(&images), alone.flat_map(|image| bits(&image)).collect::<Vec<_>>());
}

/// What was read can be written, and is the same then.
fn check_written(
    bytes: &[u8],
    contents: &Contents,
    decoder: Option<&Decoder>,
    symbols: &[i32],
    labels: &[i32],
) {
    let written = |decoder: Option<&Decoder>| {
        let inside = decoder.map(|decoder| (decoder, WeightBits::Sixteen));
        let mut writer = Writer::new(Vec::new(), contents.header, contents.coding.clone(), inside)?;
        writer.push(symbols, labels)?;
        writer.finish()
    };
    let again = written(None).expect("what was read can be written");
    let back = read(&again, Damage::Refuse).expect("it was written by us");
    assert!((back.header, &back.coding) == (contents.header, &contents.coding));
    let blocks: Vec<Block> = back.blocks.into_iter().collect::<Result<_, _>>().expect("it was written by us");
    assert!(joined(&blocks) == (symbols.to_vec(), labels.to_vec()), "other images than were written");
    // Images have one form, but for how many of them make a block, and for equal steps that are stated one by one.
    if decoder.is_none() && back.block_images == contents.block_images && again[6..8] == bytes[6..8] {
        assert!(again == bytes, "the same images, other bytes");
    }
    if decoder.is_some() {
        match written(decoder) {
            Ok(again) => {
                let back = decode(&again).expect("it was written by us").decoder.expect("it is inside");
                assert_eq!(Some(back.outputs()), decoder.map(Decoder::outputs));
            }
            // An integer times a scale is finite, and may be more than is written.
            Err(CodecError::Argument { .. }) => {}
            Err(error) => panic!("read, but not to be written: {error}"),
        }
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

/// Puts the checksum of `seed` and a part in the part's last bytes.
fn seal(seed: &[u8], part: &mut [u8]) {
    if let Some((content, checksum)) = part.split_last_chunk_mut::<CHECKSUM>() {
        *checksum = crc32fast::hash(&[seed, content].concat()).to_le_bytes();
    }
}

/// The same bytes, with the right checksums in header, tables, decoder and index as far as they are there.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER + TRAILER {
        return bytes;
    }
    seal(&[], &mut bytes[..HEADER]);
    let (tables, decoder) = (number(&bytes, 60), number(&bytes, 64));
    for (start, length) in [(HEADER, tables), (HEADER + tables, decoder)] {
        if let Some(part) = bytes.get_mut(start..start + length) {
            seal(&[], part);
        }
    }
    let trailer = bytes.len() - TRAILER;
    if let Some(start) = trailer.checked_sub(number(&bytes, trailer)) {
        let checksum = crc32fast::hash(&[&bytes[..STATED], &bytes[start..trailer]].concat());
        bytes[trailer + 4..trailer + 8].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// A file of the same parts, each as long as is stated, or as is left; with right checksums and a new index.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let Some((header, mut left)) = bytes.split_at_checked(HEADER) else { return bytes.to_vec() };
    let mut header = header.to_vec();
    let mut parts = Vec::new();
    for at in [60, 64] {
        let (part, rest) = left.split_at(number(&header, at).min(left.len()));
        header[at..at + 4].copy_from_slice(&(part.len() as u32).to_le_bytes());
        let mut part = part.to_vec();
        seal(&[], &mut part);
        parts.extend(part);
        left = rest;
    }
    seal(&[], &mut header);
    let mut index = Vec::new();
    let blocks = number(&header, 8).div_ceil(number(&header, 24).max(1));
    for block in 0..blocks as u32 {
        let Some((stated, rest)) = split_length(left) else { break };
        let Some((_checksum, rest)) = rest.split_at_checked(CHECKSUM) else { break };
        let (payload, rest) = rest.split_at(stated.min(rest.len()));
        let length = length(payload.len());
        let sum = crc32fast::hash(&[&header[..STATED], &block.to_le_bytes(), &length, payload].concat());
        parts.extend([&length, &sum.to_le_bytes()[..], payload].concat());
        index.extend(length);
        left = rest;
    }
    let sum = crc32fast::hash(&[&header[..STATED], &index].concat());
    let end = [&(index.len() as u32).to_le_bytes()[..], &sum.to_le_bytes(), b"ZEA\n"].concat();
    [header, parts, index, end].concat()
}

/// A length of at most 28 bits, and what follows it.
fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let (length, rest) = bytes.split_at(last + 1);
    Some((length.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f)), rest))
}

/// A length as it stands before a block, 7 bits a byte.
fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A file of images of 2 x 3 pixels.
fn file(coding: Coding, codes: &[f32], labels: &[i32], inside: Option<(&Decoder, WeightBits)>) -> Vec<u8> {
    let mut symbols = Vec::new();
    coding.quantiser().symbols(codes, &mut symbols).expect("whole, finite codes");
    let images = codes.len() / coding.quantiser().units();
    let header = Header { images, rows: 2, cols: 3, model: WeightsId([0x5a; 32]) };
    let written = Writer::new(Vec::new(), header, coding, inside).and_then(|mut writer| {
        writer.push(&symbols, labels)?;
        writer.finish()
    });
    written.expect("codes, labels and decoder fit each other")
}

/// The same bytes but for some, with checksums and lengths mended.
fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    framed(&bytes)
}

/// A file of as many blocks of nothing as there are, and a decoder of as many weights of 0 as there may be.
fn vast(blocks: u32, pixels: u32) -> Vec<u8> {
    // By the table that describes tables, twice a zero: the table of 0 alone.
    let levels: Vec<u8> = (-21_i32..=21).map(|step| step.unsigned_abs() as u8 * 3).collect();
    let descriptions = Table::new(-21, &levels).expect("levels are small");
    let zeros = pack([(&descriptions, 0), (&descriptions, 0)].into_iter());
    let tables = [&0x3f80_u16.to_le_bytes()[..], &zeros, &[0; CHECKSUM]].concat();
    let shape = [&[0, 16, 1][..], &1_u32.to_le_bytes(), &pixels.to_le_bytes(), &[0]].concat();
    let decoder =
        [&shape[..], &1.0_f32.to_le_bytes(), &1.0_f32.to_le_bytes(), &zeros, &[0; CHECKSUM]].concat();
    let mut file = [b"\x89AEZ", &[1, 0, 6, 0][..]].concat();
    for size in [blocks << 22, 1, pixels, 1, 1 << 22] {
        file.extend(size.to_le_bytes());
    }
    file.extend([0; 32]);
    for part in [&tables, &decoder] {
        file.extend((part.len() as u32).to_le_bytes());
    }
    framed(&[&file[..], &[0; CHECKSUM], &tables, &decoder, &[0; 5].repeat(blocks as usize)].concat())
}

/// Files with labels and without, of one block and of several, with either decoder inside; damaged ones, and ones that lie.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let codes = [0.4, -3.0, 1.1, 0.0, -0.6, 2.5, 0.4, 9.0];
    let (labels, wide) = ([7, 2, 7, 255], [i32::MIN, -1, 300, i32::MAX]);
    let layer = |inputs: usize, outputs: usize, activation| {
        let weight = (0..inputs * outputs).map(|at| (at as f32 * 0.7).sin()).collect();
        Dense::new(inputs, weight, vec![0.25; outputs], activation).expect("sizes that fit")
    };
    let layers = [layer(2, 3, Activation::Relu), layer(3, 6, Activation::Linear)];
    let decoder = Decoder::new(&layers, Outputs::Logits).expect("layers that meet");
    let one_step = Quantiser::uniform(2, 0.5).expect("a step");
    let team = Team::new(1).expect("one thread is there already");
    let steps = Quantiser::matched(&team, &decoder, &codes, 0.01, Quality::default()).expect("finite codes");
    let fit = |quantiser: &Quantiser, labels: Option<&[i32]>| {
        Coding::fit(quantiser.clone(), &codes, labels).expect("finite codes")
    };
    let labelled = fit(&one_step, Some(&labels));
    let good = file(labelled.clone(), &codes, &labels, Some((&decoder, WeightBits::Eight)));
    let plain = file(fit(&one_step, None), &codes, &[], None);
    let (tables, inside) = (number(&good, 60), number(&good, 64));
    // The block of four images twice, as two of four.
    let mut blocks = plain[..plain.len() - TRAILER - 1].to_vec();
    blocks.extend_from_within(HEADER + number(&plain, 60)..);
    (blocks[8], blocks[24], blocks[25]) = (8, 4, 0);
    let many: Vec<f32> = (0..514).flat_map(|image| [(image % 3) as f32, 0.0]).collect();
    let vast_images = u32::MAX.to_le_bytes();
    let mut version = good.clone();
    version[4] = 2;
    let mut flipped = good.clone();
    flipped[HEADER + tables + inside + 6] ^= 1;
    let mut index = plain.clone();
    index[plain.len() - TRAILER - 1] += 1;
    vec![
        ("sixteen", file(fit(&steps, None), &codes, &[], Some((&decoder, WeightBits::Sixteen)))),
        ("blocks", framed(&blocks)),
        ("block-images", file(fit(&one_step, None), &many, &[], None)),
        ("none", file(labelled.clone(), &[], &[], None)),
        ("escapes", file(labelled, &[-4e6, 4e6, 1e3, 0.5], &[0, 255], None)),
        ("labels-of-32-bits", file(fit(&one_step, Some(&wide)), &codes, &wide, None)),
        ("unasked-decoder", with(&good, 6, &[5])),
        ("vast-images", with(&plain, 8, &vast_images)),
        ("vast-block", with(&plain, 24, &(1_u32 << 21).to_le_bytes())),
        ("vast-units", with(&plain, 20, &(1_u32 << 16).to_le_bytes())),
        ("vast-tables", sealed(&with(&plain, 60, &vast_images))),
        ("vast-layer", with(&good, HEADER + tables + 3, &[0xff, 0xff, 0x0f, 0, 3])),
        ("vast-everything", vast(1, 1 << 10)),
        ("bomb", vast(300, 1)),
        ("step-of-zero", with(&plain, HEADER, &[0, 0])),
        ("activation", with(&good, HEADER + tables + 11, &[9])),
        ("version", version),
        ("flipped", flipped),
        ("index", sealed(&index)),
        ("cut", good[..good.len() - 9].to_vec()),
        ("trailing", [&good[..], b"\n"].concat()),
        ("plain", plain),
        ("good", good),
    ]
}
