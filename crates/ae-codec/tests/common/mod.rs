//! Numbers and files to test with.

#![allow(dead_code, reason = "each test uses some of it")]

use std::io::Write;

use ae_codec::entropy::{Table, pack};
use ae_codec::{Coding, Extras, Header, Quantiser, WeightBits, Writer};
use ae_net::{Activation, Decoder, Dense, Outputs, Rows, Team, WeightsId};

/// Numbers without pattern in [-1, 1), from a fixed start.
pub(crate) fn noise(count: usize, start: u32) -> Vec<f32> {
    let mut state = start;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Codes as encoders give them: each unit of its own spread, mostly near 0; every fourth unit is dead.
pub(crate) fn codes(count: usize, units: usize) -> Vec<f32> {
    let mut codes = noise(count * units, 7);
    for (at, value) in codes.iter_mut().enumerate() {
        let unit = at % units;
        *value = if unit % 4 == 3 { 0.0 } else { 9.0 * (unit + 1) as f32 * value.powi(3) };
    }
    codes
}

pub(crate) fn labels(count: usize) -> Vec<i32> {
    noise(count, 3).into_iter().map(|x| (x.abs() * 10.0) as i32).collect()
}

/// Two layers, from `units` numbers to `pixels` logits.
pub(crate) fn decoder(units: usize, pixels: usize) -> Decoder {
    let hidden = 5;
    let first = Dense::new(units, noise(units * hidden, 1), noise(hidden, 2), Activation::Relu).unwrap();
    let last = Dense::new(hidden, noise(hidden * pixels, 3), noise(pixels, 4), Activation::Linear).unwrap();
    Decoder::new(&[first, last], Outputs::Logits).unwrap()
}

/// The brightness of the images that codes stand for, by one thread.
pub(crate) fn brightness(decoder: &Decoder, codes: &[f32]) -> Vec<f32> {
    let codes = Rows::values(codes, decoder.code_size()).unwrap();
    decoder.decode(&Team::new(1).unwrap(), codes).unwrap()
}

pub(crate) const MODEL: WeightsId = WeightsId([0x5a; 32]);

/// What went into a file, and the file.
pub(crate) struct Case {
    pub(crate) header: Header,
    pub(crate) extras: Extras,
    pub(crate) symbols: Vec<i32>,
    pub(crate) labels: Option<Vec<i32>>,
    pub(crate) names: Option<Vec<String>>,
    pub(crate) bytes: Vec<u8>,
}

/// A file of grey images of 2 x 3 pixels, codes of `units` numbers.
pub(crate) fn case(images: usize, units: usize, labelled: bool, inside: Option<WeightBits>) -> Case {
    case_with(images, units, labelled, inside, (1, Extras::default()))
}

/// All that a file can hold: 1,025 images of 3 x 2 x 3 pixels, which are two blocks and a third of one image.
pub(crate) fn full_case() -> Case {
    let classes = ["", "cat", "dog", "a cat and a dog"].map(String::from).to_vec();
    let form = Some("{\"columns\":\n[\"größe\"]}".to_owned());
    let extras = Extras { named: true, classes, form };
    case_with(1_025, 2, true, Some(WeightBits::Eight), (3, extras))
}

fn case_with(
    images: usize,
    units: usize,
    labelled: bool,
    inside: Option<WeightBits>,
    (channels, extras): (usize, Extras),
) -> Case {
    let codes = codes(images, units);
    let labels = labelled.then(|| labels(images));
    let names = extras.named.then(|| names(images));
    let quantiser = Quantiser::uniform(units, 0.5).unwrap();
    let coding = Coding::fit(quantiser, &codes, labels.as_deref()).unwrap();
    let mut symbols = Vec::new();
    coding.quantiser().symbols(&codes, &mut symbols).unwrap();
    let header = Header { images, channels, rows: 2, cols: 3, model: MODEL };
    let decoder = decoder(units, header.pixels());
    let inside = inside.map(|bits| (&decoder, bits));
    let mut writer = Writer::new(Vec::new(), header, &extras, coding, inside).unwrap();
    let (of_labels, of_names) = (labels.as_deref().unwrap_or_default(), names.as_deref().unwrap_or_default());
    writer.push(&symbols, of_labels, of_names).unwrap();
    let bytes = writer.finish().unwrap();
    Case { header, extras, symbols, labels, names, bytes }
}

/// Names as files have them, mostly: some are numbered, some are empty, some have letters of several bytes that begin alike.
pub(crate) fn names(count: usize) -> Vec<String> {
    let name = |number: usize| match number % 50 {
        7 => String::new(),
        8..=10 => format!("katze/{}", ["ä", "ö", "ほ"][number % 3]),
        _ => format!("train/cat.{number}.jpg"),
    };
    (0..count).map(name).collect()
}

pub(crate) fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

pub(crate) fn deflated(text: &[u8]) -> Vec<u8> {
    deflated_repeat(text, 1)
}

/// A text so many times, which is in memory once.
pub(crate) fn deflated_repeat(text: &[u8], times: usize) -> Vec<u8> {
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    (0..times).for_each(|_| packed.write_all(text).unwrap());
    packed.finish().unwrap()
}

/// A description with its length and checksum, as the format's page has it.
pub(crate) fn description(channels: u32, classes: u32, text: &[u8]) -> Vec<u8> {
    packed_description(channels, classes, &deflated(text))
}

/// The same, with a text that is packed.
pub(crate) fn packed_description(channels: u32, classes: u32, packed: &[u8]) -> Vec<u8> {
    let length = 4 + 4 + 4 + packed.len() as u32 + 4;
    let sizes = [length, channels, classes].map(u32::to_le_bytes);
    with_checksum([sizes.as_flattened(), packed].concat())
}

/// A file put together by hand: codes of one zero, which take no bit, of images of one row, and a decoder of zeros.
#[derive(Clone)]
pub(crate) struct Zeros {
    pub(crate) images: u32,
    pub(crate) block_images: u32,
    pub(crate) cols: u32,
    /// The whole part.
    pub(crate) description: Option<Vec<u8>>,
    /// Of each block, packed.
    pub(crate) names: Option<Vec<u8>>,
}

impl Zeros {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { images, block_images, cols, description, names } = self;
        let levels: Vec<u8> = (-21_i32..=21).map(|step| step.unsigned_abs() as u8 * 3).collect();
        let descriptions = Table::new(-21, &levels).unwrap();
        // A table from 0 on that spans one integer, as the two numbers that describe it.
        let table = pack([(&descriptions, 0), (&descriptions, 0)].into_iter());
        let tables = with_checksum([&0x3f80_u16.to_le_bytes()[..], &table].concat());
        // Logits, weights of 16 bits, one layer without activation, two scales.
        let layer = [&[0, 16, 1][..], &1_u32.to_le_bytes(), &cols.to_le_bytes(), &[0]].concat();
        let scales = [1.0_f32; 2].map(f32::to_le_bytes);
        let decoder = with_checksum([&layer[..], scales.as_flattened(), &table].concat());
        let flags = 6 + 8 * u8::from(description.is_some()) + 16 * u8::from(names.is_some());
        let mut header = [b"\x89AEZ", &[1, 0, flags, 0][..]].concat();
        for size in [*images, 1, *cols, 1, *block_images] {
            header.extend(size.to_le_bytes());
        }
        header.extend([0; 32]);
        for part in [&tables, &decoder] {
            header.extend((part.len() as u32).to_le_bytes());
        }
        let stated = header.clone();
        let description = description.as_deref().unwrap_or_default();
        let mut bytes = [&with_checksum(header), description, &tables, &decoder].concat();
        let lengths = [vec![0], names.as_ref().map(|names| leb128(names.len())).unwrap_or_default()].concat();
        let names = names.as_deref().unwrap_or_default();
        let blocks = images.div_ceil(*block_images);
        for block in 0..blocks {
            let hashed = [&stated[..], &block.to_le_bytes(), &lengths, names].concat();
            bytes.extend([&lengths, &crc32fast::hash(&hashed).to_le_bytes()[..], names].concat());
        }
        let index = lengths.repeat(blocks as usize);
        let checksum = crc32fast::hash(&[&stated[..], &index].concat());
        let length = index.len() as u32;
        [&bytes[..], &index, &length.to_le_bytes(), &checksum.to_le_bytes(), b"ZEA\n"].concat()
    }
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
