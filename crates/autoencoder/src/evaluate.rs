//! `cargo xtask evaluate`: what a run's reconstructions and codes are worth.

use std::fmt::{self, Write};
use std::path::PathBuf;

use ae_data::Split;
use ae_dense::Team;
use ae_eval::{
    Budget, Coder, Labelled, Neighbours, Outputs, Pca, Probe, ProbeParams, ProbeScore, Reconstruction, Rows,
    probe, sample_standard_normal,
};
use ae_train::Baselines;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::DataArgs;
use crate::generate;
use crate::output::answer;
use crate::run::{self, Run};

/// Neighbours that vote.
pub(crate) const NEIGHBOURS: usize = 15;
/// How few labels a probe may see, beside all of them.
const FEW_LABELS: [usize; 2] = [1_000, 100];
/// Images generated of each class.
const GENERATED: usize = 1_000;

/// Measure a run: reconstructions, codes, and what they are to be compared with
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Folder of the run [default: runs/shallow-32]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Everything measured.
#[derive(Serialize)]
struct Report {
    run: PathBuf,
    identity: String,
    reconstruction: Vec<RebuiltBy>,
    baselines: Baselines,
    /// Nothing where the images have no labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Classified>,
}

/// One way to rebuild the test images.
#[derive(Serialize)]
struct RebuiltBy {
    by: String,
    #[serde(flatten)]
    found: Reconstruction,
}

/// What classifiers make of the test set.
#[derive(Serialize)]
struct Classified {
    inputs: Vec<InputScores>,
    generated: Generated,
}

/// How well digits are told apart by one kind of input.
#[derive(Serialize)]
struct InputScores {
    input: String,
    numbers: usize,
    /// A network of 64 ReLU units with all labels.
    probe: ProbeScore,
    /// The same with few labels, where the set has so many of each class.
    probe_few_labels: Vec<ProbeScore>,
    /// Logistic regression with all labels.
    linear: ProbeScore,
    neighbours_accuracy: f64,
}

/// Generated images, judged by a probe that was trained on pixels.
#[derive(Serialize)]
struct Generated {
    images_a_class: usize,
    /// Share classified as the class they were drawn as.
    asked_for: f64,
    /// The same of codes drawn from one N(0, I), each taken for every class in turn.
    from_standard_normal: f64,
}

/// Measures, and prints a table or JSON.
pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let run = run::open(args.run.as_deref())?;
    let images = run.images(&args.data)?;
    let team = run::team(None)?;
    let report = measure(&run, &images, &team)?;
    if args.json {
        answer(serde_json::to_string_pretty(&report).context("cannot write JSON")?)
    } else {
        answer(table(&report)?)
    }
}

fn measure(run: &Run, images: &Split, team: &Team) -> Result<Report> {
    let Split { train, test } = images;
    let size = run.coder.code_size();
    let pca = Pca::fit(team, train)?;
    let pca_clipped = pca.coder(size, Outputs::Clipped)?;
    let mut reconstruction = Vec::new();
    for (by, coder) in [
        (format!("autoencoder, {size} numbers"), &run.coder),
        (format!("PCA, {size} numbers"), &pca.coder(size, Outputs::Brightness)?),
        (format!("PCA, {size} numbers, clipped"), &pca_clipped),
    ] {
        let found = Reconstruction::measure(team, coder, Rows::from(test), test.pixels())?;
        reconstruction.push(RebuiltBy { by, found });
    }
    let labels = match (train.labels(), test.labels()) {
        (Some(train_labels), Some(test_labels)) => {
            Some(classify(run, &pca_clipped, images, [train_labels, test_labels], team)?)
        }
        _ => None,
    };
    Ok(Report {
        run: run.folder.path().to_owned(),
        identity: run.model.to_string(),
        reconstruction,
        baselines: run.record.baselines,
        labels,
    })
}

fn classify(
    run: &Run,
    pca: &Coder,
    Split { train, test }: &Split,
    [train_labels, test_labels]: [&[u8]; 2],
    team: &Team,
) -> Result<Classified> {
    let size = run.coder.code_size();
    let encode = |coder: &Coder| -> Result<[Vec<f32>; 2]> {
        Ok([coder.encode(team, Rows::from(train))?, coder.encode(team, Rows::from(test))?])
    };
    let (codes, components) = (encode(&run.coder)?, encode(pca)?);
    let pixels = Labelled::new(train, train_labels)?;
    let mut inputs = Vec::new();
    for (input, train, test) in [
        ("codes", Rows::values(&codes[0], size)?, Rows::values(&codes[1], size)?),
        ("PCA components", Rows::values(&components[0], size)?, Rows::values(&components[1], size)?),
        ("raw pixels", Rows::from(train), Rows::from(test)),
    ] {
        let (train, test) = (Labelled::new(train, train_labels)?, Labelled::new(test, test_labels)?);
        let score = |params: &ProbeParams, budget| probe(team, params, train, test, budget);
        inputs.push(InputScores {
            input: input.to_owned(),
            numbers: train.rows().dims(),
            probe: score(&ProbeParams::default(), Budget::All)?,
            probe_few_labels: FEW_LABELS
                .into_iter()
                .filter_map(|asked| balanced(train_labels, asked))
                .map(|labels| score(&ProbeParams::default(), Budget::Labels(labels)))
                .collect::<Result<_, _>>()?,
            linear: score(&ProbeParams::linear(), Budget::All)?,
            neighbours_accuracy: Neighbours::new(train).accuracy(team, test, NEIGHBOURS)?,
        });
    }

    let judge = Probe::train(team, &ProbeParams::default(), pixels)?;
    let sampler = generate::sampler(run, &Rows::from(train), train_labels)?;
    let seed = run.record.config.seed;
    let share = |codes: &[f32], class: u8| -> Result<f64> {
        let images = run.coder.decode(team, Rows::values(codes, size)?)?;
        let found = judge.classify(team, Rows::values(&images, run.coder.pixels())?)?;
        Ok(found.iter().filter(|&&found| found == class).count() as f64 / found.len() as f64)
    };
    let standard = sample_standard_normal(size, run.coder.code_activation(), GENERATED, seed);
    let classes = sampler.classes();
    let (mut asked_for, mut from_standard_normal) = (0.0, 0.0);
    for &class in classes {
        asked_for += share(&sampler.sample(class, GENERATED, seed)?, class)? / classes.len() as f64;
        from_standard_normal += share(&standard, class)? / classes.len() as f64;
    }
    Ok(Classified {
        inputs,
        generated: Generated { images_a_class: GENERATED, asked_for, from_standard_normal },
    })
}

/// How many labels `asked` comes to with as many of each class, if the set has them.
fn balanced(labels: &[u8], asked: usize) -> Option<usize> {
    let mut counts = [0; 256];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    let present = || counts.iter().copied().filter(|&count| count > 0);
    let each = asked / present().count().max(1);
    (each > 0 && present().all(|count| count >= each)).then_some(each * present().count())
}

fn table(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{} ({})", report.run.display(), &report.identity[..12.min(report.identity.len())])?;
    writeln!(out)?;
    writeln!(out, "test images rebuilt by            BCE        MSE   PSNR dB  mean PSNR dB")?;
    for RebuiltBy { by, found } in &report.reconstruction {
        let bce = found.bce.map_or("      ".to_owned(), |bce| format!("{bce:.4}"));
        writeln!(
            out,
            "{by:<30} {bce}  {:>9.6}  {:>8.2}  {:>12.2}",
            found.mse, found.psnr_db, found.mean_psnr_db
        )?;
    }
    let Baselines { mean_image_bce, mean_image_mse, entropy_floor_bce } = report.baselines;
    writeln!(out, "{:<30} {mean_image_bce:.4}  {mean_image_mse:>9.6}", "the mean image")?;
    writeln!(out, "{:<30} {entropy_floor_bce:.4}  {:>9.6}", "the entropy floor", 0.0)?;
    let Some(Classified { inputs, generated }) = &report.labels else {
        write!(out, "\nno labels, so nothing is classified")?;
        return Ok(out);
    };
    writeln!(out)?;
    write!(out, "test accuracy by      numbers  all labels  in s  linear  {NEIGHBOURS}-NN")?;
    for ProbeScore { labels, .. } in &inputs[0].probe_few_labels {
        write!(out, "  {:>15}", format!("{labels} labels"))?;
    }
    writeln!(out)?;
    for InputScores { input, numbers, probe, probe_few_labels, linear, neighbours_accuracy } in inputs {
        let ProbeScore { accuracy, train_s, .. } = probe;
        write!(out, "{input:<21} {numbers:>7}  {accuracy:>10.3}  {train_s:>4.1}  ")?;
        write!(out, "{:>6.3}  {neighbours_accuracy:.3}", linear.accuracy)?;
        for ProbeScore { accuracy, accuracy_sd, .. } in probe_few_labels {
            write!(out, "  {:>15}", format!("{accuracy:.3} sd {:.3}", accuracy_sd.unwrap_or(0.0)))?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    write!(
        out,
        "of {} images generated a class, {:.1} % are classified as it; of codes from one N(0, I), {:.1} %",
        generated.images_a_class,
        100.0 * generated.asked_for,
        100.0 * generated.from_standard_normal
    )?;
    Ok(out)
}
