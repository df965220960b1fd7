//! What a run is, and whether another one is the same.

use std::path::{Path, PathBuf};

use ae_net::Outputs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{DataRecord, TrainError, TrainParams};

/// What a run is: where two of these differ in more than the epochs, a checkpoint of one can't go on as the other;
/// nor where the epochs differ and the step size falls towards the last of them.
///
/// Made by [`Trainer::settings`](crate::Trainer::settings).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// Name of the preset.
    pub preset: String,
    /// Units of the hidden layers, as in [`Origin`]; none in a checkpoint from before they were kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hidden: Option<Vec<usize>>,
    /// Values in an image.
    pub pixels: usize,
    /// Values in a code.
    pub code: usize,
    /// How the network's outputs are read, and so which loss is trained.
    #[serde(skip_serializing_if = "Outputs::is_logits", default)]
    pub outputs: Outputs,
    /// File of weights that the run started from, if it did not draw them from its seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init: Option<PathBuf>,
    /// Settings of the training.
    pub config: TrainParams,
    /// `fused` or `autodiff`.
    pub engine: String,
    /// Threads it computes with. The fused engine gives the same bits with any number.
    pub threads: usize,
    /// The images. They may have moved, but not changed.
    pub data: DataRecord,
}

/// What of a run's settings its trainer can't know: where its model and its images come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Name of the preset.
    pub preset: String,
    /// Units of the encoder's hidden layers, first layer first, as the user named them or the preset has them.
    pub hidden: Option<Vec<usize>>,
    /// File of weights that the run starts from, if it does not draw them from its seed.
    pub init: Option<PathBuf>,
    /// The images.
    pub data: DataRecord,
}

impl RunSettings {
    /// Refuses to go on as `asked` where that would be another run.
    pub(crate) fn require(&self, asked: &Self) -> Result<(), TrainError> {
        same("preset", self.preset.clone(), asked.preset.clone())?;
        // A checkpoint from before hidden layers were kept has them in its tensors' shapes alone.
        if let Some(kept) = &self.hidden {
            same("hidden layers", layers_in_words(Some(kept)), layers_in_words(asked.hidden.as_deref()))?;
        }
        same("pixels", self.pixels.to_string(), asked.pixels.to_string())?;
        same("code size", self.code.to_string(), asked.code.to_string())?;
        let words = |outputs: Outputs| format!("{outputs:?}").to_lowercase();
        same("outputs", words(self.outputs), words(asked.outputs))?;
        same("engine", self.engine.clone(), asked.engine.clone())?;
        self.require_config(&asked.config)?;
        same("initial weights", init_in_words(self.init.as_deref()), init_in_words(asked.init.as_deref()))?;
        // dfdx adds up in an order that the number of threads may have a say in.
        if self.engine != "fused" {
            same("threads", self.threads.to_string(), asked.threads.to_string())?;
        }
        same("training images", self.data.train.to_string(), asked.data.train.to_string())?;
        same("test images", self.data.test.to_string(), asked.data.test.to_string())
    }

    fn require_config(&self, asked: &TrainParams) -> Result<(), TrainError> {
        let (ours, theirs) = (fields(&self.config), fields(asked));
        for name in ours.keys().chain(theirs.keys()) {
            let (ours, theirs) = (ours.get(name), theirs.get(name));
            // Where the step size falls towards the last epoch, another last epoch is another run, unless none has begun.
            let stays = self.config.decay == 0.0 || self.config.epochs == 0;
            let more = |(kept, asked): (&Value, &Value)| stays && asked.as_u64() > kept.as_u64();
            if !(name == "epochs" && ours.zip(theirs).is_some_and(more)) {
                let more = name == "epochs" && !stays;
                let why = if more { " (the step size has fallen towards the last one)" } else { "" };
                same(&(name.replace('_', " ") + why), in_words(ours), in_words(theirs))?;
            }
        }
        Ok(())
    }
}

fn same(what: &str, kept: String, asked: String) -> Result<(), TrainError> {
    match kept == asked {
        true => Ok(()),
        false => Err(TrainError::Differs { what: what.to_owned(), kept, asked }),
    }
}

/// The settings by name. By way of the text, in which a float of 32 bits has no more digits than it needs.
fn fields(params: &TrainParams) -> Map<String, Value> {
    let text = serde_json::to_string(params).expect("numbers and words can be written");
    serde_json::from_str(&text).expect("what was just written can be read")
}

fn in_words(setting: Option<&Value>) -> String {
    match setting {
        None => "none".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    }
}

fn layers_in_words(hidden: Option<&[usize]>) -> String {
    match hidden {
        None => "unknown".to_owned(),
        Some([]) => "none".to_owned(),
        Some(units) => units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn init_in_words(init: Option<&Path>) -> String {
    init.map_or("drawn from the seed".to_owned(), |path| path.display().to_string())
}
