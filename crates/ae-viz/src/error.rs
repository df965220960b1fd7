//! What can be wrong with numbers that are to become a picture.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// An error from drawing: nearly always in what was to be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VizError {
    /// A part of what was to be drawn is not as it has to be.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// The part, by its name and its position counted from 0.
        what: String,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The PNG encoder failed.
    #[error("cannot encode the picture as PNG")]
    Png(#[source] image::ImageError),
}

impl VizError {
    pub(crate) fn argument(what: impl Display, expected: impl Display, found: impl Display) -> Self {
        Self::Argument { what: what.to_string(), expected: expected.to_string(), found: found.to_string() }
    }
}

/// Checks how many of something there are; a range to `usize::MAX` has no upper limit.
pub(crate) fn check_count(
    what: impl Display,
    allowed: RangeInclusive<usize>,
    found: usize,
) -> Result<(), VizError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let expected = match allowed.into_inner() {
        (least, most) if least == most => least.to_string(),
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    Err(VizError::argument(what, expected, found))
}
