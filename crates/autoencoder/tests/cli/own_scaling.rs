//! Numbers of any size: scaled for the network, kept in the run, undone in what comes back.

use std::fs;

use serde_json::Value;

use crate::fixture::Fixture;
use crate::own_files::{bytes, joined, numbers, write_table};

/// Three columns in units of their own, two of them one curve, and one that never varies.
fn write_weather(fixture: &Fixture) {
    let line = |row: usize| {
        let angle = row as f32 * 0.13;
        format!(
            "{},{},{},7.5",
            15.0 + 9.0 * angle.sin(),
            101_300.0 - 800.0 * angle.sin(),
            0.002 * angle.cos()
        )
    };
    write_table(&fixture.path("weather.csv"), Some("celsius,pascal,inch,height"), (0..60).map(line));
}

fn record(fixture: &Fixture, run: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(fixture.path(run).join("run.json")).unwrap()).unwrap()
}

const TRAIN: [&str; 6] = ["train", "--images", "weather.csv", "--code", "2", "--run"];

#[test]
fn the_scale_is_told_kept_and_may_be_said() {
    let fixture = Fixture::new();
    write_weather(&fixture);
    for (more, told, kept) in [
        (&[][..], "each column scaled to mean 0 and deviation 1, loss: squared error", "standard"),
        (
            &["--scale", "standard"],
            "each column scaled to mean 0 and deviation 1, loss: squared error",
            "standard",
        ),
        (&["--scale", "minmax"], "each column scaled from 0 to 1, loss: cross-entropy", "minmax"),
        (
            &["--scale", "minmax", "--loss", "mse"],
            "each column scaled from 0 to 1, loss: squared error",
            "minmax",
        ),
        (&["--scale", "none"], "values as they are, loss: squared error", "none"),
    ] {
        let said = fixture.succeed(&[&TRAIN[..], &["run", "--force", "--epochs", "1"], more].concat());
        assert!(said.lines().any(|line| line == told), "{more:?}: {said}");
        let scaling = record(&fixture, "run")["data"]["scaling"].clone();
        assert_eq!(scaling["method"].as_str().unwrap_or("none"), kept);
        let units = scaling["units"].as_array().map_or(1.0, |units| units[3].as_f64().unwrap());
        assert_eq!(units, 1.0, "what does not vary has a unit of 1");
    }
}

#[test]
fn columns_come_back_in_their_own_units_and_nothing_is_nan() {
    let fixture = Fixture::new();
    write_weather(&fixture);
    let training = ["run", "--hidden", "16", "--epochs", "1500", "--learning-rate", "0.01"];
    fixture.succeed(&[&TRAIN[..], &training].concat());
    fixture.succeed(&["denoise", "--run", "run", "--images", "weather.csv", "--out", "back.csv"]);
    let read = |name: &str| numbers(&fs::read_to_string(fixture.path(name)).unwrap());
    let (before, after) = (read("weather.csv"), read("back.csv"));
    assert_eq!((before.len(), after.len()), (60, 60));
    for (column, near) in [1.0, 100.0, 0.0003, 0.1].into_iter().enumerate() {
        for (row, (before, after)) in before.iter().zip(&after).enumerate() {
            let (before, after) = (before[column], after[column]);
            assert!((before - after).abs() <= near, "row {row}, column {column}: {before} became {after}");
        }
    }
}

#[test]
fn evaluate_measures_each_column_in_its_own_units() {
    let fixture = Fixture::new();
    write_weather(&fixture);
    fixture.succeed(&[&TRAIN[..], &["run", "--epochs", "1"]].concat());
    let said = fixture.succeed(&["evaluate", "--run", "run"]);
    for name in ["celsius", "pascal", "inch", "height"] {
        assert!(said.lines().any(|line| line.starts_with(name)), "{name}: {said}");
    }
    let table = said.lines().find(|line| line.starts_with("column")).unwrap();
    assert!(
        table.contains("RMSE") && table.contains("of PCA") && table.contains("of the mean row"),
        "{said}"
    );

    let found: Value =
        serde_json::from_str(&fixture.succeed(&["evaluate", "--run", "run", "--json"])).unwrap();
    let columns = found["columns"]["columns"].as_array().unwrap();
    let of = |at: usize, key: &str| columns[at][key].as_f64().unwrap();
    assert_eq!(
        columns.iter().map(|column| column["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["celsius", "pascal", "inch", "height"]
    );
    // The first two are one curve, whose amplitudes are 9 and 800; the mean row misses it by some two thirds.
    assert!((of(1, "rmse_of_mean") / of(0, "rmse_of_mean") - 800.0 / 9.0).abs() < 0.1, "{found}");
    assert!((3.0..9.0).contains(&of(0, "rmse_of_mean")), "{found}");
    // Two components hold all that varies.
    assert!(of(0, "rmse_of_pca") < 0.01 && of(1, "rmse_of_pca") < 1.0, "{found}");
    assert!((0..4).all(|at| of(at, "rmse").is_finite()), "{found}");
    assert!(columns[3]["explained"].is_null(), "{found}");
}

#[test]
fn cross_entropy_of_values_outside_of_0_to_1_is_refused() {
    let fixture = Fixture::new();
    write_weather(&fixture);
    let refused = [&TRAIN[..], &["run", "--loss", "bce"]].concat();
    for more in [&[][..], &["--scale", "none"], &["--scale", "standard"]] {
        let error = fixture.fail(2, &[&refused[..], more].concat());
        assert!(error.contains("--loss bce") && error.contains("--scale minmax"), "{error}");
        assert!(!fixture.path("run").exists());
    }
}

#[test]
fn a_run_goes_on_with_its_scale_and_form_and_takes_no_others() {
    let fixture = Fixture::new();
    write_weather(&fixture);
    let more = ["run", "--epochs", "1", "--scale", "minmax", "--drop-columns", "height"];
    fixture.succeed(&[&TRAIN[..], &more].concat());
    let data = |record: Value| [record["data"]["form"].clone(), record["data"]["scaling"].clone()];
    let before = data(record(&fixture, "run"));
    let resume = ["train", "--resume", "--run", "run", "--epochs", "2"];
    for flag in [["--scale", "standard"], ["--loss", "mse"], ["--drop-columns", "inch"], ["--shape", "3"]] {
        let error = fixture.fail(2, &[&resume[..], &flag].concat());
        assert!(error.contains("with --resume leave those flags out"), "{error}");
    }
    fixture.succeed(&resume);
    assert_eq!(data(record(&fixture, "run")), before);
    assert_eq!(before[1]["method"], "minmax");
    assert_eq!(record(&fixture, "run")["config"]["epochs"], 2);
}

#[test]
fn pictures_of_16_grey_levels_are_scaled_together_and_come_back_as_such() {
    let fixture = Fixture::new();
    let line = |row: usize| joined(bytes(row..row + 1, 64).iter().map(|byte| byte % 17));
    write_table(&fixture.path("digits.csv"), None, (0..40).map(line));
    let train = ["train", "--images", "digits.csv", "--shape", "8x8", "--scale", "minmax", "--epochs", "5"];
    let said = fixture.succeed(&[&train[..], &["--code", "8", "--run", "run"]].concat());
    assert!(said.contains("each channel scaled from 0 to 1, loss: cross-entropy"), "{said}");
    let scaling = record(&fixture, "run")["data"]["scaling"].clone();
    assert_eq!((&scaling["offsets"], &scaling["units"]), (&[0.0][..].into(), &[16.0][..].into()));
    fixture.succeed(&["denoise", "--run", "run", "--images", "digits.csv", "--out", "back.csv"]);
    let back = numbers(&fs::read_to_string(fixture.path("back.csv")).unwrap());
    assert_eq!((back.len(), back[0].len()), (40, 64));
    assert!(back.iter().flatten().all(|value| (0.0..=16.0).contains(value)));
    assert!(back.iter().flatten().any(|value| *value > 4.0), "they are not brightness");
}
