//! Rows of samples under each other, originals over what was made of them: tiles where they are pictures, curves over each
//! other where they are not.

use ae_data::{ElementKind, Samples, Shape};
use ae_eval::image_rows;
use ae_net::{Outputs, to_bytes};
use ae_viz::{Grid, SmallMultiples, Tile, VizError, label_of, png_bytes};
use anyhow::{Result, ensure};

use crate::run::Run;

/// Pictures side by side, as in the well-known tutorial.
pub(crate) const COLUMNS: usize = 10;
/// The longer side of a tile, in pixels: four times that of MNIST's, or more.
const SIDE: std::ops::RangeInclusive<u32> = 112..=512;
/// Between tiles, in pixels of the picture.
const GAP: u32 = 4;
/// Dark grey: parts black pictures without outshining them.
const GAP_LEVEL: u8 = 64;
/// Charts of curves beside each other, and the most in a figure.
const CHARTS: usize = 5;
const MAX_CHARTS: usize = 60;

/// A figure's files by their endings.
pub(crate) type Files = Vec<(&'static str, Vec<u8>)>;

/// The grid that pictures are shown in.
pub(crate) fn grid(columns: usize) -> Grid {
    Grid::new(columns).tile_side(SIDE).gap(GAP).gap_level(GAP_LEVEL)
}

/// What the values of a network are as grey levels or colours.
pub(crate) struct Levels {
    outputs: Outputs,
    /// What is black and what is white, where values are of any size.
    range: [f32; 2],
}

impl Levels {
    /// For a run's network: those of its data where they are bytes, else by the pictures that are shown of it.
    pub(crate) fn of(run: &Run, shown: &[f32]) -> Result<Self> {
        let bytes = run.form().elements == Some(ElementKind::Bytes) && run.scaling().is_none();
        let range = match bytes {
            true => [0.0, 1.0],
            false => [
                shown.iter().copied().fold(f32::INFINITY, f32::min),
                shown.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            ],
        };
        Ok(Self { outputs: run.network()?.outputs(), range })
    }

    pub(crate) fn bytes(&self, values: &[f32], numbers: usize) -> Result<Vec<u8>> {
        let [least, most] = self.range;
        if self.outputs != Outputs::Values || least >= most {
            return Ok(to_bytes(values, numbers, 0)?);
        }
        let unit = values.iter().map(|value| (value - least) / (most - least)).collect::<Vec<_>>();
        Ok(to_bytes(&unit, numbers, 0)?)
    }
}

/// Pictures as tiles of a grid.
pub(crate) fn tiles(shape: Shape, bytes: &[u8]) -> Result<Vec<Tile<'_>>, VizError> {
    let Shape { channels, rows, cols } = shape;
    bytes.chunks_exact(shape.numbers()).map(|tile| Tile::new(channels, rows, cols, tile)).collect()
}

/// Draws samples over what was made of them, `strips` of one length each with its title; the first are the samples
/// themselves.
pub(crate) fn draw(run: &Run, samples: &Samples, strips: &[(&str, Vec<f32>)]) -> Result<Files> {
    ensure!(!samples.is_empty(), "there are no rows to draw");
    match run.shape().is_picture() {
        true => Ok(vec![("png", pictures(run, samples.len(), strips)?)]),
        false => curves(run, samples, strips),
    }
}

/// Blocks of at most [`COLUMNS`] columns, each with a row a strip.
fn pictures(run: &Run, count: usize, strips: &[(&str, Vec<f32>)]) -> Result<Vec<u8>> {
    let (shape, columns) = (run.shape(), count.min(COLUMNS));
    let levels = Levels::of(run, &strips[0].1)?;
    let strips_of_bytes =
        strips.iter().map(|(_, values)| levels.bytes(values, shape.numbers())).collect::<Result<Vec<_>>>()?;
    let blank = vec![GAP_LEVEL; shape.numbers()];
    let (mut all, mut labels) = (Vec::new(), Vec::new());
    for first in (0..count).step_by(columns) {
        let end = count.min(first + columns);
        for (bytes, (title, _)) in strips_of_bytes.iter().zip(strips) {
            let row = &bytes[first * shape.numbers()..end * shape.numbers()];
            all.extend(tiles(shape, row)?);
            for _ in end..first + columns {
                all.extend(tiles(shape, &blank)?);
            }
            labels.push((*title).to_owned());
        }
    }
    Ok(png_bytes(&grid(columns).row_labels(labels).draw(&all)?)?)
}

/// A chart a sample: in the units of the data, unless each number has units of its own, as the columns of a table have.
fn curves(run: &Run, samples: &Samples, strips: &[(&str, Vec<f32>)]) -> Result<Files> {
    let width = samples.width();
    let count = samples.len().min(MAX_CHARTS);
    let by_column = run.scaling().is_some() && samples.shape().is_list();
    let in_units = |values: &[f32]| {
        let mut values = values.to_vec();
        match run.scaling() {
            Some(_) if by_column => {}
            Some(scaling) => scaling.undo(&mut values),
            None if samples.bytes().is_some() => values.iter_mut().for_each(|value| *value *= 255.0),
            None => {}
        }
        values
    };
    let strips: Vec<_> = strips.iter().map(|(title, values)| (*title, in_units(values))).collect();
    let form = run.form();
    let mut chart = SmallMultiples::new("", CHARTS.min(count), strips.iter().map(|(title, _)| *title));
    if form.columns.len() == width && width <= 32 {
        chart = chart.number_names(form.columns.iter().map(|name| label_of(name)));
    }
    chart = chart.labels("number of a row", if by_column { "scaled value" } else { "value" });
    for row in 0..count {
        let numbers: Vec<_> =
            strips.iter().map(|(_, values)| &values[row * width..(row + 1) * width]).collect();
        chart = chart.panel(name_of(samples, row), &numbers);
    }
    Ok(vec![("svg", chart.to_svg()?.into_bytes()), ("png", chart.to_png_bytes()?)])
}

/// What a sample is called.
fn name_of(samples: &Samples, row: usize) -> String {
    samples.names().map_or_else(|| format!("test row {row}"), |names| names[row].clone())
}

/// The numbers of samples as networks read them.
pub(crate) fn values(samples: &Samples) -> Result<Vec<f32>> {
    Ok(image_rows(samples)?.to_values())
}
