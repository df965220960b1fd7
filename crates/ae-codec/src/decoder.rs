//! How a decoder stands inside a file.
//!
//! In a file, weights are integers of 8 or 16 bits. A layer has one scale for each of its inputs, and one for its biases:
//! the largest weight of that input is the largest integer. One number then means about the same change of the
//! output everywhere, and one table of frequencies serves the whole layer.

use std::collections::BTreeMap;

use ae_net::{Activation, Decoder, Dense, NetError, Outputs};

use crate::bytes::Bytes;
use crate::entropy::{Table, Unpacker, pack};
use crate::layout::MAX_WEIGHTS;
use crate::{AezError, CodecError};

/// Bits that a weight takes inside a file, before entropy coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightBits {
    /// 8 bits.
    Eight,
    /// 16 bits.
    Sixteen,
}

impl WeightBits {
    /// As a number.
    fn bits(self) -> u8 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    fn largest(self) -> f32 {
        match self {
            Self::Eight => 127.0,
            Self::Sixteen => 32_767.0,
        }
    }
}

/// Each at the place that is its code.
const OUTPUTS: [Outputs; 3] = [Outputs::Logits, Outputs::Values, Outputs::Clipped];
const ACTIVATIONS: [Activation; 3] = [Activation::Linear, Activation::Relu, Activation::Sigmoid];
const MAX_LAYERS: usize = u8::MAX as usize;
/// Weights and scales are at most this large: an integer times a scale is finite.
const LARGEST_WEIGHT: f32 = 1e30;

fn code_of<T: PartialEq>(kinds: &[T], kind: &T) -> u8 {
    kinds.iter().position(|other| other == kind).expect("every kind is listed") as u8
}

fn of_code<T: Copy>(what: &'static str, kinds: &[T], code: u8) -> Result<T, AezError> {
    let expected = format_args!("a kind from 0 to {}", kinds.len() - 1);
    kinds.get(usize::from(code)).copied().ok_or_else(|| AezError::value(what, expected, code))
}

/// The decoder as a file would hold it: the same layers, their weights rounded.
///
/// # Errors
/// [`CodecError::Argument`] if a weight is not finite, or larger than 1e30.
pub fn rounded(decoder: &Decoder, bits: WeightBits) -> Result<Decoder, CodecError> {
    let mut layers = Vec::new();
    for (index, layer) in decoder.layers().iter().enumerate() {
        layers.push(round(index, layer, bits)?.layer(layer.activation())?);
    }
    Ok(Decoder::new(&layers, decoder.outputs())?)
}

/// The bytes of a decoder inside a file.
pub(crate) fn to_bytes(decoder: &Decoder, bits: WeightBits) -> Result<Vec<u8>, CodecError> {
    let layers = decoder.layers();
    let weights = layers.iter().map(|layer| layer.weight().len() + layer.bias().len()).sum();
    for (what, limit, found) in [
        ("layers of the decoder", MAX_LAYERS, layers.len()),
        ("weights of the decoder", MAX_WEIGHTS as usize, weights),
    ] {
        if found > limit {
            return Err(CodecError::argument(what, format_args!("at most {limit}"), found));
        }
    }
    let mut bytes = vec![code_of(&OUTPUTS, &decoder.outputs()), bits.bits(), layers.len() as u8];
    for layer in &layers {
        // Their product is within the limit.
        bytes.extend((layer.inputs() as u32).to_le_bytes());
        bytes.extend((layer.outputs() as u32).to_le_bytes());
        bytes.push(code_of(&ACTIVATIONS, &layer.activation()));
    }
    let mut coded = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let Rounded { scales, symbols } = round(index, layer, bits)?;
        bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        let (table, upper, lower) = split(symbols, bits);
        let mut description = Vec::new();
        table.describe(&mut description);
        coded.push((description, table, upper, lower));
    }
    let (numbers, bottom) = (Table::of_descriptions(), lower_byte());
    let mut all: Vec<(&Table, i32)> = Vec::new();
    for (description, table, upper, lower) in &coded {
        for (table, symbols) in [(&numbers, description), (table, upper), (&bottom, lower)] {
            all.extend(symbols.iter().map(|&symbol| (table, symbol)));
        }
    }
    bytes.extend(pack(all.into_iter()));
    Ok(bytes)
}

/// A layer's inputs, its outputs, and what is applied to them.
type Shape = (usize, usize, Activation);

/// Reads what [`to_bytes`] has written.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Decoder, AezError> {
    let mut bytes = Bytes::new("the decoder", bytes);
    let outputs = of_code("the decoder's outputs", &OUTPUTS, bytes.u8()?)?;
    let bits = match bytes.u8()? {
        8 => WeightBits::Eight,
        16 => WeightBits::Sixteen,
        found => return Err(AezError::value("the decoder's bits a weight", "8 or 16", found)),
    };
    let shapes = read_shapes(&mut bytes)?;
    let mut scales = Vec::new();
    for &(inputs, ..) in &shapes {
        let mut layer = Vec::new();
        for _ in 0..=inputs {
            let scale = f32::from_bits(bytes.u32()?);
            // NaN is in no range.
            if !(0.0..=LARGEST_WEIGHT).contains(&scale) {
                return Err(AezError::value("a scale of the decoder", "a number from 0 to 1e30", scale));
            }
            layer.push(scale);
        }
        scales.push(layer);
    }
    let mut unpacker = Unpacker::new(bytes.rest()).map_err(AezError::coded(WEIGHTS))?;
    let mut layers = Vec::new();
    for ((inputs, outputs, activation), scales) in shapes.into_iter().zip(scales) {
        let symbols = read_weights(&mut unpacker, (inputs + 1) * outputs, bits)?;
        layers.push(Rounded { scales, symbols }.layer(activation).map_err(AezError::Decoder)?);
    }
    unpacker.finish().map_err(AezError::coded(WEIGHTS))?;
    Decoder::new(&layers, outputs).map_err(AezError::Decoder)
}

const WEIGHTS: &str = "the decoder's weights";

fn read_shapes(bytes: &mut Bytes<'_>) -> Result<Vec<Shape>, AezError> {
    let mut shapes = Vec::new();
    let mut weights = 0_u64;
    for _ in 0..bytes.u8()? {
        let (inputs, outputs) = (bytes.u32()?, bytes.u32()?);
        let activation = of_code("the decoder's activation", &ACTIVATIONS, bytes.u8()?)?;
        if inputs == 0 || outputs == 0 {
            return Err(AezError::value("the decoder's sizes", "at least 1", 0));
        }
        weights = weights.saturating_add((u64::from(inputs) + 1) * u64::from(outputs));
        AezError::at_most(WEIGHTS, MAX_WEIGHTS, weights)?;
        shapes.push((inputs as usize, outputs as usize, activation));
    }
    Ok(shapes)
}

/// A layer's weights as integers, `count` of them, behind their table.
fn read_weights(unpacker: &mut Unpacker, count: usize, bits: WeightBits) -> Result<Vec<i32>, AezError> {
    let bottom = lower_byte();
    let table = Table::read(unpacker, &Table::of_descriptions()).map_err(AezError::coded(WEIGHTS))?;
    // Grown as they come, not as they are promised.
    let mut symbols = Vec::new();
    for _ in 0..count {
        symbols.push(unpacker.next(&table).map_err(AezError::coded(WEIGHTS))?);
    }
    let largest = i64::from(bits.largest() as i32);
    for symbol in &mut symbols {
        let mut whole = i64::from(*symbol);
        if bits == WeightBits::Sixteen {
            whole = whole * 256 + i64::from(unpacker.next(&bottom).map_err(AezError::coded(WEIGHTS))?);
        }
        if !(-largest..=largest).contains(&whole) {
            return Err(AezError::value(
                "a weight of the decoder",
                format_args!("at most {largest} either way"),
                whole,
            ));
        }
        *symbol = whole as i32;
    }
    Ok(symbols)
}

/// A layer's weights as integers: row after row, the bias after the weights of its row.
struct Rounded {
    /// One for each input, and the biases' at the end.
    scales: Vec<f32>,
    symbols: Vec<i32>,
}

impl Rounded {
    fn layer(&self, activation: Activation) -> Result<Dense, NetError> {
        let inputs = self.scales.len() - 1;
        let rows = self.symbols.chunks_exact(inputs + 1);
        // No more than they need: a file of a few bytes may hold as many weights as there may be.
        let (mut weight, mut bias) =
            (Vec::with_capacity(rows.len() * inputs), Vec::with_capacity(rows.len()));
        for row in rows {
            let values = row.iter().zip(&self.scales[..inputs]);
            weight.extend(values.map(|(&symbol, scale)| symbol as f32 * scale));
            bias.push(row[inputs] as f32 * self.scales[inputs]);
        }
        Dense::new(inputs, weight, bias, activation)
    }
}

/// Refuses a weight that is not finite, or too large.
fn round(index: usize, layer: &Dense, bits: WeightBits) -> Result<Rounded, CodecError> {
    let columns = layer.inputs() + 1;
    let rows = || {
        layer
            .weight()
            .chunks_exact(layer.inputs())
            .zip(layer.bias())
            .map(|(weights, bias)| weights.iter().chain(Some(bias)))
    };
    let mut scales = vec![0.0_f32; columns];
    for row in rows() {
        for (scale, weight) in scales.iter_mut().zip(row) {
            // NaN is in no range.
            if !(-LARGEST_WEIGHT..=LARGEST_WEIGHT).contains(weight) {
                let found = format_args!("{weight} in layer {index}");
                return Err(CodecError::argument("the decoder's weights", "numbers up to 1e30", found));
            }
            *scale = scale.max(weight.abs());
        }
    }
    scales.iter_mut().for_each(|scale| *scale /= bits.largest());
    let symbol = |(weight, scale): (&f32, &f32)| {
        if *scale > 0.0 { (weight / scale).round().clamp(-bits.largest(), bits.largest()) as i32 } else { 0 }
    };
    let symbols = rows().flat_map(|row| row.zip(&scales).map(symbol)).collect();
    Ok(Rounded { scales, symbols })
}

/// The part of the weights that is coded by a table, that table, and the part that is not worth one.
fn split(symbols: Vec<i32>, bits: WeightBits) -> (Table, Vec<i32>, Vec<i32>) {
    let (upper, lower) = match bits {
        WeightBits::Eight => (symbols, Vec::new()),
        WeightBits::Sixteen => symbols.into_iter().map(|symbol| (symbol >> 8, symbol & 0xff)).unzip(),
    };
    let mut counts = BTreeMap::new();
    for &symbol in &upper {
        *counts.entry(symbol).or_default() += 1;
    }
    (Table::fit(&counts), upper, lower)
}

/// All bytes alike: the lower half of a weight of 16 bits.
fn lower_byte() -> Table {
    Table::new(0, &[0; 256]).expect("a constant that is a table")
}
