//! Product words as data: who speaks, how it is spoken, and the files that carry a voice (level 4).
//!
//! May import: `weights`, `units`.

mod card;
mod file;
mod prosody;
mod timbre;

pub use card::{CardError, VoiceCard};
pub use file::VoiceError;
pub use prosody::{PauseScale, Prosody, RangeError, Rate, Semitones, Steps, Temperature};
pub use timbre::Timbre;
