//! A voice of Pocket TTS as a file: what the transformer remembers of a voice prompt, as the reference exports it.
//!
//! In and out: a safetensors file with, for every layer `N` of the language model, `transformer.layers.N.self_attn/cache`
//! `[2, 1, T, kv_heads, head_dim]`, keys (rotated) and values of `T` positions, and how many of these are used:
//! `/offset` `[1]` I64, beside a `/pad` `[1]` that is 0; files of earlier versions have `/current_end` instead, a tensor
//! whose length says it and whose values say nothing. Rows that are not used may hold anything, NaN as a rule.
//!
//! A file of ours says in its metadata `model` which model made it: the fingerprint of its weights and a name for people. Names
//! do not count: a copy of a checkpoint, a packed one, and the catalogue call the same weights by several.
//!
//! The bytes are hostile. Mirrors `models/model_state.py` and the cache of `modules/attention.py` of the reference,
//! pocket-tts 4.0.1.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::PocketModel;
use crate::flow::pocket::{PocketLm, PocketState};
pub(crate) use crate::nn::transformer::KvShape;
use crate::units::Fingerprint;
use crate::weights::{Weights, WeightsError, write_whole};

/// Most positions of a voice: 43 minutes of sound. A prompt of 30 s has 375.
const POSITIONS_MAX: usize = 1 << 15;
/// Metadata that says which model it was made with: the fingerprint of its weights, a space, its name. Files of early versions have the
/// name alone, those of the reference nothing. One entry, since two would be written in any order.
const MODEL: &str = "model";
/// What stands before the number of a layer in names, and behind it.
const LAYER: (&str, &str) = ("transformer.layers.", ".self_attn/");

/// Why a file is no voice for a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PocketVoiceError {
    /// The file cannot be read as a container of tensors, or a tensor is damaged.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// It is a voice, but its shape is not that of this model.
    #[error(
        "{origin} is a voice of another model: {tensor} has {found}, expected {expected}; use it with the model that made it, or make it again from the recording"
    )]
    OtherModel {
        /// Which file.
        origin: String,
        /// Which tensor.
        tensor: String,
        /// What this model has.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// It is a voice of this shape, but other weights made it.
    #[error(
        "{origin} is a voice of another model: {made_by} made it (weights {found}), this is {model} (weights {expected}); use it with the model that made it, or make it again from the recording"
    )]
    OtherWeights {
        /// Which file.
        origin: String,
        /// Name of the model that made it, as the file has it.
        made_by: String,
        /// Fingerprint of the weights that made it.
        found: Fingerprint,
        /// Name of this model.
        model: String,
        /// Fingerprint of its weights.
        expected: Fingerprint,
    },
    /// A tensor that says what cannot be.
    #[error("{origin} is no voice of Pocket TTS: {tensor} {found}, expected {expected}; export or fetch it again")]
    Damaged {
        /// Which file.
        origin: String,
        /// Which tensor.
        tensor: String,
        /// What would be right.
        expected: String,
        /// What it says.
        found: String,
    },
    /// The file cannot be written.
    #[error("cannot write the voice {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The voice cannot be put into a file.
    #[error("cannot make a file of the voice: {what}")]
    Unwritable {
        /// Why.
        what: String,
    },
}

/// How a file says how many positions are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VoiceLayout {
    /// The number in `/offset`: pocket-tts 2 and later.
    #[default]
    Offset,
    /// The length of `/current_end`: what earlier versions wrote, and all read.
    CurrentEnd,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PocketVoice {
    /// Keys and values of every layer, `[positions, heads, channels]` each.
    rows: Vec<[Vec<f32>; 2]>,
    positions: usize,
    shape: KvShape,
    pub(crate) layout: VoiceLayout,
    /// The model that it was made with, if the file says so.
    pub(crate) model: Option<String>,
    /// Of the weights that it was made with, if the file says so.
    weights: Option<Fingerprint>,
}

impl PocketModel {
    /// A voice from a file, and what the file says of itself. `model` is what this model is called in messages.
    ///
    /// # Errors
    /// [`PocketVoiceError`], with the path.
    pub(crate) fn open_voice(&self, path: &Path, model: &str) -> Result<(PocketState, PocketVoice), PocketVoiceError> {
        let voice = PocketVoice::read(&Weights::open(path)?, self.lm.kv_shape())?;
        voice.check(&path.display().to_string(), &self.lm, model)?;
        Ok((voice.state(&self.lm), voice))
    }

    /// Writes a voice, over any file that is there. If `model` is given, the file says so, and which weights these are.
    ///
    /// # Errors
    /// [`PocketVoiceError::Write`].
    pub(crate) fn save_voice(
        &self,
        path: &Path,
        voice: &PocketState,
        layout: VoiceLayout,
        model: Option<&str>,
    ) -> Result<(), PocketVoiceError> {
        let bytes = PocketVoice::of(&self.lm, voice, layout, model).to_bytes()?;
        write_whole(path, |file| file.write_all(&bytes))
            .map_err(|source| PocketVoiceError::Write { path: path.to_owned(), source })
    }
}

fn name(layer: usize, key: &str) -> String {
    format!("{}{layer}{}{key}", LAYER.0, LAYER.1)
}

/// A name's layer and key.
fn parts(name: &str) -> Option<(usize, &str)> {
    let (layer, key) = name.strip_prefix(LAYER.0)?.split_once(LAYER.1)?;
    Some((layer.parse().ok()?, key))
}

/// Fingerprint and name of what [`MODEL`] says.
fn made_by(said: &str) -> (Option<Fingerprint>, Option<String>) {
    let both = said.split_once(' ').and_then(|(weights, name)| Some((weights.parse().ok()?, name)));
    both.map_or((None, Some(said.to_owned())), |(weights, name)| (Some(weights), Some(name.to_owned())))
}

impl PocketVoice {
    /// All that `state` has heard.
    pub(crate) fn of(lm: &PocketLm, state: &PocketState, layout: VoiceLayout, model: Option<&str>) -> Self {
        let (rows, positions, shape) = (state.rows().collect(), state.position(), lm.kv_shape());
        Self {
            rows,
            positions,
            shape,
            layout,
            model: model.map(str::to_owned),
            weights: model.map(|_| lm.fingerprint()),
        }
    }

    /// Refuses a file `origin` that says that other weights than those of `lm` made it.
    fn check(&self, origin: &str, lm: &PocketLm, model: &str) -> Result<(), PocketVoiceError> {
        let Some(found) = self.weights else { return Ok(()) };
        let expected = lm.fingerprint();
        if found == expected {
            return Ok(());
        }
        let made_by = self.model.clone().unwrap_or_else(|| "one that it does not name".to_owned());
        let (origin, model) = (origin.to_owned(), model.to_owned());
        Err(PocketVoiceError::OtherWeights { origin, made_by, found, model, expected })
    }

    /// The voice, for the model whose shape was demanded.
    pub(crate) fn state(&self, lm: &PocketLm) -> PocketState {
        debug_assert_eq!(self.shape, lm.kv_shape());
        lm.resume(self.rows.clone(), self.positions)
    }

    /// How many positions were heard.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn positions(&self) -> usize {
        self.positions
    }

    /// Reads a file for a model whose past has this `shape`.
    pub(crate) fn read(file: &Weights, shape: KvShape) -> Result<Self, PocketVoiceError> {
        let reader = Reader { file, shape };
        reader.layers()?;
        let (positions, layout) = reader.positions()?;
        let rows = (0..shape.layers).map(|layer| reader.rows(layer, positions)).collect::<Result<_, _>>()?;
        let (weights, model) = file.metadata(MODEL).map_or((None, None), made_by);
        Ok(Self { rows, positions, shape, layout, model, weights })
    }

    /// The bytes of a file; the same voice gives the same bytes.
    ///
    /// # Errors
    /// [`PocketVoiceError::Unwritable`].
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, PocketVoiceError> {
        let Self { rows, positions, shape, layout, model, weights } = self;
        let fail = |error: safetensors::SafeTensorError| PocketVoiceError::Unwritable { what: error.to_string() };
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let (offset, zero, end) = ((*positions as i64).to_le_bytes(), [0; 8], vec![0; 4 * positions]);
        let caches: Vec<Vec<u8>> = rows.iter().map(|[keys, values]| [floats(keys), floats(values)].concat()).collect();
        let mut tensors = Vec::new();
        for (layer, cache) in caches.iter().enumerate() {
            let mut add = |key: &str, dtype, shape: Vec<usize>, bytes| {
                tensors.push((name(layer, key), TensorView::new(dtype, shape, bytes).map_err(fail)?));
                Ok::<(), PocketVoiceError>(())
            };
            add("cache", Dtype::F32, vec![2, 1, *positions, shape.heads, shape.channels], cache)?;
            match layout {
                VoiceLayout::Offset => {
                    add("offset", Dtype::I64, vec![1], &offset)?;
                    add("pad", Dtype::I64, vec![1], &zero)?;
                }
                VoiceLayout::CurrentEnd => add("current_end", Dtype::F32, vec![*positions], &end)?,
            }
        }
        let said = model.as_ref().map(|model| match weights {
            Some(weights) => format!("{weights} {model}"),
            None => model.clone(),
        });
        safetensors::serialize(tensors, said.map(|said| HashMap::from([(MODEL.to_owned(), said)]))).map_err(fail)
    }
}

struct Reader<'f> {
    file: &'f Weights,
    shape: KvShape,
}

impl Reader<'_> {
    fn other(&self, tensor: &str, expected: String, found: String) -> PocketVoiceError {
        let origin = self.file.origin().to_owned();
        PocketVoiceError::OtherModel { origin, tensor: tensor.to_owned(), expected, found }
    }

    fn damaged(&self, tensor: &str, found: impl Into<String>, expected: impl Into<String>) -> PocketVoiceError {
        let (origin, tensor) = (self.file.origin().to_owned(), format!("tensor '{tensor}'"));
        PocketVoiceError::Damaged { origin, tensor, expected: expected.into(), found: found.into() }
    }

    /// Whether there are as many layers as the model has, and nothing else.
    fn layers(&self) -> Result<(), PocketVoiceError> {
        let expected = self.shape.layers;
        let names: BTreeSet<String> = self.file.names().collect();
        let found: BTreeSet<usize> =
            names.iter().filter_map(|name| parts(name)).filter(|(_, key)| *key == "cache").map(|part| part.0).collect();
        if found.is_empty() {
            return Err(self.damaged(&name(0, "cache"), "is not there", "a cache of every layer"));
        }
        if found.len() != expected || found.last() != Some(&(expected - 1)) {
            let layers = |count: usize| format!("{count} layers");
            return Err(self.other("transformer.layers", layers(expected), layers(found.len())));
        }
        let keys = ["cache", "offset", "current_end", "pad"];
        let known = |name: &&String| parts(name).is_some_and(|(n, key)| n < expected && keys.contains(&key));
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(self.damaged(name, "is there", "nothing but caches of layers and their lengths")),
            None => Ok(()),
        }
    }

    /// How many positions are used in all layers, and how the file says it.
    fn positions(&self) -> Result<(usize, VoiceLayout), PocketVoiceError> {
        let mut all = None;
        for layer in 0..self.shape.layers {
            let (found, layout, tensor) = self.used(layer)?;
            let (positions, _) = *all.get_or_insert((found, layout));
            if found != positions {
                let expected = format!("{positions}, as in layer 0");
                return Err(self.damaged(&tensor, format!("says {found} positions"), expected));
            }
            let pad = name(layer, "pad");
            if self.file.shape(&pad).is_some() {
                match self.file.root().integer(&pad)? {
                    0 => {}
                    found => return Err(self.damaged(&pad, format!("is {found}"), "0: a voice alone")),
                }
            }
        }
        all.ok_or_else(|| self.damaged(&name(0, "cache"), "is not there", "a cache of every layer"))
    }

    /// Positions used in one layer, and the tensor that says so.
    fn used(&self, layer: usize) -> Result<(usize, VoiceLayout, String), PocketVoiceError> {
        let (cache, offset, end) = (name(layer, "cache"), name(layer, "offset"), name(layer, "current_end"));
        let KvShape { heads, channels, .. } = self.shape;
        let room = match self.file.shape(&cache) {
            Some(&[2, 1, room, h, c]) if (h, c) == (heads, channels) => room,
            Some(&[2, 1, _, h, c]) => {
                let of = |(heads, channels): (usize, usize)| format!("{heads} heads of {channels} channels");
                return Err(self.other(&cache, of((heads, channels)), of((h, c))));
            }
            Some(other) => {
                let expected = format!("[2, 1, positions, {heads}, {channels}]");
                return Err(self.damaged(&cache, format!("has shape {other:?}"), expected));
            }
            None => return Err(self.damaged(&cache, "is not there", "a cache of every layer")),
        };
        let length = match self.file.shape(&end) {
            None => None,
            Some(&[length]) => Some(length),
            Some(other) => return Err(self.damaged(&end, format!("has shape {other:?}"), "[positions]")),
        };
        let (found, layout, tensor) = if self.file.shape(&offset).is_some() {
            (i128::from(self.file.root().integer(&offset)?), VoiceLayout::Offset, offset)
        } else if let Some(length) = length {
            (length as i128, VoiceLayout::CurrentEnd, end.clone())
        } else {
            return Err(self.damaged(&offset, "is not there", "it, or 'current_end'"));
        };
        let most = room.min(POSITIONS_MAX);
        let Some(used) = usize::try_from(found).ok().filter(|used| (1..=most).contains(used)) else {
            let expected = format!("1 to {most}: the cache has room for {room}");
            return Err(self.damaged(&tensor, format!("says {found} positions"), expected));
        };
        if length.is_some_and(|length| length != used) {
            return Err(self.damaged(&end, "says something else than 'offset'", format!("{used} positions")));
        }
        Ok((used, layout, tensor))
    }

    /// Keys and values of the first `positions` of a layer.
    fn rows(&self, layer: usize, positions: usize) -> Result<[Vec<f32>; 2], PocketVoiceError> {
        let KvShape { heads, channels, .. } = self.shape;
        let (cache, width) = (name(layer, "cache"), heads * channels);
        let room = self.file.shape(&cache).map_or(0, |shape| shape.get(2).copied().unwrap_or(0));
        let tensor = self.file.root().tensor(&cache, [2, 1, room, heads, channels])?;
        let part = |first: usize| tensor.part(first * room * width..(first * room + positions) * width);
        Ok([part(0)?, part(1)?])
    }
}

#[cfg(test)]
mod tests;
