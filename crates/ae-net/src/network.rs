//! An autoencoder at run-time sizes: the one model with which every command encodes and decodes.
//!
//! `x (B, PIXELS) -> z (B, CODE) -> outputs (B, PIXELS) -> x_hat (B, PIXELS)`. A trained model is one; so is PCA, a
//! linear layer each way. An image's code and a code's image are the same bits whatever stands beside them and
//! however many threads compute them, so a set too large for memory is worked off in slices of any size.

use std::io::{Read, Seek};
use std::path::Path;

use crate::{
    Activation, Decoder, Dense, Description, Half, LayerSpec, LayerValues, NamedTensor, NetError, Outputs,
    Rows, Stack, Team, TensorFile, WeightsError, WeightsFile, WeightsId, draw_weights, save_weights,
    weights_to_bytes,
};

/// An encoder and a decoder that meet in a code.
///
/// # Example
/// ```
/// use ae_net::{Description, Network, Rows, Team};
/// let network = Network::draw(&Description::dense(6, &[], 2), 0)?; // six pixels, two numbers, seed 0
/// let team = Team::new(1)?;
/// let images = [0, 255, 0, 255, 0, 255];
/// let code = network.encode(&team, Rows::bytes(&images, 6)?)?;
/// let rebuilt = network.decode(&team, Rows::values(&code, 2)?)?;
/// assert_eq!((code.len(), rebuilt.len()), (2, 6));
/// # Ok::<(), ae_net::WeightsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    encoder: Stack,
    code_activation: Activation,
    decoder: Decoder,
}

impl Network {
    /// The network of these layers, first layer first.
    ///
    /// # Errors
    /// [`NetError::Argument`] if a half has no layers or its layers do not meet, if the decoder takes another code
    /// than the encoder makes, or makes rows of another width than the encoder takes.
    pub fn new(encoder: &[Dense], decoder: &[Dense], outputs: Outputs) -> Result<Self, NetError> {
        let code_activation = encoder.last().map_or(Activation::Linear, Dense::activation);
        let (encoder, decoder) = (Stack::new(encoder)?, Decoder::new(decoder, outputs)?);
        for (what, expected, found) in [
            ("the decoder's code", encoder.outputs(), decoder.code_size()),
            ("the decoder's outputs", encoder.inputs(), decoder.pixels()),
        ] {
            if expected != found {
                return Err(NetError::argument(what, expected, found));
            }
        }
        Ok(Self { encoder, code_activation, decoder })
    }

    /// A network with Glorot uniform weights and zero biases, drawn from `seed`; the same on every machine.
    ///
    /// # Errors
    /// [`WeightsError::Network`] or [`WeightsError::Net`] if the description is of no network that the kernels
    /// compute: half of one, sizes that are 0 or do not meet, layers that are not dense.
    pub fn draw(description: &Description, seed: u64) -> Result<Self, WeightsError> {
        let mut tensors = Vec::new();
        for half in [Half::Encoder, Half::Decoder] {
            let mut of_half = zeros(half, &slots(half, description)?)?;
            draw_weights(half, seed, &mut of_half);
            tensors.extend(of_half);
        }
        Self::of(description, &tensors)
    }

    /// The network in a file that says what it is.
    ///
    /// # Errors
    /// [`WeightsError::Load`], with the path and what is wrong with the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        WeightsFile::load(path, |mut file| Self::read(&mut file, None))
    }

    /// The network in a file, which has to be as described; the file need not say so, as one that PyTorch wrote.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_as(path: impl AsRef<Path>, description: &Description) -> Result<Self, WeightsError> {
        WeightsFile::load(path, |mut file| Self::read(&mut file, Some(description)))
    }

    /// The network in `bytes`, the content of a file that says what it is.
    ///
    /// # Errors
    /// What is wrong with it, without a path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::read(&mut WeightsFile::new(TensorFile::parse(bytes)?)?, None)
    }

    pub(crate) fn read<R: Read + Seek>(
        file: &mut WeightsFile<R>,
        expected: Option<&Description>,
    ) -> Result<Self, WeightsError> {
        let Some(description) = expected.or(file.description()).cloned() else {
            return Err(WeightsError::network("metadata", "a description of the network", "none"));
        };
        let mut tensors = zeros_of(&description)?;
        file.read_into(&description, &mut tensors)?;
        Self::of(&description, &tensors)
    }

    /// The network of a description and its tensors, in order.
    pub(crate) fn of(description: &Description, tensors: &[NamedTensor]) -> Result<Self, WeightsError> {
        let mut tensors = tensors.iter();
        let mut layers = |half| -> Result<Vec<Dense>, WeightsError> {
            let mut layers = Vec::new();
            for Slot { inputs, activation, .. } in slots(half, description)? {
                let mut values = || tensors.next().map_or(Vec::new(), |tensor| tensor.values.clone());
                layers.push(Dense::new(inputs, values(), values(), activation)?);
            }
            Ok(layers)
        };
        let (encoder, decoder) = (layers(Half::Encoder)?, layers(Half::Decoder)?);
        Ok(Self::new(&encoder, &decoder, description.outputs)?)
    }

    /// The weights as the bytes of a file; the same weights give the same bytes.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`] if a weight is a NaN or an infinity: such a file would not load;
    /// [`WeightsError::Network`] if the outputs are clipped, which a file does not say.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        weights_to_bytes(&self.description(), &self.tensors())
    }

    /// Writes the weights to a file, over the one that is there.
    ///
    /// # Errors
    /// As [`to_bytes`](Self::to_bytes), and [`WeightsError::Save`] if the file cannot be written; what was there is then
    /// still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        save_weights(path, &self.description(), &self.tensors())
    }

    /// A name for these exact weights.
    pub fn identity(&self) -> WeightsId {
        WeightsId::of(&self.tensors())
    }

    /// What the network is, apart from its numbers.
    pub fn description(&self) -> Description {
        let specs = |layers: &[Dense]| layers.iter().flat_map(specs_of).collect();
        Description {
            pixels: self.pixels(),
            code: self.code_size(),
            encoder: Some(specs(&self.encoder.layers())),
            decoder: Some(specs(&self.decoder.layers())),
            outputs: self.outputs(),
        }
    }

    /// All tensors, first layer first: weight and bias in turn.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        self.named(self.layers().iter().map(|layer| (layer.weight(), layer.bias())))
    }

    /// Values of the shapes of the parameters, first layer first, under the parameters' names: gradients, say, or
    /// moments.
    pub fn name_values(&self, values: &[LayerValues]) -> Vec<NamedTensor> {
        self.named(values.iter().map(|values| (&values.weight[..], &values.bias[..])))
    }

    fn named<'a>(&self, values: impl Iterator<Item = (&'a [f32], &'a [f32])>) -> Vec<NamedTensor> {
        let description = self.description();
        let halves = [Half::Encoder, Half::Decoder];
        let slots = halves.into_iter().flat_map(|half| {
            let slots = slots(half, &description).expect("the layers are there, so they can be described");
            slots.into_iter().map(move |slot| (half, slot))
        });
        let named = slots.zip(values).flat_map(|((half, slot), (weight, bias))| {
            slot.tensors(half).into_iter().zip([weight, bias]).map(|((name, shape), values)| NamedTensor {
                name,
                shape,
                values: values.to_vec(),
            })
        });
        named.collect()
    }

    /// All layers: the encoder's [`encoder_layers`](Self::encoder_layers), then the decoder's.
    pub fn layers(&self) -> Vec<Dense> {
        [self.encoder.layers(), self.decoder.layers()].concat()
    }

    /// How many of the layers, from the first, are the encoder: the output of the last of them is the code.
    pub fn encoder_layers(&self) -> usize {
        self.encoder.depth()
    }

    /// The same network with the parameters of other layers of the same sizes and activations.
    ///
    /// # Errors
    /// [`NetError::Argument`] if they are others.
    pub fn with_layers(&self, layers: &[Dense]) -> Result<Self, NetError> {
        let specs = |layers: &[Dense]| layers.iter().flat_map(specs_of).collect::<Vec<_>>();
        let (expected, found) = (specs(&self.layers()), specs(layers));
        if expected != found {
            let words =
                |specs: Vec<LayerSpec>| specs.iter().map(|spec| format!("{spec}, ")).collect::<String>();
            return Err(NetError::argument("layers", words(expected), words(found)));
        }
        let (encoder, decoder) = layers.split_at(self.encoder_layers());
        Self::new(encoder, decoder, self.outputs())
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.encoder.inputs()
    }

    /// Numbers in a code.
    pub fn code_size(&self) -> usize {
        self.encoder.outputs()
    }

    /// The encoder's last activation: what values a code can have.
    pub fn code_activation(&self) -> Activation {
        self.code_activation
    }

    /// How the decoder's outputs are to be read.
    pub fn outputs(&self) -> Outputs {
        self.decoder.outputs()
    }

    /// The second half, alone.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The codes of images, `(B, PIXELS)` to `(B, CODE)`.
    ///
    /// # Errors
    /// [`NetError::Argument`] if the images are of another size.
    pub fn encode(&self, team: &Team, images: Rows<'_>) -> Result<Vec<f32>, NetError> {
        let mut codes = Vec::new();
        self.encode_into(team, images, &mut codes)?;
        Ok(codes)
    }

    /// As [`encode`](Self::encode), in place of what `codes` held: slice after slice of a set of any size.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_into(&self, team: &Team, images: Rows<'_>, codes: &mut Vec<f32>) -> Result<(), NetError> {
        images.require_width("images", self.pixels())?;
        codes.resize(images.len() * self.code_size(), 0.0);
        self.encoder.forward(team, images, codes)
    }

    /// The brightness of the images that codes stand for, `(B, CODE)` to `(B, PIXELS)`.
    ///
    /// # Errors
    /// [`NetError::Argument`] if the codes are of another size.
    pub fn decode(&self, team: &Team, codes: Rows<'_>) -> Result<Vec<f32>, NetError> {
        self.decoder.decode(team, codes)
    }

    /// The brightness of images after their way through the code, `(B, PIXELS)` to `(B, PIXELS)`: the same
    /// bits as [`encode`](Self::encode), then [`decode`](Self::decode).
    ///
    /// # Errors
    /// [`NetError::Argument`] if the images are of another size.
    pub fn reconstruct(&self, team: &Team, images: Rows<'_>) -> Result<Vec<f32>, NetError> {
        let codes = self.encode(team, images)?;
        self.decode(team, Rows::values(&codes, self.code_size())?)
    }
}

/// A model that is a network: what the fused engine trains.
pub trait AsNetwork {
    /// The network as it is now.
    ///
    /// # Errors
    /// [`NetError::Argument`] if the model is none.
    fn network(&self) -> Result<Network, NetError>;

    /// Takes over the weights of a network of the same layers.
    ///
    /// # Errors
    /// [`NetError::Argument`] if it is of others; nothing changes then.
    fn set_network(&mut self, network: &Network) -> Result<(), NetError>;
}

impl AsNetwork for Network {
    fn network(&self) -> Result<Network, NetError> {
        Ok(self.clone())
    }

    fn set_network(&mut self, network: &Network) -> Result<(), NetError> {
        *self = self.with_layers(&network.layers())?;
        Ok(())
    }
}

/// A dense layer's place in one half of a description: its index there is the one in its tensors' names.
struct Slot {
    index: usize,
    inputs: usize,
    outputs: usize,
    activation: Activation,
}

impl Slot {
    /// Names and shapes of weight and bias.
    fn tensors(&self, half: Half) -> [(String, Vec<usize>); 2] {
        let (index, inputs, outputs) = (self.index, self.inputs, self.outputs);
        [
            (format!("{}{index}.weight", half.prefix()), vec![outputs, inputs]),
            (format!("{}{index}.bias", half.prefix()), vec![outputs]),
        ]
    }
}

/// The dense layers of a half, each with the activation behind it.
fn slots(half: Half, description: &Description) -> Result<Vec<Slot>, WeightsError> {
    let (what, specs) = match half {
        Half::Encoder => ("encoder", &description.encoder),
        Half::Decoder => ("decoder", &description.decoder),
    };
    let Some(specs) = specs else { return Err(WeightsError::network(what, "layers", "none")) };
    let mut slots: Vec<Slot> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let activation = match spec {
            LayerSpec::Linear { inputs, outputs } => {
                let (inputs, outputs) = (*inputs, *outputs);
                slots.push(Slot { index, inputs, outputs, activation: Activation::Linear });
                continue;
            }
            LayerSpec::Relu => Activation::Relu,
            LayerSpec::Sigmoid => Activation::Sigmoid,
            other => return Err(WeightsError::network(what, "linear, relu and sigmoid layers", other)),
        };
        match slots.last_mut() {
            Some(slot) if slot.index + 1 == index => slot.activation = activation,
            _ => return Err(WeightsError::network(what, "an activation behind a linear layer", spec)),
        }
    }
    Ok(slots)
}

/// The tensors of the network that is described, weight and bias in turn, of zeros.
pub(crate) fn zeros_of(description: &Description) -> Result<Vec<NamedTensor>, WeightsError> {
    let mut tensors = Vec::new();
    for half in [Half::Encoder, Half::Decoder] {
        tensors.extend(zeros(half, &slots(half, description)?)?);
    }
    Ok(tensors)
}

/// Tensors of these shapes, of zeros.
fn zeros(half: Half, slots: &[Slot]) -> Result<Vec<NamedTensor>, WeightsError> {
    /// What [`TensorFile`] would read: no description makes memory be asked for that no file could fill.
    const MOST: usize = 1 << 28;
    let mut total = 0_usize;
    let tensors = slots.iter().flat_map(|slot| slot.tensors(half)).map(|(name, shape)| {
        let count = shape.iter().fold(1_usize, |count, &size| count.saturating_mul(size));
        total = total.saturating_add(count);
        if total > MOST {
            return Err(WeightsError::tensor(
                &name,
                format_args!("at most {MOST} numbers"),
                format_args!("{shape:?}"),
            ));
        }
        Ok(NamedTensor { name, shape, values: vec![0.0; count] })
    });
    tensors.collect()
}

/// What a layer is in a description.
fn specs_of(layer: &Dense) -> impl Iterator<Item = LayerSpec> {
    let linear = LayerSpec::Linear { inputs: layer.inputs(), outputs: layer.outputs() };
    let activation = match layer.activation() {
        Activation::Linear => None,
        Activation::Relu => Some(LayerSpec::Relu),
        Activation::Sigmoid => Some(LayerSpec::Sigmoid),
    };
    [linear].into_iter().chain(activation)
}
