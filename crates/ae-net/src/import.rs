//! Weights under names that somebody else gave them: which tensor is which, where that is evident.
//!
//! A layer is a pair of tensors, `STEM.weight` and `STEM.bias`. As many layers as the network has are taken for its own:
//! - by name, if the stems are the network's behind one prefix (`module.encoder.0` for `encoder.0`);
//! - else by shape, if no two layers of the network have the same;
//! - else by number, if the stems are numbers behind one prefix or two (`0`, `2`, `4` of an `nn.Sequential`), and the
//!   layers in that order, with two prefixes in just one of the two, have the network's shapes.
//!
//! Anything else is refused with what was found and what was expected.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::Path;

use crate::network::zeros_of;
use crate::{Description, NamedTensor, Network, TensorFile, WeightsError, WeightsFile};

/// Tensors in a message.
const NAMED: usize = 12;

/// A network from a file of somebody else's, and what was taken for what.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The network.
    pub network: Network,
    /// The network's name of a layer and the file's, as in `encoder.0` and `module.0`, of each for which they differ; its
    /// tensors are `.weight` and `.bias` behind either.
    pub renamed: Vec<(String, String)>,
}

impl Network {
    /// The network in a file that anybody may have written, if it is evident which tensor is which of those described.
    ///
    /// A file with our metadata has to be as described, like that of [`load_as`](Self::load_as). In any other, layers may
    /// have other names: those of the description behind a prefix, or any that pair up as `STEM.weight` and `STEM.bias`,
    /// where shapes, or the numbers that the stems end in, leave a single way to tell them apart. Floats of 16 and 64 bits
    /// become the nearest of 32. Activations are taken to be the ones described.
    ///
    /// # Errors
    /// [`WeightsError::Load`], with the path and what is wrong with the file: [`WeightsError::Names`] if it is not evident.
    ///
    /// # Example
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("theirs.safetensors");
    /// # let header = r#"{"0.weight":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]},"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},"2.weight":{"dtype":"F32","shape":[3,1],"data_offsets":[16,28]},"2.bias":{"dtype":"F32","shape":[3],"data_offsets":[28,40]}}"#;
    /// # std::fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 40]].concat())?;
    /// use ae_net::{Description, Network};
    ///
    /// // The weights of nn.Sequential(nn.Linear(3, 1), nn.ReLU(), nn.Linear(1, 3)).
    /// let found = Network::import(&path, &Description::dense(3, &[], 1))?;
    /// assert_eq!(found.renamed[0], ("encoder.0".to_owned(), "0".to_owned()));
    /// assert_eq!(found.renamed[1], ("decoder.0".to_owned(), "2".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn import(path: impl AsRef<Path>, description: &Description) -> Result<Imported, WeightsError> {
        WeightsFile::load(path, |mut file| match file.description() {
            Some(_) => {
                Ok(Imported { network: Self::read(&mut file, Some(description))?, renamed: Vec::new() })
            }
            None => read_renamed(file.tensors(), description),
        })
    }
}

fn read_renamed<R: Read + Seek>(
    file: &mut TensorFile<R>,
    description: &Description,
) -> Result<Imported, WeightsError> {
    let mut tensors = zeros_of(description)?;
    let ours = layers(tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())));
    let theirs = file.names().into_iter().map(|name| {
        let shape = file.info(&name).map_or(Vec::new(), |info| info.shape.clone());
        (name, shape)
    });
    let theirs: Vec<_> = theirs.collect();
    let ours = ours.expect("a network's tensors are weights and biases");
    let names = layers(theirs.iter().cloned()).and_then(|theirs| {
        Some(matching(&ours, &theirs)?.into_iter().map(|layer| layer.stem.clone()).collect::<Vec<_>>())
    });
    let Some(names) = names else {
        return Err(WeightsError::Names {
            expected: listed(tensors.iter().map(|tensor| (&tensor.name, &tensor.shape))),
            found: listed(theirs.iter().map(|(name, shape)| (name, shape))),
        });
    };
    for (pair, stem) in tensors.as_chunks_mut::<2>().0.iter_mut().zip(&names) {
        for (NamedTensor { values, .. }, end) in pair.iter_mut().zip([WEIGHT, BIAS]) {
            let found = file.converted(&format!("{stem}{end}"))?;
            found.require_finite()?;
            *values = found.values;
        }
    }
    let renamed = ours.into_iter().map(|layer| layer.stem).zip(names).filter(|(ours, theirs)| ours != theirs);
    Ok(Imported { network: Network::of(description, &tensors)?, renamed: renamed.collect() })
}

const WEIGHT: &str = ".weight";
const BIAS: &str = ".bias";

/// A pair of tensors.
#[derive(Debug)]
struct Layer {
    stem: String,
    weight: Vec<usize>,
    bias: Vec<usize>,
}

impl Layer {
    fn fits(&self, other: &Self) -> bool {
        (&self.weight, &self.bias) == (&other.weight, &other.bias)
    }
}

/// Tensors as layers, in the order of their weights; none if there is one that has no partner.
fn layers(tensors: impl Iterator<Item = (String, Vec<usize>)>) -> Option<Vec<Layer>> {
    let (mut weights, mut biases) = (Vec::new(), BTreeMap::new());
    for (name, shape) in tensors {
        if let Some(stem) = name.strip_suffix(WEIGHT) {
            weights.push((stem.to_owned(), shape));
        } else {
            biases.insert(name.strip_suffix(BIAS)?.to_owned(), shape);
        }
    }
    if weights.len() != biases.len() {
        return None;
    }
    let pair = |(stem, weight)| Some(Layer { bias: biases.remove(&stem)?, stem, weight });
    weights.into_iter().map(pair).collect()
}

/// Those of `theirs` that stand for `ours`, in our order, if that is evident.
fn matching<'a>(ours: &[Layer], theirs: &'a [Layer]) -> Option<Vec<&'a Layer>> {
    if ours.len() != theirs.len() {
        return None;
    }
    let fit = |found: &Vec<&Layer>| ours.iter().zip(found).all(|(ours, theirs)| ours.fits(theirs));
    // Names that say which is which are not overruled by shapes that say otherwise.
    if let Some(found) = by_name(ours, theirs) {
        return Some(found).filter(fit);
    }
    let distinct =
        ours.iter().enumerate().all(|(at, layer)| !ours[..at].iter().any(|other| layer.fits(other)));
    if distinct {
        return ours.iter().map(|layer| theirs.iter().find(|other| layer.fits(other))).collect();
    }
    let mut fitting = by_number(theirs)?.into_iter().filter(fit);
    let found = fitting.next()?;
    if fitting.next().is_none() { Some(found) } else { None }
}

/// Layers whose stems are ours behind one prefix, in our order.
fn by_name<'a>(ours: &[Layer], theirs: &'a [Layer]) -> Option<Vec<&'a Layer>> {
    let first = &ours.first()?.stem;
    let mut prefixes = theirs.iter().filter_map(|layer| layer.stem.strip_suffix(first));
    prefixes.find_map(|prefix| {
        let theirs_of = |ours: &Layer| {
            theirs.iter().find(|theirs| theirs.stem.strip_prefix(prefix) == Some(ours.stem.as_str()))
        };
        ours.iter().map(theirs_of).collect()
    })
}

/// Layers whose stems are numbers behind one prefix or two, in order: the one order, or the two.
fn by_number(layers: &[Layer]) -> Option<Vec<Vec<&Layer>>> {
    let mut groups: BTreeMap<&str, BTreeMap<u64, &Layer>> = BTreeMap::new();
    for layer in layers {
        let prefix = layer.stem.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = layer.stem[prefix.len()..].parse().ok()?;
        let is_counted = prefix.is_empty() || prefix.ends_with('.');
        // `1` and `01` are no two places.
        if !is_counted || groups.entry(prefix).or_default().insert(number, layer).is_some() {
            return None;
        }
    }
    let groups: Vec<Vec<&Layer>> = groups.into_values().map(|group| group.into_values().collect()).collect();
    match &groups[..] {
        [only] => Some(vec![only.clone()]),
        [one, other] => Some(vec![[&one[..], other].concat(), [&other[..], one].concat()]),
        _ => None,
    }
}

/// Names and shapes for a message: the first dozen.
fn listed<'a>(tensors: impl ExactSizeIterator<Item = (&'a String, &'a Vec<usize>)>) -> String {
    let more = tensors.len().saturating_sub(NAMED);
    // Whoever made the file chose the names: no line breaks, and not a mebibyte.
    let shown = |(name, shape): (&String, &Vec<usize>)| {
        let sizes: Vec<_> = shape.iter().take(8).map(ToString::to_string).collect();
        format!("{} ({})", name.escape_debug().take(80).collect::<String>(), sizes.join(", "))
    };
    let shown: Vec<_> = tensors.take(NAMED).map(shown).collect();
    match (&shown[..], more) {
        ([], _) => "none".to_owned(),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
