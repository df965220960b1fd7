//! Rate and distortion: what images cost as codes in a file, and how near they come back.
//!
//! Rates are real bytes, of files that are there: nothing is estimated. Distortion is PSNR, `10 log10(1 / MSE)`, of the mean
//! squared error over all images and pixels, brightness in [0, 1].

use std::io::Cursor;
use std::num::NonZeroU64;

use ae_codec::{CodecError, Coding, Damage, Extras, Header, Quantiser, Reader, WeightBits, Writer, rounded};
use ae_data::{Samples, Shape};
use ae_net::{Decoder, NetError, Network, Outputs, Rows, Team, WeightsId, evaluate};

use crate::error::at_least;
use crate::{EvalError, Pca, image_rows};

/// What a set of images costs as codes, and how near it comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodedRate {
    /// Images in the set.
    pub images: usize,
    /// Bytes of the whole `.aez` file, without its decoder.
    pub file_bytes: u64,
    /// PSNR, dB.
    pub psnr_db: f64,
    /// Bytes that the decoder takes inside the file, its weights of 8 bits.
    pub decoder_bytes: u64,
    /// PSNR of images made by the decoder inside, dB.
    pub psnr_inside_db: f64,
}

impl CodedRate {
    /// Writes the images as an `.aez` file in memory, reads it, and compares.
    ///
    /// # Errors
    /// [`EvalError::Argument`] without images, [`EvalError::Net`] for images of another size than the network's, or a
    /// fault found by the codec.
    pub fn measure(
        team: &Team,
        network: &Network,
        images: &Samples,
        quantiser: Quantiser,
    ) -> Result<Self, EvalError> {
        at_least("images to store", 1, images.len())?;
        let codes = network.encode(team, image_rows(images)?)?;
        let coding = Coding::fit(quantiser, &codes, None)?;
        let mut symbols = Vec::new();
        coding.quantiser().symbols(&codes, &mut symbols)?;
        let Shape { channels, rows, cols } = images.shape();
        // The model has no part in the size.
        let header = Header { images: images.len(), channels, rows, cols, model: WeightsId([0; 32]) };
        let inside = (network.decoder(), WeightBits::Eight);
        let mut writer = Writer::new(Vec::new(), header, &Extras::default(), coding, Some(inside))?;
        writer.push(&symbols, &[], &[])?;
        let file = writer.finish()?;

        let sizes = Reader::new(Cursor::new(&file), Damage::Refuse).map_err(CodecError::from)?.sizes();
        let decoded = ae_codec::decode(&file).map_err(CodecError::from)?;
        let rounded = rounded(network.decoder(), WeightBits::Eight)?;
        Ok(Self {
            images: images.len(),
            file_bytes: sizes.total() - sizes.decoder,
            psnr_db: psnr_db(team, network.decoder(), &decoded.codes, images)?,
            decoder_bytes: sizes.decoder,
            psnr_inside_db: psnr_db(team, &rounded, &decoded.codes, images)?,
        })
    }

    /// Bytes an image, of the file without its decoder.
    pub fn bytes_per_image(&self) -> f64 {
        self.file_bytes as f64 / self.images as f64
    }

    /// From how many images on the file with its decoder inside is smaller than `other` bytes an image; `None` if it
    /// never is.
    pub fn breaks_even(&self, other: f64) -> Option<NonZeroU64> {
        let saved = other - self.bytes_per_image();
        (saved > 0.0).then(|| NonZeroU64::MIN.saturating_add((self.decoder_bytes as f64 / saved) as u64))
    }
}

/// The transform coder: all principal components that matter, one uniform step for all of them.
///
/// Where pixels are Gaussian no linear transform does better (Goyal 2001). Components behind the last one that any image needs
/// are left out, which costs nothing and saves their tables. Brightness is cut off at 0 and 1.
///
/// # Errors
/// As [`CodedRate::measure`].
pub fn transform_coder(team: &Team, pca: &Pca, images: &Samples, step: f64) -> Result<CodedRate, EvalError> {
    let all = pca.pixels();
    let codes = pca.network(all, Outputs::Clipped)?.encode(team, image_rows(images)?)?;
    let quantiser = Quantiser::uniform(all, step)?;
    let mut symbols = Vec::new();
    quantiser.symbols(&codes, &mut symbols)?;
    let needed = |code: &[i32]| code.iter().rposition(|&symbol| symbol != 0).map_or(0, |last| last + 1);
    let components = symbols.chunks_exact(all).map(needed).max().unwrap_or(0).max(1);
    let network = pca.network(components, Outputs::Clipped)?;
    CodedRate::measure(team, &network, images, Quantiser::uniform(components, step)?)
}

/// PSNR of the images that codes come back as, dB.
fn psnr_db(team: &Team, decoder: &Decoder, codes: &[f32], images: &Samples) -> Result<f64, NetError> {
    let size = decoder.code_size();
    let found = evaluate(team, (decoder.outputs(), size), image_rows(images)?, |tile, slice, outputs| {
        slice.clear();
        slice.extend_from_slice(&codes[tile.start * size..tile.end * size]);
        decoder.outputs_into(team, Rows::values(slice, size)?, outputs)
    })?;
    Ok(found.psnr_db)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests::bars;

    #[test]
    fn finer_steps_cost_more_and_lose_less() {
        let (images, team) = (bars(300), Team::new(1).unwrap());
        let pca = Pca::fit(&team, &images).unwrap();
        let rates = [1.0, 0.3, 0.1].map(|step| transform_coder(&team, &pca, &images, step).unwrap());
        assert!(rates.is_sorted_by(|a, b| a.file_bytes < b.file_bytes && a.psnr_db < b.psnr_db), "{rates:?}");
        // Rounding with step d adds d^2 / 12 to the squared error of an orthogonal component; many are 0 here.
        let worst = -10.0 * (0.1_f64.powi(2) / 12.0).log10();
        assert!(rates[2].psnr_db > worst && rates[2].psnr_db < worst + 25.0, "{rates:?}");
        // A step that rounds everything away leaves the mean image, and next to nothing to store.
        let nothing = transform_coder(&team, &pca, &images, 1e6).unwrap();
        assert!(nothing.file_bytes < 200, "{nothing:?}");
    }

    /// More images than are rebuilt at once, of which no two neighbours are alike.
    #[test]
    fn every_image_is_held_against_itself() {
        let (images, team) = (bars(2500), Team::new(1).unwrap());
        let rate = transform_coder(&team, &Pca::fit(&team, &images).unwrap(), &images, 0.01).unwrap();
        assert!(rate.psnr_db > 50.0 && rate.psnr_inside_db > 30.0, "{rate:?}");
    }

    #[test]
    fn breaking_even_is_where_the_decoder_has_been_saved() {
        let rate = CodedRate {
            images: 10,
            file_bytes: 200,
            psnr_db: 0.0,
            decoder_bytes: 1_000,
            psnr_inside_db: 0.0,
        };
        assert_eq!(rate.bytes_per_image(), 20.0);
        assert_eq!(rate.breaks_even(20.0), None);
        // At 10 images both are 1,200 bytes.
        assert_eq!(rate.breaks_even(120.0).map(NonZeroU64::get), Some(11));
        assert_eq!(rate.breaks_even(60.0).map(NonZeroU64::get), Some(26));
    }
}
