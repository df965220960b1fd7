//! One line of text in a picture: what may stand in it, and about how wide it will be.
//!
//! An SVG is laid out before anyone knows which font its viewer will use, so widths are estimates on the wide
//! side: the advance widths of DejaVu Sans, the widest of the usual sans-serif fonts, rounded up by class of glyph.

use crate::VizError;

/// The estimated width of a line at a font size, both in pixels.
pub(crate) fn width(text: &str, font_size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * font_size
}

/// Width of a character in ems.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' | ' ' | ',' | '.' | ':' | ';' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '!' | 'I' | 'J' => 0.41,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '+' | '=' | '<' | '>' => 1.0,
        'A'..='Z' | '&' | '#' | '~' => 0.79,
        ' '..='~' => 0.64,
        _ => 1.0,
    }
}

/// Checks that a label is one line of characters that XML can hold, and that it fits in `room` pixels.
pub(crate) fn check(label: &str, font_size: f64, room: f64) -> Result<(), VizError> {
    if let Some(found) = label.chars().find(|c| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
        return Err(VizError::Character { label: label.to_owned(), found });
    }
    let width = width(label, font_size);
    if width > room {
        return Err(VizError::LabelTooWide {
            label: label.to_owned(),
            width: width.ceil() as u32,
            room: room as u32,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_glyphs_are_wider_and_size_scales() {
        assert!(width("mmm", 10.0) > width("iii", 10.0));
        assert_eq!(width("loss", 20.0), 2.0 * width("loss", 10.0));
        assert_eq!(width("", 10.0), 0.0);
    }

    #[test]
    fn a_label_is_one_line_that_fits() {
        check("loss (nats a pixel) < 1 & > 0, \u{b5}s", 10.0, 400.0).unwrap();
        let broken = check("two\nlines", 10.0, 400.0).unwrap_err();
        assert!(matches!(broken, VizError::Character { found: '\n', .. }));
        assert!(matches!(check("\u{0}", 10.0, 400.0), Err(VizError::Character { found: '\0', .. })));
        let wide = check("mmmm", 10.0, 39.0).unwrap_err();
        assert!(matches!(wide, VizError::LabelTooWide { width: 40, room: 39, .. }));
    }
}
