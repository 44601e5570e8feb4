//! A loaded model and what it needs to run.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::loaded::{Loaded, Model};
use super::open::{Locate, Opened};
use super::shipped::{SHIPPED, Shipped};
use super::voice::Voice;
use crate::error::Error;
use crate::kernels::Isa;
use crate::model::PocketPrecision;
use crate::text::frontend::FrontEnd;
use crate::text::pronounce::Lexicon;
use crate::units::{Fingerprint, SampleRate};
use crate::voice::{VoiceCard, VoiceError, VoiceFile};
use crate::weights::Weights;

static WEIGHTS: &[u8] = include_bytes!("../../../weights/model.safetensors");
static CONFIG: &str = include_str!("../../../weights/config.toml");

/// A model ready to speak. `Send + Sync`; clones share everything.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Loaded>);

/// Choices about an engine.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Threads of a stream: 1 makes everything where sound is asked for, 2 makes latents ahead. A voice prompt of Pocket TTS is
    /// heard by as many. Default 1.
    pub threads: Option<NonZeroUsize>,
    /// Pronunciations that come before all others.
    pub lexicon: Lexicon,
    /// Where files are that a configuration names by an address. Default: beside the configuration.
    pub locate: Option<Locate>,
    /// How precisely a checkpoint of Pocket TTS keeps its weights; a packed file has decided already, and
    /// refuses another. Default: as stored.
    pub precision: PocketPrecision,
    /// BCP 47 tag of the language of a model whose files do not say it. Default: English.
    pub language: Option<String>,
    #[cfg(feature = "oracle")]
    pub(super) networks: Option<Arc<dyn crate::model::oracle::Networks>>,
}

impl EngineOptions {
    /// One thread makes latents, one makes sound.
    pub const MOST_THREADS: NonZeroUsize = NonZeroUsize::new(2).expect("not zero");

    /// With this many threads a stream.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// With the user's pronunciations.
    #[must_use]
    pub fn with_lexicon(mut self, lexicon: Lexicon) -> Self {
        self.lexicon = lexicon;
        self
    }

    /// With a way to files that a configuration names by an address.
    #[must_use]
    pub fn with_locate(mut self, locate: Locate) -> Self {
        self.locate = Some(locate);
        self
    }

    /// With weights of a checkpoint of Pocket TTS kept so.
    #[must_use]
    pub fn with_precision(mut self, precision: PocketPrecision) -> Self {
        self.precision = precision;
        self
    }

    /// With the language of a model whose files do not say it.
    #[must_use]
    pub fn with_language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// With these networks in place of the engine's own. Not part of the stable interface.
    #[cfg(feature = "oracle")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_networks(mut self, networks: Arc<dyn crate::model::oracle::Networks>) -> Self {
        self.networks = Some(networks);
        self
    }
}

/// Kinds of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// The project's own: phones with times, a speaker apart from the manner of speaking.
    Native,
    /// A checkpoint of Kyutai's Pocket TTS.
    Pocket,
}

/// Facts about an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineInfo {
    /// Instruction set in use.
    pub isa: &'static str,
    /// Threads of a stream.
    pub threads: usize,
    /// Of all sound.
    pub sample_rate: SampleRate,
    /// Kind of model.
    pub family: Family,
    /// Name of the weights.
    pub model: String,
    /// What voices must be made for, where they say it: those that pocket-tts writes do not.
    pub fingerprint: Fingerprint,
    /// Size of the weights file.
    pub weight_bytes: u64,
    /// How precisely a checkpoint of Pocket TTS keeps its weights; `None` for the native family, which has one way, and for a
    /// packed file that does not say.
    pub precision: Option<PocketPrecision>,
}

impl Engine {
    /// The model that is part of the program.
    ///
    /// # Errors
    /// [`Error::Isa`] if `TTS_ISA` asks for what is not there, [`Error::Threads`].
    pub fn embedded(options: EngineOptions) -> Result<Self, Error> {
        let means = Self::means(&options)?;
        let weights = Weights::embedded("the embedded model", WEIGHTS)?;
        Self::load(means, Opened::native(&weights, "the embedded config.toml", CONFIG, &options)?, options)
    }

    /// A model from a folder with `config.toml` and `model.safetensors`, or a checkpoint of Pocket TTS from its YAML file or
    /// a folder with one, or from the one file that [`Engine::convert`] made of it.
    ///
    /// # Errors
    /// [`Error::Model`], [`Error::Config`] or [`Error::Weights`] name the file and what is wrong with it;
    /// [`Error::Missing`] a file that the configuration names and that is not there.
    pub fn open(path: &Path, options: EngineOptions) -> Result<Self, Error> {
        let means = Self::means(&options)?;
        Self::load(means, Opened::at(path, &options)?, options)
    }

    /// A checkpoint of Pocket TTS by the name `name` from the text of its configuration, as [`Engine::open`] would read it
    /// from a file of that name in the folder at hand.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn of_yaml(name: &str, yaml: &str, options: EngineOptions) -> Result<Self, Error> {
        let means = Self::means(&options)?;
        Self::load(means, Opened::yaml(Path::new(name), yaml, name.to_owned(), &options)?, options)
    }

    /// A checkpoint of Pocket TTS from a packed file that was opened already.
    ///
    /// # Errors
    /// As [`Engine::open`].
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_packed(weights: Weights, options: EngineOptions) -> Result<Self, Error> {
        let means = Self::means(&options)?;
        Self::load(means, Opened::packed(weights, &options)?, options)
    }

    /// Instruction set and threads: what can be refused before any file is read.
    fn means(options: &EngineOptions) -> Result<(Isa, usize), Error> {
        let isa = Isa::from_env()?;
        match options.threads {
            Some(asked) if asked > EngineOptions::MOST_THREADS => {
                Err(Error::Threads { asked, most: EngineOptions::MOST_THREADS.get() })
            }
            threads => Ok((isa, threads.map_or(1, NonZeroUsize::get))),
        }
    }

    fn load((isa, threads): (Isa, usize), opened: Opened, options: EngineOptions) -> Result<Self, Error> {
        let Opened { model, name, weight_bytes, precision } = opened;
        let front = FrontEnd::new(options.lexicon)?;
        Ok(Self(Arc::new(Loaded { model, name, front, isa, threads, weight_bytes, precision })))
    }

    /// A shipped voice by its name; `default` is one of them. Shipped voices are of the embedded model.
    ///
    /// # Errors
    /// [`VoiceError::Unknown`] lists the names; a voice of other weights is [`VoiceError::OtherModel`], any for a checkpoint
    /// of Pocket TTS is [`VoiceError::OtherFamily`].
    pub fn voice(&self, name: &str) -> Result<Voice, Error> {
        let Some(shipped) = Shipped::find(name) else { return Err(unknown(name)) };
        self.bind(&format!("the voice {}", shipped.name), shipped.file()?)
    }

    /// A voice from a file: of the native family a `.voice` file (beside one of version 1 a `card.toml` is read too), of
    /// Pocket TTS an exported voice, `.safetensors`.
    ///
    /// # Errors
    /// [`Error::Voice`] and [`Error::PocketVoice`] name the file and what is wrong with it: a voice that other weights made,
    /// where it says so, is refused by their fingerprint.
    pub fn load_voice(&self, path: &Path) -> Result<Voice, Error> {
        let origin = path.display().to_string();
        match &self.0.model {
            Model::Native(_) => self.bind(&origin, VoiceFile::open(path)?),
            Model::Pocket(pocket) => {
                let (state, _) = pocket.model.open_voice(path, &self.0.name)?;
                let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
                Ok(Voice::of_state(self.0.clone(), pocket.clone(), state, name))
            }
        }
    }

    /// A voice made of parts, as [`VoiceFile`] and [`Timbre::mix`](crate::Timbre::mix) make them.
    ///
    /// # Errors
    /// [`VoiceError::OtherModel`] if another encoder made the timbre.
    pub fn voice_of(&self, file: VoiceFile) -> Result<Voice, Error> {
        let origin = format!("the voice {}", file.card.name);
        self.bind(&origin, file)
    }

    fn bind(&self, origin: &str, file: VoiceFile) -> Result<Voice, Error> {
        let Model::Native(model) = &self.0.model else {
            let (origin, model) = (origin.to_owned(), self.0.name.clone());
            return Err(VoiceError::OtherFamily { origin, model }.into());
        };
        file.check(origin, model.fingerprint, model.config.flow_lm.timbre, model.config.decoder.own())?;
        Ok(Voice::of_timbre(self.0.clone(), model.clone(), file))
    }

    /// What this engine runs on.
    pub(super) fn loaded(&self) -> &Arc<Loaded> {
        &self.0
    }

    /// The files of the model that is part of the program: weights and config.toml. Not part of the stable interface.
    #[cfg(feature = "oracle")]
    #[doc(hidden)]
    #[must_use]
    pub fn embedded_files() -> (&'static [u8], &'static str) {
        (WEIGHTS, CONFIG)
    }

    /// Cards of all shipped voices, the default one first.
    ///
    /// # Errors
    /// [`Error::Card`] if a card is damaged.
    pub fn shipped_voices() -> Result<Vec<VoiceCard>, Error> {
        SHIPPED.iter().map(|shipped| Ok(shipped.card()?)).collect()
    }

    /// What is known of a shipped voice; `default` is one of them. Needs no engine.
    ///
    /// # Errors
    /// [`VoiceError::Unknown`] lists the names.
    pub fn shipped_voice(name: &str) -> Result<VoiceFile, Error> {
        match Shipped::find(name) {
            Some(shipped) => Ok(shipped.file()?),
            None => Err(unknown(name)),
        }
    }

    /// Facts about this engine.
    #[must_use]
    pub fn info(&self) -> EngineInfo {
        let Loaded { model: family, name, isa, threads, weight_bytes, precision, .. } = &*self.0;
        let (family, fingerprint) = match family {
            Model::Native(model) => (Family::Native, model.fingerprint),
            Model::Pocket(pocket) => (Family::Pocket, pocket.model.lm.fingerprint()),
        };
        EngineInfo {
            isa: isa.name(),
            threads: *threads,
            sample_rate: self.0.sample_rate(),
            family,
            model: name.clone(),
            fingerprint,
            weight_bytes: *weight_bytes,
            precision: *precision,
        }
    }
}

fn unknown(name: &str) -> Error {
    let known = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
    VoiceError::Unknown { name: name.to_owned(), known }.into()
}
