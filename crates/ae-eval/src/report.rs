//! All that is measured of one model, beside what it is to be compared with.

use std::fmt;

use ae_data::{Samples, Scaling, Split};
use ae_net::{Baselines, Network, Outputs, Rows, Team};
use serde::Serialize;

use crate::budget::balanced;
use crate::{
    Budget, CodeSampler, ColumnErrors, EvalError, Labelled, Neighbours, Pca, Probe, ProbeParams, ProbeScore,
    Reconstruction, image_rows, probe, sample_standard_normal,
};

/// Neighbours that vote.
pub const NEIGHBOURS: usize = 15;
/// How few labels a probe may see, beside all of them.
const FEW_LABELS: [usize; 2] = [1_000, 100];
/// Images generated of each class.
const GENERATED: usize = 1_000;

/// What a network's reconstructions and codes are worth; its [`Display`](fmt::Display) is a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The test images, rebuilt by the network and by PCA of the same code size.
    pub reconstruction: Vec<RebuiltBy>,
    /// Training images that PCA is fitted to: all, but [`Pca::leading`]'s sample above [`Pca::MAX_PIXELS`].
    pub pca_images: usize,
    /// What a model that has learned nothing, and one that has learned everything, would score.
    pub baselines: Baselines,
    /// Column by column, where rows are plain lists: tables and series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<ColumnErrors>,
    /// Nothing where the images have no labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Classified>,
}

/// One way to rebuild the test images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RebuiltBy {
    /// Its name and its code size.
    pub by: String,
    /// How well it does.
    #[serde(flatten)]
    pub found: Reconstruction,
}

/// What classifiers make of the test set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classified {
    /// By codes, by PCA components and by raw pixels.
    pub inputs: Vec<InputScores>,
    /// Images that the decoder made of drawn codes.
    pub generated: Generated,
}

/// How well classes are told apart by one kind of input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputScores {
    /// Which kind.
    pub input: String,
    /// Numbers in a row of it.
    pub numbers: usize,
    /// A network of 64 ReLU units with all labels.
    pub probe: ProbeScore,
    /// The same with few labels, where the set has so many of each class.
    pub probe_few_labels: Vec<ProbeScore>,
    /// Logistic regression with all labels.
    pub linear: ProbeScore,
    /// Share of the test images whose class their [`NEIGHBOURS`] nearest have, or all where there are fewer.
    pub neighbours_accuracy: f64,
}

/// Generated images, judged by a probe that was trained on pixels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    /// Images made of each class.
    pub images_a_class: usize,
    /// Share classified as the class they were drawn as.
    pub asked_for: f64,
    /// The same of codes drawn from one N(0, I), each taken for every class in turn.
    pub from_standard_normal: f64,
}

impl Report {
    /// Measures a network on images, scaled by `scaling` if they were; PCA, probes and samplers are fitted to the training images, and codes are drawn
    /// from `seed`. It can take minutes: `begins` is told what is worked at, whenever something else is, in a few words.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images of either kind; [`EvalError::Net`] if they are of another size than the
    /// network's, or what it makes of them is not finite.
    pub fn measure(
        team: &Team,
        network: &Network,
        images: &Split,
        scaling: Option<&Scaling>,
        seed: u64,
        begins: &mut dyn FnMut(&str),
    ) -> Result<Self, EvalError> {
        let Split { train, test } = images;
        let size = network.code_size();
        let pca = match train.width() {
            ..=Pca::MAX_PIXELS => {
                begins("fitting PCA");
                Pca::fit(team, train)?
            }
            _ => Pca::leading(team, train, size, seed)?,
        };
        let linear = pca.network(size, Outputs::Values)?;
        let clipped = pca.network(size, Outputs::Clipped)?;
        begins("rebuilding the test images");
        let mut compared = vec![
            (format!("autoencoder, {size} numbers"), network),
            (format!("PCA, {size} numbers"), &linear),
        ];
        if network.outputs() != Outputs::Values {
            compared.push((format!("PCA, {size} numbers, clipped"), &clipped));
        }
        let mut reconstruction = Vec::new();
        for (by, network) in compared {
            let found = Reconstruction::measure(team, network, image_rows(test)?, image_rows(test)?)?;
            reconstruction.push(RebuiltBy { by, found });
        }
        let columns = match test.shape().is_list() {
            true => Some(ColumnErrors::measure(team, network, &linear, images, scaling)?),
            false => None,
        };
        let labels = match (train.labels(), test.labels()) {
            (Some(_), Some(_)) => Some(Classified::measure(team, network, &linear, images, seed, begins)?),
            _ => None,
        };
        let baselines = Baselines::of(network.outputs(), image_rows(train)?, image_rows(test)?);
        Ok(Self { reconstruction, pca_images: pca.images(), baselines, columns, labels })
    }
}

impl Classified {
    fn measure(
        team: &Team,
        network: &Network,
        pca: &Network,
        Split { train, test }: &Split,
        seed: u64,
        begins: &mut dyn FnMut(&str),
    ) -> Result<Self, EvalError> {
        let (train_pixels, test_pixels) = (Labelled::images(train)?, Labelled::images(test)?);
        let mut inputs = Vec::new();
        for (input, network) in [("codes", network), ("PCA components", pca)] {
            let encode = |images: &Samples| network.encode(team, image_rows(images)?);
            let (train, test) = (encode(train)?, encode(test)?);
            let train = Labelled::new(Rows::values(&train, network.code_size())?, train_pixels.labels())?;
            let test = Labelled::new(Rows::values(&test, network.code_size())?, test_pixels.labels())?;
            inputs.push(InputScores::measure(team, input, train, test, begins)?);
        }
        let raw = if train.shape().is_list() { "raw numbers" } else { "raw pixels" };
        inputs.push(InputScores::measure(team, raw, train_pixels, test_pixels, begins)?);
        begins("judging generated images");
        Ok(Self { inputs, generated: Generated::measure(team, network, train_pixels, seed)? })
    }
}

impl InputScores {
    fn measure(
        team: &Team,
        input: &str,
        train: Labelled<'_>,
        test: Labelled<'_>,
        begins: &mut dyn FnMut(&str),
    ) -> Result<Self, EvalError> {
        let score = |params: &ProbeParams, budget| probe(team, params, train, test, budget);
        let few = FEW_LABELS.into_iter().filter_map(|asked| balanced(train, asked));
        begins(&format!("classifying {input}, all labels"));
        let probe = score(&ProbeParams::default(), Budget::All)?;
        begins(&format!("classifying {input}, few labels"));
        let probe_few_labels = few
            .map(|labels| score(&ProbeParams::default(), Budget::Labels(labels)))
            .collect::<Result<_, _>>()?;
        begins(&format!("classifying {input}, linearly"));
        let linear = score(&ProbeParams::linear(), Budget::All)?;
        begins(&format!("classifying {input}, by neighbours"));
        let neighbours_accuracy =
            Neighbours::new(train).accuracy(team, test, NEIGHBOURS.min(train.rows().len()))?;
        let (input, numbers) = (input.to_owned(), train.rows().width());
        Ok(Self { input, numbers, probe, probe_few_labels, linear, neighbours_accuracy })
    }
}

impl Generated {
    fn measure(team: &Team, network: &Network, train: Labelled<'_>, seed: u64) -> Result<Self, EvalError> {
        let judge = Probe::train(team, &ProbeParams::default(), train)?;
        let sampler = CodeSampler::of_network(team, network, train)?;
        let (size, activation) = (network.code_size(), network.code_activation());
        let judged = |codes: &[f32]| -> Result<Vec<i32>, EvalError> {
            let images = network.decode(team, Rows::values(codes, size)?)?;
            judge.classify(team, Rows::values(&images, network.pixels())?)
        };
        let share = |found: &[i32], class: i32| {
            found.iter().filter(|&&found| found == class).count() as f64 / found.len() as f64
        };
        let standard = judged(&sample_standard_normal(size, activation, GENERATED, seed))?;
        let classes = sampler.classes();
        let (mut asked_for, mut from_standard_normal) = (0.0, 0.0);
        for &class in classes {
            let of_class = judged(&sampler.sample(class, GENERATED, seed)?)?;
            asked_for += share(&of_class, class) / classes.len() as f64;
            from_standard_normal += share(&standard, class) / classes.len() as f64;
        }
        Ok(Self { images_a_class: GENERATED, asked_for, from_standard_normal })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.baselines {
            Baselines {
                mean_image_bce: Some(mean_bce),
                entropy_floor_bce: Some(floor_bce),
                mean_image_mse,
            } => {
                writeln!(out, "test images rebuilt by            BCE        MSE   PSNR dB  mean PSNR dB")?;
                for RebuiltBy { by, found } in &self.reconstruction {
                    let bce = found.bce.map_or("      ".to_owned(), |bce| format!("{bce:.4}"));
                    let Reconstruction { mse, psnr_db, mean_psnr_db, .. } = found;
                    writeln!(out, "{by:<30} {bce}  {mse:>9.6}  {psnr_db:>8.2}  {mean_psnr_db:>12.2}")?;
                }
                writeln!(out, "(PCA is fitted to {} training images)", self.pca_images)?;
                writeln!(out, "{:<30} {mean_bce:.4}  {mean_image_mse:>9.6}", "the mean image")?;
                writeln!(out, "{:<30} {floor_bce:.4}  {:>9.6}\n", "the entropy floor", 0.0)?;
            }
            Baselines { mean_image_mse, .. } => {
                writeln!(out, "test rows rebuilt by            scaled MSE  of the mean row's")?;
                for RebuiltBy { by, found: Reconstruction { mse, .. } } in &self.reconstruction {
                    writeln!(out, "{by:<30}  {mse:>10.6}  {:>14.1} %", 100.0 * mse / mean_image_mse)?;
                }
                writeln!(out, "(PCA is fitted to {} training rows)", self.pca_images)?;
                writeln!(out, "{:<30}  {mean_image_mse:>10.6}  {:>14.1} %\n", "the mean row", 100.0)?;
            }
        }
        if let Some(columns) = &self.columns {
            writeln!(out, "{columns}")?;
        }
        match &self.labels {
            Some(classified) => write!(out, "{classified}"),
            None => write!(out, "no labels, so nothing is classified"),
        }
    }
}

/// Of lines that fit a terminal of 80 columns. What stands behind few labels is the mean over several draws of them,
/// and its standard deviation.
impl fmt::Display for Classified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "test accuracy  numbers    all  in s  linear  {NEIGHBOURS}-NN")?;
        for ProbeScore { labels, .. } in self.inputs.iter().take(1).flat_map(|first| &first.probe_few_labels)
        {
            write!(out, "  {:>11}", format!("{labels} labels"))?;
        }
        writeln!(out)?;
        for InputScores { input, numbers, probe, probe_few_labels, linear, neighbours_accuracy } in
            &self.inputs
        {
            let ProbeScore { accuracy, train_s, .. } = probe;
            write!(out, "{input:<14} {numbers:>7}  {accuracy:.3}  {train_s:>4.1}  ")?;
            write!(out, "{:>6.3}  {neighbours_accuracy:.3}", linear.accuracy)?;
            for ProbeScore { accuracy, accuracy_sd, .. } in probe_few_labels {
                write!(out, "  {accuracy:.3}±{:.3}", accuracy_sd.unwrap_or(0.0))?;
            }
            writeln!(out)?;
        }
        let Generated { images_a_class, asked_for, from_standard_normal } = self.generated;
        write!(
            out,
            "\nof {images_a_class} images generated a class, {:.1} % are classified as it;\n\
             of codes from one N(0, I), {:.1} %",
            100.0 * asked_for,
            100.0 * from_standard_normal
        )
    }
}
