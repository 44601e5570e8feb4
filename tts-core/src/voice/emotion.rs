//! Emotions as sets of control values.
//!
//! Directions and their order follow the review of Juslin and Laukka (2003, *Psychological Bulletin* 129, 770-814, tables
//! of cues by emotion), magnitudes the portrayals measured by Banse and Scherer (1996, *J. Pers. Soc. Psych.* 70, 614-636)
//! and Goudbeek and Scherer (2010, *J. Acoust. Soc. Am.* 128, 1322-1336): at full strength anger and joy lie about half an
//! octave above neutral speech with an alpha ratio 3 to 10 dB higher and a wider melody, sadness a tenth of an octave
//! below it, 2 dB darker, narrower and slower; tenderness is like sadness but soft, fear high and narrow. The values are
//! those of whole portrayals, rounded; they were not tuned on recordings of any data set.
//!
//! May import: nothing beside this folder.

use std::fmt;
use std::str::FromStr;

use super::controls::{
    Breathiness, Energy, FinalSlope, Intensity, PauseScale, PitchRange, Rate, Semitones, Variation, Whisper,
};
use super::prosody::Prosody;

/// An emotion that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Emotion {
    /// Plain reading.
    #[default]
    Neutral,
    /// Slower, softer, lower.
    Calm,
    /// Higher, brighter, livelier.
    Happy,
    /// Slow, low, dark and narrow.
    Sad,
    /// High, loud, sharp.
    Angry,
    /// As happy, faster and wider.
    Excited,
    /// Fast, high and thin.
    Fearful,
    /// Slow, soft and breathy.
    Tender,
    /// Whispered; at full strength without voice.
    Whispery,
}

/// What an emotion does at full strength.
struct Full {
    rate: f32,
    pitch: f32,
    pause_scale: f32,
    range: f32,
    energy: f32,
    variation: f32,
    breathiness: f32,
    whisper: f32,
    final_slope: f32,
}

const NEUTRAL: Full = Full {
    rate: 1.0,
    pitch: 0.0,
    pause_scale: 1.0,
    range: 1.0,
    energy: 0.0,
    variation: 1.0,
    breathiness: 0.0,
    whisper: 0.0,
    final_slope: 0.0,
};

/// Why a word is not an emotion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is not an emotion; expected {}", Emotion::ALL.map(Emotion::name).join(", "))]
pub struct EmotionError {
    /// The word, shortened.
    pub found: String,
}

impl Emotion {
    /// All of them, neutral first.
    pub const ALL: [Self; 9] = [
        Self::Neutral,
        Self::Calm,
        Self::Happy,
        Self::Sad,
        Self::Angry,
        Self::Excited,
        Self::Fearful,
        Self::Tender,
        Self::Whispery,
    ];

    /// In lower case, as [`FromStr`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Calm => "calm",
            Self::Happy => "happy",
            Self::Sad => "sad",
            Self::Angry => "angry",
            Self::Excited => "excited",
            Self::Fearful => "fearful",
            Self::Tender => "tender",
            Self::Whispery => "whispery",
        }
    }

    fn full(self) -> Full {
        let n = NEUTRAL;
        match self {
            Self::Neutral => n,
            Self::Calm => Full {
                rate: 0.9,
                pitch: -1.0,
                pause_scale: 1.25,
                range: 0.8,
                energy: -2.0,
                variation: 0.8,
                breathiness: 0.2,
                final_slope: -1.0,
                ..n
            },
            Self::Happy => Full {
                rate: 1.08,
                pitch: 3.0,
                pause_scale: 0.85,
                range: 1.5,
                energy: 4.0,
                variation: 1.2,
                final_slope: 1.5,
                ..n
            },
            Self::Sad => Full {
                rate: 0.8,
                pitch: -1.2,
                pause_scale: 1.5,
                range: 0.6,
                energy: -3.0,
                variation: 0.8,
                breathiness: 0.35,
                final_slope: -2.0,
                ..n
            },
            Self::Angry => {
                Full { rate: 1.12, pitch: 3.5, pause_scale: 0.7, range: 1.3, energy: 10.0, variation: 1.35, ..n }
            }
            Self::Excited => Full {
                rate: 1.2,
                pitch: 3.5,
                pause_scale: 0.7,
                range: 1.7,
                energy: 7.0,
                variation: 1.25,
                final_slope: 2.0,
                ..n
            },
            Self::Fearful => Full {
                rate: 1.2,
                pitch: 5.0,
                pause_scale: 0.9,
                range: 0.7,
                energy: -2.0,
                variation: 1.2,
                breathiness: 0.5,
                final_slope: 1.5,
                ..n
            },
            Self::Tender => Full {
                rate: 0.85,
                pitch: -0.5,
                pause_scale: 1.3,
                range: 0.8,
                energy: -4.0,
                variation: 0.75,
                breathiness: 0.6,
                final_slope: -1.0,
                ..n
            },
            Self::Whispery => Full { rate: 0.92, pause_scale: 1.1, whisper: 1.0, ..n },
        }
    }

    /// The controls: times grow as powers of the intensity, all else in proportion.
    pub(super) fn prosody(self, intensity: Intensity) -> Prosody {
        let (full, share) = (self.full(), intensity.get());
        let times = |full: f32| full.powf(share);
        let part = |full: f32| full * share;
        Prosody {
            rate: Rate::nearest(times(full.rate)),
            pitch: Semitones::nearest(part(full.pitch)),
            pause_scale: PauseScale::nearest(times(full.pause_scale)),
            range: PitchRange::nearest(times(full.range)),
            energy: Energy::nearest(part(full.energy)),
            variation: Variation::nearest(times(full.variation)),
            breathiness: Breathiness::nearest(part(full.breathiness)),
            whisper: Whisper::nearest(part(full.whisper)),
            final_slope: FinalSlope::nearest(part(full.final_slope)),
        }
    }
}

impl fmt::Display for Emotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Emotion {
    type Err = EmotionError;

    fn from_str(text: &str) -> Result<Self, EmotionError> {
        let found = || text.chars().filter(|c| !c.is_control()).take(40).collect();
        Self::ALL.into_iter().find(|emotion| emotion.name() == text).ok_or_else(|| EmotionError { found: found() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for emotion in Emotion::ALL {
            assert_eq!(emotion.name().parse(), Ok(emotion));
        }
        let error = "hangry".parse::<Emotion>().unwrap_err().to_string();
        assert!(error.contains("'hangry'") && error.contains("neutral, calm, happy"), "{error}");
    }

    #[test]
    fn intensity_goes_from_neutral_to_full() {
        let at = |emotion, share| Prosody::emotion(emotion, Intensity::new(share).unwrap());
        for emotion in Emotion::ALL {
            assert_eq!(at(emotion, 0.0), Prosody::default(), "{emotion}");
            assert_eq!(at(emotion, 1.0).rate.get(), emotion.full().rate, "{emotion}");
        }
        let (half, full) = (at(Emotion::Angry, 0.5), at(Emotion::Angry, 1.0));
        assert_eq!((half.energy.get(), full.energy.get()), (5.0, 10.0));
        assert!(half.rate > Rate::default() && half.rate < full.rate);
        // none asks for more than a control can do
        assert_eq!(at(Emotion::Excited, 1.0).range.get(), Emotion::Excited.full().range);
    }
}
