//! Nearest neighbours held against the rule itself, computed with plain loops.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::BTreeMap;

use ae_eval::{Labelled, Neighbours};
use ae_net::{Rows, Team};
use proptest::prelude::*;

/// The rule, by sorting all distances.
fn plain(points: &[f32], labels: &[i32], queries: &[f32], dims: usize, k: usize) -> Vec<i32> {
    let of = |query: &[f32]| {
        let distance = |point: &[f32]| -> f64 {
            point.iter().zip(query).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        let mut distances: Vec<f64> = points.chunks_exact(dims).map(distance).collect();
        let each = distances.clone();
        distances.sort_by(f64::total_cmp);
        let mut votes = BTreeMap::new();
        for (&distance, &label) in each.iter().zip(labels) {
            *votes.entry(label).or_insert(0) += u32::from(distance <= distances[k - 1]);
        }
        let most = *votes.values().max().unwrap();
        *votes.iter().find(|(_, count)| **count == most).unwrap().0
    };
    queries.chunks_exact(dims).map(of).collect()
}

fn found(points: &[f32], labels: &[i32], queries: &[f32], dims: usize, k: usize) -> Vec<i32> {
    let train = Labelled::new(Rows::values(points, dims).unwrap(), labels).unwrap();
    let queries = Rows::values(queries, dims).unwrap();
    Neighbours::new(train).classify(&Team::new(1).unwrap(), queries, k).unwrap()
}

/// Numbers without pattern in [-1, 1), from a fixed start.
fn noise(count: usize, start: u32) -> Vec<f32> {
    let mut state = start;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn check(points: &[f32], labels: &[i32], queries: &[f32], dims: usize, k: usize) {
    let (found, expected) =
        (found(points, labels, queries, dims, k), plain(points, labels, queries, dims, k));
    assert_eq!(found, expected, "{dims} dimensions, k = {k}");
}

/// Classes are any numbers.
const CLASSES: [i32; 6] = [0, 1, i32::MIN, -1, 300, i32::MAX];

fn labels(count: usize) -> Vec<i32> {
    noise(count, 99).into_iter().map(|x| CLASSES[((x + 1.0) * 3.0) as usize]).collect()
}

/// More points and more queries than a block holds.
#[test]
fn scattered_points_in_few_and_many_dimensions() {
    for dims in [1, 2, 3, 4, 5, 32] {
        check(&noise(2500 * dims, 1), &labels(2500), &noise(1100 * dims, 2), dims, 15);
    }
}

/// Far from the origin distances are small beside the products that find the candidates, and products of
/// large numbers leave single precision.
#[test]
fn points_far_away_and_numbers_large_and_small() {
    let moved = |values: Vec<f32>, factor: f32, shift: f32| -> Vec<f32> {
        values.into_iter().map(|x| x * factor + shift).collect()
    };
    for (points, queries, shift) in
        [(1e-3, 1e-3, 100.0), (1e30, 1e30, 0.0), (1e12, 1e30, 0.0), (1e-30, 1.0, 0.0), (1e-42, 1e-42, 0.0)]
    {
        for dims in [2, 7] {
            let points = moved(noise(1500 * dims, 3), points, shift);
            let queries = moved(noise(50 * dims, 4), queries, shift);
            check(&points, &labels(1500), &queries, dims, 5);
        }
    }
}

/// Codes of dead units: all points in one place, or all on a line.
#[test]
fn equal_points_do_not_confuse_the_search() {
    for dims in [1, 2, 3, 4, 6] {
        let zeros = vec![0.0; 3000 * dims];
        check(&zeros, &labels(3000), &noise(20 * dims, 5), dims, 15);
        // One number alive, of few values; the others 0 or -0, which is the same.
        let mut line = zeros;
        for (row, x) in line.chunks_exact_mut(dims).zip(noise(3000, 6)) {
            row[dims - 1] = (x * 8.0).round();
            row[0] = if dims > 1 && x > 0.0 { -0.0 } else { row[0] };
        }
        check(&line, &labels(3000), &noise(40 * dims, 7), dims, 15);
    }
}

#[test]
fn ties_are_broken_by_rule() {
    // The second nearest is three points: all of them vote.
    let points = [1.0, -1.0, 3.0, 3.0, 3.0, 9.0];
    assert_eq!(found(&points, &[5, 5, 2, 2, 2, 7], &[0.9, 2.5], 1, 2), [5, 2]);
    // As many votes each: the lowest class.
    assert_eq!(found(&[0.0, 2.0], &[8, 3], &[1.0, 0.9], 1, 2), [3, 3]);
    // In another order the same.
    let turned: Vec<f32> = points.iter().rev().copied().collect();
    assert_eq!(found(&turned, &[7, 2, 2, 2, 5, 5], &[0.9, 2.5], 1, 2), [5, 2]);
}

#[test]
fn a_point_is_its_own_neighbour() {
    for dims in [2, 20] {
        let (points, labels) = (noise(500 * dims, 8), labels(500));
        let train = Labelled::new(Rows::values(&points, dims).unwrap(), &labels).unwrap();
        let accuracy = Neighbours::new(train).accuracy(&Team::new(2).unwrap(), train, 1).unwrap();
        assert_eq!(accuracy, 1.0);
    }
}

#[test]
fn pixels_are_points_too() {
    let pixels: Vec<u8> = noise(40 * 6, 9).into_iter().map(|x| ((x + 1.0) * 127.0) as u8).collect();
    let values = Rows::bytes(&pixels, 6).unwrap().to_values();
    let labels = labels(40);
    let train = Labelled::new(Rows::bytes(&pixels, 6).unwrap(), &labels).unwrap();
    let queries = Rows::bytes(&pixels[..60], 6).unwrap();
    let classes = Neighbours::new(train).classify(&Team::new(1).unwrap(), queries, 3).unwrap();
    assert_eq!(classes, plain(&values, &labels, &values[..60], 6, 3));
}

#[test]
fn impossible_questions_are_refused() {
    let team = Team::new(1).unwrap();
    let train = Labelled::new(Rows::values(&[0.0, 1.0], 1).unwrap(), &[0, 1]).unwrap();
    let neighbours = Neighbours::new(train);
    let ask = |values: [f32; 2], dims, k| {
        neighbours.classify(&team, Rows::values(&values, dims).unwrap(), k).unwrap_err().to_string()
    };
    assert_eq!(ask([0.0; 2], 2, 1), "queries: expected rows of 1, found rows of 2");
    let infinite = ask([0.0, f32::INFINITY], 1, 1);
    assert_eq!(infinite, "queries: expected finite numbers, found inf in row 1, column 0");
    assert_eq!(ask([0.0; 2], 1, 0), "neighbours: expected 1 to 2, found 0");
    assert_eq!(ask([0.0; 2], 1, 3), "neighbours: expected 1 to 2, found 3");
    assert!(neighbours.classify(&team, Rows::values(&[], 1).unwrap(), 1).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Few places for many points, so that distances tie everywhere.
    #[test]
    fn any_points_follow_the_rule(
        dims in 1_usize..7,
        levels in 1_i8..4,
        cells in prop::collection::vec(-100_i8..100, 40 * 6),
        labels in prop::collection::vec(prop::sample::select(&CLASSES[..4]), 30),
        k in 1_usize..=30,
    ) {
        let values: Vec<f32> = cells.iter().map(|&cell| f32::from(cell % (levels + 1))).collect();
        let (points, queries) = (&values[..30 * dims], &values[30 * dims..40 * dims]);
        prop_assert_eq!(found(points, &labels, queries, dims, k), plain(points, &labels, queries, dims, k));
    }
}
