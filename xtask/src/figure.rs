//! `cargo xtask figure`.

use std::fs;

use ae_data::ImageSet;
use ae_dense::{Inputs, Stack, Team};
use ae_train::{Baselines, ModelRecord, RunFolder, RunRecord};
use ae_viz::{GrayTile, Grid, LineChart, png_bytes};
use anyhow::{Context, Result, bail};

use crate::cli::{FigureArgs, FigureName, PresetName};
use crate::{data, menu, paths};

/// Test images shown, as in the well-known tutorial.
const SHOWN: usize = 10;
/// Each pixel of an image is a square of this many.
const UPSCALE: u32 = 4;
/// Between images, in pixels of the picture.
const GAP: u32 = 4;
/// Dark grey: parts black images without outshining them.
const GAP_LEVEL: u8 = 64;

/// Draws figures of a run that is there.
pub(crate) fn run(args: &FigureArgs) -> Result<()> {
    let default = || paths::run_folder(PresetName::Shallow, PresetName::Shallow.default_code());
    let path = args.run.clone().unwrap_or_else(default);
    let folder = RunFolder::open(&path).with_context(|| match &args.run {
        None => "no run to draw: `cargo xtask train` makes one".to_owned(),
        Some(path) => format!("no run to draw: `cargo xtask train --run {}` makes one", path.display()),
    })?;
    let record = folder.record()?;
    let source = args.data.source().unwrap_or_else(|| record.data.source.clone());
    let images = data::load(&source, record.config.seed)?;
    let figures: &[_] = match &args.figure {
        FigureName::All => &[FigureName::Reconstructions, FigureName::Loss],
        one => std::slice::from_ref(one),
    };
    draw(figures, &folder, &record, &images.test)
}

/// Draws each of `figures` into the run's folder, and says where.
pub(crate) fn draw(
    figures: &[FigureName],
    folder: &RunFolder,
    record: &RunRecord,
    test: &ImageSet,
) -> Result<()> {
    fs::create_dir_all(folder.figures_path())
        .with_context(|| format!("cannot create the folder {}", folder.figures_path().display()))?;
    for figure in figures {
        let (name, bytes) = match figure {
            FigureName::Reconstructions => ("reconstructions.png", reconstructions(folder, record, test)?),
            FigureName::Loss => ("loss.svg", loss(folder, record)?),
            FigureName::All => bail!("`all` names figures, it is none"),
        };
        let path = folder.figures_path().join(name);
        ae_file::replace(&path, |out| out.write_all(&bytes))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Two rows: the first test images, and what the model makes of them.
fn reconstructions(folder: &RunFolder, record: &RunRecord, test: &ImageSet) -> Result<Vec<u8>> {
    let (rows, cols) = (test.rows(), test.cols());
    let shown: Vec<u32> = (0..test.len().min(SHOWN) as u32).collect();
    let originals = test.select(&shown)?;
    let rebuilt = rebuild(&menu::open(folder, record)?.stack()?, &originals)?;
    let mut tiles = Vec::with_capacity(2 * shown.len());
    for pixels in originals.pixels().chunks_exact(rows * cols) {
        tiles.push(GrayTile::new(rows, cols, pixels)?);
    }
    for brightness in rebuilt.chunks_exact(rows * cols) {
        tiles.push(GrayTile::from_unit(rows, cols, brightness)?);
    }
    let picture = Grid::new(shown.len()).upscale(UPSCALE).gap(GAP).gap_level(GAP_LEVEL).draw(&tiles)?;
    Ok(png_bytes(&picture)?)
}

/// Images through code and back: brightness in `[0, 1]`, `(B, PIXELS)`.
fn rebuild(stack: &Stack, images: &ImageSet) -> Result<Vec<f32>> {
    let rows: Vec<u32> = (0..images.len() as u32).collect();
    let mut pixels = vec![0.0; images.pixels().len()];
    let inputs = Inputs::Bytes { pixels: images.pixels(), rows: &rows };
    stack.forward(&Team::new(1)?, 0..stack.depth(), inputs, &mut pixels)?;
    for pixel in &mut pixels {
        *pixel = 1.0 / (1.0 + (-*pixel).exp());
    }
    Ok(pixels)
}

/// Both losses, epoch by epoch, between the mean image and the floor.
fn loss(folder: &RunFolder, record: &RunRecord) -> Result<Vec<u8>> {
    let history = folder.history()?;
    let ModelRecord { preset, pixels, code, .. } = &record.model;
    let Baselines { mean_image_bce, entropy_floor_bce, .. } = record.baselines;
    let title = format!("Training {preset}-{code} on images of {pixels} pixels");
    let chart = LineChart::new(title, "epoch", "binary cross-entropy (nats a pixel)")
        .series(
            "training images (mean over the epoch)",
            history.iter().map(|row| (row.epoch as f64, row.train_bce)),
        )
        .series("test images", history.iter().map(|row| (row.epoch as f64, row.test_bce)))
        .reference(format!("mean image {mean_image_bce:.3}"), mean_image_bce)
        .reference(format!("entropy floor {entropy_floor_bce:.3}"), entropy_floor_bce);
    Ok(chart.to_svg()?.into_bytes())
}
