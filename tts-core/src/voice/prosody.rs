//! How something is spoken: checked numbers.

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
    /// Liveliness of sampling: variance of the noise. Where it is not given, the model's own.
    Temperature, "temperature", 0.0..=1.5, default 0.7
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

/// How something is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Prosody {
    /// Speed.
    pub rate: Rate,
    /// Pitch.
    pub pitch: Semitones,
    /// Pauses.
    pub pause_scale: PauseScale,
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
        assert!(Steps::new(0).is_err() && Steps::new(65).is_err() && Steps::new(64).unwrap().get() == 64);
        assert_eq!(Prosody::default().rate.get(), 1.0);
    }
}
