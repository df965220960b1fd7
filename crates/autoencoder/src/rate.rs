//! `ae figure rate`: what images cost, and how near they come back, by our codes and by what people use instead.

use ae_eval::{RatePoint, RateTable, best, rates_by_quality};
use ae_viz::LineChart;
use anyhow::{Result, ensure};

use crate::data::{self, DataArgs};
use crate::output::write_files;
use crate::paths::{default_folder, run_folder};
use crate::presets::Preset;
use crate::run::{self, Run, RunArg};
use crate::train::{self, TrainArgs};

/// The models whose codes are measured: a curve for each preset, the best of its code sizes.
const CURVES: &[(Preset, &[usize])] =
    &[(Preset::Shallow, &[8, 16, 32, 64, 128]), (Preset::Codec, &[16, 32, 64, 128])];

/// Trains what is missing, measures everything on the test images, and writes a chart and a table.
pub(crate) fn run(run: &RunArg, data: &DataArgs) -> Result<()> {
    ensure!(run.run.is_none(), "`rate` is drawn from many runs, each in its usual folder: leave --run out");
    let mut curves = Vec::new();
    for &(preset, codes) in CURVES {
        let of_preset = codes.iter().map(|&code| trained(preset, code, data)).collect::<Result<Vec<_>>>()?;
        let name = format!("{}, codes of {} to {}", preset.name(), codes[0], codes[codes.len() - 1]);
        curves.push((name, of_preset));
    }
    let source = data.source().map_or_else(data::mnist, Ok)?;
    let (images, team) = (data::load(&source, 0)?, run::team(None)?);
    let test = &images.test;

    let mut table = RateTable::measure(&team, &images.train, test)?;
    let title = format!("{} test images of {} x {} pixels", test.len(), test.rows(), test.cols());
    let mut chart = LineChart::new(title, "PSNR (dB)", "bytes an image").log_y();
    for (name, runs) in curves {
        let mut coded = Vec::new();
        for run in runs {
            let method = format!("{}-{}", run.record.model.preset, run.record.model.code);
            coded.extend(rates_by_quality(&team, &run.network, run.steps(), test, &method)?);
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
    let files = [
        ("rate.svg", chart.to_svg()?.into_bytes()),
        ("rate.png", chart.to_png_bytes()?),
        ("rate.csv", table.to_string().into_bytes()),
    ];
    write_files(&default_folder("runs").join("rate"), &files)
}

/// The run of a preset and a code size, in its usual folder; trained first if it is not there.
fn trained(preset: Preset, code: usize, data: &DataArgs) -> Result<Run> {
    let folder = run_folder(preset, None, code);
    if !folder.join("run.json").exists() {
        train::run(&TrainArgs::of(preset, code, data.clone()))?;
    }
    run::open(&folder)
}
