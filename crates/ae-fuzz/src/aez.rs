//! `.aez` files: strict and salvaging readers agree, and accepted images are written again in the same bytes.

mod mend;
mod seeds;

use std::io::Cursor;

use ae_codec::{
    AezError, Block, CodecError, Coding, Damage, Extras, Header, MAX_NAME_BYTES, MAX_SYMBOL, Reader, Sizes,
    WeightBits, Writer, decode,
};
use ae_net::{Decoder, Rows, Team};

use mend::{framed, sealed};
pub use seeds::seeds;

/// Numbers that are looked at, at most: a block of a few bytes may hold millions that are all alike.
const MOST: usize = 1 << 11;

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
    extras: Extras,
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
    assert_eq!(contents.extras.named, bytes[6] & 16 != 0);
    if !contents.all {
        return true;
    }
    let whole: Result<Vec<Block>, String> = contents.blocks.iter().cloned().collect();
    match (whole, decode(bytes)) {
        (Ok(blocks), Ok(decoded)) => {
            let images = Images::of(&blocks);
            let mut codes = Vec::new();
            let quantiser = contents.coding.quantiser();
            quantiser.codes(&images.symbols, &mut codes).expect("blocks hold whole codes");
            assert_eq!((decoded.header, &decoded.extras), (contents.header, &contents.extras));
            assert_eq!(bits(&decoded.codes), bits(&codes));
            assert_eq!(decoded.labels, contents.coding.labelled().then(|| images.labels.clone()));
            assert_eq!(decoded.names, contents.extras.named.then(|| images.names.clone()));
            if let Some(decoder) = &decoded.decoder {
                check_images(decoder, &codes);
            }
            check_written(bytes, &contents, decoded.decoder.as_ref(), &images);
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
    let (header, extras, coding) = (*reader.header(), reader.extras().clone(), reader.coding().clone());
    let units = coding.quantiser().units();
    assert!(coding.quantiser().steps().iter().all(|step| (1e-30..=1e30).contains(step)));
    assert!(extras.classes.iter().all(|name| is_name(name)) && extras.form.as_deref() != Some(""));
    let decoder_inside = reader.decoder().is_some_and(|decoder| {
        assert_eq!((decoder.code_size(), decoder.pixels()), (units, header.pixels()));
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
                assert_eq!((block.first, block.symbols.len()), (images.start, images.len() * units));
                assert_eq!(block.labels.len(), if coding.labelled() { images.len() } else { 0 });
                let names = block.names.as_deref();
                assert_eq!(names.map(<[String]>::len), extras.named.then_some(images.len()));
                assert!(names.unwrap_or_default().iter().all(|name| is_name(name)));
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
    Ok(Contents { header, extras, coding, sizes, block_images: each, blocks, all, decoder_inside })
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES && !name.contains(char::is_control)
}

/// The images of all blocks.
#[derive(PartialEq)]
struct Images {
    symbols: Vec<i32>,
    labels: Vec<i32>,
    names: Vec<String>,
}

impl Images {
    fn of(blocks: &[Block]) -> Self {
        Self {
            symbols: blocks.iter().flat_map(|block| &block.symbols).copied().collect(),
            labels: blocks.iter().flat_map(|block| &block.labels).copied().collect(),
            names: blocks.iter().flat_map(|block| block.names.iter().flatten()).cloned().collect(),
        }
    }
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
fn check_written(bytes: &[u8], contents: &Contents, decoder: Option<&Decoder>, images: &Images) {
    let written = |decoder: Option<&Decoder>| {
        let inside = decoder.map(|decoder| (decoder, WeightBits::Sixteen));
        let (header, coding) = (contents.header, contents.coding.clone());
        let mut writer = Writer::new(Vec::new(), header, &contents.extras, coding, inside)?;
        writer.push(&images.symbols, &images.labels, &images.names)?;
        writer.finish()
    };
    let again = written(None).expect("what was read can be written");
    let back = read(&again, Damage::Refuse).expect("it was written by us");
    assert!((back.header, &back.coding) == (contents.header, &contents.coding));
    assert_eq!(back.extras, contents.extras);
    let blocks: Vec<Block> = back.blocks.into_iter().collect::<Result<_, _>>().expect("it was written by us");
    assert!(Images::of(&blocks) == *images, "other images than were written");
    // Images have one form, but for how many of them make a block, for equal steps that are stated one by one, and for how
    // names and texts are packed.
    let packed = contents.sizes.description > 0 || contents.extras.named;
    if decoder.is_none()
        && back.block_images == contents.block_images
        && again[6..8] == bytes[6..8]
        && !packed
    {
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
