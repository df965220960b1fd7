use ae_viz::SmallMultiples;

use crate::read::{axes, circles, close, elements, lines};

const FIRST: &str = "#0072B2";
const SECOND: &str = "#D55E00";

fn chart() -> SmallMultiples {
    SmallMultiples::new("Rows", 2, ["original", "rebuilt"])
}

fn fault(chart: &SmallMultiples) -> String {
    let error = chart.to_svg().unwrap_err().to_string();
    assert_eq!(chart.to_png_bytes().unwrap_err().to_string(), error);
    error
}

/// Texts of a size.
fn texts(svg: &str, size: &str) -> Vec<String> {
    let of_size = elements(svg).into_iter().filter(|element| element.get("font-size") == Some(size));
    of_size.map(|element| element.text).collect()
}

#[test]
fn numbers_lie_where_the_axes_say_and_few_are_marked() {
    for count in [32_u8, 33] {
        let numbers: Vec<f32> = (0..count).map(|i| f32::from(i % 7) - 2.5).collect();
        let rebuilt: Vec<f32> = numbers.iter().map(|number| 0.5 * number).collect();
        let draw = || chart().panel("a", &[&numbers, &rebuilt]).to_svg().unwrap();
        let svg = draw();
        assert_eq!(svg, draw());
        let (x, y) = axes(&svg);
        for (numbers, colour) in [(&numbers, FIRST), (&rebuilt, SECOND)] {
            // The line in the legend comes first.
            let [_, drawn] = &lines(&svg, colour)[..] else { panic!("a legend and a curve") };
            assert_eq!(drawn.len(), numbers.len());
            for (index, (number, drawn)) in numbers.iter().zip(drawn).enumerate() {
                let place = (x.place(index as f64), y.place(f64::from(*number)));
                assert!(close(*drawn, place), "{index}: {drawn:?}, not {place:?}");
            }
            assert_eq!(circles(&svg, colour), if count <= 32 { drawn.clone() } else { Vec::new() });
        }
    }
}

#[test]
fn panels_stand_row_by_row_on_ranges_of_their_own_or_a_common_one() {
    let scales = [1.0_f32, 10.0, 100.0];
    let panel = |chart: SmallMultiples, scale: &f32| chart.panel(format!("times {scale}"), &[&[0.0, *scale]]);
    let plain = || SmallMultiples::new("", 2, ["numbers"]);
    let ends = |chart: SmallMultiples| {
        let svg = scales.iter().fold(chart, panel).to_svg().unwrap();
        assert_eq!(texts(&svg, "14"), ["times 1", "times 10", "times 100"], "titles, and no legend");
        lines(&svg, FIRST).into_iter().map(|line| (line[0], line[1])).collect::<Vec<_>>()
    };
    let height = |(start, end): &((f64, f64), (f64, f64))| start.1 - end.1;
    let own = ends(plain());
    assert!(own.iter().all(|line| (height(line) - height(&own[0])).abs() < 0.1), "{own:?}");
    assert!(own[1].0.0 > own[0].1.0 && own[1].0.1 == own[0].0.1, "{own:?}");
    assert!(own[2].0.0 == own[0].0.0 && own[2].1.1 > own[0].0.1, "{own:?}");
    let common = ends(plain().common_y());
    for (line, scale) in common.iter().zip(scales) {
        assert!((height(line) - height(&common[2]) * f64::from(scale) / 100.0).abs() < 0.1, "{common:?}");
    }
}

#[test]
fn of_many_numbers_every_peak_is_drawn() {
    let mut numbers = vec![0.0_f32; 100_000];
    (numbers[12_345], numbers[99_999], numbers[50_000]) = (1.0, 0.5, -1.0);
    let svg = SmallMultiples::new("", 6, ["a"]).panel("a", &[&numbers]).to_svg().unwrap();
    let ((x, y), [line]) = (axes(&svg), &lines(&svg, FIRST)[..]) else { panic!("one curve") };
    assert!((100..300).contains(&line.len()), "{}", line.len());
    for (index, number) in [(12_345.0, 1.0), (99_999.0, 0.5), (50_000.0, -1.0)] {
        let place = (x.place(index), y.place(number));
        assert!(line.iter().any(|drawn| close(*drawn, place)), "{index}");
    }
}

#[test]
fn names_stand_at_the_ticks_where_they_have_room() {
    let with = |names: &[&str]| {
        let numbers = vec![1.0_f32; names.len()];
        let chart = SmallMultiples::new("", 1, ["a"]).number_names(names.iter().copied());
        texts(&chart.panel("row", &[&numbers]).to_svg().unwrap(), "13")
    };
    let drawn = with(&["age", "\u{4e09}\n", "a name that is far too long for a tick", ""]);
    assert_eq!(drawn[..2], ["age", "??"]);
    assert!(drawn[2].starts_with("a name") && drawn[2].ends_with('\u{2026}'), "{drawn:?}");
    let crowded = with(&["a longer name"; 32]);
    let names = crowded.iter().filter(|text| *text == "a longer name").count();
    assert!((5..20).contains(&names), "{crowded:?}");
    assert!(!with(&["age"; 33]).contains(&"age".to_owned()), "more are not named");
}

#[test]
fn titles_of_panels_are_cut_and_other_labels_have_to_fit() {
    let title = format!("a <b> & \u{4e09}\u{7}{}", "w".repeat(100_000));
    let svg = chart().panel(&title, &[&[1.0], &[2.0]]).to_svg().unwrap();
    let titles = texts(&svg, "14");
    let cut = titles.iter().find(|title| title.starts_with("a <b> & ??w")).unwrap();
    assert!(cut.ends_with("w\u{2026}") && cut.len() < 80, "{cut}");
    for (bad, expected) in
        [("w".repeat(200), "a width of at most"), ("two\nlines".to_owned(), "one line of text")]
    {
        for place in 0..4 {
            let mut labels = ["t"; 4];
            labels[place] = &bad;
            let chart = SmallMultiples::new(labels[0], 2, [labels[1], "b"]).labels(labels[2], labels[3]);
            let error = fault(&chart.panel("a", &[&[1.0], &[2.0]]));
            assert!(error.starts_with(&format!("label {bad:?}: expected {expected}")), "{place}: {error}");
        }
    }
    let foreign = SmallMultiples::new("\u{4e09}", 1, ["a"]).panel("a", &[&[1.0]]);
    foreign.to_svg().unwrap();
    assert!(foreign.to_png_bytes().unwrap_err().to_string().contains("characters that the font"));
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let good = || chart().panel("first", &[&[1.0, 2.0], &[1.0, 2.0]]);
    assert_eq!(fault(&chart()), "panels of a chart: expected 1 to 64, found 0");
    let many = (0..65).fold(chart(), |chart, _| chart.panel("a", &[&[1.0], &[1.0]]));
    assert_eq!(fault(&many), "panels of a chart: expected 1 to 64, found 65");
    for columns in [0, 7] {
        let chart = SmallMultiples::new("", columns, ["a"]).panel("a", &[&[1.0]]);
        assert_eq!(fault(&chart), format!("columns of a chart: expected 1 to 6, found {columns}"));
    }
    let nameless = SmallMultiples::new("", 1, [""; 0]).panel("a", &[]);
    assert_eq!(fault(&nameless), "curves of a chart: expected 1 to 7, found 0");
    let error = fault(&good().panel("second", &[&[1.0, 2.0]]));
    assert_eq!(error, "curves of panel 1: expected 2, found 1");
    assert_eq!(fault(&chart().panel("a", &[&[], &[]])), "numbers of a curve: expected at least 1, found 0");
    let error = fault(&good().panel("second", &[&[1.0, 2.0], &[1.0]]));
    assert_eq!(error, "numbers of \"rebuilt\" in panel 1: expected 2, found 1");
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = fault(&good().panel("second", &[&[1.0, 2.0], &[1.0, bad]]));
        assert_eq!(
            error,
            format!("number 1 of \"rebuilt\" in panel 1: expected a finite number, found {bad}")
        );
    }
    let error = fault(&good().number_names(["age"]));
    assert_eq!(error, "names of the numbers of a curve: expected 2, found 1");
}

#[test]
fn the_png_shows_what_the_svg_shows() {
    let chart = chart().panel("a", &[&[1.0, 3.0, 2.0], &[2.0, 1.0, 3.0]]);
    let (svg, png) = (chart.to_svg().unwrap(), chart.to_png_bytes().unwrap());
    let picture = image::load_from_memory(&png).unwrap().into_rgb8();
    let root = &elements(&svg)[0];
    let size = [root.number("width"), root.number("height")].map(|side| 2 * side as u32);
    assert_eq!([picture.width(), picture.height()], size);
    for (colour, ink) in [(FIRST, [0x00, 0x72, 0xB2]), (SECOND, [0xD5, 0x5E, 0x00])] {
        let marks = circles(&svg, colour);
        assert_eq!(marks.len(), 3);
        for (x, y) in marks {
            assert_eq!(picture.get_pixel((2.0 * x) as u32, (2.0 * y) as u32).0, ink);
        }
    }
}
