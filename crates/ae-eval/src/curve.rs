//! Rates at many settings: a table of them, and the best of a curve.

use std::fmt;
use std::num::NonZeroU64;

use ae_codec::{Quality, Steps};
use ae_data::Samples;
use ae_net::{Network, Team};

use crate::{CodedRate, EvalError, JpegRate, LosslessRates, Pca, image_rows, transform_coder};

/// Qualities at which a model's codes are measured.
pub const QUALITIES: &[f32] = &[25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 70.0, 80.0];
/// Steps of the transform coder; a step of 1 rounds off up to half the brightness of one pixel.
pub const STEPS: &[f64] = &[4.0, 3.2, 2.6, 2.1, 1.7, 1.4, 1.15, 0.95, 0.8, 0.65, 0.5, 0.4];
/// Qualities of JPEG.
pub const JPEG_QUALITIES: &[u8] = &[1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95];

/// Codes in a file of ours, at one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct RatePoint {
    /// Whose codes.
    pub method: String,
    /// Quality, or step.
    pub setting: f64,
    /// What they cost, and how near the images come back.
    pub rate: CodedRate,
}

impl RatePoint {
    /// PSNR in dB, and bytes an image.
    pub fn point(&self) -> (f64, f64) {
        (self.rate.psnr_db, self.rate.bytes_per_image())
    }
}

/// A network's codes at every one of the [`QUALITIES`], by steps that are chosen as [`Steps`] says.
///
/// # Errors
/// As [`CodedRate::measure`].
pub fn rates_by_quality(
    team: &Team,
    network: &Network,
    steps: Steps,
    images: &Samples,
    method: &str,
) -> Result<Vec<RatePoint>, EvalError> {
    let rows = image_rows(images)?;
    let own_mse = network.evaluate(team, rows, rows)?.mse;
    let codes = network.encode(team, rows)?;
    let point = |&quality: &f32| {
        let of_quality = Quality::new(quality)?;
        let quantiser = steps.quantiser(team, network.decoder(), &codes, own_mse, of_quality)?;
        let rate = CodedRate::measure(team, network, images, quantiser)?;
        Ok(RatePoint { method: method.to_owned(), setting: quality.into(), rate })
    };
    QUALITIES.iter().map(point).collect()
}

/// The operational curve, (dB, bytes) with the least bytes first: the points that lie on the lower convex hull of the MSE over
/// bytes. What lies above is beaten by storing some images by one of its neighbours and the rest by the other (Shoham and
/// Gersho 1988).
pub fn best(points: &[RatePoint]) -> Vec<(f64, f64)> {
    let mut points: Vec<_> = points.iter().map(RatePoint::point).collect();
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

/// What a set of images costs by every means; its [`Display`](fmt::Display) is CSV.
///
/// The table says of our files also what the decoder takes, and from how many images on it has paid for itself; JPEG is there
/// the smallest whole file of no lower PSNR.
#[derive(Debug, Clone, PartialEq)]
pub struct RateTable {
    /// Codes of models.
    pub coded: Vec<RatePoint>,
    /// [`transform_coder`] at all [`STEPS`].
    pub transform: Vec<RatePoint>,
    /// JPEG at all [`JPEG_QUALITIES`], each with its quality.
    pub jpeg: Vec<(u8, JpegRate)>,
    /// Without loss.
    pub lossless: LosslessRates,
}

impl RateTable {
    /// Measures everything on the images `test` but models: none are in the table yet. Components are fitted to `train`.
    /// `begins` is told what is worked at, whenever something else is, in a few words.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images, or if they are too large for PCA; [`EvalError::Net`] if those of both sets are
    /// not of one size; [`EvalError::Image`] if they are too large for JPEG or PNG.
    pub fn measure(
        team: &Team,
        train: &Samples,
        test: &Samples,
        begins: &mut dyn FnMut(&str),
    ) -> Result<Self, EvalError> {
        begins("fitting PCA");
        let pca = Pca::fit(team, train)?;
        let transform = STEPS.iter().map(|&step| {
            begins(&format!("transform coder, step {step}"));
            let rate = transform_coder(team, &pca, test, step)?;
            Ok(RatePoint { method: "pca".to_owned(), setting: step, rate })
        });
        let transform = transform.collect::<Result<_, EvalError>>()?;
        let jpeg = JPEG_QUALITIES.iter().map(|&quality| {
            begins(&format!("JPEG, quality {quality}"));
            Ok((quality, JpegRate::measure(test, quality)?))
        });
        let jpeg = jpeg.collect::<Result<_, EvalError>>()?;
        begins("formats without loss");
        Ok(Self { coded: Vec::new(), transform, jpeg, lossless: LosslessRates::measure(test)? })
    }

    /// The rates of JPEG that are less than what PNG takes: beyond it, a loss buys nothing.
    pub fn jpeg_below_png(&self) -> impl Iterator<Item = &JpegRate> {
        self.jpeg.iter().map(|(_, rate)| rate).filter(|rate| rate.scan_bytes < self.lossless.png)
    }
}

impl fmt::Display for RateTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "method,setting,bytes_per_image,psnr_db,decoder_bytes,psnr_inside_db,images_to_beat_png,\
             images_to_beat_zlib,images_to_beat_jpeg"
        )?;
        let count = |images: Option<NonZeroU64>| images.map_or(String::new(), |images| images.to_string());
        for RatePoint { method, setting, rate } in self.coded.iter().chain(&self.transform) {
            let as_good = self.jpeg.iter().filter(|(_, jpeg)| jpeg.psnr_db >= rate.psnr_db);
            let file = as_good.map(|(_, jpeg)| jpeg.file_bytes).min_by(f64::total_cmp);
            writeln!(
                out,
                "{method},{setting},{:.3},{:.3},{},{:.3},{},{},{}",
                rate.bytes_per_image(),
                rate.psnr_db,
                rate.decoder_bytes,
                rate.psnr_inside_db,
                count(rate.breaks_even(self.lossless.png)),
                count(rate.breaks_even(self.lossless.zlib_each)),
                count(file.and_then(|bytes| rate.breaks_even(bytes))),
            )?;
        }
        for (quality, JpegRate { file_bytes, scan_bytes, psnr_db }) in &self.jpeg {
            writeln!(out, "jpeg,{quality},{file_bytes:.3},{psnr_db:.3},,,,,")?;
            writeln!(out, "jpeg-scan,{quality},{scan_bytes:.3},{psnr_db:.3},,,,,")?;
        }
        for (name, bytes) in self.lossless.named() {
            writeln!(out, "\"{name}\",,{bytes:.3},,,,,,")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ae_net::Description;

    use super::*;
    use crate::formats::tests::bars;

    fn coded(psnr_db: f64, file_bytes: u64) -> RatePoint {
        let rate = CodedRate { images: 1, file_bytes, psnr_db, decoder_bytes: 100, psnr_inside_db: psnr_db };
        RatePoint { method: "ours".to_owned(), setting: 0.5, rate }
    }

    #[test]
    fn the_curve_is_the_lower_hull_of_mse() {
        // Dearer than a better one, and as dear as a better one.
        let beaten = [coded(19.0, 31), coded(17.0, 10)];
        // A mixture of 10 and 30 bytes has an MSE of 0.01292 at 20 bytes: 18.887 dB.
        let (above, below) = (coded(18.89, 20), coded(18.88, 20));
        let ends = || vec![coded(20.0, 30), coded(18.0, 10), coded(21.0, 60)];
        assert_eq!(
            best(&ends().into_iter().chain(beaten).chain([below]).collect::<Vec<_>>()),
            [(18.0, 10.0), (20.0, 30.0), (21.0, 60.0)]
        );
        assert_eq!(
            best(&ends().into_iter().chain([above]).collect::<Vec<_>>()),
            [(18.0, 10.0), (18.89, 20.0), (20.0, 30.0), (21.0, 60.0)]
        );
        assert_eq!(best(&[]), []);
    }

    #[test]
    fn the_table_has_a_line_for_every_rate() {
        let jpeg = |file_bytes, psnr_db| JpegRate { file_bytes, scan_bytes: file_bytes - 50.0, psnr_db };
        let table = RateTable {
            coded: vec![coded(20.0, 30)],
            transform: vec![coded(40.0, 70)],
            jpeg: vec![(1, jpeg(90.0, 19.0)), (50, jpeg(150.0, 30.0)), (95, jpeg(130.0, 35.0))],
            lossless: LosslessRates { png: 80.0, zlib_each: 20.0, zlib_set: 10.0, xz_set: 9.0 },
        };
        // Decoders of 100 bytes save 50 and 10 an image beside PNG, and 100 beside the smaller of two JPEG files.
        let expected = "\
            method,setting,bytes_per_image,psnr_db,decoder_bytes,psnr_inside_db,images_to_beat_png,\
            images_to_beat_zlib,images_to_beat_jpeg\n\
            ours,0.5,30.000,20.000,100,20.000,3,,2\n\
            ours,0.5,70.000,40.000,100,40.000,11,,\n\
            jpeg,1,90.000,19.000,,,,,\n\
            jpeg-scan,1,40.000,19.000,,,,,\n\
            jpeg,50,150.000,30.000,,,,,\n\
            jpeg-scan,50,100.000,30.000,,,,,\n\
            jpeg,95,130.000,35.000,,,,,\n\
            jpeg-scan,95,80.000,35.000,,,,,\n\
            \"PNG\",,80.000,,,,,,\n\
            \"zlib, each\",,20.000,,,,,,\n\
            \"zlib, the set\",,10.000,,,,,,\n\
            \"xz, the set\",,9.000,,,,,,\n";
        assert_eq!(table.to_string(), expected);
        assert_eq!(table.jpeg_below_png().map(|rate| rate.psnr_db).collect::<Vec<_>>(), [19.0]);
    }

    #[test]
    fn everything_is_measured_at_all_settings() {
        let (images, team) = (bars(120), Team::new(1).unwrap());
        let mut stages = Vec::new();
        let mut table =
            RateTable::measure(&team, &images, &images, &mut |stage| stages.push(stage.to_owned())).unwrap();
        assert_eq!(stages.len(), 2 + STEPS.len() + JPEG_QUALITIES.len());
        assert_eq!(
            [&stages[0], &stages[12], &stages[13]],
            ["fitting PCA", "transform coder, step 0.4", "JPEG, quality 1"]
        );
        let network = Network::draw(&Description::dense(96, &[], 4), 0).unwrap();
        for steps in [Steps::Matched, Steps::Uniform] {
            let rates = rates_by_quality(&team, &network, steps, &images, "drawn").unwrap();
            assert!(rates.is_sorted_by(|a, b| a.rate.file_bytes <= b.rate.file_bytes), "{rates:?}");
            assert!(rates.iter().map(|point| point.setting as f32).eq(QUALITIES.iter().copied()));
            table.coded.extend(rates);
        }
        assert_ne!(table.coded[0].rate, table.coded[QUALITIES.len()].rate);
        assert_eq!((table.transform.len(), table.jpeg.len()), (STEPS.len(), JPEG_QUALITIES.len()));
        let lines = 1 + 2 * QUALITIES.len() + STEPS.len() + 2 * JPEG_QUALITIES.len() + 4;
        assert_eq!(table.to_string().lines().count(), lines);
    }
}
