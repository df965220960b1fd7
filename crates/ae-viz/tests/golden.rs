//! Whole pictures against the ones in `tests/golden/`, which someone has looked at.
//!
//! `AE_BLESS=1 cargo test -p ae-viz --test golden` writes them anew; look at the pictures that changed before
//! committing them. Where a picture differs, what was drawn is kept in cargo's folder for test files, and the
//! failure names it. PNG files are compared by their pixels, as another encoder may pack them differently, SVG
//! files by their text.

use std::fs;
use std::path::{Path, PathBuf};

use ae_viz::{GrayTile, Grid, LineChart, png_bytes};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Compares `drawn` with the golden file at `path`, or makes it the golden file if `bless` is set.
fn compare(path: &Path, drawn: &[u8], bless: bool) -> Result<(), String> {
    if bless {
        return fs::write(path, drawn).map_err(|error| format!("cannot write {}: {error}", path.display()));
    }
    let difference = match fs::read(path) {
        Err(error) => format!("no golden picture: {error}"),
        Ok(expected) if path.extension().is_some_and(|extension| extension == "png") => {
            let decode = |bytes: &[u8]| image::load_from_memory(bytes).map(image::DynamicImage::into_luma8);
            match (decode(&expected), decode(drawn)) {
                (Ok(expected), Ok(drawn)) if expected == drawn => return Ok(()),
                (Ok(expected), Ok(drawn)) => {
                    format!(
                        "pixels differ, or sizes: {:?} and {:?}",
                        expected.dimensions(),
                        drawn.dimensions()
                    )
                }
                (expected, drawn) => {
                    format!("not both are PNG files: {:?}, {:?}", expected.err(), drawn.err())
                }
            }
        }
        Ok(expected) if expected == drawn => return Ok(()),
        Ok(expected) => {
            let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect();
            let (expected, drawn): (Vec<String>, Vec<String>) = (lines(&expected), lines(drawn));
            let same = expected.iter().zip(&drawn).take_while(|(a, b)| a == b).count();
            format!("line {} is {:?}, expected {:?}", same + 1, drawn.get(same), expected.get(same))
        }
    };
    let name = path.file_name().expect("a golden file has a name");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&kept, drawn).map_err(|error| format!("cannot write {}: {error}", kept.display()))?;
    Err(format!(
        "{}: {difference}\ndrawn now: {}\nif that is how it should look: AE_BLESS=1 cargo test -p ae-viz --test golden",
        path.display(),
        kept.display(),
    ))
}

fn assert_golden(name: &str, drawn: &[u8]) {
    let bless = std::env::var_os("AE_BLESS").is_some_and(|value| value == "1");
    if let Err(report) = compare(&golden(name), drawn, bless) {
        panic!("{report}");
    }
}

/// A bright ring on black, `turn` saying where it is open: a picture that is wrong when flipped or turned.
fn ring(rows: usize, cols: usize, turn: f64) -> Vec<f32> {
    let mut brightness = Vec::with_capacity(rows * cols);
    for row in 0..rows {
        for col in 0..cols {
            let y = (row as f64 + 0.5) / rows as f64 * 2.0 - 1.0;
            let x = (col as f64 + 0.5) / cols as f64 * 2.0 - 1.0;
            let off_ring = ((x * x + y * y).sqrt() - 0.6).abs();
            let open = x * turn.cos() + y * turn.sin() > 0.45;
            brightness.push(if open { 0.0 } else { (1.3 - 4.0 * off_ring) as f32 });
        }
    }
    brightness
}

/// A loss that falls from `start` towards `end`.
fn falling(start: f64, end: f64, n_epochs: u32) -> impl Iterator<Item = (f64, f64)> {
    (1..=n_epochs).map(move |epoch| {
        let epoch = f64::from(epoch);
        (epoch, end + (start - end) / (epoch * epoch))
    })
}

#[test]
fn two_rows_of_tiles() {
    let rings: Vec<Vec<f32>> = (0..10).map(|i| ring(20, 28, f64::from(i) * 0.628)).collect();
    let tiles: Vec<_> = rings.iter().map(|ring| GrayTile::from_unit(20, 28, ring).unwrap()).collect();
    let picture = Grid::new(5).upscale(2).gap(2).draw(&tiles).unwrap();
    assert_golden("two_rows_of_tiles.png", &png_bytes(&picture).unwrap());
}

#[test]
fn partly_filled_last_row() {
    let rings: Vec<Vec<f32>> = (0..5).map(|i| ring(9, 7, f64::from(i))).collect();
    let tiles: Vec<_> = rings.iter().map(|ring| GrayTile::from_unit(9, 7, ring).unwrap()).collect();
    let picture = Grid::new(3).upscale(4).gap(3).gap_level(128).draw(&tiles).unwrap();
    assert_golden("partly_filled_last_row.png", &png_bytes(&picture).unwrap());
}

#[test]
fn loss_of_fifty_epochs() {
    let svg = LineChart::new(
        "Loss while training, shallow-32 on MNIST",
        "epoch",
        "binary cross-entropy (nats a pixel)",
    )
    .series("training images (mean over the epoch)", falling(0.186, 0.0925, 50))
    .series("test images", falling(0.133, 0.0915, 50))
    .reference("mean image 0.263", 0.2625)
    .reference("entropy floor 0.058", 0.0581)
    .to_svg()
    .unwrap();
    assert_golden("loss_of_fifty_epochs.svg", svg.as_bytes());
}

#[test]
fn one_epoch() {
    let svg = LineChart::new("One epoch", "epoch", "loss (nats a pixel)")
        .series("train", falling(0.186, 0.0925, 1))
        .to_svg()
        .unwrap();
    assert_golden("one_epoch.svg", svg.as_bytes());
}

#[test]
fn every_colour_on_a_logarithmic_axis() {
    let mut chart =
        LineChart::new("Crowded: 7 series & <8> \"references\"", "images seen (thousands)", "MSE").log_y();
    for i in 1..=7u32 {
        let (name, level) = (format!("learning rate {i}e-3"), f64::from(i));
        chart =
            chart.series(name, (0..=16).map(|x| (f64::from(x) * 7.5, 0.3 / level / f64::from(x * x + 1))));
    }
    for i in 0..8u32 {
        chart =
            chart.reference(format!("level {i}, close to the next"), 0.0002 * (1.0 + f64::from(i) / 20.0));
    }
    assert_golden("every_colour_on_a_logarithmic_axis.svg", chart.to_svg().unwrap().as_bytes());
}

#[test]
fn a_missing_or_different_golden_picture_fails_and_says_how_to_bless() {
    let missing = compare(&golden("no_such_picture.svg"), b"<svg/>", false).unwrap_err();
    assert!(missing.contains("no golden picture") && missing.contains("AE_BLESS=1"), "{missing}");

    let grey =
        |level| png_bytes(&Grid::new(1).draw(&[GrayTile::new(1, 2, &[9, level]).unwrap()]).unwrap()).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blessed.png");
    compare(&path, &grey(200), true).unwrap();
    compare(&path, &grey(200), false).unwrap();
    let different = compare(&path, &grey(201), false).unwrap_err();
    assert!(different.contains("pixels differ") && different.contains("AE_BLESS=1"), "{different}");
}
