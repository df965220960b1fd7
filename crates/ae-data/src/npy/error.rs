//! What can be wrong with an array.

/// The longest archive, and the longest array of which all must be in memory at once: 1 GiB.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// What is wrong with an `.npy` file, or with an `.npz` archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// An `.npz` archive that is damaged, or does not hold the array that is wanted.
    #[error("the .npz archive: {reason}")]
    Archive {
        /// What is wrong with it, and what to do if it is sound.
        reason: String,
    },
    /// A header that is cut short, not the dict that it should be, or of no rows.
    #[error("the .npy header: {reason}")]
    Header {
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// Elements that are no numbers, or of more than 64 bits.
    #[error("its elements are {found}, numbers of at most 64 bits are needed: array.astype('float32')")]
    ElementType {
        /// NumPy's name of the type, in quotes, or `structures`.
        found: String,
    },
    /// The data is shorter or longer than the header promises.
    #[error("the .npy header promises {promised} bytes of data, {actual} are there")]
    Length {
        /// Bytes of data promised.
        promised: u64,
        /// Bytes there after the header; where they come from an archive, gzip or a stream, no more than one too many is
        /// counted.
        actual: u64,
    },
    /// More at once than may be in memory.
    #[error(
        "{found} bytes are needed in memory at once, {limit} are the most: an array in C order as .npy (numpy.save and \
         numpy.ascontiguousarray) is read in pieces"
    )]
    Limit {
        /// Bytes of an array in Fortran order or from an archive, or of the rows asked for.
        found: u64,
        /// The most that may be there.
        limit: u64,
    },
}
