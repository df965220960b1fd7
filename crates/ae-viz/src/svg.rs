//! Shapes as an SVG document, in few bytes.

use crate::palette::{Colour, INK};
use crate::shape::{DASH, Drawing, HALO, Point, Set, Shape};

/// Writes the drawing; the same bytes for the same drawing.
pub(crate) fn document(drawing: &Drawing) -> String {
    let (width, height) = (drawing.width, drawing.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" fill=\"none\" stroke-linejoin=\"round\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n"
    );
    svg.extend(drawing.shapes.iter().map(element));
    svg + "</svg>\n"
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Line { points, colour, width, dashed } => {
            let points: Vec<String> =
                points.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
            let dash = if *dashed {
                format!(" stroke-dasharray=\"{} {}\"", DASH[0], DASH[1])
            } else {
                String::new()
            };
            let (points, colour, width) = (points.join(" "), hex(*colour), short(*width));
            format!("<polyline points=\"{points}\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>\n")
        }
        Shape::Circle { centre: (x, y), radius, colour } => {
            let (x, y, radius, colour) = (short(*x), short(*y), short(*radius), hex(*colour));
            format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{colour}\"/>\n")
        }
        Shape::Dots { layers, radius, opacity } => dots(layers, *radius, *opacity),
        Shape::Text { line, size, at, set } => {
            let text = |paint: &str| text(line, *size, *at, *set, paint);
            // Written twice, because not every viewer can paint the stroke of a letter before its inside.
            let halo = format!("stroke=\"#FFFFFF\" stroke-width=\"{}\"", short(2.0 * HALO));
            let edge = if *set == Set::Halo { text(&halo) } else { String::new() };
            edge + &text(&format!("fill=\"{}\"", hex(INK)))
        }
    }
}

/// Dots are the round ends of lines without length, in whole tenths of a pixel: a dozen bytes each, where a circle
/// takes sixty.
fn dots(layers: &[(Colour, Vec<Point>)], radius: f64, opacity: f64) -> String {
    let (width, opacity) = (short(20.0 * radius), short(opacity));
    let mut svg = format!(
        "<g transform=\"scale(.1)\" stroke-linecap=\"round\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\">\n"
    );
    for (colour, centres) in layers {
        let tenths = |length: f64| (length * 10.0).round() as i64;
        let path: String = centres.iter().map(|(x, y)| format!("M{} {}h0", tenths(*x), tenths(*y))).collect();
        svg += &format!("<path stroke=\"{}\" d=\"{path}\"/>\n", hex(*colour));
    }
    svg + "</g>\n"
}

fn text(line: &str, size: f64, (x, y): Point, set: Set, paint: &str) -> String {
    let (x, y, size) = (short(x), short(y), short(size));
    let set = match set {
        Set::Start => "",
        Set::Middle | Set::Halo => " text-anchor=\"middle\"",
        Set::End => " text-anchor=\"end\"",
        Set::Upwards => &format!(" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\""),
    };
    let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{set} {paint}>{line}</text>\n")
}

/// A number with at most two decimals and no zeros after the last. Adding 0 makes 0 of -0.
fn short(number: f64) -> String {
    ((number * 100.0).round() / 100.0 + 0.0).to_string()
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = [0.0, -0.001, 1.0 / 3.0, 2.0 / 3.0, 85.0, 99.996, -1.5].map(short);
        assert_eq!(written, ["0", "0", "0.33", "0.67", "85", "100", "-1.5"]);
    }

    #[test]
    fn every_shape_is_an_element_that_says_where_it_lies() {
        let (points, colour) = (vec![(1.0, 2.0), (3.456, 4.0)], [0, 0x72, 0xB2]);
        let line = |dashed| Shape::Line { points: points.clone(), colour, width: 2.0, dashed };
        let plain = "<polyline points=\"1,2 3.46,4\" stroke=\"#0072B2\" stroke-width=\"2\"";
        assert_eq!(element(&line(false)), format!("{plain}/>\n"));
        assert_eq!(element(&line(true)), format!("{plain} stroke-dasharray=\"6 4\"/>\n"));
        assert_eq!(
            element(&Shape::Circle { centre: (1.5, 2.0), radius: 3.5, colour }),
            "<circle cx=\"1.5\" cy=\"2\" r=\"3.5\" fill=\"#0072B2\"/>\n"
        );
        let layers = vec![(colour, points.clone()), ([255; 3], vec![(7.0, 8.06)])];
        assert_eq!(
            element(&Shape::Dots { layers, radius: 1.5, opacity: 0.5 }),
            "<g transform=\"scale(.1)\" stroke-linecap=\"round\" stroke-width=\"30\" stroke-opacity=\"0.5\">\n\
             <path stroke=\"#0072B2\" d=\"M10 20h0M35 40h0\"/>\n<path stroke=\"#FFFFFF\" d=\"M70 81h0\"/>\n</g>\n"
        );
    }

    #[test]
    fn text_is_escaped_turned_about_its_place_and_over_its_halo() {
        let written = |set| element(&Shape::text("a < b & c > d", 13.0, (10.25, 20.0), set));
        let start = "<text x=\"10.25\" y=\"20\" font-size=\"13\"";
        let fill = "fill=\"#222222\">a &lt; b &amp; c &gt; d</text>\n";
        assert_eq!(written(Set::Start), format!("{start} {fill}"));
        assert_eq!(written(Set::End), format!("{start} text-anchor=\"end\" {fill}"));
        let middle = format!("{start} text-anchor=\"middle\"");
        assert_eq!(written(Set::Upwards), format!("{middle} transform=\"rotate(-90 10.25 20)\" {fill}"));
        let edge = "stroke=\"#FFFFFF\" stroke-width=\"5\">a &lt; b &amp; c &gt; d</text>\n";
        assert_eq!(written(Set::Halo), format!("{middle} {edge}{middle} {fill}"));
        assert_eq!(written(Set::Middle), format!("{middle} {fill}"));
    }
}
