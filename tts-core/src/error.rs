//! The public error: one variant for every room that can refuse something (level 6).

use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::kernels::IsaError;
use crate::model::{ConfigError, PocketVoiceError};
use crate::speaker::SpeakerError;
use crate::text::pocket::TokenizerError;
use crate::text::pronounce::PronounceError;
use crate::voice::{CardError, VoiceError};
use crate::weights::WeightsError;

/// Why something could not be done. Every message says what was found, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the model could not be read.
    #[error("cannot read {}: {source}; a model is a folder with config.toml and model.safetensors", path.display())]
    Model {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A packed file could not be written, or is none.
    #[error("{}: {source}", path.display())]
    Packed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// A packed file was to be packed.
    #[error("{} is packed already; to pack it otherwise, convert the model that it was made of", path.display())]
    PackedAlready {
        /// Which file.
        path: PathBuf,
    },
    /// A folder without a model, or with several.
    #[error(
        "{} is no model: expected config.toml and model.safetensors, or one YAML file of Pocket TTS; found {found}",
        path.display()
    )]
    NoModel {
        /// Which folder.
        path: PathBuf,
        /// What it has instead.
        found: String,
    },
    /// A file that a configuration names is not there.
    #[error("{} names {name}: {why}", yaml.display())]
    Missing {
        /// The configuration.
        yaml: PathBuf,
        /// What it names.
        name: String,
        /// Why it is not there, and what to do.
        why: String,
    },
    /// The request asks for what this model cannot do.
    #[error("{what} is asked for, which is not for {family}; leave it out, or use another model")]
    Unsupported {
        /// What is asked for.
        what: &'static str,
        /// The family, and why it cannot.
        family: &'static str,
    },
    /// The tokenizer was refused.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights were refused.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The voice was refused.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// The voice of a Pocket TTS model was refused.
    #[error(transparent)]
    PocketVoice(#[from] PocketVoiceError),
    /// Nobody could be heard in a recording.
    #[error(transparent)]
    Speaker(#[from] SpeakerError),
    /// A shipped voice's card was refused.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The embedded pronunciations were refused.
    #[error(transparent)]
    Pronounce(#[from] PronounceError),
    /// The instruction set that was demanded is not there.
    #[error(transparent)]
    Isa(#[from] IsaError),
    /// More threads than the machine or the model can use.
    #[error(
        "{asked} threads asked for, expected 1 to {most}: this model uses one thread for latents and one for sound"
    )]
    Threads {
        /// How many were asked for.
        asked: NonZeroUsize,
        /// How many can be used.
        most: usize,
    },
    /// A voice was to join a batch of another engine.
    #[error("the voice is bound to another engine than the batch; take both from the same engine")]
    OtherEngine,
    /// A thread could not be started.
    #[error("cannot start a thread: {0}; try with one thread")]
    Spawn(std::io::Error),
    /// The weights led to a sound that is not a number.
    #[error("the sound at {seconds:.2} s is not a number; the weights are damaged, fetch or convert them again")]
    NotFinite {
        /// Where in the stream.
        seconds: f64,
    },
    /// Sound was asked for before there was text, where no other thread could bring any meanwhile.
    #[error(
        "there is no text to speak yet, and none can come while this thread waits: push text or drop the feed, or poll"
    )]
    NoText,
    /// The thread that makes latents ended without a word.
    #[error("the thread that makes latents ended early; this is a bug, please report the text and the seed")]
    WorkerLost,
}
