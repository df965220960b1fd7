//! Whole sets, from pixels to a file and back: in one call, in pieces, with damage, and with the wrong network.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::io::Cursor;

use ae_codec::{
    AezError, CodecError, Coding, Compressor, Damage, Extras, Header, Options, Quality, Quantiser, Reader,
    Steps, Survey, WeightBits, Writer, compress, decode, decompress, rounded,
};
use ae_net::{Activation, Dense, Description, Network, Outputs, Rows, Team, to_byte, to_bytes};

use common::{brightness, labels, noise};

const PIXELS: usize = 6;
const UNITS: usize = 4;

fn network(seed: u64) -> Network {
    Network::draw(&Description::dense(PIXELS, &[5], UNITS), seed).unwrap()
}

fn images(count: usize, pixels: usize) -> Vec<u8> {
    noise(count * pixels, 11).into_iter().map(|x| (x.abs() * 256.0) as u8).collect()
}

fn team(threads: usize) -> Team {
    Team::new(threads).unwrap()
}

fn squared_error(a: &[u8], b: &[u8]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| ((f64::from(a) - f64::from(b)) / 255.0).powi(2)).sum()
}

/// Both passes, `chunk` images at a time; the file, and what it says will come back.
fn in_pieces(
    threads: usize,
    chunk: usize,
    network: &Network,
    images: &[u8],
    options: Options<'_>,
) -> (Vec<u8>, f64) {
    let (team, pixels) = (team(threads), network.pixels());
    let count = images.len() / pixels;
    let mut survey = Survey::new(&team, network, count);
    images.chunks(chunk * pixels).for_each(|images| survey.add(images).unwrap());
    let coding = survey.finish(options.quality, options.steps, options.labels).unwrap();
    let header = Header { images: count, channels: 1, rows: 1, cols: pixels, model: network.identity() };
    let extras = Extras {
        named: options.names.is_some(),
        classes: options.classes.to_vec(),
        form: options.form.map(String::from),
    };
    let mut file =
        Compressor::new(&team, network, Vec::new(), header, &extras, coding, options.inside).unwrap();
    let mut labels = options.labels.unwrap_or_default().chunks(chunk);
    let mut names = options.names.unwrap_or_default().chunks(chunk);
    for images in images.chunks(chunk * pixels) {
        file.push(images, labels.next().unwrap_or_default(), names.next().unwrap_or_default()).unwrap();
    }
    file.finish().unwrap()
}

#[test]
fn what_comes_back_is_what_the_rounded_codes_stand_for() {
    let network = network(0);
    for count in [0, 1, 511, 512, 513, 1_300] {
        let (images, labels) = (images(count, PIXELS), labels(count));
        for inside in [None, Some(WeightBits::Eight), Some(WeightBits::Sixteen)] {
            for labels in [None, Some(&labels[..])] {
                let quality = Quality::new(60.0).unwrap();
                let options = Options { quality, inside, labels, ..Options::default() };
                let file = compress(&team(1), &network, &images, (1, 1, PIXELS), options).unwrap();
                let (again, mse) = in_pieces(1, 100, &network, &images, options);
                assert!(again == file, "{count} images, {inside:?}");
                assert!(
                    in_pieces(3, 1_300, &network, &images, options).0 == file,
                    "{count} images, {inside:?}"
                );

                let given = inside.is_none().then_some(&network);
                let back = decompress(&team(1), &file, given).unwrap();
                assert!(decompress(&team(3), &file, given).unwrap() == back);
                let decoder = match inside {
                    None => network.decoder().clone(),
                    Some(bits) => rounded(network.decoder(), bits).unwrap(),
                };
                let codes = decode(&file).unwrap().codes;
                let expected = brightness(&decoder, &codes).into_iter().map(|x| to_byte(x).unwrap());
                assert_eq!((back.channels, back.rows, back.cols), (1, 1, PIXELS));
                assert_eq!(back.pixels, expected.collect::<Vec<_>>());
                assert_eq!(back.labels.as_deref(), labels);
                let found = squared_error(&back.pixels, &images) / images.len() as f64;
                assert!(count == 0 && mse.is_nan() || (mse - found).abs() < 1e-12, "{mse}, {found}");
            }
        }
    }
}

#[test]
fn quality_and_steps_are_those_asked_for() {
    let (network, images) = (network(0), images(600, PIXELS));
    let unrounded = network.reconstruct(&team(1), Rows::bytes(&images, PIXELS).unwrap()).unwrap();
    let unrounded = to_bytes(&unrounded, PIXELS, 0).unwrap();
    let with = |quality, steps| {
        let options = Options { quality: Quality::new(quality).unwrap(), steps, ..Options::default() };
        let file = compress(&team(1), &network, &images, (1, 2, 3), options).unwrap();
        let steps =
            Reader::new(Cursor::new(&file), Damage::Refuse).unwrap().coding().quantiser().steps().to_vec();
        let back = decompress(&team(1), &file, Some(&network)).unwrap();
        (file.len(), steps, squared_error(&back.pixels, &unrounded))
    };
    assert_eq!(with(50.0, Steps::Uniform).1, [1.0; UNITS]);
    assert_eq!(with(80.0, Steps::Uniform).1, [0.125; UNITS]);
    let (coarse, fine) = (with(40.0, Steps::Matched), with(70.0, Steps::Matched));
    assert!(coarse.0 < fine.0 && coarse.2 > fine.2, "{coarse:?}, {fine:?}");
    assert!(fine.1.iter().any(|step| *step != fine.1[0]));
}

#[test]
fn sets_of_more_pixels_than_are_computed_at_once_are_the_same_files() {
    // Two images of 2^21 pixels are.
    const LARGE: usize = 1 << 21;
    let network = Network::draw(&Description::dense(LARGE, &[], 1), 0).unwrap();
    let (images, labels) = (images(5, LARGE), [3, 1, 4, 1, 5]);
    let options = Options { labels: Some(&labels), ..Options::default() };
    let file = compress(&team(2), &network, &images, (1, 1 << 11, 1 << 10), options).unwrap();
    let back = decompress(&team(2), &file, Some(&network)).unwrap();
    assert_eq!(back.labels.as_deref(), Some(&labels[..]));
    assert_eq!(back.pixels.len(), images.len());
    for (index, code) in decode(&file).unwrap().codes.chunks(1).enumerate() {
        let alone = brightness(network.decoder(), code).into_iter().map(|x| to_byte(x).unwrap());
        assert!(alone.eq(back.pixels[index * LARGE..][..LARGE].iter().copied()), "image {index}");
    }
    let one = team(1);
    let mut survey = Survey::new(&one, &network, 5);
    images.chunks(LARGE).for_each(|image| survey.add(image).unwrap());
    let coding = survey.finish(options.quality, options.steps, options.labels).unwrap();
    assert_eq!(Reader::new(Cursor::new(&file), Damage::Refuse).unwrap().coding(), &coding);
}

#[test]
fn another_network_is_refused_and_both_are_named() {
    let (right, wrong) = (network(0), network(1));
    let file = compress(&team(1), &right, &images(3, PIXELS), (1, 2, 3), Options::default()).unwrap();
    let error = decompress(&team(1), &file, Some(&wrong)).unwrap_err().to_string();
    for network in [&right, &wrong] {
        assert!(error.contains(&network.identity().to_string()), "{error}");
    }
    let error = decompress(&team(1), &file, None).unwrap_err().to_string();
    assert!(error.contains(&right.identity().to_string()) && error.ends_with("found none"), "{error}");
    // The decoder inside needs no network, whichever is offered.
    let options = Options { inside: Some(WeightBits::Eight), ..Options::default() };
    let file = compress(&team(1), &right, &images(3, PIXELS), (1, 2, 3), options).unwrap();
    assert_eq!(
        decompress(&team(1), &file, Some(&wrong)).unwrap(),
        decompress(&team(1), &file, None).unwrap()
    );
    // A file that names the right network, and states other sizes.
    for (units, cols, words) in [(UNITS, PIXELS + 1, "pixels"), (UNITS + 1, PIXELS, "numbers")] {
        let coding = Coding::fit(Quantiser::uniform(units, 1.0).unwrap(), &[], None).unwrap();
        let header = Header { images: 0, channels: 1, rows: 1, cols, model: right.identity() };
        let file =
            Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap().finish().unwrap();
        let error = decompress(&team(1), &file, Some(&right)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (network, images) = (network(0), images(3, PIXELS));
    let refused = |images: &[u8], size, labels, words: &str| {
        let error = compress(&team(1), &network, images, size, Options { labels, ..Options::default() });
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&images[1..], (1, 2, 3), None, "whole rows of 6 values");
    refused(&images, (1, 2, 4), None, "pixels of an image: expected 6, found 8");
    refused(&images, (1, 2, 3), Some(&[1, 2]), "labels: expected 3, found 2");

    let coding = |units, labels| Coding::fit(Quantiser::uniform(units, 1.0).unwrap(), &[], labels).unwrap();
    let header = Header { images: 2, channels: 1, rows: 2, cols: 3, model: network.identity() };
    let team = team(1);
    let new = |header, coding| {
        Compressor::new(&team, &network, Vec::new(), header, &Extras::default(), coding, None)
    };
    let other = Header { model: self::network(1).identity(), ..header };
    let error = new(other, coding(UNITS, None)).unwrap_err().to_string();
    assert!(error.contains(&other.model.to_string()) && error.contains(&header.model.to_string()), "{error}");
    let error = new(header, coding(UNITS + 1, None)).unwrap_err().to_string();
    assert_eq!(error, "numbers of a code: expected 4, found 5");

    let mut file = new(header, coding(UNITS, Some(&[1, 2][..]))).unwrap();
    let mut refused = |images: &[u8], labels: &[i32], expected: &str| {
        let error = file.push(images, labels, &[]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused(&images[..PIXELS - 1], &[1], "whole rows of 6 values");
    refused(&images[..PIXELS], &[], "labels: expected 1, found 0");
    refused(&images, &[1, 2, 3], "images: expected the 2 announced, found 3");
    file.push(&images[..PIXELS], &[1], &[]).unwrap();
    assert_eq!(file.finish().unwrap_err().to_string(), "images: expected 2, found 1");
}

#[test]
fn images_that_are_not_finite_are_refused_by_their_number() {
    // Codes of 0 or 1, and behind a 1 infinity less infinity.
    let layer = |inputs, weight: &[f32], bias: &[f32]| {
        Dense::new(inputs, weight.to_vec(), bias.to_vec(), Activation::Linear).unwrap()
    };
    let encoder = layer(2, &[1.0, 0.0], &[0.0]);
    let decoder = [layer(1, &[f32::MAX; 2], &[f32::MAX; 2]), layer(2, &[1.0, -1.0, 1.0, -1.0], &[0.0; 2])];
    let network = Network::new(&[encoder], &decoder, Outputs::Logits).unwrap();
    let mut images = [0; 2 * 600];
    let options = Options { steps: Steps::Uniform, ..Options::default() };
    compress(&team(1), &network, &images, (1, 1, 2), options).unwrap();
    images[2 * 520] = 255;
    let named = |error: CodecError| {
        let text = error.to_string();
        assert!(matches!(error, CodecError::Net(_)) && text.contains("image 520 with NaN"), "{text}");
    };
    named(compress(&team(1), &network, &images, (1, 1, 2), options).unwrap_err());

    // In the second pass, and in a file that holds such a code.
    let coding = Coding::fit(Quantiser::uniform(1, 1.0).unwrap(), &[0.0, 1.0], None).unwrap();
    let header = Header { images: 600, channels: 1, rows: 1, cols: 2, model: network.identity() };
    let one = team(1);
    let mut file =
        Compressor::new(&one, &network, Vec::new(), header, &Extras::default(), coding.clone(), None)
            .unwrap();
    file.push(&images[..2 * 500], &[], &[]).unwrap();
    named(file.push(&images[2 * 500..], &[], &[]).unwrap_err());
    let mut file = Writer::new(Vec::new(), header, &Extras::default(), coding, None).unwrap();
    let symbols: Vec<i32> = (0..600).map(|image| i32::from(image == 520)).collect();
    file.push(&symbols, &[], &[]).unwrap();
    named(decompress(&one, &file.finish().unwrap(), Some(&network)).unwrap_err());
}

#[test]
fn what_is_sound_of_a_damaged_file_can_be_saved() {
    let (network, images) = (network(0), images(1_300, PIXELS));
    let file = compress(&team(1), &network, &images, (1, 2, 3), Options::default()).unwrap();
    let whole = decompress(&team(1), &file, Some(&network)).unwrap().pixels;
    let saved = |bytes: &[u8]| {
        let mut reader = Reader::new(Cursor::new(bytes), Damage::Skip).unwrap();
        let decoder = reader.decoder_or(Some(&network)).unwrap();
        let found = reader.sound_blocks().unwrap();
        let mut pixels = Vec::new();
        for &number in &found.sound {
            let block = reader.block(number).unwrap();
            reader.images(&team(1), &decoder, &block).for_each(|images| pixels.extend(images.unwrap()));
        }
        assert_eq!(pixels.len(), found.images * PIXELS);
        (pixels, found)
    };
    let (pixels, found) = saved(&file);
    assert!(pixels == whole && found.sound == [0, 1, 2] && found.lost.is_empty());

    // The middle of the second of three blocks, near enough.
    let sizes = Reader::new(Cursor::new(&file), Damage::Refuse).unwrap().sizes();
    let mut hurt = file.clone();
    hurt[(sizes.header + sizes.tables + sizes.blocks / 2) as usize] ^= 4;
    assert!(matches!(
        decompress(&team(1), &hurt, Some(&network)),
        Err(CodecError::Aez(AezError::Block { block: 1, first: 512, last: 1_023, .. }))
    ));
    let (pixels, found) = saved(&hurt);
    assert!(pixels == [&whole[..512 * PIXELS], &whole[1_024 * PIXELS..]].concat());
    assert_eq!(found.sound, [0, 2]);
    assert!(matches!(found.lost[..], [AezError::Block { block: 1, .. }]));

    // Cut short within the last block.
    let cut = &file[..file.len() - sizes.index as usize - 1];
    assert!(matches!(decompress(&team(1), cut, Some(&network)), Err(CodecError::Aez(AezError::End { .. }))));
    let (pixels, found) = saved(cut);
    assert!(pixels == whole[..1_024 * PIXELS] && found.sound == [0, 1]);
    assert_eq!(
        found.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["block 2 and all after it, images 1024 to 1299, are not to be found"]
    );
}

#[test]
fn a_file_that_promises_billions_of_images_gives_those_that_are_there() {
    let network = network(0);
    let coding = Coding::fit(Quantiser::uniform(UNITS, 1.0).unwrap(), &[], None).unwrap();
    let header =
        Header { images: u32::MAX as usize, channels: 1, rows: 2, cols: 3, model: network.identity() };
    let mut bytes = Vec::new();
    Writer::new(&mut bytes, header, &Extras::default(), coding, None)
        .unwrap()
        .push(&[0; 512 * UNITS], &[], &[])
        .unwrap();
    let mut reader = Reader::new(Cursor::new(&bytes), Damage::Skip).unwrap();
    let found = reader.sound_blocks().unwrap();
    assert_eq!((&found.sound[..], found.images, found.lost.len()), (&[0][..], 512, 1));
    // Whichever of them is asked for.
    for number in [1, 2, 8_388_607] {
        let error = reader.block(number).unwrap_err();
        assert!(matches!(error, AezError::Missing { block: 1, first: 512, last: 4_294_967_294 }), "{error}");
    }
}
