//! The committed MNIST against figures from other programs: scikit-learn's PCA and nearest neighbours.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::path::Path;

use ae_data::{Limits, open_folder};
use ae_eval::{Labelled, Neighbours, Pca, Reconstruction, image_rows};
use ae_net::{Outputs, Rows, Team};

#[test]
fn pca_of_mnist_is_that_of_scikit_learn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let sets = open_folder(&folder, &Limits::default()).unwrap();
    assert_eq!((sets.train.len(), sets.test.len()), (60_000, 10_000));
    let team = Team::new(2).unwrap();
    let pca = Pca::fit(&team, &sets.train).unwrap();
    for (size, plain, clipped) in [
        (2, 0.055669, 0.055474),
        (8, 0.037441, 0.036412),
        (16, 0.026860, 0.025380),
        (32, 0.016828, 0.015207),
        (64, 0.009047, 0.007751),
    ] {
        for (outputs, expected) in [(Outputs::Values, plain), (Outputs::Clipped, clipped)] {
            let network = pca.network(size, outputs).unwrap();
            let test = image_rows(&sets.test).unwrap();
            let found = Reconstruction::measure(&team, &network, test, test).unwrap().mse;
            assert!((found - expected).abs() < 1e-6, "{size}, {outputs:?}: {found}, {expected}");
        }
    }

    // The first components of a sample come near those of all images.
    for (size, clipped) in [(2, 0.055474), (8, 0.036412), (16, 0.025380), (32, 0.015207), (64, 0.007751)] {
        let leading = Pca::leading(&team, &sets.train, size, 0).unwrap();
        assert_eq!((leading.images(), leading.variances().len()), (4096, size));
        let network = leading.network(size, Outputs::Clipped).unwrap();
        let test = image_rows(&sets.test).unwrap();
        let found = network.evaluate(&team, test, test).unwrap().mse;
        assert!((found / clipped - 1.0).abs() < 0.03, "{size}: {found}, {clipped}");
    }

    let network = pca.network(2, Outputs::Values).unwrap();
    let codes = |set| network.encode(&team, image_rows(set).unwrap()).unwrap();
    let (train, test) = (codes(&sets.train), codes(&sets.test));
    let train = Labelled::new(Rows::values(&train, 2).unwrap(), sets.train.labels().unwrap()).unwrap();
    let test = Labelled::new(Rows::values(&test, 2).unwrap(), sets.test.labels().unwrap()).unwrap();
    let accuracy = Neighbours::new(train).accuracy(&team, test, 15).unwrap();
    assert!((accuracy - 0.451).abs() < 0.001, "{accuracy}");
}
