//! Numbers and files to test with.

#![allow(dead_code, reason = "each test uses some of it")]

use ae_codec::{Coding, Header, Quantiser, WeightBits, Writer};
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
    pub(crate) symbols: Vec<i32>,
    pub(crate) labels: Option<Vec<i32>>,
    pub(crate) bytes: Vec<u8>,
}

/// A file of images of 2 x 3 pixels, codes of `units` numbers.
pub(crate) fn case(images: usize, units: usize, labelled: bool, inside: Option<WeightBits>) -> Case {
    let codes = codes(images, units);
    let labels = labelled.then(|| labels(images));
    let quantiser = Quantiser::uniform(units, 0.5).unwrap();
    let coding = Coding::fit(quantiser, &codes, labels.as_deref()).unwrap();
    let mut symbols = Vec::new();
    coding.quantiser().symbols(&codes, &mut symbols).unwrap();
    let header = Header { images, rows: 2, cols: 3, model: MODEL };
    let decoder = decoder(units, 6);
    let mut writer = Writer::new(Vec::new(), header, coding, inside.map(|bits| (&decoder, bits))).unwrap();
    writer.push(&symbols, labels.as_deref().unwrap_or_default()).unwrap();
    Case { header, symbols, labels, bytes: writer.finish().unwrap() }
}
