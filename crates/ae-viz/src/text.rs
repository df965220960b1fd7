//! One line of text in a picture: what may stand in it, how wide it is, and the outlines of its glyphs.
//!
//! The crate carries one font, a part of DejaVu Sans (`font/README.md`), so that text becomes pixels on a machine
//! without any. An SVG is drawn later, by a viewer with a font of its own: DejaVu Sans is among the widest of the
//! usual sans-serif fonts, so its widths and a little more are room enough for another.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};
use zeno::{Command, Point, Transform};

use crate::VizError;

/// How far below a point the baseline of a line lies that is centred on it, in ems: half of a small letter.
pub(crate) const TO_BASELINE: f64 = 0.547 / 2.0;
/// How far below its upper edge the baseline of a line lies, in ems.
pub(crate) const ASCENT: f64 = 0.76;

const ELLIPSIS: &str = "\u{2026}";
/// The most room of a name as a label, in ems: just below that of a class, which has the least.
const LABEL_EMS: f64 = 9.5;

/// Room for a viewer's font that is wider than ours.
const OTHER_FONTS: f64 = 1.05;

static FONT: LazyLock<Face<'static>> = LazyLock::new(|| {
    let bytes = include_bytes!("../font/DejaVuSans-subset.ttf");
    Face::parse(bytes, 0).expect("the font that is compiled in is a good one")
});

/// The glyph of a character; glyph 0, a box, where the font has none.
fn glyph(character: char) -> GlyphId {
    FONT.glyph_index(character).unwrap_or_default()
}

/// The width of a line in our font, in the unit of the font size.
pub(crate) fn advance(text: &str, font_size: f64) -> f64 {
    let units: f64 = text.chars().map(|c| f64::from(FONT.glyph_hor_advance(glyph(c)).unwrap_or(0))).sum();
    units * font_size / f64::from(FONT.units_per_em())
}

/// The room to leave for a line in whichever font it will be drawn, in the unit of the font size.
pub(crate) fn width(text: &str, font_size: f64) -> f64 {
    // A character that our font lacks is taken to be as wide as it is high.
    let missing = text.chars().filter(|c| FONT.glyph_index(*c).is_none()).count();
    (advance(text, font_size) + missing as f64 * font_size) * OTHER_FONTS
}

/// The outlines of a line, `place` telling where its baseline starts and which way it leads.
pub(crate) fn outlines(text: &str, font_size: f64, place: Transform) -> Vec<Command> {
    let scale = font_size as f32 / f32::from(FONT.units_per_em());
    let mut pen = Pen { scale, place, x: 0.0, path: Vec::new() };
    for character in text.chars() {
        let glyph = glyph(character);
        // A glyph without outlines, as a blank's, leaves the path as it is.
        FONT.outline_glyph(glyph, &mut pen);
        pen.x += f32::from(FONT.glyph_hor_advance(glyph).unwrap_or(0));
    }
    pen.path
}

/// Collects outlines that the font gives in its own units, y upwards.
struct Pen {
    scale: f32,
    place: Transform,
    /// Where the present glyph begins, in the font's units.
    x: f32,
    path: Vec<Command>,
}

impl Pen {
    fn point(&self, x: f32, y: f32) -> Point {
        self.place.transform_point(Point::new((self.x + x) * self.scale, -y * self.scale))
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.push(Command::MoveTo(self.point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.push(Command::LineTo(self.point(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.push(Command::QuadTo(self.point(x1, y1), self.point(x, y)));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.push(Command::CurveTo(self.point(x1, y1), self.point(x2, y2), self.point(x, y)));
    }

    fn close(&mut self) {
        self.path.push(Command::Close);
    }
}

/// Checks that a label is one line of characters that XML can hold, and that it fits in `room` pixels.
pub(crate) fn check(label: &str, font_size: f64, room: f64) -> Result<(), VizError> {
    let width = width(label, font_size);
    let (expected, found) =
        match label.chars().find(|c| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
            Some(found) => ("one line of text".to_owned(), format!("the character {found:?}")),
            None if width <= room => return Ok(()),
            None => (format!("a width of at most {room:.0} pixels"), format!("about {:.0}", width.ceil())),
        };
    Err(VizError::argument(format_args!("label {label:?}"), expected, found))
}

/// Checks that our font has every character of a label which is to become pixels.
pub(crate) fn check_glyphs(label: &str) -> Result<(), VizError> {
    let Some(found) = label.chars().find(|c| FONT.glyph_index(*c).is_none()) else { return Ok(()) };
    let (what, found) = (format!("label {label:?}"), format!("the character {found:?}"));
    Err(VizError::argument(what, "characters that the font of the pictures has", found))
}

/// A name from elsewhere as one line of at most `room` pixels: `?` for what cannot be drawn, and an ellipsis where it is cut.
pub(crate) fn fitted(name: &str, font_size: f64, room: f64) -> String {
    let (mut line, mut kept) = (String::new(), 0);
    for character in name.chars() {
        // The font has no control characters either.
        line.push(if FONT.glyph_index(character).is_some() { character } else { '?' });
        if width(&line, font_size) > room {
            line.truncate(kept);
            line.truncate(line.trim_end().len());
            line.extend((width(ELLIPSIS, font_size) <= room).then_some(ELLIPSIS));
            return line;
        }
        if width(&line, font_size) + width(ELLIPSIS, font_size) <= room {
            kept = line.len();
        }
    }
    line
}

/// A name that the caller has not chosen, such as a file's or a class's, as a label that every picture takes.
///
/// It is at most nine and a half times as wide as high: what is longer is cut, with an ellipsis. Characters that the
/// crate's font lacks, and line ends, become `?`.
///
/// ```
/// assert_eq!(ae_viz::label_of("caf\u{e9} \u{1f600}\n"), "caf\u{e9} ??");
/// assert_eq!(ae_viz::label_of("a photograph of a cat.jpeg"), "a photograph of\u{2026}");
/// ```
pub fn label_of(name: &str) -> String {
    fitted(name, 1.0, LABEL_EMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_glyphs_are_wider_and_size_scales() {
        assert!(width("mmm", 10.0) > width("iii", 10.0));
        assert!((width("loss", 20.0) - 2.0 * width("loss", 10.0)).abs() < 1e-9);
        assert_eq!(width("", 10.0), 0.0);
        // An "m" of DejaVu Sans is 1995 units of 2048 to the em wide.
        assert!((advance("m", 2048.0) - 1995.0).abs() < 1e-9);
    }

    #[test]
    fn a_label_is_one_line_that_fits() {
        check("loss (nats a pixel) < 1 & > 0, \u{b5}s", 10.0, 400.0).unwrap();
        let fault = |label| check(label, 10.0, 40.0).unwrap_err().to_string();
        assert_eq!(
            fault("two\nlines"),
            r#"label "two\nlines": expected one line of text, found the character '\n'"#
        );
        assert_eq!(fault("\0"), r#"label "\0": expected one line of text, found the character '\0'"#);
        assert_eq!(fault("mmmm"), r#"label "mmmm": expected a width of at most 40 pixels, found about 41"#);
        check("\u{6570}\u{5b57}", 10.0, 20.0).unwrap_err();
    }

    #[test]
    fn the_font_has_what_labels_use_and_says_what_it_lacks() {
        let ascii: String = (' '..='~').collect();
        check_glyphs(&ascii).unwrap();
        check_glyphs(
            "\u{3c3} = 0.5, \u{b1}3 \u{d7} 10\u{207b}\u{2074}, \u{2264} \u{2192} \u{2212}1, caf\u{e9}",
        )
        .unwrap();
        let error = check_glyphs("digit \u{4e09}").unwrap_err();
        let message = "label \"digit \u{4e09}\": expected characters that the font of the pictures has, \
                       found the character '\u{4e09}'";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn outlines_stand_on_the_baseline_and_as_far_apart_as_they_are_wide() {
        let ends = |text: &str| {
            let path = outlines(text, 100.0, Transform::IDENTITY);
            let points = path.iter().filter_map(|command| match command {
                Command::MoveTo(p) | Command::LineTo(p) => Some((p.x, p.y)),
                _ => None,
            });
            points.fold((f32::MAX, f32::MIN, f32::MAX, f32::MIN), |(left, right, top, bottom), (x, y)| {
                (left.min(x), right.max(x), top.min(y), bottom.max(y))
            })
        };
        let (left, right, top, bottom) = ends("H");
        assert!(0.0 < left && right < 76.0 && bottom == 0.0 && (-75.0..-70.0).contains(&top));
        let (_, second, ..) = ends("HH");
        assert!((f64::from(second - right) - advance("H", 100.0)).abs() < 0.01);
        assert!(outlines("  ", 100.0, Transform::IDENTITY).is_empty());
    }
}
