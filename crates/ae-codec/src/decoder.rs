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
    pub fn bits(self) -> u8 {
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

/// The decoder as a file would hold it: the same layers, their weights rounded.
///
/// # Errors
/// [`CodecError::Weight`] if a weight is not finite, or larger than 1e30.
pub fn rounded(decoder: &Decoder, bits: WeightBits) -> Result<Decoder, CodecError> {
    let mut layers = Vec::new();
    for (index, layer) in decoder.layers().iter().enumerate() {
        let rounded = round(layer, bits).ok_or(CodecError::Weight { layer: index })?;
        layers.push(rounded.layer(layer.activation())?);
    }
    Ok(Decoder::new(&layers, decoder.outputs())?)
}

/// The bytes of a decoder inside a file.
pub(crate) fn to_bytes(decoder: &Decoder, bits: WeightBits) -> Result<Vec<u8>, CodecError> {
    let layers = decoder.layers();
    let limit = |what, asked: usize, limit: u64| match asked as u64 {
        asked if asked > limit => Err(CodecError::Limit { what, asked, limit }),
        _ => Ok(()),
    };
    limit("layers", layers.len(), MAX_LAYERS.into())?;
    limit(
        "weights",
        layers.iter().map(|layer| layer.weight().len() + layer.bias().len()).sum(),
        MAX_WEIGHTS,
    )?;
    let mut bytes = vec![outputs_code(decoder.outputs()), bits.bits(), layers.len() as u8];
    for layer in &layers {
        // Their product is within the limit.
        bytes.extend((layer.inputs() as u32).to_le_bytes());
        bytes.extend((layer.outputs() as u32).to_le_bytes());
        bytes.push(activation_code(layer.activation()));
    }
    let numbers = Table::of_descriptions();
    let mut described = Vec::new();
    let mut coded = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let Rounded { scales, symbols } = round(layer, bits).ok_or(CodecError::Weight { layer: index })?;
        bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        let (table, upper, lower) = split(symbols, bits);
        let mut description = Vec::new();
        table.describe(&mut description);
        described.push(description);
        coded.push((table, upper, lower));
    }
    let bottom = lower_byte();
    let all: Vec<(&Table, i32)> = described
        .iter()
        .zip(&coded)
        .flat_map(|(description, (table, upper, lower))| {
            let description = description.iter().map(|&number| (&numbers, number));
            let upper = upper.iter().map(move |&symbol| (table, symbol));
            description.chain(upper).chain(lower.iter().map(|&symbol| (&bottom, symbol)))
        })
        .collect();
    bytes.extend(pack(all.into_iter()));
    Ok(bytes)
}

/// Reads what [`to_bytes`] has written.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Decoder, AezError> {
    let mut bytes = Bytes::new("the decoder", bytes);
    let outputs = outputs_from(bytes.u8()?)?;
    let bits = match bytes.u8()? {
        8 => WeightBits::Eight,
        16 => WeightBits::Sixteen,
        found => return Err(AezError::DecoderKind { what: "weights of bits", found: found.into() }),
    };
    let mut shapes = Vec::new();
    let mut weights = 0_u64;
    for _ in 0..bytes.u8()? {
        let (inputs, outputs) = (bytes.u32()?, bytes.u32()?);
        let activation = activation_from(bytes.u8()?)?;
        if inputs == 0 || outputs == 0 {
            return Err(AezError::Zero { what: "a layer" });
        }
        weights = weights.saturating_add((u64::from(inputs) + 1) * u64::from(outputs));
        AezError::limit("weights", weights, MAX_WEIGHTS)?;
        shapes.push((inputs as usize, outputs as usize, activation));
    }
    let mut scales = Vec::new();
    for &(inputs, ..) in &shapes {
        let mut layer = Vec::new();
        for _ in 0..=inputs {
            let scale = f32::from_bits(bytes.u32()?);
            // NaN is in no range.
            if !(0.0..=LARGEST_WEIGHT).contains(&scale) {
                return Err(AezError::DecoderKind { what: "a scale of bits", found: scale.to_bits().into() });
            }
            layer.push(scale);
        }
        scales.push(layer);
    }
    let (numbers, bottom) = (Table::of_descriptions(), lower_byte());
    let mut unpacker = Unpacker::new(bytes.rest()).map_err(AezError::Weights)?;
    let mut layers = Vec::new();
    for ((inputs, outputs, activation), scales) in shapes.into_iter().zip(scales) {
        let table = Table::read(&mut unpacker, &numbers).map_err(AezError::Weights)?;
        let mut symbols = Vec::new();
        for _ in 0..(inputs + 1) * outputs {
            symbols.push(unpacker.next(&table).map_err(AezError::Weights)?);
        }
        let largest = i64::from(bits.largest() as i32);
        for symbol in &mut symbols {
            let mut whole = i64::from(*symbol);
            if bits == WeightBits::Sixteen {
                whole = whole * 256 + i64::from(unpacker.next(&bottom).map_err(AezError::Weights)?);
            }
            if !(-largest..=largest).contains(&whole) {
                return Err(AezError::DecoderKind { what: "a weight of", found: whole.unsigned_abs() });
            }
            *symbol = whole as i32;
        }
        let rounded = Rounded { scales, symbols };
        layers.push(rounded.layer(activation).map_err(AezError::Decoder)?);
    }
    unpacker.finish().map_err(AezError::Weights)?;
    Decoder::new(&layers, outputs).map_err(AezError::Decoder)
}

const MAX_LAYERS: u8 = u8::MAX;
/// Weights and scales are at most this large: an integer times a scale is finite.
const LARGEST_WEIGHT: f32 = 1e30;

fn outputs_code(outputs: Outputs) -> u8 {
    match outputs {
        Outputs::Logits => 0,
        Outputs::Brightness => 1,
        Outputs::Clipped => 2,
    }
}

fn outputs_from(code: u8) -> Result<Outputs, AezError> {
    match code {
        0 => Ok(Outputs::Logits),
        1 => Ok(Outputs::Brightness),
        2 => Ok(Outputs::Clipped),
        _ => Err(AezError::DecoderKind { what: "outputs of kind", found: code.into() }),
    }
}

fn activation_code(activation: Activation) -> u8 {
    match activation {
        Activation::Linear => 0,
        Activation::Relu => 1,
        Activation::Sigmoid => 2,
    }
}

fn activation_from(code: u8) -> Result<Activation, AezError> {
    match code {
        0 => Ok(Activation::Linear),
        1 => Ok(Activation::Relu),
        2 => Ok(Activation::Sigmoid),
        _ => Err(AezError::DecoderKind { what: "an activation of kind", found: code.into() }),
    }
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

/// `None` if a weight is not finite, or too large.
fn round(layer: &Dense, bits: WeightBits) -> Option<Rounded> {
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
                return None;
            }
            *scale = scale.max(weight.abs());
        }
    }
    scales.iter_mut().for_each(|scale| *scale /= bits.largest());
    let symbol = |(weight, scale): (&f32, &f32)| {
        if *scale > 0.0 { (weight / scale).round().clamp(-bits.largest(), bits.largest()) as i32 } else { 0 }
    };
    let symbols = rows().flat_map(|row| row.zip(&scales).map(symbol)).collect();
    Some(Rounded { scales, symbols })
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
