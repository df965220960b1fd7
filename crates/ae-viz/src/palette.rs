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

/// Of series: blue, vermilion, green, purple, orange, sky blue, black.
pub(crate) const SERIES_COLOURS: [Colour; 7] =
    colours([0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000]);

/// Of classes: brown, slate, blue, orange, grey, purple, tan, amber, cyan, red.
///
/// The order is ours. Codes of handwritten digits lie close for 3, 5 and 8 and for 4, 7 and 9; in this order the
/// colours of such neighbours are at least 0.16 apart in Oklab under full deutan, protan and tritan deficiency
/// (the matrices of Machado, Oliveira and Fernandes, 2009), where Petroff's order leaves 0.06 between 5 and 8.
pub(crate) const CLASS_COLOURS: [Colour; 10] = colours([
    0xA96B59, 0x717581, 0x3F90DA, 0xE76300, 0x94A4A2, 0x832DB6, 0xB9AC70, 0xFFA90E, 0x92DADD, 0xBD1F01,
]);

/// From the most negative number over 0, the sixth, to the most positive.
const DIVERGING: [Colour; 11] = colours([
    0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B,
    0x67001F,
]);

const fn colours<const N: usize>(hex: [u32; N]) -> [Colour; N] {
    let mut colours = [[0; 3]; N];
    let mut i = 0;
    while i < N {
        let [_, red, green, blue] = hex[i].to_be_bytes();
        colours[i] = [red, green, blue];
        i += 1;
    }
    colours
}

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
