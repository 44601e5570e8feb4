//! How something is spoken: nine controls, and ways to choose them.
//!
//! A [`Prosody`] says all of it. [`Overrides`] say some of it, over whatever else holds: what a user asks for by number
//! stays as asked when an emotion or a voice brings numbers of its own. [`MeasuredProsody`] is how somebody was heard to
//! speak, which [`Prosody::like`] turns into a way of speaking.
//!
//! May import: nothing beside this folder.

use super::controls::{
    Breathiness, Energy, FinalSlope, Intensity, PauseScale, PitchRange, RangeError, Rate, Semitones, Variation, Whisper,
};
use super::emotion::Emotion;

/// How something is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Prosody {
    /// Speed.
    pub rate: Rate,
    /// Pitch.
    pub pitch: Semitones,
    /// Pauses.
    pub pause_scale: PauseScale,
    /// Range of the melody.
    pub range: PitchRange,
    /// Vocal effort.
    pub energy: Energy,
    /// Variation of the level.
    pub variation: Variation,
    /// Breath in the voice.
    pub breathiness: Breathiness,
    /// Whisper.
    pub whisper: Whisper,
    /// Movement of the pitch before the end of a clause.
    pub final_slope: FinalSlope,
}

/// Controls that hold whatever else is chosen; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overrides {
    /// Speed.
    pub rate: Option<Rate>,
    /// Pitch.
    pub pitch: Option<Semitones>,
    /// Pauses.
    pub pause_scale: Option<PauseScale>,
    /// Range of the melody.
    pub range: Option<PitchRange>,
    /// Vocal effort.
    pub energy: Option<Energy>,
    /// Variation of the level.
    pub variation: Option<Variation>,
    /// Breath in the voice.
    pub breathiness: Option<Breathiness>,
    /// Whisper.
    pub whisper: Option<Whisper>,
    /// Movement of the pitch before the end of a clause.
    pub final_slope: Option<FinalSlope>,
}

impl Overrides {
    /// Names of the controls, as texts and voice files write them.
    pub const NAMES: [&'static str; 9] =
        ["rate", "pitch", "pauses", "range", "energy", "variation", "breathiness", "whisper", "final-slope"];

    /// Sets the control of this name; `None` if there is none.
    pub(super) fn set(&mut self, name: &str, value: f32) -> Option<Result<(), RangeError>> {
        fn put<T>(place: &mut Option<T>, value: Result<T, RangeError>) -> Result<(), RangeError> {
            value.map(|value| *place = Some(value))
        }
        Some(match name {
            "rate" => put(&mut self.rate, Rate::new(value)),
            "pitch" => put(&mut self.pitch, Semitones::new(value)),
            "pauses" => put(&mut self.pause_scale, PauseScale::new(value)),
            "range" => put(&mut self.range, PitchRange::new(value)),
            "energy" => put(&mut self.energy, Energy::new(value)),
            "variation" => put(&mut self.variation, Variation::new(value)),
            "breathiness" => put(&mut self.breathiness, Breathiness::new(value)),
            "whisper" => put(&mut self.whisper, Whisper::new(value)),
            "final-slope" => put(&mut self.final_slope, FinalSlope::new(value)),
            _ => return None,
        })
    }

    /// `prosody` with these controls in place of its own.
    #[must_use]
    pub fn over(self, prosody: Prosody) -> Prosody {
        Prosody {
            rate: self.rate.unwrap_or(prosody.rate),
            pitch: self.pitch.unwrap_or(prosody.pitch),
            pause_scale: self.pause_scale.unwrap_or(prosody.pause_scale),
            range: self.range.unwrap_or(prosody.range),
            energy: self.energy.unwrap_or(prosody.energy),
            variation: self.variation.unwrap_or(prosody.variation),
            breathiness: self.breathiness.unwrap_or(prosody.breathiness),
            whisper: self.whisper.unwrap_or(prosody.whisper),
            final_slope: self.final_slope.unwrap_or(prosody.final_slope),
        }
    }
}

/// How somebody was heard to speak, relative to neutral reading: what is measured of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredProsody {
    /// Mean pitch above the speaker's habitual one, in semitones.
    pub pitch_level: f32,
    /// Standard deviation of ln F0, in times the neutral one.
    pub pitch_range: f32,
    /// Alpha ratio of voiced sound above the neutral one, in dB.
    pub effort: f32,
    /// Standard deviation of the level of voiced sound, in times the neutral one.
    pub level_variation: f32,
    /// Syllables a second of speech, in times the neutral ones.
    pub rate: f32,
    /// Share of time in pauses, in times the neutral one.
    pub pause_share: f32,
    /// Harmonicity of voiced sound below the neutral one, in dB.
    pub breathiness: f32,
    /// Movement of the pitch in the last 400 ms of phrases above the neutral one, in semitones.
    pub final_slope: f32,
}

impl MeasuredProsody {
    /// Names of the measures, in the order of the fields.
    pub const NAMES: [&'static str; 8] = [
        "pitch_level",
        "pitch_range",
        "effort",
        "level_variation",
        "rate",
        "pause_share",
        "breathiness",
        "final_slope",
    ];

    /// Neutral reading.
    pub const NEUTRAL: Self = Self {
        pitch_level: 0.0,
        pitch_range: 1.0,
        effort: 0.0,
        level_variation: 1.0,
        rate: 1.0,
        pause_share: 1.0,
        breathiness: 0.0,
        final_slope: 0.0,
    };

    /// The measures in the order of [`Self::NAMES`].
    #[must_use]
    pub fn values(&self) -> [f32; 8] {
        [
            self.pitch_level,
            self.pitch_range,
            self.effort,
            self.level_variation,
            self.rate,
            self.pause_share,
            self.breathiness,
            self.final_slope,
        ]
    }

    /// From measures in the order of [`Self::NAMES`].
    #[must_use]
    pub fn from_values(values: [f32; 8]) -> Self {
        let [pitch_level, pitch_range, effort, level_variation, rate, pause_share, breathiness, final_slope] = values;
        Self { pitch_level, pitch_range, effort, level_variation, rate, pause_share, breathiness, final_slope }
    }
}

/// dB of harmonicity that breathiness 1 costs, measured on the sound (docs/QUALITY.md).
const BREATH_DB: f32 = 12.0;

impl Prosody {
    /// The controls by name, in the order of [`Overrides::NAMES`].
    #[must_use]
    pub fn values(&self) -> [(&'static str, f32); 9] {
        let values = [
            self.rate.get(),
            self.pitch.get(),
            self.pause_scale.get(),
            self.range.get(),
            self.energy.get(),
            self.variation.get(),
            self.breathiness.get(),
            self.whisper.get(),
            self.final_slope.get(),
        ];
        std::array::from_fn(|i| (Overrides::NAMES[i], values[i]))
    }

    /// Speaks with an emotion; see [`Emotion`] for what that is made of.
    #[must_use]
    pub fn emotion(emotion: Emotion, intensity: Intensity) -> Self {
        emotion.prosody(intensity)
    }

    /// Speaks as somebody was heard to speak. What lies outside of what a control can do becomes the nearest that it can.
    #[must_use]
    pub fn like(measured: &MeasuredProsody) -> Self {
        Self {
            rate: Rate::nearest(measured.rate),
            pitch: Semitones::nearest(measured.pitch_level),
            // pauses get shorter with the rate already
            pause_scale: PauseScale::nearest(measured.pause_share * Rate::nearest(measured.rate).get()),
            range: PitchRange::nearest(measured.pitch_range),
            energy: Energy::nearest(measured.effort),
            variation: Variation::nearest(measured.level_variation),
            breathiness: Breathiness::nearest(measured.breathiness / BREATH_DB),
            whisper: Whisper::default(),
            final_slope: FinalSlope::nearest(measured.final_slope),
        }
    }

    /// The same at another speed.
    #[must_use]
    pub fn with_rate(self, rate: Rate) -> Self {
        Self { rate, ..self }
    }

    /// The same at another pitch.
    #[must_use]
    pub fn with_pitch(self, pitch: Semitones) -> Self {
        Self { pitch, ..self }
    }

    /// The same with other pauses.
    #[must_use]
    pub fn with_pause_scale(self, pause_scale: PauseScale) -> Self {
        Self { pause_scale, ..self }
    }

    /// The same with another range of the melody.
    #[must_use]
    pub fn with_range(self, range: PitchRange) -> Self {
        Self { range, ..self }
    }

    /// The same with another effort.
    #[must_use]
    pub fn with_energy(self, energy: Energy) -> Self {
        Self { energy, ..self }
    }

    /// The same with another variation of the level.
    #[must_use]
    pub fn with_variation(self, variation: Variation) -> Self {
        Self { variation, ..self }
    }

    /// The same with more or less breath.
    #[must_use]
    pub fn with_breathiness(self, breathiness: Breathiness) -> Self {
        Self { breathiness, ..self }
    }

    /// The same, whispered more or less.
    #[must_use]
    pub fn with_whisper(self, whisper: Whisper) -> Self {
        Self { whisper, ..self }
    }

    /// The same with another end of the melody.
    #[must_use]
    pub fn with_final_slope(self, final_slope: FinalSlope) -> Self {
        Self { final_slope, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overridden_is_overridden_and_nothing_else() {
        let sad = Prosody::emotion(Emotion::Sad, Intensity::default());
        let rate = Some(Rate::new(1.2).unwrap());
        let over = Overrides { rate, ..Overrides::default() }.over(sad);
        assert_eq!(over, sad.with_rate(Rate::new(1.2).unwrap()));
        assert_eq!(Overrides::default().over(sad), sad);
    }

    #[test]
    fn every_control_has_its_name() {
        for (i, (name, _)) in Prosody::default().values().into_iter().enumerate() {
            let mut one = Overrides::default();
            one.set(name, 0.9).unwrap().unwrap();
            let changed = one.over(Prosody::default()).values();
            for (k, (other, value)) in changed.into_iter().enumerate() {
                assert_eq!(value == 0.9, k == i, "{name} moves {other}");
            }
        }
        assert!(Overrides::default().set("pace", 1.0).is_none());
        assert!(Overrides::default().set("rate", 9.0).is_some_and(|found| found.is_err()));
    }

    #[test]
    fn neutral_measures_are_the_default_and_wild_ones_stay_in_range() {
        assert_eq!(Prosody::like(&MeasuredProsody::NEUTRAL), Prosody::default());
        let wild = Prosody::like(&MeasuredProsody::from_values([f32::INFINITY; 8]));
        assert_eq!((wild.rate.get(), wild.pitch.get(), wild.breathiness.get()), (3.0, 12.0, 1.0));
        assert_eq!(Prosody::like(&MeasuredProsody::from_values([f32::NAN; 8])), Prosody::default());
    }

    #[test]
    fn measures_keep_their_order() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(MeasuredProsody::from_values(values).values(), values);
    }
}
