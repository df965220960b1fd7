//! How much a file from a stranger may ask for.

/// What a reader accepts before it refuses, whatever a header promises.
///
/// # Example
/// ```
/// use ae_data::{IdxError, Limits, idx};
///
/// let nine_bytes = [0, 0, 0x08, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/// let refused = idx::parse(&nine_bytes, &Limits { max_bytes: 8 });
/// assert!(matches!(refused, Err(IdxError::Limit { asked: 9, limit: 8 })));
/// assert!(idx::parse(&nine_bytes, &Limits::default()).is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of element data, after decompression, that one file may hold.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 2 GiB: nearly four times the largest set in common use in this format (EMNIST ByClass, 547 MB in one
    /// file), and little enough that a hostile file cannot exhaust an ordinary machine.
    fn default() -> Self {
        Limits { max_bytes: 2 << 30 }
    }
}
