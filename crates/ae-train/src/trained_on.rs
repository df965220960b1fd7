//! Which images a run was trained on, so that none of them is taken for a test image later.

use ae_data::ImageSet;
use sha2::{Digest, Sha256};

/// The images that a run was trained on, each by the first eight bytes of the SHA-256 of its pixels.
///
/// Of ten thousand images beside the sixty thousand of MNIST, the chance that one is taken for a training image that
/// it is not is below one in ten billion.
///
/// # Example
/// ```
/// use ae_data::ImageSet;
/// use ae_train::TrainedOn;
///
/// let trained_on = TrainedOn::of(&ImageSet::new(1, 2, vec![0, 0, 9, 9], None)?);
/// assert!(trained_on.contains(&[9, 9]) && !trained_on.contains(&[0, 9]));
/// assert_eq!(trained_on.others(&ImageSet::new(1, 2, vec![0, 9, 9, 9], None)?), [0]);
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
    pub fn of(images: &ImageSet) -> Self {
        let mut images: Vec<_> = images.pixels().chunks_exact(images.pixels_per_image()).map(short).collect();
        images.sort_unstable();
        images.dedup();
        Self { images }
    }

    /// Whether the run was trained on an image of these pixels.
    pub fn contains(&self, image: &[u8]) -> bool {
        self.images.binary_search(&short(image)).is_ok()
    }

    /// The numbers of those of other images that the run was not trained on, ascending; the first image has number 0.
    pub fn others(&self, images: &ImageSet) -> Vec<u32> {
        let pixels = images.pixels().chunks_exact(images.pixels_per_image());
        (0..).zip(pixels).filter(|(_, image)| !self.contains(image)).map(|(number, _)| number).collect()
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

fn short(image: &[u8]) -> [u8; 8] {
    *Sha256::digest(image).first_chunk().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_the_start_of_its_sha_256() {
        // `printf abc | sha256sum`, as in FIPS 180-2, appendix B.1.
        let images = ImageSet::new(1, 3, b"abcabc".to_vec(), None).unwrap();
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
