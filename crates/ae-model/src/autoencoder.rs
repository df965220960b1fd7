//! Encoder and decoder as one model.
//!
//! `x (B, PIXELS) -> z (B, CODE) -> logits (B, PIXELS) -> x_hat = sigmoid(logits)`. Training works on
//! the logits, with the logit form of the loss; the sigmoid is for looking at pictures.

use dfdx::nn::{ModuleVisitor, TensorCollection};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device;

use crate::{Batch, ModelError, Traced, TypedNetwork, build_decoder, build_encoder};

/// An encoder and a decoder that meet in a code.
///
/// What is computed asks that their sizes meet too: the decoder takes the code that the encoder
/// makes, and makes rows of the size that the encoder takes. The compiler sees to it.
///
/// # Example
/// ```
/// use ae_model::{Autoencoder, Linear, dfdx::nn::modules::ReLU};
///
/// type Encoder = (Linear<784, 32>, ReLU);
/// type Decoder = (Linear<32, 784>,);
/// let model = Autoencoder::<Encoder, Decoder>::build(0)?;
/// # Ok::<(), ae_model::ModelError>(())
/// ```
///
/// A decoder of another code size is refused when the program is compiled:
/// ```compile_fail
/// use ae_model::{Autoencoder, Linear, dfdx::nn::modules::ReLU};
///
/// type Encoder = (Linear<784, 32>, ReLU);
/// type Decoder = (Linear<16, 784>,);
/// let model = Autoencoder::<Encoder, Decoder>::build(0)?;
/// # Ok::<(), ae_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Autoencoder<Encoder, Decoder> {
    /// Pixels to code.
    pub encoder: Encoder,
    /// Code to logits of the pixels.
    pub decoder: Decoder,
}

impl<E: TypedNetwork, D: TypedNetwork<In = E::Out, Out = E::In>> Autoencoder<E, D> {
    /// A model with Glorot uniform weights and zero biases, drawn from `seed`; the same on every machine.
    ///
    /// # Errors
    /// [`ModelError::Device`] if memory runs out.
    pub fn build(seed: u64) -> Result<Self, ModelError> {
        Ok(Self { encoder: build_encoder(seed)?, decoder: build_decoder(seed)? })
    }

    /// The codes of a batch.
    ///
    /// # Shapes
    /// - `x`: `(B, PIXELS)`, brightness in `[0, 1]`, any `B` from 1
    /// - returns `(B, CODE)`
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    ///
    /// # Example
    /// ```
    /// use ae_model::{Batch, Shallow, batch, dfdx::shapes::Const};
    ///
    /// let model = Shallow::<784, 32>::build(0)?;
    /// let z: Batch<Const<32>> = model.encode(batch(&[0.5; 3 * 784])?)?;
    /// assert_eq!(z.as_vec().len(), 3 * 32);
    /// # Ok::<(), ae_model::ModelError>(())
    /// ```
    pub fn encode(&self, x: Batch<E::In>) -> Result<Batch<E::Out>, ModelError> {
        self.encoder.apply(x)
    }

    /// The logits of the pixels that a batch of codes stands for.
    ///
    /// # Shapes
    /// - `z`: `(B, CODE)`, any `B` from 1
    /// - returns `(B, PIXELS)`, any real numbers
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    pub fn decode_logits(&self, z: Batch<E::Out>) -> Result<Batch<E::In>, ModelError> {
        self.decoder.apply(z)
    }

    /// The pixels that a batch of codes stands for: the sigmoid of [`Autoencoder::decode_logits`].
    ///
    /// # Shapes
    /// - `z`: `(B, CODE)`, any `B` from 1
    /// - returns `(B, PIXELS)`, brightness in `[0, 1]`
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    ///
    /// # Example
    /// ```
    /// use ae_model::{Batch, Shallow, batch, dfdx::shapes::Const};
    ///
    /// let model = Shallow::<784, 32>::build(0)?;
    /// let x_hat: Batch<Const<784>> = model.decode(batch(&[0.0; 32])?)?;
    /// assert!(x_hat.as_vec().iter().all(|&p| p == 0.5)); // biases start at zero
    /// # Ok::<(), ae_model::ModelError>(())
    /// ```
    pub fn decode(&self, z: Batch<E::Out>) -> Result<Batch<E::In>, ModelError> {
        Ok(self.decode_logits(z)?.try_sigmoid()?)
    }

    /// The way through code and back: [`Autoencoder::encode`], then [`Autoencoder::decode`].
    ///
    /// # Shapes
    /// - `x`: `(B, PIXELS)`, brightness in `[0, 1]`, any `B` from 1
    /// - returns `(B, PIXELS)`, brightness in `[0, 1]`
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    pub fn reconstruct(&self, x: Batch<E::In>) -> Result<Batch<E::In>, ModelError> {
        self.decode(self.encode(x)?)
    }

    /// The logits of a batch's reconstruction, with the tape that gradients are computed from: what
    /// training asks for.
    ///
    /// # Shapes
    /// - `x`: `(B, PIXELS)`, any `B` from 1
    /// - returns `(B, PIXELS)`, any real numbers
    ///
    /// # Errors
    /// [`ModelError::Net`] if `B` is 0, [`ModelError::Device`] if memory runs out.
    pub fn forward_logits(&self, x: Batch<E::In, Traced>) -> Result<Batch<E::In, Traced>, ModelError> {
        self.decoder.apply(self.encoder.apply(x)?)
    }
}

/// Fields by name, so that tensors are called `encoder.0.weight` and not `0.0.weight`.
impl<T: Dtype, Dev: Device<T>, E: TensorCollection<T, Dev>, D: TensorCollection<T, Dev>>
    TensorCollection<T, Dev> for Autoencoder<E, D>
{
    type To<T2: Dtype, Dev2: Device<T2>> = Autoencoder<E::To<T2, Dev2>, D::To<T2, Dev2>>;

    fn iter_tensors<V: ModuleVisitor<Self, T, Dev>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("encoder", |m| &m.encoder, |m| &mut m.encoder),
                Self::module("decoder", |m| &m.decoder, |m| &mut m.decoder),
            ),
            |(encoder, decoder)| Autoencoder { encoder, decoder },
        )
    }
}
