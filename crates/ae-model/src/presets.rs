//! The models that have a name.

use dfdx::nn::modules::ReLU;

use crate::{Autoencoder, Four, Linear};

/// `PIXELS -> CODE, relu`.
pub type ShallowEncoder<const PIXELS: usize, const CODE: usize> = (Linear<PIXELS, CODE>, ReLU);

/// `CODE -> PIXELS` logits.
pub type ShallowDecoder<const PIXELS: usize, const CODE: usize> = (Linear<CODE, PIXELS>,);

/// One layer a side, the code behind a ReLU: with 784 pixels and a code of 32 numbers, the model of
/// the reference recipe.
pub type Shallow<const PIXELS: usize, const CODE: usize> =
    Autoencoder<ShallowEncoder<PIXELS, CODE>, ShallowDecoder<PIXELS, CODE>>;

/// `PIXELS -> H1, relu -> H2, relu -> CODE`.
pub type DeepEncoder<const PIXELS: usize, const H1: usize, const H2: usize, const CODE: usize> =
    (Linear<PIXELS, H1>, ReLU, Linear<H1, H2>, ReLU, Linear<H2, CODE>);

/// `CODE -> H2, relu -> H1, relu -> PIXELS` logits.
pub type DeepDecoder<const PIXELS: usize, const H1: usize, const H2: usize, const CODE: usize> =
    (Linear<CODE, H2>, ReLU, Linear<H2, H1>, ReLU, Linear<H1, PIXELS>);

/// Three layers a side, ReLU between them, a linear code.
pub type Deep<const PIXELS: usize, const H1: usize, const H2: usize, const CODE: usize> =
    Autoencoder<DeepEncoder<PIXELS, H1, H2, CODE>, DeepDecoder<PIXELS, H1, H2, CODE>>;

/// `PIXELS -> H1, relu -> H2, relu -> H3, relu -> CODE`.
pub type DeeperEncoder<
    const PIXELS: usize,
    const H1: usize,
    const H2: usize,
    const H3: usize,
    const CODE: usize,
> = Four<PIXELS, H1, H2, H3, CODE>;

/// `CODE -> H3, relu -> H2, relu -> H1, relu -> PIXELS` logits.
pub type DeeperDecoder<
    const PIXELS: usize,
    const H1: usize,
    const H2: usize,
    const H3: usize,
    const CODE: usize,
> = Four<CODE, H3, H2, H1, PIXELS>;

/// Four layers a side, ReLU between them, a linear code: the shape of Hinton and Salakhutdinov 2006, "Reducing
/// the dimensionality of data with neural networks".
pub type Deeper<const PIXELS: usize, const H1: usize, const H2: usize, const H3: usize, const CODE: usize> =
    Autoencoder<DeeperEncoder<PIXELS, H1, H2, H3, CODE>, DeeperDecoder<PIXELS, H1, H2, H3, CODE>>;
