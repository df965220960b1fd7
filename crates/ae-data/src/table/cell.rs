//! One cell as a number.

/// The longest cell that is read as a number or a class.
pub(super) const MAX_CELL_BYTES: usize = 512;

/// Characters of a cell that an error shows.
const SHOWN: usize = 40;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number from 0 to 255. `-0` is none: as a byte it would lose its sign.
    Byte(u8),
    /// Any other finite number.
    Float(f32),
}

impl Number {
    /// Reads the nearest 32-bit number of a cell, around which there may be spaces.
    ///
    /// # Errors
    /// What was expected instead.
    #[inline]
    pub(super) fn read(cell: &[u8]) -> Result<Self, &'static str> {
        // Pixels are whole numbers of up to three digits, and most tables of numbers are pixels.
        if let [first @ b'0'..=b'9', rest @ ..] = cell
            && rest.len() < 3
            && rest.iter().all(u8::is_ascii_digit)
        {
            let whole =
                rest.iter().fold(u16::from(first - b'0'), |n, digit| n * 10 + u16::from(digit - b'0'));
            return Ok(u8::try_from(whole).map_or(Self::Float(f32::from(whole)), Self::Byte));
        }
        Self::read_any(cell)
    }

    fn read_any(cell: &[u8]) -> Result<Self, &'static str> {
        if cell.len() > MAX_CELL_BYTES {
            return Err("a number of at most 512 bytes");
        }
        let text = str::from_utf8(cell).unwrap_or_default().trim();
        let value: f32 = text.parse().map_err(|_| expected(text))?;
        if !value.is_finite() {
            return Err("a finite 32-bit number");
        }
        let byte = value as u8;
        // By bits, so that the sign of -0 counts.
        match f32::from(byte).to_bits() == value.to_bits() {
            true => Ok(Self::Byte(byte)),
            false => Ok(Self::Float(value)),
        }
    }
}

impl From<Number> for f32 {
    fn from(number: Number) -> Self {
        match number {
            Number::Byte(byte) => f32::from(byte),
            Number::Float(float) => float,
        }
    }
}

/// What should stand in place of a text that is no number.
fn expected(text: &str) -> &'static str {
    match text.split_once(',') {
        Some(_) if text.replacen(',', ".", 1).parse::<f32>().is_ok() => {
            "a number with a decimal point (a comma is not read as one)"
        }
        _ => "a number",
    }
}

/// A cell as an error shows it: escaped, and cut.
pub(super) fn shown(cell: &[u8]) -> String {
    // A character takes at most four bytes.
    let start = String::from_utf8_lossy(&cell[..cell.len().min(4 * SHOWN)]);
    let cut: String = start.chars().take(SHOWN).collect();
    match (cell.trim_ascii().is_empty(), cut.len() < cell.len()) {
        (true, _) => "nothing".to_owned(),
        (false, true) => format!("{cut:?} and more"),
        (false, false) => format!("{cut:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_up_to_255_are_bytes() {
        for (cell, number) in [
            ("0", Number::Byte(0)),
            ("9", Number::Byte(9)),
            ("007", Number::Byte(7)),
            ("255", Number::Byte(255)),
            (" 255 ", Number::Byte(255)),
            ("+1", Number::Byte(1)),
            ("12.0", Number::Byte(12)),
            ("1e2", Number::Byte(100)),
            ("256", Number::Float(256.0)),
            ("999", Number::Float(999.0)),
            ("1000", Number::Float(1000.0)),
            ("-1", Number::Float(-1.0)),
            ("1.5e-3", Number::Float(0.0015)),
            ("\t.5", Number::Float(0.5)),
        ] {
            assert_eq!(Number::read(cell.as_bytes()), Ok(number), "{cell:?}");
        }
        let Ok(Number::Float(zero)) = Number::read(b"-0") else { panic!("-0 is no byte") };
        assert_eq!(zero.to_bits(), 0x8000_0000);
    }

    /// Bits that follow from IEEE 754 by hand.
    #[test]
    fn numbers_are_the_nearest_of_32_bits() {
        for (cell, bits) in [
            ("0.1", 0x3dcc_cccd),
            ("-2.5", 0xc020_0000),
            ("16777217", 0x4b80_0000),
            ("3.4028235e38", 0x7f7f_ffff),
            ("1e-45", 1),
            ("1e-50", 0),
            // Just above the middle of 1 and its successor, by less than 64 bits tell: up, not to even.
            ("1.00000005960464477539062500001", 0x3f80_0001),
        ] {
            let found = f32::from(Number::read(cell.as_bytes()).unwrap());
            assert_eq!(found.to_bits(), bits, "{cell}");
        }
    }

    #[test]
    fn what_is_no_number_says_what_is_expected() {
        for cell in ["", " ", "abc", "1 2", "0x10", "1_000", "12a", "1,5,3", "\u{ff11}"] {
            assert_eq!(Number::read(cell.as_bytes()), Err("a number"), "{cell:?}");
        }
        assert_eq!(Number::read(&[0xff, 0xfe]), Err("a number"));
        for cell in ["nan", "NaN", "inf", "-Infinity", "1e39", "3.5e38"] {
            assert_eq!(Number::read(cell.as_bytes()), Err("a finite 32-bit number"), "{cell:?}");
        }
        assert!(Number::read(b"1,5").is_err_and(|expected| expected.contains("decimal point")));
        assert!(
            Number::read(&[b'1'; MAX_CELL_BYTES + 1]).is_err_and(|expected| expected.contains("512 bytes"))
        );
        assert!(Number::read(&[&b"0."[..], &[b'1'; MAX_CELL_BYTES - 2]].concat()).is_ok());
    }

    #[test]
    fn cells_are_shown_escaped_and_cut() {
        assert_eq!(shown(b"a\"b\n\x1b"), r#""a\"b\n\u{1b}""#);
        assert_eq!((shown(b""), shown(b"  ")), ("nothing".to_owned(), "nothing".to_owned()));
        let long = "é".repeat(41);
        assert_eq!(shown(long.as_bytes()), format!("\"{}\" and more", "é".repeat(40)));
        assert_eq!(shown(&long.as_bytes()[..80]), format!("\"{}\"", "é".repeat(40)));
    }
}
