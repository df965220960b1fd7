//! Whole pictures against the ones in `tests/golden/`, which someone has looked at.
//!
//! `AE_BLESS=1 cargo test -p ae-viz --test golden` writes them anew; look at the pictures that changed before
//! committing them. Where a picture differs, what was drawn is kept in cargo's folder for test files, and the
//! failure names it. PNG files are compared by their pixels, as another encoder may pack them differently, and text
//! in them is drawn in floating point, whose last bits depend on the machine; SVG files by their text.

use std::fs;
use std::path::{Path, PathBuf};

use ae_viz::{
    Grid, LineChart, ScatterChart, SignedScale, SignedTile, SmallMultiples, ThumbnailChart, Tile, png_bytes,
};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The most by which a channel of a pixel may differ from the golden one's.
const TOLERANCE: u8 = 2;

fn is_close(a: &image::RgbImage, b: &image::RgbImage) -> bool {
    a.dimensions() == b.dimensions() && a.iter().zip(b.iter()).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE)
}

/// Compares `drawn` with the golden file at `path`, or makes it the golden file if `bless` is set.
fn compare(path: &Path, drawn: &[u8], bless: bool) -> Result<(), String> {
    if bless {
        return fs::write(path, drawn).map_err(|error| format!("cannot write {}: {error}", path.display()));
    }
    let difference = match fs::read(path) {
        Err(error) => format!("no golden picture: {error}"),
        Ok(expected) if path.extension().is_some_and(|extension| extension == "png") => {
            let decode = |bytes: &[u8]| image::load_from_memory(bytes).map(image::DynamicImage::into_rgb8);
            match (decode(&expected), decode(drawn)) {
                (Ok(expected), Ok(drawn)) if is_close(&expected, &drawn) => return Ok(()),
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

/// The ring as bytes.
fn grey_ring(rows: usize, cols: usize, turn: f64) -> Vec<u8> {
    ring(rows, cols, turn)
        .iter()
        .map(|brightness| (brightness.clamp(0.0, 1.0) * 255.0).round() as u8)
        .collect()
}

/// Rings of red, green and blue, each turned a little more.
fn colour_ring(rows: usize, cols: usize, turn: f64) -> Vec<u8> {
    [0.0, 0.7, 1.4].map(|more| grey_ring(rows, cols, turn + more)).concat()
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
    let rings: Vec<Vec<u8>> = (0..10).map(|i| grey_ring(20, 28, f64::from(i) * 0.628)).collect();
    let tiles: Vec<_> = rings.iter().map(|ring| Tile::new(1, 20, 28, ring).unwrap()).collect();
    let picture = Grid::new(5).upscale(2).gap(2).draw(&tiles).unwrap();
    assert_golden("two_rows_of_tiles.png", &png_bytes(&picture).unwrap());
}

#[test]
fn partly_filled_last_row() {
    let rings: Vec<Vec<u8>> = (0..5).map(|i| grey_ring(9, 7, f64::from(i))).collect();
    let tiles: Vec<_> = rings.iter().map(|ring| Tile::new(1, 9, 7, ring).unwrap()).collect();
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

fn rings(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|i| grey_ring(28, 28, f64::from(i) * 0.628)).collect()
}

fn tiles(rings: &[Vec<u8>]) -> Vec<Tile<'_>> {
    rings.iter().map(|ring| Tile::new(1, 28, 28, ring).expect("rings are 28 x 28")).collect()
}

#[test]
fn labelled_rows() {
    let rings = rings(15);
    let grid = Grid::new(5).upscale(2).gap(2).gap_level(64).row_labels(["clean", "noisy", "restored"]);
    assert_golden("labelled_rows.png", &png_bytes(&grid.draw(&tiles(&rings)).unwrap()).unwrap());
}

#[test]
fn plane_without_gaps() {
    let rings = rings(16);
    let marks = ["-1.5", "", "", "1.5"];
    let grid = Grid::new(4).upscale(2).gap(0).row_labels(marks);
    assert_golden("plane_without_gaps.png", &png_bytes(&grid.draw(&tiles(&rings)).unwrap()).unwrap());
}

/// Pictures larger and smaller than they are, in colour, under the names of their files.
#[test]
fn colour_under_names() {
    let grid = Grid::new(4).gap(4).row_labels(["original", "rebuilt"]);
    let names = ["cat.png", "a dog that runs.jpeg", "\u{4e09}.png", "img_0003.png"];
    for (name, rows, cols) in [("enlarged", 16, 20), ("shrunk", 300, 240)] {
        let rings: Vec<Vec<u8>> = (0..8).map(|i| colour_ring(rows, cols, f64::from(i) * 0.628)).collect();
        let tiles: Vec<_> = rings.iter().map(|ring| Tile::new(3, rows, cols, ring).unwrap()).collect();
        let picture = grid.clone().tile_side(96..=96).column_labels(names).draw(&tiles).unwrap();
        assert_golden(&format!("colour_{name}.png"), &png_bytes(&picture).unwrap());
    }
}

#[test]
fn signed_tiles() {
    let weights: Vec<Vec<f32>> =
        (0..8).map(|i| ring(14, 14, f64::from(i)).iter().map(|w| w * 0.1 * i as f32).collect()).collect();
    let tiles: Vec<_> = weights.iter().map(|w| SignedTile::new(14, 14, w).unwrap()).collect();
    let grid = Grid::new(4).upscale(4).gap(2).gap_level(160);
    for (name, scale) in [("common", SignedScale::Common), ("of_each", SignedScale::EachTile)] {
        let picture = grid.draw_signed(&tiles, scale).unwrap();
        assert_golden(&format!("signed_tiles_scale_{name}.png"), &png_bytes(&picture).unwrap());
    }
}

/// Clouds on a spiral, closer and closer, drawn from a small generator of our own.
fn clouds(count: u32, classes: u32, spread: f64) -> (Vec<(f64, f64)>, Vec<u32>) {
    let mut state = 1u64;
    let mut unit = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let point = |i: u32| {
        let class = f64::from(i % classes);
        let radius = 12.0 - class * 10.0 / f64::from(classes);
        let mut noise = || spread * (unit() + unit() + unit());
        let (x, y) = ((class * 0.9).cos() * radius, (class * 0.9).sin() * radius);
        ((x + noise(), y + noise()), i % classes)
    };
    (0..count).map(point).unzip()
}

#[test]
fn codes_of_ten_classes() {
    let ((left, left_classes), (right, right_classes)) = (clouds(1500, 10, 12.0), clouds(700, 10, 3.0));
    let chart =
        ScatterChart::new("Ten classes as two numbers", "digit", (0..10).map(|digit| digit.to_string()))
            .panel("PCA, k-NN accuracy 0.451", "component 1", "component 2", left, &left_classes)
            .panel("784-512-128-2, k-NN accuracy 0.802", "code 1", "code 2", right, &right_classes);
    assert_golden("codes_of_ten_classes.svg", chart.to_svg().unwrap().as_bytes());
}

#[test]
fn codes_in_one_panel() {
    let (codes, classes) = clouds(90, 10, 3.0);
    let names = [
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ];
    let chart =
        ScatterChart::new("", "article", names).panel("90 articles", "code 1", "code 2", codes, &classes);
    assert_golden("codes_in_one_panel.png", &chart.to_png_bytes().unwrap());
}

/// More classes than colours: colours come round again, and as many names are drawn as lie free.
#[test]
fn codes_of_many_classes() {
    let panel = |classes: u32, points: u32, first: u32| {
        let (codes, of) = clouds(points, classes, 3.0);
        ScatterChart::new("", "class", (first..first + classes).map(|class| class.to_string())).panel(
            format!("{classes} classes"),
            "code 1",
            "code 2",
            codes,
            &of,
        )
    };
    assert_golden("codes_of_26_classes.svg", panel(26, 1_040, 1).to_svg().unwrap().as_bytes());
    assert_golden("codes_of_300_classes.svg", panel(300, 1_500, 0).to_svg().unwrap().as_bytes());
}

#[test]
fn codes_without_classes() {
    let (codes, _) = clouds(600, 7, 6.0);
    let chart = ScatterChart::without_classes("").panel("600 rows", "code 1", "code 2", codes, &[]);
    assert_golden("codes_without_classes.svg", chart.to_svg().unwrap().as_bytes());
}

#[test]
fn pictures_at_their_codes() {
    let (codes, _) = clouds(120, 12, 3.0);
    let rings: Vec<Vec<u8>> = (0..120).map(|i| colour_ring(28, 24, f64::from(i) * 0.9)).collect();
    let chart = ThumbnailChart::new("Test images at their codes", "code 1", "code 2");
    let chart = codes
        .into_iter()
        .zip(&rings)
        .fold(chart, |chart, (code, ring)| chart.tile(code, Tile::new(3, 28, 24, ring).unwrap()));
    assert_golden("pictures_at_their_codes.png", &chart.to_png_bytes().unwrap());
}

/// Rows of a table, some names of which are long, or cannot be written.
#[test]
fn rows_of_a_table() {
    let names = ["sepal length", "sepal width", "petal length", "petal width", "kind"];
    let titles = ["row 17", "Iris setosa, the bristle-pointed iris of the north", "\u{4e09} & <row>"];
    let mut chart =
        SmallMultiples::new("Rows of the test file", 3, ["original", "rebuilt"]).number_names(names);
    for index in 0..7 {
        let scale = 10f32.powi(index / 3 - 1);
        let row = [5.1, 3.5, 1.4 + index as f32, 0.2, -1.0].map(|number| number * scale);
        let rebuilt = [0.3, -0.2, 0.1, 0.4, 0.0].map(|off| off * scale);
        let rebuilt: Vec<f32> = row.iter().zip(rebuilt).map(|(number, off)| number + off).collect();
        chart = chart.panel(titles[index as usize % 3], &[&row, &rebuilt]);
    }
    assert_golden("rows_of_a_table.svg", chart.to_svg().unwrap().as_bytes());
}

/// More numbers than pixels, with a peak of one number, on a common scale.
#[test]
fn stretches_of_a_series() {
    let mut chart = SmallMultiples::new("", 2, ["original", "rebuilt"]).labels("sample", "volts").common_y();
    for stretch in 0..4 {
        let wave = |i: i32, noise: f32| {
            let x = (i + 3000 * stretch) as f32 / 400.0;
            x.sin() * (x / 9.0).cos() + noise * ((i * 7919 % 1000) as f32 / 500.0 - 1.0)
        };
        let mut original: Vec<f32> = (0..3000).map(|i| wave(i, 0.3)).collect();
        original[1234] = 3.0;
        let rebuilt: Vec<f32> = (0..3000).map(|i| wave(i, 0.0)).collect();
        chart = chart.panel(format!("stretch {stretch}"), &[&original, &rebuilt]);
    }
    assert_golden("stretches_of_a_series.png", &chart.to_png_bytes().unwrap());
}

#[test]
fn rate_and_distortion() {
    let chart = LineChart::new("Storing the test images", "bytes an image", "PSNR (dB)")
        .log_x()
        .series("32 codes", [(12.8, 19.58), (15.7, 19.95), (18.0, 20.07), (21.9, 20.15)])
        .series("PCA", [(5.5, 16.46), (8.5, 17.77), (14.9, 19.74), (21.5, 21.18), (35.7, 23.41)])
        .points("JPEG, quality 1, 5 and 10", [(39.0, 18.87), (50.0, 20.57), (71.0, 22.92)])
        .reference("PCA-32, not rounded", 18.18);
    assert_golden("rate_and_distortion.svg", chart.to_svg().unwrap().as_bytes());
    assert_golden("rate_and_distortion.png", &chart.to_png_bytes().unwrap());
}

#[test]
fn a_missing_or_different_golden_picture_fails_and_says_how_to_bless() {
    let missing = compare(&golden("no_such_picture.svg"), b"<svg/>", false).unwrap_err();
    assert!(missing.contains("no golden picture") && missing.contains("AE_BLESS=1"), "{missing}");

    let grey =
        |level| png_bytes(&Grid::new(1).draw(&[Tile::new(1, 1, 2, &[9, level]).unwrap()]).unwrap()).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blessed.png");
    compare(&path, &grey(200), true).unwrap();
    compare(&path, &grey(202), false).unwrap();
    let different = compare(&path, &grey(203), false).unwrap_err();
    assert!(different.contains("pixels differ") && different.contains("AE_BLESS=1"), "{different}");
}
