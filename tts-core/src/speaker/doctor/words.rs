//! What the doctor says.

use std::fmt;

use super::manner::{Manner, Mood};
use super::{SPEECH_FEW, SPEECH_MIN};

/// Why no voice can be made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody speaks.
    NoSpeech {
        /// Length of the recording.
        seconds: f32,
    },
    /// Too little speech.
    TooShort {
        /// What there is.
        speech_seconds: f32,
    },
    /// Music, or tones.
    Music {
        /// Share of the sound that stands still.
        tones: f32,
    },
    /// More noise than voice.
    TooNoisy {
        /// Speech over noise in dB.
        snr_db: f32,
    },
}

impl Refusal {
    /// One word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoSpeech { .. } => "no-speech",
            Self::TooShort { .. } => "too-short",
            Self::Music { .. } => "music",
            Self::TooNoisy { .. } => "too-noisy",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpeech { seconds } => {
                write!(f, "no speech in {seconds:.1} s; record one person who speaks, for ten seconds")
            }
            Self::TooShort { speech_seconds } => {
                write!(f, "{speech_seconds:.1} s of speech, expected at least {SPEECH_MIN:.0} s; ten are better")
            }
            Self::Music { tones } => write!(
                f,
                "music: {:.0} % of the sound are tones that stand still; take a part without it",
                100.0 * tones
            ),
            Self::TooNoisy { snr_db } => write!(
                f,
                "too noisy: speech is {snr_db:.0} dB above the noise, expected 15 or more; record in a quiet room, near to the microphone"
            ),
        }
    }
}

/// What will be heard in the voice.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Noise.
    Noisy {
        /// Speech over noise in dB.
        snr_db: f32,
    },
    /// Overdriven.
    Clipped {
        /// Share of samples.
        share: f32,
    },
    /// A room that rings.
    Echo {
        /// Decay by 60 dB.
        seconds: f32,
    },
    /// Recorded at a low level.
    Quiet {
        /// dB of full scale.
        level_db: f32,
    },
    /// A telephone, or an old codec.
    Narrow {
        /// Highest frequency.
        hz: f32,
    },
    /// Music behind the voice, or a hum.
    Tones {
        /// Share of the sound.
        share: f32,
    },
    /// More than one person.
    SeveralVoices {
        /// Standard deviations.
        apart: f32,
    },
    /// Little speech.
    Short {
        /// What there is.
        speech_seconds: f32,
    },
}

impl Warning {
    /// One word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Noisy { .. } => "noisy",
            Self::Clipped { .. } => "clipped",
            Self::Echo { .. } => "echo",
            Self::Quiet { .. } => "quiet",
            Self::Narrow { .. } => "narrow",
            Self::Tones { .. } => "tones",
            Self::SeveralVoices { .. } => "several-voices",
            Self::Short { .. } => "short",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noisy { snr_db } => write!(f, "noisy: speech is only {snr_db:.0} dB above the noise"),
            Self::Clipped { share } => {
                write!(
                    f,
                    "overdriven: {:.2} % of the samples are cut off at the top; record at a lower level",
                    100.0 * share
                )
            }
            Self::Echo { seconds } => write!(f, "an echo of {seconds:.1} s; a room with curtains is better"),
            Self::Quiet { level_db } => write!(f, "very quiet: {level_db:.0} dB of full scale"),
            Self::Narrow { hz } => {
                write!(f, "as through a telephone: nothing above {:.1} kHz, so the voice will be dull", hz / 1000.0)
            }
            Self::Tones { share } => {
                write!(f, "music or a hum behind the voice: {:.0} % of the sound stands still", 100.0 * share)
            }
            Self::SeveralVoices { .. } => {
                f.write_str("perhaps more than one person speaks; the voice would be a mixture of them")
            }
            Self::Short { speech_seconds } => {
                write!(f, "only {speech_seconds:.1} s of speech; with {SPEECH_FEW:.0} or more the likeness is better")
            }
        }
    }
}

impl fmt::Display for Mood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subdued => "subdued",
            Self::Neutral => "neutral",
            Self::Lively => "lively",
            Self::Excited => "excited",
        })
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copied = if self.mood() == Mood::Neutral { "" } else { "; not copied" };
        write!(
            f,
            "{}{copied} ({:.0} Hz, over {:.0} semitones, {:.1} syllables a second)",
            self.mood(),
            self.pitch_hz,
            self.range_semitones,
            self.pace
        )
    }
}
