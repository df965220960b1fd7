//! `ae figure rate`: what images cost, and how near they come back, by our codes and by what people use instead.

use ae_eval::{RatePoint, RateTable, best, rates_by_quality};
use ae_train::SetRecord;
use ae_viz::LineChart;
use anyhow::{Result, ensure};

use crate::data::{self, DataArgs, Images};
use crate::output::write_files;
use crate::paths::{default_folder, run_folder};
use crate::presets::Preset;
use crate::progress::Stages;
use crate::run::{self, Run, RunArg};
use crate::train::{self, TrainArgs};

/// The models whose codes are measured: a curve for each preset, the best of its code sizes.
const CURVES: &[(Preset, &[usize])] =
    &[(Preset::Shallow, &[8, 16, 32, 64, 128]), (Preset::Codec, &[16, 32, 64, 128])];

/// Trains what is missing, measures everything on the test images, and writes a chart and a table.
pub(crate) fn run(run: &RunArg, data: &DataArgs) -> Result<()> {
    ensure!(run.run.is_none(), "`rate` is drawn from many runs, each in its usual folder: leave --run out");
    let source = data.source().map_or_else(data::mnist, Ok)?;
    let (images, team) = (Images::new(source, 0).into_split()?, run::team(None)?);
    let measured = [SetRecord::of(&images.train), SetRecord::of(&images.test)];
    let mut curves = Vec::new();
    for &(preset, codes) in CURVES {
        let of_preset =
            codes.iter().map(|&code| trained(preset, code, data, &measured)).collect::<Result<Vec<_>>>()?;
        let name = format!("{}, codes of {} to {}", preset.name(), codes[0], codes[codes.len() - 1]);
        curves.push((name, of_preset));
    }
    let test = &images.test;

    let stages = Stages::new();
    let mut table = RateTable::measure(&team, &images.train, test, &mut |stage| stages.begin(stage))?;
    let title = format!("{} test images of {} x {} pixels", test.len(), test.rows(), test.cols());
    let mut chart = LineChart::new(title, "PSNR (dB)", "bytes an image").log_y();
    for (name, runs) in curves {
        let mut coded = Vec::new();
        for run in runs {
            let method = format!("{}-{}", run.record.model.preset, run.record.model.code);
            stages.begin(&format!("measuring {method}"));
            coded.extend(rates_by_quality(&team, run.network()?, run.steps(), test, &method)?);
        }
        chart = chart.series(name, best(&coded));
        table.coded.extend(coded);
    }
    let transform = table.transform.iter().map(RatePoint::point);
    chart = chart.series("PCA, one step (transform coder)", transform);
    let jpeg: Vec<_> = table.jpeg_below_png().collect();
    if !jpeg.is_empty() {
        chart = chart
            .series("JPEG, scans alone", jpeg.iter().map(|rate| (rate.psnr_db, rate.scan_bytes)))
            .series("JPEG, whole files", jpeg.iter().map(|rate| (rate.psnr_db, rate.file_bytes)));
    }
    for (name, bytes) in table.lossless.named() {
        chart = chart.reference(format!("{name} {bytes:.0}"), bytes);
    }
    drop(stages);
    let files = [
        ("rate.svg", chart.to_svg()?.into_bytes()),
        ("rate.png", chart.to_png_bytes()?),
        ("rate.csv", table.to_string().into_bytes()),
    ];
    write_files(&default_folder("runs").join("rate"), &files)
}

/// The run of a preset and a code size, in its usual folder; trained first if it is not there. It has to have been trained
/// on the images that are measured.
fn trained(preset: Preset, code: usize, data: &DataArgs, [train, test]: &[SetRecord; 2]) -> Result<Run> {
    let folder = run_folder(preset, None, code);
    if !folder.join("run.json").exists() {
        train::run(&TrainArgs::of(preset, code, data.clone()))?;
    }
    let run = run::open(&folder)?;
    let own = &run.record.data;
    ensure!(
        own.train.same_images(train) && own.test.same_images(test),
        "{} was trained on other images than those to be measured: move it away, and `rate` trains it anew",
        folder.display()
    );
    Ok(run)
}
