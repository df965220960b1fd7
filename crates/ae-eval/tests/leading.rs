//! The first components of a sample, held against all components of the same images.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::path::Path;

use ae_data::{Limits, Samples, open_folder};
use ae_eval::{Pca, image_rows};
use ae_net::{Outputs, Team};

fn alone() -> Team {
    Team::new(1).unwrap()
}

fn mse(pca: &Pca, size: usize, images: &Samples) -> f64 {
    let network = pca.network(size, Outputs::Values).unwrap();
    network.evaluate(&alone(), image_rows(images).unwrap(), image_rows(images).unwrap()).unwrap().mse
}

/// The first digits of MNIST at 14 x 14: each pixel the mean of four.
fn digits(count: usize) -> Samples {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let sets = open_folder(&folder, &Limits::default()).unwrap();
    let digits = sets.train.bytes().unwrap().chunks_exact(784).take(count);
    let pooled = |digit: &[u8], at: usize| {
        let first = at / 14 * 2 * 28 + at % 14 * 2;
        ([0, 1, 28, 29].map(|step| u16::from(digit[first + step])).iter().sum::<u16>() / 4) as u8
    };
    let pixels: Vec<u8> = digits.flat_map(|digit| (0..196).map(move |at| pooled(digit, at))).collect();
    Samples::new((14, 14), pixels).unwrap()
}

/// No code of its size leaves less than the exact components, and these leave at most 1 % more.
#[test]
fn they_leave_what_the_exact_ones_leave_and_hardly_more() {
    let images = digits(2_000);
    let exact = Pca::fit(&alone(), &images).unwrap();
    for size in [1, 2, 8, 32, 64] {
        let leading = Pca::leading(&alone(), &images, size, 0).unwrap();
        let ratio = mse(&leading, size, &images) / mse(&exact, size, &images);
        assert!((0.999_999..1.01).contains(&ratio), "{size}: {ratio}");
        for (place, (found, expected)) in leading.variances().iter().zip(exact.variances()).enumerate() {
            assert!((found / expected - 1.0).abs() < 0.03, "{size}, {place}: {found}, {expected}");
        }
        for (found, expected) in leading.mean().iter().zip(exact.mean()) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn they_are_orthonormal_in_order_and_their_signs_fixed() {
    let pca = Pca::leading(&alone(), &digits(500), 40, 0).unwrap();
    let rows: Vec<&[f64]> = pca.components().chunks_exact(196).collect();
    assert_eq!((rows.len(), pca.images()), (40, 500));
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let product: f64 = a.iter().zip(*b).map(|(a, b)| a * b).sum();
            assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i}, {j}: {product}");
        }
        let largest = a.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        assert!(largest > 0.0, "component {i}");
    }
    assert!(pca.variances().is_sorted_by(|a, b| a >= b));
}

#[test]
fn any_team_gives_the_same_bits_and_another_seed_others() {
    let images = digits(700);
    let one = Pca::leading(&alone(), &images, 5, 1).unwrap();
    for threads in [2, 5] {
        let other = Pca::leading(&Team::new(threads).unwrap(), &images, 5, 1).unwrap();
        assert_eq!((one.mean(), one.variances()), (other.mean(), other.variances()));
        assert_eq!(one.components(), other.components());
    }
    assert_ne!(one.components(), Pca::leading(&alone(), &images, 5, 2).unwrap().components());
}

/// Sets in an order: one class after the other, and classes in turn with the very period at which images are taken.
#[test]
fn a_sample_has_of_every_part_of_a_set() {
    let mean = |white: &dyn Fn(usize) -> bool| {
        let pixels: Vec<u8> = (0..2 * Pca::SAMPLE).map(|image| if white(image) { 255 } else { 0 }).collect();
        let images = Samples::new((1, 1), pixels).unwrap();
        let pca = Pca::leading(&alone(), &images, 1, 0).unwrap();
        assert_eq!(pca.images(), Pca::SAMPLE);
        pca.mean()[0]
    };
    assert_eq!(mean(&|image| image < Pca::SAMPLE), 0.5);
    // Five standard errors of a share of one half.
    assert!((mean(&|image| image % 2 == 0) - 0.5).abs() < 5.0 * 0.5 / (Pca::SAMPLE as f64).sqrt());
}

#[test]
fn one_image_equal_images_and_a_code_as_large_as_the_image_are_no_faults() {
    for count in [1, 5] {
        let images = Samples::new((1, 3), [0, 100, 255].repeat(count)).unwrap();
        let pca = Pca::leading(&alone(), &images, 3, 0).unwrap();
        assert!(pca.variances().iter().all(|&variance| variance < 1e-12), "{:?}", pca.variances());
        assert!(pca.components().iter().all(|c| c.is_finite()));
        assert!(mse(&pca, 3, &images) < 1e-12);
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let none = Samples::new((2, 2), Vec::<u8>::new()).unwrap();
    let said = |images, size| Pca::leading(&alone(), images, size, 0).unwrap_err().to_string();
    assert_eq!(said(&none, 1), "images to fit components to: expected at least 1, found 0");
    let images = digits(20);
    assert_eq!(said(&images, 0), "components: expected 1 to 196, found 0");
    assert_eq!(said(&images, 197), "components: expected 1 to 196, found 197");
    // A code of more numbers than were found is none that can be cut from it.
    let error = Pca::leading(&alone(), &images, 4, 0).unwrap().network(5, Outputs::Clipped).unwrap_err();
    assert_eq!(error.to_string(), "components: expected 1 to 4, found 5");
}
