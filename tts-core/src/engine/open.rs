//! Files to a loaded model, whatever its family.
//!
//! A native model is a folder with `config.toml` and `model.safetensors`; one of Pocket TTS a YAML file, or a folder with
//! one, that names its weights and its tokenizer: beside it, anywhere else, or on a hub. Core never fetches anything: who
//! can, hands in a [`Locate`].

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engine::EngineOptions;
use super::loaded::{Model, Pocket};
use crate::error::Error;
use crate::model::native::{LoadError, NativeModel};
use crate::model::pocket::PocketModel;
use crate::model::pocket_files::PocketFiles;
use crate::model::{CONFIG_MAX, NativeConfig, PocketConfig, PocketPrecision, YAML_MAX};
use crate::text::pocket::Vocabulary;
use crate::weights::Weights;

/// Finds a file that a configuration names by `hf://` or `https://` on this machine, or says why it is not there.
#[derive(Clone)]
pub struct Locate(Arc<Find>);

type Find = dyn Fn(&str) -> Result<PathBuf, String> + Send + Sync;

impl Locate {
    /// By a function from the name to the file, or to a sentence that helps.
    pub fn by(find: impl Fn(&str) -> Result<PathBuf, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }
}

impl fmt::Debug for Locate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locate")
    }
}

/// The files of a checkpoint of Pocket TTS, opened, and nothing loaded.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) config: PocketConfig,
    /// The text of `config`.
    pub(super) yaml: String,
    pub(super) files: PocketFiles<Weights>,
    /// Where it was found, and its bytes.
    pub(super) tokenizer: (String, Vec<u8>),
    /// Whether its encoder is one.
    pub(super) clones: bool,
    pub(super) name: String,
    /// How its weights are kept; nothing if it does not say.
    pub(super) precision: Option<PocketPrecision>,
}

/// A model and what there is to say of it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) model: Model,
    pub(super) name: String,
    pub(super) weight_bytes: u64,
    pub(super) precision: Option<PocketPrecision>,
}

impl Opened {
    /// Whatever `path` is.
    pub(super) fn at(path: &Path, options: &EngineOptions) -> Result<Self, Error> {
        let config = path.join("config.toml");
        if config.is_file() {
            let text = read(&config, CONFIG_MAX)?;
            let weights = Weights::open(&path.join("model.safetensors"))?;
            return Self::native(&weights, &config.display().to_string(), &text, options);
        }
        let failed = |source| Error::Model { path: path.to_owned(), source };
        if fs::metadata(path).map_err(failed)?.is_dir() || !is_safetensors(path).map_err(failed)? {
            return Self::pocket(Checkpoint::at(path, options)?, options);
        }
        Self::packed(Weights::open(path)?, options)
    }

    pub(super) fn packed(weights: Weights, options: &EngineOptions) -> Result<Self, Error> {
        Self::pocket(Checkpoint::packed(weights, options)?, options)
    }

    pub(super) fn native(
        weights: &Weights,
        origin: &str,
        config: &str,
        options: &EngineOptions,
    ) -> Result<Self, Error> {
        if options.precision != PocketPrecision::default() {
            return Err(Error::Unsupported { what: "a precision", family: "the native family, which has one" });
        }
        let config = NativeConfig::parse(origin, config)?;
        let model = NativeModel::load(weights, config).map_err(|error| match error {
            LoadError::Config(error) => Error::Config(error),
            LoadError::Weights(error) => Error::Weights(error),
        })?;
        #[cfg(feature = "oracle")]
        let model = model.with_networks(options.networks.clone());
        let (name, weight_bytes) = (model.config.name.clone(), weights.size() as u64);
        Ok(Self { model: Model::Native(Arc::new(model)), name, weight_bytes, precision: None })
    }

    /// From the text of a configuration; what it names is looked for from where `yaml` is or would be.
    pub(super) fn yaml(yaml: &Path, text: &str, name: String, options: &EngineOptions) -> Result<Self, Error> {
        Self::pocket(Checkpoint::yaml(yaml, text, name, options)?, options)
    }

    fn pocket(checkpoint: Checkpoint, options: &EngineOptions) -> Result<Self, Error> {
        let Checkpoint { config, files, tokenizer, clones, name, precision, yaml: _ } = checkpoint;
        let vocabulary = Vocabulary::of_size(&tokenizer.0, &tokenizer.1, config.flow_lm.lookup_table.n_bins)?;
        let weights = files.stored_by(options.precision, &config);
        let weight_bytes = weights.sizes();
        let model = PocketModel::load_files(&weights, config)?;
        // the front end reads one language
        let english = options.language.as_deref().is_none_or(|language| language.starts_with("en"));
        let model = Model::Pocket(Arc::new(Pocket { model, vocabulary, english, clones }));
        Ok(Self { model, name, weight_bytes, precision })
    }
}

/// Refuses what is for models of phones alone.
pub(super) fn reads_letters(options: &EngineOptions) -> Result<(), Error> {
    if options.lexicon.is_empty() {
        return Ok(());
    }
    Err(Error::Unsupported { what: "a lexicon of phones", family: "Pocket TTS, which reads letters" })
}

/// Whether a file begins as one of tensors, and not as a text.
pub(super) fn is_safetensors(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(9).read_to_end(&mut head)?;
    Ok(head.get(8) == Some(&b'{') && head[4..8] == [0; 4])
}

impl Checkpoint {
    /// A YAML file, or a folder with one.
    pub(super) fn at(path: &Path, options: &EngineOptions) -> Result<Self, Error> {
        let failed = |source| Error::Model { path: path.to_owned(), source };
        if !fs::metadata(path).map_err(failed)?.is_dir() {
            return Self::yaml(path, &read(path, YAML_MAX)?, name_of(path), options);
        }
        let mut found: Vec<PathBuf> = fs::read_dir(path)
            .map_err(failed)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
            .collect();
        found.sort();
        match found.as_slice() {
            [yaml] => Self::yaml(yaml, &read(yaml, YAML_MAX)?, name_of(yaml), options),
            [] => Err(Error::NoModel { path: path.to_owned(), found: "neither".to_owned() }),
            many => {
                let names: Vec<_> = many.iter().filter_map(|path| path.file_name()?.to_str()).collect();
                Err(Error::NoModel { path: path.to_owned(), found: names.join(", ") })
            }
        }
    }

    /// From the text of a configuration; what it names is looked for from where `yaml` is or would be.
    pub(super) fn yaml(yaml: &Path, text: &str, name: String, options: &EngineOptions) -> Result<Self, Error> {
        reads_letters(options)?;
        let origin = yaml.display().to_string();
        let config = PocketConfig::parse(&origin, text)?;
        let find = |name: &str| find(yaml, name, options);
        let other = config.weights_path_without_voice_cloning.as_deref();
        // the weights that cannot clone have all tensors, and only their name tells
        let (found, clones) = match (&config.weights_path, other) {
            (None, Some(other)) if config.flow_lm.weights_path.is_none() => (PocketFiles::Bundle(find(other)?), false),
            (_, other) => match config.files(&origin)?.try_map(find) {
                Ok(found) => (found, true),
                Err(error) => (PocketFiles::Bundle(other.and_then(|other| find(other).ok()).ok_or(error)?), false),
            },
        };
        let tokenizer = find(&config.flow_lm.lookup_table.tokenizer_path)?;
        let tokenizer = (tokenizer.display().to_string(), Vocabulary::bytes(&tokenizer)?);
        let precision = Some(options.precision);
        Ok(Self { config, yaml: text.to_owned(), files: found.open()?, tokenizer, clones, name, precision })
    }
}

fn read(path: &Path, most: usize) -> Result<String, Error> {
    let failed = |source| Error::Model { path: path.to_owned(), source };
    let mut text = String::new();
    fs::File::open(path).map_err(failed)?.take(most as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn missing(yaml: &Path, name: &str, why: String) -> Error {
    Error::Missing { yaml: yaml.to_owned(), name: name.to_owned(), why }
}

/// A file that a configuration names: where it says, or beside it.
fn find(yaml: &Path, name: &str, options: &EngineOptions) -> Result<PathBuf, Error> {
    let folder = yaml.parent().unwrap_or(Path::new("."));
    let Some((_, place)) = name.split_once("://") else {
        let path = folder.join(name);
        return if path.is_file() { Ok(path) } else { Err(missing(yaml, name, "there is no such file".to_owned())) };
    };
    let why = match &options.locate {
        Some(Locate(locate)) => match locate(name) {
            Ok(path) => return Ok(path),
            Err(why) => why,
        },
        None => "it is elsewhere, and nothing is fetched here".to_owned(),
    };
    let file = place.split('@').next().and_then(|place| place.rsplit('/').next()).unwrap_or_default();
    let beside = folder.join(file);
    if !file.is_empty() && beside.is_file() { Ok(beside) } else { Err(missing(yaml, name, why)) }
}

/// `english_2026-10` of `english_2026-10.yaml`; the folder's name where the file's says nothing.
fn name_of(yaml: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let own = stem(yaml).unwrap_or_default();
    if ["config", "model"].contains(&own.as_str()) {
        return yaml.parent().and_then(stem).unwrap_or(own);
    }
    own
}
