//! How codes become bits: steps and tables.

use std::collections::BTreeMap;

use crate::bytes::Bytes;
use crate::entropy::{Table, Unpacker, pack};
use crate::quantise::MAX_SYMBOL;
use crate::{AezError, BlockError, CodecError, Quantiser};

/// How codes become bits: steps, and a table of frequencies for each unit, and for the labels if there are any.
#[derive(Debug, Clone, PartialEq)]
pub struct Coding {
    quantiser: Quantiser,
    /// One a unit, then perhaps the labels'.
    tables: Vec<Table>,
}

impl Coding {
    /// Tables that suit codes, all that are to be coded or a fair sample, and labels.
    ///
    /// # Shapes
    /// - `codes`: `(B, CODE)`; without any, the tables expect zeros
    /// - `labels`: all that are to be coded, or `None` if there are none
    ///
    /// # Errors
    /// As [`Quantiser::symbols`].
    pub fn fit(quantiser: Quantiser, codes: &[f32], labels: Option<&[i32]>) -> Result<Self, CodecError> {
        let mut symbols = Vec::new();
        quantiser.symbols(codes, &mut symbols)?;
        let units = quantiser.units();
        let mut counts = vec![BTreeMap::new(); units];
        for code in symbols.chunks_exact(units) {
            for (counts, &symbol) in counts.iter_mut().zip(code) {
                *counts.entry(symbol).or_default() += 1;
            }
        }
        if let Some(labels) = labels {
            let mut of_labels = BTreeMap::new();
            for &label in labels {
                *of_labels.entry(label).or_default() += 1;
            }
            counts.push(of_labels);
        }
        Ok(Self { quantiser, tables: counts.iter().map(Table::fit).collect() })
    }

    /// The steps.
    pub fn quantiser(&self) -> &Quantiser {
        &self.quantiser
    }

    /// Whether labels are coded too.
    pub fn labelled(&self) -> bool {
        self.tables.len() > self.quantiser.units()
    }

    /// Numbers an image: its code, and its label if there are labels.
    pub(crate) fn columns(&self) -> usize {
        self.tables.len()
    }

    /// Whether all units have the same step, which is stated once then.
    pub(crate) fn one_step(&self) -> bool {
        self.quantiser.steps().iter().all(|step| *step == self.quantiser.steps()[0])
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let steps = self.quantiser.steps();
        let stated = if self.one_step() { &steps[..1] } else { steps };
        let mut bytes: Vec<u8> =
            stated.iter().flat_map(|step| ((step.to_bits() >> 16) as u16).to_le_bytes()).collect();
        let mut numbers = Vec::new();
        self.tables.iter().for_each(|table| table.describe(&mut numbers));
        let table = Table::of_descriptions();
        bytes.extend(pack(numbers.iter().map(|&number| (&table, number))));
        bytes
    }

    pub(crate) fn from_bytes(
        bytes: &[u8],
        units: usize,
        labelled: bool,
        one_step: bool,
    ) -> Result<Self, AezError> {
        let mut bytes = Bytes::new("the steps", bytes);
        let mut steps = Vec::new();
        for _ in 0..if one_step { 1 } else { units } {
            steps.push(f32::from_bits(u32::from(bytes.u16()?) << 16));
        }
        steps.resize(units, steps[0]);
        let quantiser = Quantiser::new(steps).map_err(|error| match error {
            CodecError::Argument { what, expected, found } => AezError::Value { what, expected, found },
            other => unreachable!("steps are looked at, and nothing else: {other}"),
        })?;
        let mut unpacker = Unpacker::new(bytes.rest()).map_err(AezError::coded("the tables"))?;
        let numbers = Table::of_descriptions();
        let mut tables = Vec::new();
        for column in 0..units + usize::from(labelled) {
            let table = Table::read(&mut unpacker, &numbers);
            tables.push(table.map_err(AezError::coded(format!("the table of column {column}")))?);
        }
        unpacker.finish().map_err(AezError::coded("the tables"))?;
        Ok(Self { quantiser, tables })
    }

    /// The payload of a block.
    pub(crate) fn pack(&self, symbols: &[i32], labels: &[i32]) -> Vec<u8> {
        let (tables, label_table) = self.tables.split_at(self.quantiser.units());
        pack(symbols.chunks_exact(tables.len()).enumerate().flat_map(|(row, code)| {
            let code = tables.iter().zip(code.iter().copied());
            code.chain(label_table.iter().map(move |table| (table, labels[row])))
        }))
    }

    /// The symbols and labels of `images` images, of which `first` is the first, from the payload of their block.
    pub(crate) fn unpack(
        &self,
        payload: &[u8],
        first: usize,
        images: usize,
    ) -> Result<(Vec<i32>, Vec<i32>), BlockError> {
        let (tables, label_table) = self.tables.split_at(self.quantiser.units());
        let mut unpacker = Unpacker::new(payload)?;
        let (mut symbols, mut labels) = (Vec::new(), Vec::new());
        for image in first..first + images {
            for (unit, table) in tables.iter().enumerate() {
                let symbol = unpacker.next(table)?;
                if symbol.unsigned_abs() > MAX_SYMBOL as u32 {
                    return Err(BlockError::Number { image, unit, found: symbol });
                }
                symbols.push(symbol);
            }
            for table in label_table {
                labels.push(unpacker.next(table)?);
            }
        }
        unpacker.finish()?;
        Ok((symbols, labels))
    }
}
