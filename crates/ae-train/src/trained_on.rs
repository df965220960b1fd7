//! Which images a run was trained on, so that none of them is taken for a test image later.

use ae_data::{Samples, Values};
use sha2::{Digest, Sha256};

/// The images that a run was trained on, each by the first eight bytes of the SHA-256 of its pixels: of bytes, or of 32-bit
/// floats, little-endian.
///
/// Of ten thousand images beside the sixty thousand of MNIST, the chance that one is taken for a training image that
/// it is not is below one in ten billion.
///
/// # Example
/// ```
/// use ae_data::{Samples, Values};
/// use ae_train::TrainedOn;
///
/// let trained_on = TrainedOn::of(&Samples::new((1, 2), vec![0, 0, 9, 9])?);
/// assert_eq!(trained_on.others(&Samples::new((1, 2), vec![0, 9, 9, 9])?), [0]);
/// assert_eq!(TrainedOn::from_bytes(&trained_on.to_bytes()), Some(trained_on));
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainedOn {
    /// Sorted, each once.
    images: Vec<[u8; 8]>,
}

impl TrainedOn {
    /// The images of a training set.
    pub fn of(images: &Samples) -> Self {
        let mut images = hashes(images);
        images.sort_unstable();
        images.dedup();
        Self { images }
    }

    /// The numbers of those of other images that the run was not trained on, ascending; the first image has number 0.
    pub fn others(&self, images: &Samples) -> Vec<u32> {
        let is_known = |hash| self.images.binary_search(hash).is_ok();
        (0..).zip(&hashes(images)).filter(|(_, hash)| !is_known(hash)).map(|(number, _)| number).collect()
    }

    /// One after the other, sorted: the content of the file that a run keeps them in.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.images.concat()
    }

    /// What [`to_bytes`](Self::to_bytes) was made of; nothing if it can't have made these.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (images, rest) = bytes.as_chunks();
        (rest.is_empty() && images.is_sorted_by(|a, b| a < b)).then(|| Self { images: images.to_vec() })
    }
}

/// The beginning of each image's hash.
fn hashes(images: &Samples) -> Vec<[u8; 8]> {
    let short = |image: &[u8]| *Sha256::digest(image).first_chunk().expect("a SHA-256 has 32 bytes");
    match images.values() {
        Values::Bytes(bytes) => bytes.chunks_exact(images.width()).map(short).collect(),
        Values::Floats(values) => {
            let rows = values.chunks_exact(images.width());
            let bytes = |row: &[f32]| row.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
            rows.map(|row| short(&bytes(row))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_the_start_of_its_sha_256() {
        // `printf abc | sha256sum`, as in FIPS 180-2, appendix B.1.
        let images = Samples::new((1, 3), b"abcabc".to_vec()).unwrap();
        assert_eq!(TrainedOn::of(&images).to_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }

    #[test]
    fn bytes_that_nobody_wrote_are_no_images() {
        for refused in [&[1_u8; 7][..], &[1; 16], &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(TrainedOn::from_bytes(refused), None);
        }
        assert!(TrainedOn::from_bytes(&[]).is_some());
    }
}
