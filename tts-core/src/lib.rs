//! Speech from text on any CPU: at once, offline, every word.
//!
//! ```
//! # fn main() -> Result<(), tts_core::Error> {
//! use tts_core::{Engine, EngineOptions};
//!
//! let engine = Engine::embedded(EngineOptions::default())?;
//! let voice = engine.voice("default")?;
//! let mut samples = 0;
//! for chunk in voice.speak("Good evening.")? {
//!     samples += chunk?.samples().len(); // or hand them to a sound card
//! }
//! assert!(samples > 12_000); // 24,000 a second
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]

#[cfg(feature = "audio-files")]
pub mod audio;
mod codec;
mod dsp;
mod engine;
mod error;
mod flow;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[allow(unsafe_code, reason = "calling code compiled for a detected instruction set, and its intrinsics, is unsafe")]
pub mod kernels;
mod model;
mod nn;
mod speaker;
pub mod text;
pub mod units;
mod voice;
mod weights;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use engine::set_clock;
pub use engine::{
    AudioChunk, AudioStream, Batch, BatchStream, Checked, Engine, EngineInfo, EngineOptions, Family, FeedClosed,
    Locate, Misspoken, Plan, PlannedClause, PlannedItem, Poll, Reading, Reference, Sampling, Seams, Settings, Stepped,
    StreamId, StreamStats, SynthesisRequest, TextFeed, Voice, WordTiming,
};
pub use error::Error;
pub use kernels::{Isa, IsaError};
#[cfg(feature = "measure")]
#[doc(hidden)]
pub use model::measure;
#[cfg(feature = "oracle")]
#[doc(hidden)]
pub use model::oracle;
#[cfg(feature = "oracle")]
#[doc(hidden)]
pub use model::pocket_oracle;
pub use model::{ConfigError, Fault, PocketPrecision, PocketVoiceError, Precision, PrecisionError, VoiceLayout};
pub use speaker::doctor;
pub use speaker::{Clip, Delivery, PromptOptions, PromptPart, PromptReport, SpeakerError, prompt};
pub use text::normalize::TextOptions;
pub use text::pocket::TokenizerError;
pub use text::pronounce::{Lexicon, LexiconError};
pub use text::{SkipReason, Skipped};
pub use voice::{
    Breathiness, CardError, Emotion, EmotionError, Energy, FinalSlope, Intensity, MeasuredProsody, Overrides,
    PauseScale, PitchRange, Prosody, RangeError, Rate, Semitones, Steps, Temperature, Timbre, Variation, VoiceCard,
    VoiceError, VoiceFile, Whisper,
};
pub use weights::WeightsError;
