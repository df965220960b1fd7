//! Each figure of one run: what it needs, and how it is drawn.

use ae_data::{Part, Samples, Shape, Split};
use ae_eval::{CodeSampler, Labelled, NEIGHBOURS, Neighbours, Pca, code_plane, image_rows, interpolate};
use ae_net::{Baselines, Network, Outputs, Rows, Team};
use ae_train::{Corruption, ModelRecord, RunRecord};
use ae_viz::{
    Grid, LineChart, ScatterChart, SignedScale, SignedTile, ThumbnailChart, VizError, label_of, png_bytes,
};
use anyhow::{Context, Result, bail};

use super::FigureName;
use super::strips::{self, COLUMNS, Levels, grid, tiles, values};
use crate::output::program;
use crate::progress::Stages;
use crate::run::Run;
use crate::run_images::RunImages;

/// Rows of an interpolation, each between two images.
const PAIRS: usize = 5;
/// Images along an edge of the plane, and the share of codes left out at each end.
const PLANE_SIDE: usize = 20;
const PLANE_EDGE: f64 = 0.02;
/// Classes of which images are drawn, a row each.
const CLASSES: usize = 40;
/// Units whose weights are drawn, and the longer side of each in pixels.
const FILTERS: usize = 64;
const FILTER_SIDE: std::ops::RangeInclusive<u32> = 84..=256;
/// The longer side of a tile of the plane.
const PLANE_TILE: std::ops::RangeInclusive<u32> = 28..=128;
/// Pictures at their points, at most.
const THUMBNAILS: usize = 1000;

/// What a figure is drawn from.
pub(super) struct View<'a> {
    pub(super) run: &'a Run,
    pub(super) images: &'a RunImages<'a>,
    pub(super) team: Team,
    pub(super) shown: Shown,
}

/// Which test images a figure shows.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// The first so many.
    First(usize),
    /// Those of these numbers, from 0.
    These(Vec<u32>),
}

/// A figure as files, or why this run has none of its kind.
pub(super) enum Figure {
    /// By the endings of their names.
    Files(strips::Files),
    Skipped(String),
}

impl Figure {
    fn png(bytes: Vec<u8>) -> Self {
        Self::Files(vec![("png", bytes)])
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

    /// The test images to be shown, of the first `most` where none are named.
    fn shown(&self, most: Option<usize>) -> Result<Samples> {
        let test = self.images.test()?;
        let rows = match &self.shown {
            Shown::First(count) => (0..most.unwrap_or(*count).min(test.len()) as u32).collect(),
            Shown::These(rows) => rows.clone(),
        };
        if let Some(row) = rows.iter().find(|&&row| row as usize >= test.len()) {
            bail!("--indices: there is no test image {row}, the last is {}", test.len() - 1);
        }
        Ok(test.select(&rows)?)
    }

    fn codes_of(&self, images: &Samples) -> Result<Vec<f32>> {
        Ok(self.run.network()?.encode(&self.team, image_rows(images)?)?)
    }

    fn decoded(&self, codes: &[f32]) -> Result<Vec<f32>> {
        Ok(self.run.network()?.decode(&self.team, Rows::values(codes, self.run.network()?.code_size())?)?)
    }

    /// A picture of images one after the other.
    fn picture(&self, grid: &Grid, images: &[f32]) -> Result<Vec<u8>> {
        let shape = self.run.shape();
        let bytes = Levels::of(self.run, images)?.bytes(images, shape.numbers())?;
        Ok(png_bytes(&grid.draw(&tiles(shape, &bytes)?)?)?)
    }

    /// Why a figure of pictures alone is not drawn, if it is not.
    fn no_pictures(&self) -> Option<Figure> {
        let shape = self.run.shape();
        (!shape.is_picture()).then(|| {
            Figure::skipped(format!("it is drawn of pictures, and these rows are of {shape} numbers"))
        })
    }

    /// Two rows: test images, and what the model makes of them.
    fn reconstructions(&self) -> Result<Figure> {
        let originals = self.shown(None)?;
        let rebuilt = self.run.network()?.reconstruct(&self.team, image_rows(&originals)?)?;
        let strips = [("original", values(&originals)?), ("rebuilt", rebuilt)];
        Ok(Figure::Files(strips::draw(self.run, &originals, &strips)?))
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
        let Baselines { mean_image_bce, mean_image_mse, entropy_floor_bce } = self.record().baselines;
        let (of, loss) = match (self.run.shape().is_picture(), mean_image_bce) {
            (true, Some(_)) => ("images", "binary cross-entropy (nats a pixel)"),
            (false, Some(_)) => ("rows", "binary cross-entropy (nats a number)"),
            (true, None) => ("images", "squared error (scaled, mean over pixels)"),
            (false, None) => ("rows", "squared error (scaled, mean over numbers)"),
        };
        let unit = if self.run.shape().is_picture() { "pixels" } else { "numbers" };
        let title = format!("Training {preset}-{code} on {of} of {pixels} {unit}");
        let mut chart = LineChart::new(title, "epoch", loss)
            .series(
                format!("training {of} (mean over the epoch)"),
                history.iter().map(|row| (row.epoch as f64, row.train_loss)),
            )
            .series(format!("test {of}"), history.iter().map(|row| (row.epoch as f64, row.test_loss)));
        let mean = mean_image_bce.unwrap_or(mean_image_mse);
        let what = if of == "images" { "mean image" } else { "mean row" };
        chart = chart.reference(format!("{what} {mean:.3}"), mean);
        if let Some(floor) = entropy_floor_bce {
            chart = chart.reference(format!("entropy floor {floor:.3}"), floor);
        }
        Ok(Figure::Files(vec![("svg", chart.to_svg()?.into_bytes()), ("png", chart.to_png_bytes()?)]))
    }

    /// What each unit of the first layer looks for; the planes of colours beside each other.
    fn filters(&self) -> Result<Figure> {
        if let Some(skipped) = self.no_pictures() {
            return Ok(skipped);
        }
        let Shape { channels, rows, cols } = self.run.shape();
        let layers = self.run.network()?.layers();
        let units = layers[0].weight().chunks_exact(channels * rows * cols).take(FILTERS);
        let line_by_line = |planes: &[f32]| -> Vec<f32> {
            let lines = (0..rows).flat_map(|row| (0..channels).map(move |plane| (plane * rows + row) * cols));
            lines.flat_map(|start| &planes[start..start + cols]).copied().collect()
        };
        let units: Vec<Vec<f32>> = units.map(line_by_line).collect();
        let tiles = units.iter().map(|weights| SignedTile::new(rows, channels * cols, weights));
        let tiles = tiles.collect::<Result<Vec<_>, VizError>>()?;
        let (columns, wider) = if channels == 1 { (8, 1) } else { (4, channels as u32) };
        let side = wider * FILTER_SIDE.start()..=wider * FILTER_SIDE.end();
        let grid = Grid::new(columns.min(tiles.len())).tile_side(side).gap(4);
        Ok(Figure::png(png_bytes(&grid.draw_signed(&tiles, SignedScale::EachTile)?)?))
    }

    /// From one test image to the next in equal steps through their codes.
    fn interpolation(&self) -> Result<Figure> {
        if let Some(skipped) = self.no_pictures() {
            return Ok(skipped);
        }
        let ends = self.shown(Some(2 * PAIRS))?;
        let codes = self.codes_of(&ends)?;
        let size = self.run.network()?.code_size();
        let mut between = Vec::new();
        for pair in codes.chunks_exact(2 * size) {
            let (from, to) = pair.split_at(size);
            between.extend(interpolate(from, to, COLUMNS)?);
        }
        if between.is_empty() {
            return Ok(Figure::skipped("it needs two test images"));
        }
        Ok(Figure::png(self.picture(&grid(COLUMNS), &self.decoded(&between)?)?))
    }

    /// Ten draws of each class, of the first of many.
    fn samples(&self) -> Result<Figure> {
        if let Some(skipped) = self.no_pictures() {
            return Ok(skipped);
        }
        let labels = self.images.labels(Part::Train)?;
        // Without labels all are of one class.
        let classless = labels.is_none();
        let labels = match labels {
            Some(labels) => labels,
            None => vec![0; self.images.train()?.len()],
        };
        let train = Labelled::new(image_rows(self.images.train()?)?, &labels)?;
        let sampler = CodeSampler::of_network(&self.team, self.run.network()?, train)?;
        let mut codes = Vec::new();
        let classes = &sampler.classes()[..sampler.classes().len().min(CLASSES)];
        for &class in classes {
            codes.extend(sampler.sample(class, COLUMNS, self.record().config.seed)?);
        }
        let form = self.run.form();
        let mut grid = grid(COLUMNS);
        if !classless {
            grid = grid.row_labels(classes.iter().map(|&class| label_of(&form.class_name(class))));
        }
        Ok(Figure::png(self.picture(&grid, &self.decoded(&codes)?)?))
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
        let pca = match train.width() {
            ..=Pca::MAX_PIXELS => Pca::fit(&self.team, &train)?,
            _ => Pca::leading(&self.team, &train, 2, self.run.record.config.seed)?,
        };
        let pca = pca.network(2, Outputs::Values)?;
        let panels = [
            ("PCA", &pca, ["first component", "second component"]),
            ("Autoencoder", self.run.network()?, ["first number of the code", "second number of the code"]),
        ];
        match (train.labels(), test.labels()) {
            (Some(_), Some(_)) => self.codes_by_class(&train, &test, panels),
            _ => self.codes_alone(&test, panels),
        }
    }

    /// Points coloured by class, with how well the nearest neighbours know it.
    fn codes_by_class(&self, train: &Samples, test: &Samples, panels: Panels<'_>) -> Result<Figure> {
        let (train_labels, test_labels) =
            (train.labels().unwrap_or_default(), test.labels().unwrap_or_default());
        let mut classes = [train_labels, test_labels].concat();
        classes.sort_unstable();
        classes.dedup();
        let place = |label| classes.binary_search(label).expect("every label is among them") as u32;
        let of_points: Vec<u32> = test_labels.iter().map(place).collect();
        let legend = if classes == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] { "digit" } else { "class" };
        let form = self.run.form();
        let names = classes.iter().map(|&class| label_of(&form.class_name(class)));
        let legend = if form.classes.is_empty() { legend } else { "class" };
        let mut chart = ScatterChart::new("", legend, names);
        for (name, coder, axes) in panels {
            let train_codes = coder.encode(&self.team, image_rows(train)?)?;
            let test_codes = coder.encode(&self.team, image_rows(test)?)?;
            let neighbours = Neighbours::new(Labelled::new(Rows::values(&train_codes, 2)?, train_labels)?);
            let labelled = Labelled::new(Rows::values(&test_codes, 2)?, test_labels)?;
            let accuracy = neighbours.accuracy(&self.team, labelled, NEIGHBOURS.min(train_labels.len()))?;
            let title = format!("{name}, k-NN accuracy {accuracy:.3}");
            chart = chart.panel(title, axes[0], axes[1], points(&test_codes), &of_points);
        }
        Ok(Figure::Files(vec![("svg", chart.to_svg()?.into_bytes()), ("png", chart.to_png_bytes()?)]))
    }

    /// Points of no class, in one colour; and, of pictures, the pictures themselves at theirs.
    fn codes_alone(&self, test: &Samples, panels: Panels<'_>) -> Result<Figure> {
        let mut chart = ScatterChart::without_classes("");
        for (name, coder, axes) in panels {
            let codes = coder.encode(&self.team, image_rows(test)?)?;
            chart = chart.panel(name, axes[0], axes[1], points(&codes), &[]);
        }
        let mut files = vec![("svg", chart.to_svg()?.into_bytes()), ("png", chart.to_png_bytes()?)];
        if self.run.shape().is_picture() {
            let some = test.select(&(0..test.len().min(THUMBNAILS) as u32).collect::<Vec<_>>())?;
            let (shape, all) = (self.run.shape(), values(&some)?);
            let bytes = Levels::of(self.run, &all)?.bytes(&all, shape.numbers())?;
            let [_, (_, _, axes)] = panels;
            let mut chart = ThumbnailChart::new("Test images at their codes", axes[0], axes[1]);
            for (point, tile) in points(&self.codes_of(&some)?).zip(tiles(shape, &bytes)?) {
                chart = chart.tile(point, tile);
            }
            files.push(("pictures.png", chart.to_png_bytes()?));
        }
        Ok(Figure::Files(files))
    }

    /// What the decoder makes of the plane that the training images' codes span.
    fn plane(&self) -> Result<Figure> {
        if self.run.network()?.code_size() != 2 {
            return Ok(Figure::skipped(format!(
                "only codes of two numbers span a plane: `{} train --preset deep --code 2` trains some",
                program()
            )));
        }
        if let Some(skipped) = self.no_pictures() {
            return Ok(skipped);
        }
        let codes = self.codes_of(self.images.train()?)?;
        let plane = code_plane(Rows::values(&codes, 2)?, [PLANE_EDGE, 1.0 - PLANE_EDGE], PLANE_SIDE)?;
        let grid = Grid::new(PLANE_SIDE).tile_side(PLANE_TILE).gap(0);
        Ok(Figure::png(self.picture(&grid, &self.decoded(&plane.codes)?)?))
    }

    /// Clean, damaged as in training, and restored.
    fn denoising(&self) -> Result<Figure> {
        let Some(corruption) = self.record().config.check()?.corruption() else {
            return Ok(Figure::skipped(format!(
                "the run was trained on clean images: `{} train --noise 0.5` trains on noisy ones",
                program()
            )));
        };
        let clean = self.shown(None)?;
        let rows: Vec<u32> = (0..clean.len() as u32).collect();
        let mut damaged = vec![0.0; clean.values().len()];
        corruption.fill(&self.team, Corruption::TEST, &clean, &rows, &mut damaged)?;
        let damaged_rows = Rows::values(&damaged, clean.width())?;
        let restored = self.run.network()?.reconstruct(&self.team, damaged_rows)?;
        let how = if corruption.noise() > 0.0 { "noisy" } else { "masked" };
        let strips = [("clean", values(&clean)?), (how, damaged), ("restored", restored)];
        Ok(Figure::Files(strips::draw(self.run, &clean, &strips)?))
    }
}

/// A coder with the names of its plot and of its two numbers.
type Panels<'a> = [(&'static str, &'a Network, [&'static str; 2]); 2];

/// Codes of two numbers as points.
fn points(codes: &[f32]) -> impl Iterator<Item = (f64, f64)> + '_ {
    codes.chunks_exact(2).map(|code| (f64::from(code[0]), f64::from(code[1])))
}
