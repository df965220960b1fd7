//! The colours of every chart.
//!
//! Series have the set of Masataka Okabe and Kei Ito, "Color Universal Design" (2008), in an order that puts the
//! strongest contrasts first. Readers with any of the common colour deficiencies tell all of them apart. Its yellow
//! is left out: a thin yellow line is lost on white paper.
//!
//! Classes need ten colours: those of Matthew A. Petroff, "Accessible Color Sequences for Data Visualization"
//! (arXiv:2107.02270, 2021), chosen there to stay apart under deutan, protan and tritan deficiencies.
//!
//! Signed numbers have the eleven colours of RdBu, from Cynthia A. Brewer's ColorBrewer 2.0, which lists it as safe
//! for colour-blind readers; between them colours are mixed linearly in sRGB.

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

pub(crate) const INK: Colour = [0x22; 3];
pub(crate) const REFERENCE: Colour = [0x55; 3];
pub(crate) const FRAME: Colour = [0x66; 3];
pub(crate) const MESH: Colour = [0xDD; 3];

/// The colours of series: blue, vermilion, green, purple, orange, sky blue, black.
pub(crate) const SERIES_COLOURS: [Colour; 7] = [
    [0x00, 0x72, 0xB2],
    [0xD5, 0x5E, 0x00],
    [0x00, 0x9E, 0x73],
    [0xCC, 0x79, 0xA7],
    [0xE6, 0x9F, 0x00],
    [0x56, 0xB4, 0xE9],
    [0x00, 0x00, 0x00],
];

/// The colours of classes: brown, slate, blue, orange, grey, purple, tan, amber, cyan, red.
///
/// The order is ours. Codes of handwritten digits lie close for 3, 5 and 8 and for 4, 7 and 9; in this order the
/// colours of such neighbours are at least 0.16 apart in Oklab under full deutan, protan and tritan deficiency
/// (the matrices of Machado, Oliveira and Fernandes, 2009), where Petroff's order leaves 0.06 between 5 and 8.
pub(crate) const CLASS_COLOURS: [Colour; 10] = [
    [0xA9, 0x6B, 0x59],
    [0x71, 0x75, 0x81],
    [0x3F, 0x90, 0xDA],
    [0xE7, 0x63, 0x00],
    [0x94, 0xA4, 0xA2],
    [0x83, 0x2D, 0xB6],
    [0xB9, 0xAC, 0x70],
    [0xFF, 0xA9, 0x0E],
    [0x92, 0xDA, 0xDD],
    [0xBD, 0x1F, 0x01],
];

/// From the most negative number over 0, the sixth, to the most positive.
const DIVERGING: [Colour; 11] = [
    [0x05, 0x30, 0x61],
    [0x21, 0x66, 0xAC],
    [0x43, 0x93, 0xC3],
    [0x92, 0xC5, 0xDE],
    [0xD1, 0xE5, 0xF0],
    [0xF7, 0xF7, 0xF7],
    [0xFD, 0xDB, 0xC7],
    [0xF4, 0xA5, 0x82],
    [0xD6, 0x60, 0x4D],
    [0xB2, 0x18, 0x2B],
    [0x67, 0x00, 0x1F],
];

/// The colour of a number between -1 (dark blue) over 0 (nearly white) and 1 (dark red); beyond, that of the end.
pub(crate) fn diverging(value: f64) -> Colour {
    let place = (value.clamp(-1.0, 1.0) + 1.0) / 2.0 * (DIVERGING.len() - 1) as f64;
    let below = (place as usize).min(DIVERGING.len() - 2);
    let along = place - below as f64;
    std::array::from_fn(|channel| {
        let [from, to] = [below, below + 1].map(|i| f64::from(DIVERGING[i][channel]));
        (from + (to - from) * along).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_colours_are_white_at_zero_blue_below_red_above_and_darken_outwards() {
        assert_eq!(diverging(0.0), [0xF7; 3]);
        assert_eq!([diverging(-1.0), diverging(1.0)], [DIVERGING[0], DIVERGING[10]]);
        assert_eq!([diverging(-7.0), diverging(7.0)], [DIVERGING[0], DIVERGING[10]]);
        assert_eq!(diverging(0.1), [0xFA, 0xE9, 0xDF], "halfway between the sixth and the seventh");
        let sum = |value: f64| diverging(value).iter().map(|c| u32::from(*c)).sum::<u32>();
        for i in 1..=100 {
            let value = f64::from(i) / 100.0;
            assert!(diverging(-value)[2] > diverging(-value)[0] && diverging(value)[0] > diverging(value)[2]);
            for sign in [-1.0, 1.0] {
                assert!(sum(sign * value) <= sum(sign * (value - 0.01)), "{value}");
            }
        }
    }
}
