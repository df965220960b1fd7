//! PCA held against what theory says of it, on small images.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_data::Samples;
use ae_eval::{Pca, Reconstruction, image_rows};
use ae_net::{Outputs, Team};
use proptest::prelude::*;

fn alone() -> Team {
    Team::new(1).unwrap()
}

/// `count` images of 3 x 4 pixels in which neighbouring pixels are related, from a fixed start.
fn related(count: usize) -> Samples {
    let mut state = 5_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(state >> 24)
    };
    let mut image = || {
        let mut level = next();
        (0..12)
            .map(|_| {
                level = (level + (next() - 128) / 2).clamp(0, 255);
                level as u8
            })
            .collect::<Vec<_>>()
    };
    Samples::new((3, 4), (0..count).flat_map(|_| image()).collect::<Vec<u8>>()).unwrap()
}

fn mse(pca: &Pca, size: usize, images: &Samples) -> f64 {
    let network = pca.network(size, Outputs::Values).unwrap();
    Reconstruction::measure(&alone(), &network, image_rows(images).unwrap(), image_rows(images).unwrap())
        .unwrap()
        .mse
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn components_are_orthonormal_and_their_signs_fixed() {
    let pca = Pca::fit(&alone(), &related(300)).unwrap();
    let rows: Vec<&[f64]> = pca.components().chunks_exact(12).collect();
    assert_eq!(rows.len(), 12);
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let expected = f64::from(u8::from(i == j));
            assert!((product(a, b) - expected).abs() < 1e-12, "{i}, {j}: {}", product(a, b));
        }
        let largest = a.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        assert!(largest > 0.0, "component {i}");
    }
    assert!(pca.variances().is_sorted_by(|a, b| a >= b));
}

/// The variances are those of the codes, which are not related to each other, and add up to the whole.
#[test]
fn variances_are_those_of_the_codes() {
    let images = related(300);
    let pca = Pca::fit(&alone(), &images).unwrap();
    let network = pca.network(12, Outputs::Values).unwrap();
    let codes = network.encode(&alone(), image_rows(&images).unwrap()).unwrap();
    let column = |i: usize| codes.chunks_exact(12).map(move |code| f64::from(code[i]));
    for i in 0..12 {
        assert!((column(i).sum::<f64>() / 300.0).abs() < 1e-6, "codes are centred");
        for j in 0..12 {
            let found = column(i).zip(column(j)).map(|(a, b)| a * b).sum::<f64>() / 300.0;
            let expected = if i == j { pca.variances()[i] } else { 0.0 };
            assert!((found - expected).abs() < 1e-6, "{i}, {j}: {found}, {expected}");
        }
    }
    let mean = pca.mean();
    let distances = images.bytes().unwrap().chunks_exact(12).map(|image| {
        image.iter().zip(mean).map(|(&byte, mean)| (f64::from(byte) / 255.0 - mean).powi(2)).sum::<f64>()
    });
    let total: f64 = pca.variances().iter().sum();
    assert!((distances.sum::<f64>() / 300.0 - total).abs() < 1e-12);
}

/// What a code of any size leaves out is the sum of the variances left out, and all components leave nothing.
#[test]
fn the_error_is_the_variance_left_out() {
    let images = related(300);
    let pca = Pca::fit(&alone(), &images).unwrap();
    for size in 1..=12 {
        let expected = pca.variances()[size..].iter().sum::<f64>() / 12.0;
        let found = mse(&pca, size, &images);
        assert!((found - expected).abs() < 1e-7, "{size}: {found}, {expected}");
    }
    let network = pca.network(12, Outputs::Values).unwrap();
    let rebuilt = network.reconstruct(&alone(), image_rows(&images).unwrap()).unwrap();
    for (found, &byte) in rebuilt.iter().zip(images.bytes().unwrap()) {
        assert!((found * 255.0 - f32::from(byte)).abs() < 1e-3);
    }
}

#[test]
fn clipping_brings_brightness_into_range_and_nearer() {
    let images = related(300);
    let pca = Pca::fit(&alone(), &images).unwrap();
    let rows = image_rows(&images).unwrap();
    let of = |outputs| pca.network(2, outputs).unwrap().reconstruct(&alone(), rows).unwrap();
    let (plain, clipped) = (of(Outputs::Values), of(Outputs::Clipped));
    assert!(plain.iter().any(|&x| !(0.0..=1.0).contains(&x)), "the case is worth a test");
    for (a, b) in plain.iter().zip(clipped) {
        assert_eq!(a.clamp(0.0, 1.0), b);
    }
}

#[test]
fn one_image_and_equal_images_have_finite_components() {
    for count in [1, 5] {
        let images = Samples::new((1, 3), [0, 100, 255].repeat(count)).unwrap();
        let pca = Pca::fit(&alone(), &images).unwrap();
        assert_eq!(pca.variances(), [0.0; 3], "{count}");
        assert!(pca.components().iter().all(|c| c.is_finite()));
        assert!(mse(&pca, 1, &images) < 1e-13);
    }
}

/// More images than are summed in single precision at once, all white: the largest sums there are.
#[test]
fn sums_of_products_are_exact_across_blocks() {
    let mut pixels = vec![255; 600 * 2];
    pixels[0] = 254;
    let images = Samples::new((1, 2), pixels).unwrap();
    let pca = Pca::fit(&alone(), &images).unwrap();
    // One byte of 600 differs by 1: variance (1/600 - 1/600^2) / 255^2 along the first pixel, none else.
    let expected = (1.0 / 600.0 - 1.0 / 360_000.0) / (255.0 * 255.0);
    assert!((pca.variances()[0] - expected).abs() < 1e-12 * expected, "{:e}", pca.variances()[0]);
    assert_eq!(pca.variances()[1], 0.0);
    assert_eq!(pca.components(), [1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn any_team_gives_the_same_bits() {
    let images = related(700);
    let one = Pca::fit(&alone(), &images).unwrap();
    for threads in [2, 5] {
        let other = Pca::fit(&Team::new(threads).unwrap(), &images).unwrap();
        assert_eq!((one.mean(), one.variances()), (other.mean(), other.variances()));
        assert_eq!(one.components(), other.components());
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let none = Samples::new((2, 2), Vec::<u8>::new()).unwrap();
    let said = |images| Pca::fit(&alone(), images).unwrap_err().to_string();
    assert_eq!(said(&none), "images to fit components to: expected at least 1, found 0");
    let wide = Samples::new((1, 5000), vec![0; 5000]).unwrap();
    assert_eq!(said(&wide), "pixels of an image for PCA: expected at most 1024, found 5000");
    let pca = Pca::fit(&alone(), &related(20)).unwrap();
    for asked in [0, 13] {
        let error = pca.network(asked, Outputs::Clipped).unwrap_err().to_string();
        assert_eq!(error, format!("components: expected 1 to 12, found {asked}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any images, fewer than pixels or more: `C v = variance v` for every component, the covariance taken
    /// from its definition.
    #[test]
    fn components_are_eigenvectors(count in 1_usize..12, bytes in prop::collection::vec(0_u8..=255, 12 * 6)) {
        let images = Samples::new((2, 3), bytes[..count * 6].to_vec()).unwrap();
        let pca = Pca::fit(&alone(), &images).unwrap();
        let centred: Vec<Vec<f64>> = images
            .bytes()
            .unwrap()
            .chunks_exact(6)
            .map(|image| image.iter().zip(pca.mean()).map(|(&x, mean)| f64::from(x) / 255.0 - mean).collect())
            .collect();
        for (component, variance) in pca.components().chunks_exact(6).zip(pca.variances()) {
            let mut image_of = [0.0; 6];
            for row in &centred {
                let along = product(row, component) / count as f64;
                image_of.iter_mut().zip(row).for_each(|(sum, x)| *sum += along * x);
            }
            for (found, entry) in image_of.iter().zip(component) {
                prop_assert!((found - variance * entry).abs() < 1e-12, "{found}, {variance} * {entry}");
            }
        }
    }
}

/// Fewer images than pixels leave most variances at 0: what is left is a basis all the same, and rebuilds the images.
#[test]
fn few_wide_images_are_rebuilt_from_as_many_numbers() {
    let team = Team::new(1).unwrap();
    for count in 2..=14 {
        // Strokes on black, as in handwriting: most pixels are 0 in all of them.
        let pixels = (0..count * 784).map(|at| {
            let (image, row, col) = (at / 784, at % 784 / 28, at % 28);
            let distance = (col as f64 - 10.0 - (row as f64 * (0.3 + 0.07 * image as f64)).sin() * 4.0).abs();
            if (4..24).contains(&row) && distance < 2.0 { (255.0 * (1.0 - distance / 2.0)) as u8 } else { 0 }
        });
        let images = Samples::new((28, 28), pixels.collect::<Vec<u8>>()).unwrap();
        let pca = Pca::fit(&team, &images).unwrap();
        assert!(pca.components().iter().all(|x| x.is_finite()), "{count} images");
        let rows = image_rows(&images).unwrap();
        let rebuilt = pca.network(count, Outputs::Values).unwrap().reconstruct(&team, rows).unwrap();
        let worst = rebuilt.iter().zip(rows.to_values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-4, "{count} images: {worst}");
    }
}
