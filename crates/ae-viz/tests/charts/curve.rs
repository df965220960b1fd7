use ae_viz::LineChart;

use crate::read::{axes, circles, close, elements, lines};

const FIRST: &str = "#0072B2";
const SECOND: &str = "#D55E00";
const REFERENCE: &str = "#555555";

fn chart() -> LineChart {
    LineChart::new("Loss", "epoch", "loss (nats a pixel)")
}

fn fault(chart: &LineChart) -> String {
    let error = chart.to_svg().unwrap_err().to_string();
    assert_eq!(chart.to_png_bytes().unwrap_err().to_string(), error);
    error
}

#[test]
fn the_same_chart_is_the_same_bytes() {
    let draw = || chart().series("a", [(1.0, 0.3), (2.0, 0.1)]).reference("floor", 0.058).to_svg().unwrap();
    assert_eq!(draw(), draw());
    let root = &elements(&draw())[0];
    assert_eq!([root.number("width"), root.number("height")], [800.0, 500.0]);
    assert_eq!(root.get("viewBox"), Some("0 0 800 500"));
}

#[test]
fn every_point_lies_where_the_axes_say() {
    let data = [(1.0, 0.3), (2.0, 0.1), (4.0, 0.2), (37.0, 0.07)];
    let draw = |chart: LineChart| chart.series("a", data).to_svg().unwrap();
    for log_x in [false, true] {
        for log_y in [false, true] {
            let chart = if log_x { chart().log_x() } else { chart() };
            let svg = draw(if log_y { chart.log_y() } else { chart });
            let (x, y) = axes(&svg);
            let place = |(at_x, at_y): (f64, f64)| {
                let x = if log_x { x.log_place(at_x) } else { x.place(at_x) };
                (x, if log_y { y.log_place(at_y) } else { y.place(at_y) })
            };
            // The line in the legend comes first, and so does its mark.
            let drawn = &lines(&svg, FIRST)[1];
            let marks = &circles(&svg, FIRST)[1..];
            assert!(drawn.len() == data.len() && marks.len() == data.len());
            for ((point, drawn), mark) in data.into_iter().zip(drawn).zip(marks) {
                assert!(
                    close(*drawn, place(point)) && drawn == mark,
                    "{point:?} at {drawn:?}: {log_x} {log_y}"
                );
            }
            assert!(drawn[0].0 < drawn[1].0 && drawn[0].1 < drawn[1].1, "right and, on paper, downwards");
        }
    }
}

#[test]
fn a_single_point_is_marked_and_a_constant_series_has_a_range() {
    let one = chart().series("a", [(1.0, 0.186)]).to_svg().unwrap();
    assert_eq!(circles(&one, FIRST).len(), 2, "the point and its mark in the legend");
    let constant = chart().series("a", (0..50).map(|x| (f64::from(x), 0.0))).to_svg().unwrap();
    assert_eq!(circles(&constant, FIRST), []);
    let ((_, y), line) = (axes(&constant), &lines(&constant, FIRST)[1]);
    assert!(line.len() == 50 && line.iter().all(|point| (point.1 - y.place(0.0)).abs() < 0.1), "{line:?}");
    assert!((100.0..440.0).contains(&line[0].1));
}

#[test]
fn points_are_marked_and_not_joined_however_many() {
    let svg = chart().points("a", (0..50).map(|x| (f64::from(x), 0.1))).to_svg().unwrap();
    assert_eq!(circles(&svg, FIRST).len(), 51);
    assert!(lines(&svg, FIRST).is_empty());
}

#[test]
fn the_legend_shows_each_name_beside_its_colour() {
    let svg =
        chart().series("train", [(1.0, 0.3), (2.0, 0.2)]).series("test", [(1.0, 0.4)]).to_svg().unwrap();
    for (name, colour) in [("train", FIRST), ("test", SECOND)] {
        let swatch = &lines(&svg, colour)[0];
        let all = elements(&svg);
        let text = all.iter().find(|element| element.text == name).unwrap();
        let gap = text.number("x") - swatch[1].0;
        let below = text.number("y") - swatch[1].1;
        assert!((1.0..10.0).contains(&gap) && (1.0..8.0).contains(&below), "{name}: {gap}, {below}");
    }
}

#[test]
fn a_reference_line_is_level_at_its_value_and_widens_the_range() {
    let svg = chart().series("a", [(1.0, 0.2), (2.0, 0.19)]).reference("floor", 0.05).to_svg().unwrap();
    let height = axes(&svg).1.place(0.05);
    let [line, leader] = &lines(&svg, REFERENCE)[..] else { panic!("a line and what leads to its name") };
    assert!(line.iter().all(|point| (point.1 - height).abs() < 0.1), "{line:?}, not at {height}");
    assert!(line[1].0 - line[0].0 > 400.0 && leader[0] == line[1] && leader[1].1 == line[1].1);
    let all = elements(&svg);
    let dashed = all.iter().filter(|element| element.get("stroke-dasharray") == Some("6 4"));
    assert_eq!(dashed.count(), 1);
    let name = all.iter().find(|element| element.text == "floor").unwrap();
    assert!(name.number("x") > leader[1].0 && (name.number("y") - height).abs() < 5.0);
}

#[test]
fn names_of_close_reference_lines_keep_their_order_and_do_not_touch() {
    let levels = [0.100, 0.102, 0.101, 0.103, 0.2];
    let named = |chart: LineChart, level: &f64| chart.reference(format!("at {level:.3}"), *level);
    let svg = levels.iter().fold(chart().series("a", [(1.0, 0.1), (2.0, 0.3)]), named).to_svg().unwrap();
    let mut names: Vec<(f64, String)> = elements(&svg)
        .into_iter()
        .filter(|element| element.text.starts_with("at "))
        .map(|element| (element.number("y"), element.text))
        .collect();
    assert_eq!(names.len(), levels.len());
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(names.windows(2).all(|pair| pair[0].0 + 19.9 < pair[1].0 && pair[0].1 > pair[1].1), "{names:?}");
}

#[test]
fn a_png_is_twice_as_wide_and_shows_what_the_svg_shows() {
    let chart = chart().series("a", [(1.0, 0.3), (2.0, 0.1), (4.0, 0.2)]).points("b", [(3.0, 0.2)]);
    let picture = image::load_from_memory(&chart.to_png_bytes().unwrap()).unwrap().into_rgb8();
    assert_eq!(picture.dimensions(), (1600, 1000));
    let svg = chart.to_svg().unwrap();
    for (colour, n_marks, ink) in [(FIRST, 4, [0x00, 0x72, 0xB2]), (SECOND, 2, [0xD5, 0x5E, 0x00])] {
        let marks = circles(&svg, colour);
        assert_eq!(marks.len(), n_marks);
        for (x, y) in marks {
            assert_eq!(picture.get_pixel((2.0 * x) as u32, (2.0 * y) as u32).0, ink);
        }
    }
    let foreign = LineChart::new("\u{4e09}", "", "").series("", [(0.0, 0.0)]);
    foreign.to_svg().unwrap();
    let error = foreign.to_png_bytes().unwrap_err().to_string();
    assert!(error.starts_with("label \"\u{4e09}\": expected characters that the font"), "{error}");
}

#[test]
fn series_that_cannot_be_drawn_are_named() {
    assert_eq!(fault(&chart()), "series of a chart: expected 1 to 7, found 0");
    let empty = chart().series("a", [(1.0, 1.0)]).series("test", []);
    assert_eq!(fault(&empty), "points of \"test\": expected at least 1, found 0");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e300] {
        let expected = format!("expected a number of at most 1e300 in magnitude, found {bad:?}");
        for point in [(bad, 0.1), (2.0, bad)] {
            let error = fault(&chart().series("train", [(1.0, 0.2), point]));
            assert_eq!(error, format!("point 1 of \"train\": {expected}"));
        }
        let error = fault(&chart().series("train", [(1.0, 0.2)]).reference("floor", bad));
        assert_eq!(error, format!("reference line \"floor\": {expected}"));
    }
}

#[test]
fn a_logarithmic_axis_takes_what_is_above_zero() {
    let expected = "expected a number of at most 1e300 in magnitude, above 0 as the axis is logarithmic";
    for bad in [0.0, -2.0, f64::NAN] {
        let error = fault(&chart().log_y().series("train", [(1.0, 0.2), (2.0, bad)]));
        assert_eq!(error, format!("point 1 of \"train\": {expected}, found {bad:?}"));
        let error = fault(&chart().log_x().series("train", [(bad, 0.2)]));
        assert_eq!(error, format!("point 0 of \"train\": {expected}, found {bad:?}"));
        let error = fault(&chart().log_y().series("train", [(1.0, 0.2)]).reference("floor", bad));
        assert_eq!(error, format!("reference line \"floor\": {expected}, found {bad:?}"));
    }
    chart().log_y().series("x may be 0", [(0.0, 0.2)]).to_svg().unwrap();
}

#[test]
fn more_than_can_be_told_apart_is_refused() {
    let series = |n| (0..n).fold(chart(), |chart, i| chart.series(i.to_string(), [(0.0, f64::from(i))]));
    series(7).to_svg().unwrap();
    assert_eq!(fault(&series(8)), "series of a chart: expected 1 to 7, found 8");
    let lines = |n| (0..n).fold(series(1), |chart, i| chart.reference(i.to_string(), f64::from(i)));
    lines(8).to_svg().unwrap();
    assert_eq!(fault(&lines(9)), "reference lines of a chart: expected 0 to 8, found 9");
}

#[test]
fn every_label_has_to_fit_and_be_one_line() {
    let long = "w".repeat(80);
    let with = |[title, x, y, series, reference]: [&str; 5]| {
        LineChart::new(title, x, y).series(series, [(1.0, 0.2)]).reference(reference, 0.1)
    };
    with(["t"; 5]).to_svg().unwrap();
    for place in 0..5 {
        for (bad, expected) in [(long.as_str(), "a width of at most"), ("two\nlines", "one line of text")] {
            let mut labels = ["t"; 5];
            labels[place] = bad;
            let error = fault(&with(labels));
            assert!(error.starts_with(&format!("label {bad:?}: expected {expected}")), "{place}: {error}");
        }
        let mut labels = ["t"; 5];
        labels[place] = "a < b & \"c\" </svg>";
        let svg = with(labels).to_svg().unwrap();
        assert!(elements(&svg).iter().any(|element| element.text == labels[place]), "place {place}");
    }
}
