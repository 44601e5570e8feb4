//! Product words as data: who speaks, how it is spoken, and the files that carry a voice (level 4).
//!
//! May import: `weights`, `units`.

mod card;
mod controls;
mod direction;
mod emotion;
mod file;
mod prosody;
mod timbre;

pub use card::{CardError, VoiceCard};
pub use controls::{
    Breathiness, Energy, FinalSlope, Intensity, PauseScale, PitchRange, RangeError, Rate, Semitones, Steps,
    Temperature, Variation, Whisper,
};
pub(crate) use direction::Direction;
pub use emotion::{Emotion, EmotionError};
pub use file::{VoiceError, VoiceFile};
pub use prosody::{MeasuredProsody, Overrides, Prosody};
pub use timbre::Timbre;
