//! Typed models in the file that [`ae_net::Network`] has too: whole, or one half alone.

use std::io::{Read, Seek};
use std::path::Path;

use ae_net::{
    Description, Half, NamedTensor, Outputs, TensorFile, WeightsError, WeightsFile, WeightsId, save_weights,
    weights_to_bytes,
};
use dfdx::shapes::ConstDim;

use crate::{Autoencoder, ModelError, Parameters, TypedNetwork, init};

impl<E: TypedNetwork, D: TypedNetwork<In = E::Out, Out = E::In>> Autoencoder<E, D> {
    /// What every model of this type is, apart from its numbers.
    pub fn description() -> Description {
        Description { decoder: Some(D::specs()), ..describe::<E>(Half::Encoder) }
    }

    /// The weights as the bytes of a file; the same weights give the same bytes.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`] if a weight is a NaN or an infinity: such a file would not load.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        Ok(weights_to_bytes(&Self::description(), &self.parameters())?)
    }

    /// Writes the weights to a file, over the one that is there.
    ///
    /// # Errors
    /// As [`Autoencoder::to_bytes`], and [`WeightsError::Save`] if the file cannot be written; what was
    /// there is then still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        Ok(save_weights(path, &Self::description(), &self.parameters())?)
    }

    /// A model with the weights of a file.
    ///
    /// # Errors
    /// As [`Autoencoder::load_from`].
    ///
    /// # Example
    /// ```
    /// use ae_model::Shallow;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("model.safetensors");
    /// let model = Shallow::<784, 32>::build(0)?;
    /// model.save(&path)?;
    /// assert_eq!(Shallow::<784, 32>::load(&path)?.identity(), model.identity());
    ///
    /// let error = Shallow::<784, 16>::load(&path).unwrap_err();
    /// assert!(error.to_string().contains("model.safetensors"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let mut model = Self::build(0)?;
        model.load_from(path)?;
        Ok(model)
    }

    /// A model with the weights in `bytes`, the content of a file.
    ///
    /// # Errors
    /// What is wrong with it, without a path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut model = Self::build(0)?;
        let tensors = model.read(WeightsFile::new(TensorFile::parse(bytes)?)?)?;
        model.set_parameters(&tensors)?;
        Ok(model)
    }

    /// Takes over the weights of a file.
    ///
    /// All is checked first: on an error the model is as it was. Of a file without our metadata, such
    /// as PyTorch writes, names, shapes, number types and values are checked; its activations are
    /// taken to be this model's.
    ///
    /// # Errors
    /// [`WeightsError::Load`], with the path and what is wrong with the file as its source.
    pub fn load_from(&mut self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        let tensors = WeightsFile::load(path, |file| self.read(file))?;
        Ok(self.set_parameters(&tensors)?)
    }

    fn read(&self, mut file: WeightsFile<impl Read + Seek>) -> Result<Vec<NamedTensor>, WeightsError> {
        let mut tensors = self.parameters();
        file.read_into(&Self::description(), &mut tensors)?;
        Ok(tensors)
    }

    /// A name for these exact weights.
    pub fn identity(&self) -> WeightsId {
        WeightsId::of(&self.parameters())
    }
}

/// The encoder of a file that holds a whole model, or an encoder alone.
///
/// # Errors
/// As [`Autoencoder::load_from`]. Of the decoder's tensors nothing is asked.
///
/// # Example
/// ```
/// use ae_model::{Shallow, ShallowEncoder, TypedNetwork, batch, load_encoder};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// Shallow::<784, 32>::build(0)?.save(&path)?;
/// let encoder: ShallowEncoder<784, 32> = load_encoder(&path)?;
/// let code = encoder.apply(batch(&[0.5; 784])?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_encoder<E: TypedNetwork>(path: impl AsRef<Path>) -> Result<E, ModelError> {
    load(Half::Encoder, path.as_ref())
}

/// The decoder of a file that holds a whole model, or a decoder alone.
///
/// # Errors
/// As [`Autoencoder::load_from`]. Of the encoder's tensors nothing is asked.
pub fn load_decoder<D: TypedNetwork>(path: impl AsRef<Path>) -> Result<D, ModelError> {
    load(Half::Decoder, path.as_ref())
}

/// Writes an encoder alone, for [`load_encoder`].
///
/// # Errors
/// As [`Autoencoder::save`].
pub fn save_encoder<E: TypedNetwork>(encoder: &E, path: impl AsRef<Path>) -> Result<(), ModelError> {
    Ok(save_weights(path, &describe::<E>(Half::Encoder), &tensors_of(Half::Encoder, encoder))?)
}

/// Writes a decoder alone, for [`load_decoder`].
///
/// # Errors
/// As [`Autoencoder::save`].
pub fn save_decoder<D: TypedNetwork>(decoder: &D, path: impl AsRef<Path>) -> Result<(), ModelError> {
    Ok(save_weights(path, &describe::<D>(Half::Decoder), &tensors_of(Half::Decoder, decoder))?)
}

fn load<N: TypedNetwork>(half: Half, path: &Path) -> Result<N, ModelError> {
    let mut network: N = init::build(half, 0)?;
    let mut tensors = tensors_of(half, &network);
    WeightsFile::load(path, |mut file| file.read_into(&describe::<N>(half), &mut tensors))?;
    for tensor in &mut tensors {
        tensor.name.drain(..half.prefix().len());
    }
    network.set_parameters(&tensors)?;
    Ok(network)
}

/// What one half alone is.
fn describe<N: TypedNetwork>(half: Half) -> Description {
    let (inputs, outputs, specs) = (N::In::SIZE, N::Out::SIZE, Some(N::specs()));
    match half {
        Half::Encoder => Description {
            pixels: inputs,
            code: outputs,
            encoder: specs,
            decoder: None,
            outputs: Outputs::Logits,
        },
        Half::Decoder => Description {
            pixels: outputs,
            code: inputs,
            encoder: None,
            decoder: specs,
            outputs: Outputs::Logits,
        },
    }
}

/// The tensors of one half under the names that they have in a whole.
fn tensors_of(half: Half, network: &impl TypedNetwork) -> Vec<NamedTensor> {
    let mut tensors = network.parameters();
    for tensor in &mut tensors {
        tensor.name.insert_str(0, half.prefix());
    }
    tensors
}
