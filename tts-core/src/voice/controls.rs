//! The controls of speech: numbers that were checked against what the engine can do.
//!
//! May import: nothing.

use std::fmt;

/// A number outside of what a control accepts.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{what} is {value}, expected {low} to {high}")]
pub struct RangeError {
    /// Which control.
    pub what: &'static str,
    /// The number that was given.
    pub value: f32,
    /// Least number accepted.
    pub low: f32,
    /// Greatest number accepted.
    pub high: f32,
}

fn checked(what: &'static str, value: f32, (low, high): (f32, f32)) -> Result<f32, RangeError> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(RangeError { what, value, low, high }) }
}

/// A plain decimal number with an optional sign; no exponent, no `inf`.
pub(super) fn plain_number(text: &str) -> Option<f32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-'));
    if plain && text.len() <= 16 { text.parse().ok() } else { None }
}

macro_rules! control {
    ($(#[$doc:meta])* $name:ident, $what:literal, $low:literal ..= $high:literal, default $default:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f32);

        impl $name {
            /// Least and greatest number accepted.
            pub const RANGE: (f32, f32) = ($low, $high);

            /// # Errors
            /// [`RangeError`] if `value` is outside [`Self::RANGE`] or not a number.
            pub fn new(value: f32) -> Result<Self, RangeError> {
                checked($what, value, Self::RANGE).map(Self)
            }

            /// The number in [`Self::RANGE`] that is nearest to `value`; the default where that is not a number.
            #[must_use]
            pub fn nearest(value: f32) -> Self {
                if value.is_nan() { Self::default() } else { Self(value.clamp($low, $high)) }
            }

            /// The plain number.
            #[must_use]
            pub fn get(self) -> f32 {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

control! {
    /// Speed: 2 is twice as fast, pauses included. Default 1.
    Rate, "rate", 0.4..=3.0, default 1.0
}
control! {
    /// Pitch above the voice's own, in semitones. Default 0.
    Semitones, "pitch", -12.0..=12.0, default 0.0
}
control! {
    /// Length of pauses relative to the usual ones. Default 1.
    PauseScale, "pause scale", 0.0..=5.0, default 1.0
}
control! {
    /// Range of the melody: ln F0 about the usual pitch is stretched this many times; 0 is a monotone. Default 1.
    PitchRange, "range", 0.0..=3.0, default 1.0
}
control! {
    /// Vocal effort, in dB of alpha ratio (power of 1 to 5 kHz over that of 50 Hz to 1 kHz, where there is voice). Half
    /// as many dB of level come with it. Default 0.
    Energy, "energy", -12.0..=12.0, default 0.0
}
control! {
    /// Variation of the level: dB about the usual level are stretched this many times. Default 1.
    Variation, "variation", 0.0..=2.0, default 1.0
}
control! {
    /// Breath in the voice: 1 is as much as a voice takes without becoming a whisper. Default 0.
    Breathiness, "breathiness", 0.0..=1.0, default 0.0
}
control! {
    /// Whisper: 1 has no voice at all. Default 0.
    Whisper, "whisper", 0.0..=1.0, default 0.0
}
control! {
    /// Semitones that the pitch has moved when a clause ends, over its last 400 ms: above 0 rises. Default 0.
    FinalSlope, "final slope", -12.0..=12.0, default 0.0
}
control! {
    /// Strength of an emotion: 0 is neutral, 1 what actors show at full strength. Default 0.7.
    Intensity, "intensity", 0.0..=1.0, default 0.7
}
control! {
    /// Liveliness of sampling: variance of the noise. Where it is not given, the model's own.
    Temperature, "temperature", 0.0..=1.5, default 0.4
}

/// Solver steps a frame. Where they are not given, the model's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps(u8);

impl Steps {
    /// Least and greatest number accepted.
    pub const RANGE: (usize, usize) = (1, 64);

    /// # Errors
    /// [`RangeError`] if `steps` is outside [`Self::RANGE`].
    pub fn new(steps: usize) -> Result<Self, RangeError> {
        let (low, high) = Self::RANGE;
        checked("steps", steps as f32, (low as f32, high as f32)).map(|steps| Self(steps as u8))
    }

    /// The plain number.
    #[must_use]
    pub fn get(self) -> usize {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept_and_named() {
        assert_eq!(Rate::new(1.5).unwrap().get(), 1.5);
        for bad in [0.39, 3.1, -1.0, f32::NAN, f32::INFINITY] {
            let error = Rate::new(bad).unwrap_err();
            assert_eq!(error.to_string(), format!("rate is {bad}, expected 0.4 to 3"));
        }
        assert_eq!([Rate::nearest(9.0), Rate::nearest(f32::NAN)].map(Rate::get), [3.0, 1.0]);
        assert!(Steps::new(0).is_err() && Steps::new(65).is_err() && Steps::new(64).unwrap().get() == 64);
        assert_eq!(Intensity::default().get(), 0.7);
    }
}
