//! `cargo xtask figure rate`: what images cost, and how near they come back, by our codes and by what people use instead.

use std::fs;
use std::num::NonZeroU64;

use ae_codec::Quality;
use ae_data::ImageSet;
use ae_dense::Team;
use ae_eval::{CodedRate, JpegRate, LosslessRates, Pca, Reconstruction, Rows, transform_coder};
use ae_viz::LineChart;
use anyhow::{Context, Result, ensure};

use crate::cli::{FigureArgs, PresetName, TrainArgs};
use crate::output::say;
use crate::run::{self, Run};
use crate::{compress, data, paths, train};

/// The models whose codes are measured: a curve for each preset, the best of its code sizes.
const CURVES: &[(PresetName, &[usize])] =
    &[(PresetName::Shallow, &[8, 16, 32, 64, 128]), (PresetName::Codec, &[16, 32, 64, 128])];
/// Qualities of `compress`.
const QUALITIES: &[f32] = &[25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 70.0, 80.0];
/// Steps of the transform coder; a step of 1 rounds off up to half the brightness of one pixel.
const STEPS: &[f64] = &[4.0, 3.2, 2.6, 2.1, 1.7, 1.4, 1.15, 0.95, 0.8, 0.65, 0.5, 0.4];
const JPEG_QUALITIES: &[u8] = &[1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95];

/// Codes in a file of ours.
struct Coded {
    method: String,
    /// Quality or step.
    setting: f64,
    rate: CodedRate,
}

impl Coded {
    fn point(&self) -> (f64, f64) {
        (self.rate.psnr_db, self.rate.bytes_per_image())
    }
}

/// Trains what is missing, measures everything on the test images, and writes a chart and a table.
pub(crate) fn run(args: &FigureArgs) -> Result<()> {
    ensure!(args.run.is_none(), "`rate` is drawn from many runs, each in its usual folder: leave --run out");
    let mut runs = Vec::new();
    for &(preset, codes) in CURVES {
        let of_preset = codes.iter().map(|&code| trained(preset, code, args)).collect::<Result<Vec<_>>>()?;
        runs.push((preset, codes, of_preset));
    }
    let images = data::load(&args.data.source().unwrap_or_else(data::mnist), 0)?;
    let (test, team) = (&images.test, run::team(None)?);

    let title = format!("{} test images of {} x {} pixels", test.len(), test.rows(), test.cols());
    let mut chart = LineChart::new(title, "PSNR (dB)", "bytes an image").log_y();
    let mut table = Vec::new();
    for (preset, codes, runs) in &runs {
        let mut coded = Vec::new();
        for run in runs {
            coded.extend(qualities(run, &team, test)?);
        }
        let name = format!("{}, codes of {} to {}", preset.name(), codes[0], codes[codes.len() - 1]);
        chart = chart.series(name, best(&coded));
        table.extend(coded);
    }
    let pca = Pca::fit(&team, &images.train)?;
    let transform = STEPS.iter().map(|&step| {
        let rate = transform_coder(&team, &pca, test, step)?;
        Ok(Coded { method: "pca".to_owned(), setting: step, rate })
    });
    let transform = transform.collect::<Result<Vec<_>>>()?;
    chart = chart.series("PCA, one step (transform coder)", transform.iter().map(Coded::point));
    table.extend(transform);
    let jpeg = JPEG_QUALITIES.iter().map(|&quality| Ok((quality, JpegRate::measure(test, quality)?)));
    let jpeg = jpeg.collect::<Result<Vec<_>>>()?;
    let lossless = LosslessRates::measure(test)?;
    // Beyond what PNG takes, a loss buys nothing; the table goes on.
    let shown: Vec<_> =
        jpeg.iter().map(|(_, rate)| rate).filter(|rate| rate.scan_bytes < lossless.png).collect();
    if !shown.is_empty() {
        chart = chart
            .series("JPEG, scans alone", shown.iter().map(|rate| (rate.psnr_db, rate.scan_bytes)))
            .series("JPEG, whole files", shown.iter().map(|rate| (rate.psnr_db, rate.file_bytes)));
    }
    for (name, bytes) in names(&lossless) {
        chart = chart.reference(format!("{name} {bytes:.0}"), bytes);
    }

    let folder = paths::in_workspace("runs/rate");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for (name, bytes) in [
        ("rate.svg", chart.to_svg()?.into_bytes()),
        ("rate.png", chart.to_png_bytes()?),
        ("rate.csv", csv(&table, &jpeg, &lossless).into_bytes()),
    ] {
        let path = folder.join(name);
        ae_file::replace(&path, |out| out.write_all(&bytes))?;
        say!("wrote {}", path.display());
    }
    Ok(())
}

/// The run of a preset and a code size, in its usual folder; trained first if it is not there.
fn trained(preset: PresetName, code: usize, args: &FigureArgs) -> Result<Run> {
    let folder = paths::run_folder(preset, code);
    if !folder.join("run.json").exists() {
        train::run(&TrainArgs::of(preset, code, args.data.clone()))?;
    }
    run::open(Some(&folder))
}

/// A run's codes at every quality.
fn qualities(run: &Run, team: &Team, images: &ImageSet) -> Result<Vec<Coded>> {
    let own = Reconstruction::measure(team, &run.coder, Rows::from(images), images.pixels())?;
    let codes = run.coder.encode(team, Rows::from(images))?;
    let method = format!("{}-{}", run.record.model.preset, run.record.model.code);
    let mut all = Vec::new();
    for &quality in QUALITIES {
        let quantiser = compress::steps(run, team, &codes, own.mse, Quality::new(quality)?)?;
        let rate = CodedRate::measure(team, &run.coder, images, quantiser)?;
        all.push(Coded { method: method.clone(), setting: quality.into(), rate });
    }
    Ok(all)
}

/// The operational curve: the points that lie on the lower convex hull of the MSE over bytes, least bytes first. What lies above
/// is beaten by storing some images by one of its neighbours and the rest by the other (Shoham and Gersho 1988).
fn best(coded: &[Coded]) -> Vec<(f64, f64)> {
    let mut points: Vec<_> = coded.iter().map(Coded::point).collect();
    points.sort_by(|a, b| a.1.total_cmp(&b.1).then(b.0.total_cmp(&a.0)));
    let mse = |point: (f64, f64)| 10f64.powf(-point.0 / 10.0);
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for point in points {
        if hull.last().is_some_and(|last| last.0 >= point.0) {
            continue;
        }
        while let [.., a, b] = hull[..]
            && (mse(a) - mse(b)) * (point.1 - a.1) <= (mse(a) - mse(point)) * (b.1 - a.1)
        {
            hull.pop();
        }
        hull.push(point);
    }
    hull
}

fn names(lossless: &LosslessRates) -> [(&'static str, f64); 4] {
    let LosslessRates { png, zlib_each, zlib_set, xz_set } = *lossless;
    [("PNG", png), ("zlib, each", zlib_each), ("zlib, the set", zlib_set), ("xz, the set", xz_set)]
}

/// The table: of our files also what the decoder takes, and from how many images on it has paid for itself. JPEG is the
/// smallest whole file of no lower PSNR.
fn csv(coded: &[Coded], jpeg: &[(u8, JpegRate)], lossless: &LosslessRates) -> String {
    let mut text = "method,setting,bytes_per_image,psnr_db,decoder_bytes,psnr_inside_db,images_to_beat_png,\
                    images_to_beat_zlib,images_to_beat_jpeg\n"
        .to_owned();
    let count = |images: Option<NonZeroU64>| images.map_or(String::new(), |images| images.to_string());
    for Coded { method, setting, rate } in coded {
        let as_good = jpeg.iter().filter(|(_, jpeg)| jpeg.psnr_db >= rate.psnr_db);
        let file = as_good.map(|(_, jpeg)| jpeg.file_bytes).min_by(f64::total_cmp);
        text += &format!(
            "{method},{setting},{:.3},{:.3},{},{:.3},{},{},{}\n",
            rate.bytes_per_image(),
            rate.psnr_db,
            rate.decoder_bytes,
            rate.psnr_inside_db,
            count(rate.breaks_even(lossless.png)),
            count(rate.breaks_even(lossless.zlib_each)),
            count(file.and_then(|bytes| rate.breaks_even(bytes))),
        );
    }
    for (quality, JpegRate { file_bytes, scan_bytes, psnr_db }) in jpeg {
        text += &format!("jpeg,{quality},{file_bytes:.3},{psnr_db:.3},,,,,\n");
        text += &format!("jpeg-scan,{quality},{scan_bytes:.3},{psnr_db:.3},,,,,\n");
    }
    for (name, bytes) in names(lossless) {
        text += &format!("\"{name}\",,{bytes:.3},,,,,,\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(psnr_db: f64, file_bytes: u64) -> Coded {
        let rate = CodedRate { images: 1, file_bytes, psnr_db, decoder_bytes: 0, psnr_inside_db: psnr_db };
        Coded { method: String::new(), setting: 0.0, rate }
    }

    #[test]
    fn the_curve_is_the_lower_hull_of_mse() {
        // Dearer than a better one, and as dear as a better one.
        let beaten = [coded(19.0, 31), coded(17.0, 10)];
        // A mixture of 10 and 30 bytes has an MSE of 0.01292 at 20 bytes: 18.887 dB.
        let (above, below) = (coded(18.89, 20), coded(18.88, 20));
        let ends = || [coded(20.0, 30), coded(18.0, 10), coded(21.0, 60)];
        let hull = |points: Vec<Coded>| best(&points);
        assert_eq!(
            hull(ends().into_iter().chain(beaten).chain([below]).collect()),
            [(18.0, 10.0), (20.0, 30.0), (21.0, 60.0)]
        );
        assert_eq!(
            hull(ends().into_iter().chain([above]).collect()),
            [(18.0, 10.0), (18.89, 20.0), (20.0, 30.0), (21.0, 60.0)]
        );
    }
}
