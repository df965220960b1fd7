//! `ae figure rate`: what images cost, and how near they come back, by our codes and by what people use instead.

use ae_data::Form;
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
    ensure!(
        run.run.is_none() && run.weights.is_none(),
        "`rate` is drawn from many runs, each in its usual folder: leave --run and --weights out"
    );
    let source = data.source().map_or_else(data::mnist, Ok)?;
    let (images, team) =
        (Images::new(source, 0, data.read.clone(), Form::default(), None).into_split()?, run::team(None)?);
    let measured = [SetRecord::of(&images.train), SetRecord::of(&images.test)];
    // Runs that are there are looked at before any other is trained.
    for (preset, code) in
        CURVES.iter().flat_map(|&(preset, codes)| codes.iter().map(move |&code| (preset, code)))
    {
        if is_there(preset, code) {
            opened(preset, code, &measured)?;
        }
    }
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
    let title = format!("{} test images of {} pixels", test.len(), test.shape());
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

/// The run of a preset and a code size, trained first if it is not there.
fn trained(preset: Preset, code: usize, data: &DataArgs, measured: &[SetRecord; 2]) -> Result<Run> {
    if !is_there(preset, code) {
        train::run(&TrainArgs::of(preset, code, data.clone()))?;
    }
    opened(preset, code, measured)
}

fn is_there(preset: Preset, code: usize) -> bool {
    run_folder(preset, None, code).join("run.json").exists()
}

/// The run of a preset and a code size, in its usual folder. It has to be one, trained on the images that are measured.
fn opened(preset: Preset, code: usize, [train, test]: &[SetRecord; 2]) -> Result<Run> {
    let run = run::open(&run_folder(preset, None, code))?;
    let (model, data) = (&run.record.model, &run.record.data);
    let folder = run.folder.path().display();
    ensure!(
        model.preset == preset.name() && model.code == code,
        "{folder} holds a run of {} with codes of {}: move it away, and `rate` trains its own",
        model.preset,
        model.code
    );
    ensure!(
        data.train.same_images(train) && data.test.same_images(test),
        "{folder} was trained on other images than those to be measured: move it away, and `rate` trains it anew"
    );
    Ok(run)
}
