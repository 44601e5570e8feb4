//! How something is spoken, as options of more than one command.
//!
//! What is given by number overrides the emotion, the emotion replaces what the voice does by itself.

use clap::Args;
use tts_core::{
    Breathiness, Emotion, Energy, FinalSlope, Intensity, Overrides, PauseScale, PitchRange, Prosody, RangeError, Rate,
    Variation, Whisper,
};

use crate::args::number;

/// Controls of speech; pitch is each command's own.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct MannerArgs {
    /// Emotion: neutral, calm, happy, sad, angry, excited, fearful, tender or whispery
    #[arg(long, value_name = "NAME", value_parser = emotion)]
    pub(crate) emotion: Option<Emotion>,
    /// Strength of the emotion: 0 to 1 [default: 0.7]
    #[arg(long, value_name = "SHARE", requires = "emotion", value_parser = parse(Intensity::new), allow_negative_numbers = true)]
    pub(crate) intensity: Option<Intensity>,
    /// Speed: 0.4 to 3 times [default: 1]
    #[arg(long, value_name = "TIMES", value_parser = parse(Rate::new), allow_negative_numbers = true)]
    pub(crate) rate: Option<Rate>,
    /// Length of pauses: 0 to 5 times [default: 1]
    #[arg(long, value_name = "TIMES", value_parser = parse(PauseScale::new), allow_negative_numbers = true)]
    pub(crate) pause_scale: Option<PauseScale>,
    /// Range of the melody: 0 to 3 times [default: 1]
    #[arg(long, value_name = "TIMES", value_parser = parse(PitchRange::new), allow_negative_numbers = true)]
    pub(crate) range: Option<PitchRange>,
    /// Vocal effort: -12 to 12 dB of brightness, half as many of level [default: 0]
    #[arg(long, value_name = "DB", value_parser = parse(Energy::new), allow_negative_numbers = true)]
    pub(crate) energy: Option<Energy>,
    /// Variation of loudness: 0 to 2 times [default: 1]
    #[arg(long, value_name = "TIMES", value_parser = parse(Variation::new), allow_negative_numbers = true)]
    pub(crate) variation: Option<Variation>,
    /// Breath in the voice: 0 to 1 [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = parse(Breathiness::new), allow_negative_numbers = true)]
    pub(crate) breathiness: Option<Breathiness>,
    /// Whisper: 0 to 1, where no voice is left [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = parse(Whisper::new), allow_negative_numbers = true)]
    pub(crate) whisper: Option<Whisper>,
    /// Pitch movement at the end of clauses: -12 to 12 semitones [default: 0]
    #[arg(long, value_name = "SEMITONES", value_parser = parse(FinalSlope::new), allow_negative_numbers = true)]
    pub(crate) final_slope: Option<FinalSlope>,
}

impl MannerArgs {
    /// The emotion asked for, as a way of speaking.
    pub(crate) fn preset(&self) -> Option<Prosody> {
        self.emotion.map(|emotion| Prosody::emotion(emotion, self.intensity.unwrap_or_default()))
    }

    /// What was given by number.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            rate: self.rate,
            pitch: None,
            pause_scale: self.pause_scale,
            range: self.range,
            energy: self.energy,
            variation: self.variation,
            breathiness: self.breathiness,
            whisper: self.whisper,
            final_slope: self.final_slope,
        }
    }
}

fn emotion(text: &str) -> Result<Emotion, String> {
    text.parse().map_err(|error: tts_core::EmotionError| error.to_string())
}

/// A parser for a control.
fn parse<T: Clone + Send + Sync + 'static>(
    new: fn(f32) -> Result<T, RangeError>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| new(number(text)?).map_err(|error| error.to_string())
}
