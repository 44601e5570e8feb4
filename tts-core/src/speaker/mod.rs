//! Recordings of a person become two things that know nothing of each other: who speaks, and how it was spoken (level 4).
//!
//! ```text
//!                              ┌─ encoder ──▶ timbre, pitch ── belief ──▶ habits, mood's share of brightness: kept in a voice
//! 24 kHz PCM ── frames ──▶ ────┤
//!                              └─ prosody ──▶ eight measures           of this clip alone
//! PCM, any rate ── doctor ──▶ what is wrong with it, and the best twenty seconds
//!                      └──── prompt ───▶ a clip as Pocket TTS wants to hear it, the calmest parts of it
//! ```
//!
//! May import: `dsp`, `nn`, `weights`, `kernels`, `units`.

mod belief;
pub mod doctor;
mod encoder;
mod frames;
mod prompt;
mod prosody;
mod reference;

pub(crate) use crate::dsp::level::spoken_db;
pub(crate) use belief::{Belief, believe};
pub(crate) use encoder::{EncoderConfig, SpeakerEncoder};
pub use prompt::{PromptOptions, PromptPart, PromptReport, prompt};
pub use prosody::Delivery;
pub use reference::Clip;
pub(crate) use reference::hear;

/// Why nobody could be heard in a recording.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpeakerError {
    /// The weights of a checkpoint of Pocket TTS whose encoder was taken out.
    #[error(
        "the weights of '{model}' are those without voice cloning: they speak with exported voices only; `tts models get \
         {model}` says how to get the others"
    )]
    NoCloning {
        /// Name of the model.
        model: String,
    },
    /// The weights cannot listen.
    #[error(
        "these weights have no speaker encoder: the model '{model}' can speak with voices but not make one; use weights whose config.toml has a [speaker_encoder] section"
    )]
    NoEncoder {
        /// Name of the weights.
        model: String,
    },
    /// Nobody speaks, or not for long enough.
    #[error(
        "{found:.1} s of voiced speech found, expected at least {least:.1} s; give a longer or a cleaner recording of one person speaking"
    )]
    TooLittleSpeech {
        /// Seconds with a voice, in all clips together.
        found: f64,
        /// Seconds that are needed.
        least: f64,
    },
    /// A sample that is not a number, or one that no recording has.
    #[error(
        "clip {clip}: the sample at {seconds:.3} s is {value}, expected -1 to 1; the recording is damaged, decode it again"
    )]
    Damaged {
        /// Which clip, from 1.
        clip: usize,
        /// Where in it.
        seconds: f64,
        /// The sample.
        value: f32,
    },
    /// A prompt that is no prompt.
    #[error("a voice prompt of {found} s was asked for, expected 1 to 120 s")]
    PromptLength {
        /// Seconds that were asked for.
        found: f32,
    },
    /// A rate that is not that of a recording.
    #[error("clip {clip}: {what}")]
    Rate {
        /// Which clip, from 1.
        clip: usize,
        /// What was found and expected.
        what: String,
    },
}
