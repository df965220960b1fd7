//! The fast engine: `ae-net`'s hand-derived kernels, on the layers of a model that is a network.

use std::iter::zip;

use ae_data::Samples;
use ae_net::{
    Adam, AsNetwork, Code, Dense, LayerValues, Learner, NamedTensor, NetError, Network, Outputs, Rounded,
    Rows, SparseRows, Stack, Targets, Team, WeightsError,
};

use super::{Engine, Forward, by_layer, loss_of, rows as rows_of};
use crate::masked::MaskedRows;
use crate::{AdamState, Corruption, Moments, TrainConfig, TrainError, code_noise};

/// Share of nonzero training pixels below which the first layer runs over lists of them: where both take as long, by
/// the table in docs/results.md.
const SPARSE_BELOW: f64 = 0.25;

pub(crate) struct Fused<'a> {
    model: &'a mut (dyn AsNetwork + Send + 'a),
    /// The model as it was before the first step; its weights are the learner's from then on.
    network: Network,
    learner: Learner,
    team: Team,
    feed: Feed,
    config: TrainConfig,
    /// `(B, CODE)`: what is added to a batch's codes, where bits are paid for.
    noise: Vec<f32>,
}

/// How training images reach the first layer.
enum Feed {
    /// As they are, number by number.
    Plain,
    /// As they are, by lists of their nonzero pixels.
    Lists(SparseRows),
    /// Masked, by lists.
    Masked { nonzero: SparseRows, masked: MaskedRows, corruption: Corruption },
    /// Damaged, value by value.
    Values { values: Vec<f32>, corruption: Corruption },
}

impl Feed {
    fn new(train: &Samples, corruption: Option<Corruption>, max_batch: usize) -> Result<Self, NetError> {
        let width = train.width();
        let sparse = train
            .bytes()
            .filter(|_| train.density() < SPARSE_BELOW && width <= SparseRows::MAX_WIDTH)
            .map(|bytes| SparseRows::from_bytes(bytes, width))
            .transpose()?;
        Ok(match (corruption, sparse) {
            (None, Some(nonzero)) => Self::Lists(nonzero),
            (None, None) => Self::Plain,
            // Noise lights the black pixels, a mask lights none.
            (Some(corruption), Some(nonzero)) if corruption.noise() == 0.0 => {
                Self::Masked { nonzero, masked: MaskedRows::new(width, max_batch)?, corruption }
            }
            (Some(corruption), _) => Self::Values { values: vec![0.0; max_batch * width], corruption },
        })
    }

    /// The images `rows` of `images` as they are in `epoch`.
    fn inputs<'a>(
        &'a mut self,
        team: &Team,
        epoch: u64,
        images: &'a Samples,
        rows: &'a [u32],
    ) -> Result<Rows<'a>, NetError> {
        match self {
            Self::Plain => rows_of(images)?.pick(rows),
            Self::Lists(set) => Rows::sparse(set).pick(rows),
            Self::Masked { nonzero, masked, corruption } => {
                masked.fill(team, corruption, epoch, nonzero, rows)
            }
            Self::Values { values, corruption } => {
                let width = images.width();
                let values = &mut values[..rows.len() * width];
                corruption.fill(team, epoch, images, rows, values)?;
                Rows::values(values, width)
            }
        }
    }
}

impl<'a> Fused<'a> {
    pub(crate) fn new(
        model: &'a mut (dyn AsNetwork + Send + 'a),
        network: Network,
        train: &Samples,
        config: TrainConfig,
        team: Team,
    ) -> Result<Self, TrainError> {
        let loss = loss_of(network.outputs())?;
        let adam = Adam { learning_rate: config.learning_rate(), ..Adam::default() };
        let stack = Stack::new(&network.layers())?;
        let max_batch = config.batch_size().min(train.len());
        let learner = Learner::new(stack, loss, adam, max_batch, team.clone())?;
        let feed = Feed::new(train, config.corruption(), max_batch)?;
        Ok(Self { model, network, learner, team, feed, config, noise: Vec::new() })
    }

    /// The network with the weights as they are.
    fn trained(&self) -> Result<Network, NetError> {
        self.network.with_layers(&self.learner.stack().layers())
    }
}

impl Engine for Fused<'_> {
    fn name(&self) -> &'static str {
        "fused"
    }

    fn inputs(&self) -> &'static str {
        match self.feed {
            Feed::Lists(_) | Feed::Masked { .. } => "sparse",
            Feed::Plain | Feed::Values { .. } => "dense",
        }
    }

    fn sizes(&self) -> (usize, usize) {
        (self.network.pixels(), self.network.code_size())
    }

    fn outputs(&self) -> Outputs {
        self.network.outputs()
    }

    fn step(&mut self, epoch: u64, images: &Samples, rows: &[u32]) -> Result<f64, TrainError> {
        let Self { network, learner, team, feed, config, noise, .. } = self;
        learner.set_learning_rate(config.learning_rate_in(epoch))?;
        let inputs = feed.inputs(team, epoch, images, rows)?;
        let targets = Targets::Rows(rows_of(images)?.pick(rows)?);
        let price = config.rate();
        if price == 0.0 {
            return Ok(learner.step(inputs, targets, Code::Plain)?);
        }
        let code = network.code_size();
        noise.resize(rows.len() * code, 0.0);
        code_noise::fill(team, config.seed(), epoch, rows, code, noise);
        let layer = network.encoder_layers() - 1;
        Ok(learner.step(inputs, targets, Code::Rounded(Rounded { layer, noise, price }))?)
    }

    fn forward(&self) -> Result<Forward<'_>, TrainError> {
        let network = self.trained()?;
        Ok(Box::new(move |images, codes, outputs| {
            network.encode_into(&self.team, images, codes)?;
            let codes = Rows::values(codes, network.code_size())?;
            Ok(network.decoder().outputs_into(&self.team, codes, outputs)?)
        }))
    }

    fn adam_state(&self) -> AdamState {
        let ae_net::Moments { steps, first, second } = self.learner.moments();
        let named = zip(self.network.name_values(&first), self.network.name_values(&second));
        let moments = named.map(|(m, v)| (m.name, Moments { m: m.values, v: v.values }));
        AdamState { t: steps, moments: moments.collect() }
    }

    fn write_back(&mut self) -> Result<(), TrainError> {
        Ok(self.model.set_network(&self.trained()?)?)
    }

    fn parameters(&self) -> Vec<NamedTensor> {
        let values =
            |layer: &Dense| LayerValues { weight: layer.weight().to_vec(), bias: layer.bias().to_vec() };
        let layers: Vec<_> = self.learner.stack().layers().iter().map(values).collect();
        self.network.name_values(&layers)
    }

    fn restore(&mut self, parameters: &[NamedTensor], mut adam: AdamState) -> Result<(), TrainError> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for NamedTensor { name, shape, .. } in parameters {
            let Moments { m, v } = adam
                .moments
                .remove(name)
                .ok_or_else(|| WeightsError::tensor(name, "Adam's moments", "none"))?;
            let tensor = |values| NamedTensor { name: name.clone(), shape: shape.clone(), values };
            first.push(tensor(m));
            second.push(tensor(v));
        }
        let [parameters, first, second] =
            [parameters, &first, &second].map(|all| by_layer(&self.network, all));
        let layers = zip(self.network.layers(), parameters?).map(|(layer, LayerValues { weight, bias })| {
            Dense::new(layer.inputs(), weight, bias, layer.activation())
        });
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let moments = ae_net::Moments { steps: adam.t, first: first?, second: second? };
        self.learner.set_layers(&layers)?;
        Ok(self.learner.set_moments(&moments)?)
    }
}
