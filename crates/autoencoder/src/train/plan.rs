//! What is to be trained: what the flags say, and where they say nothing, the run that goes on or the preset.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ae_data::{Form, Part, Scaling, Shape, Split};
use ae_net::{Description, Network, Outputs, Team, default_threads};
use ae_train::{
    Checkpoint, DataRecord, DataSource, MAX_EPOCHS, Origin, RunSettings, SetRecord, TrainConfig, TrainError,
    Trainer,
};
use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use clap::ValueEnum;

use super::args::{EngineName, TrainArgs};
use super::prepared::Prepared;
use crate::data::{self, Images};
use crate::form::{ReadArgs, ScaleArgs, require_unsaid};
use crate::guard;
use crate::output::BadArgument;
use crate::paths;
use crate::presets::Preset;
use crate::run::team_of;
use crate::weights::import;

pub(crate) struct Plan {
    pub(crate) preset: Preset,
    pub(crate) hidden: Vec<usize>,
    pub(crate) code: usize,
    pub(crate) config: TrainConfig,
    /// The images, as the run's record is to name them.
    source: DataSource,
    /// The folder that relative paths of `source` start from, seen from the run's folder.
    from: Option<PathBuf>,
    /// The images, as they are found from here.
    found: DataSource,
    /// Whether the record of a run that goes on has named them.
    from_record: bool,
    /// How they are read, and whether anything but pictures that can't be used is left out.
    form: Form,
    read: ReadArgs,
    /// How numbers are scaled and which loss is trained: by what is said and the data, or as the run that goes on has it.
    scale: Scale,
    pub(crate) init: Option<PathBuf>,
    engine: EngineName,
    pub(crate) team: Team,
}

enum Scale {
    ByData(ScaleArgs),
    OfRun(Option<Scaling>, Outputs),
}

impl Plan {
    /// A run from the start.
    pub(crate) fn new(args: &TrainArgs, folder: &Path) -> Result<Self> {
        let (preset, code) = (args.preset(), args.code());
        let config = args.params(preset.params(code)).check()?;
        require_epochs(&config, args.init.as_ref())?;
        args.init.iter().try_for_each(|init| guard::require_kept(init, folder))?;
        let source = args.data.source().map_or_else(data::mnist, Ok)?;
        guard::require_apart(folder, &data::picture_folders(&source))?;
        Ok(Self {
            preset,
            hidden: args.hidden().unwrap_or_else(|| preset.hidden(code).to_vec()),
            code,
            config,
            found: source.clone(),
            source,
            from: way_here(folder)?,
            from_record: false,
            form: args.form.form(),
            read: args.data.read.clone(),
            scale: Scale::ByData(args.scale),
            init: args.init.clone(),
            engine: built_in(args.engine.unwrap_or(EngineName::Fused))?,
            team: team_of(args.threads, default_threads(config.batch_size()))?,
        })
    }

    /// A run that goes on: what no flag says is as it was.
    pub(crate) fn resumed(args: &TrainArgs, kept: &RunSettings, folder: &Path) -> Result<Self> {
        require_unsaid(&args.form, args.scale)?;
        let config = args.params(kept.config).check()?;
        let init = args.init.clone().or_else(|| kept.init.clone());
        require_epochs(&config, init.as_ref())?;
        let engine = match args.engine {
            Some(engine) => engine,
            None => EngineName::from_str(&kept.engine, false)
                .map_err(|_| anyhow!("unknown engine {:?} in the checkpoint", kept.engine))?,
        };
        let threads = match engine {
            EngineName::Fused => None,
            EngineName::Autodiff => NonZeroUsize::new(kept.threads),
        };
        let preset = args.preset.map_or_else(|| Preset::named(&kept.preset), Ok)?;
        let code = args.code.map_or(kept.code, NonZeroUsize::get);
        let hidden = args.hidden().or_else(|| kept.hidden.clone());
        let named = args.data.source().map(|named| with_labels_of(named, kept.data.source_of(folder)));
        let from_record = named.is_none();
        let (source, from, found) = match named {
            Some(source) => (source.clone(), way_here(folder)?, source),
            None => (kept.data.source.clone(), kept.data.from.clone(), kept.data.source_of(folder)),
        };
        Ok(Self {
            preset,
            hidden: hidden.unwrap_or_else(|| preset.hidden(code).to_vec()),
            code,
            config,
            source,
            from,
            found,
            from_record,
            form: kept.data.form.clone(),
            read: args.data.read.clone(),
            scale: Scale::OfRun(kept.data.scaling.clone(), kept.outputs),
            init,
            engine: built_in(engine)?,
            team: team_of(args.threads.or(threads), default_threads(config.batch_size()))?,
        })
    }

    /// What is trained on; `folder` is the run's. No training needs labels: `refused` hears of those that can't be read.
    pub(crate) fn prepare(&self, folder: &Path, refused: impl FnMut(Error)) -> Result<Prepared> {
        let loaded = self.load(refused);
        if !self.from_record {
            return loaded;
        }
        loaded.with_context(|| {
            let folder = folder.display();
            format!("the checkpoint in {folder} names these images; --data or --images names them where they are now")
        })
    }

    fn load(&self, mut refused: impl FnMut(Error)) -> Result<Prepared> {
        let scaling = match &self.scale {
            Scale::OfRun(scaling, _) => scaling.clone(),
            Scale::ByData(_) => None,
        };
        let images = Images::new(
            self.found.clone(),
            self.config.seed(),
            self.read.clone(),
            self.form.clone(),
            scaling.clone(),
        );
        let (train, test) = (images.part(Part::Train)?, images.part(Part::Test)?);
        ensure!(
            train.shape() == test.shape(),
            "training rows of {}, test rows of {}",
            train.shape(),
            test.shape(),
        );
        // A file that the user has named for them is one that was meant to be read.
        let named = matches!(self.found, DataSource::Files { .. });
        let mut labels = |part| match images.labels(part) {
            Err(error) if !named => {
                refused(error);
                Ok(None)
            }
            labels => labels,
        };
        let (train_labels, test_labels) = (labels(Part::Train)?, labels(Part::Test)?);
        let (form, notes) = (images.form(), images.notes());
        let mut split = images.into_split()?;
        if let Some(labels) = train_labels {
            split.train = split.train.with_labels(labels)?;
        }
        if let Some(labels) = test_labels {
            split.test = split.test.with_labels(labels)?;
        }
        match self.scale {
            Scale::ByData(args) => Prepared::new(split, form, args, notes),
            Scale::OfRun(_, outputs) => Ok(Prepared { images: split, form, scaling, outputs, notes }),
        }
    }

    /// The network as the run starts with it. A run that goes on has its weights in its checkpoint.
    pub(crate) fn network(&self, data: &Prepared, resumes: bool) -> Result<Network> {
        let pixels = data.images.train.width();
        if self.code > pixels {
            let what = if data.form.shape().is_some_and(Shape::is_list) {
                "numbers of a row"
            } else {
                "pixels of an image"
            };
            let problem = format!("--code {}: expected 1 to {pixels}, the {what}", self.code);
            bail!(BadArgument(problem));
        }
        let description = self.description(pixels, data.outputs);
        let (parameters, most) = (description.parameters(), Checkpoint::MAX_PARAMETERS);
        ensure!(
            parameters <= most,
            BadArgument(format!(
                "a network of {parameters} parameters: expected at most {most}, which a checkpoint can hold; a smaller \
                 --code or --hidden has fewer"
            ))
        );
        match &self.init {
            Some(init) if !resumes => import(init, &description),
            _ => Ok(Network::draw(&description, self.config.seed())?),
        }
    }

    /// What the network is, for images of so many pixels and such outputs.
    pub(crate) fn description(&self, pixels: usize, outputs: Outputs) -> Description {
        Description::dense(pixels, &self.hidden, self.code).with_outputs(outputs)
    }

    /// What trains it.
    pub(crate) fn trainer<'a>(
        &self,
        network: &'a mut Network,
        images: &'a Split,
    ) -> Result<Trainer<'a>, TrainError> {
        match self.engine {
            EngineName::Fused => Trainer::fused(network, images, self.config, self.team.clone()),
            #[cfg(feature = "autodiff")]
            EngineName::Autodiff => Trainer::autodiff(network, images, self.config, self.team.clone()),
            #[cfg(not(feature = "autodiff"))]
            EngineName::Autodiff => unreachable!("`built_in` has refused it"),
        }
    }

    /// What the run's record and checkpoints say of where it came from.
    pub(crate) fn origin(&self, data: &Prepared) -> Origin {
        Origin {
            preset: self.preset.name().to_owned(),
            hidden: Some(self.hidden.clone()),
            init: self.init.clone(),
            data: DataRecord {
                source: self.source.clone(),
                from: self.from.clone(),
                form: data.form.clone(),
                scaling: data.scaling.clone(),
                train: SetRecord::of(&data.images.train),
                test: SetRecord::of(&data.images.test),
            },
        }
    }
}

/// Images that the user has named, with the labels of those that a run began with, where no flag names any.
fn with_labels_of(named: DataSource, kept: DataSource) -> DataSource {
    match (named, kept) {
        (
            DataSource::Files { images, labels, test, test_labels },
            DataSource::Files { labels: kept, test_labels: kept_of_test, .. },
        ) => {
            let test_labels = test_labels.or(kept_of_test.filter(|_| test.is_some()));
            DataSource::Files { images, labels: labels.or(kept), test, test_labels }
        }
        (named, _) => named,
    }
}

/// Refuses an engine that this program was built without.
fn built_in(engine: EngineName) -> Result<EngineName> {
    ensure!(
        cfg!(feature = "autodiff") || engine != EngineName::Autodiff,
        BadArgument(
            "--engine autodiff: this program was built without dfdx; `cargo install --path crates/autoencoder` builds \
             it with, where `--no-default-features` is left out"
                .to_owned()
        )
    );
    Ok(engine)
}

/// Refuses a run of weights that nobody has trained.
fn require_epochs(config: &TrainConfig, init: Option<&PathBuf>) -> Result<()> {
    let problem = || {
        format!(
            "--epochs 0: expected 1 to {MAX_EPOCHS}, or --init with weights that are to be a run as they are"
        )
    };
    ensure!(config.epochs() > 0 || init.is_some(), BadArgument(problem()));
    Ok(())
}

fn way_here(folder: &Path) -> Result<Option<PathBuf>> {
    paths::way_here_from(folder)
        .with_context(|| format!("cannot tell the way from {} to the data", folder.display()))
}
