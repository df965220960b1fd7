//! The colours of every chart.
//!
//! The set of Masataka Okabe and Kei Ito, "Color Universal Design" (2008), in an order that puts the strongest
//! contrasts first. Readers with any of the common colour deficiencies tell all of them apart. Its yellow is left
//! out: a thin yellow line is lost on white paper.

/// Red, green and blue of each series colour: blue, vermilion, green, purple, orange, sky blue, black.
pub(crate) const SERIES_COLOURS: [[u8; 3]; 7] = [
    [0x00, 0x72, 0xB2],
    [0xD5, 0x5E, 0x00],
    [0x00, 0x9E, 0x73],
    [0xCC, 0x79, 0xA7],
    [0xE6, 0x9F, 0x00],
    [0x56, 0xB4, 0xE9],
    [0x00, 0x00, 0x00],
];
