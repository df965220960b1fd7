//! Each figure of one run: what it needs, and how it is drawn.

use ae_data::{ImageSet, Part, Split};
use ae_eval::{CodeSampler, Labelled, NEIGHBOURS, Neighbours, Pca, code_plane, image_rows, interpolate};
use ae_net::{Baselines, Outputs, Rows, Team, to_bytes};
use ae_train::{Corruption, ModelRecord, RunRecord};
use ae_viz::{GrayTile, Grid, LineChart, ScatterChart, SignedScale, SignedTile, VizError, png_bytes};
use anyhow::{Context, Result, bail};

use super::FigureName;
use crate::output::program;
use crate::progress::Stages;
use crate::run::Run;
use crate::run_images::RunImages;

/// Images side by side, as in the well-known tutorial.
const SHOWN: usize = 10;
/// Each pixel of an image is a square of this many.
const UPSCALE: u32 = 4;
/// Between images, in pixels of the picture.
const GAP: u32 = 4;
/// Dark grey: parts black images without outshining them.
const GAP_LEVEL: u8 = 64;
/// Rows of an interpolation, each between two images.
const PAIRS: usize = 5;
/// Images along an edge of the plane, and the share of codes left out at each end.
const PLANE_SIDE: usize = 20;
const PLANE_EDGE: f64 = 0.02;
/// Classes of which images are drawn, a row each.
const CLASSES: usize = 40;
/// Units whose weights are drawn.
const FILTERS: usize = 64;

/// What a figure is drawn from.
pub(super) struct View<'a> {
    pub(super) run: &'a Run,
    pub(super) images: &'a RunImages<'a>,
    pub(super) team: Team,
}

/// A figure as files, or why this run has none of its kind.
pub(super) enum Figure {
    Files(Vec<(&'static str, Vec<u8>)>),
    Skipped(String),
}

impl Figure {
    fn one(name: &'static str, bytes: Vec<u8>) -> Self {
        Self::Files(vec![(name, bytes)])
    }

    fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

impl View<'_> {
    pub(super) fn figure(&self, name: FigureName) -> Result<Figure> {
        let _shown = Stages::begun(&format!("drawing {}", name.name()));
        match name {
            FigureName::Reconstructions => self.reconstructions(),
            FigureName::Loss => self.loss(),
            FigureName::Filters => self.filters(),
            FigureName::Interpolation => self.interpolation(),
            FigureName::Samples => self.samples(),
            FigureName::Codes => self.codes(),
            FigureName::Plane => self.plane(),
            FigureName::Denoising => self.denoising(),
            FigureName::Rate | FigureName::All => bail!("`{}` is no figure of one run", name.name()),
        }
    }

    fn record(&self) -> &RunRecord {
        &self.run.record
    }

    /// The first test images.
    fn first(&self, count: usize) -> Result<ImageSet> {
        let test = self.images.test()?;
        Ok(test.select(&(0..count.min(test.len()) as u32).collect::<Vec<_>>())?)
    }

    fn codes_of(&self, images: &ImageSet) -> Result<Vec<f32>> {
        Ok(self.run.network()?.encode(&self.team, image_rows(images)?)?)
    }

    fn decoded(&self, codes: &[f32]) -> Result<Vec<f32>> {
        Ok(self.run.network()?.decode(&self.team, Rows::values(codes, self.run.network()?.code_size())?)?)
    }

    /// A picture of images in `[0, 1]`, one after the other.
    fn picture(&self, grid: &Grid, brightness: &[f32]) -> Result<Vec<u8>> {
        let (rows, cols) = self.run.size();
        let pixels = to_bytes(brightness, rows * cols, 0)?;
        let tiles = pixels.chunks_exact(rows * cols).map(|tile| GrayTile::new(rows, cols, tile));
        Ok(png_bytes(&grid.draw(&tiles.collect::<Result<Vec<_>, VizError>>()?)?)?)
    }

    /// Two rows: the first test images, and what the model makes of them.
    fn reconstructions(&self) -> Result<Figure> {
        let originals = self.first(SHOWN)?;
        let rebuilt = self.run.network()?.reconstruct(&self.team, image_rows(&originals)?)?;
        let both = [image_rows(&originals)?.to_values(), rebuilt].concat();
        Ok(Figure::one("reconstructions.png", self.picture(&digits(originals.len()), &both)?))
    }

    /// Both losses, epoch by epoch, between the mean image and the floor.
    fn loss(&self) -> Result<Figure> {
        if self.images.are_named() || self.run.has_named_weights() {
            return Ok(Figure::skipped(
                "it shows how the run's own images were learned: leave --data, --images and --weights out",
            ));
        }
        let history = self.run.folder.history(self.record()).with_context(|| self.run.written_again())?;
        if history.is_empty() {
            return Ok(Figure::skipped("the run has no epochs to draw"));
        }
        let ModelRecord { preset, pixels, code, .. } = &self.record().model;
        let Baselines { mean_image_bce, entropy_floor_bce, .. } = self.record().baselines;
        let title = format!("Training {preset}-{code} on images of {pixels} pixels");
        let chart = LineChart::new(title, "epoch", "binary cross-entropy (nats a pixel)")
            .series(
                "training images (mean over the epoch)",
                history.iter().map(|row| (row.epoch as f64, row.train_bce)),
            )
            .series("test images", history.iter().map(|row| (row.epoch as f64, row.test_bce)))
            .reference(format!("mean image {mean_image_bce:.3}"), mean_image_bce)
            .reference(format!("entropy floor {entropy_floor_bce:.3}"), entropy_floor_bce);
        Ok(Figure::Files(vec![
            ("loss.svg", chart.to_svg()?.into_bytes()),
            ("loss.png", chart.to_png_bytes()?),
        ]))
    }

    /// What each unit of the first layer looks for.
    fn filters(&self) -> Result<Figure> {
        let (rows, cols) = self.run.size();
        let layers = self.run.network()?.layers();
        let units = layers[0].weight().chunks_exact(rows * cols).take(FILTERS);
        let tiles = units.map(|weights| SignedTile::new(rows, cols, weights));
        let tiles = tiles.collect::<Result<Vec<_>, VizError>>()?;
        let grid = Grid::new(8.min(tiles.len())).upscale(3).gap(GAP);
        Ok(Figure::one("filters.png", png_bytes(&grid.draw_signed(&tiles, SignedScale::EachTile)?)?))
    }

    /// From one test image to the next in equal steps through their codes.
    fn interpolation(&self) -> Result<Figure> {
        let ends = self.first(2 * PAIRS)?;
        let codes = self.codes_of(&ends)?;
        let size = self.run.network()?.code_size();
        let mut between = Vec::new();
        for pair in codes.chunks_exact(2 * size) {
            let (from, to) = pair.split_at(size);
            between.extend(interpolate(from, to, SHOWN)?);
        }
        if between.is_empty() {
            return Ok(Figure::skipped("it needs two test images"));
        }
        let decoded = self.decoded(&between)?;
        Ok(Figure::one("interpolation.png", self.picture(&digits(SHOWN), &decoded)?))
    }

    /// Ten draws of each class, of the first of many.
    fn samples(&self) -> Result<Figure> {
        let Some(labels) = self.images.labels(Part::Train)? else {
            return Ok(Figure::skipped("it draws class by class, and the training images have no labels"));
        };
        let train = Labelled::new(image_rows(self.images.train()?)?, &labels)?;
        let sampler = CodeSampler::of_network(&self.team, self.run.network()?, train)?;
        let mut codes = Vec::new();
        let classes = &sampler.classes()[..sampler.classes().len().min(CLASSES)];
        for &class in classes {
            codes.extend(sampler.sample(class, SHOWN, self.record().config.seed)?);
        }
        let grid = digits(SHOWN).row_labels(classes.iter().map(i32::to_string));
        Ok(Figure::one("samples.png", self.picture(&grid, &self.decoded(&codes)?)?))
    }

    /// Two-dimensional codes of the test images beside their first two principal components.
    fn codes(&self) -> Result<Figure> {
        if self.run.network()?.code_size() != 2 {
            return Ok(Figure::skipped(format!(
                "codes of two numbers are drawn: `{} train --preset deep --code 2` trains some",
                program()
            )));
        }
        let Split { train, test } = self.images.labelled()?;
        let (Some(train_labels), Some(test_labels)) = (train.labels(), test.labels()) else {
            return Ok(Figure::skipped("codes are coloured by label, and these images have none"));
        };
        let pca = match train.pixels_per_image() {
            ..=Pca::MAX_PIXELS => Pca::fit(&self.team, &train)?,
            _ => Pca::leading(&self.team, &train, 2, self.run.record.config.seed)?,
        };
        let pca = pca.network(2, Outputs::Clipped)?;
        let mut classes = [train_labels, test_labels].concat();
        classes.sort_unstable();
        classes.dedup();
        let place = |label| classes.binary_search(label).expect("every label is among them") as u32;
        let of_points: Vec<u32> = test_labels.iter().map(place).collect();
        let legend = if classes == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] { "digit" } else { "class" };
        let mut chart = ScatterChart::new("", legend, classes.iter().map(i32::to_string));
        for (name, coder, axes) in [
            ("PCA", &pca, ["first component", "second component"]),
            ("Autoencoder", self.run.network()?, ["first number of the code", "second number of the code"]),
        ] {
            let train_codes = coder.encode(&self.team, image_rows(&train)?)?;
            let test_codes = coder.encode(&self.team, image_rows(&test)?)?;
            let neighbours = Neighbours::new(Labelled::new(Rows::values(&train_codes, 2)?, train_labels)?);
            let labelled = Labelled::new(Rows::values(&test_codes, 2)?, test_labels)?;
            let accuracy = neighbours.accuracy(&self.team, labelled, NEIGHBOURS.min(train_labels.len()))?;
            let title = format!("{name}, k-NN accuracy {accuracy:.3}");
            let points = test_codes.chunks_exact(2).map(|code| (f64::from(code[0]), f64::from(code[1])));
            chart = chart.panel(title, axes[0], axes[1], points, &of_points);
        }
        Ok(Figure::Files(vec![
            ("codes.svg", chart.to_svg()?.into_bytes()),
            ("codes.png", chart.to_png_bytes()?),
        ]))
    }

    /// What the decoder makes of the plane that the training images' codes span.
    fn plane(&self) -> Result<Figure> {
        if self.run.network()?.code_size() != 2 {
            return Ok(Figure::skipped(format!(
                "only codes of two numbers span a plane: `{} train --preset deep --code 2` trains some",
                program()
            )));
        }
        let codes = self.codes_of(self.images.train()?)?;
        let plane = code_plane(Rows::values(&codes, 2)?, [PLANE_EDGE, 1.0 - PLANE_EDGE], PLANE_SIDE)?;
        let grid = Grid::new(PLANE_SIDE).upscale(1).gap(0);
        Ok(Figure::one("plane.png", self.picture(&grid, &self.decoded(&plane.codes)?)?))
    }

    /// Clean, damaged as in training, and restored.
    fn denoising(&self) -> Result<Figure> {
        let Some(corruption) = self.record().config.check()?.corruption() else {
            return Ok(Figure::skipped(format!(
                "the run was trained on clean images: `{} train --noise 0.5` trains on noisy ones",
                program()
            )));
        };
        let clean = self.first(SHOWN)?;
        let rows: Vec<u32> = (0..clean.len() as u32).collect();
        let mut damaged = vec![0.0; clean.pixels().len()];
        corruption.fill(&self.team, Corruption::TEST, &clean, &rows, &mut damaged)?;
        let damaged_rows = Rows::values(&damaged, clean.pixels_per_image())?;
        let restored = self.run.network()?.reconstruct(&self.team, damaged_rows)?;
        let all = [image_rows(&clean)?.to_values(), damaged, restored].concat();
        let labels = ["clean", if corruption.noise() > 0.0 { "noisy" } else { "masked" }, "restored"];
        let grid = digits(clean.len()).row_labels(labels);
        Ok(Figure::one("denoising.png", self.picture(&grid, &all)?))
    }
}

/// The grid that digits are shown in.
fn digits(columns: usize) -> Grid {
    Grid::new(columns).upscale(UPSCALE).gap(GAP).gap_level(GAP_LEVEL)
}
