use ae_viz::ScatterChart;

use crate::read::{Element, axes, circles, close, elements};

/// Colours of the classes.
const COLOURS: [&str; 10] = [
    "#A96B59", "#717581", "#3F90DA", "#E76300", "#94A4A2", "#832DB6", "#B9AC70", "#FFA90E", "#92DADD",
    "#BD1F01",
];

fn chart(classes: u32) -> ScatterChart {
    ScatterChart::new("Codes", "digit", (0..classes).map(|class| class.to_string()))
}

/// Every dot in the order of drawing: its class and place.
fn dots(svg: &str) -> Vec<(usize, (f64, f64))> {
    let mut dots = Vec::new();
    for path in elements(svg).iter().filter(|element| element.name == "path") {
        let class = COLOURS.iter().position(|colour| path.get("stroke") == Some(colour)).unwrap();
        for place in path.get("d").unwrap().split('M').skip(1) {
            let (x, y) = place.strip_suffix("h0").unwrap().split_once(' ').unwrap();
            // Tenths of a pixel, as the group of the dots says.
            dots.push((class, (x.parse::<f64>().unwrap() / 10.0, y.parse::<f64>().unwrap() / 10.0)));
        }
    }
    let groups: Vec<_> = elements(svg).into_iter().filter(|element| element.name == "g").collect();
    assert!(groups.iter().all(|group| group.get("transform") == Some("scale(.1)")));
    dots
}

#[test]
fn points_lie_where_the_axes_say_in_the_colour_of_their_class() {
    let (points, classes) = ([(0.0, 0.0), (10.0, 0.0), (0.0, 5.0), (3.7, 2.2)], [3, 9, 0, 5]);
    let draw = || chart(10).panel("a", "x", "y", points, &classes).to_svg().unwrap();
    let svg = draw();
    assert_eq!(svg, draw());
    let ((x, y), dots) = (axes(&svg), dots(&svg));
    assert_eq!(dots.len(), 4);
    for (point, class) in points.into_iter().zip(classes) {
        let (_, place) = dots.iter().find(|(of, _)| *of == class as usize).unwrap();
        assert!(close(*place, (x.place(point.0), y.place(point.1))), "{point:?} at {place:?}");
    }
    assert!(x.place(10.0) > x.place(0.0) + 300.0 && y.place(5.0) < y.place(0.0) - 300.0);
}

#[test]
fn panels_stand_side_by_side_on_ranges_of_their_own() {
    let panel =
        |chart: ScatterChart, scale: f64| chart.panel("a", "x", "y", [(0.0, 0.0), (scale, scale)], &[0, 1]);
    let svg = panel(panel(chart(2), 1.0), 1e6).to_svg().unwrap();
    let places: Vec<(f64, f64)> = dots(&svg).into_iter().map(|(_, place)| place).collect();
    let [low, high, next_low, next_high] = places[..] else { panic!("{places:?}") };
    let step = next_low.0 - low.0;
    assert!(step > 440.0 && close(next_low, (low.0 + step, low.1)), "{places:?}");
    assert!(close(next_high, (high.0 + step, high.1)), "{places:?}");
}

#[test]
fn classes_take_turns_even_if_they_come_sorted() {
    let classes: Vec<u32> = (0..1000u32).map(|i| if i < 900 { i / 450 } else { 2 }).collect();
    let points = (0..1000).map(|i| (f64::from(i), 0.0));
    let dots = dots(&chart(3).panel("a", "x", "y", points, &classes).to_svg().unwrap());
    assert_eq!(dots.len(), 1000);
    // In every tenth of the drawing each class has the share that it has in all.
    for tenth in dots.chunks(100) {
        for (class, share) in [(0, 45), (1, 45), (2, 10)] {
            let drawn = tenth.iter().filter(|dot| dot.0 == class).count();
            assert!((share - 20..=share + 20).contains(&(drawn as i32)), "class {class}: {drawn}");
            assert!(drawn > 0);
        }
    }
}

#[test]
fn a_class_is_named_at_its_median_over_a_white_edge_and_in_the_legend() {
    let points = [(0.0, 0.0), (60.0, 30.0), (100.0, 100.0), (50.0, 90.0), (30.0, 20.0)];
    let svg = chart(2).panel("a", "x", "y", points, &[1; 5]).to_svg().unwrap();
    let (x, y) = axes(&svg);
    let all = elements(&svg);
    let large = all.iter().filter(|element| element.get("font-size") == Some("18"));
    let names: Vec<&Element> = large.filter(|element| element.text == "1").collect();
    let [edge, name] = names[..] else { panic!("a name is written twice") };
    assert_eq!([edge.get("stroke"), name.get("fill")], [Some("#FFFFFF"), Some("#222222")]);
    let baseline = y.place(30.0) + 18.0 * 0.547 / 2.0;
    for text in [edge, name] {
        let place = (text.number("x"), text.number("y"));
        assert!(close(place, (x.place(50.0), baseline)), "{place:?}");
    }
    // The legend has both classes, each after a disc of its colour.
    for (class, colour) in COLOURS[..2].iter().enumerate() {
        let (x, y) = circles(&svg, colour)[0];
        let beside = all.iter().filter(|element| element.text == class.to_string());
        let near = |text: &Element| {
            (5.0..25.0).contains(&(text.number("x") - x)) && (text.number("y") - y).abs() < 8.0
        };
        assert_eq!(beside.filter(|text| near(text)).count(), 1);
    }
}

/// Ten colours for 23 classes: the legend says which classes share one, and a class without room for its name goes without.
#[test]
fn classes_beyond_the_colours_share_them() {
    let names = |count: i32| (0..count).map(|class| (-class * 100).to_string());
    // Classes 20, 21 and 22 in one place, the last with most points; 7 in another.
    let points = [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (9.0, 9.0)];
    let chart = ScatterChart::new("", "class", names(60)).panel("a", "x", "y", points, &[50, 51, 52, 52, 7]);
    let svg = chart.to_svg().unwrap();
    assert_eq!(dots(&svg).iter().map(|dot| dot.0).collect::<Vec<_>>(), [7, 0, 1, 2, 2]);
    let all = elements(&svg);
    let texts = |size: &'static str| {
        let of_size = all.iter().filter(move |element| element.get("font-size") == Some(size));
        of_size.map(|element| element.text.clone()).collect::<Vec<_>>()
    };
    // Few enough names to be moved apart: all are there.
    for name in ["-5000", "-5100", "-5200", "-700"] {
        assert_eq!(texts("18").iter().filter(|text| *text == name).count(), 2, "{name}, and its edge");
    }
    let legend: Vec<String> = texts("14").into_iter().filter(|text| text.contains(", ")).collect();
    assert_eq!(legend.len(), 10);
    assert_eq!((&*legend[0], &*legend[9]), ("0, -1000, -2000, ...", "-900, -1900, ..."));

    let short = ScatterChart::new("", "class", names(23)).panel("a", "x", "y", points, &[20, 21, 22, 22, 7]);
    let svg = short.to_svg().unwrap();
    assert!(svg.contains(">-200, -1200, -2200<") && svg.contains(">-900, -1900<"), "{svg}");

    // Of fifty names in one place, none of which can be moved, that of the largest class.
    let crowd = (0..50).chain([33]).collect::<Vec<u32>>();
    let chart = ScatterChart::new("", "class", names(50)).panel("a", "x", "y", vec![(1.0, 1.0); 51], &crowd);
    let svg = chart.to_svg().unwrap();
    let named = elements(&svg).into_iter().filter(|element| element.get("font-size") == Some("18"));
    assert_eq!(named.map(|element| element.text).collect::<Vec<_>>(), ["-3300"; 2]);
}

#[test]
fn one_class_and_none_need_no_name_and_no_legend() {
    let points: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i), 1.0)).collect();
    let one = ScatterChart::new("", "kind", ["image"]).panel("a", "x", "y", points.clone(), &[0; 50]);
    let none = ScatterChart::without_classes("").panel("a", "x", "y", points, &[]);
    let svg = none.to_svg().unwrap();
    assert!(!svg.contains("image") && !svg.contains("kind") && svg == one.to_svg().unwrap());
    let strokes: Vec<Element> = elements(&svg).into_iter().filter(|element| element.name == "path").collect();
    assert!(strokes.iter().all(|path| path.get("stroke") == Some("#0072B2")));
    assert_eq!(strokes.iter().map(|path| path.get("d").unwrap().matches('M').count()).sum::<usize>(), 50);
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let fault = |chart: ScatterChart| {
        let error = chart.to_svg().unwrap_err().to_string();
        assert_eq!(chart.to_png_bytes().unwrap_err().to_string(), error);
        error
    };
    let with = |points: &[(f64, f64)], classes: &[u32]| {
        let first = chart(10).panel("first", "x", "y", [(0.0, 0.0)], &[0]);
        fault(first.panel("second", "x", "y", points.to_vec(), classes))
    };
    assert_eq!(fault(chart(10)), "panels of a chart: expected 1 to 3, found 0");
    assert_eq!(with(&[], &[]), "points of panel \"second\": expected at least 1, found 0");
    let error = with(&[(0.0, 0.0)], &[1, 2]);
    assert_eq!(error, "classes of the points of panel \"second\": expected 1, found 2");
    let error = with(&[(0.0, 0.0), (0.0, 0.0)], &[1, 10]);
    assert_eq!(error, "class of point 1 of panel \"second\": expected 0 to 9, found 10");
    let nameless = ScatterChart::without_classes("").panel("a", "x", "y", [(0.0, 0.0)], &[0]);
    assert_eq!(fault(nameless), "classes of the points of panel \"a\": expected 0, found 1");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e300] {
        let expected = format!("expected a number of at most 1e300 in magnitude, found {bad:?}");
        for point in [(bad, 0.0), (0.0, bad)] {
            let error = with(&[(0.0, 0.0), point], &[1, 2]);
            assert_eq!(error, format!("point 1 of panel \"second\": {expected}"));
        }
    }
    let four = (0..4).fold(chart(2), |chart, _| chart.panel("a", "x", "y", [(0.0, 0.0)], &[0]));
    assert_eq!(fault(four), "panels of a chart: expected 1 to 3, found 4");
}

#[test]
fn every_label_has_to_fit_and_be_one_line() {
    let long = "w".repeat(80);
    let with = |[title, legend, class, panel, x, y]: [&str; 6]| {
        ScatterChart::new(title, legend, [class, "b"]).panel(panel, x, y, [(0.0, 0.0)], &[0]).to_svg()
    };
    with(["t"; 6]).unwrap();
    for place in 0..6 {
        for (bad, expected) in [(long.as_str(), "a width of at most"), ("two\nlines", "one line of text")] {
            let mut labels = ["t"; 6];
            labels[place] = bad;
            let error = with(labels).unwrap_err().to_string();
            assert!(error.starts_with(&format!("label {bad:?}: expected {expected}")), "{place}: {error}");
        }
        let mut labels = ["t"; 6];
        labels[place] = "a < b & c";
        let svg = with(labels).unwrap();
        assert!(elements(&svg).iter().any(|element| element.text == "a < b & c"), "place {place}");
    }
    let foreign = ScatterChart::new("", "", ["\u{4e09}", "b"]).panel("", "", "", [(0.0, 0.0)], &[0]);
    foreign.to_svg().unwrap();
    assert!(foreign.to_png_bytes().unwrap_err().to_string().contains("characters that the font"));
}

#[test]
fn the_png_has_the_dots_of_the_svg() {
    let points: Vec<(f64, f64)> = (0..30).map(|i| (f64::from(i % 6), f64::from(i / 6))).collect();
    let classes: Vec<u32> = (0..30).map(|i| i % 10).collect();
    let chart =
        chart(10).panel("a", "x", "y", points.clone(), &classes).panel("b", "x", "y", points, &classes);
    let svg = chart.to_svg().unwrap();
    let picture = image::load_from_memory(&chart.to_png_bytes().unwrap()).unwrap().into_rgb8();
    let all = elements(&svg);
    let (width, height) = (all[0].number("width"), all[0].number("height"));
    assert_eq!(picture.dimensions(), (2 * width as u32, 2 * height as u32));
    // Names lie over some of the dots; each is one digit, with its edge within 12 pixels of its middle.
    let names: Vec<_> = all.iter().filter(|element| element.get("font-size") == Some("18")).collect();
    let named = |x: f64, y: f64| {
        names
            .iter()
            .any(|name| (name.number("x") - x).abs() < 12.0 && (name.number("y") - 5.0 - y).abs() < 14.0)
    };
    let mut seen = 0;
    for (class, (x, y)) in dots(&svg).into_iter().filter(|(_, (x, y))| !named(*x, *y)) {
        seen += 1;
        let ink = u32::from_str_radix(&COLOURS[class][1..], 16).unwrap().to_be_bytes();
        let found = picture.get_pixel((2.0 * x) as u32, (2.0 * y) as u32).0;
        for (found, ink) in found.into_iter().zip(&ink[1..]) {
            // See-through ink over white, or over a grid line of 0xDD.
            let [white, line] = [255.0, 221.0].map(|ground| ground + (f64::from(*ink) - ground) * 0.8);
            assert!((line - 1.5..=white + 1.5).contains(&f64::from(found)), "class {class} at {x}, {y}");
        }
    }
    assert!(seen > 30, "{seen} of 60 dots were compared");
}
