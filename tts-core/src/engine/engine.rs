//! A loaded model and what it needs to run.

use std::fs;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::loaded::Loaded;
use super::shipped::{SHIPPED, Shipped};
use super::voice::Voice;
use crate::error::Error;
use crate::kernels::Isa;
use crate::model::native::{LoadError, NativeModel, sample_rate};
use crate::model::{CONFIG_MAX, NativeConfig};
use crate::text::frontend::FrontEnd;
use crate::text::pronounce::Lexicon;
use crate::units::{Fingerprint, SampleRate};
use crate::voice::{VoiceCard, VoiceError, VoiceFile};
use crate::weights::Weights;

static WEIGHTS: &[u8] = include_bytes!("../../../weights/model.safetensors");
static CONFIG: &str = include_str!("../../../weights/config.toml");

/// One thread makes latents, one makes sound.
const MOST_THREADS: usize = 2;

/// A model ready to speak. `Send + Sync`; clones share everything.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Loaded>);

/// Choices about an engine.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Threads of a stream: 1 makes everything where sound is asked for, 2 makes latents ahead. Default 1.
    pub threads: Option<NonZeroUsize>,
    /// Pronunciations that come before all others.
    pub lexicon: Lexicon,
    #[cfg(feature = "oracle")]
    networks: Option<Arc<dyn crate::model::oracle::Networks>>,
}

impl EngineOptions {
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

    /// With these networks in place of the engine's own. Not part of the stable interface.
    #[cfg(feature = "oracle")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_networks(mut self, networks: Arc<dyn crate::model::oracle::Networks>) -> Self {
        self.networks = Some(networks);
        self
    }
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
    /// Name of the weights.
    pub model: String,
    /// What voices must be made for.
    pub fingerprint: Fingerprint,
    /// Size of the weights file.
    pub weight_bytes: u64,
}

impl Engine {
    /// The model that is part of the program.
    ///
    /// # Errors
    /// [`Error::Isa`] if `TTS_ISA` asks for what is not there, [`Error::Threads`].
    pub fn embedded(options: EngineOptions) -> Result<Self, Error> {
        Self::load(&Weights::embedded("the embedded model", WEIGHTS)?, "the embedded config.toml", CONFIG, options)
    }

    /// A model from a folder with `config.toml` and `model.safetensors`.
    ///
    /// # Errors
    /// [`Error::Model`], [`Error::Config`] or [`Error::Weights`] name the file and what is wrong with it.
    pub fn open(folder: &Path, options: EngineOptions) -> Result<Self, Error> {
        let path = folder.join("config.toml");
        let model = |source| Error::Model { path: path.clone(), source };
        let mut config = String::new();
        let file = fs::File::open(&path).map_err(model)?;
        file.take(CONFIG_MAX as u64 + 1).read_to_string(&mut config).map_err(model)?;
        let weights = Weights::open(&folder.join("model.safetensors"))?;
        Self::load(&weights, &path.display().to_string(), &config, options)
    }

    fn load(weights: &Weights, origin: &str, config: &str, options: EngineOptions) -> Result<Self, Error> {
        let isa = Isa::from_env()?;
        let threads = options.threads.map_or(1, NonZeroUsize::get);
        if let Some(asked) = options.threads.filter(|asked| asked.get() > MOST_THREADS) {
            return Err(Error::Threads { asked, most: MOST_THREADS });
        }
        let config = NativeConfig::parse(origin, config)?;
        let model = NativeModel::load(weights, config).map_err(|error| match error {
            LoadError::Config(error) => Error::Config(error),
            LoadError::Weights(error) => Error::Weights(error),
        })?;
        #[cfg(feature = "oracle")]
        let model = model.with_networks(options.networks);
        let front = FrontEnd::new(options.lexicon)?;
        Ok(Self(Arc::new(Loaded { model, front, isa, threads, weight_bytes: weights.size() as u64 })))
    }

    /// A shipped voice by its name; `default` is one of them.
    ///
    /// # Errors
    /// [`VoiceError::Unknown`] lists the names; a voice of other weights is [`VoiceError::OtherModel`].
    pub fn voice(&self, name: &str) -> Result<Voice, Error> {
        let Some(shipped) = Shipped::find(name) else { return Err(unknown(name)) };
        self.bind(&format!("the voice {}", shipped.name), shipped.file()?)
    }

    /// A voice from a `.voice` file. Beside a file of version 1 a `card.toml` is read too.
    ///
    /// # Errors
    /// [`Error::Voice`] names the file and what is wrong with it.
    pub fn load_voice(&self, path: &Path) -> Result<Voice, Error> {
        self.bind(&path.display().to_string(), VoiceFile::open(path)?)
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
        file.check(origin, self.0.model.fingerprint, self.channels())?;
        Ok(Voice::new(self.0.clone(), file))
    }

    /// What this engine runs on.
    pub(super) fn loaded(&self) -> &Loaded {
        &self.0
    }

    /// The files of the model that is part of the program: weights and config.toml. Not part of the stable interface.
    #[cfg(feature = "oracle")]
    #[doc(hidden)]
    #[must_use]
    pub fn embedded_files() -> (&'static [u8], &'static str) {
        (WEIGHTS, CONFIG)
    }

    fn channels(&self) -> usize {
        self.0.model.config.flow_lm.timbre
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
        let Loaded { model, isa, threads, weight_bytes, .. } = &*self.0;
        EngineInfo {
            isa: isa.name(),
            threads: *threads,
            sample_rate: SampleRate(sample_rate()),
            model: model.config.name.clone(),
            fingerprint: model.fingerprint,
            weight_bytes: *weight_bytes,
        }
    }
}

fn unknown(name: &str) -> Error {
    let known = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
    VoiceError::Unknown { name: name.to_owned(), known }.into()
}
