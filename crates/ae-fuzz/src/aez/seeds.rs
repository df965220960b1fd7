//! Files that `.aez` fuzzing starts from.

use std::io::Write;

use ae_codec::entropy::{Table, pack};
use ae_codec::{Coding, Extras, Header, MAX_TEXT_BYTES, Quality, Quantiser, WeightBits, Writer};
use ae_net::{Activation, Decoder, Dense, Outputs, Team, WeightsId};
use flate2::{Compression, write::DeflateEncoder};

use super::mend::{CHECKSUM, HEADER, TRAILER, description, framed, length, number, sealed};

/// A file of grey images of 2 x 3 pixels.
fn file(coding: Coding, codes: &[f32], labels: &[i32], inside: Option<(&Decoder, WeightBits)>) -> Vec<u8> {
    let images = codes.len() / coding.quantiser().units();
    let header = Header { images, channels: 1, rows: 2, cols: 3, model: WeightsId([0x5a; 32]) };
    written(header, &Extras::default(), &[], coding, codes, labels, inside)
}

/// A file of four images of 1 x 2 pixels in colour, with names, classes and a text about their form.
fn described(coding: Coding, codes: &[f32], labels: &[i32], inside: (&Decoder, WeightBits)) -> Vec<u8> {
    let header = Header { images: 4, channels: 3, rows: 1, cols: 2, model: WeightsId([0x5a; 32]) };
    let classes = ["cat", "cattle"].map(str::to_owned).to_vec();
    let extras = Extras { named: true, classes, form: Some(r#"{"kind":"pictures"}"#.to_owned()) };
    let names = ["cat/1.png", "cat/12.png", "dog/\u{e4}.png", ""].map(str::to_owned);
    written(header, &extras, &names, coding, codes, labels, Some(inside))
}

fn written(
    header: Header,
    extras: &Extras,
    names: &[String],
    coding: Coding,
    codes: &[f32],
    labels: &[i32],
    inside: Option<(&Decoder, WeightBits)>,
) -> Vec<u8> {
    let mut symbols = Vec::new();
    coding.quantiser().symbols(codes, &mut symbols).expect("whole, finite codes");
    let written = Writer::new(Vec::new(), header, extras, coding, inside).and_then(|mut writer| {
        writer.push(&symbols, labels, names)?;
        writer.finish()
    });
    written.expect("codes, labels, names and decoder fit each other")
}

/// Zeros beyond the most that names may have together, packed.
fn packed_zeros() -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = packed.write_all(&vec![0; MAX_TEXT_BYTES + 1]).and_then(|()| packed.finish());
    written.expect("a vector takes all that is written")
}

/// A described file of one block whose names, or whose classes' names, are others.
fn renamed(described: &[u8], names: Option<&[u8]>, classes: Option<&[u8]>) -> Vec<u8> {
    let (header, rest) = described.split_at(HEADER);
    let (description, rest) = rest.split_at(description(described));
    let (parts, blocks) = rest.split_at(number(header, 60) + number(header, 64));
    let description = match classes {
        // Its length, channels and classes stand before, and a checksum behind.
        Some(classes) => {
            let bytes = (12 + classes.len() + 4) as u32;
            [&bytes.to_le_bytes(), &description[4..12], classes, &[0; 4]].concat()
        }
        None => description.to_vec(),
    };
    let block = match names {
        // The length of the integers, that of the names, a checksum, and both.
        Some(names) => {
            let integers = &blocks[6..][..blocks[0].into()];
            [&blocks[..1], &length(names.len()), &[0; 4], integers, names].concat()
        }
        None => blocks[..blocks.len() - TRAILER].to_vec(),
    };
    framed(&[header, &description, parts, &block].concat())
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

/// Files with labels, names and classes and without, of one block and of several, with either decoder inside; damaged ones,
/// and ones that lie.
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
    let colour = described(labelled.clone(), &codes, &labels, (&decoder, WeightBits::Eight));
    let zeros = packed_zeros();
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
    // The last byte of the block, before an index of two bytes.
    let mut flipped_names = colour.clone();
    flipped_names[colour.len() - TRAILER - 3] ^= 1;
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
        ("vast-channels", with(&colour, HEADER + 4, &vast_images)),
        ("vast-classes", with(&colour, HEADER + 8, &vast_images)),
        ("names-bomb", renamed(&colour, Some(&zeros), None)),
        ("classes-bomb", renamed(&colour, None, Some(&zeros))),
        ("flipped-names", flipped_names),
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
        ("described", colour),
        ("plain", plain),
        ("good", good),
    ]
}
