//! The first pass over sets that are larger than what it keeps of them, beside the plain way to say what it finds.

use ae_net::{Description, to_byte};

use super::*;

const PIXELS: usize = 12;
const UNITS: usize = 3;
const IMAGES: usize = 50;

fn team(threads: usize) -> Team {
    Team::new(threads).unwrap()
}

fn network() -> Network {
    Network::draw(&Description::dense(PIXELS, &[5], UNITS), 3).unwrap()
}

fn images() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(IMAGES * PIXELS).collect()
}

/// Every `every`-th image's code, and the squared error of every `measured_every`-th image.
fn plain(every: usize, measured_every: usize) -> (Vec<f32>, f64) {
    let (network, images, team) = (network(), images(), team(1));
    let codes = network.encode(&team, Rows::bytes(&images, PIXELS).unwrap()).unwrap();
    let (mut kept, mut squares, mut pixels) = (Vec::new(), 0_u64, 0);
    for (number, (code, image)) in codes.chunks(UNITS).zip(images.chunks(PIXELS)).enumerate() {
        if number % every == 0 {
            kept.extend_from_slice(code);
        }
        if number % measured_every == 0 {
            let rebuilt = network.decode(&team, Rows::values(code, UNITS).unwrap()).unwrap();
            for (brightness, &byte) in rebuilt.into_iter().zip(image) {
                squares += u64::from(to_byte(brightness).unwrap().abs_diff(byte)).pow(2);
                pixels += 1;
            }
        }
    }
    (kept, squares as f64 / (255.0 * 255.0) / f64::from(pixels))
}

fn surveyed(threads: usize, chunk: usize, limits: (usize, usize), steps: Steps) -> Coding {
    let (team, network) = (team(threads), network());
    let mut survey = Survey::with_limits(&team, &network, IMAGES, limits);
    images().chunks(chunk * PIXELS).for_each(|images| survey.add(images).unwrap());
    survey.finish(Quality::default(), steps, None).unwrap()
}

#[test]
fn every_so_many_images_are_looked_at_whatever_the_chunks_and_threads() {
    let mut all = Vec::new();
    // Numbers and images at most; what is taken then, and what of it is rebuilt. 50 images are 150 numbers.
    for (limits, every, measured_every) in [
        ((150, 50), 1, 1),
        ((150, 49), 1, 2),
        ((149, 50), 2, 2),
        ((50, 5), 3, 12),
        ((50, 1), 3, 51),
        ((1, 1), 150, 150),
    ] {
        let (codes, own_mse) = plain(every, measured_every);
        let decoder = network().decoder().clone();
        let quantiser = Quantiser::matched(&team(1), &decoder, &codes, own_mse, Quality::default()).unwrap();
        let expected = Coding::fit(quantiser, &codes, None).unwrap();
        for (threads, chunk) in [(1, 1), (1, 7), (3, 7), (1, IMAGES), (3, IMAGES)] {
            let found = surveyed(threads, chunk, limits, Steps::Matched);
            assert_eq!(found, expected, "{limits:?}, {chunk} at a time on {threads} threads");
        }
        all.push(expected);
    }
    // What is taken, and what is rebuilt, can be seen in what is found.
    assert!((0..all.len()).all(|at| !all[..at].contains(&all[at])));
}

#[test]
fn the_limits_are_those_of_the_program() {
    let (team, network) = (team(1), network());
    let chosen = |images| {
        let survey = Survey::new(&team, &network, images);
        (survey.every, survey.measured_every)
    };
    // 2^21 numbers are 699,050 codes of three.
    assert_eq!(chosen(0), (1, 1));
    assert_eq!(chosen(1_024), (1, 1));
    assert_eq!(chosen(1_025), (1, 2));
    assert_eq!(chosen(699_050), (1, 683));
    assert_eq!(chosen(699_051), (2, 2 * 342));
}

#[test]
fn uniform_steps_are_one_at_quality_50_and_tables_fit_the_sample() {
    let found = surveyed(1, 7, (50, 5), Steps::Uniform);
    let expected = Coding::fit(Quantiser::uniform(UNITS, 1.0).unwrap(), &plain(3, 12).0, None).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn other_images_than_were_announced_are_refused() {
    let (team, network, images) = (team(1), network(), images());
    let mut survey = Survey::new(&team, &network, 2);
    let error = survey.add(&images[..3 * PIXELS]).unwrap_err();
    assert_eq!(error.to_string(), "images: expected the 2 announced, found 3");
    assert!(survey.add(&images[..PIXELS + 1]).is_err());
    survey.add(&images[..PIXELS]).unwrap();
    let error = survey.finish(Quality::default(), Steps::Matched, None).unwrap_err();
    assert_eq!(error.to_string(), "images: expected 2, found 1");
    let mut survey = Survey::new(&team, &network, 1);
    survey.add(&images[..PIXELS]).unwrap();
    let error = survey.finish(Quality::default(), Steps::Matched, Some(&[1, 2])).unwrap_err();
    assert_eq!(error.to_string(), "labels: expected 1, found 2");
}
