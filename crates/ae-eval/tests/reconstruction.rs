//! Figures of reconstructions worked out by hand, and the identities between them.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_eval::Reconstruction;
use ae_net::{Activation, Dense, Description, Network, Outputs, Rows, Team, psnr_db};

/// A network whose outputs are its inputs.
fn identity(width: usize, kind: Outputs) -> Network {
    let weight = (0..width * width).map(|at| f32::from(u8::from(at / width == at % width))).collect();
    let layer = [Dense::new(width, weight, vec![0.0; width], Activation::Linear).unwrap()];
    Network::new(&layer, &layer, kind).unwrap()
}

fn measured(kind: Outputs, pixels: usize, outputs: &[f32], targets: &[u8]) -> Reconstruction {
    let outputs = Rows::values(outputs, pixels).unwrap();
    let targets = Rows::bytes(targets, pixels).unwrap();
    Reconstruction::measure(&Team::new(2).unwrap(), &identity(pixels, kind), outputs, targets).unwrap()
}

/// Logits and bytes without pattern.
fn noise(count: usize) -> (Vec<f32>, Vec<u8>) {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    (0..count).map(|_| (next() as f32 / 6_000.0 - 5.0, next() as u8)).unzip()
}

#[test]
fn figures_worked_out_by_hand() {
    // Two images of two pixels: errors of 0.1 and 0.1, and of 0.3 and 0.1.
    let found = measured(Outputs::Values, 2, &[0.1, 0.9, 0.3, 1.1], &[0, 255, 0, 255]);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    assert!(close(found.mse, 0.03), "{found:?}");
    assert!(close(found.squared_error_per_image, 0.06));
    assert!(close(found.psnr_db, -10.0 * 0.03_f64.log10()));
    assert!(close(found.mean_psnr_db, 0.5 * (20.0 - 10.0 * 0.05_f64.log10())));
    assert_eq!((found.images, found.pixels, found.bce, found.bce_per_image), (2, 2, None, None));
    // Clipping takes away the error above 1.
    let clipped = measured(Outputs::Clipped, 2, &[0.1, 0.9, 0.3, 1.1], &[0, 255, 0, 255]);
    assert!(close(clipped.squared_error_per_image, 0.055), "{clipped:?}");
    // Undecided logits: ln 2 a pixel, and half a brightness away; and a code that is 0 for both.
    let undecided = measured(Outputs::Logits, 2, &[0.0; 4], &[0, 255, 255, 0]);
    assert!(close(undecided.bce_per_image.unwrap(), 2.0 * std::f64::consts::LN_2));
    assert!(close(undecided.mse, 0.25));
    assert_eq!((found.dead_units, undecided.dead_units), (0, 2));
}

#[test]
fn identities_hold() {
    let (logits, bytes) = noise(40 * 12);
    let found = measured(Outputs::Logits, 12, &logits, &bytes);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * b.abs();
    assert!(close(found.bce_per_image.unwrap(), 12.0 * found.bce.unwrap()));
    assert!(close(found.squared_error_per_image, 12.0 * found.mse));
    assert!(close(found.psnr_db, 10.0 * (1.0 / found.mse).log10()));
    assert!(found.mean_psnr_db > found.psnr_db);
    // One image alone: no difference between the two.
    let one = measured(Outputs::Logits, 480, &logits, &bytes);
    assert!(close(one.psnr_db, one.mean_psnr_db));
    assert!((one.mse - found.mse).abs() < 1e-6 * found.mse);
    // From logits, or from the brightness they stand for.
    let brightness: Vec<f32> = logits.iter().map(|&z| Outputs::Logits.brightness(z)).collect();
    let again = measured(Outputs::Values, 12, &brightness, &bytes);
    assert!((again.mse - found.mse).abs() < 1e-6 * found.mse, "{again:?}, {found:?}");
}

/// More images than are measured at once, so that every image has to meet its own target.
#[test]
fn measured_slice_by_slice_as_measured_whole() {
    let (team, network) =
        (Team::new(2).unwrap(), Network::draw(&Description::dense(30, &[12], 7), 1).unwrap());
    let (_, bytes) = noise(2500 * 30);
    let rows = Rows::bytes(&bytes, 30).unwrap();
    let found = Reconstruction::measure(&team, &network, rows, rows).unwrap();
    let rebuilt = network.reconstruct(&team, rows).unwrap();
    let square = |(&x, &byte): (&f32, &u8)| (f64::from(x) - f64::from(byte) / 255.0).powi(2);
    let images = rebuilt.chunks_exact(30).zip(bytes.chunks_exact(30));
    let errors: Vec<f64> =
        images.map(|(found, image)| found.iter().zip(image).map(square).sum::<f64>() / 30.0).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / 2500.0;
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    assert!(close(found.mse, mean(&mut errors.iter().copied())), "{found:?}");
    assert!(close(found.mean_psnr_db, mean(&mut errors.iter().map(|&error| psnr_db(error)))), "{found:?}");
    assert_eq!((found.images, found.pixels), (2500, 30));

    // The same figures as the workspace's one evaluation.
    let other = network.evaluate(&team, rows, rows).unwrap();
    assert_eq!((found.mse, found.bce, found.dead_units), (other.mse, other.bce, other.dead_units));
}

#[test]
fn nan_and_exactness_are_seen() {
    let wrong = measured(Outputs::Clipped, 1, &[f32::NAN, 0.0], &[0, 0]);
    assert!(wrong.mse.is_nan() && wrong.mean_psnr_db.is_nan());
    let exact = measured(Outputs::Values, 1, &[1.0, 0.0], &[255, 0]);
    assert_eq!((exact.mse, exact.psnr_db, exact.mean_psnr_db), (0.0, f64::INFINITY, f64::INFINITY));
}

#[test]
fn wrong_shapes_are_refused() {
    let (team, network) = (Team::new(1).unwrap(), identity(30, Outputs::Logits));
    let said = |pixels: &[u8], width, targets: &[u8]| {
        let rows = Rows::bytes(pixels, width).unwrap();
        let targets = Rows::bytes(targets, 30).unwrap();
        Reconstruction::measure(&team, &network, rows, targets).unwrap_err().to_string()
    };
    assert_eq!(said(&[0; 210], 30, &[0; 180]), "targets: expected 7, found 6");
    assert_eq!(said(&[], 30, &[]), "images to measure: expected at least 1, found 0");
    assert_eq!(said(&[0; 210], 210, &[0; 30]), "images: expected rows of 30, found rows of 210");
}
