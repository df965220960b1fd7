//! What is trained on, ready for the network: both parts, how they stood in their files, and how they were scaled.

use ae_data::{Form, Samples, ScaleMethod, Scaling, Split, Values};
use ae_net::Outputs;
use anyhow::{Result, ensure};

use crate::form::{LossName, ScaleArgs};
use crate::output::BadArgument;

pub(crate) struct Prepared {
    /// Scaled.
    pub(crate) images: Split,
    pub(crate) form: Form,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) outputs: Outputs,
    /// What a user should know of the files that they are from.
    pub(crate) notes: Vec<String>,
}

impl Prepared {
    /// Scales both parts as the flags say, by the training part, and chooses the loss that suits what comes of it.
    pub(crate) fn new(raw: Split, form: Form, args: ScaleArgs, notes: Vec<String>) -> Result<Self> {
        let method = args.scale.map_or_else(|| usual(&raw.train), |scale| scale.method());
        let scaling = method.map(|method| Scaling::fit(method, &raw.train));
        let images = match &scaling {
            Some(scaling) => Split { train: scaling.apply(raw.train)?, test: scaling.apply(raw.test)? },
            None => raw,
        };
        let bounded = is_in_unit(&images.train);
        let outputs = match args.loss {
            None if bounded => Outputs::Logits,
            None | Some(LossName::Mse) => Outputs::Values,
            Some(LossName::Bce) => Outputs::Logits,
        };
        ensure!(
            bounded || outputs != Outputs::Logits,
            BadArgument(
                "--loss bce: expected training values from 0 to 1, as --scale minmax makes them; --loss mse takes any"
                    .to_owned()
            )
        );
        Ok(Self { images, form, scaling, outputs, notes })
    }

    /// The scale in a few words, for whoever waits.
    pub(crate) fn in_words(&self) -> String {
        let each = if self.images.train.shape().is_list() { "column" } else { "channel" };
        let scale = match self.scaling.as_ref().map(Scaling::method) {
            None if self.images.train.bytes().is_some() => "bytes as brightness".to_owned(),
            None => "values as they are".to_owned(),
            Some(ScaleMethod::Minmax) => format!("each {each} scaled from 0 to 1"),
            Some(ScaleMethod::Standard) => format!("each {each} scaled to mean 0 and deviation 1"),
        };
        let loss = match self.outputs {
            Outputs::Logits => "cross-entropy",
            _ => "squared error",
        };
        format!("{scale}, loss: {loss}")
    }
}

/// How a set is scaled where nobody says it: numbers that can be brightness are; pictures keep their darkest at 0; the columns of a
/// table come to one measure.
fn usual(train: &Samples) -> Option<ScaleMethod> {
    let Values::Floats(values) = train.values() else { return None };
    if is_in_unit(train) {
        return None;
    }
    let positive = values.iter().all(|&value| value >= 0.0);
    Some(if positive && !train.shape().is_list() { ScaleMethod::Minmax } else { ScaleMethod::Standard })
}

fn is_in_unit(samples: &Samples) -> bool {
    match samples.values() {
        Values::Bytes(_) => true,
        Values::Floats(values) => values.iter().all(|value| (0.0..=1.0).contains(value)),
    }
}
